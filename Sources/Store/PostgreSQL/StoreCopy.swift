internal import Crypto
internal import FoundationEssentials
public import Outreach

/// What was copied.
public struct CopiedStore: Hashable, Sendable {
    public var tables: Int
    public var rows: Int
}

extension Store {
    /// Copies a store in a file into an empty database at a server, checks that every table has the same rows there,
    /// and marks the file, on which no daemon runs from then on. Nothing is changed anywhere if it fails.
    ///
    /// The store must have been opened as `.packing`.
    ///
    /// - Throws: `.notAStore` if the database is not empty, and whatever opening either of them throws.
    public func copy(to place: StorePlace, now: Moment) async throws(StoreFailure) -> CopiedStore {
        guard case .sqlite = engine else {
            throw StoreFailure(.misuse, "Only a store in a file can be copied to a server.")
        }
        return try await write { db in
            do {
                return try StoreCopy(from: db, to: place, now: now).run()
            } catch let fault as PostgresFault {
                throw StoreFailure(fault, path: place.description)
            }
        }
    }
}

/// Copies all tables of one database into another.
private struct StoreCopy {
    private let source: Connection
    private let target: PostgresLine
    private let name: String
    private let now: Moment

    private enum Kind: String {
        case integer = "INTEGER"
        case text = "TEXT"
        case bytes = "BLOB"
    }

    private struct Table {
        var name: String
        var columns: [(name: String, kind: Kind)]

        var list: String { columns.map(\.name).joined(separator: ", ") }
    }

    init(from source: Connection, to place: StorePlace, now: Moment) throws {
        self.now = now
        self.source = source
        name = place.description
        target = PostgresLine(try PostgresSettings(place))
    }

    func run() throws -> CopiedStore {
        try target.connect()
        try PostgresEngine.settle(target, create: true, mayMigrate: true, path: name, now: now)
        // A number of ours means that somebody has worked on it.
        guard try target.value("SELECT count(*) FROM shops") == 0, try Owners.living(target).isEmpty else {
            throw StoreFailure(
                .notAStore, "\(name) has a store already. Copy into an empty database, or drop that one first.")
        }
        let tables = try tables()
        var rows = 0
        do {
            try target.beginWriting(hasSavepoints: false)
            try target.run("DELETE FROM store", [])
            for table in tables {
                let sent = try copy(table)
                let kept = try digest(of: table)
                guard sent == kept else {
                    throw StoreFailure(
                        .broken, "The table '\(table.name)' is not the same at the server. Nothing was copied.")
                }
                rows += sent.rows
            }
            try target.run("UPDATE store SET home = NULL, standing = 'open', moved_to = NULL, moved_at = NULL", [])
            for table in tables { try target.run("ANALYZE \(table.name)", []) }
            try target.commit()
        } catch {
            target.rollback()
            throw error
        }
        try source.run(
            "UPDATE store SET standing = 'moved', moved_to = ?, moved_at = ? WHERE one = 1", [name, now.milliseconds])
        return CopiedStore(tables: tables.count, rows: rows)
    }

    /// In the order in which they were created: each after those that it refers to.
    private func tables() throws -> [Table] {
        let names: [String] = try source.all(
            """
            SELECT name FROM sqlite_schema
            WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'migrations' ORDER BY rowid
            """
        ) { $0[0] }
        return try names.map { name in
            // What is generated is generated there, too.
            let columns = try source.all("SELECT name, type FROM pragma_table_xinfo('\(name)') WHERE hidden = 0") {
                (name: $0[0] as String, kind: try $0.word(1, Kind.self))
            }
            return Table(name: name, columns: columns)
        }
    }

    private func copy(_ table: Table) throws -> Digest {
        let marks = table.columns.map { _ in "?" }.joined(separator: ", ")
        let insert = "INSERT INTO \(table.name) (\(table.list)) VALUES (\(marks))"
        var digest = Digest()
        try source.each("SELECT \(table.list) FROM \(table.name)") { row in
            let values = Self.values(of: row, table)
            digest.add(values)
            try target.run(insert, values)
        }
        return digest
    }

    private func digest(of table: Table) throws -> Digest {
        let cursor = "copied_\(table.name)"
        try target.run("DECLARE \(cursor) CURSOR FOR SELECT \(table.list) FROM \(table.name)", [])
        var digest = Digest()
        while true {
            let before = digest.rows
            try target.each("FETCH 1000 FROM \(cursor)", []) { digest.add(Self.values(of: $0, table)) }
            if digest.rows == before { break }
        }
        try target.run("CLOSE \(cursor)", [])
        return digest
    }

    private static func values(of row: Row, _ table: Table) -> [SQLValue] {
        table.columns.enumerated().map { index, column in
            if row.isNull(Int32(index)) { return .null }
            return switch column.kind {
            case .integer: .integer(row[index])
            // As the server stores it.
            case .text: .text(PostgresText.stored(row[index]))
            case .bytes: .bytes(row[index])
            }
        }
    }

    /// How many rows there are, and the sum of their hashes: the same for the same rows in whatever order.
    private struct Digest: Equatable {
        var rows = 0
        private var sum: [UInt64] = [0, 0, 0, 0]

        mutating func add(_ values: [SQLValue]) {
            var hash = SHA256()
            func part(_ kind: UInt8, _ bytes: [UInt8]) {
                hash.update(data: [kind])
                withUnsafeBytes(of: UInt64(bytes.count).bigEndian) { hash.update(bufferPointer: $0) }
                hash.update(data: bytes)
            }
            for value in values {
                switch value {
                case .null: part(0, [])
                case .integer(let number): part(1, Array(String(number).utf8))
                case .text(let text): part(2, Array(text.utf8))
                case .bytes(let bytes): part(3, bytes)
                case .data(let data): part(3, Array(data))
                }
            }
            let bytes = Array(hash.finalize())
            for index in sum.indices {
                let word = bytes[(index * 8)..<(index * 8 + 8)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                sum[index] &+= word
            }
            rows += 1
        }
    }
}
