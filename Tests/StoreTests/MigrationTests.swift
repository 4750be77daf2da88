import Foundation
import GRDB
import Outreach
import Testing

@testable import Store

/// Stores of each schema that was released: the migrations up to it, which stay as they shipped, and rows as text in
/// Tests/Golden/stores. A new migration brings a file with its number, which has a row in every table.
struct GoldenStore {
    let number: Int
    static let now = Moment(milliseconds: 1_796_133_200_000)
    static let shop = "juniperfig.example"
    static let order = "gid://shopify/Order/1"

    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../Golden/stores")

    var rows: String? {
        try? String(contentsOf: Self.folder.appendingPathComponent("\(number).sql"), encoding: .utf8)
    }

    /// Makes the store as the program of that schema left it.
    func make(at path: String) throws {
        let schema = Array(Migration.all.prefix { $0.number <= number })
        try SQLiteEngine.open(path: path, now: Self.now, migrations: schema) { _ in }.close()
        let database = try DatabaseQueue(path: path)
        let rows = try #require(rows, "Tests/Golden/stores/\(number).sql is missing")
        try database.write { db in try db.execute(sql: rows) }
        try database.close()
    }

    /// How many rows each table has.
    static func counts(in path: String) throws -> [String: Int] {
        let database = try DatabaseQueue(path: path)
        defer { try? database.close() }
        return try database.read { db in
            let tables = try String.fetchAll(
                db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
            return try Dictionary(
                uniqueKeysWithValues: tables.map { ($0, try Int.fetchOne(db, sql: "SELECT count(*) FROM \($0)") ?? 0) })
        }
    }
}

@Suite("Stores of earlier schemas") struct MigrationTests {
    @Test("each that was released is migrated with its rows, and goes on", arguments: Migration.all.map(\.number))
    func migrates(_ number: Int) async throws {
        let path = Folder().file("store.sqlite")
        try GoldenStore(number: number).make(at: path)
        let before = try GoldenStore.counts(in: path)
        #expect(before.filter { $0.value == 0 }.keys.sorted() == [], "the file has a row in each table")

        let store = try Store.open(path: path, role: .daemon, now: GoldenStore.now)
        let shop = GoldenStore.shop
        let order = try #require(try await store.load(shop: shop, orderIDs: [GoldenStore.order])[GoldenStore.order])
        #expect(order.facts.email == "robin@shopper.example" && order.events.count == 5)
        #expect(order.facts.fulfillments.first?.scans.count == 2)
        #expect(try await store.story(shop: shop, orderID: GoldenStore.order)?.effects.count == 3)
        #expect(
            try await store.writtenMessage(1, shop: shop, includesOwn: true)?.envelope.recipient == order.facts.email)
        let key = OrderKey(shop: shop, orderID: GoldenStore.order)
        #expect(try await store.given(about: key).map(\.code) == ["FIG-ROBIN-1"])
        #expect(try await store.offers(ofOrder: key).map(\.offer.remedy) == ["lost-parcel"])
        #expect(try await store.ratings(of: key).map(\.score) == [5])
        let customer = try await store.customer(
            store.addressKey("robin@shopper.example"), shop: shop, limit: 9, now: GoldenStore.now)
        #expect(customer.orders == [key] && customer.incoming.count == 2 && customer.silences.count == 1)
        // It goes on: the next order is learned, and nothing points nowhere.
        var next = OrderRecord(shop: shop, facts: facts(2), seenAt: GoldenStore.now)
        next.facts.email = "wren@shopper.example"
        _ = try await store.commit([learned(next)], now: GoldenStore.now)
        #expect(try await store.load(shop: shop, orderIDs: [facts(2).id]).count == 1)
        try store.close()

        let after = try GoldenStore.counts(in: path)
        for (table, count) in before where !["numbers", "counters", "tallies", "migrations"].contains(table) {
            let isNew = ["orders", "aggregates"].contains(table)
            #expect(after[table] == nil || after[table] == count + (isNew ? 1 : 0), "\(table)")
        }
        let database = try DatabaseQueue(path: path)
        let faults = try await database.read { db in
            try GRDB.Row.fetchAll(db, sql: "PRAGMA foreign_key_check").count
                + (String.fetchAll(db, sql: "PRAGMA integrity_check") == ["ok"] ? 0 : 1)
        }
        #expect(faults == 0)
        try database.close()
    }

    @Test("one of a later schema is refused, and stays as it is")
    func later() throws {
        let path = Folder().file("store.sqlite")
        try GoldenStore(number: Migration.current).make(at: path)
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { db in
            try db.execute(
                sql: """
                    PRAGMA journal_mode = DELETE;
                    INSERT INTO migrations (number, name, applied_at) VALUES (\(Migration.current + 1), 'later', 0)
                    """)
        }
        try queue.close()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        for role in [Store.Role.daemon, .command, .packing] {
            let failure = #expect(throws: StoreFailure.self) {
                try Store.open(path: path, role: role, create: false, now: GoldenStore.now)
            }
            #expect(failure?.cause == .newerSchema)
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == bytes)
    }
}
