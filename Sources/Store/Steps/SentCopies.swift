public import Outreach

// Copies of what went out to customers, for the folder of sent mail. A mail is marked when it is written, and the mark
// goes once the copy is there: so none is forgotten, and one whose answer was lost is looked for before it is put there
// again.

/// A mail that went out and is not in the folder of sent mail yet.
public struct SentCopy: Hashable, Sendable {
    /// The number of its effect.
    public var id: Int64
    /// Without angle brackets.
    public var messageID: String
    public var bytes: [UInt8]
    /// How often it was tried.
    public var tries: Int
}

extension Store {
    /// How long after it went out a copy is still of use: whoever begins to keep copies does not get old ones.
    public static let copiesWithin = Duration.days(2)
    /// So often a copy is tried.
    public static let copyTries = 50

    /// The next mail to be copied, after that number; nil if there is none.
    public func copyToKeep(
        shop domain: String, after id: Int64 = 0, now: Moment
    ) async throws(StoreFailure) -> SentCopy? {
        try await read { db in
            try db.first(
                Query.copyToKeep, [try db.shop(domain), id, (now - Self.copiesWithin).milliseconds]
            ) { SentCopy(id: $0[0], messageID: $0[1], bytes: $0[2], tries: $0[3]) }
        }
    }

    /// Notes that a copy is about to be put there.
    public func noteCopyTried(_ id: Int64, shop domain: String, now: Moment) async throws(StoreFailure) {
        try await write { db in
            try db.run(
                """
                UPDATE messages SET copy_tries = copy_tries + 1
                WHERE shop = ? AND effect_id = ? AND copy_tries IS NOT NULL
                """, [try db.shop(domain), id])
            try db.note(now)
        }
    }

    /// Notes that a copy is there, or is given up.
    public func noteCopyDone(_ id: Int64, shop domain: String, now: Moment) async throws(StoreFailure) {
        try await write { db in
            try db.run(
                "UPDATE messages SET copy_tries = NULL WHERE shop = ? AND effect_id = ?", [try db.shop(domain), id])
            try db.note(now)
        }
    }

    /// Forgets copies that are of no use any more: of what did not go out, or went out long ago.
    ///
    /// - Parameter all: those of a shop that keeps none.
    public func forgetCopies(shop domain: String, all: Bool, now: Moment) async throws(StoreFailure) {
        let since = all ? Int64.max : (now - Self.copiesWithin).milliseconds
        let old = try await read { db in
            try db.all(Query.copiesToForget, [try db.shop(domain), since, Self.copyTries]) { $0[0] as Int64 }
        }
        guard !old.isEmpty else { return }
        try await write { db in
            let shop = try db.shop(domain)
            for id in old {
                try db.run("UPDATE messages SET copy_tries = NULL WHERE shop = ? AND effect_id = ?", [shop, id])
            }
            try db.note(now)
        }
    }
}

extension Connection {
    /// Notes that a copy of a mail is wanted, once it is out.
    func wantCopy(ofEffect id: Int64, shop: Int64) throws {
        try run(
            """
            UPDATE messages SET copy_tries = 0
            WHERE shop = ? AND effect_id = ? AND kind = 'email' AND purged_at IS NULL
            """, [shop, id])
    }
}

extension Query {
    static let copyToKeep = """
        SELECT messages.effect_id, messages.message_id, messages.bytes, messages.copy_tries
        FROM messages JOIN effects ON effects.shop = messages.shop AND effects.id = messages.effect_id
        WHERE messages.shop = ? AND messages.effect_id > ? AND messages.copy_tries IS NOT NULL
            AND messages.purged_at IS NULL AND effects.state IN ('sent', 'bounced') AND effects.sent_at >= ?
        ORDER BY messages.effect_id LIMIT 1
        """
    static let copiesToForget = """
        SELECT messages.effect_id
        FROM messages JOIN effects ON effects.shop = messages.shop AND effects.id = messages.effect_id
        WHERE messages.shop = ? AND messages.copy_tries IS NOT NULL AND (
            effects.state IN ('withdrawn', 'refused', 'replaced', 'skipped') OR effects.sent_at < ?
            OR messages.copy_tries > ?)
        LIMIT 500
        """
}
