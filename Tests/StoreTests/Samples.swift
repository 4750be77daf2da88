import Doubles
import Foundation
import GRDB
import Outreach
import Synchronization
import Testing

@testable import Store

let shop = "juniperfig.example"
/// When the story begins. No test opens a store without it, so the statements are listened to from here on.
let t0: Moment = {
    Statements.listen()
    return Moment(iso8601: "2026-11-21T10:00:00Z")!
}()

/// The statements that the stores of all tests ran, for scripts/check-sql: written to the file that BOOKBAG_STATEMENTS
/// names when the tests end.
enum Statements {
    static func listen() {
        guard ProcessInfo.processInfo.environment["BOOKBAG_STATEMENTS"] != nil else { return }
        atexit { Statements.write() }
    }

    private static func write() {
        guard let path = ProcessInfo.processInfo.environment["BOOKBAG_STATEMENTS"] else { return }
        let told = SQLiteEngine.told.withLock { $0.sorted() }
        let all = ["migrations": Migration.all.map(\.sql), "statements": told]
        let json = try? JSONSerialization.data(withJSONObject: all, options: [.prettyPrinted, .sortedKeys])
        try? json?.write(to: URL(fileURLWithPath: path))
    }
}

extension Moment {
    /// So many seconds after the beginning of the story.
    static func at(_ seconds: Int) -> Moment { t0 + .seconds(seconds) }
}

/// The stores that must all keep the same promises.
enum StoreKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case inMemory, onDisk, postgreSQL

    /// Those that this machine has.
    static let allCases: [StoreKind] =
        PostgresServer.programs == nil ? [.inMemory, .onDisk] : [.inMemory, .onDisk, .postgreSQL]

    var testDescription: String { rawValue }

    /// A fresh store with the shop opened.
    func make() async throws -> Store {
        let store: Store
        switch self {
        case .inMemory: store = try Store.inMemory(now: t0)
        case .onDisk: store = try Store.open(path: Folder().file("store.sqlite"), role: .command, now: t0)
        case .postgreSQL: store = try await PostgresPool.shared.make()
        }
        _ = try await store.openShop(shop, now: t0)
        return store
    }
}

/// A folder of its own, which is removed when the tests end.
struct Folder: Sendable {
    let path: String
    private static let made = Mutex<[String]>([])
    private static let removal: Void = {
        atexit { Folder.removeAll() }
        return ()
    }()

    init() {
        path = NSTemporaryDirectory() + "bookbag-store-" + UUID().uuidString
        try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        Self.removal
        Self.made.withLock { [path] in $0.append(path) }
    }

    func file(_ name: String) -> String { path + "/" + name }

    private static func removeAll() {
        for path in made.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: path) }
    }
}

func facts(_ number: Int, updatedAt: Moment = t0, email: String? = "robin@example.com") -> OrderFacts {
    var facts = OrderFacts(
        id: "gid://shopify/Order/\(number)", name: "#\(number)", createdAt: t0, updatedAt: updatedAt)
    facts.email = email
    facts.customer = CustomerFacts(
        id: "gid://shopify/Customer/7", firstName: "Robin", tags: ["VIP"],
        totalSpent: Money(amount: Decimal(string: "120.50")!, currency: "GBP"))
    facts.total = Money(amount: Decimal(string: "12.50")!, currency: "GBP")
    facts.lineItems = [
        LineItemFacts(id: "gid://shopify/LineItem/\(number)", title: "Fig jam", quantity: 2, productTags: ["jam"])
    ]
    return facts
}

func scan(_ id: String, at moment: Moment = t0, state: ParcelState = .inTransit) -> Scan {
    Scan(
        id: id, source: "shopify", time: moment, offsetMinutes: 60, basis: .place, state: state, delay: .maybe,
        reason: "weather", estimate: CalendarDay(iso8601: "2026-11-24"), words: "Départ — “Köln”", place: "Köln, DE",
        returnLeg: false)
}

func record(_ number: Int, updatedAt: Moment = t0, email: String? = "robin@example.com") -> OrderRecord {
    OrderRecord(shop: shop, facts: facts(number, updatedAt: updatedAt, email: email), seenAt: t0)
}

func event(
    _ kind: EventKind = .orderPlaced, order number: Int, subjects: [String] = ["order"], n: Int = 1,
    at moment: Moment = t0, silence: Silence? = nil
) -> Event {
    Event(
        shop: shop, orderID: "gid://shopify/Order/\(number)", kind: kind,
        occurrences: subjects.map { Event.Occurrence(subject: $0, n: n, mark: "m\(n)") }, happenedAt: moment,
        recordedAt: moment, silence: silence, source: "shopify",
        daysLate: kind == .shipmentDelayed ? 2 : nil,
        delayReason: kind == .shipmentDelayed ? "promise_passed" : nil, orderName: "#\(number)")
}

