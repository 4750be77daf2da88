// How conversations move from one state to the next: purely, from what is known and the time. The store keeps each
// change with its reason and its events in one step.

/// What becomes of conversations.
public enum ConversationRules {
    /// How long triggers have to answer a message before it is a person's.
    public static let patience = Duration.minutes(1)
    /// So many characters of a message are kept as text; the rest is in the mail itself.
    public static let longestText = 20_000
    /// So many of the last messages are looked at when something is decided.
    public static let remembered = 20
    /// A second message about the same within this time is a follow-up.
    public static let followUp = Duration.days(7)
    /// Triggers answer one address so often within an hour and a day, whatever she writes.
    public static let answersPerHour = 3
    public static let answersPerDay = 6
    /// A message that comes this long after the last word opens a conversation of its own, unless it answers a mail of
    /// the earlier one.
    public static let rest = Duration.days(14)

    /// What a message of hers changes.
    ///
    /// - Parameters:
    ///   - record: the conversation that it belongs to; nil for a new one, which `opening` then is.
    ///   - isSilent: it was read for the story alone, or nothing may be answered: no event comes of it.
    ///   - answers: whether any trigger may answer messages at all; if none does, it is a person's at once.
    public static func receive(
        _ message: ConversationMessage, into record: ConversationRecord?, opening: ConversationRecord,
        isSilent: Bool = false, answers: Bool, now: Moment
    ) -> ConversationChange {
        var record = record ?? opening
        var message = message
        message.text = String(message.text.prefix(longestText))
        message.isFollowUp = isFollowUp(message, in: record)
        record.lastAt = max(record.lastAt, message.at)
        record.lastIncomingAt = max(record.lastIncomingAt ?? message.at, message.at)
        record.channel = message.channel
        var change = ConversationChange(record)
        change.messages = [message]
        if isSilent {
            change.isHistory = true
            if record.version == 0 { change.record.close(.quiet, at: now) }
            return change
        }
        change.record.waitsSince = record.waitsSince ?? message.at
        if record.isPersons {
            // A snoozed one comes back when she writes.
            change.record.state = .person
            change.record.snoozedUntil = nil
            return change
        }
        change.record.closedAt = nil
        change.events = [.received(message: 0)]
        if answers {
            change.record.state = .undecided
            change.record.reason = nil
            change.record.decideBy = now + patience
        } else {
            change.handOver(message.understood?.needsHuman == true ? .needsHuman : .nobodyAnswers)
        }
        return change
    }

    /// What becomes of a chat once whoever writes there has proved an order: it is about that order. What she asked
    /// before and nobody has answered is decided again, as if she had asked it now, unless somebody has taken it or
    /// something other than the missing proof kept it from being answered.
    ///
    /// - Parameters:
    ///   - again: what she had asked, with what is understood of it now that the order is known.
    ///   - answers: whether any trigger may answer messages at all.
    /// - Returns: nil where it has an order already.
    public static func prove(
        _ record: ConversationRecord, order: String, name: String?, again: ConversationMessage?, answers: Bool,
        now: Moment
    ) -> ConversationChange? {
        guard record.orderID == nil else { return nil }
        var known = record
        known.orderID = order
        known.name = name ?? record.name
        let isTaken = record.holder != nil || record.team != nil || record.state == .snoozed
        let isUnproved = [.unknownSender, .unclear, .nobodyAnswers, nil].contains(record.reason)
        guard let again, let waits = record.waitsSince, !isTaken, isUnproved || record.state == .undecided, answers
        else {
            return ConversationChange(known)
        }
        // It is her question, not a second one, whatever was said meanwhile of who has it.
        known.messages.removeAll { $0.at >= waits }
        known.state = .undecided
        known.decideBy = now + patience
        var change = receive(again, into: known, opening: known, answers: true, now: now)
        change.record.waitsSince = waits
        return change
    }

    private static func isFollowUp(_ message: ConversationMessage, in record: ConversationRecord) -> Bool {
        guard let last = record.messages.last(where: { $0.direction != .note }) else { return false }
        if last.direction == .outgoing { return last.author == .bookbag || message.at - last.at < followUp }
        return message.at - last.at < followUp
    }

