import Delivery
import Foundation
import Logging
import Outreach
import Platform
import Store
import Synchronization
import Testing

@testable import Daemon

private let shop = "juniperfig.myshopify.com"
private let start = Moment(iso8601: "2026-11-18T09:00:00Z")!

/// The daemon's planning around one store, without its loop: each test turns it by hand.
final class Plans: Sendable {
    let store: Store
    let context: ShopContext
    let service: PlanningService
    let clock: DaemonClock
    let maker: MessageMaker
    let times: TimeService
    let learning: Learning
    let logger: Logger
    let holder = MomentHolder(start)
    private let scanned = Mutex<[String: [Scan]]>([:])

    init(
        _ triggers: [String: String], shopSettings: String = "", senders: String = "", labels: LabelShelf? = nil,
        channels: [ChannelKind] = ChannelKind.standard, pages: String? = nil,
        letter: String = "Hello.", templates: [String: String] = [:], policy: String? = nil,
        ceilings: [Allowance] = [], actionCeilings: [String: ActionCeiling] = [:]
    ) async throws {
        clock = DaemonClock(source: { [holder] in holder.now })
        store = try Store.inMemory(now: start)
        var files: [String: [UInt8]] = [
            "shop.yaml": Array(
                "mode: live\nbrand: { name: Juniper & Fig, from: orders@juniperfig.example\(senders) }\n\(shopSettings)"
                    .utf8),
            "templates/note.md": Array(
                "---\nsubject: About {{ order.name }}\n---\n\(letter)\n"
                    .utf8),
        ]
        for (name, text) in templates {
            files["templates/\(name).md"] = Array("---\nsubject: {{ order.name }}\n---\n\(text)\n".utf8)
        }
        for (name, text) in triggers {
            let send = text.contains("send:") ? "\n" : "\nsend: { email: { template: note } }\n"
            files["\(name).yaml"] = Array((text + send).utf8)
        }
        if let policy { files["policy.yaml"] = Array(policy.utf8) }
        let folder = TriggerFolder(files: files)
        let (loaded, faults) = TriggerSet.load(folder, channels: channels.map(\.syntax) + [.answer])
        let set = try #require(loaded, "\(faults)")
        let live = try await store.openShop(shop, now: start).liveSince
        context = Self.context(
            shop, set, folder, live, holdOutKey: store.holdOutKey(shop: shop), ceilings: ceilings,
            actionCeilings: actionCeilings)
        let metrics = DaemonMetrics()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        self.logger = logger
        learning = Learning(store: store, logger: logger, metrics: metrics, newEvents: Wake(), newMoments: Wake())
        maker = MessageMaker(
            configuration: context.configuration, labels: labels, channels: channels, actions: store,
            codes: store.giftCodes, unsubscribe: store.unsubscribeTokens,
            links: pages.map { [store] url in PublicLinks(url: url, store: store) })
        service = PlanningService(
            store: store, contexts: [shop: context],
            makers: [shop: maker], trouble: TemplateTrouble(store: store, reloaders: [:], logger: logger), clock: clock,
            wake: Wake(),
            newMessages: Broadcast(), heartbeats: Heartbeats(), metrics: metrics,
            logger: logger)
        times = TimeService(
            store: store, contexts: [shop: context], learning: learning, clock: clock, wake: Wake(),
            heartbeats: Heartbeats(),
            logger: logger)
    }

    static func context(
        _ domain: String, _ set: TriggerSet, _ folder: TriggerFolder, _ live: LiveSince, holdOutKey: [UInt8] = [],
        ceilings: [Allowance] = [], actionCeilings: [String: ActionCeiling] = [:]
    ) -> ShopContext {
        var planner = Planner(
            triggers: set,
            inForceSince: Dictionary(uniqueKeysWithValues: set.triggers.map { ($0.name, start - .days(1)) }),
            live: live, shop: ShopProfile(domain: domain))
        planner.holdOutKey = holdOutKey
        planner.giftCeilings = ceilings
        planner.actionCeilings = actionCeilings
        return ShopContext(
            configuration: Configuration.Shop(
                domain: domain, endpoint: "https://\(domain)", access: .token(SecretString("t")),
                pollEvery: .seconds(60),
                triggers: "", smtp: nil, webhooks: [:]),
            rules: ShopContext.Rules(
                planner: planner,
                learner: Learner(live: live, shopZone: .utc, rereadEvery: .minutes(1)),
                inForce: TriggerReloader.InForce(set: set, since: [:], folder: folder)))
    }

