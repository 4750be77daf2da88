internal import FoundationEssentials

/// A value to bind. Both engines know these and no others: a moment is an integer of milliseconds, a Boolean is 0 or 1.
enum SQLValue: Hashable {
    case null
    case integer(Int64)
    case text(String)
    case bytes([UInt8])
    case data(Data)
}

/// The types that steps may bind. `nil` is NULL.
protocol SQLBindable {
    var sqlValue: SQLValue { get }
}

extension Int64: SQLBindable {
    var sqlValue: SQLValue { .integer(self) }
}

extension Int: SQLBindable {
    var sqlValue: SQLValue { .integer(Int64(self)) }
}

extension Bool: SQLBindable {
    var sqlValue: SQLValue { .integer(self ? 1 : 0) }
}

extension String: SQLBindable {
    var sqlValue: SQLValue { .text(self) }
}

extension Data: SQLBindable {
    var sqlValue: SQLValue { .data(self) }
}

extension [UInt8]: SQLBindable {
    var sqlValue: SQLValue { .bytes(self) }
}

/// The values of a statement, one per `?`, written as a list.
struct SQLArguments: ExpressibleByArrayLiteral {
    let values: [SQLValue]

    init(arrayLiteral elements: (any SQLBindable)?...) { self.init(elements) }

    /// For a statement whose number of values varies.
    init(_ elements: [(any SQLBindable)?]) { values = elements.map { $0?.sqlValue ?? .null } }

    private init(_ values: [SQLValue]) { self.values = values }

    static func + (first: SQLArguments, second: SQLArguments) -> SQLArguments {
        SQLArguments(first.values + second.values)
    }
}

/// The types that can be read from a column. NULL reads as 0 or an empty text; if it may occur, read an optional.
protocol SQLReadable {
    static func read(_ row: borrowing Row, _ column: Int32) -> Self
}

extension Optional: SQLReadable where Wrapped: SQLReadable {
    static func read(_ row: borrowing Row, _ column: Int32) -> Self {
        row.isNull(column) ? nil : Wrapped.read(row, column)
    }
}

extension Int64: SQLReadable {
    static func read(_ row: borrowing Row, _ column: Int32) -> Int64 { row.integer(column) }
}

extension Int: SQLReadable {
    static func read(_ row: borrowing Row, _ column: Int32) -> Int { Int(truncatingIfNeeded: row.integer(column)) }
}

extension Bool: SQLReadable {
    static func read(_ row: borrowing Row, _ column: Int32) -> Bool { row.integer(column) != 0 }
}

extension String: SQLReadable {
    static func read(_ row: borrowing Row, _ column: Int32) -> String { row.text(column) }
}

extension Data: SQLReadable {
    static func read(_ row: borrowing Row, _ column: Int32) -> Data { row.withBytes(column) { Data($0) } }
}

extension [UInt8]: SQLReadable {
    static func read(_ row: borrowing Row, _ column: Int32) -> [UInt8] { row.withBytes(column) { [UInt8]($0) } }
}

extension Row {
    /// The value in that column, counted from 0.
    subscript<Value: SQLReadable>(_ column: Int) -> Value { Value.read(self, Int32(column)) }
}
