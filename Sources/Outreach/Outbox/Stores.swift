// What the daemon's loops need from the store, so that tests can replace each part; what a route needs is
// `DeliveryLedger`. `Store` conforms to all of them and documents what its steps promise.

/// What planning reads and writes.
public protocol PlanningStore: RecordStore {
    /// Events of a shop that have not been planned yet, the oldest first.
    func pendingEvents(shop: String, limit: Int) async throws(StoreFailure) -> [Event]
    /// The waiting effects of a shop that should be judged, the longest due first: about `limit` of them, along with
    /// everything else due for the same shoppers.
    func dueEffects(shop: String, limit: Int, now: Moment) async throws(StoreFailure) -> [Effect]
    /// When the next waiting effect of a shop should be judged; nil if none is waiting.
    func nextDue(shop: String) async throws(StoreFailure) -> Moment?
    /// The effects that hold these keys.
    func effects(for keys: [OccurrenceKey]) async throws(StoreFailure) -> [OccurrenceKey: Effect]
    /// The effects that hold the newest repetition of these keys.
    func newestRepetitions(
        of keys: [OccurrenceKey], stem: (String) -> String
    ) async throws(StoreFailure) -> [OccurrenceKey: Effect]
    /// The effects of these orders that are in one of these states.
    func effects(
        ofOrders orders: [OrderKey], states: Set<Effect.State>
    ) async throws(StoreFailure) -> [OrderKey: [Effect]]
    /// What was sent before, for each question, in order.
    func history(for questions: [HistoryQuestion], now: Moment) async throws(StoreFailure) -> [History]
    /// Writes plans: each completely or not at all.
    func commitPlan(_ plans: [Plan], now: Moment) async throws(StoreFailure) -> PlanOutcome
}

/// What counting the shoppers a shop wrote to needs.
package protocol BrakeStore: FactStore {
    /// When each shopper was last written to, or a mail to her became ready, since a moment.
    func contacts(shop: String, since: Moment) async throws(StoreFailure) -> [ShopperKey: Moment]
    /// The key of the shopper with that address, as in `contacts`.
    func shopperKey(of address: String) -> ShopperKey
}

/// Represents a shopper's address, which cannot be recovered from it.
public struct ShopperKey: Hashable, Sendable {
    private let hash: [UInt8]

    /// A key made from that keyed hash.
    public init(hash: [UInt8]) { self.hash = hash }
}

/// The small facts about a shop that survive a restart.
package protocol FactStore: Sendable {
    /// Stores a text under a name; nil removes it.
    func remember(_ value: String?, as name: String, shop: String, now: Moment) async throws(StoreFailure)
    /// The text stored under that name, or nil.
    func remembered(_ name: String, shop: String) async throws(StoreFailure) -> String?
}

extension FactStore {
    /// Stores a small fact about a shop; nil removes it.
    package func remember<Value: RememberedValue>(
        _ value: Value?, as key: RememberedKey<Value>, shop: String, now: Moment
    ) async throws(StoreFailure) {
        try await remember(value?.rememberedText, as: key.name.rawValue, shop: shop, now: now)
    }

    /// The fact stored under that key; nil if there is none, or one that cannot be read.
    package func remembered<Value: RememberedValue>(
        _ key: RememberedKey<Value>, shop: String
    ) async throws(StoreFailure) -> Value? {
        try await remembered(key.name.rawValue, shop: shop).flatMap(Value.init(rememberedText:))
    }
}

/// What handling the passage of time reads.
public protocol TimeStore: Sendable {
    /// The orders of a shop, by id, that time alone may have changed; the longest due first.
    func dueForTime(shop: String, limit: Int, now: Moment) async throws(StoreFailure) -> [String]
    /// The earliest moment at which time alone may change an order of a shop; nil for never.
    func nextMoment(shop: String) async throws(StoreFailure) -> Moment?
}

/// What fetching labels writes.
public protocol LabelStore: Sendable {
    /// Makes those effects of a shop due for judging at once that wait for a label and would be judged within that
    /// time.
    func judgeLabels(shop: String, within pause: Duration, now: Moment) async throws(StoreFailure)
}

