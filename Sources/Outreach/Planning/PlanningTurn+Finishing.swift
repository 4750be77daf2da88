/// The result of composing the message of an effect that should be sent.
public enum Making: Sendable {
    /// It was composed, possibly with a remark. The message is nil if nothing is sent: in `replay` and `test`.
    case made(Message?, remark: String?)
    /// Something that it needs is not available yet.
    case wait(until: Moment, because: Reason, detail: String)
    /// It cannot be composed.
    case impossible(Reason, detail: String)
}

extension PlanningTurn {
    /// The effect as its message should present it, with the remaining events; nil if no message should be composed.
    public func draft(of one: Judged) -> Effect? {
        guard one.goes, let record = one.record, let first = one.judgement.events.first else { return nil }
        var effect = one.effect
        effect.detail = nil
        // A message that waits for its actions counts from when it began to.
        if effect.reason != .result { effect.decidedAt = now }
        effect.event = first
        effect.together = Array(one.judgement.events.dropFirst())
        effect.keys = planner.keys(of: effect, telling: one.judgement, record: record)
        return effect
    }

    /// The plan for an effect.
    ///
    /// - Parameter making: the result of composing its message; nil if `draft` returned nil.
    public func finish(_ one: Judged, _ making: Making?) -> Plan {
        let before = one.effect
        var effect = before
        var message: Message?
        effect.detail = nil
        effect.decidedAt = now
        switch one.judgement.decision {
        case .wait(let until, let reason):
            effect.dueAt = until
            effect.reason = reason
        case .skip(let reason, let detail): skip(&effect, reason, detail)
        case .holdOut:
            effect.state = .heldOut
            effect.reason = .heldOut
            effect.detail = planner.triggers.trigger(effect.trigger)?.holdOut.map { "\($0) of the customers are" }
        case .replace(let other): replace(&effect, by: other)
        case .send, .shadow:
            switch making {
            case .made(let made, let remark):
                if let draft = draft(of: one) { effect = draft }
                effect.decidedAt = now
                message = made
                let isShadow = one.judgement.decision == .shadow
                effect.state = isShadow ? .shadowed : .ready
                effect.reason = isShadow ? .shadow : nil
                effect.detail =
                    remark ?? one.remedy?.why ?? one.returning?.why ?? one.booking?.why ?? one.judgement.remark
                if message != nil {
                    if let decision = one.remedy { message = deskMessage(effect, decision.act) ?? message }
                    if let decision = one.returning { message = deskMessage(effect, decision.act) ?? message }
                }
                effect.dueAt = now
            case .wait(let until, let reason, let detail):
                effect.dueAt = until
                effect.reason = reason
                effect.detail = detail
                if reason == .result, before.reason == .result { effect.decidedAt = before.decidedAt }
            case .impossible(let reason, let detail): skip(&effect, reason, detail)
            // Nothing here composes such a message; it must not stay due forever.
            case nil: effect.dueAt = now + .hours(1)
            }
        }
        var plan = Plan(shop: effect.shop)
        plan.reads = one.record?.reads ?? effect.aggregate.map { [$0: 0] } ?? [:]
        if effect.state == .ready || effect.state == .shadowed {
            for var other in one.takesBack {
                replace(&other, by: effect.trigger)
                other.decidedAt = now
                plan.changes.append(PlannedChange(effect: other, note: note(other)))
            }
            for dropped in one.judgement.dropped {
                plan.matches.append(
                    MatchOutcome(
                        trigger: effect.trigger, eventID: dropped.event.id, reason: dropped.reason,
                        detail: dropped.detail, at: now))
            }
        }
        // Continuing to wait for the same reason is not worth noting.
        let isNews = effect.state != .waiting || effect.reason != before.reason || before.decidedAt == nil
        var change = PlannedChange(
            effect: effect, note: isNews ? note(effect) : nil, message: message,
            room: effect.state == .ready ? one.room : nil)
        if effect.state == .ready {
            change.booking = one.booking
            if case .offer(let offer) = one.remedy { change.offer = offer }
        }
        if let recipient = one.record?.recipient?.address, effect.origin == .trigger, effect.isContact {
            let customer = one.record?.facts.customer?.id
            if effect.state == .ready, let kind = asked(effect) {
                change.asks = RatingRequest(kind: kind, address: recipient, customerID: customer)
            }
            if [.ready, .heldOut].contains(effect.state), before.state == .waiting,
                planner.triggers.trigger(effect.trigger)?.holdOut != nil
            {
                change.draw = HoldOutDraw(
                    isHeld: effect.state == .heldOut, address: recipient, customerID: customer)
            }
        }
        plan.changes.append(change)
        return plan
    }

    /// What is done at the desk for what the policy decided, frozen.
    private func deskMessage(_ effect: Effect, _ act: (ActionLine, Effect) -> DeskAct?) -> Message? {
        guard let action = planner.triggers.entry(effect.trigger)?.line(named: effect.line)?.action,
            let act = act(action, effect)
        else { return nil }
        return try? act.message(id: MessageIdentity.act(of: effect))
    }

    /// What a message asks to be rated: nothing of ours in the inner nil, and no question in the outer.
    private func asked(_ effect: Effect) -> RatingKind?? {
        guard planner.asksForRating(effect), let aggregate = effect.aggregate else { return nil }
        return .some(
            planner.triggers.entry(effect.trigger)?.linksToRating == true ? RatingKind(of: aggregate.kind) : nil)
    }

    /// The plan for a wait that ended between a backup and its restoration: the effect is withdrawn, since it may have
    /// been sent. A trigger's own wait that ends only later is kept.
    public func catchUp(_ one: Judged) -> Plan {
        var effect = one.effect
        if case .wait(let until, let reason) = one.judgement.decision, reason == .wait || reason == .combine,
            until > now
        {
            effect.dueAt = until
            effect.reason = reason
            return Plan(shop: effect.shop, changes: [PlannedChange(effect: effect, note: nil)])
        }
        effect.state = .withdrawn
        effect.reason = .restored
        effect.detail = nil
        effect.decidedAt = now
        return Plan(shop: effect.shop, changes: [PlannedChange(effect: effect, note: note(effect))])
    }

    private func skip(_ effect: inout Effect, _ reason: Reason, _ detail: String?) {
        effect.state = .skipped
        effect.reason = reason
        effect.detail = detail
    }

    private func replace(_ effect: inout Effect, by trigger: String) {
        effect.state = .replaced
        effect.reason = .replaced
        effect.detail = trigger
    }

    private func note(_ effect: Effect) -> DecisionNote {
        DecisionNote(
            at: now, state: effect.state, reason: effect.reason, detail: effect.detail, until: effect.heldUntil)
    }
}

extension Planner.Judgement {
    /// A remark about the events that were left out; nil if none was.
    var remark: String? {
        guard !dropped.isEmpty else { return nil }
        let reasons = Set(dropped.map(\.reason.rawValue)).sorted().joined(separator: ", ")
        return "tells \(events.count) of \(events.count + dropped.count) events; the others: \(reasons)"
    }
}
