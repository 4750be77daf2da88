import Delivery
import Foundation
import Outreach
import Store
import Testing

@testable import Daemon

private let shop = "juniperfig.myshopify.com"

/// What Bookbag did in the shop comes back from Shopify as an event.
@Suite("What Bookbag did itself", .timeLimit(.minutes(5)))
struct OwnActionTests {
    private func see(_ plans: Plans, _ order: Int = 1, _ change: (inout OrderFacts) -> Void) async throws {
        var facts = OrderFacts(
            id: "gid://shopify/Order/\(order)", name: "#\(order)", createdAt: plans.now, updatedAt: plans.now)
        facts.email = "robin@shopper.example"
        facts.customer = CustomerFacts(id: "gid://shopify/Customer/7", email: "robin@shopper.example")
        change(&facts)
        _ = try await plans.learning.learn(
            [Observation(shop: shop, seenAt: plans.now, content: .order(facts))], of: plans.context, now: plans.now)
        try await plans.work()
    }

    private func refund(_ id: String, isOwn: Bool) -> RefundFacts {
        var refund = RefundFacts(id: id, createdAt: nil, total: Money(amount: 5, currency: "GBP"))
        if isOwn { refund.isOwn = true }
        return refund
    }

    @Test("is told as news by no trigger but one that asks for it, and that one hears nothing else")
    func causedBy() async throws {
        let plans = try await Plans([
            "all": "on: refund.issued\ncaused_by: anyone", "others": "on: refund.issued",
            "own": "on: refund.issued\ncaused_by: bookbag",
        ])
        try await see(plans) { _ in }
        plans.holder.pass(.minutes(1))
        try await see(plans) { $0.refunds = [refund("r1", isOwn: true)] }
        #expect(try await plans.effects(1) == ["all ready", "others skipped own_action", "own ready"])
        plans.holder.pass(.minutes(1))
        try await see(plans) { $0.refunds = [refund("r1", isOwn: true), refund("r2", isOwn: false)] }
        #expect(
            try await plans.effects(1) == [
                "all ready", "others skipped own_action", "own ready", "all ready", "others ready",
            ])
    }

    @Test("uses up the key under which its trigger would tell it, for good")
    func usedUp() async throws {
        let plans = try await Plans(["once": "on: [refund.issued, order.cancelled]\nonce_per: order"])
        try await see(plans) { _ in }
        plans.holder.pass(.minutes(1))
        try await see(plans) { $0.refunds = [refund("r1", isOwn: true)] }
        plans.holder.pass(.minutes(1))
        try await see(plans) { $0.refunds = [refund("r1", isOwn: true), refund("r2", isOwn: false)] }
        #expect(try await plans.effects(1) == ["once skipped own_action"])
    }

    @Test("is a hold, a cancellation and a second parcel's order by their marks, and somebody else's is not")
    func kinds() async throws {
        let plans = try await Plans([
            "held": "on: order.on_hold", "gone": "on: order.cancelled", "placed": "on: [order.placed, order.paid]",
        ])
        try await see(plans) { _ in }
        try await see(plans, 2) { _ in }
        plans.holder.pass(.minutes(1))
        try await see(plans) { ($0.holds, $0.ownHolds) = (["h1"], ["h1"]) }
        try await see(plans, 2) { ($0.cancelledAt, $0.isCancelledByUs) = (plans.now, true) }
        try await see(plans, 3) { ($0.replaces, $0.payment, $0.paidAt) = ("#1", .paid, plans.now) }
        try await see(plans, 4) { ($0.holds, $0.ownHolds) = (["h2", "h3"], ["h3"]) }
        #expect(try await plans.effects(1) == ["placed ready", "held skipped own_action"])
        #expect(try await plans.effects(2) == ["placed ready", "gone skipped own_action"])
        #expect(try await plans.effects(3) == ["placed skipped own_action", "placed skipped own_action"])
        #expect(try await plans.effects(4).contains("held ready"))
    }

    @Test("a second parcel counts in nobody's figures, brings no gift, and its news is told")
    func replacement() async throws {
        let plans = try await Plans(
            [
                "sent": "on: shipment.out_for_delivery\ndo: { give: sorry }\nsend: { email: { template: note } }",
                "rate": "on: shipment.delivered\nabout: ratings",
            ], senders: ", ratings_from: smile@juniperfig.example, reply_to: help@juniperfig.example",
            letter:
                "{% if gift %}{{ gift.code }}{% endif %}{% if order.replacement_for %}Your replacement for {{ order.replacement_for }}.{% endif %}",
            policy:
                "amounts_in: GBP\ngifts: { sorry: { discount: 10%, counts_as: 15.00, valid_for: 60 days } }\nbudgets: { gifts: 300.00 per month }\n"
        )
        try await see(plans) { _ in }
        try await see(plans, 2) { $0.replaces = "#1" }
        let question = HistoryQuestion(
            shop: shop, orderID: "gid://shopify/Order/1", subject: .order, address: nil,
            customerID: "gid://shopify/Customer/7")
        let history = try await plans.store.history(for: [question], now: plans.now)
        #expect(history[0].ordersLast30Days == 1)
        plans.holder.pass(.minutes(1))
        func parcel(_ state: ParcelState) -> FulfillmentFacts {
            FulfillmentFacts(
                id: "gid://shopify/Fulfillment/21", name: "#2.1", status: .success, createdAt: plans.now,
                updatedAt: plans.now, tracking: [TrackingFacts(company: "Royal Mail", number: "AB1")],
                scans: [Scan(id: "shopify/\(state.rawValue)", source: "shopify", time: plans.now, state: state)])
        }
        try await see(plans, 2) { ($0.replaces, $0.fulfillments) = ("#1", [parcel(.outForDelivery)]) }
        try await plans.wait(.seconds(31))
        #expect(try await plans.effects(2).contains("sent skipped own_action"))
        #expect(try await plans.effects(2).contains("sent ready"))
        plans.holder.pass(.minutes(1))
        try await see(plans, 2) { ($0.replaces, $0.fulfillments) = ("#1", [parcel(.delivered)]) }
        #expect(try await plans.effects(2).contains("rate skipped nothing_to_rate"))
    }
}
