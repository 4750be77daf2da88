import Foundation
import Testing

@testable import Sandbox

@Suite("What queries cost")
struct QueryCostTests {
    @Test(
        "a connection grows with the logarithm of its page",
        arguments: [(0, 0), (1, 1), (2, 1), (5, 3), (10, 4), (50, 7), (250, 11)])
    func weight(count: Int, weight: Int) { #expect(QueryCost.weight(count) == weight) }

    @Test(
        "the documents of a poller cost what was estimated",
        .enabled(if: Shop.shared != nil, "the shared Shopify data is not here: left out"),
        arguments: [
            ("PollOrdersLean", #"{"first": 250, "query": "x"}"#, 24), ("FulfillmentsById", #"{"ids": []}"#, 12),
            ("OrderDetails", #"{"ids": []}"#, 220), ("ShopInfo", "{}", 6),
        ])
    func documents(name: String, variables: String, cost: Int) throws {
        let folder = try #require(Shop.shared).appending(path: "shopify/queries")
        let text = try String(contentsOf: folder.appending(path: "\(name).graphql"), encoding: .utf8)
        let answer = Shop().ask(text, try JSON.parse(Array(variables.utf8)))
        #expect(answer["extensions"]?["cost"]?["requestedQueryCost"] == .int(Int64(cost)), "\(answer.text)")
    }

    @Test("the recorded costs of return and fulfillment reads are met")
    func recorded() throws {
        let shop = Shop()
        let lines = "returnLineItems(first: 10) { nodes { id quantity processedQuantity unprocessedQuantity } }"
        let fields =
            "id name returnStatus returns(first: 10) { nodes { id name status closedAt totalQuantity \(lines) } }"
        let answer = shop.ask(
            "query Q($id: ID!, $q: String!) { detail: order(id: $id) { \(fields) } list: orders(first: 5, query: $q, "
                + "sortKey: CREATED_AT, reverse: true) { nodes { \(fields) } } node(id: $id) { __typename ... on Order { \(fields) } } }",
            ["id": .string(shop.place().id.description), "q": "tag:a"])
        #expect(answer["extensions"]?["cost"]?["requestedQueryCost"] == 157)
    }

    @Test("one that is too dear is refused before it runs")
    func tooDear() {
        let answer = Shop().ask(
            "{ orders(first: 250) { nodes { lineItems(first: 250) { nodes { id } } returns(first: 250) { nodes { id } } } } }"
        )
        let error = answer["errors"]?.array?.first
        #expect(error?["extensions"]?["code"] == "MAX_COST_EXCEEDED" || answer["data"] != nil)
        let dearer = Shop().ask(
            "{ orders(first: 250) { nodes { returns(first: 250) { nodes { reverseFulfillmentOrders(first: 250) { nodes { id } } } } } } }"
        )
        #expect(dearer["errors"]?.array?.first?["extensions"]?["code"] == "MAX_COST_EXCEEDED")
        #expect(dearer["errors"]?.array?.first?["extensions"]?["maxCost"] == 1000)
    }

    @Test("an empty bucket throttles with HTTP 200's error, and fills again with time")
    func throttles() {
        let shop = Shop(bucket: SandboxBucket(maximumAvailable: 50, restoreRate: 10))
        let poll = "{ orders(first: 250, query: \"a\") { nodes { id fulfillments(first: 1) { id } } } }"
        #expect(shop.ask(poll)["data"] != nil)
        for _ in 0..<30 { _ = shop.ask(poll) }
        let throttled = shop.ask(poll)
        #expect(throttled["errors"]?.array?.first?["message"] == "Throttled")
        #expect(throttled["errors"]?.array?.first?["extensions"]?["code"] == "THROTTLED")
        #expect(throttled["data"] == nil)
        shop.hand.advance(5)
        #expect(shop.ask(poll)["extensions"]?["cost"]?["throttleStatus"]?["maximumAvailable"] == 50)
    }
}
