internal import FoundationEssentials
public import Outreach
internal import Platform

// Conversations and what was said in them. A conversation is an aggregate as an order is: each change names the version
// that it was made of, and whatever follows from it (its messages, events and mails, what it withdraws, the mail that
// it was learned from) is written with it or not at all. So nobody is answered by two, and falling silent is one
// commit.

extension Store: ConversationStore {
    /// Conversations of a shop by number, each with its last messages and what its address wrote and was answered
    /// lately; those that do not exist are left out.
    public func conversations(
        _ ids: [Int64], shop domain: String, now: Moment
    ) async throws(StoreFailure) -> [Int64: ConversationRecord] {
        try await read { db in
            let shop = try db.shop(domain)
            var found: [Int64: ConversationRecord] = [:]
            for id in Set(ids) { found[id] = try db.conversation(id, shop: shop, domain: domain, now: now) }
            return found
        }
    }

    /// The conversation that a new message belongs to; nil if it opens one of its own. Whoever answers a mail of a
    /// conversation belongs to it, however old it is and whoever that is; otherwise the sender's own counts that was
    /// about the same and in which something was said since `since`.
    public func conversation(for search: ConversationSearch) async throws(StoreFailure) -> Int64? {
        let hash = hash
        return try await read { db in
            let shop = try db.shop(search.shop)
            if let effect = search.effectID {
                for query in [Query.conversationOfEffect, Query.conversationOfSentMessage] {
                    if let id = try db.integer(query, [shop, effect]) { return id }
                }
            }
            for reference in search.references.prefix(Self.mostReferences) {
                for query in [Query.conversationOfMail, Query.conversationOfOwnMail] {
                    if let id = try db.integer(query, [shop, reference]) { return id }
                }
            }
            guard let sender = search.sender else { return nil }
            let order = try search.orderID.flatMap { try db.order($0, shop: shop) }
            let own = try db.all(
                Query.conversationsWith, [shop, hash.address(sender), search.since.milliseconds]
            ) { (id: $0[0] as Int64, order: $0[1] as Int64?, channel: $0[2] as String) }
            return own.first { one in
                if let order, let about = one.order { return about == order }
                return one.channel == search.channel.rawValue
            }?.id
        }
    }

    /// So many of the mails that a message refers to are looked up.
    static let mostReferences = 50

    /// Writes changes of one conversation: all of it or nothing. A message whose observation has one already is the
    /// same message: nothing is written but that the observation was judged.
    public func commit(
        _ change: ConversationChange, judged: [RawObservation] = [], incoming: IncomingOutcome? = nil, now: Moment
    ) async throws(StoreFailure) -> (id: Int64, events: [Event])? {
        let hash = hash
        let path = path
        defer { changes.call() }
        return try await write { db in
            var written: (id: Int64, events: [Event])?
            let refusal = try db.isolated(path: path) {
                let done = try db.write(
                    change, judged: judged, incoming: incoming, hash: hash, path: path, now: now)
                written = done.map { ($0.id, $0.events) }
                return done != nil
            }
            if let refusal { throw refusal }
            try db.note(now)
            return written
        }
    }

    /// The conversations of a shop that time alone changes by now, the longest due first: those whose minute is over or
    /// whose snooze ends, then those in which nothing was said since `quietSince` and nobody waits.
    public func dueConversations(
        shop domain: String, quietSince: Moment, limit: Int, now: Moment
    ) async throws(StoreFailure) -> [Int64] {
        try await read { db in
            let shop = try db.shop(domain)
            let due: [Int64] = try db.all(Query.dueConversations, [shop, now.milliseconds, limit]) { $0[0] }
            guard due.count < limit else { return due }
            return due
                + (try db.all(Query.quietConversations, [shop, quietSince.milliseconds, limit - due.count]) { $0[0] })
        }
    }

    /// When the next minute is over or the next snooze ends in a shop; nil for never.
    public func nextConversation(shop: String) async throws(StoreFailure) -> Moment? {
        try await read { db in
            try db.integer(Query.nextConversation, [try db.shop(shop)]).map { Moment(milliseconds: $0) }
        }
    }

    /// The conversations of a shop in which a message of hers is not decided yet, the oldest first.
    public func undecidedConversations(shop: String, limit: Int) async throws(StoreFailure) -> [Int64] {
        try await read { db in try db.all(Query.undecided, [try db.shop(shop), limit]) { $0[0] } }
    }

