public import Outreach

// Tickets of conversations in the shop's helpdesk. What is to be written to a ticket becomes an effect in the step that
// notes that it is written, so a daemon that dies in between neither forgets it nor writes it twice.

extension Store {
    /// The conversations of a shop whose ticket has to be opened, or lacks something: those that are handed over and in
    /// which she waits, and those with a ticket in which something was said that it has not. One whose last post is under
    /// way is left out.
    ///
    /// - Parameter since: conversations in which nothing was said since then are left alone.
    public func ticketWork(
        shop domain: String, since: Moment, limit: Int
    ) async throws(StoreFailure) -> [Int64] {
        try await read { db in
            let shop = try db.shop(domain)
            let unopened: [Int64] = try db.all(Query.unopenedTickets, [shop, since.milliseconds, limit]) { $0[0] }
            return unopened + (try db.all(Query.unfinishedTickets, [shop, since.milliseconds, limit]) { $0[0] })
        }
    }

    /// The ticket of a conversation; nil if it has none.
    public func ticket(of conversation: Int64, shop domain: String) async throws(StoreFailure) -> Ticket? {
        try await read { db in try db.ticket(of: conversation, shop: try db.shop(domain), domain: domain) }
    }

    /// The ticket that the helpdesk counts so; nil if no conversation has it.
    public func ticket(numbered number: String, shop domain: String) async throws(StoreFailure) -> Ticket? {
        try await read { db in
            try db.first(Query.ticketByNumber, [try db.shop(domain), number]) { try Ticket($0, shop: domain) }
        }
    }

    /// The tickets that the helpdesk counts so, by number; those that no conversation has are left out.
    public func tickets(
        numbered numbers: [String], shop domain: String
    ) async throws(StoreFailure) -> [String: Ticket] {
        guard !numbers.isEmpty else { return [:] }
        return try await read { db in
            let found = try db.all(Query.ticketsByNumber, [try db.shop(domain)], in: numbers) {
                try Ticket($0, shop: domain)
            }
            return Dictionary(found.compactMap { one in one.number.map { ($0, one) } }) { first, _ in first }
        }
    }

    /// The first message of a ticket's conversation that the ticket has not.
    public func unposted(of ticket: Ticket) async throws(StoreFailure) -> ConversationMessage? {
        try await read { db in
            try db.first(
                Query.messageAfter, [try db.shop(ticket.shop), ticket.conversation, ticket.postedTo],
                ConversationMessage.init)
        }
    }

    /// Has something written to a ticket, which is noted in it with the same step.
    ///
    /// - Parameters:
    ///   - post: what, and to which.
    ///   - ticket: as it is with it.
    /// - Returns: false, and nothing is written, if something else is under way, or the conversation is gone.
    public func put(_ post: TicketPost, _ ticket: Ticket, now: Moment) async throws(StoreFailure) -> Bool {
        let hash = hash
        let path = path
        let aggregate = AggregateID.conversation(ticket.conversation)
        guard let message = post.message() else { throw StoreFailure.unreadable("what is written to a ticket") }
        return try await write { db in
            let shop = try db.shop(ticket.shop)
            guard try db.aggregate(aggregate, shop: shop) != nil,
                try db.ticket(of: ticket.conversation, shop: shop, domain: ticket.shop)?.isPosting != true
            else { return false }
            let mail = SystemMail(maker: "ticket", key: post.key, message: message, aggregate: aggregate, dueAt: now)
            let outcome = try db.commit([Plan(mail, shop: ticket.shop, now: now)], hash: hash, path: path, now: now)
            if let refusal = outcome.refused.first?.value { throw refusal }
            // What has the key already is on its way, or there.
            let effect = outcome.effects.first
            try db.run(
                """
                INSERT INTO tickets (shop, conversation_id, number, url, state, stamp, posted_to, hand_over, effect_id,
                    posting)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (shop, conversation_id) DO UPDATE SET posted_to = excluded.posted_to,
                    hand_over = excluded.hand_over, effect_id = excluded.effect_id, posting = excluded.posting
                """,
                [
                    shop, ticket.conversation, ticket.number, ticket.url, ticket.state.rawValue, ticket.stamp,
                    ticket.postedTo, ticket.handOver, effect?.id ?? 0, effect != nil,
                ])
            try db.note(now)
            return true
        }
    }

