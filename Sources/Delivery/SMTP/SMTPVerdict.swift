public import Outreach
public import Platform

// What a relay's reply means for the message and for the relay. The danger on one side is blaming a message for what is
// wrong with the relay or our account: one bad password, or a used-up quota, would "refuse" every mail in the queue,
// and each would be lost. The danger on the other is retrying for days a mail that nobody will ever accept. So only two
// things refuse: a 5xx about this recipient, and a 5xx about this mail's content. Everything that would affect every
// mail in the same way (no connection, TLS, login, our account's quota, a sender or client that is not allowed) makes
// the relay unavailable. Which of them a reply is about is determined by `ReplyRule` from its code and its words.
//
// 421 means "closing the channel", wherever it occurs (RFC 5321, 3.8): it is about the relay. 5xx to DATA itself,
// before any byte, is 503 or 554 "no valid recipients": about the transaction and not about the content; the relay is
// tried again later.

extension Verdict {
    /// The verdict that follows from the end of one attempt.
    ///
    /// | step | 4xx | 5xx | no reply |
    /// | --- | --- | --- | --- |
    /// | connect, TLS, greeting, EHLO, AUTH, MAIL FROM | unavailable | unavailable | unavailable |
    /// | RCPT | deferred | refused; about us, or 554 without an explanation: unavailable | deferred |
    /// | DATA | deferred | deferred; about us: unavailable | deferred |
    /// | the message and its final dot | deferred | refused if it says what is wrong with the mail or the mailbox; otherwise: unavailable | deferred, maybe in doubt |
    ///
    /// 421 is unavailable anywhere. 552 or 5.3.4 ("too big", RFC 1870) to MAIL FROM is about this message, and refuses
    /// it. The caller should reopen a closed relay with a different message first: one that is always answered 5.7.1
    /// must not keep it closed.
    public static func verdict(for reply: SMTPReply) -> Verdict {
        if reply.isAccepted { return .accepted(receipt: redacted(reply.text)) }
        if let failure = reply.failure { return verdict(for: failure, reply) }
        guard let code = reply.code else { return .deferred(failure(reply, "other", "the relay gave no reply")) }
        if code == 421 {
            return .unavailable(failure(reply, "busy", "the relay closes the session; it will be asked again soon"))
        }
        let matter = ReplyRule.matter(of: reply)
        let isForGood = code / 100 == 5
        // A reply about our account means the same at any step, and requires the same action.
        if let account = account(matter, reply) {
            let isAtLogin = ![.rcpt, .data, .finalDot].contains(reply.phase)
            return isForGood || isAtLogin ? .unavailable(account) : .deferred(account)
        }
        switch reply.phase {
        case .connect, .greeting, .ehlo:
            return .unavailable(failure(reply, "connect", "the relay refuses connections from this machine"))
        case .tls:
            return .unavailable(
                failure(reply, "tls", "the relay could not begin TLS; see 'starttls' in the configuration"))
        case .auth:
            return .unavailable(
                failure(reply, "auth", "the relay rejects the login; check 'username' and 'password' under smtp"))
        case .mailFrom:
            if isForGood, code == 552 || matter == .content {
                return .refused(failure(reply, "content", "the mail is larger than the relay accepts"))
            }
            if isForGood { return .unavailable(matter == .policy ? policy(reply) : sender(reply)) }
            return .unavailable(failure(reply, "busy", "the relay accepts no mail for now"))
        case .rcpt: return atRecipient(code, matter, reply)
        case .data:
            guard isForGood else { return .deferred(failure(reply, "busy", "the relay refused to start the message")) }
            switch matter {
            case .policy: return .unavailable(policy(reply))
            case .noMailbox, .recipient: return .refused(mailbox(matter, reply))
            default: return .deferred(failure(reply, "busy", "the relay refused to start the message"))
            }
        case .finalDot: return atMessage(code, matter, reply)
        }
    }

    private static func atRecipient(_ code: Int, _ matter: ReplyMatter, _ reply: SMTPReply) -> Verdict {
        guard code / 100 == 5 else {
            return .deferred(failure(reply, code == 452 ? "busy" : "mailbox", "the mailbox cannot be reached for now"))
        }
        // 530 and 535 are about our login, 503 about the conversation: every mail would get them. All other codes are
        // about this recipient, whatever their subject: Outlook.com's "5.5.0 mailbox unavailable" is not a protocol
        // error.
        if code == 530 || code == 535 || code == 503 || matter == .policy { return .unavailable(policy(reply)) }
        if matter == .relay { return .unavailable(failure(reply, "relay", "the relay has an internal error")) }
        guard matter == .unknown else { return .refused(mailbox(matter, reply)) }
        // Only the code says anything. 550, 551 and 553 have their meaning in RFC 5321 if no word says otherwise; 554
        // can mean anything.
        if isWordless(reply), [550, 551, 553].contains(code) { return .refused(mailbox(.noMailbox, reply)) }
        return code == 554 ? .unavailable(unexplained(reply)) : .refused(mailbox(.recipient, reply))
    }

