import Foundation
import Testing

@testable import Sandbox

@Suite("Searching orders")
struct OrderSearchTests {
    /// #1001 shipped, #1002 with a return asked for, #1003 with a return approved, #1004 cancelled, #1005 a test on
    /// hold.
    private func shop() throws -> Shop {
        let shop = Shop()
        try shop.ship(shop.place("ada"))
        for approve in [false, true] {
            let order = shop.place("bea")
            try shop.ship(order)
            let back = try shop.shop.requestReturn(order.id)
            if approve { try shop.shop.approveReturn(back) }
        }
        try shop.shop.cancelOrder(shop.place("cora").id)
        try shop.shop.hold(shop.place("dora", test: true).id)
        return shop
    }

    @Test(
        "finds what fits",
        arguments: [
            ("", "1001 1002 1003 1004 1005"), ("return_status:return_requested", "1002"),
            ("return_status:in_progress", "1003"),
            ("return_status:return_requested OR return_status:in_progress", "1002 1003"),
            ("return_status:return_requested,in_progress", "1002 1003"),
            ("fulfillment_status:shipped", "1001 1002 1003"), ("fulfillment_status:on_hold", "1005"),
            ("status:cancelled", "1004"), ("status:open -test:true", "1001 1002 1003"), ("name:1003", "1003"),
            ("name:#1003", "1003"), ("email:bea@shopper.example", "1002 1003"),
            ("NOT email:bea@shopper.example", "1001 1004 1005"),
            ("(name:1001 OR name:1002) AND return_status:return_requested", "1002"), ("cora@shopper.example", "1004"),
            ("updated_at:>'2100-01-01T00:00:00Z'", ""), ("id:1", ""), ("name:1001 OR name:1005", "1001 1005"),
        ])
    func finds(query: String, names: String) throws {
        let expected = names.split(separator: " ").map { "#\($0)" }
        #expect(try shop().names(query, sortKey: "ID") == expected)
    }

    @Test("honours the time of a quoted timestamp and only the date of a bare one")
    func timestamps() throws {
        let shop = Shop()
        shop.place()
        shop.hand.advance(3600)
        let between = ShopTime.iso(shop.hand.now)
        shop.hand.advance(3600)
        shop.place()
        #expect(shop.names("updated_at:>='\(between)'") == ["#1002"])
        #expect(shop.names("updated_at:>=\"\(between)\"") == ["#1002"])
        #expect(shop.names("updated_at:>=\(between)") == ["#1001", "#1002"])
        #expect(shop.names("updated_at:<'\(between)'") == ["#1001"])
    }

    @Test("passes over a field that does not exist, gives the whole list and warns, as recorded")
    func failsOpen() throws {
        let answer = try shop().ask(
            "{ orders(first: 10, query: \"updatedat:>='2100-01-01T00:00:00Z'\") { nodes { id } } }")
        #expect(answer["data"]?["orders"]?["nodes"]?.array?.count == 5)
        #expect(
            answer["extensions"]?["search"]?.array?.first?["warnings"] == [
                ["field": "updatedat", "message": "Invalid search field for this query.", "code": "invalid_field"]
            ])
    }

    @Test("stays quick with a hundred thousand orders")
    func manyOrders() throws {
        let shop = Shop()
        shop.shop.prefill(openShipments: 20_000)
        let order = shop.place()
        let clock = ContinuousClock()
        _ = shop.names("name:1")
        let took = clock.measure {
            for _ in 0..<20 { #expect(shop.names("updated_at:>='\(ShopTime.iso(shop.hand.now - 1))'") == [order.name]) }
        }
        // A full walk over the orders takes some 100 times as long.
        #expect(took < .seconds(1))
    }
}
