internal import FoundationEssentials
public import Outreach
internal import Platform

// The lists of conversations that the desk shows. Each goes through an index of its own by where a conversation stands
// in it, so that a page costs the same whether a shop has ten conversations or a million.

/// A list of conversations.
public enum InboxList: Hashable, Sendable {
    /// Anybody of the shop's people may take them: by `priority` of policy.yaml, and then who waits longest.
    case needsPerson
    /// Those that this person has, by address.
    case mine(String)
    /// Answers wait there for approval, the oldest first.
    case drafts
    /// Put away until later, the next to come back first.
    case snoozed
    /// Over, the last first.
    case closed
    /// Every one of them, by its last word.
    case all
}

/// Where a list of conversations goes on. What the numbers mean is the list's own.
public struct InboxPlace: Hashable, Sendable {
    /// By `priority` of policy.yaml: 0 comes first. Only what needs a person has others.
    public var rank: Int64
    public var place: Int64
    public var id: Int64

    public init(rank: Int64 = 0, place: Int64, id: Int64) {
        self.rank = rank
        self.place = place
        self.id = id
    }
}

/// A conversation that needs a person, with what its rank was worked out of.
public struct RankedConversation: Hashable, Sendable {
    public var id: Int64
    public var version: Int64
    public var rank: Int64
    /// What the rank was worked out for: the conversation's version and the policy; nil if it never was.
    public var rankedFor: String?
}

/// A conversation in a list.
public struct InboxLine: Hashable, Sendable {
    public var id: Int64
    public var version: Int64
    public var state: ConversationRecord.State
    public var holder: String?
    public var team: String?
    public var reason: ConversationReason?
    public var channel: InboundChannel
    public var address: String?
    public var name: String?
    public var subject: String
    public var orderID: String?
    public var orderName: String?
    public var waitsSince: Moment?
    public var snoozedUntil: Moment?
    public var closedAt: Moment?
    public var lastAt: Moment
    public var messageCount: Int
    /// The beginning of the last thing that was said, and by whom; notes between the shop's people are left out.
    public var lastWords: String
    public var lastDirection: ConversationMessage.Direction?
    /// What was understood of her last message.
    public var understood: Understood?
    /// Where it stands in its list: the page after this line begins there.
    public var place: InboxPlace

    /// `calm`, `upset` or `angry`.
    public var mood: String { understood?.mood ?? "calm" }
}

/// How many conversations stand in each list that needs work; none counts beyond `most`.
public struct InboxCounts: Hashable, Sendable {
    public var needsPerson = 0
    public var mine = 0
    public var drafts = 0
    public var review = 0
    public var snoozed = 0
    /// Letters from before that nobody has judged.
    public var past = 0
    /// More are not counted.
    public static let most = 1_000

    public init() {}
}

extension Store {
    /// A page of a list of conversations: at most 50.
    ///
    /// - Parameter after: where the page before ended.
    public func inbox(
        shop domain: String, list: InboxList, after place: InboxPlace? = nil, limit: Int = 50
    ) async throws(StoreFailure) -> [InboxLine] {
        let limit = min(limit, 50)
        let start = place ?? InboxPlace(rank: -1, place: .min, id: 0)
        return try await read { db in
            let shop = try db.shop(domain)
            switch list {
            case .needsPerson:
                return try db.all(
                    Query.inboxUnclaimed, [shop, start.rank, start.place, start.id, limit], InboxLine.init)
            case .mine(let person):
                return try db.all(
                    Query.inboxHeld, [shop, person, start.place, start.id, limit], InboxLine.init)
            case .drafts: return try db.all(Query.inboxDrafts, [shop, start.id, limit], InboxLine.init)
            case .snoozed, .closed:
                let state: ConversationRecord.State = list == .closed ? .closed : .snoozed
                return try db.all(
                    Query.inboxInState, [shop, state.rawValue, start.place, start.id, limit], InboxLine.init)
            case .all:
                let end = place ?? InboxPlace(place: .max, id: .max)
                return try db.all(Query.inboxAll, [shop, end.place, end.id, limit], InboxLine.init)
            }
        }
    }

    /// The conversations that need a person, with their ranks; those that stand first.
    public func rankedConversations(
        shop domain: String, limit: Int
    ) async throws(StoreFailure) -> [RankedConversation] {
        try await read { db in
            try db.all(Query.rankedConversations, [try db.shop(domain), limit]) {
                RankedConversation(id: $0[0], version: $0[1], rank: $0[2], rankedFor: $0[3])
            }
        }
    }

