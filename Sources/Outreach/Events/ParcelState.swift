/// Where a parcel is in its life. One vocabulary for all sources; the words are those of the trade.
public enum ParcelState: String, Codable, Sendable, CaseIterable {
    /// No source knows anything usable.
    case unknown
    /// A label or an electronic notice; nothing was scanned.
    case preTransit = "pre_transit"
    /// The first physical scan: picked up, dropped off, handed in.
    case accepted
    /// Moving, customs in their ordinary course included.
    case inTransit = "in_transit"
    /// On the vehicle.
    case outForDelivery = "out_for_delivery"
    /// The carrier tried and could not deliver.
    case attempted
    /// Waits at a shop, a locker or a post office for the shopper.
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
    /// True for a state after which nothing more is expected of the parcel.
    public var isFinal: Bool {
        switch self {
        case .delivered, .returned, .cancelled, .lost: true
        default: false
        }
    }
}
