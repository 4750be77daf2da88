internal import FoundationEssentials
public import Outreach
internal import Platform

// Versions of trigger files are rows, and not files beside the store: they are written in the commit that has the
// audit's line, they go with the store when it is backed up or moved, and nothing but the store reads them.

/// A trigger file or letter as it was at some time.
public struct FileVersion: Hashable, Sendable {
    public var id: Int64
    public var path: String
    public var savedAt: Moment
    /// Who saved it; empty where it was found on the disk.
    public var who: String
    /// `found`, `saved`, `put_back`, `removed`.
    public var what: String
    /// Of its content (`TriggerFolder.version`).
    public var version: String
    /// Nil where the file was removed; empty in lists.
    public var content: [UInt8]?
}

/// A file that is saved at the desk.
public struct FileSave: Sendable {
    public var path: String
    /// What is on the disk now; nil for a new file.
    public var before: [UInt8]?
    /// What is to be; nil to remove it.
    public var after: [UInt8]?
    /// `saved`, `put_back`, `removed`.
    public var what: String

    public init(path: String, before: [UInt8]?, after: [UInt8]?, what: String) {
        self.path = path
        self.before = before
        self.after = after
        self.what = what
    }
}

extension Store {
    /// How many versions of a file are kept.
    public static let versionsKept = 20

    /// Keeps what a file was and will be, with the audit's line, before it is written to the disk. What somebody saved
    /// by other means since the last version is kept as found.
    public func keepVersion(
        _ save: FileSave, shop: String, audit: AuditEntry, now: Moment
    ) async throws(StoreFailure) {
        try await write { db in
            let number = try db.shop(shop)
            let newest = try db.first(Query.newestVersion, [number, save.path]) { $0[0] as String }
            let before = TriggerFolder.version(save.before)
            if let content = save.before, newest != before {
                try db.addVersion(save.path, content, who: "", what: "found", shop: number, now: now)
            }
            try db.addVersion(save.path, save.after, who: audit.who, what: save.what, shop: number, now: now)
            try db.run(Query.dropVersions, [number, save.path, number, save.path, Self.versionsKept])
            try db.append(audit, now: now)
            try db.note(now)
        }
        changes.call()
    }

    /// The kept versions of a file without their content, the newest first.
    public func fileVersions(of path: String, shop: String) async throws(StoreFailure) -> [FileVersion] {
        try await read { db in
            try db.all(Query.versions, [try db.shop(shop), path, Self.versionsKept]) { row in
                FileVersion(
                    id: row[0], path: row[1], savedAt: row.moment(2), who: row[3], what: row[4], version: row[5],
                    content: (row[6] as Int64) == 1 ? [] : nil)
            }
        }
    }

    /// One version with its content.
    public func fileVersion(_ id: Int64, shop: String) async throws(StoreFailure) -> FileVersion? {
        try await read { db in
            try db.first(Query.version, [try db.shop(shop), id]) { row in
                FileVersion(
                    id: row[0], path: row[1], savedAt: row.moment(2), who: row[3], what: row[4], version: row[5],
                    content: (row[6] as Data?).map { [UInt8]($0) })
            }
        }
    }
}

extension Connection {
    fileprivate func addVersion(
        _ path: String, _ content: [UInt8]?, who: String, what: String, shop: Int64, now: Moment
    ) throws {
        try run(
            """
            INSERT INTO file_versions (shop, id, path, saved_at, who, what, version, content)
            VALUES (?, (SELECT coalesce(max(id), 0) + 1 FROM file_versions WHERE shop = ?), ?, ?, ?, ?, ?, ?)
            """,
            [
                shop, shop, path, now.milliseconds, who, what, TriggerFolder.version(content),
                content.map { Data($0) },
            ])
    }
}

extension Query {
    static let newestVersion = """
        SELECT version FROM file_versions WHERE shop = ? AND path = ? ORDER BY id DESC LIMIT 1
        """
    static let versions = """
        SELECT id, path, saved_at, who, what, version, CASE WHEN content IS NULL THEN 0 ELSE 1 END
        FROM file_versions WHERE shop = ? AND path = ? ORDER BY id DESC LIMIT ?
        """
    static let version = """
        SELECT id, path, saved_at, who, what, version, content FROM file_versions WHERE shop = ? AND id = ?
        """
    static let dropVersions = """
        DELETE FROM file_versions WHERE shop = ? AND path = ? AND id NOT IN (
            SELECT id FROM file_versions WHERE shop = ? AND path = ? ORDER BY id DESC LIMIT ?)
        """
}
