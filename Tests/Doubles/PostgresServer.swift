internal import Foundation
internal import Synchronization

/// A PostgreSQL server for the tests of one process: its own folder, a socket there and no port, gone with the process
/// however that ends. It keeps nothing over a power failure, which no test of these needs.
package final class PostgresServer: Sendable {
    /// Where its socket is.
    package let folder: String
    /// The socket's place and the user, as the words of an address without its database.
    package var address: String { "host=\(folder)&user=bookbag" }

    /// The folder with the programs of the newest server on this machine; nil without one, where tests on it are left
    /// out. Where all servers have to be there, as in CI, it is an error.
    package static let programs: String? = {
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        let newest = versions.compactMap(Int.init).filter { $0 >= 15 }.max()
        let path = newest.map { "\(root)/\($0)/bin" }.flatMap {
            FileManager.default.isExecutableFile(atPath: $0 + "/initdb") ? $0 : nil
        }
        if path == nil {
            precondition(
                ProcessInfo.processInfo.environment["CI"] == nil, "PostgreSQL is missing: run scripts/packages test")
            print("PostgreSQL is not installed, so tests on it are left out: run scripts/packages test")
        }
        return path
    }()

    /// The one of this process, started when it is first asked for.
    package static let shared = Result { try PostgresServer() }

    /// Whose standard input is held open while this process lives: its end is what ends the server.
    private static let running = Mutex<[Process]>([])
    private static let atEnd: Void = {
        atexit { PostgresServer.stopAll() }
        return ()
    }()

    /// Starts one.
    package init() throws {
        guard let programs = Self.programs else { throw CocoaError(.fileNoSuchFile) }
        // A socket's path is short.
        folder = "/tmp/bookbag-pg-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let options = [
            "fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "max_connections=120",
            "shared_buffers=64MB", "listen_addresses=", "unix_socket_directories=\(folder)", "logging_collector=off",
        ].map { "-c '\($0)'" }.joined(separator: " ")
        let script = """
            as() { if [ "$(id -u)" = 0 ]; then runuser -u nobody -- "$@"; else "$@"; fi; }
            if [ "$(id -u)" = 0 ]; then chown nobody '\(folder)'; fi
            cd /
            as \(programs)/initdb -D '\(folder)/data' -U bookbag -A trust --locale=C --encoding=UTF8 --no-sync \
                >'\(folder)/log' 2>&1 || exit 1
            as \(programs)/postgres -D '\(folder)/data' \(options) >>'\(folder)/log' 2>&1 </dev/null &
            for _ in $(seq 600); do \(programs)/pg_isready -q -h '\(folder)' && break; sleep 0.05; done
            echo ready
            cat >/dev/null
            as \(programs)/pg_ctl -D '\(folder)/data' -m immediate stop >/dev/null 2>&1
            rm -rf '\(folder)'
            """
        let output = Pipe()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script]
        process.standardInput = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let words = output.fileHandleForReading.availableData
        guard String(decoding: words, as: UTF8.self).hasPrefix("ready") else {
            let log = (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? ""
            throw NSError(domain: "PostgreSQL did not start: \(log.suffix(500))", code: 1)
        }
        Self.atEnd
        Self.keep(process)
    }

    private static func keep(_ process: sending Process) { running.withLock { $0.append(process) } }

    private static func stopAll() {
        running.withLock { processes in
            for process in processes {
                try? (process.standardInput as? Pipe)?.fileHandleForWriting.close()
                process.waitUntilExit()
            }
        }
    }
}
