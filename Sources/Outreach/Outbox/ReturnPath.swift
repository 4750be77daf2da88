// Where the bounces of one mail come back to: VERP, variable envelope return paths (D. J. Bernstein,
// https://cr.yp.to/proto/verp.txt). A bounce is sent to the envelope sender, whatever it says inside; so each mail has
// an envelope sender of its own, `bounces+TOKEN@shop.example`, by the subaddresses that mailboxes take (RFC 5233). The
// token names one effect, and only the store that gave it out can read or make it: nobody learns a number from it, and
// nobody can end the story of a message by guessing.

/// The mailbox that bounces come back to, each by an address of its own.
public struct ReturnPath: Hashable, Sendable {
    /// What stands before the `+`.
    public let name: String
    public let domain: String

    /// How long a token is: lower-case letters and the digits 2 to 7, for some relays change a name's case.
    public static let tokenLength = 32
    /// How long a mailbox's name may be: RFC 5321, 4.5.3.1.1, gives 64 to the whole.
    public static let longestName = 64 - 1 - tokenLength

    /// The way back to a mailbox; nil where its name leaves no room, or holds a `+` or needs quotes.
    public init?(mailbox: String) {
        guard let at = mailbox.lastIndex(of: "@") else { return nil }
        let (name, domain) = (String(mailbox[..<at]), String(mailbox[mailbox.index(after: at)...]))
        guard !name.isEmpty, name.utf8.count <= Self.longestName, !domain.isEmpty,
            name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"+\"()<>[]:;@\\,".utf8.contains($0) })
        else { return nil }
        self.name = name
        self.domain = domain
    }

    /// The address that a message's bounces come back to.
    public func address(_ token: String) -> String { "\(name)+\(token)@\(domain)" }

    /// The token of an address that bounces came to; nil where it is none of ours.
    public func token(in address: String) -> String? {
        guard let at = address.lastIndex(of: "@"),
            address[address.index(after: at)...].lowercased() == domain.lowercased()
        else { return nil }
        let local = address[..<at].lowercased()
        let start = name.lowercased() + "+"
        guard local.hasPrefix(start) else { return nil }
        let token = String(local.dropFirst(start.count))
        return Self.isToken(token) ? token : nil
    }

    /// Whether it has the shape of a token, in letters of either case; only the store can tell whether it is one.
    public static func isToken(_ text: String) -> Bool {
        text.utf8.count == tokenLength
            && text.utf8.allSatisfy { (0x61...0x7A).contains($0 | 0x20) || (0x32...0x37).contains($0) }
    }
}
