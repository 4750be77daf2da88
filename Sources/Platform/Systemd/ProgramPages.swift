import Glibc

/// The pages of the program's own code that are mapped into memory.
///
/// Startup runs code all over a program: every type and library is set up once. Each access maps the surrounding pages
/// too (the kernel "faults around"), so that a program with 45 MB of code has 30 MB of it mapped, but uses two once it
/// has settled. The kernel would unmap the rest when memory is short, and counts it as ours until then. Giving it back
/// costs only a soft fault for pages used again: they stay in the kernel's cache, and nothing can be lost, because code
/// is never written to.
public enum ProgramPages {
    /// Unmaps the program's code; used pages are mapped again. Does nothing if the code cannot be found.
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
                // A private file mapping that was never written to: the pages come back from the file.
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
