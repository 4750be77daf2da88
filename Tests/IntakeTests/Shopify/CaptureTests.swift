import Doubles
import Foundation
import Outreach
import Shopify
import Testing

@testable import Intake

@Suite("Recorded answers", .enabled(if: Captures.arePresent, "../shared/shopify/samples is absent")) struct CaptureTests
{
    @Test("every recorded fulfillment with its events becomes scans")
    func fulfillments() throws {
        let keys = ["createdAt", "updatedAt", "trackingInfo", "events", "fulfillmentLineItems", "displayStatus"]
        let found = try Captures.every("Fulfillment", having: keys)
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

    @Test("goods that were disposed of have arrived; the label and its tracking are found")
    func returns() throws {
        let orders = try Captures.every("ReverseFulfillmentOrder", having: ["lineItems", "reverseDeliveries"])
        #expect(!orders.isEmpty)
        for json in orders { _ = try decode(WireReverseFulfillmentOrder.self, json) }
        let deliveries = try Captures.every("ReverseDelivery", having: ["deliverable"])
            .map { ReverseDeliveryFacts(try decode(WireReverseDelivery.self, $0)) }
        #expect(
            deliveries.contains {
                $0.labelURL?.hasPrefix("https://example.com/labels/") == true && $0.tracking?.number != nil
            })
    }

    @Test("customers and refund lines are read")
    func people() throws {
        let customers = try Captures.every("Customer", having: ["numberOfOrders"])
        #expect(!customers.isEmpty)
        for json in customers {
            let facts = CustomerFacts(try decode(WireCustomer.self, json), order: "", placedAt: .distantFuture)
            #expect(facts.ordersCount >= 0)
        }
        for json in try Captures.every("LineItem", having: ["title", "quantity"]) {
            // Nobody asked for the shopper's currency when these were recorded.
            _ = try decode(WireLineItem.self, json.filter { !$0.key.hasSuffix("Set") })
        }
    }

}
