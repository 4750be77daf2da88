import Doubles
import Foundation
import Testing

@testable import Shopify

@Suite("Recorded answers", .enabled(if: Captures.arePresent, "../shared/shopify/samples is absent")) struct CaptureTests
{
    private struct Anything: Decodable, Sendable {}

    @Test("every recorded event is read")
    func events() throws {
        let found = try Captures.every("FulfillmentEvent", having: ["happenedAt", "status"])
        #expect(found.count >= 5)
        for json in found { _ = try decode(WireFulfillmentEvent.self, json) }
    }

    @Test("several tracking numbers are several packages")
    func tracking() throws {
        let lists = Captures.objects(in: try Captures.load("2025-01__orders__fulfillment-multi-tracking-info"))
            .compactMap { $0["trackingInfo"] as? [[String: Any]] }
        #expect(lists.contains { $0.count > 1 })
        for list in lists { for json in list { _ = try decode(WireFulfillment.Tracking.self, json) } }
    }

    @Test("the cost of every recorded answer is read")
    func costs() throws {
        let found = try Captures.all().flatMap(Captures.objects).compactMap { $0["cost"] as? [String: Any] }
            .filter { $0["requestedQueryCost"] != nil }
        #expect(found.count > 100)
        for json in found {
            let cost = try decode(CostReport.self, json)
            #expect(cost.throttleStatus?.restoreRate == 100 || cost.throttleStatus == nil)
        }
    }

    @Test("the recorded search warning, refusal and shop are understood")
    func envelopes() throws {
        let warning = try Captures.load("2025-01__orders__search-warning-invalid-field") as! [String: Any]
        let envelope = try decode(Envelope<Anything>.self, warning["response"] as! [String: Any])
        #expect(envelope.searchWarning?.code == "invalid_field" && envelope.searchWarning?.field == "email")

        let denied = Captures.objects(in: try Captures.load("2026-04__orders__taxSummaryCreate-access-denied-parity"))
            .first { $0["errors"] != nil }
        let refusal = try decode(Envelope<Anything>.self, try #require(denied))
        #expect(
            ShopifyClient.failure(of: refusal.errors, hasData: refusal.data != nil, cost: refusal.cost)
                == .forbiddenScope(["write_taxes"]))

        let shop = try decode(
            Envelope<WireShopInfo>.self, Captures.load("2026-04__store-properties__shop-trimmed") as! [String: Any])
        #expect(shop.data?.shop.ianaTimezone == "America/Toronto")
    }

    @Test("a recorded page of orders is a page")
    func pages() throws {
        let pages = Captures.objects(in: try Captures.load("2026-04__orders__order-catalog-count-read"))
            .compactMap { $0["pageInfo"] as? [String: Any] }
        #expect(!pages.isEmpty)
        for json in pages { _ = try decode(PageInfo.self, json) }
    }
}
