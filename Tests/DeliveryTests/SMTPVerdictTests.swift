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

    /// What relays say of our own account, and what they say of one mailbox or one mail in nearly the same words, with
    /// the reason that is kept: `account`, `sender` and `policy` stop the channel, `mailbox` and `content` refuse.
    static let accounts: [(SMTPReply.Phase, Int, String, String)] = [
        // Gmail and Google Workspace
        (.finalDot, 550, "5.4.5 Daily user sending limit exceeded.", "account"),
        (.rcpt, 550, "5.4.5 Daily sending quota exceeded. ada@shopper.example", "account"),
        (.mailFrom, 550, "5.4.5 Daily SMTP relay limit exceeded for user.", "account"),
        (.finalDot, 550, "Daily user sending quota exceeded. - gsmtp", "account"),
        (.finalDot, 550, "5.7.1 Email quota exceeded.", "account"),
        (.rcpt, 550, "5.7.0 Mail relay denied [192.0.2.1].", "policy"),
        (.finalDot, 550, "5.7.26 This mail is unauthenticated, which poses a security risk", "policy"),
        (.rcpt, 550, "5.1.1 The email account that you tried to reach does not exist.", "mailbox"),
        (.rcpt, 550, "5.2.1 The email account that you tried to reach is disabled.", "mailbox"),
        (.rcpt, 552, "5.2.2 The email account that you tried to reach is over quota.", "mailbox"),
        (
            .rcpt, 550, "5.2.1 The user you are trying to contact is receiving mail at a rate that prevents it",
            "mailbox"
        ),
        (
            .finalDot, 552, "5.7.0 This message was blocked because its content presents a potential security issue.",
            "content"
        ),
        // Microsoft 365
        (.finalDot, 554, "5.2.252 SendAsDenied; this login may not send as that address", "sender"),
        (.finalDot, 554, "STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied", "sender"),
        (.finalDot, 550, "5.7.60 SMTP; Client does not have permissions to send as this sender", "sender"),
        (.finalDot, 554, "5.2.2 STOREDRV.Submission.Exception:SubmissionQuotaExceededException", "account"),
        (
            .rcpt, 550,
            "5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
            "account"
        ),
        (.rcpt, 550, "5.1.8 Access denied, bad outbound sender", "account"),
        (.rcpt, 550, "5.7.705 Access denied, tenant has exceeded threshold", "account"),
        (.rcpt, 550, "5.7.57 Client not authenticated to send mail.", "policy"),
        (.rcpt, 550, "5.4.1 Recipient address rejected: Access denied.", "mailbox"),
        (.rcpt, 550, "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", "mailbox"),
        (.rcpt, 550, "5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup", "mailbox"),
        (.rcpt, 550, "5.7.124 Sender not in allowed-senders list", "mailbox"),
        (.finalDot, 552, "5.2.2 The mailbox is full.", "mailbox"),
        (
            .finalDot, 554,
            "5.2.122 The recipient has exceeded their limit for the number of messages they can receive", "mailbox"
        ),
        // Amazon SES
        (
            .finalDot, 554,
            "Message rejected: Email address is not verified. The following identities failed the check in region EU-WEST-1: ada@shopper.example",
            "sender"
        ),
        (.finalDot, 554, "Message rejected: Sending paused for this account.", "account"),
        (
            .mailFrom, 554,
            "Access denied: User `arn:aws:iam::1:user/x' is not authorized to perform `ses:SendRawEmail'", "account"
        ),
        (.finalDot, 554, "Message rejected: Configuration set does not exist: x", "account"),
        (.finalDot, 554, "Transaction failed: Duplicate header 'Subject'.", "content"),
        // SendGrid
        (
            .finalDot, 550,
            "The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.",
            "sender"
        ),
        (.finalDot, 550, "Unauthenticated senders not allowed", "sender"),
        (.mailFrom, 550, "Maximum credits exceeded", "account"),
        // Mailgun
        (
            .finalDot, 550,
            "5.7.1 Domain sandbox1.example is not allowed to send: Sandbox subdomains are for test purposes only.",
            "sender"
        ),
        (
            .rcpt, 550, "Free accounts are for test purposes only. Please add the address to authorized recipients.",
            "sender"
        ),
        (.rcpt, 550, "Domain is not allowed to send: recipient limit exceeded", "account"),
        (.rcpt, 550, "5.7.1 Relaying denied", "policy"),
        (.rcpt, 550, "Relaying denied", "policy"),
        // Postmark
        (
            .finalDot, 554, "The 'From' address you supplied is not a Sender Signature on your account.",
            "account|sender"
        ),
        (
            .finalDot, 550,
            "While your account is pending approval, all recipient addresses must share the 'From' domain.", "sender"
        ),
        (.rcpt, 550, "You tried to send to a recipient that has been marked as inactive.", "mailbox"),
        // Others, and codes that are wrong
        (.rcpt, 553, "5.7.1 <orders@juniperfig.example>: Sender address rejected: not owned by user shop", "sender"),
        (.rcpt, 550, "5.1.1 <orders@juniperfig.example>: Sender address rejected: User unknown", "sender"),
        (
            .finalDot, 550,
            "User has exceeded its 24-hour sending limit. Messages to 250 recipients out of 250 allowed.", "account"
        ),
        (.finalDot, 550, "5.1.1 You have exceeded your hourly quota", "account"),
        (.finalDot, 550, "This account has been suspended", "policy"),
        (.rcpt, 550, "This account has been disabled or discontinued", "mailbox"),
        (.rcpt, 550, "account inactive", "mailbox"),
        (.rcpt, 550, "5.7.1 <ada@shopper.example>: User unknown in virtual mailbox table", "mailbox"),
        (.rcpt, 550, "Recipient address rejected: unverified address: host said 550 no such user", "mailbox"),
        (.rcpt, 552, "Requested mail action aborted: mailbox exceeded storage allocation, over quota", "mailbox"),
        (.rcpt, 550, "<daily.sending.limit@shopper.example>: no such user", "mailbox"),
        (.finalDot, 554, "5.6.0 Mail message is malformed.", "content"),
        (.finalDot, 554, "5.2.0 STOREDRV.Submission.Exception:OutboundSpamException", "account"),
        (.rcpt, 553, "sorry, that domain isn't in my list of allowed rcpthosts", "policy"),
        (.rcpt, 550, "Sender verify failed", "sender"),
        (.rcpt, 550, "5.7.1 You are not allowed to send to this recipient", "mailbox"),
        (.finalDot, 554, "5.7.1 The message contains a virus", "content"),
    ]

    @Test(
        "about our account stops the channel, and about one mailbox or mail refuses that alone",
        arguments: accounts.indices)
    func account(_ index: Int) throws {
        let (phase, code, text, reason) = Self.accounts[index]
        let verdict = Verdict.verdict(
            for: SMTPReply(
                phase: phase, code: code, status: EnhancedStatus(prefixOf: text), text: text))
        let failure = try #require(verdict.failure)
        #expect(reason.split(separator: "|").contains(Substring(failure.reason)), "\(phase) \(code) \(text)")
        let isOurs = !["mailbox", "content"].contains(reason)
        #expect(verdict.name == (isOurs ? "unavailable" : "refused"), "\(phase) \(code) \(text)")
        if isOurs { #expect(failure.detail.contains("our account")) }
    }

    @Test(
        "says that there is no such mailbox only where it does",
        arguments: [
            (550, "5.1.1 User unknown", true), (550, "No such user here", true), (553, "5.1.3 Bad address", true),
            (550, "5.1.2 Host unknown", true), (550, "5.2.1 Mailbox disabled", true), (550, "5.1.10 null MX", true),
            (552, "5.2.2 Mailbox full", false), (550, "Requested action not taken: mailbox unavailable", true),
            (550, "5.4.1 Recipient address rejected: Access denied", true), (550, "go away", false),
            (550, "5.2.1 The user you are trying to contact is receiving mail too quickly", false),
            (550, "5.7.133 SenderNotAuthenticatedForGroup", false), (450, "4.1.1 User unknown for now", false),
        ])
    func gone(_ code: Int, _ text: String, _ isGone: Bool) {
        let verdict = Verdict.verdict(
            for: SMTPReply(phase: .rcpt, code: code, status: EnhancedStatus(prefixOf: text), text: text))
        #expect(verdict.failure?.isNoMailbox == isGone, "\(code) \(text)")
    }

    @Test("of the field's table means what is right there")
    func field() throws {
        let path = "../shared/field/relay-account-replies/replies.tsv"
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            print("\(path) is not here: its replies are not tried")
            return
        }
        let rows = text.split(separator: "\n").dropFirst().map { $0.split(separator: "\t").map(String.init) }
        #expect(rows.count >= 6)
        for row in rows {
            let phase = try #require(SMTPReply.Phase(rawValue: row[0]))
            let (code, said) = (try #require(Int(row[1].prefix(3))), String(row[1].dropFirst(4)))
            let status = EnhancedStatus(prefixOf: said)
            for status in [status, nil] {
                let verdict = Verdict.verdict(for: SMTPReply(phase: phase, code: code, status: status, text: said))
                // Without its code the full mailbox is still a mailbox, and so on.
                #expect(verdict.name == row[2], "\(row)")
            }
        }
    }

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

    @Test("while trying, a refused inbox is a matter of the configuration and loses no mail")
    func redirectedAndRefused() async throws {
        let message = try MailComposer().compose(Drafts.draft())
        let transport = ScriptedMail { _ in
            SMTPReply(phase: .rcpt, code: 550, status: EnhancedStatus(5, 1, 1), text: "User unknown")
        }
        let redirected = SMTPChannel(transport, redirectTo: MailAddress(address: "me@juniperfig.example"))
        let verdict = try await redirected.send(message, at: now)
        #expect(verdict.name == "unavailable" && verdict.failure?.isNoMailbox == false)
        #expect(verdict.failure?.detail.contains("redirect_to") == true)
    }

    @Test("needs no SMTPUTF8 for a domain beyond ASCII, only for what stands before the @")
    func internationalDomain() async throws {
        let seen = ScriptedMail { envelope in
            SMTPReply(
                phase: .finalDot, code: 250,
                text: "\(envelope.needsSMTPUTF8) \(envelope.recipients[0].replacing("@", with: " at "))")
        }
        func sent(to address: String) async throws -> Verdict {
            var draft = Drafts.draft()
            draft.to = try #require(MailAddress(name: "Jürgen", address: address))
            return try await SMTPChannel(seen).send(try MailComposer().compose(draft), at: now)
        }
        #expect(
            try await sent(to: "juergen@müller.example") == .accepted(receipt: "false juergen at xn--mller-kva.example")
        )
        #expect(try await sent(to: "ada@例え.example") == .accepted(receipt: "false ada at xn--r8jz45g.example"))
        guard case .accepted(let receipt) = try await sent(to: "jürgen@müller.example") else {
            Issue.record("refused")
            return
        }
        #expect(receipt.hasPrefix("true "))
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
