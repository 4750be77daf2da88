// Why a mail was not delivered, and whether its address is to blame.
//
// A server says it three times: in the enhanced status code (RFC 3463), in the reply code, and in words. The codes are
// often the wrong ones (5.1.1 for "does not want your mail", 5.7.1 for "no such user", 5.0.0 for anything), so words
// that can only mean one thing come first, then the enhanced code, then words that mean little, then the reply code.
// What nobody can tell is `unknown` and soft: an address is given up only where somebody said that it is no good.
//
// Hard are: no such user, no such host, moved, takes no mail at all. All else is about this mail, about us, or about
// today.

/// A word of ours for why it failed.
package enum BounceReason: String, Hashable, Sendable, CaseIterable {
    case userUnknown = "user_unknown"
    case hostUnknown = "host_unknown"
    case moved
    /// The host says that it takes no mail from anybody (RFC 7504, RFC 7505).
    case takesNoMail = "takes_no_mail"
    case mailboxFull = "mailbox_full"
    case suspended
    /// The recipient, or a filter of hers, does not want this sender.
    case filtered
    case tooBig = "too_big"
    case spam
    case virus
    /// Our host, by its address or its name.
    case blocked
    /// SPF, DKIM or DMARC.
    case authentication
    case policy
    /// Our envelope sender.
    case senderRejected = "sender_rejected"
    case relaying
    case tooMany = "too_many"
    case content
    case expired
    case network
    case system
    case protocolFault = "protocol"
    /// The program that should have stored it there.
    case mailer
    case unknown

    /// Whether the address should get no more mail.
    package var isHard: Bool {
        switch self {
        case .userUnknown, .hostUnknown, .moved, .takesNoMail: true
        default: false
        }
    }

    /// What a server said about one recipient.
    struct Evidence {
        /// `5.1.1`; empty where there is none.
        var status = ""
        /// What the server or the program said, in its own words.
        var words = ""
        /// Where the words come from: `smtp`, `x-unix`, …; in lower case.
        var kind = ""
        /// The SMTP command that was answered so: `RCPT`, `MAIL`, `DATA`; empty where it is not known.
        var command = ""
    }

    /// The reason that the evidence speaks for.
    init(_ evidence: Evidence) {
        let words = BounceWords.plain(evidence.words)
        let status = BounceStatus.better(of: evidence.status, in: words)
        let reply = BounceStatus.reply(in: words)
        let told = Self.told(by: words, status: status, reply: reply, evidence: evidence)
        self = told ?? Self.coded(status) ?? Self.hinted(by: words, reply: reply) ?? Self.replied(reply) ?? .unknown
    }

    /// What words tell that mean one thing.
    private static func told(by words: String, status: String, reply: Int?, evidence: Evidence) -> BounceReason? {
        func says(_ phrases: [String]) -> Bool { phrases.contains { words.contains($0) } }
        let isTemporary = status.hasPrefix("4") || reply.map { (400..<500).contains($0) } ?? false
        if says(BounceWords.mailboxFull) { return .mailboxFull }
        if says(BounceWords.tooBig) { return .tooBig }
        // A local program that failed; 67 is sysexits' EX_NOUSER.
        if says(BounceWords.mailer) || evidence.kind == "x-unix" {
            return words.hasPrefix("67") || words.contains("x-unix; 67") ? .userUnknown : .mailer
        }
        if says(BounceWords.suspended) { return .suspended }
        if says(BounceWords.filtered) { return .filtered }
        if says(BounceWords.moved) { return .moved }
        if says(BounceWords.takesNoMail) { return isTemporary ? .network : .takesNoMail }
        if evidence.command == "MAIL", says(BounceWords.sender + BounceWords.refusal), !says(BounceWords.reverseName) {
            return .senderRejected
        }
        if says(BounceWords.reverseName) { return .blocked }
        if says(BounceWords.sender) { return .senderRejected }
        if says(BounceWords.userUnknown) {
            // After the text was sent, or with "other or disabled mailbox", it is a filter that speaks.
            let isAddress =
                status.isEmpty || status.contains(".1.") || status.hasSuffix(".0.0") || status.hasPrefix("5.4.")
            if evidence.command == "DATA", !status.contains(".1.") { return .filtered }
            if status.contains(".2."), evidence.command != "RCPT" { return .filtered }
            return isAddress || evidence.command != "DATA" ? .userUnknown : .filtered
        }
        if says(BounceWords.hostUnknown) { return says(BounceWords.again) ? .network : .hostUnknown }
        if says(BounceWords.virus) { return .virus }
        if says(BounceWords.spam) { return .spam }
        if says(BounceWords.authentication) { return .authentication }
        if says(BounceWords.blocked) { return .blocked }
        if says(BounceWords.tooMany) { return .tooMany }
        if says(BounceWords.relaying) { return .relaying }
        if says(BounceWords.policy) { return .policy }
        if says(BounceWords.loop) { return .network }
        if says(BounceWords.expired) { return .expired }
        return nil
    }

    /// What an enhanced status code tells (RFC 3463 and IANA's registry; 5.7.5xx and beyond are Microsoft's).
    private static func coded(_ status: String) -> BounceReason? {
        let parts = status.split(separator: ".").compactMap { Int($0) }
        guard parts.count == 3 else { return nil }
        let isPermanent = parts[0] == 5
        switch (parts[1], parts[2]) {
        case (1, 0), (1, 1), (1, 3): return isPermanent ? .userUnknown : .unknown
        case (1, 2): return isPermanent ? .hostUnknown : .network
        case (1, 4): return .filtered
        case (1, 6): return .moved
        case (1, 7), (1, 8): return .senderRejected
        case (1, 9), (1, 10): return isPermanent ? .takesNoMail : .network
        case (1, _): return nil
        case (2, 0), (2, 4): return .filtered
        case (2, 1): return .suspended
        case (2, 2): return .mailboxFull
        case (2, 3), (3, 4): return .tooBig
        case (3, 2): return isPermanent ? .takesNoMail : .system
        case (3, _): return .system
        case (4, 4), (4, 310), (4, 312): return isPermanent ? .hostUnknown : .network
        case (4, 1), (4, 7), (4, 300): return .expired
        case (4, _): return .network
        case (5, 3): return .tooMany
        case (5, _): return nil
        case (6, _): return .content
        case (7, 13): return .suspended
        case (7, 17), (7, 18): return .moved
        case (7, 25): return .blocked
        case (7, 20...30), (7, 509), (7, 515), (7, 8), (7, 9): return parts[2] == 9 ? .policy : .authentication
        case (7, 600...699), (7, 511), (7, 512): return .blocked
        case (7, _): return .policy
        default: return nil
        }
    }

    /// What words tell that mean little by themselves.
    private static func hinted(by words: String, reply: Int?) -> BounceReason? {
        func says(_ phrases: [String]) -> Bool { phrases.contains { words.contains($0) } }
        let isTemporary = reply.map { (400..<500).contains($0) } ?? false
        if says(BounceWords.perhapsUserUnknown) { return isTemporary ? .unknown : .userUnknown }
        if says(BounceWords.network) { return .network }
        if says(BounceWords.refusal) { return .policy }
        if says(BounceWords.system) { return .system }
        if says(BounceWords.protocolFault) { return .protocolFault }
        return nil
    }

    /// What a reply code tells alone (RFC 5321, 4.2.3).
    private static func replied(_ code: Int?) -> BounceReason? {
        guard let code else { return nil }
        switch code {
        case 421: return .network
        case 451: return .system
        case 452, 552: return .mailboxFull
        case 500...504, 555: return .protocolFault
        case 521, 556: return .takesNoMail
        case 551: return .moved
        default: return nil
        }
    }
}

