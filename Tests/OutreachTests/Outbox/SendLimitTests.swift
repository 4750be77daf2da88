import Outreach
import Testing

private let start = Moment(iso8601: "2026-11-21T10:00:00Z")!

/// Numbers that look like chance and are the same each time (a linear congruence; Knuth's MMIX).
private struct Dice: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 33
    }
}

@Suite("What a route may take")
struct SendLimitTests {
    @Test(
        "is never exceeded in any hour or day, and always used again", arguments: [SendLimit.Window.hour, .day], 0..<10)
    func windows(_ window: SendLimit.Window, _ seed: UInt64) {
        var dice = Dice(state: seed &* 7919 &+ 1)
        let limit = SendLimit(Int.random(in: 1...20, using: &dice), window)
        var now = start
        var sent: [Moment] = []
        var spent: [Moment: Int] = [:]
        for _ in 0..<2_000 {
            let (room, freeAt) = limit.room(spent, at: now)
            if room > 0 {
                #expect(freeAt == nil)
                let count = Int.random(in: 1...room, using: &dice)
                spent[limit.slice(of: now), default: 0] += count
                sent += Array(repeating: now, count: count)
                let lately = sent.count { now - $0 < window.memory }
                #expect(lately <= limit.count)
                now = now + .seconds(Int.random(in: 0...Int(window.rawValue) / 30, using: &dice))
            } else if let freeAt {
                // Not a moment sooner, and then really.
                #expect(freeAt > now && limit.room(spent, at: freeAt - .milliseconds(1)).count == 0)
                #expect(limit.room(spent, at: freeAt).count > 0)
                #expect(freeAt - now <= window.memory + window.slice)
                now = freeAt
            } else {
                Issue.record("no room, and no word when")
                return
            }
            spent = spent.filter { $0.key > limit.oldest(at: now) }
        }
    }

    @Test("counts by the seconds of the clock")
    func seconds() {
        let limit = SendLimit(3, .second)
        let now = start + .milliseconds(400)
        #expect(limit.slice(of: now) == start)
        #expect(limit.room([start: 2], at: now).count == 1)
        #expect(limit.room([start: 3], at: now).freeAt == start + .seconds(1))
        #expect(limit.room([start: 3], at: start + .seconds(1)).count == 3)
    }

    @Test("waits for no longer than its window where the clock was put back")
    func clockPutBack() {
        let limit = SendLimit(5, .hour)
        let ahead = limit.slice(of: start + .days(400))
        let (room, freeAt) = limit.room([ahead: 5], at: start)
        #expect(room == 0 && freeAt! - start <= .minutes(63))
    }

    @Test("is a domain's own where it has one, and everybody's otherwise")
    func domains() {
        let limits = SendLimits(
            whole: [SendLimit(50, .second)], domains: ["gmail.example": [SendLimit(2, .second)]],
            otherDomains: [SendLimit(100, .hour)])
        #expect(limits.limits(of: "gmail.example") == [SendLimit(2, .second)])
        #expect(limits.limits(of: "shopper.example") == [SendLimit(100, .hour)])
        #expect(limits.limits(of: "") == [SendLimit(50, .second)] && limits.perSecond == 50)
    }

    @Test(
        "goes by the domain alone",
        arguments: [
            ("Ada@Gmail.Example", "gmail.example"), ("\"a@b\"@c.example.", "c.example"), ("nobody", ""), ("", ""),
        ])
    func domain(_ address: String, _ domain: String) { #expect(recipientDomain(of: address) == domain) }
}

@Suite("A recipient domain that puts mail off")
struct DomainStateTests {
    private let busy = DomainNews.defers(Failure(reason: "mailbox", code: 450, detail: "Later."))

    @Test("closes after a few deferrals in a row, is left alone longer and longer, and opens with the first mail taken")
    func story() {
        var state = DomainState()
        state.take(busy, wentAhead: false, now: start, chance: 0)
        state.take(busy, wentAhead: false, now: start, chance: 0)
        #expect(state.cause == nil)
        state.take(.answers, wentAhead: false, now: start, chance: 0)
        #expect(state.isForgettable)
        for _ in 1...3 { state.take(busy, wentAhead: false, now: start, chance: 0) }
        #expect(state.cause == .deferred && state.nextAt == start + .minutes(1) && state.detail == "Later.")
        // What was under way with it says nothing new.
        let closed = state
        state.take(busy, wentAhead: false, now: start + .seconds(5), chance: 0)
        #expect(state == closed)
        var waits: [Duration] = []
        for _ in 0..<8 {
            let now = state.nextAt
            state.take(busy, wentAhead: true, now: now, chance: 0)
            waits.append(state.nextAt - now)
        }
        #expect(waits == [2, 5, 10, 20, 40, 60, 60, 60].map { .minutes($0) })
        state.take(.answers, wentAhead: true, now: state.nextAt, chance: 0)
        #expect(state.isForgettable)
    }

    @Test("keeps its limit whatever it answers, and its deferrals whatever its limit")
    func limited() {
        var state = DomainState()
        state.reach(SendLimit(10, .hour), until: start + .minutes(7))
        #expect(state.cause == .limit && state.nextAt == start + .minutes(7) && state.detail == "10 an hour")
        state.take(.answers, wentAhead: false, now: start, chance: 0)
        #expect(state.cause == .limit)
        for _ in 1...3 { state.take(busy, wentAhead: false, now: start, chance: 0) }
        #expect(state.cause == .deferred)
        state.reach(SendLimit(10, .hour), until: start + .hours(1))
        #expect(state.cause == .deferred && state.nextAt == start + .hours(1))
    }
}

@Suite("The way back of a bounce")
struct ReturnPathTests {
    @Test("bears a token, whatever case the bounce comes back in")
    func token() throws {
        let path = try #require(ReturnPath(mailbox: "bounces@juniperfig.example"))
        let token = String(repeating: "a2", count: 16)
        #expect(path.address(token) == "bounces+\(token)@juniperfig.example")
        #expect(path.token(in: path.address(token)) == token)
        #expect(path.token(in: path.address(token).uppercased()) == token)
        for other in [
            "bounces@juniperfig.example", "bounces+@juniperfig.example", "bounces+\(token)@other.example",
            "bounces+\(token)a@juniperfig.example", "other+\(token)@juniperfig.example", "", "@",
            "bounces+\(token.dropLast())1@juniperfig.example",
        ] {
            #expect(path.token(in: other) == nil, "\(other)")
        }
    }

    @Test(
        "is refused where no token fits behind the name",
        arguments: [
            "a+b@c.example", "@c.example", "nobody", "\"a b\"@c.example",
            String(repeating: "a", count: 32) + "@c.example",
        ])
    func refused(_ mailbox: String) { #expect(ReturnPath(mailbox: mailbox) == nil) }
}
