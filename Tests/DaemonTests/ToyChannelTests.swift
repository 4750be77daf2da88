import Delivery
import Logging
import Outreach
import Platform
import Store
import Synchronization
import Testing

@testable import Daemon

private let shop = "juniperfig.myshopify.com"

@Suite("A channel is one folder and one value", .timeLimit(.minutes(5)))
struct ToyChannelTests {
    private func service(_ route: Route, _ channel: any Channel, _ kind: ChannelKind, _ plans: Plans, _ wake: Wake)
        -> DeliveryService
    {
        DeliveryService(
            route: route, channel: channel, context: plans.context, maker: plans.maker, store: plans.store,
            clock: plans.clock, wake: wake, heartbeats: Heartbeats(), metrics: DaemonMetrics(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, owner: "test", limit: 1, kind: kind)
    }

    private func effects(_ plans: Plans) async throws -> [Effect] {
        let key = OrderKey(shop: shop, orderID: "gid://shopify/Order/1")
        return try await plans.store.effects(ofOrders: [key], states: Set(Effect.State.allCases))[key] ?? []
    }

    private func until(_ condition: () async throws -> Bool) async throws {
        while try await !condition() { try await Task.sleep(for: .milliseconds(2)) }
    }

    @Test("from the trigger file to the far end")
    func pager() async throws {
        let channels = ChannelKind.standard + [.pager]
        let plans = try await Plans(["placed": "on: order.placed\nsend: { pager: kitchen }"], channels: channels)
        try await plans.see(1)
        try await plans.work()
        let effect = try #require(try await effects(plans).first)
        #expect(effect.state == .ready && !effect.isContact)
        #expect(effect.route == Route(shop: shop, channel: ChannelName(rawValue: "pager"), target: "kitchen"))
        let pager = Pager()
        let service = service(effect.route, pager, .pager, plans, Wake())
        let loop = Task { try await service.run() }
        try await until { try await effects(plans).first?.state == .sent }
        loop.cancel()
        try await loop.value
        #expect(pager.heard.withLock { $0 } == ["kitchen: order.placed of #1"])
        #expect(channels.destination(ofLine: effect.line) == "the pager of kitchen")
        #expect(channels.title(of: effect.route) == "the pager of kitchen")
    }

    @Test("and its faults are told with the others'")
    func faults() {
        func faults(_ send: String) -> [String] {
            let files: [String: [UInt8]] = [
                "shop.yaml": Array("mode: live\nbrand: { name: J, from: orders@juniperfig.example }\n".utf8),
                "placed.yaml": Array("on: order.placed\nsend: \(send)\n".utf8),
            ]
            let channels = ChannelKind.standard + [.pager]
            return TriggerSet.load(TriggerFolder(files: files), channels: channels.map(\.syntax)).faults.map {
                "\($0)"
            }
        }
        #expect(faults("pager")[0].contains("whose pager?"))
        #expect(faults("pagr")[0].contains("did you mean 'pager'?"))
        #expect(faults("carrier pigeon")[0].contains("pager: WHOSE"))
        #expect(faults("{ pager: kitchen }").isEmpty)
    }

    @Test("an action is looked up before it is repeated, brings its result, and the message beside it tells that")
    func action() async throws {
        let channels = ChannelKind.standard + [.stamp, .stampPager]
        let plans = try await Plans(
            ["placed": "on: order.placed\nsend: [stamp, { pager: kitchen }]"], channels: channels)
        try await plans.see(1)
        try await plans.work()
        var (action, page) = try await both(plans)
        #expect(action.state == .ready)
        #expect(page.state == .waiting && page.reason == .result)

        let stamp = Stamp()
        let wake = Wake()
        let service = service(action.route, stamp, .stamp, plans, wake)
        let loop = Task { try await service.run() }
        try await until { try await both(plans).action.attemptsInDoubt == 1 }
        plans.holder.pass(.seconds(2))
        wake.call()
        try await until { try await both(plans).action.state == .sent }
        loop.cancel()
        try await loop.value
        #expect(stamp.card.withLock { $0.stamps } == 1 && stamp.card.withLock { $0.looks } == 1)
        let story = try #require(try await plans.store.effectStory(action.id, shop: action.shop)).story
        #expect(story.results.map { "\($0.name)=\($0.value)" } == ["stamp=17"])

        try await plans.wait(.seconds(31))
        (action, page) = try await both(plans)
        #expect(page.state == .ready)
        let message = try #require(try await plans.store.effectStory(page.id, shop: page.shop)?.message)
        #expect(String(decoding: message.bytes, as: UTF8.self) == "stamp 17")
    }

    @Test("a message waits a quarter of an hour for an action, and then goes without it")
    func impatient() async throws {
        let plans = try await Plans(
            ["placed": "on: order.placed\nsend: [stamp, { pager: kitchen }]"],
            channels: ChannelKind.standard + [.stamp, .stampPager])
        try await plans.see(1)
        try await plans.work()
        try await plans.wait(.minutes(14))
        #expect(try await both(plans).page.reason == .result)
        try await plans.wait(.minutes(2))
        let page = try await both(plans).page
        #expect(page.state == .ready)
        let message = try #require(try await plans.store.effectStory(page.id, shop: page.shop)?.message)
        #expect(String(decoding: message.bytes, as: UTF8.self) == "stamp unknown")
    }

    private func both(_ plans: Plans) async throws -> (action: Effect, page: Effect) {
        let all = try await effects(plans)
        return (
            try #require(all.first { $0.channel.rawValue == "stamp" }),
            try #require(all.first { $0.channel.rawValue == "pager" })
        )
    }
}
