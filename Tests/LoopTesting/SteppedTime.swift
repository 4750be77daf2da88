public import Platform
import Synchronization

/// Time that passes only when a test says so, for what waits on a `Wake`.
///
/// A test takes each wait with `waited()`, which tells how long it is meant to be, and ends it with `pass()`. Nothing
/// here sleeps: `waited()` returns as soon as somebody waits.
public final class SteppedTime: Sendable {
    private struct State {
        var waits: [(id: UInt64, duration: Duration, end: CheckedContinuation<Void, any Error>)] = []
        var watcher: CheckedContinuation<Duration, Never>?
        var ids: UInt64 = 0
        /// Waits that a test has taken and not ended yet.
        var taken = Set<UInt64>()
    }

    private let state = Mutex(State())

    public init() {}

    /// What a `Wake` is given instead of the clock on the wall.
    public var sleep: Wake.Sleep { { [self] in try await wait($0) } }

    private func wait(_ duration: Duration) async throws {
        let id = state.withLock { state in
            state.ids += 1
            return state.ids
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (end: CheckedContinuation<Void, any Error>) in
                var watcher: CheckedContinuation<Duration, Never>?
                let isCancelled = state.withLock { state in
                    // Cancelled before it stood here: the handler below has found nobody.
                    if Task.isCancelled { return true }
                    state.waits.append((id, duration, end))
                    if state.watcher != nil { state.taken.insert(id) }
                    swap(&watcher, &state.watcher)
                    return false
                }
                if isCancelled { end.resume(throwing: CancellationError()) }
                watcher?.resume(returning: duration)
            }
        } onCancel: {
            cancel(id)
        }
    }

    private func cancel(_ id: UInt64) {
        let end = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            guard let index = state.waits.firstIndex(where: { $0.id == id }) else { return nil }
            state.taken.remove(id)
            return state.waits.remove(at: index).end
        }
        end?.resume(throwing: CancellationError())
    }

    /// How long the next wait is meant to be that no test has taken; returns when there is one. Zero where the test is
    /// cancelled, as at the end of its time: a loop that never waits fails it, and holds up nothing.
    public func waited() async -> Duration {
        await withTaskCancellationHandler {
            await withCheckedContinuation { watcher in
                let duration: Duration? = state.withLock { state in
                    if Task.isCancelled { return .zero }
                    guard let wait = state.waits.first(where: { !state.taken.contains($0.id) }) else {
                        state.watcher = watcher
                        return nil
                    }
                    state.taken.insert(wait.id)
                    return wait.duration
                }
                if let duration { watcher.resume(returning: duration) }
            }
        } onCancel: {
            let watcher = state.withLock { state in
                defer { state.watcher = nil }
                return state.watcher
            }
            watcher?.resume(returning: .zero)
        }
    }

    /// Ends all waits that were taken.
    public func pass() {
        let ended = state.withLock { state in
            let ended = state.waits.filter { state.taken.contains($0.id) }
            state.waits.removeAll { state.taken.contains($0.id) }
            state.taken = []
            return ended
        }
        for wait in ended { wait.end.resume() }
    }
}
