import Foundation

/// Bytes and commands that tests need from outside.
enum Fixtures {
    /// One mebibyte of zeros, packed with the machine's own gzip.
    static let gzippedMebibyte = run("/bin/sh", ["-c", "head -c 1048576 /dev/zero | gzip -9n"])

    /// What a command prints, or `nil` if it cannot be run or fails.
    static func run(_ path: String, _ arguments: [String]) -> [UInt8]? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return process.terminationStatus == 0 ? Array(data) : nil
    }

    /// Where a program is, looked for as the shell does and in the folders of system programs.
    static func find(_ name: String) -> String? {
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "") + ":/usr/sbin:/sbin:/usr/bin:/lib/systemd"
        return path.split(separator: ":").map { "\($0)/\(name)" }.first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
    }

    /// Whether a program is there; says so when tests are left out for lack of it.
    static func has(_ name: String, of package: String) -> Bool {
        if find(name) != nil { return true }
        print("left out: tests that need \(name) (Debian's \(package))")
        return false
    }

    /// A new empty folder, gone when the value is.
    final class Folder: Sendable {
        let path: String
        init() {
            path = FileManager.default.temporaryDirectory.appendingPathComponent("bookbag-\(UUID().uuidString)").path
            try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        deinit { try? FileManager.default.removeItem(atPath: path) }
    }
}
