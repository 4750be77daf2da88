internal import FoundationEssentials
public import Outreach

/// An order whose details are to be read.
public struct ToRead: Hashable, Sendable {
    public var shop: String
    /// The shop's id for it.
    public var orderID: String
    /// Identifies the reason for reading it. A reading removes only the row with this ticket: if the order changed
    /// again meanwhile, the row stays.
    public var ticket: Int64
    /// When it last changed, if a scan said so.
    public var updatedAt: Moment?
    /// The number of failed readings.
    public var tries: Int

    /// An entry of the list.
    public init(shop: String, orderID: String, ticket: Int64, updatedAt: Moment?, tries: Int) {
        self.shop = shop
        self.orderID = orderID
        self.ticket = ticket
        self.updatedAt = updatedAt
        self.tries = tries
    }
}

/// An order that could not be read and waits for its next try.
public struct ParkedOrder: Hashable, Sendable {
    public var orderID: String
    /// Why, in a sentence without personal data.
    public var reason: String
    public var tries: Int
    public var retryAt: Moment
}

extension Store {
    /// Queues orders to be read regardless of what is stored: those found by other scans, such as the one for open
    /// returns. An order already queued gets a new ticket, because a reading under way may have missed the new reason;
    /// a parked one keeps its time.
    public func enqueueRead(shop: String, orderIDs: [String], now: Moment) async throws(StoreFailure) {
        let hash = self.hash
        try await write { db in
            let number = try db.shop(shop)
            let ticket = try db.nextTicket(shop: number)
            let erased = try db.together(orderIDs) { try db.isErased(hash.order($0), shop: number) }
            for (id, isErased) in zip(orderIDs, erased) where !isErased {
                try db.run(
                    """
                    INSERT INTO to_read (shop, order_gid, updated_at, asked_at, ticket) VALUES (?, ?, 0, ?, ?)
                    ON CONFLICT (shop, order_gid) DO UPDATE SET asked_at = excluded.asked_at, ticket = excluded.ticket
                    """, [number, id, now.milliseconds, ticket])
            }
            try db.note(now)
        }
    }

    /// The next orders to be read: first those never tried, oldest change first, then the parked ones that are due.
    /// Calling it twice returns the same orders: a row is removed by the commit of the reading.
    public func nextToRead(shop: String, limit: Int, now: Moment) async throws(StoreFailure) -> [ToRead] {
        try await read { db in
            let number = try db.shop(shop)
            let toRead: (Row) -> ToRead = {
                ToRead(
                    shop: shop, orderID: $0[0], ticket: $0[1], updatedAt: ($0[2] as Int64) == 0 ? nil : $0.moment(2),
                    tries: $0[3])
            }
            var rows = try db.all(Query.freshToRead, [number, limit], toRead)
            if rows.count < limit {
                rows += try db.all(Query.parkedToRead, [number, now.milliseconds, limit - rows.count], toRead)
            }
            return rows
        }
    }

    /// Parks an order that could not be read or understood. It holds up no other order and is retried after
    /// `firstRetry`, then after twice as long each time, in the end daily; or at once when it changes.
    ///
    /// - Parameter reason: why, in a sentence without personal data.
    public func park(
        _ order: ToRead, reason: String, firstRetry: Duration = .minutes(1), now: Moment
    ) async throws(StoreFailure) {
        try await write { db in
            let number = try db.shop(order.shop)
            let tries = try db.integer(
                "SELECT tries FROM to_read WHERE shop = ? AND order_gid = ? AND ticket = ?",
                [number, order.orderID, order.ticket])
            // A different ticket means a new reason to read the order, which an old failure must not park.
            guard let tries else { return }
            let wait = Self.parkingTime(tries: tries, firstRetry: firstRetry)
            try db.run(
                """
                UPDATE to_read SET tries = tries + 1, retry_at = ?, reason = ?
                WHERE shop = ? AND order_gid = ? AND ticket = ?
                """, [(now + wait).milliseconds, reason, number, order.orderID, order.ticket])
            try db.note(now)
        }
    }

    /// Parks an order whose row cannot be read or written, as a refusal by `commit` does.
    ///
    /// - Parameters:
    ///   - cause: the entry for which it was read, if any: if there is a newer one by now, that one is not parked.
    ///   - reason: why, in a sentence without personal data.
    public func setAside(
        shop: String, orderID: String, cause: ToRead?, reason: String, now: Moment
    ) async throws(StoreFailure) {
        try await write { db in
            try db.setAside(orderID, shop: try db.shop(shop), cause: cause, reason: reason, now: now)
            try db.note(now)
        }
    }

