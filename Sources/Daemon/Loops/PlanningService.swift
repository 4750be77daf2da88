import Delivery
import Logging
import Outreach
import Platform
import ServiceLifecycle

/// Turns recorded events into effects, and effects whose wait is over into messages. One loop for all shops: it reads
/// committed rows, computes, and commits rows.
struct PlanningService: Service {
    let store: any PlanningStore & BrakeStore & PauseStore
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
    /// Shared with the code that changes the rules.
    var gate = PlanningGate()
    var brakes = Brakes()
    var pauses = PauseWatch()
    /// How many effects are judged on one turn, along with everything else due for the same shoppers.
    var effectsAtOnce = Self.batch

    /// Roughly how many events or effects of a shop are processed on one turn, with one commit for all of them.
    static let batch = 256
    /// The maximum number of turns of events before the next turn of effects.
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

    /// Places what was recorded and judges what is due; true if there may be more to do immediately.
    func turn() async throws(StoreFailure) -> Bool {
        // Everything recorded is placed before anything is judged: what becomes of a message must not depend on where a
        // turn happened to end.
        var matched = false
        for _ in 0..<Self.turnsAtOnce {
            let turn = try await gate.pass(matchEvents)
            matched = matched || turn.moved
            if !turn.moved || !turn.hasMore { break }
        }
        let judged = try await gate.pass(judgeEffects)
        return matched || judged
    }

    // MARK: - Events to effects

    /// The result of a turn of events.
    private struct MatchTurn: Sendable {
        /// True if anything was written.
        var moved = false
        /// True if events are left.
        var hasMore = false
    }

    /// Creates effects from recorded events.
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
        // A stale plan was overtaken by another change in the meantime: its event is still pending, and is matched
        // again on the next turn.
        let outcome = try await store.commitPlan(plans, now: now)
        return MatchTurn(moved: moved(outcome, of: plans.count), hasMore: hasMore)
    }

    private func plans(for events: [Event], of context: ShopContext, now: Moment) async throws(StoreFailure) -> [Plan] {
        let turn = PlanningTurn(context.rules.planner, now: now)
        let shop = context.domain
        let records = try await store.records(of: events.map(\.aggregate), shop: shop, now: now)
        let heard = events.map { turn.hear($0, record: records[$0.aggregate]) }
        // The effects that already hold each match's keys.
        let matches = heard.flatMap(\.matches)
        func keys(_ matches: [Planner.Match]) -> [OccurrenceKey] {
            matches.flatMap { match in match.keys.map { OccurrenceKey(match, $0, shop: shop) } }
        }
        let holders = try await store.effects(for: keys(matches.filter { $0.pause == nil }))
        let pausing = matches.filter { $0.pause != nil }
        var repetitions: [OccurrenceKey: Effect] = [:]
        if !pausing.isEmpty {
            repetitions = try await store.newestRepetitions(of: keys(pausing), stem: Planner.repetitions)
        }
        let gathering = heard.filter { $0.matches.contains(where: \.combines) }.compactMap {
            $0.event.orderID.map { OrderKey(shop: shop, orderID: $0) }
        }
        var open: [OrderKey: [Effect]] = [:]
        if !gathering.isEmpty { open = try await store.effects(ofOrders: gathering, states: [.waiting]) }
        return turn.place(
            heard,
            existing: { match in
                match.keys.compactMap {
                    (match.pause == nil ? holders : repetitions)[OccurrenceKey(match, $0, shop: shop)]
                }.unique()
            }, open: { $0.orderID.flatMap { open[OrderKey(shop: shop, orderID: $0)] } ?? [] })
    }

    // MARK: - Effects to messages

    /// Judges the effects whose wait is over; true if there were any.
    private func judgeEffects() async throws(StoreFailure) -> Bool {
        let now = clock.now
        var plans: [Plan] = []
        for (shop, context) in contexts {
            // Looked at in every turn, so that the journal tells of a pause when it begins and when it is over.
            let paused = try await pauses.look(at: shop, in: store, now: now, logger)
            guard let maker = makers[shop] else { continue }
            let due = try await store.dueEffects(shop: shop, limit: effectsAtOnce, now: now)
            if !due.isEmpty {
                plans += try await self.plans(for: due, of: context, maker: maker, pauses: paused, now: now)
            }
        }
        guard !plans.isEmpty else { return false }
        let outcome = try await store.commitPlan(plans, now: now)
        let stale = Set(outcome.stale).union(outcome.refused.keys)
        report(plans, stale: stale)
        let written = plans.indices.filter { !stale.contains($0) }.flatMap { plans[$0].changes }
        for (shop, context) in contexts {
            try await brakes.note(written, of: context, in: store, reloader: trouble.reloaders[shop], now: now)
        }
        try await trouble.tell(written, contexts: contexts, now: now)
        return moved(outcome, of: plans.count)
    }

    /// Whether a commit made any progress, so that the loop may continue immediately. A plan that the store refuses is
    /// a bug of ours, and must not make it spin.
    private func moved(_ outcome: PlanOutcome, of count: Int) -> Bool {
        if !outcome.refused.isEmpty {
            logger.log(
                Line.storeFailed,
                ["reason": "refused", "detail": "\(outcome.refused.count) decisions do not fit the store"])
        }
        // What was overtaken by another change is planned again immediately: that change means progress was made.
        return !outcome.outdated.isEmpty || outcome.stale.count + outcome.refused.count < count
    }

    private func plans(
        for effects: [Effect], of context: ShopContext, maker: MessageMaker, pauses: Pauses, now: Moment
    ) async throws(StoreFailure) -> [Plan] {
        let brake = try await brakes.state(of: context, in: store, now: now)
        var planner = context.rules.planner
        planner.pauses = pauses
        if effects.contains(where: { $0.line == SendLine.answerName }) {
            planner.proofs = try await store.remembered(.answerProofs, shop: context.domain) ?? AnswerProofs()
        }
        let turn = PlanningTurn(planner, now: now, brake: brake)
        let judged = try await store.judge(effects, in: turn, shop: context.domain)
        let replaced = turn.ordersReplacedIn(judged).map { OrderKey(shop: context.domain, orderID: $0) }
        var waiting: [OrderKey: [Effect]] = [:]
        if !replaced.isEmpty { waiting = try await store.effects(ofOrders: replaced, states: [.waiting]) }
        let settled = turn.settle(judged) { waiting[OrderKey(shop: context.domain, orderID: $0)] ?? [] }
        // Composing messages is most of the work, so the machine's cores share it; anything that must be fetched first
        // waits separately.
        return await withTaskGroup(of: (Int, Plan).self) { group in
            for (index, one) in settled.enumerated() {
                group.addTask {
                    guard let draft = turn.draft(of: one), let record = one.record else {
                        return (index, turn.finish(one, nil).naming(one.record))
                    }
                    let making = await maker.make(
                        draft, record: record, history: one.history, planner: turn.planner, now: now)
                    return (index, turn.finish(one, Making(making)).naming(record))
                }
            }
            // In the order of room, which is the order in which they are written.
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
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
                            "shop": "\(effect.shop)", "trigger": "\(effect.trigger)",
                            "event": "\(effect.event?.kind.rawValue ?? "")",
                            "reason": "\(effect.reason?.rawValue ?? "")", "until": "\(effect.dueAt)",
                        ].merging(effect.journalPlace) { mine, _ in mine })
                    continue
                }
                ready = ready || effect.state == .ready
                metrics.decisions.add(1, effect.trigger, effect.state.rawValue, effect.reason?.rawValue ?? "")
                // Reported for all orders of a trigger together.
                if effect.reason == .template { continue }
                let line: Line =
                    switch effect.reason {
                    case .noRecipient: .noRecipient
                    default: .decided
                    }
                var facts: Logger.Metadata = [
                    "shop": "\(effect.shop)", "trigger": "\(effect.trigger)",
                    "event": "\(effect.event?.kind.rawValue ?? "")", "decision": "\(effect.state.rawValue)",
                    "channel": "\(effect.channel.rawValue)",
                ].merging(effect.journalPlace) { mine, _ in mine }
                if let reason = effect.reason { facts["reason"] = "\(reason.rawValue)" }
                if let detail = effect.detail { facts["detail"] = "\(detail)" }
                logger.log(line, facts)
            }
        }
        if ready { newMessages.call() }
    }
}

