// Whether a route is open.
//
// When a receiver cannot be reached, or rejects our login, no message is to blame: the channel closes, all messages
// wait, and after a while one of them is sent as a test. When it is accepted, the channel opens for all.
//
// One kind of answer is ambiguous. A relay that answers 5.7.x about a recipient or about the message itself may mean us
// ("relay access denied"), and then every mail would get that answer; or it may mean this mail alone (its content looks
// like spam, this mailbox accepts nothing from us). A single answer does not tell which. So the channel closes, the
// mail becomes a suspect that waits on its own, longer each time, and any other may be tried in its place: the first
// one immediately. If another mail is accepted, the suspect is to blame: its further answers concern only itself, until
// it is no longer news. If every mail gets the same answer, each is tried once, at growing intervals, and the channel
// stays closed. A suspect that is tried again while there is no other mail says nothing new about the relay. So a mail
// can close the channel once, and never for long. Suspects survive a restart.
//
// A carrier's circuit (`CarrierCircuit`) is a different thing: it tolerates three failed calls, counts the numbers that
// the carrier will not show us, and pauses depending on the answer. All that the two have in common is one moment and
// one count.
//
// A relay that knows a mailbox well enough to refuse or defer it is accepting our connection: that opens the channel as
// well.

public import Outreach

/// Whether a route is open, and how each verdict changes that. A value: time and chance come in as arguments.
public struct ChannelBreaker: Hashable, Sendable {
    /// What a verdict did to the channel.
    public enum Change: Hashable, Sendable {
        /// It closed. Reported once, not again while it stays closed.
        case closed(Failure)
        /// It opened.
        case opened
    }

    /// What follows from a verdict.
    public struct Outcome: Hashable, Sendable {
        /// When the message may be tried again; nil if it need not be, or may be immediately.
        public var nextAttempt: Moment?
        public var change: Change?
        /// True if an answer that would otherwise close the channel concerned this message alone.
        public var isItsOwn = false
        /// True if the answer may concern this message alone: it then waits on its own, whether or not the channel is
        /// open.
        public var waitsByItself = false
    }

    /// Nothing is sent before this; nil while it is open, or if unknown.
    public private(set) var closedUntil: Moment?
    /// How many times in a row the receiver was found unavailable.
    public private(set) var failures: Int
    /// The last of these failures.
    public private(set) var failure: Failure?
    /// How often it was opened.
    public private(set) var openings: Int
    /// The messages that closed it through an answer that may concern them alone, each with the number of openings at
    /// that time.
    public private(set) var suspects: [Int64: Int]

    /// How many suspects are kept: the newest.
    public static let mostSuspects = 256

    /// True if a message other than the one that closed it may be tried before `closedUntil`.
    private var mayTryAnother = false
    /// The message sent as a test while it is closed.
    private var ahead: Int64?

    /// Open, or in the state that an earlier process left; a closed one is then tested with one message immediately,
    /// since a restart may mean that something was fixed.
    ///
    /// - Parameter isDisabled: true if it stays closed until a person opens it.
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

    /// True while nothing may be sent.
    public func isShut(now: Moment) -> Bool { closedUntil.map { $0 > now && !mayTryAnother } ?? false }

    /// Records that a message is being sent. Of those in progress while it is closed, only this one's answer counts.
    public mutating func begin(_ effect: Int64) {
        guard isClosed else { return }
        ahead = effect
        mayTryAnother = false
    }

    /// True from the first failure until a message is accepted.
    public var isClosed: Bool { failures > 0 }

    /// How many more messages may be sent now: none while it is closed, then one as a test.
    ///
    /// - Parameters:
    ///   - limit: how many may be in progress at once.
    ///   - under: how many are.
    public func room(limit: Int, under: Int, now: Moment) -> Int {
        if isShut(now: now) { return 0 }
        return isClosed ? (under == 0 ? 1 : 0) : max(0, limit - under)
    }

    /// Records a verdict.
    ///
    /// - Parameters:
    ///   - effect: the effect whose message it was.
    ///   - attempt: the number of attempts, this one included.
    ///   - age: the age of the message's news, for its schedule.
    ///   - schedule: when a deferred message is tried again.
    ///   - chance: a random number from 0 up to 1.
    public mutating func take(
        _ verdict: Verdict, of effect: Int64, attempt: Int, age: Duration, schedule: RetrySchedule, now: Moment,
        chance: Double
    ) -> Outcome {
        switch verdict {
        case .accepted:
            suspects[effect] = nil
            // A message that was in progress when another was told "nothing more" does not undo that.
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
                // Nothing was accepted since the last time: it says the same about the relay, and nothing more about
                // itself.
                return Outcome(
                    nextAttempt: wait(failure, attempt, age, schedule, now, chance), isItsOwn: then < openings,
                    waitsByItself: true)
            }
            let isSuspect = failure.mayBeTheMessagesOwn
            if isSuspect {
                suspects[effect] = openings
                // A message dropped by hand is never heard of again, so the oldest suspect is forgotten.
                if suspects.count > Self.mostSuspects, let oldest = suspects.keys.min() { suspects[oldest] = nil }
            }
            let own = isSuspect ? wait(failure, attempt, age, schedule, now, chance) : nil
            // Messages in progress with the one that closed it say nothing new.
            guard closedUntil.map({ $0 <= now }) ?? true || ahead == effect else {
                return Outcome(nextAttempt: [behind, own].compactMap(\.self).max(), waitsByItself: isSuspect)
            }
            failures += 1
            self.failure = failure
            // Another mail shows immediately whether it is the mail or the relay.
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

    /// Just after the channel may be tried: messages that were due earlier come first.
    private var behind: Moment? {
        closedUntil.flatMap { $0 < .distantFuture ? $0 + .milliseconds(1) : nil }
    }

    /// Giving up depends on age, which is judged before each attempt; so there is always a next one.
    private func wait(
        _ failure: Failure, _ attempt: Int, _ age: Duration, _ schedule: RetrySchedule, _ now: Moment, _ chance: Double
    ) -> Moment {
        now
            + (schedule.delay(afterAttempt: attempt, age: age, limit: .days(36_500), failure: failure, chance: chance)
                ?? .hours(1))
    }
}

extension Failure {
    /// True for an answer that only comes from a receiver that accepts our connection: about one mailbox, or about one
    /// message that it has read.
    var showsThatWeAreLetIn: Bool { code != nil && (reason == "mailbox" || reason == "content") }

    /// True for an answer that may be about one message as well as about us: a rule (5.7.x), a sender that our account
    /// may not use (a shop has one for orders and one for news), or a fault of the relay's own (5.3.x), given after it
    /// had seen the recipient or the message. A used-up quota ("account") concerns everybody.
    var mayBeTheMessagesOwn: Bool { ["policy", "sender", "relay"].contains(reason) && (code ?? 0) / 100 == 5 }
}
