import Foundation
import Glibc
import Testing

@testable import Platform

/// A mail server of somebody else's, run for one test.
private final class RealRelay {
    struct Unavailable: Error {}

    let port: Int
    private let process = Process()
    private let output = Pipe()

    /// - Parameters:
    ///   - arguments: makes the command line for a port.
    init(_ path: String, in folder: String, _ arguments: (Int) -> [String]) async throws {
        // A port that was free a moment ago; these servers take no port 0.
        port = try await ScriptedServer.run({ _ in }) { $0.port }
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments(port)
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        for _ in 0..<5000 {
            if Self.answers(port) { return }
            guard process.isRunning else { throw Unavailable() }
            try await Task.sleep(for: .milliseconds(2))
        }
        throw Unavailable()
    }

    /// Ends the server and returns what it printed.
    func stop() -> String {
        kill(process.processIdentifier, SIGKILL)
        return String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    }

    private static func answers(_ port: Int) -> Bool {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

@Suite("SMTP with real servers", .timeLimit(.minutes(5)))
struct RealRelayTests {
    private static let hasSink = Fixtures.has("smtp-sink", of: "postfix")
    /// A Python that has aiosmtpd: that of `scripts/packages test`, or this machine's.
    private static let python: String? = {
        for path in [Fixtures.find("python3"), "/usr/bin/python3"] {
            if let path, Fixtures.run(path, ["-c", "import aiosmtpd.controller"]) != nil { return path }
        }
        print("left out: tests that need aiosmtpd; run scripts/packages test, with .build/python/bin in PATH")
        return nil
    }()

    let engine = TransferEngine()
    let folder = Fixtures.Folder()

    /// smtp-sink becomes another user when it is root's, and then needs a folder that it may write to.
    private func sink(_ options: [String]) async throws -> RealRelay {
        chmod(folder.path, 0o777)
        let user = getuid() == 0 ? ["-u", "nobody"] : []
        return try await RealRelay(Fixtures.find("smtp-sink")!, in: folder.path) { port in
            user + options + ["127.0.0.1:\(port)", "100"]
        }
    }

    @Test("hands 1,000 mails to smtp-sink over 4 connections and no more", .enabled(if: hasSink))
    func kept() async throws {
        let relay = try await sink(["-c"])
        let transport = SMTPRelay(.local(relay.port, sessions: 4), engine: engine)
        let accepted = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<1000 { group.addTask { await transport.deliver(letter).isAccepted } }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(accepted == 1000)
        #expect((1...4).contains(engine.statistics.mailSessions))
        await engine.shutdown(within: .seconds(10))
        // "sess=5 quit=4 mesg=1000": the first session was our look whether it is up.
        let counts = try #require(relay.stop().split(whereSeparator: \.isNewline).last)
        let sessions = try #require(counts.firstMatch(of: /sess=(\d+) quit=(\d+) mesg=(\d+)/))
        #expect(sessions.3 == "1000")
        #expect(Int(sessions.1) ?? .max <= 5)
        #expect(Int(sessions.2) == engine.statistics.mailSessions)
    }

    @Test("is understood by smtp-sink: dots arrive as they were", .enabled(if: hasSink))
    func dots() async throws {
        let relay = try await sink(["-D", "mail"])
        let text = "Subject: dots\r\n\r\n.\r\n..\r\n.a\r\nb.\r\n...."
        let reply = try await SMTPRelay(.local(relay.port), engine: engine).deliver(mail(text))
        #expect(reply.isAccepted)
        await engine.shutdown(within: .seconds(10))
        _ = relay.stop()
        let kept = try String(contentsOfFile: folder.path + "/mail", encoding: .utf8)
        #expect(kept.contains("Subject: dots\n\n.\n..\n.a\nb.\n....\n"))
    }

    @Test(
        "tells smtp-sink's refusals apart, and sends on afterwards", .enabled(if: hasSink),
        arguments: [
            ("-f", "rcpt", SMTPReply.Phase.rcpt, 5), ("-r", "rcpt", .rcpt, 4), ("-f", "data", .data, 5),
            ("-r", ".", .finalDot, 4),
            ("-f", ".", .finalDot, 5), ("-f", "mail", .mailFrom, 5),
        ])
    func refusals(_ option: String, _ command: String, _ phase: SMTPReply.Phase, _ kind: Int) async throws {
        let relay = try await sink([option, command])
        let transport = SMTPRelay(.local(relay.port), engine: engine)
        for _ in 0..<3 {
            let reply = await transport.deliver(letter)
            #expect(reply.phase == phase)
            #expect(reply.code.map { $0 / 100 } == kind)
            #expect(!reply.isInDoubt)
        }
        #expect(engine.statistics.mailSessions <= 3)
        _ = relay.stop()
    }

    private func secured(_ password: String, startTLS: SMTPSettings.StartTLS = .required) async throws -> (
        SMTPReply, [String]
    ) {
        let (certificate, key) = (folder.path + "/cert.pem", folder.path + "/key.pem")
        try #require(TLSServer.makeCertificate(certificate, key: key))
        try Self.script.write(toFile: folder.path + "/relay.py", atomically: true, encoding: .utf8)
        let relay = try await RealRelay(Self.python!, in: folder.path) { ["relay.py", String($0), certificate, key] }
        defer { _ = relay.stop() }
        var settings = SMTPSettings(
            url: "smtp://localhost:\(relay.port)", username: "bookbag", password: SecretString(password),
            startTLS: startTLS, authorities: certificate, heloName: "bookbag.example", sessions: 1)
        if password == "untrusted" { settings.authorities = nil }
        let transport = SMTPRelay(settings, engine: engine)
        let reply = await transport.deliver(letter)
        if reply.isAccepted {
            for _ in 0..<20 { #expect(await transport.deliver(letter).isAccepted) }
            #expect(engine.statistics.mailSessions == 1)
        }
        let kept = (try? String(contentsOfFile: folder.path + "/mails", encoding: .utf8)) ?? ""
        return (reply, kept.split(separator: "\n").map(String.init))
    }

    @Test(
        "secures the line, logs in, and keeps both for 20 mails more", .enabled(if: python != nil),
        arguments: [SMTPSettings.StartTLS.required, .opportunistic])
    func secure(_ startTLS: SMTPSettings.StartTLS) async throws {
        let (reply, mails) = try await secured("hunter2", startTLS: startTLS)
        #expect(reply.isAccepted, "\(reply)")
        #expect(mails == Array(repeating: "tls=True user=bookbag", count: 21))
    }

    @Test("tells a wrong password from other failures, and never shows it", .enabled(if: python != nil))
    func wrongPassword() async throws {
        let (reply, mails) = try await secured("correct horse")
        #expect(reply.phase == .auth)
        #expect(reply.code == 535)
        #expect(reply.status == EnhancedStatus(5, 7, 8))
        #expect(!"\(reply)".contains("correct horse"))
        #expect(mails.isEmpty)
    }

    @Test("hands nothing to a relay whose certificate nobody known has signed", .enabled(if: python != nil))
    func untrusted() async throws {
        let (reply, mails) = try await secured("untrusted")
        #expect(reply.phase == .tls)
        #expect(reply.failure == .tls)
        #expect(mails.isEmpty)
    }

    private static let script = """
        import ssl, sys, time
        from aiosmtpd.controller import Controller
        from aiosmtpd.smtp import AuthResult

        class Keeper:
            async def handle_DATA(self, server, session, envelope):
                with open("mails", "a") as file:
                    file.write(f"tls={session.ssl is not None} user={session.auth_data}\\n")
                return "250 2.0.0 Ok"

        def authenticate(server, session, envelope, mechanism, data):
            if data.login == b"bookbag" and data.password == b"hunter2":
                return AuthResult(success=True, auth_data="bookbag")
            return AuthResult(success=False, handled=False)

        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
        Controller(
            Keeper(), hostname="127.0.0.1", port=int(sys.argv[1]), tls_context=context, authenticator=authenticate,
            auth_required=True, auth_require_tls=True).start()
        time.sleep(120)
        """
}
