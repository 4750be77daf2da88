internal import FoundationEssentials
public import Outreach

extension Store {
    /// When each shopper was last written to, or a mail to her became ready, since a moment. Looks at every mail of the
    /// shop: to be asked once.
    public func contacts(shop: String, since: Moment) async throws(StoreFailure) -> [ShopperKey: Moment] {
        try await read { db in
            let rows = try db.all(Query.contactsSince, [try db.shop(shop), since.milliseconds]) {
                (ShopperKey(hash: Array($0[0] as Data)), $0.moment(1))
            }
            return Dictionary(uniqueKeysWithValues: rows)
        }
    }

    /// What stands for the shopper of that address, as in `contacts`.
    public func shopperKey(of address: String) -> ShopperKey { ShopperKey(hash: Array(hash.address(address))) }

    /// Releases what the brake of a shop holds: it is judged again at once, and goes as far as it is still news.
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
                """, [number, RememberedName.brakeReleased.rawValue, now.iso8601, now.milliseconds])
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
        SELECT recipient_key, max(counted_at) FROM effects
        WHERE shop = ? AND recipient_key IS NOT NULL AND counted_at IS NOT NULL AND counted_at > ? AND is_contact = 1
        GROUP BY recipient_key
        """
}
