import Delivery
import Foundation
import Outreach
import Platform
import Store
import Testing

@testable import Daemon

private let shop = "juniperfig.myshopify.com"
private let returnID = "gid://shopify/Return/9"

/// Returns over a real store: what is decided, done at the desk and in the shop, with answers that are lost.
private struct ReturnBench {
    let bench: ActionBench
    let post: ShopPost

    static let line = "{ approve: true, label: we_pay, offer: [exchange, store_credit, refund], refund_when: received }"

    init(_ line: String = line) async throws {
        let plans = try await Plans(
            [
                "decide": "on: return.requested\ndo: approve_return",
                "settle": "on: return.received\ndo: settle_return",
                "tell": "on: return.approved\nsend: { email: { template: note } }",
            ], policy: "amounts_in: GBP\nreturns: { first_that_fits: [\(line)] }\n")
        bench = ActionBench(plans: plans)
        let context = plans.context
        post = ShopPost([
            shop: ShopPost.Office(brand: { context.rules.inForce.set.settings.brand }, sender: nil, wake: Wake())
        ])
    }

    var store: Store { bench.plans.store }
    var now: Moment { bench.plans.now }
    var desk: ReturnDesk {
        ReturnDesk(store: store, planner: { [context = bench.plans.context] _ in context.rules.planner })
    }

    /// The order as the shop shows it, with its return in that state.
    func see(_ status: ReturnFacts.Status?, received: Bool = false, refunded: Bool = false) async throws {
        bench.plans.holder.pass(.minutes(1))
        try await bench.see(1) { facts in
            facts.createdAt = Moment(iso8601: "2026-11-18T09:00:00Z")! + .seconds(1)
            facts.processedAt = facts.createdAt
            facts.lineItems[0].total = facts.total
            facts.fulfillments = [
                FulfillmentFacts(
                    id: "gid://shopify/Fulfillment/1", name: "#1-F1", status: .success, createdAt: facts.createdAt,
                    updatedAt: facts.createdAt, tracking: [],
                    lineItems: [QuantityFacts(lineItemID: facts.lineItems[0].id, quantity: 2)])
            ]
            guard let status else { return }
            var item = ReturnFacts(
                id: returnID, name: "#1-R1", status: status, createdAt: now,
                lineItems: [QuantityFacts(lineItemID: facts.lineItems[0].id, quantity: 1)])
            item.approvedAt = status == .open ? now : nil
            item.received = received
            facts.returns = [item]
            if refunded {
                facts.refunds = [
                    RefundFacts(
                        id: "gid://shopify/Refund/6", createdAt: now, total: Money(amount: 20, currency: "GBP"),
                        returnID: returnID)
                ]
            }
        }
        try await bench.plans.work()
    }

    /// Does what is ready at the desk.
    func sit() async throws {
        let channel = DeskChannel(
            context: bench.plans.context, store: store, post: post,
            journal: ConversationJournal(
                metrics: DaemonMetrics(), newEvents: Wake(), newMail: Wake(), logger: bench.plans.logger))
        let route = Route(shop: shop, channel: .desk)
        for claim in try await store.claim(route, limit: 50, owner: "t", lease: .minutes(15), now: now) {
            guard let begun = try await store.begin([claim], lease: .minutes(15), now: now).begun.first else {
                continue
            }
            // The channel may be asked again after a crash.
            _ = try await channel.send(begun.message, at: now)
            let verdict = try await channel.send(begun.message, at: now)
            _ = try await store.finish(
                [AttemptOutcome(claim: begun, verdict: verdict, nextAttemptAt: now + .seconds(5))], now: now)
        }
    }

    func record() async throws -> OrderRecord {
        let id = "gid://shopify/Order/1"
        return try #require(try await store.load(shop: shop, orderIDs: [id])[id])
    }

    /// What she asks for on the page.
    func ask(_ wish: ReturnWish?) async throws -> ActionOutcome {
        let record = try await record()
        let lines = [QuantityFacts(lineItemID: record.facts.lineItems[0].id, quantity: 1)]
        return try await desk.ask(
            ReturnDraft(lines: lines, reason: .tooSmall, wish: wish), of: record, now: now)
    }

