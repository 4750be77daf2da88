// Whether a way out is open.
//
// A far end that cannot be reached, or does not know our login, is no message's fault: the channel closes, all
// messages wait, and after a while one of them is sent ahead to see. When it is taken, the channel opens for all.
//
// One kind of answer lies between. A relay that says 5.7.x to a recipient or to the message itself may mean us
// ("relay access denied"), and then every mail would meet it; or it may mean this mail alone (its content looks like
// spam to it, this mailbox takes nothing from us). Nobody can tell from one answer. So the channel closes, the mail
// is suspect and waits by itself, longer each time, and any other may be tried in its place: the first one at once.
// If another mail is taken, the suspect is to blame: what it is answered from then on is its own affair, until it is
// no news. If every mail meets the same, each is tried once, later and later, and the channel stays closed. A suspect
// that is tried again while nothing else is about says nothing new about the relay. So a mail can close the channel
// once, and never for long. Suspects are kept over a restart.
//
// A carrier's circuit (`CarrierCircuit`) is another thing: it forgives three calls, counts numbers that are kept from
// us, and pauses by the kind of answer. All that the two have in common is one moment and one count.
//
// A relay that knows a mailbox well enough to refuse or defer it lets us in: that opens the channel as well.

public import Outreach

/// Whether a way out is open, and what each verdict does to that. A value: time and chance come in as arguments.
public struct ChannelBreaker: Hashable, Sendable {
    /// What a verdict did to the channel.
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
        /// True where an answer that would close the channel was this message's own affair.
        public var isItsOwn = false
        /// True where the answer may be meant for this message alone: it waits by itself, whether the channel is open
        /// or not.
        public var waitsByItself = false
    }

    /// Nothing passes before this; nil while it is open, or when nobody knows.
    public private(set) var closedUntil: Moment?
    /// How often in a row the far end was found unavailable.
    public private(set) var failures: Int
    /// The last of these failures.
    public private(set) var failure: Failure?
    /// How often it was opened.
    public private(set) var openings: Int
    /// The messages that closed it by an answer that may be meant for them alone, with how often it had been opened by
    /// then.
    public private(set) var suspects: [Int64: Int]

    /// How many suspects are kept, the newest.
    public static let mostSuspects = 256

    /// True where another message than the one that closed it may be tried before `closedUntil`.
    private var mayTryAnother = false
    /// The message that was sent ahead while it is closed.
    private var ahead: Int64?

    /// Open, or as it was left by an earlier process; that is tried at once with one message, for whoever starts anew
    /// may have fixed something.
    ///
    /// - Parameter isDisabled: true for one that stays closed until a person opens it.
    public init(
        failures: Int = 0, failure: Failure? = nil, openings: Int = 0, suspects: [Int64: Int] = [:],
        isDisabled: Bool = false
    ) {
        if isDisabled { closedUntil = .distantFuture }
        self.failures = failures
        self.failure = failure
        self.openings = openings
        self.suspects = suspects
    }

    /// Lets one message be tried now, if it is closed.
    public mutating func tryNow() { closedUntil = nil }

    /// Lets one message be tried now, because the moment it waits for may come from a clock that ran ahead. One that
    /// waits for a person goes on waiting.
    public mutating func noteClockPutBack() {
        if closedUntil != .distantFuture { closedUntil = nil }
    }

    /// Forgets a suspect that will not be tried again.
    public mutating func forget(_ effect: Int64) { suspects[effect] = nil }

    /// True while nobody may pass.
    public func isShut(now: Moment) -> Bool { closedUntil.map { $0 > now && !mayTryAnother } ?? false }

    /// Takes note that a message goes out. Of those that go while it is closed only this one says anything new.
    public mutating func begin(_ effect: Int64) {
        guard isClosed else { return }
        ahead = effect
        mayTryAnother = false
    }

    /// True from the first failure until something was taken.
    public var isClosed: Bool { failures > 0 }

    /// How many messages more may go out now: none while it is closed, then one ahead of the others.
    ///
    /// - Parameters:
    ///   - limit: how many may be under way at once.
    ///   - under: how many are.
    public func room(limit: Int, under: Int, now: Moment) -> Int {
        if isShut(now: now) { return 0 }
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
            // What was under way with the one that was told "nothing more" does not undo that.
            if closedUntil == .distantFuture, ahead != effect { return Outcome() }
            return Outcome(change: open())
        case .refused(let failure):
            suspects[effect] = nil
            return Outcome(change: failure.showsThatWeAreLetIn ? open() : nil)
        case .deferred(let failure):
            return Outcome(
                nextAttempt: wait(failure, attempt, age, schedule, now, chance),
                change: failure.showsThatWeAreLetIn ? open() : nil)
        case .unavailable(let failure):
            if failure.mayBeTheMessagesOwn, let then = suspects[effect] {
                // Nothing was taken since: it says of the relay what it said before, and of itself no more.
                return Outcome(
                    nextAttempt: wait(failure, attempt, age, schedule, now, chance), isItsOwn: then < openings,
                    waitsByItself: true)
            }
            let isSuspect = failure.mayBeTheMessagesOwn
            if isSuspect {
                suspects[effect] = openings
                // One that was dropped by hand is never heard of again.
                if suspects.count > Self.mostSuspects, let oldest = suspects.keys.min() { suspects[oldest] = nil }
            }
            let own = isSuspect ? wait(failure, attempt, age, schedule, now, chance) : nil
            // Those that were under way with the one that closed it say nothing new.
            guard closedUntil.map({ $0 <= now }) ?? true || ahead == effect else {
                return Outcome(nextAttempt: [behind, own].compactMap(\.self).max(), waitsByItself: isSuspect)
            }
            failures += 1
            self.failure = failure
            // Whether it is the mail or the relay, another mail can tell at once.
            mayTryAnother = isSuspect && failures == 1
            ahead = nil
            closedUntil =
                failure.reason == Failure.disabled
                ? .distantFuture
                : now + ReopeningSchedule.channel.delay(afterTimes: failures, failure: failure, chance: chance)
            return Outcome(
                nextAttempt: [behind, own].compactMap(\.self).max(), change: failures == 1 ? .closed(failure) : nil,
                waitsByItself: isSuspect)
        }
    }

    private mutating func open() -> Change? {
        guard isClosed else { return nil }
        closedUntil = nil
        mayTryAnother = false
        ahead = nil
        failures = 0
        failure = nil
        openings += 1
        return .opened
    }

    /// A little after the channel may be tried: whoever was due before goes ahead.
    private var behind: Moment? {
        closedUntil.flatMap { $0 < .distantFuture ? $0 + .milliseconds(1) : nil }
    }

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
    /// True for an answer that only a far end gives that talks to us: about one mailbox, or about one message that it
    /// has read.
    var showsThatWeAreLetIn: Bool { code != nil && (reason == "mailbox" || reason == "content") }

    /// True for an answer that may be about one message as well as about us: a rule (5.7.x), a sender that our account
    /// may not use (a shop has one for orders and one for news), or a fault of the relay's own (5.3.x), told when it
    /// had seen the recipient or the message. A used-up quota ("account") is everybody's.
    var mayBeTheMessagesOwn: Bool { ["policy", "sender", "relay"].contains(reason) && (code ?? 0) / 100 == 5 }
}
