internal import Foundation
internal import Outreach

// What the figures of conversations are made of. Each is counted in the step that makes it true, and taken back in the
// step that makes it untrue: a conversation that is opened again counts no more among those that were closed on that
// day, and an answer that is taken back was none.

extension Connection {
    /// Counts what a change brings: what she asks for, that a person answers first, that it is handed over.
    ///
    /// - Parameters:
    ///   - id: the conversation's number.
    ///   - waitedSince: since when she waited before the change.
    func count(
        _ change: ConversationChange, as id: Int64, waitedSince: Moment?, shop: Int64, now: Moment, tally: inout Tally
    ) throws {
        guard !change.isHistory else { return }
        for message in change.messages {
            switch (message.direction, message.author) {
            case (.incoming, _):
                let understood = message.understood
                let intent = understood?.isCertain == true ? understood?.asks.first : nil
                tally.wasAsked(intent ?? "unclear", at: message.at, shop: shop)
            case (.outgoing, .person):
                guard let waitedSince, try integer(Query.answerBefore, [shop, id, shop, id]) == nil else { continue }
                tally.answeredFirst("person", after: message.at - waitedSince, at: message.at, 1, shop: shop)
            default: continue
            }
        }
        if change.events.contains(.handedOver), let reason = change.record.reason {
            tally.handedOver(reason.rawValue, at: now, shop: shop)
        }
    }

    /// Counts how a conversation ended when it is closed, and that it did not when it is opened again.
    func countOutcome(
        of change: ConversationChange, as id: Int64, wasClosed: Bool, shop: Int64, now: Moment, tally: inout Tally
    ) throws {
        let isClosed = change.record.state == .closed
        if wasClosed, !isClosed { try uncountOutcome(of: id, isReopened: true, shop: shop, tally: &tally) }
        guard isClosed, change.events.contains(.closed) else { return }
        var record = change.record
        record.messages += change.messages
        let (outcome, isFirst) = ConversationOutcome.of(record)
        let word = outcome.rawValue + (isFirst ? " first" : "")
        let day = try zone(shop: shop).day(at: now)
        try run(
            "UPDATE conversations SET outcome = ?, outcome_day = ? WHERE shop = ? AND id = ?",
            [word, day.daysSinceEpoch, shop, id])
        tally.closed(word, on: day, 1, shop: shop)
    }

    /// Takes back how a conversation ended.
    ///
    /// - Parameter isReopened: whether it was opened again; otherwise it was never closed.
    private func uncountOutcome(of id: Int64, isReopened: Bool, shop: Int64, tally: inout Tally) throws {
        let ended = try first(Query.outcomeOfConversation, [shop, id]) { row in
            (outcome: row[0] as String?, day: row[1] as Int64?)
        }
        guard let outcome = ended?.outcome, let day = ended?.day.map(CalendarDay.init(daysSinceEpoch:)) else { return }
        tally.closed(outcome, on: day, -1, shop: shop)
        if isReopened { tally.closed("reopened", on: day, 1, shop: shop) }
        try run(
            "UPDATE conversations SET outcome = NULL, outcome_day = NULL WHERE shop = ? AND id = ?", [shop, id])
    }

    /// An answer of a trigger went out: if nobody had answered before, it is the first. Word that a person has the
    /// conversation is no answer.
    func countFirstAnswer(_ effect: Effect, in conversation: Int64, at moment: Moment, shop: Int64) throws {
        guard effect.isAnswerToMessage, let message = effect.event?.messageNumber,
            let said = try integer(Query.timeOfMessage, [shop, message]),
            try integer(Query.answerBeforeThis, [shop, conversation, shop, conversation, effect.id]) == nil
        else { return }
        var tally = Tally()
        tally.answeredFirst(
            "bookbag", after: moment - Moment(milliseconds: said), at: moment, 1, shop: shop)
        try tally.write(to: self)
    }

    /// When a person's answer was given, if it is the only one in its conversation; nil otherwise.
    func onlyAnswer(_ effect: Int64, of conversation: Int64, shop: Int64) throws -> Moment? {
        guard try integer(Query.answerBesides, [shop, conversation, effect, shop, conversation]) == nil else {
            return nil
        }
        return try integer(Query.timeOfSent, [shop, effect]).map { Moment(milliseconds: $0) }
    }

    /// A person's answer was taken back: what it closed is open, and it is not the first answer.
    ///
    /// - Parameter answer: when it was given, if it was the only one.
    func countTakenBack(answer: Moment?, of conversation: Int64, shop: Int64) throws {
        var tally = Tally()
        try uncountOutcome(of: conversation, isReopened: false, shop: shop, tally: &tally)
        let waits = try first(Query.stateOfConversation, [shop, conversation]) { $0.optionalMoment(1) } ?? nil
        if let answer, let waits {
            tally.answeredFirst("person", after: answer - waits, at: answer, -1, shop: shop)
        }
        try tally.write(to: self)
    }
}

extension Query {
    private static let personsAnswer = """
        SELECT 1 FROM conversation_messages
        WHERE shop = ? AND conversation_id = ? AND direction = 'out' AND author = 'person'
        """
    private static let triggersAnswer = "answers WHERE shop = ? AND conversation_id = ? AND is_live = 1"
    static let answerBefore = "\(personsAnswer) UNION ALL SELECT 1 FROM \(triggersAnswer) LIMIT 1"
    static let answerBeforeThis = """
        \(personsAnswer) UNION ALL SELECT 1 FROM \(triggersAnswer) AND effect_id <> ? LIMIT 1
        """
    static let answerBesides = """
        \(personsAnswer) AND (effect_id IS NULL OR effect_id <> ?) UNION ALL SELECT 1 FROM \(triggersAnswer) LIMIT 1
        """
    static let timeOfMessage = "SELECT said_at FROM conversation_messages WHERE shop = ? AND id = ?"
    static let timeOfSent = """
        SELECT said_at FROM conversation_messages WHERE shop = ? AND effect_id = ? AND effect_id IS NOT NULL
        """
    static let outcomeOfConversation = "SELECT outcome, outcome_day FROM conversations WHERE shop = ? AND id = ?"
}
