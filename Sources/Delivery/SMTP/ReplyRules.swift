internal import Outreach
internal import Platform

// What a relay's refusal is about, determined from its enhanced code and, where that is missing or wrong, from its
// words.
//
// Codes alone are not enough. Gmail says 5.4.5 ("congestion", RFC 3463) about our daily quota; Exchange says 5.2.2
// about a full mailbox and about our own submission quota; Amazon SES, SendGrid and Postmark mostly give no code at
// all. So the rules below are tried from top to bottom, and the first match decides: words that a relay only uses about
// our own account come first; then unambiguous codes; then words about one mailbox or about one mail's content; then
// words that fit both, taken to be about us only if nothing mentioned a mailbox; and last the codes' subjects.
//
// Addresses and links are removed before anything is compared, so that a shopper's address can never match.
//
// Sources: Gmail's "SMTP error reference" (support.google.com/a/answer/3726730); Microsoft's "Email non-delivery
// reports and SMTP errors in Exchange Online"
// (learn.microsoft.com/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online); Amazon's "SMTP
// response codes returned by Amazon SES" and its list of error messages; SendGrid's "SMTP errors and troubleshooting";
// Mailgun's and Postmark's lists of API errors, whose words their SMTP servers repeat; RFC 3463, 7372, 7293.

/// What a relay's refusal is about.
enum ReplyMatter: Hashable, Sendable {
    /// Our account's sending quota is used up: every mail is affected.
    case quota
    /// Our account is suspended, under review, unpaid or not set up: every mail is affected.
    case suspended
    /// Our account is a trial that may only write to a few addresses.
    case trial
    /// Our account may not send as this address.
    case sender
    /// The relay's rules about us: our login, our machine, our domain's authentication.
    case policy
    /// The mailbox does not exist and will not.
    case noMailbox
    /// This recipient, for some other reason: a full mailbox, a list that does not accept mail from us.
    case recipient
    /// This mail's size or content.
    case content
    /// A fault of the relay's own.
    case relay
    /// The reply does not say: the step decides.
    case unknown
}

/// One row of the table.
struct ReplyRule: Sendable {
    var matter: ReplyMatter
    /// Enhanced codes without their class: `"1.90"`, or all of a subject: `"7"`. Empty for any code, or none.
    var codes: Set<String> = []
    /// It matches if one of these occurs; empty if the code is enough.
    var phrases: [Phrase] = []
    /// It does not match if one of these occurs.
    var unless: [Phrase] = []
    /// It does not match an answer to RCPT, which is about the recipient unless it says otherwise.
    var isNotOfRecipients = false