    /// Notes that a ticket has a message already, which came from there.
    public func pass(_ message: Int64, of ticket: Ticket, now: Moment) async throws(StoreFailure) {
        try await write { db in
            try db.run(
                "UPDATE tickets SET posted_to = ? WHERE shop = ? AND conversation_id = ? AND posted_to < ?",
                [message, try db.shop(ticket.shop), ticket.conversation, message])
            try db.note(now)
        }
    }

    /// Notes what became of what was written to tickets: the number that the helpdesk gave, or that it refused.
    ///
    /// - Returns: how many there were, `limit` at most.
    public func settleTickets(shop domain: String, limit: Int, now: Moment) async throws(StoreFailure) -> Int {
        let waiting = try await read { db in
            try db.all(Query.settledTickets, [try db.shop(domain), limit]) { $0[0] as Int64 }
        }
        guard !waiting.isEmpty else { return 0 }
        return try await write { db in
            let shop = try db.shop(domain)
            let settled = try db.all(Query.settledTickets, [shop, limit]) { row in
                (id: row[0] as Int64, effect: row[1] as Int64, state: row[2] as String?, number: row[3] as String?)
            }
            for one in settled {
                let results = try db.results(of: one.effect, shop: shop)
                if one.state == Effect.State.sent.rawValue || one.state == nil,
                    let number = results["ticket"] ?? one.number
                {
                    try db.run(
                        """
                        UPDATE tickets SET number = ?, url = coalesce(?, url), posting = 0,
                            stamp = CASE WHEN number = ? THEN stamp END,
                            state = CASE WHEN number = ? THEN state ELSE 'open' END
                        WHERE shop = ? AND conversation_id = ?
                        """, [number, results["url"], number, number, shop, one.id])
                } else {
                    try db.run(
                        """
                        UPDATE tickets SET posting = 0, state = CASE WHEN number IS NULL THEN 'refused' ELSE state END
                        WHERE shop = ? AND conversation_id = ?
                        """, [shop, one.id])
                }
            }
            try db.note(now)
            return settled.count
        }
    }

    /// The tickets in which something may happen: those that are not closed, of conversations in which something was
    /// said since then; the newest first.
    public func openTickets(
        shop domain: String, since: Moment, limit: Int
    ) async throws(StoreFailure) -> [Ticket] {
        try await read { db in
            try db.all(Query.openTickets, [try db.shop(domain), since.milliseconds, limit]) {
                try Ticket($0, shop: domain)
            }
        }
    }

    /// Notes how a ticket stands, with the observation that says so.
    public func note(
        _ state: Ticket.State, stamp: String, of ticket: Ticket, judged: RawObservation, now: Moment
    ) async throws(StoreFailure) {
        try await write { db in
            let shop = try db.shop(ticket.shop)
            try db.run(
                "UPDATE tickets SET state = ?, stamp = ? WHERE shop = ? AND conversation_id = ? AND number = ?",
                [state.rawValue, stamp, shop, ticket.conversation, ticket.number])
            try db.markJudged(judged, shop: shop, now: now)
            try db.note(now)
        }
    }
}

extension Connection {
    func ticket(of conversation: Int64, shop: Int64, domain: String) throws -> Ticket? {
        try first(Query.ticketOf, [shop, conversation]) { try Ticket($0, shop: domain) }
    }
}

extension Connection {
    /// Notes the ticket in which a conversation began; one that it has stays.
    func open(_ ticket: Ticket, of conversation: Int64, postedTo message: Int64, shop: Int64) throws {
        try run(
            """
            INSERT INTO tickets (shop, conversation_id, number, url, state, stamp, posted_to, hand_over, effect_id,
                posting)
            VALUES (?, ?, ?, ?, 'open', NULL, ?, ?, 0, 0)
            ON CONFLICT (shop, conversation_id) DO NOTHING
            """, [shop, conversation, ticket.number, ticket.url, message, ticket.handOver])
    }

