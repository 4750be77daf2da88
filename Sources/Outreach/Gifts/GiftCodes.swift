internal import Crypto
internal import Foundation

/// Makes the codes of gifts. A code follows from the effect's key, so that a second try asks for the same code and finds
/// it taken; and nobody without the store's secret can guess one.
public struct GiftCodes: Sendable {
    private let key: [UInt8]

    /// - Parameter key: a secret of the store's.
    public init(key: [UInt8]) { self.key = key }

    /// Digits and letters that nobody takes for one another.
    private static let letters = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

    /// The code of a gift: its name in short, and ten letters (50 bits).
    public func code(of gift: String, for effect: Effect) -> String {
        let subject = [effect.shop, effect.trigger, effect.line, effect.keys[0]].joined(separator: "\u{0}")
        let hash = HMAC<SHA256>.authenticationCode(for: Data(subject.utf8), using: SymmetricKey(data: key))
        let end = String(hash.prefix(10).map { Self.letters[Int($0) & 31] })
        let start = gift.uppercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber) }.prefix(8)
        return start.isEmpty ? end : "\(start)-\(end)"
    }

    /// By what an action is recognised in the shop: twenty letters (100 bits) that nobody else writes.
    public func mark(of effect: Effect) -> String {
        let subject = ["action", effect.shop, effect.origin.rawValue, effect.trigger, effect.line, effect.keys[0]]
            .joined(separator: "\u{0}")
        let hash = HMAC<SHA256>.authenticationCode(for: Data(subject.utf8), using: SymmetricKey(data: key))
        return Self.markStart + String(hash.prefix(20).map { Self.letters[Int($0) & 31] }).lowercased()
    }

    /// How every mark begins.
    public static let markStart = "bookbag-"
}
