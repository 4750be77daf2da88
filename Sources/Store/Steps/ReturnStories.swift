public import Outreach

// What is known of a return besides what Shopify shows: it is in what the actions on it brought, the request from the
// shopper's page and the approval by the policy. So it is kept and erased with them.

extension Store {
    /// What is known of a return, by Shopify's id: what she would like, and on what terms the policy approved it.
    public func returnStory(_ id: String, order: OrderKey) async throws(StoreFailure) -> ReturnStory? {
        try await read { db in
            let shop = try db.shop(order.shop)
            guard let number = try db.order(order.orderID, shop: shop) else { return nil }
            return try db.returnStory(id, order: number, shop: shop)
        }
    }
}

extension Store {
    /// The newest request for a return of an order that came from the shopper's page: where it stands, and Shopify's id
    /// of the return once there is one. Nil if there is no request.
    public func lastReturnRequest(
        of order: OrderKey
    ) async throws(StoreFailure) -> (state: Effect.State, returnID: String?)? {
        try await read { db in
            let shop = try db.shop(order.shop)
            guard let number = try db.order(order.orderID, shop: shop) else { return nil }
            return try db.first(Query.lastReturnRequest, [shop, number]) { (try $0.word(0), $0[1] as String?) }
        }
    }
}

extension Connection {
    /// The same; nil if no action brought anything of it.
    func returnStory(_ id: String, order: Int64, shop: Int64) throws -> ReturnStory? {
        let rows = try all(Query.returnStory, [shop, order, id]) { ($0[0] as String, $0[1] as String) }
        guard !rows.isEmpty else { return nil }
        return ReturnStory(results: Dictionary(rows) { _, last in last })
    }
}

extension Query {
    static let lastReturnRequest = """
        SELECT effects.state, results.value FROM effects
            LEFT JOIN results ON results.shop = effects.shop AND results.effect_id = effects.id
                AND results.name = 'return'
        WHERE effects.shop = ? AND effects.aggregate_id = ? AND effects.channel = 'shop'
            AND effects.line = 'request_return'
        ORDER BY effects.id DESC LIMIT 1
        """
    static let returnStory = """
        SELECT results.name, results.value FROM effects
            JOIN results AS own ON own.shop = effects.shop AND own.effect_id = effects.id
            JOIN results ON results.shop = effects.shop AND results.effect_id = effects.id
        WHERE effects.shop = ? AND effects.aggregate_id = ? AND effects.channel = 'shop' AND effects.state = 'sent'
            AND effects.line IN ('request_return', 'approve_return') AND own.name = 'return' AND own.value = ?
        ORDER BY effects.id, results.name
        """
}