    /// An order of a shopper is seen, with parcels in the state that their numbers are given.
    func see(
        _ order: Int, parcels: [(number: String, state: ParcelState)] = [], of domain: String = shop,
        context other: ShopContext? = nil, email: String = "robin@shopper.example",
        returns: [ReturnFacts] = [], subscribed: Bool = false, customer: Int? = nil, door: String? = nil,
        isCancelled: Bool = false
    ) async throws {
        var facts = OrderFacts(
            id: "gid://shopify/Order/\(order)", name: "#\(order)", createdAt: start + .seconds(1), updatedAt: holder.now
        )
        facts.email = email
        facts.returns = returns
        if let customer {
            facts.customer = CustomerFacts(id: "gid://shopify/Customer/\(customer)", email: email)
        }
        if let door {
            var address = AddressFacts()
            (address.address1, address.zip, address.countryCode) = (door, "BS1 4DJ", "GB")
            facts.shippingAddress = address
        }
        if isCancelled { facts.cancelledAt = holder.now }
        if subscribed {
            facts.customer = CustomerFacts(id: "gid://shopify/Customer/1", email: email, marketing: .subscribed)
        }
        facts.fulfillments = parcels.enumerated().map { index, parcel in
            FulfillmentFacts(
                id: "gid://shopify/Fulfillment/\(order)\(index)", name: "#\(order).\(index + 1)", status: .success,
                createdAt: start + .seconds(2), updatedAt: holder.now,
                tracking: [TrackingFacts(company: "Royal Mail", number: parcel.number)],
                scans: scans(of: parcel.number, now: parcel.state))
        }
        _ = try await learning.learn(
            [Observation(shop: domain, seenAt: holder.now, content: .order(facts))], of: other ?? context,
            now: holder.now)
    }

    var now: Moment { holder.now }

    /// All that was scanned of a parcel, with where it is now.
    private func scans(of number: String, now state: ParcelState) -> [Scan] {
        scanned.withLock { scanned in
            if state != .unknown, scanned[number]?.last?.state != state {
                let id = "shopify/\(number)-\(scanned[number, default: []].count)"
                scanned[number, default: []].append(
                    Scan(id: id, source: "shopify", time: holder.now, state: state))
            }
            return scanned[number] ?? []
        }
    }

    /// Turns until there is nothing more to do at once.
    func work() async throws {
        var turns = 0
        while turns < 50, try await service.turn() { turns += 1 }
        #expect(try await service.turn() == false)
    }

    func wait(_ duration: Duration) async throws {
        holder.pass(duration)
        try await work()
    }

    /// The effects of an order: trigger and where each stands.
    func effects(_ order: Int) async throws -> [String] {
        let key = OrderKey(shop: shop, orderID: "gid://shopify/Order/\(order)")
        return try await store.effects(ofOrders: [key], states: Set(Effect.State.allCases))[key, default: []]
            .sorted { $0.id < $1.id }
            .map { "\($0.trigger) \($0.state.rawValue)\($0.reason.map { " \($0.rawValue)" } ?? "")" }
    }
}

final class MomentHolder: Sendable {
    private let moment: Mutex<Moment>
    init(_ moment: Moment) { self.moment = Mutex(moment) }
    var now: Moment { moment.withLock { $0 } }
    func pass(_ duration: Duration) { moment.withLock { $0 = $0 + duration } }
}

@Suite("The daemon plans")
struct PlanningServiceTests {
    @Test("a mail for each event that a trigger hears, once, however often the order is seen")
    func once() async throws {
        let plans = try await Plans(["placed": "on: order.placed"])
        for _ in 0..<3 {
            try await plans.see(1)
            try await plans.work()
        }
        #expect(try await plans.effects(1) == ["placed ready"])
    }

    @Test("within the limit of a shopper: of two orders at once one is written of, the other waits its time")
    func limit() async throws {
        let plans = try await Plans(
            ["placed": "on: order.placed"], shopSettings: "limit: { messages: 1, per: 2 hours }\n")
        try await plans.see(1)
        try await plans.see(2)
        try await plans.work()
        #expect(try await plans.effects(1) == ["placed ready"])
        #expect(try await plans.effects(2) == ["placed waiting limit"])
        try await plans.wait(.hours(1))
        #expect(try await plans.effects(2) == ["placed waiting limit"])
        try await plans.wait(.hours(1) + .seconds(1))
        #expect(try await plans.effects(2) == ["placed ready"])
    }

