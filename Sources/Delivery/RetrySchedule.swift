public import Outreach

// When to try again. Two kinds of waiting, kept apart: a message that was deferred waits by itself and blocks nobody; a
// channel that is unavailable waits as a whole, and no message is blamed. Both are pure: attempt, age, failure and
// chance come in.
//
// A step is the longest that is waited; the wait itself is drawn from the whole of it ("full jitter"), so that many
// that failed together do not come back together. What the far end asked for (Retry-After) is a floor. Giving up is by
// age: the schedule's last step repeats until then.

/// When a message that was deferred is tried again.
public struct RetrySchedule: Hashable, Sendable {
    /// How long is waited at most after the 1st, 2nd, … attempt; the last one repeats.
    public var steps: [Duration]
    /// No wait is shorter.
    public var shortest: Duration
    /// No wait is longer, whatever the far end asks for.
    public var longest: Duration

    /// A schedule of its own.
    public init(steps: [Duration], shortest: Duration = .seconds(1), longest: Duration = .hours(24)) {
        self.steps = steps
        self.shortest = shortest
        self.longest = longest
    }

    /// For mail: soon at first, for most deferrals are greylisting or a restart; then hourly.
    public static let mail = RetrySchedule(
        steps: [.seconds(5), .seconds(30), .minutes(2), .minutes(10), .minutes(30), .hours(1)])

    /// For webhooks: the schedule of the Standard Webhooks specification, "Deliverability and reliability", with one
    /// step more after the first: most endpoints that fail are back within a minute.
    public static let webhook = RetrySchedule(
        steps: [
            .seconds(5), .minutes(1), .minutes(5), .minutes(30), .hours(2), .hours(5), .hours(10), .hours(14),
            .hours(20), .hours(24),
        ])

    /// How long to wait, or nil to give up: the next attempt would come when the message is older than `limit`.
    ///
    /// - Parameters:
    ///   - attempt: how many there were, at least 1.
    ///   - age: since the message's news, as the rules for old news count it.
    ///   - limit: the age at which it is no news any more.
    ///   - failure: how the last attempt ended.
    ///   - chance: from 0 up to 1, drawn anew for each call.
    public func delay(
        afterAttempt attempt: Int, age: Duration, limit: Duration, failure: Failure, chance: Double
    ) -> Duration? {
        let step = steps[min(max(attempt, 1), steps.count) - 1]
        let jitter = step * min(max(chance, 0), 1)
        var delay = max(shortest, jitter)
        if let asked = failure.retryAfter, asked > .zero {
            // Who else was told the same will come at that moment too: a little later is kinder.
            delay = max(delay, asked + min(jitter, asked / 10 + .seconds(1)))
        }
        delay = min(delay, longest)
        return age + delay > limit ? nil : delay
    }
}

/// When a channel that was closed by an unavailable verdict is tried again, with one message.
public struct ReopeningSchedule: Hashable, Sendable {
    /// How long is waited after the 1st, 2nd, … time in a row; the last one repeats.
    public var steps: [Duration]

    /// A schedule of its own.
    public init(steps: [Duration]) { self.steps = steps }

    /// For relays and endpoints: within 5 s at first, 15 minutes at most.
    public static let channel = ReopeningSchedule(
        steps: [.seconds(5), .seconds(15), .minutes(1), .minutes(3), .minutes(5), .minutes(10), .minutes(15)])

    /// How long to leave the channel closed: four fifths of the step to all of it, longer where the far end asked for
    /// it (one hour at most).
    ///
    /// - Parameters:
    ///   - times: how many attempts in a row found it unavailable, at least 1.
    public func delay(afterTimes times: Int, failure: Failure, chance: Double) -> Duration {
        let step = steps[min(max(times, 1), steps.count) - 1]
        let delay = step * (0.8 + 0.2 * min(max(chance, 0), 1))
        return max(delay, min(failure.retryAfter ?? .zero, .hours(1)))
    }
}
