// What the shop's people do with a conversation at the desk.

extension ConversationReason {
    /// Somebody gave it to a colleague, to a team, or back to everybody.
    public static let handed = ConversationReason(rawValue: "handed_on")
}

extension ConversationRules {
    /// Gives it to a colleague, to a team, or with neither back to everybody. Nil where that changes nothing.
    public static func give(
        _ record: ConversationRecord, to colleague: String?, team: String?
    ) -> ConversationChange? {
        if let colleague, record.state == .person, record.holder == colleague { return nil }
        var change: ConversationChange
        if record.isPersons {
            if colleague == nil, record.state == .person, record.holder == nil, record.team == team { return nil }
            change = ConversationChange(record)
            change.record.state = .person
            change.record.snoozedUntil = nil
            change.record.holder = colleague
        } else if let colleague {
            guard let taken = take(record, by: colleague) else { return nil }
            change = taken
        } else {
            guard let handed = handOver(record, because: .handed) else { return nil }
            change = handed
        }
        change.record.team = team
        change.record.reason = .handed
        return change
    }

    /// Adds a note for colleagues. Who has it, and how long she waits, stays.
    public static func note(
        _ text: String, by person: String, in record: ConversationRecord, now: Moment
    ) -> ConversationChange {
        var change = ConversationChange(record)
        change.messages = [
            ConversationMessage(
                .note, by: .person(person), at: now, text: String(text.prefix(longestText)), channel: record.channel)
        ]
        return change
    }

    /// Somebody answered her, and with that it is done.
    public static func replyAndClose(
        _ message: ConversationMessage, by person: String, in record: ConversationRecord, now: Moment
    ) -> ConversationChange {
        var change = reply(message, by: person, in: record, now: now)
        guard let closed = close(change.record, because: .done, now: now) else { return change }
        change.record = closed.record
        change.events += closed.events
        return change
    }

    /// Somebody writes first: a conversation that is theirs, and in which nobody waits.
    ///
    /// - Parameter opening: whom it is with and what about.
    public static func write(
        _ message: ConversationMessage, by person: String, opening: ConversationRecord, now: Moment
    ) -> ConversationChange {
        var record = opening
        record.state = .person
        record.holder = person
        record.reason = .answered
        record.lastAt = max(record.lastAt, message.at)
        var change = ConversationChange(record)
        change.messages = [message]
        return change
    }

    /// Somebody says that an answer of ours was wrong: it is theirs now, and a note says what she meant.
    ///
    /// - Parameters:
    ///   - effect: the answer, which is marked so that it counts once.
    ///   - meant: what she asked for, in the words of `Intents`; nil if nobody said.
    public static func wrong(
        _ effect: Int64, meant: String?, by person: String, in record: ConversationRecord, now: Moment
    ) -> ConversationChange {
        var change = take(record, by: person) ?? ConversationChange(record)
        let meaning = meant.flatMap { meant in Intents.all.first { $0.name == meant }?.meaning }
        var note = ConversationMessage(
            .note, by: .person(person), at: now,
            text: "This answer was wrong." + (meaning.map { " The customer meant: \($0)." } ?? ""),
            channel: record.channel)
        note.subject = mark(ofWrong: effect)
        change.messages = [note]
        return change
    }

    /// What a note's subject says if it calls an answer wrong.
    public static func mark(ofWrong effect: Int64) -> String { "wrong \(effect)" }
}
