import ArgumentParser
import Daemon
import Doubles
import Foundation
import Intake
import Outreach
import Platform
import Store
import Testing

@testable import bookbag

private let domain = "juniperfig.myshopify.com"

/// The commands over a real Dovecot, with a store on a disk.
@Suite("What a shop's mailbox is asked by hand", .serialized, .enabled(if: Dovecot.isHere), .timeLimit(.minutes(3)))
struct MailboxCommandTests {
    private let folder = NSTemporaryDirectory() + "bookbag-mailbox-" + UUID().uuidString
    private let now = Moment(seconds: Int64(Date().timeIntervalSince1970))

    init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

    private func mailbox(_ port: Int, password: String = Dovecot.password) -> Configuration.Mailbox {
        Configuration.Mailbox(
            imap: .init(
                host: "127.0.0.1", port: port, security: .off, username: Dovecot.user,
                password: SecretString(password), oauth: nil, folders: ["INBOX"], sent: "none", authority: nil,
                certificate: nil, key: nil), onlyTo: ["hello@fig.example"], authservID: nil)
    }

    private func shop(_ mailbox: Configuration.Mailbox) -> Configuration.Shop {
        Configuration.Shop(
            domain: domain, endpoint: "https://\(domain)", access: .token(SecretString("t")), pollEvery: .seconds(60),
            triggers: folder + "/none", smtp: nil, mailbox: mailbox, webhooks: [:])
    }

    private func mail(_ subject: String, to: String = "hello@fig.example", more: String = "") -> String {
        "From: Ada <ada@shopper.example>\nTo: \(to)\nSubject: \(subject)\nMessage-ID: <\(subject.hashValue)@x.example>\n"
            + "\(more)\nHi.\n"
    }

    @Test("check says of each of the shop's mails what it would be taken for, and keeps none")
    func check() async throws {
        let dovecot = try await Dovecot()
        dovecot.deliver(mail("Where is it?"))
        dovecot.deliver(mail("=?utf-8?q?Away=1B[2J?=", more: "Auto-Submitted: auto-replied\n"))
        dovecot.deliver(mail("For Tom", to: "tom@fig.example"))
        let box = mailbox(dovecot.port)
        let command = try MailboxCommand.CheckCommand.parse([])
        let lines = try await command.lines(of: box, shop(box))
        #expect(lines.count == 2, "\(lines)")
        #expect(lines.contains { $0.contains("  person      Where is it?") }, "\(lines)")
        #expect(lines.contains { $0.contains("  auto_reply  Away[2J") }, "what would steer the terminal is left out")
        #expect(!FileManager.default.fileExists(atPath: folder + "/bookbag.db"))
        let wrong = mailbox(dovecot.port, password: "nope")
        await #expect(throws: ExitStatus.fault) { _ = try await command.lines(of: wrong, shop(wrong)) }
        dovecot.stop()
    }

    @Test("check says where nothing is the shop's")
    func nothing() async throws {
        let dovecot = try await Dovecot()
        dovecot.deliver(mail("For Tom", to: "tom@fig.example"))
        let box = mailbox(dovecot.port)
        let lines = try await MailboxCommand.CheckCommand.parse([]).lines(of: box, shop(box))
        #expect(lines == ["None of the newest 50 mails is to hello@fig.example."])
        dovecot.stop()
    }

    @Test("history keeps what came before the first opening, marked, each once, and only once the daemon was there")
    func history() async throws {
        let dovecot = try await Dovecot()
        for (name, days) in [("ancient", 100), ("older", 80), ("old", 20)] {
            dovecot.deliver(mail(name), received: Int(now.seconds) - days * 86_400)
        }
        let box = mailbox(dovecot.port)
        let path = folder + "/bookbag.db"
        let command = try MailboxCommand.HistoryCommand.parse(["--since", "90d"])
        await #expect(throws: ExitStatus.fault, "there is no store") {
            _ = try await command.keep(box, shop(box), in: StorePlace(path: path), now: now)
        }
        let store = try Store.open(path: path, role: .daemon, now: now)
        _ = try await store.openShop(domain, now: now)
        await #expect(throws: ExitStatus.fault, "the daemon has not opened the mailbox") {
            _ = try await command.keep(box, shop(box), in: StorePlace(path: path), now: now)
        }
        // The daemon's first opening reads nothing.
        let engine = TransferEngine()
        let settings = try #require(MailboxSettings(box, shop: domain, engine: engine))
        let source = MailboxSource(settings, identity: MailIdentity(store.mailHash), engine: engine) {
            _, _ throws(SourceFailure) in []
        }
        let page = try await source.poll(from: nil, now: now)
        #expect(page.observations.isEmpty)
        _ = try await store.keep(
            [], cursor: SourceCursor(shop: domain, source: "mailbox", place: try #require(page.cursor)), now: now)

        let said = try await command.keep(box, shop(box), in: StorePlace(path: path), now: now)
        #expect(said.hasPrefix("2 mails of the shop's since") && said.contains("; 2 were not known"), "\(said)")
        let kept = try await store.unjudged(shop: domain, source: "mailbox", limit: 9)
        #expect(kept.map(\.kind) == ["mail.inbox.history", "mail.inbox.history"])
        let again = try await command.keep(box, shop(box), in: StorePlace(path: path), now: now)
        #expect(again.contains("; 0 were not known"), "\(again)")
        #expect(try await store.unjudged(shop: domain, source: "mailbox", limit: 9).count == 2)
        let wrong = try MailboxCommand.HistoryCommand.parse(["--since", "lately"])
        await #expect(throws: ValidationError.self) {
            _ = try await wrong.keep(box, shop(box), in: StorePlace(path: path), now: now)
        }
        try store.close()
        dovecot.stop()
        try FileManager.default.removeItem(atPath: folder)
    }
}
