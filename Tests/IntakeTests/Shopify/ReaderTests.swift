import Doubles
import Foundation
import Outreach
import Platform
import Testing

@testable import Intake
@testable import Shopify

@Suite("The reader") struct ReaderTests {
    private func reader(_ transport: any HTTPTransport) -> ShopReader {
        ShopReader(
            client: ShopifyClient(
                endpoint: ShopifyEndpoint(base: "https://juniperfig.myshopify.com"),
                credentials: .token(SecretString("t")),
                transport: transport, clock: ShopClock(TestClock().timekeeper)), shop: "juniperfig.myshopify.com")
    }

    private let id = "gid://shopify/Order/1"
    private let noon = Moment(iso8601: "2026-11-21T12:00:00Z")!

    @Test("connections are read to their end, each by its own id and cursor")
    func pages() async throws {
        var order = Sample.order(1, updatedAt: noon)
        order["lineItems"] = Sample.page(
            [["id": "gid://shopify/LineItem/1", "title": "Mug", "quantity": 1]], next: "L1")
        order["fulfillments"] = [
            Sample.fulfillment(77) {
                $0["events"] = Sample.page([Sample.event(1, "CONFIRMED", at: "2026-11-20T08:00:00Z")], next: "E1")
            }
        ]
        let whole = order
        let transport = ScriptedTransport(
            .json(["data": ["nodes": [whole]]]),
            .json([
                "data": [
                    "node": ["page": Sample.page([["id": "gid://shopify/LineItem/2", "title": "Jug", "quantity": 1]])]
                ]
            ]),
            .json([
                "data": [
                    "node": [
                        "page": Sample.page([Sample.event(2, "IN_TRANSIT", at: "2026-11-20T09:00:00Z")], next: "E2")
                    ]
                ]
            ]),
            .json(["data": ["node": ["page": Sample.page([Sample.event(3, "DELIVERED", at: "2026-11-20T10:00:00Z")])]]])
        )
        let batch = try await reader(transport).read(.orders, [QueuedRead(id: id)])
        guard case .order(let facts) = batch.observations.first?.content else {
            Issue.record("no order")
            return
        }
        #expect(facts.lineItems.map(\.title) == ["Mug", "Jug"])
        #expect(facts.fulfillments[0].scans.map(\.id) == ["shopify:1", "shopify:2", "shopify:3"])
        #expect(facts.fulfillments[0].scansAreComplete)
        #expect(
            transport.requests.map(\.operation) == [
                "ReadOrders", "MoreLineItems", "MoreFulfillmentEvents", "MoreFulfillmentEvents",
            ])
        #expect(transport.requests.map { $0.variables["after"] as? String } == [nil, "L1", "E1", "E2"])
        #expect(transport.requests[2].variables["id"] as? String == "gid://shopify/Fulfillment/77")
    }

    @Test("a part that is denied is left out from then on, and the order is read without it")
    func denied() async throws {
        let order = Sample.order(1, updatedAt: noon)
        func denial(_ path: [Any]) -> [String: Any] {
            ["message": "Access denied", "path": path, "extensions": ["code": "ACCESS_DENIED", "requiredAccess": "x"]]
        }
        let transport = ScriptedTransport(
            .json([
                "data": ["nodes": [NSNull()]],
                "errors": [
                    denial(["nodes", 0, "statusPageUrl"]), denial(["nodes", 0, "lineItems", "nodes", 0, "product"]),
                ],
            ]), .json(["data": ["nodes": [order]]]))
        let reader = reader(transport)
        let batch = try await reader.read(.orders, [QueuedRead(id: id)])
        #expect(batch.done.count == 1)
        #expect(transport.requests.map { $0.variables["statusPage"] as? Bool } == [true, false])
        let rights = await reader.rights
        #expect(!rights.statusPage && !rights.products && rights.customers)
    }

    @Test("protected fields that come as nulls are nil, and no fault")
    func redacted() async throws {
        var order = Sample.order(1, updatedAt: noon)
        order["email"] = NSNull()
        let whole = order
        let transport = ScriptedTransport(
            .json([
                "data": ["nodes": [whole]],
                "errors": [
                    [
                        "message": "This app is not approved to access the Order.email field",
                        "path": ["nodes", 0, "email"],
                    ]
                ],
            ]))
        let batch = try await reader(transport).read(.orders, [QueuedRead(id: id)])
        #expect(batch.done.count == 1 && batch.parked.isEmpty)
    }

    @Test("an order beside which an error stands is not believed: its nulls may be Shopify's trouble")
    func errorBeside() async throws {
        let error: [String: Any] = [
            "message": "oops", "path": ["nodes", 1, "customer"], "extensions": ["code": "INTERNAL_SERVER_ERROR"],
        ]
        let transport = ScriptedTransport(
            .json([
                "data": ["nodes": [Sample.order(1, updatedAt: noon), Sample.order(2, updatedAt: noon)]],
                "errors": [error],
            ]))
        let batch = try await reader(transport).read(
            .orders, [QueuedRead(id: id), QueuedRead(id: "gid://shopify/Order/2")])
        #expect(batch.done.map(\.id) == [id])
        #expect(batch.parked.map(\.reason) == ["error beside it: INTERNAL_SERVER_ERROR"])
    }

    @Test("an order with a return that cannot be read is parked with it")
    func brokenReturn() async throws {
        var order = Sample.order(1, updatedAt: noon)
        order["returns"] = Sample.page([["id": "gid://shopify/Return/8"]])
        let whole = order
        let transport = ScriptedTransport(
            .json(["data": ["nodes": [whole]]]), .json(["data": ["nodes": [["id": "gid://shopify/Return/8"]]]]))
        let batch = try await reader(transport).read(.orders, [QueuedRead(id: id)])
        #expect(batch.parked.map(\.reason) == ["a return: createdAt is missing"])
        #expect(batch.observations.isEmpty)
    }

    @Test(
        "parking waits a minute, then twice as long each time, and at most six hours",
        arguments: [(0, 1), (1, 2), (5, 32), (8, 256), (20, 360)])
    func parking(attempts: Int, minutes: Int) async {
        let now = TestClock().now
        let parked = await reader(ScriptedTransport()).park(QueuedRead(id: id, attempts: attempts), "x")
        #expect(parked.notBefore == now + .minutes(minutes))
    }
}
