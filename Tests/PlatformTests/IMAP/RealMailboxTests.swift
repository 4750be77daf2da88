import Doubles
import Foundation
import Synchronization
import Testing

@testable import Platform

extension IMAPSettings {
    static func plain(_ port: Int) -> IMAPSettings {
        IMAPSettings(host: "127.0.0.1", port: port, security: .off, user: Dovecot.user)
    }
}

private let password = IMAPCredentials.password(SecretString(Dovecot.password))

@Suite("IMAP with a real server", .serialized, .enabled(if: Dovecot.isHere), .timeLimit(.minutes(3)))
struct RealMailboxTests {
    let engine = TransferEngine()

    private func failure(_ settings: IMAPSettings, _ credentials: IMAPCredentials) async -> IMAPFailure? {
        do throws(IMAPFailure) {
            _ = try await IMAPClient.open(settings, credentials, engine: engine)
            return nil
        } catch { return error }
    }

    @Test("connects in three ways, and tells what is wrong with a certificate, a password or a port")
    func opening() async throws {
        let dovecot = try await Dovecot()
        dovecot.deliver("From: a@b.example\nSubject: hi\n\nText\n")
        for (security, port) in [
            (IMAPSettings.Security.tls, dovecot.securePort), (.startTLS, dovecot.port), (.off, dovecot.port),
        ] {
            let settings = IMAPSettings(
                host: security == .off ? "127.0.0.1" : "localhost", port: port, security: security, user: Dovecot.user,
                authorities: dovecot.certificate)
            let client = try await IMAPClient.open(settings, password, engine: engine)
            #expect(try await client.examine("INBOX").count == 1)
            await client.logOut()
        }
        var settings = IMAPSettings(host: "localhost", port: dovecot.securePort, user: Dovecot.user)
        let untrusted = await failure(settings, password)
        #expect(
            untrusted?.kind == .tls && untrusted?.description.contains("'ca'") == true,
            "\(String(describing: untrusted))")
        settings.authorities = dovecot.certificate
        let wrong = await failure(settings, .password(SecretString("correct horse")))
        #expect(wrong?.kind == .login && wrong?.description.contains("app password") == true)
        #expect(wrong?.description.contains("correct horse") == false && wrong?.description.contains("@") == false)
        settings.port = 1
        #expect(await failure(settings, password)?.kind == .connect)
        dovecot.stop()
    }

    @Test("logs in by access token, and tells one that is refused")
    func token() async throws {
        let script: @Sendable (ScriptedServer.Line) -> Void = { line in
            guard let head = line.read(upTo: "\r\n\r\n") else { return }
            let isGood = head.contains("Bearer good")
            let body = isGood ? #"{"active": true, "username": "hello@fig.example"}"# : #"{"active": false}"#
            line.send(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
                    + "Connection: close\r\n\r\n\(body)")
        }
        try await ScriptedServer.run(script) { server in
            let dovecot = try await Dovecot(tokens: "http://127.0.0.1:\(server.port)/")
            let client = try await IMAPClient.open(
                .plain(dovecot.port), .token(SecretString("good")), engine: engine)
            #expect(try await client.examine("INBOX").count == 0)
            let refused = await failure(.plain(dovecot.port), .token(SecretString("bad")))
            #expect(refused?.kind == .login && refused?.description.contains("access token") == true)
            dovecot.stop()
        }
    }

    @Test("reads mails as they are, also one that talks like a server, and marks none as seen")
    func mails() async throws {
        let dovecot = try await Dovecot()
        let trick =
            "From: a@b.example\r\nTo: hello@fig.example\r\nSubject: {5}\r\n\r\nA004 OK x\r\nb5 OK y\r\n"
            + "* BYE\r\n{3}\r\n)\r\n"
        for _ in 0..<3 { dovecot.deliver(trick.replacingOccurrences(of: "\r\n", with: "\n")) }
        let client = try await IMAPClient.open(.plain(dovecot.port), password, engine: engine)
        let opened = try await client.examine("INBOX")
        let uids = try await client.uids(from: 1)
        #expect(uids == [1, 2, 3] && opened.nextUID == 4)
        let heads = try await client.heads(of: uids, fields: ["To", "Delivered-To"])
        #expect(heads.map(\.size) == [trick.utf8.count, trick.utf8.count, trick.utf8.count])
        #expect(heads.first?.fields == Array("To: hello@fig.example\r\n\r\n".utf8))
        #expect(abs((heads.first?.received ?? 0) - Int64(Date().timeIntervalSince1970)) < 60)
        let mails = try await client.mails(uids, limit: 1 << 20)
        #expect(mails.count == 3 && mails[2] == Array(trick.utf8))
        #expect(try await client.textSection(of: 1) == "1")
        #expect(try await client.part("1", of: 1, limit: 9) == Array("A004 OK x".utf8))
        #expect(try await client.uids(from: 4) == [], "the last one is given for n:*, and is not new")
        #expect(try await client.lastUID() == 3)
        try await client.append(Array(trick.utf8), to: "Sent")
        #expect(try await client.examine("Sent").count == 1)
        let flags = try #require(dovecot.flags())
        #expect(flags.contains("'OK'") && !flags.contains("Seen"), "\(flags)")
        dovecot.stop()
    }

    @Test("names the folders that exist where one does not, and finds the one of sent mail")
    func folders() async throws {
        let dovecot = try await Dovecot()
        try dovecot.makeMaildir("Entw&APw-rfe")
        let client = try await IMAPClient.open(.plain(dovecot.port), password, engine: engine)
        do throws(IMAPFailure) {
            _ = try await client.examine("Anfragen")
            Issue.record("it was opened")
        } catch {
            #expect(error.kind == .folder)
            #expect(error.description.contains("'INBOX'") && error.description.contains("'Entwürfe'"), "\(error)")
        }
        #expect(try await client.folders().first { $0.isSent }?.name == "Sent")
        #expect(try await client.examine("Entwürfe").count == 0)
        dovecot.stop()
    }

    @Test("wakes when mail comes, and is renewed when none does")
    func idle() async throws {
        let dovecot = try await Dovecot()
        let client = try await IMAPClient.open(.plain(dovecot.port), password, engine: engine)
        _ = try await client.examine("INBOX")
        #expect(try await client.idle(for: .milliseconds(50)) == false)
        // Long before a wait ends by itself. How quick it is, `mailbox-test speed` measures: here other tests run beside it.
        var quickest = Duration.seconds(60)
        for count in 1...8 where quickest >= .seconds(5) {
            async let news = client.idle(for: .seconds(30))
            try await Task.sleep(for: .milliseconds(300))
            dovecot.deliver("From: a@b.example\n\nText\n")
            let start = ContinuousClock.now
            #expect(try await news)
            quickest = min(quickest, .now - start)
            #expect(try await client.uids(from: 1).count == count)
        }
        #expect(quickest < .seconds(5))
        let waiting = Task { () async -> IMAPFailure? in
            do throws(IMAPFailure) {
                _ = try await client.idle(for: .seconds(60))
                return nil
            } catch { return error }
        }
        try await Task.sleep(for: .milliseconds(50))
        waiting.cancel()
        #expect(await waiting.value?.kind == .cancelled)
        dovecot.stop()
    }

    @Test("finds 10,000 mails, and reads past one of 50 MB")
    func large() async throws {
        let dovecot = try await Dovecot()
        for number in 1...10_000 {
            dovecot.deliver("From: a@b.example\nSubject: \(number)\n\nText\n")
            if number % 50 == 0 { await Task.yield() }
        }
        let line = Array(String(repeating: "x", count: 76).utf8) + [0x0A]
        var huge = Array("From: a@b.example\nSubject: huge\n\n".utf8)
        while huge.count < 50_000_000 { huge += line }
        dovecot.deliver(huge)
        let client = try await IMAPClient.open(.plain(dovecot.port), password, engine: engine)
        _ = try await client.examine("INBOX")
        let uids = try await client.uids(from: 1)
        #expect(uids == (1...10_001).map { UInt32($0) })
        let heads = try await client.heads(of: Array(uids.prefix(2000)) + [10_001], fields: ["Subject"])
        #expect(heads.count == 2001 && heads.last.map { $0.size > 50_000_000 } == true)
        #expect(try await client.mails([1, 10_001], limit: 25_000_000).keys.sorted() == [1])
        #expect(try await client.part("1", of: 10_001, limit: 100)?.count == 100)
        #expect(try await client.mails([3], limit: 100_000).count == 1)
        dovecot.stop()
    }

    @Test("tells a line that is cut anywhere from a mailbox that is empty")
    func cut() async throws {
        let dovecot = try await Dovecot()
        for _ in 0..<3 { dovecot.deliver("From: a@b.example\nTo: hello@fig.example\n\nText\n") }
        func session(_ port: Int) async throws(IMAPFailure) -> Int {
            let client = try await IMAPClient.open(.plain(port), password, engine: engine)
            _ = try await client.examine("INBOX")
            let uids = try await client.uids(from: 1)
            _ = try await client.heads(of: uids, fields: ["To"])
            return try await client.mails(uids, limit: 1 << 20).count
        }
        let whole = CuttingProxy(to: dovecot.port, after: 1 << 30)
        #expect(try await session(whole.port) == 3)
        let total = whole.bytes
        for after in stride(from: 0, to: total - 60, by: 41) {
            let proxy = CuttingProxy(to: dovecot.port, after: after)
            do throws(IMAPFailure) {
                _ = try await session(proxy.port)
                Issue.record("cut after \(after) of \(total), and nobody noticed")
            } catch { #expect(error.isConnectionLost, "\(after): \(error)") }
            proxy.stop()
        }
        dovecot.stop()
    }
}
