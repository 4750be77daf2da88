// Which events are implied by everything known about an order.
//
// Each function looks at the whole record and names everything that must have happened, with the mark by which it will
// be recognised next time. `Learner` records those that are not recorded yet. So an event does not depend on which poll
// saw it first, on whether a webhook came before, or on how the polls divide up what happened.

/// Something that the record says has happened.
struct ImpliedEvent: Sendable {
    var kind: EventKind
    var subject: Subject
    /// The mark by which it is recognised, and with which it is recorded.
    var mark: String
    /// Other marks under which it may have been recorded.
    var aliases: [String] = []
    /// When it happened; nil if no source says, in which case it happened when it was first seen.
    var at: Moment?
    var source: String = "shopify"
    /// Events of one kind with the same group are one event about several subjects: those of one thing, or of one thing
    /// and one mark.
    var scope: String
    /// Whether the mark belongs to the group.
    var isGroupedByMark = false
    var daysLate: Int?
    var delayReason: String?
    /// The source that it relies on, if that is not its own source: a missed promise is reported by the clock, but
    /// somebody made the promise.
    var restsOn: String?
    /// True if Bookbag itself did it.
    var isOwn = false

    /// See `scope`.
    var group: String { isGroupedByMark ? "\(scope)/\(mark)" : scope }
}

/// That a source has just answered about a number, whether or not it had news.
struct Heard: Hashable, Sendable {
    /// `TrackingFacts.key`.
    var number: String
    var source: String
}

extension OrderRecord {
    /// Everything that has happened to the order up to `now`, and when time alone may add to it. `heard` is what a
    /// carrier has just answered: only then is it known that nothing was scanned for long.
    ///
    /// `histories` are those of this record, if they were already computed.
    func implied(
        now: Moment, zone: Zone, rules: DelayRules = DelayRules(), heard: Heard? = nil,
        histories: [ShipmentHistory]? = nil
    ) -> (events: [ImpliedEvent], next: Moment?) {
        let histories = histories ?? self.histories
        var events = impliedOfOrder()
        var next: Moment?
        var deliveries: [Moment?] = []
        for index in shipments.indices {
            let (shipment, history) = (shipments[index], histories[index])
            let (found, later) = implied(
                of: shipment, history: history, now: now, zone: zone, rules: rules,
                heard: heard.flatMap { $0.number == shipment.tracking.key ? $0.source : nil })
            events += found
            next = [next, later].compactMap(\.self).min()
            if !isCancelled(shipment), isCarried(shipment) { deliveries.append(history.last(.delivered)?.start) }
        }
        if facts.fulfillment == .fulfilled, !deliveries.isEmpty, deliveries.allSatisfy({ $0 != nil }) {
            let last = deliveries.compactMap(\.self).max()
            events.append(
                ImpliedEvent(kind: .orderDelivered, subject: .order, mark: "delivered", at: last, scope: "order"))
        }
        for item in facts.returns { events += implied(of: item) }
        for refund in facts.refunds {
            var issued = ImpliedEvent(
                kind: .refundIssued, subject: .refund(refund.id), mark: refund.id, at: refund.createdAt,
                scope: refund.id)
            issued.isOwn = refund.isOwn ?? false
            events.append(issued)
        }
        return (events, next)
    }

    private func impliedOfOrder() -> [ImpliedEvent] {
        func event(_ kind: EventKind, _ mark: String, _ at: Moment?, isOwn: Bool = false) -> ImpliedEvent {
            var event = ImpliedEvent(kind: kind, subject: .order, mark: mark, at: at, scope: "order")
            event.isOwn = isOwn
            return event
        }
        let isSentAgain = facts.replaces != nil
        var events = [event(.orderPlaced, "placed", facts.processedAt, isOwn: isSentAgain)]
        switch facts.payment {
        case .paid, .partiallyRefunded, .refunded:
            events.append(event(.orderPaid, "paid", facts.paidAt, isOwn: isSentAgain))
        default: break
        }
        if let cancelledAt = facts.cancelledAt {
            events.append(event(.orderCancelled, "cancelled", cancelledAt, isOwn: facts.isCancelledByUs ?? false))
        }
        // Several holds placed at once are one event.
        events += facts.holds.map { event(.orderOnHold, $0, nil, isOwn: facts.ownHolds?.contains($0) ?? false) }
        if facts.fulfillment == .fulfilled {
            let last = facts.fulfillments.filter { $0.status != .cancelled }.map(\.createdAt).max()
            events.append(event(.orderFulfilled, "fulfilled", last))
        }
        return events
    }

