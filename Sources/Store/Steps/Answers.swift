internal import FoundationEssentials
public import Outreach
internal import Platform

// The answers of triggers, and what was said of them. A row is written when an answer goes out, or when somebody first
// judges one. Whatever says that it was right or wrong (a draft that a person sent, the desk, a review, a button, a
// rating), it counts once in the proof of its kind of question, and once it was wrong it stays so. What a person says by
// sending a draft counts when that mail goes out, for until then it can be taken back.

/// An answer that went out by itself and waits for a person to look at it.
public struct ReviewLine: Hashable, Sendable {
    public var effect: Int64
    public var conversation: Int64
    /// The conversation's version.
    public var version: Int64
    /// The last thing that was said in it.
    public var lastMessage: Int64
    public var name: String?
    public var address: String?
    public var intent: String
    public var language: String
    public var at: Moment
    /// What the customer wrote; nil where that was removed.
    public var words: String?
    /// What went out; nil where its bytes are gone.
    public var mail: Message?
}

extension Store {
    /// An answer that a trigger sent, or sends; nil if there is none of that number.
    public func answerStanding(_ effect: Int64, shop domain: String) async throws(StoreFailure) -> AnswerStanding? {
        try await read { db in
            let shop = try db.shop(domain)
            guard let effect = try db.effect(effect, shop: shop), effect.isAnswerToMessage,
                [.ready, .sent].contains(effect.state), let conversation = effect.aggregate?.conversationID,
                let message = effect.event?.messageNumber
            else { return nil }
            return try db.first(Query.standingOfAnswer, [message, shop, effect.id]) { row in
                guard let key = row[0] as Data? else { return nil }
                let understood = try (row[1] as String?).map { try Understood(stored: $0) }
                return AnswerStanding(
                    effect: effect.id, conversation: conversation, message: message, addressKey: [UInt8](key),
                    language: understood?.language, at: effect.decidedAt ?? effect.createdAt,
                    pressed: (row[2] as String?).flatMap(AnswerButton.init))
            } ?? nil
        }
    }

    /// Writes what a customer said by a button below an answer, with what that changes in its conversation: all of it
    /// or nothing.
    ///
    /// - Parameter change: nil where nothing changes.
    /// - Returns: the events; nil, and nothing is written, if the conversation has another version by now.
    public func press(
        _ button: AnswerButton, on standing: AnswerStanding, _ change: ConversationChange?, shop domain: String,
        now: Moment
    ) async throws(StoreFailure) -> [Event]? {
        let hash = hash
        let path = path
        defer { changes.call() }
        return try await write { db in
            let shop = try db.shop(domain)
            var events: [Event] = []
            if let change {
                var isWritten = false
                let refusal = try db.isolated(path: path) {
                    let done = try db.write(change, judged: [], incoming: nil, hash: hash, path: path, now: now)
                    events = done?.events ?? []
                    isWritten = done != nil
                    return isWritten
                }
                if let refusal { throw refusal }
                guard isWritten else { return nil }
            }
            let verdict = AnswerVerdict(of: standing.effect, isRight: button == .helped, by: .button)
            try db.note(verdict, shop: shop, now: now)
            try db.run(
                "UPDATE answers SET pressed = ? WHERE shop = ? AND effect_id = ?",
                [button.rawValue, shop, standing.effect])
            try db.note(now)
            return events
        }
    }

    /// Writes what a person says of an answer, with its entry of the audit.
    public func judge(
        _ verdict: AnswerVerdict, shop domain: String, audit: AuditEntry, now: Moment
    ) async throws(StoreFailure) {
        defer { changes.call() }
        try await write { db in
            try db.note(verdict, shop: try db.shop(domain), now: now)
            try db.append(audit, now: now)
            try db.note(now)
        }
    }

    /// The answers that wait for a person to look at them, the oldest first.
    ///
    /// - Parameter after: the last answer of the page before.
    public func answersToReview(
        shop domain: String, after effect: Int64 = 0, limit: Int
    ) async throws(StoreFailure) -> [ReviewLine] {
        try await read { db in
            let shop = try db.shop(domain)
            return try db.all(Query.answersToReview, [shop, effect, limit]) { row in
                var mail: Message?
                if let bytes = row[12] as Data? {
                    mail = Message(
                        id: row[10], kind: try row.word(11),
                        envelope: Message.Envelope(sender: row[13], recipient: row[14], target: row[15]),
                        bytes: [UInt8](bytes), summary: row[16])
                }
                return ReviewLine(
                    effect: row[0], conversation: row[1], version: row[2], lastMessage: row[3], name: row[4],
                    address: row[5], intent: row[6], language: row[7], at: row.moment(8), words: row[9], mail: mail)
            }
        }
    }
}

