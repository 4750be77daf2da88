// When a parcel's carrier is asked next.
//
// Calls are scarce: one carrier allows 60 an hour for a whole shop, another 250 a day. So each parcel has its own next
// time, depending on how likely it is that something has happened since, and on how much that would matter:
//
//     on the vehicle             every half hour; every 3 hours after 14 hours without a result
//     could not be delivered,    every 4 hours; every 12 from the third day on
//     waits at a shop, trouble
//     moving, due today          every 2 hours
//     moving, past its day       every 3 hours for 3 days, then every 8
//     moving, due tomorrow       every 6 hours
//     moving, due later          every 12 hours, and at 6 in the morning of the day itself
//     moving, no day known       every 6 hours in the first week, then every 12
//     just handed over           every 12 hours for a day, unless its day is near
//     a label, nothing scanned   every 6 hours on the first day, then every 12; daily from the 15th day on
//     silent for 14 days         daily, whatever its state
//     on its way back            daily
//     delivered, or lost         daily for 14 days, if quota is left over: it may come back, be found, or the scan
//                                be corrected
//     returned, void             never
//     silent for 90 days         given up; `shipment.untracked` says so
//
// Along with its time, each has an urgency: how late an answer may come before it is missed. If there are more
// questions than calls, those are asked first that are late by the largest share of the delay they can tolerate
// (`AskingOrder`), so that parcels out for delivery come first and nothing waits forever.
//
// Everything is computed from what is known and a given moment; the same history at the same moment gives the same
// time.

/// How much it matters that the answer about a parcel comes in time.
public enum Urgency: Int, Sendable, CaseIterable, Comparable, Codable {
    /// On the vehicle: the shopper is waiting.
    case pressing = 0
    /// It is due, or something went wrong.
    case near = 1
    /// On its way, or never asked about yet.
    case moving = 2
    /// Nothing is likely to have happened.
    case idle = 3
    /// It has arrived; asked about only with calls that are left over.
    case settled = 4

    public static func < (a: Urgency, b: Urgency) -> Bool { a.rawValue < b.rawValue }

    /// How late an answer may come before it is missed.
    public var patience: Duration {
        switch self {
        case .pressing: .minutes(30)
        case .near: .hours(2)
        case .moving: .hours(6)
        case .idle: .hours(24)
        case .settled: .hours(72)
        }
    }
}

/// An entry for asking about a parcel: who can be asked, and when next. The store keeps one per number.
public struct Ask: Hashable, Sendable {
    /// The number, without spaces and in capitals.
    public var number: String
    /// Who can be asked, the best first; empty if only the shop's own tracking follows it.
    public var sources: [String]
    public var urgency: Urgency
    /// When to ask; nil once there is nothing more to ask.
    public var at: Moment?
    /// True if this follows from an answer of its source, so that it replaces the stored entry; otherwise the earlier
    /// of the two times counts.
    public var answered: Bool
    /// The country that the parcel goes to, as two letters, if known.
    public var home: String?

    public init(
        number: String, sources: [String], urgency: Urgency, at: Moment?, answered: Bool = false, home: String? = nil
    ) {
        self.number = number
        self.sources = sources
        self.urgency = urgency
        self.at = at
        self.answered = answered
        self.home = home
    }
}

/// The schedule above, applied to what is known about one parcel.
struct AskingSchedule {
    var state: ParcelState
    /// Since when it is in that state.
    var since: Moment
    /// When anything last happened to it, its creation included.
    var lastNews: Moment
    /// When it was created.
    var createdAt: Moment
    /// The latest estimated day.
    var estimate: CalendarDay?
    /// The time zone of its destination.
    var zone: Zone

    /// How long a parcel that has arrived is still asked about.
    static let lookingBack = Duration.days(14)

    /// When to ask next after asking, or learning something, at `now`; nil for never again. Always later than `now`,
    /// and by at most two days.
    func next(after now: Moment) -> (urgency: Urgency, at: Moment)? {
        switch state {
        case .returned, .cancelled: return nil
        case .delivered, .lost:
            return now - since < Self.lookingBack ? (.settled, now + .days(1)) : nil
        default: break
        }
        let silence = now - max(lastNews, createdAt)
        if silence >= OrderRecord.givingUp { return nil }
        if silence >= .days(14) { return (.idle, now + .days(1)) }
        let inState = now - since
        switch state {
        case .outForDelivery:
            return inState < .hours(14) ? (.pressing, now + .minutes(30)) : (.near, now + .hours(3))
        case .attempted, .readyForPickup, .exception:
            return inState < .days(2) ? (.near, now + .hours(4)) : (.moving, now + .hours(12))
        case .returning: return (.idle, now + .days(1))
        case .unknown, .preTransit:
            let every: Duration = now - createdAt < .days(1) ? .hours(6) : .hours(12)
            return byTheDay(now, else: (.idle, every))
        case .accepted:
            return byTheDay(now, else: inState < .days(1) ? (.idle, .hours(12)) : (.moving, .hours(6)))
        default:
            let every: Duration = now - createdAt < .days(7) ? .hours(6) : .hours(12)
            return byTheDay(now, else: (.moving, every))
        }
    }

