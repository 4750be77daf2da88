internal import FoundationEssentials
internal import GRDB
public import Outreach

extension Store {
    /// Events of a shop that no plan was made for yet, the oldest first. A shop that is not served any more keeps its own, in nobody's way.
    public func pendingEvents(shop: String, limit: Int) async throws(StoreFailure) -> [Event] {
        try await read { db in
            let events = try db.all(Query.pendingEvents, [try db.shop(shop), limit]) { try Event($0, occurrences: []) }
            return try events.map { event in
                var event = event
                event.occurrences = try db.occurrences(eventID: event.id)
                return event
            }
        }
    }

    /// The effects that hold these keys, in whatever state they are; keys that nobody holds are left out.
    public func effects(for keys: [OccurrenceKey]) async throws(StoreFailure) -> [OccurrenceKey: Effect] {
        try await read { db in
            var shops = ShopNumbers()
            var byID: [Int64: Effect] = [:]
            var found: [OccurrenceKey: Effect] = [:]
            for key in Set(keys) {
                let id = try db.integer(
                    Query.holderOfKey,
                    [try shops.number(key.shop, in: db), key.origin.rawValue, key.trigger, key.line, key.key])
                guard let id else { continue }
                if byID[id] == nil { byID[id] = try db.effect(id) }
                found[key] = byID[id]
            }
            return found
        }
    }

    /// The effects that hold the newest repetition of keys, each of which may come again under keys that begin with a stem.
    public func newestRepetitions(
        of keys: [OccurrenceKey], stem: (String) -> String
    ) async throws(StoreFailure) -> [OccurrenceKey: Effect] {
        let ranges = Set(keys).map { key in (key, stem(key.key)) }
        return try await read { db in
            var shops = ShopNumbers()
            var found: [OccurrenceKey: Effect] = [:]
            for (key, stem) in ranges {
                let shop = try shops.number(key.shop, in: db)
                // The stem ends in a space, and `!` is what follows it.
                let after = stem.dropLast() + "!"
                let id =
                    try db.integer(
                        Query.newestRepetition,
                        [shop, key.origin.rawValue, key.trigger, key.line, stem, String(after)])
                    ?? db.integer(Query.holderOfKey, [shop, key.origin.rawValue, key.trigger, key.line, key.key])
                if let id { found[key] = try db.effect(id) }
            }
            return found
        }
    }

    /// The waiting effects of a shop after that number, by number: what a new set of triggers has to be tried on.
    public func waitingEffects(shop: String, after id: Int64, limit: Int) async throws(StoreFailure) -> [Effect] {
        try await read { db in
            try db.all(Query.waitingEffects, [try db.shop(shop), id, limit], Effect.init).map {
                try $0.filled(from: db)
            }
        }
    }

    /// Has every waiting effect of a shop judged again at once, for the triggers have changed.
    public func judgeAgain(shop: String, now: Moment) async throws(StoreFailure) {
        try await write { db in
            try db.run(
                "UPDATE effects SET due_at = ?, version = version + 1 WHERE shop = ? AND state = 'waiting' AND due_at > ?",
                [now.milliseconds, try db.shop(shop), now.milliseconds])
            try db.note(now)
        }
    }

    /// Has the effects of a shop judged at once that wait for a label and would be judged within that time.
    public func judgeLabels(shop: String, within pause: Duration, now: Moment) async throws(StoreFailure) {
        try await write { db in
            try db.run(
                """
                UPDATE effects SET due_at = ?, version = version + 1
                WHERE state = 'waiting' AND due_at > ? AND due_at <= ? AND shop = ? AND reason = 'label'
                """,
                [now.milliseconds, now.milliseconds, (now + pause).milliseconds, try db.shop(shop)])
            try db.note(now)
        }
    }

    /// To how many people a shop writes on a usual day, by its last 5,000 mails; 0 where it has hardly begun.
    public func peoplePerDay(shop: String, now: Moment) async throws(StoreFailure) -> Double {
        try await read { db in
            let recent = try db.first(Query.recentPeople, [try db.shop(shop)]) {
                (people: $0[0] as Int64, since: $0[1] as Int64?)
            }
            guard let recent, let since = recent.since else { return 0 }
            return Double(recent.people) / max(1, Double(now.milliseconds - since) / 86_400_000)
        }
    }

    /// The effects of orders that are in one of these states: what `replaces`, `combine` and a cancellation look for.
    public func effects(
        ofOrders orders: [OrderKey], states: Set<Effect.State>
    ) async throws(StoreFailure) -> [OrderKey: [Effect]] {
        try await read { db in
            var shops = ShopNumbers()
            var found: [OrderKey: [Effect]] = [:]
            for order in Set(orders) {
                let number = try shops.number(order.shop, in: db)
                guard let id = try db.integer(Query.orderNumber, [number, order.orderID]) else { continue }
                let effects = try db.all(Query.effectsOfOrder, [id], Effect.init).filter { states.contains($0.state) }
                if !effects.isEmpty { found[order] = try effects.map { try $0.filled(from: db) } }
            }
            return found
        }
    }

