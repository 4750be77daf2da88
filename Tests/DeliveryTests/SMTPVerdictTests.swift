import Foundation
import Outreach
import Platform
import Testing

@testable import Delivery

@Suite("A relay's reply")
struct SMTPVerdictTests {
    /// Replies as real servers give them.
    static let table: [(SMTPReply.Phase, Int, String, String)] = [
        (.finalDot, 250, "2.0.0 Ok: queued as 4Zk3Qy1X2zz", "accepted"),
        (.finalDot, 250, "2.6.0 <x@y.example> Queued mail for delivery", "accepted"),
        (.connect, 554, "5.7.1 Client host blocked using zen", "unavailable"),
        (.greeting, 421, "4.3.2 Service not available", "unavailable"),
        (.greeting, 554, "No SMTP service here", "unavailable"),
        (.ehlo, 501, "5.5.4 Invalid domain name", "unavailable"),
        (.tls, 454, "4.7.0 TLS not available due to local problem", "unavailable"),
        (.auth, 535, "5.7.8 Error: authentication failed", "unavailable"),
        (.auth, 454, "4.7.0 Temporary authentication failure", "unavailable"),
        (.auth, 534, "5.7.9 Application-specific password required", "unavailable"),
        (.mailFrom, 530, "5.7.0 Authentication required", "unavailable"),
        (.mailFrom, 530, "5.7.0 Must issue a STARTTLS command first", "unavailable"),
        (.mailFrom, 550, "5.7.1 Sender not authorised", "unavailable"),
        (.mailFrom, 553, "5.1.8 Sender address rejected: domain not found", "unavailable"),
        (.mailFrom, 451, "4.3.0 Try again later", "unavailable"),
        (.mailFrom, 452, "4.3.1 Insufficient system storage", "unavailable"),
        (.mailFrom, 552, "5.3.4 Message size exceeds fixed limit", "refused"),
        (.rcpt, 550, "5.1.1 User unknown", "refused"),
        (.rcpt, 550, "No such user here", "refused"),
        (.rcpt, 551, "5.1.6 User not local", "refused"),
        (.rcpt, 552, "5.2.2 Mailbox full", "refused"),
        (.rcpt, 553, "5.1.3 Bad recipient address syntax", "refused"),
        (.rcpt, 550, "5.2.1 Mailbox disabled", "refused"),
        (.rcpt, 556, "5.1.10 Recipient address has a null MX", "refused"),
        (.rcpt, 550, "5.4.1 Recipient address rejected: Access denied", "refused"),
        (.rcpt, 550, "5.5.0 Requested action not taken: mailbox unavailable", "refused"),
        (.rcpt, 550, "5.3.0 No such user", "refused"),
        (.rcpt, 554, "5.7.1 Relay access denied", "unavailable"),
        (.rcpt, 550, "5.7.1 Service unavailable; client host blocked", "unavailable"),
        (
            .rcpt, 550, "5.7.515 Access denied, sending domain does not meet the required authentication level",
            "unavailable"
        ),
        (.rcpt, 530, "Authentication required", "unavailable"),
        (.rcpt, 503, "5.5.1 Error: need MAIL command", "unavailable"),
        (.rcpt, 450, "4.2.0 Greylisted, see http://postgrey.example/", "deferred"),
        (.rcpt, 451, "4.7.1 Please try again later", "deferred"),
        (.rcpt, 452, "4.5.3 Too many recipients", "deferred"),
        (.rcpt, 452, "4.2.2 Mailbox full", "deferred"),
        (.rcpt, 421, "4.7.0 Too many connections", "unavailable"),
        (.data, 554, "5.5.1 No valid recipients", "deferred"),
        (.data, 451, "4.3.0 Try later", "deferred"),
        (.data, 421, "4.4.2 Timeout", "unavailable"),
        (.data, 550, "5.7.1 Not permitted", "unavailable"),
        (.finalDot, 550, "5.7.26 This mail is unauthenticated", "unavailable"),
        (.finalDot, 554, "5.7.1 Spam message rejected", "unavailable"),
        (.finalDot, 554, "5.6.0 Message content rejected", "refused"),
        (.finalDot, 554, "Transaction failed: virus found", "refused"),
        (.finalDot, 552, "5.3.4 Message too big", "refused"),
        (.finalDot, 550, "5.1.1 No such user", "refused"),
        (.finalDot, 552, "5.2.2 Over quota", "refused"),
        (.finalDot, 554, "5.3.0 Unknown mailer error", "unavailable"),
        (.finalDot, 451, "4.3.0 Queue file write error", "deferred"),
        (.finalDot, 452, "4.3.1 Insufficient system storage", "deferred"),
        (.finalDot, 450, "4.7.0 Content scan pending", "deferred"),
        (.finalDot, 421, "4.7.28 Unusual rate of mail", "unavailable"),
        (.finalDot, 354, "Huh", "deferred"),
    ]

