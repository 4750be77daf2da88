internal import Glibc
public import Outreach

extension Store {
    /// Copies a snapshot of the store into a new file while others keep writing. The copy records when it was made:
    /// everything between then and its restore is learned in silence (`beginRestoration`).
    ///
    /// - Parameter path: the copy's file, which must not exist. Its mode is 0600.
    /// - Throws: `.misuse` if there is a file with that name; `.missing`, `.full`, … as when a store is opened.
    public func backup(to path: String, now: Moment) async throws(StoreFailure) {
        try Self.create(path)
        do {
            try await engine.copy(to: path) { copy in
                try copy.run("UPDATE store SET restored_from = ?, home = NULL WHERE one = 1", [now.milliseconds])
            }
        } catch {
            // Half a copy is worse than none.
            unlink(path)
            throw StoreFailure(error, path: self.path)
        }
    }

    /// Creates an empty file for a copy, which its owner alone may read. There must be none of that name.
    static func create(_ path: String) throws(StoreFailure) {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            if errno == EEXIST {
                throw StoreFailure(.misuse, "\(path) exists. Name a new file, or move that one away.")
            }
            throw StoreFailure(opening: path, errno: errno)
        }
        Glibc.close(descriptor)
    }
}