    /// Goes by the day on which it is due, if one is known.
    private func byTheDay(_ now: Moment, else usual: (Urgency, Duration)) -> (urgency: Urgency, at: Moment) {
        guard let estimate else { return (usual.0, now + usual.1) }
        let today = zone.day(at: now)
        switch estimate.days(since: today) {
        case ..<(-3): return (.moving, now + .hours(8))
        case ..<0: return (.near, now + .hours(3))
        case 0: return (.near, now + .hours(2))
        case 1: return (.moving, min(now + .hours(6), morning(of: estimate, after: now)))
        default: return (.idle, min(now + .hours(12), morning(of: estimate, after: now)))
        }
    }

    /// Six in the morning of that day.
    private func morning(of day: CalendarDay, after now: Moment) -> Moment {
        let morning = zone.moment(on: day, secondOfDay: 6 * 3600)
        return morning > now ? morning : .distantFuture
    }
}

/// Which of many due parcels are asked about first.
public enum AskingOrder {
    /// Up to `limit` of `due` at `now`: first those that are late by the largest share of the delay they can tolerate;
    /// among equals, the earlier in the list.
    ///
    /// Settled parcels come only after everything else. When asked repeatedly with the same number of calls, nothing
    /// else waits forever: what is left out gets later, and so comes before what is asked often.
    public static func choose<Parcel>(
        _ due: [Parcel], limit: Int, now: Moment, urgency: (Parcel) -> Urgency, at: (Parcel) -> Moment
    ) -> [Parcel] {
        guard limit > 0 else { return [] }
        let ranked = due.enumerated().map { index, parcel in
            let urgency = urgency(parcel)
            let late = Double((now - at(parcel)).wholeMilliseconds) / Double(urgency.patience.wholeMilliseconds)
            return (parcel: parcel, settled: urgency == .settled, late: late, index: index)
        }.sorted { a, b in
            if a.settled != b.settled { return b.settled }
            return a.late != b.late ? a.late > b.late : a.index < b.index
        }
        return ranked.prefix(limit).map(\.parcel)
    }
}

/// Determines who can be asked about a parcel, the best first. Built from the operator's settings; there is none if no
/// carrier is configured.
public struct SourceChoice: Sendable {
    private let choose: @Sendable (TrackingFacts, String?) -> [String]
    private let paces: [String: Duration]

    /// A choice by a rule, from the shop's tracking and the country that the parcel goes to. `paces` are the sources
    /// that the operator wants asked at least this often about parcels on their way.
    public init(
        paces: [String: Duration] = [:],
        _ choose: @escaping @Sendable (_ tracking: TrackingFacts, _ country: String?) -> [String]
    ) {
        self.choose = choose
        self.paces = paces
    }

    /// The longest interval for asking a source; nil if only the schedule counts.
    func pace(of source: String?) -> Duration? { source.flatMap { paces[$0] } }

    /// The sources for a parcel.
    public func sources(for tracking: TrackingFacts, country: String?) -> [String] { choose(tracking, country) }
}

extension Learner {
    /// What to ask about the parcels of `record`, one entry per number; empty if no carrier is configured. `answered`
    /// is the number that a source has just reported on.
    func asks(
        _ record: OrderRecord, histories: [ShipmentHistory], answered: String?, now: Moment, zone: Zone
    ) -> [Ask] {
        guard let sources, !record.facts.test else { return [] }
        let country = record.facts.shippingAddress?.countryCode
        // There are a few at most.
        var asks: [Ask] = []
        func add(_ ask: Ask) {
            guard let known = asks.firstIndex(where: { $0.number == ask.number }) else {
                asks.append(ask)
                return
            }
            // A number shared by several shipments is asked about when the first of them needs it.
            guard let at = ask.at, asks[known].at.map({ at < $0 }) ?? true else { return }
            asks[known] = ask
        }
        for index in record.shipments.indices {
            let (shipment, history) = (record.shipments[index], histories[index])
            for former in shipment.formerNumbers {
                guard let key = TrackingFacts(number: former).key else { continue }
                add(Ask(number: key, sources: [], urgency: .settled, at: nil))
            }
            guard let key = shipment.tracking.key else { continue }
            var next: (urgency: Urgency, at: Moment)?
            let able = sources.sources(for: shipment.tracking, country: country)
            if !record.isCancelled(shipment), record.isCarried(shipment),
                record.facts.cancelledAt == nil || history.hasMoved
            {
                let schedule = record.schedule(of: shipment, history, zone: zone)
                next = schedule.next(after: now)
                // There is no point in looking back at a parcel if nobody can be asked about it.
                if able.isEmpty, schedule.state.isFinal { next = nil }
                if let pace = sources.pace(of: able.first), let at = next?.at, !schedule.state.isFinal {
                    next?.at = min(at, now + pace)
                }
            }
            add(
                Ask(
                    number: key, sources: next == nil ? [] : able, urgency: next?.urgency ?? .settled, at: next?.at,
                    answered: key == answered, home: country))
        }
        return asks
    }
}

extension OrderRecord {
    /// The schedule's input for a shipment.
    func schedule(of shipment: Shipment, _ history: ShipmentHistory, zone: Zone) -> AskingSchedule {
        let createdAt = fulfillment(shipment.fulfillmentID)?.createdAt ?? firstSeenAt
        return AskingSchedule(
            state: history.state, since: history.since ?? createdAt, lastNews: history.lastScan?.time ?? createdAt,
            createdAt: createdAt, estimate: history.estimates.last?.day ?? shipment.promise, zone: zone)
    }
}

extension ShipmentHistory {
    /// True once anything beyond the label has been reported.
    fileprivate var hasMoved: Bool { state != .unknown && state != .preTransit }
}
