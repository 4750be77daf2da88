// A backup that is put back is a store that slept. What it holds as unsent may have been sent, and what happened
// meanwhile may have been told, by the daemon that ran on after the backup was made; nothing here can know. To tell
// somebody twice is worse than to leave a few messages to the operator, so the gap is learned in silence:
//
//   1. what was ready is withdrawn, its bytes kept (`outbox retry` sends one after all), and so is each wait that ended
//      in the gap;
//   2. from the moment of putting it back on everything is news, and nothing before it: `live_since` moves there, for
//      the shop and each of its sources;
//   3. all that is open is looked at again at once, and until that is done an event without a time of its own counts as
//      old.
//
// The mark of the backup is handed to each shop when the store is opened, and leaves a shop when that one has caught
// up; so it is no matter when the daemon dies in between, and a shop that is served again only next week does the same
// then.

public import Outreach

/// That a shop's rows come from a backup, and what happened since is still being learned.
public struct Restoration: Hashable, Sendable {
    /// When the backup was made.
    public var backupAt: Moment
    /// When it was put to use: from here on things are news.
    public var restoredAt: Moment
}

extension Store {
    /// Begins to catch up with what happened since the backup that a shop's rows come from: once, however often it is
    /// called. Nil for a shop whose rows come from none, or that has caught up.
    ///
    /// What was ready is withdrawn; what was recorded and not decided on yet is silent; everything open is to be looked
    /// at now.
    ///
    /// - Returns: with how many messages were withdrawn, by this call.
    public func beginRestoration(
        shop: String, now: Moment
    ) async throws(StoreFailure) -> (restoration: Restoration, withdrawn: Int)? {
        try await write { db in
            // A backup of a store that had not caught up begins anew.
            if let madeAt = try db.integer("SELECT restored_from FROM store WHERE one = 1") {
                try db.run("UPDATE shops SET backup_at = ?, restored_at = NULL", [madeAt])
                try db.run("UPDATE store SET restored_from = NULL WHERE one = 1")
            }
            let number = try db.shop(shop)
            guard let backupAt = try db.integer("SELECT backup_at FROM shops WHERE id = ?", [number]) else {
                return nil
            }
            if let restoration = try db.restoration(shop: number) { return (restoration, 0) }
            // A clock that stands before the backup is wrong, and moves nothing back.
            let now = max(now, Moment(milliseconds: backupAt))
            let moment = now.milliseconds
            try db.run("UPDATE shops SET restored_at = ? WHERE id = ?", [moment, number])
            try db.run("UPDATE shops SET live_since = ? WHERE id = ? AND live_since < ?", [moment, number, moment])
            try db.run("UPDATE sources SET live_since = ? WHERE shop = ? AND live_since < ?", [moment, number, moment])
            try db.run(
                """
                UPDATE events SET silence = 'before_live' WHERE shop = ? AND silence IS NULL
                    AND id IN (SELECT event_id FROM pending_events WHERE pending_events.shop = ?)
                """, [number, number])
            try db.run("UPDATE rereads SET reread_at = ? WHERE shop = ? AND reread_at > ?", [moment, number, moment])
            var tally = Tally()
            let ready = try db.effects(Query.readyEffects, [number])
            for effect in ready {
                try db.run("DELETE FROM leases WHERE shop = ? AND effect_id = ?", [number, effect.id])
                try db.move(
                    effect, to: DecisionNote(at: now, state: .withdrawn, reason: .restored), shop: number, tally: &tally
                )
            }
            try tally.write(to: db)
            try db.note(now)
            // Mails to the shop itself are no news any more either, and not counted.
            let withdrawn = ready.count { $0.origin != .system }
            return (Restoration(backupAt: Moment(milliseconds: backupAt), restoredAt: now), withdrawn)
        }
    }

    /// Notes that a shop has caught up, if it has: nothing that was open when the backup was put back is still to be
    /// looked at.
    public func endRestoration(shop: String, now: Moment) async throws(StoreFailure) -> Bool {
        try await write { db in
            let number = try db.shop(shop)
            guard let restoration = try db.restoration(shop: number) else { return true }
            let open = try db.integer(
                "SELECT 1 FROM rereads WHERE shop = ? AND reread_at <= ? LIMIT 1",
                [number, restoration.restoredAt.milliseconds])
            guard open == nil else { return false }
            try db.run("UPDATE shops SET backup_at = NULL, restored_at = NULL WHERE id = ?", [number])
            try db.note(now)
            return true
        }
    }
}

extension Query {
    static let readyEffects = """
        SELECT \(Effect.columns) FROM \(Effect.tables) WHERE effects.shop = ? AND effects.state = 'ready'
        """
}

extension Connection {
    /// What a shop is catching up with; nil where it is not, or has not begun.
    func restoration(shop: Int64) throws -> Restoration? {
        try first("SELECT backup_at, restored_at FROM shops WHERE id = ? AND restored_at IS NOT NULL", [shop]) {
            Restoration(backupAt: $0.moment(0), restoredAt: $0.moment(1))
        }
    }
}
