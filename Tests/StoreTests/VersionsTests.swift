import Outreach
import Testing

@testable import Store

/// Whatever was thought on an older state is neither written nor begun.
@Suite("What was read")
struct VersionsTests {
    private func waiting(_ event: Event) -> Effect {
        Effect(
            to: .mail(shop: shop), isContact: true, trigger: "thanks", line: "email", keys: ["order"], event: event,
            dueAt: t0, createdAt: t0)
    }

    @Test("a plan that was made of an older order is not written, and is told from other stale ones")
    func outdated() async throws {
        let store = try await StoreKind.inMemory.make()
        let event = try await store.placed(1)
        let read = try #require(try await store.load(shop: shop, orderIDs: [facts(1).id])[facts(1).id])
        var plan = Plan(
            shop: shop, doneEvents: [event.id], changes: [PlannedChange(effect: waiting(event), note: nil)],
            reads: [event.aggregate: read.version])
        _ = try await store.commit([learned(read)], now: .at(1))
        let outcome = try await store.commitPlan([plan], now: .at(2))
        #expect(outcome.stale == [0] && outcome.outdated == [0] && outcome.effects.isEmpty)
        #expect(try await store.pendingEvents(shop: shop, limit: 9).map(\.id) == [event.id])
        plan.reads[event.aggregate] = read.version + 1
        #expect(try await store.commitPlan([plan], now: .at(3)).stale.isEmpty)
    }

    @Test("what was not there when it was read must not have come since")
    func appeared() async throws {
        let store = try await StoreKind.inMemory.make()
        let event = try await store.placed(1)
        let plan = Plan(shop: shop, doneEvents: [event.id], reads: [.order(facts(2).id): 0])
        #expect(try await store.commitPlan([plan], now: t0).stale.isEmpty)
        try await store.placed(2)
        #expect(try await store.commitPlan([plan], now: t0).outdated == [0])
    }

    /// Three orders that change, effects that are planned on what was read of them, claimed, judged and begun, in every
    /// order that chance gives. A journal beside the store knows what the versions were.
    @Test(
        "random interleavings: a judgement of an older version neither commits nor begins",
        arguments: 0..<200 as Range<UInt64>)
    func interleavings(_ seed: UInt64) async throws {
        var dice = Dice(seed: seed)
        let store = try await StoreKind.inMemory.make()
        let ids = (1...3).map { facts($0).id }
        var versions: [String: Int64] = [:]
        var events: [Event] = []
        for number in 1...3 {
            events.append(try await store.placed(number))
            versions[ids[number - 1]] = 1
        }
        struct Judged {
            var reads: ReadVersions
            var plan: Plan?
            var claim: Claim?
        }
        var judged: [Judged] = []
        var claims: [Claim] = []
        var planned = 0
        var committed = 0
        var begun = 0
        var voided = 0
        let route = Route.mail(shop: shop)
        for step in 0..<60 {
            let now = Moment.at(step)
            func read() -> ReadVersions {
                var reads: ReadVersions = [:]
                for id in ids where Bool.random(using: &dice) { reads[.order(id)] = versions[id] }
                return reads
            }
            switch Int.random(in: 0..<6, using: &dice) {
            case 0:
                let id = ids.randomElement(using: &dice)!
                let record = try #require(try await store.load(shop: shop, orderIDs: [id])[id])
                #expect(record.version == versions[id])
                _ = try await store.commit([learned(record)], now: now)
                versions[id]! += 1
            case 1:
                planned += 1
                var effect = waiting(events.randomElement(using: &dice)!)
                effect.keys = ["key \(planned)"]
                effect.state = .ready
                effect.decidedAt = now
                let reads = read()
                judged.append(
                    Judged(
                        reads: reads,
                        plan: Plan(
                            shop: shop,
                            changes: [PlannedChange(effect: effect, note: nil, message: mail("m\(planned)"))],
                            reads: reads)))
            case 2 where judged.contains { $0.plan != nil }:
                let one = judged.remove(at: judged.firstIndex { $0.plan != nil }!)
                let isCurrent = one.reads.allSatisfy { versions[$0.key.id] == $0.value }
                let outcome = try await store.commitPlan([one.plan!], now: now)
                #expect(outcome.stale.isEmpty == isCurrent && outcome.outdated.isEmpty == isCurrent)
                if isCurrent { committed += 1 } else { voided += 1 }
            case 3:
                claims += try await store.claim(route, limit: 2, owner: "p", lease: .minutes(30), now: now)
            case 4 where !claims.isEmpty:
                var claim = claims.removeFirst()
                claim.reads = read()
                judged.append(Judged(reads: claim.reads, claim: claim))
            case 5 where judged.contains { $0.claim != nil }:
                let one = judged.remove(at: judged.firstIndex { $0.claim != nil }!)
                let isCurrent = one.reads.allSatisfy { versions[$0.key.id] == $0.value }
                let outcome = try await store.turn(ended: [], beginning: [one.claim!], lease: .minutes(30), now: now)
                    .attempts
                #expect(outcome.begun.count == (isCurrent ? 1 : 0) && outcome.outdated.count == (isCurrent ? 0 : 1))
                if isCurrent { begun += 1 } else { voided += 1 }
                // It is judged again, its lease still good.
                claims += outcome.outdated
            default: break
            }
        }
        let effects = try await store.outbox(shop: shop, limit: 99).map(\.effect)
        #expect(effects.count == committed && effects.map(\.attempts).reduce(0, +) == begun)
    }
}

