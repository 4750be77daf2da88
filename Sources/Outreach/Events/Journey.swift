/// How a parcel gets to the shopper, as the shop's figures count it: one row in the store for each parcel whose story
/// is news. What happened before the shop was watched has none, so the first run over years of orders adds nothing.
public struct Journey: Hashable, Sendable {
    /// How it ended, if it did.
    public enum Outcome: String, Sendable, CaseIterable {
        /// Sent, with a number, and not there yet.
        case underway
        /// Delivered by the promised day.
        case kept
        /// Delivered after it.
        case late
        /// Delivered, and nobody had named a day before.
        case unpromised
    }

    /// `Shipment.id`.
    public var shipment: String
    /// As `TrackingFacts.carrierName`; empty where the shop names none.
    public var carrier: String
    /// The shop's day on which it was sent and, once it has arrived, the one on which it did.
    public var day: CalendarDay
    public var outcome: Outcome
    /// Whole days from the hand-over to the carrier to the arrival, where the parcel goes; nil while under way.
    public var days: Int?

    public init(shipment: String, carrier: String, day: CalendarDay, outcome: Outcome, days: Int? = nil) {
        self.shipment = shipment
        self.carrier = carrier
        self.day = day
        self.outcome = outcome
        self.days = days
    }
}

extension TrackingFacts {
    /// The carrier as figures name it: one line of at most 60 characters; empty where the shop names none.
    public var carrierName: String {
        let words = (company ?? "").split {
            $0.isWhitespace || $0.isNewline || $0.unicodeScalars.contains(where: \.isControl)
        }
        return String(words.joined(separator: " ").prefix(60))
    }
}

extension Unicode.Scalar {
    fileprivate var isControl: Bool { properties.generalCategory == .control }
}

extension OrderRecord {
    /// The journeys of its parcels.
    ///
    /// - Parameters:
    ///   - histories: those of the shipments, in their order.
    ///   - zone: where the parcels go, by which promises and lengths are counted.
    ///   - shopZone: by whose days the figures go.
    func journeys(_ histories: [ShipmentHistory], zone: Zone, shopZone: Zone) -> [Journey] {
        zip(shipments, histories).compactMap { journey(of: $0, $1, zone: zone, shopZone: shopZone) }
    }

    private func journey(
        of shipment: Shipment, _ history: ShipmentHistory, zone: Zone, shopZone: Zone
    ) -> Journey? {
        guard isCarried(shipment), let fulfillment = fulfillment(shipment.fulfillmentID) else { return nil }
        let carrier = shipment.tracking.carrierName
        if let arrival = history.last(.delivered) {
            guard let told = news(.shipmentDelivered, of: shipment) else { return nil }
            // A scan may lie ahead of our clock; what it tells is told as of the moment at which it was learned.
            let arrivedAt = min(arrival.start, told.recordedAt)
            let arrived = zone.day(at: arrivedAt)
            let promise = shipment.promise ?? history.estimates.first { $0.start < arrival.start }?.day
            let started = history.episodes.first {
                [.accepted, .inTransit, .outForDelivery].contains($0.state) && $0.start <= arrival.start
            }
            let sent = zone.day(at: started?.start ?? fulfillment.createdAt)
            return Journey(
                shipment: shipment.id, carrier: carrier, day: shopZone.day(at: arrivedAt),
                outcome: promise.map { arrived > $0 ? .late : .kept } ?? .unpromised,
                days: max(0, min(arrived.days(since: sent), 3650)))
        }
        switch parcelState(of: shipment) {
        case .unknown, .preTransit, .accepted, .inTransit, .outForDelivery, .attempted, .readyForPickup, .exception:
            guard shipment.tracking.hasNumber, let told = news(.shipmentCreated, of: shipment) else { return nil }
            return Journey(
                shipment: shipment.id, carrier: carrier, day: shopZone.day(at: told.happenedAt), outcome: .underway)
        case .delivered, .returning, .returned, .lost, .cancelled: return nil
        }
    }

    /// The last event of that kind about a shipment that was news.
    private func news(_ kind: EventKind, of shipment: Shipment) -> Event? {
        let subject = Subject.shipment(shipment.id).key
        return events.last { event in
            event.kind == kind && event.silence == nil && event.occurrences.contains { $0.subject == subject }
        }
    }

    /// The carrier of the first parcel that an event is about; empty where none is named.
    public func carrier(of event: Event) -> String {
        for occurrence in event.occurrences {
            if case .shipment(let id)? = Subject(key: occurrence.subject), let shipment = shipment(id) {
                return shipment.tracking.carrierName
            }
        }
        return ""
    }
}
