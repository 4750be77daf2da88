import Logging
import Outreach
import Platform
import ServiceLifecycle

/// Handles the passage of time: whatever happens through time alone (a promise is missed, a parcel is silent for too
/// long) is learned when its moment comes.
struct TimeService: Service {
    let store: any TimeStore
    let contexts: [String: ShopContext]
    let learning: Learning
    let clock: DaemonClock
    let wake: Wake
    let heartbeats: Heartbeats
    let logger: Logger
    var trouble = StoreTrouble()

    func run() async throws {
        let loop = Loop(
            Loop.Name("time"), wake: wake, heartbeats: heartbeats, restingBy: clock, trouble: trouble, clock: clock,
            logger: logger)
        await loop.run { _ in
            if try await turn() { return .again }
            var next: Moment?
            for shop in contexts.keys {
                if let moment = try await store.nextMoment(shop: shop) { next = min(next ?? moment, moment) }
            }
            return .look(in: next.map { $0 - clock.now })
        }
    }

    /// Learns what is due; true if there may be more.
    func turn() async throws(StoreFailure) -> Bool {
        let now = clock.now
        var moved = false
        for (shop, context) in contexts {
            let due = try await store.dueForTime(shop: shop, limit: 200, now: now)
            guard !due.isEmpty else { continue }
            moved = true
            try await learning.advance(due, of: context, now: now)
        }
        return moved
    }
}
