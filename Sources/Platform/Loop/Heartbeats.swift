import Synchronization

/// Knows of each loop of the daemon when it last moved. To move is to pass through one's loop, waiting for a closed
/// shop or a dead relay included; whether things succeed is told by status and metrics.
public final class Heartbeats: Sendable {
    /// How long a loop may take for one turn. Every wait in a loop is shorter than half of it.
    public static let patience = Duration.seconds(120)
    /// The longest that a loop sleeps.
    public static let longestWait = Loop.longestWait

    private let beats = Mutex<[Loop.Name: ContinuousClock.Instant]>([:])
    private let now: @Sendable () -> ContinuousClock.Instant

    /// - Parameter now: the time by which loops are late; a test hands in its own.
    public init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) { self.now = now }

    /// The loop of that name moved.
    public func beat(_ loop: Loop.Name) { beats.withLock { $0[loop] = now() } }

    /// The loop ended in good order.
    public func end(_ loop: Loop.Name) { beats.withLock { $0[loop] = nil } }

    /// The loops that have not moved for too long, by name.
    public func stuck() -> [Loop.Name] {
        let now = now()
        return beats.withLock { beats in beats.filter { now - $0.value > Self.patience }.keys.sorted() }
    }
}
