import Outreach
import Testing

@testable import Store

@Suite("Messages among others")
struct TogetherTests {
    private func effect(
        _ event: Event, _ keys: [String] = ["order"], trigger: String = "thanks", state: Effect.State = .waiting
    ) -> Effect {
        var effect = Effect(
            to: .mail(shop: shop), isContact: true, trigger: trigger, line: "email", keys: keys, event: event,
            dueAt: .at(60), createdAt: t0, reason: .wait)
        effect.state = state
        if state != .waiting { effect.decidedAt = t0 }
        return effect
    }

    private func mail(_ id: String, to: String = "robin@example.com") -> Message {
        .mail(id: id, sender: "shop@fig.example", recipient: to, bytes: Array("x\r\n".utf8), summary: "s")
    }

    private func commit(
        _ store: Store, _ effect: Effect, message: Message? = nil, room: LimitRoom? = nil, at now: Moment = t0
    ) async throws -> PlanOutcome {
        try await store.commitPlan(
            [
                Plan(
                    shop: shop,
                    changes: [
                        PlannedChange(
                            effect: effect, note: DecisionNote(at: now, state: effect.state, reason: effect.reason),
                            message: message, room: room)
                    ])
            ], now: now)
    }

    @Test(
        "an effect keeps all events that it tells, and lets go of those that it does not", arguments: StoreKind.allCases
    )
    func together(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let first = try await store.placed(1)
        let second = try await store.placed(2)
        var told = effect(first)
        told.together = [second]
        var stored = try #require(try await commit(store, told).effects.first)
        #expect(try await store.effect(stored.id)?.events == [first, second])
        stored.together = []
        stored.event = second
        _ = try await commit(store, stored)
        #expect(try await store.effect(stored.id)?.events.map(\.id) == [second.id])
    }

    @Test("the newest repetition of a key is found, and only its own", arguments: StoreKind.allCases)
    func repetitions(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let event = try await store.placed(1)
        func key(_ text: String) -> OccurrenceKey {
            OccurrenceKey(shop: shop, trigger: "thanks", line: "email", key: text)
        }
        for text in ["a", "a again 000002", "a again 000010", "ab", "a again", "b"] {
            _ = try await commit(store, effect(event, [text]))
        }
        let found = try await store.newestRepetitions(of: [key("a"), key("b"), key("c")], stem: Planner.repetitions)
        #expect(found[key("a")]?.keys == ["a again 000010"])
        #expect(found[key("b")]?.keys == ["b"])
        #expect(found[key("c")] == nil)
    }

    @Test("room that is gone when it is written makes a plan stale", arguments: StoreKind.allCases)
    func room(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let event = try await store.placed(1)
        let room = LimitRoom(address: "robin@example.com", since: t0 - .hours(16), messages: 1)
        let first = effect(event, ["a"], state: .ready)
        let second = effect(event, ["b"], state: .ready)
        #expect(try await commit(store, first, message: mail("1@fig.example"), room: room).stale.isEmpty)
        #expect(try await commit(store, second, message: mail("2@fig.example"), room: room).stale == [0])
        #expect(try await store.effects(for: [.init(shop: shop, trigger: "thanks", line: "email", key: "b")]).isEmpty)
        // Another address has room of its own, and so has the same one later.
        let other = LimitRoom(address: "kim@example.com", since: t0 - .hours(16), messages: 1)
        #expect(
            try await commit(
                store, effect(event, ["c"], state: .ready), message: mail("3@fig.example", to: "kim@example.com"),
                room: other
            ).stale.isEmpty)
        let later = LimitRoom(address: "robin@example.com", since: t0, messages: 1)
        #expect(try await commit(store, second, message: mail("2@fig.example"), room: later).stale.isEmpty)
    }

    @Test("history tells what counts for an address, but for the effect itself", arguments: StoreKind.allCases)
    func counted(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let event = try await store.placed(1)
        let made = try #require(
            try await commit(store, effect(event, ["a"], state: .ready), message: mail("1@fig.example")).effects.first)
        var question = HistoryQuestion(
            shop: shop, orderID: event.orderID, subject: .order, address: "Robin@example.com", customerID: nil)
        question.countedSince = t0 - .hours(1)
        question.replacers = ["thanks", "others"]
        let history = try await store.history(for: [question], now: .at(1))[0]
        #expect(history.counted == [t0] && history.lastMessageAt == t0)
        #expect(history.told == [.init(trigger: "thanks", subjects: ["order"])])
        question.effectID = made.id
        let own = try await store.history(for: [question], now: .at(1))[0]
        #expect(own.counted.isEmpty && own.lastMessageAt == nil)
        question.effectID = 0
        question.countedSince = t0
        #expect(try await store.history(for: [question], now: .at(1))[0].counted.isEmpty)
    }

    @Test("what would only have been told counts for shadows alone", arguments: StoreKind.allCases)
    func shadows(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let event = try await store.placed(1)
        _ = try await commit(store, effect(event, ["a"], state: .shadowed), message: mail("1@fig.example"))
        var question = HistoryQuestion(
            shop: shop, orderID: event.orderID, subject: .order, address: nil, customerID: nil)
        question.replacers = ["thanks"]
        #expect(try await store.history(for: [question], now: t0)[0].told.isEmpty)
        question.isShadow = true
        #expect(try await store.history(for: [question], now: t0)[0].told.count == 1)
    }

    @Test("what waits is judged again when the triggers have changed", arguments: StoreKind.allCases)
    func again(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let event = try await store.placed(1)
        _ = try await commit(store, effect(event, ["a"]))
        _ = try await commit(store, effect(event, ["b"], state: .ready), message: mail("1@fig.example"))
        #expect(try await store.waitingEffects(shop: shop, after: 0, limit: 9).map(\.keys) == [["a"]])
        #expect(try await store.dueEffects(shop: shop, limit: 9, now: .at(5)).isEmpty)
        try await store.judgeAgain(shop: shop, now: .at(5))
        #expect(try await store.dueEffects(shop: shop, limit: 9, now: .at(5)).map(\.keys) == [["a"]])
    }

    @Test("the people of a usual day are counted once each", arguments: StoreKind.allCases)
    func people(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        #expect(try await store.peoplePerDay(shop: shop, now: t0) == 0)
        let event = try await store.placed(1)
        for (index, to) in ["robin@example.com", "kim@example.com", "robin@example.com", "sam@example.com"].enumerated()
        {
            _ = try await commit(
                store, effect(event, ["\(index)"], state: .ready), message: mail("\(index)@fig.example", to: to))
        }
        let route = Route.mail(shop: shop)
        let claims = try await store.claim(route, limit: 9, owner: "me", lease: .minutes(5), now: .at(61))
        let begun = try await store.begin(claims, lease: .minutes(5), now: .at(61)).begun
        _ = try await store.finish(
            begun.map { AttemptOutcome(claim: $0, verdict: .accepted(receipt: "ok")) }, now: .at(62))
        #expect(try await store.peoplePerDay(shop: shop, now: .at(3600)) == 3)
        let perDay = try await store.peoplePerDay(shop: shop, now: .at(62) + .days(3))
        #expect(abs(perDay - 1) < 0.01)
    }
}

