// A carrier's view of a parcel. It comes from the shop's own orders, so that carrier and shop describe the same parcel:
// events in Shopify are scans at the carrier, and there are scans that only the carrier has. Each carrier's file writes
// the same history in its own words and codes.

internal import Foundation

/// Where a parcel is, as carriers see it.
public enum SandboxParcelState: String, CaseIterable, Sendable {
    /// A label was created, but nothing handed over.
    case preTransit = "pre_transit"
    /// Accepted by the carrier.
    case accepted
    /// Moving.
    case inTransit = "in_transit"
    /// At the destination country's customs.
    case customs
    /// Moving, but late according to the carrier.
    case delayed
    /// On the van.
    case outForDelivery = "out_for_delivery"
    /// Delivery attempted without success.
    case attempted
    /// Waits at a counter or in a locker.
    case readyForPickup = "ready_for_pickup"
    /// Something is wrong and needs attention.
    case exception
    /// On its way back to the merchant.
    case returning
    /// Back at the merchant.
    case returned
    /// With the shopper.
    case delivered
    /// The label was cancelled.
    case cancelled
    /// Nobody knows where it is.
    case lost
}

/// Why something went wrong, if a carrier says so.
public enum SandboxParcelReason: String, CaseIterable, Sendable {
    case weather, customs, address, recipient, damage
    /// The carrier's own fault.
    case carrier
}

/// A scan that only the carrier reports.
struct CarrierScanRecord: Sendable {
    /// Which of the fulfillment's parcels; all if nil.
    var package: Int?
    var state: SandboxParcelState
    var reason: SandboxParcelReason?
    var happenedAt: Date
    var words: String?
    var city: String?
    var estimatedDeliveryAt: Date?
}

/// A parcel as known to a carrier.
struct CarrierParcel: Sendable {
    struct Scan: Sendable {
        var state: SandboxParcelState
        var reason: SandboxParcelReason?
        var time: Date
        var place: Place
        var words: String
    }

    /// Where a scan was made.
    struct Place: Sendable {
        var city: String
        var state: String?
        var country: String
        var zip: String
        /// IANA.
        var zone: String
    }

    var number: String
    /// The carrier's name in Shopify.
    var company: String
    /// Oldest first.
    var scans: [Scan]
    /// The first estimate reported.
    var promised: Date?
    /// The estimate now.
    var estimate: Date?
    var origin: Place
    var destination: Place

    var last: Scan? { scans.last }
    /// Newest first, as most carriers list them.
    var newestFirst: [Scan] { scans.reversed() }
    /// When it was handed over, if it was.
    var delivered: Scan? { scans.last { $0.state == .delivered } }
    /// Whether the newest scan calls it late.
    var isLate: Bool { last?.state == .delayed }
    var isReturning: Bool { last.map { $0.state == .returning || $0.state == .returned } ?? false }

    /// Where the sandbox's shop hands over its parcels.
    static let shop = Place(city: "Bristol", state: nil, country: "GB", zip: "BS1 4DJ", zone: "Europe/London")
}

extension SandboxParcelState {
    /// A carrier's scan in English.
    func words(_ reason: SandboxParcelReason?) -> String {
        switch self {
        case .preTransit: "Label created, not yet handed over"
        case .accepted: "Picked up"
        case .inTransit: "Departed from facility"
        case .customs: "Clearance in progress"
        case .delayed:
            switch reason {
            case .weather: "Delayed by weather"
            case .customs: "Delayed in customs"
            default: "Delayed"
            }
        case .outForDelivery: "Out for delivery"
        case .attempted: "Delivery attempted, nobody was there"
        case .readyForPickup: "Ready for pickup"
        case .exception:
            switch reason {
            case .address: "The address is incomplete"
            case .damage: "Damaged on the way"
            case .recipient: "Refused by the recipient"
            case .customs: "Customs want papers"
            default: "The parcel is held"
            }
        case .returning: "On its way back to the sender"
        case .returned: "Returned to the sender"
        case .delivered: "Delivered"
        case .cancelled: "The shipment was cancelled"
        case .lost: "The parcel cannot be found"
        }
    }
}

extension SandboxTrackingStatus {
    /// The carrier's scan behind this Shopify event.
    var parcelState: SandboxParcelState {
        switch self {
        case .labelPurchased, .labelPrinted, .confirmed: .preTransit
        case .carrierPickedUp: .accepted
        case .inTransit: .inTransit
        case .outForDelivery: .outForDelivery
        case .attemptedDelivery: .attempted
        case .readyForPickup: .readyForPickup
        case .delayed: .delayed
        case .delivered: .delivered
        case .failure: .exception
        }
    }
}

extension ShopState {
    /// The form in which carriers compare numbers: without spaces, in capitals.
    static func plain(_ number: String) -> String {
        String(number.unicodeScalars.filter { !$0.properties.isWhitespace }.map(Character.init)).uppercased()
    }

