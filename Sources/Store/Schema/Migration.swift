/// One frozen step of the schema: its SQL stays as it shipped, names none of our types, and never changes after a
/// release.
///
/// To change the schema, add a new migration at the end of `all`. A test holds the digest of each, so that an edit of
/// an old one is noticed.
struct Migration: Sendable {
    /// From 1, without gaps. The number of the last one is the version of the schema.
    let number: Int
    /// What it changes, in a few words.
    let name: String
    /// True if it creates a table again, copies its rows and drops the old one, as SQLite requires for most changes of
    /// an existing table. Foreign keys are off meanwhile, and checked at the end.
    var rebuildsTables = false
    /// Statements, each ended by a semicolon.
    let sql: String

    /// All of them, oldest first.
    static let all = [first]

    /// The schema version of this program.
    static var current: Int { all[all.count - 1].number }

    /// The mark in the header of a store file: "Book", in SQLite's `application_id`.
    static let applicationID: Int64 = 0x426F_6F6B

    /// The mark in builds before the first release, whose stores are not migrated: "Bkbg".
    static let unreleasedID: Int64 = 0x426B_6267
}
