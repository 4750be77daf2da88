// The store records before the world is touched.
//
// Everything that Bookbag knows is in one SQLite file, or in one database at a PostgreSQL server; and every read or
// write is a step: one method, one transaction. A step that returned is on disk (WAL, synchronous=FULL); a step that
// threw changed nothing. So the program can die between any two instructions and continue where it was.
//
// There is one writer, which commits in groups (`CommitQueue`); readers see the last commit and never wait. Opening a
// store loads nothing, so the number of open orders does not slow a start. All SQL of the program is in this module.
//
// Two rules keep the store right when several tasks and commands write to it: an aggregate (an order, an effect) has a
// version, and a result based on an older one is not written but returned as stale; and work that a far end must see
// once is leased with a token, without which its outcome changes nothing.

internal import Glibc
public import Outreach
public import Platform
internal import Synchronization

/// All that Bookbag remembers. Every method is one complete step: when it returns, the step is on disk; when it throws
/// a `StoreFailure`, nothing happened.
public final class Store: Sendable {
    /// Who opens a store.
    public enum Role: Sendable {
        /// The process that polls, plans and sends: refused while another one is running.
        case daemon
        /// A command beside it: reads at any time, and writes in turn.
        case command
        /// A command in place of it, which packs the store: refused while a daemon is running.
        case packing
    }

    /// The file, or for people: the server and its database; or a name for the store if it has neither.
    public let path: String
    let engine: StoreEngine
    let queue: CommitQueue
    let hash: KeyedHash
    /// The secrets of links; changed where a new one is made.
    let linkSecrets: Mutex<SQLiteEngine.LinkSecrets>
    let records = RecordCache()
    /// Whether a daemon opened a copy of the file in which one last worked, made by neither `backup` nor `pack`. It is
    /// then a backup of the last moment in it: what happened since is learned in silence.
    public let isCopy: Bool
    /// Called when something was decided, sent or changed by hand: pages that show it look again. It is called after
    /// the commit.
    public let changes: Broadcast
    private let lock: StoreLock?
    /// What each step passes before and after; nil but in a simulation.
    let gate: (any StepGate)?

    /// The tokens by which the mails of this store's shops are unsubscribed from.
    public var unsubscribeTokens: UnsubscribeTokens {
        let hash = hash
        return UnsubscribeTokens(secret: hash.secret(for: "unsubscribe")) { Array(hash.address($0)) }
    }

    /// What only this store can make of an address, for the id of the mail that tells it that it gets no more offers.
    /// It stands nowhere else: whoever knows the id may take that back.
    public func stopSecret(shop: String, address: String) -> String {
        let hash = hash
        return UnsubscribeTokens(secret: hash.secret(for: "stop confirmation")) { Array(hash.address($0)) }
            .token(shop: shop, address: address, stream: .marketing)
    }

    /// The keyed hash by which a mail is recognised that comes in again.
    public var mailHash: @Sendable ([UInt8]) -> String {
        let hash = hash
        return { hash.mail($0) }
    }

    private init(
        _ engine: StoreEngine, lock: StoreLock?, isCopy: Bool = false, changes: Broadcast = Broadcast(),
        gate: (any StepGate)? = nil
    ) {
        path = engine.path
        self.changes = changes
        self.gate = gate
        self.isCopy = isCopy
        self.engine = engine
        self.lock = lock
        hash = KeyedHash(secret: engine.secret)
        linkSecrets = Mutex(engine.linkSecrets)
        queue = CommitQueue(engine: engine)
    }

    /// Opens a store in a file or at a server, as `open(path:)` does.
    ///
    /// A daemon that opens one at a server has no shop there until `share` gives it some.
    ///
    /// - Throws: `.unreachable`, too.
    public static func open(
        _ place: StorePlace, role: Role, create: Bool = true, who: String = "bookbag run", now: Moment
    ) throws(StoreFailure) -> Store {
        guard place.isServer else {
            return try open(path: place.path, role: role, create: create, who: who, now: now)
        }
        return try openServer(place, role: role, create: create, who: who, now: now)
    }

