internal import Outreach

/// The headers by which mailbox providers tell a shop's streams of mail apart. None of them has a value of one
/// recipient's.
enum StreamHeaders {
    /// `List-Id` (RFC 2919) and `Precedence` for mail that is not about an order itself: nobody's vacation notice
    /// answers it, and mailboxes can file it. Nothing for transactional mail.
    static func list(_ stream: MailStream, from: MailAddress) -> [MailDraft.Header] {
        guard stream != .order else { return [] }
        // Mail to a domain beyond ASCII has it as DNS does.
        let domain = recipientDomain(of: MailHeaders.withPlainDomain(from.address))
        guard !domain.isEmpty, domain.utf8.allSatisfy({ $0 < 0x80 }) else { return [] }
        return [
            MailDraft.Header("List-Id", "<\(word(stream.rawValue)).\(domain)>"),
            MailDraft.Header("Precedence", "bulk"),
        ]
    }

    /// A field without anything that parts fields.
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
