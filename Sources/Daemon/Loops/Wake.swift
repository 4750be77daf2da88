import Synchronization

/// Wakes a loop that waits. A wake-up carries no data: it says "look in the store again", so one that is lost costs a timer's tick and
/// no message, and a hundred are as good as one. One loop waits on one `Wake`.
final class Wake: Sendable {
    private struct State {
        /// A call that came while nobody waited.
        var called = false
        var waiter: CheckedContinuation<Bool, Never>?
    }

    private let state = Mutex(State())

    /// Wakes the loop, now or when it next waits.
    func call() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            if state.waiter == nil { state.called = true }
            return state.waiter
        }
        waiter?.resume(returning: true)
    }

    /// Waits until it is called or `timeout` is over, whichever comes first. Ends early, without an error, when the task is cancelled. True where it was called.
    @discardableResult
    func wait(atMost timeout: Duration) async -> Bool {
        guard timeout > .zero else { return false }
        let timer = Task { [self] in
            try await Task.sleep(for: timeout)
            release()
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // Whether it was called before, or nobody waits any more; nil where it waits now.
                let goOn: Bool? = state.withLock { state in
                    if state.called || Task.isCancelled {
                        defer { state.called = false }
                        return state.called
                    }
                    state.waiter = continuation
                    return nil
                }
                if let goOn { continuation.resume(returning: goOn) }
            }
        } onCancel: {
            release()
        }
    }

    /// Lets the waiter go without a call.
    private func release() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: false)
    }
}

/// Wakes several loops at once.
final class Broadcast: Sendable {
    private let wakes = Mutex<[Wake]>([])

    /// That loop is woken from now on as well.
    func add(_ wake: Wake) { wakes.withLock { $0.append(wake) } }

    /// Wakes them all.
    func call() { for wake in wakes.withLock({ $0 }) { wake.call() } }
}
