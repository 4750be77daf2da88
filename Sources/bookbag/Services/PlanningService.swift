import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Turns recorded events into effects, and effects whose wait is over into messages. One loop for all shops: it reads committed rows, thinks, and commits rows.
struct PlanningService: Service {
    let store: Store
    let desks: [String: ShopDesk]
    let makers: [String: MessageMaker]
    let clock: DaemonClock
    /// Called when there are new events, or the rules have changed.
    let wake: Wake
    /// Called when there are new messages.
    let newMessages: Broadcast
    let heartbeats: Heartbeats
    let metrics: DaemonMetrics
    let logger: Logger

    /// How many events or effects are thought about in one turn: one commit for all of them.
    static let batch = 256

    func run() async throws {
        await withGracefulShutdownHandler {
            while !Task.isShuttingDownGracefully, !Task.isCancelled {
                heartbeats.beat("planning")
                do throws(StoreFailure) {
                    if clock.fault == nil {
                        let matched = try await matchEvents()
                        let judged = try await judgeEffects()
                        if matched || judged { continue }
                    }
                    let next = try await store.nextDue()
                    let wait = next.map { max(.milliseconds(20), $0 - clock.now) } ?? Heartbeats.longestWait
                    await wake.wait(atMost: clock.fault == nil ? min(wait, Heartbeats.longestWait) : .seconds(5))
                } catch {
                    logger.log(Line.storeFailed, ["reason": "\(error.cause.rawValue)", "detail": "\(error)"])
                    await wake.wait(atMost: .seconds(5))
                }
            }
        } onGracefulShutdown: {
            wake.call()
        }
        heartbeats.end("planning")
    }

    // MARK: - Events to effects

    /// Makes effects of recorded events; true if there were any.
    private func matchEvents() async throws(StoreFailure) -> Bool {
        let events = try await store.pendingEvents(limit: Self.batch)
        guard !events.isEmpty else { return false }
        let now = clock.now
        var plans: [Plan] = []
        for (shop, events) in Dictionary(grouping: events, by: \.shop) {
            guard let desk = desks[shop] else { continue }
            plans += try await self.plans(for: events, of: desk, now: now)
        }
        guard !plans.isEmpty else { return false }
        // What is stale was changed by somebody else meanwhile: its event is still pending, and is matched again in the next turn.
        let outcome = try await store.commitPlan(plans, now: now)
        return moved(outcome, of: plans.count)
    }

    private func plans(for events: [Event], of desk: ShopDesk, now: Moment) async throws(StoreFailure) -> [Plan] {
        let planner = desk.rules.planner
        let records = try await store.load(shop: desk.domain, orderIDs: Set(events.map(\.orderID)).sorted())
        let matches = events.map { event in
            (event, records[event.orderID].map { planner.matches(event, record: $0) } ?? [])
        }
        let keys = matches.flatMap { _, matches in
            matches.flatMap { match in
                match.keys.map {
                    OccurrenceKey(shop: desk.domain, trigger: match.trigger, line: match.line, key: $0)
                }
            }
        }
        let existing = try await store.effects(for: keys)
        // Two events of one turn may meet under one key: the second waits for the next turn, in which it sees what became of the first.
        var touched = Set<OccurrenceKey>()
        var plans: [Plan] = []
        for (event, matches) in matches {
            let keys = Set(
                matches.flatMap { match in
                    match.keys.map {
                        OccurrenceKey(shop: desk.domain, trigger: match.trigger, line: match.line, key: $0)
                    }
                })
            guard touched.isDisjoint(with: keys) else { continue }
            touched.formUnion(keys)
            var plan = Plan(doneEvents: [event.id])
            for match in matches {
                let known = match.keys.compactMap {
                    existing[OccurrenceKey(shop: desk.domain, trigger: match.trigger, line: match.line, key: $0)]
                }
                switch planner.place(match, event: event, existing: known.unique(), now: now) {
                case .insert(let effect), .refresh(let effect):
                    plan.changes.append(
                        PlannedChange(
                            effect: effect, note: DecisionNote(at: now, state: .waiting, reason: effect.reason)))
                case .told(let ids):
                    for effect in known.unique() where ids.contains(effect.id) {
                        plan.changes.append(
                            PlannedChange(
                                effect: effect, note: DecisionNote(at: now, state: effect.state, reason: .alreadyTold)))
                    }
                }
            }
            plans.append(plan)
        }
        return plans
    }

    // MARK: - Effects to messages