    /// What becomes of a conversation whose minute is over.
    ///
    /// - Parameters:
    ///   - answers: the effects that triggers made of its newest message, as they stand.
    /// - Returns: nil while it is still being decided.
    public static func decide(
        _ record: ConversationRecord, answers: [Effect], now: Moment
    ) -> ConversationChange? {
        guard record.state == .undecided else { return nil }
        let own = answers.filter { $0.line == SendLine.answerName }
        if own.contains(where: { [.ready, .sent].contains($0.state) }) {
            var change = ConversationChange(record)
            change.record.answered(at: now)
            change.record.state = .ours
            change.record.reason = .answered
            return change
        }
        guard let decideBy = record.decideBy, decideBy <= now else {
            return nil
        }
        var change = ConversationChange(record)
        change.handOver(why(record, own))
        return change
    }

    /// Why no trigger answered, from what became of those that would have.
    private static func why(_ record: ConversationRecord, _ answers: [Effect]) -> ConversationReason {
        if let one = answers.first(where: { $0.state == .waiting && $0.reason?.isDraft == true }) {
            return one.reason == .several ? .several : .draft
        }
        let understood = record.lastIncoming?.understood
        if understood?.needsHuman == true { return .needsHuman }
        for answer in answers {
            switch answer.reason {
            case .needsHuman: return .needsHuman
            case .unclear: return .unclear
            case .isFollowUp, .heldByPerson: return .isFollowUp
            case .tooManyAnswers: return .tooMany
            case .noRecipient: return .unknownSender
            default: continue
            }
        }
        if understood?.isCertain == false { return .unclear }
        if record.orderID == nil { return .unknownSender }
        return .nobodyAnswers
    }

    /// Hands it over by hand of a trigger, the desk or one of her buttons.
    public static func handOver(
        _ record: ConversationRecord, because reason: ConversationReason, to team: String? = nil
    ) -> ConversationChange? {
        guard record.state != .person else { return nil }
        var change = ConversationChange(record)
        change.handOver(reason)
        change.record.team = team ?? record.team
        return change
    }

    /// Somebody of the shop's people takes it, from whoever has it now. Drafts stay, for them to use.
    public static func take(_ record: ConversationRecord, by person: String) -> ConversationChange? {
        guard record.state != .person || record.holder != person else { return nil }
        var change = ConversationChange(record)
        change.take(by: person)
        return change
    }

    /// Somebody answered her: at the desk, or in the mail program.
    public static func reply(
        _ message: ConversationMessage, by person: String, in record: ConversationRecord, now: Moment
    ) -> ConversationChange {
        var change = ConversationChange(record)
        if record.state != .person || record.holder != person { change.take(by: person) }
        change.record.answered(at: message.at)
        change.record.reason = .answered
        change.record.lastAt = max(record.lastAt, message.at)
        change.messages = [message]
        change.withdraws = .heldByPerson
        return change
    }

    /// Somebody closes it.
    public static func close(
        _ record: ConversationRecord, because reason: ConversationReason, now: Moment
    ) -> ConversationChange? {
        guard record.state != .closed else { return nil }
        var change = ConversationChange(record)
        change.record.close(reason, at: now)
        change.record.closings += 1
        change.events = [.closed]
        change.withdraws = .heldByPerson
        return change
    }

    /// Somebody puts it away until then; a message of hers brings it back before.
    public static func snooze(
        _ record: ConversationRecord, until: Moment, by person: String, now: Moment
    ) -> ConversationChange? {
        guard until > now, record.state != .closed else { return nil }
        var change = ConversationChange(record)
        if record.holder != person { change.take(by: person) }
        change.record.state = .snoozed
        change.record.snoozedUntil = until
        change.record.decideBy = nil
        return change
    }

    /// Ends a snooze whose time has come; nil if it has not.
    public static func wake(_ record: ConversationRecord, now: Moment) -> ConversationChange? {
        guard record.state == .snoozed, let until = record.snoozedUntil, until <= now else { return nil }
        var change = ConversationChange(record)
        change.record.state = .person
        change.record.snoozedUntil = nil
        return change
    }

