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

    /// A secret of its own for another purpose, from which this one cannot be told.
    func secret(for purpose: String) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Data("secret for \(purpose)".utf8), using: secret))
    }

    private func hash(_ kind: String, _ text: String) -> Data {
        var code = HMAC<SHA256>(key: secret)
        code.update(data: Data(kind.utf8))
        code.update(data: Data([0]))
        code.update(data: Data(text.utf8))
        return Data(code.finalize().prefix(16))
    }
}
