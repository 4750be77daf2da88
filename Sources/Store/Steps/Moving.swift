// A store is one file, and two of it at work would tell every shopper everything twice. So:
//
//   * a store that is packed for another machine is marked before the copy is made, and runs no more. The pack is not
//     at work until it is unpacked, which marks the pack in its turn;
//   * a daemon notes the file in which it works. In another file it finds a copy, made with cp or from a snapshot of
//     the disk: nobody knows what the original has done since, so it is treated as a backup of its last moment
//     (`Restoring`).
//
// A file is known by its inode's number and generation: a number is used again, both together are not. Where the file
// system keeps no generation, a copy is not recognised. Nor is one of the whole disk, where the machine's own id is
// the same as well.

internal import Crypto
internal import Glibc
public import Outreach

extension Store {
    /// Packs the store for another machine: a copy in a new file, which goes on there from here. This store runs no
    /// more. Once it is packed it can be packed again, for nothing changes in it: a crash in between loses nothing.
    ///
    /// The store must have been opened as `.packing`.
    ///
    /// - Parameters:
    ///   - path: the new file, which must not exist. Its mode is 0600.
    ///   - name: the file that is named where this store refuses to run, if the copy becomes a part of another.
    ///   - finish: makes that other file. If it fails, nothing was packed.
    /// - Throws: `.moved` if the store is a pack itself; `.misuse` if there is a file with that name; `.missing`,
    ///   `.full`, … as when a store is opened. What was not packed is as it was.
    public func pack(
        to path: String, as name: String? = nil, now: Moment, finish: () throws(StoreFailure) -> Void = {}
    ) async throws(StoreFailure) {
        let name = name ?? path
        try Self.create(path)
        let own = self.path
        do {
            let wasOpen = try await write { db in
                switch try db.standing() {
                case .packed(let failure): throw failure(own)
                case .open: break
                case .moved: return false
                }
                try db.run(
                    "UPDATE store SET standing = 'moved', moved_to = ?, moved_at = ? WHERE one = 1",
                    [name, now.milliseconds])
                return true
            }
            do {
                try await engine.copy(to: path) { copy in
                    try copy.run(
                        """
                        UPDATE store SET standing = 'packed', moved_to = NULL, moved_at = NULL, home = NULL
                        WHERE one = 1
                        """)
                }
                try finish()
            } catch {
                if wasOpen { try await write { db in try db.open() } }
                throw error
            }
        } catch {
            unlink(path)
            throw StoreFailure(error, path: own)
        }
    }

    /// Where this store was packed to, and when; nil if it was not.
    public func packed() async throws(StoreFailure) -> (file: String, at: Moment)? {
        try await read { db in
            try db.first(Query.packedTo) { row in (file: row[0] as String, at: row.moment(1)) }
        }
    }

    /// Lets this store run again after it was packed. It must have been opened as `.packing`.
    ///
    /// - Parameter asBackup: treats it as a backup of the moment when it was packed, for nobody knows whether the pack was
    ///   at work elsewhere meanwhile: what happened since is learned in silence.
    /// - Throws: `.misuse` if it was not packed, or is at a server by now.
    public func undoPacking(asBackup: Bool) async throws(StoreFailure) {
        let path = path
        try await write { db in
            guard case .moved = try db.standing(),
                let (file, at) = try db.first(Query.packedTo, [], { ($0[0] as String, $0[1] as Int64) })
            else { throw StoreFailure(.misuse, "\(path) was not packed: there is nothing to undo.") }
            guard !file.hasPrefix("postgres") else { throw StoreFailure(.misuse, Self.isAtServer(path, file)) }
            try db.open()
            if asBackup {
                try db.run(
                    "UPDATE store SET restored_from = ? WHERE one = 1 AND restored_from IS NULL", [at])
            }
        }
    }

    fileprivate static func isAtServer(_ path: String, _ server: String) -> String {
        "\(path) was copied to \(server), and runs no more. To go back, restore the backup that was made before."
    }

    /// Whether a daemon works on the store in a file now; nil where that cannot be told.
    public static func isAtWork(_ path: String) -> Bool? { StoreLock.isHeld(storePath: path) }

