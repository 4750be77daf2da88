/// What is known about a shipment at a moment, for conditions, templates and decisions.
public struct ShipmentState: Hashable, Sendable {
    public var state: ParcelState
    /// When it entered this state; nil if no scan says so.
    public var since: Moment?
    public var deliveredAt: Moment?
    /// The newest scan.
    public var lastScan: Scan?
    /// The promise: the first day that was announced.
    public var firstEstimate: CalendarDay?
    /// The day announced last.
    public var estimate: CalendarDay?
    /// Whole days past the promise, counted at the destination; frozen at delivery; 0 if nothing was promised.
    public var daysLate: Int
    /// The current estimate less the promise, in days; negative if it will come sooner.
    public var daysMoved: Int
    /// True once a delay became an event, until the parcel arrives.
    public var delayed: Bool
    /// The reason for its delay, by the newest delay event: `carrier_says`, `estimate_moved`, `promise_passed`,
    /// `no_scan`, `not_handed_over`.
    public var delayReason: String?
    /// True while some source can report what happens to it.
    public var watched: Bool

    /// A shipment about which nothing is known.
    public init() {
        state = .unknown
        daysLate = 0
        daysMoved = 0
        delayed = false
        watched = false
    }
}

extension OrderRecord {
    /// What is known about `shipment` at `now`. `zone` is where the parcel goes.
    public func state(of shipment: Shipment, now: Moment, zone: Zone) -> ShipmentState {
        let scans = scans(of: shipment)
        let (reading, last) = ParcelReading.of(scans, within: bounds(of: shipment))
        var result = ShipmentState()
        result.state = parcelState(of: shipment, reading)
        result.since = reading.since
        result.deliveredAt = reading.deliveredAt
        result.lastScan = last.map { scans[$0] }
        result.firstEstimate = shipment.promise ?? reading.firstEstimate
        result.estimate = reading.estimate ?? shipment.promise
        if let promise = result.firstEstimate {
            let reference = result.deliveredAt ?? now
            result.daysLate = max(0, zone.day(at: reference).days(since: promise))
            result.daysMoved = result.estimate.map { $0.days(since: promise) } ?? 0
        }
        let subject = Subject.shipment(shipment.id).key
        // A scan may lie ahead of our clock: it counts from the moment at which it was learned.
        if let scanned = result.deliveredAt {
            let learned = events.last { event in
                event.kind == .shipmentDelivered && event.occurrences.contains { $0.subject == subject }
            }
            result.deliveredAt = min(scanned, learned?.recordedAt ?? now)
        }
        let turn = turn(of: shipment)
        let told = events.last { event in
            event.kind == .shipmentDelayed
                && event.occurrences.contains { $0.subject == subject && ($0.turn == turn) }
        }
        result.delayReason = told?.delayReason
        result.delayed = told != nil && !result.state.isFinal
        result.watched = shipment.present && (shipment.tracking.key != nil || last != nil)
        return result
    }

    /// The state of `shipment`, without the rest.
    func parcelState(of shipment: Shipment) -> ParcelState {
        parcelState(of: shipment, ParcelReading.of(scans(of: shipment), within: bounds(of: shipment)).reading)
    }

    private func parcelState(of shipment: Shipment, _ reading: ParcelReading) -> ParcelState {
        if isCancelled(shipment), reading.state != .delivered || !wasDelivered(shipment) { return .cancelled }
        return reading.state == .unknown && shipment.present ? .preTransit : reading.state
    }
}
