public import Outreach

// A notice is an effect of Bookbag's own: a mail to the shop about its files. Its key is its message id, so that the
// same notice is sent once; only the newest of each kind waits.

extension Store {
    /// Stores a notice to be sent, replacing those of its kind that still wait. The same message is stored only once.
    ///
    /// - Parameter supersedes: the kinds that it makes old news, its own included.
    public func put(
        _ notice: Notice, supersedes: Set<Notice.Kind>, now: Moment
    ) async throws(StoreFailure) {
        let route = Route.mail(shop: notice.shop)
        var effect = Effect(
            to: route, origin: .system, isContact: false, by: notice.kind.rawValue, line: route.name,
            keys: [notice.message.id], about: nil, dueAt: notice.dueAt, createdAt: now)
        effect.state = .ready
        effect.decidedAt = now
        let plan = Plan(
            shop: notice.shop,
            changes: [
                PlannedChange(
                    effect: effect, note: DecisionNote(at: now, state: .ready, reason: nil), message: notice.message)
            ])
        let kinds = supersedes.union([notice.kind]).map(\.rawValue).sorted()
        let domain = notice.shop
        let hash = self.hash
        let path = self.path
        try await write { db in
            let shop = try db.shop(domain)
            var tally = Tally()
            // An attempted message stays, whatever follows: it may have arrived.
            for effect in try db.effects(Query.untriedSystemEffects, [shop]) where kinds.contains(effect.trigger) {
                guard try db.integer(Query.anyLease, [shop, effect.id]) == nil else { continue }
                try db.move(
                    effect, to: DecisionNote(at: now, state: .withdrawn, reason: .newer), shop: shop, tally: &tally)
            }
            // A sent notice is of no use after a while, and contains an address.
            for id in try db.all(Query.oldSystemEffects, [shop, (now - .days(30)).milliseconds], { $0[0] as Int64 }) {
                try db.removeEffect(id, shop: shop)
            }
            try tally.write(to: db)
            _ = try db.commit([plan], hash: hash, path: path, now: now)
            try db.note(now)
        }
    }
}

extension Query {
    static let untriedSystemEffects = """
        SELECT \(Effect.columns) FROM \(Effect.tables)
        WHERE effects.shop = ? AND effects.origin = 'system' AND effects.state = 'ready' AND effects.attempts = 0
        ORDER BY effects.id
        """
    static let oldSystemEffects = """
        SELECT id FROM effects WHERE shop = ? AND origin = 'system' AND created_at < ?
            AND state NOT IN ('waiting', 'ready')
        """
    static let anyLease = "SELECT 1 FROM leases WHERE shop = ? AND effect_id = ?"
}
