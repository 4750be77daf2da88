internal import FoundationEssentials
public import Outreach

// What the shop's people were told of by mail. That it was told is written with the mail or not at all, so nothing is
// told twice and nothing is forgotten, whenever the daemon dies. The rows name the mail, which has the customer's words
// and goes with them.

extension Store {
    /// More are not read: what is beyond is counted as told.
    public static let mostUntold = 1_000

    /// The conversations in which a customer waits for a person or for anybody, and of whose last message that person
    /// was not told, the longest waiting first; at most `limit`. A trigger's note counts as a message.
    public func untold(
        person: String, shop domain: String, limit: Int = Store.mostUntold
    ) async throws(StoreFailure) -> [UntoldConversation] {
        try await read { db in
            let shop = try db.shop(domain)
            let free = try db.all(Query.untoldUnclaimed, [shop, person, limit], UntoldConversation.init)
            let held = try db.all(Query.untoldHeld, [shop, person, person, limit], UntoldConversation.init)
            return (free + held).sorted { ($0.waitsSince, $0.id) < ($1.waitsSince, $1.id) }
        }
    }

    /// Stores a mail that tells a person of these conversations, that it did, and when it did.
    ///
    /// - Returns: false, and nothing is written, if any of them has changed meanwhile.
    public func tell(
        _ mail: SystemMail, of told: [UntoldConversation], person: String, times: AlertTimes, shop domain: String,
        now: Moment
    ) async throws(StoreFailure) -> Bool {
        let hash = hash
        let path = path
        return try await write { db in
            let shop = try db.shop(domain)
            for one in told {
                guard try db.aggregate(.conversation(one.id), shop: shop)?.version == one.version else { return false }
            }
            for id in try db.all(Query.oldSystemEffects, [shop, (now - .days(30)).milliseconds], { $0[0] as Int64 }) {
                try db.removeEffect(id, shop: shop)
            }
            let outcome = try db.commit([Plan(mail, shop: domain, now: now)], hash: hash, path: path, now: now)
            if let refusal = outcome.refused.first?.value { throw refusal }
            guard let effect = outcome.effects.first else { return false }
            for one in told {
                try db.run(
                    """
                    INSERT INTO conversation_alerts (shop, conversation_id, person, message_id, effect_id)
                    VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                    """, [shop, one.id, person, one.messageID, effect.id])
            }
            try db.note(times, of: person, shop: shop, now: now)
            try db.note(now)
            return true
        }
    }

    /// Notes when a person's alerts were last looked at.
    public func note(
        _ times: AlertTimes, of person: String, shop domain: String, now: Moment
    ) async throws(StoreFailure) {
        try await write { db in
            try db.note(times, of: person, shop: try db.shop(domain), now: now)
            try db.note(now)
        }
    }
}

extension Connection {
    fileprivate func note(_ times: AlertTimes, of person: String, shop: Int64, now: Moment) throws {
        let name = RememberedName.alerts.rawValue
        let text = try first("SELECT value FROM remembered WHERE shop = ? AND name = ?", [shop, name]) {
            $0[0] as String
        }
        var board = text.flatMap(AlertBoard.init(rememberedText:)) ?? AlertBoard()
        board.people[person] = times
        try run(Query.remember, [shop, name, board.rememberedText, now.milliseconds])
    }

    /// Takes back what would tell people of a conversation that nobody waits in any more, or that a colleague has: mails
    /// that nobody has begun to send, and that tell of no other who waits. If it is given back, they are told anew.
    func withdrawAlerts(of record: ConversationRecord, shop: Int64, now: Moment, tally: inout Tally) throws {
        guard record.holder != nil || record.waitsSince == nil else { return }
        let holder = record.waitsSince == nil ? "" : record.holder ?? ""
        for id in try all(Query.unsentAlerts, [shop, record.id, holder], { $0[0] as Int64 }) {
            guard let effect = try self.effect(id, shop: shop), effect.state == .ready, effect.attempts == 0,
                try integer(Query.leasedAttempt, [shop, id]) == nil,
                try integer(Query.othersOfAlert, [shop, id, record.id]) == nil
            else { continue }
            let leased = try changes("DELETE FROM leases WHERE shop = ? AND effect_id = ?", [shop, id])
            if leased > 0 { try letAnotherGoAhead(insteadOf: id, shop: shop, now: now) }
            try move(
                effect, to: DecisionNote(at: now, state: .withdrawn, reason: .heldByPerson), shop: shop, tally: &tally)
            try run("DELETE FROM conversation_alerts WHERE shop = ? AND effect_id = ?", [shop, id])
        }
    }

