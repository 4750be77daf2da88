// Who may decide and send on a store at a server, where no file can be locked.
//
// `owners` has one row for the whole store (shop 0). Its holder is a daemon that was given a token, which nobody gets
// twice. Each transaction of the daemon that writes begins by counting `beat` up under its token: that is its right to
// write, the lock between all who write, its sign of life, and the answer to whether a commit arrived whose
// acknowledgement was lost. Commands lock the row and leave it as it is.
//
// The lease ends by the server's clock. A daemon that is not heard of for so long may be replaced; its next transaction
// finds no row of its token, and ends it. A beat below the last one that was acknowledged says that the server lost
// commits, as a failover without synchronous replication may: then the store is treated as a restored backup. What a
// daemon that was replaced had begun to send may still arrive, so its attempts are repeated only
// after their own leases (`recover`), unless it gave the store back itself.

internal import Outreach

/// The statements of ownership.
enum Owners {
    /// How long an owner that is not heard of keeps the store.
    static let leaseMilliseconds: Int64 = 15_000

    /// The server's clock, in milliseconds since 1970.
    static let clock = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"

    /// Made beside `migrations`: SQLite has its lock file instead.
    static let table = """
        CREATE TABLE owners (
            shop BIGINT NOT NULL PRIMARY KEY, owner TEXT COLLATE "C" NOT NULL, token BIGINT NOT NULL,
            beat BIGINT NOT NULL, until BIGINT NOT NULL
        );
        INSERT INTO owners (shop, owner, token, beat, until) VALUES (0, '', 0, 0, 0);
        """

    /// Counts the beat up; fails with a division by zero if the token is not the owner's, or the beat is behind what
    /// was acknowledged.
    static let beat = """
        WITH moved AS (
            UPDATE owners SET beat = beat + 1, until = \(clock) + ?
            WHERE shop = 0 AND token = ? AND beat >= ? RETURNING beat)
        SELECT max(beat), 1 / count(*) FROM moved
        """

    /// Who has the store, and how it goes on.
    struct State: Equatable {
        var owner: String
        var beat: Int64
        /// Whether the lease lasts.
        var isHeld: Bool
    }

    static func state(_ line: PostgresLine) throws -> State {
        var state: State?
        try line.each(
            "SELECT owner, beat, CASE WHEN until >= \(clock) THEN 1 ELSE 0 END FROM owners WHERE shop = 0", []
        ) {
            state = State(owner: $0[0], beat: $0[1], isHeld: $0[2])
        }
        guard let state else { throw StoreFailure.unreadable("no owner's row") }
        return state
    }

    /// Takes the store if nobody has it, or its owner's lease has run out.
    ///
    /// - Returns: the token, and whether the one before gave it back; nil if it is held.
    static func take(_ line: PostgresLine, who: String) throws -> (token: Int64, beat: Int64, wasGivenBack: Bool)? {
        var taken: (token: Int64, beat: Int64, wasGivenBack: Bool)?
        try line.each(
            """
            UPDATE owners SET owner = ?, token = owners.token + 1, beat = owners.beat + 1, until = \(clock) + ?
            FROM (SELECT owner FROM owners WHERE shop = 0 FOR UPDATE) AS earlier
            WHERE owners.shop = 0 AND (owners.owner = '' OR owners.until < \(clock))
            RETURNING owners.token, owners.beat, CASE WHEN earlier.owner = '' THEN 1 ELSE 0 END
            """, [.text(who), .integer(leaseMilliseconds)]
        ) { taken = ($0[0], $0[1], $0[2]) }
        return taken
    }

    /// Gives it back, so that the next daemon need not wait.
    static func giveBack(_ line: PostgresLine, token: Int64) throws {
        _ = try line.changes(
            "UPDATE owners SET owner = '', until = 0, beat = beat + 1 WHERE shop = 0 AND token = ?", [.integer(token)])
    }
}
