import Foundation
import Glibc
import Outreach
import Platform
import Testing

@testable import Delivery

/// A Postfix of the test's own on loopback: its own queue, log and port, no TLS, everything it takes is discarded.
final class Postfix {
    let port: Int
    private let folder: URL

    /// Whether one can be started here: it needs the package and root.
    static let isHere: Bool = {
        let isInstalled = FileManager.default.fileExists(atPath: "/usr/sbin/postfix")
        if !isInstalled || getuid() != 0 { print("left out: a real Postfix needs Debian's postfix package and root") }
        return isInstalled && getuid() == 0
    }()

    /// - Parameters:
    ///   - more: further lines of main.cf.
    ///   - hasTLS: whether it offers STARTTLS, with the certificate in `certificate`.
    init(_ more: String = "", hasTLS: Bool = false) throws {
        folder = URL(fileURLWithPath: "/tmp/bookbag-postfix-\(UUID().uuidString.prefix(8))")
        port = 20_000 + Int.random(in: 0..<20_000)
        let manager = FileManager.default
        for name in ["etc", "queue", "data"] {
            try manager.createDirectory(at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
        }
        try manager.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
        _ = try run("chown", ["postfix", folder.appendingPathComponent("data").path])
        let refusals = """
            check_recipient_access inline:{{reject5@test.example=550 5.1.1 User unknown: reject5@test.example},{defer4@test.example=450 4.2.1 \
            Mailbox busy},{policy@test.example=554 5.7.1 Relay access denied},{down@test.example=421 4.3.2 Shutting down}}
            """
        let main = """
            compatibility_level = 3.6
            queue_directory = \(folder.path)/queue
            data_directory = \(folder.path)/data
            maillog_file = \(folder.path)/log
            maillog_file_prefixes = \(folder.path)
            inet_interfaces = 127.0.0.1
            inet_protocols = ipv4
            mydestination =
            mynetworks = 127.0.0.0/8
            myhostname = relay.example
            default_transport = discard:silently
            relay_transport = discard:silently
            local_transport = discard:silently
            alias_maps =
            local_recipient_maps =
            message_size_limit = 100000
            smtpd_recipient_restrictions = \(refusals), permit_mynetworks, reject
            smtpd_sender_restrictions = check_sender_access inline:{{nobody@juniperfig.example=553 5.1.8 Sender rejected}}
            smtpd_peername_lookup = no
            \(hasTLS ? "smtpd_tls_security_level = may\nsmtpd_tls_cert_file = \(folder.path)/cert.pem\nsmtpd_tls_key_file = \(folder.path)/key.pem" : "")
            \(more)

            """
        if hasTLS {
            _ = try run(
                "openssl",
                [
                    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost", "-keyout", folder.path + "/key.pem", "-out", certificate,
                ])
        }
        try main.write(to: folder.appendingPathComponent("etc/main.cf"), atomically: true, encoding: .utf8)
        let services = try String(contentsOfFile: "/etc/postfix/master.cf", encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false)
            .map { line -> Substring in
                line.hasPrefix("smtp ") && line.contains(" inet ") || line.hasPrefix("pickup ") ? "#" + line : line
            }
        let master =
            services.joined(separator: "\n")
            + "\n127.0.0.1:\(port) inet n - n - 20 smtpd\npostlog unix-dgram n - n - 1 postlogd\n"
        try master.replacing(" y ", with: " n ").write(
            to: folder.appendingPathComponent("etc/master.cf"), atomically: true, encoding: .utf8)
        let (status, output) = try run("postfix", ["-c", folder.appendingPathComponent("etc").path, "start"])
        guard status == 0 else { throw StartFault(output: output) }
    }

    struct StartFault: Error { let output: String }

    var certificate: String { folder.path + "/cert.pem" }

    /// How many mails it has passed on, by the words of its log.
    func delivered() -> Int {
        let log = (try? String(contentsOf: folder.appendingPathComponent("log"), encoding: .utf8)) ?? ""
        return log.split(separator: "\n").count { $0.contains("status=sent") }
    }

    /// Waits until it has passed on so many.
    func delivers(_ count: Int) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while delivered() < count, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(50)) }
        #expect(delivered() == count)
    }

    func stop() {
        _ = try? run("postfix", ["-c", folder.appendingPathComponent("etc").path, "stop"])
        try? FileManager.default.removeItem(at: folder)
    }
}

