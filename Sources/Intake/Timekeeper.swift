internal import FoundationEssentials
public import Outreach

/// The clock and the patience that the shell of Intake works by, so that tests bring their own and nothing sleeps in
/// them.
public struct Timekeeper: Sendable {
    /// The moment it is.
    public var now: @Sendable () -> Moment
    /// Waits that long; throws only when the task is cancelled.
    public var sleep: @Sendable (Duration) async throws(CancellationError) -> Void

    /// A clock of one's own.
    public init(
        now: @escaping @Sendable () -> Moment,
        sleep: @escaping @Sendable (Duration) async throws(CancellationError) -> Void
    ) {
        self.now = now
        self.sleep = sleep
    }
}

extension Timekeeper {
    /// The machine's clock.
    public static let system = Timekeeper(
        now: { Moment(milliseconds: Int64((Date.now.timeIntervalSince1970 * 1000).rounded(.down))) },
        sleep: { duration throws(CancellationError) in
            do { try await Task.sleep(for: duration) } catch { throw CancellationError() }
        })
}
