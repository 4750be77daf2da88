/// How a conversation ended, as far as that is known when it is closed. Stable words, which stand in rows and tallies.
public enum ConversationOutcome: String, Hashable, Sendable, CaseIterable {
    /// No person took part, and she said that it helped: by the button below an answer, or by thanks.
    case confirmed
    /// No person took part, and she said no more.
    case quiet
    /// A person took part.
    case person

    /// How it ended, and whether she had to write once only.
    ///
    /// - Parameters:
    ///   - record: as it is closed, with its last messages.
    public static func of(_ record: ConversationRecord) -> (outcome: ConversationOutcome, isFirstContact: Bool) {
        let hers = record.messages.filter { $0.direction == .incoming }
        let isThanks = { (message: ConversationMessage) in message.understood?.asks.first == "thanks" }
        // Thanks ask for nothing.
        let isFirst = hers.count { !isThanks($0) } <= 1 && record.messages.count < ConversationRules.remembered
        let hasPerson =
            record.handOvers > 0 || record.takeOvers > 0
            || record.messages.contains { if case .person = $0.author { $0.direction != .note } else { false } }
        if hasPerson { return (.person, isFirst) }
        let isConfirmed = record.reason == .helped || hers.last.map(isThanks) ?? false
        return (isConfirmed ? .confirmed : .quiet, isFirst)
    }
}
