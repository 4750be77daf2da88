import Daemon
import Foundation
import Logging
import Platform
import Synchronization
import Testing

@testable import Web

/// A connection that says what it is told, in whatever pieces.
private final class Line: Sendable {
    private let descriptor: Int32

    init(port: Int) {
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
    }

    init(socket path: String) {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(connected == 0)
    }

    deinit { close(descriptor) }

    func say(_ text: String) {
        _ = text.withCString { send(descriptor, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
    }

    /// What comes until `end` was heard or the other side closes, on a thread of its own.
    func hear(until end: String) async -> String {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: self.listen(end)) }
        }
    }

    private func listen(_ end: String) -> String {
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var heard: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let text = String(decoding: heard, as: UTF8.self)
            if text.contains(end) { return text }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count <= 0 { return text }
            heard += buffer[..<count]
        }
    }
}

/// Says what it was asked.
private struct Echo: WebSite {
    let lookAgain: LookAgain

    func respond(to request: WebRequest) async -> WebResponse {
        if request.path == "/changes" {
            return WebResponse(200, headers: ["content-type": "text/event-stream"], body: .lookAgain(lookAgain))
        }
        let peer = request.peer == .socket ? "socket" : "port"
        var response = WebResponse.text(
            "\(request.method) \(request.path) \(request.host ?? "-") \(request.form["a"] ?? "-") \(peer) \(request.body.count) END",
            status: 200)
        response.cookies = ["one=1", "two=2"]
        return response
    }
}

@Suite("The server of a site", .timeLimit(.minutes(5)))
struct SiteServerTests {
    private func serving(
        _ place: Configuration.Site.Place, lookAgain: LookAgain = LookAgain(), _ body: (Int) async throws -> Void
    ) async throws {
        let (ports, tell) = AsyncStream.makeStream(of: Int.self)
        let server = SiteServer(
            name: "test", place: place, site: Echo(lookAgain: lookAgain),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, listening: { tell.yield($0) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            group.addTask { try await lookAgain.run() }
            var iterator = ports.makeAsyncIterator()
            try await body(try #require(await iterator.next()))
            group.cancelAll()
            while let result = await group.nextResult() { _ = result }
        }
    }

    @Test("requests come whole, with their Host, their form and their peer; answers with each cookie")
    func exchange() async throws {
        try await serving(.port(host: "127.0.0.1", port: 0)) { port in
            let line = Line(port: port)
            line.say("POST /x?y=1 HTTP/1.1\r\nHost: desk.example\r\nContent-Length: 9\r\n\r\n")
            line.say("a=b%20c+d")
            let answer = await line.hear(until: "END")
            #expect(answer.contains("POST /x desk.example b c d port 9 END"))
            #expect(answer.contains("one=1") && answer.contains("two=2"))
        }
    }

    @Test("over a Unix socket the peer is the socket, whose file others cannot open")
    func unixSocket() async throws {
        let path = "/tmp/bookbag-\(UUID().uuidString.prefix(8)).sock"
        defer { unlink(path) }
        try await serving(.socket(path)) { _ in
            let line = Line(socket: path)
            line.say("GET /x HTTP/1.1\r\nHost: desk.example\r\n\r\n")
            #expect(await line.hear(until: "END").contains("GET /x desk.example - socket 0 END"))
            var about = stat()
            #expect(stat(path, &about) == 0 && about.st_mode & 0o007 == 0)
        }
    }

    @Test("a body of more than 64 KiB is refused, and one that takes more than ten seconds")
    func bodies() async throws {
        try await serving(.port(host: "127.0.0.1", port: 0)) { port in
            let big = Line(port: port)
            big.say("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n")
            for _ in 0..<70 { big.say(String(repeating: "x", count: 1000)) }
            #expect(await big.hear(until: "\r\n\r\n").contains(" 413 "))
            let slow = Line(port: port)
            slow.say("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 70\r\n\r\nabc")
            let answer = await slow.hear(until: "\r\n\r\n")
            #expect(answer.isEmpty || answer.contains(" 408 "), "\(answer)")
        }
    }

    @Test("HEAD has the length and no body")
    func head() async throws {
        try await serving(.port(host: "127.0.0.1", port: 0)) { port in
            let line = Line(port: port)
            line.say("HEAD /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let answer = await line.hear(until: "never")
            #expect(answer.lowercased().contains("content-length: ") && !answer.contains("END"))
        }
    }

    @Test("a change is told to an open stream, and a stream that is left is closed")
    func stream() async throws {
        let hub = LookAgain()
        try await serving(.port(host: "127.0.0.1", port: 0), lookAgain: hub) { port in
            do {
                let line = Line(port: port)
                line.say("GET /changes HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(await line.hear(until: "retry: 5000").contains("text/event-stream"))
                #expect(hub.count == 1)
                hub.wake.call()
                #expect(await line.hear(until: "data: look").contains("data: look"))
            }
            // The connection is closed: the server notices without having anything to write.
            while hub.count > 0 { await Task.yield() }
        }
    }
}
