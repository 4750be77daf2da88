public import Outreach

// Return labels after they were decided. A label counts as what it may cost when it is decided, as what it costs once it
// is bought, and not at all once it is given back. It is given back if its return is over before it was used, if it could
// not be attached, and before its carrier takes it back no more.

/// A label that is of no use, with what is known of it.
public struct UselessLabel: Hashable, Sendable {
    public enum Cause: String, Sendable {
        /// It was bought, or may have been, and could not be attached.
        case unattached
        /// The return was cancelled or declined.
        case ended
        /// Nobody used it, and soon it cannot be given back any more.
        case unused
    }

    public var effect: Effect
    /// What was done.
    public var message: Message
    /// What it brought (`LabelResult`).
    public var results: [String: String]
    public var cause: Cause
}

extension Store {
    /// So long after it was decided nothing is given back any more, whoever carries it.
    static let labelMemory = Duration.days(120)

    /// The labels of a shop that are to be given back, and for which nobody has begun to.
    public func uselessLabels(
        shop domain: String, limit: Int, now: Moment
    ) async throws(StoreFailure) -> [UselessLabel] {
        let today = Zone.utc.day(at: now)
        let since = (now - Self.labelMemory).milliseconds
        return try await read { db in
            let shop = try db.shop(domain)
            let found = try db.all(
                Query.uselessLabels,
                [
                    EventKind.returnCancelled.rawValue, EventKind.returnDeclined.rawValue, LabelResult.returned,
                    LabelResult.voidOn, "\(today)", EventKind.returnInTransit.rawValue,
                    EventKind.returnReceived.rawValue, LabelResult.returned, shop, since, limit,
                ]
            ) { (id: $0[0] as Int64, isSent: $0[1] as Bool, hasEnded: $0[2] as Bool) }
            return try found.compactMap { id, isSent, hasEnded in
                guard let effect = try db.effect(id, shop: shop), let message = try db.message(effectID: id, shop: shop)
                else { return nil }
                return UselessLabel(
                    effect: effect, message: message, results: try db.results(of: id, shop: shop),
                    cause: !isSent ? .unattached : hasEnded ? .ended : .unused)
            }
        }
    }
}

extension Connection {
    /// A label that was bought counts as what it costs, which is never more than what was booked.
    func correctLabel(of effect: Int64, to cost: Int64, shop: Int64) throws {
        try rebook([effect], shop: shop) {
            try run(
                """
                UPDATE bookings SET amount = ?
                WHERE shop = ? AND effect_id = ? AND budget = 'labels' AND amount > ? AND freed_at IS NULL
                """, [cost, shop, effect, cost])
        }
    }
}

extension Query {
    /// Of the labels that count: those whose effect ended without being done; those whose return has ended; and those
    /// that are over unused, as far as is known here.
    static let uselessLabels = """
        SELECT effect_id, is_sent, has_ended FROM (
            SELECT bookings.shop AS shop, bookings.effect_id AS effect_id, effects.state = 'sent' AS is_sent,
                EXISTS (
                    SELECT 1 FROM results JOIN occurrences ON occurrences.shop = results.shop
                        AND occurrences.subject = 'return:' || results.value AND occurrences.kind IN (?, ?)
                        AND occurrences.aggregate_id = effects.aggregate_id
                    WHERE results.shop = effects.shop AND results.effect_id = effects.id AND results.name = ?
                ) AS has_ended,
                EXISTS (
                    SELECT 1 FROM results
                    WHERE results.shop = effects.shop AND results.effect_id = effects.id AND results.name = ?
                        AND results.value <= ?
                ) AND NOT EXISTS (
                    SELECT 1 FROM results JOIN occurrences ON occurrences.shop = results.shop
                        AND occurrences.subject = 'return:' || results.value AND occurrences.kind IN (?, ?)
                        AND occurrences.aggregate_id = effects.aggregate_id
                    WHERE results.shop = effects.shop AND results.effect_id = effects.id AND results.name = ?
                ) AS is_over
            FROM bookings JOIN effects ON effects.shop = bookings.shop AND effects.id = bookings.effect_id
            WHERE bookings.shop = ? AND bookings.budget = 'labels' AND bookings.booked_at >= ?
                AND bookings.freed_at IS NULL AND bookings.withdrawn_by IS NULL
                AND effects.state IN ('sent', 'refused', 'withdrawn', 'skipped', 'replaced')
        ) AS labels
        WHERE NOT is_sent OR has_ended OR is_over ORDER BY effect_id LIMIT ?
        """
}
