/// What a source showed at a moment. Intake makes observations; `learn(_:into:)` makes events of them.
public struct Observation: Sendable {
    /// What was seen.
    public enum Content: Sendable {
        /// A whole order with everything under it.
        case order(OrderFacts)
        /// One fulfillment, read again by its id.
        case fulfillment(FulfillmentFacts, order: String)
        /// One return, read again by its id.
        case `return`(ReturnFacts, order: String)
        /// A carrier's scans of one number, asked by it; `complete` when the answer holds all that the carrier has.
        case parcel(number: String, source: String, scans: [Scan], complete: Bool, order: String)
    }

    /// Which shop it belongs to: its permanent domain.
    public var shop: String
    /// The moment at which it was seen, by our clock.
    public var seenAt: Moment
    public var content: Content

    /// That was seen then.
    public init(shop: String, seenAt: Moment, content: Content) {
        self.shop = shop
        self.seenAt = seenAt
        self.content = content
    }

    /// The order that it is about.
    public var orderID: String {
        switch content {
        case .order(let facts): facts.id
        case .fulfillment(_, let order), .return(_, let order), .parcel(_, _, _, _, let order): order
        }
    }
}

/// From when on what a source tells is news. Set once, before the first read of that source.
public struct LiveSince: Sendable, Hashable {
    /// Of the shop itself.
    public var shop: Moment
    /// Of each carrier, by its source name; a carrier that is not there is as old as the shop.
    public var sources: [String: Moment]

    /// Live from that moment on.
    public init(shop: Moment, sources: [String: Moment] = [:]) {
        self.shop = shop
        self.sources = sources
    }

    /// From when on that source's scans are news.
    public func of(_ source: String) -> Moment { max(shop, sources[source] ?? shop) }
}
