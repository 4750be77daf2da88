/// The id of an object in the shop, written `gid://shopify/Order/5812345678901`.
public struct ShopID: Hashable, Sendable, CustomStringConvertible {
    /// The kinds of object, in the Admin API's words.
    public enum Kind: String, Sendable {
        case order = "Order"
        case lineItem = "LineItem"
        case fulfillment = "Fulfillment"
        case fulfillmentEvent = "FulfillmentEvent"
        case fulfillmentOrder = "FulfillmentOrder"
        case `return` = "Return"
        case reverseFulfillmentOrder = "ReverseFulfillmentOrder"
        case reverseDelivery = "ReverseDelivery"
        case refund = "Refund"
        case customer = "Customer"
    }

    /// The kind of object.
    public let kind: Kind
    /// Unique within the shop.
    public let number: Int64

    init(_ kind: Kind, _ number: Int64) {
        self.kind = kind
        self.number = number
    }

    /// Parses a gid; nil if it is not one, or of a kind that the sandbox does not have.
    public init?(gid: String) {
        guard let (name, number) = Self.split(gid), let kind = Kind(rawValue: name) else { return nil }
        self.init(kind, number)
    }

    /// The kind and number of any gid.
    static func split(_ gid: String) -> (kind: String, number: Int64)? {
        guard gid.hasPrefix("gid://shopify/") else { return nil }
        let parts = gid.dropFirst("gid://shopify/".count).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let number = Int64(parts[1].prefix { $0 != "?" }), number >= 0 else { return nil }
        return (String(parts[0]), number)
    }

    /// The gid.
    public var description: String { "gid://shopify/\(kind.rawValue)/\(number)" }
}
