public import Outreach

extension Store {
    /// The marks of those of these orders that have one.
    public func marks(shop: String, orderIDs: [String]) async throws(StoreFailure) -> [String: ReadMark] {
        try await read { db in
            let number = try db.shop(shop)
            let found = try db.together(Array(Set(orderIDs))) { id in
                try db.first(Query.mark, [number, id]) { row in
                    ReadMark(
                        orderID: id, updatedAt: Moment(milliseconds: row[0]), readAt: Moment(milliseconds: row[1]),
                        returns: row[2])
                }
            }
            return Dictionary(uniqueKeysWithValues: found.compactMap { mark in mark.map { ($0.orderID, $0) } })
        }
    }

    /// Keeps marks. A step of its own after the reading was committed: where it is lost, an order is read once more.
    public func keepMarks(shop: String, _ marks: [ReadMark]) async throws(StoreFailure) {
        guard !marks.isEmpty else { return }
        try await write { db in
            let number = try db.shop(shop)
            for mark in marks {
                try db.run(
                    """
                    INSERT INTO marks (shop, order_gid, updated_at, read_at, returns) VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT (shop, order_gid) DO UPDATE SET
                        updated_at = excluded.updated_at, read_at = excluded.read_at, returns = excluded.returns
                    """,
                    [number, mark.orderID, mark.updatedAt.milliseconds, mark.readAt.milliseconds, mark.returns])
            }
        }
    }

    /// Queues orders to be read and moves the cursor in one step, so that no order is lost in between. An order already
    /// queued gets a new ticket. A parked one keeps its time unless it changed since it was queued: then it is tried at
    /// once.
    ///
    /// - Parameter cursor: how far the scan has come by the shop's clock; nil leaves it, as before the last page of a
    ///   scan. It never moves back.
    /// - Returns: how many of them are on the list now; erased orders are not.
    @discardableResult
    public func commitScan(
        shop: String, queue orders: [SeenOrder], cursor: Moment?, now: Moment
    ) async throws(StoreFailure) -> Int {
        let hash = self.hash
        return try await write { db in
            var queued = 0
            let number = try db.shop(shop)
            let ticket = try db.nextTicket(shop: number)
            let erased = try db.together(orders) { try db.isErased(hash.order($0.id), shop: number) }
            for (order, isErased) in zip(orders, erased) where !isErased {
                try db.run(
                    """
                    INSERT INTO to_read (shop, order_gid, updated_at, asked_at, ticket) VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT (shop, order_gid) DO UPDATE SET
                        asked_at = excluded.asked_at, ticket = excluded.ticket,
                        updated_at = CASE WHEN to_read.updated_at > excluded.updated_at
                            THEN to_read.updated_at ELSE excluded.updated_at END,
                        tries = CASE WHEN to_read.updated_at < excluded.updated_at THEN 0 ELSE to_read.tries END,
                        retry_at = CASE WHEN to_read.updated_at < excluded.updated_at THEN NULL ELSE to_read.retry_at END,
                        reason = CASE WHEN to_read.updated_at < excluded.updated_at THEN NULL ELSE to_read.reason END
                    """, [number, order.id, order.updatedAt.milliseconds, now.milliseconds, ticket])
                queued += 1
                guard order.hasChanged else { continue }
                try db.run(
                    "UPDATE to_read SET tries = 0, retry_at = NULL, reason = NULL WHERE shop = ? AND order_gid = ?",
                    [number, order.id])
            }
            if let cursor {
                try db.run(
                    "UPDATE shops SET cursor = ? WHERE id = ? AND (cursor IS NULL OR cursor < ?)",
                    [cursor.milliseconds, number, cursor.milliseconds])
            }
            try db.note(now)
            return queued
        }
    }
}

extension Store {
    /// If the position in the list of changed orders lies after `now`, moves it back to the last change that was read,
    /// or else to where the shop began to be watched. Returns that position; nil if nothing was wrong. It scans all
    /// marks, which is acceptable once in a store's life.
    public func pullCursorBack(shop: String, now: Moment) async throws(StoreFailure) -> Moment? {
        try await write { db in
            let number = try db.shop(shop)
            let ahead = try db.first(
                "SELECT live_since FROM shops WHERE id = ? AND cursor > ?", [number, now.milliseconds]
            ) { $0.moment(0) }
            guard let liveSince = ahead else { return nil }
            let last = try db.integer(
                "SELECT max(updated_at) FROM marks WHERE shop = ? AND updated_at <= ?", [number, now.milliseconds])
            let cursor = min(now, last.map { Moment(milliseconds: $0) } ?? liveSince)
            try db.run("UPDATE shops SET cursor = ? WHERE id = ?", [cursor.milliseconds, number])
            return cursor
        }
    }
}

extension Query {
    static let mark = "SELECT updated_at, read_at, returns FROM marks WHERE shop = ? AND order_gid = ?"
}
