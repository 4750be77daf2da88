// Shopify's own tracking, as scans.
//
// A fulfillment has events, if a carrier or an app reports them, each with its time. It also has facts that may or may
// not come from an event: when it was delivered, when it went into transit, when it should arrive, and the status shown
// in the admin. Such a fact becomes a scan only if no event says the same; otherwise one delivery would be reported
// twice.
//
// An event's scan is named after the event: `shopify:123`. A fact's scan is named after the fulfillment and its
// content: `shopify:77:delivered`, `shopify:77:eta:2026-11-24`, so that the same fact read again is the same scan. The
// status and the estimate come without a time; we use the fulfillment's last change, which moves on, so of two readings
// the first one's time is closer. A fact that is no longer shown is not retracted: today's status replaced yesterday's.
// Only an event that has disappeared was retracted.

internal import Outreach
internal import Shopify

/// Turns a fulfillment's tracking into scans.
struct FulfillmentScans {
    /// The name of this source.
    static let source = "shopify"

    /// The destination's zone, else the shop's: it turns an estimate's moment into a day.
    var zone: Zone

    /// The meaning of a status for a parcel.
    struct Meaning: Equatable {
        var state: ParcelState?
        var delay: Scan.DelaySign = .no
    }

    /// For an event, and for the status shown in the admin: FulfillmentEventStatus and FulfillmentDisplayStatus of the
    /// Admin API. Nil for a status that says nothing about a parcel, and for words newer than this code.
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

    /// The scans of a fulfillment: its events first, in order.
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

    /// The day of an estimate. Midnight UTC means a bare date, which no zone may shift; otherwise it is that moment's
    /// day at the destination.
    func day(of estimate: WireMoment) -> CalendarDay {
        estimate.moment.milliseconds % 86_400_000 == 0
            ? Zone.utc.day(at: estimate.moment) : zone.day(at: estimate.moment)
    }
}
