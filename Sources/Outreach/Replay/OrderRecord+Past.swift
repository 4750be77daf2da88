// What was known about an order at an earlier moment.
//
// The store keeps facts as they are now, and scans and events with their times. So the past is what is known now, less
// everything that came later: events that were not recorded yet, scans that had not happened or had not been reported
// yet, parcels that did not exist yet, a cancellation, a payment, the end of a return, a label, a refund. What has no
// time is taken as it is now: tags, addresses, totals, the customer's counts, holds that lasted longer than a day.

extension OrderRecord {
    /// The order as it was at `moment`, with what had happened by then and was only learned when the shop was watched:
    /// for what is read of the time before.
    package func asHappened(by moment: Moment) -> OrderRecord {
        var record = self
        for index in record.events.indices where record.events[index].silence != nil {
            let event = record.events[index]
            record.events[index].recordedAt = min(event.recordedAt, event.happenedAt)
        }
        record.firstSeenAt = min(firstSeenAt, facts.processedAt)
        return record.asKnown(at: moment)
    }

    /// The order as it was known at `moment`, as far as can be determined.
    func asKnown(at moment: Moment) -> OrderRecord {
        if isWholeAt(moment) { return self }
        var past = self
        var later = Set<String>()
        // What a late report implies was not known before it was reported.
        var lateMarks = Set<String>()
        for event in events where event.recordedAt > moment {
            for occurrence in event.occurrences {
                later.insert("\(event.kind.rawValue) \(occurrence.subject)")
                lateMarks.insert(occurrence.mark)
            }
        }
        func came(_ kind: EventKind, _ subject: Subject) -> Bool { later.contains("\(kind.rawValue) \(subject.key)") }
        func known(_ scans: [Scan]) -> [Scan] {
            scans.compactMap { scan in
                guard scan.time <= moment, !lateMarks.contains(scan.id) else { return nil }
                var scan = scan
                if let at = scan.retractedAt, at > moment { scan.retractedAt = nil }
                return scan
            }
        }
        past.events = events.filter { $0.recordedAt <= moment }
        past.lastChangeAt = min(lastChangeAt, past.events.last?.recordedAt ?? firstSeenAt)
        if let at = facts.cancelledAt, at > moment || came(.orderCancelled, .order) { past.facts.cancelledAt = nil }
        if let at = facts.closedAt, at > moment { past.facts.closedAt = nil }
        if facts.paidAt.map({ $0 > moment }) ?? came(.orderPaid, .order) {
            past.facts.paidAt = nil
            past.facts.payment = .pending
        }
        past.facts.holds = holds(at: moment, came: came(.orderOnHold, .order))
        past.facts.refunds = facts.refunds.filter { refund in
            refund.createdAt.map { $0 <= moment } ?? !came(.refundIssued, .refund(refund.id))
        }
        let refunded = past.facts.refunds
        past.facts.bill?.payments = payments(refunded: refunded)
        past.facts.fulfillments = facts.fulfillments.compactMap { fulfillment in
            guard fulfillment.createdAt <= moment else { return nil }
            var fulfillment = fulfillment
            fulfillment.scans = known(fulfillment.scans)
            return fulfillment
        }
        if past.facts.fulfillments.isEmpty {
            if facts.fulfillment != .notRequired { past.facts.fulfillment = .unfulfilled }
        } else if facts.fulfillment == .fulfilled,
            past.facts.fulfillments.count < facts.fulfillments.count || came(.orderFulfilled, .order)
        {
            past.facts.fulfillment = .partial
        }
        let present = Set(past.facts.fulfillments.map(\.id))
        past.shipments = shipments.compactMap { shipment in
            guard present.contains(shipment.fulfillmentID) else { return nil }
            var shipment = shipment
            shipment.scans = known(shipment.scans)
            if came(.shipmentCancelled, .shipment(shipment.id)) {
                shipment.present = true
                if let index = past.facts.fulfillments.firstIndex(where: { $0.id == shipment.fulfillmentID }) {
                    past.facts.fulfillments[index].status = .success
                }
            }
            return shipment
        }
        past.facts.returns = facts.returns.compactMap { item in
            item.createdAt <= moment ? item.asKnown(at: moment) { came($0, .return(item.id)) } : nil
        }
        return past
    }

    /// True if nothing that is known came after `moment`.
    private func isWholeAt(_ moment: Moment) -> Bool {
        guard (events.last?.recordedAt ?? firstSeenAt) <= moment, events.allSatisfy({ $0.recordedAt <= moment }) else {
            return false
        }
        if let at = facts.cancelledAt, at > moment { return false }
        if !facts.returns.isEmpty || !facts.refunds.isEmpty || wasOnHold { return false }
        for fulfillment in facts.fulfillments {
            if fulfillment.createdAt > moment || !fulfillment.scans.areKnown(at: moment) { return false }
        }
        return shipments.allSatisfy { $0.scans.areKnown(at: moment) }
    }

    /// The payments when only these refunds were known. A payment has no time of its own; one that pays a refund back
    /// goes with it.
    private func payments(refunded known: [RefundFacts]) -> [BillFacts.Payment] {
        var payments = facts.bill?.payments ?? []
        if known.isEmpty {
            payments.removeAll { $0.kind == "refund" }
            return payments
        }
        for refund in facts.refunds where !known.contains(where: { $0.id == refund.id }) {
            if let index = payments.lastIndex(where: { $0.kind == "refund" && $0.amount == refund.total }) {
                payments.remove(at: index)
            }
        }
        return payments
    }

    private var wasOnHold: Bool { events.contains { $0.kind == .orderOnHold } }

    /// The holds at that time. The end of a hold leaves no time behind; so an order that is not on hold now is assumed
    /// to have been for a day.
    private func holds(at moment: Moment, came: Bool) -> [String] {
        if came { return [] }
        guard facts.holds.isEmpty, let held = events.last(where: { $0.kind == .orderOnHold && $0.recordedAt <= moment })
        else { return facts.holds }
        return moment - held.recordedAt < .days(1) ? ["lifted"] : []
    }
}

extension [Scan] {
    fileprivate func areKnown(at moment: Moment) -> Bool {
        allSatisfy { $0.time <= moment && ($0.retractedAt.map { $0 <= moment } ?? true) }
    }
}

extension ReturnFacts {
    /// The return as it was known at `moment`; `came` tells which events about it were recorded only later.
    fileprivate func asKnown(at moment: Moment, came: (EventKind) -> Bool) -> ReturnFacts {
        var past = self
        if came(.returnReceived) { past.received = false }
        if let at = closedAt, at > moment || came(.returnClosed) {
            past.closedAt = nil
            past.status = .open
        }
        if came(.returnCancelled) { past.status = approvedAt == nil ? .requested : .open }
        if came(.returnDeclined) { past.status = .requested }
        if let at = approvedAt, at > moment || came(.returnApproved) {
            past.approvedAt = nil
            past.status = .requested
        }
        past.deliveries = deliveries.filter { delivery in
            guard let made = delivery.labelCreatedAt ?? delivery.labelUpdatedAt else { return true }
            return made <= moment
        }
        return past
    }
}
