import Doubles
import Foundation
import Outreach
import Platform
import Synchronization
import Testing

@testable import Intake

/// Rows in memory, as the store keeps them: each mail once, and the place in the same step.
private actor Rows {
    var cursor: String?
    var kept: [RawObservation] = []
    private var ids: Set<String> = []

    func keep(_ page: SourcePage) {
        for one in page.observations where ids.insert(one.externalID).inserted { kept.append(one) }
        cursor = page.cursor ?? cursor
    }

    var subjects: [String] { kept.map { subject($0.bytes) } }
}

private func subject(_ mail: [UInt8]) -> String {
    MailHead(mail).values("subject").first.map {
        String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespaces)
    } ?? "-"
}

private func mail(
    _ subject: String, to: String = "hello@fig.example", from: String = "ada@shopper.example", text: String = "Hi.\n"
) -> String {
    "From: Ada <\(from)>\nTo: \(to)\nSubject: \(subject)\nMessage-ID: <\(subject)@shopper.example>\n"
        + "Date: Sun, 29 Nov 2026 10:00:00 +0000\n\n\(text)"
}

/// No secret is at stake in a test.
private let identity = MailIdentity { bytes in
    var hash: UInt64 = 14_695_981_039_346_656_037
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
    return String(hash, radix: 16)
}

@Suite("A mailbox as a source", .serialized, .enabled(if: Dovecot.isHere), .timeLimit(.minutes(3)))
struct MailboxSourceTests {
    private let engine = TransferEngine()
    private let now = Moment(seconds: Int64(Date().timeIntervalSince1970))

    private func settings(_ port: Int, _ change: (inout MailboxSettings) -> Void = { _ in }) -> MailboxSettings {
        var settings = MailboxSettings(
            shop: "fig.example",
            server: IMAPSettings(
                host: "127.0.0.1", port: port, security: .off, user: Dovecot.user, replyTimeout: .seconds(10)),
            login: .password(SecretString(Dovecot.password)), addresses: ShopAddresses(["hello@fig.example"]))
        change(&settings)
        return settings
    }

    private func source(_ settings: MailboxSettings) -> MailboxSource {
        MailboxSource(settings, identity: identity, engine: engine) { _, _ throws(SourceFailure) in [] }
    }

    /// Reads to the end, as the source's reader does.
    @discardableResult private func read(
        _ source: MailboxSource, _ rows: Rows, now: Moment? = nil
    ) async throws -> [SourceFailure] {
        var failures: [SourceFailure] = []
        for _ in 0..<1000 {
            let page = try await source.poll(from: await rows.cursor, now: now ?? self.now)
            if let failure = page.failure { failures.append(failure) }
            await rows.keep(page)
            if !page.isMore { return failures }
        }
        Issue.record("it never ends")
        return failures
    }

    @Test("the first opening reads nothing; then what is the shop's is read, and the rest is not even fetched")
    func first() async throws {
        let dovecot = try await Dovecot()
        for number in 0..<300 { dovecot.deliver(mail("old\(number)")) }
        let source = source(settings(dovecot.port))
        let rows = Rows()
        #expect(try await read(source, rows) == [])
        #expect(await rows.kept.isEmpty)
        dovecot.deliver(mail("new"))
        dovecot.deliver(mail("private", to: "tom@fig.example"))
        dovecot.deliver(mail("quoted", to: "\"hello@fig.example\" <tom@fig.example>"))
        dovecot.deliver(mail("token", to: "x@y.example\nDelivered-To: hello+abc@fig.example"))
        dovecot.deliver(mail("copy", to: "x@y.example\nCc: b@c.example,\n hello@FIG.example"))
        #expect(try await read(source, rows) == [])
        #expect(await rows.subjects == ["new", "token", "copy"])
        let one = try #require(await rows.kept.first)
        #expect(one.kind == "mail.inbox" && one.source == "mailbox" && one.address == "ada@shopper.example")
        #expect(one.bytes == Array(mail("new").replacingOccurrences(of: "\n", with: "\r\n").utf8))
        #expect(one.receivedAt >= now - .seconds(5))
        // Nothing new, also after a restart.
        try await read(self.source(settings(dovecot.port)), rows)
        #expect(await rows.kept.count == 3)
        let flags = try #require(dovecot.flags())
        #expect(flags.contains("'OK'") && !flags.contains("Seen"))
        dovecot.stop()
    }

