import Logging
import Outreach
import Platform
import Store

/// Turns observations into committed events: read, compute, write, and start again if somebody else wrote in between.
struct Learning: Sendable {
    let store: Store
    let logger: Logger
    let metrics: DaemonMetrics
    /// Called when there are new events.
    let newEvents: Wake
    /// Called when the next moments at which time alone changes something have moved.
    let newMoments: Wake
    /// Called when a parcel should be asked about sooner than was known: a new one, or one with a new number or source.
    var newParcels = Broadcast()
    /// Where failures of the store are reported.
    var trouble = StoreTrouble()

    /// Learns `observations` of one shop as one step. `read` are the entries of the reading list that they answer.
    ///
    /// - Returns: the orders of which only a part was seen; they have to be read completely.
    func learn(
        _ observations: [Observation], of context: ShopContext, read: [ToRead] = [], now: Moment
    ) async throws(StoreFailure) -> [String] {
        let byOrder = Dictionary(grouping: observations, by: \.orderID)
        let learner = context.rules.learner
        var unknown: [String] = []
        try await commit(Set(byOrder.keys), of: context, read: read, now: now) { id, record, knownUntil in
            var record = record
            var result: Learned?
            for observation in byOrder[id] ?? [] {
                guard let learned = learner.learn(observation, into: record, knownUntil: knownUntil) else { continue }
                result = learned.after(result)
                record = learned.record
            }
            if result == nil { unknown.append(id) }
            return result
        }
        return unknown
    }

    /// Learns what a judge concluded from one raw observation, and that it was judged, as one step.
    ///
    /// - Parameter incoming: what else the observation led to, if it is a mail; written in the step that writes all
    ///   events.
    /// - Returns: the orders it refers to that are not known, about which nothing was learned.
    func learn(
        _ events: [JudgedEvent], from observation: RawObservation, incoming: IncomingOutcome? = nil,
        of context: ShopContext, now: Moment
    ) async throws(StoreFailure) -> [AggregateID] {
        let learner = context.rules.learner
        let byAggregate = Dictionary(grouping: events, by: \.aggregate)
        while true {
            let known = try await store.load(
                shop: context.domain, orderIDs: byAggregate.keys.compactMap(\.orderID).sorted())
            let unknown = byAggregate.keys.filter { $0.orderID.map { known[$0] == nil } ?? true }
            let learned = known.values.map { record in
                learner.learn(byAggregate[.order(record.facts.id)] ?? [], into: record, now: now)
            }
            let outcome = try await store.commit(learned, judged: [observation], incoming: incoming, now: now)
            report(outcome.events)
            for (order, refusal) in outcome.refused {
                note(parked: order.orderID, name: nil, of: order.shop, reason: refusal.sentence)
            }
            if !outcome.stale.isEmpty { continue }
            // If an order was refused or erased, the observation still counts as judged: nothing more can be learned
            // from it.
            if !outcome.refused.isEmpty || !outcome.erased.isEmpty {
                if let incoming {
                    try await store.commit(incoming, now: now)
                } else {
                    try await store.markJudged([observation], now: now)
                }
            }
            return unknown.sorted { $0.key < $1.key }
        }
    }

    /// Learns what somebody did at one of our own pages, of orders that are known; of others nothing.
    func learn(_ events: [JudgedEvent], of context: ShopContext, now: Moment) async throws(StoreFailure) {
        let learner = context.rules.learner
        let byOrder = Dictionary(grouping: events) { $0.aggregate.orderID ?? "" }
        try await commit(Set(byOrder.keys), of: context, read: [], now: now) { id, record, _ in
            record.map { learner.learn(byOrder[id] ?? [], into: $0, now: now) }
        }
    }

    /// Lets time pass for those orders.
    func advance(_ orderIDs: [String], of context: ShopContext, now: Moment) async throws(StoreFailure) {
        let learner = context.rules.learner
        try await commit(Set(orderIDs), of: context, read: [], now: now) { _, record, _ in
            record.map { learner.advance($0, to: now) }
        }
    }

