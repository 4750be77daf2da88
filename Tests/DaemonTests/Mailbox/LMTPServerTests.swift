import Foundation
import Intake
import Logging
import Outreach
import Platform
import ServiceLifecycleTestKit
import Store
import Synchronization
import Testing

@testable import Daemon

@Suite("Mail that is handed over at a socket", .timeLimit(.minutes(5)))
struct LMTPServerTests {
    private func server(
        _ bench: LoopBench, reading: Wake = Wake(), limits: LMTPServer.Limits = .init(),
        access: Configuration.SocketAccess = .init(), listening: @escaping @Sendable () -> Void = {}
    ) -> LMTPServer {
        let delivery = MailboxDelivery(
            shop: benchShop, addresses: ShopAddresses(["hello@juniperfig.example"]),
            identity: MailIdentity(bench.store.mailHash))
        return LMTPServer(
            path: bench.folder + "/lmtp.sock", access: access,
            shops: [LMTPServer.Shop(delivery: delivery, reading: reading)],
            store: bench.store, clock: bench.clock, trouble: bench.trouble, logger: bench.lines.logger(),
            limits: limits, listening: listening)
    }

    /// Runs Python beside the server, with its socket as the first argument, and gives what it printed.
    private func talk(
        _ bench: LoopBench, limits: LMTPServer.Limits = .init(), reading: Wake = Wake(), _ script: String
    ) async throws -> String {
        try await testGracefulShutdown { trigger in
            let (ready, isReady) = AsyncStream<Void>.makeStream()
            let server = server(bench, reading: reading, limits: limits) { isReady.yield() }
            async let running: Void = server.run()
            for await _ in ready { break }
            let said = try await python(script, server.path)
            trigger.triggerGracefulShutdown()
            try await running
            #expect(!FileManager.default.fileExists(atPath: server.path), "the socket goes with its server")
            return said
        }
    }

