import Synchronization

/// Records when each of the daemon's loops last moved. A loop moves by completing a turn, even one that only waits for
/// a closed shop or a dead relay; status and metrics tell whether things succeed.
public final class Heartbeats: Sendable {
    /// How long a loop may take for one turn. Every wait in a loop is shorter than half of it.
    public static let patience = Duration.seconds(120)
    /// The longest that a loop sleeps.
    public static let longestWait = Loop.longestWait

    private let beats = Mutex<[Loop.Name: ContinuousClock.Instant]>([:])
    private let now: @Sendable () -> ContinuousClock.Instant

    /// - Parameter now: the clock for judging lateness; tests inject their own.
    public init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) { self.now = now }

    /// The loop with that name moved.
    public func beat(_ loop: Loop.Name) { beats.withLock { $0[loop] = now() } }

    /// The loop ended normally.
    public func end(_ loop: Loop.Name) { beats.withLock { $0[loop] = nil } }

    /// The loops that have not moved for too long, by name.
    public func stuck() -> [Loop.Name] {
        let now = now()
        return beats.withLock { beats in beats.filter { now - $0.value > Self.patience }.keys.sorted() }
    }
}