    /// Records that a fulfillment has a parcel with that number.
    mutating func noteParcel(_ number: String?, of fulfillment: Int64) {
        guard let number, !number.isEmpty else { return }
        let key = Self.plain(number)
        if fulfillmentsByNumber[key]?.contains(fulfillment) != true {
            fulfillmentsByNumber[key, default: []].append(fulfillment)
        }
    }
}

extension SandboxShop {
    /// The newest parcel with a number, handed to one of these companies (any if nil).
    func parcel(_ number: String, of carries: ((String) -> Bool)?) -> CarrierParcel? {
        read { state in
            let key = ShopState.plain(number)
            for id in (state.fulfillmentsByNumber[key] ?? []).reversed() {
                guard let order = state.order(owning: ShopID(.fulfillment, id)),
                    let fulfillment = order.fulfillments.first(where: { $0.id == id }),
                    let index = fulfillment.packages.firstIndex(where: { $0.number.map(ShopState.plain) == key }),
                    carries?(fulfillment.packages[index].company ?? "") ?? true
                else { continue }
                return Self.parcel(fulfillment, package: index, order: order)
            }
            return nil
        }
    }

    private static func parcel(_ fulfillment: FulfillmentRecord, package: Int, order: OrderRecord) -> CarrierParcel {
        let address = order.address ?? .bristol
        let destination = CarrierParcel.Place(
            city: address.city, state: address.provinceCode, country: address.countryCode, zip: address.zip,
            zone: address.timeZone)
        let origin = CarrierParcel.shop
        func place(_ state: SandboxParcelState, _ city: String?) -> CarrierParcel.Place {
            let isAtHome = [.preTransit, .accepted, .returned].contains(state)
            var place = isAtHome ? origin : destination
            if let city, city != place.city {
                place = city == origin.city ? origin : destination
                place.city = city
            }
            return place
        }
        var scans: [CarrierParcel.Scan] = [
            .init(
                state: .preTransit, time: fulfillment.createdAt, place: origin,
                words: SandboxParcelState.preTransit.words(nil))
        ]
        var estimate = fulfillment.estimatedDeliveryAt
        for event in fulfillment.eventsByTime {
            let state = event.status.parcelState
            let reason: SandboxParcelReason? =
                event.message?.lowercased().contains("weather") == true
                ? .weather : event.message?.lowercased().contains("damage") == true ? .damage : nil
            scans.append(
                .init(
                    state: state, reason: reason, time: event.happenedAt, place: place(state, event.city),
                    words: event.message ?? state.words(reason)))
        }
        for scan in fulfillment.carrierScans where scan.package == nil || scan.package == package {
            scans.append(
                .init(
                    state: scan.state, reason: scan.reason, time: scan.happenedAt, place: place(scan.state, scan.city),
                    words: scan.words ?? scan.state.words(scan.reason)))
            if let moved = scan.estimatedDeliveryAt { estimate = moved }
        }
        if fulfillment.cancelled {
            scans.append(
                .init(
                    state: .cancelled, time: fulfillment.updatedAt, place: origin,
                    words: SandboxParcelState.cancelled.words(nil)))
        }
        // In time order; of two at the same time, the one reported later comes later.
        let sorted = scans.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
        return CarrierParcel(
            number: fulfillment.packages[package].number ?? "", company: fulfillment.packages[package].company ?? "",
            scans: sorted.map(\.element), promised: fulfillment.promisedAt ?? estimate, estimate: estimate,
            origin: origin, destination: destination)
    }
}

/// A moment in local time.
struct WallClock: Sendable {
    private let local: Date
    /// Minutes east of Greenwich.
    let offset: Int
    /// The zone's abbreviation: `EST`.
    let abbreviation: String

    init(_ date: Date, zone: String) {
        let zone = TimeZone(identifier: zone) ?? TimeZone(secondsFromGMT: 0)!
        offset = zone.secondsFromGMT(for: date) / 60
        local = date.addingTimeInterval(Double(offset) * 60)
        abbreviation = zone.abbreviation(for: date) ?? "GMT"
    }

    init(_ scan: CarrierParcel.Scan) { self.init(scan.time, zone: scan.place.zone) }

    /// `2026-11-21`.
    var day: String { String(ShopTime.iso(local).prefix(10)) }
    /// `10:15:00`.
    var clock: String { ShopTime.clock(local) }
    /// `20261121`.
    var compactDay: String { day.filter { $0 != "-" } }
    /// `101500`.
    var compactClock: String { clock.filter { $0 != ":" } }
    /// `2026-11-21T10:15:00`, without a zone.
    var bare: String { "\(day)T\(clock)" }
    /// `+01:00`.
    var offsetText: String {
        let minutes = abs(offset)
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(offset < 0 ? "-" : "+")\(two(minutes / 60)):\(two(minutes % 60))"
    }
    /// `2026-11-21T10:15:00+01:00`.
    var iso: String { bare + offsetText }
}