    /// The conversation in which an effect left a message or a note; nil if it left none.
    public func conversation(ofEffect id: Int64, shop: String) async throws(StoreFailure) -> Int64? {
        try await read { db in try db.integer(Query.conversationOfSentMessage, [try db.shop(shop), id]) }
    }

    /// The open conversation about an order in which something was said last.
    public func openConversation(about orderID: String, shop domain: String) async throws(StoreFailure) -> Int64? {
        try await read { db in
            let shop = try db.shop(domain)
            guard let order = try db.order(orderID, shop: shop) else { return nil }
            return try db.integer(Query.openConversationOfOrder, [shop, order])
        }
    }

    /// What triggers made of a conversation's message, in any state.
    public func answers(
        to message: Int64, of conversation: Int64, shop: String
    ) async throws(StoreFailure) -> [Effect] {
        try await read { db in
            let number = try db.shop(shop)
            return try db.effects(
                Query.answers,
                [
                    number, number, conversation, Subject.other("message", id: "\(message)").key,
                    EventKind.messageReceived.rawValue,
                ]
            ).sorted { $0.id < $1.id }
        }
    }
}

extension Connection {
    /// A whole conversation; nil if there is none of that number.
    func conversation(_ id: Int64, shop: Int64, domain: String, now: Moment) throws -> ConversationRecord? {
        guard let row = try first(Query.conversation, [shop, id], { try ConversationRow($0, shop: domain) })
        else { return nil }
        var record = row.record
        record.messages = try all(
            Query.messagesOfConversation, [shop, id, Int64.max, ConversationRules.remembered], ConversationMessage.init
        ).reversed()
        for key in Set(row.addressKeys) {
            func answers(since moment: Moment) throws -> Int {
                Int(try integer(Query.answersSince, [shop, key, moment.milliseconds]) ?? 0)
            }
            record.answersLastHour = max(record.answersLastHour, try answers(since: now - .hours(1)))
            record.answersLastDay = max(record.answersLastDay, try answers(since: now - .days(1)))
            let questions = try integer(Query.questionsSince, [shop, key, (now - .days(30)).milliseconds])
            record.questionsLast30Days = max(record.questionsLast30Days, Int(questions ?? 0))
            let losses = try integer(
                Query.lossesSince, [shop, key, (now - .days(365)).milliseconds, "%\"delivered_not_received\"%"])
            record.lossesLastYear = max(record.lossesLastYear, Int(losses ?? 0))
        }
        record.rating = try integer(Query.scoreOfConversation, [shop, id]).map { Int($0) }
        if record.channel == .helpdesk { record.ticket = try ticketNumbers(of: id, shop: shop).first }
        return record
    }

