internal import Glibc
public import Outreach

extension Store {
    /// Copies the store into a new file, as it is at one moment, while others go on writing. The copy bears a mark of
    /// when it was made: what happened between that and the day it is put to use is learned in silence
    /// (`beginRestoration`).
    ///
    /// - Parameter path: the copy's file, which must not exist. Its mode is 0600.
    /// - Throws: `.misuse` where there is a file of that name; `.missing`, `.full`, … as when a store is opened.
    public func backup(to path: String, now: Moment) async throws(StoreFailure) {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            if errno == EEXIST {
                throw StoreFailure(.misuse, "\(path) exists. Name a new file for the backup, or move that one away.")
            }
            throw StoreFailure(opening: path, errno: errno)
        }
        Glibc.close(descriptor)
        do {
            try await engine.copy(to: path, now: now)
        } catch {
            // Half a copy is worse than none.
            unlink(path)
            throw StoreFailure(error, path: self.path)
        }
    }
}
