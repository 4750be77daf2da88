// What else is asked before a trigger does something (`do`).

extension Planner {
    /// What keeps a trigger from doing something now; nil where it may.
    func acting(
        _ action: ActionLine, _ event: Event, _ effect: Effect, _ evaluation: EvaluationContext
    ) -> Decision? {
        guard let conversation = evaluation.record.conversation else { return nil }
        // What happens in a conversation otherwise proves no more than what she wrote last.
        let message = event.message(in: conversation) ?? (action.channel == .shop ? conversation.lastIncoming : nil)
        if let message, message.trust < action.trust {
            return .skip(because: .notProved)
        }
        guard action.verb == "close" else { return nil }
        if conversation.isPersons { return .skip(because: .heldByPerson) }
        if conversation.state == .closed { return .skip(because: .passed, detail: "it is closed") }
        guard conversation.waitsSince != nil else { return nil }
        // The answer of the same trigger may be on its way.
        return evaluation.now - effect.createdAt < Self.closingPatience
            ? .wait(until: evaluation.now + Self.closingPause, because: .waitsForAnswer)
            : .skip(because: .waitsForAnswer)
    }

    /// How often what waits for the answer of the same trigger is looked at.
    package static let answerPause = Duration.seconds(5)
    /// How long a conversation that is to be closed may wait for its answer, and how often that is looked at.
    static let closingPatience = Duration.minutes(15)
    static let closingPause = Duration.seconds(10)
}
