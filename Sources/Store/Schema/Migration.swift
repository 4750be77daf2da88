internal import GRDB

/// One frozen step of the schema: its SQL stays as it shipped, names no type of ours, and never changes after a release.
///
/// A change of the schema is a new migration at the end of `all`. A test holds the digest of each, so that an edit to an old one is
/// noticed.
struct Migration: Sendable {
    /// From 1, without gaps. The number of the last one is the version of the schema.
    let number: Int
    /// What it brings, in a few words.
    let name: String
    /// Statements, each ended by a semicolon.
    let sql: String

    /// All of them, oldest first.
    static let all = [first]

    /// The version of the schema that this program speaks.
    static var current: Int { all[all.count - 1].number }

    /// What the header of a store file says it is: "Book", in SQLite's `application_id`.
    static let applicationID: Int64 = 0x426F_6F6B

    /// What it said in builds before the first release, whose stores are not carried over: "Bkbg".
    static let unreleasedID: Int64 = 0x426B_6267

    /// The version of the schema that stands in the file; 0 where there is none yet.
    static func version(of db: Database) throws -> Int {
        guard try db.tableExists("migrations") else { return 0 }
        return try Int.fetchOne(db, sql: "SELECT coalesce(max(number), 0) FROM migrations") ?? 0
    }

    /// Brings the schema up to date, each migration in a transaction of its own.
    static func apply(to db: Database, now milliseconds: Int64) throws {
        for migration in all {
            // The version is read again inside each transaction: of two processes that migrate, the second finds the work done.
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
                try db.execute(
                    sql: "INSERT INTO migrations (number, name, applied_at) VALUES (?, ?, ?)",
                    arguments: [migration.number, migration.name, milliseconds])
                return .commit
            }
        }
    }
}