    /// The same for a store at a server.
    ///
    /// - Parameters:
    ///   - isReadOnly: every step that writes fails.
    ///   - readers: how many reads may run at the same time.
    ///   - changes: those of a store that shows the same.
    static func openServer(
        _ place: StorePlace, role: Role, create: Bool, who: String = "bookbag run", isReadOnly: Bool = false,
        readers: Int = 4, changes: Broadcast = Broadcast(), now: Moment
    ) throws(StoreFailure) -> Store {
        do {
            let engine = try PostgresEngine.open(
                place, role: role, create: create, who: who, isReadOnly: isReadOnly, readers: readers, now: now)
            let store = Store(.postgres(engine), lock: nil, changes: changes)
            // What was cached may have been lost with the server that had it.
            let records = store.records
            try engine.onReconnect { records.clear() }
            return store
        } catch {
            throw StoreFailure(error, path: place.description)
        }
    }

    /// Opens the store in the file at `path`, and brings its schema up to date.
    ///
    /// - Parameters:
    ///   - path: the file. Its folder must exist. Only its owner may read it (mode 0600).
    ///   - role: a second daemon is refused while the first one is running, and each where the store was packed for
    ///     another machine. A command takes no lock, except while it
    ///     migrates an older schema.
    ///   - create: whether to create a store if there is none; otherwise that is `.missing`.
    ///   - who: the line about us in the lock file.
    ///   - now: the creation time of a new store.
    /// - Throws: `.locked`, `.missing`, `.forbidden`, `.readOnly`, `.notAStore`, `.newerSchema`, `.olderSchema`,
    ///   `.moved`, `.corrupt`, `.full`, `.busy`.
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
        if role != .command {
            try requireFolder(of: path)
            lock = try StoreLock(storePath: path, who: who, now: now)
        }
        try prepareFile(path, create: create)
        // Check what the file is before writing anything to it.
        let version = try SQLiteEngine.schemaVersion(path)
        if version > Migration.current {
            throw StoreFailure(
                .newerSchema,
                "\(path) was written by a later bookbag (schema \(version), this one knows \(Migration.current)). Install that version again."
            )
        }
        let mustMigrate = version < Migration.current
        let momentary = mustMigrate && lock == nil ? try lockForMigration(path, now: now) : nil
        var isCopy = false
        // Before SQLite has the file open: to close any descriptor of a file gives up its locks (fcntl(2)).
        let home = role == .command ? nil : FileIdentity.of(path)
        let engine = try SQLiteEngine.open(path: path, now: now, migrations: mustMigrate ? Migration.all : []) { db in
            if role == .daemon { try db.requireStanding(path: path) }
            if role != .command { isCopy = try db.moveIn(home) }
        }
        withExtendedLifetime(momentary) {}
        return Store(.sqlite(engine), lock: lock, isCopy: isCopy)
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

    /// Opens the store that a daemon has open, for reading alone: every step that writes fails. One step runs at a time.
    public static func openReadOnly(_ place: StorePlace) throws(StoreFailure) -> Store {
        let path = place.path
        if place.isServer {
            return try openServer(
                place, role: .command, create: false, isReadOnly: true, readers: 1, now: Moment(milliseconds: 0))
        }
        do {
            return Store(.sqlite(try SQLiteEngine.openReadOnly(path: path)), lock: nil)
        } catch {
            throw StoreFailure(error, path: path)
        }
    }

    /// A store in memory, with the same SQL, for tests and simulations. It lives as long as this value.
    public static func inMemory(now: Moment = Moment(milliseconds: 0)) throws(StoreFailure) -> Store {
        do {
            return Store(.sqlite(try SQLiteEngine.inMemory(now: now)), lock: nil)
        } catch {
            throw StoreFailure(error, path: "in memory")
        }
    }

    /// The same, with everything told that runs in it.
    static func inMemory(now: Moment, onStatement: @escaping @Sendable (String) -> Void) throws -> Store {
        Store(.sqlite(try SQLiteEngine.inMemory(now: now, onStatement: onStatement)), lock: nil)
    }