    /// The effect of that number, as it is now.
    public func effect(_ id: Int64) async throws(StoreFailure) -> Effect? {
        try await read { db in try db.effect(id) }
    }

    /// The waiting effects of a shop that are to be judged, the longest due first.
    public func dueEffects(shop: String, limit: Int, now: Moment) async throws(StoreFailure) -> [Effect] {
        try await read { db in
            try db.all(Query.dueEffects, [try db.shop(shop), now.milliseconds, limit], Effect.init).map {
                try $0.filled(from: db)
            }
        }
    }

    /// When the next waiting effect of a shop is to be judged; nil where none waits.
    public func nextDue(shop: String) async throws(StoreFailure) -> Moment? {
        try await read { db in
            try db.integer(Query.nextDue, [try db.shop(shop)]).map { Moment(milliseconds: $0) }
        }
    }

    /// Writes plans: each whole or not at all.
    ///
    /// A change is stale when its effect has another version by now, is leased to be attempted, or is sent, shadowed or refused already; or
    /// when one of its keys is held by another effect that uses it up or still waits. A key held by an effect that was skipped, withdrawn
    /// or replaced without an attempt passes to the new holder; likewise an effect that never used its keys up lets go of those that it
    /// does not name any more. A plan is stale as well, and outdated, where an aggregate that it was made of has another version by now.
    ///
    /// A change is refused where it is not possible, such as an effect that is to be ready without a message.
    public func commitPlan(_ plans: [Plan], now: Moment) async throws(StoreFailure) -> PlanOutcome {
        let hash = self.hash
        let path = self.path
        return try await write { db in
            var outcome = PlanOutcome()
            var writer = PlanWriter(hash: hash, now: now)
            var tally = Tally()
            var shops = ShopNumbers()
            for (index, plan) in plans.enumerated() {
                var effects: [Effect] = []
                writer.tally = Tally()
                var isStale = false
                var isOutdated = false
                let refusal = try db.isolated(path: path) {
                    let shop = try shops.number(plan.shop, in: db)
                    guard try db.isCurrent(plan.reads, shop: shop) else {
                        isOutdated = true
                        return .rollback
                    }
                    for change in plan.changes {
                        guard let effect = try writer.write(change, to: db) else {
                            isStale = true
                            return .rollback
                        }
                        effects.append(effect)
                    }
                    for match in plan.matches { try db.put(match) }
                    for event in plan.doneEvents {
                        try db.run("DELETE FROM pending_events WHERE event_id = ?", [event])
                    }
                    return .commit
                }
                if let refusal {
                    outcome.refused[index] = refusal
                } else if isOutdated {
                    outcome.stale.append(index)
                    outcome.outdated.append(index)
                } else if isStale {
                    outcome.stale.append(index)
                } else {
                    outcome.effects += effects
                    tally.add(writer.tally)
                }
            }
            try tally.write(to: db)
            try db.note(now)
            return outcome
        }
    }
}

extension Store: ActionLedger {
    public func beside(_ effect: Effect) async throws(StoreFailure) -> [ActionStanding] {
        guard let event = effect.event else { return [] }
        return try await read { db in
            let others = try db.all(Query.beside, [event.id, effect.trigger, effect.id]) { row in
                (
                    id: row[0] as Int64,
                    standing: ActionStanding(
                        line: row[1], channel: ChannelName(rawValue: row[2]), state: try row.word(3), results: [:])
                )
            }
            return try others.map { id, standing in
                var standing = standing
                for (name, value) in try db.all(Query.resultsOf, [id], { ($0[0] as String, $0[1] as String) }) {
                    standing.results[name] = value
                }
                return standing
            }
        }
    }
}

/// Writes the changes of plans.
private struct PlanWriter {
    let hash: KeyedHash
    let now: Moment
    var shops = ShopNumbers()
    var tally = Tally()

    init(hash: KeyedHash, now: Moment) {
        self.hash = hash
        self.now = now
    }

