// From many scans to one state.
//
// Sources repeat themselves, come late, disagree, and retract things. So a shipment's state is never changed by a
// message that arrives: it is computed anew each time from all known scans. The same scans give the same state in
// whatever order, how often and in how many pieces they came. These are the only rules:
//
// 1. Scans are read by their time; of two at the same moment the one that is further along the parcel's way comes last,
//    so that it wins; of two with the same state, the one with the later id.
// 2. A scan that its source no longer shows is ignored.
// 3. A scan without a state, or with `unknown`, changes no state. It may carry an estimate or a delay.
// 4. On a return leg, and once the parcel is returning, movement is `returning` and a delivery is `returned`.
// 5. Delivered is final. Later scans are kept, but only `returning` and `returned` change the state. (A delivery that
//    was scanned by mistake is undone by rule 2.) Returned is final as well.
// 6. `pre_transit` and `accepted` only go forward: a notice that comes late does not take a moving parcel back to its
//    beginning.
// 7. A void label stays void until something physical is scanned; a lost parcel may be found.
// 8. A scan of another parcel is ignored: one of a number that the package had before, or one from well before its
//    fulfillment, since carriers reuse numbers (`ScanBounds`).
// 9. A judgement is what a source says about the parcel apart from its scans: an aggregator's "exception" after 28
//    silent days, a status without an event. It has the time of that source's newest scan, and is read after every scan
//    of that moment, whichever source it is from. A newer scan outweighs it, and it never ends delivered or returned:
//    only a scan does.
//
// Adjacent scans with the same state are one episode, whichever sources reported them; two episodes of one state are
// also one if less than `ParcelState.echo` lies between them, since one source's 08:02 and another's 08:10 are the same
// van.

/// A stretch of a parcel's life in one state.
struct Episode: Hashable, Sendable {
    var state: ParcelState
    /// When its first scan happened.
    var start: Moment
    /// When its last scan happened.
    var end: Moment
    /// The ids of its scans, the first one first.
    var scans: [String]
    /// The source that reported the first.
    var source: String
}

/// A stretch in which the estimated day stayed the same.
struct EstimateRun: Hashable, Sendable {
    var day: CalendarDay
    var start: Moment
    var scans: [String]
    var source: String
}

/// The state that scans result in, by the rules above; only what decisions need.
struct ParcelReading: Hashable, Sendable {
    /// The state now.
    private(set) var state = ParcelState.unknown
    /// When it entered that state.
    private(set) var since: Moment?
    /// When it last became delivered.
    private(set) var deliveredAt: Moment?
    /// The first and the last estimated day.
    private(set) var firstEstimate: CalendarDay?
    private(set) var estimate: CalendarDay?
    private var returning = false

    init() {}

    /// The result of these scans, in whatever order they are given, and which of them is the newest that counts.
    static func of(_ scans: [Scan], within bounds: ScanBounds = .none) -> (reading: ParcelReading, last: Int?) {
        var reading = ParcelReading()
        var last: Int?
        Scan.inOrder(scans, within: bounds) { index in
            _ = reading.read(scans[index])
            last = index
        }
        return (reading, last)
    }

    /// True if later scans can only change it by way of a return.
    var isSettled: Bool { state == .delivered || state == .returned }

    /// Reads the next scan. Returns the state that it puts the parcel in, which may be the one that it is in already;
    /// nil if it changes nothing.
    mutating func read(_ scan: Scan) -> ParcelState? {
        if let day = scan.estimate {
            if firstEstimate == nil { firstEstimate = day }
            estimate = day
        }
        guard let told = scan.state, told != .unknown else { return nil }
        let next = Self.directed(told, returning: returning || scan.returnLeg)
        guard Self.moves(from: state, to: next) else { return nil }
        if next == state { return next }
        if isSettled, scan.isJudgement { return nil }
        returning = returning || next == .returning || next == .returned
        state = next
        since = scan.time
        if next == .delivered { deliveredAt = scan.time }
        return next
    }

    /// Rule 4.
    private static func directed(_ state: ParcelState, returning: Bool) -> ParcelState {
        guard returning else { return state }
        switch state {
        case .delivered, .returned: return .returned
        case .accepted, .inTransit, .outForDelivery, .readyForPickup: return .returning
        default: return state
        }
    }

    /// Rules 5 to 7.
    private static func moves(from old: ParcelState, to new: ParcelState) -> Bool {
        switch (old, new) {
        case (.delivered, .returning), (.delivered, .returned): true
        case (.delivered, _): old == new
        case (.returned, _): old == new
        case (.cancelled, .preTransit): false
        case (.unknown, _), (.preTransit, _): true
        case (_, .preTransit): false
        case (.cancelled, .accepted), (.lost, .accepted): true
        case (_, .accepted): old == .accepted
        case (_, .cancelled): old == .cancelled || old == .accepted
        default: true
        }
    }
}

