internal import FoundationEssentials
public import Outreach
internal import Platform

// What a person sees of a conversation at the desk, and does with it. Whatever is done is written with its entry of the
// audit, against the version that the person saw.

/// Something that was made of a conversation: an answer of a trigger, a person's mail.
public struct ConversationEffect: Hashable, Sendable {
    public var id: Int64
    public var origin: EffectOrigin
    /// The trigger, or what a person did.
    public var maker: String
    public var line: String
    public var state: Effect.State
    public var reason: Reason?
    public var detail: String?
    public var dueAt: Moment
    public var attempts: Int
    /// The event that it reports.
    public var eventID: Int64?

    /// Whether a person wrote it and it can still be taken back.
    public var canBeTakenBack: Bool { origin == .person && state == .ready && attempts == 0 }
    /// Whether it is an answer that waits for a person.
    public var isDraft: Bool {
        origin == .trigger && line == SendLine.answerName && state == .waiting && reason?.isDraft == true
    }
}

/// A conversation as the desk shows it.
public struct ConversationView: Hashable, Sendable {
    /// Why a trigger made nothing of her last message.
    public struct Miss: Hashable, Sendable {
        public var trigger: String
        public var reason: Reason?
        public var detail: String?
    }

    /// With its newest messages, and without what is counted for limits.
    public var record: ConversationRecord
    /// The messages of the page, oldest first.
    public var messages: [ConversationMessage]
    /// Whether there are earlier ones.
    public var isMore: Bool
    /// The mails that the messages went out as, by their effects, as far as they are kept.
    public var mails: [Int64: Message]
    /// The newest, last first.
    public var effects: [ConversationEffect]
    /// The event of her last message.
    public var lastEvent: Int64?
    public var misses: [Miss]
    /// Further conversations with the same address, the last first.
    public var others: [InboxLine]
}

extension Store {
    /// So many messages are on a page of a conversation.
    public static let messagesOfPage = 50

    /// A conversation with a page of its messages, and all that was made of it; nil if there is none of that number.
    ///
    /// - Parameter before: only messages before that number.
    public func conversationView(
        _ id: Int64, shop domain: String, before: Int64? = nil
    ) async throws(StoreFailure) -> ConversationView? {
        let hash = hash
        return try await read { db in
            let shop = try db.shop(domain)
            let row = try db.first(Query.conversation, [shop, id]) { try ConversationRow($0, shop: domain) }
            guard var record = row?.record else { return nil }
            func page(before: Int64, _ most: Int) throws -> [ConversationMessage] {
                try db.all(Query.messagesOfConversation, [shop, id, before, most], ConversationMessage.init).reversed()
            }
            var messages = try page(before: before ?? .max, Self.messagesOfPage + 1)
            let isMore = messages.count > Self.messagesOfPage
            if isMore { messages.removeFirst() }
            record.messages = before == nil ? messages : try page(before: .max, ConversationRules.remembered)
            let sent = messages.filter { $0.direction == .outgoing && $0.author == .bookbag }.compactMap(\.effectID)
            let mails = try db.all(Query.mailsOfEffects, [shop], in: sent) { row in
                (
                    effect: row[7] as Int64,
                    message: Message(
                        id: row[0], kind: try row.word(1),
                        envelope: Message.Envelope(sender: row[2], recipient: row[3], target: row[4]), bytes: row[5],
                        summary: row[6])
                )
            }
            let effects = try db.all(Query.effectsOfConversation, [shop, id], ConversationEffect.init)
            var lastEvent: Int64?
            var misses: [ConversationView.Miss] = []
            if let last = record.lastIncoming {
                lastEvent = try db.integer(
                    Query.eventOfMessage,
                    [
                        shop, id, Subject.other("message", id: "\(last.id)").key,
                        EventKind.messageReceived.rawValue,
                    ])
                if let lastEvent {
                    misses = try db.all(Query.missesOfEvent, [shop, lastEvent]) { row in
                        ConversationView.Miss(trigger: row[0], reason: Reason(rawValue: row[1]), detail: row[2])
                    }
                }
            }
            var others: [InboxLine] = []
            if let address = record.address {
                others = try db.all(Query.conversationsOfAddress, [shop, hash.address(address)], InboxLine.init)
                    .filter { $0.id != id }
            }
            return ConversationView(
                record: record, messages: messages, isMore: isMore,
                mails: Dictionary(mails.map { ($0.effect, $0.message) }, uniquingKeysWith: { first, _ in first }),
                effects: effects, lastEvent: lastEvent, misses: misses, others: others)
        }
    }