@Suite("What belongs to no order")
struct OtherAggregateTests {
    private let talk = AggregateID(kind: AggregateKind(rawValue: "conversation"), id: "c1")

    private func told(_ n: Int) -> Event {
        Event(
            shop: shop, aggregate: talk, kind: .orderEdited,
            occurrences: [.init(subject: "order", n: n, mark: "m\(n)")],
            happenedAt: t0, recordedAt: t0, source: "hook", orderName: "Where is it?")
    }

    private func change(_ version: Int64, _ events: [Event]) -> AggregateChange {
        AggregateChange(shop: shop, aggregate: talk, name: "Where is it?", version: version, events: events)
    }

    @Test("events of another kind are recorded, planned and read like an order's", arguments: StoreKind.allCases)
    func events(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let heard = RawObservation(
            shop: shop, source: "hook", externalID: "1", receivedAt: t0, kind: "words", bytes: [1], about: talk)
        let kept = try await store.keep([heard], now: t0)
        let recorded = try #require(try await store.commit(change(0, [told(1)]), judged: kept, now: t0))
        #expect(try await store.unjudged(shop: shop, source: "hook", limit: 9).isEmpty)
        #expect(try await store.pendingEvents(shop: shop, limit: 9) == recorded)
        #expect(recorded[0].orderID == nil && recorded[0].orderName == "Where is it?")
        #expect(try await store.versions(of: [talk, .order("none")], shop: shop) == [talk: 1])
        let effect = try await store.ready(recorded[0])
        #expect(effect.aggregate == talk)
        #expect(try await store.effect(effect.id)?.event == recorded[0])
    }

    @Test("what was judged on an older version of it is void, as with an order", arguments: StoreKind.allCases)
    func versions(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let event = try #require(try await store.commit(change(0, [told(1)]), now: t0)).first
        #expect(try await store.commit(change(0, [told(2)]), now: t0) == nil)
        #expect(try await store.commit(change(1, [told(1)]), now: t0) == nil, "the same thing twice")
        #expect(try await store.versions(of: [talk], shop: shop) == [talk: 1])
        #expect(try await store.commit(change(1, [told(2)]), now: t0)?.count == 1)
        let plan = Plan(shop: shop, doneEvents: [event?.id ?? 0], reads: [talk: 1])
        #expect(try await store.commitPlan([plan], now: t0).outdated == [0])
    }
}