    private static func atMessage(_ code: Int, _ matter: ReplyMatter, _ reply: SMTPReply) -> Verdict {
        guard code / 100 == 5 else {
            if code / 100 == 4 {
                return .deferred(failure(reply, "busy", "the relay does not accept the mail for now"))
            }
            return .deferred(failure(reply, "other", "the relay gave an unknown answer to the message"))
        }
        if code == 530 || code == 535 { return .unavailable(policy(reply)) }
        switch matter {
        case .policy: return .unavailable(policy(reply))
        case .relay: return .unavailable(failure(reply, "relay", "the relay has an internal error"))
        case .noMailbox, .recipient: return .refused(mailbox(matter, reply))
        case .content: return .refused(failure(reply, "content", "the relay rejects this mail's content"))
        default:
            // RFC 5321 reserves 552 for mail that is too large.
            return code == 552
                ? .refused(failure(reply, "content", "the mail is larger than the relay accepts"))
                : .unavailable(unexplained(reply))
        }
    }

    /// A refusal that may mean us or this one mail. The channel finds out which with another mail.
    private static func unexplained(_ reply: SMTPReply) -> Failure {
        failure(reply, "relay", "the relay refuses without saying what is wrong; ask its provider")
    }

    /// True for a reply that consists only of codes, including the generic 5.0.0 and Microsoft's 5.4.1.
    private static func isWordless(_ reply: SMTPReply) -> Bool {
        guard SaidWords(reply.text).isEmpty else { return false }
        guard let status = reply.status else { return true }
        return status.subject == 0 || (status.subject, status.detail) == (4, 1)
    }

    /// What has to be done about our account; nil if the reply is not about it.
    private static func account(_ matter: ReplyMatter, _ reply: SMTPReply) -> Failure? {
        switch matter {
        case .quota:
            failure(
                reply, "account",
                "our account at the relay has used up its sending limit; wait until it resets, or have it raised"
            )
        case .suspended:
            failure(
                reply, "account",
                "our account at the relay may not send; log in at the relay's provider and see what it asks for")
        case .trial:
            failure(
                reply, "sender",
                "our account at the relay is a trial or its sender is not verified; verify brand.from with the provider and ask it for full access"
            )
        case .sender: sender(reply)
        default: nil
        }
    }

    private static func sender(_ reply: SMTPReply) -> Failure {
        failure(
            reply, "sender",
            "our account at the relay may not send as this address; verify brand.from with the provider, or change it or the login"
        )
    }

    private static func mailbox(_ matter: ReplyMatter, _ reply: SMTPReply) -> Failure {
        let isGone = matter == .noMailbox
        var failure = failure(
            reply, "mailbox", isGone ? "the mailbox does not exist" : "the mailbox does not exist, or accepts no mail")
        failure.isNoMailbox = isGone
        return failure
    }

    private static func policy(_ reply: SMTPReply) -> Failure {
        failure(
            reply, "policy",
            "the relay's rules forbid it; check that our account may send from this domain and that SPF, DKIM and DMARC are set"
        )
    }

    private static func verdict(for kind: SMTPReply.Failure, _ reply: SMTPReply) -> Verdict {
        let hasBegun = [.rcpt, .data, .finalDot].contains(reply.phase)
        switch kind {
        case .settings:
            return .unavailable(failure(reply, "configuration", "the smtp settings cannot be used"))
        case .unsupported where reply.phase == .mailFrom || hasBegun:
            // Only this mail needs it: its address is not ASCII and the relay lacks SMTPUTF8 (RFC 6531).
            return .refused(failure(reply, "unsupported", "the relay cannot carry this address"))
        case .unsupported:
            return .unavailable(failure(reply, "unsupported", "the relay does not support what the settings require"))
        case .resolve:
            return .unavailable(failure(reply, "resolve", "the relay's name could not be found; check smtp.url"))
        case .tls:
            return .unavailable(
                failure(reply, "tls", "no trusted encryption with the relay; check its certificate and smtp.ca"))
        case .connect:
            return .unavailable(
                failure(reply, "connect", "no connection to the relay; check smtp.url and the firewall"))
        case .timeout, .dropped, .malformedReply, .cancelled, .other:
            let words =
                switch kind {
                case .timeout: "the relay did not answer in time"
                case .dropped: "the relay closed the connection in the middle"
                case .malformedReply: "what answered does not speak SMTP"
                case .cancelled: "the attempt was cancelled"
                default: "the connection to the relay failed"
                }
            let reason = kind == .timeout ? "timeout" : kind == .cancelled ? "cancelled" : "connect"
            return hasBegun || kind == .cancelled
                ? .deferred(failure(reply, reason, words)) : .unavailable(failure(reply, reason, words))
        }
    }

    private static func failure(_ reply: SMTPReply, _ reason: String, _ words: String) -> Failure {
        let said = redacted(reply.text)
        return Failure(
            reason: reason, code: reply.code, enhancedCode: reply.status?.description,
            detail: said.isEmpty ? words : "\(words) (\(reply.phase.rawValue): \(said))", inDoubt: reply.isInDoubt)
    }
}

/// A server's words without anything that may be somebody's address, a link or a token: each word with an `@` (or
/// similar) becomes `<address>`, each link `<link>`. One line, at most 200 characters.
func redacted(_ text: String) -> String {
    let words = text.onOneLine.split(separator: " ").map { word -> Substring in
        let lowered = word.lowercased()
        if lowered.contains("://") || lowered.hasPrefix("www.") { return "<link>" }
        if word.contains("@") || lowered.contains("=40") || lowered.contains("%40") || word.contains("＠") {
            return "<address>"
        }
        // `user=ada`, `<ada>`: how some servers refer to a local mailbox.
        if word.contains("<") || word.contains(">") { return "<address>" }
        return word
    }
    var out: [Substring] = []
    for word in words where !(word == "<address>" && out.last == word) { out.append(word) }
    return String(out.joined(separator: " ").prefix(200))
}
