import Platform
import ServiceLifecycle
import Synchronization
import UnixSignals

/// The wish to have the trigger files read again, until it was seen to.
final class ReloadRequest: Sendable {
    /// Wakes the loop that sees to it.
    let wake: Wake
    private let isRaised = Mutex(false)

    init(wake: Wake = Wake()) { self.wake = wake }

    func raise() {
        isRaised.withLock { $0 = true }
        wake.call()
    }

    /// Whether it was raised; it is not any more.
    func take() -> Bool {
        isRaised.withLock { raised in
            defer { raised = false }
            return raised
        }
    }
}

/// Hears SIGHUP, and asks for the trigger files to be read again.
struct HangupService: Service {
    let request: ReloadRequest
    /// Who reads other files again.
    var others = Broadcast()

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        for await _ in signals.cancelOnGracefulShutdown() {
            request.raise()
            others.call()
        }
    }
}
