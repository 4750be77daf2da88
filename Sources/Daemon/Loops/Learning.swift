import Logging
import Outreach
import Platform
import Store

/// Turns observations into committed events: read, think, write, and again where somebody else wrote in between.
struct Learning: Sendable {
    let store: Store
    let logger: Logger
    let metrics: DaemonMetrics
    /// Called when there are new events.
    let newEvents: Wake
    /// Called when the moments at which time alone changes something have moved.
    let newMoments: Wake
    /// Called when a parcel is to be asked about sooner than was known: a new one, or one that has another number or source now.
    var newParcels = Broadcast()
    /// Where those that learn tell that the store failed them.
    var trouble = StoreTrouble()

    /// Learns `observations` of one shop as one step. `read` are the entries of the reading list that they answer.
    ///
    /// - Returns: the orders of which only a part was seen; they are to be read whole.
    func learn(
        _ observations: [Observation], of context: ShopContext, read: [ToRead] = [], now: Moment
    ) async throws(StoreFailure) -> [String] {
        let byOrder = Dictionary(grouping: observations, by: \.orderID)
        let learner = context.rules.learner
        var unknown: [String] = []
        try await commit(Set(byOrder.keys), of: context, read: read, now: now) { id, record in
            var record = record
            var result: Learned?
            for observation in byOrder[id] ?? [] {
                guard let learned = learner.learn(observation, into: record) else { continue }
                result = learned.after(result)
                record = learned.record
            }
            if result == nil { unknown.append(id) }
            return result
        }
        return unknown
    }

    /// Lets time pass for those orders.
    ///
    /// - Returns: the orders of which the store refused what was learned; they are as they were.
    @discardableResult
    func advance(
        _ orderIDs: [String], of context: ShopContext, now: Moment
    ) async throws(StoreFailure) -> [String] {
        let learner = context.rules.learner
        return try await commit(Set(orderIDs), of: context, read: [], now: now) { _, record in
            record.map { learner.advance($0, to: now) }
        }
    }

    /// Commits what is thought of those orders. Gives the orders that the store refused.
    @discardableResult
    private func commit(
        _ ids: Set<String>, of context: ShopContext, read: [ToRead], now: Moment,
        think: (String, OrderRecord?) -> Learned?
    ) async throws(StoreFailure) -> [String] {
        var open = ids
        var refused: [String] = []
        var read = read
        repeat {
            let known = try await store.load(shop: context.domain, orderIDs: open.sorted())
            let learned = open.sorted().compactMap { think($0, known[$0]) }
            let outcome = try await store.commit(learned, read: read, now: now)
            read = []
            report(outcome.events)
            if outcome.hasSoonerAsks { newParcels.call() }
            let names = Dictionary(
                learned.map { ($0.record.facts.id, $0.record.facts.name) }, uniquingKeysWith: { first, _ in first })
            refused += outcome.refused.keys.map(\.orderID)
            for order in outcome.refused.keys {
                logger.log(
                    Line.orderParked,
                    [
                        "shop": "\(order.shop)", "order": "\(names[order.orderID] ?? order.orderID)",
                        "reason": "it does not fit the store",
                    ])
            }
            open = Set(outcome.stale.map(\.orderID))
        } while !open.isEmpty
        return refused
    }

    private func report(_ events: [Event]) {
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
    /// What the journal calls it beside its order; nil for the order itself.
    fileprivate var field: (name: String, value: String)? {
        switch self {
        case .order: nil
        case .shipment: ("shipment", key)
        default: ("subject", key)
        }
    }
}

extension Learned {
    /// This, with what was learned of the same order just before it, as one step.
    fileprivate func after(_ earlier: Learned?) -> Learned {
        guard let earlier else { return self }
        var both = self
        both.events = earlier.events + events
        both.changed = earlier.changed || changed
        // What any of them answered is answered.
        let answered = Set(earlier.asks.filter(\.answered).map(\.number))
        if !answered.isEmpty {
            for index in both.asks.indices where answered.contains(both.asks[index].number) {
                both.asks[index].answered = true
            }
        }
        return both
    }
}