    private func python(_ script: String, _ path: String) async throws -> String {
        let process = Process()
        let out = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script, path]
        process.standardOutput = out
        process.standardError = out
        let (ends, ended) = AsyncStream<Void>.makeStream()
        process.terminationHandler = { _ in ended.finish() }
        try process.run()
        for await _ in ends {}
        return String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    }

    private static let letter = """
        import smtplib, sys
        MAIL = "From: Robin <robin@example.com>\\r\\nMessage-ID: <a@example.com>\\r\\nDate: x\\r\\n\\r\\n.Hello\\r\\n"
        def send(sender="", to=["hello+t0k@juniperfig.example"], mail=MAIL):
            with smtplib.LMTP(sys.argv[1]) as c:
                try:
                    refused = c.sendmail(sender, to, mail, ["BODY=8BITMIME"])
                    print("kept", sorted((k, v[0]) for k, v in refused.items()))
                except smtplib.SMTPRecipientsRefused as e:
                    print("refused", sorted((k, v[0], v[1].decode()[:5]) for k, v in e.recipients.items()))
                except smtplib.SMTPDataError as e:
                    print("data", e.smtp_code)

        """

    /// The mode and group of the socket while the server listens.
    private func rights(_ access: Configuration.SocketAccess) async throws -> (mode: Int, group: UInt32) {
        let bench = try await LoopBench()
        return try await testGracefulShutdown { trigger in
            let (ready, isReady) = AsyncStream<Void>.makeStream()
            let server = server(bench, access: access) { isReady.yield() }
            async let running: Void = server.run()
            for await _ in ready { break }
            let found = try FileManager.default.attributesOfItem(atPath: server.path)
            trigger.triggerGracefulShutdown()
            try await running
            return (
                try #require(found[.posixPermissions] as? Int),
                try #require((found[.groupOwnerAccountID] as? NSNumber)?.uint32Value)
            )
        }
    }

    @Test("the socket is everybody's, or has the group and the mode that are set")
    func rights() async throws {
        #expect(try await rights(.init()).mode == 0o666)
        let own = try #require(getgrgid(getegid())).pointee
        let given = try await rights(.init(group: String(cString: own.gr_name)))
        #expect(given.mode == 0o660 && given.group == getegid())
        #expect(try await rights(.init(mode: 0o600)).mode == 0o600)
        let bench = try await LoopBench()
        let server = server(bench, access: .init(group: "no-such-group"))
        await #expect(throws: DaemonProblem.self) { try await server.run() }
        #expect(!FileManager.default.fileExists(atPath: server.path))
    }

    private func kept(_ bench: LoopBench) async throws -> [RawObservation] {
        try await bench.store.unjudged(shop: benchShop, source: "mailbox", limit: 99)
    }

    @Test("is kept before the mail server hears so, once, and wakes whoever reads it")
    func keeps() async throws {
        let bench = try await LoopBench()
        let reading = Wake()
        let said = try await talk(
            bench, reading: reading,
            Self.letter + "send()\nsend('robin@example.com', ['hello@juniperfig.example', 'tom@juniperfig.example'])\n"
                + "send(to=['tom@juniperfig.example'])\n")
        #expect(
            said == """
                kept []
                kept [('tom@juniperfig.example', 550)]
                refused [('tom@juniperfig.example', 550, '5.1.1')]

                """)
        let mails = try await kept(bench)
        #expect(mails.count == 1, "the same mail twice is one")
        let text = String(decoding: try #require(mails.first).bytes, as: UTF8.self)
        #expect(
            text.hasPrefix("Return-Path: <>\r\nDelivered-To: hello+t0k@juniperfig.example\r\nFrom: Robin")
                && text.hasSuffix("\r\n\r\n.Hello\r\n"))
        #expect(await reading.wait(atMost: .seconds(1000)))
    }

    @Test("stays with the mail server while the store fails or the clock is wrong, and comes when that is over")
    func failing() async throws {
        let bench = try await LoopBench()
        try bench.sql("ALTER TABLE observations RENAME TO hidden")
        #expect(try await talk(bench, Self.letter + "send()\n") == "data 451\n")
        #expect(bench.trouble.failure != nil)
        try bench.sql("ALTER TABLE hidden RENAME TO observations")
        bench.clock.note(offset: .minutes(6), of: benchShop)
        #expect(try await talk(bench, Self.letter + "send()\n") == "data 451\n")
        #expect(try await kept(bench).isEmpty)
        bench.clock.note(offset: .zero, of: benchShop)
        #expect(try await talk(bench, Self.letter + "send()\n") == "kept []\n")
        #expect(try await kept(bench).count == 1)
    }

    @Test("shops that share a socket get what is theirs, by the recipient")
    func shared() async throws {
        let bench = try await LoopBench()
        let other = "second.myshopify.com"
        _ = try await bench.store.openShop(other, now: bench.now)
        let (mine, theirs) = (Wake(), Wake())
        let identity = MailIdentity(bench.store.mailHash)
        let shops = [(benchShop, "@juniperfig.example", mine), (other, "hello@second.example", theirs)]
        let server = LMTPServer(
            path: "",
            shops: shops.map { shop, address, wake in
                LMTPServer.Shop(
                    delivery: MailboxDelivery(shop: shop, addresses: ShopAddresses([address]), identity: identity),
                    reading: wake)
            }, store: bench.store, clock: bench.clock, logger: bench.lines.logger())
        func bytes(_ id: String) -> [UInt8] { Array("Message-ID: <\(id)@b>\r\n\r\nHi\r\n".utf8) }
        let both = HandedMail(
            sender: "", recipients: ["hello@second.example", "a@juniperfig.example"], bytes: bytes("a"))
        #expect(await server.keep(both) == [.kept, .kept])
        let one = HandedMail(sender: "", recipients: ["hello+x@second.example"], bytes: bytes("b"))
        #expect(await server.keep(one) == [.kept])
        #expect(try await kept(bench).count == 1)
        let second = try await bench.store.unjudged(shop: other, source: "mailbox", limit: 9)
        #expect(second.count == 2)
        #expect(
            !String(decoding: second[0].bytes, as: UTF8.self).contains("juniperfig"), "a shop sees no other's address")
        #expect(await mine.wait(atMost: .seconds(1000)))
        #expect(await theirs.wait(atMost: .seconds(1000)))
    }

    private static let connect = """
        import socket, sys
        def connect():
            s = socket.socket(socket.AF_UNIX); s.settimeout(50); s.connect(sys.argv[1]); return s, s.makefile("rb")

        """

    @Test("further sessions wait for their turn, and too many are sent away")
    func bounded() async throws {
        let bench = try await LoopBench()
        var limits = LMTPServer.Limits()
        limits.sessions = 1
        limits.waiting = 1
        let said = try await talk(
            bench, limits: limits,
            Self.connect + """
                first, one = connect(); print(one.readline()[:3])
                import select
                files = dict([connect(), connect()])
                away = select.select(list(files), [], [], 50)[0][0]
                print(files[away].readline()[:9], files.pop(away).read())
                first.sendall(b"QUIT\\r\\n"); print(one.read()[:3])
                for waiting, file in files.items(): print(file.readline()[:3])
                """)
        #expect(said == "b'220'\nb'421 4.3.2' b''\nb'221'\nb'220'\n")
    }

    @Test("a session that is quiet, or lasts too long, is ended", arguments: [true, false])
    func ended(_ isQuiet: Bool) async throws {
        let bench = try await LoopBench()
        var limits = LMTPServer.Limits()
        if isQuiet { limits.idle = .milliseconds(100) } else { limits.lifetime = .milliseconds(100) }
        let said = try await talk(
            bench, limits: limits,
            Self.connect + "s, f = connect(); print(f.readline()[:3], f.readline()[:9], f.read())")
        #expect(said == "b'220' b'421 4.4.2' b''\n")
    }

    @Test("a mail of 20 MB comes in whole")
    func large() async throws {
        let bench = try await LoopBench()
        let said = try await talk(bench, Self.letter + "send(mail=MAIL + ('x' * 98 + '\\r\\n') * 200000)\n")
        #expect(said == "kept []\n")
        #expect(try await kept(bench).first?.bytes.count ?? 0 > 20_000_000)
    }
}
