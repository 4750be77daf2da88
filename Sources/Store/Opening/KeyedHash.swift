internal import Crypto
internal import FoundationEssentials
internal import Outreach

/// Turns an address, a customer or an order into the 16 bytes used for it in keys: HMAC-SHA256 under the store's own
/// secret, cut to 128 bits.
///
/// So rows can be found by an address, and a silence can outlive an erasure, but the rows alone do not let anybody test
/// a list of addresses against them.
struct KeyedHash: Sendable {
    private let secret: SymmetricKey

    init(secret: Data) { self.secret = SymmetricKey(data: secret) }

    /// For an e-mail address. Case and surrounding spaces do not matter: no shopper's mailbox distinguishes them.
    func address(_ text: String) -> Data {
        hash("address", text.lowercased().filter { !$0.isWhitespace })
    }

    /// For a customer's id in a shop.
    func customer(_ id: String) -> Data { hash("customer", id) }

    /// For an order's id in a shop.
    func order(_ id: String) -> Data { hash("order", id) }

    /// For a code that was mailed for a chat: 32 bytes, so that no reader of the rows alone can try all codes.
    func code(_ code: String, chat: String) -> Data { keyed("chat code", Data("\(chat) \(code)".utf8)) }

    /// For a code that was mailed for a page of an order: 32 bytes, as for a chat's.
    func code(_ code: String, page: String) -> Data { keyed("page code", Data("\(page) \(code)".utf8)) }

    /// For where an order goes, in the form in which addresses are compared.
    func place(_ text: String) -> Data { hash("place", text) }

    /// A key for one purpose, by HKDF-SHA256.
    func derived(_ purpose: String) -> [UInt8] {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: secret, info: Data("bookbag \(purpose)".utf8), outputByteCount: 32
        ).withUnsafeBytes { [UInt8]($0) }
    }

    /// For a mail, by what makes it the same mail wherever it lies: its Message-ID, From, Date and text.
    func mail(_ bytes: [UInt8]) -> String { keyed("mail", Data(bytes)).prefix(16).hexadecimal }

    /// A secret of its own for another purpose, from which this one cannot be told.
    func secret(for purpose: String) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Data("secret for \(purpose)".utf8), using: secret))
    }

    /// Names an effect to those outside who may bring it back but not read it: its numbers, encrypted under a tag over
    /// them that is the nonce as well (SIV, after RFC 5297), in base32 (RFC 4648, 6) of lower case. The same each time.
    func returnToken(shop: Int64, effect: Int64) -> String { token("return", shop, effect) }

    /// The numbers of a token that this store gave out; nil for any other text.
    func numbers(ofReturnToken token: String) -> (shop: Int64, effect: Int64)? {
        numbers(of: token, "return").map { ($0.shop, $0.number) }
    }

    /// Names an observation to the shop's people, whose answers bring it back. Made as a return token is, and never
    /// taken for one: customers' mail programs see those.
    func answerToken(shop: Int64, observation: Int64) -> String { token("answer", shop, observation) }

    /// The numbers of such a token; nil for any other text.
    func numbers(ofAnswerToken token: String) -> (shop: Int64, observation: Int64)? {
        numbers(of: token, "answer").map { ($0.shop, $0.number) }
    }

    private func token(_ purpose: String, _ shop: Int64, _ number: Int64) -> String {
        var numbers: [UInt8] = []
        for shift in stride(from: 24, through: 0, by: -8) { numbers.append(UInt8(truncatingIfNeeded: shop >> shift)) }
        for shift in stride(from: 56, through: 0, by: -8) { numbers.append(UInt8(truncatingIfNeeded: number >> shift)) }
        let tag = tag(purpose, numbers)
        return Self.base32(tag + zip(numbers, pad(purpose, tag)).map { $0 ^ $1 })
    }

    private func numbers(of token: String, _ purpose: String) -> (shop: Int64, number: Int64)? {
        guard token.utf8.count == ReturnPath.tokenLength, let bytes = Self.bytes(ofBase32: token) else { return nil }
        let tag = Array(bytes.prefix(8))
        let numbers = zip(bytes.dropFirst(8), pad(purpose, tag)).map { $0 ^ $1 }
        // What is compared is a guess at a keyed hash, and each guess costs a mail.
        guard self.tag(purpose, numbers) == tag else { return nil }
        let value = { (part: ArraySlice<UInt8>) in Int64(bitPattern: part.reduce(0) { $0 << 8 | UInt64($1) }) }
        return (value(numbers[..<4]), value(numbers[4...]))
    }

    private func tag(_ purpose: String, _ numbers: [UInt8]) -> [UInt8] {
        Array(keyed("\(purpose) tag", Data(numbers)).prefix(8))
    }

    private func pad(_ purpose: String, _ tag: [UInt8]) -> [UInt8] {
        Array(keyed("\(purpose) pad", Data(tag)).prefix(12))
    }

    private static let digits = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

    private static func base32(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        var (held, bits) = (UInt32(0), 0)
        for byte in bytes {
            held = (held << 8 | UInt32(byte)) & 0xFFF
            bits += 8
            while bits >= 5 {
                bits -= 5
                text.append(digits[Int(held >> UInt32(bits) & 31)])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func bytes(ofBase32 text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var (held, bits) = (UInt32(0), 0)
        for letter in text.utf8 {
            guard let digit = digits.firstIndex(of: letter) else { return nil }
            held = (held << 5 | UInt32(digit)) & 0xFFF
            bits += 5
            guard bits >= 8 else { continue }
            bits -= 8
            bytes.append(UInt8(truncatingIfNeeded: held >> UInt32(bits)))
        }
        return bytes
    }

    private func hash(_ kind: String, _ text: String) -> Data { keyed(kind, Data(text.utf8)).prefix(16) }

    private func keyed(_ kind: String, _ bytes: Data) -> Data {
        var code = HMAC<SHA256>(key: secret)
        code.update(data: Data(kind.utf8))
        code.update(data: Data([0]))
        code.update(data: bytes)
        return Data(code.finalize())
    }
}
