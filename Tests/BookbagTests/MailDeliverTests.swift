import ArgumentParser
import Daemon
import Foundation
import Intake
import Outreach
import Platform
import Store
import Testing

@testable import bookbag

@Suite("A mail that comes through a pipe") struct MailDeliverTests {
    private let folder = NSTemporaryDirectory() + "bookbag-pipe-" + UUID().uuidString
    private let now = Moment(iso8601: "2026-11-21T10:00:00Z")!
    private let shop = "juniperfig.myshopify.com"

    init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

    /// Keeps a mail as the command does; nil where it ended well.
    private func keep(
        _ mail: String = "From: robin@example.com\nMessage-ID: <a@b>\n\nHello\n", for name: String? = nil,
        arguments: [String] = [], mailbox: Bool = true, at moment: Moment? = nil
    ) async throws -> ExitCode? {
        let file = folder + "/mail.eml"
        try Data(mail.utf8).write(to: URL(fileURLWithPath: file))
        let configuration = Configuration(
            file: "b.yaml", state: folder,
            shops: [
                Configuration.Shop(
                    domain: shop, endpoint: "https://\(shop)", access: .token(SecretString("t")),
                    pollEvery: .seconds(60), triggers: "", smtp: nil,
                    mailbox: mailbox
                        ? Configuration.Mailbox(imap: nil, onlyTo: ["hello@fig.example"], authservID: nil) : nil,
                    webhooks: [:])
            ], carriers: [], listen: nil)
        let command = try MailCommand.parse(["--deliver", name ?? shop] + arguments + [file])
        do {
            try await command.keep(for: name ?? shop, in: configuration, now: moment ?? now)
            return nil
        } catch { return error as? ExitCode ?? MailCommand.Delivering.later }
    }

    private func store(create: Bool = false) async throws -> Store {
        let store = try Store.open(path: folder + "/bookbag.db", role: .command, create: create, now: now)
        if create { _ = try await store.openShop(shop, now: now) }
        return store
    }

    @Test("is on the disk once the command ends well, the same one once, with its envelope on top")
    func kept() async throws {
        try await store(create: true).close()
        let envelope = ["--sender=MAILER-DAEMON", "--recipient=tom@fig.example", "--recipient=hello+t0k@fig.example"]
        #expect(try await keep(arguments: envelope) == nil)
        #expect(try await keep(for: shop.uppercased()) == nil)
        let store = try await store()
        let mails = try await store.unjudged(shop: shop, source: "mailbox", limit: 9)
        #expect(mails.count == 1 && mails[0].kind == "mail.inbox")
        #expect(
            String(decoding: mails[0].bytes, as: UTF8.self).hasPrefix(
                "Return-Path: <>\nDelivered-To: hello+t0k@fig.example\nFrom: robin"))
        try store.close()
        try FileManager.default.removeItem(atPath: folder)
    }

    @Test("stays with the mail server where it cannot be kept now, and goes back where it never can be")
    func refused() async throws {
        #expect(try await keep() == ExitCode(75), "there is no store yet")
        try await store(create: true).close()
        #expect(try await keep(for: "other.myshopify.com") == ExitCode(67))
        #expect(try await keep(arguments: ["--recipient=tom@fig.example"]) == ExitCode(67))
        #expect(try await keep(mailbox: false) == ExitCode(75))
        #expect(try await keep("") == ExitCode(65))
        #expect(try await keep(String(repeating: "x", count: 25_000_001)) == ExitCode(65))
        #expect(try await keep(at: now - .days(1)) == ExitCode(75), "the clock is behind the store")
        let store = try await store()
        #expect(try await store.unjudged(shop: shop, source: "mailbox", limit: 9).isEmpty)
        try store.close()
        try FileManager.default.removeItem(atPath: folder)
    }
}
