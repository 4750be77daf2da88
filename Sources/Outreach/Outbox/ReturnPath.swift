// Where the bounces of a mail go: VERP, variable envelope return paths (D. J. Bernstein,
// https://cr.yp.to/proto/verp.txt). A bounce is sent to the envelope sender, whatever it says inside; so each mail has
// an envelope sender of its own, `bounces+TOKEN@shop.example`, using the subaddresses that mailboxes accept (RFC 5233).
// The token names one effect, and only the store that issued it can read or create it: nobody learns a number from it,
// and nobody can end the story of a message by guessing.

/// The mailbox that receives bounces, each at an address of its own.
public struct ReturnPath: Hashable, Sendable {
    /// The part before the `+`.
    public let name: String
    public let domain: String

    /// The length of a token: lower-case letters and the digits 2 to 7, since some relays change the case of an
    /// address.
    public static let tokenLength = 32
    /// The longest name a mailbox may have: RFC 5321, 4.5.3.1.1, allows 64 for the whole.
    public static let longestName = 64 - 1 - tokenLength

    /// The return path of a mailbox; nil if its name leaves no room, contains a `+` or needs quotes.
    public init?(mailbox: String) {
        guard let at = mailbox.lastIndex(of: "@") else { return nil }
        let (name, domain) = (String(mailbox[..<at]), String(mailbox[mailbox.index(after: at)...]))
        guard !name.isEmpty, name.utf8.count <= Self.longestName, !domain.isEmpty,
            name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"+\"()<>[]:;@\\,".utf8.contains($0) })
        else { return nil }
        self.name = name
        self.domain = domain
    }

    /// The address that receives a message's bounces.
    public func address(_ token: String) -> String { "\(name)+\(token)@\(domain)" }

    /// The token of an address that received a bounce; nil if it is not one of ours.
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

    /// Whether it has the form of a token, in letters of either case; only the store can tell whether it is one.
    public static func isToken(_ text: String) -> Bool {
        text.utf8.count == tokenLength
            && text.utf8.allSatisfy { (0x61...0x7A).contains($0 | 0x20) || (0x32...0x37).contains($0) }
    }
}