    /// Unpacks a store that was packed on another machine: a daemon that starts on it goes on where that one stopped.
    /// The pack is marked, and unpacked no second time.
    ///
    /// - Parameters:
    ///   - pack: the packed file.
    ///   - path: the store's file, which must not exist.
    /// - Returns: whether the pack could be marked. If not, it has to be deleted.
    /// - Throws: `.misuse` if the file is no pack or there is a store already; `.moved` if it was unpacked before;
    ///   `.corrupt` if it is damaged; `.missing`, `.full`, … as when a store is opened.
    public static func unpack(_ pack: String, to path: String, now: Moment) async throws(StoreFailure) -> Bool {
        do {
            for file in [path, path + "-wal", path + "-shm"] where access(file, F_OK) == 0 {
                throw StoreFailure(
                    .misuse, "\(file) exists. Stop bookbag and move the store that is there away, with all its files.")
            }
            let source = try Store.open(path: pack, role: .command, create: false, now: now)
            defer { try? source.close() }
            try await source.read { db in
                guard case .packed = try db.standing() else {
                    if case .moved(let failure) = try db.standing() { throw failure(pack) }
                    throw StoreFailure(
                        .misuse,
                        "\(pack) is no packed store. A backup is restored as docs/operations.md says, under Backup, restore, upgrade."
                    )
                }
                guard try SQLiteEngine.isSound(db) else {
                    throw StoreFailure(.corrupt, "\(pack) is damaged. Copy it from the other machine again.")
                }
            }
            // Under a name of its own until it is whole.
            let part = path + ".unpacking"
            unlink(part)
            try create(part)
            do {
                try await source.engine.copy(to: part) { copy in try copy.open() }
            } catch {
                unlink(part)
                throw error
            }
            guard rename(part, path) == 0 else { throw StoreFailure(opening: path, errno: errno) }
            do {
                try await source.write { db in
                    try db.run(
                        "UPDATE store SET standing = 'moved', moved_to = ?, moved_at = ? WHERE one = 1",
                        [path, now.milliseconds])
                }
                return true
            } catch {
                return false
            }
        } catch {
            throw StoreFailure(error, path: pack)
        }
    }
}

/// Whether a daemon may work on a store; if not, what to tell whoever starts one, given the file.
private enum Standing {
    case open
    case packed((String) -> StoreFailure)
    case moved((String) -> StoreFailure)
}

extension Connection {
    /// Lets a daemon work on the store.
    fileprivate func open() throws {
        try run("UPDATE store SET standing = 'open', moved_to = NULL, moved_at = NULL WHERE one = 1")
    }

    fileprivate func standing() throws -> Standing {
        let row = try first("SELECT standing, moved_to, moved_at FROM store WHERE one = 1") { row in
            (row[0] as String, row[1] as String?, row.optionalMoment(2))
        }
        switch row {
        case ("packed", _, _)?:
            return .packed { path in
                StoreFailure(
                    .moved, "\(path) is a packed store. 'bookbag store unpack' makes a store of it that can run.")
            }
        case ("moved", let file?, let moment?)?:
            return .moved { path in
                StoreFailure(
                    .moved,
                    file.hasPrefix("postgres")
                        ? Store.isAtServer(path, file)
                        : "\(path) was moved to \(file) on \(moment.iso8601), and runs no more: two of one store would tell shoppers everything twice. If that was never unpacked, 'bookbag store pack --undo' lets this one run again."
                )
            }
        default: return .open
        }
    }

    /// Throws `.moved` where no daemon may work on the store in the file at `path`.
    func requireStanding(path: String) throws {
        switch try standing() {
        case .packed(let failure), .moved(let failure): throw failure(path)
        case .open: break
        }
    }

    /// Notes the file that is worked in. Returns whether it is a copy of the one before; then it is marked as a backup.
    func moveIn(_ home: String?) throws -> Bool {
        guard let home else { return false }
        let row = try first("SELECT home, last_moment, restored_from FROM store WHERE one = 1") { row in
            (home: row[0] as String?, last: row.moment(1), backup: row.optionalMoment(2))
        }
        guard let row, row.home != home else { return false }
        try run("UPDATE store SET home = ? WHERE one = 1", [home])
        guard row.home != nil, row.backup == nil else { return false }
        try run("UPDATE store SET restored_from = ? WHERE one = 1", [row.last.milliseconds])
        return true
    }
}

extension Query {
    fileprivate static let packedTo = "SELECT moved_to, moved_at FROM store WHERE one = 1 AND standing = 'moved'"
}

/// What tells a file from each copy of it.
enum FileIdentity {
    /// FS_IOC_GETVERSION (linux/fs.h): the inode's generation.
    private static let getGeneration: UInt = 0x8008_7601

    /// The machine, the inode's number and its generation; nil where the file system keeps none. Not to be called
    /// while this process has the file open as a database.
    static func of(_ path: String) -> String? {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var generation = 0
        var status = stat()
        guard ioctl(descriptor, getGeneration, &generation) == 0, fstat(descriptor, &status) == 0 else { return nil }
        return "\(machine):\(status.st_ino):\(generation)"
    }

    /// A hash of the machine's id, which is to be told to nobody (machine-id(5)), where systemd keeps one. A container
    /// may get a new one each time it is made.
    private static var machine: String {
        guard access("/run/systemd/system", F_OK) == 0 else { return "" }
        let descriptor = Glibc.open("/etc/machine-id", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 32)
        guard read(descriptor, &bytes, bytes.count) == bytes.count else { return "" }
        return SHA256.hash(data: bytes).prefix(8).hexadecimal
    }
}
