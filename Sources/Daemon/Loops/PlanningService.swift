import Delivery
import Logging
package import Outreach
import Platform
import ServiceLifecycle
import Store

/// Turns recorded events into effects, and effects whose wait is over into messages. One loop for all shops: it reads committed rows, thinks, and commits rows.
struct PlanningService: Service {
    let store: Store
    let contexts: [String: ShopContext]
    let makers: [String: MessageMaker]
    let trouble: TemplateTrouble
    let clock: DaemonClock
    /// Called when there are new events, or the rules have changed.
    let wake: Wake
    /// Called when there are new messages.
    let newMessages: Broadcast
    let heartbeats: Heartbeats
    let metrics: DaemonMetrics
    let logger: Logger
    var storeTrouble = StoreTrouble()

    /// How many events or effects of a shop are thought about in one turn: one commit for all of them.
    static let batch = 256
    /// How many turns of events come before the next turn of effects, at most.
    static let turnsAtOnce = 64

    func run() async throws {
        let loop = Loop(
            Loop.Name("planning"), wake: wake, heartbeats: heartbeats, restingBy: clock, trouble: storeTrouble,
            clock: clock, logger: logger)
        await loop.run { _ in
            if try await turn() { return .again }
            var next: Moment?
            for shop in contexts.keys {
                if let due = try await store.nextDue(shop: shop) { next = min(next ?? due, due) }
            }
            return .look(in: next.map { $0 - clock.now })
        }
    }

    /// Places what was recorded and judges what is due; true if there may be more to do at once.
    func turn() async throws(StoreFailure) -> Bool {
        // What is recorded is placed before anything is judged: what becomes of a message must not hang on where a turn happened to end.
        var matched = false
        for _ in 0..<Self.turnsAtOnce {
            let turn = try await matchEvents()
            matched = matched || turn.moved
            if !turn.moved || !turn.hasMore { break }
        }
        let judged = try await judgeEffects()
        return matched || judged
    }

    // MARK: - Events to effects

    /// What a turn of events came to.
    private struct MatchTurn {
        /// True where anything was written.
        var moved = false
        /// True where events are left.
        var hasMore = false
    }

    /// Makes effects of recorded events.
    private func matchEvents() async throws(StoreFailure) -> MatchTurn {
        let now = clock.now
        var plans: [Plan] = []
        var hasMore = false
        for (shop, context) in contexts {
            let events = try await store.pendingEvents(shop: shop, limit: Self.batch)
            guard !events.isEmpty else { continue }
            let made = try await self.plans(for: events, of: context, now: now)
            hasMore = hasMore || events.count == Self.batch || made.count < events.count
            plans += made
        }
        guard !plans.isEmpty else { return MatchTurn() }
        // What is stale was changed by somebody else meanwhile: its event is still pending, and is matched again in the next turn.
        let outcome = try await store.commitPlan(plans, now: now)
        return MatchTurn(moved: moved(outcome, of: plans.count), hasMore: hasMore)
    }

    /// What stands in the way of a match already.
    private struct Standing {
        var holders: [OccurrenceKey: Effect] = [:]
        var repetitions: [OccurrenceKey: Effect] = [:]
        var open: [OrderKey: [Effect]] = [:]

        func existing(_ match: Planner.Match, shop: String) -> [Effect] {
            match.keys.compactMap { (match.pause == nil ? holders : repetitions)[OccurrenceKey(match, $0, shop: shop)] }
                .unique()
        }
    }

