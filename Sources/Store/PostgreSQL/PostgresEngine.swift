internal import Dispatch
internal import FoundationEssentials
internal import Glibc
internal import Outreach
internal import Synchronization

/// The database at a PostgreSQL server: one line that writes and a few that read, each with a thread of its own that
/// waits for the server. This file has everything specific to PostgreSQL and no step's SQL.
final class PostgresEngine: Sendable {
    /// A line and the thread that waits for its answers.
    final class Worker: Sendable {
        private let queue: DispatchQueue
        private let line: Mutex<PostgresLine>
        /// How many wait for it.
        let load = Atomic<Int>(0)

        init(_ settings: PostgresSettings, label: String) {
            queue = DispatchQueue(label: label)
            line = Mutex(PostgresLine(settings))
        }

        /// Passes the line to `body`, in its turn.
        func async(_ body: @escaping @Sendable (PostgresLine) -> Void) {
            load.add(1, ordering: .relaxed)
            queue.async { [self] in
                line.withLock { body($0) }
                load.subtract(1, ordering: .relaxed)
            }
        }

        /// Passes the line to `body` on this thread, in its turn.
        func sync<Value: Sendable>(_ body: @Sendable (PostgresLine) throws -> Value) throws -> Value {
            try queue.sync { try line.withLock { try body($0) } }
        }
    }

    /// For people: the server and its database.
    let path: String
    let secret: Data
    let linkSecrets: SQLiteEngine.LinkSecrets
    /// A daemon's token.
    let token: Int64?
    let writer: Worker
    private let readers: [Worker]
    /// Called when the last use is over, for tests that share a server.
    let onEnd = Mutex<(@Sendable () -> Void)?>(nil)

    private init(path: String, writer: Worker, readers: [Worker], _ opened: Opened) {
        self.path = path
        self.writer = writer
        self.readers = readers
        secret = opened.secret
        linkSecrets = opened.linkSecrets
        token = opened.token
    }

    deinit { onEnd.withLock { $0 }?() }

    // MARK: - Opening

    /// Connects, brings the schema up to date, and enters the daemon if one opens it.
    ///
    /// - Parameters:
    ///   - create: whether an empty database becomes a store; otherwise that is `.missing`.
    ///   - isReadOnly: for a process that works on what others wrote: every write is refused.
    static func open(
        _ place: StorePlace, role: Store.Role, create: Bool, who: String, isReadOnly: Bool = false,
        readers count: Int = 4, now: Moment
    ) throws -> PostgresEngine {
        var settings = try PostgresSettings(place)
        if isReadOnly {
            settings.words["options"] = [settings.words["options"], "-c default_transaction_read_only=on"]
                .compactMap(\.self).joined(separator: " ")
            settings.words["target_session_attrs"] = "any"
        }
        let writer = Worker(settings, label: "bookbag.store.writer")
        let readers = (0..<max(1, count)).map { Worker(settings, label: "bookbag.store.reader\($0)") }
        let path = settings.name
        let opened = try writer.sync { line -> Opened in
            try prepare(line, role: role, create: create, who: who, isReadOnly: isReadOnly, path: path, now: now)
        }
        return PostgresEngine(path: path, writer: writer, readers: readers, opened)
    }

    /// What is known of a store once it is open.
    private struct Opened: Sendable {
        var secret: Data
        var linkSecrets: SQLiteEngine.LinkSecrets
        /// A daemon's token.
        var token: Int64?
    }

    private static func prepare(
        _ line: PostgresLine, role: Store.Role, create: Bool, who: String, isReadOnly: Bool, path: String, now: Moment
    ) throws -> Opened {
        try line.connect()
        try settle(line, create: create && !isReadOnly, mayMigrate: !isReadOnly, path: path, now: now)
        let (own, links) = try secrets(line)
        var opened = Opened(secret: own, linkSecrets: links)
        if role == .daemon, !isReadOnly {
            // Under the lock of those who write for all shops.
            try line.readTimeline()
            try line.beginWriting(hasSavepoints: false)
            let (token, beat) = try Owners.join(line, who: who)
            try line.commit()
            line.fence = .own(token: token)
            line.acknowledge(beat: beat)
            opened.token = token
        }
        return opened
    }

