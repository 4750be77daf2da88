// The store remembers before the world is touched.
//
// Everything that Bookbag knows stands in one SQLite file, and every way into and out of it is a step: one method, one
// transaction. A step that returned is on the disk (WAL, synchronous=FULL); a step that threw changed nothing. So the
// program can die between any two instructions and go on where it was.
//
// There is one writer, which commits in groups (`CommitQueue`); readers see the last commit and never wait. Nothing is
// loaded when a store is opened, so the number of open orders does not slow a start. All SQL of the program lies in
// this module.
//
// Two rules keep what is written true under several hands (the daemon's tasks, commands beside it): an aggregate (an
// order, an effect) carries a version, and what was thought on an older one is not written but given back as stale; and
// work that a far end must see once is leased with a token, without which its end moves nothing.

internal import Glibc
public import Outreach

/// All that Bookbag remembers. Every method is one whole step: it happened, and is on the disk, when the method
/// returns; nothing happened when it throws a `StoreFailure`.
public final class Store: Sendable {
    /// Who opens a store.
    public enum Role: Sendable {
        /// The one that polls, plans and sends: refused while another one lives.
        case daemon
        /// A command beside it: reads at any time, and writes in its turn.
        case command
    }

    /// The file, or what to call the store where it has none.
    public let path: String
    let engine: SQLiteEngine
    let queue: CommitQueue
    let hash: KeyedHash
    let records = RecordCache()
    private let lock: StoreLock?

    private init(_ engine: SQLiteEngine, lock: StoreLock?) {
        path = engine.path
        self.engine = engine
        self.lock = lock
        hash = KeyedHash(secret: engine.secret)
        queue = CommitQueue(engine: engine)
    }

    /// Opens the store in the file at `path`, and brings its schema up to date.
    ///
    /// - Parameters:
    ///   - path: the file. Its folder must exist. It is for its owner's eyes only (mode 0600).
    ///   - role: a second daemon is refused for as long as the first one lives. A command takes no lock, except for the
    ///     moment of bringing an older schema up to date.
    ///   - create: whether a store is made where there is none; else that is `.missing`.
    ///   - who: what the lock says about us.
    ///   - now: for what is noted when a store is made.
    /// - Throws: `.locked`, `.missing`, `.forbidden`, `.readOnly`, `.notAStore`, `.newerSchema`, `.olderSchema`,
    ///   `.corrupt`, `.full`, `.busy`.
    public static func open(
        path: String, role: Role, create: Bool = true, who: String = "bookbag run", now: Moment
    ) throws(StoreFailure) -> Store {
        do {
            return try openFile(path: path, role: role, create: create, who: who, now: now)
        } catch {
            throw StoreFailure(error, path: path)
        }
    }

    private static func openFile(path: String, role: Role, create: Bool, who: String, now: Moment) throws -> Store {
        var lock: StoreLock?
        if role == .daemon {
            try requireFolder(of: path)
            lock = try StoreLock(storePath: path, who: who, now: now)
        }
        try prepareFile(path, create: create)
        // What the file is, is found out before anything is written to it.
        let version = try SQLiteEngine.schemaVersion(path)
        if version > Migration.current {
            throw StoreFailure(
                .newerSchema,
                "\(path) was written by a later bookbag (schema \(version), this one knows \(Migration.current)). Install that version again."
            )
        }
        let mustMigrate = version < Migration.current
        let momentary = mustMigrate && lock == nil ? try lockForMigration(path, now: now) : nil
        let engine = try SQLiteEngine.open(
            path: path, now: now, migrations: mustMigrate ? Migration.all : [])
        withExtendedLifetime(momentary) {}
        return Store(engine, lock: lock)
    }

    /// A daemon of an earlier version must not find its schema changed under it.
    private static func lockForMigration(_ path: String, now: Moment) throws -> StoreLock {
        do throws(StoreFailure) {
            return try StoreLock(storePath: path, who: "a command that updates the schema", now: now)
        } catch {
            guard error.cause == .locked else { throw error }
            throw StoreFailure(
                .olderSchema, "\(path) is in use by an earlier bookbag. Restart the daemon with this version first.")
        }
    }

    /// A store in memory, with the same SQL, for tests and simulations. It is gone with the value.
    public static func inMemory(now: Moment = Moment(milliseconds: 0)) throws(StoreFailure) -> Store {
        do {
            return Store(try SQLiteEngine.inMemory(now: now), lock: nil)
        } catch {
            throw StoreFailure(error, path: "in memory")
        }
    }

    /// Closes the file; what was queued is written first. Steps after it throw.
    public func close() throws(StoreFailure) {
        do { try engine.close() } catch { throw StoreFailure(error, path: path) }
    }

    /// Takes all that stands in the journal beside the file into the file, and empties the journal. False where
    /// somebody who reads stood in the way for as long as we wait: then the journal still holds what it held.
    public func emptyJournal() async throws(StoreFailure) -> Bool {
        do { return try await engine.emptyJournal() } catch { throw StoreFailure(error, path: path) }
    }

    /// Writes a row and takes it back by writing the same again: whether there is room, and whether we may. Throws what
    /// a step that writes would throw now.
    public func probe() async throws(StoreFailure) {
        try await write { db in try db.run("UPDATE store SET next_token = next_token WHERE one = 1") }
    }

    // MARK: - Opening

    private static func requireFolder(of path: String) throws(StoreFailure) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        var status = stat()
        guard stat(folder.isEmpty ? "/" : folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw StoreFailure(.missing, "The folder \(folder) does not exist. Make it first, or name another store.")
        }
    }

    /// Makes the file where it is to be made, so that its mode is right from the first byte on; SQLite gives the files
    /// beside it the same.
    private static func prepareFile(_ path: String, create: Bool) throws(StoreFailure) {
        try requireFolder(of: path)
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFREG else {
                throw StoreFailure(.notAStore, "\(path) is no file. Name another store.")
            }
            // A store that others can read is narrowed again where it is ours to narrow.
            if status.st_mode & 0o077 != 0, status.st_uid == geteuid() { _ = chmod(path, 0o600) }
            return
        }
        guard create else {
            throw StoreFailure(
                .missing, "There is no store at \(path) yet. bookbag run makes it when it first starts.")
        }
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw StoreFailure(opening: path, errno: errno) }
        Glibc.close(descriptor)
    }

    // MARK: - Steps

    /// Runs a step that writes, in a transaction of its own or of its group.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> Value
    ) async throws(StoreFailure) -> Value {
        try await queue.commit(body)
    }

    /// Runs a step that only reads, on one state of the store. It waits for no writer.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> Value
    ) async throws(StoreFailure) -> Value {
        do { return try await engine.read(body) } catch { throw StoreFailure(error, path: path) }
    }
}

extension Store: PlanningStore, ObservationStore, TimeStore, LabelStore, BrakeStore {}
