// What is read again by its id, and when.
//
// An order's `updatedAt` does not change with everything that happens to its fulfillments and returns, so open ones are
// read again separately. The intervals reflect how much of the shop's budget each is worth; the intake takes what is
// due, oldest first, as far as the budget goes.

/// What of an order was read of the shop.
enum WhatWasRead: Hashable {
    case all, nothing
    case fulfillment(String)
    case `return`(String)
}

extension Learner {
    /// How long a delivered parcel is still read once a day: it may come back, or the scan may be corrected.
    static let lookingBack = Duration.days(14)

    /// The next read of each fulfillment and return of `record`.
    ///
    /// - Parameter read: what was read of the shop just now.
    func rereads(
        _ record: OrderRecord, histories: [ShipmentHistory], read: WhatWasRead, now: Moment
    ) -> [Reread] {
        if record.facts.test { return [] }
        let fulfillments = record.facts.fulfillments.map { fulfillment in
            let own = zip(record.shipments, histories).filter { shipment, _ in
                shipment.fulfillmentID == fulfillment.id && shipment.present
            }
            return Reread(
                kind: .fulfillment, id: fulfillment.id, at: nextReread(at: fulfillment, own.map(\.1), now: now),
                isRead: read == .all || read == .fulfillment(fulfillment.id))
        }
        let returns = record.facts.returns.map { item in
            Reread(
                kind: .return, id: item.id, at: nextReread(at: item, now: now),
                isRead: read == .all || read == .return(item.id))
        }
        return fulfillments + returns
    }

    private func nextReread(at fulfillment: FulfillmentFacts, _ histories: [ShipmentHistory], now: Moment) -> Moment? {
        if fulfillment.status == .cancelled || fulfillment.status == .error { return nil }
        let lastNews = histories.compactMap { $0.lastScan?.time }.max() ?? fulfillment.createdAt
        if histories.allSatisfy({ $0.state.isFinal }) {
            return now - lastNews < Self.lookingBack ? now + .days(1) : nil
        }
        let silence = now - max(lastNews, fulfillment.createdAt)
        if silence > OrderRecord.givingUp { return nil }
        if silence > .days(14) { return now + max(rereadEvery, .hours(1)) }
        return now + rereadEvery
    }

    private func nextReread(at item: ReturnFacts, now: Moment) -> Moment? {
        switch item.status {
        case .requested, .open, .unknown:
            return now - item.createdAt < .days(180) ? now + rereadEvery : nil
        case .closed, .declined, .cancelled:
            // A return may be reopened.
            let end = item.closedAt ?? item.createdAt
            return now - end < Self.lookingBack ? now + .days(1) : nil
        }
    }
}
