import Outreach
import Testing

@testable import Delivery

@Suite("Whether a route is open")
struct ChannelBreakerTests {
    private let t0 = Moment(seconds: 1_800_000_000)
    private let policy = Failure(
        reason: "policy", code: 550, enhancedCode: "5.7.1", detail: "the relay's rules forbid it")
    private let away = Failure(reason: "connect", detail: "no connection to the relay")

    private func take(
        _ breaker: inout ChannelBreaker, _ verdict: Verdict, of effect: Int64, at now: Moment, attempt: Int = 1
    ) -> ChannelBreaker.Outcome {
        breaker.take(
            verdict, of: effect, attempt: attempt, age: .minutes(1), schedule: .mail, now: now, chance: 0.5)
    }

    @Test("closes once, is tried with one message, and opens for all")
    func closes() throws {
        var breaker = ChannelBreaker()
        #expect(breaker.room(limit: 8, under: 3, now: t0) == 5)
        #expect(take(&breaker, .unavailable(away), of: 1, at: t0).change == .closed(away))
        #expect(take(&breaker, .unavailable(away), of: 2, at: t0).change == nil)
        #expect(breaker.failures == 1, "what was under way with it says nothing new")
        #expect(breaker.room(limit: 8, under: 0, now: t0) == 0)
        let until = try #require(breaker.closedUntil)
        #expect(breaker.room(limit: 8, under: 0, now: until) == 1)
        #expect(breaker.room(limit: 8, under: 1, now: until) == 0)
        #expect(
            take(&breaker, .unavailable(away), of: 3, at: until).change == nil, "told once, not again while it lasts")
        #expect(breaker.failures == 2)
        let later = try #require(breaker.closedUntil)
        #expect(later - until > until - t0, "asked later each time")
        #expect(take(&breaker, .accepted(receipt: "250"), of: 1, at: later).change == .opened)
        #expect(breaker.room(limit: 8, under: 0, now: later) == 8)
    }

    @Test("stays closed where the far end wants nothing more, until a person opens it")
    func disabled() {
        let gone = Failure(reason: Failure.disabled, code: 410, detail: "gone")
        var breaker = ChannelBreaker()
        #expect(take(&breaker, .unavailable(gone), of: 1, at: t0).change == .closed(gone))
        #expect(breaker.room(limit: 8, under: 0, now: t0 + .days(400)) == 0)
        #expect(take(&breaker, .accepted(receipt: "HTTP 204"), of: 2, at: t0).change == nil)
        var restarted = ChannelBreaker(failures: 1, failure: gone, isDisabled: true)
        #expect(restarted.isShut(now: t0 + .days(400)))
        restarted.tryNow()
        #expect(restarted.room(limit: 8, under: 0, now: t0) == 1)
        restarted.begin(3)
        #expect(take(&restarted, .accepted(receipt: "HTTP 204"), of: 3, at: t0).change == .opened)
    }

    @Test("webhooks are tried again within 5 s, then within a minute, and for three days")
    func webhookSchedule() {
        let busy = Failure(reason: "busy", code: 503, detail: "busy")
        let waits = (1...10).map { attempt in
            RetrySchedule.webhook.delay(
                afterAttempt: attempt, age: .zero, limit: .days(30), failure: busy, chance: 1)!
        }
        #expect(waits[0] == .seconds(5) && waits[1] == .minutes(1))
        #expect(waits.reduce(.zero, +) > .days(3))
    }

    @Test("a mail that is always answered 5.7.1 closes it once, and never again")
    func poisoned() throws {
        var breaker = ChannelBreaker()
        let first = take(&breaker, .unavailable(policy), of: 1, at: t0)
        #expect(first.change == .closed(policy) && !first.isItsOwn)
        let until = try #require(breaker.closedUntil)
        #expect(try #require(first.nextAttempt) > until, "whoever was due before goes ahead of it")
        #expect(take(&breaker, .accepted(receipt: "250"), of: 2, at: until).change == .opened)
        for attempt in 2...20 {
            let now = until + .hours(attempt)
            let again = take(&breaker, .unavailable(policy), of: 1, at: now, attempt: attempt)
            #expect(again.change == nil && again.isItsOwn)
            #expect(!breaker.isClosed)
            #expect(try #require(again.nextAttempt) > now)
        }
    }

    @Test("when the relay forbids all mail, every mail tells it, and it stays closed")
    func forbidden() throws {
        var breaker = ChannelBreaker()
        var now = t0
        for effect in 1...6 as ClosedRange<Int64> {
            #expect(!take(&breaker, .unavailable(policy), of: effect, at: now).isItsOwn)
            #expect(breaker.isClosed)
            now = try #require(breaker.closedUntil)
        }
        #expect(breaker.failures == 6)
        // The first one comes round again, and nothing was ever taken: that is known already, and keeps nobody else
        // waiting for longer.
        let again = take(&breaker, .unavailable(policy), of: 1, at: now, attempt: 2)
        #expect(!again.isItsOwn && breaker.failures == 6 && breaker.isClosed)
        #expect(try #require(again.nextAttempt) > now)
        #expect(breaker.room(limit: 8, under: 0, now: now) == 1)
    }

    @Test("a suspect that is alone closes nothing for longer, and another mail goes at once")
    func alone() throws {
        var breaker = ChannelBreaker()
        _ = take(&breaker, .unavailable(policy), of: 1, at: t0)
        var now = t0
        for attempt in 2...9 {
            now = max(try #require(breaker.closedUntil), now + .minutes(10))
            breaker.begin(1)
            _ = take(&breaker, .unavailable(policy), of: 1, at: now, attempt: attempt)
        }
        #expect(breaker.failures == 1)
        #expect(breaker.room(limit: 8, under: 0, now: now) == 1)
        breaker.begin(2)
        #expect(take(&breaker, .accepted(receipt: "250"), of: 2, at: now).change == .opened)
    }

    @Test("another mail is tried at once where it may be one mail's affair, one at a time, and then later and later")
    func another() throws {
        var breaker = ChannelBreaker()
        _ = take(&breaker, .unavailable(policy), of: 1, at: t0)
        // What was under way with it says nothing new.
        _ = take(&breaker, .unavailable(policy), of: 2, at: t0 + .milliseconds(5))
        #expect(breaker.failures == 1)
        #expect(breaker.room(limit: 8, under: 1, now: t0 + .milliseconds(5)) == 0)
        #expect(breaker.room(limit: 8, under: 0, now: t0 + .milliseconds(5)) == 1)
        breaker.begin(3)
        #expect(breaker.room(limit: 8, under: 0, now: t0 + .milliseconds(6)) == 0)
        _ = take(&breaker, .unavailable(policy), of: 3, at: t0 + .milliseconds(9))
        #expect(breaker.failures == 2)
        #expect(breaker.room(limit: 8, under: 0, now: t0 + .seconds(1)) == 0)
        // A relay that is away is not asked again at once.
        var other = ChannelBreaker()
        _ = take(&other, .unavailable(away), of: 1, at: t0)
        #expect(other.room(limit: 8, under: 0, now: t0 + .milliseconds(5)) == 0)
    }

    @Test(
        "a relay that knows a mailbox lets us in",
        arguments: [
            Verdict.refused(Failure(reason: "mailbox", code: 550, enhancedCode: "5.1.1", detail: "no such mailbox")),
            .deferred(Failure(reason: "mailbox", code: 450, enhancedCode: "4.2.0", detail: "greylisted")),
        ])
    func letIn(_ verdict: Verdict) throws {
        var breaker = ChannelBreaker()
        _ = take(&breaker, .unavailable(away), of: 1, at: t0)
        let until = try #require(breaker.closedUntil)
        #expect(take(&breaker, verdict, of: 2, at: until).change == .opened)
        #expect(!breaker.isClosed)
        #expect(
            take(&breaker, .deferred(Failure(reason: "timeout", detail: "no answer")), of: 3, at: until).change == nil)
    }

    @Test("a suspect mail does not hide that the relay is away")
    func suspectAndAway() throws {
        var breaker = ChannelBreaker()
        _ = take(&breaker, .unavailable(policy), of: 1, at: t0)
        _ = take(&breaker, .accepted(receipt: "250"), of: 2, at: t0 + .minutes(1))
        #expect(take(&breaker, .unavailable(away), of: 3, at: t0 + .minutes(2)).change == .closed(away))
    }

    @Test("a message that was deferred waits by itself")
    func deferred() {
        var breaker = ChannelBreaker()
        let outcome = take(&breaker, .deferred(Failure(reason: "busy", code: 451, detail: "busy")), of: 1, at: t0)
        #expect(outcome.change == nil)
        #expect(outcome.nextAttempt.map { $0 > t0 && $0 <= t0 + .seconds(5) } == true)
        #expect(!breaker.isClosed)
    }

    @Test("an earlier process's suspects stay suspects, and what it closed is tried at once")
    func kept() throws {
        var before = ChannelBreaker()
        _ = take(&before, .unavailable(policy), of: 1, at: t0)
        _ = take(&before, .accepted(receipt: "250"), of: 2, at: t0 + .minutes(1))
        var after = ChannelBreaker(openings: before.openings, suspects: before.suspects)
        let again = take(&after, .unavailable(policy), of: 1, at: t0 + .minutes(9), attempt: 2)
        #expect(again.isItsOwn && again.change == nil && !after.isClosed)
        let closed = ChannelBreaker(failures: 3)
        #expect(closed.isClosed && closed.room(limit: 8, under: 0, now: t0) == 1)
    }

    @Test("by hand it is tried at once")
    func byHand() {
        var breaker = ChannelBreaker()
        _ = take(&breaker, .unavailable(away), of: 1, at: t0)
        breaker.tryNow()
        #expect(breaker.isClosed && breaker.room(limit: 8, under: 0, now: t0) == 1)
    }
}
