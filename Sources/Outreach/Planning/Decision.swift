/// The result of judging an effect. `Planner` makes decisions, the store keeps each.
public enum Decision: Hashable, Sendable {
    /// Send it now.
    case send
    /// Keep it as a shadow: a record of what would have been sent.
    case shadow
    /// Judge it again at that moment.
    case wait(until: Moment, because: Reason)
    /// Do not send it.
    case skip(because: Reason, detail: String? = nil)
    /// Do not send it, to compare with those who are told.
    case holdOut
    /// Another trigger's message replaces it.
    case replace(by: String)
}

/// One line of an effect's story: what was decided, when, and why. Kept as long as the message would have been.
public struct DecisionNote: Hashable, Sendable, Codable {
    public var at: Moment
    public var state: Effect.State
    public var reason: Reason?
    public var detail: String?
    /// How long a hold was expected to last when it began; nil if nothing is held.
    public var until: Moment?

    public init(
        at: Moment, state: Effect.State, reason: Reason?, detail: String? = nil, until: Moment? = nil
    ) {
        self.at = at
        self.state = state
        self.reason = reason
        self.detail = detail
        self.until = until
    }
}
