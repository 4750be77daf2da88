// One turn of planning: what becomes of recorded events, and of effects whose wait is over.
//
// The daemon, `replay`, `test`, the catching up after a restore and the estimate of what an edit would send all run this turn; they differ only in where
// the effects are kept. A turn reads nothing by itself. Whoever runs it brings what is known and writes the plans that come of it:
//
//   events:   hear each ──▶ look up who holds the keys ──▶ place ──▶ plans
//   effects:  in the order of room ──▶ look up orders and histories ──▶ judge
//             ──▶ settle among one another ──▶ make the messages ──▶ finish ──▶ plans
//
// What cannot be known within the turn is left for the next one at the same moment: the second of two events that meet under one key, the second mail to an
// address that has a limit, what another message takes the place of. So plans of one turn never contradict one another, and each can be
// written or found stale by itself. Every turn decides at least one of the effects that it is given.

/// One turn of planning for one shop at one moment.
public struct PlanningTurn: Sendable {
    public var planner: Planner
    public var now: Moment
    /// How the shop's brake stands; nil where it is not to hold anything, as in `replay` and `test`, which know one shopper at a time.
    public var brake: BrakeState?

    /// A turn by these triggers, at that moment.
    public init(_ planner: Planner, now: Moment, brake: BrakeState? = nil) {
        self.planner = planner
        self.now = now
        self.brake = brake
    }

    // MARK: - Events

    /// An event, with what each trigger that hears it makes of it by itself.
    public struct Heard: Sendable {
        public let event: Event
        public let matches: [Planner.Match]
        /// The version of what it belongs to; 0 where that is gone.
        let version: Int64
        let misses: [Planner.Miss]
    }

    /// What the triggers make of an event.
    ///
    /// - Parameters:
    ///   - record: its order; nil where that is gone. What belongs to another aggregate has the order that this is
    ///     about, or `OrderRecord.none`.
    ///   - version: the aggregate's, where it is not the order itself.
    public func hear(_ event: Event, record: OrderRecord?, version: Int64? = nil) -> Heard {
        var misses: [Planner.Miss] = []
        guard let record else {
            for entry in planner.triggers.hearing(event.kind) {
                misses.append(.init(trigger: entry.name, reason: .erased))
            }
            return Heard(event: event, matches: [], version: 0, misses: misses)
        }
        let matches = planner.matches(event, record: record, misses: &misses)
        return Heard(event: event, matches: matches, version: version ?? record.version, misses: misses)
    }

    /// One plan for each event that can be placed now, in their order. What meets another event of this turn under one key, or in one window, is left for the next.
    ///
    /// - Parameters:
    ///   - existing: the effects that hold a match's keys, each once; with a pause, the newest of each key's repetitions.
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

    /// What an event of this turn has a hand on.
    private struct Touched: Hashable {
        var trigger: String
        var line: String
        var key: String
    }