@Suite("Several shops in one store")
struct SeveralShopsTests {
    @Test("numbers are each shop's own, and nothing of one is found by the other's", arguments: StoreKind.allCases)
    func numbers(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let other = "orchid.example"
        _ = try await store.openShop(other, now: t0)
        let mine = try await store.ready(try await store.placed(1))
        var theirs = record(1)
        theirs.shop = other
        var placed = event(order: 1)
        placed.shop = other
        placed = try await store.commit([learned(theirs, events: [placed])], now: t0).events[0]
        #expect(placed.id == mine.event?.id && placed.shop == other)
        var effect = mine
        effect.id = 0
        effect.route = .mail(shop: other)
        effect.event = placed
        let outcome = try await store.commitPlan(
            [
                Plan(
                    shop: other, doneEvents: [placed.id],
                    changes: [PlannedChange(effect: effect, note: nil, message: mail("other@juniperfig.example"))])
            ], now: t0)
        #expect(outcome.effects.map(\.id) == [mine.id])
        #expect(try await store.shops(withEffect: mine.id) == [shop, other])
        let claims = try await store.claim(.mail(shop: other), limit: 9, owner: "p", lease: .minutes(1), now: t0)
        #expect(claims.map(\.message.id) == ["other@juniperfig.example"])
        _ = try await store.erase(address: "robin@example.com", shop: other, now: t0)
        #expect(try await store.effect(mine.id, shop: other) == nil)
        #expect(try await store.effect(mine.id, shop: shop) == mine)
        #expect(try await store.load(shop: shop, orderIDs: [facts(1).id]).count == 1)
    }

    @Test("a number is never given out twice, whatever was erased")
    func never() async throws {
        let store = try await StoreKind.inMemory.make()
        let first = try await store.ready(try await store.placed(1))
        _ = try await store.erase(address: "robin@example.com", shop: shop, now: t0)
        var next = record(2, email: "wren@example.com")
        next.facts.customer = nil
        let event = try await store.commit([learned(next, events: [event(order: 2)])], now: t0).events[0]
        #expect(event.id > (first.event?.id ?? 0))
        #expect(try await store.ready(event).id > first.id)
    }
}

@Suite("What is not a message about an order")
struct OtherNounTests {
    @Test(
        "an effect of a person or of the system needs no event, and has keys of its own", arguments: StoreKind.allCases)
    func withoutEvent(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let event = try await store.placed(1)
        func made(_ origin: EffectOrigin, about: AggregateID?) -> Effect {
            var effect = Effect(
                to: Route(shop: shop, channel: ChannelName(rawValue: "pigeon"), target: "loft"), origin: origin,
                isContact: false, by: "thanks", line: "pigeon", keys: ["once"], about: about, dueAt: t0, createdAt: t0)
            effect.state = .ready
            effect.decidedAt = t0
            return effect
        }
        func message(_ id: String) -> Message {
            Message(
                id: id, kind: ChannelName(rawValue: "pigeon"), envelope: .init(recipient: "roof", target: "loft"),
                bytes: [1, 2], summary: "coo")
        }
        let plans = [
            PlannedChange(effect: made(.person, about: event.aggregate), note: nil, message: message("a")),
            PlannedChange(effect: made(.system, about: nil), note: nil, message: message("b")),
        ].map { Plan(shop: shop, changes: [$0]) }
        let outcome = try await store.commitPlan(plans, now: t0)
        #expect(outcome.effects.count == 2 && outcome.stale.isEmpty && outcome.refused.isEmpty)
        #expect(try await store.commitPlan(plans, now: t0).stale == [0, 1])
        let claims = try await store.claim(
            Route(shop: shop, channel: ChannelName(rawValue: "pigeon"), target: "loft"), limit: 9, owner: "p",
            lease: .minutes(1), now: t0)
        #expect(claims.map(\.effect.origin) == [.person, .system])
        #expect(claims.map(\.effect.aggregate) == [event.aggregate, nil])
        #expect(claims.map(\.effect.events) == [[], []])
        #expect(claims.map(\.message) == [message("a"), message("b")])
    }

    @Test("only what is marked as contact counts as contact", arguments: StoreKind.allCases)
    func contact(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let event = try await store.placed(1)
        for (number, isContact) in [true, false].enumerated() {
            var effect = Effect(
                to: .mail(shop: shop), isContact: isContact, trigger: "t\(number)", line: "email", keys: ["k"],
                event: event, dueAt: t0, createdAt: t0)
            effect.state = .ready
            effect.decidedAt = t0
            _ = try await store.commitPlan(
                [Plan(shop: shop, changes: [PlannedChange(effect: effect, note: nil, message: mail("m\(number)"))])],
                now: t0)
        }
        let claims = try await store.claim(.mail(shop: shop), limit: 9, owner: "p", lease: .minutes(1), now: t0)
        let begun = try await store.begin(claims, lease: .minutes(1), now: t0).begun
        _ = try await store.finish(begun.map { AttemptOutcome(claim: $0, verdict: .accepted(receipt: "")) }, now: t0)
        let history = try await store.history(
            for: [
                HistoryQuestion(
                    shop: shop, orderID: facts(1).id, subject: .order, address: "robin@example.com", customerID: nil)
            ], now: t0)[0]
        #expect(history.messagesAboutOrder == 1 && history.messagesLast7Days == 1)
    }

