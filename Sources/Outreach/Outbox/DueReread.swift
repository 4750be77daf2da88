/// A look whose time has come.
public struct DueReread: Hashable, Sendable {
    public var reread: Reread
    /// The order that it belongs to.
    public var orderID: String

    /// A reread of that order.
    public init(reread: Reread, orderID: String) {
        self.reread = reread
        self.orderID = orderID
    }
}
