internal import FoundationEssentials
internal import GRDB
public import Outreach

/// An order of a shop.
public struct OrderKey: Hashable, Sendable {
    /// The shop's permanent domain.
    public var shop: String
    /// The shop's id of the order.
    public var orderID: String

    /// That order of that shop.
    public init(shop: String, orderID: String) {
        self.shop = shop
        self.orderID = orderID
    }
}

/// What became of a commit of learned orders.
public struct LearnedOutcome: Hashable, Sendable {
    /// The new events with their numbers, in the order in which they were given.
    public var events: [Event] = []
    /// Orders that somebody else changed meanwhile, of which nothing was written: load them and learn again.
    public var stale: [OrderKey] = []
    /// Orders that were erased, of which nothing is to be learned.
    public var erased: [OrderKey] = []
    /// Orders that cannot be written, for they are not possible: a fault of the program, which stops no other order. They stay on the list; park them.
    public var refused: [OrderKey: StoreFailure] = [:]
    /// How many scans were not kept, for their order has the greatest number already.
    public var scansRefused = 0
}

extension Store {
    /// The greatest number of scans that are kept of one order.
    public static let greatestScanCount = OrderRow.greatestScanCount

    /// What is known of these orders, by id; those never seen are left out.
    public func load(shop: String, orderIDs: [String]) async throws(StoreFailure) -> [String: OrderRecord] {
        let loaded = try await read { db in
            let number = try db.shop(shop)
            var loaded: [LoadedOrder] = []
            loaded.reserveCapacity(orderIDs.count)
            for id in Set(orderIDs) {
                let row = try db.first(Query.order, [number, id]) { row in
                    (id: row[0] as Int64, version: row[1] as Int64, format: row[2] as Int, record: row[3] as Data)
                }
                guard let row else { continue }
                loaded.append(
                    LoadedOrder(
                        version: row.version, format: row.format, record: row.record,
                        scans: try db.scans(orderID: row.id), events: try db.events(orderID: row.id)))
            }
            return loaded
        }
        // Decoding is done here and not on a connection, which others may be waiting for.
        do {
            let decoder = JSONDecoder()
            var records: [String: OrderRecord] = [:]
            for order in loaded {
                let record = try order.assembled(decoder: decoder)
                records[record.facts.id] = record
            }
            return records
        } catch { throw StoreFailure(error, path: path) }
    }

