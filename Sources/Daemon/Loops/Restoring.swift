import Logging
import Outreach
import Platform
import Store

/// Handles a backup that was restored: what it holds as unsent is withdrawn, and what happened since is learned
/// silently, so that nobody is told twice.
struct Restoring: Sendable {
    let store: Store
    let logger: Logger

    /// Begins to catch up, or continues; nil for a shop that does not need to. To be called before anything is read or
    /// judged, and before `openShop` says since when the shop is watched.
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

    /// Withdraws the waits that ended between the backup and its restoration. That includes messages held by quiet
    /// hours or a limit that would be released now; a trigger's own wait that ends only later is kept.
    func withdrawWaits(of shop: String, planner: Planner, restoration: Restoration) async throws(StoreFailure) {
        let now = restoration.restoredAt
        while true {
            let due = try await store.dueEffects(shop: shop, limit: PlanningService.batch, now: now)
            guard !due.isEmpty else { return }
            let turn = PlanningTurn(planner, now: now)
            let plans = try await store.judge(due, in: turn, shop: shop).map(turn.catchUp)
            let outcome = try await store.commitPlan(plans, now: now)
            // Nobody else is working yet: what is refused now would be refused forever.
            if outcome.refused.count + outcome.stale.count == plans.count { return }
        }
    }
}
