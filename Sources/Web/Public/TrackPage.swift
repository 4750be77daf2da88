import Liquid
import Outreach

/// Where the parcels of an order are: the day first, then what we know and do not, then what can be done. It has no
/// name, no street, no address and no whole number: whoever has the link may be anybody.
struct TrackPage: PageContent {
    static let template = "track"

    struct Step: Encodable, Sendable {
        var name: String
        /// `done`, `now` or `later`.
        var state: String
    }
    struct Scan: Encodable, Sendable {
        var iso: String
        var time: String
        var words: String
    }
    struct Parcel: Encodable, Sendable {
        var which: String
        var headline: String
        var late: String?
        var note: String?
        var steps: [Step] = []
        var scans: [Scan] = []
        var unknown: String?
        var carrier: String?
        var url: String?
        var see: String
        var lines: [String] = []
    }

    /// At least one.
    var parcels: [Parcel]
    var happened: String
    var contents: String
    var help: String?
    var wrong: String

    init(_ record: OrderRecord, profile: ShopProfile, words: PublicWords, help: String?, now: Outreach.Moment) {
        let shipments = record.shipments.filter { $0.present && record.isCarried($0) }
        let zone = record.zone(shopZone: profile.zone)
        happened = words.happened
        contents = words.contents
        wrong = words.wrong
        self.help = help
        var parcels = shipments.enumerated().map { index, shipment in
            Parcel(
                record, shipment, number: index + 1, of: shipments.count, words: words, zone: zone, now: now)
        }
        if parcels.isEmpty {
            let isOver = record.facts.cancelledAt != nil
            parcels = [
                Parcel(
                    which: words.order(record.facts.name), headline: isOver ? words.cancelled : words.packing,
                    note: isOver ? nil : words.packingNote, see: "",
                    lines: record.facts.lineItems.filter { $0.currentQuantity > 0 }.prefix(40).map {
                        "\($0.title) · \($0.currentQuantity)"
                    })
            ]
        }
        self.parcels = parcels
    }
}

extension TrackPage.Parcel {
    fileprivate init(
        _ record: OrderRecord, _ shipment: Shipment, number: Int, of count: Int, words: PublicWords,
        zone: Outreach.Zone,
        now: Outreach.Moment
    ) {
        let state = record.state(of: shipment, now: now, zone: zone)
        which = count > 1 ? words.parcel(record.facts.name, number, of: count) : words.order(record.facts.name)
        see = words.see(shipment.tracking.company)
        url = shipment.tracking.url
        let today = zone.day(at: now)
        switch state.state {
        case .delivered:
            headline = state.deliveredAt.map { words.delivered(zone.day(at: $0)) } ?? words.deliveredSometime
        case .readyForPickup: headline = words.pickup
        case .outForDelivery: headline = words.outToday
        case .attempted: headline = words.attempted
        case .exception: headline = words.problem
        case .returning, .returned: headline = words.comingBack
        case .lost: headline = words.lost
        case .cancelled: headline = words.cancelled
        case .unknown, .preTransit, .accepted, .inTransit:
            // A day that has passed is no answer.
            headline =
                state.estimate.map { $0 < today ? words.lateUnknown : words.expected($0) } ?? words.onItsWayUnknown
        }
        if state.deliveredAt == nil, state.daysLate > 0 {
            late = words.daysLate(state.daysLate)
            note = state.firstEstimate.map(words.promised) ?? words.sorry
        }
        steps = Self.steps(state.state, words)
        scans = record.scans(of: shipment).filter { $0.retractedAt == nil && $0.state != nil && !$0.returnLeg }
            .sorted { $0.time > $1.time }.prefix(12).map { scan in
                let what = scan.state.map(words.state) ?? ""
                let place = scan.place.map { ", \($0)" } ?? ""
                return TrackPage.Scan(
                    iso: scan.time.iso8601, time: words.time(scan.time, zone), words: what + place)
            }
        if !state.watched { unknown = words.nobodyTells } else if scans.isEmpty { unknown = words.nothingYet }
        let end = (shipment.tracking.number ?? "").suffix(4)
        if let company = shipment.tracking.company {
            carrier = end.count == 4 ? words.numberEnding(company, String(end)) : "\(company)."
        }
        let held = record.fulfillment(shipment.fulfillmentID)?.lineItems ?? []
        lines = held.prefix(40).compactMap { item in
            record.facts.lineItems.first { $0.id == item.lineItemID }.map { "\($0.title) · \(item.quantity)" }
        }
    }

    private static func steps(_ state: ParcelState, _ words: PublicWords) -> [TrackPage.Step] {
        let at: Int
        switch state {
        case .unknown, .preTransit: at = 0
        case .accepted: at = 1
        case .inTransit, .outForDelivery, .attempted, .readyForPickup, .exception: at = 2
        case .delivered: at = 3
        // These go nowhere along the way.
        case .returning, .returned, .cancelled, .lost: return []
        }
        return words.steps.enumerated().map { index, name in
            TrackPage.Step(name: name, state: index < at ? "done" : index == at ? "now" : "later")
        }
    }
}