    /// Notes the ranks of conversations, of the versions for which they were worked out. They change where one stands in
    /// the list, and nothing about it.
    public func rank(_ ranked: [RankedConversation], shop domain: String) async throws(StoreFailure) {
        guard !ranked.isEmpty else { return }
        defer { changes.call() }
        try await write { db in
            let shop = try db.shop(domain)
            for one in ranked {
                try db.run(
                    "UPDATE conversations SET rank = ?, ranked_for = ? WHERE shop = ? AND id = ?",
                    [one.rank, one.rankedFor, shop, one.id])
            }
        }
    }

    /// How many conversations stand in the lists that need work.
    ///
    /// - Parameter person: whose own are counted, by address.
    public func inboxCounts(shop domain: String, person: String) async throws(StoreFailure) -> InboxCounts {
        try await read { db in
            let shop = try db.shop(domain)
            var counts = InboxCounts()
            func count(_ query: String, _ arguments: SQLArguments) throws -> Int {
                Int(try db.integer(query, arguments + [InboxCounts.most]) ?? 0)
            }
            counts.needsPerson = try count(Query.countUnclaimed, [shop])
            counts.mine = try count(Query.countHeld, [shop, person])
            counts.drafts = try count(Query.countDrafts, [shop])
            counts.review = try count(Query.countToReview, [shop])
            counts.snoozed = try count(Query.countInState, [shop, ConversationRecord.State.snoozed.rawValue])
            counts.past = try count(Query.countPast, [shop])
            return counts
        }
    }

    /// The messages of a conversation before a number, oldest first: the last `limit` of them, at most 200.
    public func messages(
        of conversation: Int64, shop: String, before id: Int64 = .max, limit: Int = 50
    ) async throws(StoreFailure) -> [ConversationMessage] {
        try await read { db in
            try db.all(
                Query.messagesOfConversation, [try db.shop(shop), conversation, id, min(limit, 200)],
                ConversationMessage.init
            ).reversed()
        }
    }

    /// The conversations about an order, the last first; at most 50.
    public func conversations(ofOrder order: OrderKey) async throws(StoreFailure) -> [InboxLine] {
        try await read { db in
            let shop = try db.shop(order.shop)
            guard let id = try db.order(order.orderID, shop: shop) else { return [] }
            return try db.all(Query.conversationsOfOrder, [shop, id], InboxLine.init)
        }
    }

    /// The conversations with any of these addresses, by their keyed hashes, the last first; at most 50 of each.
    public func conversations(
        ofAddressKeys keys: [[UInt8]], shop domain: String
    ) async throws(StoreFailure) -> [InboxLine] {
        try await read { db in
            let shop = try db.shop(domain)
            let found = try Set(keys).flatMap { key in
                try db.all(Query.conversationsOfAddress, [shop, Data(key)], InboxLine.init)
            }
            return found.sorted { ($0.lastAt, $0.id) > ($1.lastAt, $1.id) }
        }
    }
}

extension InboxLine {
    init(_ row: Row) throws {
        self.init(
            id: row[0], version: row[1], state: try row.word(2), holder: row[3], team: row[4],
            reason: (row[5] as String?).map { ConversationReason(rawValue: $0) },
            channel: InboundChannel(rawValue: row[6]), address: row[7], name: row[8], subject: row[9],
            orderID: row[10], orderName: row[11], waitsSince: row.optionalMoment(12),
            snoozedUntil: row.optionalMoment(13), closedAt: row.optionalMoment(14), lastAt: row.moment(15),
            messageCount: row[16], lastWords: row[17] as String? ?? "", lastDirection: try row.optionalWord(18),
            understood: try (row[19] as String?).map { try Understood(stored: $0) },
            place: InboxPlace(rank: row[22], place: row[20], id: row[21]))
    }
}

