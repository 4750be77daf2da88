internal import FoundationEssentials
public import Outreach

// Removing what is old, in steps of a few milliseconds. Messages, attempts and letters are gone through once, in the
// order of their numbers, which is that of time; a step ends at the first that is too young. Orders and conversations
// age by what happens to them, so all are looked at, once a day. Nothing is searched for: each step goes on where the
// last one ended.

extension Store {
    /// So many rows are looked at in one step, of each kind.
    static let retentionPage = 500
    /// So many orders and conversations are removed in one step: each is a few dozen rows.
    static let removedAtOnce = 10
    /// How often all orders and conversations are looked at.
    static let retentionRound = Duration.days(1)

    /// Removes some of what is older than `retention` says.
    public func retain(_ retention: Retention, shop domain: String, now: Moment) async throws(StoreFailure)
        -> RetentionStep
    {
        let hash = hash
        return try await write { db in
            let shop = try db.shop(domain)
            let remembered = try db.first(
                "SELECT value FROM remembered WHERE shop = ? AND name = ?", [shop, RememberedName.retention.rawValue]
            ) { $0[0] as String }
            var place = remembered.flatMap(RetentionPlace.init(rememberedText:)) ?? RetentionPlace()
            let before = place
            var step = RetentionStep()
            if let age = retention.messages {
                try db.purgeMessages(before: now - age, shop: shop, &place, &step, now: now)
            }
            if let age = retention.attempts { try db.removeAttempts(before: now - age, shop: shop, &place, &step) }
            if let age = retention.letters { try db.emptyLetters(before: now - age, shop: shop, &place, &step) }
            // A clock that was put back must not keep it waiting for longer than a round.
            if let next = place.nextRound, next <= now || next - now > Self.retentionRound { place.nextRound = nil }
            if place.nextRound == nil {
                var tally = Tally()
                var isDone = true
                if let age = retention.conversations {
                    isDone = try db.removeConversations(before: now - age, shop: shop, &place, &step, &tally)
                }
                if let age = retention.orders {
                    let isLast = try db.removeOrders(
                        before: now - age, shop: shop, hash: hash, &place, &step, &tally, now: now)
                    isDone = isDone && isLast
                }
                if isDone {
                    (place.conversations, place.orders) = (0, 0)
                    place.nextRound = now + Self.retentionRound
                } else {
                    step.isMore = true
                }
                try tally.write(to: db)
            }
            if place != before {
                try db.remember(place.rememberedText, as: RememberedName.retention.rawValue, shop: shop, now: now)
                try db.note(now)
            }
            return step
        }
    }

    /// When these orders were removed for their age, by id; those that never were are left out.
    public func removedForAge(_ orderIDs: [String], shop domain: String) async throws(StoreFailure) -> [String: Moment]
    {
        let hash = hash
        return try await read { db in
            let shop = try db.shop(domain)
            let moments = try db.together(orderIDs) { try db.integer(Query.removedForAge, [shop, hash.order($0)]) }
            var found: [String: Moment] = [:]
            for (id, moment) in zip(orderIDs, moments) { found[id] = moment.map(Moment.init(milliseconds:)) }
            return found
        }
    }
}

extension Connection {
    fileprivate func purgeMessages(
        before cutoff: Moment, shop: Int64, _ place: inout RetentionPlace, _ step: inout RetentionStep, now: Moment
    ) throws {
        let ids = try settledEffects(before: cutoff, after: &place.messages, shop: shop, &step)
        for id in ids {
            step.messages += try changes(
                """
                UPDATE messages SET bytes = NULL, sender = NULL, recipient = NULL, summary = NULL, files_until = NULL,
                    purged_at = ?
                WHERE shop = ? AND effect_id = ? AND purged_at IS NULL
                """, [now.milliseconds, shop, id])
        }
    }

    fileprivate func removeAttempts(
        before cutoff: Moment, shop: Int64, _ place: inout RetentionPlace, _ step: inout RetentionStep
    ) throws {
        for id in try settledEffects(before: cutoff, after: &place.attempts, shop: shop, &step) {
            step.attempts += try changes("DELETE FROM attempts WHERE shop = ? AND effect_id = ?", [shop, id])
        }
    }

    /// The next effects that were made before a moment and are settled. One that is still under way is passed over: its
    /// messages go with its order.
    private func settledEffects(
        before cutoff: Moment, after place: inout Int64, shop: Int64, _ step: inout RetentionStep
    ) throws -> [Int64] {
        let next = try all(Query.effectsByAge, [shop, place, Store.retentionPage]) {
            (id: $0[0] as Int64, state: $0[1] as String, at: $0.moment(2))
        }
        let old = next.prefix { $0.at < cutoff }
        place = old.last?.id ?? place
        step.isMore = step.isMore || old.count == Store.retentionPage
        return old.filter { $0.state != "waiting" && $0.state != "ready" }.map(\.id)
    }

