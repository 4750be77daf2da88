import Testing

@testable import Platform

/// A server that answers every request on a kept connection with the same bytes.
func answering(_ answer: String) -> @Sendable (ScriptedServer.Line) -> Void {
    { line in while line.read(upTo: "\r\n\r\n") != nil { line.send(answer) } }
}

func ok(_ body: String, _ headers: String = "") -> String {
    "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
}

extension ScriptedServer {
    var url: String { "http://127.0.0.1:\(port)" }
}

/// What a transfer ended with, in a form that `#expect` can show.
func outcome(_ body: () async throws(TransferFailure) -> HTTPResponse) async -> Result<HTTPResponse, TransferFailure> {
    do throws(TransferFailure) { return .success(try await body()) } catch { return .failure(error) }
}

extension Result where Success == HTTPResponse, Failure == TransferFailure {
    var status: Int? { if case .success(let response) = self { response.status } else { nil } }
    var kind: TransferFailure.Kind? { if case .failure(let failure) = self { failure.kind } else { nil } }
    var phase: TransferFailure.Phase? { if case .failure(let failure) = self { failure.phase } else { nil } }
}

@Suite("HTTP", .timeLimit(.minutes(5)))
struct HTTPTests {
    let engine = TransferEngine()

    @Test("brings status, headers in any case, and body")
    func answer() async throws {
        try await ScriptedServer.run(answering(ok("hello", "X-Two: a\r\nx-two:  b \r\n"))) { server in
            let response = try await engine.send(HTTPRequest(.get, "\(server.url)/a?b=c"))
            #expect(response.status == 200)
            #expect(response.text == "hello")
            #expect(response["x-TWO"] == "a")
            #expect(response.values(of: "X-Two") == ["a", "b"])
            #expect(response.url == "\(server.url)/a?b=c")
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
                method, "\(server.url)/p", headers: [HTTPField("X-Empty", ""), HTTPField("X-A", "1: 2")],
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
            for _ in 0..<20 { _ = try await engine.send(HTTPRequest(.get, server.url)) }
            #expect(server.accepted == 1)
            #expect(engine.statistics.connections == 1)
            #expect(engine.statistics.requests == 20)
        }
    }

    @Test("opens no more connections to a host than its limit")
    func connectionLimit() async throws {
        let engine = TransferEngine(limits: .init(connectionsPerHost: 3))
        try await ScriptedServer.run(answering(ok("x"))) { server in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<60 {
                    group.addTask { try await engine.send(HTTPRequest(.get, server.url)).status }
                }
                for try await status in group { #expect(status == 200) }
            }
            #expect(server.accepted <= 3)
        }
    }

    @Test("puts a chunked body together, and shows only the last head after an interim one")
    func chunked() async throws {
        let answer =
            "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"
            + "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
        try await ScriptedServer.run(answering(answer)) { server in
            let response = try await engine.send(HTTPRequest(.get, server.url))
            #expect(response.text == "abcdefg")
            #expect(response["X-Early"] == nil)
        }
    }

    @Test("takes a body of exactly the allowed size, and not one byte more", arguments: [false, true])
    func bodyLimit(_ isChunked: Bool) async throws {
        let body = String(repeating: "x", count: 3_000_000)
        let length = String(body.utf8.count, radix: 16)
        let answer =
            isChunked
            ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(length)\r\n\(body)\r\n0\r\n\r\n" : ok(body)
        try await ScriptedServer.run(answering(answer)) { server in
            var request = HTTPRequest(.get, server.url, maximumResponseBytes: body.utf8.count)
            let whole = try await engine.send(request)
            #expect(whole.body.count == body.utf8.count)
            request.maximumResponseBytes -= 1
            let result = await outcome { () throws(TransferFailure) in try await engine.send(request) }
            #expect(result.kind == .tooLarge)
        }
    }

    @Test("unpacks gzip, and counts what comes out against the limit")
    func gzip() async throws {
        // 1 MiB of zeros, packed: `head -c 1048576 /dev/zero | gzip -9n`.
        let packed = try #require(Fixtures.gzippedMebibyte)
        let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(packed.count)\r\n\r\n"
        try await ScriptedServer.run({ line in
            while line.read(upTo: "\r\n\r\n") != nil { line.send(Array(head.utf8) + packed) }
        }) { server in
            var request = HTTPRequest(.get, server.url, maximumResponseBytes: 1 << 20)
            let whole = try await engine.send(request)
            #expect(whole.body == [UInt8](repeating: 0, count: 1 << 20))
            request.maximumResponseBytes = 100_000
            let result = await outcome { () throws(TransferFailure) in try await engine.send(request) }
            #expect(result.kind == .tooLarge)
        }
    }

