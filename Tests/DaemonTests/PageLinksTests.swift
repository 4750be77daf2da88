import Delivery
import Foundation
import Outreach
import Store
import Testing

@testable import Daemon

private let shop = "juniperfig.myshopify.com"
private let url = "https://track.juniperfig.example"

@Suite("Links to the shopper's pages, in mails")
struct PageLinksTests {
    private static let letter = """
        {% if tracking_page_url %}[Look]({{ tracking_page_url }}){% else %}No page.{% endif %}

        {% if preferences_url %}[Choose]({{ preferences_url }}){% endif %}
        """

    private func effect(_ plans: Plans, _ order: Int = 1) async throws -> Effect {
        let key = OrderKey(shop: shop, orderID: "gid://shopify/Order/\(order)")
        let all = try await plans.store.effects(ofOrders: [key], states: Set(Effect.State.allCases))
        return try #require(all[key]?.first)
    }

    private func text(_ message: Message?) throws -> String {
        let message = try #require(message)
        return try #require(OpenedMail(message.bytes)).text
    }

    private func sent(_ plans: Plans) async throws -> String {
        try text(try await plans.store.effectStory(try await effect(plans).id, shop: shop)?.message)
    }

    /// The link of that purpose in a text.
    private func link(_ purpose: SealedLink.Purpose, in text: String, _ plans: Plans) -> SealedLink? {
        let found = text.matches(of: /\/p\/1\/juniperfig\/[a-z]+\/[A-Za-z0-9_-]+/).compactMap {
            SealedLink(path: String($0.0), shops: [shop], keys: plans.store.linkKeys)
        }
        return found.first { $0.purpose == purpose }
    }

    @Test("a mail has sealed links to its order's pages where they are served, and none where not")
    func links() async throws {
        let plans = try await Plans(["placed": "on: order.placed"], pages: url, letter: Self.letter)
        try await plans.see(1)
        try await plans.work()
        let text = try await sent(plans)
        for purpose in [SealedLink.Purpose.track, .preferences] {
            let link = try #require(self.link(purpose, in: text, plans), "\(text)")
            #expect(link.orderID == "gid://shopify/Order/1")
            #expect(link.addressKey == plans.store.addressKey("robin@shopper.example"))
        }
        #expect(text.contains("\(url)/p/1/juniperfig/track/"))
        let without = try await Plans(["placed": "on: order.placed"], letter: Self.letter)
        try await without.see(1)
        try await without.work()
        #expect(try await sent(without).contains("No page."))
    }

    @Test("a message that is written again, days later, has the same links")
    func steady() async throws {
        let plans = try await Plans(["placed": "on: order.placed"], pages: url, letter: Self.letter)
        try await plans.see(1)
        try await plans.work()
        let effect = try await effect(plans)
        let key = OrderKey(shop: shop, orderID: "gid://shopify/Order/1")
        let record = try #require(try await plans.store.load(shop: shop, orderIDs: [key.orderID])[key.orderID])
        var texts: [String] = []
        for days in [0, 1, 40] {
            let outcome = await plans.maker.make(
                effect, record: record, history: History(), planner: plans.context.rules.planner,
                now: plans.now + .days(days), date: plans.now)
            guard case .message(let message, _) = outcome else { continue }
            texts.append(try text(message))
        }
        #expect(texts.count == 3 && Set(texts).count == 1)
        #expect(texts.first == (try await sent(plans)))
    }

    @Test("in shadow mode a message has links that open nothing, so none is in what is kept or compared")
    func shadow() async throws {
        let plans = try await Plans(["placed": "on: order.placed\nmode: shadow"], pages: url, letter: Self.letter)
        try await plans.see(1)
        try await plans.work()
        let effect = try await effect(plans)
        #expect(effect.state == .shadowed)
        if let message = try await plans.store.effectStory(effect.id, shop: shop)?.message {
            let text = try text(message)
            #expect(text.contains("\(url)/p/example/track"))
            #expect(link(.track, in: text, plans) == nil && link(.preferences, in: text, plans) == nil)
        }
        let id = "gid://shopify/Order/1"
        let record = try #require(try await plans.store.load(shop: shop, orderIDs: [id])[id])
        let outcome = await plans.maker.make(
            effect, record: record, history: History(), planner: plans.context.rules.planner, now: plans.now)
        guard case .message(let message, _) = outcome else { throw CancellationError() }
        let made = try text(message)
        #expect(made.contains("\(url)/p/example/track"))
    }

    @Test("a mail to the shop itself has the order's page, and not the shopper's choices")
    func merchant() async throws {
        let plans = try await Plans(
            ["placed": "on: order.placed\nsend: { email: { to: merchant, template: note } }"],
            shopSettings: "notify: help@juniperfig.example\n", pages: url, letter: Self.letter)
        try await plans.see(1)
        try await plans.work()
        let text = try await sent(plans)
        #expect(link(.track, in: text, plans) != nil && link(.preferences, in: text, plans) == nil, "\(text)")
    }
}
