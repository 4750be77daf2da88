import ServiceLifecycle

/// The loop that every service runs: look and act, beat, wait for a wake or a tick.
///
/// A turn that fails is reported and retried after `troublePause`. A resting loop takes no turns, and checks again
/// after the same pause whether it still has to rest. No wait exceeds `longestWait` without a beat, so that a waiting
/// loop is never mistaken for a hanging one. On graceful shutdown a loop ends after its current turn; one that drains
/// continues until its turn says that nothing is left.
public struct Loop: Sendable {
    /// A loop's name in the watchdog, in `/health` and in the journal. Loops of several shops include their shop, so
    /// that a dead one does not hide behind another's beats.
    public struct Name: Hashable, Comparable, Sendable, CustomStringConvertible {
        /// What it does: `planning`, `delivery:email`.
        public var work: String
        /// The shop it works for; nil for one loop for all shops.
        public var shop: String?

        public init(_ work: String, shop: String? = nil) {
            self.work = work
            self.shop = shop
        }

        public var description: String { shop.map { "\(work) of \($0)" } ?? work }

        public static func < (one: Name, other: Name) -> Bool {
            (one.work, one.shop ?? "") < (other.work, other.shop ?? "")
        }
    }

    /// The result of a turn.
    public enum Step: Equatable, Sendable {
        /// Something moved: the next turn follows at once.
        case again
        /// The next turn comes after that long, or when the loop is woken. A wait that is longer than a tick is cut
        /// into ticks, each with a beat.
        case wait(Duration)
        /// There is nothing left to do, ever.
        case done

        /// The next turn comes after that long or a tick, whichever is sooner, or when the loop is woken: for a loop
        /// that reads the store, where reading again costs little.
        public static func look(in wait: Duration?) -> Step {
            .wait(min(max(wait ?? Loop.longestWait, .milliseconds(20)), Loop.longestWait))
        }
    }

    /// The longest that a loop waits without a beat.
    public static let longestWait = Duration.seconds(30)
    /// How long a loop waits after a turn that failed, or while it rests.
    public static let troublePause = Duration.seconds(5)

    public let name: Name
    private let wake: Wake
    private let heartbeats: Heartbeats
    private let rests: @Sendable () -> Bool
    private let failed: @Sendable (any Error) -> Void

    /// - Parameters:
    ///   - wake: wakes it, and supplies the clock for its waits.
    ///   - rests: whether turns are not allowed just now.
    ///   - failed: is called for each failed turn.
    public init(
        _ name: Name, wake: Wake, heartbeats: Heartbeats, rests: @escaping @Sendable () -> Bool = { false },
        failed: @escaping @Sendable (any Error) -> Void
    ) {
        self.name = name
        self.wake = wake
        self.heartbeats = heartbeats
        self.rests = rests
        self.failed = failed
    }

    /// Runs until shutdown, cancellation, or a turn that returns `done`.
    ///
    /// - Parameters:
    ///   - drains: whether turns continue after shutdown has begun, until one returns `done`. A resting loop still
    ///     drains.
    ///   - turn: looks and acts; its argument says whether shutdown has begun.
    public func run(
        drains: Bool = false, _ turn: (_ isEnding: Bool) async throws -> Step
    ) async {
        await withGracefulShutdownHandler {
            while true {
                let isEnding = Task.isShuttingDownGracefully || Task.isCancelled
                if isEnding, !drains { return }
                heartbeats.beat(name)
                switch await step(isEnding: isEnding, turn) {
                case .done: return
                case .again: continue
                case .wait(let wait): await pass(wait)
                }
            }
        } onGracefulShutdown: {
            wake.call()
        }
        heartbeats.end(name)
    }

    private func step(isEnding: Bool, _ turn: (Bool) async throws -> Step) async -> Step {
        if !isEnding, rests() { return .wait(Self.troublePause) }
        do {
            return try await turn(isEnding)
        } catch is CancellationError {
            // If the task itself is cancelled, the loop sees it before its next turn; otherwise only a part of it was.
            return .wait(Self.troublePause)
        } catch {
            failed(error)
            return .wait(Self.troublePause)
        }
    }

    /// Waits, with a beat at each tick.
    private func pass(_ wait: Duration) async {
        var left = wait
        while left > .zero {
            // Cancelled while draining: work in progress is cancelled too, and returns by itself.
            if Task.isCancelled { return await Task.yield() }
            let tick = min(left, Self.longestWait)
            if await wake.wait(atMost: tick) { return }
            left -= tick
            if left > .zero { heartbeats.beat(name) }
        }
    }
}
