public import Outreach

/// A set of trigger files without mistakes, kept so that a broken edit changes nothing, even across a restart.
public struct GoodSet: Hashable, Sendable {
    /// A digest of the files, to see whether they differ from others.
    public var digest: String
    /// The files, in the caller's own format.
    public var files: [UInt8]
    /// When it came into force.
    public var acceptedAt: Moment

    /// A set with the moment it came into force.
    public init(digest: String, files: [UInt8], acceptedAt: Moment) {
        self.digest = digest
        self.files = files
        self.acceptedAt = acceptedAt
    }
}

extension Store {
    /// The triggers in force in a shop, each with the moment since which it has been.
    public func triggersInForce(shop: String) async throws(StoreFailure) -> [String: Moment] {
        try await read { db in try db.triggers(shop: try db.shop(shop)) }
    }

    /// Puts a set of triggers into force. A trigger already in force keeps its moment, a new one gets `now`, and one
    /// that is no longer named is forgotten.
    ///
    /// - Parameters:
    ///   - goodSet: the files they were read from, to fall back on.
    ///   - judgingAgain: whether every waiting effect of the shop is judged again at once, because its trigger may have
    ///     changed.
    /// - Returns: all triggers now in force, each with the moment since which it has been.
    @discardableResult
    public func setTriggers(
        shop: String, names: [String], goodSet: GoodSet?, judgingAgain: Bool = false, now: Moment
    ) async throws(StoreFailure) -> [String: Moment] {
        try await write { db in
            let number = try db.shop(shop)
            let wanted = Set(names)
            for name in try db.triggers(shop: number).keys where !wanted.contains(name) {
                try db.run("DELETE FROM triggers WHERE shop = ? AND name = ?", [number, name])
            }
            for name in wanted {
                try db.run(
                    """
                    INSERT INTO triggers (shop, name, since) VALUES (?, ?, ?) ON CONFLICT (shop, name) DO NOTHING
                    """, [number, name, now.milliseconds])
            }
            if let goodSet {
                try db.run(
                    """
                    INSERT INTO good_sets (shop, digest, files, accepted_at) VALUES (?, ?, ?, ?)
                    ON CONFLICT (shop) DO UPDATE SET
                        digest = excluded.digest, files = excluded.files, accepted_at = excluded.accepted_at
                    """, [number, goodSet.digest, goodSet.files, goodSet.acceptedAt.milliseconds])
            }
            if judgingAgain { try db.judgeAgain(shop: number, now: now) }
            try db.note(now)
            return try db.triggers(shop: number)
        }
    }

    /// The last set of files that came into force; nil before the first.
    public func lastGoodSet(shop: String) async throws(StoreFailure) -> GoodSet? {
        try await read { db in
            try db.first(
                "SELECT digest, files, accepted_at FROM good_sets WHERE shop = ?", [try db.shop(shop)]
            ) { GoodSet(digest: $0[0], files: $0[1], acceptedAt: $0.moment(2)) }
        }
    }
}

extension Connection {
    fileprivate func triggers(shop: Int64) throws -> [String: Moment] {
        let pairs: [(String, Moment)] = try all("SELECT name, since FROM triggers WHERE shop = ?", [shop]) {
            ($0[0], $0.moment(1))
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }
}