    /// The effect as it is written; nil where the change is stale.
    mutating func write(_ change: PlannedChange, to db: Database) throws -> Effect? {
        var effect = change.effect
        let shop = try shops.number(effect.shop, in: db)
        let before: (state: Effect.State, attempts: Int)?
        if effect.id == 0 {
            before = nil
            guard let id = try insert(effect, message: change.message, shop: shop, to: db) else { return nil }
            effect.id = id
            effect.version = 1
        } else {
            guard let stored = try update(effect, message: change.message, shop: shop, to: db) else { return nil }
            before = stored
            effect.version += 1
        }
        guard try writeKeys(of: effect, before: before, shop: shop, to: db) else { return nil }
        try writeEvents(of: effect, isNew: before == nil, to: db)
        if let room = change.room {
            let counted = try db.integer(
                Query.countedElsewhere, [shop, hash.address(room.address), room.since.milliseconds, effect.id])
            if Int(counted ?? 0) >= room.messages { return nil }
        }
        if let message = change.message { try db.put(message, effectID: effect.id, now: now) }
        if effect.state == .ready, change.message == nil, try db.message(effectID: effect.id) == nil {
            throw StoreFailure(.misuse, "An effect cannot be ready without a message. This is a fault of the program.")
        }
        tally.move(from: before?.state, to: effect.state, shop: shop)
        if let note = change.note {
            try db.append(note, effectID: effect.id)
            tally.add(
                .decisions, [effect.trigger, note.state.rawValue, note.reason?.rawValue ?? ""], shop: shop)
        }
        return effect
    }

    /// The further events that it tells.
    private func writeEvents(of effect: Effect, isNew: Bool, to db: Database) throws {
        if !isNew { try db.run("DELETE FROM effect_events WHERE effect_id = ?", [effect.id]) }
        for (index, event) in effect.together.enumerated() {
            try db.run(
                "INSERT INTO effect_events (effect_id, position, event_id) VALUES (?, ?, ?)",
                [effect.id, index + 1, event.id])
        }
    }

    /// A hash of the mail's recipient, for limits and history.
    private func recipientKey(_ message: Message?) -> Data? {
        guard let message, !message.envelope.recipient.isEmpty else { return nil }
        return hash.address(message.envelope.recipient)
    }

    private func countedAt(_ effect: Effect) -> Int64? {
        effect.state == .ready ? (effect.decidedAt ?? now).milliseconds : nil
    }

    private func insert(_ effect: Effect, message: Message?, shop: Int64, to db: Database) throws -> Int64? {
        var order: Int64?
        if let id = effect.orderID {
            guard let number = try db.integer(Query.orderNumber, [shop, id]) else { return nil }
            order = number
        }
        return try db.integer(
            """
            INSERT INTO effects (shop, origin, trigger_name, line, channel, target, is_contact, order_id, event_id,
                state, reason, detail, due_at, created_at, decided_at, counted_at, recipient_key, attempts,
                attempts_in_doubt, version)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 1) RETURNING id
            """,
            [
                shop, effect.origin.rawValue, effect.trigger, effect.line, effect.channel.rawValue,
                effect.route.target, effect.isContact, order, effect.event?.id, effect.state.rawValue,
                effect.reason?.rawValue, effect.detail, effect.dueAt.milliseconds, effect.createdAt.milliseconds,
                decidedAt(effect), countedAt(effect), recipientKey(message),
            ])
    }

    /// The moment of the decision, which every state but `waiting` has.
    private func decidedAt(_ effect: Effect) -> Int64? {
        (effect.decidedAt ?? (effect.state == .waiting ? nil : now))?.milliseconds
    }

    /// What it was before; nil where the change is stale.
    private func update(
        _ effect: Effect, message: Message?, shop: Int64, to db: Database
    ) throws -> (state: Effect.State, attempts: Int)? {
        let stored = try db.first(
            """
            SELECT state, attempts, EXISTS (SELECT 1 FROM leases WHERE effect_id = effects.id) FROM effects
            WHERE id = ? AND shop = ? AND version = ?
            """, [effect.id, shop, effect.version]
        ) { row in (state: try row.word(0, Effect.State.self), attempts: row[1] as Int, leased: row[2] as Bool) }
        guard let stored, !stored.leased, ![.sent, .refused, .shadowed].contains(stored.state) else { return nil }
        // Bytes that were attempted are never made anew.
        if stored.attempts > 0, message != nil { return nil }
        try db.run(
            """
            UPDATE effects SET event_id = ?, state = ?, reason = ?, detail = ?, due_at = ?, decided_at = ?,
                counted_at = ?, recipient_key = coalesce(?, recipient_key), version = version + 1
            WHERE id = ?
            """,
            [
                effect.event?.id, effect.state.rawValue, effect.reason?.rawValue, effect.detail,
                effect.dueAt.milliseconds, decidedAt(effect), countedAt(effect), recipientKey(message), effect.id,
            ])
        return (stored.state, stored.attempts)
    }

