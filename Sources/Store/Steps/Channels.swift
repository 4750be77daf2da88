internal import GRDB
public import Outreach

/// A way out of a shop: its mail, or one of its webhooks.
public struct Way: Hashable, Sendable {
    public var shop: String
    public var channel: Channel
    /// The webhook's name; empty for mail.
    public var endpoint: String

    /// The shop's mail.
    public static func mail(shop: String) -> Way { Way(shop: shop, channel: .email, endpoint: "") }

    /// A webhook of the shop, by its name in the configuration.
    public static func webhook(_ name: String, shop: String) -> Way {
        Way(shop: shop, channel: .webhook, endpoint: name)
    }
}

/// Whether a way out is closed for a while.
public struct ChannelState: Hashable, Sendable {
    /// Nothing is attempted before this; nil while it is open.
    public var closedUntil: Moment?
    /// In one word, as the failure that closed it has it.
    public var reason: String?
    /// One sentence for people.
    public var detail: String?
    /// Failures in a row.
    public var failures: Int

    /// Open, until it is told otherwise.
    public init(closedUntil: Moment? = nil, reason: String? = nil, detail: String? = nil, failures: Int = 0) {
        self.closedUntil = closedUntil
        self.reason = reason
        self.detail = detail
        self.failures = failures
    }
}

extension Store {
    /// Whether a way out is closed.
    public func channelState(_ way: Way) async throws(StoreFailure) -> ChannelState {
        try await read { db in
            try db.first(
                """
                SELECT closed_until, reason, detail, failures FROM channels
                WHERE shop = ? AND channel = ? AND endpoint = ?
                """, [try db.shop(way.shop), way.channel.rawValue, way.endpoint]
            ) { ChannelState(closedUntil: $0.optionalMoment(0), reason: $0[1], detail: $0[2], failures: $0[3]) }
                ?? ChannelState()
        }
    }

    /// All ways out that were ever closed, with their states.
    public func channelStates() async throws(StoreFailure) -> [Way: ChannelState] {
        try await read { db in
            let pairs = try db.all(
                """
                SELECT shops.domain, channels.channel, channels.endpoint, channels.closed_until, channels.reason,
                    channels.detail, channels.failures
                FROM channels JOIN shops ON shops.id = channels.shop
                """
            ) { row in
                (
                    Way(shop: row[0], channel: try row.word(1), endpoint: row[2]),
                    ChannelState(
                        closedUntil: row.optionalMoment(3), reason: row[4], detail: row[5], failures: row[6])
                )
            }
            return Dictionary(uniqueKeysWithValues: pairs)
        }
    }

    /// Closes a way out, or opens it again.
    public func setChannel(_ way: Way, _ state: ChannelState, now: Moment) async throws(StoreFailure) {
        try await write { db in
            try db.put(state, of: way, now: now)
            try db.note(now)
        }
    }
}

extension Database {
    /// Closes a way out, or opens it again.
    func put(_ state: ChannelState, of way: Way, now: Moment) throws {
        try run(
            """
            INSERT INTO channels (shop, channel, endpoint, closed_until, reason, detail, failures, changed_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (shop, channel, endpoint) DO UPDATE SET
                closed_until = excluded.closed_until, reason = excluded.reason, detail = excluded.detail,
                failures = excluded.failures, changed_at = excluded.changed_at
            """,
            [
                try shop(way.shop), way.channel.rawValue, way.endpoint, state.closedUntil?.milliseconds,
                state.reason, state.detail, state.failures, now.milliseconds,
            ])
    }
}
