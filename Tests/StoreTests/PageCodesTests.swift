import Outreach
import Testing

@testable import Store

private let first = OrderKey(shop: shop, orderID: facts(1).id)
private let pass = [UInt8](repeating: 3, count: 32)

extension Store {
    /// A code was mailed for a page of the first order.
    fileprivate func mailed(_ code: String, for page: String = "address", at moment: Moment = t0) async throws -> Bool {
        let key = "\(page) \(moment.milliseconds)"
        let letter = SystemMail(
            maker: "page_code", key: key, message: mail("code-\(key.hashValue)@juniperfig.example"),
            aggregate: .order(first.orderID), dueAt: moment)
        return try await mailCode(by: letter, code: code, for: page, of: first, now: moment)
    }
}

@Suite("Codes for the shopper's pages") struct PageCodesTests {
    @Test("a code works once, for its page, in its time", arguments: StoreKind.allCases)
    func once(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        #expect(try await store.mailed("012345") == false, "no such order")
        _ = try await store.placed(1)
        #expect(try await store.mailed("012345"))
        #expect(try await store.prove("012345", for: "cancel", of: first, now: .at(1)) == false)
        #expect(try await store.prove("999999", for: "address", of: first, now: .at(1)) == false)
        #expect(try await store.prove("012345", for: "address", of: first, now: .at(901)) == false, "too late")
        #expect(try await store.prove("012345", for: "address", of: first, now: .at(899)))
        #expect(try await store.prove("012345", for: "address", of: first, now: .at(899)) == false, "a second time")
        // A new one makes an end of the one before.
        #expect(try await store.mailed("111111", at: .at(1000)))
        #expect(try await store.mailed("222222", at: .at(1001)))
        #expect(try await store.prove("111111", for: "address", of: first, now: .at(1002)) == false)
        #expect(try await store.prove("222222", for: "address", of: first, now: .at(1002)))
    }

    @Test("five wrong codes make an end of the right one", arguments: StoreKind.allCases)
    func wrong(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        _ = try await store.placed(1)
        _ = try await store.mailed("012345")
        for _ in 0..<Store.pageCodeTries {
            #expect(try await store.prove("999999", for: "address", of: first, now: .at(1)) == false)
        }
        #expect(try await store.prove("012345", for: "address", of: first, now: .at(2)) == false)
    }

    @Test("a pass is of one page and ends, and a new code takes it away", arguments: StoreKind.allCases)
    func passes(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        _ = try await store.placed(1)
        _ = try await store.mailed("012345")
        #expect(try await store.holds(pass: pass, for: "address", of: first, now: .at(1)) == false)
        #expect(try await store.prove("012345", for: "address", of: first, pass: pass, now: .at(1)))
        #expect(try await store.holds(pass: pass, for: "address", of: first, now: .at(1800)))
        #expect(try await store.holds(pass: pass, for: "cancel", of: first, now: .at(2)) == false)
        #expect(
            try await store.holds(pass: [UInt8](repeating: 4, count: 32), for: "address", of: first, now: .at(2))
                == false)
        #expect(try await store.holds(pass: pass, for: "address", of: first, now: .at(1801)) == false, "over")
        _ = try await store.mailed("123456", at: .at(3))
        #expect(try await store.holds(pass: pass, for: "address", of: first, now: .at(4)) == false)
        // Whoever is erased has none, and the rest of the store forgets the row with the order.
        _ = try await store.erase(address: "robin@example.com", shop: shop, now: .at(5))
        #expect(try await store.prove("123456", for: "address", of: first, now: .at(6)) == false)
    }
}

@Suite("Acts of which no event tells yet") struct UntoldActsTests {
    @Test("an act that ends is kept until it is told, and a look can be put off", arguments: StoreKind.allCases)
    func acts(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let event = try await store.placed(1)
        var effect = Effect(
            to: Route(shop: shop, channel: .shop), isContact: false, trigger: "late", line: "tag_order:late",
            keys: ["one"], event: event, dueAt: t0, createdAt: t0)
        effect.state = .ready
        effect.decidedAt = t0
        let message = Message(
            id: "act_1", kind: .shop, envelope: Message.Envelope(), bytes: [123, 125], summary: "a tag")
        _ = try await store.commitPlan(
            [
                Plan(
                    shop: shop, doneEvents: [event.id],
                    changes: [
                        PlannedChange(
                            effect: effect, note: DecisionNote(at: t0, state: .ready, reason: nil), message: message)
                    ])
            ], now: t0)
        #expect(try await store.untoldActs(shop: shop, limit: 9, now: .at(9)).isEmpty)
        let claims = try await store.claim(
            Route(shop: shop, channel: .shop), limit: 9, owner: "a", lease: .minutes(1), now: .at(1))
        let begun = try await store.begin(claims, lease: .minutes(1), now: .at(1)).begun
        _ = try await store.finish(
            begun.map {
                AttemptOutcome(claim: $0, verdict: .accepted(receipt: "ok"), results: ["changed": "true"])
            }, now: .at(2))
        let act = try #require(try await store.untoldActs(shop: shop, limit: 9, now: .at(2)).first)
        #expect(act.effect.state == .sent && act.results == ["changed": "true"])
        try await store.told(act, lookAt: .at(60), now: .at(3))
        #expect(try await store.untoldActs(shop: shop, limit: 9, now: .at(59)).isEmpty)
        #expect(try await store.untoldActs(shop: shop, limit: 9, now: .at(60)) == [act])
        try await store.told(act, now: .at(61))
        #expect(try await store.untoldActs(shop: shop, limit: 9, now: .at(99)).isEmpty)
        // What the event tells of it, until its order is erased.
        let question = HistoryQuestion(
            shop: shop, orderID: facts(1).id, subject: .order, address: nil, customerID: nil)
        var asking = question
        asking.action = act.effect.id
        let told = try await store.history(for: [asking], now: .at(99))[0].action
        #expect(told?.verb == "tag_order" && told?.value == "late" && told?.by == "late" && told?.reason == nil)
        _ = try await store.erase(address: "robin@example.com", shop: shop, now: .at(100))
        #expect(try await store.history(for: [asking], now: .at(101))[0].action == nil)
    }
}