extension Scan {
    /// Passes on the positions of the scans that count, in the order in which they are read: retracted scans are left
    /// out, and one that is there twice counts once.
    ///
    /// Scans are large and usually in order already: so their positions are sorted, and only if necessary.
    static func inOrder(_ scans: [Scan], within bounds: ScanBounds, _ read: (Int) -> Void) {
        let order = scans.withUnsafeBufferPointer { scans in
            var order: [Int] = []
            order.reserveCapacity(scans.count)
            // A few are searched linearly for duplicates; many are not.
            let areFew = scans.count <= 16
            var seen: Set<String> = []
            var isSorted = true
            for index in scans.indices where scans[index].retractedAt == nil {
                if scans[index].time < bounds.from { continue }
                if bounds.number != nil, !bounds.hold(scans[index]) { continue }
                if areFew {
                    if order.contains(where: { scans[$0].id == scans[index].id }) { continue }
                } else if !seen.insert(scans[index].id).inserted {
                    continue
                }
                if isSorted, let last = order.last, precedes(scans[index], scans[last]) { isSorted = false }
                order.append(index)
            }
            if !isSorted { order.sort { precedes(scans[$0], scans[$1]) } }
            return order
        }
        for index in order { read(index) }
    }
}

/// Which scans are about a parcel, and not about another that had its number, or whose number it had.
struct ScanBounds: Sendable {
    /// Anything earlier belongs to another parcel.
    var from = Moment.distantPast
    /// The number that counts; nil if there was never another.
    var number: String?
    /// From when on the shop's own scans are about this number.
    var shopFrom: Moment?

    /// Every scan counts.
    static let none = ScanBounds()

    /// True for a scan that is about the parcel.
    func hold(_ scan: Scan) -> Bool {
        guard scan.time >= from else { return false }
        guard let number else { return true }
        if let own = scan.number { return own == number }
        return shopFrom.map { scan.time >= $0 || scan.source != "shopify" } ?? true
    }
}

/// The result of all scans of a shipment.
struct ShipmentHistory: Sendable {
    /// The states that the parcel was in, oldest first, with echoes folded into the episode that they repeat.
    private(set) var episodes: [Episode] = []
    /// The announced estimates, oldest first.
    private(set) var estimates: [EstimateRun] = []
    /// The scans with which a source called the parcel late.
    private(set) var delays: [Scan] = []
    private var reading = ParcelReading()
    /// The newest scan that counts.
    private(set) var lastScan: Scan?

    /// Merges scans, given in any order; a scan that is given twice counts once.
    init(scans: [Scan], within bounds: ScanBounds = .none) {
        var last: Int?
        Scan.inOrder(scans, within: bounds) { index in
            last = index
            if let day = scans[index].estimate {
                note(day, scans[index].id, at: scans[index].time, from: scans[index].source)
            }
            if scans[index].delay == .yes, !reading.isSettled { delays.append(scans[index]) }
            let before = reading.state
            guard let next = reading.read(scans[index]) else { return }
            enter(next, from: before, by: scans[index].id, at: scans[index].time, from: scans[index].source)
        }
        lastScan = last.map { scans[$0] }
    }

    /// The state now.
    var state: ParcelState { reading.state }
    /// When it entered that state.
    var since: Moment? { reading.since }

    /// The last time that the parcel entered that state.
    func last(_ state: ParcelState) -> Episode? { episodes.last { $0.state == state } }

    private mutating func enter(
        _ next: ParcelState, from before: ParcelState, by scan: String, at time: Moment, from source: String
    ) {
        if next == before {
            episodes[episodes.count - 1].end = time
            episodes[episodes.count - 1].scans.append(scan)
            return
        }
        if let echo = next.echo, let index = episodes.lastIndex(where: { $0.state == next }),
            time - episodes[index].end < echo
        {
            // The episode continues, so it is moved to the end for `enter` to go on with it.
            var episode = episodes.remove(at: index)
            episode.end = time
            episode.scans.append(scan)
            episodes.append(episode)
        } else {
            episodes.append(
                Episode(state: next, start: time, end: time, scans: [scan], source: source))
        }
    }

    private mutating func note(_ day: CalendarDay, _ scan: String, at time: Moment, from source: String) {
        if estimates.last?.day == day {
            estimates[estimates.count - 1].scans.append(scan)
        } else {
            estimates.append(EstimateRun(day: day, start: time, scans: [scan], source: source))
        }
    }
}

extension ParcelState {
    /// How soon a second episode of this state must follow to count as the first one; nil if each counts. States that a
    /// parcel passes through once in its life are always the same episode.
    var echo: Duration? {
        switch self {
        case .unknown, .preTransit, .accepted, .inTransit, .returning, .returned, .lost, .cancelled: .days(36_500)
        case .outForDelivery, .exception, .readyForPickup: .hours(12)
        case .attempted: .hours(4)
        case .delivered: nil
        }
    }

