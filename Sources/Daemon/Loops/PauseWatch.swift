import Logging
import Outreach
import Platform
import Store
import Synchronization

/// What waking up to a pause needs of the store.
protocol PauseStore: Sendable {
    /// What is paused in a shop.
    func pauses(shop: String) async throws(StoreFailure) -> Pauses
    /// Clears away the pauses that ended by themselves, and returns those that are left.
    func clearPauses(shop: String, now: Moment) async throws(StoreFailure) -> Pauses
}

extension Store: PauseStore {}

/// Knows what each shop has paused, and tells the journal when that changes. A pause is asked for by another process
/// as well, so it is looked up at every turn and kept nowhere else.
final class PauseWatch: Sendable {
    private let known = Mutex<[String: Pauses]>([:])

    /// What is paused in a shop now.
    func look(
        at shop: String, in store: any PauseStore, now: Moment, _ logger: Logger
    ) async throws(StoreFailure) -> Pauses {
        var pauses = try await store.pauses(shop: shop)
        if !pauses.over(at: now).isEmpty { pauses = try await store.clearPauses(shop: shop, now: now) }
        let before = known.withLock { known in
            defer { known[shop] = pauses }
            return known[shop] ?? Pauses()
        }
        for kind in PauseKind.allCases where pauses[kind] != before[kind] {
            if let pause = pauses[kind] {
                logger.log(
                    Line.paused,
                    [
                        "shop": "\(shop)", "what": "\(kind.rawValue)", "who": "\(pause.by)",
                        "until": "\(pause.until?.iso8601 ?? "released")",
                    ])
            } else {
                logger.log(Line.pauseOver, ["shop": "\(shop)", "what": "\(kind.rawValue)"])
            }
        }
        return pauses
    }
}
