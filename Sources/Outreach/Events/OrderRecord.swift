/// A package on its way: an id of our own within its fulfillment, of which the tracking number is an attribute. A
/// corrected number keeps what was told.
public struct Shipment: Hashable, Codable, Sendable {
    /// `FULFILLMENT/1`: the fulfillment's number in the shop, and which of its packages.
    public var id: String
    /// The fulfillment it belongs to.
    public var fulfillmentID: String
    public var tracking: TrackingFacts
    /// Numbers that it had before they were corrected, newest last.
    public var formerNumbers: [String]
    /// When the present number took the place of another; nil where it did not.
    public var numberSince: Moment?
    /// The scans that name this package alone: a carrier's. Those of the shop stand with the fulfillment.
    public var scans: [Scan]
    /// False once the shop shows the package no more.
    public var present: Bool
    /// The day that the shop's own rule promised when the package was made; it stays when the rule changes. Nil where
    /// no rule fitted.
    public var promise: CalendarDay?

    /// A package that was just seen for the first time.
    public init(id: String, fulfillmentID: String, tracking: TrackingFacts) {
        self.id = id
        self.fulfillmentID = fulfillmentID
        self.tracking = tracking
        formerNumbers = []
        scans = []
        present = true
    }
}

/// All that is known of an order: what the shop shows, the scans of every source, and the events that were made of
/// them. The unit that is read, thought about and written as one.
public struct OrderRecord: Sendable, Codable, Hashable {
    public var shop: String
    /// The facts as last seen. The scans of its fulfillments are all that were ever seen, those taken back included.
    public var facts: OrderFacts {
        _read { yield sharedFacts.value }
        _modify { yield &sharedFacts.value }
    }
    private var sharedFacts: Shared<OrderFacts>
    public var shipments: [Shipment]
    /// Every event ever recorded about the order, oldest first.
    public var events: [Event]
    /// Goes up by one with every commit; a commit against an older one is done again.
    public var version: Int64
    /// When the order was first seen.
    public var firstSeenAt: Moment
    /// When a source last changed anything, for "nothing newer was heard for so long".
    public var lastChangeAt: Moment
    /// A digest of the lines, to notice an edit.
    public var linesDigest: String

    private enum CodingKeys: String, CodingKey {
        case shop
        case sharedFacts = "facts"
        case shipments, events, version, firstSeenAt, lastChangeAt, linesDigest
    }

    /// What stands in for the order where something happened that is about none: no name, nobody to write to.
    public static func none(shop: String, at moment: Moment) -> OrderRecord {
        OrderRecord(
            shop: shop, facts: OrderFacts(id: "", name: "", createdAt: moment, updatedAt: moment), seenAt: moment)
    }

    /// False where it stands in for an order that there is not.
    public var isOrder: Bool { !facts.id.isEmpty }

    /// A record of an order that was never seen before.
    public init(shop: String, facts: OrderFacts, seenAt: Moment) {
        self.shop = shop
        sharedFacts = Shared(facts)
        shipments = []
        events = []
        version = 0
        firstSeenAt = seenAt
        lastChangeAt = seenAt
        linesDigest = ""
    }
}

extension AddressFacts {
    /// The zone there: the one that the shop names, else that of the country and its province; of a country of several
    /// times the one in which most of its people live. Nil where no country is known.
    public var zone: Zone? {
        if let named = timeZone.flatMap(Zone.init(named:)) { return named }
        guard let country = countryCode ?? country else { return nil }
        if let provinceCode, let zone = PlaceZones.zone(country: country, state: provinceCode, town: city) {
            return zone
        }
        return PlaceZones.zone(country: country, state: province, town: city) ?? PlaceZones.likely(country: country)
    }
}

extension OrderRecord {
    /// The fulfillment of that id.
    public func fulfillment(_ id: String) -> FulfillmentFacts? { facts.fulfillments.first { $0.id == id } }

    /// The shipment of that id.
    public func shipment(_ id: String) -> Shipment? { shipments.first { $0.id == id } }

    /// The return of that id.
    public func `return`(_ id: String) -> ReturnFacts? { facts.returns.first { $0.id == id } }

    /// The refund of that id.
    public func refund(_ id: String) -> RefundFacts? { facts.refunds.first { $0.id == id } }

    /// The zone that estimates, waits and quiet hours go by: where the parcel goes, else the shop's.
    public func zone(shopZone: Zone) -> Zone {
        guard let address = facts.shippingAddress else { return shopZone }
        return address.zone ?? shopZone
    }
}