extension Plan {
    /// The same, with its effects named as in the journal.
    fileprivate func naming(_ record: OrderRecord?) -> Plan {
        var plan = self
        for index in plan.changes.indices { plan.changes[index].effect.nameOrder(record) }
        return plan
    }
}

extension Effect {
    /// Has what is told in a conversation bear the name of the order that it is about: by that the journal finds it.
    mutating func nameOrder(_ record: OrderRecord?) {
        guard aggregate?.kind == .conversation, event != nil, let record, record.isOrder else { return }
        event?.orderName = record.facts.name
    }

    /// Where the journal lists it: by its order, and by its conversation.
    var journalPlace: Logger.Metadata {
        let name = event?.orderName ?? ""
        guard let conversation = aggregate?.conversationID else { return ["order": "\(name)"] }
        var facts: Logger.Metadata = ["conversation": "\(conversation)"]
        if name != "conversation \(conversation)" { facts["order"] = "\(name)" }
        return facts
    }
}

extension PlanningStore {
    /// Judges effects of a shop on a turn, in the order of room, with what is known about their orders and was sent
    /// before.
    func judge(
        _ effects: [Effect], in turn: PlanningTurn, shop: String
    ) async throws(StoreFailure) -> [PlanningTurn.Judged] {
        let effects = turn.planner.inOrderOfRoom(effects)
        let records = try await self.records(of: effects.compactMap(\.aggregate), shop: shop, now: turn.now)
        let histories = try await history(
            for: effects.map {
                HistoryQuestion(of: $0, record: records.record(of: $0), planner: turn.planner, now: turn.now)
            }, now: turn.now)
        return turn.judge(effects, records: records, histories: histories)
    }
}

extension Making {
    /// The result of composing it.
    init(_ outcome: MessageMaker.Outcome) {
        switch outcome {
        case .message(let message, let remark): self = .made(message, remark: remark)
        case .wait(let until, let reason, let detail): self = .wait(until: until, because: reason, detail: detail)
        case .impossible(let reason, let detail): self = .impossible(reason, detail: detail)
        }
    }
}

extension OccurrenceKey {
    init(_ match: Planner.Match, _ key: String, shop: String) {
        self.init(shop: shop, trigger: match.trigger, line: match.line, key: key)
    }
}

extension [Effect] {
    /// Each effect once, even if several of its keys led to it.
    fileprivate func unique() -> [Effect] {
        var seen = Set<Int64>()
        return filter { seen.insert($0.id).inserted }
    }
}
