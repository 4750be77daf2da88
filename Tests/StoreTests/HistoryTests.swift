import Outreach
import Testing

@testable import Store

@Suite("History and silences")
struct HistoryTests {
    private func question(_ number: Int, subject: Subject = .order, marketing: Bool = false) -> HistoryQuestion {
        HistoryQuestion(
            shop: shop, orderID: facts(number).id, subject: subject, address: "Robin@Example.com",
            customerID: "gid://shopify/Customer/7", stream: marketing ? .marketing : .order)
    }

    private func send(_ store: Store, _ effect: Effect, at now: Moment) async throws {
        let route = effect.route
        let claims = try await store.claim(route, limit: 99, owner: "p", lease: .minutes(5), now: now)
        let begun = try await store.begin(claims, lease: .minutes(5), now: now).begun
        _ = try await store.finish(begun.map { AttemptOutcome(claim: $0, verdict: .accepted(receipt: "ok")) }, now: now)
    }

    @Test("history counts what was sent to the shopper", arguments: StoreKind.allCases)
    func counts(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let first = try await store.placed(1)
        let delay = try await store.commit(
            [learned(record(2), events: [event(.shipmentDelayed, order: 2, subjects: ["shipment:F/1"], at: .at(30))])],
            now: .at(30)
        ).events[0]
        try await send(store, store.ready(first), at: .at(1))
        try await send(store, store.ready(first, line: "email:merchant", to: "owner@juniperfig.example"), at: .at(1))
        try await send(store, store.ready(first, line: "webhook:helpdesk"), at: .at(1))
        try await send(store, store.ready(delay, trigger: "delay", key: "s", at: .at(30)), at: .at(31))
        _ = try await store.ready(delay, trigger: "more", key: "s", at: .at(40))
        let answers = try await store.history(
            for: [question(1), question(2, subject: .shipment("F/1")), question(2), question(9)], now: .at(60))
        #expect(answers.map(\.messagesAboutOrder) == [1, 1, 1, 0])
        #expect(answers.map(\.messagesAboutSubject) == [1, 1, 0, 0])
        #expect(answers.map(\.messagesLast7Days) == [2, 2, 2, 2])
        #expect(answers.map(\.ordersLast30Days) == [2, 2, 2, 2])
        #expect(answers.map(\.lastProblemAt) == [.at(30), .at(30), .at(30), .at(30)])
        // Of the order itself it is no earlier one.
        #expect(answers.map(\.otherProblemAt) == [.at(30), nil, nil, .at(30)])
        let later = try await store.history(for: [question(1)], now: t0 + .days(40))
        #expect(later.map(\.messagesLast7Days) == [0])
        #expect(later.map(\.ordersLast30Days) == [0])
    }

    @Test("a guest is known by the address", arguments: StoreKind.allCases)
    func guest(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        var order = record(1)
        order.facts.customer = nil
        _ = try await store.commit(
            [learned(order, events: [event(.shipmentLost, order: 1, subjects: ["shipment:F/1"])])], now: t0)
        var asked = question(1)
        asked.customerID = nil
        let answer = try await store.history(for: [asked], now: .at(1))[0]
        #expect(answer.ordersLast30Days == 1)
        #expect(answer.lastProblemAt == t0 && answer.otherProblemAt == nil)
        asked.orderID = nil
        #expect(try await store.history(for: [asked], now: .at(1))[0].otherProblemAt == t0)
    }

    @Test(
        "a silence covers its scope and stream until it ends",
        arguments: StoreKind.allCases,
        [
            SilenceScope.address("ROBIN@example.com"), .customer("gid://shopify/Customer/7"),
            .order("gid://shopify/Order/1"),
        ])
    func silences(_ kind: StoreKind, _ scope: SilenceScope) async throws {
        let store = try await kind.make()
        try await store.silence(scope, shop: shop, reason: "handled", until: .at(60), now: t0)
        #expect(try await store.history(for: [question(1)], now: .at(59))[0].silenced)
        #expect(try await !store.history(for: [question(1)], now: .at(60))[0].silenced)
        try await store.silence(scope, shop: shop, stream: .marketing, reason: "opt_out", until: nil, now: t0)
        #expect(try await !store.history(for: [question(1)], now: .at(60))[0].silenced)
        #expect(try await store.history(for: [question(1, marketing: true)], now: .at(60))[0].silenced)
        #expect(try await store.silences(shop: shop, limit: 9, now: .at(1)).map(\.reason) == ["opt_out", "handled"])
        #expect(try await store.silences(of: scope, shop: shop, now: .at(61)).map(\.reason) == ["opt_out"])
        #expect(try await store.unsilence(scope, shop: shop, reason: "opt_out", now: .at(1)) == 1)
        #expect(try await store.unsilence(scope, shop: shop, now: .at(1)) == 1)
        #expect(try await store.silences(of: scope, shop: shop, now: t0).isEmpty)
    }

    @Test("a silence that is told again takes the later end", arguments: StoreKind.allCases)
    func extended(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let scope = SilenceScope.address("robin@example.com")
        for end in [Moment.at(60), .at(30)] {
            try await store.silence(scope, shop: shop, reason: "bounce", until: end, now: t0)
        }
        #expect(try await store.silences(of: scope, shop: shop, now: t0).map(\.endsAt) == [.at(60)])
        try await store.silence(scope, shop: shop, reason: "bounce", until: nil, now: t0)
        #expect(try await store.silences(of: scope, shop: shop, now: t0).map(\.endsAt) == [nil])
        let elsewhere = try await store.isSilenced(
            shop: shop, address: "wren@example.com", customerID: nil, orderID: "1", stream: .marketing, now: t0)
        #expect(!elsewhere)
    }
}