    /// Writes what was learned of orders: the records, their new scans and events, the work that these make, and what is to be looked at next;
    /// and takes from the list of orders to be read those of which `read` tells.
    ///
    /// Each order is written whole or not at all: one that was changed since it was loaded is given back as stale, and stays on the list.
    ///
    /// - Parameters:
    ///   - learned: of several orders, of one shop or more; of one order at most once.
    ///   - read: the rows of the list that these readings answer, those of unchanged orders included.
    public func commit(
        _ learned: [Learned], read: [ToRead] = [], now: Moment
    ) async throws(StoreFailure) -> LearnedOutcome {
        let rows: [OrderRow]
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            rows = try learned.map { try OrderRow($0, hash: hash, encoder: encoder) }
        } catch { throw StoreFailure(error, path: path) }
        let path = self.path
        return try await write { db in
            var outcome = LearnedOutcome()
            var shops = ShopNumbers()
            var tally = Tally()
            var unwritten: Set<OrderKey> = []
            for row in rows {
                let record = row.learned.record
                let key = OrderKey(shop: record.shop, orderID: record.facts.id)
                let shop = try shops.number(record.shop, in: db)
                if try db.isErased(row.orderKey, shop: shop) {
                    outcome.erased.append(key)
                    continue
                }
                var part = LearnedOutcome()
                var partTally = Tally()
                var written = false
                // A savepoint for each order, so that what is stale leaves no trace.
                let refusal = try db.isolated(path: path) {
                    written = try db.write(row, shop: shop, now: now, into: &part, tally: &partTally)
                    return written ? .commit : .rollback
                }
                if let refusal {
                    outcome.refused[key] = refusal
                    unwritten.insert(key)
                } else if written {
                    outcome.events += part.events
                    outcome.scansRefused += part.scansRefused
                    tally.add(partTally)
                } else {
                    outcome.stale.append(key)
                    unwritten.insert(key)
                }
            }
            for order in read where !unwritten.contains(OrderKey(shop: order.shop, orderID: order.orderID)) {
                try db.removeToRead(order, shop: shops.number(order.shop, in: db))
            }
            try tally.write(to: db)
            try db.note(now)
            return outcome
        }
    }

    /// The orders that people call by that name, in all shops or one.
    public func orders(named name: String, shop: String? = nil) async throws(StoreFailure) -> [OrderKey] {
        try await read { db in
            var keys: [OrderKey] = []
            let all: [(Int64, String)] = try db.all("SELECT id, domain FROM shops ORDER BY domain") { ($0[0], $0[1]) }
            for (number, domain) in all where shop == nil || shop == domain {
                keys += try db.all(Query.ordersByName, [number, name]) { OrderKey(shop: domain, orderID: $0[0]) }
            }
            return keys
        }
    }

    /// The orders of a shop that were placed with that address, newest first.
    public func orders(ofAddress address: String, shop: String) async throws(StoreFailure) -> [OrderKey] {
        let key = hash.address(address)
        return try await read { db in
            try db.all(Query.ordersByAddress, [try db.shop(shop), key]) { OrderKey(shop: shop, orderID: $0[0]) }
        }
    }
}

extension Database {
    /// Writes one order; false where it is stale.
    fileprivate func write(
        _ row: OrderRow, shop: Int64, now: Moment, into outcome: inout LearnedOutcome, tally: inout Tally
    ) throws -> Bool {
        let record = row.learned.record
        let facts = record.facts
        let orderID: Int64
        if !row.learned.changed {
            guard
                let id = try integer(
                    """
                    UPDATE orders SET next_moment = ?, updated_at = max(updated_at, ?)
                    WHERE shop = ? AND gid = ? AND version = ? RETURNING id
                    """,
                    [
                        row.learned.nextMoment?.milliseconds, facts.updatedAt.milliseconds, shop, facts.id,
                        record.version,
                    ])
            else { return false }
            orderID = id
        } else if record.version == 0 {
            guard
                let id = try integer(
                    """
                    INSERT INTO orders (shop, gid, name, placed_at, updated_at, test, address_key, customer_key,
                        last_problem_at, next_moment, version, format, record)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)
                    ON CONFLICT (shop, gid) DO NOTHING RETURNING id
                    """,
                    [
                        shop, facts.id, facts.name, facts.processedAt.milliseconds, facts.updatedAt.milliseconds,
                        facts.test, row.addressKey, row.customerKey, row.problemAt?.milliseconds,
                        row.learned.nextMoment?.milliseconds, OrderRow.format, row.record,
                    ])
            else { return false }
            orderID = id
        } else {
            let problem = row.problemAt?.milliseconds
            guard
                let id = try integer(
                    """
                    UPDATE orders SET name = ?, placed_at = ?, updated_at = ?, test = ?, address_key = ?,
                        customer_key = ?, last_problem_at = coalesce(max(last_problem_at, ?), ?, last_problem_at),
                        next_moment = ?, version = version + 1, format = ?, record = ?
                    WHERE shop = ? AND gid = ? AND version = ? RETURNING id
                    """,
                    [
                        facts.name, facts.processedAt.milliseconds, facts.updatedAt.milliseconds, facts.test,
                        row.addressKey, row.customerKey, problem, problem, row.learned.nextMoment?.milliseconds,
                        OrderRow.format, row.record, shop, facts.id, record.version,
                    ])
            else { return false }
            orderID = id
        }
        if row.learned.changed {
            outcome.scansRefused += try writeScans(row, orderID: orderID)
            for event in row.learned.events {
                guard let stored = try insert(event, orderID: orderID, shop: shop) else { return false }
                outcome.events.append(stored)
                tally.add(.events, [event.kind.rawValue, event.silence?.rawValue ?? ""], shop: shop)
            }
        }
        for look in row.learned.looks { try put(look, orderID: orderID, shop: shop) }
        for ask in row.learned.asks { try put(ask, orderID: orderID, shop: shop, now: now, tally: &tally) }
        return true
    }

