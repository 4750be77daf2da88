// One turn of planning: what becomes of recorded events, and of effects whose wait is over.
//
// The daemon, `replay`, `test`, catching up after a restore and the estimate of what an edit would send all run this
// turn; they differ only in where the effects are kept. A turn reads nothing itself. Its caller supplies what is known
// and writes the resulting plans:
//
//     events:   hear each ──▶ look up who holds the keys ──▶ place ──▶ plans
//     effects:  in the order of room ──▶ look up orders and histories ──▶ judge
//               ──▶ settle among one another ──▶ make the messages ──▶ finish ──▶ plans
//
// What cannot be known within the turn is left for the next one at the same moment: the second of two events that share
// a key, the second mail to an address that has a limit, and what another message replaces. So the plans of one turn
// never contradict one another, and each can be written, or found stale, independently. Every turn decides at least one
// of the effects that it is given.

/// One turn of planning for one shop at one moment.
public struct PlanningTurn: Sendable {
    public var planner: Planner
    public var now: Moment
    /// The state of the shop's brake; nil if it should not hold anything, as in `replay` and `test`, which know one
    /// shopper at a time.
    public var brake: BrakeState?

    public init(_ planner: Planner, now: Moment, brake: BrakeState? = nil) {
        self.planner = planner
        self.now = now
        self.brake = brake
    }

    // MARK: - Events

    /// An event, with what each trigger that hears it would do with it.
    public struct Heard: Sendable {
        public let event: Event
        public let matches: [Planner.Match]
        /// The versions of its aggregate, 0 if that is gone, and of what else was looked at.
        let reads: ReadVersions
        let misses: [Planner.Miss]
    }

    /// What the triggers would do with an event.
    ///
    /// - Parameters:
    ///   - record: its order; nil if that is gone. An event of another aggregate comes with the order that it is about,
    ///     or `OrderRecord.none`; of a conversation, with the conversation in it.
    ///   - version: the aggregate's version, if it is neither an order nor a conversation.
    public func hear(_ event: Event, record: OrderRecord?, version: Int64? = nil) -> Heard {
        var misses: [Planner.Miss] = []
        guard let record else {
            for entry in planner.triggers.hearing(event.kind) {
                misses.append(.init(trigger: entry.name, reason: .erased))
            }
            return Heard(event: event, matches: [], reads: [event.aggregate: 0], misses: misses)
        }
        let matches = planner.matches(event, record: record, misses: &misses)
        var reads = record.reads
        if let version { reads[event.aggregate] = version }
        return Heard(event: event, matches: matches, reads: reads, misses: misses)
    }

    /// One plan for each event that can be placed now, in order. An event that shares a key or a window with another of
    /// this turn is left for the next.
    ///
    /// - Parameters:
    ///   - existing: the effects that hold a match's keys, each once; with a pause, the newest of each key's
    ///     repetitions.
    ///   - open: the waiting effects of an event's order, for matches that combine.
    public func place(
        _ heard: [Heard], existing: (Planner.Match) -> [Effect], open: (Event) -> [Effect]
    ) -> [Plan] {
        if heard.count == 1 { return [place(heard[0], existing: existing, open: open)] }
        var touched = Set<Touched>()
        var plans: [Plan] = []
        plans.reserveCapacity(heard.count)
        for one in heard {
            var keys = Set<Touched>()
            for match in one.matches {
                for key in match.keys { keys.insert(Touched(trigger: match.trigger, line: match.line, key: key)) }
                if match.combines {
                    keys.insert(
                        Touched(trigger: match.trigger, line: match.line, key: "window \(one.event.aggregate.key)"))
                }
            }
            guard touched.isDisjoint(with: keys) else { continue }
            touched.formUnion(keys)
            plans.append(place(one, existing: existing, open: open))
        }
        return plans
    }

    /// A key or window that an event of this turn uses.
    private struct Touched: Hashable {
        var trigger: String
        var line: String
        var key: String
    }

    private func place(
        _ heard: Heard, existing: (Planner.Match) -> [Effect], open: (Event) -> [Effect]
    ) -> Plan {
        var plan = Plan(shop: heard.event.shop, doneEvents: [heard.event.id])
        plan.reads = heard.reads
        for miss in heard.misses { note(miss.trigger, heard.event, miss.reason, in: &plan) }
        for match in heard.matches {
            let holders = existing(match)
            if match.isOwn {
                use(match, up: holders, heard.event, in: &plan)
                continue
            }
            let placement = planner.place(
                match, event: heard.event, existing: holders, open: match.combines ? open(heard.event) : [], now: now)
            switch placement {
            case .insert(let effect): plan.changes.append(change(effect, effect.reason))
            case .refresh(let effect):
                plan.changes.append(change(effect, effect.reason))
                let before =
                    holders.first { $0.id == effect.id } ?? open(heard.event).first { $0.id == effect.id }
                if let before { noteLost(before, now: effect, in: &plan) }
            case .takeOver(let old, let new):
                plan.changes.append(change(old, old.reason))
                plan.changes.append(change(new, new.reason))
            case .told: note(match.trigger, heard.event, .alreadyTold, in: &plan)
            }
        }
        return plan
    }

