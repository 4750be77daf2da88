internal import Glibc
internal import Platform
internal import Synchronization

/// Stands between a client and a server, and hangs up after so many bytes of the server's.
package final class CuttingProxy: Sendable {
    package let port: Int
    private let listener: Int32
    private let budget: Mutex<Int>
    private let passed = Atomic(0)

    /// How many bytes of the server's have passed in all.
    package var bytes: Int { passed.load(ordering: .relaxed) }

    /// Stands before `server`.
    ///
    /// - Parameter after: how many bytes of the server's pass in all before the line is cut, once; later lines stand.
    package init(to server: Int, after bytes: Int) {
        listener = Loopback.listener()
        port = Loopback.port(of: listener)
        budget = Mutex(bytes)
        let listener = listener
        startThread { [self] in
            while true {
                let client = accept(listener, nil, nil)
                if client < 0 { return }
                guard let far = Loopback.connected(to: server) else {
                    close(client)
                    continue
                }
                let pair = Pair(client: client, far: far)
                startThread { Self.copy(from: pair.client, to: pair.far) { $0 } }
                startThread { [self] in
                    Self.copy(from: pair.far, to: pair.client) { count in
                        passed.wrappingAdd(count, ordering: .relaxed)
                        return budget.withLock { left in
                            if left == .max { return count }
                            defer { left = count >= left ? .max : left - count }
                            return min(count, left)
                        }
                    }
                }
            }
        }
    }

    /// Closes both sockets when nobody copies between them any more: a number that is closed sooner may by then be
    /// another socket's.
    private final class Pair: Sendable {
        let client: Int32
        let far: Int32

        init(client: Int32, far: Int32) {
            self.client = client
            self.far = far
        }

        deinit {
            close(client)
            close(far)
        }
    }

    package func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    /// Copies until an end, or until fewer bytes are allowed than came.
    private static func copy(from: Int32, to: Int32, allow: (Int) -> Int) {
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(from, &buffer, buffer.count, 0)
            if count <= 0 { break }
            let allowed = allow(count)
            var sent = 0
            while sent < allowed {
                let now = buffer.withUnsafeBytes {
                    send(to, $0.baseAddress! + sent, allowed - sent, Int32(MSG_NOSIGNAL))
                }
                if now <= 0 { break }
                sent += now
            }
            if sent < count { break }
        }
        shutdown(to, Int32(SHUT_RDWR))
        shutdown(from, Int32(SHUT_RDWR))
    }
}