    /// The store of `other` as another process has it, which has cached nothing: for a simulation.
    ///
    /// - Parameter gate: what each step passes before it runs, and before its caller hears of it.
    package init(sharing other: Store, gate: any StepGate) {
        path = other.path
        changes = Broadcast()
        engine = other.engine
        queue = CommitQueue(engine: other.engine)
        hash = other.hash
        linkSecrets = Mutex(other.engine.linkSecrets)
        isCopy = false
        lock = nil
        self.gate = gate
    }

    /// Closes the file after writing queued steps, or gives a store at a server back. Later steps throw.
    public func close() throws(StoreFailure) {
        do { try engine.close() } catch { throw StoreFailure(error, path: path) }
    }

    /// Moves the content of the journal into the file and empties the journal. False if a reader prevented it for as
    /// long as we wait: then the journal keeps its content.
    public func emptyJournal() async throws(StoreFailure) -> Bool {
        do { return try await engine.emptyJournal() } catch { throw StoreFailure(error, path: path) }
    }

    /// Whether a daemon works on this store now; nil where that cannot be told, as of a store in memory.
    public var hasDaemon: Bool? {
        switch engine {
        case .sqlite: path.hasPrefix("/") ? StoreLock.isHeld(storePath: path) : nil
        case .postgres(let engine): engine.hasDaemon
        }
    }

    /// So much must be free on the disk: a small write succeeds long after larger ones fail.
    private static let leastRoom: UInt64 = 16 << 20

    /// Rewrites a row with its own content, to test for space and permission. Throws whatever a write step would throw
    /// now, or soon.
    public func probe() async throws(StoreFailure) {
        var disk = statvfs()
        if path.hasPrefix("/"), statvfs(path, &disk) == 0 {
            let room = UInt64(disk.f_bavail) &* UInt64(disk.f_frsize)
            if room < Self.leastRoom {
                throw StoreFailure(.full, "Only \(room >> 20) MB are left for \(path). Free space on its disk.")
            }
        }
        try await write { db in try db.run("UPDATE store SET next_token = next_token WHERE one = 1") }
    }

    // MARK: - Opening

    private static func requireFolder(of path: String) throws(StoreFailure) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        var status = stat()
        guard stat(folder.isEmpty ? "/" : folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw StoreFailure(
                .missing, "The folder \(folder) does not exist. Create it, or correct 'state:' in bookbag.yaml.")
        }
    }

    /// Creates the file if needed, so that its mode is right from the first byte on; SQLite gives the files beside it
    /// the same mode.
    private static func prepareFile(_ path: String, create: Bool) throws(StoreFailure) {
        try requireFolder(of: path)
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFREG else {
                throw StoreFailure(.notAStore, "\(path) is not a file. Name another store.")
            }
            // Restrict a store that others can read, if we own it.
            if status.st_mode & 0o077 != 0, status.st_uid == geteuid() { _ = chmod(path, 0o600) }
            return
        }
        guard create else {
            throw StoreFailure(
                .missing, "There is no store at \(path) yet. 'bookbag run' creates it when it first starts.")
        }
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw StoreFailure(opening: path, errno: errno) }
        Glibc.close(descriptor)
    }

    // MARK: - Steps

    /// Runs a write step, in its own transaction or its group's.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> Value
    ) async throws(StoreFailure) -> Value {
        guard let gate else { return try await queue.commit(body) }
        return try await gate.pass(.write) { () async throws(StoreFailure) in try await self.queue.commit(body) }
    }

    /// Runs a read-only step on one snapshot of the store. It waits for no writer.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> Value
    ) async throws(StoreFailure) -> Value {
        guard let gate else { return try await look(body) }
        return try await gate.pass(.read) { () async throws(StoreFailure) in try await self.look(body) }
    }

    private func look<Value: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> Value
    ) async throws(StoreFailure) -> Value {
        do { return try await engine.read(body) } catch { throw StoreFailure(error, path: path) }
    }
}

extension Store: PlanningStore, ObservationStore, TimeStore, LabelStore, BrakeStore {}
