// What the daemon's loops need of the store, so that each can be given a double in a test; what a way out needs is
// `DeliveryLedger`. `Store` conforms to all of them, and what its steps promise is said there.

/// What planning reads and writes.
public protocol PlanningStore: Sendable {
    /// Events of a shop that no plan was made for yet, the oldest first.
    func pendingEvents(shop: String, limit: Int) async throws(StoreFailure) -> [Event]
    /// The waiting effects of a shop that are to be judged, the longest due first: about `limit` of them, with all
    /// that the same shoppers have due.
    func dueEffects(shop: String, limit: Int, now: Moment) async throws(StoreFailure) -> [Effect]
    /// When the next waiting effect of a shop is to be judged; nil where none waits.
    func nextDue(shop: String) async throws(StoreFailure) -> Moment?
    /// The orders of these ids, as they are known.
    func load(shop: String, orderIDs: [String]) async throws(StoreFailure) -> [String: OrderRecord]
    /// The effects that hold these keys.
    func effects(for keys: [OccurrenceKey]) async throws(StoreFailure) -> [OccurrenceKey: Effect]
    /// The effects that hold the newest repetition of keys.
    func newestRepetitions(
        of keys: [OccurrenceKey], stem: (String) -> String
    ) async throws(StoreFailure) -> [OccurrenceKey: Effect]
    /// The effects of orders that are in one of these states.
    func effects(
        ofOrders orders: [OrderKey], states: Set<Effect.State>
    ) async throws(StoreFailure) -> [OrderKey: [Effect]]
    /// What was told before, for each question, in their order.
    func history(for questions: [HistoryQuestion], now: Moment) async throws(StoreFailure) -> [History]
    /// Writes plans: each whole or not at all.
    func commitPlan(_ plans: [Plan], now: Moment) async throws(StoreFailure) -> PlanOutcome
}

/// What counting whom a shop wrote to needs.
package protocol BrakeStore: FactStore {
    /// When each shopper was last written to, or a mail to her became ready, since a moment.
    func contacts(shop: String, since: Moment) async throws(StoreFailure) -> [ShopperKey: Moment]
    /// What stands for the shopper of that address, as in `contacts`.
    func shopperKey(of address: String) -> ShopperKey
}

/// Stands for a shopper's address, which cannot be read back from it.
public struct ShopperKey: Hashable, Sendable {
    private let hash: [UInt8]

    /// The one of that keyed hash.
    public init(hash: [UInt8]) { self.hash = hash }
}

/// The small facts of a shop that outlive a restart.
package protocol FactStore: Sendable {
    /// Keeps a text under a name; nil forgets it.
    func remember(_ value: String?, as name: String, shop: String, now: Moment) async throws(StoreFailure)
    /// The text that was kept under that name, or nil.
    func remembered(_ name: String, shop: String) async throws(StoreFailure) -> String?
}

extension FactStore {
    /// Keeps a small fact of a shop; nil forgets it.
    package func remember<Value: RememberedValue>(
        _ value: Value?, as key: RememberedKey<Value>, shop: String, now: Moment
    ) async throws(StoreFailure) {
        try await remember(value?.rememberedText, as: key.name.rawValue, shop: shop, now: now)
    }

    /// The fact that was kept under that key; nil where there is none, or one that cannot be read.
    package func remembered<Value: RememberedValue>(
        _ key: RememberedKey<Value>, shop: String
    ) async throws(StoreFailure) -> Value? {
        try await remembered(key.name.rawValue, shop: shop).flatMap(Value.init(rememberedText:))
    }
}

/// What letting time pass reads.
public protocol TimeStore: Sendable {
    /// The orders of a shop, by their ids, that time alone may have changed; the longest due first.
    func dueForTime(shop: String, limit: Int, now: Moment) async throws(StoreFailure) -> [String]
    /// The earliest moment at which time alone may change an order of a shop; nil if never.
    func nextMoment(shop: String) async throws(StoreFailure) -> Moment?
}

/// What fetching labels writes.
public protocol LabelStore: Sendable {
    /// Has the effects of a shop judged at once that wait for a label and would be judged within that time.
    func judgeLabels(shop: String, within pause: Duration, now: Moment) async throws(StoreFailure)
}

/// What a source that hands things over once writes and reads.
public protocol ObservationStore: Sendable {
    /// Up to where a source was read; nil before its first page.
    func cursor(shop: String, source: String) async throws(StoreFailure) -> String?
    /// Keeps what sources told, as it came, and up to where the source was read with it; gives what was not known yet.
    @discardableResult
    func keep(
        _ observations: [RawObservation], cursor: SourceCursor?, now: Moment
    ) async throws(StoreFailure) -> [RawObservation]
    /// What a source told and nobody judged yet, in the order in which it was kept.
    func unjudged(shop: String, source: String, limit: Int) async throws(StoreFailure) -> [RawObservation]
    /// Marks observations of which nothing came.
    func markJudged(_ observations: [RawObservation], now: Moment) async throws(StoreFailure)
    /// The versions of aggregates; those that are not there are left out.
    func versions(of aggregates: [AggregateID], shop: String) async throws(StoreFailure) -> ReadVersions
    /// Writes what was learned of an aggregate that is no order, with the observations that it was made of; nil where
    /// it was overtaken.
    func commit(
        _ change: AggregateChange, judged: [RawObservation], now: Moment
    ) async throws(StoreFailure) -> [Event]?
}

/// Up to where a source was read, in its own words.
public struct SourceCursor: Hashable, Sendable {
    public var shop: String
    public var source: String
    /// At most 65,536 characters.
    public var place: String

    /// That place of that source.
    public init(shop: String, source: String, place: String) {
        self.shop = shop
        self.source = source
        self.place = place
    }

    /// The name under which the store remembers it.
    public var name: String { "cursor:\(source)" }
}