    @Test("what the shop's people answer is read from the folder of sent mail; what they write for themselves is not")
    func sent() async throws {
        let dovecot = try await Dovecot()
        try dovecot.makeMaildir("Sent")
        try dovecot.makeMaildir("Anfragen")
        let source = source(settings(dovecot.port) { $0.folders = ["INBOX", "Anfragen"] })
        let rows = Rows()
        try await read(source, rows)
        dovecot.deliver(mail("answer", to: "ada@shopper.example", from: "hello@fig.example"), to: "Sent")
        dovecot.deliver(mail("own", to: "hello@fig.example", from: "tom@home.example"), to: "Sent")
        dovecot.deliver(mail("question"), to: "Anfragen")
        // The same mail in two folders, with line ends and empty lines of its own.
        dovecot.deliver(mail("question", text: "Hi.\n\n"))
        try await read(source, rows)
        #expect(await Set(rows.subjects) == ["answer", "question"])
        #expect(await rows.kept.count == 2)
        let answer = try #require(await rows.kept.first { $0.kind == "mail.sent" })
        #expect(answer.address == "ada@shopper.example")
        dovecot.stop()
    }

    @Test("a folder that is not there is told with those that are, and the others are read")
    func missing() async throws {
        let dovecot = try await Dovecot()
        let rows = Rows()
        let source = source(settings(dovecot.port) { $0.folders = ["Gone", "INBOX"] })
        #expect(try await read(source, rows).first?.description.contains("'INBOX'") == true)
        dovecot.deliver(mail("new"))
        #expect(try await read(source, rows).count == 1)
        #expect(await rows.subjects == ["new"])
        dovecot.stop()
    }

