// From many scans to one state.
//
// Sources repeat themselves, come late, disagree, and take things back. A shipment's state is therefore never moved by a message that
// arrives: it is computed, each time anew, from all scans that are known. The same scans give the same state in whatever order, how often
// and in how many pieces they came. These are the rules, and there are no others:
//
// 1. Scans are read by their time; of two in the same moment the one that is further on the parcel's way comes last, so that it wins; of two of one state the
//    one with the later id.
// 2. A scan that its source no longer shows counts for nothing.
// 3. A scan without a state, or with `unknown`, moves nothing. It may carry an estimate or a delay.
// 4. On a return leg, and once the parcel is returning, movement is `returning` and a delivery is `returned`.
// 5. Delivered stays. Later scans are kept, but only `returning` and `returned` move the state. (A delivery that was scanned by mistake is
//    undone by rule 2.) Returned stays as well.
// 6. `pre_transit` and `accepted` only go forward: a notice that comes late does not take a moving parcel back to its beginning.
// 7. A void label stays void until something physical is scanned; a lost parcel may be found.
// 8. A judgement is what a source says of the parcel beside its scans: an aggregator's "exception" after 28 silent days, a status without an event. It stands at the time of
//    that source's newest scan, and is read after every scan of that moment, by whomever. A newer scan outweighs it, and it takes nothing out of
//    delivered or returned: for that a scan is needed.
//
// Neighbouring scans of one state are one episode, by whomever they were told; two episodes of one state are one as well when less than
// `ParcelState.echo` lies between them, for one source's 08:02 and another's 08:10 are the same van.

/// A stretch of a parcel's life in one state.
struct Episode: Hashable, Sendable {
    var state: ParcelState
    /// When its first scan happened.
    var start: Moment
    /// When its last scan happened.
    var end: Moment
    /// The ids of its scans, the first one first.
    var scans: [String]
    /// Who told the first.
    var source: String
}

/// A stretch in which the estimated day was the same.
struct EstimateRun: Hashable, Sendable {
    var day: CalendarDay
    var start: Moment
    var scans: [String]
    var source: String
}

/// What all scans of a shipment amount to.
struct ShipmentHistory: Sendable {
    /// The states that the parcel was in, oldest first, with echoes folded into the episode that they repeat.
    private(set) var episodes: [Episode] = []
    /// The estimates that were told, oldest first.
    private(set) var estimates: [EstimateRun] = []
    /// The scans with which a source called the parcel late.
    private(set) var delays: [Scan] = []
    /// The state now.
    private(set) var state = ParcelState.unknown
    /// Since when.
    private(set) var since: Moment?
    /// The newest scan that counts.
    private(set) var lastScan: Scan?

    /// Merges scans, given in any order; a scan that is given twice counts once. `areUnique` says that none is.
    init(scans: [Scan], areUnique: Bool = false) {
        let order = Self.order(of: scans, areUnique: areUnique)
        var returning = false
        for index in order {
            if let day = scans[index].estimate {
                note(day, scans[index].id, at: scans[index].time, from: scans[index].source)
            }
            let settled = state == .delivered || state == .returned
            if scans[index].delay == .yes, !settled { delays.append(scans[index]) }
            guard let told = scans[index].state, told != .unknown else { continue }
            let next = Self.directed(told, returning: returning || scans[index].returnLeg)
            guard Self.moves(from: state, to: next), !(settled && scans[index].isJudgement && next != state) else {
                continue
            }
            returning = returning || next == .returning || next == .returned
            enter(next, by: scans[index].id, at: scans[index].time, from: scans[index].source)
        }
        lastScan = order.last.map { scans[$0] }
    }

    /// The places of the scans that count, each once, in the order in which they are read. Scans are large, and mostly stand in their order already: so their places
    /// are sorted, and only where they must be.
    private static func order(of scans: [Scan], areUnique: Bool) -> [Int] {
        scans.withUnsafeBufferPointer { scans in
            var seen = Set<String>(minimumCapacity: areUnique ? 0 : scans.count)
            var order: [Int] = []
            order.reserveCapacity(scans.count)
            var isSorted = true
            for index in scans.indices where scans[index].retractedAt == nil {
                if !areUnique, !seen.insert(scans[index].id).inserted { continue }
                if isSorted, let last = order.last, Scan.precedes(scans[index], scans[last]) { isSorted = false }
                order.append(index)
            }
            if !isSorted { order.sort { Scan.precedes(scans[$0], scans[$1]) } }
            return order
        }
    }

    /// The last time that the parcel came into that state.
    func last(_ state: ParcelState) -> Episode? { episodes.last { $0.state == state } }

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

    private mutating func enter(_ next: ParcelState, by scan: String, at time: Moment, from source: String) {
        if next == state {
            episodes[episodes.count - 1].end = time
            episodes[episodes.count - 1].scans.append(scan)
            return
        }
        state = next
        since = time
        if let echo = next.echo, let index = episodes.lastIndex(where: { $0.state == next }),
            time - episodes[index].end < echo
        {
            // The episode is continued, and moved to the end so that `enter` goes on with it.
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
    /// How close a second episode of this state must follow to be the first one again; nil where each counts. States that a parcel passes once in
    /// its life are the same for ever.
    var echo: Duration? {
        switch self {
        case .unknown, .preTransit, .accepted, .inTransit, .returning, .returned, .lost, .cancelled: .days(36_500)
        case .outForDelivery, .exception, .readyForPickup: .hours(12)
        case .attempted: .hours(4)
        case .delivered: nil
        }
    }

    /// The event that coming into this state is, if it is one.
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
    /// All scans that speak of a shipment: its own, and those of its fulfillment, which name no package.
    func scans(of shipment: Shipment) -> [Scan] {
        guard let own = fulfillment(shipment.fulfillmentID)?.scans, !own.isEmpty else { return shipment.scans }
        return shipment.scans.isEmpty ? own : shipment.scans + own
    }

    /// What the scans of each shipment amount to, in the order of the shipments.
    var histories: [ShipmentHistory] {
        shipments.map { shipment in
            // A carrier's scans are laid over one another by their ids, so that none stands twice.
            let own = fulfillment(shipment.fulfillmentID)?.scans ?? []
            return ShipmentHistory(
                scans: scans(of: shipment), areUnique: own.isEmpty)
        }
    }

    /// True where the shop voided the fulfillment, or shows the package no more.
    func isCancelled(_ shipment: Shipment) -> Bool {
        if !shipment.present { return true }
        switch fulfillment(shipment.fulfillmentID)?.status {
        case .cancelled, .error: return true
        default: return false
        }
    }
}