    /// Writes a change of a conversation, and returns its number, its events and the effects of its mails; nil if it has
    /// another version by now.
    func write(
        _ change: ConversationChange, judged: [RawObservation], incoming: IncomingOutcome?, hash: KeyedHash,
        path: String, now: Moment
    ) throws -> (id: Int64, events: [Event], mails: [Int64])? {
        var record = change.record
        let shop = try self.shop(record.shop)
        for observation in change.messages.compactMap(\.observationID) {
            guard let known = try integer(Query.conversationOfObservation, [shop, observation]) else { continue }
            for one in judged { try markJudged(one, shop: shop, now: now) }
            return (known, [], [])
        }
        let known = record.id == 0 ? nil : try aggregate(record.aggregate, shop: shop)
        guard known?.version ?? 0 == record.version else { return nil }
        var numbers = RowNumbers()
        var tally = Tally()
        let id = try known?.id ?? numbers.take(.aggregates, shop: shop, in: self)
        record.id = id
        record.messageCount += change.messages.count
        let before = try first(Query.stateOfConversation, [shop, id]) { row in
            (state: row[0] as String, waitsSince: row.optionalMoment(1))
        }
        let wasPersons = ["person", "snoozed"].contains(before?.state)
        try count(change, as: id, waitedSince: before?.waitsSince, shop: shop, now: now, tally: &tally)
        try put(record, isNew: known == nil, shop: shop, hash: hash)
        try countOutcome(
            of: change, as: id, wasClosed: before?.state == "closed", shop: shop, now: now, tally: &tally)
        try note(wasPersons: wasPersons, record, shop: shop, now: now)
        var messages = change.messages
        var mails: [Int64] = []
        for mail in change.mails {
            let outcome = try commit([Plan(mail, of: record, now: now)], hash: hash, path: path, now: now)
            if let refusal = outcome.refused.values.first { throw refusal }
            if mail.origin == .person, let effect = outcome.effects.first {
                try wantCopy(ofEffect: effect.id, shop: shop)
            }
            if mail.hasFiles, let effect = outcome.effects.first {
                try keepFiles(ofEffect: effect.id, since: mail.dueAt, shop: shop)
            }
            mails += outcome.effects.map(\.id)
            guard let place = mail.carries else { continue }
            // What was to be sent is on its way by another step's hand.
            guard let effect = outcome.effects.first else { return nil }
            messages[place].effectID = effect.id
            messages[place].messageID = mail.message.id
        }
        for index in messages.indices {
            messages[index].id = try numbers.take(.conversationMessages, shop: shop, in: self)
            try insert(messages[index], conversation: id, shop: shop, hash: hash)
            if let observation = messages[index].observationID, messages[index].channel == .mailbox,
                !messages[index].files.isEmpty
            {
                try keepFiles(ofObservation: observation, since: messages[index].at, shop: shop)
            }
        }
        if let ticket = change.ticket {
            try open(ticket, of: id, postedTo: messages.last?.id ?? 0, shop: shop)
        }
        if let past = change.past, let message = messages.first {
            try put(past, of: message, conversation: id, shop: shop)
        }
        var events: [Event] = []
        for var event in change.events {
            if case .rated(let request, let mark, _, let at) = event {
                let kind = EventKind.ratingGiven.rawValue
                let last = try integer(Query.lastOccurrence, [shop, id, Rating.subject(request).key, kind])
                event = .rated(request: request, mark: mark, n: Int(last ?? 0) + 1, at: at)
            }
            let event = event.event(of: record, messages: messages, now: now)
            let stored = try insert(
                event, aggregate: id, shop: shop, figure: Tally.figure(of: event, carrier: ""), numbers: &numbers)
            guard let stored else { return nil }
            events.append(stored)
            tally.add(.events, [event.kind.rawValue, event.silence?.rawValue ?? ""], shop: shop)
            tally.happened(event, carrier: "", shop: shop)
        }
        let waiting = ConversationRules.unanswered(
            record, waited: wasPersons ? before?.waitsSince : nil, messages: record.messages + messages,
            now: now)
        // It may have been handed back and forth meanwhile.
        if let waiting,
            try integer(
                Query.isRecorded, [shop, id, waiting.occurrences[0].subject, waiting.kind.rawValue]) == nil,
            let stored = try insert(waiting, aggregate: id, shop: shop, figure: nil, numbers: &numbers)
        {
            events.append(stored)
            tally.add(.events, [waiting.kind.rawValue, ""], shop: shop)
            tally.happened(waiting, carrier: "", shop: shop)
        }
        if let reason = change.withdraws {
            for effect in try effects(Query.waitingWords, [shop, id]) {
                let note = DecisionNote(at: now, state: .withdrawn, reason: reason)
                try move(effect, to: note, shop: shop, tally: &tally)
            }
        }
        try withdrawAlerts(of: record, shop: shop, now: now, tally: &tally)
        // From here on others number rows of the same kinds.
        try numbers.write(to: self)
        if var incoming {
            if incoming.aggregate == nil { incoming.aggregate = record.aggregate }
            try put(incoming, shop: shop, hash: hash, path: path, now: now, tally: &tally)
        }
        for one in judged { try markJudged(one, shop: shop, now: now) }
        try tally.write(to: self)
        return (id, events, mails)
    }

    /// Has what is decided about the order know that a person has the conversation now, or has it no more: what was
    /// decided before is void, and what waited for it is judged again.
    func note(wasPersons: Bool, _ record: ConversationRecord, shop: Int64, now: Moment) throws {
        guard wasPersons != record.isPersons, let order = try record.orderID.flatMap({ try self.order($0, shop: shop) })
        else { return }
        try run("UPDATE aggregates SET version = version + 1 WHERE shop = ? AND id = ?", [shop, order])
        if wasPersons {
            try run(
                """
                UPDATE effects SET due_at = ?, version = version + 1
                WHERE shop = ? AND aggregate_id = ? AND state = 'waiting' AND reason = 'held_by_person'
                """, [now.milliseconds, shop, order])
        }
    }