/// Codes in the words of servers.
enum BounceStatus {
    /// The enhanced code that says more: the one given, or one in the words where the given one says nothing.
    static func better(of given: String, in words: String) -> String {
        guard given.isEmpty || given.hasSuffix(".0.0") else { return given }
        // A full stop ends it, unless a name goes on behind it.
        let codes = words.matches(of: /(?:^|[\s#(\[<:;-])([245]\.[0-9]{1,2}\.[0-9]{1,3})(?=$|[\s)\]>:;,\-]|\.(?:$|\s))/)
            .prefix(8)
            .map { String($0.1) }
        // A path to a host has dots as well; what agrees with the first digit is meant.
        return codes.first { code in !code.hasSuffix(".0.0") && (given.isEmpty || code.first == given.first) }
            ?? (given.isEmpty ? codes.first ?? "" : given)
    }

    /// The first reply code in a text: a number of three digits by itself.
    static func reply(in words: String) -> Int? {
        for match in words.matches(of: /(?:^|[\s:;#"'(<\[])([45][0-9][0-9])(?=$|[\s\-:,;)"'\]])/).prefix(8) {
            if let code = Int(match.1), (400...559).contains(code) { return code }
        }
        return nil
    }

    /// The command that a text says was answered.
    static func command(in words: String) -> String {
        let said = words.firstMatch(
            of: /(?:reply to|after|response to|>>>)\s+(?:the\s+|pipelined\s+|end of\s+)*(rcpt|mail|data|helo|ehlo)\b/)
        guard let said else { return "" }
        let name = said.1.uppercased()
        return name.hasSuffix("DATA") ? "DATA" : name
    }
}