    /// Uses up the keys of what Bookbag did itself, so that nothing else tells it as news of somebody's.
    private func use(_ match: Planner.Match, up holders: [Effect], _ event: Event, in plan: inout Plan) {
        note(match.trigger, event, .ownAction, in: &plan)
        let held = Set(holders.flatMap(\.keys))
        let keys = match.keys.filter { !held.contains($0) }
        guard !keys.isEmpty else { return }
        var effect = Effect(
            to: match.route, isContact: match.isContact, trigger: match.trigger, line: match.line, keys: keys,
            event: event, dueAt: now, createdAt: now)
        (effect.state, effect.reason, effect.decidedAt) = (.skipped, .ownAction, now)
        plan.changes.append(change(effect, .ownAction))
    }

    private func change(_ effect: Effect, _ reason: Reason?) -> PlannedChange {
        PlannedChange(
            effect: effect, note: DecisionNote(at: now, state: effect.state, reason: reason, until: effect.heldUntil))
    }

    /// Notes that a trigger did nothing with an event: once for each pair, however many lines the trigger has.
    private func note(
        _ trigger: String, _ event: Event, _ reason: Reason, detail: String? = nil, in plan: inout Plan
    ) {
        guard !plan.matches.contains(where: { $0.trigger == trigger && $0.eventID == event.id }) else { return }
        plan.matches.append(
            MatchOutcome(trigger: trigger, eventID: event.id, reason: reason, detail: detail, at: now))
    }

    /// Notes the events that an effect covered and no longer does: a newer one replaced them, or they had already been
    /// decided when it came.
    private func noteLost(_ before: Effect, now after: Effect, in plan: inout Plan) {
        for event in before.events where !after.events.contains(where: { $0.id == event.id }) {
            let wasDecided = before.state != .waiting
            note(
                before.trigger, event, wasDecided ? before.reason ?? .newer : .newer,
                detail: wasDecided ? before.detail : nil, in: &plan)
        }
    }

    // MARK: - Effects

    /// An effect that has been judged.
    public struct Judged: Sendable {
        public let effect: Effect
        /// Its order; nil if that is gone.
        public let record: OrderRecord?
        public let history: History
        public internal(set) var judgement: Planner.Judgement
        /// The room that it takes up under a limit.
        var room: LimitRoom?
        /// The effects that it replaces.
        var takesBack: [Effect] = []
        /// What it costs, if it is a gift or a remedy.
        var booking: Booking?
        /// What a remedy comes to.
        var remedy: RemedyDecision?
        /// What a return comes to.
        var returning: ReturnDecision?

        /// True if a message should be composed, to be sent or kept as a shadow.
        public var goes: Bool { judgement.decision == .send || judgement.decision == .shadow }
    }

    /// Judges effects in the given order, which is that of `Planner.inOrderOfRoom`.
    ///
    /// - Parameters:
    ///   - records: what the effects are about, as it is known now.
    ///   - histories: what was sent before, for each effect.
    public func judge(_ effects: [Effect], records: RecordSet, histories: [History]) -> [Judged] {
        // The effects of one order share one view of it.
        var evaluations: [AggregateID: EvaluationContext] = [:]
        for aggregate in Set(effects.compactMap(\.aggregate)) {
            evaluations[aggregate] = records[aggregate].map { planner.evaluation($0, now: now) }
        }
        return zip(effects, histories).map { effect, history in
            guard let evaluation = effect.aggregate.flatMap({ evaluations[$0] }) else {
                return judge(effect, record: nil, history: history)
            }
            return Judged(
                effect: effect, record: evaluation.record, history: history,
                judgement: planner.judgement(effect, at: evaluation, history: history))
        }
    }

    /// Judges one effect.
    public func judge(_ effect: Effect, record: OrderRecord?, history: History) -> Judged {
        Judged(
            effect: effect, record: record, history: history,
            judgement: planner.judgement(effect, record: record, history: history, now: now))
    }

    /// The orders whose waiting effects have to be known, because a message that is sent may replace them.
    public func ordersReplacedIn(_ judged: [Judged]) -> Set<String> {
        Set(judged.lazy.filter(replaces).compactMap(\.effect.orderID))
    }