    /// How long to park an order after this many earlier failures.
    static func parkingTime(tries: Int64, firstRetry: Duration = .minutes(1)) -> Duration {
        min(firstRetry * (1 << min(max(Int(tries), 0), 20)), .days(1))
    }

    /// Removes orders from the list that the shop no longer has.
    public func dropToRead(_ orders: [ToRead], now: Moment) async throws(StoreFailure) {
        try await write { db in
            var shops = ShopNumbers()
            for order in orders { try db.removeToRead(order, shop: shops.number(order.shop, in: db)) }
            try db.note(now)
        }
    }

    /// The orders that could not be read, the next to be tried first.
    public func parked(shop: String, limit: Int) async throws(StoreFailure) -> [ParkedOrder] {
        try await read { db in
            try db.all(Query.parked, [try db.shop(shop), limit]) {
                ParkedOrder(orderID: $0[0], reason: $0[1], tries: $0[2], retryAt: $0.moment(3))
            }
        }
    }

    /// When the next parked order is due to be retried; nil if none is parked.
    public func nextParked(shop: String) async throws(StoreFailure) -> Moment? {
        try await read { db in
            try db.integer(Query.nextParked, [try db.shop(shop)]).map { Moment(milliseconds: $0) }
        }
    }
}

extension Query {
    static let freshToRead = """
        SELECT order_gid, ticket, updated_at, tries FROM to_read
        WHERE shop = ? AND retry_at IS NULL ORDER BY updated_at, order_gid LIMIT ?
        """
    static let parkedToRead = """
        SELECT order_gid, ticket, updated_at, tries FROM to_read
        WHERE shop = ? AND retry_at <= ? ORDER BY retry_at LIMIT ?
        """
    static let parked = """
        SELECT order_gid, reason, tries, retry_at FROM to_read
        WHERE shop = ? AND retry_at IS NOT NULL ORDER BY retry_at LIMIT ?
        """
    static let nextParked = "SELECT min(retry_at) FROM to_read WHERE shop = ? AND retry_at IS NOT NULL"
}

extension Connection {
    /// A ticket that this shop never issued before.
    func nextTicket(shop: Int64) throws -> Int64 {
        guard
            let next = try integer(
                "UPDATE shops SET next_ticket = next_ticket + 1 WHERE id = ? RETURNING next_ticket", [shop])
        else { throw StoreFailure.unreadable("a shop") }
        return next - 1
    }

    /// Parks an order that cannot be written, and postpones everything else that would bring it up again: the moment at
    /// which time changes it, and its rereads. Otherwise each of them would find it due for ever and keep all others
    /// waiting.
    ///
    /// - Parameter cause: the entry for which it was read; if there is a newer one by now, that one is not parked.
    func setAside(_ orderID: String, shop: Int64, cause: ToRead?, reason: String, now: Moment) throws {
        let row = try first("SELECT tries, ticket FROM to_read WHERE shop = ? AND order_gid = ?", [shop, orderID]) {
            (tries: $0[0] as Int64, ticket: $0[1] as Int64)
        }
        let until = (now + Store.parkingTime(tries: row?.tries ?? 0)).milliseconds
        if row == nil || cause == nil || row?.ticket == cause?.ticket {
            try run(
                """
                INSERT INTO to_read (shop, order_gid, updated_at, asked_at, ticket, tries, retry_at, reason)
                VALUES (?, ?, 0, ?, ?, 1, ?, ?)
                ON CONFLICT (shop, order_gid) DO UPDATE SET
                    tries = to_read.tries + 1, retry_at = excluded.retry_at, reason = excluded.reason
                """, [shop, orderID, now.milliseconds, try nextTicket(shop: shop), until, reason])
        }
        guard let id = try order(orderID, shop: shop) else { return }
        try run(
            "UPDATE orders SET next_moment = ? WHERE shop = ? AND id = ? AND next_moment <= ?",
            [until, shop, id, now.milliseconds])
        try run(
            "UPDATE rereads SET reread_at = ? WHERE shop = ? AND order_id = ? AND reread_at < ?",
            [until, shop, id, until])
    }

    /// Removes a row from the list unless there is a newer reason to read its order.
    func removeToRead(_ order: ToRead, shop: Int64) throws {
        try run(
            "DELETE FROM to_read WHERE shop = ? AND order_gid = ? AND ticket = ?",
            [shop, order.orderID, order.ticket])
    }

    /// True for an erased order, which must not be learned again.
    func isErased(_ key: Data, shop: Int64) throws -> Bool {
        try integer("SELECT 1 FROM erased WHERE shop = ? AND order_key = ?", [shop, key]) != nil
    }
}

/// The queries of hot steps, by name, so that a test can check their plans.
enum Query {}
