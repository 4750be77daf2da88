import ArgumentParser
import Daemon
import Foundation
import Intake
import Outreach
import Store

/// `bookbag mail`: how a mail that came in is read; with `--deliver`, the end of a mail server's pipe.
struct MailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mail",
        abstract: "Read a mail as the daemon would, and say what it is; or keep it for the daemon.",
        discussion: """
            Says whether a person wrote it, a machine answered, or a mail system tells what became of a mail of ours, and to \
            which recipients; and which words are new, once quotes and signatures are cut. Nothing is stored and nobody is \
            asked.

            The exit status is 0 for any mail that was read, even one that makes no sense.

            With --deliver the mail is kept for the daemon, which reads it within half a minute: what a mail server's pipe \
            calls (docs/mailbox.md). Exits with 0 once the mail is on the disk; 75 if it cannot be kept now, so that the mail \
            server keeps it; 67 if the shop or the recipient is not ours; 65 if it is not a mail, or larger than 25 MB.

            EXAMPLES
              bookbag mail letter.eml
              bookbag mail --json - < letter.eml
              bookbag mail --deliver juniperfig.myshopify.com --recipient hello@juniperfig.example - < letter.eml
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

    @Option(help: "Keep the mail for this shop instead, as if it had come to its mailbox.") var deliver: String?
    @Option(help: "With --deliver: the envelope sender; <> or MAILER-DAEMON for a bounce's.") var sender: String?
    @Option(help: "With --deliver: an envelope recipient; may be repeated.") var recipient: [String] = []
    @OptionGroup var options: CommandOptions

    func run() async throws {
        if let deliver {
            do { try await keep(for: deliver, in: options.configuration(withSecrets: false)) } catch {
                if let status = error as? ExitCode, Delivering.isFinal(status) { throw status }
                // Whatever else stands in the way may be gone next time: the mail server tries again.
                if !(error is ExitCode) { complain("\(error)") }
                throw Delivering.later
            }
            return
        }
        var settings = MailSettings()
        settings.border = authservID.map { .named($0) }
        settings.domains = domain.map { $0.lowercased() }
        settings.team = team.map { $0.lowercased() }
        settings.orders = OrderNumbers.Style(prefix: orderPrefix, suffix: orderSuffix)
        settings.cutLine = cutLine
        let mail = MailReading.read(file: try bytes(settings.limits), settings: settings)
        print(json ? try MailPage.json(mail) : MailPage.text(mail))
    }

    /// Exit statuses for a mail server, as in sysexits.h.
    enum Delivering {
        static let noMail = ExitCode(65)
        static let unknown = ExitCode(67)
        static let later = ExitCode(75)

        /// Whether trying again is of no use.
        static func isFinal(_ status: ExitCode) -> Bool { status == noMail || status == unknown }

        /// What LMTP takes at most, in bytes.
        static let largest = LMTPConversation.Limits().mail
    }

    /// Keeps the mail for a shop. Throws one of ``Delivering``, or what stands in the way for now.
    func keep(
        for name: String, in configuration: Configuration, now: Moment = DaemonClock.system()
    ) async throws {
        guard let shop = configuration.shops.first(where: { $0.domain == name.lowercased() }) else {
            complain("\(options.config): there is no shop '\(name)'")
            throw Delivering.unknown
        }
        guard let mailbox = shop.mailbox else {
            complain("\(options.config): \(shop.domain) has no 'mailbox'; write 'mailbox: { only_to: [ADDRESS] }'")
            throw Delivering.later
        }
        let addresses = ShopAddresses(mailbox.onlyTo)
        let own = recipient.filter(addresses.contains)
        guard recipient.isEmpty || !own.isEmpty else {
            complain("the recipient is none of 'only_to' of \(shop.domain)")
            throw Delivering.unknown
        }
        let mail = try bytes(atMost: Delivering.largest + 1)
        guard !mail.isEmpty, mail.count <= Delivering.largest else {
            complain(mail.isEmpty ? "there is no mail" : "the mail is larger than \(Delivering.largest) bytes")
            throw Delivering.noMail
        }
        let store = try Store.open(configuration.store, role: .command, create: false, now: now)
        let last = try await store.lastMoment()
        guard last <= now + .minutes(1) else {
            complain("the clock is behind the store; see 'bookbag clock'")
            throw Delivering.later
        }
        let delivery = MailboxDelivery(
            shop: shop.domain, addresses: addresses, identity: MailIdentity(store.mailHash))
        // Postfix's pipe calls the null sender MAILER-DAEMON.
        let sender = sender.map { ["<>", "MAILER-DAEMON"].contains($0) ? "" : $0 }
        try await store.keep([delivery.observation(of: mail, sender: sender, recipients: own, now: now)], now: now)
        try store.close()
    }

    /// One byte more than is read, so that a mail that is too long is known as one.
    private func bytes(_ limits: MailLimits) throws -> [UInt8] { try bytes(atMost: limits.bytes + 1) }

    private func bytes(atMost most: Int) throws -> [UInt8] {
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
        var asks_to_stop: Bool
    }

    /// Whether it is a person's and says nothing but that no more mail is wanted.
    private static func asksToStop(_ mail: MailReading) -> Bool {
        mail.kind == .person && IncomingRules.isStop(mail.text)
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
            signs: mail.signs, remarks: mail.remarks, parked: mail.parked,
            asks_to_stop: asksToStop(mail))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(page), as: UTF8.self)
    }

    private static let kinds: [IncomingClass: String] = [
        .bounce: "a mail of ours did not arrive", .complaint: "somebody called a mail of ours spam",
        .delayed: "a mail of ours is still being tried", .delivered: "a mail of ours arrived",
        .autoReply: "a machine wrote it", .list: "a list or a mass mail", .own: "our own mail",
        .person: "a person wrote it", .keyword: "a word for the machine alone",
    ]

    static func text(_ mail: MailReading) -> String {
        var lines: [String] = []
        func line(_ name: String, _ value: String?) {
            guard let value, !value.isEmpty else { return }
            lines.append(name + String(repeating: " ", count: max(1, 15 - name.count)) + value)
        }
        line("class", "\(mail.kind.rawValue): \(kinds[mail.kind] ?? "")")
        line("parked", mail.parked)
        if asksToStop(mail) { line("asks", "for no more mail: it ends marketing and requests for ratings") }
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
