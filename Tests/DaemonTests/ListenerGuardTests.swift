import Platform
import Foundation
import Logging
import ServiceLifecycle
import Store
import Synchronization
import Testing

@testable import Daemon

/// A TCP connection to a port of this machine.
private final class Connection: Sendable {
    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        #expect(connected == 0)
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    func say(_ text: String) { _ = text.withCString { send(descriptor, $0, strlen($0), Int32(MSG_NOSIGNAL)) } }

    /// What comes until the other side closes, or has been silent for 20 seconds (nil). It waits on a thread of its
    /// own: the server's tasks need the others.
    func hear() async -> String? {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: self.listen()) }
        }
    }

    private func listen() -> String? {
        var heard: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 { return String(decoding: heard, as: UTF8.self) }
            if count < 0 { return errno == EAGAIN ? nil : String(decoding: heard, as: UTF8.self) }
            heard += buffer[..<count]
        }
    }
}

@Suite("Whoever reaches the listener", .timeLimit(.minutes(5)))
struct ListenerGuardTests {
    /// Runs a server with those limits while `body` knocks at its port.
    private func serving(_ limits: ListenerLimits, _ body: (Int) async throws -> Void) async throws {
        let (ports, tell) = AsyncStream.makeStream(of: Int.self)
        var server = HealthServer(
            listen: Configuration.Listen(host: "127.0.0.1", port: 0), metrics: DaemonMetrics(),
            heartbeats: Heartbeats(), store: try Store.inMemory(), clock: DaemonClock(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        server.limits = limits
        server.listening = { tell.yield($0) }
        let group = ServiceGroup(services: [server], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let running = Task { try await group.run() }
        var found = ports.makeAsyncIterator()
        let port = try #require(await found.next())
        try await body(port)
        await group.triggerGracefulShutdown()
        try await running.value
    }

    private static let health = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

    @Test("with many silent connections does not keep others out, and costs a few files only")
    func silent() async throws {
        var limits = ListenerLimits(files: 64)
        limits.idle = .seconds(600)
        #expect(limits.connections == 8)
        try await serving(limits) { port in
            let silent = try (0..<100).map { _ in try Connection(port: port) }
            let asking = try Connection(port: port)
            asking.say(Self.health)
            #expect(await asking.hear()?.hasPrefix("HTTP/1.1 200") == true)
            // The first ones were closed for those that came later.
            #expect(await silent[0].hear() == "")
            withExtendedLifetime(silent) {}
        }
    }

    @Test("is closed when it says nothing, or never ends its head or body")
    func slow() async throws {
        var limits = ListenerLimits(files: 1024)
        limits.idle = .milliseconds(200)
        limits.lifetime = .milliseconds(800)
        try await serving(limits) { port in
            let silent = try Connection(port: port)
            let half = try Connection(port: port)
            half.say("GET /health HTTP/1.1\r\nHost:")
            let body = try Connection(port: port)
            body.say("POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nx")
            for connection in [silent, half, body] { #expect(await connection.hear() != nil) }
        }
    }

    @Test("with a head that is too large is refused")
    func largeHead() async throws {
        try await serving(ListenerLimits(files: 1024)) { port in
            let large = try Connection(port: port)
            large.say(
                "GET /health HTTP/1.1\r\nHost: x\r\nX-Large: " + String(repeating: "x", count: 40_000) + "\r\n\r\n")
            #expect(await large.hear()?.hasPrefix("HTTP/1.1 200") == false)
            let many = try Connection(port: port)
            many.say(
                "GET /health HTTP/1.1\r\nHost: x\r\n"
                    + (0..<100).map { "X-\($0): x\r\n" }.joined() + "\r\n")
            #expect(await many.hear()?.hasPrefix("HTTP/1.1 200") == false)
            let usual = try Connection(port: port)
            usual.say(Self.health)
            #expect(await usual.hear()?.hasPrefix("HTTP/1.1 200") == true)
        }
    }

    @Test("keeps most files for the work", arguments: [(32, 4), (256, 32), (1024, 64), (1_000_000, 64)])
    func share(_ files: Int, _ connections: Int) { #expect(ListenerLimits(files: files).connections == connections) }
}
