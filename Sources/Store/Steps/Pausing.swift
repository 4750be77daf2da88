internal import FoundationEssentials
public import Outreach
internal import Platform

// Pauses are kept with the shop's other small facts, so they outlive a restart, and whoever pauses, the desk or a
// command, writes the same rows. What a pause holds are effects with its reason; they are asked for by that alone.

extension Store {
    /// What is paused in a shop, with pauses that ended by themselves and were not cleared away yet.
    public func pauses(shop: String) async throws(StoreFailure) -> Pauses {
        try await read { db in try db.pauses(shop: try db.shop(shop)) }
    }

    /// Pauses something, in the place of an earlier pause of the same kind. What that one holds is held by this one.
    public func pause(_ pause: Pause, shop: String, audit: AuditEntry, now: Moment) async throws(StoreFailure) {
        defer { changes.call() }
        try await write { db in
            let number = try db.shop(shop)
            var pauses = try db.pauses(shop: number)
            pauses[pause.kind] = pause
            try db.keep(pauses, shop: number, now: now)
            try db.judge(heldBy: pause.kind, at: pause.end(at: now) ?? now, shop: number)
            try db.append(audit, now: now)
            try db.note(now)
        }
    }

    /// Ends a pause: what it holds is judged again at once, and goes as far as it is still news.
    ///
    /// - Returns: how many messages it held; nil, and nothing is written, where nothing of that kind is paused.
    @discardableResult
    public func resume(
        _ kind: PauseKind, shop: String, audit: AuditEntry, now: Moment
    ) async throws(StoreFailure) -> Int? {
        defer { changes.call() }
        return try await write { db in
            let number = try db.shop(shop)
            var pauses = try db.pauses(shop: number)
            guard pauses[kind] != nil else { return nil }
            pauses[kind] = nil
            try db.keep(pauses, shop: number, now: now)
            let held = try db.judge(heldBy: kind, at: now, shop: number)
            try db.append(audit, now: now)
            try db.note(now)
            return held
        }
    }

    /// Clears away the pauses that ended by themselves, and returns those that are left.
    public func clearPauses(shop: String, now: Moment) async throws(StoreFailure) -> Pauses {
        defer { changes.call() }
        return try await write { db in
            let number = try db.shop(shop)
            var pauses = try db.pauses(shop: number)
            let over = pauses.over(at: now)
            for pause in over {
                pauses[pause.kind] = nil
                try db.judge(heldBy: pause.kind, at: now, shop: number)
            }
            if !over.isEmpty {
                try db.keep(pauses, shop: number, now: now)
                try db.note(now)
            }
            return pauses
        }
    }
}

extension Connection {
    fileprivate func pauses(shop: Int64) throws -> Pauses {
        let text = try first(
            "SELECT value FROM remembered WHERE shop = ? AND name = ?", [shop, RememberedName.pauses.rawValue]
        ) { $0[0] as String }
        return text.flatMap(Pauses.init(rememberedText:)) ?? Pauses()
    }

    fileprivate func keep(_ pauses: Pauses, shop: Int64, now: Moment) throws {
        guard !pauses.isEmpty else {
            try run("DELETE FROM remembered WHERE shop = ? AND name = ?", [shop, RememberedName.pauses.rawValue])
            return
        }
        try run(
            Query.remember,
            [shop, RememberedName.pauses.rawValue, pauses.rememberedText, now.milliseconds])
    }

    /// Has the budgets of the running periods count as used up until somebody opens them.
    func closeBudgets(shop: Int64, now: Moment) throws {
        var pauses = try pauses(shop: shop)
        pauses[.budgets] = Pause(.budgets, since: now, by: "restore")
        try keep(pauses, shop: shop, now: now)
    }

    /// Has what a pause holds judged at that moment. What was ready when it was held is due again then.
    @discardableResult
    fileprivate func judge(heldBy kind: PauseKind, at moment: Moment, shop: Int64) throws -> Int {
        try changes(
            """
            UPDATE effects SET due_at = ?, version = version + 1
            WHERE shop = ? AND state IN ('waiting', 'ready') AND reason = ? AND due_at <> ?
            """, [moment.milliseconds, shop, kind.reason.rawValue, moment.milliseconds])
    }
}
