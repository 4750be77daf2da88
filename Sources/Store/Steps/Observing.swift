internal import FoundationEssentials
internal import GRDB
public import Outreach

// What arrives once and cannot be asked for again is a row before anything is made of it. What was made of it is written together with the mark that it was judged
// (`Store.commit`), so whoever dies in between judges it again.

extension Store {
    /// Keeps what sources told, as it came. What a source told before, by its own name for it, is left as it is.
    ///
    /// - Returns: those that were not known yet, with their numbers.
    public func keep(_ observations: [RawObservation], now: Moment) async throws(StoreFailure) -> [RawObservation] {
        try await write { db in
            var shops = ShopNumbers()
            var new: [RawObservation] = []
            for var one in observations {
                let id = try db.integer(
                    """
                    INSERT INTO observations (shop, source, external_id, received_at, kind, bytes) VALUES (?, ?, ?, ?, ?, ?)
                    ON CONFLICT (shop, source, external_id) DO NOTHING RETURNING id
                    """,
                    [
                        try shops.number(one.shop, in: db), one.source, one.externalID, one.receivedAt.milliseconds,
                        one.kind, Data(one.bytes),
                    ])
                guard let id else { continue }
                one.id = id
                new.append(one)
            }
            try db.note(now)
            return new
        }
    }

    /// What a source of a shop told and nobody judged yet, in the order in which it was kept.
    public func unjudged(shop: String, source: String, limit: Int) async throws(StoreFailure) -> [RawObservation] {
        try await read { db in
            try db.all(Query.unjudged, [try db.shop(shop), source, limit]) { row in
                RawObservation(
                    id: row[0], shop: shop, source: source, externalID: row[1], receivedAt: row.moment(2), kind: row[3],
                    bytes: [UInt8](row[4] as Data))
            }
        }
    }

    /// Marks observations as judged of which nothing came. What something came of is marked by the commit of that.
    public func markJudged(_ observations: [RawObservation], now: Moment) async throws(StoreFailure) {
        try await write { db in
            var shops = ShopNumbers()
            for one in observations { try db.markJudged(one, shop: shops.number(one.shop, in: db), now: now) }
            try db.note(now)
        }
    }
}

extension Database {
    /// Marks an observation as judged.
    func markJudged(_ observation: RawObservation, shop: Int64, now: Moment) throws {
        try run(
            "UPDATE observations SET judged_at = ? WHERE shop = ? AND id = ? AND judged_at IS NULL",
            [now.milliseconds, shop, observation.id])
    }
}

extension Query {
    static let unjudged = """
        SELECT id, external_id, received_at, kind, bytes FROM observations
        WHERE shop = ? AND source = ? AND judged_at IS NULL ORDER BY id LIMIT ?
        """
}