    /// The answers of a conversation that wait for a person, the oldest first.
    public func drafts(of conversation: Int64, shop domain: String) async throws(StoreFailure) -> [Effect] {
        try await read { db in
            try db.effects(Query.waitingWords, [try db.shop(domain), conversation])
                .filter { $0.line == SendLine.answerName && $0.reason?.isDraft == true }
        }
    }

    /// What triggers made of a conversation's messages to answer them, by message, in a handful of statements however
    /// much was said.
    public func answers(in conversation: Int64, shop domain: String) async throws(StoreFailure) -> [Int64: [Effect]] {
        try await read { db in
            let effects = try db.effects(ofAggregate: conversation, shop: try db.shop(domain))
            var answers: [Int64: [Effect]] = [:]
            for effect in effects where effect.line == SendLine.answerName {
                guard let event = effect.event, event.kind == .messageReceived else { continue }
                for case .other("message", let id) in event.subjects {
                    if let id = Int64(id) { answers[id, default: []].append(effect) }
                }
            }
            return answers
        }
    }

    /// How many conversations anybody of the shop's people may take; not counted beyond `InboxCounts.most`.
    public func unclaimedConversations(shop domain: String) async throws(StoreFailure) -> Int {
        try await read { db in
            Int(try db.integer(Query.countUnclaimed, [try db.shop(domain), InboxCounts.most]) ?? 0)
        }
    }

    /// Writes what a person did with a conversation, with its entry of the audit and what it says of an answer: all of
    /// it or nothing. What sending a draft says of it counts once the change's mail goes out.
    ///
    /// - Parameter draft: an answer that still waits, and ends with it because it is wrong.
    /// - Returns: its number; nil, and nothing is written, if it has another version by now.
    public func commit(
        _ change: ConversationChange, audit: AuditEntry, verdict: AnswerVerdict? = nil, ending draft: Int64? = nil,
        now: Moment
    ) async throws(StoreFailure) -> Int64? {
        let hash = hash
        let path = path
        defer { changes.call() }
        return try await write { db in
            var id: Int64?
            var mails: [Int64] = []
            let refusal = try db.isolated(path: path) {
                guard
                    let done = try db.write(
                        change, judged: [], incoming: nil, hash: hash, path: path, now: now)
                else { return false }
                (id, mails) = (done.id, done.mails)
                return true
            }
            if let refusal { throw refusal }
            guard let id else { return nil }
            let shop = try db.shop(change.record.shop)
            if let draft, let effect = try db.effect(draft, shop: shop), effect.state == .waiting,
                effect.aggregate?.conversationID == id
            {
                var tally = Tally()
                try db.move(
                    effect, to: DecisionNote(at: now, state: .withdrawn, reason: .dropped, detail: "it was wrong"),
                    shop: shop, tally: &tally)
                try tally.write(to: db)
            }
            if let verdict {
                try db.note(verdict, waitingFor: verdict.by == .draft ? mails.first : nil, shop: shop, now: now)
            }
            try db.append(audit, now: now)
            try db.note(now)
            return id
        }
    }