    /// When time alone changes it: its minute is over, a snooze ends, or it has been quiet for so long that it lets go.
    public static func due(_ record: ConversationRecord, letsGoAfter quiet: Duration) -> Moment? {
        switch record.state {
        case .undecided: record.decideBy
        case .snoozed: record.snoozedUntil
        case .ours: record.lastAt + quiet
        case .person: record.waitsSince == nil ? record.lastAt + quiet : nil
        case .closed: nil
        }
    }

    /// Closes one that has been quiet for so long, and in which nobody waits.
    public static func letGo(
        _ record: ConversationRecord, after quiet: Duration, now: Moment
    ) -> ConversationChange? {
        guard record.state == .ours || record.state == .person, record.waitsSince == nil, record.lastAt + quiet <= now
        else { return nil }
        var change = close(record, because: .quiet, now: now)
        // Nobody has it: what a trigger asks later may still be asked.
        change?.withdraws = nil
        return change
    }
}

extension ConversationRecord {
    fileprivate mutating func close(_ reason: ConversationReason, at now: Moment) {
        state = .closed
        self.reason = reason
        closedAt = now
        (holder, team, waitsSince, decideBy, snoozedUntil) = (nil, nil, nil, nil, nil)
    }

    fileprivate mutating func answered(at moment: Moment) {
        waitsSince = nil
        decideBy = nil
        lastAt = max(lastAt, moment)
    }
}

extension ConversationChange {
    fileprivate mutating func handOver(_ reason: ConversationReason) {
        record.state = .person
        record.holder = nil
        record.reason = reason
        (record.decideBy, record.snoozedUntil, record.closedAt) = (nil, nil, nil)
        record.handOvers += 1
        events.append(.handedOver)
    }

    fileprivate mutating func take(by person: String) {
        record.state = .person
        record.holder = person
        record.reason = .taken
        (record.decideBy, record.snoozedUntil, record.closedAt) = (nil, nil, nil)
        record.takeOvers += 1
        events.append(.takenOver)
    }
}

extension ConversationRules {
    /// That she waits for a person from now on; nil where she does not, or did before.
    ///
    /// - Parameters:
    ///   - waited: since when she waited for a person before the change; nil where she did not.
    ///   - messages: the last ones, with those of the change, each with its number.
    public static func unanswered(
        _ record: ConversationRecord, waited: Moment?, messages: [ConversationMessage], now: Moment
    ) -> Event? {
        guard record.isPersons, let since = record.waitsSince, waited != since,
            let message = messages.first(where: {
                $0.at >= since && ($0.direction == .incoming || $0.direction == .note && $0.author == .bookbag)
            })
        else { return nil }
        return Event(
            shop: record.shop, aggregate: record.aggregate, kind: .conversationUnanswered,
            occurrences: [
                Event.Occurrence(subject: Subject.other("message", id: "\(message.id)").key, n: 1, mark: "1")
            ],
            happenedAt: min(since, now), recordedAt: now, source: record.channel.rawValue, orderName: record.title)
    }
}

extension ConversationEvent {
    /// The event, once its conversation and message have their numbers.
    public func event(of record: ConversationRecord, messages: [ConversationMessage], now: Moment) -> Event {
        let kind: EventKind
        let subject: Subject
        let n: Int
        var at = now
        switch self {
        case .received(let place):
            let message = messages[place]
            (kind, subject, n, at) = (.messageReceived, .other("message", id: "\(message.id)"), 1, message.at)
        case .handedOver: (kind, subject, n) = (.conversationHandedOver, record.eventSubject, record.handOvers)
        case .takenOver: (kind, subject, n) = (.conversationTakenOver, record.eventSubject, record.takeOvers)
        case .closed: (kind, subject, n) = (.conversationClosed, record.eventSubject, record.closings)
        case .rated(let request, _, let number, let moment):
            (kind, subject, n, at) = (.ratingGiven, Rating.subject(request), number, moment)
        }
        var mark = "\(n)"
        var source = record.channel.rawValue
        if case .rated(_, let given, _, _) = self { (mark, source) = (given, RatingPost.source) }
        return Event(
            shop: record.shop, aggregate: record.aggregate, kind: kind,
            occurrences: [Event.Occurrence(subject: subject.key, n: n, mark: mark)], happenedAt: min(at, now),
            recordedAt: now, source: source, orderName: record.title)
    }
}

extension ConversationRecord {
    fileprivate var eventSubject: Subject { .other("conversation", id: "\(id)") }
}
