import Foundation
import Outreach
import Platform
import Testing

@testable import Delivery

/// What a reply does to the mail, to the mailbox and to the channel.
enum Consequence: String {
    /// The mail is refused, and the address is silenced.
    case gone
    /// The mail is refused for the recipient's sake; the address may be written to again.
    case recipient
    /// The mail is refused for its own sake.
    case content
    /// The channel closes, for our account cannot send.
    case account
    /// The channel closes, for our account may not send as this address.
    case sender
    /// The channel closes, for the relay's rules are against us, or nobody can tell.
    case relay

    init?(_ verdict: Verdict) {
        guard let failure = verdict.failure else { return nil }
        switch (verdict.name, failure.reason) {
        case ("refused", "mailbox"): self = failure.isNoMailbox ? .gone : .recipient
        case ("refused", "content"): self = .content
        case ("unavailable", "account"): self = .account
        case ("unavailable", "sender"): self = .sender
        case ("unavailable", "policy"), ("unavailable", "relay"), ("unavailable", "auth"): self = .relay
        default: return nil
        }
    }
}

/// Replies for good as the large providers and servers give them.
///
/// Sources: the pages that `ReplyRules` names; Postfix's and Exim's sources; the diagnostic codes of real bounces.
@Suite("What relays really say")
struct RelayRepliesTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var from: String
        var phase: SMTPReply.Phase
        var reply: String
        var right: Consequence
        /// Where the words alone tell less.
        var withoutCode: Consequence?

        init(
            _ from: String, _ phase: SMTPReply.Phase, _ reply: String, _ right: Consequence,
            withoutCode: Consequence? = nil
        ) {
            (self.from, self.phase, self.reply, self.right, self.withoutCode) = (from, phase, reply, right, withoutCode)
        }

        var testDescription: String { "\(from), \(phase.rawValue): \(reply)" }
    }

    static let rows: [Row] = gmail + microsoft + amazon + providers + servers + yahoo

    static let gmail = [
        Row(
            "Gmail", .rcpt,
            "550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking the recipient's email address for typos or unnecessary spaces. For more information, go to https://support.google.com/mail/?p=NoSuchUser a1si1 - gsmtp",
            .gone),
        Row(
            "Gmail", .rcpt,
            "550 5.2.1 The email account that you tried to reach is inactive. For more information, go to https://support.google.com/mail/?p=DisabledUser a1si1 - gsmtp",
            .gone),
        Row(
            "Gmail", .rcpt,
            "553 5.1.2 We weren't able to find the recipient domain. Please check for any spelling errors, and make sure you didn't enter any spaces, periods, or other punctuation after the recipient's email address.",
            .gone),
        Row(
            "Gmail", .rcpt,
            "552 5.2.2 The recipient's inbox is out of storage space and inactive. Please direct the recipient to https://support.google.com/mail/?p=OverQuotaPerm a1si1 - gsmtp",
            .recipient),
        Row(
            "Gmail", .rcpt,
            "550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages from being delivered.",
            .recipient),
        Row("Gmail", .finalDot, "550 5.4.5 Daily user sending limit exceeded. a1si1 - gsmtp", .account),
        Row("Gmail", .rcpt, "550 5.7.1 Email quota exceeded. - gsmtp", .account, withoutCode: .recipient),
        Row(
            "Gmail", .finalDot,
            "550 5.7.26 Your email has been blocked because the sender is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM. - gsmtp",
            .relay),
        Row(
            "Gmail", .finalDot,
            "550 5.7.1 [192.0.2.1 12] Our system has detected that this message is likely unsolicited mail. To reduce the amount of spam sent to Gmail, this message has been blocked. - gsmtp",
            .relay),
        Row(
            "Gmail", .rcpt,
            "550 5.7.1 [192.0.2.1] The IP you're using to send mail is not authorized to send email directly to our servers. Please use the SMTP relay at your service provider instead. - gsmtp",
            .relay),
        Row("Gmail", .rcpt, "550 5.7.0 Mail relay denied [192.0.2.1]. - gsmtp", .relay),
        Row("Gmail", .mailFrom, "530 5.5.1 Authentication Required. - gsmtp", .relay),
        Row(
            "Gmail", .auth, "534 5.7.9 Application-specific password required. - gsmtp", .relay),
        Row(
            "Gmail", .finalDot,
            "552 5.7.0 This message was blocked because its content presents a potential security issue. - gsmtp",
            .content),
        Row(
            "Gmail", .finalDot,
            "552 5.3.4 Your message exceeded Google's message size limits. To view our message size guidelines, go to https://support.google.com/mail/?p=MaxSizeError - gsmtp",
            .content),
        Row(
            "Gmail", .finalDot,
            "550 5.7.1 This message is not RFC 5322 compliant. There are multiple Subject headers. - gsmtp", .content),
        Row("Gmail", .finalDot, "550 5.6.0 Mail message is malformed. Not accepted. - gsmtp", .content),
    ]

    static let microsoft = [
        Row(
            "Microsoft 365", .rcpt,
            "550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [BL2NAM02FT061.eop-nam02.prod.protection.outlook.com]",
            .gone),
        Row(
            "Microsoft 365", .rcpt, "550 5.4.1 Recipient address rejected: Access denied", .gone,
            withoutCode: .recipient),
        Row(
            "Microsoft 365", .finalDot,
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", .gone),
        Row("Microsoft 365", .finalDot, "550 5.1.1 RESOLVER.ADR.RecipNotFound; not found", .gone),
        Row(
            "Microsoft 365", .finalDot,
            "554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded; Failed to process message",
            .recipient),
        Row(
            "Microsoft 365", .finalDot, "550 5.7.1 RESOLVER.RST.AuthRequired; authentication required", .recipient),
        Row("Microsoft 365", .finalDot, "550 5.7.1 RESOLVER.RST.NotAuthorized; not authorized", .recipient),
        Row(
            "Microsoft 365", .finalDot,
            "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required; Delivery restriction check failed because the sender was not authenticated when sending to this group",
            .recipient),
        Row(
            "Microsoft 365", .finalDot,
            "550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient", .content),
        Row(
            "Microsoft 365", .finalDot,
            "550 5.3.4 ROUTING.SizeLimit; message size exceeds fixed maximum size for route", .content),
        Row(
            "Microsoft 365", .finalDot,
            "554 5.2.252 SendAsDenied; ada@juniperfig.example not allowed to send as orders@juniperfig.example; STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied",
            .sender),
        Row(
            "Microsoft 365", .rcpt,
            "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
            .account),
        Row("Microsoft 365", .rcpt, "550 5.1.8 Access denied, bad outbound sender AS(42004)", .account),
        Row(
            "Microsoft 365", .finalDot,
            "550 5.7.705 Access denied, tenant has exceeded threshold. Please see https://go.microsoft.com/fwlink/?LinkId=2040609",
            .account),
        Row(
            "Microsoft 365", .rcpt, "550 5.7.708 Access denied, traffic not accepted from this IP", .account,
            withoutCode: .recipient),
        Row("Microsoft 365", .rcpt, "550 5.7.64 TenantAttribution; Relay Access Denied", .relay),
        Row(
            "Microsoft 365", .rcpt,
            "550 5.7.57 Client not authenticated to send mail. Error: 535 5.7.3 Authentication unsuccessful", .relay),
        Row(
            "Microsoft 365", .rcpt,
            "550 5.7.606 Access denied, banned sending IP [192.0.2.1]. To request removal from this list please visit https://sender.office.com/",
            .relay),
        Row(
            "Microsoft 365", .finalDot,
            "550 5.7.509 Access denied, sending domain [EXAMPLE.JP] does not pass DMARC verification and has a DMARC policy of reject.",
            .relay),
        Row(
            "Outlook.com", .rcpt,
            "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302). [VI1EUR04FT024.eop-eur04.prod.protection.outlook.com]",
            .gone),
        Row(
            "Outlook.com", .mailFrom,
            "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3140).",
            .relay),
        Row(
            "Outlook.com", .rcpt,
            "550 5.7.515 Access denied, sending domain juniperfig.example doesn't meet the required authentication level.",
            .relay),
        Row("Exchange", .rcpt, "550 5.1.1 User unknown", .gone),
        Row("Exchange", .rcpt, "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", .relay),
        Row("Exchange", .rcpt, "550 5.7.1 Unable to relay", .relay),
        Row("Exchange", .mailFrom, "550 5.7.60 SMTP; Client does not have permissions to send as this sender", .sender),
        Row(
            "Exchange", .mailFrom,
            "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM", .relay),
        Row("Exchange", .finalDot, "552 5.3.4 Message size exceeds fixed maximum message size", .content),
        Row("Exchange", .finalDot, "550 5.7.1 Message rejected as spam by Content Filtering.", .relay),
    ]

    static let amazon = [
        Row(
            "Amazon SES", .finalDot,
            "554 Message rejected: Email address is not verified. The following identities failed the check in region EU-WEST-1: orders@juniperfig.example",
            .sender),
        Row(
            "Amazon SES", .finalDot,
            "554 Message rejected: Sending paused for this account. For more information, please check the inbox of the email address associated with your AWS account.",
            .account),
        Row(
            "Amazon SES", .finalDot,
            "554 Access denied: User `arn:aws:iam::1:user/x' is not authorized to perform `ses:SendRawEmail' on resource `arn:aws:ses:eu-west-1:1:identity/x'",
            .account),
        Row("Amazon SES", .finalDot, "554 Message rejected: Address blacklisted.", .recipient),
        Row(
            "Amazon SES", .finalDot,
            "550 5.1.1 Amazon SES did not send the message to this address because it is on the suppression list for your account. For more information about removing addresses from the suppression list, see the Amazon SES Developer Guide",
            .recipient),
        Row("Amazon SES", .rcpt, "550 5.4.4 Invalid domain", .gone),
        Row("Amazon SES", .mailFrom, "530 Authentication required", .relay),
        Row("Amazon SES", .auth, "535 Authentication Credentials Invalid", .relay),
        Row("Amazon SES", .finalDot, "554 Transaction failed: Duplicate header 'Subject'.", .content),
        Row("Amazon SES", .finalDot, "554 Transaction failed: Missing final '@domain'.", .content),
        Row("Amazon SES", .finalDot, "554 Transaction failed: Local address contains control or whitespace", .content),
        Row("Amazon SES", .finalDot, "552 Message is too long.", .content),
    ]

    static let providers = [
        Row(
            "SendGrid", .finalDot,
            "550 The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved. Visit https://sendgrid.com/docs/for-developers/sending-email/sender-identity/ to see the Sender Identity requirements",
            .sender),
        Row("SendGrid", .rcpt, "550 Unauthenticated senders not allowed", .sender),
        Row(
            "SendGrid", .rcpt,
            "550 Cannot receive from specified address <orders@juniperfig.example>: Unauthenticated senders not allowed",
            .sender),
        Row(
            "SendGrid", .auth,
            "535 Authentication failed: The provided authorization grant is invalid, expired, or revoked", .relay),
        Row("SendGrid", .mailFrom, "550 Maximum credits exceeded", .account),
        Row("SendGrid", .finalDot, "552 Message length exceeds administrative limit", .content),
        Row(
            "Mailgun", .finalDot,
            "550 Domain juniperfig.example is not allowed to send: The domain is unverified and requires DNS configuration. Log in to your control panel to view required DNS records.",
            .sender),
        Row(
            "Mailgun", .finalDot,
            "550 5.7.1 Domain sandbox1.example is not allowed to send: Sandbox subdomains are for test purposes only. Please add your own domain or add the address to authorized recipients in Account Settings.",
            .sender),
        Row("Mailgun", .rcpt, "550 5.7.1 Relaying denied", .relay),
        Row("Mailgun", .rcpt, "550 Account is temporarily disabled: business verification needed", .account),
        Row(
            "Postmark", .finalDot,
            "550 The 'From' address you supplied (orders@juniperfig.example) is not a Sender Signature on your account. Please add and confirm this address in order to be able to use it in the 'From' field of your messages.",
            .account),
        Row(
            "Postmark", .finalDot,
            "550 You tried to send to recipient(s) that have been marked as inactive. Found inactive addresses: ada@shopper.example. Inactive recipients are ones that have generated a hard bounce, a spam complaint, or a manual suppression.",
            .recipient),
        Row(
            "Postmark", .finalDot,
            "550 While your account is pending approval, all recipient addresses must share the same domain as the 'From' address.",
            .sender),
        Row("Postmark", .finalDot, "550 Your account has run out of credits.", .account),
    ]

    static let servers = [
        Row(
            "Postfix", .rcpt,
            "550 5.1.1 <ada@shopper.example>: Recipient address rejected: User unknown in local recipient table", .gone),
        Row(
            "Postfix", .rcpt, "550 5.1.1 <ada@shopper.example>: Recipient address rejected: shopper.example", .gone,
            withoutCode: .recipient),
        Row("Postfix", .rcpt, "550 5.1.2 <ada@shopper.example>: Recipient address rejected: Domain not found", .gone),
        Row(
            "Postfix", .rcpt,
            "550 5.1.0 <ada@shopper.example>: Recipient address rejected: undeliverable address: host mx.shopper.example[192.0.2.9] said: 550 5.1.1 no such user",
            .gone),
        Row(
            "Postfix", .rcpt,
            "556 5.1.10 <ada@shopper.example>: Recipient address rejected: Domain shopper.example does not accept mail (nullMX)",
            .gone),
        Row("Postfix", .rcpt, "554 5.7.1 <ada@shopper.example>: Relay access denied", .relay),
        Row("Postfix", .rcpt, "554 5.7.1 <ada@shopper.example>: Recipient address rejected: Access denied", .recipient),
        Row(
            "Postfix", .rcpt,
            "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.1",
            .relay),
        Row("Postfix", .rcpt, "554 5.7.1 <client.example[192.0.2.1]>: Client host rejected: Access denied", .relay),
        Row(
            "Postfix", .rcpt, "553 5.7.1 <orders@juniperfig.example>: Sender address rejected: not owned by user shop",
            .sender),
        Row(
            "Postfix", .rcpt, "550 5.1.8 <orders@juniperfig.example>: Sender address rejected: Domain not found",
            .sender),
        Row("Postfix", .rcpt, "552 5.2.2 <ada@shopper.example>: Recipient address rejected: mailbox full", .recipient),
        Row("Postfix", .finalDot, "550 5.7.1 message content rejected", .relay, withoutCode: .content),
        Row("Postfix", .finalDot, "552 5.3.4 Error: message file too big", .content),
        Row(
            "Postfix", .rcpt,
            "550 5.7.23 <ada@shopper.example>: Recipient address rejected: Message rejected due to: SPF fail - not authorized.",
            .relay),
        Row("Exim", .rcpt, "550 Unrouteable address", .gone),
        Row("Exim", .rcpt, "550 Unknown user", .gone),
        Row("Exim", .rcpt, "550 No Such User Here", .gone),
        Row("Exim", .rcpt, "550 relay not permitted", .relay),
        Row(
            "Exim", .rcpt,
            "550 Verification failed for <orders@juniperfig.example> No Such User Here Sender verify failed", .sender),
        Row("Exim", .rcpt, "550 Administrative prohibition", .relay),
        Row("Exim", .rcpt, "550 192.0.2.1 is in a black list at zen.spamhaus.org", .relay),
        Row("Exim", .finalDot, "550 Administrative prohibition", .relay),
        Row("Exim", .finalDot, "552 Message size exceeds maximum permitted", .content),
        Row("Exim", .finalDot, "550 This message contains malware (Eicar-Test-Signature)", .content),
        Row("Exim", .rcpt, "550 mailbox is full: retry timeout exceeded", .recipient),
        Row("qmail", .rcpt, "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", .relay),
        Row("qmail", .rcpt, "550 sorry, no mailbox here by that name (#5.1.1)", .gone),
        Row("IronPort", .rcpt, "550 #5.1.0 Address rejected.", .gone),
        Row("Sendmail", .rcpt, "550 5.1.1 <ada@shopper.example>... User unknown", .gone),
        Row(
            "Facebook", .rcpt,
            "550 5.1.1 RCP-P2 http://postmaster.facebook.com/response_codes?ip=192.0.2.135#rcp Refused due to recipient preferences",
            .recipient),
        Row("Mimecast", .finalDot, "554 email rejected due to security policies - MCSpamSignature.sa.2.2", .relay),
        Row("GMX", .rcpt, "550 Requested action not taken: mailbox unavailable", .gone),
        Row(
            "GMX", .rcpt, "550 Requested mail action not taken: mailbox unavailable Reject due to policy restrictions.",
            .relay),
    ]

    static let yahoo = [
        Row(
            "Yahoo", .finalDot,
            "554 delivery error: dd This user doesn't have a yahoo.com account (ada@yahoo.com) [0] - mta1234.mail.ne1.yahoo.com",
            .gone),
        Row(
            "Yahoo", .finalDot,
            "554 delivery error: dd Sorry your message to ada@yahoo.com cannot be delivered. This account has been disabled or discontinued [#102]. - mta1234.mail.ne1.yahoo.com",
            .gone),
        Row(
            "Yahoo", .finalDot,
            "554 30 Sorry, your message to ada@yahoo.com cannot be delivered. This mailbox is disabled (554.30).", .gone
        ),
        Row("Yahoo", .rcpt, "552 1 Requested mail action aborted, mailbox not found", .gone),
        Row(
            "Yahoo", .finalDot,
            "552 5.2.2 Requested mail action aborted: exceeded storage allocation, mailbox over quota", .recipient),
        Row(
            "Yahoo", .connect,
            "553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, because the ip is in Spamhaus's list; see http://postmaster.yahoo.com/550-bl23.html",
            .relay),
        Row(
            "Yahoo", .finalDot,
            "554 Message not allowed - [PH01] Email not accepted for policy reasons. Please visit https://postmaster.yahooinc.com/error-codes [120]",
            .relay),
        Row(
            "Yahoo", .finalDot,
            "554 5.7.9 Message not accepted for policy reasons. See https://postmaster.verizonmedia.com/error-codes",
            .relay),
    ]

    @Test("are read for what they are about, with their enhanced code and without", arguments: rows)
    func consequences(_ row: Row) throws {
        let code = try #require(Int(row.reply.prefix(3)))
        let said = String(row.reply.dropFirst(4))
        let status = EnhancedStatus(prefixOf: said)
        let words = status == nil ? said : String(said.drop { $0 != " " }.dropFirst())
        let verdict = Verdict.verdict(for: SMTPReply(phase: row.phase, code: code, status: status, text: words))
        #expect(Self.consequence(verdict, row) == row.right)
        guard status != nil else { return }
        let bare = Verdict.verdict(for: SMTPReply(phase: row.phase, code: code, text: words))
        #expect(Self.consequence(bare, row) == row.withoutCode ?? row.right, "without its code")
    }

    private static func consequence(_ verdict: Verdict, _ row: Row) -> Consequence? {
        // At the first steps nothing can be told of a mailbox, and all is about us.
        if row.phase == .connect, verdict.failure?.reason == "connect" { return .relay }
        return Consequence(verdict)
    }

    @Test(
        "without words mean what RFC 5321 says of their code at RCPT, and blame no mail at its end",
        arguments: [
            (.rcpt, "550", .gone), (.rcpt, "551", .gone), (.rcpt, "553", .gone), (.rcpt, "550 5.1.1", .gone),
            (.rcpt, "550 5.4.1", .gone), (.rcpt, "550 5.0.0", .gone), (.rcpt, "552", .recipient),
            (.rcpt, "552 5.2.2", .recipient), (.rcpt, "554", .relay), (.rcpt, "550 5.7.1", .relay),
            (.rcpt, "550 5.3.0", .relay), (.rcpt, "550 go away", .recipient), (.rcpt, "554 go away", .relay),
            (.finalDot, "550", .relay), (.finalDot, "554", .relay), (.finalDot, "554 Transaction failed", .relay),
            (.finalDot, "550 go away", .relay), (.finalDot, "552", .content), (.finalDot, "554 5.6.0", .content),
            (.finalDot, "554 5.1.1", .gone), (.finalDot, "550 5.7.1", .relay), (.finalDot, "554 5.0.0", .relay),
        ] as [(SMTPReply.Phase, String, Consequence)])
    func bare(_ phase: SMTPReply.Phase, _ reply: String, _ right: Consequence) throws {
        let code = try #require(Int(reply.prefix(3)))
        let said = String(reply.dropFirst(4))
        let status = EnhancedStatus(prefixOf: said)
        let verdict = Verdict.verdict(
            for: SMTPReply(phase: phase, code: code, status: status, text: status == nil ? said : ""))
        #expect(Consequence(verdict) == right, "\(phase) \(reply)")
    }

    @Test("for now refuse nothing and silence nobody", arguments: rows)
    func forNow(_ row: Row) throws {
        let words = String(row.reply.dropFirst(4))
        let verdict = Verdict.verdict(
            for: SMTPReply(phase: row.phase, code: 450, status: EnhancedStatus(prefixOf: words), text: words))
        #expect(verdict.name != "refused" && verdict.failure?.isNoMailbox != true)
    }
}
