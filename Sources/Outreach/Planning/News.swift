// What is still news.
//
// Two tables. An event has an age, after which nobody wants to hear of it; and a state is no news once its subject has
// a later one: who has the parcel in her hands need not be told that it is on the van. Refunds and labels are never
// passed: they stay useful.

extension EventKind {
    /// How long after it happened (and after the trigger's own wait) it may still be told.
    public var age: Duration {
        switch self {
        case .shipmentOutForDelivery: .hours(12)
        case .orderPlaced, .orderPaid, .orderEdited, .shipmentAccepted, .shipmentAttempted, .shipmentETAChanged:
            .days(1)
        case .orderOnHold, .orderFulfilled, .shipmentCreated, .shipmentNumberChanged, .shipmentInTransit,
            .shipmentDelayed, .shipmentException,
            .returnRequested, .returnInTransit:
            .days(2)
        case .orderCancelled, .orderDelivered, .shipmentDelivered, .shipmentReadyForPickup, .shipmentCancelled,
            .returnApproved, .returnDeclined, .returnCancelled:
            .days(3)
        case .returnReceived, .returnClosed: .days(4)
        case .shipmentReturning, .shipmentReturned, .shipmentLost, .shipmentUntracked, .refundIssued: .days(7)
        case .returnLabelReady: .days(14)
        }
    }

    /// What a cancelled order or fulfillment may still speak of: its cancellation, refund and return.
    var survivesCancellation: Bool {
        switch self {
        case .orderCancelled, .shipmentCancelled, .refundIssued, .returnRequested, .returnApproved, .returnDeclined,
            .returnCancelled, .returnLabelReady, .returnInTransit, .returnReceived, .returnClosed:
            true
        default: false
        }
    }

    /// True where this event about a parcel is no news any more when the parcel is in `state`.
    func isPassed(by state: ParcelState) -> Bool {
        switch self {
        case .shipmentCreated:
            [.outForDelivery, .attempted, .readyForPickup, .delivered, .returning, .returned, .lost].contains(state)
        case .shipmentAccepted, .shipmentInTransit:
            [.outForDelivery, .attempted, .readyForPickup, .exception, .delivered, .returning, .returned, .lost]
                .contains(state)
        case .shipmentOutForDelivery:
            [.attempted, .readyForPickup, .exception, .delivered, .returning, .returned, .lost].contains(state)
        case .shipmentAttempted:
            [.outForDelivery, .readyForPickup, .delivered, .returning, .returned, .lost].contains(state)
        case .shipmentReadyForPickup: [.delivered, .returning, .returned, .lost].contains(state)
        case .shipmentDelayed, .shipmentETAChanged:
            [.outForDelivery, .attempted, .readyForPickup, .delivered, .returning, .returned, .lost].contains(state)
        case .shipmentException:
            [
                .inTransit, .outForDelivery, .attempted, .readyForPickup, .delivered, .returning, .returned, .lost,
            ].contains(state)
        case .shipmentNumberChanged: [.delivered, .returning, .returned, .lost].contains(state)
        case .shipmentUntracked: state.isFinal
        case .shipmentReturning: state == .returned || state == .delivered
        case .shipmentLost: [.inTransit, .outForDelivery, .readyForPickup, .delivered, .returned].contains(state)
        case .shipmentDelivered: [.returning, .returned].contains(state)
        default: false
        }
    }

    /// True where this event about a return is no news any more when the return is in `status`.
    func isPassed(by status: ReturnFacts.Status, received: Bool) -> Bool {
        switch self {
        case .returnRequested: status != .requested && status != .unknown
        case .returnApproved: received || status == .closed || status == .cancelled || status == .declined
        case .returnInTransit: received || status == .closed || status == .cancelled
        case .returnDeclined: status == .open
        default: false
        }
    }
}

extension OrderRecord {
    /// Why `event` is not to be told any more, judged by what the order has become; nil while it is news.
    func overtaken(_ event: Event) -> Reason? {
        if facts.cancelledAt != nil, !event.kind.survivesCancellation { return .cancelled }
        // One message may speak of several parcels; it is news as long as it is for one of them.
        var first: Reason?
        for occurrence in event.occurrences {
            guard let subject = Subject(key: occurrence.subject) else { continue }
            guard let reason = overtaken(event, about: subject) else { return nil }
            first = first ?? reason
        }
        return first
    }

    private func overtaken(_ event: Event, about subject: Subject) -> Reason? {
        let kind = event.kind
        switch subject {
        case .order:
            if kind == .orderOnHold { return facts.holds.isEmpty ? .passed : nil }
            if kind == .orderPlaced || kind == .orderPaid { return facts.fulfillment == .fulfilled ? .passed : nil }
            if kind == .orderFulfilled { return impliesDelivered ? .passed : nil }
            return nil
        case .shipment(let id):
            guard let shipment = shipment(id) else { return .passed }
            let state = parcelState(of: shipment)
            if isCancelled(shipment), !kind.survivesCancellation { return .cancelled }
            if !isCarried(shipment) { return .nothingToCarry }
            return kind.isPassed(by: state) ? .passed : nil
        case .return(let id):
            guard let item = self.return(id) else { return .passed }
            return kind.isPassed(by: item.status, received: item.received) ? .passed : nil
        case .refund:
            return nil
        }
    }

    private var impliesDelivered: Bool { events.contains { $0.kind == .orderDelivered } }
}
