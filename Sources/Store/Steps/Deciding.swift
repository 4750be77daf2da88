public import Outreach
internal import Platform

// The one entry for everything that is done in the shop without a line of `do`: what a person asks for at the desk, what
// a remedy comes to, what a form changes. What it may cost is read, decided and booked as one: if anything that was read
// has changed when it is written, it is decided again.

extension Store {
    /// So often an action is decided anew because others decided at the same time.
    static let mostDecisions = 20

    /// Decides an action and has it done: its row, frozen bytes and booked cost are written, or nothing is.
    ///
    /// The same request again gives the action that it gave before. What came of it is in `results(ofAction:shop:)`.
    ///
    /// - Parameter audit: recorded with it if a person at the desk decides it.
    public func decide(
        _ request: ActionRequest, by planner: Planner, audit: AuditEntry? = nil, now: Moment
    ) async throws(StoreFailure) -> ActionOutcome {
        let shop = planner.shop.domain
        let key = request.occurrence(shop: shop)
        var planner = planner
        planner.pauses = try await pauses(shop: shop)
        for _ in 0..<Self.mostDecisions {
            if let known = try await effects(for: [key])[key], known.state.usesKeyUp || known.attempts > 0 {
                return .already(effect: known.id, known.state)
            }
            let record = try await records(of: [.order(request.orderID)], shop: shop, now: now)[.order(request.orderID)]
            var known: GiftHistory?
            if let record, let question = planner.question(request, record: record, now: now) {
                known = try await spending(question, shop: shop)
            }
            let plan: Plan
            do throws(ActionRefusal) {
                plan = try planner.decide(request, record: record, known: known, codes: giftCodes, now: now)
            } catch {
                return .refused(error)
            }
            let (hash, path) = (hash, path)
            let outcome = try await write { db in
                let outcome = try db.commit([plan], hash: hash, path: path, now: now)
                if let audit, !outcome.effects.isEmpty { try db.append(audit, now: now) }
                // Whoever asked for it waits for it, so somebody hears of it if it takes too long.
                if request.by == PageRequest.decider, let effect = outcome.effects.first, effect.state == .ready {
                    try db.noteAct(effect, dueAt: now + PageStanding.patience, shop: try db.shop(shop))
                }
                try db.note(now)
                return outcome
            }
            if let refusal = outcome.refused[0] { throw refusal }
            guard let effect = outcome.effects.first else { continue }
            changes.call()
            return .decided(effect: effect.id, effect.state)
        }
        return .refused(ActionRefusal(.deferred, "others decided at the same time; ask again"))
    }

    /// What an action brought, by the names of its results: the refund's id, the second parcel's order.
    public func results(ofAction effect: Int64, shop: String) async throws(StoreFailure) -> [String: String] {
        try await read { db in try db.results(of: effect, shop: try db.shop(shop)) }
    }

    /// What is spent of the budgets and ceilings that limit an action.
    public func spending(_ question: GiftQuestion, shop domain: String) async throws(StoreFailure) -> GiftHistory {
        let hash = hash
        return try await read { db in
            try db.giftHistory(question, but: 0, shop: try db.shop(domain), hash: hash)
        }
    }
}
