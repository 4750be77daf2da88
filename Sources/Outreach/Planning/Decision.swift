/// What became of an effect when it was judged. `Planner` makes decisions, the store keeps each.
public enum Decision: Hashable, Sendable {
    /// Send it now.
    case send
    /// Keep it as a shadow of what would have been sent.
    case shadow
    /// Judge it again then.
    case wait(until: Moment, because: Reason)
    /// Do not send it.
    case skip(because: Reason, detail: String? = nil)
    /// Another trigger's message takes its place.
    case replace(by: String)
}

/// One line of an effect's story: what was decided when, and why. Kept as long as the message would have been.
public struct DecisionNote: Hashable, Sendable, Codable {
    public var at: Moment
    public var state: Effect.State
    public var reason: Reason?
    public var detail: String?
    /// How long a hold was to last when it began; nil for what holds nothing.
    public var until: Moment?

    /// That was decided then.
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
