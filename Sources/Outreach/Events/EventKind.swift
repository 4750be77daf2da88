/// What can happen: the word that merchants write in `on:`, with everything known about it. A name, once shipped, never
/// changes.
///
/// A kind is data. `EventTable` has an entry for each; code that reads, explains, judges or shows events asks the kind,
/// and never lists the kinds itself. In rows and JSON a kind is just its name.
public struct EventKind: RawRepresentable, Hashable, Codable, Sendable, CaseIterable, CustomStringConvertible {
    /// What is known of it. Not counted, because kinds are copied and compared with every event: entries are kept for
    /// as long as the process runs.
    unowned(unsafe) let entry: EventEntry

    init(_ entry: EventEntry) { self.entry = entry }

    /// The kind of that name; nil if `EventTable` has none.
    public init?(rawValue: String) {
        guard let kind = EventVocabulary.standard[rawValue] else { return nil }
        self = kind
    }

    /// The name as merchants write it and rows contain it: `shipment.delayed`.
    public var rawValue: String { entry.name }

    public var description: String { rawValue }

    /// All kinds in the table, in its order.
    public static let allCases = EventTable.entries.map { EventKind($0) }

    public static func == (a: EventKind, b: EventKind) -> Bool { a.entry === b.entry }

    public func hash(into hasher: inout Hasher) { hasher.combine(entry.ordinal) }
}

/// A value for each kind of event, found without hashing.
struct ByKind<Value: Sendable>: Sendable {
    private var values: [Value] = []
    private let other: Value

    /// The values of these kinds; every other kind has `other`.
    init(_ pairs: [(EventKind, Value)], else other: Value) {
        self.other = other
        for (kind, value) in pairs {
            while values.count <= kind.ordinal { values.append(other) }
            values[kind.ordinal] = value
        }
    }

    subscript(kind: EventKind) -> Value { values.indices.contains(kind.ordinal) ? values[kind.ordinal] : other }
}

/// The kinds of events that trigger files can use.
public struct EventVocabulary: Sendable {
    /// Those of `EventTable`.
    public static let standard = EventVocabulary(EventKind.allCases)

    /// In the order of the reference, which is also the order in which simultaneous events are reported.
    let kinds: [EventKind]
    private let byName: [String: EventKind]
    /// The names that Shopify and other tools use.
    private let byOtherName: [String: EventKind]

    init(_ kinds: [EventKind]) {
        self.kinds = kinds
        byName = Dictionary(kinds.map { ($0.rawValue, $0) }) { first, _ in first }
        byOtherName = Dictionary(kinds.flatMap { kind in kind.entry.alsoCalled.map { ($0, kind) } }) { first, _ in
            first
        }
    }

    /// The kind of that name.
    subscript(name: String) -> EventKind? { byName[name] }

    /// The subjects that events have, in the order of the table.
    var subjects: [String] { kinds.map(\.subject).unique }

    /// The event that was probably meant.
    func nearest(to text: String) -> EventKind? {
        let folded = text.lowercased().trimmingSpaces
        let spelled = folded.replacing("fulfillment", with: "shipment").replacing("-", with: "_")
        if let known = byOtherName[folded] ?? byOtherName[spelled] ?? byName[spelled] { return known }
        let endings = kinds.filter { $0.rawValue.hasSuffix(".\(spelled.replacing(" ", with: "_"))") }
        if endings.count == 1 { return endings[0] }
        return Outreach.nearest(to: spelled, in: kinds.map(\.rawValue)).flatMap { byName[$0] }
    }
}

// The kinds that the code itself refers to. One that only files refer to needs no line here.
extension EventKind {
    public static let orderPlaced = known("order.placed")
    public static let orderPaid = known("order.paid")
    public static let orderEdited = known("order.edited")
    public static let orderCancelled = known("order.cancelled")
    public static let orderOnHold = known("order.on_hold")
    public static let orderFulfilled = known("order.fulfilled")
    public static let orderDelivered = known("order.delivered")
    public static let shipmentCreated = known("shipment.created")
    public static let shipmentAccepted = known("shipment.accepted")
    public static let shipmentInTransit = known("shipment.in_transit")
    public static let shipmentOutForDelivery = known("shipment.out_for_delivery")
    public static let shipmentReadyForPickup = known("shipment.ready_for_pickup")
    public static let shipmentAttempted = known("shipment.attempted")
    public static let shipmentDelayed = known("shipment.delayed")
    public static let shipmentException = known("shipment.exception")
    public static let shipmentReturning = known("shipment.returning")
    public static let shipmentReturned = known("shipment.returned")
    public static let shipmentLost = known("shipment.lost")
    public static let shipmentPresumedLost = known("shipment.presumed_lost")
    public static let shipmentDelivered = known("shipment.delivered")
    public static let shipmentCancelled = known("shipment.cancelled")
    public static let shipmentUntracked = known("shipment.untracked")
    public static let shipmentETAChanged = known("shipment.eta_changed")
    public static let shipmentNumberChanged = known("shipment.number_changed")
    public static let returnRequested = known("return.requested")
    public static let returnApproved = known("return.approved")
    public static let returnDeclined = known("return.declined")
    public static let returnCancelled = known("return.cancelled")
    public static let returnLabelReady = known("return.label_ready")
    public static let returnInTransit = known("return.in_transit")
    public static let returnReceived = known("return.received")
    public static let returnClosed = known("return.closed")
    public static let refundIssued = known("refund.issued")
    public static let deliveryBounced = known("delivery.bounced")
    public static let customerUnsubscribed = known("customer.unsubscribed")
    public static let remedyOffered = known("remedy.offered")
    public static let actionDone = known("action.done")
    public static let actionRefused = known("action.refused")
    public static let ratingGiven = known("rating.given")
    public static let messageReceived = known("message.received")
    public static let conversationHandedOver = known("conversation.handed_over")
    public static let conversationTakenOver = known("conversation.taken_over")
    public static let conversationClosed = known("conversation.closed")
    public static let conversationUnanswered = known("conversation.unanswered")

    /// A kind that `EventTable` is known to have.
    private static func known(_ name: String) -> EventKind {
        guard let kind = EventKind(rawValue: name) else { preconditionFailure("no event is named \(name)") }
        return kind
    }
}
