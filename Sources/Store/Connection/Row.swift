internal import GRDBSQLite

/// The current row of an answer. It is read in place and not kept: the next step replaces it.
struct Row {
    /// SQLite's statement, or PostgreSQL's result.
    let statement: OpaquePointer
    /// The row's place in a result; -1 for SQLite.
    var number: Int32 = -1

    private var isSQLite: Bool { number < 0 }

    func isNull(_ column: Int32) -> Bool {
        isSQLite
            ? sqlite3_column_type(statement, column) == SQLITE_NULL : PostgresCell.isNull(statement, number, column)
    }

    func integer(_ column: Int32) -> Int64 {
        isSQLite ? sqlite3_column_int64(statement, column) : PostgresCell.integer(statement, number, column)
    }

    func text(_ column: Int32) -> String {
        guard isSQLite else { return PostgresCell.text(statement, number, column) }
        guard let text = sqlite3_column_text(statement, column) else { return "" }
        let count = Int(sqlite3_column_bytes(statement, column))
        return String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
    }

    func withBytes<Value>(_ column: Int32, _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        guard isSQLite else { return body(PostgresCell.bytes(statement, number, column)) }
        // In this order: asking for the bytes may convert the value, and only then is their count right.
        let start = sqlite3_column_blob(statement, column)
        let count = Int(sqlite3_column_bytes(statement, column))
        return body(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
    }
}
