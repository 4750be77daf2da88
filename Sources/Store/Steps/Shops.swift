public import Outreach

/// The facts about a shop when it is opened.
public struct ShopState: Hashable, Sendable {
    /// Since when reports of the shop and its sources are news.
    public var liveSince: LiveSince
    /// How far the scan of changed orders has come, by the shop's own clock; nil before the first.
    public var cursor: Moment?

    /// That is known.
    public init(liveSince: LiveSince, cursor: Moment?) {
        self.liveSince = liveSince
        self.cursor = cursor
    }
}

extension Store {
    /// Registers a shop, or finds it again. Its reports are news since the `now` of the very first call.
    public func openShop(_ domain: String, now: Moment) async throws(StoreFailure) -> ShopState {
        try await write { db in
            if try db.integer("SELECT id FROM shops WHERE domain = ?", [domain]) == nil {
                let last = try db.integer("SELECT max(id) FROM shops")
                try db.run(
                    "INSERT INTO shops (id, domain, live_since) VALUES (?, ?, ?)",
                    [(last ?? 0) + 1, domain, now.milliseconds])
            }
            try db.note(now)
            return try db.shopState(domain)
        }
    }

    /// Registers a shop's source, such as a carrier, or finds it again. Its reports are news since the `now` of the
    /// very first call.
    public func openSource(
        _ source: String, shop: String, now: Moment
    ) async throws(StoreFailure) -> LiveSince {
        try await write { db in
            try db.run(
                """
                INSERT INTO sources (shop, source, live_since) VALUES (?, ?, ?)
                ON CONFLICT (shop, source) DO NOTHING
                """, [try db.shop(shop), source, now.milliseconds])
            try db.note(now)
            return try db.shopState(shop).liveSince
        }
    }

    /// The facts about a shop; nil if it was never opened.
    public func shopState(_ domain: String) async throws(StoreFailure) -> ShopState? {
        try await read { db in
            guard try db.integer("SELECT id FROM shops WHERE domain = ?", [domain]) != nil else { return nil }
            return try db.shopState(domain)
        }
    }

    /// The domains of all shops ever opened, sorted.
    public func shops() async throws(StoreFailure) -> [String] {
        try await read { db in try db.shops().map(\.domain) }
    }

    // MARK: - Small named values

    /// Keeps a small value of a shop under a name: a cost bucket, a relay's limits, the last good poll. At most 65,536
    /// characters; nil removes it.
    package func remember(
        _ value: String?, as name: String, shop: String, now: Moment
    ) async throws(StoreFailure) {
        try await write { db in
            try db.remember(value, as: name, shop: try db.shop(shop), now: now)
            try db.note(now)
        }
    }

    /// The value stored under that name, or nil.
    package func remembered(_ name: String, shop: String) async throws(StoreFailure) -> String? {
        try await read { db in
            try db.first(
                "SELECT value FROM remembered WHERE shop = ? AND name = ?", [try db.shop(shop), name]
            ) { $0[0] }
        }
    }

    /// All values of a shop, by name.
    package func remembered(shop: String) async throws(StoreFailure) -> [String: String] {
        try await read { db in
            let pairs: [(String, String)] = try db.all(
                "SELECT name, value FROM remembered WHERE shop = ?", [try db.shop(shop)]
            ) { ($0[0], $0[1]) }
            return Dictionary(uniqueKeysWithValues: pairs)
        }
    }

    // MARK: - The clock

    /// Records that our clock has reached `now`. Every step with a `now` argument does so by itself.
    public func noteMoment(_ now: Moment) async throws(StoreFailure) {
        try await write { db in try db.note(now) }
    }

    /// The latest moment given to any step. A clock before it has been set back.
    public func lastMoment() async throws(StoreFailure) -> Moment {
        try await read { db in
            Moment(milliseconds: try db.integer("SELECT \(Dialect.lastMoment)") ?? 0)
        }
    }
}

extension Connection {
    fileprivate func shopState(_ domain: String) throws -> ShopState {
        let number = try shop(domain)
        let sources: [(String, Moment)] = try all(
            "SELECT source, live_since FROM sources WHERE shop = ?", [number]
        ) { ($0[0], $0.moment(1)) }
        let row = try first("SELECT live_since, cursor FROM shops WHERE id = ?", [number]) {
            ($0.moment(0), $0.optionalMoment(1))
        }
        guard let row else { throw StoreFailure.unreadable("a shop") }
        return ShopState(
            liveSince: LiveSince(shop: row.0, sources: Dictionary(uniqueKeysWithValues: sources)), cursor: row.1)
    }
}

extension Connection {
    /// Keeps a small fact about a shop; nil removes it.
    func remember(_ value: String?, as name: String, shop: Int64, now: Moment) throws {
        if let value {
            try run(
                """
                INSERT INTO remembered (shop, name, value, noted_at) VALUES (?, ?, ?, ?)
                ON CONFLICT (shop, name) DO UPDATE SET value = excluded.value, noted_at = excluded.noted_at
                """, [shop, name, value, now.milliseconds])
        } else {
            try run("DELETE FROM remembered WHERE shop = ? AND name = ?", [shop, name])
        }
    }
}