    private func plans(for events: [Event], of context: ShopContext, now: Moment) async throws(StoreFailure) -> [Plan] {
        let planner = context.rules.planner
        let shop = context.domain
        let records = try await store.load(shop: shop, orderIDs: Set(events.compactMap(\.orderID)).sorted())
        let matches = events.map { event in
            (event, event.orderID.flatMap { records[$0] }.map { planner.matches(event, record: $0) } ?? [])
        }
        let all = matches.flatMap(\.1)
        var standing = Standing()
        standing.holders = try await store.effects(
            for: all.filter { $0.pause == nil }.flatMap { match in
                match.keys.map { OccurrenceKey(match, $0, shop: shop) }
            })
        let pausing = all.filter { $0.pause != nil }
        if !pausing.isEmpty {
            standing.repetitions = try await store.newestRepetitions(
                of: pausing.flatMap { match in match.keys.map { OccurrenceKey(match, $0, shop: shop) } },
                stem: Planner.repetitions)
        }
        let gathering = matches.filter { $0.1.contains(where: \.combines) }.compactMap { event, _ in
            event.orderID.map { OrderKey(shop: shop, orderID: $0) }
        }
        if !gathering.isEmpty { standing.open = try await store.effects(ofOrders: gathering, states: [.waiting]) }

        // Two events of one turn may meet under one key, or in one window: the second waits for the next turn, in which it sees what became of the first.
        var touched = Set<OccurrenceKey>()
        var plans: [Plan] = []
        for (event, matches) in matches {
            let keys = Set(
                matches.flatMap { match in
                    match.keys.map { OccurrenceKey(match, $0, shop: shop) }
                        + (match.combines ? [OccurrenceKey(match, event.aggregate.key, shop: shop)] : [])
                })
            guard touched.isDisjoint(with: keys) else { continue }
            touched.formUnion(keys)
            var plan = Plan(shop: shop, doneEvents: [event.id])
            if let id = event.orderID { plan.reads[event.aggregate] = records[id]?.version ?? 0 }
            for match in matches {
                let existing = standing.existing(match, shop: shop)
                let open = event.orderID.flatMap { standing.open[OrderKey(shop: shop, orderID: $0)] } ?? []
                plan.changes += changes(
                    planner.place(match, event: event, existing: existing, open: open, now: now), existing: existing,
                    now: now)
            }
            plans.append(plan)
        }
        return plans
    }

    private func changes(_ placement: Planner.Placement, existing: [Effect], now: Moment) -> [PlannedChange] {
        func change(_ effect: Effect, _ reason: Reason?) -> PlannedChange {
            PlannedChange(
                effect: effect,
                note: DecisionNote(at: now, state: effect.state, reason: reason, until: effect.heldUntil))
        }
        switch placement {
        case .insert(let effect), .refresh(let effect): return [change(effect, effect.reason)]
        case .takeOver(let old, let new): return [change(old, old.reason), change(new, new.reason)]
        case .told(let ids): return existing.filter { ids.contains($0.id) }.map { change($0, .alreadyTold) }
        }
    }

    // MARK: - Effects to messages

    /// Judges the effects whose wait is over; true if there were any.
    private func judgeEffects() async throws(StoreFailure) -> Bool {
        let now = clock.now
        var plans: [Plan] = []
        for (shop, context) in contexts {
            guard let maker = makers[shop] else { continue }
            let due = try await store.dueEffects(shop: shop, limit: Self.batch, now: now)
            if !due.isEmpty { plans += try await judged(due, of: context, maker: maker, now: now) }
        }
        guard !plans.isEmpty else { return false }
        let outcome = try await store.commitPlan(plans, now: now)
        let stale = Set(outcome.stale).union(outcome.refused.keys)
        report(plans, stale: stale)
        let written = plans.indices.filter { !stale.contains($0) }.flatMap { plans[$0].changes }
        try await trouble.tell(written, contexts: contexts, now: now)
        return moved(outcome, of: plans.count)
    }

    /// Whether a commit brought anything further, so that the loop may go on at once. What the store refuses is a fault of ours, and must not make it spin.
    private func moved(_ outcome: PlanOutcome, of count: Int) -> Bool {
        if !outcome.refused.isEmpty {
            logger.log(
                Line.storeFailed,
                ["reason": "refused", "detail": "\(outcome.refused.count) decisions do not fit the store"])
        }
        // What somebody else overtook is thought about again at once: that other one has got further meanwhile.
        return !outcome.outdated.isEmpty || outcome.stale.count + outcome.refused.count < count
    }

    /// An effect that was judged.
    private struct Judged {
        var effect: Effect
        var record: OrderRecord?
        var history: History
        var judgement: Planner.Judgement
        /// The room of a limit that it takes.
        var room: LimitRoom?
        /// What it takes the place of.
        var takesBack: [Effect] = []

        var goes: Bool { judgement.decision == .send || judgement.decision == .shadow }
    }

