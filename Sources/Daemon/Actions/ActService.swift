import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Looks after what was done in the shop: has an event tell of each act that has ended, and gives to a person what a
/// customer asked for on a page of hers and did not get, so that nothing ends in silence and no hold stays unseen.
///
/// The event comes before the row that says it was told; learned a second time, it is the same event.
struct ActService: Service {
    let store: Store
    let contexts: [String: ShopContext]
    /// Whether customers have pages of their own.
    let servesPages: Bool
    let learn: @Sendable ([JudgedEvent], String) async throws -> Void
    let clock: DaemonClock
    let wake: Wake
    /// Called when a person is given something.
    let newMessages: Broadcast
    let heartbeats: Heartbeats
    let logger: Logger
    var trouble = StoreTrouble()

    /// How often it looks for what has ended, where anything can.
    static let pace = Duration.seconds(5)
    /// How many acts are looked after in one step.
    static let batch = 100
    /// Whoever has an address refused may correct it for so long, before a person hears of it.
    static let correction = Store.passLife

    func run() async throws {
        let loop = Loop(
            Loop.Name("acts"), wake: wake, heartbeats: heartbeats, restingBy: clock, trouble: trouble, clock: clock,
            logger: logger)
        await loop.run { _ in
            var isUsed = servesPages
            var moved = false
            for shop in contexts.keys.sorted() {
                isUsed = isUsed || (contexts[shop]?.rules.planner.triggers.hasShopActions ?? false)
                if try await turn(shop, now: clock.now) { moved = true }
            }
            if moved { newMessages.call() }
            return .look(in: isUsed ? Self.pace : nil)
        }
    }

    /// Looks after what is due in a shop; true if a person was given anything.
    func turn(_ shop: String, now: Moment) async throws -> Bool {
        let due = try await store.untoldActs(shop: shop, limit: Self.batch, now: now)
        guard !due.isEmpty else { return false }
        let records = try await store.load(shop: shop, orderIDs: Set(due.compactMap(\.effect.orderID)).sorted())
        let events = due.compactMap { act in
            act.effect.orderID.flatMap { records[$0] }.flatMap { JudgedEvent(ofAct: act.effect, record: $0, now: now) }
        }
        if !events.isEmpty { try await learn(events, shop) }
        // What is done to a return moves no order in Shopify: without this, its label would be seen at the next regular
        // read only.
        let returns = due.filter { $0.effect.state == .sent }.compactMap(\.effect.returnID)
        if !returns.isEmpty {
            try await store.moveRereads(
                shop: shop, Set(returns).sorted().map { Reread(kind: .return, id: $0, at: now) }, now: now)
        }
        var isGiven = false
        for act in due {
            var later: Moment?
            if let record = act.effect.orderID.flatMap({ records[$0] }),
                let request = PageRequest.allCases.first(where: {
                    PageAct(act.effect, of: $0, results: act.results) != nil
                }), let asked = PageAct(act.effect, of: request, results: act.results)
            {
                let given = try await follow(asked, act.effect, request, record, now: now)
                later = given.later
                isGiven = given.isGiven || isGiven
            }
            try await store.told(act, lookAt: later, now: now)
        }
        return isGiven
    }

    /// What a person has to know of an act that a customer asked for.
    ///
    /// - Returns: whether a person was given it, and when to look again.
    private func follow(
        _ asked: PageAct, _ effect: Effect, _ request: PageRequest, _ record: OrderRecord, now: Moment
    ) async throws(StoreFailure) -> (isGiven: Bool, later: Moment?) {
        let what = request.words
        var matter = PageHandOver(
            key: effect.keys.first ?? "\(effect.id)", order: record.facts.id, shop: record.shop, note: "",
            act: effect.id)
        if asked.isOpen {
            matter.key += PageAct.late
            matter.note =
                "The customer asked on her page for \(what) a quarter of an hour ago, and Shopify has not done it yet; it is tried on. The order may be on hold meanwhile. She was told that you write to her."
            return (try await store.handOver(matter, now: now), now + .days(1))
        }
        if asked.state == .sent {
            guard let held = asked.results["held"] else { return (false, nil) }
            matter.note =
                "The address is changed as the customer asked, and Shopify does not end the hold that was placed meanwhile (\(held)). Release the order in Shopify, or it is not sent."
            return (try await store.handOver(matter, now: now), nil)
        }
        if !asked.objections.isEmpty, !asked.isHeld {
            let until = (effect.decidedAt ?? now) + Self.correction
            guard now >= until else { return (false, until) }
            let order = OrderKey(shop: record.shop, orderID: record.facts.id)
            let newer = try await store.decided(by: PageRequest.decider, about: order)
            guard
                !newer.contains(where: {
                    $0.effect.id > effect.id && PageAct($0.effect, of: request, results: [:]) != nil
                })
            else { return (false, nil) }
        }
        matter.note =
            "The customer asked on her page for \(what), and it was not done: \(asked.detail ?? "it was no longer right"). If the order is on hold in Shopify because of an incorrect address, release it."
        return (try await store.handOver(matter, now: now), nil)
    }
}

extension PageRequest {
    /// What was asked for, in a note for the shop's people.
    fileprivate var words: String {
        switch self {
        case .changeAddress: "another address"
        case .cancelOrder: "a cancellation"
        }
    }
}
