public import Outreach

extension Store {
    /// The ids of a shop's orders that the passing of time alone may have changed: their next moment has come. The
    /// longest due first.
    public func dueForTime(shop: String, limit: Int, now: Moment) async throws(StoreFailure) -> [String] {
        try await read { db in
            try db.all(Query.dueForTime, [try db.shop(shop), now.milliseconds, limit]) { $0[0] }
        }
    }

    /// The earliest moment at which time alone may change an order of a shop; nil if never.
    public func nextMoment(shop: String) async throws(StoreFailure) -> Moment? {
        try await read { db in
            try db.integer(Query.nextMoment, [try db.shop(shop)]).map { Moment(milliseconds: $0) }
        }
    }

    /// A shop's fulfillments and returns that have to be read again, the longest due first.
    public func dueRereads(
        shop: String, kind: Reread.Kind? = nil, limit: Int, now: Moment
    ) async throws(StoreFailure) -> [DueReread] {
        try await read { db in
            try db.all(Query.dueRereads, [try db.shop(shop), now.milliseconds, kind?.rawValue, limit]) { row in
                DueReread(reread: Reread(kind: try row.word(0), id: row[1], at: row.moment(2)), orderID: row[3])
            }
        }
    }

    /// When a shop's next reread is due; nil if there is none.
    public func nextReread(shop: String) async throws(StoreFailure) -> Moment? {
        try await read { db in
            try db.integer(Query.nextReread, [try db.shop(shop)]).map { Moment(milliseconds: $0) }
        }
    }

    /// Moves rereads to another time, or ends those whose time is nil; for rereads that failed or showed nothing.
    /// Rereads that are not stored are ignored.
    public func moveRereads(shop: String, _ rereads: [Reread], now: Moment) async throws(StoreFailure) {
        try await write { db in
            let number = try db.shop(shop)
            for reread in rereads {
                if let at = reread.at {
                    try db.run(
                        "UPDATE rereads SET reread_at = ? WHERE shop = ? AND kind = ? AND gid = ?",
                        [at.milliseconds, number, reread.kind.rawValue, reread.id])
                } else {
                    try db.run(
                        "DELETE FROM rereads WHERE shop = ? AND kind = ? AND gid = ?",
                        [number, reread.kind.rawValue, reread.id])
                }
            }
            try db.note(now)
        }
    }
}

extension Query {
    static let dueForTime = """
        SELECT aggregates.gid
        FROM orders JOIN aggregates ON aggregates.shop = orders.shop AND aggregates.id = orders.id
        WHERE orders.shop = ? AND orders.next_moment <= ? ORDER BY orders.next_moment LIMIT ?
        """
    static let nextMoment = "SELECT min(next_moment) FROM orders WHERE shop = ? AND next_moment IS NOT NULL"
    static let dueRereads = """
        SELECT rereads.kind, rereads.gid, rereads.reread_at, aggregates.gid
        FROM rereads JOIN aggregates ON aggregates.shop = rereads.shop AND aggregates.id = rereads.order_id
        WHERE rereads.shop = ? AND rereads.reread_at <= ? AND rereads.kind = coalesce(?, rereads.kind)
        ORDER BY rereads.reread_at LIMIT ?
        """
    static let nextReread = "SELECT min(reread_at) FROM rereads WHERE shop = ?"
}
