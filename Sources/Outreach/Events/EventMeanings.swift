// What each kind of event means to the person who writes triggers: one sentence each, here and nowhere else.
// docs/triggers.md, the schemas for editors and the hints of `bookbag check` have them from this table; what is no news
// any more comes from the rules themselves (Planning/News.swift).

extension EventKind {
    /// When it happens, in a sentence or two.
    public var meaning: String {
        switch self {
        case .orderPlaced: "The order was placed, paid or not."
        case .orderPaid: "The order was paid in full."
        case .orderEdited:
            "Items or quantities of the order were changed after it was placed. It happens again with each change."
        case .orderCancelled: "The whole order was cancelled."
        case .orderOnHold: "Part of the order was put on hold in Shopify."
        case .orderFulfilled: "The whole order has left: its last item is in a parcel."
        case .orderDelivered: "The whole order has arrived: its last parcel was delivered."
        case .shipmentCreated:
            "A parcel was made ready in Shopify (a fulfillment). The carrier may not have it yet."
        case .shipmentAccepted:
            "The carrier has accepted the parcel. Not every carrier reports this separately from moving it: to be sure, list 'shipment.in_transit' too, with 'once_per: shipment'."
        case .shipmentInTransit:
            "The parcel is moving through the carrier's network; ordinary customs clearance counts too."
        case .shipmentOutForDelivery: "The parcel is on the delivery vehicle."
        case .shipmentReadyForPickup: "The parcel is waiting for the shopper at a shop, a locker or a post office."
        case .shipmentAttempted: "The carrier was at the door and could not deliver."
        case .shipmentDelayed:
            "The parcel is late: its carrier says so, the expected day moved back, the promised day passed, or it was silent for too long ('delays' in shop.yaml). It happens again when it gets 3 or more days worse; use 'once_per: event' to tell it again."
        case .shipmentException: "The parcel needs attention: damage, a wrong address, a customs hold, a refusal."
        case .shipmentReturning: "The parcel is on its way back to you, undelivered."
        case .shipmentReturned: "The parcel came back to you, undelivered."
        case .shipmentLost: "The carrier has given the parcel up."
        case .shipmentDelivered: "The parcel was handed over, or left at the address."
        case .shipmentCancelled: "The parcel was cancelled in Shopify before it arrived."
        case .shipmentUntracked: "Nothing has been heard of the parcel for 90 days, and Bookbag stops asking."
        case .shipmentETAChanged:
            "The carrier's expected delivery day moved, later or earlier. It happens again with each change."
        case .shipmentNumberChanged:
            "The parcel's tracking number was added or changed after the parcel was made ready. It happens again with each change; a number that was there from the start does not count."
        case .returnRequested: "The shopper asked for a return."
        case .returnApproved: "You approved a return, or opened one yourself."
        case .returnDeclined: "You declined a return."
        case .returnCancelled: "A return was cancelled."
        case .returnLabelReady: "A return has a label. It happens again when the label is replaced."
        case .returnInTransit: "The goods of a return are on their way back to you."
        case .returnReceived: "The goods of a return have come back to you."
        case .returnClosed: "A return was closed."
        case .refundIssued: "Money was refunded, with or without a return. It happens for each refund."
        }
    }

    /// The first sentence of `meaning`.
    var shortMeaning: String {
        meaning.firstRange(of: ". ").map { String(meaning[..<$0.lowerBound]) + "." } ?? meaning
    }

    /// What makes it no news any more, behind "once"; nil where nothing does. The words of states are in backquotes.
    var passedBy: String? {
        switch subject {
        case "order":
            switch self {
            case .orderOnHold: return "no part of the order is on hold"
            case .orderPlaced, .orderPaid: return "the whole order was sent"
            case .orderFulfilled: return "the whole order has arrived"
            default: return nil
            }
        case "shipment":
            let states = ParcelState.allCases.filter { isPassed(by: $0) }
            return states.isEmpty ? nil : "the parcel is \(Self.either(states.map(\.rawValue)))"
        case "return":
            let states = ReturnFacts.Status.allCases.filter { isPassed(by: $0, received: false) }
            let isPassedByReceipt = isPassed(by: .open, received: true) && !isPassed(by: .open, received: false)
            if states.isEmpty { return nil }
            return "the return is \(Self.either(states.map(\.rawValue)))"
                + (isPassedByReceipt ? ", or the goods are back" : "")
        default: return nil
        }
    }

    /// The rule by which it was passed, as a sentence without its full stop.
    public var passedRule: String? {
        passedBy.map { "'\(rawValue)' is no news once \($0.replacing("`", with: ""))" }
    }

    /// True where that another kind of event happened later makes this one no news.
    public func isPassed(byEvent other: EventKind) -> Bool {
        switch self {
        case .orderPlaced, .orderPaid: return other == .orderFulfilled
        case .orderFulfilled: return other == .orderDelivered
        default: break
        }
        if subject == "shipment", other.subject == "shipment" {
            let state = ParcelState.allCases.first { $0.event == other }
            return state.map { isPassed(by: $0) } ?? false
        }
        if subject == "return", other.subject == "return" {
            let status: ReturnFacts.Status? =
                switch other {
                case .returnApproved: .open
                case .returnDeclined: .declined
                case .returnCancelled: .cancelled
                case .returnClosed: .closed
                default: nil
                }
            return status.map { isPassed(by: $0, received: false) } ?? false
                || (other == .returnReceived && isPassed(by: .open, received: true))
        }
        return false
    }

    /// True where it is about the whole order.
    public var isOfOrder: Bool { subject == "order" }

    private static func either(_ words: [String]) -> String {
        let quoted = words.map { "`\($0)`" }
        guard let last = quoted.last, quoted.count > 1 else { return quoted.first ?? "" }
        return quoted.dropLast().joined(separator: ", ") + " or " + last
    }
}
