import Doubles
import Glibc
import Platform
import Synchronization

/// A TCP server on a port of the system's choice that plays one script for each connection, in a thread of its own.
///
/// The script blocks on a plain socket, so a test says exactly which bytes come, when, and when the line goes dead.
final class ScriptedServer: Sendable {
    /// One accepted connection.
    final class Line: Sendable {
        let socket: Int32
        /// Counts from 0.
        let number: Int
        private let unread = Mutex<[UInt8]>([])

        init(socket: Int32, number: Int) {
            self.socket = socket
            self.number = number
        }

        func send(_ text: String) { send(Array(text.utf8)) }

        func send(_ bytes: [UInt8]) {
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                if count <= 0 { return }
                rest = rest.dropFirst(count)
            }
        }

        /// The next bytes, or `nil` at the end.
        private func receive() -> [UInt8]? {
            var buffer = [UInt8](repeating: 0, count: 65536)
            let count = recv(socket, &buffer, buffer.count, 0)
            return count > 0 ? Array(buffer[..<count]) : nil
        }

        /// All up to and with `end`, or `nil` if the line ends before.
        func read(upTo end: String) -> String? {
            let end = Array(end.utf8)
            var searched = 0
            while true {
                let found: [UInt8]? = unread.withLock { unread in
                    let place = unread.withUnsafeBytes { bytes -> Int? in
                        var start = searched
                        while start + end.count <= bytes.count {
                            guard
                                let hit = memchr(
                                    bytes.baseAddress! + start, Int32(end[0]), bytes.count - end.count + 1 - start)
                            else { return nil }
                            start = UnsafeRawPointer(hit) - bytes.baseAddress!
                            if memcmp(hit, end, end.count) == 0 { return start }
                            start += 1
                        }
                        return nil
                    }
                    guard let place else {
                        searched = max(0, unread.count - end.count + 1)
                        return nil
                    }
                    defer { unread.removeFirst(place + end.count) }
                    return Array(unread[..<(place + end.count)])
                }
                if let found { return String(decoding: found, as: UTF8.self) }
                guard let more = receive() else { return nil }
                unread.withLock { $0 += more }
            }
        }

        func read(count: Int) -> [UInt8]? {
            while true {
                let found: [UInt8]? = unread.withLock { unread in
                    guard unread.count >= count else { return nil }
                    defer { unread.removeFirst(count) }
                    return Array(unread[..<count])
                }
                if let found { return found }
                guard let more = receive() else { return nil }
                unread.withLock { $0 += more }
            }
        }

        /// Waits until the far end has gone.
        func waitForEnd() { while receive() != nil {} }

        /// Makes the coming close a reset, as of a machine that crashed.
        func resetOnClose() {
            var value = linger(l_onoff: 1, l_linger: 0)
            setsockopt(socket, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
        }
    }

    let port: Int
    private let listener: Int32
    private struct Lines {
        var accepted = 0
        var open: [Int32] = []
        var isStopped = false
    }
    private let lines = Mutex(Lines())

    /// How many connections were accepted.
    var accepted: Int { lines.withLock { $0.accepted } }

    init(_ script: @escaping @Sendable (Line) -> Void) {
        // A small window, so that a long message cannot vanish whole into the kernel's buffers.
        let listener = Loopback.listener(window: 65536)
        port = Loopback.port(of: listener)
        self.listener = listener
        startThread { [self] in
            while true {
                let socket = accept(listener, nil, nil)
                if socket < 0 { return }
                let number: Int? = lines.withLock { lines in
                    if lines.isStopped { return nil }
                    lines.open.append(socket)
                    defer { lines.accepted += 1 }
                    return lines.accepted
                }
                guard let number else {
                    close(socket)
                    return
                }
                startThread { [self] in
                    script(Line(socket: socket, number: number))
                    lines.withLock { lines in
                        lines.open.removeAll { $0 == socket }
                        close(socket)
                    }
                }
            }
        }
    }

    /// Ends all lines and takes no more.
    func stop() {
        lines.withLock { lines in
            lines.isStopped = true
            for socket in lines.open { shutdown(socket, Int32(SHUT_RDWR)) }
        }
        shutdown(listener, Int32(SHUT_RDWR))
    }

    /// Runs `body` with a server that plays `script`.
    static func run<Result>(
        _ script: @escaping @Sendable (Line) -> Void, _ body: (ScriptedServer) async throws -> Result
    ) async throws -> Result {
        let server = ScriptedServer(script)
        defer { server.stop() }
        return try await body(server)
    }
}
