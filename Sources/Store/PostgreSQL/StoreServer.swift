public import Outreach

/// What `doctor` and `status` tell of the server that has the store.
public struct StoreServer: Hashable, Sendable {
    /// How the server's standbys follow it.
    public enum Replication: String, Hashable, Sendable {
        /// A commit waits for at least one of them.
        case synchronous
        /// None is waited for: a failover may lose the last commits.
        case asynchronous
        /// There is none.
        case none
        /// We may not see it.
        case unknown
    }

    /// Its version: 15.18.
    public var version: String
    /// Whether it takes writes.
    public var isPrimary: Bool
    public var replication: Replication
    /// How many standbys are connected.
    public var standbys: Int
    /// How far the one that is furthest behind has come, in bytes of the journal; nil where there is none.
    public var lag: Int?
    /// How far its clock is ahead of ours.
    public var clockDifference: Duration
    /// A daemon that works on the store, and the shops that it serves.
    public struct Owner: Hashable, Sendable {
        var token: Int64
        public var name: String
        public var shops: [String]

        package init(token: Int64, name: String, shops: [String]) {
            self.token = token
            self.name = name
            self.shops = shops
        }
    }
    /// The daemons that work on the store, sorted by name.
    public var owners: [Owner]

    package init(
        version: String, isPrimary: Bool, replication: Replication, standbys: Int, lag: Int?,
        clockDifference: Duration, owners: [Owner]
    ) {
        self.version = version
        self.isPrimary = isPrimary
        self.replication = replication
        self.standbys = standbys
        self.lag = lag
        self.clockDifference = clockDifference
        self.owners = owners
    }

    /// All of it in one line, for people.
    public var words: String {
        var parts = [serverWords]
        if owners.isEmpty { parts.append("served by nobody") }
        for owner in owners {
            parts.append("\(owner.name) serves \(owner.shops.count) shop\(owner.shops.count == 1 ? "" : "s")")
        }
        return parts.joined(separator: ", ")
    }

    /// The server itself in one line, for people.
    public var serverWords: String {
        var parts = ["PostgreSQL \(version)", isPrimary ? "primary" : "standby"]
        switch replication {
        case .synchronous: parts.append("\(standbys) standby\(standbys == 1 ? "" : "s"), synchronous")
        case .asynchronous: parts.append("\(standbys) standby\(standbys == 1 ? "" : "s"), asynchronous")
        case .none: parts.append("no standby")
        case .unknown: parts.append("replication cannot be seen")
        }
        if let lag { parts.append("\(lag) bytes behind at most") }
        return parts.joined(separator: ", ")
    }
}

extension Store {
    /// About the server that has the store; nil for a file.
    public func server(now: Moment) async throws(StoreFailure) -> StoreServer? {
        guard case .postgres = engine else { return nil }
        return try await read { db in
            guard case .postgres(let line) = db.line else { return nil }
            let row: (String, Bool, String, Int64)? = try db.first(
                """
                SELECT current_setting('server_version'), pg_is_in_recovery(),
                    current_setting('synchronous_standby_names'), \(Owners.clock)
                """
            ) { ($0[0], $0[1], $0[2], $0[3]) }
            // A user without pg_monitor sees the rows, and nothing in them.
            let standbys: [(state: String?, lag: Int?)] = try db.all(
                """
                SELECT sync_state, CAST(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) AS BIGINT)
                FROM pg_stat_replication
                """
            ) { ($0[0], $0[1]) }
            let owners = try Owners.living(line)
            guard let row else { throw StoreFailure.unreadable("no settings") }
            let replication: StoreServer.Replication =
                if standbys.isEmpty {
                    .none
                } else if standbys.contains(where: { $0.state == "sync" || $0.state == "quorum" }) {
                    .synchronous
                } else if standbys.contains(where: { $0.state == nil }) {
                    row.2.isEmpty ? .unknown : .synchronous
                } else {
                    .asynchronous
                }
            return StoreServer(
                version: String(row.0.prefix { $0 != " " }), isPrimary: !row.1, replication: replication,
                standbys: standbys.count, lag: standbys.compactMap(\.lag).max(),
                clockDifference: .milliseconds(row.3 - now.milliseconds),
                owners: owners)
        }
    }
}
