public import Outreach
internal import Platform

// What was done in the shop, until an event tells of it. An act is noted in the transaction that ends it, and forgotten
// once its event is learned: between the two the daemon may die, and the same event is learned again.

/// Something done in the shop of which no event tells yet.
public struct UntoldAct: Hashable, Sendable {
    public var effect: Effect
    public var results: [String: String]
}

extension Store {
    /// The acts at which the clock has to look by now, the longest due first.
    public func untoldActs(shop domain: String, limit: Int, now: Moment) async throws(StoreFailure) -> [UntoldAct] {
        try await read { db in
            let shop = try db.shop(domain)
            let due: [Int64] = try db.all(Query.untoldActs, [shop, now.milliseconds, limit]) { $0[0] }
            return try due.compactMap { number in
                guard let effect = try db.effect(number, shop: shop) else { return nil }
                return UntoldAct(effect: effect, results: try db.results(of: number, shop: shop))
            }
        }
    }

    /// What a part of the program, and no trigger, decided about an order, with what came of it; the first first.
    public func decided(
        by decider: String, about order: OrderKey
    ) async throws(StoreFailure) -> [(effect: Effect, results: [String: String])] {
        try await read { db in
            let shop = try db.shop(order.shop)
            guard let number = try db.order(order.orderID, shop: shop) else { return [] }
            return try db.effects(Query.decidedBy, [shop, number, decider]).map { effect in
                (effect, try db.results(of: effect.id, shop: shop))
            }
        }
    }

    /// An event tells of the act by now: it is looked at no more, or once more at a later moment.
    public func told(_ act: UntoldAct, lookAt later: Moment? = nil, now: Moment) async throws(StoreFailure) {
        try await write { db in
            let shop = try db.shop(act.effect.shop)
            if let later {
                try db.run(
                    "UPDATE untold_acts SET next_at = ? WHERE shop = ? AND effect_id = ?",
                    [later.milliseconds, shop, act.effect.id])
            } else {
                try db.run("DELETE FROM untold_acts WHERE shop = ? AND effect_id = ?", [shop, act.effect.id])
            }
            try db.note(now)
        }
    }
}

extension Connection {
    /// Notes what is done in the shop about an order, so that an event tells of it once it has ended.
    func noteAct(_ effect: Effect, dueAt: Moment, shop: Int64) throws {
        guard effect.channel == .shop, effect.orderID != nil, ShopVerb(line: effect.line) != nil else { return }
        try run(
            """
            INSERT INTO untold_acts (shop, effect_id, next_at) VALUES (?, ?, ?)
            ON CONFLICT (shop, effect_id) DO UPDATE SET next_at = excluded.next_at
            """, [shop, effect.id, dueAt.milliseconds])
    }

    /// What became of an action that an event tells of.
    func actionNow(_ number: Int64, shop: Int64) throws -> ActionNow? {
        guard let effect = try effect(number, shop: shop) else { return nil }
        return ActionNow(effect, message: try message(effectID: number, shop: shop))
    }
}

extension Query {
    static let decidedBy = """
        SELECT \(Effect.columns) FROM \(Effect.tables)
        WHERE effects.shop = ? AND effects.aggregate_id = ? AND effects.origin = 'system' AND effects.trigger_name = ?
        ORDER BY effects.id
        """
    static let untoldActs = """
        SELECT effect_id FROM untold_acts WHERE shop = ? AND next_at <= ? ORDER BY next_at, effect_id LIMIT ?
        """
}
