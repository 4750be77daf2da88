import Outreach
import Testing

@testable import Store

@Suite("Mail that came in")
struct IncomingTests {
    private func raw(_ id: String, at moment: Moment = t0, address: String? = nil) -> RawObservation {
        RawObservation(
            shop: shop, source: "mailbox", externalID: id, receivedAt: moment, kind: "mail",
            bytes: Array("From: robin@example.com".utf8), address: address)
    }

    /// A message that was sent, or whose attempt nobody heard of.
    private func message(_ store: Store, inDoubt: Bool = false) async throws -> AnsweredMessage {
        let effect = try await store.ready(try await store.placed(1))
        let claims = try await store.claim(
            .mail(shop: shop), limit: 9, owner: "p", lease: .minutes(5), now: t0)
        let begun = try await store.begin(claims, lease: .minutes(5), now: .at(1)).begun
        if inDoubt {
            try await store.recover(owner: "q", now: .at(2))
        } else {
            _ = try await store.finish(
                [AttemptOutcome(claim: begun[0], verdict: .accepted(receipt: "250"))], now: .at(2))
        }
        let id = claims[0].message.id
        let found = try #require(try await store.message(withOneOf: ["nobody@example.com", id], shop: shop))
        #expect(found.effect.id == effect.id && found.recipient == "robin@example.com")
        let token = claims[0].returnToken
        #expect(try await store.message(withOneOf: [], tokens: ["none", token], shop: shop) == found)
        return found
    }

    private func outcome(
        _ store: Store, _ mail: IncomingMail, about message: AnsweredMessage?, id: String = "a", soft: Int = 0
    ) async throws -> IncomingOutcome {
        let observation = try #require(try await store.keep([raw(id)], now: .at(10)).first)
        return IncomingRules.judge(mail, from: observation, about: message, softBefore: soft, now: .at(11))
    }

    private func bounce(hard: Bool, reason: String = "user_unknown") -> IncomingMail {
        var mail = IncomingMail(.bounce)
        mail.recipients = [
            ReturnedRecipient(address: "robin@example.com", isHard: hard, reason: reason, status: "5.1.1")
        ]
        return mail
    }

    @Test("a wish for no more mail and its taking back are one step with the mail", arguments: StoreKind.allCases)
    func takenBack(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        _ = try await message(store)
        #expect(try await store.lastMessage(to: "robin@example.com", shop: shop)?.recipient == "robin@example.com")
        #expect(try await store.lastMessage(to: "wren@example.com", shop: shop) == nil)
        let robin = SilenceScope.address("robin@example.com")
        let reason = IncomingOutcome.Silencing.optOut
        try await store.choose(
            [(robin, .marketing, false), (robin, .ratings, false)], shop: shop, reason: reason, now: t0)
        #expect(try await store.silences(of: robin, shop: shop, now: t0).count == 2)
        try await store.choose([(robin, .ratings, true)], shop: shop, reason: reason, now: .at(1))
        #expect(try await store.silences(of: robin, shop: shop, now: .at(2)).map(\.stream) == [.marketing])
        let kept = try #require(try await store.keep([raw("start")], now: .at(10)).first)
        var start = IncomingOutcome(kept, .keyword, detail: "START")
        start.address = "robin@example.com"
        start.revocations = [.init(address: "robin@example.com", stream: .marketing)]
        try await store.commit(start, now: .at(11))
        #expect(try await store.silences(of: robin, shop: shop, now: .at(12)).isEmpty)
        #expect(try await store.texts(of: "robin@example.com", shop: shop, since: t0, limit: 9) == 1)
        #expect(try await store.texts(of: "robin@example.com", shop: shop, since: t0 + .days(1), limit: 9) == 0)
    }