    private func put(_ record: ConversationRecord, isNew: Bool, shop: Int64, hash: KeyedHash) throws {
        let id = record.id
        try run(
            """
            INSERT INTO aggregates (shop, id, kind, gid, name, version) VALUES (?, ?, ?, ?, ?, 1)
            ON CONFLICT (shop, id) DO UPDATE SET version = aggregates.version + 1
            """, [shop, id, AggregateKind.conversation.rawValue, record.aggregate.id, record.title])
        let order = try record.orderID.flatMap { try self.order($0, shop: shop) }
        let address = record.address.flatMap { $0.isEmpty ? nil : $0 }
        try run(
            """
            INSERT INTO conversations (shop, id, state, holder, team, channel, order_id, address, address_key, name,
                subject, tags, opened_at, waits_since, decide_by, snoozed_until, closed_at, reason, hand_overs,
                take_overs, closings, last_at, last_incoming_at, message_count)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (shop, id) DO UPDATE SET state = excluded.state, holder = excluded.holder,
                team = excluded.team, channel = excluded.channel, order_id = excluded.order_id,
                address = excluded.address, address_key = excluded.address_key, name = excluded.name,
                subject = excluded.subject, tags = excluded.tags, waits_since = excluded.waits_since, decide_by = excluded.decide_by,
                snoozed_until = excluded.snoozed_until, closed_at = excluded.closed_at, reason = excluded.reason,
                hand_overs = excluded.hand_overs, take_overs = excluded.take_overs, closings = excluded.closings,
                last_at = excluded.last_at, last_incoming_at = excluded.last_incoming_at,
                message_count = excluded.message_count
            """,
            [
                shop, id, record.state.rawValue, record.holder, record.team, record.channel.rawValue, order, address,
                address.map(hash.address), record.name, record.subject, try ConversationMessage.stored(record.tags),
                record.openedAt.milliseconds,
                record.waitsSince?.milliseconds, record.decideBy?.milliseconds, record.snoozedUntil?.milliseconds,
                record.closedAt?.milliseconds, record.reason?.rawValue, record.handOvers, record.takeOvers,
                record.closings, record.lastAt.milliseconds, record.lastIncomingAt?.milliseconds, record.messageCount,
            ])
    }

