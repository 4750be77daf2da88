internal import FoundationEssentials
internal import Outreach

extension Effect {
    /// The columns that an effect and its event are read from, in order.
    static let columns = """
        effects.id, shops.domain, effects.trigger_name, effects.line, about.kind, about.gid, effects.state,
        effects.reason, effects.detail, effects.due_at, effects.created_at, effects.decided_at, effects.attempts,
        effects.attempts_in_doubt, effects.version, effects.origin, effects.channel, effects.target,
        effects.is_contact, effects.shop, \(Event.columns)
        """
    /// The tables that have them.
    static let tables = """
        effects JOIN shops ON shops.id = effects.shop
        LEFT JOIN aggregates AS about ON about.shop = effects.shop AND about.id = effects.aggregate_id
        LEFT JOIN events ON events.shop = effects.shop AND events.id = effects.event_id
        LEFT JOIN aggregates ON aggregates.shop = events.shop AND aggregates.id = events.aggregate_id
        """

    /// Reads `columns`. Its keys and the event's occurrences are read by `filled(from:)`.
    init(_ row: Row) throws {
        let kind: AggregateKind? = try row.optionalWord(4)
        self.init(
            to: Route(shop: row[1], channel: try row.word(16), target: row[17]), origin: try row.word(15),
            isContact: row[18], by: row[2], line: row[3], keys: [],
            about: kind.map { AggregateID(kind: $0, id: row[5]) },
            event: row.isNull(20) ? nil : try Event(row, from: 20, occurrences: []),
            dueAt: row.moment(9), createdAt: row.moment(10), reason: try row.optionalWord(7))
        id = row[0]
        state = try row.word(6)
        detail = row[8]
        decidedAt = row.optionalMoment(11)
        attempts = row[12]
        attemptsInDoubt = row[13]
        version = row[14]
    }
}

extension Connection {
    /// All complete effects of a query for `Effect.columns`.
    func effects(_ sql: String, _ arguments: SQLArguments) throws -> [Effect] {
        try together(all(sql, arguments) { row in (shop: row[19] as Int64, effect: try Effect(row)) }) {
            try filled($0.effect, shop: $0.shop)
        }
    }

    /// All complete effects of an aggregate, in a handful of statements however many there are. Their events are the
    /// aggregate's own.
    func effects(ofAggregate aggregate: Int64, shop: Int64) throws -> [Effect] {
        let effects = try all(Query.effectsOfAggregate, [shop, aggregate]) { try Effect($0) }
        guard !effects.isEmpty else { return [] }
        let events = Dictionary(
            uniqueKeysWithValues: try events(aggregate: aggregate, shop: shop).map { ($0.id, $0) })
        var keys: [Int64: [String]] = [:]
        for (effect, key) in try all(Query.keysOfAggregate, [shop, aggregate], { ($0[0] as Int64, $0[1] as String) }) {
            keys[effect, default: []].append(key)
        }
        var together: [Int64: [Event]] = [:]
        let further = try all(Query.eventNumbersOfAggregate, [shop, aggregate]) { ($0[0] as Int64, $0[1] as Int64) }
        for (effect, event) in further {
            if let event = events[event] { together[effect, default: []].append(event) }
        }
        return effects.map { effect in
            var effect = effect
            effect.keys = keys[effect.id] ?? []
            effect.event = effect.event.map { events[$0.id] ?? $0 }
            effect.together = together[effect.id] ?? []
            return effect
        }
    }

    /// The complete effect with that number.
    func effect(_ id: Int64, shop: Int64) throws -> Effect? { try effects(Query.effect, [shop, id]).first }

    /// An effect with its keys and its events' occurrences.
    private func filled(_ effect: Effect, shop: Int64) throws -> Effect {
        var effect = effect
        effect.keys = try all(Query.keysOfEffect, [shop, effect.id]) { $0[0] }
        guard let event = effect.event else { return effect }
        effect.event?.occurrences = try occurrences(eventID: event.id, shop: shop)
        effect.together = try together(
            all(Query.eventsTogether, [shop, effect.id]) { try Event($0, occurrences: []) }
        ) { try filled($0, shop: shop) }
        return effect
    }

    /// An event with its occurrences.
    func filled(_ event: Event, shop: Int64) throws -> Event {
        var event = event
        event.occurrences = try occurrences(eventID: event.id, shop: shop)
        return event
    }

