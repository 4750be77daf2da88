import Delivery
import Foundation
import Intake
import Logging
import LoopTesting
import Outreach
import Platform
import Store
import Synchronization
import Testing

@testable import Daemon

let benchShop = "juniperfig.myshopify.com"
let benchStart = Moment(iso8601: "2026-11-20T09:00:00Z")!

/// Keeps what was logged.
final class LoggedLines: Sendable {
    private let kept = Mutex<[(message: String, facts: [String: String])]>([])

    var messages: [String] { kept.withLock { $0.map(\.message) } }

    /// The facts of the lines of that kind.
    func facts(_ line: Line) -> [[String: String]] {
        kept.withLock { $0.filter { $0.message == "\(line.message)" }.map(\.facts) }
    }

    func logger() -> Logger { Logger(label: "test") { _ in Handler(lines: self) } }

    private struct Handler: LogHandler {
        let lines: LoggedLines
        var logLevel = Logger.Level.debug
        var metadata: Logger.Metadata = [:]
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            let facts = (event.metadata ?? [:]).mapValues { "\($0)" }
            lines.kept.withLock { $0.append(("\(event.message)", facts)) }
        }
    }
}

/// A shop's store on a disk, with a clock and waits that a test moves: what a loop of the daemon stands on.
final class LoopBench: Sendable {
    let folder: String
    let store: Store
    let clock: DaemonClock
    let time = SteppedTime()
    let heartbeats: Heartbeats
    let lines = LoggedLines()
    let metrics = DaemonMetrics()
    let trouble = StoreTrouble()
    let putBack = Broadcast()
    let context: ShopContext
    let configuration: Configuration.Shop
    let live: LiveSince
    private let moment: MomentBox

    private final class MomentBox: Sendable {
        let now = Mutex(benchStart)
        /// By which loops are late.
        let instant = Mutex(ContinuousClock.now)
    }

    static let thanks = """
        on: order.placed
        send:
          - email:
              template: thanks
        """

