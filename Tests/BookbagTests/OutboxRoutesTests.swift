import ArgumentParser
import Daemon
import Outreach
import Store
import Testing

@testable import bookbag

private let shop = "juniperfig.myshopify.com"
private let start = Moment(iso8601: "2026-11-21T10:00:00Z")!

@Suite("What the operator does with routes") struct OutboxRoutesTests {
    private let store: Store

    init() async throws {
        store = try Store.inMemory(now: start)
        _ = try await store.openShop(shop, now: start)
    }

    /// A webhook that its receiver took at that moment.
    @discardableResult
    private func taken(_ number: Int, by target: String = "helpdesk", at moment: Moment) async throws -> Int64 {
        let route = Route.webhook(target, shop: shop)
        var effect = Effect(
            to: route, origin: .person, isContact: false, by: "delay", line: route.name, keys: ["order:\(number)"],
            about: nil, dueAt: moment, createdAt: moment)
        effect.state = .ready
        effect.decidedAt = moment
        let outcome = try await store.commitPlan(
            [
                Plan(
                    shop: shop,
                    changes: [
                        PlannedChange(
                            effect: effect, note: DecisionNote(at: moment, state: .ready, reason: nil),
                            message: .webhook(
                                id: "msg_\(number)", endpoint: target, body: Array("{\(number)}".utf8), summary: "x"))
                    ])
            ], now: moment)
        let claims = try await store.claim(route, limit: 1, owner: "p", lease: .minutes(5), now: moment)
        let begun = try await store.begin(claims, lease: .minutes(5), now: moment).begun
        _ = try await store.finish(
            [AttemptOutcome(claim: begun[0], verdict: .accepted(receipt: "HTTP 204"))], now: moment)
        return try #require(outcome.effects.first?.id)
    }

    private func close(_ route: Route, _ reason: String) async throws {
        _ = try await store.turn(
            ended: [], beginning: [], rendered: [:],
            channel: (
                route, ChannelState(closedUntil: start + .days(99), reason: reason, detail: "x", failures: 1)
            ), limits: SendLimits(), lease: .minutes(1), now: start)
    }

    @Test("opens the route that is named, also one that wanted nothing more, and no other")
    func open() async throws {
        let (gone, away) = (Route.webhook("helpdesk", shop: shop), Route.mail(shop: shop))
        try await close(gone, Failure.disabled)
        try await close(away, "connect")
        let command = try OutboxCommand.Open.parse(["webhook:helpdesk"])
        #expect(try await command.open(in: store, now: start + .hours(1)) == [gone])
        #expect(try await store.channelState(gone).closedUntil == nil)
        #expect(try await store.channelState(away).closedUntil != nil)
        #expect(try await command.open(in: store, now: start + .hours(1)) == [], "it is open already")
        let elsewhere = try OutboxCommand.Open.parse(["email", "--shop", "other.myshopify.com"])
        #expect(try await elsewhere.open(in: store, now: start + .hours(1)) == [])
        #expect(throws: (any Error).self) { try OutboxCommand.Open.parse([]) }
    }

    @Test("sends again what a receiver took and lost, the same bytes under the same id, ahead of others")
    func replay() async throws {
        let old = try await taken(1, at: start)
        let new = try await taken(2, at: start + .hours(5))
        try await taken(3, by: "crm", at: start + .hours(5))
        let now = start + .hours(6)
        let command = try OutboxCommand.Replay.parse(["--since", "2h", "--target", "helpdesk"])
        let found = try await command.taken(in: store, now: now)
        #expect(found.map(\.count) == [1] && found.map(\.route.target) == ["helpdesk"])
        #expect(found.map(\.since) == [start + .hours(4)])
        #expect(try await store.effect(new, shop: shop)?.state == .sent, "asking changes nothing")
        #expect(try await command.send(found, in: store, until: now) == 1)
        #expect(try await store.effect(new, shop: shop)?.state == .ready)
        #expect(try await store.effect(old, shop: shop)?.state == .sent, "it was taken before")
        let claims = try await store.claim(
            .webhook("helpdesk", shop: shop), limit: 9, owner: "q", lease: .minutes(5), now: now)
        #expect(claims.map(\.message.id) == ["msg_2"] && claims[0].message.bytes == Array("{2}".utf8))
        #expect(try await command.send(found, in: store, until: now) == 0, "once")
    }

    @Test("takes a span, a day or a moment for its beginning, and all webhooks where none is named")
    func since() async throws {
        try await taken(1, at: start)
        try await taken(2, by: "crm", at: start + .minutes(1))
        func count(_ since: String, _ more: [String] = []) async throws -> Int {
            let command = try OutboxCommand.Replay.parse(["--since", since] + more)
            return try await command.taken(in: store, now: start + .hours(1)).reduce(0) { $0 + $1.count }
        }
        #expect(try await count("6h") == 2)
        #expect(try await count("2026-11-21") == 2)
        #expect(try await count("2026-11-21T10:00:30Z") == 1)
        #expect(try await count("6h", ["--shop", "other.myshopify.com"]) == 0)
        await #expect(throws: ValidationError.self) { _ = try await count("yesterday") }
    }

    @Test(
        "asks, and takes nothing but a yes for one",
        arguments: [("y", true), ("Yes ", true), ("n", false), ("", false), (nil, false), ("yesterday", false)])
    func asks(_ answer: String?, _ isYes: Bool) { #expect(OutboxCommand.Replay.isYes(answer) == isYes) }
}
