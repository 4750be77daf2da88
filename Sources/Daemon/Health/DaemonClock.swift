import Foundation
package import Outreach
import Synchronization

/// The time of day, and whether it can be trusted. Decisions take time as an argument; this is where it comes from.
///
/// Our clock is wrong when it differs from Shopify's by more than five minutes, or is behind what was already written. Planning and delivery wait while it is.
package final class DaemonClock: Sendable {
    /// How far we may differ from Shopify.
    static let tolerance = Duration.minutes(5)

    private struct State {
        var offsets: [String: Duration] = [:]
        var behindStore = false
    }

    private let state = Mutex(State())
    private let source: @Sendable () -> Moment

    init(source: @escaping @Sendable () -> Moment = DaemonClock.system) { self.source = source }

    /// The system's clock.
    package static let system: @Sendable () -> Moment = {
        Moment(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)))
    }

    /// Now.
    var now: Moment { source() }

    /// Notes what a shop's answers say about our clock: how much Shopify's is ahead of it.
    func note(offset: Duration, of shop: String) { state.withLock { $0.offsets[shop] = offset } }

    /// Notes whether our clock is behind the last committed moment.
    func note(lastCommitted: Moment) {
        let behind = lastCommitted > now + .seconds(2)
        state.withLock { $0.behindStore = behind }
    }

    /// Why the clock cannot be trusted; nil if it can.
    var fault: String? {
        state.withLock { state in
            if state.behindStore { return "it is behind what was written before" }
            let worst = state.offsets.values.max { abs($0.wholeMilliseconds) < abs($1.wholeMilliseconds) }
            guard let worst, abs(worst.wholeMilliseconds) > Self.tolerance.wholeMilliseconds else { return nil }
            return "it differs from Shopify's by \(abs(worst.wholeMilliseconds) / 1000) seconds"
        }
    }
}
