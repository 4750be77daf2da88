internal import Glibc

/// One POST to a server of this machine, in the clear: how the sandbox's Twilio calls a shop's hook.
enum LoopbackPost {
    /// The status of the answer; nil if there is none.
    ///
    /// - Parameters:
    ///   - host: what `Host` says; the connection goes to 127.0.0.1 whatever it is.
    static func status(
        port: UInt16, path: String, host: String, headers: [(String, String)], body: [UInt8]
    ) async -> Int? {
        await withCheckedContinuation { continuation in
            // A blocking exchange of some milliseconds must not hold up a thread of the pool.
            startThread { continuation.resume(returning: exchange(port, path, host, headers, body)) }
        }
    }

    private static func startThread(_ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Work(body))
        var thread = pthread_t()
        let failed = pthread_create(
            &thread, nil,
            { raw in
                Unmanaged<Work>.fromOpaque(raw!).takeRetainedValue().body()
                return nil
            }, box.toOpaque())
        if failed != 0 {
            box.takeRetainedValue().body()
        } else {
            pthread_detach(thread)
        }
    }

    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    private static func exchange(
        _ port: UInt16, _ path: String, _ host: String, _ headers: [(String, String)], _ body: [UInt8]
    ) -> Int? {
        let line = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard line >= 0 else { return nil }
        defer { close(line) }
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(line, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(line, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { return nil }
        var head = "POST \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\nContent-Length: \(body.count)\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        var bytes = Array((head + "\r\n").utf8) + body
        while !bytes.isEmpty {
            let written = send(line, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            guard written > 0 else { return nil }
            bytes.removeFirst(written)
        }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while answer.count < 65_536 {
            let count = recv(line, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            answer += buffer[..<count]
        }
        let words = String(decoding: answer.prefix(200), as: UTF8.self).split(separator: " ")
        return words.count > 1 ? Int(words[1]) : nil
    }
}
