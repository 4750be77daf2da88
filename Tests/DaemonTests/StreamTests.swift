import Foundation
import Outreach
import Store
import Testing

@testable import Daemon

private let shop = "juniperfig.myshopify.com"

@Suite("Streams of mail, from the file to the silence")
struct StreamTests {
    /// The header fields of the mail about order 1, unfolded.
    private func header(_ plans: Plans) async throws -> String {
        let key = OrderKey(shop: shop, orderID: "gid://shopify/Order/1")
        let effect = try #require(try await plans.store.effects(ofOrders: [key], states: [.ready])[key]?.first)
        let message = try #require(try await plans.store.effectStory(effect.id, shop: shop)?.message)
        let text = String(decoding: message.bytes, as: UTF8.self)
        return (text.components(separatedBy: "\r\n\r\n").first ?? "").replacing("\r\n ", with: " ")
    }

    @Test("a request for a rating has its own From and a way out, which ends ratings and nothing else")
    func ratings() async throws {
        let plans = try await Plans(
            ["asked": "on: order.placed\nabout: ratings", "told": "on: order.placed\nafter: 1 minute"],
            senders: ", ratings_from: smile@juniperfig.example, reply_to: help@juniperfig.example")
        try await plans.see(1)
        try await plans.work()
        let header = try await header(plans)
        #expect(header.contains("smile@juniperfig.example"))
        #expect(header.contains("Feedback-ID: asked:ratings:juniperfig:bookbag"))
        let match = try #require(
            header.firstMatch(
                of: /List-Unsubscribe:\s+<mailto:help@juniperfig\.example\?subject=unsubscribe%20([a-z2-7]+)>/))
        #expect(!header.contains("List-Unsubscribe-Post"))
        #expect(!match.output.1.contains("robin"))
        let tokens = plans.store.unsubscribeTokens
        let wish = try #require(
            tokens.wish(inSubject: "Re: unsubscribe \(match.output.1)", shops: ["other.example", shop]))
        #expect(wish.shop == shop && wish.stream == .ratings)
        try await plans.store.silence(
            .addressKey(wish.addressKey), shop: wish.shop, stream: wish.stream, reason: "opt_out", until: nil,
            now: plans.now)
        try await plans.see(2)
        try await plans.wait(.minutes(1))
        #expect(try await plans.effects(2) == ["asked skipped silenced", "told ready"])
        // It stands for the address, by whatever name it is asked for.
        let standing = try await plans.store.silences(
            of: .address("Robin@shopper.example"), shop: shop, now: plans.now)
        #expect(standing.map(\.stream) == [.ratings])
    }

    @Test("marketing names our own page, which a mail program may post to, once such pages are served")
    func marketing() async throws {
        let plans = try await Plans(
            ["offer": "on: order.placed\nabout: marketing"], senders: ", marketing_from: news@juniperfig.example",
            pages: "https://track.juniperfig.example")
        try await plans.see(1, subscribed: true)
        try await plans.work()
        let header = try await header(plans)
        let match = try #require(header.firstMatch(of: /<https:\/\/track\.juniperfig\.example(\/p\/[^>]+)>/))
        #expect(header.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"))
        let link = SealedLink(path: String(match.1), shops: [shop], keys: plans.store.linkKeys)
        #expect(link?.purpose == .stop && link?.orderID == "gid://shopify/Order/1")
        #expect(link?.addressKey == plans.store.addressKey("robin@shopper.example"))
    }

    @Test("news of an order has no way out, and a silence of it leaves what she needs in hand")
    func order() async throws {
        let plans = try await Plans([
            "placed": "on: order.placed", "door": "on: shipment.out_for_delivery",
            "pickup": "on: shipment.ready_for_pickup",
        ])
        try await plans.see(1)
        try await plans.work()
        #expect(try await !header(plans).contains("List-Unsubscribe"))
        try await plans.store.silence(
            .address("robin@shopper.example"), shop: shop, stream: .order, reason: "opt_out", until: nil,
            now: plans.now)
        try await plans.see(2, parcels: [("A", .outForDelivery)])
        try await plans.work()
        try await plans.see(2, parcels: [("A", .readyForPickup)])
        try await plans.work()
        #expect(
            try await plans.effects(2).sorted() == [
                "door skipped silenced", "pickup ready", "placed skipped silenced",
            ])
        try await plans.store.silence(
            .address("robin@shopper.example"), shop: shop, reason: "bounce", until: nil, now: plans.now)
        try await plans.see(3, parcels: [("B", .readyForPickup)])
        try await plans.work()
        #expect(try await plans.effects(3).sorted() == ["pickup skipped silenced", "placed skipped silenced"])
    }
}
