internal import FoundationEssentials
internal import Outreach

/// The database under a store.
enum StoreEngine: Sendable {
    case sqlite(SQLiteEngine)
    case postgres(PostgresEngine)

    /// The file, or the server and its database, for people.
    var path: String {
        switch self {
        case .sqlite(let engine): engine.path
        case .postgres(let engine): engine.path
        }
    }

    /// The store's own secret, for keyed hashes.
    var secret: Data {
        switch self {
        case .sqlite(let engine): engine.secret
        case .postgres(let engine): engine.secret
        }
    }

    /// The secrets of links when the store was opened.
    var linkSecrets: SQLiteEngine.LinkSecrets {
        switch self {
        case .sqlite(let engine): engine.linkSecrets
        case .postgres(let engine): engine.linkSecrets
        }
    }

    /// Passes the one writing connection to `body`, in its turn, outside any transaction.
    func write(_ body: @escaping @Sendable (WritingConnection) -> Void) {
        switch self {
        case .sqlite(let engine): engine.write(body)
        case .postgres(let engine): engine.write(body)
        }
    }

    /// Passes a read-only connection to `body`, on one snapshot of the database.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Connection) throws -> Value) async throws -> Value {
        switch self {
        case .sqlite(let engine): try await engine.read(body)
        case .postgres(let engine): try await engine.read(body)
        }
    }

    /// Closes it after what is queued.
    func close() throws {
        switch self {
        case .sqlite(let engine): try engine.close()
        case .postgres(let engine): try engine.close()
        }
    }

    /// Moves the content of the journal into the file and empties the journal. False if a reader prevented it. The
    /// journal of a server is its own affair.
    func emptyJournal() async throws -> Bool {
        switch self {
        case .sqlite(let engine): try await engine.emptyJournal()
        case .postgres: true
        }
    }

    /// Copies a snapshot of the database into an empty file.
    ///
    /// - Parameter mark: says in the copy what it is.
    func copy(to path: String, mark: @escaping @Sendable (Connection) throws -> Void) async throws {
        switch self {
        case .sqlite(let engine): try await engine.copy(to: path, mark: mark)
        case .postgres:
            throw StoreFailure(
                .misuse,
                "\(self.path) is backed up with the server's own tools: pg_dump, or a base backup with its WAL.")
        }
    }
}
