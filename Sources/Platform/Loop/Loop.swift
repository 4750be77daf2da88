import ServiceLifecycle

/// The one way in which a service goes round: it looks and acts, beats, and waits for a wake or a tick.
///
/// A turn that fails is told and tried again after `troublePause`. A loop that rests takes no turn at all, and looks
/// again after the same pause whether it still has to. No wait is longer than `longestWait` without a beat, so that a
/// loop that waits is never taken for one that hangs. On graceful shutdown a loop ends after the turn that it is in;
/// one that drains goes on until its turn says that nothing is left.
public struct Loop: Sendable {
    /// What a loop is called by the watchdog, in `/health` and in the journal. Loops of several shops bear their shop,
    /// so that one that is dead does not hide behind another's beats.
    public struct Name: Hashable, Comparable, Sendable, CustomStringConvertible {
        /// What it does: `planning`, `delivery:email`.
        public var work: String
        /// The shop it does it for; nil for one loop of all shops.
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

    /// What a turn came to.
    public enum Step: Equatable, Sendable {
        /// Something moved: the next turn follows at once.
        case again
        /// The next turn comes after that long, or when the loop is woken. A wait that is longer than a tick is cut
        /// into ticks, each with a beat.
        case wait(Duration)
        /// There is nothing more to do, ever.
        case done

        /// The next turn comes after that long, or a tick where that is sooner, or when the loop is woken: for a loop
        /// that looks into the store, where looking again costs little.
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
    ///   - wake: wakes it, and holds the time that it waits by.
    ///   - rests: whether no turn may be taken just now.
    ///   - failed: hears of each turn that failed.
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

    /// Goes round until shutdown, cancellation, or a turn that says `done`.
    ///
    /// - Parameters:
    ///   - drains: whether turns go on after shutdown has begun, until one says `done`. A loop that rests drains
    ///     anyway.
    ///   - turn: looks and acts; is told whether shutdown has begun.
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
            // The task itself is being cancelled, and the loop sees it before its next turn; else a part of it was.
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
            // Cancelled while it drains: what is under way is cancelled too, and comes back by itself.
            if Task.isCancelled { return await Task.yield() }
            let tick = min(left, Self.longestWait)
            if await wake.wait(atMost: tick) { return }
            left -= tick
            if left > .zero { heartbeats.beat(name) }
        }
    }
}
