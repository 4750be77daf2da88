// Who may decide and send on a store at a server, where no file can be locked and several daemons share the shops.
//
// Each daemon that works on the store has a row of `daemons`, under a random token that nobody else ever has. Each of
// its transactions that write begins by counting `beat` up under that token: that is its right to write, the lock
// between it and whoever else writes, its sign of life, and the answer to whether a commit arrived whose
// acknowledgement was lost. `owners` says which daemon serves which shop. So a daemon that lives has all its shops,
// and one that is not heard of for a lease has none: another one deletes its row, takes over its shops, and the next
// transaction of the old one finds no row of its token, which ends it. Between two that live a shop is only handed over
// by the one that has it.
//
// Commands, and the pages of a daemon, write for shops of others, too: they lock the row of every daemon, and leave it
// as it is. `touched` tells the owners that somebody did.
//
// A lease ends by the server's clock. A beat below the last one that was acknowledged says that the server lost
// commits, as a failover without synchronous replication may; so does another timeline than the one under which a
// daemon was last heard of, if it was not replicated synchronously. Then the shops of that daemon are treated as a
// restored backup. What a daemon that was replaced had begun to send may still arrive, so until `others_until` its
// attempts are repeated only after their own leases (`recover`).

internal import Outreach

/// The statements of ownership.
enum Owners {
    /// How long a daemon that is not heard of keeps its shops.
    static let leaseMilliseconds: Int64 = 15_000
    /// How long a daemon that was replaced may still be sending: as long as it leases an attempt.
    static let sendingMilliseconds: Int64 = 15 * 60_000

    /// The server's clock, in milliseconds since 1970.
    static let clock = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"

    /// Whether a commit waits for a standby.
    static let isSynchronous = """
        CASE WHEN current_setting('synchronous_standby_names') <> ''
            AND current_setting('synchronous_commit') NOT IN ('off', 'local') THEN 1 ELSE 0 END
        """

    /// Made beside `migrations`: SQLite has its lock file instead.
    static let table = """
        CREATE TABLE daemons (
            token BIGINT NOT NULL PRIMARY KEY, name TEXT COLLATE "C" NOT NULL, beat BIGINT NOT NULL,
            until BIGINT NOT NULL, last_moment BIGINT NOT NULL, timeline TEXT COLLATE "C" NOT NULL,
            is_synchronous BIGINT NOT NULL
        );
        CREATE TABLE owners (
            shop TEXT COLLATE "C" NOT NULL PRIMARY KEY, token BIGINT NOT NULL, others_until BIGINT NOT NULL,
            touched BIGINT NOT NULL
        );
        """

    /// Counts the beat up; fails with a division by zero if there is no daemon of that token, or its beat is behind
    /// what was acknowledged.
    static let beat = """
        WITH moved AS (
            UPDATE daemons SET beat = beat + 1, until = \(clock) + ?
            WHERE token = ? AND beat >= ? RETURNING beat)
        SELECT max(beat), 1 / count(*) FROM moved
        """

    /// What a transaction begins with that may write for shops of others: it comes between no daemon's steps, nor
    /// another such transaction's. Daemons lock in the same order.
    static let lock = [
        "SELECT token FROM daemons ORDER BY token FOR UPDATE",
        "SELECT one FROM store WHERE one = 1 FOR UPDATE",
        "UPDATE owners SET touched = touched + 1",
    ]

    /// The daemons that are heard of, with the shops of each.
    static func living(_ line: PostgresLine) throws -> [StoreServer.Owner] {
        var owners: [StoreServer.Owner] = []
        try line.each(
            """
            SELECT daemons.token, daemons.name, owners.shop
            FROM daemons LEFT JOIN owners ON owners.token = daemons.token
            WHERE daemons.until >= \(clock) ORDER BY daemons.name, daemons.token, owners.shop
            """, []
        ) { row in
            let token = row[0] as Int64
            if owners.last?.token != token { owners.append(StoreServer.Owner(token: token, name: row[1], shops: [])) }
            if let shop = row[2] as String? { owners[owners.count - 1].shops.append(shop) }
        }
        return owners
    }

    /// Enters a daemon among those that work on the store.
    static func join(_ line: PostgresLine, who: String) throws -> (token: Int64, beat: Int64) {
        let token = Int64.random(in: 1..<(1 << 31))
        _ = try line.changes(
            """
            INSERT INTO daemons (token, name, beat, until, last_moment, timeline, is_synchronous)
            VALUES (?, ?, 1, \(clock) + ?, 0, ?, \(isSynchronous))
            """, [.integer(token), .text(who), .integer(leaseMilliseconds), .text(line.timeline)])
        return (token, 1)
    }

    /// Takes a daemon off the list; its shops are free. To be run in a transaction of its own token.
    static func leave(_ line: PostgresLine, token: Int64) throws {
        try noteMoments(line)
        try line.run("UPDATE owners SET token = 0 WHERE token = ?", [.integer(token)])
        try line.run("DELETE FROM daemons WHERE token = ?", [.integer(token)])
    }

    /// The store's last moment includes those of its daemons.
    private static func noteMoments(_ line: PostgresLine) throws {
        try line.run(
            """
            UPDATE store SET last_moment = noted.last_moment
            FROM (SELECT max(last_moment) AS last_moment FROM daemons) AS noted
            WHERE store.one = 1 AND store.last_moment < noted.last_moment
            """, [])
    }

