// Our clock once ran ahead, and is right again. What was written meanwhile bears times that have not come yet, and what
// was to happen a while later is to happen a while after these: for as long as the clock was ahead, nobody would be
// asked, judged or sent to.
//
// Nothing tells such a time from one that is meant to lie ahead. So all that waits is due at once, and whoever waited
// finds out anew how long: time is let pass for every open order (`orders.next_moment`), which also says when its
// parcels are asked about; waiting effects are judged again, as after an edit of the files; what was put off is tried.
// What says when something happened is put to the present where it lies after it, for it cannot have been later, and
// waits and limits are reckoned from it. What was decided stays decided.

public import Outreach

extension Store {
    /// Puts the last written moment back to `now`, where it lies after it: our clock once ran ahead, and is right
    /// again. What waits is due at once, a parcel's next question within two days; what quotas and leases hold back,
    /// within their own length. It walks through whole tables, which is for once in a store's life.
    ///
    /// - Returns: the moment that was put back; nil where it does not lie after `now`.
    public func putClockBack(to now: Moment) async throws(StoreFailure) -> Moment? {
        let records = self.records
        let before: Moment? = try await write { db in
            let last = Moment(milliseconds: try db.integer("SELECT \(Dialect.lastMoment)") ?? 0)
            guard last > now else { return nil }
            try db.run("UPDATE store SET last_moment = ? WHERE one = 1", [now.milliseconds])
            if case .postgres(let line) = db.line {
                try Owners.putClockBack(line, to: now)
            }
            for (shop, _) in try db.shops() { try db.bringBack(shop: shop, to: now) }
            try db.bringCarriersBack(to: now)
            try db.run(
                "UPDATE limits SET ends_at = ? WHERE ends_at > ?",
                [(now + Store.longestLimit).milliseconds, (now + Store.longestLimit).milliseconds])
            return last
        }
        if before != nil { records.clear() }
        return before
    }

    /// The longest that a parcel waits for its next question (`AskingSchedule`), and the longest lease.
    fileprivate static let longestAsk = Duration.days(2)
    fileprivate static let longestLease = Duration.hours(1)
    /// The longest window of a limit on what strangers do.
    fileprivate static let longestLimit = Duration.days(1)
}