    /// The event of entering this state, if there is one.
    var event: EventKind? {
        switch self {
        case .unknown, .preTransit: nil
        case .accepted: .shipmentAccepted
        case .inTransit: .shipmentInTransit
        case .outForDelivery: .shipmentOutForDelivery
        case .attempted: .shipmentAttempted
        case .readyForPickup: .shipmentReadyForPickup
        case .exception: .shipmentException
        case .returning: .shipmentReturning
        case .returned: .shipmentReturned
        case .delivered: .shipmentDelivered
        case .cancelled: .shipmentCancelled
        case .lost: .shipmentLost
        }
    }
}

extension OrderRecord {
    /// All scans about a shipment: its own, and those of its fulfillment, which name no package.
    public func scans(of shipment: Shipment) -> [Scan] {
        guard let index = facts.fulfillments.firstIndex(where: { $0.id == shipment.fulfillmentID }) else {
            return shipment.scans
        }
        if shipment.scans.isEmpty { return facts.fulfillments[index].scans }
        return shipment.scans + facts.fulfillments[index].scans
    }

    /// The results of the scans of each shipment, in the order of the shipments.
    var histories: [ShipmentHistory] {
        shipments.map { ShipmentHistory(scans: scans(of: $0), within: bounds(of: $0)) }
    }

    /// How long before its fulfillment a parcel may have been scanned: a shop may mark something as sent that left long
    /// ago. Carriers reuse a number after some months.
    static let markedLate = Duration.days(30)
    /// How long before its order: one placed by telephone is entered in the shop when there is time.
    static let orderedLate = Duration.days(7)

    /// Which of `scans(of:)` are about the shipment.
    func bounds(of shipment: Shipment) -> ScanBounds {
        var bounds = ScanBounds()
        let ordered = min(facts.createdAt, facts.processedAt) - Self.orderedLate
        bounds.from = ordered
        if let index = facts.fulfillments.firstIndex(where: { $0.id == shipment.fulfillmentID }) {
            bounds.from = max(ordered, facts.fulfillments[index].createdAt - Self.markedLate)
        }
        if !shipment.formerNumbers.isEmpty {
            bounds.number = shipment.tracking.key
            bounds.shopFrom = shipment.numberSince
        }
        return bounds
    }

    /// Which parcel the package now is, as a suffix for the marks of what happened to it: empty for the first, and `
    /// #2` once its number replaced one under which another parcel had been followed. What was reported about that
    /// parcel does not count for this one.
    func turn(of shipment: Shipment) -> String {
        guard !shipment.formerNumbers.isEmpty, let key = shipment.tracking.key else { return "" }
        var followed: [String] = []
        for former in shipment.formerNumbers {
            guard let former = TrackingFacts(number: former).key else { continue }
            if former == key { break }
            if !followed.contains(former), shipment.scans.contains(where: { $0.number == former && $0.isOfParcel }) {
                followed.append(former)
            }
        }
        if followed.isEmpty, let since = shipment.numberSince, shipment.formerNumbers.first.map({ $0 != key }) ?? false,
            let fulfillment = fulfillment(shipment.fulfillmentID),
            fulfillment.scans.contains(where: { $0.time < since && $0.isOfParcel })
        {
            return " #2"
        }
        return followed.isEmpty ? "" : " #\(followed.count + 1)"
    }

    /// True if the shop voided the fulfillment, or no longer shows the package.
    func isCancelled(_ shipment: Shipment) -> Bool {
        if !shipment.present { return true }
        return facts.fulfillments.contains { $0.id == shipment.fulfillmentID && $0.isVoid }
    }

    /// True if the shipment was delivered before it was cancelled, as far as was reported.
    func wasDelivered(_ shipment: Shipment) -> Bool {
        let subject = Subject.shipment(shipment.id).key
        return events.contains { event in
            event.kind == .shipmentDelivered && event.occurrences.contains { $0.subject == subject }
        }
    }

    /// The packages that are, or were, on their way to the shopper: not gone, not cancelled, and carried by somebody.
    var parcels: [Shipment] { shipments.filter { !isCancelled($0) && isCarried($0) } }

    /// True if somebody carries the shipment, or the shopper collects it: false for what is sent by e-mail, and for
    /// goods handed over at the till.
    public func isCarried(_ shipment: Shipment) -> Bool {
        switch facts.deliveryMethod {
        case "none": return false
        case "retail": return shipment.tracking.hasNumber
        default: break
        }
        if shipment.tracking.hasNumber || facts.lineItems.isEmpty { return true }
        guard let fulfillment = fulfillment(shipment.fulfillmentID), !fulfillment.lineItems.isEmpty else {
            return facts.lineItems.contains(where: \.requiresShipping)
        }
        // A line that the order no longer shows may be anything.
        return fulfillment.lineItems.contains { part in
            facts.lineItems.first { $0.id == part.lineItemID }?.requiresShipping ?? true
        }
    }
}

extension Scan {
    /// True if it says more about a parcel than that there is a label.
    fileprivate var isOfParcel: Bool { state.map { $0 != .unknown && $0 != .preTransit } ?? false }
}

extension FulfillmentFacts {
    /// True if the shop voided it.
    var isVoid: Bool { status == .cancelled || status == .error }
}
