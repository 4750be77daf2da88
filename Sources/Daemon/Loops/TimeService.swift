import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Lets time pass: whatever happens by time alone (a promise passes, a parcel is silent for too long) is learned when its moment comes.
struct TimeService: Service {
    let store: Store
    let contexts: [String: ShopContext]
    let learning: Learning
    let clock: DaemonClock
    let wake: Wake
    let heartbeats: Heartbeats
    let logger: Logger
    var trouble = StoreTrouble()

    func run() async throws {
        await withGracefulShutdownHandler {
            while !Task.isShuttingDownGracefully, !Task.isCancelled {
                heartbeats.beat("time")
                do throws(StoreFailure) {
                    if try await turn() { continue }
                    var next: Moment?
                    for shop in contexts.keys {
                        if let moment = try await store.nextMoment(shop: shop) { next = min(next ?? moment, moment) }
                    }
                    let wait = next.map { max(.milliseconds(50), $0 - clock.now) } ?? Heartbeats.longestWait
                    await wake.wait(atMost: clock.fault == nil ? min(wait, Heartbeats.longestWait) : .seconds(5))
                } catch {
                    trouble.note(error, now: clock.now, logger)
                    await wake.wait(atMost: .seconds(5))
                }
            }
        } onGracefulShutdown: {
            wake.call()
        }
        heartbeats.end("time")
    }

    /// Learns what is due; true if there may be more.
    func turn() async throws(StoreFailure) -> Bool {
        guard clock.fault == nil else { return false }
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