    /// Creates the schema or brings it up to date, one process at a time, in one transaction.
    static func settle(
        _ line: PostgresLine, create: Bool, mayMigrate: Bool, path: String, now: Moment
    ) throws {
        let version = try version(line, path: path)
        if version > Migration.current {
            throw StoreFailure(
                .newerSchema,
                "\(path) was written by a later bookbag (schema \(version), this one knows \(Migration.current)). Install that version again."
            )
        }
        if version < Migration.current {
            if version == 0, try line.value(mayCreate) != 1 {
                throw StoreFailure(
                    .forbidden,
                    "The user of \(path) may create no tables there. Let it own the database (ALTER DATABASE … OWNER TO …) or a schema of its own."
                )
            }
            guard create || (version > 0 && mayMigrate) else {
                throw StoreFailure(
                    .missing, "There is nothing in \(path) yet. 'bookbag run' creates it when it first starts.")
            }
            if version > 0, try !Owners.living(line).isEmpty {
                throw StoreFailure(
                    .olderSchema, "\(path) is in use by an earlier bookbag. Restart the daemon with this version first."
                )
            }
            try migrate(line, now: now)
        }
        guard mayMigrate else { return }
        defer { line.fence = .lock }
        if try line.value("SELECT count(*) FROM store") == 1 { return }
        try line.beginWriting(hasSavepoints: false)
        try line.run(
            """
            INSERT INTO store (one, secret, link_secret, created_at, last_moment, next_token)
            VALUES (1, ?, ?, ?, ?, 1)
            ON CONFLICT (one) DO NOTHING
            """,
            [
                .data(SQLiteEngine.newSecret()), .data(SQLiteEngine.newSecret()), .integer(now.milliseconds),
                .integer(now.milliseconds),
            ])
        try line.commit()
    }

    private static let mayCreate =
        "SELECT CASE WHEN has_schema_privilege(current_schema(), 'CREATE') THEN 1 ELSE 0 END"

    private static func migrate(_ line: PostgresLine, now: Moment) throws {
        var script = "BEGIN; SELECT pg_advisory_xact_lock(\(Migration.applicationID));"
        try line.execute(script)
        // Another process may have done it while we waited for the lock.
        let version =
            try line.value(
                "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'migrations'") ?? 0
            > 0
            ? Int(try line.value("SELECT coalesce(max(number), 0) FROM migrations") ?? 0) : 0
        script = ""
        for migration in Migration.all where migration.number > version {
            if migration.number == 1 {
                script +=
                    "CREATE TABLE migrations (number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL);"
                script += Owners.table
            }
            script += PostgresText.schema(migration.sql)
            script +=
                "INSERT INTO migrations (number, name, applied_at) VALUES (\(migration.number), '\(migration.name)', \(now.milliseconds));"
        }
        try line.execute(script + "COMMIT")
    }

    /// The version of the schema; 0 for an empty database.
    private static func version(_ line: PostgresLine, path: String) throws -> Int {
        var names: Set<String> = []
        guard try line.value("SELECT CASE WHEN current_schema() IS NULL THEN 0 ELSE 1 END") == 1 else {
            throw StoreFailure(
                .noDatabase,
                "\(path) has no schema to put the store into. Create one (CREATE SCHEMA), or correct 'search_path'.")
        }
        try line.each("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()", []) { names.insert($0[0]) }
        if names.isEmpty { return 0 }
        guard names.isSuperset(of: ["migrations", "owners", "store"]) else {
            throw StoreFailure(
                .notAStore, "\(path) has tables of another program. Give bookbag a database of its own.")
        }
        return Int(try line.value("SELECT coalesce(max(number), 0) FROM migrations") ?? 0)
    }

