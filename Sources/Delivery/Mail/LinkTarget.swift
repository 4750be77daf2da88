/// A URL that is allowed in a mail: `http`, `https`, `mailto` or `tel`, and nothing that a mail program or a browser
/// would execute.
///
/// Anything else in a template or a value (`javascript:`, `data:`, a relative path) does not become a link; its text
/// stays.
struct LinkTarget: Hashable, Sendable {
    /// The URL, percent-encoded where it contained what no URL may contain (RFC 3986, section 2): spaces, quotes, angle
    /// brackets, control characters and everything beyond ASCII.
    let url: String
    /// `http` and `https`: a page, which a button can open.
    let isWeb: Bool

    /// The longest URL accepted: what browsers and mail programs agree on.
    static let maximumLength = 2048

    /// Checks a URL. Nil if it is not allowed in a mail.
    init?(_ text: String) {
        let trimmed = text.unicodeScalars.drop { $0.properties.isWhitespace }
        let raw = trimmed.startIndex == text.startIndex ? text : String(Substring.UnicodeScalarView(trimmed))
        guard let colon = raw.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let scheme = raw[..<colon].lowercased()
        let rest = raw[raw.index(after: colon)...]
        switch scheme {
        case "http", "https":
            guard rest.hasPrefix("//"), let first = rest.dropFirst(2).first, first != "/", first != "?", first != "#"
            else { return nil }
            isWeb = true
        case "mailto":
            guard rest.contains("@") else { return nil }
            isWeb = false
        case "tel":
            // RFC 3966: digits, and the separators that people use.
            guard rest.contains(where: \.isNumber), rest.allSatisfy({ $0.isNumber || "+-.() ".contains($0) }) else {
                return nil
            }
            isWeb = false
        default: return nil
        }
        var encoded = Array((scheme + ":").utf8)
        encoded.reserveCapacity(raw.utf8.count + 8)
        for byte in rest.utf8 {
            switch byte {
            case 0x21, 0x23...0x3B, 0x3D, 0x3F...0x5B, 0x5D, 0x5F, 0x61...0x7A, 0x7E:
                encoded.append(byte)
            default:
                // Spaces, quotes, < > \ ^ ` { | }, control characters and all bytes beyond ASCII.
                encoded += [UInt8(ascii: "%"), Self.digit(byte >> 4), Self.digit(byte & 15)]
            }
        }
        guard encoded.count <= Self.maximumLength else { return nil }
        url = String(decoding: encoded, as: UTF8.self)
    }

    /// A hexadecimal digit, 0 to 15.
    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x41 + value - 10 }

    /// What is shown in plain text: the address of a `mailto:`, the number of a `tel:`, otherwise the URL.
    var shown: String {
        guard !isWeb else { return url }
        let address = url.drop { $0 != ":" }.dropFirst().prefix { $0 != "?" }
        return String(address)
    }
}
