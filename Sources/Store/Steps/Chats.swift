internal import FoundationEssentials
public import Outreach

// Chats, from the first word to the proof of an order.
//
//     beginChat ──▶ say ──────────────────────────▶ an observation, judged by the daemon
//          │
//          └──────▶ claim ──▶ (judged) mailCode ──▶ prove ──▶ an observation: what was asked before is asked again
//
// The row has digests of the token and of the code alone. A claim is kept as it was typed and judged later, so that it
// takes the same time whether such an order exists or not; where it does not, nothing else happens, and typing codes ends
// the same way. Each step that a stranger can cause is limited: by session, by who calls, and for the whole shop.

/// What came of a step of a chat that strangers can cause.
public enum ChatStep: Hashable, Sendable {
    case done
    /// A limit is reached.
    case limited
}

/// One thing that was said in a chat, as its browser shows it.
public struct ChatLine: Hashable, Sendable {
    public enum Author: Hashable, Sendable {
        case shopper
        /// A trigger of ours.
        case bookbag
        /// One of the shop's people.
        case person
    }

    /// The message's number.
    public var id: Int64
    public var author: Author
    /// When it was said, or sent.
    public var at: Moment
    public var text: String
    /// The key that her browser gave it.
    public var key: String?
}

/// What was said in a chat that nobody has looked at.
public struct UnreadChat: Hashable, Sendable {
    public var session: ChatSession
    public var conversation: Int64
    /// Oldest first.
    public var lines: [ChatLine]
}

extension RateLimit {
    static let chatBegins = RateLimit("chat_begins", times: 30, per: .hours(1))
    static let allChatBegins = RateLimit("all_chat_begins", times: 1_000, per: .hours(1))
    static let chatWords = RateLimit("chat_words", times: 30, per: .minutes(10))
    static let chatWordsOfClient = RateLimit("chat_words_of_client", times: 120, per: .hours(1))
    static let allChatWords = RateLimit("all_chat_words", times: 3_000, per: .hours(1))
    static let chatClaims = RateLimit("chat_claims", times: 5, per: .hours(1))
    static let chatClaimsOfClient = RateLimit("chat_claims_of_client", times: 20, per: .hours(1))
    static let allChatClaims = RateLimit("all_chat_claims", times: 500, per: .hours(1))
    static let chatCodesTyped = RateLimit("chat_codes_typed", times: 60, per: .hours(1))
    /// Codes that are mailed to one address.
    static let chatCodes = RateLimit("chat_codes", times: 3, per: .hours(1))
    static let chatCodesOfDay = RateLimit("chat_codes_of_day", times: 6, per: .days(1))
}