/// What a source that hands things over only once writes and reads.
public protocol ObservationStore: Sendable {
    /// How far a source was read; nil before its first page.
    func cursor(shop: String, source: String) async throws(StoreFailure) -> String?
    /// Stores what sources reported, as it came, together with how far the source was read; returns what was not known
    /// yet.
    @discardableResult
    func keep(
        _ observations: [RawObservation], cursor: SourceCursor?, now: Moment
    ) async throws(StoreFailure) -> [RawObservation]
    /// What a source reported and nobody has judged yet, in the order in which it was stored.
    func unjudged(shop: String, source: String, limit: Int) async throws(StoreFailure) -> [RawObservation]
    /// Marks observations that led to nothing.
    func markJudged(_ observations: [RawObservation], now: Moment) async throws(StoreFailure)
    /// The versions of aggregates; those that do not exist are left out.
    func versions(of aggregates: [AggregateID], shop: String) async throws(StoreFailure) -> ReadVersions
    /// Writes what was learned about an aggregate other than an order, with the observations it was learned from; nil
    /// if the version it was based on is outdated.
    func commit(
        _ change: AggregateChange, judged: [RawObservation], now: Moment
    ) async throws(StoreFailure) -> [Event]?
}

/// What conversations are read from and written to.
public protocol ConversationStore: RecordStore {
    /// The conversation that a new message belongs to; nil if it opens one of its own.
    func conversation(for search: ConversationSearch) async throws(StoreFailure) -> Int64?
    /// Writes changes of one conversation: all of it or nothing.
    ///
    /// - Parameters:
    ///   - judged: the observations that it was learned from.
    ///   - incoming: what else a mail led to, written in the same step.
    /// - Returns: the events with their numbers, and the conversation's number; nil if it has another version by now.
    func commit(
        _ change: ConversationChange, judged: [RawObservation], incoming: IncomingOutcome?, now: Moment
    ) async throws(StoreFailure) -> (id: Int64, events: [Event])?
    /// The conversations of a shop that time alone changes by now, the longest due first: those whose minute is over or
    /// whose snooze ends, and those in which nothing was said since `quietSince` and nobody waits.
    func dueConversations(
        shop: String, quietSince: Moment, limit: Int, now: Moment
    ) async throws(StoreFailure) -> [Int64]
    /// When the next minute is over or the next snooze ends in a shop; nil for never.
    func nextConversation(shop: String) async throws(StoreFailure) -> Moment?
    /// The conversations of a shop in which a message of hers is not decided yet, who waits longest first.
    func undecidedConversations(shop: String, limit: Int) async throws(StoreFailure) -> [Int64]
    /// What triggers made of a conversation's message, in any state.
    func answers(to message: Int64, of conversation: Int64, shop: String) async throws(StoreFailure) -> [Effect]
}

/// How a new message's conversation is looked for, the surest way first.
public struct ConversationSearch: Hashable, Sendable {
    public var shop: String
    /// The message of ours that it answers.
    public var effectID: Int64?
    /// `Message-ID`s that it refers to, ours or hers, without angle brackets.
    public var references: [String] = []
    /// Who wrote it.
    public var sender: String?
    /// The order that it is about.
    public var orderID: String?
    public var channel: InboundChannel
    /// Conversations in which nothing was said since then are over for whoever does not answer one of their mails.
    public var since: Moment

    public init(shop: String, channel: InboundChannel, since: Moment) {
        self.shop = shop
        self.channel = channel
        self.since = since
    }
}

/// How far a source was read, in its own terms.
public struct SourceCursor: Hashable, Sendable {
    public var shop: String
    public var source: String
    /// At most 65,536 characters.
    public var place: String

    public init(shop: String, source: String, place: String) {
        self.shop = shop
        self.source = source
        self.place = place
    }

    /// The name under which the store remembers it.
    public var name: String { "cursor:\(source)" }
}