    /// The number of a conversation's ticket, if the helpdesk has one.
    func ticketNumbers(of conversation: Int64, shop: Int64) throws -> [String] {
        try ticket(of: conversation, shop: shop, domain: "")?.number.map { [$0] } ?? []
    }
}

extension Ticket {
    /// The columns that a ticket is read from, in order.
    static let columns = """
        tickets.conversation_id, tickets.number, tickets.url, tickets.state, tickets.stamp, tickets.posted_to,
        tickets.hand_over, tickets.posting
        """

    /// Reads `columns`.
    init(_ row: Row, shop: String) throws {
        self.init(
            shop: shop, conversation: row[0], number: row[1], url: row[2], state: try row.word(3), stamp: row[4],
            postedTo: row[5], handOver: row[6])
        isPosting = row[7]
    }
}

extension Query {
    static let ticketOf = "SELECT \(Ticket.columns) FROM tickets WHERE shop = ? AND conversation_id = ?"
    static let ticketByNumber = """
        SELECT \(Ticket.columns) FROM tickets WHERE shop = ? AND number = ? AND number IS NOT NULL LIMIT 1
        """
    static let ticketsByNumber = """
        SELECT \(Ticket.columns) FROM tickets WHERE shop = ? AND number IN (\(places)) AND number IS NOT NULL
        """
    static let messageAfter = """
        SELECT \(ConversationMessage.columns) FROM conversation_messages
        WHERE shop = ? AND conversation_id = ? AND id > ? ORDER BY id LIMIT 1
        """
    static let unopenedTickets = """
        SELECT id FROM conversations
        WHERE shop = ? AND state IN ('person', 'snoozed') AND hand_overs > 0 AND waits_since IS NOT NULL
            AND last_at >= ? AND NOT EXISTS (
                SELECT 1 FROM tickets
                WHERE tickets.shop = conversations.shop AND tickets.conversation_id = conversations.id)
        ORDER BY waits_since, id LIMIT ?
        """
    static let unfinishedTickets = """
        SELECT tickets.conversation_id
        FROM conversations JOIN tickets
            ON tickets.shop = conversations.shop AND tickets.conversation_id = conversations.id
        WHERE conversations.shop = ? AND conversations.last_at >= ? AND tickets.posting = 0
            AND tickets.number IS NOT NULL AND conversations.state IN ('person', 'snoozed', 'closed')
            AND (tickets.hand_over < conversations.hand_overs AND conversations.state <> 'closed'
                OR EXISTS (
                    SELECT 1 FROM conversation_messages
                    WHERE conversation_messages.shop = tickets.shop
                        AND conversation_messages.conversation_id = tickets.conversation_id
                        AND conversation_messages.id > tickets.posted_to))
        ORDER BY conversations.last_at, tickets.conversation_id LIMIT ?
        """
    static let settledTickets = """
        SELECT tickets.conversation_id, tickets.effect_id, effects.state, tickets.number
        FROM tickets LEFT JOIN effects ON effects.shop = tickets.shop AND effects.id = tickets.effect_id
        WHERE tickets.shop = ? AND tickets.posting = 1 AND (effects.state IS NULL OR effects.state <> 'ready')
        ORDER BY tickets.conversation_id LIMIT ?
        """
    static let openTickets = """
        SELECT \(Ticket.columns)
        FROM conversations JOIN tickets
            ON tickets.shop = conversations.shop AND tickets.conversation_id = conversations.id
        WHERE conversations.shop = ? AND conversations.last_at >= ? AND tickets.number IS NOT NULL
            AND tickets.state IN ('open', 'solved')
        ORDER BY conversations.last_at DESC, tickets.conversation_id DESC LIMIT ?
        """
}