    /// A bench with those trigger files, beside the template `thanks`, those carriers to be asked about parcels, and
    /// webhooks of those names.
    init(
        _ files: [String: String] = ["thanks.yaml": thanks], carriers: [String] = [], webhooks: [String] = []
    ) async throws {
        let moment = MomentBox()
        self.moment = moment
        heartbeats = Heartbeats(now: { moment.instant.withLock { $0 } })
        folder = NSTemporaryDirectory() + "bookbag-loop-" + UUID().uuidString
        let triggers = folder + "/triggers"
        try FileManager.default.createDirectory(
            atPath: triggers + "/templates", withIntermediateDirectories: true)
        clock = DaemonClock(source: { moment.now.withLock { $0 } })
        store = try Store.open(path: folder + "/bookbag.db", role: .daemon, now: benchStart)
        configuration = Configuration.Shop(
            domain: benchShop, endpoint: "https://\(benchShop)", access: .token(SecretString("t")),
            pollEvery: .seconds(60), triggers: triggers,
            smtp: Configuration.SMTP(
                url: "smtp://relay.example", username: nil, password: nil, connections: 2, perSecond: nil,
                redirectTo: nil, sender: nil, startTLS: .required, authority: nil, certificate: nil, key: nil),
            webhooks: Dictionary(
                uniqueKeysWithValues: webhooks.map { name in
                    (name, Configuration.Webhook(url: "https://\(name).example", secrets: [], allowPrivate: false))
                }))
        var live = try await store.openShop(benchShop, now: benchStart - .days(1)).liveSince
        for carrier in carriers {
            live = try await store.openSource(carrier, shop: benchShop, now: benchStart - .days(1))
        }
        self.live = live
        var all = [
            "shop.yaml":
                "mode: live\nnotify: owner@juniperfig.example\nbrand: { name: Fig, from: orders@juniperfig.example }\n",
            "templates/thanks.md": "---\nsubject: Thanks\n---\nHello\n",
        ]
        all.merge(files) { $1 }
        for (name, text) in all { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(triggers)/\(name)")) }
        let read = try TriggerFolder(readingFrom: triggers)
        let (loaded, faults) = TriggerSet.load(read, webhooks: Set(webhooks))
        let set = try #require(loaded, "\(faults)")
        let since = Dictionary(uniqueKeysWithValues: set.triggers.map { ($0.name, Moment.distantPast) })
        var learner = Learner(live: live, shopZone: .utc, rereadEvery: .minutes(1))
        if !carriers.isEmpty { learner.sources = CarrierChoice(carriers).choice }
        context = ShopContext(
            configuration: configuration,
            rules: ShopContext.Rules(
                planner: Planner(
                    triggers: set, inForceSince: since, live: live, shop: ShopProfile(domain: benchShop)),
                learner: learner,
                inForce: TriggerReloader.InForce(set: set, since: since, folder: read)))
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var now: Moment { clock.now }

    /// Lets the wall clock go on.
    func pass(_ duration: Duration) { moment.now.withLock { $0 = $0 + duration } }

    /// Lets time go on by which a loop is late that has not moved meanwhile.
    func lag(_ duration: Duration) { moment.instant.withLock { $0 += duration } }

    /// A wake whose waits a test ends.
    func wake() -> Wake { Wake(sleep: time.sleep) }

    /// Writes a file of the trigger folder.
    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(configuration.triggers)/\(name)"))
    }

    func learning(
        newEvents: Wake = Wake(), newMoments: Wake = Wake(), newParcels: Broadcast = Broadcast()
    ) -> Learning {
        Learning(
            store: store, logger: lines.logger(), metrics: metrics, newEvents: newEvents, newMoments: newMoments,
            newParcels: newParcels, trouble: trouble)
    }

    func planning(
        wake: Wake, newMessages: Broadcast = Broadcast(), channels: [ChannelKind] = ChannelKind.standard
    ) -> PlanningService {
        PlanningService(
            store: store, contexts: [benchShop: context],
            makers: [
                benchShop: MessageMaker(configuration: configuration, labels: nil, channels: channels)
            ], trouble: TemplateTrouble(store: store, reloaders: [:], logger: lines.logger()), clock: clock,
            wake: wake, newMessages: newMessages, heartbeats: heartbeats, metrics: metrics, logger: lines.logger(),
            storeTrouble: trouble)
    }

    func reloader() -> TriggerReloader {
        TriggerReloader(
            shop: configuration, store: store, metrics: metrics, logger: lines.logger(), notices: Wake())
    }

    /// An order is seen, with parcels of those numbers.
    func see(
        _ number: Int, parcels: [String] = [], company: String = "Royal Mail",
        email: String = "robin@shopper.example", learning: Learning? = nil
    ) async throws {
        var facts = OrderFacts(
            id: "gid://shopify/Order/\(number)", name: "#\(number)", createdAt: now, updatedAt: now)
        facts.email = email
        facts.fulfillments = parcels.enumerated().map { index, parcel in
            FulfillmentFacts(
                id: "gid://shopify/Fulfillment/\(number)\(index)", name: "#\(number).\(index + 1)", status: .success,
                createdAt: now, updatedAt: now, tracking: [TrackingFacts(company: company, number: parcel)])
        }
        _ = try await (learning ?? self.learning()).learn(
            [Observation(shop: benchShop, seenAt: now, content: .order(facts))], of: context, now: now)
    }

    /// The states of an order's effects.
    func states(_ number: Int) async throws -> [Effect.State] {
        let key = OrderKey(shop: benchShop, orderID: "gid://shopify/Order/\(number)")
        return try await store.effects(ofOrders: [key], states: Set(Effect.State.allCases))[key, default: []].map(
            \.state)
    }

    /// Looks again and again, without sleeping, until something has come about that another task is at.
    func until(_ condition: () async throws -> Bool) async throws {
        while !(try await condition()) {
            try Task.checkCancellation()
            await Task.yield()
        }
    }
}

/// A network that is never there.
struct UnreachableNetwork: HTTPTransport {
    func send(_ request: HTTPRequest) async throws(TransferFailure) -> HTTPResponse { throw TransferFailure(.connect) }
}

/// A far end that answers as it is told, and can be made to wait before it does.
final class BenchChannel: Channel {
    private struct State {
        var verdicts: [Verdict] = []
        var sent: [String] = []
        var isHeld = false
        var held: [CheckedContinuation<Void, Never>] = []
    }
    private let state: Mutex<State>

    init(_ verdicts: [Verdict] = [], isHeld: Bool = false) {
        state = Mutex(State(verdicts: verdicts, isHeld: isHeld))
    }

    var sent: Int { state.withLock { $0.sent.count } }

    /// Lets all answers go.
    func answer() {
        let held = state.withLock { state in
            state.isHeld = false
            defer { state.held = [] }
            return state.held
        }
        for one in held { one.resume() }
    }

    func send(_ message: Message, at now: Moment) async throws(CancellationError) -> Verdict {
        await withCheckedContinuation { continuation in
            let goesOn = state.withLock { state in
                state.sent.append(message.id)
                if state.isHeld { state.held.append(continuation) }
                return !state.isHeld
            }
            if goesOn { continuation.resume() }
        }
        return state.withLock { $0.verdicts.isEmpty ? .accepted(receipt: "250 ok") : $0.verdicts.removeFirst() }
    }
}
