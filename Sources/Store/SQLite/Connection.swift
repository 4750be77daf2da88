internal import FoundationEssentials
internal import GRDB
internal import GRDBSQLite
internal import Outreach

/// One connection to the database, for the length of one step: the few ways in which steps run SQL. Statements always
/// stay prepared, and values are always bound.
///
/// This is SQLite's engine: GRDB opens, pools and prepares, and keeps the prepared statements; values are bound, rows
/// stepped and columns read on SQLite's own statement, which saves a GRDB row and a conversion per value. Nothing above
/// this folder names a GRDB type.
struct Connection {
    let database: Database
}

extension Connection {
    /// Runs a statement that returns no rows.
    func run(_ sql: String, _ arguments: SQLArguments = []) throws {
        try each(sql, arguments) { _ in }
    }

    /// Runs a statement that returns no rows, and returns how many it changed.
    func changes(_ sql: String, _ arguments: SQLArguments = []) throws -> Int {
        try run(sql, arguments)
        return Int(sqlite3_changes64(database.sqliteConnection))
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

    /// Visits the rows of a query, holding only one at a time.
    func each(_ sql: String, _ arguments: SQLArguments = [], _ body: (Row) throws -> Void) throws {
        let statement = try prepared(sql)
        defer { sqlite3_reset(statement) }
        try bind(arguments.values, to: statement)
        let row = Row(statement: statement)
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: try body(row)
            case SQLITE_DONE: return
            default: throw failure()
            }
        }
    }

    /// A statement ready to run. If it is already running, because the reader of its rows runs it again, it is prepared
    /// a second time.
    private func prepared(_ sql: String) throws -> OpaquePointer {
        let statement = try database.cachedStatement(sql: sql).sqliteStatement
        if sqlite3_stmt_busy(statement) == 0 { return statement }
        throw StoreFailure(
            .misuse, "A statement was run again while its rows were read. This is a bug in bookbag.")
    }

    private func bind(_ values: [SQLValue], to statement: OpaquePointer) throws {
        guard sqlite3_bind_parameter_count(statement) == values.count else {
            throw StoreFailure(
                .misuse, "A statement was given another number of values than it has. This is a bug in bookbag.")
        }
        for (index, value) in values.enumerated() {
            let place = Int32(index + 1)
            let code =
                switch value {
                case .null: sqlite3_bind_null(statement, place)
                case .integer(let number): sqlite3_bind_int64(statement, place, number)
                case .text(let text): bind(text, to: statement, at: place)
                case .bytes(let bytes): bytes.withUnsafeBytes { bind($0, to: statement, at: place) }
                case .data(let data): data.withUnsafeBytes { bind($0, to: statement, at: place) }
                }
            guard code == SQLITE_OK else { throw failure() }
        }
    }

    private func bind(_ text: String, to statement: OpaquePointer, at place: Int32) -> Int32 {
        // A null pointer would bind NULL.
        if text.isEmpty { return sqlite3_bind_text(statement, place, "", 0, Self.copied) }
        var text = text
        return text.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) {
                sqlite3_bind_text(statement, place, $0.baseAddress, Int32($0.count), Self.copied)
            }
        }
    }

    private func bind(_ bytes: UnsafeRawBufferPointer, to statement: OpaquePointer, at place: Int32) -> Int32 {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return sqlite3_bind_zeroblob(statement, place, 0) }
        return sqlite3_bind_blob64(statement, place, start, UInt64(bytes.count), Self.copied)
    }

    /// SQLite's way to say "make a copy": a pointer of -1 (sqlite3.h, SQLITE_TRANSIENT), which Swift cannot import.
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    /// SQLite's error for the last call, as GRDB would report it.
    private func failure() -> DatabaseError {
        DatabaseError(
            resultCode: ResultCode(rawValue: sqlite3_extended_errcode(database.sqliteConnection)),
            message: String(cString: sqlite3_errmsg(database.sqliteConnection)))
    }
}

extension Connection {
    /// True inside a transaction, which SQLite itself ends if the disk is full.
    var isInTransaction: Bool { sqlite3_get_autocommit(database.sqliteConnection) == 0 }

    /// Runs part of a step so that it can be undone alone: it is kept if `body` returns true.
    func inSavepoint(_ body: () throws -> Bool) throws {
        try run("SAVEPOINT step")
        do {
            if try !body() { try run("ROLLBACK TO step") }
            try run("RELEASE step")
        } catch {
            if isInTransaction {
                try? run("ROLLBACK TO step")
                try? run("RELEASE step")
            }
            throw error
        }
    }
}
