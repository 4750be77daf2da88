internal import FoundationEssentials
internal import GRDB
public import Outreach

/// What an erasure took away.
public struct Erased: Hashable, Sendable {
    public var orders = 0
    public var messages = 0
}

extension Store {
    /// Erases a customer: every order placed with the address, or by a customer who placed one with it, goes with its scans, events, effects and
    /// messages.
    ///
    /// Left are the totals; a silence of the address for ever; and for each order a keyed hash, which keeps the next poll from learning it
    /// again. What is being attempted at this moment may still arrive.
    public func erase(address: String, shop: String, now: Moment) async throws(StoreFailure) -> Erased {
        let hash = self.hash
        let key = hash.address(address)
        let cache = records
        defer { cache.clear() }
        return try await write { db in
            let number = try db.shop(shop)
            var erased = Erased()
            var tally = Tally()
            for (id, gid) in try db.orders(ofAddress: key, shop: number) {
                try db.run(
                    "INSERT INTO erased (shop, order_key, erased_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                    [number, hash.order(gid), now.milliseconds])
                for (effect, state) in try db.effects(ofOrder: id) {
                    tally.add(.effects, [state], shop: number, -1)
                    erased.messages += try db.changes("DELETE FROM messages WHERE effect_id = ?", [effect])
                    for table in ["leases", "attempts", "decisions", "results", "effect_keys", "effect_events"] {
                        try db.run("DELETE FROM \(table) WHERE effect_id = ?", [effect])
                    }
                    try db.run("DELETE FROM effects WHERE id = ?", [effect])
                }
                try db.run(
                    """
                    DELETE FROM pending_events WHERE event_id IN (SELECT id FROM events WHERE order_id = ?)
                    """, [id])
                try db.run(
                    "DELETE FROM match_outcomes WHERE event_id IN (SELECT id FROM events WHERE order_id = ?)", [id])
                for table in ["occurrences", "events", "scans", "rereads"] {
                    try db.run("DELETE FROM \(table) WHERE order_id = ?", [id])
                }
                try db.removeParcels(ofOrder: id, shop: number, tally: &tally)
                for table in ["to_read", "marks"] {
                    try db.run("DELETE FROM \(table) WHERE shop = ? AND order_gid = ?", [number, gid])
                }
                try db.run("DELETE FROM orders WHERE id = ?", [id])
                erased.orders += 1
            }
            try db.run(
                """
                INSERT INTO silences (shop, scope, scope_key, stream, reason, begun_at) VALUES (?, 'address', ?, 'all', ?, ?)
                ON CONFLICT (shop, scope, scope_key, stream, reason) DO UPDATE SET ends_at = NULL
                """, [number, key, Reason.erased.rawValue, now.milliseconds])
            try tally.write(to: db)
            try db.note(now)
            return erased
        }
    }
}

extension Database {
    /// The orders of an address, and of the customers who ordered with it.
    fileprivate func orders(ofAddress key: Data, shop: Int64) throws -> [(id: Int64, gid: String)] {
        let own = try all(
            "SELECT id, gid, customer_key FROM orders WHERE shop = ? AND address_key = ?", [shop, key]
        ) { (id: $0[0] as Int64, gid: $0[1] as String, customer: $0[2] as Data?) }
        var orders = Dictionary(uniqueKeysWithValues: own.map { ($0.id, $0.gid) })
        for customer in Set(own.compactMap(\.customer)) {
            let others = try all(
                "SELECT id, gid FROM orders WHERE shop = ? AND customer_key = ?", [shop, customer]
            ) { (id: $0[0] as Int64, gid: $0[1] as String) }
            for (id, gid) in others { orders[id] = gid }
        }
        return orders.sorted { $0.key < $1.key }.map { (id: $0.key, gid: $0.value) }
    }

    fileprivate func effects(ofOrder id: Int64) throws -> [(id: Int64, state: String)] {
        try all("SELECT id, state FROM effects WHERE order_id = ?", [id]) { (id: $0[0], state: $0[1]) }
    }
}