extension Query {
    private static let inboxColumns = """
        conversations.id, aggregates.version, conversations.state, conversations.holder, conversations.team,
        conversations.reason, conversations.channel, conversations.address, conversations.name, conversations.subject,
        about.gid, about.name, conversations.waits_since, conversations.snoozed_until, conversations.closed_at,
        conversations.last_at, conversations.message_count, substr(spoken.text, 1, 400), spoken.direction,
        hers.understood, picked.place, picked.cursor, picked.rank
        """
    private static let inboxTables = """
        JOIN conversations ON conversations.shop = picked.shop AND conversations.id = picked.id
        JOIN aggregates ON aggregates.shop = conversations.shop AND aggregates.id = conversations.id
        LEFT JOIN aggregates AS about ON about.shop = conversations.shop AND about.id = conversations.order_id
        LEFT JOIN conversation_messages AS spoken ON spoken.shop = picked.shop AND spoken.id = (
            SELECT id FROM conversation_messages
            WHERE shop = picked.shop AND conversation_id = picked.id AND direction <> 'note'
            ORDER BY id DESC LIMIT 1)
        LEFT JOIN conversation_messages AS hers ON hers.shop = picked.shop AND hers.id = (
            SELECT id FROM conversation_messages
            WHERE shop = picked.shop AND conversation_id = picked.id AND direction = 'in'
            ORDER BY id DESC LIMIT 1)
        """
    static let inboxUnclaimed = """
        SELECT \(inboxColumns)
        FROM (
            SELECT shop, id, place, id AS cursor, rank FROM conversations
            WHERE shop = ? AND state = 'person' AND holder IS NULL AND (rank, place, id) > (?, ?, ?)
            ORDER BY rank, place, id LIMIT ?) AS picked
        \(inboxTables)
        ORDER BY picked.rank, picked.place, picked.id
        """
    static let inboxHeld = """
        SELECT \(inboxColumns)
        FROM (
            SELECT shop, id, place, id AS cursor, 0 AS rank FROM conversations
            WHERE shop = ? AND holder = ? AND state = 'person' AND holder IS NOT NULL AND (place, id) > (?, ?)
            ORDER BY place, id LIMIT ?) AS picked
        \(inboxTables)
        ORDER BY picked.place, picked.id
        """
    static let inboxInState = """
        SELECT \(inboxColumns)
        FROM (
            SELECT shop, id, place, id AS cursor, 0 AS rank FROM conversations
            WHERE shop = ? AND state = ? AND (place, id) > (?, ?) ORDER BY place, id LIMIT ?) AS picked
        \(inboxTables)
        ORDER BY picked.place, picked.id
        """
    static let inboxAll = """
        SELECT \(inboxColumns)
        FROM (
            SELECT shop, id, last_at AS place, id AS cursor, 0 AS rank FROM conversations
            WHERE shop = ? AND (last_at, id) < (?, ?) ORDER BY last_at DESC, id DESC LIMIT ?) AS picked
        \(inboxTables)
        ORDER BY picked.place DESC, picked.id DESC
        """
    /// A conversation with several drafts stands where its oldest does.
    private static let openDrafts = """
        effects.state = 'waiting' AND effects.reason IN ('draft', 'several') AND NOT EXISTS (
                SELECT 1 FROM effects AS earlier
                WHERE earlier.shop = effects.shop AND earlier.aggregate_id = effects.aggregate_id
                    AND earlier.id < effects.id AND earlier.state = 'waiting'
                    AND earlier.reason IN ('draft', 'several'))
        """
    static let inboxDrafts = """
        SELECT \(inboxColumns)
        FROM (
            SELECT conversations.shop AS shop, conversations.id AS id, 0 AS place, effects.id AS cursor, 0 AS rank
            FROM effects JOIN conversations ON conversations.shop = effects.shop
                AND conversations.id = effects.aggregate_id
            WHERE effects.shop = ? AND effects.id > ? AND \(openDrafts)
            ORDER BY effects.id LIMIT ?) AS picked
        \(inboxTables)
        ORDER BY picked.cursor
        """
    static let conversationsOfOrder = """
        SELECT \(inboxColumns)
        FROM (
            SELECT shop, id, last_at AS place, id AS cursor, 0 AS rank FROM conversations
            WHERE shop = ? AND order_id = ? AND order_id IS NOT NULL ORDER BY last_at DESC, id DESC LIMIT 50) AS picked
        \(inboxTables)
        ORDER BY picked.place DESC, picked.id DESC
        """
    static let conversationsOfAddress = """
        SELECT \(inboxColumns)
        FROM (
            SELECT shop, id, last_at AS place, id AS cursor, 0 AS rank FROM conversations
            WHERE shop = ? AND address_key = ? AND address_key IS NOT NULL
            ORDER BY last_at DESC, id DESC LIMIT 50) AS picked
        \(inboxTables)
        ORDER BY picked.place DESC, picked.id DESC
        """
    static let rankedConversations = """
        SELECT conversations.id, aggregates.version, conversations.rank, conversations.ranked_for
        FROM conversations JOIN aggregates ON aggregates.shop = conversations.shop AND aggregates.id = conversations.id
        WHERE conversations.shop = ? AND conversations.state = 'person' AND conversations.holder IS NULL
        ORDER BY conversations.rank, conversations.place, conversations.id LIMIT ?
        """
    static let countUnclaimed = """
        SELECT count(*) FROM (
            SELECT id FROM conversations WHERE shop = ? AND state = 'person' AND holder IS NULL LIMIT ?) AS picked
        """
    static let countHeld = """
        SELECT count(*) FROM (
            SELECT id FROM conversations
            WHERE shop = ? AND holder = ? AND state = 'person' AND holder IS NOT NULL LIMIT ?) AS picked
        """
    static let countInState = """
        SELECT count(*) FROM (SELECT id FROM conversations WHERE shop = ? AND state = ? LIMIT ?) AS picked
        """
    static let countDrafts = """
        SELECT count(*) FROM (SELECT effects.id FROM effects WHERE effects.shop = ? AND \(openDrafts) LIMIT ?) AS picked
        """
}