extension Effect {
    /// Whether it is a trigger's answer to a message, and not the word that a person has it.
    var isAnswerToMessage: Bool {
        origin == .trigger && line == SendLine.answerName && event?.messageNumber != nil
    }
}

extension Connection {
    /// Writes the row of an answer, if it has none yet.
    ///
    /// - Parameter isLive: whether it went out by itself.
    func putAnswer(_ effect: Effect, isLive: Bool, at moment: Moment, shop: Int64) throws {
        guard effect.isAnswerToMessage, let conversation = effect.aggregate?.conversationID,
            let message = effect.event?.messageNumber,
            try integer(Query.answerRow, [shop, effect.id]) == nil
        else { return }
        let stored = try first(Query.understoodMessage, [shop, message]) { $0[0] as String? } ?? nil
        let understood = try stored.map { try Understood(stored: $0) } ?? Understood()
        var isDrawn = false
        if isLive, let secret = try first(Query.storeSecret, [], { $0[0] as Data }) {
            let key = KeyedHash(secret: secret).derived("\(AnswerReview.keyPurpose) \(effect.shop)")
            isDrawn = AnswerReview.draws(effect: effect.id, key: key)
        }
        try run(
            """
            INSERT INTO answers (shop, effect_id, conversation_id, message_id, intent, language, understood_by, is_live,
                in_review, noted_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (shop, effect_id) DO NOTHING
            """,
            [
                shop, effect.id, conversation, message, understood.asks.first ?? "unclear", understood.language ?? "",
                understood.author, isLive, isDrawn, moment.milliseconds,
            ])
    }

    /// Notes whether an answer was right. It counts once, whoever says so, and a wrong one stays wrong.
    ///
    /// - Parameter mail: the effect that has to go out before it counts; nil where it counts at once.
    func note(_ verdict: AnswerVerdict, waitingFor mail: Int64? = nil, shop: Int64, now: Moment) throws {
        guard let effect = try effect(verdict.effect, shop: shop) else { return }
        let isLive = [.ready, .sent, .bounced].contains(effect.state)
        try putAnswer(effect, isLive: isLive, at: now, shop: shop)
        let before = try first(Query.verdictOfAnswer, [shop, effect.id]) { row in
            (
                isRight: (row[0] as String?).map { $0 == "right" }, isCounted: row.isNull(1),
                at: row.optionalMoment(2)
            )
        }
        guard let before else { return }
        let counted = before.isCounted ? before.isRight : nil
        // Once wrong it stays wrong, and right is not right twice.
        if counted == false || counted == true && verdict.isRight { return }
        try run(
            """
            UPDATE answers SET verdict = ?, judged_by = ?, judged_at = ?, waits_for = ? WHERE shop = ? AND effect_id = ?
            """,
            [
                verdict.isRight ? "right" : "wrong", verdict.by.rawValue, now.milliseconds, mail, shop, effect.id,
            ])
        guard mail == nil else { return }
        try prove(effect.id, rightSince: counted == true ? before.at ?? now : nil, shop: shop, now: now)
    }

    /// What a person said by sending a draft counts when that mail goes out, and not at all if it never does.
    func settleVerdict(waitingFor mail: Effect, now state: Effect.State, at moment: Moment, shop: Int64) throws {
        guard mail.origin == .person,
            let effect = try integer(Query.answerWaitingFor, [shop, mail.id])
        else { return }
        switch state {
        case .waiting, .ready: return
        case .sent, .bounced:
            try run("UPDATE answers SET waits_for = NULL WHERE shop = ? AND effect_id = ?", [shop, effect])
            try prove(effect, rightSince: nil, shop: shop, now: moment)
        default: try run("DELETE FROM answers WHERE shop = ? AND effect_id = ?", [shop, effect])
        }
    }

