// Plain ustar (POSIX.1-1988), written and read by us: regular files with relative names, and nothing else. `tar tvf`
// lists such an archive and `tar xOf` prints a part of it, so an operator can look into one without Bookbag. What reads
// it takes an archive for hostile: every header, name and size is checked before any byte is used, and nothing in it
// says where a file goes. Only the sizes of a part above 8 GiB are written as GNU's tar does, in base 256.

import Foundation
import Outreach

/// Writes an archive, from its beginning to its end.
struct TarWriter {
    private let descriptor: Int32

    /// - Parameter descriptor: an empty file, which stays the caller's.
    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// Adds a part whose bytes are at hand.
    func add(_ name: String, _ bytes: [UInt8], at moment: Moment) throws(StoreFailure) {
        try write(Self.header(name, size: Int64(bytes.count), at: moment))
        try write(bytes)
        try pad(after: Int64(bytes.count))
    }

    /// Adds a part that is copied from a file of that size.
    func add(
        _ name: String, size: Int64, from file: Int32, at moment: Moment
    ) throws(StoreFailure) {
        try write(Self.header(name, size: size, at: moment))
        var written: Int64 = 0
        var failure: StoreFailure?
        try TarFile.chunks(of: file, from: 0, size: size) { chunk in
            guard failure == nil else { return }
            do throws(StoreFailure) {
                try write(chunk)
                written += Int64(chunk.count)
            } catch { failure = error }
        }
        if let failure { throw failure }
        guard written == size else { throw StoreFailure(.disk, "'\(name)' became shorter while it was packed.") }
        try pad(after: size)
    }

    /// The end: two empty blocks, and all of it on the disk.
    func finish() throws(StoreFailure) {
        try write([UInt8](repeating: 0, count: 2 * TarFile.block))
        guard fsync(descriptor) == 0 else { throw StoreFailure(writing: "the packed file") }
    }

    /// Whether a name fits into a header.
    static func takes(_ name: String) -> Bool { TarFile.isSafe(name) && split(name) != nil }

    private func pad(after size: Int64) throws(StoreFailure) {
        let rest = Int(size % Int64(TarFile.block))
        if rest > 0 { try write([UInt8](repeating: 0, count: TarFile.block - rest)) }
    }

    private func write(_ bytes: some Collection<UInt8>) throws(StoreFailure) {
        let bytes = Array(bytes)
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + done, bytes.count - done) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw StoreFailure(writing: "the packed file") }
            done += count
        }
    }

    /// A name as prefix and name, each within its field; nil if it is too long.
    private static func split(_ name: String) -> (prefix: [UInt8], name: [UInt8])? {
        let bytes = Array(name.utf8)
        if bytes.count <= 100 { return ([], bytes) }
        for (place, byte) in bytes.enumerated() where byte == UInt8(ascii: "/") {
            if place <= 155, bytes.count - place - 1 <= 100 {
                return (Array(bytes[..<place]), Array(bytes[(place + 1)...]))
            }
        }
        return nil
    }

    private static func header(_ name: String, size: Int64, at moment: Moment) throws(StoreFailure) -> [UInt8] {
        guard takes(name), let (prefix, short) = split(name) else {
            throw StoreFailure(.misuse, "'\(name)' cannot be packed: its name is too long or has odd characters.")
        }
        var header = [UInt8](repeating: 0, count: TarFile.block)
        func put(_ bytes: [UInt8], at offset: Int) {
            header.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        }
        func octal(_ value: Int64, _ digits: Int) -> [UInt8] {
            let text = String(value, radix: 8)
            return Array((String(repeating: "0", count: max(0, digits - text.count)) + text).utf8)
        }
        put(short, at: 0)
        put(octal(0o600, 7), at: 100)
        put(octal(0, 7), at: 108)
        put(octal(0, 7), at: 116)
        if size < 1 << 33 {
            put(octal(size, 11), at: 124)
        } else {
            put([0x80, 0, 0, 0] + (0..<8).map { UInt8(truncatingIfNeeded: size >> (56 - 8 * Int64($0))) }, at: 124)
        }
        put(octal(max(0, min(moment.milliseconds / 1000, (1 << 33) - 1)), 11), at: 136)
        put(Array(repeating: UInt8(ascii: " "), count: 8), at: 148)
        header[156] = UInt8(ascii: "0")
        put(Array("ustar\0".utf8) + Array("00".utf8), at: 257)
        put(prefix, at: 345)
        put(octal(TarFile.sum(header[...]), 6) + [0, UInt8(ascii: " ")], at: 148)
        return header
    }
}

/// An archive that was read: its parts, in their order. Their bytes stay in the file.
struct TarFile {
    static let block = 512
    /// The most parts that are read.
    static let mostParts = 20_000
    /// How much of a part is in memory at once.
    private static let chunk = 1 << 20

    /// One part.
    struct Part: Equatable {
        var name: String
        /// Where its bytes begin in the archive.
        var offset: Int64
        var size: Int64
    }

    let descriptor: Int32
    private(set) var parts: [Part] = []

