import Synchronization

@testable import Platform

/// A relay that keeps what it was told and answers by the book, but where a test has other wishes.
final class ScriptedRelay: Sendable {
    /// What the relay does at a step: reply, or something worse.
    enum Act: Sendable {
        case reply(String)
        case drop
        case reset
        case silence
        /// Reply and close the line.
        case replyAndDrop(String)
    }

    /// A step of the conversation, as a test names it.
    enum Step: Hashable, Sendable {
        case greeting, ehlo, mailFrom, rcpt(String), data, message, finalDot, reset, noop
    }

    struct Mail: Equatable, Sendable {
        var from = ""
        var recipients: [String] = []
        var message = ""
    }

    struct Kept: Sendable {
        var mails: [Mail] = []
        var commands: [String] = []
        var counts: [Step: Int] = [:]
    }

    let kept = Mutex(Kept())
    private let offers: [String]
    private let plan: @Sendable (Step, Int) -> Act?

    /// - Parameters:
    ///   - offers: the extensions that EHLO offers.
    ///   - plan: what to do at a step for the n-th time (from 0, over all lines); `nil` is what the book says.
    init(
        offers: [String] = ["PIPELINING", "8BITMIME", "SIZE 10240000"],
        plan: @escaping @Sendable (Step, Int) -> Act? = { _, _ in nil }
    ) {
        self.offers = offers
        self.plan = plan
    }

    var mails: [Mail] { kept.withLock { $0.mails } }
    var commands: [String] { kept.withLock { $0.commands } }

    /// Runs `body` with a server that plays this relay.
    func run<Result>(_ body: (ScriptedServer) async throws -> Result) async throws -> Result {
        try await ScriptedServer.run({ self.play($0) }, body)
    }

    private func play(_ line: ScriptedServer.Line) {
        /// Returns false when the line is over.
        func act(_ step: Step, _ usual: String) -> Bool {
            let count = kept.withLock { kept in
                defer { kept.counts[step, default: 0] += 1 }
                return kept.counts[step, default: 0]
            }
            switch plan(step, count) ?? .reply(usual) {
            case .reply(let text):
                line.send(text + "\r\n")
                return true
            case .replyAndDrop(let text):
                line.send(text + "\r\n")
                return false
            case .drop: return false
            case .reset:
                line.resetOnClose()
                return false
            case .silence:
                line.waitForEnd()
                return false
            }
        }
        guard act(.greeting, "220 relay.example ESMTP") else { return }
        var mail = Mail()
        while let command = line.read(upTo: "\r\n")?.dropLast().description {
            kept.withLock { $0.commands.append(command) }
            let argument =
                command.split(separator: "<", maxSplits: 1).last?.split(separator: ">").first.map(String.init) ?? ""
            switch command.prefix(4).uppercased() {
            case "EHLO":
                let lines = ["relay.example"] + offers
                let text = lines.enumerated().map { "250\($0 + 1 == lines.count ? " " : "-")\($1)" }
                if !act(.ehlo, text.joined(separator: "\r\n")) { return }
            case "MAIL":
                mail = Mail(from: command.contains("<>") ? "" : argument)
                if !act(.mailFrom, "250 2.1.0 Ok") { return }
            case "RCPT":
                if !act(.rcpt(argument), "250 2.1.5 Ok") { return }
                mail.recipients.append(argument)
            case "DATA":
                let isRefused = kept.withLock { kept in
                    if case .reply(let text) = plan(.data, kept.counts[.data, default: 0]) {
                        !text.hasPrefix("354")
                    } else {
                        false
                    }
                }
                if !act(.data, "354 End data with <CR><LF>.<CR><LF>") { return }
                if isRefused { continue }
                if case .drop = plan(.message, 0) {
                    _ = line.read(count: 100_000)
                    return
                }
                guard let text = line.read(upTo: "\r\n.\r\n") else { return }
                mail.message = String(text.dropLast(2))
                kept.withLock { $0.mails.append(mail) }
                if !act(.finalDot, "250 2.0.0 Ok: queued as \(line.number)") { return }
            case "RSET": if !act(.reset, "250 2.0.0 Ok") { return }
            case "NOOP": if !act(.noop, "250 2.0.0 Ok") { return }
            case "QUIT":
                line.send("221 2.0.0 Bye\r\n")
                return
            default: line.send("500 5.5.2 Error: bad syntax\r\n")
            }
        }
    }
}

extension SMTPSettings {
    /// Settings for a relay of a test's own, whose sessions end only when a test says so: on a busy machine half a
    /// minute may pass between two mails.
    static func local(_ port: Int, sessions: Int = 1) -> SMTPSettings {
        SMTPSettings(
            url: "smtp://127.0.0.1:\(port)", startTLS: .off, heloName: "bookbag.example", sessions: sessions,
            idleTimeout: .seconds(3600), sessionLifetime: .seconds(3600))
    }
}

/// A mail to look at.
func mail(
    _ text: String = "Subject: Hello\r\n\r\nHow are you?\r\n", to recipients: String...,
    from: String = "shop@juniperfig.example"
) throws -> SMTPEnvelope {
    try SMTPEnvelope(
        from: from, recipients: recipients.isEmpty ? ["ada@shopper.example"] : recipients, message: Array(text.utf8))
}

/// A mail like any other.
let letter = try! mail()
