internal import FoundationEssentials
internal import GRDB
internal import Outreach

/// The few ways in which steps speak SQL: always through statements that stay prepared, always with bound values.
extension Database {
    /// Runs a statement that gives no rows.
    func run(_ sql: String, _ arguments: StatementArguments = []) throws {
        let statement = try cachedStatement(sql: sql)
        statement.setUncheckedArguments(arguments)
        try statement.execute()
    }

    /// Runs a statement that gives no rows, and says whether it changed any.
    func changes(_ sql: String, _ arguments: StatementArguments = []) throws -> Int {
        try run(sql, arguments)
        return changesCount
    }

    /// All rows of a query. `read` must not run the same query again.
    func all<T>(_ sql: String, _ arguments: StatementArguments = [], _ read: (Row) throws -> T) throws -> [T] {
        let statement = try cachedStatement(sql: sql)
        statement.setUncheckedArguments(arguments)
        let rows = try Row.fetchCursor(statement)
        var values: [T] = []
        while let row = try rows.next() { values.append(try read(row)) }
        return values
    }

    /// The first row of a query.
    func first<T>(_ sql: String, _ arguments: StatementArguments = [], _ read: (Row) throws -> T) throws -> T? {
        let statement = try cachedStatement(sql: sql)
        statement.setUncheckedArguments(arguments)
        let rows = try Row.fetchCursor(statement)
        let value = try rows.next().map(read)
        // Run to its end, so that a RETURNING statement is finished and no read stays open.
        while try rows.next() != nil {}
        return value
    }

    /// The one integer of a query; nil where there is no row or it is NULL.
    func integer(_ sql: String, _ arguments: StatementArguments = []) throws -> Int64? {
        try first(sql, arguments) { row -> Int64? in row[0] } ?? nil
    }
}

extension Row {
    /// The moment in that column.
    func moment(_ index: Int) -> Moment { Moment(milliseconds: self[index]) }

    /// The moment in that column, or nil.
    func optionalMoment(_ index: Int) -> Moment? { (self[index] as Int64?).map { Moment(milliseconds: $0) } }

    /// The word in that column as a case of ours. An unknown one means that the file is damaged.
    func word<Word: RawRepresentable>(_ index: Int, _: Word.Type = Word.self) throws -> Word
    where Word.RawValue == String {
        guard let word = Word(rawValue: self[index]) else { throw StoreFailure.unreadable("a word") }
        return word
    }

    /// The word in that column, or nil.
    func optionalWord<Word: RawRepresentable>(_ index: Int, _: Word.Type = Word.self) throws -> Word?
    where Word.RawValue == String {
        guard let text = self[index] as String? else { return nil }
        guard let word = Word(rawValue: text) else { throw StoreFailure.unreadable("a word") }
        return word
    }
}

extension StoreFailure {
    /// A row that this program could not have written.
    static func unreadable(_ what: String) -> StoreFailure {
        StoreFailure(
            .corrupt, "The store holds \(what) that cannot be read. Stop bookbag and put the last backup in its place.")
    }
}

/// The numbers of shops, looked up once in a step.
struct ShopNumbers {
    private var numbers: [String: Int64] = [:]

    /// The number of the shop; throws `.unknownShop` where it was never opened.
    mutating func number(_ domain: String, in db: Database) throws -> Int64 {
        if let number = numbers[domain] { return number }
        let number = try db.shop(domain)
        numbers[domain] = number
        return number
    }
}

extension Database {
    /// The number of the shop; throws `.unknownShop` where it was never opened.
    func shop(_ domain: String) throws -> Int64 {
        guard let number = try integer("SELECT id FROM shops WHERE domain = ?", [domain]) else {
            throw StoreFailure(
                .unknownShop, "The store knows no shop \(domain). It is made known when bookbag run first serves it.")
        }
        return number
    }

    /// Runs one part of a step under a savepoint of its own, and returns why it is not possible where it is not: then that part alone is undone. What
    /// is wrong with the file or the disk is thrown.
    func isolated(path: String, _ body: () throws -> TransactionCompletion) throws -> StoreFailure? {
        do {
            try inSavepoint(body)
            return nil
        } catch {
            let failure = StoreFailure(error, path: path)
            guard failure.cause == .misuse, isInsideTransaction else { throw error }
            return failure
        }
    }

    /// Takes the journal into the file and empties it; false where a reader stood in the way.
    func emptyJournal() throws -> Bool {
        let busy = try Int.fetchOne(self, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        return busy == 0
    }

    /// Notes how far our clock has come.
    func note(_ now: Moment) throws {
        try run(
            "UPDATE store SET last_moment = ? WHERE one = 1 AND last_moment < ?", [now.milliseconds, now.milliseconds])
    }
}
