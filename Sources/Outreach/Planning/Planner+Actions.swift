// An action beside a message: what the shopper is given, and the words that tell her of it.
//
//     judge as the message is ──▶ act ──▶ result ──▶ write the message with it
//
// Whatever holds the message back, or stops it, does the same to the action: nobody is given what nobody will tell her
// of. The message waits for the result, a quarter of an hour at most, and then goes without.

extension Planner {
    /// The line by which the shopper hears what an action brought; nil if the effect is no action, or she hears of it by
    /// none.
    public func teller(of effect: Effect) -> SendLine? {
        guard triggers.hasToldActions, effect.origin == .trigger, let entry = triggers.entry(effect.trigger),
            let teller = entry.teller, entry.lines.contains(where: { $0.name == effect.line && $0.isAction })
        else { return nil }
        return teller
    }

    /// The name of the line that decides whether an effect goes: its own, or that of the message that tells of it.
    func decidingLine(of effect: Effect) -> String { teller(of: effect)?.name ?? effect.line }

    /// The channel by which the shopper hears of it: its own, or that of the message that tells of it.
    func decidingChannel(of effect: Effect) -> ChannelName {
        guard let teller = teller(of: effect), let event = effect.event else { return effect.channel }
        return teller.channel(for: event)
    }
}

extension PlanningTurn {
    /// What becomes of the actions of one turn: whatever became of the messages that tell of them.
    ///
    /// - Parameters:
    ///   - actions: those that a message tells of.
    ///   - messages: the settled others of the turn; one that is left for the next turn is not among them.
    ///   - all: all that were judged.
    ///   - gifts: what the turn has spent so far.
    func settle(
        _ actions: [Judged], beside messages: [Judged], of all: [Judged], _ gifts: inout GiftsOfTurn
    ) -> [Judged] {
        actions.compactMap { action in
            guard action.goes, let teller = planner.teller(of: action.effect) else { return action }
            func tells(_ other: Judged) -> Bool {
                other.effect.line == teller.name && other.effect.tells(of: action.effect)
            }
            var action = action
            if all.contains(where: tells) {
                // Left for the next turn, so its action is, too.
                guard let message = messages.first(where: tells) else { return nil }
                guard message.goes else {
                    action.judgement.decision = message.judgement.decision
                    return action
                }
            }
            action.booking = planner.booking(
                of: action.effect, record: action.record, history: action.history, now: now)
            if action.judgement.decision == .send, let booking = action.booking, !gifts.take(booking) { return nil }
            return action
        }
    }
}

extension PlanningTurn {
    /// What the remedies of one turn come to. Two of one person, and one for which there may be no room once the others
    /// are booked, are decided one after the other.
    func settleRemedies(_ all: [Judged]) -> [Judged] {
        guard planner.triggers.hasRemedies else { return all }
        var room = GiftsOfTurn()
        return all.compactMap { one in
            guard one.goes, one.effect.state == .waiting, planner.remedy(of: one.effect) != nil, let record = one.record
            else { return one }
            var one = one
            let decision = planner.remedying(
                one.effect, planner.evaluation(record, now: now), one.history)
            one.remedy = decision
            guard case .offer(let offer) = decision, one.judgement.decision == .send else { return one }
            one.booking = planner.booking(
                of: offer, by: one.effect, record: record, history: one.history, now: now)
            guard let booking = one.booking, room.take(booking) else { return nil }
            return one
        }
    }
}

extension PlanningTurn {
    /// What the returns of one turn come to.
    func settleReturns(_ all: [Judged]) -> [Judged] {
        guard planner.triggers.decidesReturns else { return all }
        return all.map { one in
            guard one.goes, one.effect.state == .waiting, planner.returnVerb(of: one.effect) != nil,
                let record = one.record
            else { return one }
            var one = one
            one.returning = planner.returning(one.effect, planner.evaluation(record, now: now), one.history)
            return one
        }
    }
}

extension Effect {
    /// Whether it is another line of the same occurrence.
    func tells(of action: Effect) -> Bool {
        guard trigger == action.trigger, aggregate == action.aggregate else { return false }
        let stems = Set(keys.map(Planner.stem))
        return action.keys.contains { stems.contains(Planner.stem(of: $0)) }
    }
}
