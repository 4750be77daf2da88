public import Outreach
internal import Platform

// Who has a conversation open at the desk, told by the page while it is open. A page that is left says so, or is
// forgotten after a while.

/// Somebody who has a conversation open.
public struct PersonHere: Hashable, Sendable {
    /// By address.
    public var person: String
    /// Whether something is typed there that was not sent.
    public var isWriting: Bool
}

extension Store {
    /// How long after a page was last heard of its reader still counts as being there.
    public static let presence = Duration.seconds(100)

    /// Who has a conversation open, by address, whoever asks left out.
    public func people(
        at conversation: Int64, shop domain: String, besides person: String, now: Moment
    ) async throws(StoreFailure) -> [PersonHere] {
        try await read { db in
            try db.all(
                Query.peopleHere,
                [try db.shop(domain), conversation, person, (now - Self.presence).milliseconds, now.milliseconds]
            ) { PersonHere(person: $0[0], isWriting: $0[1]) }
        }
    }

    /// Notes that somebody has a conversation open, or has left it. Open pages look again where that is news.
    ///
    /// - Parameter isWriting: nil for whoever has left.
    public func note(
        _ person: String, isWriting: Bool?, at conversation: Int64, shop domain: String, now: Moment
    ) async throws(StoreFailure) {
        let isNews = try await write { db in
            let shop = try db.shop(domain)
            guard try db.first(Query.stateOfConversation, [shop, conversation], { $0[0] as String }) != nil else {
                return false
            }
            let before = try db.first(Query.wasHere, [shop, conversation, person, (now - Self.presence).milliseconds]) {
                $0[0] as Bool
            }
            try db.run(
                "DELETE FROM presence WHERE shop = ? AND seen_at < ?", [shop, (now - .hours(1)).milliseconds])
            if let isWriting {
                try db.run(
                    """
                    INSERT INTO presence (shop, conversation_id, person, seen_at, is_writing) VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT (shop, conversation_id, person) DO UPDATE SET seen_at = excluded.seen_at,
                        is_writing = excluded.is_writing
                    """, [shop, conversation, person, now.milliseconds, isWriting])
            } else {
                try db.run(
                    "DELETE FROM presence WHERE shop = ? AND conversation_id = ? AND person = ?",
                    [shop, conversation, person])
            }
            try db.note(now)
            return before != isWriting
        }
        if isNews { changes.call() }
    }
}

extension Query {
    static let peopleHere = """
        SELECT person, is_writing FROM presence
        WHERE shop = ? AND conversation_id = ? AND person <> ? AND seen_at >= ? AND seen_at <= ? ORDER BY person
        """
    static let wasHere = """
        SELECT is_writing FROM presence WHERE shop = ? AND conversation_id = ? AND person = ? AND seen_at >= ?
        """
}