func learned(
    _ record: OrderRecord, events: [Event] = [], nextMoment: Moment? = nil, rereads: [Reread] = [], changed: Bool = true
) -> Learned {
    var record = record
    record.events += events
    return Learned(record: record, events: events, nextMoment: nextMoment, rereads: rereads, changed: changed)
}

func mail(_ id: String, to recipient: String = "robin@example.com", body: String = "Hello") -> Message {
    .mail(
        id: id, sender: "bounces@juniperfig.example", recipient: recipient, bytes: Array(body.utf8),
        summary: "Your order")
}

func hook(_ id: String, endpoint: String = "helpdesk") -> Message {
    .webhook(id: id, endpoint: endpoint, body: Array("{}".utf8), summary: "order.placed")
}

/// Where a line of a trigger goes.
func route(of line: String) -> Route {
    let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
    return parts[0] == "webhook" ? .webhook(parts[1], shop: shop) : .mail(shop: shop)
}

extension Store {
    /// Stores an order with one event, and returns that.
    @discardableResult
    func placed(_ number: Int, kind: EventKind = .orderPlaced, at moment: Moment = t0) async throws -> Event {
        let outcome = try await commit(
            [learned(record(number), events: [event(kind, order: number, at: moment)])], now: moment)
        return outcome.events[0]
    }

    /// Stores a ready effect with its message, and returns it.
    @discardableResult
    func ready(
        _ event: Event, trigger: String = "thanks", line: String = "email", key: String = "order",
        message: Message? = nil,
        to recipient: String = "robin@example.com", at moment: Moment = t0
    ) async throws -> Effect {
        var effect = Effect(
            to: route(of: line), isContact: line == "email", trigger: trigger, line: line, keys: [key], event: event,
            dueAt: moment, createdAt: moment)
        effect.state = .ready
        effect.decidedAt = moment
        let bytes =
            message
            ?? (effect.channel == .email
                ? mail("\(trigger)-\(line)-\(event.aggregate.id)-\(key)@juniperfig.example", to: recipient)
                : hook("\(trigger)-\(line)-\(event.aggregate.id)-\(key)"))
        let outcome = try await commitPlan(
            [
                Plan(
                    shop: shop, doneEvents: [event.id],
                    changes: [
                        PlannedChange(
                            effect: effect, note: DecisionNote(at: moment, state: .ready, reason: nil), message: bytes)
                    ])
            ], now: moment)
        return outcome.effects[0]
    }
}

/// The shop of these tests, where there is no other.
extension Store {
    func effect(_ id: Int64) async throws -> Effect? { try await effect(id, shop: shop) }

    func effectStory(_ id: Int64) async throws -> (story: EffectStory, message: Message?)? {
        try await effectStory(id, shop: shop)
    }

    func retry(effectID: Int64, now: Moment) async throws -> Bool {
        try await retry(effectID: effectID, shop: shop, now: now)
    }

    func drop(effectID: Int64, now: Moment) async throws -> Bool {
        try await drop(effectID: effectID, shop: shop, now: now)
    }
}

extension Store {
    /// The cells of all tables whose text is like that, as TABLE.COLUMN; bytes are read as text where they are some.
    /// Secrets and keyed hashes are not: they are random, and would hold any two letters now and then.
    func cells(where isMeant: @escaping @Sendable (String) -> Bool) async throws -> [String] {
        try await read { db in
            var found: [String] = []
            if case .postgres = db.line {
                let columns = try db.all(
                    """
                    /* test */ SELECT table_name, column_name FROM information_schema.columns
                    WHERE table_schema = current_schema() AND data_type IN ('text', 'bytea')
                    """
                ) { ($0[0] as String, $0[1] as String) }
                for (table, column) in columns {
                    try db.each("/* test */ SELECT \(column) FROM \(table)") { row in
                        if let text = String(validating: row[0] as [UInt8], as: UTF8.self), isMeant(text) {
                            found.append("\(table).\(column)")
                        }
                    }
                }
                return found
            }
            let tables: [String] = try db.all(
                "/* test */ SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            ) { $0[0] }
            for table in tables {
                let columns: [String] = try db.all("/* test */ SELECT name FROM pragma_table_info('\(table)')") {
                    $0[0]
                }
                for column in columns {
                    try db.each("/* test */ SELECT CAST(\(column) AS BLOB) FROM \(table)") { row in
                        if let text = String(validating: row[0] as [UInt8], as: UTF8.self), isMeant(text) {
                            found.append("\(table).\(column)")
                        }
                    }
                }
            }
            return found
        }
    }
}

extension Connection {
    /// SQLite's own connection, for tests of what only it has.
    var database: Database {
        guard case .sqlite(let line) = line else { preconditionFailure("a test of SQLite ran on another engine") }
        return line.database
    }
}

/// Numbers that look like chance and are the same each time (SplitMix64, by Sebastiano Vigna).
struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