    /// Takes the keys that the effect names; false where one is not to be had.
    private func writeKeys(
        of effect: Effect, before: (state: Effect.State, attempts: Int)?, shop: Int64, to db: Database
    ) throws -> Bool {
        guard !effect.keys.isEmpty else {
            throw StoreFailure(.misuse, "An effect cannot be without a key. This is a fault of the program.")
        }
        var held: [String] = []
        if let before {
            held = try db.all(Query.keysOfEffect, [effect.id]) { $0[0] }
            if held == effect.keys { return true }
            if !before.state.usesKeyUp, before.attempts == 0 {
                for key in held where !effect.keys.contains(key) {
                    try db.run(
                        """
                        DELETE FROM effect_keys
                        WHERE shop = ? AND origin = ? AND trigger_name = ? AND line = ? AND occurrence = ?
                            AND effect_id = ?
                        """, [shop, effect.origin.rawValue, effect.trigger, effect.line, key, effect.id])
                }
            }
        }
        for (position, key) in effect.keys.enumerated() {
            let taken = try db.changes(
                """
                INSERT INTO effect_keys (shop, origin, trigger_name, line, occurrence, effect_id, position)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (shop, origin, trigger_name, line, occurrence) DO UPDATE SET
                    effect_id = excluded.effect_id, position = excluded.position
                WHERE effect_keys.effect_id = excluded.effect_id OR EXISTS (
                    SELECT 1 FROM effects WHERE effects.id = effect_keys.effect_id AND effects.attempts = 0
                        AND effects.state IN ('skipped', 'withdrawn', 'replaced'))
                """, [shop, effect.origin.rawValue, effect.trigger, effect.line, key, effect.id, position])
            if taken == 0 { return false }
        }
        return true
    }
}

extension Database {
    /// Keeps why a trigger made nothing of an event, in place of what was kept before.
    fileprivate func put(_ match: MatchOutcome) throws {
        try run(
            """
            INSERT INTO match_outcomes (event_id, trigger_name, reason, detail, decided_at) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (event_id, trigger_name) DO UPDATE SET
                reason = excluded.reason, detail = excluded.detail, decided_at = excluded.decided_at
            """, [match.eventID, match.trigger, match.reason.rawValue, match.detail, match.at.milliseconds])
    }
}

extension Query {
    static let beside = """
        SELECT id, line, channel, state FROM effects
        WHERE event_id = ? AND trigger_name = ? AND id <> ? ORDER BY id
        """
    static let resultsOf = "SELECT name, value FROM results WHERE effect_id = ?"
    static let pendingEvents = """
        SELECT \(Event.columns)
        FROM pending_events JOIN events ON events.id = pending_events.event_id
        JOIN shops ON shops.id = events.shop JOIN orders ON orders.id = events.order_id
        WHERE pending_events.shop = ? ORDER BY pending_events.event_id LIMIT ?
        """
    static let holderOfKey = """
        SELECT effect_id FROM effect_keys WHERE shop = ? AND origin = ? AND trigger_name = ? AND line = ? AND occurrence = ?
        """
    static let newestRepetition = """
        SELECT effect_id FROM effect_keys
        WHERE shop = ? AND origin = ? AND trigger_name = ? AND line = ? AND occurrence >= ? AND occurrence < ?
        ORDER BY occurrence DESC LIMIT 1
        """
    static let waitingEffects = """
        SELECT \(Effect.columns) FROM \(Effect.tables)
        WHERE effects.shop = ? AND effects.state = 'waiting' AND effects.id > ? ORDER BY effects.id LIMIT ?
        """
    static let recentPeople = """
        SELECT count(DISTINCT recipient_key), min(counted_at) FROM (
            SELECT recipient_key, counted_at FROM effects
            WHERE shop = ? AND state = 'sent' AND recipient_key IS NOT NULL ORDER BY id DESC LIMIT 5000) AS recent
        """
    static let countedElsewhere = """
        SELECT count(*) FROM effects WHERE shop = ? AND recipient_key = ? AND counted_at > ?
            AND counted_at IS NOT NULL AND is_contact = 1 AND id <> ?
        """
    static let orderNumber = "SELECT id FROM orders WHERE shop = ? AND gid = ?"
    static let effectsOfOrder = """
        SELECT \(Effect.columns) FROM \(Effect.tables) WHERE effects.order_id = ? ORDER BY effects.id
        """
    static let dueEffects = """
        SELECT \(Effect.columns) FROM \(Effect.tables)
        WHERE effects.shop = ? AND effects.state = 'waiting' AND effects.due_at <= ?
        ORDER BY effects.due_at, effects.id LIMIT ?
        """
    static let nextDue = "SELECT min(due_at) FROM effects WHERE shop = ? AND state = 'waiting'"
}
