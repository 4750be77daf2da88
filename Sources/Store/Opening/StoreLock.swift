internal import FoundationEssentials
internal import Glibc
internal import Outreach

/// The lock that lets only one daemon work on a store: `flock` on PATH.lock, held as long as this value lives. The
/// kernel releases it when the process dies, however it dies, so there is no stale lock.
///
/// The file contains one line about its holder. It is never removed: otherwise two processes could lock two files of
/// the same name.
final class StoreLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock, or throws `.locked` with the holder's line.
    init(storePath: String, who: String, now: Moment) throws(StoreFailure) {
        let path = storePath + ".lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw StoreFailure(opening: path, errno: errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let holder = Self.line(in: descriptor)
            close(descriptor)
            throw StoreFailure(
                .locked,
                "\(storePath) is in use by \(holder). Stop that one first, or give this one its own store.")
        }
        let text = "\(who), process \(getpid()), since \(now.iso8601)\n"
        _ = ftruncate(descriptor, 0)
        _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Whether a daemon works on a store now; nil where that cannot be told. It looks at the kernel's list of locks and
    /// takes none: a daemon that starts at that moment must not find it taken.
    static func isHeld(storePath: String) -> Bool? {
        var status = stat()
        guard stat(storePath + ".lock", &status) == 0 else { return false }
        let end = ":\(status.st_ino)"
        // The kernel makes up the list while it is read: what moves in it meanwhile may be left out once.
        for _ in 0..<3 {
            guard let locks = wholeFile("/proc/locks") else { return nil }
            let isListed = String(decoding: locks, as: UTF8.self).split(separator: "\n").contains { line in
                let words = line.split(separator: " ")
                return words.contains("FLOCK") && words.contains { $0.hasSuffix(end) }
            }
            if isListed { return true }
        }
        return false
    }

    /// A file of the kernel's, which does not say how long it is.
    private static func wholeFile(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < 16 << 20 {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            bytes += buffer.prefix(count)
        }
        return bytes
    }

    private static func line(in descriptor: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 200)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return "another process" }
        // Anybody may have written the file: only one line of plain characters is passed on.
        let line = buffer[..<count].prefix { $0 != 0x0A }.filter { $0 >= 0x20 && $0 < 0x7F }
        return line.isEmpty ? "another process" : String(decoding: line, as: UTF8.self)
    }
}

extension StoreFailure {
    /// What a failed `open(2)` means.
    init(opening path: String, errno code: Int32) {
        switch code {
        case ENOENT, ENOTDIR:
            self.init(.missing, "\(path) cannot be created: its folder does not exist. Create the folder first.")
        case EROFS:
            self.init(.readOnly, "\(path) cannot be written, because its disk is mounted read-only.")
        case ENOSPC, EDQUOT:
            self.init(.full, "There is no room left for \(path). Free space on its disk.")
        case EACCES, EPERM:
            self.init(
                .forbidden, "\(path) may not be opened. Let the user that runs bookbag own it and its folder.")
        case ELOOP:
            self.init(.forbidden, "\(path) is a symbolic link. Name the file itself.")
        default:
            self.init(.disk, "\(path) cannot be opened (errno \(code)).")
        }
    }
}
