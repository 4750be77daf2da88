import Delivery
package import Outreach
package import Store

/// The effects that follow from an offer, as changes of a plan.
package struct OfferSteps: Sendable {
    let planner: Planner
    let codes: GiftCodes

    package init(planner: Planner, codes: GiftCodes) {
        self.planner = planner
        self.codes = codes
    }

    /// A person has the matter, with this note.
    package static func handOver(_ offer: OfferRecord, to state: OfferState, note: String, now: Moment)
        -> PlannedChange?
    {
        var effect = Effect(
            to: Route(shop: offer.shop, channel: .desk), origin: .system, isContact: false, by: "remedy",
            line: "hand_over", keys: ["offer \(offer.number) \(state.rawValue)"], about: .order(offer.orderID),
            dueAt: now, createdAt: now)
        effect.state = .ready
        effect.decidedAt = now
        let line = ActionLine("hand_over", through: .desk, details: ["note": String(note.prefix(500))])
        var act = DeskAct(line, of: effect)
        // Nothing is handed over twice: the note is the offer's.
        (act.effect, act.trigger) = (offer.number, "")
        guard let message = try? act.message(id: "offer-\(offer.number)-\(state.rawValue)") else { return nil }
        return PlannedChange(
            effect: effect, note: DecisionNote(at: now, state: .ready, reason: nil, detail: note), message: message)
    }

    /// A gift of policy.yaml that goes along, or was chosen; nil where the policy has none of that name any more, or the
    /// order no account that it could belong to.
    ///
    /// - Parameters:
    ///   - key: what tells it from others of the offer.
    ///   - last: when she, or somebody at the address, got the last one.
    package func gift(
        _ name: String, of offer: OfferRecord, record: OrderRecord, last: Moment?, key: String, now: Moment
    ) -> PlannedChange? {
        guard let policy = planner.triggers.policy, let gift = policy.gift(name),
            let customer = record.facts.customer?.id,
            let booking = Booking.part(
                gift, of: offer.offer, record: record, last: last, why: "part of offer \(offer.number)")
        else { return nil }
        let settings = planner.triggers.settings
        let zone = planner.shopZone
        if gift.scope != nil, let last,
            gift.every.map({ settings.calendar(zone: zone).moment($0, after: last, in: zone) > now }) ?? true
        {
            return nil
        }
        var effect = Effect(
            to: Route(shop: offer.shop, channel: .shop), origin: .system, isContact: false, by: "remedy",
            line: "give:\(name)", keys: ["offer \(offer.number) \(key)"], about: .order(offer.orderID), dueAt: now,
            createdAt: now)
        effect.state = .ready
        effect.decidedAt = now
        let message = ShopCommand.giving(
            gift, id: "offer-\(offer.number)-\(key)", code: codes.code(of: name, for: effect), to: customer,
            order: record.facts.name, currency: policy.currency, settings: settings, zone: zone, now: now)
        var change = PlannedChange(
            effect: effect, note: DecisionNote(at: now, state: .ready, reason: nil, detail: offer.offer.why),
            message: message)
        change.booking = booking
        return change
    }
}
