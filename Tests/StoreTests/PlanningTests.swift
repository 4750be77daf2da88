import Outreach
import Testing

@testable import Store

@Suite("Plans")
struct PlanningTests {
    private func waiting(_ event: Event, keys: [String] = ["order"], dueAt: Moment = .at(60)) -> Effect {
        Effect(
            to: .mail(shop: shop), isContact: true, trigger: "thanks", line: "email", keys: keys, event: event,
            dueAt: dueAt, createdAt: t0, reason: .wait)
    }

    private func key(_ text: String) -> OccurrenceKey {
        OccurrenceKey(shop: shop, trigger: "thanks", line: "email", key: text)
    }

    private func commit(_ store: Store, _ effect: Effect, message: Message? = nil, at now: Moment = t0) async throws
        -> PlanOutcome
    {
        let note = DecisionNote(at: now, state: effect.state, reason: effect.reason)
        return try await store.commitPlan(
            [Plan(shop: shop, changes: [PlannedChange(effect: effect, note: note, message: message)])], now: now)
    }

    @Test("an effect is found by each of its keys, as it was written", arguments: StoreKind.allCases)
    func roundTrip(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let event = try await store.placed(1)
        let plan = Plan(
            shop: shop, doneEvents: [event.id],
            changes: [
                PlannedChange(
                    effect: waiting(event, keys: ["a", "b"]),
                    note: DecisionNote(at: t0, state: .waiting, reason: .wait))
            ])
        let effect = try await store.commitPlan([plan], now: t0).effects[0]
        #expect(effect.id > 0 && effect.version == 1)
        #expect(try await store.pendingEvents(shop: shop, limit: 9).isEmpty)
        #expect(
            try await store.effects(for: [key("a"), key("b"), key("c")]) == [key("a"): effect, key("b"): effect])
        #expect(try await store.nextDue(shop: shop) == .at(60))
        #expect(try await store.dueEffects(shop: shop, limit: 9, now: .at(59)).isEmpty)
        #expect(try await store.dueEffects(shop: shop, limit: 9, now: .at(60)) == [effect])
        #expect(
            try await store.effects(
                ofOrders: [OrderKey(shop: shop, orderID: event.aggregate.id)], states: [.waiting]
            ).values.map { $0 } == [[effect]])
    }

    @Test("a key that is used up, or waits, cannot be taken a second time", arguments: StoreKind.allCases)
    func unique(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let event = try await store.placed(1)
        let plan = Plan(shop: shop, doneEvents: [event.id], changes: [PlannedChange(effect: waiting(event), note: nil)])
        #expect(try await store.commitPlan([plan], now: t0).stale.isEmpty)
        let second = try await store.placed(2)
        let again = Plan(
            shop: shop, doneEvents: [second.id], changes: [PlannedChange(effect: waiting(second), note: nil)])
        #expect(try await store.commitPlan([again], now: t0).stale == [0])
        // A stale plan leaves its event to be planned again.
        #expect(try await store.pendingEvents(shop: shop, limit: 9).map(\.id) == [second.id])
    }

    @Test("a plan is written whole or not at all, and the others go on", arguments: StoreKind.allCases)
    func whole(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let event = try await store.placed(1)
        let outcome = try await store.commitPlan(
            [
                Plan(
                    shop: shop, doneEvents: [event.id],
                    changes: [
                        PlannedChange(effect: waiting(event, keys: ["x"]), note: nil),
                        PlannedChange(effect: waiting(event, keys: ["x"]), note: nil),
                    ]), Plan(shop: shop, changes: [PlannedChange(effect: waiting(event, keys: ["y"]), note: nil)]),
            ], now: t0)
        #expect(outcome.stale == [0])
        #expect(outcome.effects.map(\.keys) == [["y"]])
        #expect(try await store.effects(for: [key("x")]).isEmpty)
        #expect(try await store.status(now: t0).shops[0].effects == [.waiting: 1])
    }

    @Test("a change on an older version is stale", arguments: StoreKind.allCases)
    func version(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let event = try await store.placed(1)
        let first = try await commit(store, waiting(event)).effects[0]
        var moved = first
        moved.dueAt = .at(99)
        #expect(try await commit(store, moved).effects.map(\.version) == [2])
        #expect(try await commit(store, moved).stale == [0])
        #expect(try await store.nextDue(shop: shop) == .at(99))
    }

    @Test("a skipped effect is opened again as the same row", arguments: StoreKind.allCases)
    func reopened(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let event = try await store.placed(1)
        var effect = waiting(event)
        effect.state = .skipped
        effect.reason = .if
        effect.decidedAt = t0
        var stored = try await commit(store, effect).effects[0]
        stored.state = .ready
        stored.reason = nil
        let opened = try await commit(store, stored, message: mail("m1"), at: .at(5)).effects[0]
        #expect(opened.id == stored.id)
        let story = try #require(await store.effectStory(opened.id))
        #expect(story.story.decisions.map(\.state) == [.skipped, .ready])
        #expect(story.message == mail("m1"))
    }

    @Test("a key passes from an effect that never used it to another", arguments: StoreKind.allCases)
    func passed(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let event = try await store.placed(1)
        var skipped = waiting(event, keys: ["a", "b"])
        skipped.state = .skipped
        skipped.reason = .if
        let first = try await commit(store, skipped).effects[0]
        let second = try await commit(store, waiting(event, keys: ["b", "c"])).effects[0]
        #expect(
            try await store.effects(for: [key("a"), key("b"), key("c")]).mapValues(\.id)
                == [key("a"): first.id, key("b"): second.id, key("c"): second.id])
        var freed = second
        freed.keys = ["c"]
        _ = try await commit(store, freed)
        #expect(try await store.effects(for: [key("b")]).isEmpty)
    }

    @Test("what is sent, refused or shadowed is never planned again", arguments: StoreKind.allCases)
    func final(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let event = try await store.placed(1)
        var effect = waiting(event)
        effect.state = .shadowed
        effect.reason = .shadow
        let stored = try await commit(store, effect, message: mail("m")).effects[0]
        var again = stored
        again.state = .waiting
        #expect(try await commit(store, again).stale == [0])
    }

    @Test("ready means that there are bytes", arguments: StoreKind.allCases)
    func needsMessage(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        var effect = waiting(try await store.placed(1))
        effect.state = .ready
        let good = waiting(try await store.placed(2), keys: ["other"])
        let outcome = try await store.commitPlan(
            [effect, good].map {
                Plan(shop: shop, doneEvents: [$0.event?.id ?? 0], changes: [PlannedChange(effect: $0, note: nil)])
            }, now: t0)
        #expect(outcome.refused.mapValues(\.cause) == [0: .misuse])
        #expect(outcome.effects.map(\.keys) == [["other"]])
        #expect(try await store.effects(for: [key("order")]).isEmpty)
        #expect(try await store.pendingEvents(shop: shop, limit: 9).map(\.orderID) == [facts(1).id])
    }

    @Test("a message's id passes on with its key", arguments: StoreKind.allCases)
    func messageID(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let event = try await store.placed(1)
        var first = try await store.ready(event, message: mail("m"))
        first.state = .withdrawn
        first.reason = .passed
        _ = try await commit(store, first)
        let second = try await store.ready(event, message: mail("m"))
        #expect(second.id != first.id)
        #expect(try await store.effectStory(second.id)?.message == mail("m"))
        #expect(try await store.effectStory(first.id)?.message == nil)
    }

    @Test("what is leased is not planned upon", arguments: StoreKind.allCases)
    func leased(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        var effect = try await store.ready(try await store.placed(1))
        let claims = try await store.claim(.mail(shop: shop), limit: 1, owner: "p", lease: .minutes(5), now: t0)
        effect.state = .withdrawn
        effect.reason = .passed
        #expect(try await commit(store, effect).stale == [0])
        try await store.release(claims, now: t0)
        #expect(try await commit(store, effect).stale.isEmpty)
    }

    @Test(
        "a page of what is due has all that its shoppers have due, and is cut between them",
        arguments: StoreKind.allCases)
    func page(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        // Orders 1, 3 and 5 are one shopper's, 2 is another's, and 4 has no address.
        let addresses = ["a@example.com", "b@example.com", "A@example.com", nil, "a@example.com"]
        for (index, address) in addresses.enumerated() {
            let number = index + 1
            let outcome = try await store.commit(
                [learned(record(number, email: address), events: [event(order: number)])], now: t0)
            for line in 0..<2 {
                let effect = waiting(outcome.events[0], keys: ["\(number) \(line)"], dueAt: .at(number * 10 + line))
                #expect(try await commit(store, effect).stale.isEmpty)
            }
        }
        func due(_ limit: Int, at seconds: Int = 100) async throws -> [String] {
            try await store.dueEffects(shop: shop, limit: limit, now: .at(seconds)).map { $0.keys[0] }
        }
        #expect(try await due(1) == ["1 0", "1 1", "3 0", "3 1", "5 0", "5 1"])
        #expect(try await due(1, at: 30) == ["1 0", "1 1", "3 0"], "what is not due yet is in no page")
        #expect(try await due(3) == ["1 0", "1 1", "2 0", "2 1", "3 0", "3 1", "5 0", "5 1"])
        #expect(try await due(9).count == 10)
        let all = try await store.dueEffects(shop: shop, limit: 99, now: .at(100))
        #expect(try await store.dueEffects(shop: shop, limit: 9, now: .at(100)) == all)
    }
}
