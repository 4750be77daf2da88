import Crypto

// The tokens in a mail's `List-Unsubscribe`, which tell the reader of the mailbox who wants no more of what.
//
//     List-Unsubscribe: <mailto:help@juniperfig.example?subject=unsubscribe%20ahk3…>
//
// A mail program sends a mail with that subject when the shopper presses its button (RFC 2369, RFC 6068). The token is
// in the subject, not in the address after a '+', because many mailboxes accept no such addresses, and 64 bytes before
// the '@' are too few for it.
//
// A token is 29 bytes in base 32 (RFC 4648, in lower case, since subjects lose their capitals in transit):
//
//     version (1) | seal (12) | the keyed hash of the address (16), masked
//
// The seal is an HMAC over shop, stream and keyed hash, and the mask an HMAC over the seal. So nobody but this store
// can create a token or tell what is in it, tokens of two streams have nothing in common, the same mail always has the
// same token, and it contains no address: a silence only needs the keyed hash. Anyone who has a token can unsubscribe
// that address from that stream, and nothing else.

/// Creates and reads unsubscribe tokens. Its description never contains its keys.
public struct UnsubscribeTokens: Sendable, CustomStringConvertible {
    /// The content of a token.
    public struct Wish: Hashable, Sendable {
        public var shop: String
        /// The keyed hash of the address that was written to.
        public var addressKey: [UInt8]
        public var stream: MailStream
    }

    private static let version: UInt8 = 1
    private static let sealLength = 12
    private static let keyLength = 16
    /// The length of a token in characters.
    private static let length = ((1 + sealLength + keyLength) * 8 + 4) / 5
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

    private let key: SymmetricKey
    private let addressKey: @Sendable (String) -> [UInt8]

    /// Tokens under a secret of their own.
    ///
    /// - Parameter addressKey: returns the keyed hash of an address, 16 bytes, which silences are stored by.
    public init(secret: [UInt8], addressKey: @escaping @Sendable (String) -> [UInt8]) {
        key = SymmetricKey(data: secret)
        self.addressKey = addressKey
    }

    public var description: String { "•••" }

    /// The token that unsubscribes an address from a stream of a shop's mail.
    public func token(shop: String, address: String, stream: MailStream) -> String {
        let hash = addressKey(address)
        let seal = seal(shop: shop, stream: stream, hash)
        return Self.text([Self.version] + seal + zip(hash, mask(seal)).map { $0 ^ $1 })
    }

    /// The content of a token; nil if it is not one of ours.
    ///
    /// - Parameter shops: the shops that use the mailbox.
    public func wish(_ token: String, shops: some Sequence<String>) -> Wish? {
        guard let bytes = Self.bytes(token), bytes[0] == Self.version else { return nil }
        let seal = Array(bytes[1..<(1 + Self.sealLength)])
        let hash = zip(bytes[(1 + Self.sealLength)...], mask(seal)).map { $0 ^ $1 }
        for shop in shops {
            for stream in MailStream.allCases where Self.isSame(self.seal(shop: shop, stream: stream, hash), seal) {
                return Wish(shop: shop, addressKey: hash, stream: stream)
            }
        }
        return nil
    }

    /// The request in the subject of a mail, whatever the mail program put around the token; nil if it contains no
    /// token of ours.
    public func wish(inSubject subject: String, shops: [String]) -> Wish? {
        for word in subject.prefix(1_000).split(whereSeparator: { !$0.isASCII || !($0.isLetter || $0.isNumber) })
        where word.utf8.count == Self.length {
            if let wish = wish(word.lowercased(), shops: shops) { return wish }
        }
        return nil
    }

    /// The value of `List-Unsubscribe`: a mail to `address`, and the page if there is one.
    public static func header(_ token: String, mailTo address: String, page: String? = nil) -> String {
        // RFC 6068: any other character is percent-encoded.
        let mailbox = address.utf8.map { byte -> String in
            let sign = Unicode.Scalar(byte)
            let isPlain = byte < 0x80 && (sign.properties.isAlphabetic || sign.properties.numericType != nil)
            if isPlain || "-._~@+!$'*".utf8.contains(byte) { return String(Character(sign)) }
            let digits = String(byte, radix: 16, uppercase: true)
            return "%" + (digits.utf8.count == 1 ? "0" : "") + digits
        }.joined()
        return "<mailto:\(mailbox)?subject=unsubscribe%20\(token)>" + (page.map { ", <\($0)>" } ?? "")
    }

    private func seal(shop: String, stream: MailStream, _ hash: [UInt8]) -> [UInt8] {
        let shop = Array(shop.utf8)
        let stream = Array(stream.rawValue.utf8)
        return code("seal", [shop, stream, hash], Self.sealLength)
    }

    private func mask(_ seal: [UInt8]) -> [UInt8] { code("mask", [seal], Self.keyLength) }

    /// The first bytes of an HMAC over the parts, each preceded by its length.
    private func code(_ purpose: String, _ parts: [[UInt8]], _ count: Int) -> [UInt8] {
        var code = HMAC<SHA256>(key: key)
        for part in [Array(purpose.utf8)] + parts {
            code.update(data: Array("\(part.count):".utf8))
            code.update(data: part)
        }
        return Array(code.finalize().prefix(count))
    }

    /// Compares in constant time.
    private static func isSame(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        a.count == b.count && zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static func text(_ bytes: [UInt8]) -> String {
        var letters: [UInt8] = []
        var (bits, count): (UInt32, UInt32) = (0, 0)
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 5 {
                count -= 5
                letters.append(alphabet[Int(bits >> count & 31)])
            }
            bits &= (1 << count) - 1
        }
        if count > 0 { letters.append(alphabet[Int(bits << (5 - count) & 31)]) }
        return String(decoding: letters, as: UTF8.self)
    }

    /// The bytes of a text with the length of a token; nil for any other.
    private static func bytes(_ text: String) -> [UInt8]? {
        guard text.utf8.count == length else { return nil }
        var bytes: [UInt8] = []
        var (bits, count): (UInt32, UInt32) = (0, 0)
        for letter in text.utf8 {
            guard let value = alphabet.firstIndex(of: letter) else { return nil }
            bits = bits << 5 | UInt32(value)
            count += 5
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(bits >> count & 255))
            }
            bits &= (1 << count) - 1
        }
        // The left-over bits must be zero, so that the same bytes have only one spelling.
        return bits == 0 ? bytes : nil
    }
}
