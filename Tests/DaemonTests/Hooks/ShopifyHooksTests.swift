import LoopTesting
import Outreach
import Platform
import ServiceLifecycleTestKit
import Shopify
import Store
import Testing

@testable import Daemon

private let path = "/shopify/\(benchShop)"
private let order = "gid://shopify/Order/77"

@Suite("Shopify's webhooks are hints", .timeLimit(.minutes(5))) struct ShopifyHooksTests {
    private func hooks(_ bench: LoopBench, _ wake: Wake = Wake(), notify: String? = "owner@fig.example") -> ShopifyHooks
    {
        let brand = Brand(name: "Fig", from: MailAddress(address: "orders@fig.example")!)
        return ShopifyHooks(
            doors: [benchShop: ShopifyHooks.Door(secrets: [SecretString("hush")], wake: wake)], store: bench.store,
            post: ShopPost([benchShop: ShopPost.Office(brand: { brand }, sender: nil, wake: Wake())]),
            notify: { _ in notify.flatMap { MailAddress(address: $0) } }, logger: bench.lines.logger(),
            now: { bench.now })
    }

    private func call(
        _ hooks: ShopifyHooks, _ topic: String, _ body: String, secret: String = "hush", shop: String? = benchShop,
        path: String = path
    ) async -> Int {
        let bytes = Array(body.utf8)
        var headers = ["x-shopify-topic": topic]
        headers["x-shopify-hmac-sha256"] = HookSignature.signature(of: bytes, secret: SecretString(secret))
        headers["x-shopify-shop-domain"] = shop
        return await hooks.receive(path: path, headers: headers, body: bytes).status
    }

    @Test("an order that changed is read next, however often and in whatever order they come")
    func reads() async throws {
        let bench = try await LoopBench()
        let hooks = hooks(bench)
        for topic in ["orders/updated", "orders/create", "orders/updated"] {
            #expect(await call(hooks, topic, #"{"id":77}"#) == 200)
        }
        let queued = try await bench.store.nextToRead(shop: benchShop, limit: 9, now: bench.now)
        #expect(queued.map(\.orderID) == [order])
        // Nothing is believed of what it said.
        #expect(try await bench.store.load(shop: benchShop, orderIDs: [order]).isEmpty)
    }

    @Test("one that is not signed, or is about another shop, does nothing and says why")
    func refused() async throws {
        let bench = try await LoopBench()
        let hooks = hooks(bench)
        #expect(await call(hooks, "orders/updated", #"{"id":77}"#, secret: "guess") == 401)
        #expect(await call(hooks, "customers/redact", #"{"customer":{"id":1}}"#, secret: "") == 401)
        #expect(await call(hooks, "orders/updated", #"{"id":77}"#, shop: "other.myshopify.com") == 404)
        #expect(await call(hooks, "orders/updated", #"{"id":77}"#, path: "/shopify/other.myshopify.com") == 404)
        #expect(await hooks.receive(path: path, headers: [:], body: []).status == 401)
        #expect(try await bench.store.nextToRead(shop: benchShop, limit: 9, now: bench.now).isEmpty)
        #expect(bench.lines.facts(.hookRefused).count == 4)
    }

    @Test("a customer's wish to know is told to the shop's people, once a day")
    func asked() async throws {
        let bench = try await LoopBench()
        let body = #"{"customer":{"id":5,"email":"robin@shopper.example"}}"#
        for _ in 0..<2 { #expect(await call(hooks(bench), "customers/data_request", body) == 200) }
        let mails = try await bench.store.outbox(shop: benchShop, limit: 9)
        #expect(mails.count == 1 && mails[0].effect.trigger == "data_request")
        let claims = try await bench.store.claim(
            .mail(shop: benchShop), limit: 9, owner: "p", lease: .minutes(5), now: bench.now)
        let mail = try #require(claims.first?.message)
        #expect(mail.envelope.recipient == "owner@fig.example")
        #expect(String(decoding: mail.bytes, as: UTF8.self).contains("bookbag export robin@shopper.example"))
        #expect(bench.lines.facts(.dataRequested).allSatisfy { !$0.description.contains("robin") })
    }

    @Test("a customer who is to be erased is, with her orders")
    func erased() async throws {
        let bench = try await LoopBench()
        try await bench.see(1)
        let known = try await bench.store.load(shop: benchShop, orderIDs: ["gid://shopify/Order/1"])
        let address = try #require(known.values.first?.facts.email)
        #expect(await call(hooks(bench), "customers/redact", #"{"customer":{"email":"\#(address)"}}"#) == 200)
        #expect(try await bench.store.load(shop: benchShop, orderIDs: ["gid://shopify/Order/1"]).isEmpty)
        #expect(bench.lines.facts(.customerErased).map { $0["count"] } == ["1"])
        #expect(await call(hooks(bench), "shop/redact", "{}") == 200)
        #expect(bench.lines.facts(.shopToErase).count == 1)
        #expect(await call(hooks(bench), "customers/redact", "{}") == 200, "it names nobody")
    }

    @Test("the orders of a customer who was merged are read again, and whose they are is what the shop says")
    func merged() async throws {
        let bench = try await LoopBench()
        let customer = "gid://shopify/Customer/1"
        var facts = OrderFacts(
            id: "gid://shopify/Order/1", name: "#1", createdAt: bench.now, updatedAt: bench.now)
        facts.customer = CustomerFacts(id: customer, email: "robin@shopper.example")
        _ = try await bench.learning().learn(
            [Observation(shop: benchShop, seenAt: bench.now, content: .order(facts))], of: bench.context,
            now: bench.now)
        let known = try await bench.store.load(shop: benchShop, orderIDs: ["gid://shopify/Order/1"])
        let body = #"{"admin_graphql_api_customer_kept_id":"gid://shopify/Customer/9","status":"completed","#
        func merge(_ id: String) async -> Int {
            await call(hooks(bench), "customers/merge", body + #""admin_graphql_api_customer_deleted_id":"\#(id)"}"#)
        }
        #expect(await merge("gid://shopify/Customer/404") == 200)
        #expect(await call(hooks(bench), "customers/merge", "{}") == 200, "it names nobody")
        #expect(try await bench.store.nextToRead(shop: benchShop, limit: 9, now: bench.now).isEmpty)
        #expect(await merge(customer) == 200)
        let queued = try await bench.store.nextToRead(shop: benchShop, limit: 9, now: bench.now)
        #expect(queued.map(\.orderID) == ["gid://shopify/Order/1"])
        #expect(try await bench.store.load(shop: benchShop, orderIDs: ["gid://shopify/Order/1"]) == known)
    }

    @Test("however often it is woken, a shop that is to be left alone is left alone")
    func patience() async throws {
        let bench = try await LoopBench()
        let wake = bench.wake()
        let service = IntakeService(
            context: bench.context, store: bench.store, learning: bench.learning(), transport: UnreachableNetwork(),
            clock: bench.clock, heartbeats: bench.heartbeats, metrics: bench.metrics, logger: bench.lines.logger(),
            wake: wake, sleep: { _ in })
        try await testGracefulShutdown { trigger in
            async let running: Void = service.run()
            let wait = await bench.time.waited()
            for _ in 0..<5 {
                wake.call()
                #expect(await bench.time.waited() == wait)
            }
            trigger.triggerGracefulShutdown()
            try await running
        }
        #expect(
            bench.metrics.registry.exposition().contains(
                #"bookbag_polls_total{shop="\#(benchShop)",outcome="failed"} 1"#))
    }
}
