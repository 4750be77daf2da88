import Synchronization

/// Knows of each loop of the daemon when it last moved. To move is to pass through one's loop, waiting for a closed shop or a dead relay included; whether things succeed is
/// told by status and metrics.
final class Heartbeats: Sendable {
    /// How long a loop may take for one turn. Every wait in a loop is shorter than half of it.
    static let patience = Duration.seconds(120)
    /// The longest that a loop sleeps.
    static let longestWait = Duration.seconds(30)

    private let beats = Mutex<[String: ContinuousClock.Instant]>([:])

    /// The loop of that name moved.
    func beat(_ loop: String) { beats.withLock { $0[loop] = .now } }

    /// The loop ended in good order.
    func end(_ loop: String) { beats.withLock { $0[loop] = nil } }

    /// The loops that have not moved for too long.
    func stuck(at now: ContinuousClock.Instant = .now) -> [String] {
        beats.withLock { beats in beats.filter { now - $0.value > Self.patience }.keys.sorted() }
    }
}
