import Synchronization

/// Notifies all listeners of a change. Carries no data: listeners look for themselves.
final class Bell: Sendable {
    private struct State {
        var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
        var next = 0
    }

    private let state = Mutex(State())

    /// Wakes every listener; a busy one is woken once when it listens again.
    func ring() {
        let listeners = state.withLock { Array($0.listeners.values) }
        for listener in listeners { listener.yield() }
    }

    /// Rings from now on. Ends when the reading task is cancelled.
    func rings() -> AsyncStream<Void> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let id = state.withLock { state in
                state.next += 1
                state.listeners[state.next] = continuation
                return state.next
            }
            continuation.onTermination = { [weak self] _ in
                self?.state.withLock { _ = $0.listeners.removeValue(forKey: id) }
            }
        }
    }

    /// Waits until `condition` is true, checking whenever the bell rings. False if `patience` runs out first, or the
    /// task is cancelled.
    func wait(atMost patience: Duration, until condition: @escaping @Sendable () -> Bool) async -> Bool {
        let rings = rings()
        if condition() { return true }
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await _ in rings where condition() { return true }
                return false
            }
            group.addTask {
                try? await Task.sleep(for: patience)
                return false
            }
            let first = await group.next() ?? false
            group.cancelAll()
            return first || condition()
        }
    }
}
