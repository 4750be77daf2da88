import Foundation
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

    init() throws {
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

            """
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
}
