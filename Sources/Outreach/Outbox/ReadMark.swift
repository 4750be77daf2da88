/// What an order looked like when it was last read, by which a scan of changed orders decides whether to read it again.
public struct ReadMark: Hashable, Sendable {
    public var orderID: String
    /// The order's `updatedAt` when it was read.
    public var updatedAt: Moment
    /// When it was read, by the shop's clock.
    public var readAt: Moment
    /// The newest returns and their states, `123:OPEN,122:CLOSED`; nil if returns were not read.
    public var returns: String?

    public init(orderID: String, updatedAt: Moment, readAt: Moment, returns: String?) {
        self.orderID = orderID
        self.updatedAt = updatedAt
        self.readAt = readAt
        self.returns = returns
    }
}

/// An order that a scan of changed orders showed, and that must be read.
public struct SeenOrder: Hashable, Sendable {
    /// Its id in the shop.
    public var id: String
    /// When it last changed, by the shop's clock.
    public var updatedAt: Moment
    /// True where it is known to have changed since it was last queued, whatever `updatedAt` says.
    public var hasChanged: Bool

    public init(id: String, updatedAt: Moment, hasChanged: Bool = false) {
        self.id = id
        self.updatedAt = updatedAt
        self.hasChanged = hasChanged
    }
}