    private func commit(
        _ ids: Set<String>, of context: ShopContext, read: [ToRead], now: Moment,
        think: (String, OrderRecord?, _ knownUntil: Moment?) -> Learned?
    ) async throws(StoreFailure) {
        do {
            try await commitTogether(ids, of: context, read: read, now: now, think: think)
        } catch {
            // One order whose row cannot be read or written fails the step for all: on its own it only fails itself,
            // and is parked.
            guard error.mayBlameOne, !ids.isEmpty else { throw error }
            if ids.count == 1 {
                let id = ids.first ?? ""
                try await store.setAside(
                    shop: context.domain, orderID: id, cause: read.first { $0.orderID == id },
                    reason: error.sentence, now: now)
                note(parked: id, name: nil, of: context.domain, reason: error.sentence)
                return
            }
            for id in ids.sorted() {
                try await commit([id], of: context, read: read.filter { $0.orderID == id }, now: now, think: think)
            }
            let others = read.filter { !ids.contains($0.orderID) }
            if !others.isEmpty { _ = try await store.commit([], read: others, now: now) }
        }
    }

    private func note(parked order: String, name: String?, of shop: String, reason: String) {
        logger.log(Line.orderParked, ["shop": "\(shop)", "order": "\(name ?? order)", "reason": "\(reason)"])
    }

    private func commitTogether(
        _ ids: Set<String>, of context: ShopContext, read: [ToRead], now: Moment,
        think: (String, OrderRecord?, _ knownUntil: Moment?) -> Learned?
    ) async throws(StoreFailure) {
        var open = ids
        var read = read
        repeat {
            let known = try await store.load(shop: context.domain, orderIDs: open.sorted())
            let unknown = open.filter { known[$0] == nil }.sorted()
            let removed = unknown.isEmpty ? [:] : try await store.removedForAge(unknown, shop: context.domain)
            let learned = open.sorted().compactMap { think($0, known[$0], removed[$0]) }
            let outcome = try await store.commit(learned, read: read, now: now)
            read = []
            report(outcome.events)
            if outcome.hasSoonerAsks { newParcels.call() }
            let names = Dictionary(
                learned.map { ($0.record.facts.id, $0.record.facts.name) }, uniquingKeysWith: { first, _ in first })
            for (order, refusal) in outcome.refused {
                note(parked: order.orderID, name: names[order.orderID], of: order.shop, reason: refusal.sentence)
            }
            open = Set(outcome.stale.map(\.orderID))
        } while !open.isEmpty
    }

    /// Wakes who waits for events, and tells the journal of them.
    func report(_ events: [Event]) {
        guard !events.isEmpty else { return }
        newEvents.call()
        newMoments.call()
        var silent: [String: Int] = [:]
        for event in events {
            metrics.events.add(1, event.kind.rawValue, event.silence?.rawValue ?? "told")
            if event.silence != nil {
                silent[event.shop, default: 0] += 1
                continue
            }
            var facts: Logger.Metadata = [
                "shop": "\(event.shop)", "order": "\(event.orderName)", "event": "\(event.kind.rawValue)",
                "source": "\(event.source)",
            ]
            if let (name, value) = event.subjects.first?.field { facts[name] = "\(value)" }
            logger.log(Line.eventRecorded, facts)
        }
        for (shop, count) in silent { logger.log(Line.eventsLearned, ["shop": "\(shop)", "count": "\(count)"]) }
    }
}

extension Subject {
    /// What the journal calls it in addition to its order; nil for the order itself.
    fileprivate var field: (name: String, value: String)? {
        switch self {
        case .order: nil
        case .shipment: ("shipment", key)
        default: ("subject", key)
        }
    }
}

extension Learned {
    /// This, combined with what was learned about the same order just before it, as one step.
    fileprivate func after(_ earlier: Learned?) -> Learned {
        guard let earlier else { return self }
        var both = self
        both.events = earlier.events + events
        both.changed = earlier.changed || changed
        // An answer in either of them counts.
        let answered = Set(earlier.asks.filter(\.answered).map(\.number))
        if !answered.isEmpty {
            for index in both.asks.indices where answered.contains(both.asks[index].number) {
                both.asks[index].answered = true
            }
        }
        // And so does what was read by either.
        let read = Set(earlier.rereads.filter(\.isRead).map(\.id))
        for index in both.rereads.indices where read.contains(both.rereads[index].id) {
            both.rereads[index].isRead = true
        }
        return both
    }
}