    @Test("means what it means for the message and for the relay", arguments: table.indices)
    func replies(_ index: Int) {
        let (phase, code, text, name) = Self.table[index]
        let verdict = Verdict.verdict(
            for: SMTPReply(phase: phase, code: code, status: EnhancedStatus(prefixOf: text), text: text))
        #expect(verdict.name == name, "\(phase) \(code) \(text)")
        if name != "accepted" { #expect(verdict.failure?.code == code) }
    }

    @Test(
        "that never came stops the relay before RCPT, and is another try after it",
        arguments: SMTPReply.Phase.allCases,
        [SMTPReply.Failure.resolve, .connect, .tls, .timeout, .dropped, .malformedReply, .other])
    func noReply(_ phase: SMTPReply.Phase, _ failure: SMTPReply.Failure) {
        let inDoubt = phase == .finalDot
        let verdict = Verdict.verdict(for: SMTPReply(phase: phase, failure: failure, isInDoubt: inDoubt))
        let isAboutRelay = [.resolve, .connect, .tls].contains(failure) || ![.rcpt, .data, .finalDot].contains(phase)
        #expect(verdict.name == (isAboutRelay ? "unavailable" : "deferred"))
        #expect(verdict.failure?.inDoubt == inDoubt)
    }

    @Test(
        "is told without anybody's address",
        arguments: [
            (
                "<ada@shopper.example>: Recipient address rejected: User unknown in virtual alias table",
                "<address> Recipient address rejected: User unknown in virtual alias table"
            ),
            ("User unknown: ada@shopper.example", "User unknown: <address>"),
            ("see https://x.example/?e=ada%40b.example for more", "see <link> for more"),
            ("\"ada lovelace\"@shopper.example unknown", "\"ada <address> unknown"), ("SRS0=ada=40x", "<address>"),
            ("user <ada> unknown", "user <address> unknown"),
            ("Ok: queued as 4Zk3Qy1X2zz", "Ok: queued as 4Zk3Qy1X2zz"), ("a\r\nb", "a b"),
        ])
    func redaction(_ text: String, _ expected: String) { #expect(redacted(text) == expected) }
}

/// A relay that answers as it is told to.
struct ScriptedMail: MailTransport {
    let reply: @Sendable (SMTPEnvelope) -> SMTPReply
    func deliver(_ envelope: SMTPEnvelope) async -> SMTPReply { reply(envelope) }
}

@Suite("A mail's route out")
struct SMTPOutletTests {
    let now = Moment(iso8601: "2026-11-21T10:00:00Z")!

    @Test("goes to the one recipient, or to the inbox where everything goes while trying")
    func envelope() async throws {
        let message = try MailComposer().compose(Drafts.draft())
        let transport = ScriptedMail {
            SMTPReply(phase: .finalDot, code: 250, text: "\($0.from) \($0.recipients.count)")
        }
        #expect(try await SMTPChannel(transport).send(message, at: now).name == "accepted")
        let seen = ScriptedMail {
            SMTPReply(phase: .finalDot, code: $0.recipients == ["me@juniperfig.example"] ? 250 : 550)
        }
        let redirected = SMTPChannel(seen, redirectTo: MailAddress(address: "me@juniperfig.example"))
        #expect(try await redirected.send(message, at: now).name == "accepted")
    }

    @Test("that cannot go over a line is refused before any is opened")
    func malformed() async throws {
        let channel = SMTPChannel(ScriptedMail { _ in SMTPReply(phase: .finalDot, code: 250) })
        let mail = Message.mail(
            id: "a@b", sender: "", recipient: "ada@shopper.example", bytes: Array("Subject: x\n\nbare".utf8),
            summary: "")
        #expect(try await channel.send(mail, at: now).failure?.reason == "content")
    }

    @Test("throws when cancelled before anything went out, and is in doubt after")
    func cancelled() async throws {
        let message = try MailComposer().compose(Drafts.draft())
        let early = SMTPChannel(ScriptedMail { _ in SMTPReply(phase: .rcpt, failure: .cancelled) })
        await #expect(throws: CancellationError.self) { try await early.send(message, at: now) }
        let late = SMTPChannel(ScriptedMail { _ in SMTPReply(phase: .finalDot, failure: .cancelled, isInDoubt: true) })
        #expect(try await late.send(message, at: now).failure?.inDoubt == true)
    }
}