extension Connection {
    /// Brings what lies after `now` back to it.
    fileprivate func bringBack(shop: Int64, to now: Moment) throws {
        let moment = now.milliseconds
        // Since when things are news.
        try run("UPDATE shops SET live_since = ? WHERE id = ? AND live_since > ?", [moment, shop, moment])
        try run("UPDATE shops SET restored_at = ? WHERE id = ? AND restored_at > ?", [moment, shop, moment])
        try run("UPDATE sources SET live_since = ? WHERE shop = ? AND live_since > ?", [moment, shop, moment])
        try run("UPDATE triggers SET since = ? WHERE shop = ? AND since > ?", [moment, shop, moment])
        try run(
            """
            UPDATE remembered SET value = ?, noted_at = ?
            WHERE shop = ? AND name = ? AND noted_at > ?
            """, [now.iso8601, moment, shop, RememberedName.brakeReleased.rawValue, moment])
        // When things happened. What was thought of them before is void.
        try run(
            """
            UPDATE aggregates SET version = version + 1 WHERE shop = ? AND id IN (
                SELECT aggregate_id FROM events WHERE shop = ? AND (happened_at > ? OR recorded_at > ?))
            """, [shop, shop, moment, moment])
        try run("UPDATE events SET happened_at = ? WHERE shop = ? AND happened_at > ?", [moment, shop, moment])
        try run("UPDATE events SET recorded_at = ? WHERE shop = ? AND recorded_at > ?", [moment, shop, moment])
        try run("UPDATE effects SET created_at = ? WHERE shop = ? AND created_at > ?", [moment, shop, moment])
        try run("UPDATE effects SET decided_at = ? WHERE shop = ? AND decided_at > ?", [moment, shop, moment])
        try run("UPDATE effects SET counted_at = ? WHERE shop = ? AND counted_at > ?", [moment, shop, moment])
        try run("UPDATE effects SET sent_at = ? WHERE shop = ? AND sent_at > ?", [moment, shop, moment])
        try bringConversationsBack(shop: shop, to: moment)
        for column in ["asked_at", "given_at", "posted_at"] {
            try run("UPDATE ratings SET \(column) = ? WHERE shop = ? AND \(column) > ?", [moment, shop, moment])
        }
        for column in ["seen_at", "mailed_at"] {
            try run("UPDATE chats SET \(column) = ? WHERE shop = ? AND \(column) > ?", [moment, shop, moment])
        }
        // Whoever has a chat or a code asks for another.
        let chatEnd = (now + ChatRules.life).milliseconds
        try run("UPDATE chats SET ends_at = ? WHERE shop = ? AND ends_at > ?", [chatEnd, shop, chatEnd])
        try run("UPDATE chats SET code_ends_at = ? WHERE shop = ? AND code_ends_at > ?", [moment, shop, moment])
        try run("UPDATE untold_acts SET next_at = ? WHERE shop = ? AND next_at > ?", [moment, shop, moment])
        for column in ["code_ends_at", "pass_ends_at"] {
            try run("UPDATE page_codes SET \(column) = ? WHERE shop = ? AND \(column) > ?", [moment, shop, moment])
        }
        for column in ["decided_at", "contacted_at"] {
            try run("UPDATE trials SET \(column) = ? WHERE shop = ? AND \(column) > ?", [moment, shop, moment])
        }
        for column in ["noted_at", "judged_at"] {
            try run("UPDATE answers SET \(column) = ? WHERE shop = ? AND \(column) > ?", [moment, shop, moment])
        }
        for column in ["booked_at", "freed_at", "redeemed_at"] {
            try run("UPDATE bookings SET \(column) = ? WHERE shop = ? AND \(column) > ?", [moment, shop, moment])
        }
        try bringTalliesBack(shop: shop, to: now)
        // What waits.
        try run(
            "UPDATE to_read SET retry_at = ? WHERE shop = ? AND retry_at IS NOT NULL AND retry_at > ?",
            [moment, shop, moment])
        try run("UPDATE orders SET next_moment = ? WHERE shop = ? AND next_moment > ?", [moment, shop, moment])
        try run("UPDATE rereads SET reread_at = ? WHERE shop = ? AND reread_at > ?", [moment, shop, moment])
        try judgeAgain(shop: shop, now: now)
        try run(
            "UPDATE effects SET due_at = ?, version = version + 1 WHERE shop = ? AND state = 'ready' AND due_at > ?",
            [moment, shop, moment])
        let leaseEnd = (now + Store.longestLease).milliseconds
        try run("UPDATE leases SET lease_until = ? WHERE shop = ? AND lease_until > ?", [leaseEnd, shop, leaseEnd])
        try run("UPDATE channels SET closed_until = ? WHERE shop = ? AND closed_until > ?", [moment, shop, moment])
        let ask = (now + Store.longestAsk).milliseconds
        try run("UPDATE parcels SET ask_at = ? WHERE shop = ? AND ask_at > ?", [ask, shop, ask])
    }

    /// The same of conversations. What somebody put away stays so: that time was meant to lie ahead.
    private func bringConversationsBack(shop: Int64, to moment: Int64) throws {
        try run(
            """
            UPDATE aggregates SET version = version + 1 WHERE shop = ? AND id IN (
                SELECT id FROM conversations WHERE shop = ? AND (last_at > ? OR decide_by > ?))
            """, [shop, shop, moment, moment])
        for column in ["opened_at", "waits_since", "decide_by", "closed_at", "last_at", "last_incoming_at"] {
            try run(
                "UPDATE conversations SET \(column) = ? WHERE shop = ? AND \(column) > ?", [moment, shop, moment])
        }
        try run("DELETE FROM presence WHERE shop = ? AND seen_at > ?", [shop, moment])
        try run(
            "UPDATE conversation_messages SET said_at = ? WHERE shop = ? AND said_at > ?", [moment, shop, moment])
        for column in ["said_at", "judged_at"] {
            try run("UPDATE past_answers SET \(column) = ? WHERE shop = ? AND \(column) > ?", [moment, shop, moment])
        }
    }

    /// The same of carriers, which are all shops' own. A quota is free again within its own window, and no sooner, for
    /// what was spent of it may have been spent just now.
    fileprivate func bringCarriersBack(to now: Moment) throws {
        let moment = now.milliseconds
        try run("UPDATE carriers SET closed_until = ? WHERE closed_until > ?", [moment, moment])
        try run(
            "UPDATE carrier_windows SET free_at = ? + seconds * 1000 WHERE free_at > ? + seconds * 1000",
            [moment, moment])
    }
}