    /// The rules; the first match decides.
    static let table: [ReplyRule] = [
        ReplyRule(matter: .content, phrases: ["recipsizelimit*", "sendsizelimit*"]),
        // Exchange's rules about one recipient, worded like those about our own login; a suppression list of our
        // relay's; and a recipient who does not want our mail.
        ReplyRule(
            matter: .recipient, phrases: ["resolver rst", "suppression list", "recipient preferences"]),

        // What a relay only says about our own account.
        ReplyRule(
            matter: .quota,
            phrases: [
                "daily ~ limit", "daily ~ quota", "daily limit", "hourly ~ limit", "hourly ~ quota", "monthly ~ limit",
                "monthly ~ quota", "sending ~ limit*", "sending ~ quota*", "send ~ limit", "send ~ quota",
                "submission ~ quota", "submission ~ limit", "message quota", "message* limit reached",
                "message* limit exceeded", "relay ~ limit", "relay ~ quota", "outgoing ~ limit", "outgoing ~ quota",
                "outbound ~ limit", "outbound ~ quota", "maximum credits", "out of credits", "insufficient credit*",
                "not enough credit*", "no ~ credits", "credit* ~ exceeded", "credit limit", "plan ~ limit",
                "limit ~ plan", "recipient limit exceeded", "number of recipients per day", "exceed* ~ sending",
                "you reached ~ limit", "you ~ reached ~ limit", "you ~ exceeded ~ limit", "you ~ reached ~ quota",
                "you ~ exceeded ~ quota", "your ~ limit", "your ~ quota", "upgrade your", "submissionquota*",
            ],
            unless: [
                "recipient has", "recipient s", "mailbox", "inbox", "storage", "to receive", "can receive",
                "receiving", "is receiving", "tried to reach", "trying to contact", "message size", "size limit",
                "line* ~ limit",
            ]),
        ReplyRule(
            matter: .trial,
            phrases: [
                "sandbox*", "authorized recipient*", "authorised recipient*", "test purposes", "pending approval",
                "trial account*", "free account*", "test account*", "test mode", "trial mode", "trial period",
                "following identities failed", "identities failed the check",
            ]),
        ReplyRule(
            matter: .suspended,
            phrases: [
                "sending ~ paused", "sending ~ suspended", "sending ~ disabled", "sending ~ blocked",
                "sending ~ stopped", "sending ~ restricted", "sending ~ denied", "sending ~ revoked",
                "your account", "your ~ account", "smtp account", "aws account", "account ~ under review",
                "account ~ activated", "account ~ unpaid", "account ~ overdue", "account ~ billing",
                "account ~ payment", "account ~ probation", "account ~ send", "account ~ sending", "outbound sender",
                "tenant ~ exceeded", "tenant ~ blocked", "configuration set", "not authorized to perform",
                "not authorised to perform", "on probation", "business verification", "unpaid invoice*",
                "subscription ~ expired", "subscription ~ cancel*", "unregistered domain*", "unusual sending",
                "outboundspam*", "outbound ~ spam",
                "outgoing ~ blocked", "outgoing ~ suspended", "outgoing ~ disabled", "outbound ~ blocked",
                "outbound ~ suspended", "outbound ~ disabled",
            ],
            unless: [
                "to this recipient", "recipient s", "tried to reach", "trying to contact", "your message ~ account",
                "your mail ~ account",
            ]),
        ReplyRule(
            matter: .sender,
            phrases: [
                "send as", "sendas*", "submit as", "sender identity", "sender identities", "sender signature*",
                "verified sender*", "sender ~ verified", "sender ~ verification", "from ~ verified",
                "address ~ not verified", "addresses ~ not verified", "domain ~ not verified", "domain ~ unverified",
                "domain ~ not ~ verified", "unverified sender*", "unverified domain*", "unverified address*",
                "unverified from", "sender address rejected", "sender rejected", "sender denied", "sender refused",
                "sender address ~ not", "sender address invalid", "sender ~ not allowed", "sender ~ not permitted",
                "sender ~ not authorized", "sender ~ not authorised", "sender not", "sender is not", "sender mismatch",
                "sender does not match", "bad sender*", "invalid sender*", "unknown sender*", "unauthorized sender*",
                "unauthorised sender*", "sender unauthorized", "sender domain", "from address",
                "from header", "from domain", "from field", "mail from ~ not", "mail from ~ invalid",
                "invalid mail from", "not owned by", "unauthenticated senders", "senders not allowed",
                "not allowed to send", "not permitted to send", "not authorized to send", "not authorised to send",
                "no permission to send", "permission* to send", "may not send", "cannot send as", "cannot send from",
                "can t send from", "allowed to use ~ sender", "envelope sender", "identity changes",
                "unconfigured sending", "sender verify failed", "sender verification failed", "return path",
            ],
            unless: [
                "recipient address rejected", "to this", "to the recipient", "to the group", "to that",
                "allowed senders",
                "recipient s", "the recipient has", "recipient only accepts", "recipient unverified",
                "send to", "send mail to", "send messages to", "send email directly", "sending to", "distribution",
                "restricted recipient",
            ]),

        // Gmail's "Email quota exceeded" has 5.7.1; a mailbox over its quota would have 5.2.2, or no code.
        ReplyRule(
            matter: .quota, codes: ["4", "7"],
            phrases: ["quota exceeded", "quota ~ exceeded", "exceeded ~ quota", "limit exceeded", "exceeded ~ limit"],
            unless: ["mailbox", "inbox", "storage", "recipient"]),

        // Unambiguous codes: Gmail's quota, Microsoft's, and RFC 3463's two about the sender's address.
        ReplyRule(matter: .quota, codes: ["4.5", "1.90"]),
        ReplyRule(matter: .sender, codes: ["1.7", "1.8", "1.20", "2.252", "2.253", "7.60"]),
        ReplyRule(matter: .suspended, codes: ["7.13", "7.705", "7.708", "7.750"]),
        // RFC 7293: the mailbox, or its domain, has another owner now.
        ReplyRule(matter: .noMailbox, codes: ["7.17", "7.18"]),
        // Microsoft: the recipient, or its organization, only accepts mail from some senders.
        ReplyRule(
            matter: .recipient,
            codes: [
                "7.120", "7.121", "7.122", "7.123", "7.124", "7.125", "7.126", "7.127", "7.128", "7.129", "7.130",
                "7.131", "7.132", "7.133", "7.134", "7.135", "7.136", "7.504", "7.505", "7.507", "7.510", "7.513",
            ]),
        ReplyRule(matter: .content, codes: ["3.4", "2.3", "7.512"]),
        // Microsoft's edge servers, about a recipient that is not in their directory: "Access denied", with the rule's
        // number. In RFC 3463 the code means "no answer from host", which no relay says to RCPT.
        ReplyRule(matter: .noMailbox, codes: ["4.1"], phrases: ["recipient address rejected"]),
        ReplyRule(matter: .noMailbox, phrases: ["recipient address rejected access denied as"]),
        // RFC 3463: the domain cannot be routed to.
        ReplyRule(matter: .noMailbox, codes: ["4.4"], unless: ["rate", "for now"]),

        // One mailbox, or one mail.
        ReplyRule(
            matter: .recipient, codes: ["7"],
            phrases: [
                "recipient address rejected access denied", "to this recipient", "to this mailbox", "to this group",
                "to this list", "to the group",
            ],
            unless: ["relay*", "your account", "spf", "dkim", "dmarc"]),
        ReplyRule(
            matter: .recipient,
            phrases: [
                "over quota", "overquota", "quota exceeded", "exceeded ~ quota", "quota ~ exceeded", "mailbox ~ full",
                "mailbox full", "inbox full", "inbox is full", "storage ~ full", "out of storage",
                "insufficient storage",
                "insufficient system storage", "receiving mail", "receiving messages", "can receive",
                "inactive recipient*", "marked as inactive", "address blacklisted",
            ],
            unless: ["user unknown", "no such user"]),
        ReplyRule(
            matter: .noMailbox,
            phrases: [
                "user unknown", "unknown user", "unknown recipient", "recipient unknown", "unknown mailbox",
                "mailbox unknown", "unknown address", "unknown local", "addressee unknown", "no such user",
                "no such mailbox", "no such recipient", "no such account", "no such address", "no such person",
                "no such local", "no such email", "no such domain", "no mailbox", "no user", "no account",
                "does not exist", "doesn t exist", "do not exist", "not exist", "non existent", "nonexistent",
                "no longer exist*", "mailbox not found", "user not found", "recipient not found", "address not found",
                "account not found", "recipientnotfound", "recipnotfound", "nullmx", "not be found",
                "invalid recipient", "invalid mailbox",
                "invalid user", "recipient ~ invalid", "bad recipient address", "bad destination*", "unrouteable",
                "unroutable", "not a valid mailbox", "not a valid user", "not a valid recipient", "not a valid address",
                "isn t a valid", "doesn t have a", "not have an account", "not our customer", "not local",
                "no longer active", "no longer available", "no longer valid", "no longer with", "no longer in use",
                "mailbox ~ disabled", "mailbox ~ inactive", "mailbox ~ deactivated", "mailbox ~ closed",
                "mailbox ~ terminated", "mailbox ~ discontinued", "mailbox ~ suspended", "user ~ disabled",
                "user ~ inactive", "user ~ suspended", "recipient ~ disabled", "recipient ~ inactive",
                "reach is disabled", "reach is inactive", "disabled or discontinued", "null mx", "domain ~ not found",
                "domain ~ not exist", "host unknown", "host not found", "unable to find the recipient",
                "find the recipient", "undeliverable address", "mailbox here by that name", "invalid domain",
            ],
            unless: [
                "sender ~ unknown", "sender ~ not found", "sender ~ not exist", "from ~ not exist",
                "not available for now",
            ]),
        ReplyRule(
            matter: .noMailbox, phrases: ["address rejected"],
            unless: ["recipient address rejected", "sender", "from"]),
        // What RFC 5321 says about 550, and what large providers say about a mailbox that does not exist.
        ReplyRule(
            matter: .noMailbox, phrases: ["mailbox unavailable", "mailbox is unavailable", "mailbox not available"],
            unless: ["policy*", "spam", "block*", "reputation", "dns", "rate", "for now", "sender", "quota"]),
        // Relays report other content problems with 5.7.x when they mean the sender.
        ReplyRule(
            matter: .content,
            phrases: ["rfc compliant", "virus*", "malware", "attachment*", "security issue", "message size"],
            unless: ["unauthenticated", "spf", "dkim", "dmarc"]),

        ReplyRule(matter: .policy, phrases: ["spf ~ fail*", "dkim ~ fail*", "dmarc"]),
        // Words that fit both a mailbox and us; nothing above mentioned a mailbox.
        ReplyRule(
            matter: .policy,
            phrases: [
                "relay access denied", "relaying denied", "relay denied", "relay not permitted", "relaying not",
                "relay ~ not allowed", "relaying prohibited", "unable to relay", "cannot relay",
                "not permitted to relay",
                "not allowed to relay", "do not relay", "authentication required", "authentication is required",
                "authentication ~ failed", "rcpthosts",
                "authenticate first", "must authenticate", "please authenticate", "not authenticated",
                "requires authentication", "unauthenticated", "auth required", "login required", "not logged in",
                "client was not", "client host", "blocked using", "blacklist*", "blocklist*", "spamhaus", "reputation",
                "black list", "block list", "administrative prohibition", "security polic*",
                "policy restrictions", "banned sending", "access denied banned",
                "unsolicited", "not authorized to send email directly", "sending domain",
                "unauthorized ip", "unauthorised ip", "ip address ~ not", "ip ~ blocked", "ip ~ banned",
            ],
            unless: ["recipient address rejected", "tried to reach"]),
        ReplyRule(
            matter: .noMailbox, codes: ["1.1", "1.2", "1.3", "1.6", "1.10", "2.1"], unless: ["rate", "for now"]),
        ReplyRule(matter: .recipient, codes: ["1", "2"]),
        ReplyRule(
            matter: .policy,
            phrases: [
                "account ~ suspended", "account ~ disabled", "account ~ deactivated", "account ~ blocked",
                "account ~ locked", "account ~ closed", "account ~ restricted", "account ~ inactive", "account ~ limit",
                "account ~ expired", "user ~ blocked", "policy reasons", "limit exceeded", "limit reached",
            ],
            unless: ["mailbox", "recipient"], isNotOfRecipients: true),
        ReplyRule(matter: .content, codes: ["6"]),
        ReplyRule(matter: .policy, codes: ["7"]),
        ReplyRule(
            matter: .content,
            phrases: [
                "phishing", "size limit", "size exceeds", "too large", "too big", "message too long", "line* too long",
                "malformed", "mime type", "duplicate header*", "invalid header*", "missing header*", "bare lf",
                "bare cr",
                "bare newline*", "message is too long", "message length", "missing final", "address contains",
                "domain contains", "not rfc", "content rejected", "content presents", "message contains",
            ]),
        ReplyRule(
            matter: .recipient, phrases: ["recipient address rejected", "recipient rejected", "mailbox", "recipient"]),
        ReplyRule(matter: .relay, codes: ["3"]),
    ]

