public import Outreach
public import Platform

// What a relay's reply means for the message and for the relay. The danger on one side is to blame a message for what is
// wrong with the relay or our login: one bad password would "refuse" every mail in the queue, and each would be lost. The danger on
// the other is to knock for days with a mail that nobody will ever take. So only two things refuse: a 5xx to RCPT (this
// recipient), and a 5xx to the message itself (this recipient or content). Everything that every mail would meet
// in the same way (no connection, TLS, login, a sender or client that is not allowed: 5.7.x) makes the relay unavailable.
//
// 421 means "closing the channel", wherever it comes (RFC 5321, 3.8): it is about the relay. 5xx to DATA itself, before any
// byte, is 503 or 554 "no valid recipients": about the transaction and not about the content; the relay is asked again later.

extension Verdict {
    /// What follows from the end of one attempt.
    ///
    /// | step | 4xx | 5xx | no reply |
    /// | --- | --- | --- | --- |
    /// | connect, TLS, greeting, EHLO, AUTH, MAIL FROM | unavailable | unavailable | unavailable |
    /// | RCPT | deferred | refused; 503, 530, 535 and 5.7.x unavailable | deferred |
    /// | DATA | deferred | deferred; 5.7.x unavailable | deferred |
    /// | the message and its final dot | deferred | refused; 5.7.x, 5.3.x, but not 5.3.4, unavailable | deferred, maybe in doubt |
    ///
    /// 421 is unavailable anywhere. 552 or 5.3.4 ("too big", RFC 1870) to MAIL FROM is about this message, and refuses it. The
    /// caller should reopen a closed relay with another message first: one that is always answered 5.7.1 must not keep it shut.
    public static func verdict(for reply: SMTPReply) -> Verdict {
        if reply.isAccepted { return .accepted(receipt: redacted(reply.text)) }
        if let failure = reply.failure { return verdict(for: failure, reply) }
        guard let code = reply.code else { return .deferred(failure(reply, "other", "the relay gave no reply")) }
        let status = reply.status
        if code == 421 {
            return .unavailable(failure(reply, "busy", "the relay closes the session; it will be asked again soon"))
        }
        switch reply.phase {
        case .connect, .greeting, .ehlo:
            return .unavailable(failure(reply, "connect", "the relay does not want to talk to this machine"))
        case .tls:
            return .unavailable(
                failure(reply, "tls", "the relay could not begin TLS; see 'starttls' in the configuration"))
        case .auth:
            return .unavailable(
                failure(reply, "auth", "the relay does not take the login; check 'username' and 'password' under smtp"))
        case .mailFrom:
            if code == 552 || status == EnhancedStatus(5, 3, 4) {
                return .refused(failure(reply, "content", "the mail is larger than the relay takes"))
            }
            let isForNow = code / 100 == 4
            return .unavailable(
                failure(
                    reply, isForNow ? "busy" : "sender",
                    isForNow
                        ? "the relay takes no mail for now"
                        : "the relay does not take mail from the envelope sender; check brand.from and the login's rights"
                ))
        case .rcpt: return atRecipient(code, status, reply)
        case .data:
            if code / 100 == 5, status?.subject == 7 { return .unavailable(policy(reply)) }
            return .deferred(failure(reply, "busy", "the relay would not begin the message"))
        case .finalDot: return atMessage(code, status, reply)
        }
    }

    private static func atRecipient(_ code: Int, _ status: EnhancedStatus?, _ reply: SMTPReply) -> Verdict {
        guard code / 100 == 5 else {
            return .deferred(failure(reply, code == 452 ? "busy" : "mailbox", "the mailbox cannot be reached for now"))
        }
        // 530 and 535 are about our login, 503 about the conversation, 5.7.x about policy ("relay access denied"): every mail
        // would meet them. All other codes are about this recipient, whatever their subject: Outlook.com's "5.5.0 mailbox
        // unavailable" is no fault of the protocol.
        if code == 530 || code == 535 || code == 503 || status?.subject == 7 { return .unavailable(policy(reply)) }
        return .refused(failure(reply, "mailbox", "the mailbox does not exist, or takes no mail"))
    }

    private static func atMessage(_ code: Int, _ status: EnhancedStatus?, _ reply: SMTPReply) -> Verdict {
        guard code / 100 == 5 else {
            if code / 100 == 4 { return .deferred(failure(reply, "busy", "the relay does not take the mail for now")) }
            return .deferred(failure(reply, "other", "the relay answered the message with something unheard of"))
        }
        if code == 530 || status?.subject == 7 { return .unavailable(policy(reply)) }
        if status?.subject == 3, status != EnhancedStatus(5, 3, 4) {
            return .unavailable(failure(reply, "relay", "the relay has a fault of its own"))
        }
        let isMailbox = status?.subject == 1 || status?.subject == 2
        return .refused(
            failure(
                reply, isMailbox ? "mailbox" : "content",
                isMailbox
                    ? "the mailbox does not exist, or takes no mail" : "the relay does not take this mail's content"))
    }

    private static func policy(_ reply: SMTPReply) -> Failure {
        failure(
            reply, "policy",
            "the relay's rules forbid it; check that the login may send from this domain and that SPF, DKIM and DMARC are set"
        )
    }

    private static func verdict(for kind: SMTPReply.Failure, _ reply: SMTPReply) -> Verdict {
        let hasBegun = [.rcpt, .data, .finalDot].contains(reply.phase)
        switch kind {
        case .settings:
            return .unavailable(failure(reply, "configuration", "the smtp settings cannot be used"))
        case .unsupported where reply.phase == .mailFrom || hasBegun:
            // Only this mail needs it: its address is not ASCII and the relay has no SMTPUTF8 (RFC 6531).
            return .refused(failure(reply, "unsupported", "the relay cannot carry this address"))
        case .unsupported:
            return .unavailable(failure(reply, "unsupported", "the relay lacks what the settings ask of it"))
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
                case .dropped: "the relay closed the line in the middle"
                case .malformedReply: "what answered does not speak SMTP"
                case .cancelled: "the attempt was broken off"
                default: "the line to the relay failed"
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

/// A server's words without what may be somebody's address, a link or a token: each word with an `@` (or the likes of it) is
/// `<address>`, each link `<link>`. One line, 200 characters at most.
func redacted(_ text: String) -> String {
    let words = text.onOneLine.split(separator: " ").map { word -> Substring in
        let lowered = word.lowercased()
        if lowered.contains("://") || lowered.hasPrefix("www.") { return "<link>" }
        if word.contains("@") || lowered.contains("=40") || lowered.contains("%40") || word.contains("＠") {
            return "<address>"
        }
        // `user=ada`, `<ada>`: what some servers say of a local mailbox.
        if word.contains("<") || word.contains(">") { return "<address>" }
        return word
    }
    var out: [Substring] = []
    for word in words where !(word == "<address>" && out.last == word) { out.append(word) }
    return String(out.joined(separator: " ").prefix(200))
}