    @Test("under new numbers it is read again, and what was had is not told again, nor what was there before")
    func validity() async throws {
        let dovecot = try await Dovecot()
        let start = Int(now.seconds)
        dovecot.deliver(mail("before"), received: start - 3600)
        let rows = Rows()
        let source = source(settings(dovecot.port))
        try await read(source, rows, now: now - .minutes(30))
        for number in 0..<120 { dovecot.deliver(mail("n\(number)"), received: start - 60) }
        try await read(source, rows)
        #expect(await rows.kept.count == 120)
        let validity = MailboxCursor(await rows.cursor, host: "127.0.0.1", user: Dovecot.user).folders["INBOX"]?
            .validity
        dovecot.forgetNumbers()
        // Dovecot takes the time in seconds for the number.
        try await Task.sleep(for: .milliseconds(1100))
        dovecot.deliver(mail("after"))
        // The session from before the move is refused, and the next one is not.
        for _ in 0..<3 {
            do {
                if try await read(source, rows).isEmpty { break }
            } catch is SourceFailure {}
        }
        let place = try #require(
            MailboxCursor(await rows.cursor, host: "127.0.0.1", user: Dovecot.user).folders["INBOX"])
        #expect(place.validity != validity && place.again == nil)
        #expect(await rows.kept.count == 121)
        #expect(await rows.subjects.last == "after")
        dovecot.deliver(mail("later"))
        try await read(source, rows)
        #expect(await rows.subjects.last == "later")
        dovecot.stop()
    }

    @Test("a mail of 50 MB is kept as its head and the beginning of its text")
    func large() async throws {
        let dovecot = try await Dovecot()
        let rows = Rows()
        let source = source(settings(dovecot.port))
        try await read(source, rows)
        let filling = String(repeating: String(repeating: "QUJD", count: 19) + "\n", count: 650_000)
        let body = """
            --b
            Content-Type: text/plain; charset=utf-8
            Content-Transfer-Encoding: quoted-printable

            Where is it=3F
            --b
            Content-Type: image/jpeg
            Content-Transfer-Encoding: base64

            \(filling)
            --b--
            """
        let big =
            "From: ada@shopper.example\nTo: hello@fig.example\nSubject: big\nMIME-Version: 1.0\n"
            + "Content-Type: multipart/mixed;\n boundary=b\nDate: Sun, 29 Nov 2026 10:00:00 +0000\n\n\(body)"
        dovecot.deliver(big)
        dovecot.deliver(mail("next"))
        #expect(try await read(source, rows) == [])
        #expect(await rows.subjects == ["big", "next"])
        let one = try #require(await rows.kept.first)
        let text = String(decoding: one.bytes, as: UTF8.self)
        #expect(one.kind == "mail.inbox.cut" && one.bytes.count < 2000)
        #expect(text.contains("Content-Type: text/plain; charset=utf-8\r\n") && !text.contains("multipart"))
        #expect(text.hasSuffix("\r\n\r\nWhere is it=3F"), "\(text)")
        dovecot.stop()
    }

    @Test("cut anywhere and begun again, every mail is kept once")
    func cut() async throws {
        let dovecot = try await Dovecot()
        let first = source(settings(dovecot.port))
        let fresh = Rows()
        try await read(first, fresh)
        let cursor = await fresh.cursor
        for number in 0..<7 { dovecot.deliver(mail("n\(number)")) }
        for after in stride(from: 3, to: 9000, by: 307) {
            let proxy = CuttingProxy(to: dovecot.port, after: after)
            let source = source(settings(proxy.port) { $0.pageMails = 3 })
            let rows = Rows()
            // The place is that of the same mailbox by another way.
            await rows.keep(SourcePage([], cursor: cursor))
            for _ in 0..<4 {
                do { try await read(source, rows) } catch is SourceFailure {}
            }
            #expect(await rows.subjects == (0..<7).map { "n\($0)" }, "cut after \(after)")
            proxy.stop()
        }
        dovecot.stop()
    }

    @Test("a mail that the server cannot give is parked with the reason, and those before and after it are read")
    func parked() async throws {
        let dovecot = try await Dovecot()
        let source = source(settings(dovecot.port))
        let rows = Rows()
        try await read(source, rows)
        for name in ["one", "bad", "two"] { dovecot.deliver(mail(name), isReadable: name != "bad") }
        for _ in 0..<8 {
            do { try await read(source, rows) } catch is SourceFailure {}
        }
        #expect(await rows.subjects == ["one", "-", "two"])
        let parked = try #require(await rows.kept.first { MailKind($0.kind)?.isParked == true })
        #expect(throws: SourceFailure.self) { try source.judge(parked) }
        #expect(String(decoding: parked.bytes, as: UTF8.self).hasPrefix("mail number 2 of the folder 'INBOX'"))
        dovecot.stop()
    }

    @Test("history is read on request, marked, bounded, and moves no place")
    func history() async throws {
        let dovecot = try await Dovecot()
        let day = 86_400
        for (name, days) in [("ancient", 100), ("older", 80), ("old", 20)] {
            dovecot.deliver(mail(name), received: Int(now.seconds) - days * day)
        }
        dovecot.deliver(mail("private", to: "tom@fig.example"), received: Int(now.seconds) - day)
        let reader = MailboxReader(settings(dovecot.port), identity: identity, engine: engine)
        let kept = Mutex<[RawObservation]>([])
        let count = try await reader.history(since: now - .days(90), now: now) { page in
            kept.withLock { $0 += page }
        }
        #expect(count == 2)
        #expect(kept.withLock { $0.map { subject($0.bytes) } } == ["older", "old"])
        #expect(kept.withLock { $0.map(\.kind) } == ["mail.inbox.history", "mail.inbox.history"])
        #expect(try await reader.latest(2, now: now).map { subject($0.bytes) } == ["old"])

        // What was not read as new yet stays new.
        let source = source(settings(dovecot.port))
        let opened = try #require(try await source.poll(from: nil, now: now).cursor)
        dovecot.deliver(mail("fresh"), received: Int(now.seconds))
        func history(upTo cursor: String) async throws -> [String] {
            kept.withLock { $0 = [] }
            let server = settings(dovecot.port).server
            let place = MailboxCursor(cursor, host: server.host, user: server.user)
            _ = try await reader.history(since: now - .days(90), upTo: place, now: now) { page in
                kept.withLock { $0 += page }
            }
            return kept.withLock { $0.map { subject($0.bytes) } }
        }
        #expect(try await history(upTo: opened) == ["older", "old"])
        #expect(try await history(upTo: "") == [])
        let read = try #require(try await source.poll(from: opened, now: now).cursor)
        #expect(try await history(upTo: read) == ["older", "old", "fresh"], "kept as new, so known by its identity")
        dovecot.stop()
    }

    @Test("10,000 mails are read in seconds, page by page")
    func many() async throws {
        let dovecot = try await Dovecot()
        let source = source(settings(dovecot.port))
        let rows = Rows()
        try await read(source, rows)
        for number in 0..<10_000 {
            dovecot.deliver(mail("n\(number)", to: number % 10 == 0 ? "hello@fig.example" : "tom@fig.example"))
            if number % 50 == 0 { await Task.yield() }
        }
        let start = ContinuousClock.now
        try await read(source, rows)
        #expect(await rows.kept.count == 1000)
        #expect(ContinuousClock.now - start < .seconds(60))
        dovecot.stop()
    }

    @Test("word of new mail comes within a second, and a wait can be cancelled")
    func watching() async throws {
        let dovecot = try await Dovecot()
        let watcher = MailboxWatcher(settings(dovecot.port), engine: engine, renewal: .milliseconds(200))
        try await watcher.news()
        // The quickest of some, for the machine may be busy with other tests.
        var quickest = Duration.seconds(60)
        for number in 1...8 where quickest >= .seconds(1) {
            async let news: Void = watcher.news()
            try await Task.sleep(for: .milliseconds(700))
            dovecot.deliver(mail("new\(number)"))
            let start = ContinuousClock.now
            try await news
            quickest = min(quickest, .now - start)
        }
        #expect(quickest < .seconds(1))
        let waiting = Task { try await watcher.news() }
        try await Task.sleep(for: .milliseconds(50))
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        dovecot.stop()
        await #expect(throws: SourceFailure.self) { try await watcher.news() }
    }

    @Test("the server tells of the first folder; the others' mail is found by the next look, on the same connection")
    func secondFolder() async throws {
        let dovecot = try await Dovecot()
        try dovecot.makeMaildir("Shop")
        let settings = settings(dovecot.port) {
            $0.folders = ["INBOX", "Shop"]
            $0.sent = .none
        }
        let rows = Rows()
        let source = source(settings)
        try await read(source, rows)
        let watcher = MailboxWatcher(settings, engine: engine, renewal: .milliseconds(200))
        try await watcher.news()
        let word = Mutex(false)
        let waiting = Task {
            try await watcher.news()
            word.withLock { $0 = true }
        }
        dovecot.deliver(mail("elsewhere"), to: "Shop")
        // No word comes of it, over several renewals.
        try await Task.sleep(for: .milliseconds(700))
        #expect(!word.withLock { $0 })
        try await read(source, rows)
        #expect(await rows.subjects == ["elsewhere"])
        dovecot.deliver(mail("here"))
        try await waiting.value
        try await read(source, rows)
        #expect(await rows.subjects == ["elsewhere", "here"])
        dovecot.stop()
    }

    @Test("a wrong password is a sentence without an address")
    func password() async throws {
        let dovecot = try await Dovecot()
        let source = source(settings(dovecot.port) { $0.login = .password(SecretString("nope")) })
        do {
            _ = try await source.poll(from: nil, now: now)
            Issue.record("it was let in")
        } catch let failure as SourceFailure {
            #expect(failure.description.contains("app password") && !failure.description.contains("@"))
        }
        dovecot.stop()
    }
}
