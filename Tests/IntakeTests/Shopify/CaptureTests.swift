import Foundation
import Outreach
import Testing

@testable import Intake

/// Answers of real shops, which are not part of the project: where they are absent, these tests are left out and say so.
enum Captures {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "../shared/shopify/samples/graphql").standardized

    static let arePresent: Bool = {
        let present = FileManager.default.fileExists(atPath: folder.path)
        if !present { print("left out: recorded answers of Shopify are not there (\(folder.path))") }
        return present
    }()

    static func load(_ name: String) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(contentsOf: folder.appending(path: name + ".json")))
    }

    static func all() throws -> [Any] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") }.sorted()
            .map { try load(String($0.dropLast(5))) }
    }

    /// Every object in it, outermost first.
    static func objects(in value: Any) -> [[String: Any]] {
        if let object = value as? [String: Any] { return [object] + object.values.flatMap(objects) }
        if let list = value as? [Any] { return list.flatMap(objects) }
        return []
    }
}

@Suite("Recorded answers", .enabled(if: Captures.arePresent, "../shared/shopify/samples is absent")) struct CaptureTests
{
    private func every(_ type: String, having keys: [String]) throws -> [[String: Any]] {
        try Captures.all().flatMap(Captures.objects).filter { object in
            (object["id"] as? String)?.hasPrefix("gid://shopify/\(type)/") == true
                && keys.allSatisfy { object[$0] != nil }
        }
    }

    @Test("every recorded fulfillment with its events becomes scans")
    func fulfillments() throws {
        let keys = ["createdAt", "updatedAt", "trackingInfo", "events", "fulfillmentLineItems", "displayStatus"]
        let found = try every("Fulfillment", having: keys)
        #expect(found.count >= 10)
        var scans: [Scan] = []
        for json in found {
            let wire = try decode(WireFulfillment.self, json)
            let facts = FulfillmentFacts(
                wire, events: wire.events.nodes, complete: true, lines: wire.fulfillmentLineItems.nodes, zone: .utc)
            #expect(facts.status != .unknown)
            #expect(Set(facts.scans.map(\.id)).count == facts.scans.count)
            scans += facts.scans
        }
        #expect(scans.contains { $0.state == .inTransit && $0.estimate == CalendarDay(iso8601: "2026-04-27") })
    }

    @Test("every recorded event is read")
    func events() throws {
        let found = try every("FulfillmentEvent", having: ["happenedAt", "status"])
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

    @Test("goods that were disposed of have arrived; the label and its tracking are found")
    func returns() throws {
        let orders = try every("ReverseFulfillmentOrder", having: ["lineItems", "reverseDeliveries"])
        #expect(!orders.isEmpty)
        for json in orders { _ = try decode(WireReverseFulfillmentOrder.self, json) }
        let deliveries = try every("ReverseDelivery", having: ["deliverable"])
            .map { ReverseDeliveryFacts(try decode(WireReverseDelivery.self, $0)) }
        #expect(
            deliveries.contains {
                $0.labelURL?.hasPrefix("https://example.com/labels/") == true && $0.tracking?.number != nil
            })
    }

    @Test("customers and refund lines are read")
    func people() throws {
        let customers = try every("Customer", having: ["numberOfOrders"])
        #expect(!customers.isEmpty)
        for json in customers {
            let facts = CustomerFacts(try decode(WireCustomer.self, json), order: "", placedAt: .distantFuture)
            #expect(facts.ordersCount >= 0)
        }
        for json in try every("LineItem", having: ["title", "quantity"]) {
            // Nobody asked for the shopper's currency when these were recorded.
            _ = try decode(WireLineItem.self, json.filter { !$0.key.hasSuffix("Set") })
        }
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

    private struct Anything: Decodable, Sendable {}

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
