internal import FoundationEssentials
internal import GRDB
internal import Outreach

extension Effect {
    /// The columns that an effect and its event are read from, in order.
    static let columns = """
        effects.id, shops.domain, effects.trigger_name, effects.line, orders.gid, effects.state, effects.reason,
        effects.detail, effects.due_at, effects.created_at, effects.decided_at, effects.attempts,
        effects.attempts_in_doubt, effects.version, effects.origin, effects.channel, effects.target, effects.is_contact,
        \(Event.columns)
        """
    /// The tables that have them.
    static let tables = """
        effects JOIN shops ON shops.id = effects.shop LEFT JOIN orders ON orders.id = effects.order_id
        LEFT JOIN events ON events.id = effects.event_id
        """

    /// Reads `columns`. Its keys and the event's occurrences are read by `filled(from:)`.
    init(_ row: Row) throws {
        self.init(
            to: Route(shop: row[1], channel: try row.word(15), target: row[16]), origin: try row.word(14),
            isContact: row[17], by: row[2], line: row[3], keys: [],
            about: (row[4] as String?).map(AggregateID.order),
            event: (row[18] as Int64?) == nil ? nil : try Event(row, from: 18, occurrences: []),
            dueAt: row.moment(8), createdAt: row.moment(9), reason: try row.optionalWord(6))
        id = row[0]
        state = try row.word(5)
        detail = row[7]
        decidedAt = row.optionalMoment(10)
        attempts = row[11]
        attemptsInDoubt = row[12]
        version = row[13]
    }

    /// The same with its keys and its event's occurrences.
    func filled(from db: Database) throws -> Effect {
        var effect = self
        effect.keys = try db.all(Query.keysOfEffect, [id]) { $0[0] }
        guard let event else { return effect }
        effect.event?.occurrences = try db.occurrences(eventID: event.id)
        effect.together = try db.all(Query.eventsTogether, [id]) { try Event($0, occurrences: []) }.map { event in
            var event = event
            event.occurrences = try db.occurrences(eventID: event.id)
            return event
        }
        return effect
    }
}

extension Database {
    /// The effect of that number, whole.
    func effect(_ id: Int64) throws -> Effect? {
        try first(Query.effect, [id], Effect.init)?.filled(from: self)
    }

    /// Appends to the story of an effect.
    func append(_ note: DecisionNote, effectID: Int64) throws {
        try run(
            """
            INSERT INTO decisions (effect_id, number, decided_at, state, reason, detail, held_until)
            VALUES (?, (SELECT coalesce(max(number), 0) + 1 FROM decisions WHERE effect_id = ?), ?, ?, ?, ?, ?)
            """,
            [
                effectID, effectID, note.at.milliseconds, note.state.rawValue, note.reason?.rawValue, note.detail,
                note.until?.milliseconds,
            ])
    }

    /// Writes the frozen message of an effect, in place of one that was never attempted.
    func put(_ message: Message, effectID: Int64, now: Moment) throws {
        // The id is made of a key; where the key passed to this effect from one that was never attempted, so does the id.
        try run(
            """
            DELETE FROM messages WHERE message_id = ? AND effect_id <> ? AND EXISTS (
                SELECT 1 FROM effects WHERE effects.id = messages.effect_id AND effects.attempts = 0
                    AND effects.state IN ('skipped', 'withdrawn', 'replaced'))
            """, [message.id, effectID])
        try run(
            """
            INSERT INTO messages (effect_id, message_id, kind, sender, recipient, target, summary, bytes, frozen_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (effect_id) DO UPDATE SET
                message_id = excluded.message_id, kind = excluded.kind, sender = excluded.sender,
                recipient = excluded.recipient, target = excluded.target, summary = excluded.summary,
                bytes = excluded.bytes, frozen_at = excluded.frozen_at, purged_at = NULL
            """,
            [
                effectID, message.id, message.kind.rawValue, message.envelope.sender, message.envelope.recipient,
                message.envelope.target, message.summary, Data(message.bytes), now.milliseconds,
            ])
    }

    /// The frozen message of an effect; nil where it has none, or its bytes are gone.
    func message(effectID: Int64) throws -> Message? {
        try first(Query.message, [effectID]) { row in
            Message(
                id: row[0], kind: try row.word(1),
                envelope: Message.Envelope(sender: row[2], recipient: row[3], target: row[4]),
                bytes: [UInt8](row[5] as Data), summary: row[6])
        }
    }

    /// The version of that aggregate; 0 where it is not there.
    func version(of aggregate: AggregateID, shop: Int64) throws -> Int64 {
        guard let order = aggregate.orderID else { return 0 }
        return try first(Query.orderVersion, [shop, order]) { $0[1] } ?? 0
    }

    /// True where all that was read has the version still at which it was read.
    func isCurrent(_ reads: ReadVersions, shop: Int64) throws -> Bool {
        for (aggregate, version) in reads where try self.version(of: aggregate, shop: shop) != version {
            return false
        }
        return true
    }
}

extension Query {
    static let effect = "SELECT \(Effect.columns) FROM \(Effect.tables) WHERE effects.id = ?"
    static let eventsTogether = """
        SELECT \(Event.columns) FROM effect_events JOIN events ON events.id = effect_events.event_id
        JOIN shops ON shops.id = events.shop JOIN orders ON orders.id = events.order_id
        WHERE effect_events.effect_id = ? ORDER BY effect_events.position
        """
    static let keysOfEffect = "SELECT occurrence FROM effect_keys WHERE effect_id = ? ORDER BY position"
    static let message = """
        SELECT message_id, kind, sender, recipient, target, bytes, summary FROM messages
        WHERE effect_id = ? AND purged_at IS NULL
        """
}