    private func place(
        _ heard: Heard, existing: (Planner.Match) -> [Effect], open: (Event) -> [Effect]
    ) -> Plan {
        var plan = Plan(shop: heard.event.shop, doneEvents: [heard.event.id])
        plan.reads[heard.event.aggregate] = heard.version
        for miss in heard.misses { note(miss.trigger, heard.event, miss.reason, in: &plan) }
        for match in heard.matches {
            let holders = existing(match)
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

    private func change(_ effect: Effect, _ reason: Reason?) -> PlannedChange {
        PlannedChange(
            effect: effect, note: DecisionNote(at: now, state: effect.state, reason: reason, until: effect.heldUntil))
    }

    /// Notes that a trigger made nothing of an event: once for each of the two, whatever its lines came to.
    private func note(
        _ trigger: String, _ event: Event, _ reason: Reason, detail: String? = nil, in plan: inout Plan
    ) {
        guard !plan.matches.contains(where: { $0.trigger == trigger && $0.eventID == event.id }) else { return }
        plan.matches.append(
            MatchOutcome(trigger: trigger, eventID: event.id, reason: reason, detail: detail, at: now))
    }

    /// Notes the events that an effect told and tells no more: a newer one took their turn, or they had been decided on before it came.
    private func noteLost(_ before: Effect, now after: Effect, in plan: inout Plan) {
        for event in before.events where !after.events.contains(where: { $0.id == event.id }) {
            let wasDecided = before.state != .waiting
            note(
                before.trigger, event, wasDecided ? before.reason ?? .newer : .newer,
                detail: wasDecided ? before.detail : nil, in: &plan)
        }
    }

    // MARK: - Effects

    /// An effect that was judged.
    public struct Judged: Sendable {
        public let effect: Effect
        /// Its order; nil where that is gone.
        public let record: OrderRecord?
        public let history: History
        public internal(set) var judgement: Planner.Judgement
        /// The room of a limit that it takes.
        var room: LimitRoom?
        /// What it takes the place of.
        var takesBack: [Effect] = []

        /// True where a message is to be made of it, to go out or to be kept as a shadow.
        public var goes: Bool { judgement.decision == .send || judgement.decision == .shadow }
    }

    /// Judges effects in the order in which they are given, which is that of `Planner.inOrderOfRoom`.
    ///
    /// - Parameters:
    ///   - records: the orders, by id, as they are known now.
    ///   - histories: what was told before, for each effect.
    public func judge(_ effects: [Effect], records: [String: OrderRecord], histories: [History]) -> [Judged] {
        // The effects of one order look at it together.
        let evaluations = records.mapValues { planner.evaluation($0, now: now) }
        return zip(effects, histories).map { effect, history in
            guard let evaluation = effect.orderID.flatMap({ evaluations[$0] }) else {
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

    /// The orders of which the waiting effects have to be known, for something that goes takes the place of others.
    public func ordersReplacedIn(_ judged: [Judged]) -> Set<String> {
        Set(judged.lazy.filter(replaces).compactMap(\.effect.orderID))
    }

    private func replaces(_ one: Judged) -> Bool {
        one.goes && planner.triggers.entry(one.effect.trigger)?.trigger.replaces.isEmpty == false
    }

    /// What the effects of one turn mean for one another: of those that share a limit, or of which one takes the other's place, some are left for
    /// the next turn, in which it is known what became of the others.
    ///
    /// - Parameter waiting: the waiting effects of an order that `ordersReplacedIn` names.
    public func settle(_ all: [Judged], waiting: (String) -> [Effect]) -> [Judged] {
        var takenBack: [Int64: [Effect]] = [:]
        var left = Set<Int64>()
        // One that is taken back takes nothing back itself; so there is always one that goes, even where triggers replace one another in a circle.
        for one in all where replaces(one) && !left.contains(one.effect.id) {
            let taken = planner.takenBack(by: one.effect, one.judgement, among: one.effect.orderID.map(waiting) ?? [])
                .filter { !left.contains($0.id) && $0.id != one.effect.id }
            takenBack[one.effect.id] = taken
            left.formUnion(taken.map(\.id))
        }
        let hasLimit = planner.triggers.settings.limit != nil
        let mostPeople = brake == nil ? nil : planner.triggers.settings.brake?.people
        if !hasLimit, mostPeople == nil, takenBack.isEmpty { return all }
        var writtenTo = Set<String>()
        var newPeople = Set<String>()
        var going: [Judged] = []
        going.reserveCapacity(all.count)
        for var one in all where !left.contains(one.effect.id) {
            one.takesBack = takenBack[one.effect.id] ?? []
            if one.goes, one.effect.origin == .trigger, one.effect.isContact,
                let trigger = planner.triggers.trigger(one.effect.trigger),
                let address = one.record?.recipient?.address.lowercased()
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

    /// Whether the brake holds a mail back; if not, its address is among the people of this hour.
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
