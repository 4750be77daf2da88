/// What can happen. The raw values are what merchants write in `on:`; a name, once shipped, stays.
public enum EventKind: String, Codable, Sendable, CaseIterable {
    case orderPlaced = "order.placed"
    case orderPaid = "order.paid"
    case orderEdited = "order.edited"
    case orderCancelled = "order.cancelled"
    case orderOnHold = "order.on_hold"
    case orderFulfilled = "order.fulfilled"
    /// The last parcel of the order arrived.
    case orderDelivered = "order.delivered"
    case shipmentCreated = "shipment.created"
    case shipmentAccepted = "shipment.accepted"
    case shipmentInTransit = "shipment.in_transit"
    case shipmentOutForDelivery = "shipment.out_for_delivery"
    case shipmentReadyForPickup = "shipment.ready_for_pickup"
    case shipmentAttempted = "shipment.attempted"
    case shipmentDelayed = "shipment.delayed"
    case shipmentException = "shipment.exception"
    case shipmentReturning = "shipment.returning"
    case shipmentReturned = "shipment.returned"
    case shipmentLost = "shipment.lost"
    case shipmentDelivered = "shipment.delivered"
    case shipmentCancelled = "shipment.cancelled"
    /// Nobody has said anything for so long that we stopped asking.
    case shipmentUntracked = "shipment.untracked"
    case shipmentETAChanged = "shipment.eta_changed"
    case returnRequested = "return.requested"
    case returnApproved = "return.approved"
    case returnDeclined = "return.declined"
    case returnCancelled = "return.cancelled"
    case returnLabelReady = "return.label_ready"
    case returnInTransit = "return.in_transit"
    case returnReceived = "return.received"
    case returnClosed = "return.closed"
    case refundIssued = "refund.issued"
}

/// What an event is about, within its order.
public enum Subject: Hashable, Sendable {
    case order
    /// A shipment, by our own id.
    case shipment(String)
    /// A return, by Shopify's id.
    case `return`(String)
    /// A refund, by Shopify's id.
    case refund(String)

    /// The text that stands for it in rows and keys: `order`, `shipment:ID`, …
    public var key: String {
        switch self {
        case .order: "order"
        case .shipment(let id): "shipment:\(id)"
        case .return(let id): "return:\(id)"
        case .refund(let id): "refund:\(id)"
        }
    }

    /// Reads what `key` wrote.
    public init?(key: String) {
        if key == "order" {
            self = .order
            return
        }
        guard let colon = key.firstIndex(of: ":") else { return nil }
        let id = String(key[key.index(after: colon)...])
        switch key[..<colon] {
        case "shipment": self = .shipment(id)
        case "return": self = .return(id)
        case "refund": self = .refund(id)
        default: return nil
        }
    }
}

/// Why an event was recorded without ever being told to anybody.
public enum Silence: String, Codable, Sendable {
    /// It happened before the shop, or the source that told it, was watched.
    case beforeLive = "before_live"
    /// The order is a test.
    case testOrder = "test_order"
}

/// One thing that happened, newly implied by all that is known of an order.
///
/// Its identity is (subject, kind, n-th time) for each of its subjects, and never a time or a source: a webhook, a poll, a poll again and the
/// carrier telling the same thing are one event. It has several subjects where one fact speaks of several packages.
public struct Event: Hashable, Sendable, Codable {
    /// One of the things that the event is about.
    public struct Occurrence: Hashable, Sendable, Codable {
        /// `Subject.key`.
        public var subject: String
        /// It is the n-th event of this kind about this subject, from 1.
        public var n: Int
        /// What it is recognised by when it is implied again: a scan's id, a label's version, a refund's id.
        public var mark: String

        /// The n-th time of that.
        public init(subject: String, n: Int, mark: String) {
            self.subject = subject
            self.n = n
            self.mark = mark
        }
    }

    /// The store's number; 0 until it is stored.
    public var id: Int64
    public var shop: String
    public var orderID: String
    /// What people call the order: `#1001`.
    public var orderName: String
    public var kind: EventKind
    /// At least one; the first stands for all in messages.
    public var occurrences: [Occurrence]
    public var happenedAt: Moment
    public var recordedAt: Moment
    public var silence: Silence?
    /// Which source told it: `shopify`, `ups`, `time`.
    public var source: String
    /// How late, in whole days, a delay was when it became an event; 0 where the source just said so. Nil for other kinds.
    public var daysLate: Int?
    /// Why late: `carrier_says`, `estimate_moved`, `promise_passed`, `no_scan`, `not_handed_over`. Nil for other kinds.
    public var delayReason: String?

    /// A new event, not yet stored.
    public init(
        id: Int64 = 0, shop: String, orderID: String, kind: EventKind, occurrences: [Occurrence], happenedAt: Moment,
        recordedAt: Moment, silence: Silence? = nil, source: String, daysLate: Int? = nil, delayReason: String? = nil,
        orderName: String? = nil
    ) {
        self.id = id
        self.shop = shop
        self.orderID = orderID
        self.orderName = orderName ?? orderID
        self.kind = kind
        self.occurrences = occurrences
        self.happenedAt = happenedAt
        self.recordedAt = recordedAt
        self.silence = silence
        self.source = source
        self.daysLate = daysLate
        self.delayReason = delayReason
    }

    /// The subjects, in order.
    public var subjects: [Subject] { occurrences.compactMap { Subject(key: $0.subject) } }
}
