import Foundation
package import Outreach
import Synchronization

/// The current time, and whether it can be trusted. Decisions take time as an argument; this is where it comes from.
///
/// Our clock is wrong if it differs from Shopify's by more than five minutes, or is behind what was already written.
/// Planning and delivery wait while it is.
package final class DaemonClock: Sendable {
    /// How far we may differ from Shopify's clock.
    static let tolerance = Duration.minutes(5)

    /// How long a shop's answer counts as evidence that our clock is right.
    static let proofHolds = Duration.minutes(10)

    private struct State {
        /// How far each shop's clock is ahead of ours, and when, by our clock, that was observed.
        var offsets: [String: (ahead: Duration, heardAt: Moment)] = [:]
        var isBehindStore = false
        var timesPutBack = 0
    }

    private let state = Mutex(State())
    private let source: @Sendable () -> Moment

    init(source: @escaping @Sendable () -> Moment = DaemonClock.system) { self.source = source }

    /// The system's clock.
    package static let system: @Sendable () -> Moment = {
        Moment(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)))
    }

    /// The current time.
    var now: Moment { source() }

    /// Records what a shop's answers say about our clock: how far Shopify's is ahead of it.
    func note(offset: Duration, of shop: String) {
        let now = now
        state.withLock { $0.offsets[shop] = (offset, now) }
    }

    /// Records whether our clock is behind the last committed moment.
    func note(lastCommitted: Moment) {
        let behind = lastCommitted > now + .seconds(2)
        state.withLock { $0.isBehindStore = behind }
    }

    /// How often it was found to be right again after running ahead. Code that keeps moments in memory starts over when
    /// this changes: they may lie far ahead.
    var timesPutBack: Int { state.withLock(\.timesPutBack) }

    /// Records that what a clock running ahead had written was set back.
    func notePutBack() {
        let now = now
        state.withLock { state in
            state.timesPutBack += 1
            // Observed by the clock that ran ahead.
            state.offsets = state.offsets.filter { $0.value.heardAt <= now }
        }
    }

    /// Whether our clock is behind what was already written: either it was set back, or it once ran ahead.
    var isBehindStore: Bool { state.withLock(\.isBehindStore) }

    /// Why our clock is known to be right at the moment, in words: every shop that answered recently agrees with it.
    /// Nil if one does not, or none answered.
    var agreement: String? {
        let now = now
        return state.withLock { state in
            let lately = state.offsets.values.filter { now >= $0.heardAt && now - $0.heardAt <= Self.proofHolds }
            let worst = lately.map { abs($0.ahead.wholeMilliseconds) }.max()
            guard let worst, worst <= Self.tolerance.wholeMilliseconds else { return nil }
            return "our clock agrees with Shopify's to \(worst / 1000) s"
        }
    }

    /// Why the clock cannot be trusted; nil if it can.
    var fault: String? {
        state.withLock { state in
            if state.isBehindStore { return "it is behind what was written before" }
            let worst = state.offsets.values.map { abs($0.ahead.wholeMilliseconds) }.max()
            guard let worst, worst > Self.tolerance.wholeMilliseconds else { return nil }
            return "it differs from Shopify's by \(worst / 1000) seconds"
        }
    }
}