    @Test("one mail of several parcels, where a trigger combines, and none of a parcel twice")
    func combine() async throws {
        let plans = try await Plans(["sent": "on: shipment.out_for_delivery\ncombine: 1 hour"])
        try await plans.see(1, parcels: [("A", .outForDelivery), ("B", .unknown)])
        try await plans.work()
        #expect(try await plans.effects(1) == ["sent waiting combine"])
        try await plans.wait(.minutes(40))
        try await plans.see(1, parcels: [("A", .outForDelivery), ("B", .outForDelivery)])
        try await plans.wait(.minutes(41))
        #expect(try await plans.effects(1) == ["sent ready"])
        let key = OrderKey(shop: shop, orderID: "gid://shopify/Order/1")
        let effect = try #require(try await plans.store.effects(ofOrders: [key], states: [.ready])[key]?.first)
        #expect(effect.events.count == 2 && effect.keys.count == 2)
    }

    @Test("the stronger word in the place of the weaker one")
    func replaces() async throws {
        let plans = try await Plans([
            "moving": "on: shipment.in_transit\nafter: 3 hours",
            "door": "on: shipment.out_for_delivery\nreplaces: moving",
        ])
        try await plans.see(1, parcels: [("A", .inTransit)])
        try await plans.work()
        #expect(try await plans.effects(1) == ["moving waiting wait"])
        try await plans.wait(.hours(1))
        try await plans.see(1, parcels: [("A", .outForDelivery)])
        try await plans.work()
        #expect(try await plans.effects(1) == ["moving replaced replaced", "door ready"])
    }

    @Test("again after a pause, and not before")
    func pause() async throws {
        let plans = try await Plans(["door": "on: shipment.attempted\nonce_per: order every 2 days"])
        try await plans.see(1, parcels: [("A", .attempted)])
        try await plans.work()
        try await plans.wait(.hours(20))
        try await plans.see(1, parcels: [("A", .outForDelivery)])
        try await plans.wait(.hours(1))
        try await plans.see(1, parcels: [("A", .attempted)])
        try await plans.work()
        #expect(try await plans.effects(1) == ["door ready"])
        try await plans.wait(.days(2))
        try await plans.see(1, parcels: [("A", .outForDelivery)])
        try await plans.wait(.hours(5))
        try await plans.see(1, parcels: [("A", .attempted)])
        try await plans.work()
        #expect(try await plans.effects(1) == ["door ready", "door ready"])
    }

