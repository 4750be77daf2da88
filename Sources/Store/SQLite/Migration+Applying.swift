internal import GRDB
internal import Outreach

extension Migration {
    /// The schema version in the file; 0 if there is none yet.
    static func version(of db: Database) throws -> Int {
        guard try db.tableExists("migrations") else { return 0 }
        return try Int.fetchOne(db, sql: "SELECT coalesce(max(number), 0) FROM migrations") ?? 0
    }

    /// Brings the schema up to date, each migration in a transaction of its own.
    ///
    /// A migration that rebuilds tables runs with foreign keys off, which SQLite allows only outside a transaction;
    /// before its commit every row is checked against them
    /// (https://www.sqlite.org/lang_altertable.html#making_other_kinds_of_table_schema_changes).
    static func apply(_ migrations: [Migration], to db: Database, now milliseconds: Int64) throws {
        for migration in migrations {
            if migration.rebuildsTables { try db.execute(sql: "PRAGMA foreign_keys = OFF") }
            defer { if migration.rebuildsTables { try? db.execute(sql: "PRAGMA foreign_keys = ON") } }
            // The version is read again inside each transaction: if two processes migrate, the second finds the work
            // done.
            try db.inTransaction(.immediate) {
                guard try version(of: db) < migration.number else { return .commit }
                if migration.number == 1 {
                    try db.execute(sql: "PRAGMA application_id = \(applicationID)")
                    try db.execute(
                        sql: """
                            CREATE TABLE migrations (
                                number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL
                            ) STRICT
                            """)
                }
                try db.execute(sql: migration.sql)
                if migration.rebuildsTables, let broken = try GRDB.Row.fetchOne(db, sql: "PRAGMA foreign_key_check") {
                    throw StoreFailure(
                        .misuse,
                        "Migration \(migration.number) leaves rows of \(broken[0] as String) with dangling references. This is a bug in bookbag."
                    )
                }
                try db.execute(
                    sql: "INSERT INTO migrations (number, name, applied_at) VALUES (?, ?, ?)",
                    arguments: [migration.number, migration.name, milliseconds])
                return .commit
            }
        }
    }
}
