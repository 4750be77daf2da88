// Gmail and others show a parcel's delivery day and a tracking button next to a mail that carries them in schema.org's
// vocabulary (https://developers.google.com/gmail/markup/reference/parcel-delivery). The data they require is gathered
// here, as values; Delivery writes it. Incomplete data is of no use to them and may be wrong, so there is a notice only
// if all of it is known.

/// What a mail program needs to know about one parcel to show it.
public struct ParcelNotice: Hashable, Sendable {
    /// One kind of item in it.
    public struct Item: Hashable, Sendable {
        public var name: String
        public var quantity: Int
    }

    /// Where it goes.
    public struct Destination: Hashable, Sendable {
        public var name: String?
        public var street: String
        public var city: String
        /// Gmail always requires one. Where a country's addresses have none (Germany's, say), it is the city.
        public var region: String
        public var postalCode: String
        /// ISO 3166-1 alpha-2.
        public var country: String
    }

    /// The state of the order, in schema.org's words: `OrderInTransit`.
    public enum Status: String, Sendable {
        case processing = "OrderProcessing"
        case inTransit = "OrderInTransit"
        case pickup = "OrderPickupAvailable"
        case problem = "OrderProblem"
        case delivered = "OrderDelivered"
        case returned = "OrderReturned"
    }

    public var orderNumber: String
    /// The shopper's own status page of the order.
    public var orderURL: String?
    public var status: Status
    public var merchant: String
    public var carrier: String
    public var trackingNumber: String
    public var trackingURL: String?
    public var items: [Item]
    public var destination: Destination
    /// The first and last moment of the day on which it arrives, or arrived, at its destination.
    public var arrival: ClosedRange<Moment>
    /// The zone of that day.
    public var zone: Zone
}

extension Scope {
    /// A limit that no real shipment reaches, and more cards than any mail program shows.
    private static let mostParcels = 10

    /// The notices for the parcels that the event is about: only those with complete data.
    var parcelNotices: [ParcelNotice] {
        guard event.kind.subject == "shipment" else { return [] }
        return shipments.filter(\.present).prefix(Self.mostParcels).compactMap(notice)
    }

    private func notice(_ shipment: Shipment) -> ParcelNotice? {
        let state = state(of: shipment)
        guard let carrier = shipment.tracking.company.known, let number = shipment.tracking.number.known,
            let destination, let merchant = settings.brand.name.known,
            let day = state.deliveredAt.map({ zone.day(at: $0) }) ?? state.estimate
        else { return nil }
        let lines = record.fulfillment(shipment.fulfillmentID)?.lineItems ?? []
        let items: [ParcelNotice.Item] = lines.compactMap { part in
            guard part.quantity > 0, let line = record.facts.lineItems.first(where: { $0.id == part.lineItemID }),
                let title = line.title.known
            else { return nil }
            return ParcelNotice.Item(name: title, quantity: part.quantity)
        }
        guard !items.isEmpty else { return nil }
        return ParcelNotice(
            orderNumber: record.facts.name, orderURL: record.facts.statusURL, status: .init(state.state),
            merchant: merchant, carrier: carrier, trackingNumber: number, trackingURL: shipment.tracking.url,
            items: items, destination: destination,
            arrival: zone.moment(on: day, secondOfDay: 0)...zone.moment(on: day, secondOfDay: 86_399), zone: zone)
    }

    private var destination: ParcelNotice.Destination? {
        guard let address = record.facts.shippingAddress, let street = address.address1.known,
            let city = address.city.known, let code = address.zip.known, let country = address.countryCode.known
        else { return nil }
        let whole = address.address2.known.map { "\(street), \($0)" } ?? street
        return ParcelNotice.Destination(
            name: address.name.known, street: whole, city: city, region: address.province.known ?? city,
            postalCode: code, country: country)
    }
}

extension ParcelNotice.Status {
    fileprivate init(_ state: ParcelState) {
        switch state {
        case .delivered: self = .delivered
        case .readyForPickup: self = .pickup
        case .attempted, .exception, .lost: self = .problem
        case .returning, .returned: self = .returned
        case .preTransit, .unknown: self = .processing
        case .cancelled, .accepted, .inTransit, .outForDelivery: self = .inTransit
        }
    }
}

extension String {
    fileprivate var known: String? {
        let text = trimmingSpaces
        return text.isEmpty ? nil : text
    }
}

extension String? {
    fileprivate var known: String? { flatMap(\.known) }
}
