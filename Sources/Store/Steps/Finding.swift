internal import FoundationEssentials
internal import GRDB
public import Outreach

// How people name an order: by its name, by the address it was placed with (see `orders(named:)` and `orders(ofAddress:)`), by a message they hold in
// their hands, or by the number on a parcel. For commands alone: nothing that runs by itself looks for things this way.

extension Store {
    /// The order that a message is about, by its `Message-ID` without angle brackets or its `webhook-id`; nil where we never wrote it.
    public func order(ofMessage id: String) async throws(StoreFailure) -> OrderKey? {
        try await read { db in
            try db.first(Query.orderOfMessage, [id]) { OrderKey(shop: $0[0], orderID: $0[1]) }
        }
    }

    /// The orders of a shop that have a parcel or a return with that tracking number, newest first, at most 100. Numbers that were corrected count as
    /// well.
    ///
    /// The numbers stand in the orders' records alone, so all of them are looked through: some seconds for a million.
    public func orders(ofTrackingNumber number: String, shop: String) async throws(StoreFailure) -> [OrderKey] {
        // As it stands in the record: a JSON text. Any text of the order may be this one, so what is found is looked at closely.
        guard let quoted = try? JSONEncoder().encode(number) else { return [] }
        let ids: [String] = try await read { db in
            try db.all(Query.ordersHolding, [try db.shop(shop), quoted]) { $0[0] }
        }
        let records = try await load(shop: shop, orderIDs: ids)
        return ids.filter { records[$0]?.trackingNumbers.contains(number) == true }.map {
            OrderKey(shop: shop, orderID: $0)
        }
    }

    /// The order of that id, in all shops or one: what the journal calls an order.
    public func orders(withID id: String, shop: String? = nil) async throws(StoreFailure) -> [OrderKey] {
        try await read { db in
            try db.all(Query.ordersByID, [id, shop, shop]) { OrderKey(shop: $0[0], orderID: id) }
        }
    }

    /// The events of an order that no plan was made for yet.
    public func pendingEvents(of order: OrderKey) async throws(StoreFailure) -> Set<Int64> {
        try await read { db in
            Set(
                try db.all(Query.pendingOfOrder, [try db.shop(order.shop), order.orderID]) { $0[0] as Int64 })
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

extension Query {
    static let orderOfMessage = """
        SELECT shops.domain, orders.gid FROM messages JOIN effects ON effects.id = messages.effect_id
        JOIN orders ON orders.id = effects.order_id JOIN shops ON shops.id = effects.shop
        WHERE messages.message_id = ?
        """
    static let ordersHolding = """
        SELECT gid FROM orders WHERE shop = ? AND instr(record, ?) > 0 ORDER BY id DESC LIMIT 100
        """
    static let ordersByID = """
        SELECT shops.domain FROM orders JOIN shops ON shops.id = orders.shop
        WHERE orders.gid = ? AND (? IS NULL OR shops.domain = ?)
        """
    static let pendingOfOrder = """
        SELECT pending_events.event_id FROM orders JOIN events ON events.order_id = orders.id
        JOIN pending_events ON pending_events.event_id = events.id WHERE orders.shop = ? AND orders.gid = ?
        """
}