    /// Counts the verdict on an answer in the proof of its kind of question, and in the figures.
    ///
    /// - Parameter rightSince: when it counted as right before; nil where it did not.
    private func prove(_ effect: Int64, rightSince: Moment?, shop: Int64, now: Moment) throws {
        let row = try first(Query.answerProved, [shop, effect]) { row in
            (
                intent: row[0] as String, language: row[1] as String, author: row[2] as String,
                verdict: row[3] as String?, isLive: row[4] as Bool
            )
        }
        guard let row, let verdict = row.verdict else { return }
        var tally = Tally()
        if let rightSince {
            tally.judged(row.intent, isLive: row.isLive, isRight: true, at: rightSince, -1, shop: shop)
        }
        tally.judged(row.intent, isLive: row.isLive, isRight: verdict == "right", at: now, 1, shop: shop)
        try tally.write(to: self)
        try changeProofs(shop: shop, now: now) { proofs in
            if rightSince != nil {
                proofs[row.intent, row.language, row.author].correct()
            } else {
                proofs[row.intent, row.language, row.author].note(right: verdict == "right")
            }
        }
    }

    /// Changes what is kept of how right answers were.
    func changeProofs(shop: Int64, now: Moment, _ change: (inout AnswerProofs) -> Void) throws {
        let name = RememberedName.answerProofs.rawValue
        let text = try first("SELECT value FROM remembered WHERE shop = ? AND name = ?", [shop, name]) {
            $0[0] as String
        }
        var proofs = text.flatMap(AnswerProofs.init(rememberedText:)) ?? AnswerProofs()
        change(&proofs)
        try run(Query.remember, [shop, name, proofs.rememberedText, now.milliseconds])
    }
}

extension Query {
    static let storeSecret = "SELECT secret FROM store WHERE one = 1"
    static let answerRow = "SELECT 1 FROM answers WHERE shop = ? AND effect_id = ?"
    static let verdictOfAnswer = "SELECT verdict, waits_for, judged_at FROM answers WHERE shop = ? AND effect_id = ?"
    static let answerProved = """
        SELECT intent, language, understood_by, verdict, is_live FROM answers WHERE shop = ? AND effect_id = ?
        """
    static let answerWaitingFor = """
        SELECT effect_id FROM answers WHERE shop = ? AND waits_for = ? AND waits_for IS NOT NULL
        """
    static let standingOfAnswer = """
        SELECT effects.recipient_key, hers.understood, answers.pressed
        FROM effects LEFT JOIN conversation_messages AS hers ON hers.shop = effects.shop AND hers.id = ?
        LEFT JOIN answers ON answers.shop = effects.shop AND answers.effect_id = effects.id
        WHERE effects.shop = ? AND effects.id = ?
        """
    static let understoodMessage = "SELECT understood FROM conversation_messages WHERE shop = ? AND id = ?"
    static let countToReview = """
        SELECT count(*) FROM (
            SELECT effect_id FROM answers WHERE shop = ? AND in_review = 1 AND verdict IS NULL LIMIT ?) AS picked
        """
    static let answersToReview = """
        SELECT picked.effect_id, picked.conversation_id, aggregates.version, coalesce((
                SELECT max(id) FROM conversation_messages
                WHERE shop = picked.shop AND conversation_id = picked.conversation_id), 0),
            conversations.name, conversations.address, picked.intent, picked.language, picked.noted_at, hers.text,
            messages.message_id, messages.kind, messages.bytes, messages.sender, messages.recipient, messages.target,
            messages.summary
        FROM (
            SELECT shop, effect_id, conversation_id, message_id, intent, language, noted_at FROM answers
            WHERE shop = ? AND in_review = 1 AND verdict IS NULL AND effect_id > ? ORDER BY effect_id LIMIT ?) AS picked
        JOIN conversations ON conversations.shop = picked.shop AND conversations.id = picked.conversation_id
        JOIN aggregates ON aggregates.shop = picked.shop AND aggregates.id = picked.conversation_id
        LEFT JOIN conversation_messages AS hers ON hers.shop = picked.shop AND hers.id = picked.message_id
        LEFT JOIN messages ON messages.shop = picked.shop AND messages.effect_id = picked.effect_id
        ORDER BY picked.effect_id
        """
}