@Suite("Mail to the shop itself")
struct NoticeTests {
    private func notice(_ id: String, _ kind: Notice.Kind = .refused, dueAt: Moment = .at(20)) -> Notice {
        Notice(
            shop: shop, kind: kind,
            message: .mail(
                id: id, sender: "a@fig.example", recipient: "owner@fig.example", bytes: [120, 13, 10], summary: "s"),
            dueAt: dueAt)
    }

    private func waiting(_ store: Store) async throws -> [String] {
        try await store.outbox(shop: shop, states: [.ready], limit: 9).map { $0.messageID ?? "" }
    }

    @Test("the newest of a kind waits, and is sent until it is taken", arguments: StoreKind.allCases)
    func newest(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.put(notice("1@x.example"), supersedes: [], now: t0)
        try await store.put(notice("held@x.example", .held), supersedes: [], now: t0)
        try await store.put(notice("2@x.example", dueAt: .at(30)), supersedes: [.held], now: t0)
        #expect(try await waiting(store) == ["2@x.example"])
        let route = Route.mail(shop: shop)
        #expect(try await store.claim(route, limit: 9, owner: "p", lease: .minutes(1), now: .at(29)).isEmpty)
        let claim = try #require(
            try await store.claim(route, limit: 9, owner: "p", lease: .minutes(1), now: .at(30)).first)
        #expect(claim.effect.origin == .system && claim.effect.trigger == "refused" && !claim.effect.isContact)
        let begun = try await store.begin([claim], lease: .minutes(1), now: .at(30)).begun
        // What was attempted stays, whatever comes after it: it may have arrived.
        try await store.put(notice("3@x.example", dueAt: .at(200)), supersedes: [], now: .at(31))
        #expect(try await Set(waiting(store)) == ["2@x.example", "3@x.example"])
        _ = try await store.finish(
            begun.map { AttemptOutcome(claim: $0, verdict: .accepted(receipt: "")) }, now: .at(32))
        #expect(try await waiting(store) == ["3@x.example"])
        // They are no part of what the shop told its shoppers.
        #expect(try await store.status(now: .at(40)).shops[0].effects == [:])
    }

    @Test("the same notice is told once, and what was sent goes after a month", arguments: StoreKind.allCases)
    func once(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.put(notice("1@x.example"), supersedes: [], now: t0)
        let claims = try await store.claim(.mail(shop: shop), limit: 9, owner: "p", lease: .minutes(1), now: .at(30))
        let begun = try await store.begin(claims, lease: .minutes(1), now: .at(30)).begun
        _ = try await store.finish(
            begun.map { AttemptOutcome(claim: $0, verdict: .accepted(receipt: "")) }, now: .at(31))
        try await store.put(notice("1@x.example"), supersedes: [], now: .at(40))
        #expect(try await waiting(store).isEmpty)
        let sent = try #require(try await store.outbox(shop: shop, limit: 9).first?.effect.id)
        try await store.put(notice("2@x.example", .accepted), supersedes: [], now: .at(40) + .days(31))
        #expect(try await store.effect(sent) == nil)
    }

    @Test("a notice goes before what a trigger sends, however long that waits", arguments: StoreKind.allCases)
    func first(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        for number in 1...3 { try await store.ready(try await store.placed(number), key: "\(number)") }
        try await store.put(notice("1@x.example"), supersedes: [], now: t0)
        #expect(try await store.nextAttempt(.mail(shop: shop)) == t0)
        let claims = try await store.claim(.mail(shop: shop), limit: 2, owner: "p", lease: .minutes(1), now: .at(30))
        #expect(claims.map(\.effect.origin) == [.system, .trigger])
    }
}
