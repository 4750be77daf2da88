internal import Glibc
internal import Synchronization

/// Sockets on loopback, for servers that tests bring.
enum Loopback {
    static func address(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    /// Listens at a port of the system's choice.
    static func listener() -> Int32 {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = address(0)
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                precondition(bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0, "no port to bind to")
            }
        }
        precondition(listen(listener, 64) == 0)
        return listener
    }

    static func port(of listener: Int32) -> Int {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            _ = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &length) }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    static func connected(to port: Int) -> Int32? {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = address(port)
        let isThere = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        if isThere { return socket }
        close(socket)
        return nil
    }
}

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
        detached { [self] in
            while true {
                let client = accept(listener, nil, nil)
                if client < 0 { return }
                guard let far = Loopback.connected(to: server) else {
                    close(client)
                    continue
                }
                let pair = Pair(client: client, far: far)
                detached { Self.copy(from: pair.client, to: pair.far) { $0 } }
                detached { [self] in
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

/// Runs a blocking body on a thread of its own.
private func detached(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let code = pthread_create(
        &thread, nil,
        { context in
            pthread_detach(pthread_self())
            Unmanaged<Box>.fromOpaque(context!).takeRetainedValue().body()
            return nil
        }, Unmanaged.passRetained(Box(body)).toOpaque())
    precondition(code == 0)
}
