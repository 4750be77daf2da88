import Outreach
import Synchronization

/// Lets one at a time through: a turn of planning, or a change of the rules that it decides by. So what becomes due by
/// a change is never judged by the rules from before it.
final class PlanningGate: Sendable {
    private struct State {
        var isTaken = false
        /// Who comes next, in the order in which they came.
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// Runs `body` while nobody else runs theirs. It must not pass the same gate again.
    func pass<Value: Sendable>(
        _ body: () async throws(StoreFailure) -> Value
    ) async throws(StoreFailure) -> Value {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.isTaken {
                    state.waiting.append(continuation)
                    return false
                }
                state.isTaken = true
                return true
            }
            if isFree { continuation.resume() }
        }
        defer {
            let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
                if state.waiting.isEmpty {
                    state.isTaken = false
                    return nil
                }
                return state.waiting.removeFirst()
            }
            next?.resume()
        }
        return try await body()
    }
}
