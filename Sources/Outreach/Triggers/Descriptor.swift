#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Something on disk that was opened; closed when it is no longer needed.
struct Descriptor: ~Copyable {
    struct Failure: Error {
        /// `errno`.
        let code: Int32
    }

    /// `O_PATH`, which the headers only define for GNU programs.
    static let pathOnly: Int32 = 0o10000000

    private let number: Int32

    init(open path: String, _ flags: Int32) throws {
        number = Glibc.open(path, flags | O_CLOEXEC)
        guard number >= 0 else { throw TriggerFolder.Unreadable(description: String(cString: strerror(errno))) }
    }

    init(open name: String, under folder: borrowing Descriptor, _ flags: Int32) throws(Failure) {
        number = openat(folder.number, name, flags | O_CLOEXEC)
        guard number >= 0 else { throw Failure(code: errno) }
    }

    deinit { if number >= 0 { close(number) } }

    /// Its real path; nil if the kernel does not say.
    var place: String? { Self.place(of: number) }

    /// Where an open file or folder really is; nil if the kernel does not say.
    static func place(of number: Int32) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlink("/proc/self/fd/\(number)", &buffer, buffer.count)
        guard count > 0, count < buffer.count, buffer[0] == UInt8(ascii: "/") else { return nil }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    /// Whether a real path is that of the folder `root`, or lies below it.
    static func isInside(_ place: String?, _ root: String) -> Bool {
        guard let place else { return false }
        return place == root || place.hasPrefix(root == "/" ? "/" : root + "/")
    }

    /// `S_IFREG` and so on; 0 if unknown.
    var kind: mode_t {
        var status = stat()
        return fstat(number, &status) == 0 ? status.st_mode & S_IFMT : 0
    }

    /// Whether a name in this folder is a link.
    func isLink(_ name: String) -> Bool {
        var status = stat()
        return fstatat(number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }

    /// Whether a name in this folder is a folder, or a link to one.
    func isFolder(_ name: String) -> Bool {
        var status = stat()
        return fstatat(number, name, &status, 0) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The bytes of what was opened by O_PATH; nil if it may not be read.
    func content(atMost most: Int) -> [UInt8]? {
        let file = Glibc.open("/proc/self/fd/\(number)", O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        return Self.content(of: file, atMost: most)
    }

    /// What can be read from an open file; nil if the system refuses.
    static func content(of file: Int32, atMost most: Int) -> [UInt8]? {
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while content.count < most {
            let count = Glibc.read(file, &buffer, min(buffer.count, most - content.count))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            content.append(contentsOf: buffer[..<count])
        }
        return content
    }

    /// The names in a folder, in no particular order.
    func names(atMost most: Int) -> [String] {
        let copy = openat(number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let stream = fdopendir(copy) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while names.count < most, let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
