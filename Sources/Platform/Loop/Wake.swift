import Synchronization

/// Wakes a waiting loop. A wake-up carries no data: it says "look in the store again", so a lost one costs a timer's
/// tick and no message, and a hundred are as good as one. Each loop has its own `Wake`.
public final class Wake: Sendable {
    /// The sleep used for waiting: returns after that long, throws if its task is cancelled.
    public typealias Sleep = @Sendable (Duration) async throws -> Void
    /// Calls `end` after that long; what it returns calls that off, and may be called at any time.
    public typealias Timer =
        @Sendable (_ duration: Duration, _ end: @escaping @Sendable () -> Void) -> @Sendable () -> Void

    private struct Waiter {
        let ticket: UInt64
        let continuation: CheckedContinuation<Bool, Never>
        /// Calls its timer off.
        var stopTimer: (@Sendable () -> Void)?

        func resume(called: Bool) {
            stopTimer?()
            continuation.resume(returning: called)
        }
    }

    private struct State {
        /// A call while nobody waited.
        var called = false
        var waiter: Waiter?
        var tickets: UInt64 = 0
        /// The wait that ended before its waiter was registered.
        var over: UInt64?
    }

    private let state = Mutex(State())
    private let timer: Timer

    /// - Parameter sleep: the sleep to use; tests inject their own.
    public init(sleep: @escaping Sleep = { try await Task.sleep(for: $0) }) {
        timer = { duration, end in
            let task = Task {
                try? await sleep(duration)
                end()
            }
            return { task.cancel() }
        }
    }

    /// One whose waits are ended by a timer, which is set while the waiting task has the thread: for a simulation, in
    /// which nothing may start by itself.
    public init(timer: @escaping Timer) { self.timer = timer }

    /// Wakes the loop, now or when it next waits.
    public func call() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            if state.waiter == nil { state.called = true }
            return state.waiter
        }
        waiter?.resume(called: true)
    }

    /// Waits until it is called or `timeout` is over, whichever comes first. Ends early, without an error, when the
    /// task is cancelled. True if it was called.
    @discardableResult
    public func wait(atMost timeout: Duration) async -> Bool {
        guard timeout > .zero else { return false }
        let ticket = state.withLock { state in
            state.tickets &+= 1
            return state.tickets
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // The result if it was called already or the wait is over; nil if it waits now.
                let goOn: Bool? = state.withLock { state in
                    if state.called || state.over == ticket || Task.isCancelled {
                        defer { state.called = false }
                        return state.called
                    }
                    state.waiter = Waiter(ticket: ticket, continuation: continuation)
                    return nil
                }
                if let goOn {
                    continuation.resume(returning: goOn)
                } else {
                    start(timeout, for: ticket)
                }
            }
        } onCancel: {
            release(ticket)
        }
    }

    /// Starts the timer of a registered waiter.
    private func start(_ timeout: Duration, for ticket: UInt64) {
        let stop = timer(timeout) { [self] in release(ticket) }
        let stands = state.withLock { state in
            guard state.waiter?.ticket == ticket else { return false }
            state.waiter?.stopTimer = stop
            return true
        }
        if !stands { stop() }
    }

    /// Releases that waiter without a call. One not registered yet will not wait: otherwise its loop would sleep until
    /// somebody calls. One already gone is ignored.
    func release(_ ticket: UInt64) {
        let waiter: Waiter? = state.withLock { state in
            guard state.waiter?.ticket == ticket else {
                state.over = ticket
                return nil
            }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(called: false)
    }
}

/// Wakes several loops at once.
public final class Broadcast: Sendable {
    private let wakes = Mutex<[Wake]>([])

    /// One without any loops yet.
    public init() {}

    /// Adds a loop to wake.
    public func add(_ wake: Wake) { wakes.withLock { $0.append(wake) } }

    /// Wakes them all.
    public func call() { for wake in wakes.withLock({ $0 }) { wake.call() } }
}
