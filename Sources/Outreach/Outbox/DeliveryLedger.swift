/// What delivery needs of the store: the effects of one way out, and what is known of their orders at the moment of
/// sending.
public protocol DeliveryLedger: Sendable {
    /// Leases effects of a way out that are ready and due, the longest due first.
    func claim(
        _ route: Route, limit: Int, limits: SendLimits, owner: String, lease: Duration, now: Moment
    ) async throws(StoreFailure) -> [Claim]

    /// Gives claims back; they are due again at `dueAt`, or as they were.
    func release(
        _ claims: [Claim], dueAt: Moment?, reason: Reason?, detail: String?, now: Moment
    ) async throws(StoreFailure)

    /// Ends claimed effects that are not to be sent. Says which.
    func withdraw(_ withdrawals: [Withdrawal], now: Moment) async throws(StoreFailure) -> [Int64]

    /// Records verdicts, the channel, and the attempts that begin, in one commit.
    func turn(
        ended outcomes: [AttemptOutcome], beginning claims: [Claim], rendered: [Int64: Message],
        channel: (route: Route, state: ChannelState)?, limits: SendLimits, lease: Duration, now: Moment
    ) async throws(StoreFailure) -> (finished: [FinishedAttempt], attempts: BegunAttempts)

    /// When the next attempt of a way out may be made; nil where nothing is ready.
    func nextAttempt(_ route: Route) async throws(StoreFailure) -> Moment?

    /// Whether a way out is closed.
    func channelState(_ route: Route) async throws(StoreFailure) -> ChannelState

    /// What is known of these orders, by id.
    func load(shop: String, orderIDs: [String]) async throws(StoreFailure) -> [String: OrderRecord]

    /// What was told before, for each question, in their order.
    func history(for questions: [HistoryQuestion], now: Moment) async throws(StoreFailure) -> [History]

    /// What people have paused in a shop.
    func pauses(shop: String) async throws(StoreFailure) -> Pauses
}

extension DeliveryLedger {
    /// Gives claims back as they were.
    public func release(_ claims: [Claim], now: Moment) async throws(StoreFailure) {
        try await release(claims, dueAt: nil, reason: nil, detail: nil, now: now)
    }
}

/// How an action stands that the trigger of a message takes beside it.
public struct ActionStanding: Hashable, Sendable {
    /// Its line of `send`.
    public var line: String
    public var channel: ChannelName
    public var state: Effect.State
    /// What it brought so far.
    public var results: [String: String]

    /// That line's action.
    public init(line: String, channel: ChannelName, state: Effect.State, results: [String: String]) {
        self.line = line
        self.channel = channel
        self.state = state
        self.results = results
    }
}

/// What a message needs of the store that may tell what an action brought.
public protocol ActionLedger: Sendable {
    /// The other effects of the same trigger about the same event, in the order of their numbers.
    func beside(_ effect: Effect) async throws(StoreFailure) -> [ActionStanding]
}
