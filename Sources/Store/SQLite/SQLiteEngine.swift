internal import FoundationEssentials
internal import GRDB
internal import Glibc
internal import Outreach
internal import Synchronization

/// The database in SQLite: a file with one writer and a few readers, or one connection in memory. This file has
/// everything specific to SQLite and no step's SQL: opening the file, copying it, emptying its journal, and the
/// settings of each connection.
final class SQLiteEngine: Sendable {
    /// The file, or a name for the store if it has none.
    let path: String
    private let writer: any DatabaseWriter
    private var isInMemory: Bool { path == Self.inMemoryPath }
    private static let inMemoryPath = "in memory"
    /// The store's own secret, for keyed hashes. It never changes, for rows are found by what it makes.
    let secret: Data
    /// The secrets of links when the store was opened.
    let linkSecrets: LinkSecrets

    /// The secrets of links to the shopper's pages. A new one can be made; the one before it still opens.
    struct LinkSecrets: Sendable {
        var current: Data
        var old: Data?

        var all: [Data] { [current] + [old].compactMap(\.self) }

        init?(_ db: Connection) throws {
            let row = try db.first("SELECT link_secret, old_link_secret FROM store", []) { row -> (Data, Data?) in
                (row[0], row[1])
            }
            guard let row else { return nil }
            (current, old) = row
        }
    }

    private init(path: String, writer: any DatabaseWriter, secrets: (own: Data, links: LinkSecrets)) {
        self.path = path
        self.writer = writer
        secret = secrets.own
        linkSecrets = secrets.links
    }

    /// 32 bytes of chance.
    static func newSecret() -> Data {
        var generator = SystemRandomNumberGenerator()
        return Data((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }

    /// Opens a file and applies the migrations that it has not had yet.
    ///
    /// - Parameter first: runs in a transaction of its own before anything else does.
    static func open(
        path: String, now: Moment, migrations: [Migration], first: (Connection) throws -> Void
    ) throws -> SQLiteEngine {
        let pool = try DatabasePool(path: path, configuration: configuration())
        let secrets = try pool.writeWithoutTransaction { db in
            let secrets = try settle(db, now: now, migrations: migrations)
            try db.inTransaction(.immediate) {
                try first(Connection(database: db))
                return .commit
            }
            return secrets
        }
        return SQLiteEngine(path: path, writer: pool, secrets: secrets)
    }

    /// Opens a file of which nothing can be written: for a process that works on what others wrote. Somebody else must
    /// have it open, for its journal is not created here.
    static func openReadOnly(path: String) throws -> SQLiteEngine {
        var configuration = Self.configuration()
        configuration.readonly = true
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        let secrets = try queue.read { db in try Self.secrets(Connection(database: db)) }
        guard let secrets else { throw StoreFailure.unreadable("no secret") }
        return SQLiteEngine(path: path, writer: queue, secrets: secrets)
    }

    /// A database in memory, gone with the value.
    ///
    /// - Parameter onStatement: receives every statement; for tests that count them.
    static func inMemory(
        now: Moment, onStatement: (@Sendable (String) -> Void)? = nil
    ) throws -> SQLiteEngine {
        let database = try DatabaseQueue(configuration: configuration(onStatement))
        let secrets = try database.writeWithoutTransaction { db in try settle(db, now: now, migrations: Migration.all) }
        return SQLiteEngine(path: inMemoryPath, writer: database, secrets: secrets)
    }

    /// Closes the file.
    ///
    /// If nobody else is reading, the journal's content is then in the file: SQLite does this by itself only if the
    /// connection closed last may write, and a pool's readers may not.
    func close() throws {
        _ = try? writer.writeWithoutTransaction { db in try Self.emptyJournal(db) }
        try writer.close()
    }

    /// Moves the content of the journal into the file and empties the journal. False if a reader prevented it for as
    /// long as we wait: then the journal keeps its content.
    func emptyJournal() async throws -> Bool {
        let outcome: Result<Bool, any Error> = await withCheckedContinuation { continuation in
            writer.asyncWriteWithoutTransaction { db in
                continuation.resume(returning: Result { try Self.emptyJournal(db) })
            }
        }
        return try outcome.get()
    }

    private static func emptyJournal(_ db: Database) throws -> Bool {
        try Int.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)") == 0
    }

    /// Passes the one writing connection to `body`, in its turn, outside any transaction.
    func write(_ body: @escaping @Sendable (WritingConnection) -> Void) {
        writer.asyncWriteWithoutTransaction { db in body(WritingConnection(db)) }
    }

    /// Passes a read-only connection to `body`, on one snapshot of the database.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Connection) throws -> Value) async throws -> Value {
        let outcome: Result<Value, any Error> = await withCheckedContinuation { continuation in
            guard isInMemory else {
                return writer.asyncRead { db in
                    continuation.resume(returning: Result { try body(Connection(database: try db.get())) })
                }
            }
            // The one connection would be made read-only and back, and each time SQLite would compile all its statements
            // anew.
            writer.asyncUnsafeRead { db in
                continuation.resume(
                    returning: Result {
                        let db = try db.get()
                        try db.beginTransaction(.deferred)
                        defer { try? db.rollback() }
                        return try body(Connection(database: db))
                    })
            }
        }
        return try outcome.get()
    }