    private static func secrets(_ line: PostgresLine) throws -> (own: Data, links: SQLiteEngine.LinkSecrets) {
        var own: Data?
        try line.each("SELECT secret FROM store", []) { own = $0[0] }
        guard let own, let links = try SQLiteEngine.LinkSecrets(Connection(line)) else {
            throw StoreFailure.unreadable("no secret, or one")
        }
        return (own, links)
    }

    // MARK: - Steps

    /// Passes the one writing line to `body`, in its turn, outside any transaction.
    func write(_ body: @escaping @Sendable (WritingConnection) -> Void) {
        writer.async { body(WritingConnection($0)) }
    }

    /// Passes a line to `body`, on one snapshot of the database. If the line breaks, it runs once more on a new one.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Connection) throws -> Value) async throws -> Value {
        let outcome: Result<Value, any Error> = await withCheckedContinuation { continuation in
            least().async { line in
                continuation.resume(returning: Result { try Self.read(line, body) })
            }
        }
        return try outcome.get()
    }

    private static func read<Value>(_ line: PostgresLine, _ body: (Connection) throws -> Value) throws -> Value {
        var isRepeated = false
        while true {
            do {
                try line.beginReading()
                let value = try body(Connection(line))
                line.endReading()
                return value
            } catch {
                line.rollback()
                guard (error as? PostgresFault)?.kind == .lost, !isRepeated else { throw error }
                isRepeated = true
            }
        }
    }

    /// How often its lines have waited for the server, for tests of how steps ask.
    func waits() throws -> Int {
        try ([writer] + readers).reduce(0) { try $0 + $1.sync { $0.waits } }
    }

    private func least() -> Worker {
        readers.min { $0.load.load(ordering: .relaxed) < $1.load.load(ordering: .relaxed) } ?? writer
    }

    /// Whether a daemon has the store now; nil where that cannot be told.
    var hasDaemon: Bool? {
        try? readers[0].sync { line in
            try line.connect()
            return try !Owners.living(line).isEmpty
        }
    }

    /// The size of the store's tables and indexes in bytes.
    static func size(of db: Connection) throws -> Int64 {
        try db.integer(
            """
            SELECT CAST(sum(pg_total_relation_size(oid)) AS BIGINT) FROM pg_class
            WHERE relkind = 'r' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
            """) ?? 0
    }

    /// Has the server count what is in tables that have grown by half since it last did. It does so by itself, but once a
    /// minute at most, and until then it goes on by the plans of empty tables: a store that is new takes in a shop's
    /// orders within seconds.
    static func count(_ line: PostgresLine) throws {
        var tables: [String] = []
        try line.each(
            """
            SELECT quote_ident(relname) FROM pg_stat_user_tables
            WHERE schemaname = current_schema() AND n_mod_since_analyze > 1000 AND n_mod_since_analyze > n_live_tup / 2
            """, []
        ) { tables.append($0[0]) }
        for table in tables { try line.run("ANALYZE \(table)", []) }
    }

    /// How often a daemon has to be heard of.
    static let beatEvery = Duration.milliseconds(Owners.leaseMilliseconds / 3)

    /// Called when the writing line was made anew.
    func onReconnect(_ body: @escaping @Sendable () -> Void) throws {
        try writer.sync { $0.onReconnect = body }
    }

    /// Writes what is queued, gives the shops back and closes the lines.
    func close() throws {
        let token = token
        try writer.sync { line in
            if let token, line.isConnected {
                do {
                    try line.beginWriting(hasSavepoints: false)
                    try Owners.leave(line, token: token)
                    try line.commit()
                } catch {
                    // Others take over when the lease has run out.
                    line.rollback()
                }
            }
            line.end()
        }
        for reader in readers { try reader.sync { $0.end() } }
    }
}
