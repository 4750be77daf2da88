// Shopify's own tracking, told as scans.
//
// A fulfillment has events, where a carrier or an app reports them, each with its time. Beside them stand facts that
// may or may not come of an event: when it was delivered, when it went into transit, when it is to arrive, and the
// status that the admin shows. Such a fact becomes a scan of its own only where no event says the same, or one delivery
// would be told of twice.
//
// An event's scan is named after the event: `shopify:123`. A fact's scan is named after the fulfillment and what it
// says: `shopify:77:delivered`, `shopify:77:eta:2026-11-24`, so that the same fact read again is the same scan. The
// status and the estimate come without a time; theirs is the fulfillment's last change, which moves on, so that of two
// readings the first one's time is nearer the truth. A fact that is no longer shown is not thereby taken back: the
// status of yesterday gave way to that of today. Only an event that is gone was taken back.

internal import Outreach
internal import Shopify

/// Turns what Shopify shows of a fulfillment into scans.
struct FulfillmentScans {
    /// The name of this source.
    static let source = "shopify"

    /// Where the parcel goes, else the shop's own zone: by it an estimate's moment becomes a day.
    var zone: Zone

    /// What one word of a status says about a parcel.
    struct Meaning: Equatable {
        var state: ParcelState?
        var delay: Scan.DelaySign = .no
    }

    /// Of an event, and of the status that the admin displays: FulfillmentEventStatus and FulfillmentDisplayStatus of
    /// the Admin API. Nil for what says nothing about a parcel, and for words that are newer than we are.
    static func meaning(of status: String?) -> Meaning? {
        switch status {
        case "LABEL_PURCHASED", "LABEL_PRINTED", "CONFIRMED": Meaning(state: .preTransit)
        case "CARRIER_PICKED_UP": Meaning(state: .accepted)
        case "IN_TRANSIT": Meaning(state: .inTransit)
        case "OUT_FOR_DELIVERY": Meaning(state: .outForDelivery)
        case "ATTEMPTED_DELIVERY": Meaning(state: .attempted)
        case "READY_FOR_PICKUP": Meaning(state: .readyForPickup)
        case "DELIVERED", "PICKED_UP": Meaning(state: .delivered)
        case "FAILURE", "NOT_DELIVERED": Meaning(state: .exception)
        case "LABEL_VOIDED": Meaning(state: .cancelled)
        case "DELAYED": Meaning(state: nil, delay: .yes)
        default: nil  // FULFILLED, MARKED_AS_FULFILLED, SUBMITTED, CANCELED: the fulfillment's, not the parcel's
        }
    }

    /// The scans of a fulfillment: its events first, in their order.
    func scans(of fulfillment: WireFulfillment, events: [WireFulfillmentEvent]) -> [Scan] {
        var scans = events.map(scan)
        let number = GlobalID.number(fulfillment.id)
        let known = Set(scans.compactMap(\.state))
        let isKnownLate = scans.contains { $0.delay == .yes }

        func add(_ state: ParcelState, at time: WireMoment) {
            guard !known.contains(state) else { return }
            scans.append(
                Scan(
                    id: "\(Self.source):\(number):\(state.rawValue)", source: Self.source, time: time.moment,
                    offsetMinutes: time.offsetMinutes, state: state, isSummary: true))
        }
        if let time = fulfillment.inTransitAt { add(.inTransit, at: time) }
        if let time = fulfillment.deliveredAt { add(.delivered, at: time) }

        if let meaning = Self.meaning(of: fulfillment.displayStatus) {
            let word = meaning.state?.rawValue ?? "delayed"
            let id = "\(Self.source):\(number):\(word)"
            let isKnown = meaning.state.map(known.contains) ?? isKnownLate
            if !isKnown, !scans.contains(where: { $0.id == id }) {
                scans.append(
                    Scan(
                        id: id, source: Self.source, time: fulfillment.updatedAt.moment, basis: .changed,
                        state: meaning.state,
                        delay: meaning.delay, isSummary: true))
            }
        }
        if let day = fulfillment.estimatedDeliveryAt.map(day) {
            let told = events.filter { $0.estimatedDeliveryAt != nil }
                .max { ($0.happenedAt.moment, $0.id) < ($1.happenedAt.moment, $1.id) }
            if told?.estimatedDeliveryAt.map(self.day) != day {
                scans.append(
                    Scan(
                        id: "\(Self.source):\(number):eta:\(day)", source: Self.source,
                        time: fulfillment.updatedAt.moment,
                        basis: .changed, state: nil, estimate: day, isSummary: true))
            }
        }
        return scans
    }

    private func scan(of event: WireFulfillmentEvent) -> Scan {
        let meaning = Self.meaning(of: event.status)
        let place = [event.city, event.province, event.country].compactMap { Bound.line($0) }
        return Scan(
            id: "\(Self.source):\(GlobalID.number(event.id))", source: Self.source, time: event.happenedAt.moment,
            offsetMinutes: event.happenedAt.offsetMinutes, state: meaning?.state, delay: meaning?.delay ?? .no,
            estimate: event.estimatedDeliveryAt.map(day), words: Bound.line(event.message),
            place: place.isEmpty ? nil : place.joined(separator: ", "))
    }

    /// The day that an estimate means. At midnight UTC it is a bare date, which no zone may shift; otherwise it is that
    /// moment's day where the parcel goes.
    func day(of estimate: WireMoment) -> CalendarDay {
        estimate.moment.milliseconds % 86_400_000 == 0
            ? Zone.utc.day(at: estimate.moment) : zone.day(at: estimate.moment)
    }
}
