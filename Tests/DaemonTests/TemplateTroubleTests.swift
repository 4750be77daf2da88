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
private let start = Moment(iso8601: "2026-11-20T12:00:00Z")!

/// A clock that tests turn.
private final class Hand: Sendable {
    private let moment = Mutex(start)
    var now: Moment { moment.withLock { $0 } }
    func pass(_ duration: Duration) { moment.withLock { $0 = $0 + duration } }
}

/// The lines of the journal, as they come.
private struct Lines: LogHandler {
    final class Kept: Sendable {
        let all = Mutex<[String]>([])
    }
    let kept: Kept
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
    func log(event: LogEvent) {
        let facts = (event.metadata ?? [:]).map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ")
        kept.all.withLock { $0.append("\(event.message) \(facts)") }
    }
}

/// A shop whose template fails for orders of no items, and the parts of the daemon that write its mail.
private struct Room {
    let store: Store
    let context: ShopContext
    let reloader: TriggerReloader
    let planning: PlanningService
    let hand = Hand()
    let kept = Lines.Kept()

    static func folder(_ body: String) -> TriggerFolder {
        TriggerFolder(files: [
            "shop.yaml": Array(
                """
                notify: owner@juniperfig.example
                brand: { name: Juniper & Fig, from: orders@juniperfig.example }
                """.utf8),
            "placed.yaml": Array("on: order.placed\nsend: email\n".utf8),
            "templates/placed.md": Array("---\nsubject: Thank you\n---\n\(body)\n".utf8),
        ])
    }

    static func rules(_ folder: TriggerFolder, _ live: LiveSince) throws -> ShopContext.Rules {
        let set = try #require(TriggerSet.load(folder).set)
        return ShopContext.Rules(
            planner: Planner(
                triggers: set, inForceSince: ["placed": .distantPast], live: live, shop: ShopProfile(domain: shop)),
            learner: Learner(live: live, shopZone: .utc, rereadEvery: .minutes(1)),
            inForce: TriggerReloader.InForce(set: set, since: ["placed": .distantPast], folder: folder))
    }

    init(_ body: String, orders: Int) async throws {
        store = try Store.inMemory(now: start - .days(5))
        let live = try await store.openShop(shop, now: start - .days(5)).liveSince
        let configuration = Configuration.Shop(
            domain: shop, endpoint: "https://\(shop)", access: .token(SecretString("t")), pollEvery: .seconds(60),
            triggers: "",
            smtp: Configuration.SMTP(
                url: "smtp://127.0.0.1:1", username: nil, password: nil, connections: 1, perSecond: nil,
                redirectTo: nil, sender: nil, startTLS: .off, authority: nil, certificate: nil, key: nil), webhooks: [:]
        )
        context = ShopContext(configuration: configuration, rules: try Self.rules(Self.folder(body), live))
        let kept = kept
        let logger = Logger(label: "test") { _ in Lines(kept: kept) }
        let metrics = DaemonMetrics()
        reloader = TriggerReloader(shop: configuration, store: store, metrics: metrics, logger: logger, notices: Wake())
        let hand = hand
        planning = PlanningService(
            store: store, contexts: [shop: context],
            makers: [
                shop: MessageMaker(
                    configuration: configuration, labels: nil)
            ], trouble: TemplateTrouble(store: store, reloaders: [shop: reloader], logger: logger),
            clock: DaemonClock(source: { hand.now }), wake: Wake(), newMessages: Broadcast(), heartbeats: Heartbeats(),
            metrics: metrics, logger: logger)
        for number in 1...orders {
            var facts = OrderFacts(
                id: "gid://shopify/Order/\(number)", name: "#\(number)", createdAt: start, updatedAt: start)
            facts.email = "robin@shopper.example"
            var record = OrderRecord(shop: shop, facts: facts, seenAt: start)
            let event = Event(
                shop: shop, orderID: facts.id, kind: .orderPlaced,
                occurrences: [.init(subject: "order", n: 1, mark: "placed")], happenedAt: start, recordedAt: start,
                silence: nil, source: "shopify", daysLate: nil, delayReason: nil)
            record.events = [event]
            _ = try await store.commit(
                [Learned(record: record, events: [event], nextMoment: nil, rereads: [], changed: true)], now: start)
        }
    }

    func work() async throws { while try await planning.turn() {} }

    var effects: [Effect] {
        get async throws {
            try await store.waitingEffects(shop: shop, after: 0, limit: 100)
        }
    }

    /// The mails to the shop that are to go.
    var notices: [OutboxLine] {
        get async throws {
            try await store.outbox(shop: shop, states: [.ready], limit: 9).filter { $0.effect.origin == .system }
        }
    }

    var complaints: [String] { kept.all.withLock { $0.filter { $0.hasPrefix("A template could not") } } }
}

@Suite("A template that fails for a real order")
struct TemplateTroubleTests {
    /// Right for the standard order; an order without items divides by 0.
    static let failing = "{{ 6 | divided_by: order.item_count }}"

    @Test("loses no message: it waits, is told once an hour and by one mail, and goes out when the file is fixed")
    func waits() async throws {
        let room = try await Room(Self.failing, orders: 3)
        try await room.work()
        var waiting = try await room.effects
        #expect(waiting.map(\.reason) == [.template, .template, .template])
        #expect(waiting[0].detail?.hasPrefix("triggers/templates/placed.md:4") == true)
        #expect(room.complaints.count == 1)
        let unwritten = try await room.store.unwritten(shop: shop)
        #expect(unwritten.map(\.trigger) == ["placed"] && unwritten.map(\.count) == [3])
        let notice = try #require(try await room.notices.first)
        #expect(notice.effect.trigger == Notice.Kind.unwritten.rawValue)
        let message = try await room.store.effectStory(notice.effect.id, shop: shop)?.message
        let mail = try #require(OpenedMail(message?.bytes ?? []))
        #expect(
            mail.to.contains("owner@juniperfig.example") && mail.subject == "3 messages cannot be written, and wait")
        #expect(mail.text.contains("triggers/templates/placed.md:4"))
        #expect(!mail.text.contains("robin"))

        // By hand it is tried at once, and fails as before: nobody hears of it again within the hour.
        #expect(try await room.store.retry(effectID: waiting[0].id, shop: shop, now: room.hand.now))
        room.hand.pass(.minutes(10))
        try await room.work()
        #expect(room.complaints.count == 1)
        room.hand.pass(.minutes(61))
        try await room.work()
        #expect(room.complaints.count == 2)
        #expect(try await room.notices.map(\.messageID) == [notice.messageID])

        // Fixed.
        let rules = try Room.rules(Room.folder("Thank you."), room.context.rules.planner.live)
        room.context.replaceTriggers(rules.inForce)
        try await room.store.judgeAgain(shop: shop, now: room.hand.now)
        try await room.work()
        waiting = try await room.effects
        #expect(waiting.isEmpty)
        #expect(try await room.store.effect(1, shop: shop)?.state == .ready)
    }

    @Test("is let go of when it is no news any more, and says why")
    func oldNews() async throws {
        let room = try await Room(Self.failing, orders: 1)
        try await room.work()
        room.hand.pass(.days(1) + .hours(1))
        try await room.work()
        let effect = try #require(try await room.store.effect(1, shop: shop))
        #expect(effect.state == .skipped && effect.reason == .oldNews)
        #expect(effect.detail?.contains("held because its template could not be rendered") == true)
    }
}