    fileprivate func emptyLetters(
        before cutoff: Moment, shop: Int64, _ place: inout RetentionPlace, _ step: inout RetentionStep
    ) throws {
        let next = try all(Query.observationsByAge, [shop, place.letters, Store.retentionPage]) {
            (id: $0[0] as Int64, at: $0.moment(1), isJudged: $0[2] as Int64? != nil)
        }
        let old = next.prefix { $0.at < cutoff && $0.isJudged }
        place.letters = old.last?.id ?? place.letters
        step.isMore = step.isMore || old.count == Store.retentionPage
        for one in old {
            // The row stays: by it the same mail is known however it comes again.
            step.letters += try changes(
                "UPDATE observations SET bytes = ?, files_until = NULL WHERE shop = ? AND id = ? AND length(bytes) > 0",
                [Data(), shop, one.id])
        }
    }

    /// Removes closed conversations without an order; true at the end of the round.
    fileprivate func removeConversations(
        before cutoff: Moment, shop: Int64, _ place: inout RetentionPlace, _ step: inout RetentionStep,
        _ tally: inout Tally
    ) throws -> Bool {
        let next = try all(Query.conversationsByNumber, [shop, place.conversations, Store.retentionPage]) {
            (id: $0[0] as Int64, isClosed: $0[1] as String == "closed", order: $0[2] as Int64?, at: $0.moment(3))
        }
        var removed = 0
        for one in next {
            if one.isClosed, one.order == nil, one.at < cutoff {
                guard removed < Store.removedAtOnce else { return false }
                _ = try removeConversation(one.id, shop: shop, tally: &tally, keepingHashes: true)
                removed += 1
                step.conversations += 1
            }
            place.conversations = one.id
        }
        return next.count < Store.retentionPage
    }

    /// Removes orders of which nothing was heard, and in which nothing is open; true at the end of the round.
    fileprivate func removeOrders(
        before cutoff: Moment, shop: Int64, hash: KeyedHash, _ place: inout RetentionPlace,
        _ step: inout RetentionStep, _ tally: inout Tally, now: Moment
    ) throws -> Bool {
        let next = try all(Query.ordersByNumber, [shop, place.orders, Store.retentionPage]) {
            (id: $0[0] as Int64, gid: $0[1] as String, at: $0.moment(2))
        }
        var removed = 0
        for one in next {
            if one.at < cutoff, try !isAlive(one.id, since: cutoff, shop: shop) {
                guard removed < Store.removedAtOnce else { return false }
                try run(
                    """
                    INSERT INTO removed_orders (shop, order_key, removed_at) VALUES (?, ?, ?)
                    ON CONFLICT (shop, order_key) DO UPDATE SET removed_at = excluded.removed_at
                    """, [shop, hash.order(one.gid), now.milliseconds])
                _ = try removeOrder(one.id, gid: one.gid, shop: shop, tally: &tally, keepingHashes: true)
                removed += 1
                step.orders += 1
            }
            place.orders = one.id
        }
        return next.count < Store.retentionPage
    }

    /// Whether anything of an order is open, or happened since a moment.
    private func isAlive(_ id: Int64, since cutoff: Moment, shop: Int64) throws -> Bool {
        let moment = cutoff.milliseconds
        return try integer(Query.newsOfOrder, [shop, id, moment]) != nil
            || integer(Query.openOfOrder, [shop, id, moment, moment]) != nil
            || integer(Query.conversationOfOrderSince, [shop, id, moment]) != nil
    }
}

extension Query {
    fileprivate static let effectsByAge = """
        SELECT id, state, created_at FROM effects WHERE shop = ? AND id > ? ORDER BY id LIMIT ?
        """
    fileprivate static let observationsByAge = """
        SELECT id, received_at, judged_at FROM observations WHERE shop = ? AND id > ? ORDER BY id LIMIT ?
        """
    fileprivate static let conversationsByNumber = """
        SELECT id, state, order_id, last_at FROM conversations WHERE shop = ? AND id > ? ORDER BY id LIMIT ?
        """
    fileprivate static let ordersByNumber = """
        SELECT orders.id, aggregates.gid, orders.updated_at
        FROM orders JOIN aggregates ON aggregates.shop = orders.shop AND aggregates.id = orders.id
        WHERE orders.shop = ? AND orders.id > ? ORDER BY orders.id LIMIT ?
        """
    fileprivate static let newsOfOrder = """
        SELECT 1 FROM events WHERE shop = ? AND aggregate_id = ? AND recorded_at >= ? LIMIT 1
        """
    fileprivate static let openOfOrder = """
        SELECT 1 FROM effects WHERE shop = ? AND aggregate_id = ?
            AND (state IN ('waiting', 'ready') OR created_at >= ? OR decided_at >= ?)
        LIMIT 1
        """
    fileprivate static let conversationOfOrderSince = """
        SELECT 1 FROM conversations WHERE shop = ? AND order_id = ? AND order_id IS NOT NULL
            AND (state <> 'closed' OR last_at >= ?)
        LIMIT 1
        """
    fileprivate static let removedForAge = "SELECT removed_at FROM removed_orders WHERE shop = ? AND order_key = ?"
}