    /// The daemon's own row says under what it was last heard of.
    static func noteServer(_ line: PostgresLine, token: Int64) throws {
        try line.run(
            "UPDATE daemons SET timeline = ?, is_synchronous = \(isSynchronous) WHERE token = ?",
            [.text(line.timeline), .integer(token)])
    }

    /// Deletes daemons that are not heard of; their shops are free. What their server lost is to be learned in
    /// silence. A row that is locked is looked at the next time.
    static func sweep(_ line: PostgresLine, token: Int64) throws {
        try noteMoments(line)
        try line.run(
            """
            WITH gone AS (
                DELETE FROM daemons WHERE token IN (
                    SELECT token FROM daemons WHERE until < \(clock) AND token <> ? FOR UPDATE SKIP LOCKED)
                RETURNING token, last_moment,
                    CASE WHEN is_synchronous = 0 AND timeline <> CAST(? AS TEXT) AND timeline <> '' THEN 1 ELSE 0 END
                    AS slept),
            freed AS (
                UPDATE owners SET token = 0, others_until = \(clock) + ? FROM gone WHERE owners.token = gone.token
                RETURNING owners.shop, gone.last_moment, gone.slept)
            UPDATE shops SET backup_at = freed.last_moment, restored_at = NULL
            FROM freed WHERE shops.domain = freed.shop AND freed.slept = 1
            """, [.integer(token), .text(line.timeline), .integer(sendingMilliseconds)])
        // Of a daemon that entered in what the server lost there is nothing but its shops, or not even those.
        try line.run(
            """
            WITH freed AS (
                UPDATE owners SET token = 0, others_until = \(clock) + ?
                WHERE token <> 0 AND NOT EXISTS (SELECT 1 FROM daemons WHERE daemons.token = owners.token)
                RETURNING shop)
            UPDATE shops SET backup_at = store.last_moment, restored_at = NULL
            FROM freed, store WHERE shops.domain = freed.shop
            """, [.integer(sendingMilliseconds)])
    }

    /// Takes free shops, as many as are this daemon's share, and tells which it has.
    ///
    /// - Parameter shops: those that it is configured for, sorted.
    static func share(_ line: PostgresLine, token: Int64, shops: [String]) throws -> ShopShare {
        var owners: [String: Int64] = [:]
        try line.each("SELECT shop, token FROM owners", []) { owners[$0[0]] = $0[1] }
        for shop in shops where owners[shop] == nil {
            try line.run(
                "INSERT INTO owners (shop, token, others_until, touched) VALUES (?, 0, 0, 0) ON CONFLICT (shop) DO NOTHING",
                [.text(shop)])
        }
        let living = Int(try line.value("SELECT count(*) FROM daemons WHERE until >= \(clock)") ?? 1)
        let share = (shops.count + living - 1) / max(1, living)
        var mine = shops.filter { owners[$0] == token }
        let free = shops.filter { owners[$0, default: 0] == 0 }
        // Another daemon may take one of them at this moment: whoever comes second has it not.
        try line.each(
            "UPDATE owners SET token = ? WHERE shop = ? AND token = 0 RETURNING shop",
            lists: free.prefix(max(0, share - mine.count)).map { [.integer(token), .text($0)] }
        ) { mine.append($1[0]) }
        mine.sort()
        return ShopShare(shops: mine, surplus: Array(mine.suffix(max(0, mine.count - share))))
    }

    /// Of those shops, the ones whose earlier owner may still be sending.
    static func stillSent(_ line: PostgresLine) throws -> Set<String> {
        var shops: Set<String> = []
        try line.each("SELECT shop FROM owners WHERE others_until > \(clock)", []) { shops.insert($0[0]) }
        return shops
    }

    /// One daemon at a time books calls of a carrier's quota, which all share.
    static func lockWindows(_ line: PostgresLine, of carrier: String) throws {
        try line.run("SELECT seconds FROM carrier_windows WHERE carrier = ? FOR UPDATE", [.text(carrier)])
    }

    /// Records how far a daemon's clock has come.
    static func note(_ line: PostgresLine, token: Int64, now: Moment) throws {
        try line.run(
            "UPDATE daemons SET last_moment = ? WHERE token = ? AND last_moment < ?",
            [.integer(now.milliseconds), .integer(token), .integer(now.milliseconds)])
    }

    /// No daemon's clock has come further than that.
    static func putClockBack(_ line: PostgresLine, to now: Moment) throws {
        try line.run(
            "UPDATE daemons SET last_moment = ? WHERE last_moment > ?",
            [.integer(now.milliseconds), .integer(now.milliseconds)])
    }

    /// The server has lost commits of this daemon: its shops are treated as a restored backup, and it is gone.
    static func noteSlept(_ line: PostgresLine, token: Int64) throws {
        try line.run(
            """
            UPDATE shops SET backup_at = greatest(daemons.last_moment, 0), restored_at = NULL
            FROM owners, daemons WHERE owners.shop = shops.domain AND owners.token = daemons.token AND daemons.token = ?
            """, [.integer(token)])
        try leave(line, token: token)
    }
}
