import Foundation
import GRDB
import Outreach
import Store

/// A store with many open parcels, made in minutes: some orders are learned as the daemon learns them, each with a
/// carrier's answer, and the rows that this made are copied in SQL with other numbers in them.
struct ManyParcels {
    /// How many orders are learned, and copied again and again.
    static let learned = 1_000
    /// The numbers of the orders have as many digits as the first, and stand in every id and text that is made of them.
    static let first = 8_000_000

    let path: String
    /// A multiple of `learned`.
    let count: Int

    /// Copies what the first `learned` orders made until there are `count`, and lets them fall due over the day before
    /// `now`.
    func copy(now: Moment) throws {
        let database = try DatabaseQueue(path: path)
        defer { try? database.close() }
        try database.writeWithoutTransaction { db in
            // The file is thrown away; it is read as the daemon reads it.
            try db.execute(
                sql: "PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -400000")
            try db.inTransaction {
                try db.execute(sql: "DELETE FROM pending_events")
                let events = try Int64.fetchOne(db, sql: "SELECT max(id) FROM events") ?? 0
                try db.execute(
                    sql: """
                        CREATE TEMP TABLE copies AS
                            WITH RECURSIVE n (k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < \(count / Self.learned - 1))
                            SELECT k FROM n;
                        CREATE TEMP TABLE names AS SELECT id AS of_order, substr(name, 2) AS old FROM aggregates;
                        CREATE TEMP TABLE of_aggregates AS SELECT * FROM names JOIN aggregates ON id = of_order;
                        CREATE TEMP TABLE of_orders AS SELECT * FROM names JOIN orders ON id = of_order;
                        CREATE TEMP TABLE of_scans AS SELECT * FROM names JOIN scans ON order_id = of_order;
                        CREATE TEMP TABLE of_rereads AS SELECT * FROM names JOIN rereads ON order_id = of_order;
                        CREATE TEMP TABLE of_events AS SELECT * FROM events;
                        CREATE TEMP TABLE of_occurrences AS
                            SELECT * FROM names JOIN occurrences ON aggregate_id = of_order;
                        CREATE TEMP TABLE of_parcels AS SELECT names.*, parcels.*, parcel_orders.order_id FROM names
                            JOIN parcel_orders ON order_id = of_order
                            JOIN parcels ON parcels.shop = parcel_orders.shop AND parcels.id = parcel;
                        """)
                if count > Self.learned {
                    for statement in Self.statements {
                        try db.execute(
                            sql:
                                statement
                                .replacingOccurrences(of: "{orders}", with: "\(Self.learned)")
                                .replacingOccurrences(of: "{events}", with: "\(events)")
                                .replacingOccurrences(of: "{new}", with: "(old + k * \(Self.learned))"))
                    }
                }
                try db.execute(
                    sql: """
                        UPDATE parcels SET urgency = id % 4, asked_at = NULL,
                            ask_at = ? + ((id * 7919) % \(count)) * 86400000 / \(count);
                        """, arguments: [now.milliseconds - 86_400_000])
                return .commit
            }
            _ = try db.checkpoint(.truncate)
        }
    }

    private static let statements = [
        """
        INSERT INTO aggregates SELECT shop, id + k * {orders}, kind, replace(gid, old, {new}), replace(name, old, {new}),
            version
        FROM copies CROSS JOIN of_aggregates
        """,
        """
        INSERT INTO orders (shop, id, placed_at, updated_at, test, address_key, customer_key, last_problem_at,
            next_moment, format, record)
        SELECT shop, id + k * {orders}, placed_at, updated_at, test, iif(address_key IS NULL, NULL, randomblob(16)),
            iif(customer_key IS NULL, NULL, randomblob(16)), last_problem_at, next_moment, format,
            CAST(replace(CAST(record AS TEXT), old, {new}) AS BLOB)
        FROM copies CROSS JOIN of_orders
        """,
        """
        INSERT INTO scans SELECT shop, order_id + k * {orders}, replace(owner, old, {new}), scan, position, source,
            happened_at, offset_minutes, basis, state, delay, reason, estimate_day, words, place, return_leg, is_summary,
            retracted_at, number
        FROM copies CROSS JOIN of_scans
        """,
        """
        INSERT INTO rereads SELECT shop, kind, replace(gid, old, {new}), order_id + k * {orders}, reread_at
        FROM copies CROSS JOIN of_rereads
        """,
        """
        INSERT INTO events SELECT shop, id + k * {events}, aggregate_id + k * {orders}, kind, happened_at, recorded_at,
            silence, source, days_late, delay_reason
        FROM copies CROSS JOIN of_events
        """,
        """
        INSERT INTO occurrences SELECT shop, aggregate_id + k * {orders}, replace(subject, old, {new}), kind, n,
            event_id + k * {events}, position, mark
        FROM copies CROSS JOIN of_occurrences
        """,
        """
        INSERT INTO parcels (shop, id, number, source, urgency, ask_at, home)
        SELECT shop, id + k * {orders}, replace(number, old, {new}), source, urgency, ask_at, home
        FROM copies CROSS JOIN of_parcels
        """,
        """
        INSERT INTO parcel_orders SELECT shop, id + k * {orders}, order_id + k * {orders} FROM copies CROSS JOIN of_parcels
        """,
        "UPDATE counters SET total = total * (1 + (SELECT count(*) FROM copies)) WHERE name = 'parcels'",
        "UPDATE numbers SET next = next * (1 + (SELECT count(*) FROM copies))",
    ]
}
