import Glibc

/// The pages of the program's own code that are mapped into memory.
///
/// Starting runs code all over a program: every type and library is set up once. Each such touch maps the pages around
/// it too (the kernel "faults around"), so that a program of 45 MB of code stands with 30 MB of it mapped, of which it
/// uses two when it has settled. The kernel would unmap the rest when memory is short, and counts it as ours until
/// then. Giving it back costs nothing but a soft fault for what is used after all: the pages stay in the kernel's
/// cache, and nothing can be lost, for code is never written to.
public enum ProgramPages {
    /// Unmaps the program's code, to be mapped again where it is used. Does nothing where it cannot be found.
    ///
    /// - Returns: how many bytes of addresses were given back.
    @discardableResult
    public static func giveBack() -> Int {
        guard let program = program() else { return 0 }
        var given = 0
        for line in lines(of: "/proc/self/maps") {
            // 55d0c0a00000-55d0c3700000 r-xp 006bf000 fe:00 1234    /usr/bin/bookbag
            let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
            guard fields.count == 6, fields[1] == "r-xp", fields[5].drop(while: { $0 == " " }) == program else {
                continue
            }
            let ends = fields[0].split(separator: "-")
            guard ends.count == 2, let start = UInt(ends[0], radix: 16), let end = UInt(ends[1], radix: 16),
                start < end,
                let address = UnsafeMutableRawPointer(bitPattern: start),
                // A private mapping of a file that was never written to: what comes back is the file's.
                madvise(address, Int(end - start), MADV_DONTNEED) == 0
            else { continue }
            given += Int(end - start)
        }
        return given
    }

    private static func program() -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        guard length > 0 else { return nil }
        return String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func lines(of path: String) -> [Substring] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(file, &buffer, buffer.count)
            guard count > 0 else { break }
            text += buffer[..<count]
        }
        return String(decoding: text, as: UTF8.self).split(separator: "\n")
    }
}
