public import Outreach

extension Store {
    /// Whether a route is closed.
    public func channelState(_ route: Route) async throws(StoreFailure) -> ChannelState {
        try await read { db in
            try db.first(
                """
                SELECT closed_until, reason, detail, failures, openings, suspects, limited_until, limited_by FROM channels
                WHERE shop = ? AND channel = ? AND target = ?
                """, [try db.shop(route.shop), route.channel.rawValue, route.target]
            ) { ChannelState($0, from: 0) } ?? ChannelState()
        }
    }

    /// All routes that were ever closed, with their states.
    public func channelStates() async throws(StoreFailure) -> [Route: ChannelState] {
        try await read { db in
            let pairs = try db.all(
                """
                SELECT shops.domain, channels.channel, channels.target, channels.closed_until, channels.reason,
                    channels.detail, channels.failures, channels.openings, channels.suspects,
                    channels.limited_until, channels.limited_by
                FROM channels JOIN shops ON shops.id = channels.shop
                """
            ) { row in
                (
                    Route(shop: row[0], channel: try row.word(1), target: row[2]),
                    ChannelState(row, from: 3)
                )
            }
            return Dictionary(uniqueKeysWithValues: pairs)
        }
    }

    /// Lets a closed route be tried at once, also one that stays closed by itself. False if it is not closed.
    ///
    /// - Parameter audit: what is noted of it, where it was done at the desk.
    public func openChannel(
        _ route: Route, audit: AuditEntry? = nil, now: Moment
    ) async throws(StoreFailure) -> Bool {
        try await write { db in
            let opened = try db.changes(
                """
                UPDATE channels SET closed_until = NULL, changed_at = ?
                WHERE shop = ? AND channel = ? AND target = ? AND closed_until IS NOT NULL
                """,
                [now.milliseconds, try db.shop(route.shop), route.channel.rawValue, route.target])
            if opened > 0, let audit { try db.append(audit, now: now) }
            try db.note(now)
            return opened > 0
        }
    }

    /// Closes a route, or opens it again.
    public func setChannel(_ route: Route, _ state: ChannelState, now: Moment) async throws(StoreFailure) {
        try await write { db in
            try db.put(state, of: route, now: now)
            try db.note(now)
        }
    }
}

extension ChannelState {
    /// Reads its columns, which begin at the given one.
    fileprivate init(_ row: Row, from first: Int) {
        self.init(
            closedUntil: row.optionalMoment(first), reason: row[first + 1], detail: row[first + 2],
            failures: row[first + 3], openings: row[first + 4], suspects: Self.suspects(row[first + 5]))
        limitedUntil = row.optionalMoment(first + 6)
        limitedBy = row[first + 7]
    }

    /// The most suspects that are kept.
    private static let mostSuspects = 256

    fileprivate var suspectsText: String {
        suspects.sorted { $0.key < $1.key }.suffix(Self.mostSuspects).map { "\($0.key):\($0.value)" }
            .joined(separator: " ")
    }

    fileprivate static func suspects(_ text: String) -> [Int64: Int] {
        let pairs = text.split(separator: " ").compactMap { word -> (Int64, Int)? in
            let parts = word.split(separator: ":")
            guard parts.count == 2, let effect = Int64(parts[0]), let openings = Int(parts[1]) else { return nil }
            return (effect, openings)
        }
        return Dictionary(pairs, uniquingKeysWith: { _, last in last })
    }
}

extension Connection {
    /// Closes a route, or opens it again. When it opens, messages that its closing put off are due at once.
    func put(_ state: ChannelState, of route: Route, now: Moment) throws {
        let shop = try shop(route.shop)
        let before = try integer(Query.channelFailures, [shop, route.channel.rawValue, route.target])
        if state.failures == 0, before ?? 0 > 0 {
            try run(
                """
                UPDATE effects SET due_at = ?, version = version + 1
                WHERE shop = ? AND channel = ? AND target = ? AND state = 'ready' AND due_at > ?
                    AND reason = 'unavailable'
                """,
                [now.milliseconds, shop, route.channel.rawValue, route.target, now.milliseconds])
        }
        try run(
            """
            INSERT INTO channels
                (shop, channel, target, closed_until, reason, detail, failures, openings, suspects, changed_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (shop, channel, target) DO UPDATE SET
                closed_until = excluded.closed_until, reason = excluded.reason, detail = excluded.detail,
                failures = excluded.failures, openings = excluded.openings, suspects = excluded.suspects,
                changed_at = excluded.changed_at
            """,
            [
                shop, route.channel.rawValue, route.target, state.closedUntil?.milliseconds,
                state.reason, state.detail, state.failures, state.openings, state.suspectsText, now.milliseconds,
            ])
    }
}

extension Query {
    static let channelFailures = "SELECT failures FROM channels WHERE shop = ? AND channel = ? AND target = ?"
}
