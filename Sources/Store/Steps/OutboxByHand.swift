public import Outreach
internal import Platform

// What a person does with messages: has them sent at once, again, or not at all.

extension Store {
    /// Makes an effect due at once that is ready, was refused, or was withdrawn because a backup was restored; and has
    /// one whose template failed rendered at once. False if it is none of these, or its bytes are gone. If its route is
    /// closed, that may be tried at once too: with this message, if none was due before. An address silenced because a
    /// mail to it bounced may be written to again: a retry by hand overrides it.
    ///
    /// - Parameter audit: recorded with it if a person at the desk does it.
    public func retry(
        effectID: Int64, shop domain: String, audit: AuditEntry? = nil, now: Moment
    ) async throws(StoreFailure) -> Bool {
        let hash = hash
        defer { changes.call() }
        return try await write { db in
            let shop = try db.shop(domain)
            if let effect = try db.effect(effectID, shop: shop), effect.state == .waiting, effect.reason == .template {
                try db.run(
                    "UPDATE effects SET due_at = ?, version = version + 1 WHERE shop = ? AND id = ?",
                    [now.milliseconds, shop, effectID])
                if let audit { try db.append(audit, now: now) }
                try db.note(now)
                return true
            }
            guard let effect = try db.effect(effectID, shop: shop), effect.canBeRetried,
                let message = try db.message(effectID: effectID, shop: shop)
            else { return false }
            // It tells of a code that is ended by now.
            if try !db.tellAgain(effect, shop: shop) { return false }
            if effect.state == .refused, let recipient = message.recipient {
                try db.run(
                    "DELETE FROM silences WHERE shop = ? AND scope = 'address' AND scope_key = ? AND reason = ?",
                    [shop, hash.address(recipient), StandingSilence.bounce])
            }
            try db.run(
                """
                UPDATE effects SET state = 'ready', reason = NULL, detail = NULL, due_at = ?, queue = '',
                    counted_at = coalesce(counted_at, ?), version = version + 1 WHERE shop = ? AND id = ?
                """, [now.milliseconds, now.milliseconds, shop, effectID])
            var tally = Tally()
            tally.move(effect, from: effect.state, to: .ready, shop: shop)
            tally.settle(effect, from: Tally.Standing(effect), to: nil, shop: shop)
            try db.count(true, effectID: effectID, shop: shop, tally: &tally)
            try tally.write(to: db)
            try db.append(
                DecisionNote(at: now, state: .ready, reason: nil, detail: "tried again by hand"), effectID: effectID,
                shop: shop)
            try db.run(
                "UPDATE channels SET closed_until = NULL WHERE shop = ? AND channel = ? AND target = ?",
                [shop, effect.channel.rawValue, effect.route.target])
            try db.run(
                """
                UPDATE domains SET next_at = ? WHERE shop = ? AND channel = ? AND target = ? AND domain = ?
                    AND cause = 'deferred' AND next_at > ?
                """,
                [
                    now.milliseconds, shop, effect.channel.rawValue, effect.route.target,
                    recipientDomain(of: message.envelope.recipient), now.milliseconds,
                ])
            if let audit { try db.append(audit, now: now) }
            try db.note(now)
            return true
        }
    }

    /// How many messages a route took between two moments and could be handed to it again.
    public func sentCount(_ route: Route, since: Moment, until: Moment) async throws(StoreFailure) -> Int {
        try await read { db in
            Int(
                try db.integer(
                    Query.sentCount,
                    [
                        try db.shop(route.shop), route.channel.rawValue, route.target, since.milliseconds,
                        until.milliseconds,
                    ]) ?? 0)
        }
    }

    /// Hands messages to a route again that it took between two moments, for a receiver that lost them: the same bytes
    /// under the same ids. From then on a person has asked for them, so that none is judged to be old news.
    ///
    /// - Parameter limit: how many in one step; call again until it gives 0.
    public func sendAgain(
        _ route: Route, since: Moment, until: Moment, limit: Int = 500, now: Moment
    ) async throws(StoreFailure) -> Int {
        try await write { db in
            let shop = try db.shop(route.shop)
            let sent = try db.effects(
                Query.sentBetween,
                [
                    shop, route.channel.rawValue, route.target, since.milliseconds, until.milliseconds, limit,
                ])
            var tally = Tally()
            for effect in sent {
                try db.run(
                    """
                    UPDATE effects SET state = 'ready', origin = 'person', rank = 0, reason = NULL, detail = NULL,
                        due_at = ?, sent_at = NULL, counted_at = coalesce(counted_at, ?), queue = '',
                        version = version + 1
                    WHERE shop = ? AND id = ?
                    """, [now.milliseconds, now.milliseconds, shop, effect.id])
                tally.move(effect, from: .sent, to: .ready, shop: shop)
                tally.settle(effect, from: Tally.Standing(effect), to: nil, shop: shop)
                try db.append(
                    DecisionNote(at: now, state: .ready, reason: nil, detail: "sent again by hand"),
                    effectID: effect.id, shop: shop)
            }
            try tally.write(to: db)
            try db.note(now)
            return sent.count
        }
    }

    /// Withdraws an effect that waits or is ready, by hand. False if it is neither, or an attempt is under way.
    ///
    /// - Parameter audit: recorded with it if a person at the desk does it.
    public func drop(
        effectID: Int64, shop domain: String, audit: AuditEntry? = nil, now: Moment
    ) async throws(StoreFailure) -> Bool {
        defer { changes.call() }
        return try await write { db in
            let shop = try db.shop(domain)
            guard let effect = try db.effect(effectID, shop: shop), [.waiting, .ready].contains(effect.state),
                try db.integer(Query.leasedAttempt, [shop, effectID]) == nil
            else { return false }
            let leased = try db.changes("DELETE FROM leases WHERE shop = ? AND effect_id = ?", [shop, effectID])
            if leased > 0 { try db.letAnotherGoAhead(insteadOf: effectID, shop: shop, now: now) }
            var tally = Tally()
            try db.move(
                effect, to: DecisionNote(at: now, state: .withdrawn, reason: .dropped), shop: shop, tally: &tally)
            try tally.write(to: db)
            if let audit { try db.append(audit, now: now) }
            try db.note(now)
            return true
        }
    }
}

extension Effect {
    /// True if it may be retried by hand.
    public var canBeRetried: Bool {
        // What a gift cost is free again, and may be given to others.
        if channel == .shop, state != .ready { return false }
        return switch state {
        case .ready, .refused: true
        case .withdrawn: reason == .restored
        default: false
        }
    }
}

extension Query {
    static let sentCount = """
        SELECT count(*) FROM effects JOIN messages ON messages.shop = effects.shop AND messages.effect_id = effects.id
        WHERE effects.shop = ? AND effects.state = 'sent' AND effects.channel = ? AND effects.target = ?
            AND effects.sent_at >= ? AND effects.sent_at <= ? AND messages.purged_at IS NULL
        """
    static let sentBetween = """
        SELECT \(Effect.columns) FROM \(Effect.tables)
        JOIN messages ON messages.shop = effects.shop AND messages.effect_id = effects.id
        WHERE effects.shop = ? AND effects.state = 'sent' AND effects.channel = ? AND effects.target = ?
            AND effects.sent_at >= ? AND effects.sent_at <= ? AND messages.purged_at IS NULL
        ORDER BY effects.id LIMIT ?
        """
}
