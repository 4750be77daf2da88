/// A package on its way: an id of our own within its fulfillment, with the tracking number as an attribute. When its
/// number is corrected, what was reported still counts.
public struct Shipment: Hashable, Codable, Sendable {
    /// `FULFILLMENT/1`: the fulfillment's number in the shop, and which of its packages it is.
    public var id: String
    /// The fulfillment it belongs to.
    public var fulfillmentID: String
    public var tracking: TrackingFacts
    /// Numbers that it had before a correction, newest last.
    public var formerNumbers: [String]
    /// When the present number replaced another; nil if it did not.
    public var numberSince: Moment?
    /// The scans that name this package alone, which are carriers'. Those from the shop are kept with the fulfillment.
    public var scans: [Scan]
    /// False once the shop no longer shows the package.
    public var present: Bool
    /// The day that the shop's own rule promised when the package was created; it stays when the rule changes. Nil if
    /// no rule applied.
    public var promise: CalendarDay?

    /// A package seen for the first time.
    public init(id: String, fulfillmentID: String, tracking: TrackingFacts) {
        self.id = id
        self.fulfillmentID = fulfillmentID
        self.tracking = tracking
        formerNumbers = []
        scans = []
        present = true
    }
}

/// Everything known about an order: what the shop shows, the scans of every source, and the events derived from them.
/// It is read, processed and written as one unit.
public struct OrderRecord: Sendable, Codable, Hashable {
    public var shop: String
    /// The facts as last seen. The scans of its fulfillments are all that were ever seen, including retracted ones.
    public var facts: OrderFacts {
        _read { yield sharedFacts.value }
        _modify { yield &sharedFacts.value }
    }
    private var sharedFacts: Shared<OrderFacts>
    public var shipments: [Shipment]
    /// Every event ever recorded about the order, oldest first.
    public var events: [Event]
    /// Goes up by one with every commit; a commit against an older version is redone.
    public var version: Int64
    /// When the order was first seen.
    public var firstSeenAt: Moment
    /// When a source last changed anything, for triggers that wait for silence.
    public var lastChangeAt: Moment
    /// A digest of the lines, for noticing an edit.
    public var linesDigest: String
    /// What happened before is learned in silence: the order was known then, and was removed for its age. Nil for others.
    public var knownUntil: Moment?
    /// The conversation that a decision is about, beside the order that it is about. It is looked at with the order, and
    /// never stored with it.
    public var conversation: ConversationRecord? {
        get { sharedConversation?.value }
        set { sharedConversation = newValue.map { Shared($0) } }
    }
    private var sharedConversation: Shared<ConversationRecord>?

    private enum CodingKeys: String, CodingKey {
        case shop
        case sharedFacts = "facts"
        case shipments, events, version, firstSeenAt, lastChangeAt, linesDigest, knownUntil
    }

    /// A stand-in when something happened that is not about any order: no name, nobody to write to.
    public static func none(shop: String, at moment: Moment) -> OrderRecord {
        OrderRecord(
            shop: shop, facts: OrderFacts(id: "", name: "", createdAt: moment, updatedAt: moment), seenAt: moment)
    }

    /// False if it stands in for an order that does not exist.
    public var isOrder: Bool { !facts.id.isEmpty }

    /// The versions of all that a decision about it reads.
    public var reads: ReadVersions {
        var reads: ReadVersions = isOrder ? [.order(facts.id): version] : [:]
        if let conversation { reads[conversation.aggregate] = conversation.version }
        return reads
    }

    /// The record of an order seen for the first time.
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
    /// The time zone there: the one that the shop names, otherwise that of the country and its province; for a country
    /// with several time zones, the one in which most of its people live. Nil if no country is known.
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

    /// The time zone for estimates, waits and quiet hours: where the parcel goes, otherwise the shop's.
    public func zone(shopZone: Zone) -> Zone {
        guard let address = facts.shippingAddress else { return shopZone }
        return address.zone ?? shopZone
    }
}
