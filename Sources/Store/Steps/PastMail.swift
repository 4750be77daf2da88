internal import FoundationEssentials
public import Outreach
internal import Platform

// Mail from before, with what would have been answered to it: a person says once of each whether it was right, and that
// counts in the proof of its kind of question as a draft does. It stands in no figure of the days on which it is judged,
// for nobody was answered then. The rows are bounded, so that a page may count them.

/// How many letters of a kind there are.
public struct PastSum: Hashable, Sendable {
    public var intent: String
    public var language: String
    /// Why people would have had them; nil where they would have been answered.
    public var because: ConversationReason?
    public var all: Int
    /// Of those that would have been answered: how many nobody has judged yet.
    public var open: Int
    public var right: Int
    public var wrong: Int
    /// When the oldest and the newest came.
    public var first: Moment
    public var last: Moment
}

/// A letter that waits to be judged.
public struct PastLine: Hashable, Sendable {
    /// The number of its message.
    public var message: Int64
    public var conversation: Int64
    public var author: String
    public var name: String?
    public var address: String?
    public var orderName: String?
    public var at: Moment
    public var words: String
    public var answer: String
}

/// What a person says of a letter from before.
public struct PastVerdict: Hashable, Sendable {
    public enum Word: String, Hashable, Sendable {
        case right, wrong
        /// It is not to count.
        case passed
    }

    public var message: Int64
    public var word: Word
    /// What the customer had meant, of a wrong one.
    public var meant: String?

    public init(_ word: Word, of message: Int64, meant: String? = nil) {
        self.message = message
        self.word = word
        self.meant = word == .wrong ? meant : nil
    }
}

extension Store {
    /// So many letters from before are kept to be judged; further ones are read for the story alone.
    public static let mostPast = 5_000

    /// How many letters from before there are, by what they ask for and in which language.
    public func pastSums(shop domain: String) async throws(StoreFailure) -> [PastSum] {
        try await read { db in
            try db.all(Query.pastSums, [try db.shop(domain)]) { row in
                PastSum(
                    intent: row[0], language: row[1],
                    because: (row[2] as String?).map { ConversationReason(rawValue: $0) }, all: row[3], open: row[4],
                    right: row[5], wrong: row[6], first: row.moment(7), last: row.moment(8))
            }
        }
    }

    /// Letters of a kind that nobody has judged yet, the newest first.
    public func pastLines(
        asking intent: String, in language: String, shop domain: String, limit: Int
    ) async throws(StoreFailure) -> [PastLine] {
        try await read { db in
            try db.all(Query.pastLines, [try db.shop(domain), intent, language, limit]) { row in
                PastLine(
                    message: row[0], conversation: row[1], author: row[2], name: row[3], address: row[4],
                    orderName: row[5], at: row.moment(6), words: row[7], answer: row[8])
            }
        }
    }

    /// Writes what a person says of letters from before, with its entry of the audit; each counts once.
    ///
    /// - Returns: how many were not judged yet.
    public func judgePast(
        _ verdicts: [PastVerdict], shop domain: String, audit: AuditEntry, now: Moment
    ) async throws(StoreFailure) -> Int {
        defer { changes.call() }
        return try await write { db in
            let shop = try db.shop(domain)
            var counted = 0
            for verdict in verdicts {
                let row = try db.first(Query.pastKind, [shop, verdict.message]) { row in
                    (intent: row[0] as String, language: row[1] as String, author: row[2] as String)
                }
                guard let row else { continue }
                try db.run(
                    "UPDATE past_answers SET verdict = ?, meant = ?, judged_at = ? WHERE shop = ? AND message_id = ?",
                    [verdict.word.rawValue, verdict.meant, now.milliseconds, shop, verdict.message])
                counted += 1
                if verdict.word == .passed { continue }
                try db.changeProofs(shop: shop, now: now) { proofs in
                    proofs[row.intent, row.language, row.author].note(right: verdict.word == .right)
                }
            }
            guard counted > 0 else { return 0 }
            try db.append(audit, now: now)
            try db.note(now)
            return counted
        }
    }
}

extension Connection {
    /// Keeps what would have been answered to a message, unless there are enough.
    func put(_ past: PastAnswer, of message: ConversationMessage, conversation: Int64, shop: Int64) throws {
        let known = try integer(Query.pastCount, [shop, Store.mostPast]) ?? 0
        guard known < Store.mostPast else { return }
        try run(
            """
            INSERT INTO past_answers (shop, message_id, conversation_id, said_at, intent, language, understood_by,
                because, text)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                shop, message.id, conversation, message.at.milliseconds, past.intent, past.language, past.author,
                past.because?.rawValue, past.text,
            ])
    }
}

extension Query {
    static let pastCount = """
        SELECT count(*) FROM (SELECT message_id FROM past_answers WHERE shop = ? LIMIT ?) AS picked
        """
    static let pastSums = """
        SELECT intent, language, because, count(*),
            count(CASE WHEN verdict IS NULL AND because IS NULL THEN 1 END),
            count(CASE WHEN verdict = 'right' THEN 1 END), count(CASE WHEN verdict = 'wrong' THEN 1 END),
            min(said_at), max(said_at)
        FROM past_answers WHERE shop = ? GROUP BY intent, language, because ORDER BY intent, language, because
        """
    static let pastLines = """
        SELECT picked.message_id, picked.conversation_id, picked.understood_by, conversations.name,
            conversations.address, about.name, picked.said_at, hers.text, picked.text
        FROM (
            SELECT shop, message_id, conversation_id, understood_by, said_at, text FROM past_answers
            WHERE shop = ? AND intent = ? AND language = ? AND verdict IS NULL AND because IS NULL
            ORDER BY message_id DESC LIMIT ?) AS picked
        JOIN conversations ON conversations.shop = picked.shop AND conversations.id = picked.conversation_id
        JOIN conversation_messages AS hers ON hers.shop = picked.shop AND hers.id = picked.message_id
        LEFT JOIN aggregates AS about ON about.shop = picked.shop AND about.id = conversations.order_id
        ORDER BY picked.message_id DESC
        """
    static let pastKind = """
        SELECT intent, language, understood_by FROM past_answers
        WHERE shop = ? AND message_id = ? AND verdict IS NULL AND because IS NULL
        """
    static let countPast = """
        SELECT count(*) FROM (
            SELECT message_id FROM past_answers
            WHERE shop = ? AND verdict IS NULL AND because IS NULL LIMIT ?) AS picked
        """
}
