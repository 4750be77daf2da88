/// One frozen step of the schema: its SQL stays as it shipped, names no type of ours, and never changes after a
/// release.
///
/// A change of the schema is a new migration at the end of `all`. A test holds the digest of each, so that an edit to
/// an old one is noticed.
struct Migration: Sendable {
    /// From 1, without gaps. The number of the last one is the version of the schema.
    let number: Int
    /// What it brings, in a few words.
    let name: String
    /// True where it makes a table anew, copies its rows and drops the old one: what SQLite needs for most changes of a
    /// table that is there. Foreign keys are off meanwhile, and checked at its end.
    var rebuildsTables = false
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
}