    /// Judges the effects whose wait is over; true if there were any.
    private func judgeEffects() async throws(StoreFailure) -> Bool {
        let now = clock.now
        let due = try await store.dueEffects(limit: Self.batch, now: now)
        guard !due.isEmpty else { return false }
        var plans: [Plan] = []
        for (shop, effects) in Dictionary(grouping: due, by: \.shop) {
            guard let desk = desks[shop], let maker = makers[shop] else { continue }
            plans += try await judged(effects, of: desk, maker: maker, now: now)
        }
        let outcome = try await store.commitPlan(plans, now: now)
        report(plans, stale: Set(outcome.stale).union(outcome.refused.keys))
        return moved(outcome, of: plans.count)
    }

    /// Whether a commit brought anything further, so that the loop may go on at once. What the store refuses is a fault of ours, and must not make it spin.
    private func moved(_ outcome: PlanOutcome, of count: Int) -> Bool {
        if !outcome.refused.isEmpty {
            logger.log(
                Line.storeFailed,
                ["reason": "refused", "detail": "\(outcome.refused.count) decisions do not fit the store"])
        }
        return outcome.stale.count + outcome.refused.count < count
    }

    private func judged(
        _ effects: [Effect], of desk: ShopDesk, maker: MessageMaker, now: Moment
    ) async throws(StoreFailure) -> [Plan] {
        let planner = desk.rules.planner
        let records = try await store.load(shop: desk.domain, orderIDs: Set(effects.map(\.orderID)).sorted())
        let histories = try await store.history(
            for: effects.map { HistoryQuestion(of: $0, record: records[$0.orderID], planner: planner) }, now: now)
        // Making a message is most of the work, so the machine's cores share it; what must be fetched first waits beside.
        return await withTaskGroup(of: Plan.self) { group in
            for (effect, history) in zip(effects, histories) {
                group.addTask {
                    let record = records[effect.orderID]
                    let decision = planner.judge(effect, record: record, history: history, now: now)
                    return await self.plan(
                        effect, decision, record: record, history: history, planner: planner, maker: maker, now: now)
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    private func plan(
        _ effect: Effect, _ decision: Decision, record: OrderRecord?, history: History, planner: Planner,
        maker: MessageMaker, now: Moment
    ) async -> Plan {
        var effect = effect
        var message: Message?
        effect.detail = nil
        effect.decidedAt = now
        switch decision {
        case .wait(let until, let reason):
            effect.dueAt = until
            effect.reason = reason
        case .skip(let reason, let detail):
            effect.state = .skipped
            effect.reason = reason
            effect.detail = detail
        case .send, .shadow:
            guard let record else { break }
            switch await maker.make(effect, record: record, history: history, planner: planner, now: now) {
            case .message(let made, let remark):
                message = made
                effect.state = decision == .shadow ? .shadowed : .ready
                effect.reason = decision == .shadow ? .shadow : nil
                effect.detail = remark
                effect.dueAt = now
            case .wait(let until, let reason, let detail):
                effect.dueAt = until
                effect.reason = reason
                effect.detail = detail
            case .impossible(let reason, let detail):
                effect.state = .skipped
                effect.reason = reason
                effect.detail = detail
            }
        }
        let note = DecisionNote(at: now, state: effect.state, reason: effect.reason, detail: effect.detail)
        return Plan(changes: [PlannedChange(effect: effect, note: note, message: message)])
    }

    private func report(_ plans: [Plan], stale: Set<Int>) {
        var ready = false
        for (index, plan) in plans.enumerated() where !stale.contains(index) {
            for change in plan.changes {
                let effect = change.effect
                ready = ready || effect.state == .ready
                metrics.decisions.add(1, effect.trigger, effect.state.rawValue, effect.reason?.rawValue ?? "")
                let line: Line =
                    switch effect.reason {
                    case .noRecipient: .noRecipient
                    case .template: .templateFailed
                    case .label: .labelMissing
                    default: .decided
                    }
                var facts: Logger.Metadata = [
                    "shop": "\(effect.shop)", "order": "\(effect.event.orderName)", "trigger": "\(effect.trigger)",
                    "event": "\(effect.event.kind.rawValue)", "decision": "\(effect.state.rawValue)",
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
    /// What has to be known to judge that effect.
    init(of effect: Effect, record: OrderRecord?, planner: Planner) {
        self.init(
            shop: effect.shop, orderID: effect.orderID, subject: effect.event.subjects.first ?? .order,
            address: record?.recipient?.address, customerID: record?.facts.customer?.id,
            isMarketing: planner.triggers.trigger(effect.trigger)?.about == .marketing)
    }
}

extension [Effect] {
    /// Each effect once, though several of its keys led to it.
    fileprivate func unique() -> [Effect] {
        var seen = Set<Int64>()
        return filter { seen.insert($0.id).inserted }
    }
}
