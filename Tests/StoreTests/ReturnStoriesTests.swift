import Outreach
import Testing

@testable import Store

@Suite("What is known of a return")
struct ReturnStoriesTests {
    private static let id = "gid://shopify/Return/9"

    /// Something was done in the shop for an order, and brought that; left ready if `results` is nil.
    private func act(
        _ line: String, of order: Int, _ results: [String: String]?, channel: ChannelName = .shop, in store: Store
    ) async throws {
        let route = Route(shop: shop, channel: channel)
        var effect = Effect(
            to: route, origin: .system, isContact: false, by: "returns", line: line, keys: ["\(line) \(order)"],
            about: .order("gid://shopify/Order/\(order)"), dueAt: t0, createdAt: t0)
        (effect.state, effect.decidedAt) = (.ready, t0)
        let message = Message(id: "\(line)-\(order)", kind: channel, envelope: .init(), bytes: [1], summary: line)
        let change = PlannedChange(
            effect: effect, note: DecisionNote(at: t0, state: .ready, reason: nil), message: message)
        _ = try await store.commitPlan([Plan(shop: shop, changes: [change])], now: t0)
        guard let results else { return }
        let claims = try await store.claim(route, limit: 5, owner: "t", lease: .minutes(1), now: t0)
        let begun = try await store.begin(claims, lease: .minutes(1), now: t0).begun
        _ = try await store.finish(
            begun.map { AttemptOutcome(claim: $0, verdict: .accepted(receipt: ""), results: results) }, now: t0)
    }

    @Test(
        "is what the actions on it brought: what she wishes, and on what terms it was approved",
        arguments: StoreKind.allCases)
    func story(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.placed(1)
        try await store.placed(2)
        func story(_ order: Int, _ id: String = Self.id) async throws -> ReturnStory? {
            try await store.returnStory(id, order: OrderKey(shop: shop, orderID: "gid://shopify/Order/\(order)"))
        }
        #expect(try await story(1) == nil)
        try await act("request_return", of: 1, ["return": Self.id, "wish": "store_credit"], in: store)
        #expect(try await story(1) == ReturnStory(wish: .storeCredit))
        let terms = ReturnTerms(label: .wePay, offer: [.refund, .storeCredit], refundWhen: .received)
        try await act(
            "approve_return", of: 1, terms.results.merging(["return": Self.id]) { own, _ in own }, in: store)
        #expect(try await story(1) == ReturnStory(wish: .storeCredit, terms: terms))
        // Of another return, another order, another action, or before it is done, it is nothing.
        #expect(try await story(1, "gid://shopify/Return/8") == nil)
        #expect(try await story(2) == nil)
        #expect(try await story(3) == nil)
        try await act("settle_return", of: 2, ["return": Self.id, "wish": "refund"], in: store)
        try await act("approve_return", of: 2, nil, in: store)
        #expect(try await story(2) == nil)
        var question = HistoryQuestion(
            shop: shop, orderID: "gid://shopify/Order/1", subject: .return(Self.id), address: nil, customerID: nil)
        #expect(try await store.history(for: [question], now: t0).first?.returned == nil)
        question.returned = Self.id
        #expect(try await store.history(for: [question], now: t0).first?.returned?.terms == terms)
    }
}
