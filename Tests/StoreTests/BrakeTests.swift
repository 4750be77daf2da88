import Outreach
import Testing

@testable import Store

@Suite("The brake")
struct BrakeTests {
    @Test("counts each shopper once, and neither the shop's own mail nor webhooks", arguments: StoreKind.allCases)
    func contacts(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let first = try await store.placed(1)
        let second = try await store.placed(2)
        _ = try await store.ready(first, at: .at(10))
        _ = try await store.ready(second, key: "second", at: .at(20))
        _ = try await store.ready(first, line: "email:merchant", to: "owner@juniperfig.example", at: .at(30))
        _ = try await store.ready(first, line: "webhook:helpdesk", at: .at(40))
        let contacts = try await store.contacts(shop: shop, since: .at(0))
        #expect(contacts == [store.shopperKey(of: "ROBIN@example.com"): .at(20)])
        #expect(contacts[store.shopperKey(of: "sam@example.com")] == nil)
        #expect(try await store.contacts(shop: shop, since: .at(20)).isEmpty)
    }

    @Test("that is released has what it held judged at once, and nothing else", arguments: StoreKind.allCases)
    func release(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let events = [try await store.placed(1), try await store.placed(2)]
        var plan = Plan(shop: shop, doneEvents: events.map(\.id))
        for (event, reason) in zip(events, [Reason.brake, .quietHours]) {
            let effect = Effect(
                to: route(of: "email"), isContact: true, trigger: "placed", line: "email", keys: [event.aggregate.key],
                event: event, dueAt: .at(3_600), createdAt: t0, reason: reason)
            plan.changes.append(PlannedChange(effect: effect, note: nil))
        }
        #expect(try await store.commitPlan([plan], now: t0).stale.isEmpty)
        #expect(try await store.releaseBrake(shop: shop, now: .at(60)) == 1)
        #expect(try await store.dueEffects(shop: shop, limit: 9, now: .at(60)).map(\.reason) == [.brake])
        #expect(try await store.nextDue(shop: shop) == .at(60))
    }
}