    @Test("no more mail once the brake is reached, until somebody says that it is meant")
    func brake() async throws {
        let plans = try await Plans(
            ["placed": "on: order.placed", "door": "on: shipment.attempted"], shopSettings: "brake: 3 per hour\n")
        func fates(_ orders: ClosedRange<Int>) async throws -> [String] {
            var all: [String] = []
            for order in orders { all += try await plans.effects(order) }
            return all.sorted()
        }
        func see(_ orders: ClosedRange<Int>) async throws {
            for order in orders { try await plans.see(order, email: "robin\(order)@shopper.example") }
            try await plans.work()
        }
        try await see(1...3)
        // A second mail to the same shopper is no further shopper.
        try await plans.see(1, parcels: [("A", .attempted)], email: "robin1@shopper.example")
        try await plans.work()
        #expect(try await fates(1...3) == ["door ready", "placed ready", "placed ready", "placed ready"])
        #expect(try await plans.store.remembered(.brake, shop: shop) == nil)
        try await see(4...5)
        #expect(try await fates(4...5) == ["placed waiting brake", "placed waiting brake"])
        let held = try #require(try await plans.store.remembered(.brake, shop: shop))
        #expect(held.people == 3)
        // Time alone releases nothing.
        try await plans.wait(.hours(3))
        #expect(try await fates(4...5) == ["placed waiting brake", "placed waiting brake"])
        #expect(try await plans.store.releaseBrake(shop: shop, now: plans.now) == 2)
        try await plans.work()
        #expect(try await fates(4...5) == ["placed ready", "placed ready"])
        // What was meant does not count against what comes after it; and what is no news any more is dropped.
        try await plans.wait(.hours(2))
        try await see(6...9)
        #expect(
            try await fates(6...9) == ["placed ready", "placed ready", "placed ready", "placed waiting brake"])
        try await plans.wait(.hours(26))
        #expect(try await fates(6...9).last == "placed skipped old_news")
    }

    @Test("nothing that a trigger tells a shopper while news is paused, and all that is still news afterwards")
    func pausedNews() async throws {
        let plans = try await Plans(["placed": "on: order.placed", "door": "on: shipment.attempted"])
        func entry(_ what: String) -> AuditEntry {
            AuditEntry(who: "ada@fig.example", shop: shop, what: what, about: "news")
        }
        func pause(until: Moment?) async throws {
            try await plans.store.pause(
                Pause(.news, since: plans.now, until: until, by: "ada@fig.example"), shop: shop, audit: entry("paused"),
                now: plans.now)
        }
        try await pause(until: nil)
        try await plans.see(1)
        try await plans.work()
        #expect(try await plans.effects(1) == ["placed waiting paused"])
        // A restart changes nothing, nor does time alone: it is only asked again whether it is still news.
        var restarted = plans.service
        restarted.pauses = PauseWatch()
        try await plans.wait(.hours(20))
        while try await restarted.turn() {}
        #expect(try await plans.effects(1) == ["placed waiting paused"])
        #expect(try await plans.store.resume(.news, shop: shop, audit: entry("resumed"), now: plans.now) == 1)
        try await plans.work()
        #expect(try await plans.effects(1) == ["placed ready"])
        #expect(try await plans.store.resume(.news, shop: shop, audit: entry("resumed"), now: plans.now) == nil)

        // One with an end ends by itself; one that is made shorter holds what the longer one held for less.
        try await pause(until: plans.now + .days(3))
        try await plans.see(2)
        try await plans.work()
        #expect(try await plans.effects(2) == ["placed waiting paused"])
        try await pause(until: plans.now + .hours(1))
        try await plans.wait(.minutes(59))
        #expect(try await plans.effects(2) == ["placed waiting paused"])
        try await plans.wait(.minutes(2))
        #expect(try await plans.effects(2) == ["placed ready"])
        #expect(try await plans.store.pauses(shop: shop).isEmpty)

        // What is no news any more by then is dropped with its reason.
        try await pause(until: nil)
        try await plans.see(3)
        try await plans.work()
        try await plans.wait(.days(10))
        #expect(try await plans.effects(3) == ["placed skipped old_news"])
        #expect(
            try await plans.store.auditLines(limit: 9).map(\.entry.what).reversed()
                == ["paused", "resumed", "paused", "paused", "paused"])
    }

    @Test("no shopper twice into the brake's count who was written to before a restart and after it")
    func brakeOverRestart() async throws {
        let plans = try await Plans(
            ["placed": "on: order.placed", "door": "on: shipment.attempted"], shopSettings: "brake: 3 per hour\n")
        for order in 1...2 { try await plans.see(order, email: "robin\(order)@shopper.example") }
        try await plans.work()
        var restarted = plans.service
        restarted.brakes = Brakes()
        func work() async throws { while try await restarted.turn() {} }
        plans.holder.pass(.minutes(10))
        try await plans.see(1, parcels: [("A", .attempted)], email: "Robin1@Shopper.example")
        try await work()
        #expect(try await plans.effects(1) == ["placed ready", "door ready"])
        try await plans.see(3, email: "robin3@shopper.example")
        try await work()
        #expect(try await plans.effects(3) == ["placed ready"])
        try await plans.see(4, email: "robin4@shopper.example")
        try await work()
        #expect(try await plans.effects(4) == ["placed waiting brake"])
        #expect(try await plans.store.remembered(.brake, shop: shop)?.people == 3)
    }

    @Test("nothing of a shop that is not served any more, and does not stumble over what it left")
    func unserved() async throws {
        let plans = try await Plans(["placed": "on: order.placed\nafter: 1 hour"])
        let live = try await plans.store.openShop("left.myshopify.com", now: start).liveSince
        let rules = plans.context.rules
        let left = Plans.context("left.myshopify.com", rules.planner.triggers, rules.inForce.folder, live)
        // More than a turn takes at once, and older than all that is served.
        for order in 1...(PlanningService.batch + 9) {
            try await plans.see(1000 + order, of: "left.myshopify.com", context: left)
        }
        try await plans.see(1)
        try await plans.work()
        #expect(try await plans.effects(1) == ["placed waiting wait"])
        try await plans.wait(.hours(1) + .seconds(2))
        #expect(try await plans.effects(1) == ["placed ready"])
        #expect(try await plans.store.nextDue(shop: shop) == nil)
        #expect(try await plans.times.turn() == false)
    }
}