    /// Removes the mails that told the shop's people of a conversation.
    func removeAlerts(ofConversation id: Int64, shop: Int64) throws {
        for effect in try all(Query.alertsOfConversation, [shop, id], { $0[0] as Int64 }) {
            try removeEffect(effect, shop: shop)
        }
    }
}

extension UntoldConversation {
    init(_ row: Row) throws {
        self.init(id: row[0], version: row[1], messageID: row[4], waitsSince: row.moment(6))
        (holder, team) = (row[2], row[3])
        understood = try (row[5] as String?).map { try Understood(stored: $0) }
    }
}

extension Query {
    private static let untoldColumns = """
        conversations.id, aggregates.version, conversations.holder, conversations.team, hers.id, hers.understood,
        conversations.waits_since
        """
    private static let untoldTables = """
        conversations
        JOIN aggregates ON aggregates.shop = conversations.shop AND aggregates.id = conversations.id
        JOIN conversation_messages AS hers ON hers.shop = conversations.shop AND hers.id = (
            SELECT id FROM conversation_messages
            WHERE shop = conversations.shop AND conversation_id = conversations.id
                AND (direction = 'in' OR direction = 'note' AND author = 'bookbag')
            ORDER BY id DESC LIMIT 1)
        """
    private static let isUntold = """
        conversations.waits_since IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM conversation_alerts
            WHERE conversation_alerts.shop = conversations.shop
                AND conversation_alerts.conversation_id = conversations.id AND conversation_alerts.person = ?
                AND conversation_alerts.message_id = hers.id)
        """
    static let untoldUnclaimed = """
        SELECT \(untoldColumns) FROM \(untoldTables)
        WHERE conversations.shop = ? AND conversations.state = 'person' AND conversations.holder IS NULL
            AND \(isUntold)
        ORDER BY conversations.place, conversations.id LIMIT ?
        """
    static let untoldHeld = """
        SELECT \(untoldColumns) FROM \(untoldTables)
        WHERE conversations.shop = ? AND conversations.holder = ? AND conversations.state = 'person'
            AND conversations.holder IS NOT NULL AND \(isUntold)
        ORDER BY conversations.place, conversations.id LIMIT ?
        """
    static let unsentAlerts = """
        SELECT conversation_alerts.effect_id
        FROM conversation_alerts JOIN effects ON effects.shop = conversation_alerts.shop
            AND effects.id = conversation_alerts.effect_id
        WHERE conversation_alerts.shop = ? AND conversation_alerts.conversation_id = ?
            AND conversation_alerts.person <> ? AND effects.state = 'ready' AND effects.attempts = 0
        """
    static let othersOfAlert = """
        SELECT 1 FROM conversation_alerts JOIN conversations ON conversations.shop = conversation_alerts.shop
            AND conversations.id = conversation_alerts.conversation_id
        WHERE conversation_alerts.shop = ? AND conversation_alerts.effect_id = ?
            AND conversation_alerts.conversation_id <> ? AND conversations.state = 'person'
            AND conversations.waits_since IS NOT NULL
            AND (conversations.holder IS NULL OR conversations.holder = conversation_alerts.person)
        LIMIT 1
        """
    static let alertsOfConversation = """
        SELECT effect_id FROM conversation_alerts WHERE shop = ? AND conversation_id = ?
        """
}
