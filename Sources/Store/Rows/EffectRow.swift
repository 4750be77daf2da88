internal import FoundationEssentials
internal import GRDB
internal import Outreach

extension Effect {
    /// The columns that an effect and its event are read from, in order.
    static let columns = """
        effects.id, shops.domain, effects.trigger_name, effects.line, orders.gid, effects.state, effects.reason,
        effects.detail, effects.due_at, effects.created_at, effects.decided_at, effects.attempts,
        effects.attempts_in_doubt, effects.version, \(Event.columns)
        """
    /// The tables that have them.
    static let tables = """
        effects JOIN shops ON shops.id = effects.shop JOIN orders ON orders.id = effects.order_id
        JOIN events ON events.id = effects.event_id
        """

    /// Reads `columns`. Its keys and the event's occurrences are read by `filled(from:)`.
    init(_ row: Row) throws {
        self.init(
            shop: row[1], trigger: row[2], line: row[3], keys: [], event: try Event(row, from: 14, occurrences: []),
            dueAt: row.moment(8), createdAt: row.moment(9), reason: try row.optionalWord(6))
        id = row[0]
        orderID = row[4]
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
        effect.event.occurrences = try db.occurrences(eventID: event.id)
        effect.together = try db.all(Query.eventsTogether, [id]) { try Event($0, occurrences: []) }.map { event in
            var event = event
            event.occurrences = try db.occurrences(eventID: event.id)
            return event
        }
        return effect
    }

    /// What stands in the column `endpoint`.
    var endpoint: String { channel == .webhook ? webhookName ?? "?" : "" }
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
        var sender: String?
        var recipient: String?
        var endpoint: String?
        let channel: ChannelKind
        let bytes: Data
        switch message.content {
        case .mail(let mail):
            (channel, sender, recipient, bytes) = (.email, mail.sender, mail.recipient, Data(mail.bytes))
        case .webhook(let webhook):
            (channel, endpoint, bytes) = (.webhook, webhook.endpoint, Data(webhook.body))
        }
        // The id is made of a key; where the key passed to this effect from one that was never attempted, so does the id.
        try run(
            """
            DELETE FROM messages WHERE message_id = ? AND effect_id <> ? AND EXISTS (
                SELECT 1 FROM effects WHERE effects.id = messages.effect_id AND effects.attempts = 0
                    AND effects.state IN ('skipped', 'withdrawn', 'replaced'))
            """, [message.id, effectID])
        try run(
            """
            INSERT INTO messages (effect_id, message_id, channel, sender, recipient, endpoint, summary, bytes, frozen_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (effect_id) DO UPDATE SET
                message_id = excluded.message_id, channel = excluded.channel, sender = excluded.sender,
                recipient = excluded.recipient, endpoint = excluded.endpoint, summary = excluded.summary,
                bytes = excluded.bytes, frozen_at = excluded.frozen_at, purged_at = NULL
            """,
            [
                effectID, message.id, channel.rawValue, sender, recipient, endpoint, message.summary, bytes,
                now.milliseconds,
            ])
    }

    /// The frozen message of an effect; nil where it has none, or its bytes are gone.
    func message(effectID: Int64) throws -> Message? {
        try first(Query.message, [effectID]) { row in
            let bytes = [UInt8](row[5] as Data)
            let content: Message.Content =
                switch try row.word(1, ChannelKind.self) {
                case .email: .mail(.init(sender: row[2], recipient: row[3], bytes: bytes))
                case .webhook: .webhook(.init(endpoint: row[4], body: bytes))
                }
            return Message(id: row[0], content: content, summary: row[6])
        }
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
        SELECT message_id, channel, sender, recipient, endpoint, bytes, summary FROM messages
        WHERE effect_id = ? AND purged_at IS NULL
        """
}
