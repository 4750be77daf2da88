import Synchronization

@testable import Shopify

/// A clock that stands still until somebody sleeps.
final class TestClock: Sendable {
    private let state = Mutex<(now: Timestamp, slept: [Duration])>((Timestamp(seconds: 1_795_255_200), []))

    var now: Timestamp { state.withLock { $0.now } }
    var slept: [Duration] { state.withLock { $0.slept } }
    func advance(_ duration: Duration) { state.withLock { $0.now = $0.now + duration } }

    var clock: ShopClock {
        ShopClock(
            now: { self.now },
            sleep: { duration throws(CancellationError) in
                self.state.withLock {
                    $0.now = $0.now + duration
                    $0.slept.append(duration)
                }
            })
    }
}