    /// Writes the scans that are new or differ from what is stored, and says how many there was no room for.
    private func writeScans(_ row: OrderRow, orderID: Int64) throws -> Int {
        let scans = row.scans
        guard !scans.isEmpty else { return 0 }
        struct Key: Hashable {
            var owner: String
            var scan: String
        }
        let stored = row.learned.record.version == 0 ? [] : try self.scans(orderID: orderID)
        let known = Dictionary(
            uniqueKeysWithValues: stored.map { (Key(owner: $0.owner, scan: $0.scan.id), ($0.position, $0.scan)) })
        var room = OrderRow.greatestScanCount - known.count
        var refused = 0
        for (owner, position, scan) in scans {
            if let (storedPosition, storedScan) = known[Key(owner: owner, scan: scan.id)] {
                if storedPosition == position && storedScan == scan { continue }
            } else if room > 0 {
                room -= 1
            } else {
                refused += 1
                continue
            }
            try put(scan, owner: owner, position: position, orderID: orderID)
        }
        return refused
    }

    /// Writes an event with the work that it makes; nil where one of its occurrences was recorded before.
    private func insert(_ event: Event, orderID: Int64, shop: Int64) throws -> Event? {
        guard
            let id = try integer(
                """
                INSERT INTO events (shop, order_id, kind, happened_at, recorded_at, silence, source, days_late,
                    delay_reason)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
                """,
                [
                    shop, orderID, event.kind.rawValue, event.happenedAt.milliseconds, event.recordedAt.milliseconds,
                    event.silence?.rawValue, event.source, event.daysLate, event.delayReason,
                ])
        else { throw StoreFailure.unreadable("an event without a number") }
        for (position, occurrence) in event.occurrences.enumerated() {
            let inserted = try changes(
                """
                INSERT INTO occurrences (order_id, subject, kind, n, event_id, position, mark)
                VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (order_id, subject, kind, n) DO NOTHING
                """,
                [
                    orderID, occurrence.subject, event.kind.rawValue, occurrence.n, id, position, occurrence.mark,
                ])
            if inserted == 0 { return nil }
        }
        try run("INSERT INTO pending_events (event_id, shop) VALUES (?, ?)", [id, shop])
        var stored = event
        stored.id = id
        return stored
    }

    /// Sets when to look, or takes the look away.
    fileprivate func put(_ look: Look, orderID: Int64, shop: Int64) throws {
        guard let at = look.at else {
            try run(
                "DELETE FROM looks WHERE shop = ? AND kind = ? AND gid = ?", [shop, look.kind.rawValue, look.id])
            return
        }
        try run(
            """
            INSERT INTO looks (shop, kind, gid, order_id, look_at) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (shop, kind, gid) DO UPDATE SET order_id = excluded.order_id, look_at = excluded.look_at
            WHERE looks.look_at <> excluded.look_at OR looks.order_id <> excluded.order_id
            """, [shop, look.kind.rawValue, look.id, orderID, at.milliseconds])
    }
}

extension Query {
    static let order = "SELECT id, version, format, record FROM orders WHERE shop = ? AND gid = ?"
    static let ordersByName = "SELECT gid FROM orders WHERE shop = ? AND name = ? ORDER BY id"
    static let ordersByAddress = """
        SELECT gid FROM orders WHERE shop = ? AND address_key = ? ORDER BY placed_at DESC
        """
}
