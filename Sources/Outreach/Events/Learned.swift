/// What an observation, or time alone, added to what is known of one order. The store commits it as one step.
public struct Learned: Sendable {
    /// The record as it is now, its new events included; `version` is still the one it was read at (0: it was not
    /// there).
    public var record: OrderRecord
    /// The new events, in the order in which they happened. They are the last of `record.events`.
    public var events: [Event]
    /// The next moment at which time alone may change something: a promise passes, a silence is long enough. Nil if
    /// never.
    public var nextMoment: Moment?
    /// What is to be read again by its id, and when.
    public var rereads: [Reread]
    /// What is to be asked about its parcels, one for each number; none where no carrier is configured.
    public var asks: [Ask]
    /// How its parcels get to the shopper; nil where that was not looked at, because nothing of it changed.
    public var journeys: [Journey]?
    /// False when nothing differs but the looks and asks, so that the record need not be written.
    public var changed: Bool

    /// So much was learned.
    public init(
        record: OrderRecord, events: [Event], nextMoment: Moment?, rereads: [Reread], asks: [Ask] = [], changed: Bool
    ) {
        self.record = record
        self.events = events
        self.nextMoment = nextMoment
        self.rereads = rereads
        self.asks = asks
        self.changed = changed
    }
}

/// A fulfillment or return that is to be read again by its id, for the order's own `updatedAt` does not move for all
/// that happens to it.
public struct Reread: Hashable, Sendable {
    /// What it is.
    public enum Kind: String, Codable, Sendable {
        case fulfillment, `return`
    }

    public var kind: Kind
    /// Shopify's id of it.
    public var id: String
    /// When to look next; nil when there is nothing more to see.
    public var at: Moment?

    /// Look at that then.
    public init(kind: Kind, id: String, at: Moment?) {
        self.kind = kind
        self.id = id
        self.at = at
    }
}