    /// What a reply is about.
    static func matter(of reply: SMTPReply) -> ReplyMatter {
        let said = SaidWords(reply.text)
        return table.first { $0.fits(reply.status, said) && !($0.isNotOfRecipients && reply.phase == .rcpt) }?.matter
            ?? .unknown
    }

    private func fits(_ status: EnhancedStatus?, _ said: SaidWords) -> Bool {
        if !codes.isEmpty {
            guard let status, status.class != 2 else { return false }
            guard codes.contains("\(status.subject).\(status.detail)") || codes.contains("\(status.subject)") else {
                return false
            }
        }
        return (phrases.isEmpty || phrases.contains(where: said.contains)) && !unless.contains(where: said.contains)
    }
}

/// Words in sequence: `sending ~ limit*`. A `~` stands for up to three words, or none; a `*` for the rest of a word.
struct Phrase: Sendable, ExpressibleByStringLiteral {
    enum Part: Sendable {
        case word(String)
        case beginning(String)
        case gap
    }

    let parts: [Part]

    init(stringLiteral text: String) {
        parts = text.split(separator: " ").map { word in
            word == "~" ? .gap : word.hasSuffix("*") ? .beginning(String(word.dropLast())) : .word(String(word))
        }
    }
}

/// What a relay said, as words: lower case, without punctuation, numbers, addresses and links.
struct SaidWords: Sendable {
    private static let longestGap = 3
    private let words: [Substring]

    init(_ text: String) {
        words = text.split(whereSeparator: \.isWhitespace).filter { word in
            !word.contains("@") && !word.contains("://") && !word.contains("＠")
        }.flatMap { word -> [Substring] in
            // `SendAsDeniedException` and `STOREDRV.Submission.Exception:SendAsDeniedException` count as words too.
            Substring(word.lowercased()).split { !$0.isLetter }
        }
    }

    var isEmpty: Bool { words.isEmpty }

    func contains(_ phrase: Phrase) -> Bool { words.indices.contains { isSaid(phrase.parts[...], at: $0) } }

    private func isSaid(_ parts: ArraySlice<Phrase.Part>, at index: Int) -> Bool {
        guard let part = parts.first else { return true }
        switch part {
        case .gap:
            return (0...Self.longestGap).contains { isSaid(parts.dropFirst(), at: index + $0) }
        case .word(let word):
            return index < words.count && words[index] == word && isSaid(parts.dropFirst(), at: index + 1)
        case .beginning(let stem):
            return index < words.count && words[index].hasPrefix(stem) && isSaid(parts.dropFirst(), at: index + 1)
        }
    }
}
