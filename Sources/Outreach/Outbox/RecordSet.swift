/// What decisions are about: orders, and conversations, each together with the order that it is about.
public struct RecordSet: Sendable {
    private let shop: String
    private let now: Moment
    private let orders: [String: OrderRecord]
    private let conversations: [Int64: ConversationRecord]

    /// Records that were read together.
    ///
    /// - Parameter orders: by id; those that conversations are about among them.
    public init(
        shop: String, orders: [String: OrderRecord], conversations: [Int64: ConversationRecord] = [:], now: Moment
    ) {
        self.shop = shop
        self.now = now
        self.orders = orders
        self.conversations = conversations
    }

    /// The order that an aggregate is, or is about; `OrderRecord.none` for a conversation about none; nil for what does
    /// not exist.
    public subscript(aggregate: AggregateID) -> OrderRecord? {
        if let id = aggregate.orderID { return orders[id] }
        guard let conversation = aggregate.conversationID.flatMap({ conversations[$0] }) else { return nil }
        var record = conversation.orderID.flatMap { orders[$0] } ?? .none(shop: shop, at: now)
        record.conversation = conversation
        return record
    }

    /// What an effect is about, if it was among what was read.
    public func record(of effect: Effect) -> OrderRecord? { effect.aggregate.flatMap { self[$0] } }
}

/// What reads orders and conversations.
public protocol RecordStore: Sendable {
    /// The orders with these ids, as they are known.
    func load(shop: String, orderIDs: [String]) async throws(StoreFailure) -> [String: OrderRecord]
    /// Conversations of a shop by number, each with its last messages; those that do not exist are left out.
    func conversations(
        _ ids: [Int64], shop: String, now: Moment
    ) async throws(StoreFailure) -> [Int64: ConversationRecord]
}

extension RecordStore {
    /// What these aggregates are, or are about.
    public func records(
        of aggregates: some Sequence<AggregateID>, shop: String, now: Moment
    ) async throws(StoreFailure) -> RecordSet {
        var orders = Set<String>()
        var numbers = Set<Int64>()
        for aggregate in aggregates {
            if let id = aggregate.orderID { orders.insert(id) }
            if let number = aggregate.conversationID { numbers.insert(number) }
        }
        // The conversations first: an order that is read later is at least as new as what they say of it, and both
        // versions are compared when the decision is written.
        var conversations: [Int64: ConversationRecord] = [:]
        if !numbers.isEmpty { conversations = try await self.conversations(numbers.sorted(), shop: shop, now: now) }
        orders.formUnion(conversations.values.compactMap(\.orderID))
        let records = try await load(shop: shop, orderIDs: orders.sorted())
        return RecordSet(shop: shop, orders: records, conversations: conversations, now: now)
    }
}