    func notes() async throws -> [String] {
        guard let number = try await store.openConversation(about: "gid://shopify/Order/1", shop: shop),
            let record = try await store.conversations([number], shop: shop, now: now)[number]
        else { return [] }
        return record.messages.filter { $0.direction == .note }.map(\.text)
    }
}

extension ActionBench {
    fileprivate init(plans: Plans) { self.plans = plans }
}

/// What the shop answers to each action on a return.
private let shopDoes: @Sendable (ActionCommand, Int) -> AttemptAnswer = { command, _ in
    switch command.action {
    case .requestReturn(let draft):
        var results = ["return": returnID]
        results["wish"] = draft.wish?.rawValue
        return AttemptAnswer(.accepted(receipt: returnID), results: results)
    case .approveReturn(let id, let terms):
        return AttemptAnswer(.accepted(receipt: id), results: terms.results.merging(["return": id]) { own, _ in own })
    case .settleReturn:
        return AttemptAnswer(.accepted(receipt: "gid://shopify/Refund/6"), results: ["return": returnID])
    default: return AttemptAnswer(.accepted(receipt: "done"))
    }
}

@Suite("Returns, from the page to the money", .timeLimit(.minutes(5)))
struct ReturnsTests {
    @Test(
        "are asked for, approved by the policy, told of, and paid once as she wished",
        arguments: [
            ReturnWish.refund, .storeCredit,
        ])
    func whole(_ wish: ReturnWish) async throws {
        let it = try await ReturnBench()
        try await it.see(nil)
        guard case .decided(let asked, .ready) = try await it.ask(wish) else {
            Issue.record("it is not asked for")
            return
        }
        #expect(try await it.ask(wish) == .already(effect: asked, .ready))
        #expect(try await it.desk.standing(of: it.record(), now: it.now)?.isAsking == true)
        // The answer is lost once, and what is looked for is found.
        try await it.bench.serve { _, _ in
            AttemptAnswer(.deferred(Failure(reason: "timeout", detail: "no answer", inDoubt: true)))
        }
        it.bench.plans.holder.pass(.seconds(6))
        try await it.bench.serve(shopDoes)
        // Until the shop shows it, it is on its way.
        #expect(try await it.desk.standing(of: it.record(), now: it.now)?.isAsking == true)

        try await it.see(.requested)
        #expect(try await it.desk.standing(of: it.record(), now: it.now)?.isAsking == false)
        #expect(try await it.bench.effects().filter { $0.line == "approve_return" }.map(\.channel) == [.desk])
        try await it.sit()
        #expect(try await it.bench.effects().filter { $0.line == "approve_return" && $0.channel == .shop }.count == 1)
        try await it.bench.serve(shopDoes)
        let order = OrderKey(shop: shop, orderID: "gid://shopify/Order/1")
        let story = try await it.store.returnStory(returnID, order: order)
        #expect(story?.wish == wish && story?.shopPaysLabel == true && story?.terms?.refundWhen == .received)

        try await it.see(.open)
        #expect(try await it.bench.state("email") == "ready")
        try await it.see(.open, received: true)
        try await it.sit()
        try await it.bench.serve { command, _ in
            guard case .settleReturn(returnID, let way, let most, _) = command.action else {
                Issue.record("\(command.action)")
                return shopDoes(command, 0)
            }
            #expect(way == wish && most == Money(amount: 20, currency: "GBP"))
            return AttemptAnswer(.deferred(Failure(reason: "timeout", detail: "no answer", inDoubt: true)))
        }
        it.bench.plans.holder.pass(.seconds(6))
        try await it.bench.serve(shopDoes)
        try await it.see(.open, received: true, refunded: true)
        try await it.sit()
        let paid = try await it.bench.effects().filter { $0.line == "settle_return" && $0.channel == .shop }
        #expect(paid.map(\.state) == [.sent])
        #expect(try await it.notes().isEmpty)
        // It is no goodwill: the budget of remedies knows nothing of it, and the ceiling of refunds does.
        let day = it.now - .days(1)
        #expect(
            try await it.store.spent(of: .remedies, shop: shop, since: day, currency: "GBP") == GiftHistory.Spent())
        #expect(
            try await it.store.spent(of: .remedies, only: .refund, shop: shop, since: day, currency: "GBP")
                == GiftHistory.Spent(sum: 2000, count: 1))
    }

    @Test("that the policy refuses, or leaves to a person, come to that and to nothing else")
    func others() async throws {
        let refusing = try await ReturnBench("{ refuse: period-ended }")
        try await refusing.see(.requested)
        try await refusing.sit()
        try await refusing.bench.serve { command, _ in
            #expect(command.action == .declineReturn(id: returnID, because: .periodEnded))
            return AttemptAnswer(.accepted(receipt: returnID))
        }
        #expect(try await refusing.bench.effects().count { $0.channel == .shop } == 1)
        let person = try await ReturnBench("{ hand_over: asked after 30 days }")
        try await person.see(.requested)
        try await person.sit()
        let notes = try await person.notes()
        #expect(notes.count == 1 && notes[0].contains("asked after 30 days"))
        #expect(try await person.bench.effects().contains { $0.channel == .shop } == false)
        let effect = try #require(try await person.bench.effects().first { $0.line == "approve_return" })
        let decisions = try await person.store.effectStory(effect.id, shop: shop)?.story.decisions ?? []
        #expect(
            decisions.compactMap(\.detail) == ["handed over: asked after 30 days; 'returns' of policy.yaml, line 2"])
    }

    @Test("of which she wishes an exchange are a person's once the goods are here")
    func exchange() async throws {
        let it = try await ReturnBench()
        try await it.see(nil)
        _ = try await it.ask(.exchange)
        try await it.bench.serve(shopDoes)
        try await it.see(.requested)
        try await it.sit()
        try await it.bench.serve(shopDoes)
        try await it.see(.open)
        try await it.see(.open, received: true)
        try await it.sit()
        #expect(try await it.notes().contains { $0.contains("she would like an exchange") })
        #expect(try await it.bench.effects().contains { $0.line == "settle_return" && $0.channel == .shop } == false)
    }

    @Test("that a person approved are paid by a person")
    func byHand() async throws {
        let it = try await ReturnBench()
        try await it.see(.open)
        try await it.see(.open, received: true)
        #expect(try await it.bench.state("settle_return") == "skipped needs_person")
    }

    @Test("pass no ceiling for refunds, and what cannot be done from here goes to a person")
    func ceiling() async throws {
        let it = try await ReturnBench()
        try await it.see(nil)
        _ = try await it.ask(.refund)
        try await it.bench.serve(shopDoes)
        try await it.see(.requested)
        try await it.sit()
        try await it.bench.serve(shopDoes)
        try await it.see(.open)
        try await it.see(.open, received: true)
        var ceiling = ActionCeiling()
        ceiling.each = 19
        var planner = it.bench.plans.context.rules.planner
        planner.actionCeilings = ["refund": ceiling]
        let action = ShopAction.settleReturn(
            id: returnID, as: .refund, atMost: Money(amount: 20, currency: "GBP"), expiresOn: nil)
        let request = ActionRequest(
            action, order: "gid://shopify/Order/1", origin: .system, by: "returns", key: "ceiling", why: "")
        guard case .refused(let refusal) = try await it.store.decide(request, by: planner, now: it.now) else {
            Issue.record("20.00 are more than 19")
            return
        }
        #expect(refusal.reason == .budget && refusal.detail.contains("one may cost 19"))
        // What is refused at the desk is a person's, and told once however often it is tried.
        try await it.bench.see(1) { $0.cancelledAt = it.now }
        try await it.sit()
        let notes = try await it.notes()
        #expect(notes.count == 1 && notes[0].contains("is not done: the order is cancelled"))
        #expect(try await it.bench.effects().contains { $0.line == "settle_return" && $0.channel == .shop } == false)
    }
}
