// A restored backup is a store that slept. The daemon that kept running after the backup may have sent the messages it
// holds as unsent, and told later events; nothing here can know. Telling somebody twice is worse than leaving a few
// messages to the operator, so the gap is learned in silence:
//
//   1. ready messages are withdrawn but keep their bytes (`outbox retry` still sends one), and so is each wait that
//      ended in the gap;
//   2. everything after the restore is news, and nothing before it: `live_since` moves there, for the shop and each of
//      its sources;
//   3. everything open is read again at once, and until then an event without a time of its own counts as old.
//
// Opening the store copies the backup's mark to each shop, and the mark is removed once that shop has caught up. So it
// does not matter when the daemon dies in between, and a shop that is served again only next week does the same then.

public import Outreach

/// Says that a shop's rows come from a backup, and that everything since is still being learned.
public struct Restoration: Hashable, Sendable {
    /// When the backup was made.
    public var backupAt: Moment
    /// When it was restored: everything later is news.
    public var restoredAt: Moment
}

extension Store {
    /// Begins to catch up on everything since the backup that a shop's rows come from: once, however often it is
    /// called. Nil if the rows come from no backup, or the shop has caught up.
    ///
    /// Ready messages are withdrawn, events without a decision become silent, and everything open is due to be read
    /// now.
    ///
    /// - Returns: the state, with the number of messages withdrawn by this call.
    public func beginRestoration(
        shop: String, now: Moment
    ) async throws(StoreFailure) -> (restoration: Restoration, withdrawn: Int)? {
        try await write { db in
            // A backup of a store that had not caught up starts over.
            if let madeAt = try db.integer("SELECT restored_from FROM store WHERE one = 1") {
                try db.run("UPDATE shops SET backup_at = ?, restored_at = NULL", [madeAt])
                try db.run("UPDATE store SET restored_from = NULL WHERE one = 1")
            }
            let number = try db.shop(shop)
            guard let backupAt = try db.integer("SELECT backup_at FROM shops WHERE id = ?", [number]) else {
                return nil
            }
            if let restoration = try db.restoration(shop: number) { return (restoration, 0) }
            // A clock earlier than the backup is wrong, and moves nothing back.
            let now = max(now, Moment(milliseconds: backupAt))
            let moment = now.milliseconds
            try db.run("UPDATE shops SET restored_at = ? WHERE id = ?", [moment, number])
            try db.run("UPDATE shops SET live_since = ? WHERE id = ? AND live_since < ?", [moment, number, moment])
            try db.run("UPDATE sources SET live_since = ? WHERE shop = ? AND live_since < ?", [moment, number, moment])
            var tally = Tally()
            // They are no news, and count as such no more.
            let old = try db.all(Query.pendingNews, [number]) { row in
                (
                    kind: try row.word(0, EventKind.self), at: row.moment(1), reason: row[2] as String?,
                    figure: row[3] as String?
                )
            }
            for event in old {
                let delay = event.reason.map { reason in
                    let stem = Tally.delayFigure(reason: reason, carrier: "")
                    return (carrier: event.figure.map { String($0.dropFirst(stem.count)) } ?? "", reason: reason)
                }
                tally.happened(event.kind, at: event.at, delay: delay, -1, shop: number)
            }
            try db.run(
                """
                UPDATE events SET silence = 'before_live', figure = NULL WHERE shop = ? AND silence IS NULL
                    AND id IN (SELECT event_id FROM pending_events WHERE pending_events.shop = ?)
                """, [number, number])
            try db.run("UPDATE rereads SET reread_at = ? WHERE shop = ? AND reread_at > ?", [moment, number, moment])
            // What was given since the backup is not known, so nothing more is until a person says so.
            if try db.integer(Query.anyShopEffect, [number]) != nil { try db.closeBudgets(shop: number, now: now) }
            let ready = try db.effects(Query.readyEffects, [number])
            for effect in ready {
                try db.run("DELETE FROM leases WHERE shop = ? AND effect_id = ?", [number, effect.id])
                try db.move(
                    effect, to: DecisionNote(at: now, state: .withdrawn, reason: .restored), shop: number, tally: &tally
                )
            }
            try tally.write(to: db)
            try db.note(now)
            // Mails to the shop itself are old news too, and not counted.
            let withdrawn = ready.count { $0.origin != .system }
            return (Restoration(backupAt: Moment(milliseconds: backupAt), restoredAt: now), withdrawn)
        }
    }

    /// Marks a shop as caught up if it is: everything that was open when the backup was restored has been read.
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
    static let anyShopEffect = "SELECT 1 FROM effects WHERE shop = ? AND channel = 'shop' LIMIT 1"
    static let readyEffects = """
        SELECT \(Effect.columns) FROM \(Effect.tables) WHERE effects.shop = ? AND effects.state = 'ready'
        """
}

extension Connection {
    /// What a shop is catching up on; nil if it is not, or has not begun.
    func restoration(shop: Int64) throws -> Restoration? {
        try first("SELECT backup_at, restored_at FROM shops WHERE id = ? AND restored_at IS NOT NULL", [shop]) {
            Restoration(backupAt: $0.moment(0), restoredAt: $0.moment(1))
        }
    }
}

extension Query {
    static let pendingNews = """
        SELECT events.kind, events.happened_at, events.delay_reason, events.figure
        FROM pending_events JOIN events ON events.shop = pending_events.shop AND events.id = pending_events.event_id
        WHERE pending_events.shop = ? AND events.silence IS NULL
        """
}
