import Outreach
import Testing

@testable import Delivery

@Suite("Whether a way out is open")
struct ChannelGateTests {
    private let t0 = Moment(seconds: 1_800_000_000)
    private let policy = Failure(
        reason: "policy", code: 550, enhancedCode: "5.7.1", detail: "the relay's rules forbid it")
    private let away = Failure(reason: "connect", detail: "no connection to the relay")

    private func take(
        _ gate: inout ChannelGate, _ verdict: Verdict, of effect: Int64, at now: Moment, attempt: Int = 1
    ) -> ChannelGate.Outcome {
        gate.take(
            verdict, of: effect, attempt: attempt, age: .minutes(1), schedule: .mail, now: now, chance: 0.5)
    }

    @Test("closes once, is tried with one message, and opens for all")
    func closes() throws {
        var gate = ChannelGate()
        #expect(gate.room(limit: 8, under: 3, now: t0) == 5)
        #expect(take(&gate, .unavailable(away), of: 1, at: t0).change == .closed(away))
        #expect(take(&gate, .unavailable(away), of: 2, at: t0).change == nil)
        #expect(gate.failures == 1, "what was under way with it says nothing new")
        #expect(gate.room(limit: 8, under: 0, now: t0) == 0)
        let until = try #require(gate.closedUntil)
        #expect(gate.room(limit: 8, under: 0, now: until) == 1)
        #expect(gate.room(limit: 8, under: 1, now: until) == 0)
        #expect(take(&gate, .unavailable(away), of: 3, at: until).change == nil, "told once, not again while it lasts")
        #expect(gate.failures == 2)
        let later = try #require(gate.closedUntil)
        #expect(later - until > until - t0, "asked later each time")
        #expect(take(&gate, .accepted(receipt: "250"), of: 1, at: later).change == .opened)
        #expect(gate.room(limit: 8, under: 0, now: later) == 8)
    }

    @Test("a mail that is always answered 5.7.1 closes it once, and never again")
    func poisoned() throws {
        var gate = ChannelGate()
        let first = take(&gate, .unavailable(policy), of: 1, at: t0)
        #expect(first.change == .closed(policy) && !first.isItsOwn)
        let until = try #require(gate.closedUntil)
        #expect(try #require(first.nextAttempt) > until, "whoever was due before goes ahead of it")
        #expect(take(&gate, .accepted(receipt: "250"), of: 2, at: until).change == .opened)
        for attempt in 2...20 {
            let now = until + .hours(attempt)
            let again = take(&gate, .unavailable(policy), of: 1, at: now, attempt: attempt)
            #expect(again.change == nil && again.isItsOwn)
            #expect(!gate.isClosed)
            #expect(try #require(again.nextAttempt) > now)
        }
    }

    @Test("when the relay forbids all mail, every mail tells it, and it stays closed")
    func forbidden() throws {
        var gate = ChannelGate()
        var now = t0
        for effect in 1...6 as ClosedRange<Int64> {
            #expect(!take(&gate, .unavailable(policy), of: effect, at: now).isItsOwn)
            #expect(gate.isClosed)
            now = try #require(gate.closedUntil)
        }
        #expect(gate.failures == 6)
        // The first one comes round again, and nothing was ever taken: it is the relay.
        #expect(!take(&gate, .unavailable(policy), of: 1, at: now, attempt: 2).isItsOwn)
        #expect(gate.failures == 7)
    }

    @Test("a suspect mail does not hide that the relay is away")
    func suspectAndAway() throws {
        var gate = ChannelGate()
        _ = take(&gate, .unavailable(policy), of: 1, at: t0)
        _ = take(&gate, .accepted(receipt: "250"), of: 2, at: t0 + .minutes(1))
        #expect(take(&gate, .unavailable(away), of: 3, at: t0 + .minutes(2)).change == .closed(away))
    }

    @Test("a message that was deferred waits by itself")
    func deferred() {
        var gate = ChannelGate()
        let outcome = take(&gate, .deferred(Failure(reason: "busy", code: 451, detail: "busy")), of: 1, at: t0)
        #expect(outcome.change == nil)
        #expect(outcome.nextAttempt.map { $0 > t0 && $0 <= t0 + .seconds(5) } == true)
        #expect(!gate.isClosed)
    }

    @Test("is as an earlier process left it")
    func kept() {
        let gate = ChannelGate(closedUntil: t0 + .minutes(5), failures: 3)
        #expect(gate.room(limit: 8, under: 0, now: t0) == 0)
        #expect(gate.room(limit: 8, under: 0, now: t0 + .minutes(5)) == 1)
    }
}