extension Store {
    /// Begins a chat.
    ///
    /// - Parameters:
    ///   - tokenDigest: SHA-256 of the token that its browser has.
    ///   - client: who calls, for limits.
    public func beginChat(
        _ tokenDigest: [UInt8], name: String, language: String, from client: String, shop domain: String, now: Moment
    ) async throws(StoreFailure) -> ChatStep {
        let hash = hash
        return try await write { db in
            try db.note(now)
            let shop = try db.shop(domain)
            try db.run(
                "DELETE FROM chats WHERE shop = ? AND ends_at <= ?", [shop, (now - ChatRules.memory).milliseconds])
            guard
                try db.spend(
                    [(.chatBegins, "\(domain) \(client)"), (.allChatBegins, domain)], hash: hash, now: now)
            else { return .limited }
            var numbers = RowNumbers()
            let id = try numbers.take(.chats, shop: shop, in: db)
            try db.run(
                """
                INSERT INTO chats (shop, id, token_digest, name, name_key, language, ends_at, seen_at, mailed_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    shop, id, tokenDigest, name, hash.address(name), language, (now + ChatRules.life).milliseconds,
                    0, 0,
                ])
            try numbers.write(to: db)
            return .done
        }
    }

    /// The chat with that token; nil if there is none, or it is over.
    public func chat(tokenDigest: [UInt8], shop domain: String, now: Moment) async throws(StoreFailure) -> ChatSession?
    {
        try await read { db in
            try db.first(Query.chatByToken, [try db.shop(domain), tokenDigest, now.milliseconds]) {
                ChatSession($0, shop: domain)
            }
        }
    }

    /// The chat of that name, even if it is over; nil if nothing is known of it any more.
    public func chat(named name: String, shop domain: String) async throws(StoreFailure) -> ChatSession? {
        let key = hash.address(name)
        return try await read { db in
            try db.first(Query.chatByName, [try db.shop(domain), key]) { ChatSession($0, shop: domain) }
        }
    }

    /// Keeps what she posted: words, or a claim. What was posted under the same key before counts once.
    public func post(
        _ post: ChatPost, key: String, in chat: ChatSession, from client: String, now: Moment
    ) async throws(StoreFailure) -> ChatStep {
        let hash = hash
        return try await write { db in
            try db.note(now)
            let caller = "\(chat.shop) \(client)"
            let limits: [(RateLimit, String)]
            switch post {
            case .words:
                limits = [(.chatWords, chat.name), (.chatWordsOfClient, caller), (.allChatWords, chat.shop)]
            case .claim:
                limits = [(.chatClaims, chat.name), (.chatClaimsOfClient, caller), (.allChatClaims, chat.shop)]
            case .proved: limits = []
            }
            let shop = try db.shop(chat.shop)
            let observation = post.observation(key: key, session: chat.name, shop: chat.shop, at: now)
            if try db.integer(Query.observation, [shop, observation.source, observation.externalID]) != nil {
                return .done
            }
            guard try db.spend(limits, hash: hash, now: now) else { return .limited }
            var numbers = RowNumbers()
            _ = try db.keep(observation, shop: shop, hash: hash, numbers: &numbers)
            try numbers.write(to: db)
            return .done
        }
    }

    /// What was said in a chat, in the order in which it is shown: the last of it.
    public func lines(of chat: ChatSession) async throws(StoreFailure) -> [ChatLine] {
        let key = hash.address(chat.name)
        return try await read { db in
            try db.all(Query.chatLines, [try db.shop(chat.shop), key, ChatRules.shown], ChatLine.init)
                .sorted { ($0.at, $0.id) < ($1.at, $1.id) }
        }
    }

    /// Notes up to when a browser has shown what was said.
    public func noteSeen(_ moment: Moment, of chat: ChatSession, now: Moment) async throws(StoreFailure) {
        try await write { db in
            try db.run(
                "UPDATE chats SET seen_at = ? WHERE shop = ? AND id = ? AND seen_at < ?",
                [
                    min(moment, now).milliseconds, try db.shop(chat.shop), chat.id, min(moment, now).milliseconds,
                ])
        }
    }

    /// Mails the code of a claim that fits, and forgets the claim as it was typed; without a mail it does only that, so
    /// that a claim that fits nothing leaves no trace. Too many to one address are left out, without a word.
    ///
    /// - Parameter mailed: the order, its address, the code, and the mail with it.
    public func judgeClaim(
        _ claim: RawObservation, in chat: ChatSession?,
        mailed: (order: String, address: String, code: String, mail: SystemMail)?, now: Moment
    ) async throws(StoreFailure) -> Bool {
        let hash = hash
        let path = path
        return try await write { db in
            try db.note(now)
            let shop = try db.shop(claim.shop)
            try db.removeIncoming([claim.id], shop: shop)
            guard let chat, let mailed, let order = try db.order(mailed.order, shop: shop),
                try db.spend(
                    [(.chatCodes, mailed.address), (.chatCodesOfDay, mailed.address)], hash: hash, now: now)
            else { return false }
            try db.run(
                """
                UPDATE chats SET claim_id = ?, claim_key = ?, code_digest = ?, code_ends_at = ?, tries = 0
                WHERE shop = ? AND id = ?
                """,
                [
                    order, hash.address(mailed.address), hash.code(mailed.code, chat: chat.name),
                    (now + ChatRules.codePatience).milliseconds, shop, chat.id,
                ])
            try db.put(mailed.mail, shop: claim.shop, hash: hash, path: path, now: now)
            return true
        }
    }

    /// Whether that is the code that was mailed for the chat, which then has proved its order. A wrong one counts as a
    /// try, whether a code was mailed or not.
    public func prove(
        _ code: String, in chat: ChatSession, from client: String, now: Moment
    ) async throws(StoreFailure) -> (step: ChatStep, isProved: Bool) {
        let hash = hash
        return try await write { db in
            try db.note(now)
            guard try db.spend([(.chatCodesTyped, "\(chat.shop) \(client)")], hash: hash, now: now) else {
                return (.limited, false)
            }
            let shop = try db.shop(chat.shop)
            let digest = hash.code(code, chat: chat.name)
            let fits = try db.changes(
                """
                UPDATE chats SET order_id = claim_id, proved_key = claim_key, claim_id = NULL, claim_key = NULL,
                    code_digest = NULL, code_ends_at = NULL, tries = 0
                WHERE shop = ? AND id = ? AND code_digest = ? AND code_ends_at > ? AND tries < ?
                """, [shop, chat.id, digest, now.milliseconds, ChatRules.codeTries])
            guard fits > 0, let order = try db.first(Query.orderOfChat, [shop, chat.id], { $0[0] as String }) else {
                try db.run("UPDATE chats SET tries = tries + 1 WHERE shop = ? AND id = ?", [shop, chat.id])
                return (.done, false)
            }
            var numbers = RowNumbers()
            _ = try db.keep(
                ChatPost.proved(order: order).observation(
                    key: "\(now.milliseconds)", session: chat.name, shop: chat.shop, at: now), shop: shop, hash: hash,
                numbers: &numbers)
            try numbers.write(to: db)
            return (.done, true)
        }
    }

    /// What was said in chats about an order until `before`, and was neither shown nor mailed since, the oldest first.
    public func unreadChats(shop domain: String, before: Moment, now: Moment) async throws(StoreFailure) -> [UnreadChat]
    {
        try await read { db in
            let shop = try db.shop(domain)
            // Nothing is said in a chat that is over; a daemon that was down for two days has other news.
            let since = (now - .days(2)).milliseconds
            var found: [UnreadChat] = []
            let rows = try db.all(Query.unreadChats, [shop, since, before.milliseconds]) { row in
                (
                    session: ChatSession(row, shop: domain), conversation: row[7] as Int64,
                    line: ChatLine(
                        id: row[8], author: (row[9] as String) == "person" ? .person : .bookbag, at: row.moment(10),
                        text: row[11], key: nil)
                )
            }
            for row in rows {
                if let last = found.last, last.session.id == row.session.id, last.conversation == row.conversation {
                    found[found.count - 1].lines.append(row.line)
                } else {
                    found.append(
                        UnreadChat(session: row.session, conversation: row.conversation, lines: [row.line]))
                }
            }
            return found
        }
    }

    /// Notes that what was said in a chat up to a moment was mailed.
    public func noteMailed(_ moment: Moment, of chat: ChatSession) async throws(StoreFailure) {
        try await write { db in
            try db.run(
                "UPDATE chats SET mailed_at = ? WHERE shop = ? AND id = ? AND mailed_at < ?",
                [moment.milliseconds, try db.shop(chat.shop), chat.id, moment.milliseconds])
        }
    }
}

extension Connection {
    /// Counts one more of each; false where one of the limits is reached.
    fileprivate func spend(_ limits: [(RateLimit, String)], hash: KeyedHash, now: Moment) throws -> Bool {
        for (limit, subject) in limits where try !spend(limit, subject: hash.address(subject), now: now) {
            return false
        }
        return true
    }
}

extension ChatSession {
    /// The columns that a chat is read from, in order.
    static let columns = """
        chats.id, chats.name, chats.language, chats.ends_at, about.gid, chats.proved_key, chats.seen_at
        """
    static let tables = """
        chats LEFT JOIN aggregates AS about ON about.shop = chats.shop AND about.id = chats.order_id
        """

    fileprivate init(_ row: Row, shop: String) {
        self.init(
            shop: shop, id: row[0], name: row[1], language: row[2], endsAt: row.moment(3), orderID: row[4],
            provedKey: row[5] as [UInt8]?, seenAt: row.moment(6))
    }
}

extension ChatLine {
    fileprivate init(_ row: Row) {
        let author: Author
        switch row[1] as String {
        case "shopper": author = .shopper
        case "person": author = .person
        default: author = .bookbag
        }
        self.init(
            id: row[0], author: author, at: row.moment(2), text: row[3],
            key: (row[4] as String?).map { ChatPost.key(of: $0) })
    }
}

extension Query {
    static let chatByToken = """
        SELECT \(ChatSession.columns) FROM \(ChatSession.tables)
        WHERE chats.shop = ? AND chats.token_digest = ? AND chats.ends_at > ?
        """
    static let chatByName = """
        SELECT \(ChatSession.columns) FROM \(ChatSession.tables) WHERE chats.shop = ? AND chats.name_key = ?
        """
    static let orderOfChat = """
        SELECT aggregates.gid
        FROM chats JOIN aggregates ON aggregates.shop = chats.shop AND aggregates.id = chats.order_id
        WHERE chats.shop = ? AND chats.id = ?
        """
    /// What a person wrote is shown once it is sent, and what was asked again with an order once.
    static let chatLines = """
        SELECT said.id, said.author, coalesce(effects.sent_at, said.said_at), said.text, observations.external_id
        FROM conversations
        JOIN conversation_messages AS said ON said.shop = conversations.shop AND said.conversation_id = conversations.id
        LEFT JOIN observations ON observations.shop = said.shop AND observations.id = said.observation_id
        LEFT JOIN effects ON effects.shop = said.shop AND effects.id = said.effect_id
        WHERE conversations.shop = ? AND conversations.address_key = ? AND conversations.address_key IS NOT NULL
            AND said.channel = 'chat' AND said.direction IN ('in', 'out')
            AND (observations.kind IS NULL OR observations.kind <> 'chat.proved')
            AND (said.effect_id IS NULL OR effects.sent_at IS NOT NULL)
        ORDER BY said.id DESC LIMIT ?
        """
    static let unreadChats = """
        SELECT \(ChatSession.columns), conversations.id, said.id, said.author, effects.sent_at, said.text
        FROM \(ChatSession.tables)
        JOIN conversations ON conversations.shop = chats.shop AND conversations.address_key = chats.name_key
        JOIN conversation_messages AS said ON said.shop = conversations.shop AND said.conversation_id = conversations.id
        JOIN effects ON effects.shop = said.shop AND effects.id = said.effect_id
        WHERE chats.shop = ? AND chats.order_id IS NOT NULL AND chats.ends_at > ?
            AND conversations.address_key IS NOT NULL AND conversations.order_id IS NOT NULL
            AND said.channel = 'chat' AND said.direction = 'out' AND effects.sent_at <= ?
            AND effects.sent_at > chats.seen_at AND effects.sent_at > chats.mailed_at
        ORDER BY chats.id, conversations.id, said.id LIMIT 200
        """
}
