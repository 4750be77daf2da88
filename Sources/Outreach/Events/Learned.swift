/// What an observation, or the passing of time, added to what is known about one order. The store commits it as one
/// step.
public struct Learned: Sendable {
    /// The record as it is now, including its new events; `version` is still the one that was read (0 if there was
    /// none).
    public var record: OrderRecord
    /// The new events, in the order in which they happened. They are the last of `record.events`.
    public var events: [Event]
    /// The next moment at which time alone may change something: a promise is missed, a silence has lasted long enough.
    /// Nil for never.
    public var nextMoment: Moment?
    /// What to read again by its id, and when.
    public var rereads: [Reread]
    /// What to ask about its parcels, one entry per number; empty if no carrier is configured.
    public var asks: [Ask]
    /// How its parcels reach the shopper; nil if that was not looked at, because nothing about it changed.
    public var journeys: [Journey]?
    /// False if only the rereads and asks differ, so that the record need not be written.
    public var changed: Bool

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

/// A fulfillment or return to be read again by its id, since the order's own `updatedAt` does not change with
/// everything that happens to it.
public struct Reread: Hashable, Sendable {
    /// What kind of thing it is.
    public enum Kind: String, Codable, Sendable {
        case fulfillment, `return`
    }

    public var kind: Kind
    /// Its Shopify id.
    public var id: String
    /// When to read it next; nil if there is nothing more to see.
    public var at: Moment?
    /// False if it was not read itself: then its read may come sooner by this, and never later. Otherwise whatever of an
    /// order is read more often would put off the rest of it for ever.
    public var isRead: Bool

    public init(kind: Kind, id: String, at: Moment?, isRead: Bool = true) {
        self.kind = kind
        self.id = id
        self.at = at
        self.isRead = isRead
    }
}
