internal import FoundationEssentials
public import Outreach

// An observation that arrives once and cannot be asked for again becomes a row before anything else happens. Its
// results are written together with the mark that it was judged (`Store.commit`), so after a crash in between it is
// judged again.

extension Store {
    /// Keeps observations as sources sent them. One that the source already sent, by its own name for it, is left as it
    /// is.
    ///
    /// - Parameter cursor: the position up to which the source was read, kept in the same step; nil leaves it.
    /// - Returns: the new ones, with their numbers.
    @discardableResult
    public func keep(
        _ observations: [RawObservation], cursor: SourceCursor? = nil, now: Moment
    ) async throws(StoreFailure) -> [RawObservation] {
        let hash = self.hash
        return try await write { db in
            var shops = ShopNumbers()
            var numbers = RowNumbers()
            var new: [RawObservation] = []
            let known = try db.together(observations) { try db.isKept($0, shop: db.shop($0.shop)) }
            var seen: Set<String> = []
            for (one, isKnown) in zip(observations, known) where !isKnown {
                // The same one twice in a page is kept once.
                guard seen.insert("\(one.shop) \(one.source) \(one.externalID)").inserted else { continue }
                let shop = try shops.number(one.shop, in: db)
                if let kept = try db.keep(one, isKnown: false, shop: shop, hash: hash, numbers: &numbers) {
                    new.append(kept)
                }
            }
            try numbers.write(to: db)
            if let cursor {
                try db.run(
                    """
                    INSERT INTO remembered (shop, name, value, noted_at) VALUES (?, ?, ?, ?)
                    ON CONFLICT (shop, name) DO UPDATE SET value = excluded.value, noted_at = excluded.noted_at
                    """, [try shops.number(cursor.shop, in: db), cursor.name, cursor.place, now.milliseconds])
            }
            try db.note(now)
            return new
        }
    }

    /// The position up to which a shop's source was read; nil before its first page.
    public func cursor(shop: String, source: String) async throws(StoreFailure) -> String? {
        try await remembered(SourceCursor(shop: shop, source: source, place: "").name, shop: shop)
    }

    /// The observations of a shop's source that were not judged yet, in the order in which they were kept.
    public func unjudged(shop: String, source: String, limit: Int) async throws(StoreFailure) -> [RawObservation] {
        try await read { db in
            try db.all(Query.unjudged, [try db.shop(shop), source, limit]) { try RawObservation($0, shop: shop) }
        }
    }

    /// The observation with that number; nil if it is gone.
    public func observation(_ id: Int64, shop: String) async throws(StoreFailure) -> RawObservation? {
        try await read { db in
            try db.first(Query.observationByNumber, [try db.shop(shop), id]) { try RawObservation($0, shop: shop) }
        }
    }

    /// Marks observations without results as judged. Those with results are marked by the commit of the results.
    public func markJudged(_ observations: [RawObservation], now: Moment) async throws(StoreFailure) {
        try await write { db in
            var shops = ShopNumbers()
            for one in observations { try db.markJudged(one, shop: shops.number(one.shop, in: db), now: now) }
            try db.note(now)
        }
    }
}

extension RawObservation {
    fileprivate init(_ row: Row, shop: String) throws {
        self.init(
            id: row[0], shop: shop, source: row[7], externalID: row[1], receivedAt: row.moment(2), kind: row[3],
            bytes: row[4], about: row.isNull(5) ? nil : AggregateID(kind: try row.word(5), id: row[6]))
    }
}

extension Connection {
    /// Whether its source had sent that observation before.
    fileprivate func isKept(_ observation: RawObservation, shop: Int64) throws -> Bool {
        try integer(Query.observation, [shop, observation.source, observation.externalID]) != nil
    }

    /// Keeps one observation, and returns it with its number; nil where its source had sent it before.
    ///
    /// - Parameter isKnown: whether it had; nil to look.
    func keep(
        _ observation: RawObservation, isKnown: Bool? = nil, shop: Int64, hash: KeyedHash, numbers: inout RowNumbers
    ) throws -> RawObservation? {
        var one = observation
        guard try !(isKnown ?? isKept(one, shop: shop)) else { return nil }
        one.id = try numbers.take(.observations, shop: shop, in: self)
        try run(
            """
            INSERT INTO observations (shop, id, source, external_id, about_kind, about_gid, address_key, received_at,
                kind, bytes)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                shop, one.id, one.source, one.externalID, one.about?.kind.rawValue, one.about?.id,
                one.address.map(hash.address), one.receivedAt.milliseconds, one.kind, one.bytes,
            ])
        return one
    }

    /// Marks an observation as judged.
    func markJudged(_ observation: RawObservation, shop: Int64, now: Moment) throws {
        try run(
            "UPDATE observations SET judged_at = ? WHERE shop = ? AND id = ? AND judged_at IS NULL",
            [now.milliseconds, shop, observation.id])
    }
}

extension Query {
    static let observation = "SELECT id FROM observations WHERE shop = ? AND source = ? AND external_id = ?"
    static let unjudged = """
        SELECT id, external_id, received_at, kind, bytes, about_kind, about_gid, source FROM observations
        WHERE shop = ? AND source = ? AND judged_at IS NULL ORDER BY id LIMIT ?
        """
    static let observationByNumber = """
        SELECT id, external_id, received_at, kind, bytes, about_kind, about_gid, source FROM observations
        WHERE shop = ? AND id = ?
        """
}
