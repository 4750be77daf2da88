import Logging
import Outreach
import Platform
import Store
import Synchronization

/// Trouble with the store: a full disk, a file that is not writable. Every loop runs into it at the same time and
/// retries every few seconds; it is reported once for all of them, and again every hour while it lasts.
final class StoreTrouble: Sendable {
    private struct State {
        var failure: StoreFailure?
        var failedAt = Moment.distantPast
        var toldAt: [StoreFailure.Cause: Moment] = [:]
        var isTold = false
    }

    /// How often it is reported again while it lasts.
    static let reminder = Duration.hours(1)
    /// How long the store must have worked for a failure with the same cause to count as a new one.
    static let calm = Duration.minutes(5)
    /// How long no loop may have run into it for it to be over: each loop retries sooner than that.
    static let quiet = Duration.seconds(15)

    private let state = Mutex(State())

    /// What is wrong with the store; nil if nothing is, as far as known.
    var failure: StoreFailure? { state.withLock { $0.failure } }

    /// Records that a step failed, and reports it if it was not reported recently.
    func note(_ failure: StoreFailure, now: Moment, _ logger: Logger) {
        let isNews = state.withLock { state in
            let told = state.toldAt[failure.cause]
            let lasted = state.failure != nil || now - state.failedAt < Self.calm
            let isNews = told.map { !lasted || now - $0 >= Self.reminder } ?? true
            state.failure = failure
            state.failedAt = now
            if isNews {
                state.toldAt[failure.cause] = now
                state.isTold = true
            }
            return isNews
        }
        if isNews { logger.log(Line.storeFailed, ["reason": "\(failure.cause.rawValue)", "detail": "\(failure)"]) }
    }

    /// Checks whether the store is writable again after a failure.
    func look(_ store: Store, now: Moment, _ logger: Logger) async {
        guard failure != nil else { return }
        do throws(StoreFailure) { try await store.probe() } catch {
            note(error, now: now, logger)
            return
        }
        let isNews = state.withLock { state in
            guard state.failure != nil, now - state.failedAt >= Self.quiet else { return false }
            state.failure = nil
            defer { state.isTold = false }
            return state.isTold
        }
        if isNews { logger.log(Line.storeRight) }
    }
}
