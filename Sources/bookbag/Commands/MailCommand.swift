import ArgumentParser
import Foundation
import Intake
import Outreach

/// `bookbag mail`: how a mail that came in is read.
struct MailCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mail", abstract: "Read a mail as the daemon would, and say what it is.",
        discussion: """
            Says whether a person wrote it, a machine answered, or a mail system tells what became of a mail of ours, and to which recipients; and which words \
            are new, once quotes and signatures are cut. Nothing is stored and nobody is asked.

            The exit status is 0 for any mail that was read, even one that makes no sense.

            EXAMPLES
              bookbag mail letter.eml
              bookbag mail --json - < letter.eml
            """)

    @Argument(help: "The file with the mail as it came; - is standard input.", completion: .file()) var file: String
    @Flag(help: "Print JSON.") var json = false
    @Option(
        name: .customLong("authserv-id"),
        help: "Whose Authentication-Results are believed; without it nobody is authenticated.")
    var authservID: String?
    @Option(help: "A domain that our own mail is from; may be repeated.") var domain: [String] = []
    @Option(help: "The address of a colleague, whose forwards are unwrapped; may be repeated.") var team: [String] = []
    @Option(name: .customLong("order-prefix"), help: "What the shop's order numbers begin with.") var orderPrefix = "#"
    @Option(name: .customLong("order-suffix"), help: "What the shop's order numbers end with.") var orderSuffix = ""
    @Option(name: .customLong("cut-line"), help: "The line below which nothing in a mail is new.") var cutLine: String?

    func run() throws {
        var settings = MailSettings()
        settings.border = authservID.map { .named($0) }
        settings.domains = domain.map { $0.lowercased() }
        settings.team = team.map { $0.lowercased() }
        settings.orders = OrderNumbers.Style(prefix: orderPrefix, suffix: orderSuffix)
        settings.cutLine = cutLine
        let mail = MailReading.read(file: try bytes(settings.limits), settings: settings)
        print(json ? try MailPage.json(mail) : MailPage.text(mail))
    }

    private func bytes(_ limits: MailLimits) throws -> [UInt8] {
        // One more than is read, so that a mail that is too long is known as one.
        let most = limits.bytes + 1
        let handle = file == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: file)
        guard let handle else {
            complain("\(file): there is no such file, or it cannot be read")
            throw ExitStatus.fault
        }
        var data = Data()
        do {
            while data.count < most, let piece = try handle.read(upToCount: min(1 << 20, most - data.count)),
                !piece.isEmpty
            {
                data += piece
            }
        } catch {
            complain("\(file): it cannot be read")
            throw ExitStatus.fault
        }
        return Array(data)
    }
}

/// A mail that was read, for people and for programs.
enum MailPage {
    private struct Page: Encodable {
        struct Recipient: Encodable {
            var address: String
            var action: String?
            var status: String?
            var hardness: String?
            var reason: String
        }
        struct Cut: Encodable {
            var start: Int
            var end: Int
            var why: String
        }
        struct Mailbox: Encodable {
            var name: String
            var address: String
        }
        struct File: Encodable {
            var name: String
            var type: String
            var size: Int
            var inline: Bool
        }
        var `class`: String
        var recipients: [Recipient]
        var message_id: String
        var answers: [String]
        var tokens: [String]
        var feedback_id: String?
        var from: Mailbox?
        var authenticated: Bool
        var relay: String?
        var to: [String]
        var subject: String
        var order: String?
        var orders: [String]
        var text: String
        var body: String
        var cuts: [Cut]
        var attachments: [File]
        var signs: [String]
        var remarks: [String]
        var parked: String?
    }

    static func json(_ mail: MailReading) throws -> String {
        func given(_ text: String) -> String? { text.isEmpty ? nil : text }
        let page = Page(
            class: mail.kind.rawValue,
            recipients: mail.recipients.map {
                Page.Recipient(
                    address: $0.address, action: $0.action?.rawValue, status: given($0.status),
                    hardness: $0.hardness?.rawValue, reason: $0.reason)
            },
            message_id: mail.messageID, answers: mail.answers, tokens: mail.tokens,
            feedback_id: given(mail.feedbackID),
            from: mail.from.map { Page.Mailbox(name: $0.name, address: $0.address) },
            authenticated: mail.isAuthenticated, relay: mail.relay, to: mail.to, subject: mail.subject,
            order: mail.order, orders: mail.orders, text: mail.text, body: mail.body,
            cuts: mail.cuts.map { Page.Cut(start: $0.start, end: $0.end, why: $0.why.rawValue) },
            attachments: mail.files.map { Page.File(name: $0.name, type: $0.type, size: $0.size, inline: $0.isInline) },
            signs: mail.signs, remarks: mail.remarks, parked: mail.parked)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(page), as: UTF8.self)
    }

    private static let kinds: [IncomingClass: String] = [
        .bounce: "a mail of ours did not arrive", .complaint: "somebody called a mail of ours spam",
        .delayed: "a mail of ours is still being tried", .delivered: "a mail of ours arrived",
        .autoReply: "a machine wrote it", .list: "a list or a mass mail", .own: "our own mail",
        .person: "a person wrote it",
    ]

    static func text(_ mail: MailReading) -> String {
        var lines: [String] = []
        func line(_ name: String, _ value: String?) {
            guard let value, !value.isEmpty else { return }
            lines.append(name + String(repeating: " ", count: max(1, 15 - name.count)) + value)
        }
        line("class", "\(mail.kind.rawValue): \(kinds[mail.kind] ?? "")")
        line("parked", mail.parked)
        if let from = mail.from {
            let shown = from.name.isEmpty ? from.address : "\(from.name) <\(from.address)>"
            line("from", shown + (mail.isAuthenticated ? " (authenticated)" : " (not proved)"))
        }
        line("came through", mail.relay)
        line("subject", mail.subject)
        line("message id", mail.messageID)
        line("token", mail.tokens.joined(separator: ", "))
        for recipient in mail.recipients {
            let facts = [
                recipient.action?.rawValue ?? "", recipient.hardness?.rawValue ?? "", recipient.status,
                recipient.reason,
            ].filter { !$0.isEmpty }
            line("recipient", "\(recipient.address): \(facts.joined(separator: ", "))")
        }
        line("order", mail.orders.joined(separator: ", "))
        for file in mail.files { line("file", "\(file.name) (\(file.type), \(file.size) bytes)") }
        for sign in mail.signs { line("sign", sign) }
        for remark in mail.remarks { line("remark", remark) }
        for cut in mail.cuts { line("cut", "\(cut.start) to \(cut.end): \(cut.why.rawValue)") }
        return lines.joined(separator: "\n") + (mail.text.isEmpty ? "" : "\n\n" + mail.text)
    }
}