    private func replaces(_ one: Judged) -> Bool {
        one.goes && planner.triggers.entry(one.effect.trigger)?.trigger.replaces.isEmpty == false
    }

    /// Settles the effects of one turn among one another: of those that share a limit, or of which one replaces the
    /// other, some are left for the next turn, when the outcome of the others is known.
    ///
    /// - Parameter waiting: the waiting effects of an order that `ordersReplacedIn` names.
    public func settle(_ all: [Judged], waiting: (String) -> [Effect]) -> [Judged] {
        settleReturns(settleRemedies(settleAll(all, waiting: waiting)))
    }

    private func settleAll(_ all: [Judged], waiting: (String) -> [Effect]) -> [Judged] {
        guard planner.triggers.hasToldActions || planner.triggers.hasShopActions else {
            return settleMessages(all, waiting: waiting)
        }
        let actions = all.filter { planner.teller(of: $0.effect) != nil }
        let others = all.filter { planner.teller(of: $0.effect) == nil }
        let settled = settleMessages(others, waiting: waiting)
        var gifts = GiftsOfTurn()
        let told = settle(actions, beside: settled, of: others, &gifts)
        return told + settled.compactMap { book($0, &gifts) }
    }

    /// An action of which no message tells, with what it costs; nil if it is left for the next turn.
    private func book(_ action: Judged, _ gifts: inout GiftsOfTurn) -> Judged? {
        guard action.goes, action.effect.channel == .shop else { return action }
        var action = action
        action.booking = planner.actionBooking(
            of: action.effect, record: action.record, history: action.history, now: now)
        if action.judgement.decision == .send, let booking = action.booking, !gifts.take(booking) { return nil }
        return action
    }

    private func settleMessages(_ all: [Judged], waiting: (String) -> [Effect]) -> [Judged] {
        var takenBack: [Int64: [Effect]] = [:]
        var left = Set<Int64>()
        // An effect that is replaced replaces nothing itself; so one is always sent, even if triggers replace one
        // another in a circle.
        for one in all where replaces(one) && !left.contains(one.effect.id) {
            let taken = planner.takenBack(by: one.effect, one.judgement, among: one.effect.orderID.map(waiting) ?? [])
                .filter { !left.contains($0.id) && $0.id != one.effect.id }
            takenBack[one.effect.id] = taken
            left.formUnion(taken.map(\.id))
        }
        let hasLimit = planner.triggers.settings.limit != nil
        let mostPeople = brake == nil ? nil : planner.triggers.settings.brake?.people
        let asks = all.contains { $0.goes && planner.asksForRating($0.effect) }
        if !hasLimit, mostPeople == nil, takenBack.isEmpty, !asks { return all }
        var asked = Set<String>()
        var writtenTo = Set<String>()
        var newPeople = Set<String>()
        var going: [Judged] = []
        going.reserveCapacity(all.count)
        for var one in all where !left.contains(one.effect.id) {
            one.takesBack = takenBack[one.effect.id] ?? []
            if asks, one.goes, planner.asksForRating(one.effect), let record = one.record {
                // Of two questions to one customer, the other is judged when the first is known.
                let keys = Set([record.drawnBy, record.recipient?.address.lowercased()].compactMap(\.self))
                guard asked.isDisjoint(with: keys) else { continue }
                asked.formUnion(keys)
            }
            if one.goes, one.effect.origin == .trigger, one.effect.isContact,
                let trigger = planner.triggers.trigger(one.effect.trigger),
                let address = one.record?.address(on: one.effect.channel)?.lowercased()
            {
                let isSent = one.judgement.decision == .send
                if hasLimit, isSent, let limit = planner.limit(for: trigger, one.judgement.events) {
                    if writtenTo.contains(address) { continue }
                    one.room = LimitRoom(address: address, since: now - limit.window, messages: limit.messages)
                }
                if isSent, let mostPeople, isBraked(one, address, mostPeople, &newPeople) {
                    one.judgement.decision = .wait(until: now + Brake.window, because: .brake)
                    (one.room, one.takesBack) = (nil, [])
                    going.append(one)
                    continue
                }
                writtenTo.insert(address)
            }
            going.append(one)
        }
        return going
    }

    /// Whether the brake holds a mail back; if not, its address is added to the people of this hour.
    private func isBraked(
        _ one: Judged, _ address: String, _ mostPeople: Int, _ newPeople: inout Set<String>
    ) -> Bool {
        guard let brake else { return false }
        if brake.isPulled { return true }
        if let last = one.history.lastMessageAt, now - last < Brake.window { return false }
        if newPeople.contains(address) { return false }
        if brake.writtenTo + newPeople.count >= mostPeople { return true }
        newPeople.insert(address)
        return false
    }
}
