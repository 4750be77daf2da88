import Foundation
import Glibc
import Logging
import Outreach
import Platform
import Store
import Synchronization
import Testing

@testable import Daemon

private let shop = "juniperfig.myshopify.com"
private let start = Moment(iso8601: "2026-11-20T09:00:00Z")!

/// Keeps what was logged.
private final class Lines: Sendable {
    struct Line: Sendable {
        var level: Logger.Level
        var message: String
        var facts: [String: String]
    }
    private let kept = Mutex<[Line]>([])

    var all: [Line] { kept.withLock { $0 } }
    var messages: [String] { all.map(\.message) }

    func logger(_ level: Logger.Level = .debug) -> Logger {
        Logger(label: "test") { _ in Handler(lines: self, logLevel: level) }
    }

    private struct Handler: LogHandler {
        let lines: Lines
        var logLevel: Logger.Level
        var metadata: Logger.Metadata = [:]
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            let facts = (event.metadata ?? [:]).mapValues { "\($0)" }
            lines.kept.withLock { $0.append(Line(level: event.level, message: "\(event.message)", facts: facts)) }
        }
    }
}

/// A desk with these trigger files.
private func context(_ files: [String: String] = [:], in store: Store) async throws -> ShopContext {
    let state = try await store.openShop(shop, now: start)
    var all = ["shop.yaml": Array("mode: live\nbrand:\n  name: Fig\n  from: Fig <orders@fig.example>\n".utf8)]
    for (name, text) in files { all[name] = Array(text.utf8) }
    let folder = TriggerFolder(files: all)
    let (set, faults) = TriggerSet.load(folder)
    let good = try #require(set, "\(faults)")
    let since = Dictionary(uniqueKeysWithValues: good.triggers.map { ($0.name, Moment.distantPast) })
    return ShopContext(
        configuration: Configuration.Shop(
            domain: shop, endpoint: "https://\(shop)", access: .token(SecretString("t")), pollEvery: .seconds(60),
            triggers: "", smtp: nil, webhooks: [:]),
        rules: ShopContext.Rules(
            planner: Planner(
                triggers: good, inForceSince: since, live: state.liveSince, shop: ShopProfile(domain: shop)),
            learner: Learner(live: state.liveSince, shopZone: .utc, rereadEvery: .minutes(1)),
            inForce: TriggerReloader.InForce(set: good, since: since, folder: folder)))
}

private let thanks = """
    on: order.placed
    after: 2 days
    send:
      - email:
          template: thanks
    """

/// A store on the disk whose disk is full whenever we like: SQLite is given no more pages.
@Suite("What an operator meets")
struct OperatingTests {
    @Test("a store that fails is told once for all loops, hourly while it lasts, and once when it is over")
    func trouble() async throws {
        let lines = Lines()
        let logger = lines.logger()
        let trouble = StoreTrouble()
        let store = try Store.inMemory(now: start)
        let failure = await #expect(throws: StoreFailure.self) {
            try await store.remember("x", as: .lastFault, shop: "?", now: start)
        }
        for second in 0..<600 { trouble.note(try #require(failure), now: start + .seconds(second), logger) }
        #expect(lines.messages == ["The store failed"])
        trouble.note(try #require(failure), now: start + .hours(1), logger)
        #expect(lines.messages.count == 2)
        // Somebody met it a moment ago: it is not over yet.
        await trouble.look(store, now: start + .hours(1) + .seconds(5), logger)
        #expect(trouble.failure != nil)
        await trouble.look(store, now: start + .hours(1) + .seconds(30), logger)
        #expect(trouble.failure == nil)
        #expect(lines.messages.last == "The store is writable again")
        // The same again a minute later is the same trouble; a quarter of an hour later it is another.
        trouble.note(try #require(failure), now: start + .hours(1) + .seconds(60), logger)
        #expect(lines.messages.count == 3)
        await trouble.look(store, now: start + .hours(1) + .minutes(2), logger)
        trouble.note(try #require(failure), now: start + .hours(1) + .minutes(20), logger)
        #expect(lines.messages.count == 4)
    }

    @Test(
        "health and metrics tell of a store that fails, of how long a shop was not read, and of nobody who is not served"
    )
    func health() async throws {
        let store = try Store.inMemory(now: start)
        _ = try await store.openShop(shop, now: start)
        _ = try await store.openShop("gone.myshopify.com", now: start)
        try await store.remember(start + .seconds(60), as: .lastGoodCycle, shop: shop, now: start)
        let trouble = StoreTrouble()
        let metrics = DaemonMetrics()
        metrics.know(shop: shop)
        let server = HealthServer(
            listen: .init(host: "127.0.0.1", port: 0), metrics: metrics, heartbeats: Heartbeats(), store: store,
            clock: DaemonClock(source: { start + .minutes(11) }), logger: Lines().logger(), shops: [shop],
            trouble: trouble)
        #expect(server.ill().isEmpty)
        await server.refresh()
        let text = metrics.registry.exposition()
        #expect(text.contains("bookbag_source_lag_seconds{shop=\"\(shop)\",source=\"shopify\"} 600"))
        #expect(!text.contains("gone.myshopify.com"))
        #expect(text.contains("bookbag_store_writable 1"))
        #expect(text.contains("bookbag_build_info{version=\"\(BookbagVersion.current)\"} 1"))
        #expect(text.contains("bookbag_polls_total{shop=\"\(shop)\",outcome=\"failed\"} 0"))
        let failure = await #expect(throws: StoreFailure.self) {
            try await store.remember("x", as: .lastFault, shop: "?", now: start)
        }
        trouble.note(try #require(failure), now: start, Lines().logger())
        await server.refresh()
        #expect(metrics.registry.exposition().contains("bookbag_store_writable 0"))
        #expect(server.ill() == ["store: unknown_shop"])
    }

    @Test("a port that is in use is said before anything begins")
    func port() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port: UInt16 = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                _ = bind(listener, raw, length)
                listen(listener, 1)
                getsockname(listener, raw, &length)
            }
            return UInt16(bigEndian: pointer.pointee.sin_port)
        }
        let taken = Configuration.Listen(host: "127.0.0.1", port: Int(port))
        let problem = #expect(throws: DaemonProblem.self) { try taken.requireFree() }
        #expect(
            problem?.reason
                == "'listen' 127.0.0.1:\(port) is in use; stop what is listening there, or choose another port")
        let foreign = #expect(throws: DaemonProblem.self) {
            try Configuration.Listen(host: "192.0.2.1", port: 8787).requireFree()
        }
        #expect(foreign?.reason.contains("not an address of this machine") == true)
        try Configuration.Listen(host: "127.0.0.1", port: 0).requireFree()
    }

    @Test("live mails without a relay are told of; shadowed ones are not")
    func relay() async throws {
        let store = try Store.inMemory(now: start)
        let files = ["thanks.yaml": thanks, "templates/thanks.md": "---\nsubject: Thanks\n---\nHello\n"]
        let lines = Lines()
        let live = try await context(files, in: store)
        try await NoRelay(store: store, logger: lines.logger()).look(at: live, now: start)
        #expect(lines.messages == ["No relay is configured for mail"])
        #expect(try await store.remembered(.noRelay, shop: shop) == "thanks")
        let shadowed = try await context(
            files.merging(["thanks.yaml": "mode: shadow\n" + thanks]) { $1 }, in: store)
        try await NoRelay(store: store, logger: lines.logger()).look(at: shadowed, now: start)
        #expect(lines.messages.count == 1)
        #expect(try await store.remembered(.noRelay, shop: shop) == nil)
    }

    @Test("the same trigger files are read once, however many shops have them")
    func readings() async {
        let readings = TriggerReadings()
        let folder = TriggerFolder(files: ["shop.yaml": Array("mode: nonsense\n".utf8)])
        let first = await readings.load(folder, webhooks: [])
        #expect(first.set == nil && !first.faults.isEmpty)
        #expect(await readings.load(folder, webhooks: []).faults == first.faults)
        #expect(await readings.load(folder, webhooks: ["helpdesk"]).set == nil)
    }
}