    /// Reads all headers of an open file, which stays the caller's.
    ///
    /// - Parameter file: its name, for what is told.
    init(_ descriptor: Int32, called file: String) throws(StoreFailure) {
        self.descriptor = descriptor
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw StoreFailure(.notAStore, "\(file) is no file.")
        }
        let end = Int64(status.st_size)
        var names: Set<String> = []
        var offset: Int64 = 0
        func damaged(_ why: String) -> StoreFailure {
            StoreFailure(.notAStore, "\(file) is no packed file of Bookbag, or it is damaged: \(why).")
        }
        while true {
            guard let header = Self.bytes(of: descriptor, from: offset, count: Self.block) else {
                throw damaged("it ends too soon")
            }
            offset += Int64(Self.block)
            if header.allSatisfy({ $0 == 0 }) { break }
            guard Array(header[257..<263]) == Array("ustar\0".utf8), let sum = Self.number(header[148..<156]),
                sum == Self.sum(header[...])
            else { throw damaged("a header is wrong") }
            guard header[156] == UInt8(ascii: "0") else {
                throw damaged("it has a part that is no plain file, such as a link or a folder")
            }
            let (prefix, short) = (Self.text(header[345..<500]), Self.text(header[0..<100]))
            guard let prefix, let short else { throw damaged("a name is no text") }
            let name = prefix.isEmpty ? short : prefix + "/" + short
            guard Self.isSafe(name) else { throw damaged("a name in it leads elsewhere or has odd characters") }
            guard let size = Self.number(header[124..<136]), size >= 0, size <= end - offset else {
                throw damaged("a size is wrong")
            }
            guard names.insert(name).inserted else { throw damaged("a part is in it twice") }
            guard parts.count < Self.mostParts else { throw damaged("it has too many parts") }
            parts.append(Part(name: name, offset: offset, size: size))
            offset += (size + Int64(Self.block) - 1) / Int64(Self.block) * Int64(Self.block)
        }
    }

    subscript(name: String) -> Part? { parts.first { $0.name == name } }

    /// The bytes of a small part.
    func bytes(_ part: Part, atMost most: Int) throws(StoreFailure) -> [UInt8] {
        guard part.size <= most else {
            throw StoreFailure(.misuse, "'\(part.name)' in the packed file is larger than \(most / 1024) KiB.")
        }
        guard let bytes = Self.bytes(of: descriptor, from: part.offset, count: Int(part.size)) else {
            throw StoreFailure(.disk, "'\(part.name)' of the packed file cannot be read.")
        }
        return bytes
    }

    /// Gives all bytes of a part, piece by piece.
    func chunks(of part: Part, _ take: ([UInt8]) -> Void) throws(StoreFailure) {
        try Self.chunks(of: descriptor, from: part.offset, size: part.size, take)
    }

    /// Gives `size` bytes of a file, piece by piece; fewer where it ends before.
    static func chunks(
        of descriptor: Int32, from offset: Int64, size: Int64, _ take: ([UInt8]) -> Void
    ) throws(StoreFailure) {
        var done: Int64 = 0
        while done < size {
            let wanted = Int(min(Int64(chunk), size - done))
            guard let bytes = Self.bytes(of: descriptor, from: offset + done, count: wanted, exactly: false) else {
                throw StoreFailure(.disk, "A file cannot be read: \(String(cString: strerror(errno))).")
            }
            if bytes.isEmpty { return }
            take(bytes)
            done += Int64(bytes.count)
        }
    }

    /// Whether a name is relative, and leads nowhere but down.
    static func isSafe(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 255
            && name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F && $0 != "\\" }
            && name.split(separator: "/", omittingEmptySubsequences: false)
                .allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    }

    /// The sum of a header's bytes, its own field taken for spaces.
    fileprivate static func sum(_ header: ArraySlice<UInt8>) -> Int64 {
        var sum: Int64 = 0
        for (place, byte) in header.enumerated() { sum += (148..<156).contains(place) ? 0x20 : Int64(byte) }
        return sum
    }

    private static func bytes(
        of descriptor: Int32, from offset: Int64, count: Int, exactly: Bool = true
    ) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress! + done, count - done, off_t(offset) + off_t(done))
            }
            if got < 0, errno == EINTR { continue }
            if got < 0 { return nil }
            if got == 0 { break }
            done += got
        }
        if exactly, done < count { return nil }
        return Array(bytes[..<done])
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String? {
        String(validating: field.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// A number in octal digits, or in base 256 if its first bit is set.
    private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
        if field[field.startIndex] == 0x80 {
            let bytes = field.dropFirst()
            guard bytes.dropLast(8).allSatisfy({ $0 == 0 }) else { return nil }
            let value = bytes.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return Int64(exactly: value)
        }
        let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x37).contains($0) }) else { return nil }
        return Int64(String(decoding: digits, as: UTF8.self), radix: 8)
    }
}

extension StoreFailure {
    /// What `errno` says of a write that failed.
    init(writing what: String) {
        let code = errno
        self.init(
            [ENOSPC, EDQUOT, EFBIG].contains(code) ? .full : .disk,
            "\(what) cannot be written: \(String(cString: strerror(code))).")
    }
}
