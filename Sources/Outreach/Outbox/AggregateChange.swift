/// What was learned about an aggregate other than an order: its new events, recorded against the version that was read.
public struct AggregateChange: Hashable, Sendable {
    public var shop: String
    public var aggregate: AggregateID
    /// What people call it.
    public var name: String
    /// The version that was read; 0 for a new one.
    public var version: Int64
    /// In the order in which they happened; each belongs to the aggregate.
    public var events: [Event]

    public init(shop: String, aggregate: AggregateID, name: String, version: Int64, events: [Event]) {
        self.shop = shop
        self.aggregate = aggregate
        self.name = name
        self.version = version
        self.events = events
    }
}
