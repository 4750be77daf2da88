public import Outreach

// When to try again. Two kinds of waiting are kept apart: a deferred message waits on its own and blocks nothing else;
// an unavailable channel waits as a whole, and no message is blamed. Both are pure functions of attempt, age, failure
// and chance.
//
// A step is the longest wait; the actual wait is drawn from the whole of it ("full jitter"), so that many messages that
// failed together do not come back together. What the receiver asked for (Retry-After) is a minimum. Giving up depends
// on age: the schedule's last step repeats until then.

/// When a deferred message is tried again.
public struct RetrySchedule: Hashable, Sendable {
    /// The longest wait after the 1st, 2nd, … attempt; the last one repeats.
    public var steps: [Duration]
    /// No wait is shorter.
    public var shortest: Duration
    /// No wait is longer, whatever the receiver asks for.
    public var longest: Duration

    public init(steps: [Duration], shortest: Duration = .seconds(1), longest: Duration = .hours(24)) {
        self.steps = steps
        self.shortest = shortest
        self.longest = longest
    }

    /// For mail: soon at first, since most deferrals are greylisting or a restart; then hourly.
    public static let mail = RetrySchedule(
        steps: [.seconds(5), .seconds(30), .minutes(2), .minutes(10), .minutes(30), .hours(1)])

    /// For webhooks: the schedule of the Standard Webhooks specification, "Deliverability and reliability", with an
    /// additional step after the first: most endpoints that fail are back within a minute.
    public static let webhook = RetrySchedule(
        steps: [
            .seconds(5), .minutes(1), .minutes(5), .minutes(30), .hours(2), .hours(5), .hours(10), .hours(14),
            .hours(20), .hours(24),
        ])

    /// How long to wait, or nil to give up: the next attempt would come when the message is older than `limit`.
    ///
    /// - Parameters:
    ///   - attempt: the number of attempts so far, at least 1.
    ///   - age: the age of the message's news, as counted for old news.
    ///   - limit: the age at which it is no longer news.
    ///   - failure: how the last attempt ended.
    ///   - chance: a random number from 0 up to 1, drawn anew for each call.
    public func delay(
        afterAttempt attempt: Int, age: Duration, limit: Duration, failure: Failure, chance: Double
    ) -> Duration? {
        // What goes on as planned waits for as long as it said.
        if failure.reason == Failure.step, let asked = failure.retryAfter {
            return age + asked > limit ? nil : max(shortest, min(asked, longest))
        }
        let step = steps[min(max(attempt, 1), steps.count) - 1]
        let jitter = step * min(max(chance, 0), 1)
        var delay = max(shortest, jitter)
        if let asked = failure.retryAfter, asked > .zero {
            // Other clients that were told the same will come back at that moment too: a little later is kinder.
            delay = max(delay, asked + min(jitter, asked / 10 + .seconds(1)))
        }
        delay = min(delay, longest)
        return age + delay > limit ? nil : delay
    }
}

/// When a channel that was closed by an unavailable verdict is tested again, with one message.
public struct ReopeningSchedule: Hashable, Sendable {
    /// The wait after the 1st, 2nd, … time in a row; the last one repeats.
    public var steps: [Duration]

    public init(steps: [Duration]) { self.steps = steps }

    /// For relays and endpoints: within 5 s at first, 15 minutes at most.
    public static let channel = ReopeningSchedule(
        steps: [.seconds(5), .seconds(15), .minutes(1), .minutes(3), .minutes(5), .minutes(10), .minutes(15)])

    /// How long to leave the channel closed: from four fifths of the step to all of it, or longer if the receiver asked
    /// for that (at most one hour).
    ///
    /// - Parameters:
    ///   - times: how many attempts in a row found it unavailable, at least 1.
    public func delay(afterTimes times: Int, failure: Failure, chance: Double) -> Duration {
        let step = steps[min(max(times, 1), steps.count) - 1]
        let delay = step * (0.8 + 0.2 * min(max(chance, 0), 1))
        return max(delay, min(failure.retryAfter ?? .zero, .hours(1)))
    }
}
