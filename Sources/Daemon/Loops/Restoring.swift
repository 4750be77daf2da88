import Logging
import Outreach
import Platform
import Store

/// Takes up a backup that was put back: what it holds as unsent is withdrawn, and what happened since is learned in silence, so that nobody is told twice.
struct Restoring: Sendable {
    let store: Store
    let logger: Logger

    /// Begins to catch up, or goes on; nil for a shop that need not. To be asked before anything is read or judged, and before `openShop` tells since when the shop is watched.
    func begin(_ shop: String, now: Moment) async throws(StoreFailure) -> Restoration? {
        guard try await store.shopState(shop) != nil,
            let (restoration, withdrawn) = try await store.beginRestoration(shop: shop, now: now)
        else { return nil }
        logger.log(
            Line.restored,
            [
                "shop": "\(shop)", "count": "\(withdrawn)", "since": "\(restoration.backupAt)",
                "reason": "they may have been sent after the backup was made",
            ])
        return restoration
    }

    /// Withdraws the waits that ended between the backup and its being put back. Those that a night or a limit held, and would be let go now, are among them; a wait of the
    /// trigger's own that ends only later is kept.
    func withdrawWaits(of shop: String, planner: Planner, restoration: Restoration) async throws(StoreFailure) {
        let now = restoration.restoredAt
        while true {
            let due = try await store.dueEffects(shop: shop, limit: PlanningService.batch, now: now)
            guard !due.isEmpty else { return }
            let records = try await store.load(shop: shop, orderIDs: Set(due.compactMap(\.orderID)).sorted())
            let histories = try await store.history(
                for: due.map { HistoryQuestion(of: $0, record: records.record(of: $0), planner: planner, now: now) },
                now: now)
            let plans = zip(due, histories).map { effect, history in
                var effect = effect
                let decision = planner.judge(effect, record: records.record(of: effect), history: history, now: now)
                if case .wait(let until, let reason) = decision, reason == .wait || reason == .combine, until > now {
                    effect.dueAt = until
                    effect.reason = reason
                    return Plan(shop: shop, changes: [PlannedChange(effect: effect, note: nil)])
                }
                effect.state = .withdrawn
                effect.reason = .restored
                effect.detail = nil
                effect.decidedAt = now
                let note = DecisionNote(at: now, state: .withdrawn, reason: .restored)
                return Plan(shop: shop, changes: [PlannedChange(effect: effect, note: note)])
            }
            let outcome = try await store.commitPlan(plans, now: now)
            // Nobody else is at work yet: what is refused would be refused for ever.
            if outcome.refused.count + outcome.stale.count == plans.count { return }
        }
    }
}
