/// What delivery needs from the store: the effects of one route, and what is known about their orders when they are
/// sent.
public protocol DeliveryLedger: RecordStore {
    /// Leases effects of a route that are ready and due, the longest due first.
    func claim(
        _ route: Route, limit: Int, limits: SendLimits, owner: String, lease: Duration, now: Moment
    ) async throws(StoreFailure) -> [Claim]

    /// Returns claims; they are due again at `dueAt`, or as they were.
    func release(
        _ claims: [Claim], dueAt: Moment?, reason: Reason?, detail: String?, now: Moment
    ) async throws(StoreFailure)

    /// Ends claimed effects that should not be sent. Returns those that it ended.
    func withdraw(_ withdrawals: [Withdrawal], now: Moment) async throws(StoreFailure) -> [Int64]

    /// Records verdicts, the channel's state, and the attempts that begin, in one commit.
    func turn(
        ended outcomes: [AttemptOutcome], beginning claims: [Claim], rendered: [Int64: Message],
        channel: (route: Route, state: ChannelState)?, limits: SendLimits, lease: Duration, now: Moment
    ) async throws(StoreFailure) -> (finished: [FinishedAttempt], attempts: BegunAttempts)

    /// When the next attempt on a route may be made; nil if nothing is ready.
    func nextAttempt(_ route: Route) async throws(StoreFailure) -> Moment?

    /// Whether a route is closed.
    func channelState(_ route: Route) async throws(StoreFailure) -> ChannelState

    /// What was sent before, for each question, in order.
    func history(for questions: [HistoryQuestion], now: Moment) async throws(StoreFailure) -> [History]

    /// What people have paused in a shop.
    func pauses(shop: String) async throws(StoreFailure) -> Pauses
}

extension DeliveryLedger {
    /// Returns claims as they were.
    public func release(_ claims: [Claim], now: Moment) async throws(StoreFailure) {
        try await release(claims, dueAt: nil, reason: nil, detail: nil, now: now)
    }
}

/// The state of an action that a message's trigger also performs.
public struct ActionStanding: Hashable, Sendable {
    /// The number of its effect.
    public var effectID: Int64
    /// Its line of `send` or `do`.
    public var line: String
    public var channel: ChannelName
    public var state: Effect.State
    /// Its results so far.
    public var results: [String: String]

    public init(
        effectID: Int64, line: String, channel: ChannelName, state: Effect.State, results: [String: String]
    ) {
        self.effectID = effectID
        self.line = line
        self.channel = channel
        self.state = state
        self.results = results
    }
}

/// What composing a message that mentions an action's results needs from the store.
public protocol ActionLedger: Sendable {
    /// The effects of these lines of the same trigger for the same occurrence, whatever event each reports by now: of
    /// each line the newest, in the order of the lines.
    func beside(_ effect: Effect, lines: [String]) async throws(StoreFailure) -> [ActionStanding]
}
