internal import FoundationEssentials
public import Outreach

// The ways people identify an order: by its name, by the address it was placed with (see `orders(named:)` and
// `orders(ofAddress:)`), by a message they have, or by the number on a parcel. For commands only: the daemon never
// searches this way.

extension Store {
    /// The order that a message is about, by its `Message-ID` without angle brackets or its `webhook-id`; nil if it is
    /// not ours.
    public func order(ofMessage id: String) async throws(StoreFailure) -> OrderKey? {
        try await read { db in
            for (shop, domain) in try db.shops() {
                let order = try db.first(Query.orderOfMessage, [shop, id]) { $0[0] as String }
                if let order { return OrderKey(shop: domain, orderID: order) }
            }
            return nil
        }
    }

    /// The orders of a shop that have a parcel or a return with that tracking number, newest first, at most 100.
    /// Numbers that were corrected later count too.
    ///
    /// The numbers are only in the orders' records, so all of them are scanned: some seconds for a million.
    public func orders(ofTrackingNumber number: String, shop: String) async throws(StoreFailure) -> [OrderKey] {
        // As encoded in the record: a JSON string. Any text of the order may match, so each hit is checked afterwards.
        guard let quoted = try? JSONEncoder().encode(number) else { return [] }
        let ids: [String] = try await read { db in
            try db.all(Query.ordersHolding, [try db.shop(shop), [UInt8](quoted)]) { $0[0] }
        }
        let records = try await load(shop: shop, orderIDs: ids)
        return ids.filter { records[$0]?.trackingNumbers.contains(number) == true }.map {
            OrderKey(shop: shop, orderID: $0)
        }
    }

    /// The order with that id, in all shops or one: the journal identifies an order by it.
    public func orders(withID id: String, shop: String? = nil) async throws(StoreFailure) -> [OrderKey] {
        try await read { db in
            try db.shops().filter { shop == nil || $0.domain == shop }
                .filter { try db.order(id, shop: $0.id) != nil }
                .map { OrderKey(shop: $0.domain, orderID: id) }
        }
    }

    /// The events of an order without a plan yet.
    public func pendingEvents(of order: OrderKey) async throws(StoreFailure) -> Set<Int64> {
        try await read { db in
            Set(
                try db.all(
                    Query.pendingOfOrder, [try db.shop(order.shop), AggregateKind.order.rawValue, order.orderID]
                ) { $0[0] as Int64 })
        }
    }
}

extension OrderRecord {
    /// Every number that a parcel or a return of the order has or had.
    fileprivate var trackingNumbers: Set<String> {
        Set(
            shipments.flatMap { [$0.tracking.number].compactMap(\.self) + $0.formerNumbers }
                + facts.returns.flatMap { $0.deliveries.compactMap { $0.tracking?.number } })
    }
}

extension Connection {
    /// All shops, by their domains.
    func shops() throws -> [(id: Int64, domain: String)] {
        try all("SELECT id, domain FROM shops ORDER BY domain") { (id: $0[0], domain: $0[1]) }
    }
}

extension Query {
    static let orderOfMessage = """
        SELECT aggregates.gid
        FROM messages JOIN effects ON effects.shop = messages.shop AND effects.id = messages.effect_id
        JOIN aggregates ON aggregates.shop = effects.shop AND aggregates.id = effects.aggregate_id
        WHERE messages.shop = ? AND messages.message_id = ? AND aggregates.kind = 'order'
        """
    static let ordersHolding = """
        SELECT aggregates.gid
        FROM orders JOIN aggregates ON aggregates.shop = orders.shop AND aggregates.id = orders.id
        WHERE orders.shop = ? AND \(Dialect.recordHolds) ORDER BY orders.id DESC LIMIT 100
        """
    static let pendingOfOrder = """
        SELECT pending_events.event_id
        FROM aggregates JOIN events ON events.shop = aggregates.shop AND events.aggregate_id = aggregates.id
        JOIN pending_events ON pending_events.shop = events.shop AND pending_events.event_id = events.id
        WHERE aggregates.shop = ? AND aggregates.kind = ? AND aggregates.gid = ?
        """
}