@Suite("A real Postfix", .enabled(if: Postfix.isHere), .serialized)
struct PostfixTests {
    @Test("takes what we compose, and refuses, defers and stops as we read it")
    func verdicts() async throws {
        let postfix = try Postfix()
        defer { postfix.stop() }
        let engine = TransferEngine()
        let relay = SMTPRelay(
            SMTPSettings(url: "smtp://127.0.0.1:\(postfix.port)", startTLS: .off, heloName: "bookbag.example"),
            engine: engine)
        let channel = SMTPChannel(relay)
        let now = Drafts.draft().date
        func verdict(_ address: String, sender: String = "bounces@juniperfig.example", bytes: Int = 0) async throws
            -> Verdict
        {
            var draft = Drafts.draft(address: address)
            draft.sender = sender
            if bytes > 0 {
                draft.attachments = [
                    .init(name: "a.pdf", type: "application/pdf", bytes: [UInt8](repeating: 7, count: bytes))
                ]
            }
            return try await channel.send(try MailComposer().compose(draft), at: now)
        }
        for (_, draft) in Drafts.golden {
            let taken = try await channel.send(try MailComposer().compose(draft), at: now)
            #expect(taken.name == "accepted", "\(taken)")
        }
        let refused = try await verdict("reject5@test.example")
        #expect(refused.name == "refused")
        #expect(refused.failure?.enhancedCode == "5.1.1" && refused.failure?.reason == "mailbox")
        #expect(refused.failure?.detail.contains("reject5") == false)
        #expect(try await verdict("defer4@test.example").name == "deferred")
        #expect(try await verdict("policy@test.example").name == "unavailable")
        #expect(try await verdict("ada@test.example", sender: "nobody@juniperfig.example").name != "accepted")
        #expect(try await verdict("ada@test.example", bytes: 200_000).name == "refused")
        #expect(try await verdict("down@test.example").name == "unavailable")
        #expect(try await verdict("zoë@test.example").name == "accepted")
        #expect(try await verdict("ada@test.example").name == "accepted")
        await engine.shutdown(within: .seconds(2))
    }

    private func settings(_ port: Int, startTLS: SMTPSettings.StartTLS = .off) -> SMTPSettings {
        SMTPSettings(
            url: "smtp://\(startTLS == .off ? "127.0.0.1" : "localhost"):\(port)", startTLS: startTLS,
            heloName: "bookbag.example")
    }

    @Test("that offers STARTTLS is spoken to over it, and never without it where it is required")
    func startTLS() async throws {
        let postfix = try Postfix(hasTLS: true)
        defer { postfix.stop() }
        let engine = TransferEngine()
        let message = try MailComposer().compose(Drafts.draft())
        var trusting = settings(postfix.port, startTLS: .required)
        trusting.authorities = postfix.certificate
        let taken = try await SMTPChannel(SMTPRelay(trusting, engine: engine)).send(message, at: Drafts.draft().date)
        #expect(taken.name == "accepted", "\(taken)")
        let untrusting = SMTPChannel(SMTPRelay(settings(postfix.port, startTLS: .required), engine: engine))
        #expect(try await untrusting.send(message, at: Drafts.draft().date).failure?.reason == "tls")
        let plain = try Postfix()
        defer { plain.stop() }
        let required = SMTPChannel(SMTPRelay(settings(plain.port, startTLS: .required), engine: engine))
        #expect(try await required.send(message, at: Drafts.draft().date).name == "unavailable")
        #expect(plain.delivered() == 0)
        await engine.shutdown(within: .seconds(2))
    }

    @Test("whose queue is full takes nothing, and no message is blamed")
    func full() async throws {
        let postfix = try Postfix("queue_minfree = 1000000000000000")
        defer { postfix.stop() }
        let engine = TransferEngine()
        let verdict = try await SMTPChannel(SMTPRelay(settings(postfix.port), engine: engine)).send(
            try MailComposer().compose(Drafts.draft()), at: Drafts.draft().date)
        #expect(["unavailable", "deferred"].contains(verdict.name) && verdict.failure?.inDoubt == false, "\(verdict)")
        #expect(verdict.failure?.code.map { $0 / 100 } == 4)
        await engine.shutdown(within: .seconds(2))
    }

