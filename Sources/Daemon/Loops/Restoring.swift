import Logging
import Outreach
import Platform
import Store

/// Takes up a backup that was put back: what it holds as unsent is withdrawn, and what happened since is learned in
/// silence, so that nobody is told twice.
struct Restoring: Sendable {
    let store: Store
    let logger: Logger

    /// Begins to catch up, or goes on; nil for a shop that need not. To be asked before anything is read or judged, and
    /// before `openShop` tells since when the shop is watched.
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

    /// Withdraws the waits that ended between the backup and its being put back. Those that a night or a limit held,
    /// and would be let go now, are among them; a wait of the trigger's own that ends only later is kept.
    func withdrawWaits(of shop: String, planner: Planner, restoration: Restoration) async throws(StoreFailure) {
        let now = restoration.restoredAt
        while true {
            let due = try await store.dueEffects(shop: shop, limit: PlanningService.batch, now: now)
            guard !due.isEmpty else { return }
            let turn = PlanningTurn(planner, now: now)
            let plans = try await store.judge(due, in: turn, shop: shop).map(turn.catchUp)
            let outcome = try await store.commitPlan(plans, now: now)
            // Nobody else is at work yet: what is refused would be refused for ever.
            if outcome.refused.count + outcome.stale.count == plans.count { return }
        }
    }
}
