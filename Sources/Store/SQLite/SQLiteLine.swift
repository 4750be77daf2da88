internal import FoundationEssentials
internal import GRDB
internal import GRDBSQLite
internal import Outreach

/// SQLite's engine of `Connection`: GRDB opens, pools and prepares, and keeps the prepared statements; values are bound,
/// rows stepped and columns read on SQLite's own statement, which saves a GRDB row and a conversion per value. Nothing
/// above this folder names a GRDB type.
struct SQLiteLine {
    let database: Database
}

extension SQLiteLine {
    /// Runs a statement that returns no rows, and returns how many it changed.
    func changes(_ sql: String, _ values: [SQLValue]) throws -> Int {
        try each(sql, values) { _ in }
        return Int(sqlite3_changes64(database.sqliteConnection))
    }

    /// Visits the rows of a query, holding only one at a time.
    func each(_ sql: String, _ values: [SQLValue], _ body: (Row) throws -> Void) throws {
        let statement = try prepared(sql)
        defer { sqlite3_reset(statement) }
        try bind(values, to: statement)
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

extension SQLiteLine {
    /// True inside a transaction, which SQLite itself ends if the disk is full.
    var isInTransaction: Bool { sqlite3_get_autocommit(database.sqliteConnection) == 0 }

    /// Runs part of a step so that it can be undone alone: it is kept if `body` returns true.
    func inSavepoint(_ body: () throws -> Bool) throws {
        try each("SAVEPOINT step", []) { _ in }
        do {
            if try !body() { try each("ROLLBACK TO step", []) { _ in } }
            try each("RELEASE step", []) { _ in }
        } catch {
            if isInTransaction {
                try? each("ROLLBACK TO step", []) { _ in }
                try? each("RELEASE step", []) { _ in }
            }
            throw error
        }
    }
}