    /// The size of the database in bytes, without its journal.
    static func size(of db: Connection) throws -> Int64 {
        try (db.integer("PRAGMA page_count") ?? 0) * (db.integer("PRAGMA page_size") ?? 0)
    }

    /// Copies a snapshot of the database into an empty file.
    ///
    /// - Parameter mark: says in the copy what it is.
    func copy(to path: String, mark: @escaping @Sendable (Connection) throws -> Void) async throws {
        try await read { db in
            let copy = try DatabaseQueue(path: path, configuration: Self.configuration())
            try copy.writeWithoutTransaction { target in
                guard case .sqlite(let line) = db.line else { return }
                try line.database.backup(to: target)
                try target.execute(
                    sql: """
                        PRAGMA synchronous = FULL;
                        PRAGMA journal_mode = DELETE;
                        """)
                try mark(Connection(database: target))
            }
            try copy.close()
        }
    }

    #if DEBUG
        /// Every statement that ran in this process, from the first on, where a run of the tests asks for them: which
        /// test opens the first store is chance.
        static let told = Mutex<Set<String>>([])
        private static let isAsked = getenv("BOOKBAG_STATEMENTS") != nil

        /// What a connection tells of its statements, each once: hundreds of connections that wait for one lock at each
        /// step would take turns.
        private static func teller() -> @Sendable (String) -> Void {
            let own = Mutex<Set<String>>([])
            return { sql in
                if own.withLock({ $0.insert(sql).inserted }) { told.withLock { _ = $0.insert(sql) } }
            }
        }
    #endif

    // MARK: - Opening

    /// The secrets in the store; nil where it has none yet.
    private static func secrets(_ db: Connection) throws -> (own: Data, links: LinkSecrets)? {
        guard let own = try db.first("SELECT secret FROM store", [], { row -> Data in row[0] }),
            let links = try LinkSecrets(db)
        else { return nil }
        return (own, links)
    }

    private static func configuration(_ own: (@Sendable (String) -> Void)? = nil) -> Configuration {
        var configuration = Configuration()
        configuration.label = "bookbag.store"
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(15)
        configuration.maximumReaderCount = 4
        configuration.prepareDatabase { db in
            var listeners = [own].compactMap(\.self)
            #if DEBUG
                if isAsked { listeners.append(teller()) }
            #endif
            if !listeners.isEmpty {
                db.trace(options: .statement) { event in
                    if case .statement(let statement) = event { for listener in listeners { listener(statement.sql) } }
                }
            }
            // Deleted rows are overwritten, so that an erased customer cannot be found in free pages.
            try db.execute(
                sql: """
                    PRAGMA trusted_schema = OFF;
                    PRAGMA cell_size_check = ON;
                    PRAGMA secure_delete = ON;
                    PRAGMA temp_store = MEMORY;
                    PRAGMA journal_size_limit = 67108864;
                    """)
            // Pages that were read are in the system's cache too; otherwise a store of a million parcels would fill
            // each of five caches. The writer returns to the same pages within a commit.
            try db.execute(sql: "PRAGMA cache_size = \(db.configuration.readonly ? -2000 : -16000)")
        }
        return configuration
    }

    /// Configures a writing connection, creates the schema, and returns the store's secrets.
    private static func settle(
        _ database: Database, now: Moment, migrations: [Migration]
    ) throws -> (own: Data, links: LinkSecrets) {
        // The pool switches to NORMAL when it sets up WAL, where a power failure may lose a committed transaction.
        try database.execute(sql: "PRAGMA synchronous = FULL")
        try Migration.apply(migrations, to: database, now: now.milliseconds)
        if !migrations.isEmpty { try PlannerStatistics.write(to: database) }
        let db = Connection(database: database)
        if let secrets = try secrets(db) { return secrets }
        // If two processes create one store, the second uses the first one's secrets.
        try db.run(
            """
            INSERT INTO store (one, secret, link_secret, created_at, last_moment, next_token)
            VALUES (1, ?, ?, ?, ?, 1)
            ON CONFLICT (one) DO NOTHING
            """, [newSecret(), newSecret(), now.milliseconds, now.milliseconds])
        guard let stored = try secrets(db) else { throw StoreFailure.unreadable("no secret, or one") }
        return stored
    }

    /// Whether each page and each index of the file is as it should be.
    static func isSound(_ db: Connection) throws -> Bool {
        try db.first("PRAGMA quick_check(1)", [], { row -> String in row[0] }) == "ok"
    }

    /// The version of the schema in the file: 0 for an empty file.
    static func schemaVersion(_ path: String) throws -> Int {
        var configuration = Configuration()
        configuration.busyMode = .timeout(15)
        let database = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? database.close() }
        return try database.read { db in
            let application = try Int64.fetchOne(db, sql: "PRAGMA application_id") ?? 0
            let isEmpty = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") == 0
            if application == Migration.unreleasedID {
                throw StoreFailure(
                    .olderSchema,
                    "\(path) was made by a build from before the first release, whose stores are not migrated. Move it away; bookbag creates a new one."
                )
            }
            guard application == Migration.applicationID || (application == 0 && isEmpty) else {
                throw StoreFailure(
                    .notAStore, "\(path) is not a bookbag store. Name another file, or move this one away.")
            }
            return try Migration.version(of: db)
        }
    }
}
