// Whether a way out is open.
//
// A far end that cannot be reached, or does not know our login, is no message's fault: the gate closes, all messages wait, and after a
// while one of them is sent ahead to see. When it is taken, the gate opens for all.
//
// One kind of answer lies between. A relay that says 5.7.x to a recipient or to the message itself may mean us ("relay access denied"), and
// then every mail would meet it; or it may mean this mail alone (its content looks like spam to it, this mailbox takes nothing from us).
// Nobody can tell from one answer. So the first time the gate closes, and the mail is sent ahead no more while there are others: whose due time has
// come earlier is tried first. If another mail opens the gate, the first one is suspect: what it is answered from then on is its own
// affair, and it waits by itself, longer and longer, until it is no news. So it can close the gate once, and never for ever.

public import Outreach

/// Whether a way out is open, and what each verdict does to that. A value: time and chance come in as arguments.
public struct ChannelGate: Hashable, Sendable {
    /// What a verdict did to the gate.
    public enum Change: Hashable, Sendable {
        /// It closed. Told once, not again while it stays so.
        case closed(Failure)
        /// It opened.
        case opened
    }

    /// What follows from a verdict.
    public struct Outcome: Hashable, Sendable {
        /// When the message may be tried again; nil where it need not be, or may at once.
        public var nextAttempt: Moment?
        public var change: Change?
        /// True where an answer that would close the gate was this message's own affair.
        public var isItsOwn = false
    }

    /// Nothing passes before this; nil while it is open, or when nobody knows.
    public private(set) var closedUntil: Moment?
    /// How often in a row the far end was found unavailable.
    public private(set) var failures: Int
    /// The last of these failures.
    public private(set) var failure: Failure?
    /// How often it was opened.
    private var openings = 0
    /// The messages that closed it by an answer that may be meant for them alone, with how often it had been opened by then.
    private var suspects: [Int64: Int] = [:]

    /// Open, or as it was left by an earlier process.
    public init(closedUntil: Moment? = nil, failures: Int = 0) {
        self.closedUntil = closedUntil
        self.failures = failures
    }

    /// True from the first failure until something was taken.
    public var isClosed: Bool { failures > 0 }

    /// How many messages more may go out now: none while it is closed, then one ahead of the others.
    ///
    /// - Parameters:
    ///   - limit: how many may be under way at once.
    ///   - under: how many are.
    public func room(limit: Int, under: Int, now: Moment) -> Int {
        if let closedUntil, closedUntil > now { return 0 }
        return isClosed ? (under == 0 ? 1 : 0) : max(0, limit - under)
    }

    /// Takes note of a verdict.
    ///
    /// - Parameters:
    ///   - effect: whose message it was.
    ///   - attempt: how many attempts there were, this one included.
    ///   - age: since the message's news, for its schedule.
    ///   - schedule: when a message that was deferred is tried again.
    ///   - chance: from 0 up to 1.
    public mutating func take(
        _ verdict: Verdict, of effect: Int64, attempt: Int, age: Duration, schedule: RetrySchedule, now: Moment,
        chance: Double
    ) -> Outcome {
        switch verdict {
        case .accepted:
            suspects[effect] = nil
            guard isClosed else { return Outcome() }
            closedUntil = nil
            failures = 0
            failure = nil
            openings += 1
            return Outcome(change: .opened)
        case .refused:
            suspects[effect] = nil
            return Outcome()
        case .deferred(let failure):
            return Outcome(nextAttempt: wait(failure, attempt, age, schedule, now, chance))
        case .unavailable(let failure):
            if let then = suspects[effect], then < openings {
                return Outcome(nextAttempt: wait(failure, attempt, age, schedule, now, chance), isItsOwn: true)
            }
            if failure.mayBeTheMessagesOwn { suspects[effect] = openings }
            // Those that were under way with the one that closed it say nothing new.
            guard closedUntil.map({ $0 <= now }) ?? true else { return Outcome(nextAttempt: behind) }
            failures += 1
            closedUntil =
                now + ReopeningSchedule.channel.delay(afterTimes: failures, failure: failure, chance: chance)
            self.failure = failure
            return Outcome(nextAttempt: behind, change: failures == 1 ? .closed(failure) : nil)
        }
    }

    /// A little after the gate may be tried: whoever was due before goes ahead.
    private var behind: Moment? { closedUntil.map { $0 + .milliseconds(1) } }

    /// Giving up is by age, which is judged before each attempt; so there is always a next one.
    private func wait(
        _ failure: Failure, _ attempt: Int, _ age: Duration, _ schedule: RetrySchedule, _ now: Moment, _ chance: Double
    ) -> Moment {
        now
            + (schedule.delay(afterAttempt: attempt, age: age, limit: .days(36_500), failure: failure, chance: chance)
                ?? .hours(1))
    }
}

extension Failure {
    /// True for an answer that may be about one message as well as about us: a rule (5.7.x), or a fault of the relay's own (5.3.x), told when it had seen the
    /// recipient or the message.
    var mayBeTheMessagesOwn: Bool { (reason == "policy" || reason == "relay") && (code ?? 0) / 100 == 5 }
}