    /// Appends to the story of an effect.
    func append(_ note: DecisionNote, effectID: Int64, shop: Int64) throws {
        try run(
            """
            INSERT INTO decisions (shop, effect_id, number, decided_at, state, reason, detail, held_until)
            VALUES (?, ?, (
                SELECT coalesce(max(number), 0) + 1 FROM decisions WHERE shop = ? AND effect_id = ?), ?, ?, ?, ?, ?)
            """,
            [
                shop, effectID, shop, effectID, note.at.milliseconds, note.state.rawValue, note.reason?.rawValue,
                note.detail, note.until?.milliseconds,
            ])
    }

    /// Writes the frozen message of an effect, replacing one that was never attempted.
    func put(_ message: Message, effectID: Int64, shop: Int64, now: Moment) throws {
        // The id is made from a key; if the key passed to this effect from one that was never attempted, so does the
        // id.
        try run(
            """
            DELETE FROM messages WHERE shop = ? AND message_id = ? AND effect_id <> ? AND EXISTS (
                SELECT 1 FROM effects WHERE effects.shop = messages.shop AND effects.id = messages.effect_id
                    AND effects.attempts = 0 AND effects.state IN ('skipped', 'withdrawn', 'replaced'))
            """, [shop, message.id, effectID])
        try run(
            """
            INSERT INTO messages (shop, effect_id, message_id, kind, sender, recipient, target, summary, bytes,
                frozen_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (shop, effect_id) DO UPDATE SET
                message_id = excluded.message_id, kind = excluded.kind, sender = excluded.sender,
                recipient = excluded.recipient, target = excluded.target, summary = excluded.summary,
                bytes = excluded.bytes, frozen_at = excluded.frozen_at, purged_at = NULL
            """,
            [
                shop, effectID, message.id, message.kind.rawValue, message.envelope.sender, message.envelope.recipient,
                message.envelope.target, message.summary, message.bytes, now.milliseconds,
            ])
    }

    /// The frozen message of an effect; nil if it has none, or its bytes are gone.
    func message(effectID: Int64, shop: Int64) throws -> Message? {
        try first(Query.message, [shop, effectID]) { row in
            Message(
                id: row[0], kind: try row.word(1),
                envelope: Message.Envelope(sender: row[2], recipient: row[3], target: row[4]), bytes: row[5],
                summary: row[6])
        }
    }

    /// The number and version of an aggregate; nil if it does not exist.
    func aggregate(_ aggregate: AggregateID, shop: Int64) throws -> (id: Int64, version: Int64)? {
        try first(Query.aggregate, [shop, aggregate.kind.rawValue, aggregate.id]) { (id: $0[0], version: $0[1]) }
    }

    /// The number of an order; nil if it does not exist.
    func order(_ gid: String, shop: Int64) throws -> Int64? { try aggregate(.order(gid), shop: shop)?.id }

    /// True if everything that was read still has the version at which it was read.
    func isCurrent(_ reads: ReadVersions, shop: Int64) throws -> Bool {
        for (id, version) in reads where try (aggregate(id, shop: shop)?.version ?? 0) != version { return false }
        return true
    }
}

extension Query {
    static let effect = "SELECT \(Effect.columns) FROM \(Effect.tables) WHERE effects.shop = ? AND effects.id = ?"
    static let eventsTogether = """
        SELECT \(Event.columns)
        FROM effect_events JOIN events ON events.shop = effect_events.shop AND events.id = effect_events.event_id
        JOIN shops ON shops.id = events.shop
        JOIN aggregates ON aggregates.shop = events.shop AND aggregates.id = events.aggregate_id
        WHERE effect_events.shop = ? AND effect_events.effect_id = ? ORDER BY effect_events.position
        """
    static let keysOfEffect = "SELECT occurrence FROM effect_keys WHERE shop = ? AND effect_id = ? ORDER BY position"
    static let message = """
        SELECT message_id, kind, sender, recipient, target, bytes, summary FROM messages
        WHERE shop = ? AND effect_id = ? AND purged_at IS NULL
        """
    static let aggregate = "SELECT id, version FROM aggregates WHERE shop = ? AND kind = ? AND gid = ?"
}
