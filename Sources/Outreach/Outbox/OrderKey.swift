/// An order of a shop.
public struct OrderKey: Hashable, Sendable {
    /// The shop's permanent domain.
    public var shop: String
    /// The shop's id of the order.
    public var orderID: String

    public init(shop: String, orderID: String) {
        self.shop = shop
        self.orderID = orderID
    }
}