    @Test("refuses a head without end")
    func endlessHead() async throws {
        try await ScriptedServer.run({ line in
            guard line.read(upTo: "\r\n\r\n") != nil else { return }
            line.send("HTTP/1.1 200 OK\r\n")
            for index in 0..<5000 { line.send("X-\(index): \(String(repeating: "y", count: 100))\r\n") }
            line.waitForEnd()
        }) { server in
            let result = await outcome { () throws(TransferFailure) in
                try await engine.send(HTTPRequest(.get, server.url))
            }
            #expect(result.kind == .tooLarge)
        }
    }

    struct BadEnd: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var kind: TransferFailure.Kind
        var phase: TransferFailure.Phase
        var script: @Sendable (ScriptedServer.Line) -> Void
    }

    static let badEnds: [BadEnd] = [
        BadEnd(testDescription: "hung up before the answer", kind: .dropped, phase: .requesting) {
            _ = $0.read(upTo: "\r\n\r\n")
        },
        BadEnd(testDescription: "reset before the answer", kind: .dropped, phase: .requesting) {
            _ = $0.read(upTo: "\r\n\r\n")
            $0.resetOnClose()
        },
        BadEnd(testDescription: "hung up within the body", kind: .dropped, phase: .answering) {
            _ = $0.read(upTo: "\r\n\r\n")
            $0.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        },
        BadEnd(testDescription: "hung up within a chunked body", kind: .dropped, phase: .answering) {
            _ = $0.read(upTo: "\r\n\r\n")
            $0.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf")
        },
        BadEnd(testDescription: "a status line that is none", kind: .malformedAnswer, phase: .requesting) {
            _ = $0.read(upTo: "\r\n\r\n")
            $0.send("220 relay.example ESMTP\r\n")
        },
        BadEnd(testDescription: "gzip that is none", kind: .malformedAnswer, phase: .answering) {
            _ = $0.read(upTo: "\r\n\r\n")
            $0.send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 10\r\n\r\nplain text")
        },
        BadEnd(testDescription: "silence", kind: .timeout, phase: .requesting) { $0.waitForEnd() },
        BadEnd(testDescription: "silence within the body", kind: .timeout, phase: .answering) {
            _ = $0.read(upTo: "\r\n\r\n")
            $0.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            $0.waitForEnd()
        },
    ]

    @Test("tells how an answer failed, and never takes part of one for the whole", arguments: badEnds)
    func badEnd(_ end: BadEnd) async throws {
        try await ScriptedServer.run(end.script) { server in
            let request = HTTPRequest(
                .post, server.url, body: [1], timeout: .milliseconds(end.kind == .timeout ? 300 : 20_000))
            let result = await outcome { () throws(TransferFailure) in try await engine.send(request) }
            #expect(result.kind == end.kind)
            #expect(result.phase == end.phase)
        }
    }

    @Test("tells that nobody listens")
    func refused() async throws {
        let port = try await ScriptedServer.run({ _ in }) { $0.port }
        let result = await outcome { () throws(TransferFailure) in
            try await engine.send(HTTPRequest(.get, "http://127.0.0.1:\(port)/"))
        }
        #expect(result.kind == .connect)
        #expect(result.phase == .connecting)
    }

    @Test(
        "sends nothing for a request that is not well-formed",
        arguments: [
            HTTPRequest(.get, "ftp://127.0.0.1/"), HTTPRequest(.get, "127.0.0.1"), HTTPRequest(.get, ""),
            HTTPRequest(.get, "http://"), HTTPRequest(.get, "http://user:secret@127.0.0.1/"),
            HTTPRequest(.get, "http://127.0.0.1/a b"), HTTPRequest(.get, "http://127.0.0.1/\r\nX: y"),
            HTTPRequest(.get, "file:///etc/passwd"),
            HTTPRequest(.get, "http://127.0.0.1/", headers: [HTTPField("X", "a\r\nY: b")]),
            HTTPRequest(.get, "http://127.0.0.1/", headers: [HTTPField("X: y", "a")]),
            HTTPRequest(.get, "http://127.0.0.1/", headers: [HTTPField("", "a")]),
        ])
    func malformed(_ request: HTTPRequest) async {
        let result = await outcome { () throws(TransferFailure) in try await engine.send(request) }
        #expect(result.kind == .malformedRequest)
        #expect(!"\(result)".contains("secret"))
    }
}
