/// The stages of a parcel's life. One vocabulary for all sources, in the trade's own terms.
public enum ParcelState: String, Codable, Sendable, CaseIterable {
    /// No source has usable information.
    case unknown
    /// A label or an electronic notice; nothing was scanned.
    case preTransit = "pre_transit"
    /// The first physical scan: picked up, dropped off, handed in.
    case accepted
    /// Moving, including routine customs clearance.
    case inTransit = "in_transit"
    /// On the vehicle.
    case outForDelivery = "out_for_delivery"
    /// The carrier tried and could not deliver.
    case attempted
    /// Waiting at a shop, a locker or a post office for the shopper.
    case readyForPickup = "ready_for_pickup"
    /// Needs attention: damage, hold, bad address, refused.
    case exception
    /// On its way back to the sender.
    case returning
    /// Back at the sender.
    case returned
    /// Handed to the shopper, or left at the address.
    case delivered
    /// The label or the shipment was voided.
    case cancelled
    /// Given up by the carrier.
    case lost
}

extension ParcelState {
    /// How far along a parcel is, for ordering scans with the same time: many sources give only minutes, and list what
    /// happened within one in any order.
    var stage: Int {
        switch self {
        case .unknown: 0
        case .preTransit: 1
        case .accepted: 2
        case .inTransit: 3
        case .outForDelivery: 4
        case .attempted: 5
        case .exception: 6
        case .readyForPickup: 7
        case .returning: 8
        case .cancelled: 9
        case .delivered: 10
        case .returned: 11
        case .lost: 12
        }
    }

    /// True for a state after which nothing more is expected of the parcel.
    public var isFinal: Bool {
        switch self {
        case .delivered, .returned, .cancelled, .lost: true
        default: false
        }
    }
}
