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
private let start = Moment(iso8601: "2026-11-20T09:00:00Z")!

private final class Hand: Sendable {
    private let moment = Mutex(start)
    var now: Moment { moment.withLock { $0 } }
    func turn(to now: Moment) { moment.withLock { $0 = now } }
}

/// A shop's trigger folder on the disk, and the parts of the daemon that read it and decide by it.
private final class Room: Sendable {
    let folder: String
    let store: Store
    let hand = Hand()
    let context: ShopContext
    let reloader: TriggerReloader
    let reloads: ReloadService
    let planning: PlanningService

    static let first = "on: order.placed\nafter: 2 days\nsend: email\n"
    static let second = "on: order.placed\nafter: 1 day\nif: order.tags contains \"gift\"\nsend: email\n"

    /// With a store that knows the shop, or one that refuses whatever is written about it.
    init(opened: Bool) async throws {
        folder = NSTemporaryDirectory() + "bookbag-reload-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: folder + "/templates", withIntermediateDirectories: true)
        store = try Store.inMemory(now: start - .days(5))
        let live = LiveSince(shop: start - .days(5))
        if opened { _ = try await store.openShop(shop, now: start - .days(5)) }
        let configuration = Configuration.Shop(
            domain: shop, endpoint: "https://\(shop)", access: .token(SecretString("t")), pollEvery: .seconds(60),
            triggers: folder,
            smtp: Configuration.SMTP(
                url: "smtp://127.0.0.1:1", username: nil, password: nil, connections: 1, perSecond: nil,
                redirectTo: nil, sender: nil, startTLS: .off, authority: nil, certificate: nil, key: nil), webhooks: [:]
        )
        for (name, text) in [
            "shop.yaml": """
            notify: owner@juniperfig.example
            brand: { name: Juniper & Fig, from: orders@juniperfig.example }
            """, "thanks.yaml": Self.first, "templates/thanks.md": "---\nsubject: Thanks\n---\nHello\n",
        ] { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }
        let files = try TriggerFolder(readingFrom: folder)
        let set = try #require(TriggerSet.load(files).set)
        let since = ["thanks": start - .days(5)]
        context = ShopContext(
            configuration: configuration,
            rules: ShopContext.Rules(
                planner: Planner(triggers: set, inForceSince: since, live: live, shop: ShopProfile(domain: shop)),
                learner: Learner(live: live, shopZone: .utc, rereadEvery: .minutes(1)),
                inForce: TriggerReloader.InForce(set: set, since: since, folder: files)))
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let metrics = DaemonMetrics()
        let gate = PlanningGate()
        reloader = TriggerReloader(
            shop: configuration, store: store, metrics: metrics, logger: logger, notices: Wake(), gate: gate)
        let clock = DaemonClock(source: { [hand] in hand.now })
        reloads = ReloadService(
            contexts: [shop: context], reloaders: [shop: reloader], store: store, clock: clock, planning: Wake(),
            notifier: SystemdNotifier(), heartbeats: Heartbeats(), logger: logger)
        planning = PlanningService(
            store: store, contexts: [shop: context],
            makers: [
                shop: MessageMaker(configuration: configuration, labels: nil)
            ], trouble: TemplateTrouble(store: store, reloaders: [:], logger: logger), clock: clock, wake: Wake(),
            newMessages: Broadcast(), heartbeats: Heartbeats(), metrics: metrics, logger: logger, gate: gate)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func edit(_ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/thanks.yaml"))
    }

    /// An order is placed.
    func place(_ number: Int = 1) async throws {
        var facts = OrderFacts(
            id: "gid://shopify/Order/\(number)", name: "#\(number)", createdAt: hand.now, updatedAt: hand.now)
        facts.email = "robin@shopper.example"
        var record = OrderRecord(shop: shop, facts: facts, seenAt: hand.now)
        record.events = [
            Event(
                shop: shop, orderID: facts.id, kind: .orderPlaced,
                occurrences: [.init(subject: "order", n: 1, mark: "placed")], happenedAt: hand.now,
                recordedAt: hand.now, source: "shopify")
        ]
        _ = try await store.commit(
            [Learned(record: record, events: record.events, nextMoment: nil, rereads: [], changed: true)],
            now: hand.now)
    }

    func work() async throws { while try await planning.turn() {} }

    /// The order's effect.
    func effect() async throws -> Effect? {
        try await store.outbox(shop: shop, limit: 9).map(\.effect).first { $0.origin == .trigger }
    }

    /// The kinds of mails to the shop that are to go.
    var notices: [String] {
        get async throws {
            try await store.outbox(shop: shop, limit: 9).map(\.effect).filter { $0.origin == .system }.map(\.trigger)
        }
    }
}

@Suite("A change of the trigger files")
struct ReloadServiceTests {
    @Test("is not lost where the store fails while it is read: it comes into force when the store can be written again")
    func storeFailure() async throws {
        let room = try await Room(opened: false)
        var watched = ReloadService.Watched(watch: FolderWatch(room.reloader.signature()))
        try room.edit(Room.second)
        let digest = try TriggerFolder(readingFrom: room.folder).digest
        // The folder comes to rest, and the store refuses what is written of it.
        for _ in 0..<3 { watched = await room.reloads.look(watched, shop: shop, signalled: false) }
        #expect(watched.isUnread)
        #expect(room.context.rules.inForce.folder.digest != digest)
        _ = try await room.store.openShop(shop, now: start)
        watched = await room.reloads.look(watched, shop: shop, signalled: false)
        #expect(!watched.isUnread)
        #expect(room.context.rules.inForce.folder.digest == digest)
        #expect(try await room.store.lastGoodSet(shop: shop)?.digest == digest)
        #expect(try await room.notices == [Notice.Kind.accepted.rawValue])
    }

    @Test("that is in force and was not told of yet is told of later")
    func untold() async throws {
        let room = try await Room(opened: false)
        var watched = ReloadService.Watched(watch: FolderWatch(room.reloader.signature()))
        let rules = room.context.rules
        watched.untold = (rules.inForce, rules.inForce)
        watched = await room.reloads.look(watched, shop: shop, signalled: false)
        #expect(watched.untold != nil)
        _ = try await room.store.openShop(shop, now: start)
        watched = await room.reloads.look(watched, shop: shop, signalled: false)
        #expect(watched.untold == nil)
        #expect(try await room.notices == [Notice.Kind.accepted.rawValue])
    }

    @Test("decides all that waits, and the rules from before it decide nothing that it made due")
    func judgedAgain() async throws {
        for _ in 0..<30 {
            let room = try await Room(opened: true)
            try await room.place()
            try await room.work()
            #expect(try await room.effect()?.reason == .wait)
            // By the first rules it waits another twelve hours; by the second it is due, and not for this order.
            room.hand.turn(to: start + .hours(36))
            try room.edit(Room.second)
            let watch = FolderWatch(room.reloader.signature())
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    let watched = ReloadService.Watched(watch: watch)
                    _ = await room.reloads.look(watched, shop: shop, signalled: true)
                }
                for _ in 0..<4 {
                    group.addTask { for _ in 0..<10 { _ = try await room.planning.turn() } }
                }
                try await group.waitForAll()
            }
            try await room.work()
            let effect = try #require(try await room.effect())
            #expect(effect.state == .skipped && effect.reason == .if)
        }
    }
}