    private func implied(
        of shipment: Shipment, history: ShipmentHistory, now: Moment, zone: Zone, rules: DelayRules, heard: String?
    ) -> (events: [ImpliedEvent], next: Moment?) {
        guard let fulfillment = fulfillment(shipment.fulfillmentID), isCarried(shipment) else { return ([], nil) }
        let subject = Subject.shipment(shipment.id)
        let turn = turn(of: shipment)
        // A fulfillment that takes over the package of a cancelled one is created, and cancelled, as a second one.
        let maker = shipment.isOfFirstFulfillment ? "" : ":\(fulfillment.id.shortID)"
        func event(_ kind: EventKind, _ mark: String, _ at: Moment?, source: String = "shopify") -> ImpliedEvent {
            ImpliedEvent(
                kind: kind, subject: subject, mark: mark, at: at, source: source,
                scope: shipment.fulfillmentID, isGroupedByMark: true)
        }
        var events = [event(.shipmentCreated, "created" + maker, fulfillment.createdAt)]
        if isCancelled(shipment) {
            // A parcel that was already delivered is neither cancelled nor delivered again.
            if history.state != .delivered || !wasDelivered(shipment) {
                let at = fulfillment.status == .cancelled ? fulfillment.updatedAt : nil
                events.append(event(.shipmentCancelled, "cancelled" + maker, at))
            }
            return (events, nil)
        }
        func tell(_ kind: EventKind, _ scans: [String], _ at: Moment, _ source: String) {
            guard let first = scans.first else { return }
            var implied = event(kind, turn.isEmpty ? first : first + turn, at, source: source)
            implied.aliases = Array(scans.dropFirst())
            if !turn.isEmpty { implied.aliases = implied.aliases.map { $0 + turn } }
            events.append(implied)
        }
        for episode in history.episodes {
            guard let kind = episode.state.event else { continue }
            tell(kind, episode.scans, episode.start, episode.source)
        }
        for run in history.estimates.dropFirst() {
            tell(.shipmentETAChanged, run.scans, run.start, run.source)
        }
        let key = subject.key
        let delays = self.events.filter { event in
            event.kind == .shipmentDelayed && event.occurrences.contains { $0.subject == key && $0.turn == turn }
        }
        let promised = shipment.promise.map {
            EstimateRun(day: $0, start: fulfillment.createdAt, scans: [], source: "shopify")
        }
        let silence = heard.flatMap {
            Delay.silence(in: history, heardFrom: $0, sent: fulfillment.createdAt, rules: rules, zone: zone)
        }
        let (signs, nextDelay) = Delay.signs(
            in: history, promised: promised, silence: silence, recorded: delays, turn: turn, now: now, zone: zone)
        for sign in signs {
            var implied = event(
                .shipmentDelayed, turn.isEmpty ? sign.mark : sign.mark + turn, sign.at, source: sign.source)
            implied.daysLate = sign.level
            implied.delayReason = sign.reason
            implied.restsOn = sign.restsOn
            events.append(implied)
        }
        if let heard,
            let loss = Delay.loss(
                in: history, country: facts.shippingAddress?.countryCode, rules: rules, zone: zone), loss.at <= now
        {
            let mark = Delay.lossMark(silentSince: loss.silentSince)
            var implied = event(
                .shipmentPresumedLost, turn.isEmpty ? mark : mark + turn, loss.at, source: "time")
            implied.restsOn = heard
            events.append(implied)
        }
        let lost = givenUp(fulfillment, history)
        if let lost, lost <= now { events.append(event(.shipmentUntracked, "untracked", lost, source: "time")) }
        return (events, [nextDelay, lost.flatMap { $0 > now ? $0 : nil }].compactMap(\.self).min())
    }

    /// When the parcel will have been silent for so long that there is no point in asking any more.
    private func givenUp(_ fulfillment: FulfillmentFacts, _ history: ShipmentHistory) -> Moment? {
        if history.state.isFinal { return nil }
        return max(fulfillment.createdAt, history.lastScan?.time ?? .distantPast) + Self.givingUp
    }

    /// How long a parcel is followed without news. Carriers themselves forget after 90 to 120 days.
    static let givingUp = Duration.days(90)

    private func implied(of item: ReturnFacts) -> [ImpliedEvent] {
        func event(_ kind: EventKind, _ mark: String, _ at: Moment?) -> ImpliedEvent {
            ImpliedEvent(
                kind: kind, subject: .return(item.id), mark: mark, at: at, scope: item.id, isGroupedByMark: true)
        }
        var events: [ImpliedEvent] = []
        // A return that the merchant opened was never requested.
        if item.status == .requested || item.status == .declined || item.approvedAt != nil {
            events.append(event(.returnRequested, "requested", item.createdAt))
        }
        switch item.status {
        case .open, .closed: events.append(event(.returnApproved, "approved", item.approvedAt ?? item.createdAt))
        case .declined: events.append(event(.returnDeclined, "declined", nil))
        case .cancelled: events.append(event(.returnCancelled, "cancelled", nil))
        case .requested, .unknown: break
        }
        for delivery in item.deliveries {
            guard let version = delivery.labelVersion else { continue }
            events.append(event(.returnLabelReady, version, delivery.labelUpdatedAt ?? delivery.labelCreatedAt))
        }
        if item.received { events.append(event(.returnReceived, "received", nil)) }
        if item.status == .closed { events.append(event(.returnClosed, "closed", item.closedAt)) }
        return events
    }
}

extension Shipment {
    /// True if it belongs to the fulfillment that it was first seen in, whose number its id begins with.
    fileprivate var isOfFirstFulfillment: Bool {
        guard let slash = id.utf8.lastIndex(of: UInt8(ascii: "/")) else { return true }
        let number = id.utf8[..<slash]
        if fulfillmentID.utf8.suffix(number.count).elementsEqual(number) {
            let before = fulfillmentID.utf8.dropLast(number.count).last
            if before == nil || before == UInt8(ascii: "/") { return true }
        }
        return fulfillmentID.shortID == id[..<slash]
    }
}

extension ReverseDeliveryFacts {
    /// What tells one label from the next: the delivery, the URL without its query (a signature that changes), and when
    /// it was last changed. Nil if there is no label; Shopify returns an empty text in that case.
    public var labelVersion: String? {
        guard let labelURL, !labelURL.isEmpty else { return nil }
        let path = labelURL.prefix { $0 != "?" && $0 != "#" }
        return "\(id)|\(path)|\((labelUpdatedAt ?? labelCreatedAt)?.milliseconds ?? 0)"
    }
}
