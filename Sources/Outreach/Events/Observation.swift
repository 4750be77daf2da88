/// What a source showed at a moment. Intake creates observations; `learn(_:into:)` turns them into events.
public struct Observation: Sendable {
    /// What was seen.
    public enum Content: Sendable {
        /// A whole order with everything under it.
        case order(OrderFacts)
        /// One fulfillment, read again by its id.
        case fulfillment(FulfillmentFacts, order: String)
        /// One return, read again by its id.
        case `return`(ReturnFacts, order: String)
        /// A carrier's scans of one number, in answer to a request; `complete` if the answer holds everything the
        /// carrier has.
        case parcel(number: String, source: String, scans: [Scan], complete: Bool, order: String)
    }

    /// Which shop it belongs to: its permanent domain.
    public var shop: String
    /// When it was seen, by our clock.
    public var seenAt: Moment
    public var content: Content

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

/// When each source's reports start to count as news. Set once, before the first read of that source.
public struct LiveSince: Sendable, Hashable {
    /// For the shop itself.
    public var shop: Moment
    /// For each carrier, by its source name; for a carrier that is not listed, the shop's moment counts.
    public var sources: [String: Moment]

    public init(shop: Moment, sources: [String: Moment] = [:]) {
        self.shop = shop
        self.sources = sources
    }

    /// When that source's scans start to count as news.
    public func of(_ source: String) -> Moment { max(shop, sources[source] ?? shop) }
}
