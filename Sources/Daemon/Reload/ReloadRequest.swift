import Platform
import ServiceLifecycle
import Synchronization
import UnixSignals

/// A request to read the trigger files again, pending until it is handled.
final class ReloadRequest: Sendable {
    /// Wakes the loop that handles it.
    let wake: Wake
    private let isRaised = Mutex(false)

    init(wake: Wake = Wake()) { self.wake = wake }

    func raise() {
        isRaised.withLock { $0 = true }
        wake.call()
    }

    /// Returns whether a request was pending, and clears it.
    func take() -> Bool {
        isRaised.withLock { raised in
            defer { raised = false }
            return raised
        }
    }
}

/// Waits for SIGHUP, and requests that the trigger files be read again.
struct HangupService: Service {
    let request: ReloadRequest
    /// Wakes services that reread other files.
    var others = Broadcast()

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        for await _ in signals.cancelOnGracefulShutdown() {
            request.raise()
            others.call()
        }
    }
}