    private func judged(
        _ effects: [Effect], of context: ShopContext, maker: MessageMaker, now: Moment
    ) async throws(StoreFailure) -> [Plan] {
        let planner = context.rules.planner
        let effects = planner.inOrderOfRoom(effects)
        let records = try await store.load(shop: context.domain, orderIDs: Set(effects.compactMap(\.orderID)).sorted())
        let histories = try await store.history(
            for: effects.map { HistoryQuestion(of: $0, record: records.record(of: $0), planner: planner, now: now) },
            now: now)
        let evaluations = records.mapValues { planner.evaluation($0, now: now) }
        var judged = zip(effects, histories).map { effect, history in
            Judged(
                effect: effect, record: records.record(of: effect), history: history,
                judgement: effect.orderID.flatMap { evaluations[$0] }.map {
                    planner.judgement(effect, at: $0, history: history)
                }
                    ?? planner.judgement(effect, record: nil, history: history, now: now))
        }
        judged = try await oneAmongOthers(judged, planner: planner, shop: context.domain, now: now)
        // Making a message is most of the work, so the machine's cores share it; what must be fetched first waits beside.
        return await withTaskGroup(of: Plan.self) { group in
            for one in judged {
                group.addTask { await self.plan(one, planner: planner, maker: maker, now: now) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// What the effects of one turn mean for one another: of those that share a limit, or of which one takes the other's place, some are left for
    /// the next turn, in which it is known what became of the others.
    private func oneAmongOthers(
        _ all: [Judged], planner: Planner, shop: String, now: Moment
    ) async throws(StoreFailure) -> [Judged] {
        let replacing = all.filter { one in
            one.goes && planner.triggers.trigger(one.effect.trigger)?.replaces.isEmpty == false
        }
        var waiting: [OrderKey: [Effect]] = [:]
        if !replacing.isEmpty {
            waiting = try await store.effects(
                ofOrders: replacing.compactMap { $0.effect.orderKey }, states: [.waiting])
        }
        var takenBack: [Int64: [Effect]] = [:]
        var left = Set<Int64>()
        for one in replacing {
            let others = one.effect.orderKey.flatMap { waiting[$0] } ?? []
            let taken = planner.takenBack(by: one.effect, one.judgement, among: others)
                .filter { !left.contains($0.id) && $0.id != one.effect.id }
            takenBack[one.effect.id] = taken
            left.formUnion(taken.map(\.id))
        }
        var writtenTo = Set<String>()
        var going: [Judged] = []
        for var one in all where !left.contains(one.effect.id) {
            one.takesBack = takenBack[one.effect.id] ?? []
            if one.goes, one.effect.isContact, let address = one.record?.recipient?.address.lowercased(),
                let trigger = planner.triggers.trigger(one.effect.trigger)
            {
                if let limit = planner.limit(for: trigger, one.judgement.events), one.judgement.decision == .send {
                    if writtenTo.contains(address) { continue }
                    one.room = LimitRoom(address: address, since: now - limit.window, messages: limit.messages)
                }
                if planner.triggers.settings.limit != nil { writtenTo.insert(address) }
            }
            going.append(one)
        }
        return going
    }

    private func plan(_ one: Judged, planner: Planner, maker: MessageMaker, now: Moment) async -> Plan {
        var effect = one.effect
        let before = effect
        var message: Message?
        effect.detail = nil
        effect.decidedAt = now
        switch one.judgement.decision {
        case .wait(let until, let reason):
            effect.dueAt = until
            effect.reason = reason
        case .skip(let reason, let detail):
            effect.state = .skipped
            effect.reason = reason
            effect.detail = detail
        case .replace(let other):
            effect.state = .replaced
            effect.reason = .replaced
            effect.detail = other
        case .send, .shadow:
            guard let record = one.record, let first = one.judgement.events.first else { break }
            effect.event = first
            effect.together = Array(one.judgement.events.dropFirst())
            effect.keys = planner.keys(of: effect, telling: one.judgement, record: record)
            switch await maker.make(effect, record: record, history: one.history, planner: planner, now: now) {
            case .message(let made, let remark):
                message = made
                effect.state = one.judgement.decision == .shadow ? .shadowed : .ready
                effect.reason = one.judgement.decision == .shadow ? .shadow : nil
                effect.detail = remark ?? one.judgement.remark
                effect.dueAt = now
            case .wait(let until, let reason, let detail):
                (effect.event, effect.together, effect.keys) = (before.event, before.together, before.keys)
                effect.dueAt = until
                effect.reason = reason
                effect.detail = detail
            case .impossible(let reason, let detail):
                effect.state = .skipped
                effect.reason = reason
                effect.detail = detail
            }
        }
        // To wait on for the same cause is no news.
        let isNews = effect.state != .waiting || effect.reason != before.reason || before.decidedAt == nil
        let note = DecisionNote(
            at: now, state: effect.state, reason: effect.reason, detail: effect.detail, until: effect.heldUntil)
        var plan = Plan(shop: effect.shop)
        if let aggregate = effect.aggregate { plan.reads[aggregate] = one.record?.version ?? 0 }
        if effect.state == .ready || effect.state == .shadowed {
            for var other in one.takesBack {
                other.state = .replaced
                other.reason = .replaced
                other.detail = effect.trigger
                other.decidedAt = now
                plan.changes.append(
                    PlannedChange(
                        effect: other,
                        note: DecisionNote(at: now, state: .replaced, reason: .replaced, detail: effect.trigger)))
            }
        }
        plan.changes.append(
            PlannedChange(
                effect: effect, note: isNews ? note : nil, message: message,
                room: effect.state == .ready ? one.room : nil))
        return plan
    }

    private func report(_ plans: [Plan], stale: Set<Int>) {
        var ready = false
        for (index, plan) in plans.enumerated() where !stale.contains(index) {
            for change in plan.changes {
                let effect = change.effect
                guard change.note != nil else {
                    logger.log(
                        Line.waitsOn,
                        [
                            "shop": "\(effect.shop)", "order": "\(effect.event?.orderName ?? "")",
                            "trigger": "\(effect.trigger)", "event": "\(effect.event?.kind.rawValue ?? "")",
                            "reason": "\(effect.reason?.rawValue ?? "")", "until": "\(effect.dueAt)",
                        ])
                    continue
                }
                ready = ready || effect.state == .ready
                metrics.decisions.add(1, effect.trigger, effect.state.rawValue, effect.reason?.rawValue ?? "")
                // Told for all orders of a trigger together.
                if effect.reason == .template { continue }
                let line: Line =
                    switch effect.reason {
                    case .noRecipient: .noRecipient
                    default: .decided
                    }
                var facts: Logger.Metadata = [
                    "shop": "\(effect.shop)", "order": "\(effect.event?.orderName ?? "")",
                    "trigger": "\(effect.trigger)",
                    "event": "\(effect.event?.kind.rawValue ?? "")", "decision": "\(effect.state.rawValue)",
                    "channel": "\(effect.channel.rawValue)",
                ]
                if let reason = effect.reason { facts["reason"] = "\(reason.rawValue)" }
                if let detail = effect.detail { facts["detail"] = "\(detail)" }
                logger.log(line, facts)
            }
        }
        if ready { newMessages.call() }
    }
}

extension HistoryQuestion {
    /// What has to be known to judge that effect, at that moment where a limit may hold it.
    package init(of effect: Effect, record: OrderRecord?, planner: Planner, now: Moment? = nil) {
        self.init(
            shop: effect.shop, orderID: effect.orderID, subject: effect.event?.subjects.first ?? .order,
            address: record?.recipient?.address, customerID: record?.facts.customer?.id,
            isMarketing: planner.triggers.trigger(effect.trigger)?.about == .marketing)
        effectID = effect.id
        if let now, let limit = planner.triggers.settings.limit { countedSince = now - limit.window }
        replacers = planner.triggers.replacers(of: effect.trigger)
        isShadow = planner.isShadow(effect.trigger)
    }
}

extension OccurrenceKey {
    /// One key of a match.
    init(_ match: Planner.Match, _ key: String, shop: String) {
        self.init(shop: shop, trigger: match.trigger, line: match.line, key: key)
    }
}

extension Planner.Judgement {
    /// What there is to say of the events that were left out; nil where none was.
    var remark: String? {
        guard !dropped.isEmpty else { return nil }
        let reasons = Set(dropped.map(\.reason.rawValue)).sorted().joined(separator: ", ")
        return "tells \(events.count) of \(events.count + dropped.count) events; the others: \(reasons)"
    }
}

extension [Effect] {
    /// Each effect once, though several of its keys led to it.
    fileprivate func unique() -> [Effect] {
        var seen = Set<Int64>()
        return filter { seen.insert($0.id).inserted }
    }
}
