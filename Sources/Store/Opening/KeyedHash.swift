internal import Crypto
internal import FoundationEssentials
internal import Outreach

/// Turns an address, a customer or an order into 16 bytes that stand for it in keys: HMAC-SHA256 under the store's own
/// secret, cut to 128 bits.
///
/// So rows can be found by an address, and a silence can outlive an erasure, while nobody who has only the rows can try
/// addresses against them from a list of digests.
struct KeyedHash: Sendable {
    private let secret: SymmetricKey

    init(secret: Data) { self.secret = SymmetricKey(data: secret) }

    /// Of an e-mail address. Case and surrounding spaces do not matter: no mailbox of a shopper's tells them apart.
    func address(_ text: String) -> Data {
        hash("address", text.lowercased().filter { !$0.isWhitespace })
    }

    /// Of a customer's id in a shop.
    func customer(_ id: String) -> Data { hash("customer", id) }

    /// Of an order's id in a shop.
    func order(_ id: String) -> Data { hash("order", id) }

    private func hash(_ kind: String, _ text: String) -> Data {
        var code = HMAC<SHA256>(key: secret)
        code.update(data: Data(kind.utf8))
        code.update(data: Data([0]))
        code.update(data: Data(text.utf8))
        return Data(code.finalize().prefix(16))
    }
}
