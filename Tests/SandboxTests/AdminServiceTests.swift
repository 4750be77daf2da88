import Foundation
import Testing

@testable import Sandbox

@Suite("The shop's Admin API")
struct AdminServiceTests {
    @Test("shows an order's whole life")
    func life() throws {
        let shop = Shop()
        let order = shop.place()
        let parcel = try shop.ship(order)
        shop.hand.advance(60)
        try shop.shop.addEvent(parcel, .inTransit, message: "Departed", estimatedDeliveryAt: shop.hand.now + 86_400)
        shop.hand.advance(60)
        try shop.shop.deliver(parcel)
        let back = try shop.shop.requestReturn(order.id)
        try shop.shop.approveReturn(back)
        try shop.shop.attachLabel(back)
        try shop.shop.receiveReturn(back)
        try shop.shop.closeReturn(back)
        try shop.shop.refund(order.id, amount: 1250, for: back)
        let answer = shop.ask(
            """
            query Q($id: ID!) { order(id: $id) { name displayFinancialStatus displayFulfillmentStatus returnStatus
              currentTotalPriceSet { shopMoney { amount currencyCode } } customer { numberOfOrders amountSpent { amount } }
              fulfillments(first: 5) { displayStatus inTransitAt deliveredAt estimatedDeliveryAt
                events(first: 10, sortKey: HAPPENED_AT) { nodes { status happenedAt } } }
              returns(first: 5) { nodes { name status closedAt reverseFulfillmentOrders(first: 1) { nodes { status
                reverseDeliveries(first: 1) { nodes { deliverable { ... on ReverseDeliveryShippingDeliverable {
                  tracking { carrierName } label { publicFileUrl } } } } } } } } }
              refunds(first: 5) { totalRefundedSet { shopMoney { amount } } } } }
            """, ["id": .string(order.id.description)])
        let shown = try #require(answer["data"]?["order"], "\(answer.text)")
        #expect(shown["displayFinancialStatus"] == "PARTIALLY_REFUNDED")
        #expect(shown["displayFulfillmentStatus"] == "FULFILLED")
        #expect(shown["returnStatus"] == "RETURNED")
        #expect(shown["currentTotalPriceSet"]?["shopMoney"] == ["amount": "29.5", "currencyCode": "GBP"])
        #expect(shown["customer"] == ["numberOfOrders": "1", "amountSpent": ["amount": "17.0"]])
        let fulfillment = try #require(shown["fulfillments"]?.array?.first)
        #expect(fulfillment["displayStatus"] == "DELIVERED")
        #expect(
            fulfillment["events"]?["nodes"]?.array?.compactMap { $0["status"]?.string } == ["IN_TRANSIT", "DELIVERED"])
        let returned = try #require(shown["returns"]?["nodes"]?.array?.first)
        #expect(returned["name"] == "#1001-R1" && returned["status"] == "CLOSED")
        #expect(returned.text.contains(#""carrierName":null"#))
        #expect(returned.text.contains("/labels/"))
    }

    @Test("moves Order.updatedAt for what the real shop moves it for, and not for the rest")
    func updatedAt() throws {
        let shop = Shop()
        let order = shop.place()
        func moved(_ step: () throws -> Void) rethrows -> Bool {
            func stamp() -> JSON? {
                shop.ask("query Q($id: ID!) { order(id: $id) { updatedAt } }", ["id": .string(order.id.description)])[
                    "data"]
            }
            let before = stamp()
            shop.hand.advance(10)
            try step()
            return stamp() != before
        }
        #expect(try moved { try shop.shop.update(order.id, tags: ["a"]) })
        #expect(try !moved { try shop.shop.hold(order.id) })
        #expect(try !moved { try shop.shop.release(order.id) })
        #expect(try moved { try shop.ship(order) })
        let parcel = try #require(shop.shop.fulfillments(of: order.id).first)
        #expect(try !moved { try shop.shop.addEvent(parcel, .outForDelivery) })
        #expect(try moved { try shop.shop.correctTracking(parcel, number: "1Z2") })
        #expect(try !moved { try shop.shop.requestReturn(order.id) })
        #expect(try moved { try shop.shop.refund(order.id) })
        shop.shop.manners.trackingMovesOrders = true
        #expect(try moved { try shop.shop.deliver(parcel) })
    }

    @Test("gives every order once over all pages, whatever the size of a page", arguments: [1, 7, 100, 250])
    func pages(size: Int) throws {
        let shop = Shop()
        for index in 0..<23 {
            // Several within one second, and some that change again.
            let order = shop.shop.placeOrder(customer: Shop.sam, items: [Shop.tea])
            if index % 3 == 0 { shop.hand.advance(1) }
            if index % 5 == 0 { try shop.shop.update(order.id, note: "changed") }
        }
        for arguments in ["sortKey: UPDATED_AT", "sortKey: ID", "sortKey: UPDATED_AT, reverse: true"] {
            var found: [String] = []
            var after = JSON.null
            while true {
                let answer = shop.ask(
                    "query Q($n: Int!, $a: String) { orders(first: $n, after: $a, \(arguments)) { nodes { id } pageInfo { "
                        + "hasNextPage endCursor } } }", ["n": .int(Int64(size)), "a": after])
                let page = try #require(answer["data"]?["orders"], "\(answer.text)")
                found += (page["nodes"]?.array ?? []).compactMap { $0["id"]?.string }
                guard page["pageInfo"]?["hasNextPage"] == true else { break }
                after = page["pageInfo"]?["endCursor"] ?? .null
            }
            #expect(found.count == 23 && Set(found).count == 23)
        }
    }

    @Test("knows nodes of every kind, and answers null for what is not there")
    func nodes() throws {
        let shop = Shop()
        let order = shop.place()
        let parcel = try shop.ship(order)
        let back = try shop.shop.requestReturn(order.id)
        let ids =
            [order.id, parcel, back].map { JSON.string($0.description) } + [
                "gid://shopify/Order/1", "gid://shopify/Wish/1",
            ]
        let answer = shop.ask("query Q($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ["ids": .array(ids)])
        let types = (answer["data"]?["nodes"]?.array ?? []).map { $0["__typename"] ?? .null }
        #expect(types == ["Order", "Fulfillment", "Return", nil, nil])
        let wrong = shop.ask("query Q($id: ID!) { return(id: $id) { id } }", ["id": .string(order.id.description)])
        #expect(wrong["errors"]?.array?.first?["extensions"]?["code"] == "RESOURCE_NOT_FOUND")
        #expect(wrong["errors"]?.array?.first?["message"] == .string("Invalid id: \(order.id)"))
        #expect(wrong["data"] == ["return": nil])
        let many = JSON.array((0..<251).map { .string("gid://shopify/Order/\($0)") })
        let refused = shop.ask("query Q($ids: [ID!]!) { nodes(ids: $ids) { id } }", ["ids": many])
        #expect(refused["errors"]?.array?.first?["extensions"]?["code"] == "MAX_INPUT_SIZE_EXCEEDED")
    }

    @Test("denies what the scopes do not allow, as recorded")
    func denies() throws {
        let shop = Shop(scopes: ["read_orders"])
        let order = shop.place()
        let answer = shop.ask(
            "query Q($id: ID!) { order(id: $id) { name customer { id } } }", ["id": .string(order.id.description)])
        #expect(answer["data"] == ["order": ["name": "#1001", "customer": nil]])
        #expect(
            answer["errors"] == [
                [
                    "message": "Access denied for customer field. Required access: `read_customers` access scope.",
                    "locations": [["line": 1, "column": 43]], "path": ["order", "customer"],
                    "extensions": [
                        "code": "ACCESS_DENIED", "documentation": "https://shopify.dev/api/usage/access-scopes",
                        "requiredAccess": "`read_customers` access scope.",
                    ],
                ]
            ])
    }

    @Test("hides customers, old orders and what the index has not seen")
    func hides() throws {
        let shop = Shop(manners: SandboxShopManners(indexLag: .seconds(5), hidesCustomers: true))
        let order = shop.place()
        #expect(shop.names("updated_at:>='2020-01-01T00:00:00Z'").isEmpty)
        let direct = shop.ask(
            "query Q($id: ID!) { order(id: $id) { email customer { firstName displayName } } }",
            ["id": .string(order.id.description)])
        #expect(direct["data"]?["order"] == ["email": nil, "customer": ["firstName": nil, "displayName": ""]])
        shop.hand.advance(5)
        #expect(shop.names("updated_at:>='2020-01-01T00:00:00Z'") == ["#1001"])
        shop.hand.advance(61 * 86_400)
        #expect(shop.names("updated_at:>='2020-01-01T00:00:00Z'").isEmpty)
    }

    @Test("can show what no schema knows, and what cannot be decoded")
    func quirks() {
        let shop = Shop()
        shop.place(quirks: [.undecodable, .unknownStatus])
        let node = shop.ask("{ orders(first: 1) { nodes { createdAt tags displayFulfillmentStatus } } }")["data"]?[
            "orders"]
        #expect(
            node == [
                "nodes": [
                    ["createdAt": nil, "tags": "not a list", "displayFulfillmentStatus": "FULFILLMENT_NOT_REQUIRED"]
                ]
            ])
    }

    @Test("writes tracking events, tags and labels")
    func mutates() throws {
        let shop = Shop()
        let order = shop.place()
        let parcel = try shop.ship(order)
        let event = shop.ask(
            "mutation M($e: FulfillmentEventInput!) { fulfillmentEventCreate(fulfillmentEvent: $e) { fulfillmentEvent { status "
                + "message } userErrors { field message } } }",
            ["e": ["fulfillmentId": .string(parcel.description), "status": "DELAYED", "message": "Snow"]])
        #expect(
            event["data"]?["fulfillmentEventCreate"]
                == ["fulfillmentEvent": ["status": "DELAYED", "message": "Snow"], "userErrors": []])
        #expect(event["extensions"]?["cost"]?["requestedQueryCost"] == 10)
        let unknown = shop.ask(
            "mutation M($e: FulfillmentEventInput!) { fulfillmentEventCreate(fulfillmentEvent: $e) { userErrors { message } } }",
            ["e": ["fulfillmentId": "gid://shopify/Fulfillment/1", "status": "DELAYED"]])
        #expect(unknown["data"]?.text.contains("Fulfillment does not exist.") == true)
        let tags = shop.ask(
            "mutation M($id: ID!, $t: [String!]!) { tagsAdd(id: $id, tags: $t) { node { id ... on Order { tags } } } }",
            ["id": .string(order.id.description), "t": ["told"]])
        #expect(tags["data"]?["tagsAdd"]?["node"]?["tags"] == ["told"])
    }
}
