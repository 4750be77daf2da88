import Testing

@testable import Platform

/// A server that answers every request on a kept connection with the same bytes.
private func answering(_ answer: String) -> @Sendable (ScriptedServer.Line) -> Void {
    { line in while line.read(upTo: "\r\n\r\n") != nil { line.send(answer) } }
}

private func ok(_ body: String, _ headers: String = "") -> String {
    "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
}

@Suite("HTTP", .timeLimit(.minutes(1)))
struct HTTPTests {
    let engine = TransferEngine()

    @Test("brings status, headers in any case, and body")
    func answer() async throws {
        try await ScriptedServer.run(answering(ok("hello", "X-Two: a\r\nx-two:  b \r\n"))) { server in
            let response = try await engine.send(HTTPRequest(.get, "http://127.0.0.1:\(server.port)/a?b=c"))
            #expect(response.status == 200)
            #expect(response.text == "hello")
            #expect(response["x-TWO"] == "a")
            #expect(response.values(of: "X-Two") == ["a", "b"])
            #expect(response.url == "http://127.0.0.1:\(server.port)/a?b=c")
        }
    }

    @Test(
        "sends the request as it was written, and nothing that was not asked for",
        arguments: HTTPRequest.Method.allCases)
    func asWritten(_ method: HTTPRequest.Method) async throws {
        try await ScriptedServer.run({ line in
            guard let head = line.read(upTo: "\r\n\r\n") else { return }
            let hasBody = method != .get && method != .head
            let body = hasBody ? line.read(count: 3) ?? [] : []
            let answer = head + String(decoding: body, as: UTF8.self)
            line.send("HTTP/1.1 200 OK\r\nContent-Length: \(answer.utf8.count)\r\n\r\n")
            if method != .head { line.send(answer) }
        }) { server in
            let request = HTTPRequest(
                method, "http://127.0.0.1:\(server.port)/p",
                headers: [HTTPField("X-Empty", ""), HTTPField("X-A", "1: 2")],
                body: [0x61, 0x00, 0x62])
            let response = try await engine.send(request)
            guard method != .head else { return }
            let lines = response.text.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
            #expect(lines.first == "\(method.rawValue) /p HTTP/1.1")
            #expect(lines.contains("X-Empty:"))
            #expect(lines.contains("X-A: 1: 2"))
            #expect(!response.text.contains("Content-Type") && !response.text.contains("Expect"))
            if method != .get {
                #expect(lines.contains("Content-Length: 3"))
                #expect(lines.last == "a\0b")
            }
        }
    }

    @Test("keeps a connection for the next request")
    func keptConnection() async throws {
        try await ScriptedServer.run(answering(ok("x"))) { server in
            for _ in 0..<20 { _ = try await engine.send(HTTPRequest(.get, "http://127.0.0.1:\(server.port)/")) }
            #expect(server.accepted == 1)
            #expect(engine.statistics.connections == 1)
            #expect(engine.statistics.requests == 20)
        }
    }
}
