import Intake
import Outreach
import Synchronization

/// Trouble with the sources of one shop. They are read every half minute, so a failure is reported once, again every
/// hour while it lasts, and when it is over.
final class SourceTrouble: Sendable {
    private struct State {
        /// When each reason was reported.
        var toldAt: [String: Moment] = [:]
        var failedAt: Moment?
        var isFailing = false
        /// True if a failure was reported but its end was not.
        var isTold = false
    }

    /// How often a failure is reported again while it lasts.
    static let reminder = Duration.hours(1)
    /// How long a source must have worked for its next failure to be reported immediately.
    static let calm = Duration.minutes(5)
    /// How many different reasons are reported within an hour.
    static let mostReasons = 10

    private let state = Mutex<[String: State]>([:])

    /// Records that a source failed. True if it should be reported.
    func failed(_ source: String, _ failure: SourceFailure, now: Moment) -> Bool {
        state.withLock { all in
            var state = all[source] ?? State()
            defer { all[source] = state }
            let wasWell = !state.isFailing && (state.failedAt.map { now - $0 >= Self.calm } ?? true)
            state.toldAt = wasWell ? [:] : state.toldAt.filter { now - $0.value < Self.reminder && $0.value <= now }
            state.failedAt = now
            state.isFailing = true
            // "After 12 ms" and "after 15 ms" are one reason.
            let reason = failure.description.filter { !$0.isNumber }
            guard state.toldAt[reason] == nil, state.toldAt.count < Self.mostReasons else { return false }
            state.toldAt[reason] = now
            state.isTold = true
            return true
        }
    }

    /// Records that a source was read. True if the end of a failure should be reported.
    func read(_ source: String) -> Bool {
        state.withLock { all in
            guard var state = all[source] else { return false }
            defer { all[source] = state }
            state.isFailing = false
            defer { state.isTold = false }
            return state.isTold
        }
    }
}
