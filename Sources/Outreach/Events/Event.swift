/// What an event is about, within its aggregate.
public enum Subject: Hashable, Sendable {
    case order
    /// A shipment, by our own id.
    case shipment(String)
    /// A return, by Shopify's id.
    case `return`(String)
    /// A refund, by Shopify's id.
    case refund(String)
    /// A part of another aggregate, by its kind and id: `message`.
    case other(String, id: String)

    /// The text that represents it in rows and keys: `order`, `shipment:ID`, …
    public var key: String {
        switch self {
        case .order: "order"
        case .shipment(let id): "shipment:\(id)"
        case .return(let id): "return:\(id)"
        case .refund(let id): "refund:\(id)"
        case .other(let kind, let id): "\(kind):\(id)"
        }
    }

    /// Reads what `key` wrote.
    public init?(key: String) {
        if key == "order" {
            self = .order
            return
        }
        // By bytes: this is asked for each occurrence of each event that is judged.
        guard let colon = key.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let id = String(key[key.utf8.index(after: colon)...])
        if key.utf8.starts(with: "shipment:".utf8) {
            self = .shipment(id)
        } else if key.utf8.starts(with: "return:".utf8) {
            self = .return(id)
        } else if key.utf8.starts(with: "refund:".utf8) {
            self = .refund(id)
        } else {
            self = .other(String(key[..<colon]), id: id)
        }
    }
}

/// Why an event was recorded without ever being reported to anybody.
public enum Silence: String, Codable, Sendable {
    /// It happened before the shop, or the source that reported it, was watched.
    case beforeLive = "before_live"
    /// The order is a test.
    case testOrder = "test_order"
    /// The order was imported, and this was already true of it.
    case imported
    /// Bookbag did it itself: only triggers that ask for it hear it (`caused_by`).
    case ownAction = "own_action"
}

/// One thing that happened, newly implied by everything known about an order.
///
/// Its identity is (subject, kind, n-th time) for each of its subjects, and never a time or a source: a webhook, a
/// poll, another poll and the carrier all reporting the same thing are one event. It has several subjects if one fact
/// is about several packages.
public struct Event: Hashable, Sendable, Codable {
    /// One of the things that the event is about.
    public struct Occurrence: Hashable, Sendable, Codable {
        /// `Subject.key`.
        public var subject: String
        /// This is the n-th event of this kind about this subject, from 1.
        public var n: Int
        /// The mark by which it is recognised when it is implied again: a scan's id, a label's version, a refund's id.
        public var mark: String

        public init(subject: String, n: Int, mark: String) {
            self.subject = subject
            self.n = n
            self.mark = mark
        }

        /// Which parcel it was about, if a package's number was corrected: see `OrderRecord.turn(of:)`.
        var turn: String {
            guard subject.utf8.starts(with: "shipment:".utf8), let space = mark.utf8.lastIndex(of: 0x20),
                mark[space...].hasPrefix(" #")
            else { return "" }
            return String(mark[space...])
        }
    }

    /// Events are passed on far more often than they change, so a copy only increments one reference count.
    private var box: Box

    private final class Box: Sendable {
        let fields: Fields
        init(_ fields: Fields) { self.fields = fields }
    }

    private struct Fields: Hashable, Sendable, Codable {
        var id: Int64
        var shop: String
        var aggregate: AggregateID
        var orderName: String
        var kind: EventKind
        var occurrences: [Occurrence]
        var happenedAt: Moment
        var recordedAt: Moment
        var silence: Silence?
        var source: String
        var daysLate: Int?
        var delayReason: String?
    }

    /// The number that the store gave it; 0 until it is stored.
    public var id: Int64 {
        get { box.fields.id }
        set { change { $0.id = newValue } }
    }
    public var shop: String {
        get { box.fields.shop }
        set { change { $0.shop = newValue } }
    }
    /// The aggregate that it belongs to.
    public var aggregate: AggregateID {
        get { box.fields.aggregate }
        set { change { $0.aggregate = newValue } }
    }
    /// The order's id, if it belongs to an order.
    public var orderID: String? { aggregate.orderID }
    /// What people call the order, or whatever else it belongs to: `#1001`.
    public var orderName: String {
        get { box.fields.orderName }
        set { change { $0.orderName = newValue } }
    }
    public var kind: EventKind {
        get { box.fields.kind }
        set { change { $0.kind = newValue } }
    }
    /// At least one; the first represents all of them in messages.
    public var occurrences: [Occurrence] {
        get { box.fields.occurrences }
        set { change { $0.occurrences = newValue } }
    }
    public var happenedAt: Moment {
        get { box.fields.happenedAt }
        set { change { $0.happenedAt = newValue } }
    }
    public var recordedAt: Moment {
        get { box.fields.recordedAt }
        set { change { $0.recordedAt = newValue } }
    }
    public var silence: Silence? {
        get { box.fields.silence }
        set { change { $0.silence = newValue } }
    }
    /// The source that reported it: `shopify`, `ups`, `time`.
    public var source: String {
        get { box.fields.source }
        set { change { $0.source = newValue } }
    }
    /// How late, in whole days, a delay was when it became an event; 0 if the source gave no days. Nil for other kinds.
    public var daysLate: Int? {
        get { box.fields.daysLate }
        set { change { $0.daysLate = newValue } }
    }
    /// The reason for a delay: `carrier_says`, `estimate_moved`, `promise_passed`, `no_scan`, `not_handed_over`. Nil
    /// for other kinds.
    public var delayReason: String? {
        get { box.fields.delayReason }
        set { change { $0.delayReason = newValue } }
    }

    /// A new event of an order, not yet stored.
    public init(
        id: Int64 = 0, shop: String, orderID: String, kind: EventKind, occurrences: [Occurrence], happenedAt: Moment,
        recordedAt: Moment, silence: Silence? = nil, source: String, daysLate: Int? = nil, delayReason: String? = nil,
        orderName: String? = nil
    ) {
        self.init(
            id: id, shop: shop, aggregate: .order(orderID), kind: kind, occurrences: occurrences,
            happenedAt: happenedAt, recordedAt: recordedAt, silence: silence, source: source, daysLate: daysLate,
            delayReason: delayReason, orderName: orderName)
    }

    /// A new event of any kind of aggregate, not yet stored.
    public init(
        id: Int64 = 0, shop: String, aggregate: AggregateID, kind: EventKind, occurrences: [Occurrence],
        happenedAt: Moment, recordedAt: Moment, silence: Silence? = nil, source: String, daysLate: Int? = nil,
        delayReason: String? = nil, orderName: String? = nil
    ) {
        box = Box(
            Fields(
                id: id, shop: shop, aggregate: aggregate, orderName: orderName ?? aggregate.id, kind: kind,
                occurrences: occurrences, happenedAt: happenedAt, recordedAt: recordedAt, silence: silence,
                source: source, daysLate: daysLate,
                delayReason: delayReason))
    }

    private mutating func change(_ body: (inout Fields) -> Void) {
        var fields = box.fields
        body(&fields)
        box = Box(fields)
    }

    public static func == (a: Event, b: Event) -> Bool { a.box === b.box || a.box.fields == b.box.fields }

    public func hash(into hasher: inout Hasher) { box.fields.hash(into: &hasher) }

    /// Decodes the fields that `encode` wrote, by name.
    public init(from decoder: any Decoder) throws { box = Box(try Fields(from: decoder)) }

    /// Encodes the fields by name.
    public func encode(to encoder: any Encoder) throws { try box.fields.encode(to: encoder) }

    /// The subjects, in order.
    public var subjects: [Subject] { occurrences.compactMap { Subject(key: $0.subject) } }
}
