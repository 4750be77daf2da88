internal import GRDB
internal import Outreach

/// One connection to the database, for the length of one step: the few ways in which steps run SQL. Statements always
/// stay prepared, and values are always bound.
///
/// There are two engines. SQLite runs a statement at once. PostgreSQL is sent what `run` runs and not waited for:
/// whoever looks at an answer waits for all, and what was refused comes out there, or at the commit. So a step asks for
/// many rows in one query, or about many of them `together`, and never one by one in a loop that is hot.
struct Connection {
    enum Line {
        case sqlite(SQLiteLine)
        case postgres(PostgresLine)
    }

    let line: Line

    init(database: Database) { line = .sqlite(SQLiteLine(database: database)) }

    init(_ line: PostgresLine) { self.line = .postgres(line) }
}

extension Connection {
    /// Runs a statement that returns no rows.
    func run(_ sql: String, _ arguments: SQLArguments = []) throws {
        switch line {
        case .sqlite(let line): try line.each(sql, arguments.values) { _ in }
        case .postgres(let line): try line.run(sql, arguments.values)
        }
    }

    /// Runs a statement that returns no rows, and returns how many it changed.
    func changes(_ sql: String, _ arguments: SQLArguments = []) throws -> Int {
        switch line {
        case .sqlite(let line): try line.changes(sql, arguments.values)
        case .postgres(let line): try line.changes(sql, arguments.values)
        }
    }

    /// Runs a statement with each of many lists of values, and returns how many rows it changed in all.
    func changes(_ sql: String, each lists: [SQLArguments]) throws -> Int {
        switch line {
        case .sqlite(let line): try lists.reduce(0) { try $0 + line.changes(sql, $1.values) }
        case .postgres(let line): try line.changes(sql, lists: lists.map(\.values))
        }
    }

    /// Runs a statement that changes a row in all but rare cases, and returns whether it did. PostgreSQL says so at the
    /// commit, and where it did not the step is run again.
    func changed(_ sql: String, _ arguments: SQLArguments = []) throws -> Bool {
        switch line {
        case .sqlite(let line): try line.changes(sql, arguments.values) > 0
        case .postgres(let line): try line.changed(sql, arguments.values)
        }
    }

    /// What `body` makes of each of many things, in their order. It only reads, and with PostgreSQL all of them ask
    /// before any of them waits; so it is run more than once, and neither catches errors nor changes anything outside.
    func together<Item, Value>(_ items: [Item], _ body: (Item) throws -> Value) throws -> [Value] {
        switch line {
        case .sqlite: try items.map(body)
        case .postgres(let line): try line.together(items, body)
        }
    }

    /// All rows of a query.
    func all<T>(_ sql: String, _ arguments: SQLArguments = [], _ read: (Row) throws -> T) throws -> [T] {
        var values: [T] = []
        try each(sql, arguments) { values.append(try read($0)) }
        return values
    }

    /// The first row of a query.
    func first<T>(_ sql: String, _ arguments: SQLArguments = [], _ read: (Row) throws -> T) throws -> T? {
        var value: T?
        // Run to the end, so that a RETURNING statement completes and no read stays open.
        try each(sql, arguments) { row in
            if value == nil { value = try read(row) }
        }
        return value
    }

    /// Visits the rows of a query. SQLite holds only one at a time.
    func each(_ sql: String, _ arguments: SQLArguments = [], _ body: (Row) throws -> Void) throws {
        switch line {
        case .sqlite(let line): try line.each(sql, arguments.values, body)
        case .postgres(let line): try line.each(sql, arguments.values, body)
        }
    }

    /// True inside a transaction that can go on: SQLite itself ends it if the disk is full, PostgreSQL's is over once a
    /// statement was refused outside of a savepoint.
    var isInTransaction: Bool {
        switch line {
        case .sqlite(let line): line.isInTransaction
        case .postgres(let line): line.isInTransaction
        }
    }

    /// Runs part of a step so that it can be undone alone: it is kept if `body` returns true.
    func inSavepoint(_ body: () throws -> Bool) throws {
        switch line {
        case .sqlite(let line): try line.inSavepoint(body)
        case .postgres(let line): try line.inSavepoint(body)
        }
    }

    /// The size of the database in bytes, without its journal.
    var size: Int64 {
        get throws {
            switch line {
            case .sqlite: try SQLiteEngine.size(of: self)
            case .postgres: try PostgresEngine.size(of: self)
            }
        }
    }
}
