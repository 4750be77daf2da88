internal import Outreach

/// The headers by which mailbox providers tell a shop's streams of mail apart. None of their values is specific to one
/// recipient.
enum StreamHeaders {
    /// `List-Id` (RFC 2919) and `Precedence` for mail that is not about an order itself: vacation notices do not answer
    /// it, and mailboxes can file it. Empty for transactional mail.
    static func list(_ stream: MailStream, from: MailAddress) -> [MailDraft.Header] {
        guard stream != .order else { return [] }
        // A domain beyond ASCII is written in its DNS form.
        let domain = recipientDomain(of: MailHeaders.withPlainDomain(from.address))
        guard !domain.isEmpty, domain.utf8.allSatisfy({ $0 < 0x80 }) else { return [] }
        return [
            MailDraft.Header("List-Id", "<\(word(stream.rawValue)).\(domain)>"),
            MailDraft.Header("Precedence", "bulk"),
        ]
    }

    /// A field without separator characters.
    private static func word(_ text: String) -> String {
        let letters = text.unicodeScalars.prefix(60).map { scalar -> Character in
            let isPlain =
                (0x61...0x7A).contains(scalar.value | 0x20) || (0x30...0x39).contains(scalar.value)
                || scalar == "-" || scalar == "_"
            return isPlain ? Character(scalar) : "_"
        }
        return letters.isEmpty ? "none" : String(letters)
    }
}