    @Test("a match that came to nothing leaves why, for good", arguments: StoreKind.allCases)
    func matches(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let event = try await store.placed(1)
        let off = MatchOutcome(trigger: "thanks", eventID: event.id, reason: .off, detail: "off since Monday", at: t0)
        _ = try await store.commitPlan([Plan(shop: shop, doneEvents: [event.id], matches: [off])], now: t0)
        #expect(try await store.story(shop: shop, orderID: facts(1).id)?.matches == [off])
    }

    @Test("what an attempt brought stands with its verdict", arguments: StoreKind.allCases)
    func results(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let effect = try await store.ready(try await store.placed(1))
        for (number, verdict) in [
            Verdict.deferred(Failure(reason: "busy", detail: "later")), .accepted(receipt: "ok"),
        ].enumerated() {
            let claims = try await store.claim(
                .mail(shop: shop), limit: 1, owner: "p", lease: .minutes(1), now: .at(number * 10))
            let begun = try await store.begin(claims, lease: .minutes(1), now: .at(number * 10)).begun
            _ = try await store.finish(
                [
                    AttemptOutcome(
                        claim: begun[0], verdict: verdict,
                        results: ["code": "FIG-\(number)", "seen \(number)": "yes"])
                ], now: .at(number * 10))
        }
        let story = try #require(try await store.effectStory(effect.id)).story
        #expect(
            story.results == [
                ActionResult(name: "code", value: "FIG-1", at: .at(10)),
                ActionResult(name: "seen 0", value: "yes", at: .at(0)),
                ActionResult(name: "seen 1", value: "yes", at: .at(10)),
            ])
    }
}

@Suite("Raw observations")
struct ObservingTests {
    private func hook(_ id: String, _ source: String = "hook") -> RawObservation {
        RawObservation(
            shop: shop, source: source, externalID: id, receivedAt: t0, kind: "rating", bytes: Array("{\(id)}".utf8))
    }

    @Test("what was told twice is kept once", arguments: StoreKind.allCases)
    func once(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        #expect(try await store.keep([hook("a"), hook("b"), hook("a")], now: t0).map(\.externalID) == ["a", "b"])
        #expect(try await store.keep([hook("b"), hook("b", "mailbox")], now: .at(1)).map(\.source) == ["mailbox"])
        let kept = try await store.unjudged(shop: shop, source: "hook", limit: 9)
        #expect(kept.map(\.externalID) == ["a", "b"])
        #expect(kept[0].bytes == hook("a").bytes && kept[0].kind == "rating" && kept[0].receivedAt == t0)
    }

    @Test("it is judged together with what was made of it, or not at all", arguments: StoreKind.allCases)
    func judged(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.placed(1)
        let kept = try await store.keep([hook("a"), hook("b")], now: t0)
        let old = record(1)  // Version 0: somebody stored that order already.
        #expect(try await store.commit([learned(old)], judged: [kept[0]], now: .at(1)).stale.count == 1)
        #expect(try await store.unjudged(shop: shop, source: "hook", limit: 9).count == 2)
        let now = try #require(try await store.load(shop: shop, orderIDs: [facts(1).id])[facts(1).id])
        let told = event(.orderEdited, order: 1)
        #expect(
            try await store.commit([learned(now, events: [told])], judged: [kept[0]], now: .at(2)).events.count == 1)
        #expect(try await store.unjudged(shop: shop, source: "hook", limit: 9) == [kept[1]])
        // Nothing came of it.
        try await store.markJudged([kept[1]], now: .at(3))
        #expect(try await store.unjudged(shop: shop, source: "hook", limit: 9).isEmpty)
        #expect(try await store.keep([hook("b")], now: .at(4)).isEmpty)
    }
}
