public import Outreach

extension Store {
    /// The remembered name for the time since which a shop's brake has been released.
    public static let brakeReleased = "brake_released"

    /// When each shopper was last written to, or a mail to them became ready, since a moment. Scans every mail of the
    /// shop: call it once.
    public func contacts(shop: String, since: Moment) async throws(StoreFailure) -> [Moment] {
        try await read { db in
            try db.all(Query.contactsSince, [try db.shop(shop), since.milliseconds]) { $0.moment(0) }
        }
    }

    /// Releases the messages held by a shop's brake: they are judged again at once, and sent if they are still news.
    ///
    /// - Returns: the number of messages that were held.
    public func releaseBrake(shop: String, now: Moment) async throws(StoreFailure) -> Int {
        try await write { db in
            let number = try db.shop(shop)
            try db.run("DELETE FROM remembered WHERE shop = ? AND name = 'brake'", [number])
            try db.run(
                """
                INSERT INTO remembered (shop, name, value, noted_at) VALUES (?, ?, ?, ?)
                ON CONFLICT (shop, name) DO UPDATE SET value = excluded.value, noted_at = excluded.noted_at
                """, [number, Self.brakeReleased, now.iso8601, now.milliseconds])
            let held = try db.changes(
                """
                UPDATE effects SET due_at = ?, version = version + 1
                WHERE shop = ? AND state = 'waiting' AND reason = 'brake'
                """, [now.milliseconds, number])
            try db.note(now)
            return held
        }
    }
}

extension Query {
    static let contactsSince = """
        SELECT max(counted_at) FROM effects
        WHERE shop = ? AND recipient_key IS NOT NULL AND counted_at IS NOT NULL AND counted_at > ? AND is_contact = 1
        GROUP BY recipient_key
        """
}
