// What else is asked before a trigger answers a message. She reads it as the shop's word, and nobody of the shop has
// seen it; so in any doubt a person answers instead.

extension Planner {
    /// What keeps a trigger from answering now; nil where it may. The order is that in which people would ask.
    func answering(
        _ event: Event, _ effect: Effect, _ entry: TriggerSet.Entry, _ evaluation: EvaluationContext,
        _ history: History
    ) -> Decision? {
        let record = evaluation.record
        guard let conversation = record.conversation else { return .skip(because: .erased) }
        // A trigger may have handed an order to a person, of which she wrote nothing.
        guard conversation.lastIncoming != nil else {
            return .skip(because: .noRecipient, detail: "she has not written")
        }
        let channel = decidingChannel(of: effect)
        if channel == .email, record.answerRecipient == nil { return .skip(because: .noRecipient) }
        // The order's address would be told of a message that somebody else wrote.
        if record.isOrder, !record.isOwnAddress {
            return .skip(because: .noRecipient, detail: "she wrote from another address than the order's")
        }
        if channel == .sms, record.answerNumber == nil { return .skip(because: .noRecipient) }
        if channel == .chat, record.answerChat == nil { return .skip(because: .noRecipient) }
        if channel == .helpdesk, record.answerTicket == nil || record.answerRecipient == nil {
            return .skip(because: .noRecipient)
        }
        if let end = pauses[.answers]?.end(at: evaluation.now) { return .wait(until: end, because: .paused) }
        // What is ready was given its turn: what would keep it waiting now is itself among what is counted.
        let isDecided = effect.state == .ready
        guard event.kind == .messageReceived else {
            if isDecided { return nil }
            return isWritten(to: conversation, answering: false) ? nil : .skip(because: .tooManyAnswers)
        }
        guard let message = event.message(in: conversation) else { return .skip(because: .erased) }
        if conversation.lastIncoming?.id != message.id {
            return .skip(because: .newer, detail: "she has written again")
        }
        // A trigger that waits comes to a conversation that somebody may have seen to meanwhile.
        if conversation.wasSeenTo(since: message.at) { return .skip(because: .answeredByPerson) }
        // Somebody has another conversation about the order: in the chat, say, and this is a mail.
        if history.isWithPerson, !entry.trigger.handsOver { return .skip(because: .heldByPerson) }
        let lifted = entry.trigger.answersEven
        let understood = message.understood
        if !(understood?.isCertain ?? false), !lifted.contains(.unclear) {
            return .skip(because: .unclear, detail: understood?.doubts.first)
        }
        if message.isFollowUp || history.isAskedElsewhere, !lifted.contains(.isFollowUp) {
            return .skip(
                because: .isFollowUp, detail: message.isFollowUp ? nil : "she wrote about it in another conversation")
        }
        if !record.isOrder, !lifted.contains(.noOrder) { return .skip(because: .noOrder) }
        if isDecided { return nil }
        guard isWritten(to: conversation, answering: true) else { return .skip(because: .tooManyAnswers) }
        if isOneOfSeveral(event, entry, evaluation) {
            return .wait(until: evaluation.now + Self.draftLook, because: .several)
        }
        let intent = understood?.asks.first ?? "unclear"
        switch triggers.settings.answers[intent] {
        case .live: return nil
        case .off: return .skip(because: .off, detail: "'answers' of shop.yaml leaves it to people")
        case .drafts: return .wait(until: evaluation.now + Self.draftLook, because: .draft)
        case .whenProven:
            let language = understood?.language ?? ""
            return proofs[intent, language, understood?.author ?? ""].isLive
                ? nil : .wait(until: evaluation.now + Self.draftLook, because: .draft)
        }
    }

    /// Whether a person has to see the message, whatever the trigger's conditions say.
    func isForPeople(_ event: Event, _ effect: Effect, _ entry: TriggerSet.Entry, _ record: OrderRecord) -> Bool {
        guard decidingLine(of: effect) == SendLine.answerName, event.kind == .messageReceived,
            !entry.trigger.answersEven.contains(.needsHuman), let conversation = record.conversation,
            let message = event.message(in: conversation)
        else { return false }
        return message.understood?.needsHuman ?? true
    }

    /// How often a draft is judged again, so that one that nobody needs any more is let go of.
    static let draftLook = Duration.days(1)
    /// A draft that nobody sent for so long is old.
    static let draftAge = Duration.days(14)

    /// Whether triggers may write to her again. Word that a person has it may follow one answer more.
    private func isWritten(to conversation: ConversationRecord, answering: Bool) -> Bool {
        let more = answering ? 0 : 1
        return conversation.answersLastHour < ConversationRules.answersPerHour + more
            && conversation.answersLastDay < ConversationRules.answersPerDay + more
    }

    /// Whether another trigger would answer the same message.
    private func isOneOfSeveral(
        _ event: Event, _ entry: TriggerSet.Entry, _ evaluation: EvaluationContext
    ) -> Bool {
        let others = triggers.hearing(event.kind).filter { other in
            // One that waits asks again later, and answers nothing now.
            other.name != entry.name && other.mode == entry.mode && other.waits == entry.waits
                && other.trigger.sendsAnswers
                && !entry.trigger.replaces.contains(other.name)
        }
        guard !others.isEmpty else { return false }
        let scope = evaluation.scope(event, history: History())
        return others.contains { $0.trigger.failedCondition(scope) == nil }
    }

    /// Why a draft's trigger would not answer now: a condition that no longer holds, as a sentence. Nil while all do.
    public func failedCondition(ofDraft effect: Effect, record: OrderRecord, history: History, now: Moment) -> String? {
        guard let trigger = triggers.trigger(effect.trigger), let event = effect.event else { return nil }
        let scope = scope(record: record, event: event, together: effect.together, history: history, now: now)
        return trigger.failedCondition(scope)?.sentence
    }

    /// Why a draft is needed no more; nil while it is.
    func objection(toDraft event: Event, _ evaluation: EvaluationContext) -> (reason: Reason, detail: String?)? {
        guard let conversation = evaluation.record.conversation, let message = event.message(in: conversation) else {
            return (.erased, nil)
        }
        if conversation.state == .closed || conversation.waitsSince == nil { return (.answeredByPerson, nil) }
        if conversation.lastIncoming?.id != message.id { return (.newer, "she has written again") }
        if evaluation.now - event.happenedAt > Self.draftAge { return (.oldNews, "nobody sent the draft") }
        return nil
    }
}

extension ConversationRecord {
    /// Whether one of the shop's people answered after that moment, or closed it, or an answer helped her.
    fileprivate func wasSeenTo(since moment: Moment) -> Bool {
        if state == .closed, reason == .done || reason == .helped { return true }
        return messages.contains { message in
            guard message.direction == .outgoing, message.at >= moment, case .person = message.author else {
                return false
            }
            return true
        }
    }
}

extension Event {
    /// The message that the event is about.
    func message(in conversation: ConversationRecord) -> ConversationMessage? {
        message.flatMap(conversation.message)
    }

    /// The number of that message; nil for an event of anything else.
    var message: Int64? {
        for case .other("message", let id) in subjects { return Int64(id) }
        return nil
    }
}

/// A guard that a trigger may lift with `answers_even`.
public enum AnswerGuard: String, Hashable, Sendable, CaseIterable {
    case needsHuman = "needs_human"
    case unclear
    case isFollowUp = "is_follow_up"
    case noOrder = "no_order"
}
