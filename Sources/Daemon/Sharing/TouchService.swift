import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Looks once a second whether a command, or a page of a daemon on another machine, wrote for one of our shops, and has
/// the loops look again.
struct TouchService: Service {
    /// Goes up with each such write.
    let touches: @Sendable () async throws(StoreFailure) -> Int64
    /// The loops that somebody may have given work.
    let actedByHand: Broadcast
    /// Pages that show it.
    let changes: Broadcast
    let clock: DaemonClock
    let heartbeats: Heartbeats
    let logger: Logger
    var trouble = StoreTrouble()
    var wake = Wake()

    static let interval = Duration.seconds(1)

    func run() async throws {
        var last: Int64?
        let loop = Loop(
            Loop.Name("touches"), wake: wake, heartbeats: heartbeats, trouble: trouble, clock: clock, logger: logger)
        await loop.run { _ in
            let now = try await touches()
            if let last, now != last {
                actedByHand.call()
                changes.call()
            }
            last = now
            return .wait(Self.interval)
        }
    }
}
