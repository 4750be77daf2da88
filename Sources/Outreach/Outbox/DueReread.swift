/// A reread that is due.
public struct DueReread: Hashable, Sendable {
    public var reread: Reread
    /// The order that it belongs to.
    public var orderID: String

    public init(reread: Reread, orderID: String) {
        self.reread = reread
        self.orderID = orderID
    }
}