@Suite("A backup that is put back, and what waits in it")
struct RestoringWaitsTests {
    @Test("a wait that ended in the gap is withdrawn; one that ends later is kept")
    func waits() async throws {
        let folder = NSTemporaryDirectory() + "bookbag-restoring-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try Store.open(path: folder + "/a.db", role: .daemon, now: start)
        let files = ["thanks.yaml": thanks, "templates/thanks.md": "---\nsubject: Thanks\n---\nHello\n"]
        let before = try await context(files, in: store)
        let lines = Lines()
        let learning = Learning(
            store: store, logger: lines.logger(), metrics: DaemonMetrics(), newEvents: Wake(), newMoments: Wake())
        for (number, placed) in [(1, start + .hours(1)), (2, start + .hours(30))] {
            var facts = OrderFacts(
                id: "gid://shopify/Order/\(number)", name: "#\(number)", createdAt: placed, updatedAt: placed)
            facts.email = "robin@shopper.example"
            _ = try await learning.learn(
                [Observation(shop: shop, seenAt: placed, content: .order(facts))], of: before, now: placed)
        }
        let planning = PlanningService(
            store: store, contexts: [shop: before], makers: [:],
            trouble: TemplateTrouble(store: store, reloaders: [:], logger: lines.logger()),
            clock: DaemonClock(source: { start + .hours(31) }),
            wake: Wake(), newMessages: Broadcast(), heartbeats: Heartbeats(), metrics: DaemonMetrics(),
            logger: lines.logger())
        _ = try await planning.turn()
        #expect(try await store.outbox(shop: shop, limit: 9).map(\.effect.state) == [.waiting, .waiting])
        try await store.backup(to: folder + "/b.db", now: start + .hours(32))
        try store.close()

        // Put back 60 hours after the start: the first wait ended at 49, the second ends at 78.
        let later = try Store.open(path: folder + "/b.db", role: .daemon, now: start + .hours(60))
        let restoring = Restoring(store: later, logger: lines.logger())
        let restoration = try #require(try await restoring.begin(shop, now: start + .hours(60)))
        let after = try await context(files, in: later)
        for _ in 0..<2 {
            try await restoring.withdrawWaits(
                of: shop, planner: after.rules.planner, restoration: restoration)
        }
        let effects = try await later.outbox(shop: shop, limit: 9).map(\.effect)
        #expect(effects.map { $0.orderID?.last } == ["2", "1"])
        #expect(effects.map(\.state) == [.waiting, .withdrawn])
        #expect(effects[1].reason == .restored)
        #expect(lines.messages.contains("A backup was restored"))
    }
}
