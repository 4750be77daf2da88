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
        #expect(story.results.map { "\($0.name)=\($0.value)" }.sorted() == ["code=CARD-17", "stamp=17"])

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

    // MARK: - An action that a mail tells of

    private static let mailed = "send: [stamp, { email: { template: note } }]"

    private func gifts(_ trigger: String, shopSettings: String = "") async throws -> Plans {
        try await Plans(
            ["placed": "\(trigger)\n\(Self.mailed)"], shopSettings: shopSettings,
            channels: ChannelKind.standard + [.stamp],
            letter: "{% if gift %}Your code is {{ gift.code }}.{% else %}Nothing but words.{% endif %}")
    }

    /// What became of the action and of the mail.
    private func states(_ plans: Plans, order: Int = 1) async throws -> [String] {
        let key = OrderKey(shop: shop, orderID: "gid://shopify/Order/\(order)")
        return try await plans.store.effects(ofOrders: [key], states: Set(Effect.State.allCases))[key, default: []]
            .sorted { $0.line > $1.line }
            .map { "\($0.line) \($0.state.rawValue)\($0.reason.map { " \($0.rawValue)" } ?? "")" }
    }

    private func mail(_ plans: Plans) async throws -> String {
        let mail = try #require(try await effects(plans).last { $0.line == "email" })
        let bytes = try await plans.store.effectStory(mail.id, shop: shop)?.message?.bytes ?? []
        return String(decoding: bytes, as: UTF8.self)
    }

    private func act(_ plans: Plans) async throws {
        let action = try #require(try await effects(plans).first { $0.line == "stamp" && $0.state == .ready })
        let stamp = Stamp()
        stamp.card.withLock { $0.stamps = 1 }
        let claims = try await plans.store.claim(
            action.route, limit: 1, owner: "test", lease: .minutes(1), now: plans.now)
        let begun = try await plans.store.begin(claims, lease: .minutes(1), now: plans.now).begun
        guard case .done(let receipt, let results) = try await stamp.precedent(of: claims[0].message, at: plans.now)
        else { return }
        _ = try await plans.store.finish(
            [AttemptOutcome(claim: begun[0], verdict: .accepted(receipt: receipt), results: results)], now: plans.now)
    }

    @Test(
        "a mail waits for its action from when it was about to go, however long it waited before",
        arguments: ["after: 2 hours", "for: 2 hours"])
    func waitsAfterWait(_ wait: String) async throws {
        let plans = try await gifts("on: order.placed\n\(wait)")
        try await plans.see(1)
        try await plans.work()
        try await plans.wait(.hours(2) + .minutes(1))
        #expect(try await states(plans) == ["stamp ready", "email waiting result"])
        try await plans.wait(.minutes(14))
        #expect(try await states(plans).last == "email waiting result")
        try await act(plans)
        try await plans.wait(.seconds(31))
        #expect(try await states(plans) == ["stamp sent accepted", "email ready"])
        #expect(try await mail(plans).contains("Your code is CARD-17."))
    }

    @Test("a mail whose action takes too long goes without it, and the action is dropped")
    func tooLong() async throws {
        let plans = try await gifts("on: order.placed\nafter: 2 hours")
        try await plans.see(1)
        try await plans.work()
        try await plans.wait(.hours(2) + .minutes(1))
        for _ in 0..<31 { try await plans.wait(.seconds(31)) }
        #expect(try await states(plans) == ["stamp ready", "email ready"])
        #expect(try await mail(plans).contains("Nothing but words."))
        let stamp = Stamp()
        let wake = Wake()
        let route = try #require(try await effects(plans).first { $0.line == "stamp" }).route
        let service = service(route, stamp, .stamp, plans, wake)
        let loop = Task { try await service.run() }
        try await until { try await states(plans).first == "stamp withdrawn untold" }
        loop.cancel()
        try await loop.value
        #expect(stamp.card.withLock { $0.stamps } == 0)
    }

    @Test("what holds the mail back holds its action, and what stops it stops both")
    func held() async throws {
        let night = try await gifts("on: order.placed", shopSettings: "quiet_hours: 08:00-10:00\n")
        try await night.see(1)
        try await night.work()
        #expect(try await states(night) == ["stamp waiting quiet_hours", "email waiting quiet_hours"])
        try await night.wait(.hours(2))
        #expect(try await states(night) == ["stamp ready", "email waiting result"])

        let paused = try await gifts("on: order.placed")
        try await paused.store.pause(
            Pause(.news, since: paused.now, by: "test"), shop: shop,
            audit: AuditEntry(who: "test", shop: shop, what: "pause"), now: paused.now)
        try await paused.see(1)
        try await paused.work()
        #expect(try await states(paused) == ["stamp waiting paused", "email waiting paused"])

        let silent = try await gifts("on: order.placed")
        try await silent.store.silence(
            .address("robin@shopper.example"), shop: shop, reason: "unsubscribed", note: nil, until: nil,
            now: silent.now)
        try await silent.see(1)
        try await silent.work()
        #expect(try await states(silent) == ["stamp skipped silenced", "email skipped silenced"])

        let marketing = try await Plans(
            ["placed": "on: order.placed\nabout: marketing\n\(Self.mailed)"],
            senders: ", marketing_from: news@juniperfig.example", channels: ChannelKind.standard + [.stamp])
        try await marketing.see(1)
        try await marketing.work()
        #expect(try await states(marketing) == ["stamp skipped no_consent", "email skipped no_consent"])
    }

    @Test("of two orders within the limit one mail goes with its action, and the other waits with its own")
    func limit() async throws {
        let plans = try await gifts("on: order.placed", shopSettings: "limit: { messages: 1, per: 2 hours }\n")
        try await plans.see(1)
        try await plans.see(2)
        try await plans.work()
        #expect(try await states(plans) == ["stamp ready", "email waiting result"])
        try await act(plans)
        try await plans.wait(.seconds(31))
        #expect(try await states(plans) == ["stamp sent accepted", "email ready"])
        // The second was let through while the first waited for its result; the limit then holds its mail, and with it
        // an action that has not begun.
        let second = try await states(plans, order: 2)
        #expect(
            second == ["stamp ready", "email waiting limit"]
                || second == ["stamp waiting limit", "email waiting limit"])
    }

    @Test("nobody who is held out is given anything")
    func heldOut() async throws {
        let plans = try await gifts("on: shipment.delivered\nhold_out: 50%")
        for order in 1...24 {
            try await plans.see(
                order, parcels: [("P\(order)", .delivered)], email: "shopper\(order)@shopper.example")
        }
        try await plans.work()
        var kinds: Set<[String]> = []
        for order in 1...24 { kinds.insert(try await states(plans, order: order)) }
        #expect(
            kinds == [
                ["stamp held_out held_out", "email held_out held_out"], ["stamp ready", "email waiting result"],
            ])
    }

    @Test("a mail of several parcels finds its action, though one of the parcels is told no more")
    func combined() async throws {
        let plans = try await gifts("on: shipment.out_for_delivery\ncombine: 1 hour")
        try await plans.see(1, parcels: [("A", .outForDelivery), ("B", .unknown)])
        try await plans.work()
        try await plans.wait(.minutes(40))
        try await plans.see(1, parcels: [("A", .outForDelivery), ("B", .outForDelivery)])
        try await plans.work()
        try await plans.wait(.minutes(10))
        // The first parcel arrives, so that the action is of the second alone, and the mail was made for both.
        try await plans.see(1, parcels: [("A", .delivered), ("B", .outForDelivery)])
        try await plans.work()
        try await plans.wait(.minutes(11))
        #expect(try await states(plans) == ["stamp ready", "email waiting result"])
        try await act(plans)
        try await plans.wait(.seconds(31))
        #expect(try await states(plans) == ["stamp sent accepted", "email ready"])
        #expect(try await mail(plans).contains("Your code is CARD-17."))
    }

    private func both(_ plans: Plans) async throws -> (action: Effect, page: Effect) {
        let all = try await effects(plans)
        return (
            try #require(all.first { $0.channel.rawValue == "stamp" }),
            try #require(all.first { $0.channel.rawValue == "pager" })
        )
    }
}
