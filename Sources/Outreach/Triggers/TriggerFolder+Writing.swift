internal import Crypto

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

// Writing a file of the folder: what the desk saves. Only files that the set itself reads are written, and only where
// they really lie in the folder, wherever links lead. The new content is on the disk, under a name that nobody reads,
// before it takes the old one's place by one rename: a reader sees the one or the other, and never a part.

extension TriggerFolder {
    /// Stands for the content of a file, so that two readings of it can be compared; `new` where there is none.
    public static func version(_ content: [UInt8]?) -> String {
        guard let content else { return "new" }
        return SHA256.hash(data: content).prefix(16).hexadecimal
    }

    /// Whether a new file may have that path: one that the set reads, of plain letters, digits and signs.
    public static func mayBeNew(_ path: String) -> Bool {
        guard path.utf8.count <= 200, isRead(path) else { return false }
        return path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
            !part.isEmpty && part.utf8.count <= 100
                && part.utf8.allSatisfy { byte in
                    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                        || [0x2D, 0x2E, 0x5F].contains(byte)
                }
        }
    }

    /// Why the folder would not take a file of that content, in a sentence; nil where it would.
    public func refusal(of content: [UInt8], at path: String) -> String? {
        if content.count > Self.largestFile { return "A file has at most \(Self.largestFile / 1024) KB." }
        if files[path] == nil, files.count >= Self.mostFiles {
            return "The folder has \(files.count) files, and no more are read."
        }
        let others = files.reduce(0) { $0 + ($1.key == path ? 0 : $1.value.count) }
        if others + content.count > Self.largestFolder {
            return "All files together have at most \(Self.largestFolder / 1_048_576) MB."
        }
        return nil
    }

    /// Why a file was not written.
    public enum WriteFailure: Error, Hashable, Sendable {
        /// The set reads no file of that path, or its link leads out of the folder.
        case notOurs
        /// It is not what it was when it was read.
        case changed
        /// The system's word: `Read-only file system`.
        case system(String)
        /// The change is made, and the system did not say that it would outlast a power failure.
        case unsure(String)
    }

    /// A file whose new content is on the disk and not in its place yet. It is forgotten without a trace where
    /// `finish` is not called.
    public final class PendingFile {
        private let parent: Int32
        private let name: String
        private var temporary: String?
        private let isRemoval: Bool

        fileprivate init(parent: Int32, name: String, temporary: String?) {
            self.parent = parent
            self.name = name
            self.temporary = temporary
            isRemoval = temporary == nil
        }

        deinit {
            if let temporary { unlinkat(parent, temporary, 0) }
            close(parent)
        }

        /// Puts it in its place, for good: what was there is gone when this returns.
        ///
        /// - Parameter version: what must be there until then.
        public func finish(replacing version: String) throws(WriteFailure) {
            guard TriggerFolder.version(TriggerFolder.content(name, under: parent)) == version else {
                throw .changed
            }
            if isRemoval {
                guard unlinkat(parent, name, 0) == 0 else { throw .last() }
            } else if let temporary {
                guard renameat(parent, temporary, parent, name) == 0 else { throw .last() }
                self.temporary = nil
            }
            guard fsync(parent) == 0 else { throw .unsure(String(cString: strerror(errno))) }
        }
    }

    /// Writes new content of a file to the disk, or prepares to remove it, and leaves the file as it is.
    ///
    /// Its mode and group are kept; a new file has those of its folder's readers. Folders that a new file needs are
    /// made.
    ///
    /// - Parameters:
    ///   - content: nil to remove the file.
    ///   - path: within the folder.
    ///   - folder: the folder's own path.
    public static func prepare(
        _ content: [UInt8]?, at path: String, in folder: String
    ) throws(WriteFailure) -> PendingFile {
        guard isRead(path) else { throw .notOurs }
        let root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard root >= 0 else { throw .last() }
        defer { close(root) }
        guard let rootPlace = Descriptor.place(of: root) else { throw .notOurs }
        func isInside(_ place: String?) -> Bool { Descriptor.isInside(place, rootPlace) }
        var parts = path.split(separator: "/").map(String.init)
        var name = parts.removeLast()
        var parent = dup(root)
        guard parent >= 0 else { throw .last() }
        var isHandedOver = false
        defer { if !isHandedOver { close(parent) } }
        for part in parts {
            var next = openat(parent, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            if next < 0, errno == ENOENT, content != nil {
                let isOurs = mkdirat(parent, part, 0o777) == 0
                guard isOurs || errno == EEXIST, fsync(parent) == 0 else { throw .last() }
                next = openat(parent, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
                // Readable for whom the folder above is, whatever the umask.
                if next >= 0, isOurs, let mode = mode(of: parent) { fchmod(next, mode) }
            }
            guard next >= 0 else { throw .last() }
            close(parent)
            parent = next
            guard isInside(Descriptor.place(of: parent)) else { throw .notOurs }
        }
        // A link to a file in the folder stays one: its target is what is written.
        var status = stat()
        let found = openat(parent, name, O_CLOEXEC | Descriptor.pathOnly)
        let isThere = found >= 0
        if isThere {
            defer { close(found) }
            guard fstat(found, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
                let real = Descriptor.place(of: found),
                isInside(real), let slash = real.lastIndex(of: "/")
            else { throw .notOurs }
            let folder = String(real[..<slash])
            if content != nil, folder != Descriptor.place(of: parent) || real[real.index(after: slash)...] != name {
                let target = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                guard target >= 0 else { throw .last() }
                close(parent)
                parent = target
                name = String(real[real.index(after: slash)...])
                guard isInside(Descriptor.place(of: parent)) else { throw .notOurs }
            }
        } else if errno != ENOENT || fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 {
            // A link that leads nowhere, or in a circle.
            throw .notOurs
        }
        guard let content else {
            guard isThere else { throw .changed }
            isHandedOver = true
            return PendingFile(parent: parent, name: name, temporary: nil)
        }
        guard content.count <= largestFile else { throw .notOurs }
        // A name that begins with a full stop is not read.
        let temporary = ".\(name.prefix(60)).\(UInt64.random(in: .min ... .max))"
        let file = openat(parent, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .last() }
        defer { close(file) }
        let failure = write(
            content, to: file, mode: isThere ? status.st_mode & 0o7777 : (mode(of: parent) ?? 0o755) & 0o666,
            owner: isThere ? status.st_uid : nil, group: isThere ? status.st_gid : group(of: parent))
        if let failure {
            unlinkat(parent, temporary, 0)
            throw failure
        }
        isHandedOver = true
        return PendingFile(parent: parent, name: name, temporary: temporary)
    }

    private static func write(
        _ content: [UInt8], to file: Int32, mode: mode_t, owner: uid_t?, group: gid_t?
    ) -> WriteFailure? {
        var written = 0
        while written < content.count {
            let count = content.withUnsafeBytes { bytes in
                Glibc.write(file, bytes.baseAddress! + written, bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return .last() }
            written += count
        }
        // Somebody else's file stays theirs where we may say so, and at least in its group.
        if let group {
            let everything = owner.map { fchown(file, $0, group) } ?? -1
            if everything != 0 { _ = fchown(file, uid_t.max, group) }
        }
        guard fchmod(file, mode) == 0, fsync(file) == 0 else { return .last() }
        return nil
    }

    private static func mode(of descriptor: Int32) -> mode_t? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? status.st_mode & 0o7777 : nil
    }

    private static func group(of descriptor: Int32) -> gid_t? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? status.st_gid : nil
    }

    /// What a file has; nil where there is none.
    private static func content(_ name: String, under parent: Int32) -> [UInt8]? {
        let file = openat(parent, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        return Descriptor.content(of: file, atMost: largestFile + 1)
    }
}

extension TriggerFolder.WriteFailure {
    /// What the system last said.
    fileprivate static func last() -> Self { .system(String(cString: strerror(errno))) }
}
