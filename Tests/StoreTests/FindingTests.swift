import Outreach
import Testing

@testable import Store

@Suite("What people look for")
struct FindingTests {
    @Test("an order is found by its message, by the number on its parcel, by its name", arguments: StoreKind.allCases)
    func found(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        _ = try await store.openShop("orchid.example", now: t0)
        var order = record(1)
        order.shipments = [
            Shipment(
                id: "F/1", fulfillmentID: "F", tracking: TrackingFacts(company: "UPS", number: "1Z999", url: nil))
        ]
        let placed = try await store.commit([learned(order, events: [event(order: 1)])], now: t0).events[0]
        let key = OrderKey(shop: shop, orderID: facts(1).id)
        #expect(try await store.pendingEvents(of: key) == [placed.id])
        let effect = try await store.ready(placed, message: mail("m1@juniperfig.example"))
        #expect(try await store.pendingEvents(of: key).isEmpty)
        #expect(try await store.order(ofMessage: "m1@juniperfig.example") == key)
        #expect(try await store.order(ofMessage: "m2@juniperfig.example") == nil)
        #expect(try await store.orders(ofTrackingNumber: "1Z999", shop: shop) == [key])
        #expect(try await store.orders(ofTrackingNumber: "1Z998", shop: shop).isEmpty)
        // It stands in the record, and is no parcel's.
        #expect(try await store.orders(ofTrackingNumber: "Fig jam", shop: shop).isEmpty)
        #expect(try await store.names(shop: shop, orderIDs: [facts(1).id, "none"]) == [facts(1).id: "#1"])
        #expect(try await store.orders(withID: facts(1).id) == [key])
        #expect(try await store.orders(withID: facts(1).id, shop: "orchid.example").isEmpty)
        #expect(try await store.shops(withEffect: effect.id) == [shop])
    }

    @Test("what waits for its template is told by trigger, and can be tried at once", arguments: StoreKind.allCases)
    func unwritten(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let placed = try await store.placed(1)
        var effect = Effect(
            to: .mail(shop: shop), isContact: true, trigger: "thanks", line: "email", keys: ["k"], event: placed,
            dueAt: .at(3_600), createdAt: t0, reason: .template)
        effect.detail = "placed.md:4"
        let written = try await store.commitPlan(
            [Plan(shop: shop, doneEvents: [placed.id], changes: [PlannedChange(effect: effect, note: nil)])], now: t0
        ).effects[0]
        let told = try await store.unwritten(shop: shop)
        #expect(told.map(\.trigger) == ["thanks"] && told.map(\.count) == [1] && told.map(\.since) == [t0])
        #expect(try await store.retry(effectID: written.id, now: .at(5)))
        #expect(try await store.dueEffects(shop: shop, limit: 9, now: .at(5)).map(\.id) == [written.id])
    }

    @Test("how orders looked when they were read is kept, and found for those that are asked about")
    func marks() async throws {
        let store = try await StoreKind.inMemory.make()
        let mark = ReadMark(orderID: "a", updatedAt: .at(1), readAt: .at(2), returns: "R:open")
        try await store.keepMarks(shop: shop, [mark])
        #expect(try await store.marks(shop: shop, orderIDs: ["a", "b"]) == ["a": mark])
    }

    @Test("what a trigger does beside a message is found with what it brought", arguments: StoreKind.allCases)
    func beside(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let placed = try await store.placed(1)
        let page = try await store.ready(placed, line: "email")
        let action = try await store.ready(placed, line: "webhook:codes")
        let claims = try await store.claim(action.route, limit: 1, owner: "p", lease: .minutes(1), now: t0)
        let begun = try await store.begin(claims, lease: .minutes(1), now: t0).begun
        _ = try await store.finish(
            [AttemptOutcome(claim: begun[0], verdict: .accepted(receipt: ""), results: ["code": "FIG-1"])], now: t0)
        let others = try await store.beside(page, lines: ["webhook:codes", "webhook:none"])
        #expect(others.map(\.line) == ["webhook:codes"] && others.map(\.state) == [.sent])
        #expect(others.map(\.results) == [["code": "FIG-1"]])
    }

    @Test("what waits for a label and would be asked soon is judged at once", arguments: StoreKind.allCases)
    func labels(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        for (number, seconds) in [30, 300].enumerated() {
            let placed = try await store.placed(number + 1)
            let effect = Effect(
                to: .mail(shop: shop), isContact: true, trigger: "label", line: "email", keys: ["\(number)"],
                event: placed, dueAt: .at(seconds), createdAt: t0, reason: .label)
            _ = try await store.commitPlan(
                [Plan(shop: shop, changes: [PlannedChange(effect: effect, note: nil)])], now: t0)
        }
        try await store.judgeLabels(shop: shop, within: .minutes(1), now: .at(1))
        #expect(try await store.dueEffects(shop: shop, limit: 9, now: .at(1)).map(\.keys) == [["0"]])
    }
}