    /// Takes a person's mail back that nobody has begun to send, and with it what it says out of the conversation, which
    /// is that person's again and waits as before.
    ///
    /// - Returns: what it said; nil, and nothing is written, if it is on its way, or is none of that conversation.
    public func takeBack(
        effectID: Int64, of conversation: Int64, shop domain: String, audit: AuditEntry, now: Moment
    ) async throws(StoreFailure) -> String? {
        defer { changes.call() }
        return try await write { db in
            let shop = try db.shop(domain)
            guard let effect = try db.effect(effectID, shop: shop), effect.aggregate?.conversationID == conversation,
                effect.origin == .person, effect.state == .ready, effect.attempts == 0,
                try db.integer(Query.leasedAttempt, [shop, effectID]) == nil,
                let text = try db.first(Query.wordsOfEffect, [shop, effectID], { $0[0] as String }),
                var record = try db.first(
                    Query.conversation, [shop, conversation], { try ConversationRow($0, shop: domain).record })
            else { return nil }
            let leased = try db.changes("DELETE FROM leases WHERE shop = ? AND effect_id = ?", [shop, effectID])
            if leased > 0 { try db.letAnotherGoAhead(insteadOf: effectID, shop: shop, now: now) }
            var tally = Tally()
            try db.move(
                effect, to: DecisionNote(at: now, state: .withdrawn, reason: .dropped, detail: "taken back"),
                shop: shop, tally: &tally)
            try tally.write(to: db)
            let answer = try db.onlyAnswer(effectID, of: conversation, shop: shop)
            try db.run(
                "DELETE FROM conversation_messages WHERE shop = ? AND effect_id = ? AND effect_id IS NOT NULL",
                [shop, effectID])
            try db.run(
                """
                UPDATE conversations SET state = 'person', holder = ?, reason = ?, closed_at = NULL,
                    snoozed_until = NULL, decide_by = NULL, message_count = message_count - 1,
                    waits_since = (
                        SELECT min(hers.said_at) FROM conversation_messages AS hers
                        WHERE hers.shop = conversations.shop AND hers.conversation_id = conversations.id
                            AND hers.direction = 'in' AND hers.id > coalesce((
                                SELECT max(ours.id) FROM conversation_messages AS ours
                                WHERE ours.shop = conversations.shop AND ours.conversation_id = conversations.id
                                    AND ours.direction = 'out' AND (ours.author = 'person' OR ours.effect_id IN (
                                        SELECT effect_id FROM answers
                                        WHERE answers.shop = ours.shop
                                            AND answers.conversation_id = ours.conversation_id))), 0))
                WHERE shop = ? AND id = ?
                """, [audit.who, ConversationReason.taken.rawValue, shop, conversation])
            try db.run("UPDATE aggregates SET version = version + 1 WHERE shop = ? AND id = ?", [shop, conversation])
            try db.countTakenBack(answer: answer, of: conversation, shop: shop)
            let wasPersons = record.isPersons
            record.state = .person
            try db.note(wasPersons: wasPersons, record, shop: shop, now: now)
            try db.append(audit, now: now)
            try db.note(now)
            return text
        }
    }
}

extension ConversationEffect {
    init(_ row: Row) throws {
        self.init(
            id: row[0], origin: try row.word(1), maker: row[2], line: row[3], state: try row.word(4),
            reason: try row.optionalWord(5), detail: row[6], dueAt: row.moment(7), attempts: row[8], eventID: row[9])
    }
}

extension Query {
    static let mailsOfEffects = """
        SELECT message_id, kind, sender, recipient, target, bytes, summary, effect_id FROM messages
        WHERE shop = ? AND purged_at IS NULL AND effect_id IN (\(places))
        """
    static let effectsOfConversation = """
        SELECT id, origin, trigger_name, line, state, reason, detail, due_at, attempts, event_id FROM effects
        WHERE shop = ? AND aggregate_id = ? ORDER BY id DESC LIMIT 60
        """
    static let eventOfMessage = """
        SELECT max(event_id) FROM occurrences WHERE shop = ? AND aggregate_id = ? AND subject = ? AND kind = ?
        """
    static let missesOfEvent = """
        SELECT trigger_name, reason, detail FROM match_outcomes WHERE shop = ? AND event_id = ? ORDER BY trigger_name
        """
    static let wordsOfEffect = """
        SELECT text FROM conversation_messages WHERE shop = ? AND effect_id = ? AND effect_id IS NOT NULL
        """
}
