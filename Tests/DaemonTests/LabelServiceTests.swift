import Delivery
import Logging
import LoopTesting
import Outreach
import Platform
import ServiceLifecycleTestKit
import Store
import Synchronization
import Testing

@testable import Daemon

private let shop = "juniperfig.myshopify.com"

/// A label's server that answers when the test says so.
private final class HeldServer: HTTPTransport {
    let asked: AsyncStream<Void>
    private let tell: AsyncStream<Void>.Continuation
    private let waiting = Mutex<[CheckedContinuation<HTTPResponse, Never>]>([])

    init() { (asked, tell) = AsyncStream.makeStream() }

    func send(_ request: HTTPRequest) async throws(TransferFailure) -> HTTPResponse {
        await withCheckedContinuation { continuation in
            waiting.withLock { $0.append(continuation) }
            tell.yield()
        }
    }

    func answer(_ response: HTTPResponse) { waiting.withLock { $0.removeFirst() }.resume(returning: response) }
}

@Suite("Labels are fetched beside the planning", .timeLimit(.minutes(5)))
struct LabelServiceTests {
    private let server = HeldServer()

    /// A shop whose first order has a return with a label, and the service that fetches labels.
    private func plans() async throws -> (Plans, LabelService) {
        let shelf = LabelShelf(LabelFetcher(server))
        let plans = try await Plans(
            ["label": "on: return.label_ready", "placed": "on: order.placed"], labels: shelf)
        var item = ReturnFacts(id: "R1", name: "#1-R1", status: .open, createdAt: plans.clock.now + .seconds(2))
        try await plans.see(1)
        plans.holder.pass(.seconds(10))
        try await plans.see(1, returns: [item])
        plans.holder.pass(.seconds(10))
        item.deliveries = [
            ReverseDeliveryFacts(
                id: "D1", labelURL: "https://labels.example/secret.pdf", labelUpdatedAt: plans.clock.now)
        ]
        try await plans.see(1, returns: [item])
        let service = LabelService(
            shop: shop, labels: shelf, store: plans.store, clock: plans.clock, planning: Wake(),
            heartbeats: Heartbeats(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return (plans, service)
    }

    private func effect(_ plans: Plans) async throws -> Effect {
        let key = OrderKey(shop: shop, orderID: "gid://shopify/Order/1")
        let effects = try await plans.store.effects(ofOrders: [key], states: Set(Effect.State.allCases))[key] ?? []
        return try #require(effects.first { $0.trigger == "label" })
    }

    private func until(_ condition: () async throws -> Bool) async throws {
        while try await !condition() { try await Task.sleep(for: .milliseconds(2)) }
    }

    @Test("a link that never answers holds up no other message")
    func held() async throws {
        let (plans, service) = try await plans()
        let running = Task { try await service.run() }
        var asked = server.asked.makeAsyncIterator()
        try await plans.work()
        _ = await asked.next()
        #expect(try await effect(plans).reason == .label)
        // It is still being fetched, and the next order's mail is written at once.
        try await plans.see(2)
        try await plans.work()
        #expect(try await plans.effects(2) == ["placed ready"])
        server.answer(HTTPResponse(status: 200, body: Array("%PDF-1.4\n%%EOF\n".utf8)))
        // The clock stands still: what waited for it is due at once.
        try await until { try await effect(plans).dueAt <= plans.clock.now }
        try await plans.work()
        let told = try await effect(plans)
        #expect(told.state == .ready && told.detail == nil)
        let message = try #require(try await plans.store.effectStory(told.id, shop: told.shop)?.message)
        #expect(String(decoding: message.bytes, as: UTF8.self).contains("return-label.pdf"))
        running.cancel()
        try await running.value
    }

    @Test("after a quarter of an hour of failures the mail goes with the link alone")
    func failing() async throws {
        let (plans, service) = try await plans()
        let running = Task { try await service.run() }
        var asked = server.asked.makeAsyncIterator()
        for minutes in [0, 8, 8] {
            plans.holder.pass(.minutes(minutes))
            try await plans.work()
            #expect(try await effect(plans).state == .waiting)
            _ = await asked.next()
            server.answer(HTTPResponse(status: 404, body: []))
            try await until { try await effect(plans).dueAt <= plans.clock.now }
            try await plans.work()
        }
        let told = try await effect(plans)
        #expect(told.state == .ready)
        #expect(told.detail?.hasPrefix("sent with the link alone") == true)
        running.cancel()
        try await running.value
    }

    @Test(
        "goes round as every loop does: it is woken, tells trouble with the store, tries again, and ends with the rest")
    func loop() async throws {
        let bench = try await LoopBench()
        let shelf = LabelShelf(LabelFetcher(server))
        let planning = Wake()
        let service = LabelService(
            shop: benchShop, labels: shelf, store: bench.store, clock: bench.clock, planning: planning,
            heartbeats: bench.heartbeats, logger: bench.lines.logger(), trouble: bench.trouble, wake: bench.wake())
        try bench.sql("ALTER TABLE effects RENAME TO hidden")
        try await testGracefulShutdown { trigger in
            async let running: Void = service.run()
            #expect(await bench.time.waited() == Loop.longestWait)
            bench.lag(Heartbeats.patience + .seconds(1))
            #expect(bench.heartbeats.stuck() == [Loop.Name("labels", shop: benchShop)])
            var asked = server.asked.makeAsyncIterator()
            _ = shelf.label("https://labels.example/l", name: "return-label", order: "#1", now: bench.now)
            _ = await asked.next()
            server.answer(HTTPResponse(status: 404, body: []))
            for _ in 0..<2 {
                #expect(await bench.time.waited() == Loop.troublePause)
                #expect(bench.trouble.failure != nil && bench.heartbeats.stuck().isEmpty)
                bench.time.pass()
            }
            #expect(await bench.time.waited() == Loop.troublePause)
            try bench.sql("ALTER TABLE hidden RENAME TO effects")
            bench.time.pass()
            #expect(await planning.wait(atMost: .seconds(1000)))
            #expect(await bench.time.waited() == Loop.longestWait)
            // One is still being fetched.
            _ = shelf.label("https://labels.example/2", name: "return-label", order: "#2", now: bench.now)
            _ = await asked.next()
            trigger.triggerGracefulShutdown()
            server.answer(HTTPResponse(status: 404, body: []))
            try await running
        }
        #expect(bench.lines.facts(.labelMissing).map { $0["order"] } == ["#1"])
        #expect(bench.lines.facts(.storeFailed).count == 1)
    }
}
