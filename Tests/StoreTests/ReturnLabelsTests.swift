import Foundation
import Outreach
import Testing

@testable import Store

@Suite("Labels that count")
struct LabelStoreTests {
    private static let returnID = "gid://shopify/Return/9"
    private let route = Route(shop: shop, channel: .shop)

    private func planner() throws -> Planner {
        let files = [
            "shop.yaml": "mode: live\nbrand: { name: Fig, from: orders@fig.example }\n",
            "policy.yaml": """
            amounts_in: GBP
            labels:
              at_most: 8.00
              parcel: 1 kg in 30 x 20 x 10 cm
              return_to: { company: Fig, street: 12 Fig Lane, city: Bristol, country: GB }
            budgets: { labels: 200.00 per month }
            """,
        ]
        let (set, faults) = TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) }))
        return Planner(
            triggers: try #require(set, "\(faults)"), inForceSince: [:], live: LiveSince(shop: t0 - .days(9)),
            shop: ShopProfile(domain: shop))
    }

    /// A return's label is decided, and stands in the outbox.
    private func decided(_ store: Store) async throws -> Effect {
        var record = record(1)
        var address = AddressFacts()
        (address.address1, address.countryCode) = ("1 Tea Street", "GB")
        record.facts.shippingAddress = address
        record.facts.returns = [ReturnFacts(id: Self.returnID, name: "#1-R1", status: .open, createdAt: t0)]
        let approved = event(.returnApproved, order: 1, subjects: ["return:\(Self.returnID)"])
        _ = try await store.commit([learned(record, events: [approved])], now: t0)
        let planner = try planner()
        let order = try LabelOrder(Self.returnID, of: record, planner.triggers.policy)
        let request = ActionRequest(
            .buyLabel(order), order: record.facts.id, origin: .system, by: "test", key: "one", why: "a test")
        let outcome = try await store.decide(request, by: planner, now: t0)
        guard case .decided(let id, .ready) = outcome, let effect = try await store.effect(id) else {
            Issue.record("it is not decided: \(outcome)")
            throw CancellationError()
        }
        // Another request for the same return gets none.
        let again = ActionRequest(
            .buyLabel(order), order: record.facts.id, origin: .system, by: "another", key: "two", why: "a test")
        guard case .refused(let refusal) = try await store.decide(again, by: planner, now: t0) else {
            Issue.record("a second label is decided")
            return effect
        }
        #expect(refusal.reason == .alreadyTold)
        return effect
    }

    private func attempt(
        _ store: Store, _ verdict: Verdict, _ results: [String: String], at moment: Moment
    ) async throws {
        let claims = try await store.claim(route, limit: 5, owner: "test", lease: .minutes(5), now: moment)
        let begun = try await store.begin(claims, lease: .minutes(5), now: moment).begun
        _ = try await store.finish(
            begun.map { AttemptOutcome(claim: $0, verdict: verdict, nextAttemptAt: moment, results: results) },
            now: moment)
    }

    /// The order is seen again, with what happened to its return.
    private func see(_ event: Event, in store: Store, at moment: Moment) async throws {
        let order = AggregateID.order("gid://shopify/Order/1")
        var known = try #require(try await store.records(of: [order], shop: shop, now: moment)[order])
        known.facts.updatedAt = moment
        let outcome = try await store.commit([learned(known, events: [event])], now: moment)
        #expect(outcome.events.count == 1)
    }

    private func spent(_ store: Store) async throws -> Int64 {
        try await store.spent(of: .labels, shop: shop, since: t0 - .days(1), currency: "GBP").sum
    }

    private func useless(_ store: Store, _ day: String = "2026-11-21") async throws -> [UselessLabel.Cause] {
        let noon = try #require(Moment(iso8601: "\(day)T12:00:00Z"))
        return try await store.uselessLabels(shop: shop, limit: 10, now: noon).map(\.cause)
    }

    private let later = Verdict.deferred(Failure(reason: "step", detail: ""))
    private let bought = [
        LabelResult.returned: returnID, LabelResult.rate: "r", LabelResult.bought: "b", LabelResult.cost: "545",
        LabelResult.voidOn: "2026-12-20",
    ]

    @Test("are corrected to their price, and are of no use when unused for too long", arguments: StoreKind.allCases)
    func unused(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        _ = try await decided(store)
        #expect(try await spent(store) == 800)
        try await attempt(store, later, bought, at: .at(10))
        #expect(try await spent(store) == 545)
        try await attempt(store, .accepted(receipt: ""), [:], at: .at(20))
        #expect(try await useless(store, "2026-12-19") == [])
        #expect(try await useless(store, "2026-12-20") == [.unused])
        // It is on its way.
        let moving = event(.returnInTransit, order: 1, subjects: ["return:\(Self.returnID)"], at: .at(30))
        try await see(moving, in: store, at: .at(30))
        #expect(try await useless(store, "2026-12-20") == [])
    }

    @Test("are of no use when their return has ended, or they could not be attached", arguments: StoreKind.allCases)
    func ended(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        _ = try await decided(store)
        try await attempt(store, later, bought, at: .at(10))
        try await attempt(store, .accepted(receipt: ""), [:], at: .at(20))
        let other = event(.returnCancelled, order: 1, subjects: ["return:gid://shopify/Return/8"], at: .at(30))
        try await see(other, in: store, at: .at(30))
        #expect(try await useless(store) == [])
        let own = event(.returnCancelled, order: 1, subjects: ["return:\(Self.returnID)"], at: .at(40))
        try await see(own, in: store, at: .at(40))
        #expect(try await useless(store) == [.ended])

        let second = try await kind.make()
        _ = try await decided(second)
        try await attempt(second, .refused(Failure(reason: "content", detail: "")), bought, at: .at(10))
        #expect(try await useless(second) == [.unattached])
        #expect(try await spent(second) == 545)
        let third = try await kind.make()
        _ = try await decided(third)
        try await attempt(third, .refused(Failure(reason: "content", detail: "")), [:], at: .at(10))
        #expect(try await useless(third) == [])
        #expect(try await spent(third) == 0)
    }

    @Test(
        "are taken back once, and are free when they are given back, but not when they are kept",
        arguments: StoreKind.allCases)
    func takenBack(_ kind: StoreKind) async throws {
        for isKept in [false, true] {
            let store = try await kind.make()
            let label = try await decided(store)
            try await attempt(store, later, bought, at: .at(10))
            try await attempt(store, .accepted(receipt: ""), [:], at: .at(20))
            var effect = Effect(
                to: route, origin: .system, isContact: false, by: "label.unused", line: "void_label",
                keys: ["label \(label.id)"], about: nil, dueAt: .at(30), createdAt: .at(30))
            effect.state = .ready
            effect.decidedAt = .at(30)
            var change = PlannedChange(
                effect: effect, note: DecisionNote(at: .at(30), state: .ready, reason: nil),
                message: Message(
                    id: "void", kind: .shop, envelope: Message.Envelope(), bytes: [1], summary: "void"))
            change.takesBackGift = label.id
            _ = try await store.commitPlan([Plan(shop: shop, changes: [change])], now: .at(30))
            #expect(try await useless(store, "2026-12-31") == [])
            #expect(try await spent(store) == 545)
            try await attempt(store, .accepted(receipt: ""), isKept ? [LabelResult.kept: "used"] : [:], at: .at(40))
            #expect(try await spent(store) == (isKept ? 545 : 0))
        }
    }
}