    @Test(
        "a hard bounce ends the message, silences the address, and is judged, in one step",
        arguments: StoreKind.allCases)
    func bounced(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let message = try await message(store)
        try await store.commit(try await outcome(store, bounce(hard: true), about: message), now: .at(11))
        let effect = try #require(try await store.effect(message.effect.id))
        #expect(effect.state == .bounced && effect.reason == .bounced)
        let silences = try await store.silences(of: .address("robin@example.com"), shop: shop, now: .at(12))
        #expect(silences.map(\.reason) == ["bounce"])
        #expect(try await store.unjudged(shop: shop, source: "mailbox", limit: 9).isEmpty)
        let lines = try await store.incoming(
            about: OrderKey(shop: shop, orderID: try #require(message.effect.orderID)))
        #expect(lines.map(\.kind) == [.bounce] && lines.map(\.isHard) == [true])
        #expect(lines.map(\.effectID) == [message.effect.id])
        // It was sent, and counts towards what she may get; but she has not heard of it.
        #expect(try await store.effectStory(effect.id)?.story.decisions.map(\.state) == [.ready, .sent, .bounced])
        #expect(try await store.status(now: .at(12)).shops.first?.effects == [.bounced: 1])
    }

    @Test("counts the letters of an address, and nothing else of it", arguments: StoreKind.allCases)
    func letters(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let message = try await message(store)
        for (index, kind) in [IncomingClass.person, .autoReply, .person].enumerated() {
            var mail = IncomingMail(kind)
            mail.sender = "robin@example.com"
            try await store.commit(try await outcome(store, mail, about: message, id: "\(index)"), now: .at(11))
        }
        func count(_ address: String, since: Moment, limit: Int = 9) async throws -> Int {
            try await store.letters(of: address, shop: shop, since: since, limit: limit)
        }
        #expect(try await count("Robin@Example.com", since: t0) == 2)
        #expect(try await count("Robin@Example.com", since: t0, limit: 1) == 1)
        #expect(try await count("Robin@Example.com", since: .at(11)) == 0)
        #expect(try await count("kim@example.com", since: t0) == 0)
    }

    @Test("the same mail judged twice does its work once", arguments: StoreKind.allCases)
    func twice(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let message = try await message(store)
        var outcome = try await outcome(store, bounce(hard: false, reason: "mailbox_full"), about: message)
        outcome.forward = SystemMail(
            maker: "forwarded", key: "7", message: mail("forward@juniperfig.example", to: "owner@juniperfig.example"),
            aggregate: nil, dueAt: .at(11))
        try await store.commit(outcome, now: .at(11))
        try await store.commit(outcome, now: .at(12))
        #expect(try await store.softBounces(of: "Robin@Example.com", shop: shop, since: t0) == 1)
        #expect(try await store.softBounces(of: "Robin@Example.com", shop: shop, since: .at(11)) == 0)
        let forwards = try await store.claim(
            .mail(shop: shop), limit: 9, owner: "p", lease: .minutes(5), now: .at(20))
        #expect(forwards.map(\.effect.trigger) == ["forwarded"] && forwards.map(\.effect.origin) == [.system])
    }

    @Test("a message in doubt that somebody answers was sent, and is not repeated", arguments: StoreKind.allCases)
    func proof(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let message = try await message(store, inDoubt: true)
        #expect(message.effect.state == .ready)
        var mail = IncomingMail(.person)
        mail.sender = "robin@example.com"
        try await store.commit(try await outcome(store, mail, about: message), now: .at(11))
        #expect(try await store.effect(message.effect.id)?.state == .sent)
        #expect(
            try await store.claim(
                .mail(shop: shop), limit: 9, owner: "p", lease: .minutes(5), now: .at(9999)
            ).isEmpty)
    }

    @Test("who is erased is erased with what she wrote", arguments: StoreKind.allCases)
    func erased(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let message = try await message(store)
        var mail = IncomingMail(.person)
        mail.sender = "robin@example.com"
        try await store.commit(try await outcome(store, mail, about: message), now: .at(11))
        mail.text = "stop"
        try await store.commit(try await outcome(store, mail, about: nil, id: "b"), now: .at(11))
        #expect(try await store.incoming(shop: shop, limit: 9).count == 2)
        _ = try await store.erase(address: "robin@example.com", shop: shop, now: .at(12))
        #expect(try await store.incoming(shop: shop, limit: 9).isEmpty)
        #expect(try await store.cells { $0.contains("robin@example.com") }.isEmpty)
    }
}