    @Test("whose line is cut at any step gets the mail by the next attempt, twice only where it had it all")
    func cut() async throws {
        let postfix = try Postfix()
        defer { postfix.stop() }
        let message = try MailComposer().compose(Drafts.draft())
        var expected = 0
        for cut in CuttingProxy.Cut.allCases {
            let engine = TransferEngine()
            let proxy = try CuttingProxy(to: postfix.port, cut)
            let first = try await SMTPChannel(SMTPRelay(settings(proxy.port), engine: engine)).send(
                message, at: Drafts.draft().date)
            #expect(first.name == "deferred" || first.name == "unavailable", "\(cut): \(first)")
            // Once the dot is written to the line nobody can know; a short mail is written with its dot at once, so a cut
            // in its middle looks the same to us.
            let isInDoubt = cut == .inMessage || cut == .beforeDot || cut == .beforeReplyToDot
            #expect(first.failure?.inDoubt == isInDoubt, "\(cut): \(first)")
            let second = try await SMTPChannel(SMTPRelay(settings(postfix.port), engine: engine)).send(
                message, at: Drafts.draft().date)
            #expect(second.name == "accepted")
            expected += cut == .beforeReplyToDot ? 2 : 1
            try await postfix.delivers(expected)
            await engine.shutdown(within: .seconds(2))
        }
    }
}

/// Stands between us and a relay, and cuts the line once, at a step.
private final class CuttingProxy: Sendable {
    enum Cut: String, CaseIterable {
        case beforeGreeting, beforeEhlo, beforeMail, beforeRecipient, beforeData, inMessage, beforeDot, beforeReplyToDot

        /// What the sender says that never reaches the relay.
        var words: String? {
            switch self {
            case .beforeGreeting, .beforeReplyToDot: nil
            case .beforeEhlo: "EHLO"
            case .beforeMail: "MAIL FROM"
            case .beforeRecipient: "RCPT TO"
            case .beforeData: "DATA\r\n"
            case .inMessage: "Subject:"
            case .beforeDot: "\r\n.\r\n"
            }
        }
    }

    let port: Int

    init(to relay: Int, _ cut: Cut) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.address(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 4) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard bound else { throw Postfix.StartFault(output: "no port for the proxy") }
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread {
            let client = accept(listener, nil, nil)
            close(listener)
            Self.pass(client, to: relay, cut)
            close(client)
        }
    }

    private static func address(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private static func pass(_ client: Int32, to relay: Int, _ cut: Cut) {
        if cut == .beforeGreeting { return }
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(server) }
        var address = address(relay)
        let isThere = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isThere else { return }
        var said: [UInt8] = []
        var passed = 0
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            var polled = [
                pollfd(fd: client, events: Int16(POLLIN), revents: 0),
                pollfd(fd: server, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&polled, 2, 10_000) > 0 else { return }
            if polled[0].revents != 0 {
                let count = read(client, &buffer, buffer.count)
                guard count > 0 else { return }
                said += buffer[..<count]
                // Bytes are letters here: what is looked for is ASCII.
                let text = String(decoding: said, as: Unicode.ASCII.self)
                if let words = cut.words, let place = text.range(of: words) {
                    let end = text.unicodeScalars.distance(from: text.startIndex, to: place.lowerBound)
                    if end > passed { _ = write(server, Array(said[passed..<end]), end - passed) }
                    return
                }
                _ = write(server, Array(said[passed...]), said.count - passed)
                passed = said.count
                if cut == .beforeReplyToDot, text.contains("\r\n.\r\n") {
                    // The relay answers, and nobody hears it.
                    _ = read(server, &buffer, buffer.count)
                    return
                }
            }
            if polled[1].revents != 0 {
                let count = read(server, &buffer, buffer.count)
                guard count > 0 else { return }
                _ = write(client, Array(buffer[..<count]), count)
            }
        }
    }
}
