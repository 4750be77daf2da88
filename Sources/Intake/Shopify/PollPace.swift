package import Outreach
internal import Platform
package import Shopify

/// When to poll a shop again. Pure: time and chance are arguments.
package struct PollPace: Hashable, Sendable {
    /// From the start of one cycle to the start of the next, if all is well.
    package var every: Duration

    /// The given pace, at most once a second.
    package init(every: Duration) { self.every = max(every, .seconds(1)) }

    /// When a turn may start and when it must.
    package struct Next: Hashable, Sendable {
        /// The earliest time, even after a wake-up.
        package var notBefore: Moment
        /// The time at which it starts by itself.
        package var due: Moment
    }

    /// After a successful cycle. One that left work behind is followed at once.
    package func afterSuccess(began: Moment, now: Moment, workLeft: Bool) -> Next {
        // However many wake-ups arrive, a shop is scanned at most once a second.
        let soonest = max(now, began + .seconds(1))
        return Next(notBefore: soonest, due: workLeft ? soonest : max(soonest, began + every))
    }

    /// After the `failures`-th failure in a row, from 1; `chance` from 0 to below 1.
    ///
    /// For a passing problem: within 5 s, then at growing intervals of at most 5 minutes unless Shopify asks for more.
    /// For a shop that a person must fix: after a minute, then twice that, and so on up to an hour.
    package func afterFailure(_ failure: ShopifyFailure, failures: Int, now: Moment, chance: Double) -> Next {
        let wait: Duration
        switch failure.remedy {
        case .wait(let duration): wait = min(max(duration, .milliseconds(100)), .minutes(10))
        case .backOff(let atLeast):
            let backoff = Backoff(base: .seconds(5), cap: .minutes(5))
            wait = max(
                backoff.delay(afterAttempt: failures, chance: chance), min(atLeast ?? .zero, .hours(1)),
                .milliseconds(500))
        case .smaller: wait = .seconds(1)
        case .stopShop:
            let ceiling = min(Duration.minutes(1) * (1 << min(max(failures - 1, 0), 6)), .hours(1))
            wait = ceiling * (0.75 + 0.25 * min(max(chance, 0), 1))
        }
        return Next(notBefore: now + wait, due: now + wait)
    }
}