    private func insert(_ message: ConversationMessage, conversation: Int64, shop: Int64, hash: KeyedHash) throws {
        let author = message.storedAuthor
        let sender = message.sender.flatMap { $0.isEmpty ? nil : $0 }
        // A space would part what is one; no mail program makes such an id.
        let references = message.references.filter { !$0.isEmpty && !$0.contains(where: \.isWhitespace) }
        try run(
            """
            INSERT INTO conversation_messages (shop, id, conversation_id, direction, author, person, said_at, text,
                channel, trust, understood, is_follow_up, has_photo, sender, sender_key, recipient, mail_id, mail_ids,
                subject, observation_id, effect_id, files)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                shop, message.id, conversation, message.direction.rawValue, author.kind, author.person,
                message.at.milliseconds, message.text, message.channel.rawValue, message.trust,
                try message.understood?.stored, message.isFollowUp, message.hasPhoto, sender, sender.map(hash.address),
                message.recipient, message.messageID.flatMap { $0.isEmpty ? nil : $0 },
                references.joined(separator: " "), message.subject, message.observationID, message.effectID,
                try message.storedFiles,
            ])
    }

    /// Adds an answer that went out to its conversation: once, however often it is sent. The text is that of the mail
    /// itself, which the effect has; here stands what lists call it.
    func noteAnswer(_ effect: Effect, at moment: Moment, shop: Int64) throws {
        try putAnswer(effect, isLive: true, at: moment, shop: shop)
        guard effect.line == SendLine.answerName, let conversation = effect.aggregate?.conversationID,
            try integer(Query.conversationOfSentMessage, [shop, effect.id]) == nil,
            let channel = try first(Query.channelOfConversation, [shop, conversation], { $0[0] as String })
        else { return }
        try countFirstAnswer(effect, in: conversation, at: moment, shop: shop)
        let frozen = try message(effectID: effect.id, shop: shop)
        // The chat and the ticket show these very words; of a mail or a text, the words are the message's.
        let said = frozen?.asChat ?? frozen.flatMap { TicketPost($0) }?.text
        let sentBy = said != nil ? frozen?.kind.rawValue ?? channel : channel == "chat" ? "mailbox" : channel
        var numbers = RowNumbers()
        let id = try numbers.take(.conversationMessages, shop: shop, in: self)
        try run(
            """
            INSERT INTO conversation_messages (shop, id, conversation_id, direction, author, said_at, text, channel,
                trust, is_follow_up, has_photo, recipient, mail_id, mail_ids, subject, effect_id, files)
            VALUES (?, ?, ?, 'out', 'bookbag', ?, ?, ?, 0, 0, 0, ?, ?, '', ?, ?, '[]')
            """,
            [
                shop, id, conversation, moment.milliseconds, said ?? frozen?.summary ?? "", sentBy, frozen?.recipient,
                frozen?.id, said == nil ? frozen?.summary ?? "" : "", effect.id,
            ])
        try numbers.write(to: self)
        try wantCopy(ofEffect: effect.id, shop: shop)
        try run(
            """
            UPDATE conversations SET message_count = message_count + 1,
                last_at = CASE WHEN last_at > ? THEN last_at ELSE ? END
            WHERE shop = ? AND id = ?
            """, [moment.milliseconds, moment.milliseconds, shop, conversation])
        try run("UPDATE aggregates SET version = version + 1 WHERE shop = ? AND id = ?", [shop, conversation])
    }
}

extension Plan {
    /// A mail of a conversation, ready to be sent.
    fileprivate init(_ mail: ConversationMail, of record: ConversationRecord, now: Moment) {
        let message = mail.message
        let route =
            message.kind == .email
            ? Route.mail(shop: record.shop)
            : Route(shop: record.shop, channel: message.kind, target: message.envelope.target)
        var effect = Effect(
            to: route, origin: mail.origin, isContact: mail.origin == .person, by: mail.maker, line: route.name,
            keys: [mail.key], about: record.aggregate, dueAt: mail.dueAt, createdAt: now)
        effect.state = .ready
        effect.decidedAt = now
        self.init(
            shop: record.shop,
            changes: [
                PlannedChange(
                    effect: effect, note: DecisionNote(at: now, state: .ready, reason: nil), message: message)
            ])
    }
}

extension Query {
    static let isRecorded = """
        SELECT 1 FROM occurrences WHERE shop = ? AND aggregate_id = ? AND subject = ? AND kind = ? AND n = 1
        """
    static let stateOfConversation = "SELECT state, waits_since FROM conversations WHERE shop = ? AND id = ?"
    static let isOrderWithPerson = """
        SELECT 1 FROM conversations
        WHERE shop = ? AND order_id = ? AND order_id IS NOT NULL AND state IN ('person', 'snoozed') LIMIT 1
        """
    static let isAskedElsewhere = """
        SELECT 1 FROM conversations JOIN conversation_messages AS said
            ON said.shop = conversations.shop AND said.conversation_id = conversations.id
        WHERE conversations.shop = ? AND conversations.order_id = ? AND conversations.order_id IS NOT NULL
            AND conversations.id <> ? AND said.direction = 'in' AND said.said_at >= ? AND said.id < ? LIMIT 1
        """
    static let isAddressWithPerson = """
        SELECT 1 FROM conversations
        WHERE shop = ? AND address_key = ? AND address_key IS NOT NULL AND order_id IS NULL
            AND state IN ('person', 'snoozed') LIMIT 1
        """
    static let conversation = """
        SELECT \(ConversationRow.columns) FROM \(ConversationRow.tables)
        WHERE conversations.shop = ? AND conversations.id = ?
        """
    static let messagesOfConversation = """
        SELECT \(ConversationMessage.columns) FROM conversation_messages
        WHERE shop = ? AND conversation_id = ? AND id < ? ORDER BY id DESC LIMIT ?
        """
    static let answersSince = """
        SELECT count(*) FROM effects WHERE shop = ? AND recipient_key = ? AND counted_at > ?
            AND counted_at IS NOT NULL AND recipient_key IS NOT NULL AND line = 'answer' AND origin = 'trigger'
        """
    static let questionsSince = """
        SELECT count(*) FROM conversation_messages WHERE shop = ? AND sender_key = ? AND said_at > ?
            AND sender_key IS NOT NULL AND direction = 'in'
        """
    static let lossesSince = """
        SELECT count(DISTINCT conversation_id) FROM conversation_messages WHERE shop = ? AND sender_key = ?
            AND said_at > ? AND sender_key IS NOT NULL AND direction = 'in' AND understood LIKE ?
        """
    static let conversationOfEffect = """
        SELECT aggregates.id
        FROM effects JOIN aggregates ON aggregates.shop = effects.shop AND aggregates.id = effects.aggregate_id
        WHERE effects.shop = ? AND effects.id = ? AND aggregates.kind = 'conversation'
        """
    static let conversationOfSentMessage = """
        SELECT conversation_id FROM conversation_messages WHERE shop = ? AND effect_id = ? AND effect_id IS NOT NULL
        """
    static let openConversationOfOrder = """
        SELECT id FROM conversations
        WHERE shop = ? AND order_id = ? AND order_id IS NOT NULL AND state <> 'closed'
        ORDER BY last_at DESC, id DESC LIMIT 1
        """
    static let conversationOfMail = """
        SELECT conversation_id FROM conversation_messages WHERE shop = ? AND mail_id = ? AND mail_id IS NOT NULL
        ORDER BY id DESC LIMIT 1
        """
    static let conversationOfOwnMail = """
        SELECT aggregates.id
        FROM messages JOIN effects ON effects.shop = messages.shop AND effects.id = messages.effect_id
        JOIN aggregates ON aggregates.shop = effects.shop AND aggregates.id = effects.aggregate_id
        WHERE messages.shop = ? AND messages.message_id = ? AND aggregates.kind = 'conversation'
        """
    static let conversationOfObservation = """
        SELECT conversation_id FROM conversation_messages
        WHERE shop = ? AND observation_id = ? AND observation_id IS NOT NULL
        """
    static let conversationsWith = """
        SELECT id, order_id, channel FROM conversations
        WHERE shop = ? AND address_key = ? AND address_key IS NOT NULL AND last_at >= ?
        ORDER BY last_at DESC, id DESC LIMIT 20
        """
    static let scoreOfConversation = """
        SELECT score FROM ratings WHERE shop = ? AND aggregate_id = ? AND score IS NOT NULL
        ORDER BY effect_id DESC LIMIT 1
        """
    static let lastOccurrence = """
        SELECT max(n) FROM occurrences WHERE shop = ? AND aggregate_id = ? AND subject = ? AND kind = ?
        """
    static let channelOfConversation = "SELECT channel FROM conversations WHERE shop = ? AND id = ?"
    static let dueConversations = """
        SELECT id FROM conversations WHERE shop = ? AND next_at <= ? AND next_at IS NOT NULL
        ORDER BY next_at, id LIMIT ?
        """
    static let quietConversations = """
        SELECT id FROM conversations WHERE shop = ? AND quiet_since <= ? AND quiet_since IS NOT NULL
        ORDER BY quiet_since, id LIMIT ?
        """
    static let nextConversation = "SELECT min(next_at) FROM conversations WHERE shop = ? AND next_at IS NOT NULL"
    static let undecided = """
        SELECT id FROM conversations WHERE shop = ? AND state = 'undecided' ORDER BY place, id LIMIT ?
        """
    static let answers = """
        SELECT \(Effect.columns) FROM occurrences CROSS JOIN \(Effect.tables)
        WHERE effects.shop = ? AND occurrences.shop = ? AND occurrences.aggregate_id = ? AND occurrences.subject = ?
            AND occurrences.kind = ? AND effects.event_id = occurrences.event_id
        """
    /// What waits to be said to her. What the merchant's own systems are told is judged again instead.
    static let waitingWords = """
        SELECT \(Effect.columns) FROM \(Effect.tables)
        WHERE effects.shop = ? AND effects.aggregate_id = ? AND effects.state = 'waiting'
            AND effects.origin = 'trigger' AND (effects.is_contact = 1 OR effects.line = 'answer')
        ORDER BY effects.id
        """
}
