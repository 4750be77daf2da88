import Synchronization
import Testing

@testable import Platform

@Suite("where requests may go", .timeLimit(.minutes(5)))
struct ReachTests {
    let engine = TransferEngine()

    private func send(_ request: HTTPRequest) async -> Result<HTTPResponse, TransferFailure> {
        await outcome { () throws(TransferFailure) in try await engine.send(request) }
    }

    @Test(
        "knows what is not public",
        arguments: [
            "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.0.1", "169.254.169.254",
            "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1",
            "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
            "::", "::1", "::ffff:8.8.8.8", "::ffff:127.0.0.1", "::8.8.8.8", "fe80::1", "fe80::1%lo", "fec0::1",
            "fc00::1",
            "fd12:3456::1", "ff02::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::", "64:ff9b::10.0.0.1",
            "64:ff9b:1::1", "100::1", "3fff::1", "4000::1", "[::1]",
        ])
    func notPublic(_ text: String) throws {
        #expect(try #require(IPAddress(text)).isPublic == false)
    }

    @Test(
        "knows what is public",
        arguments: [
            "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1", "192.167.255.255", "198.17.255.255", "198.20.0.0", "223.255.255.255", "2a00:1450::1",
            "2606:4700::1111", "64:ff9b::8.8.8.8", "2002:808:808::1", "2001:200::1",
        ])
    func isPublic(_ text: String) throws {
        #expect(try #require(IPAddress(text)).isPublic)
    }

    @Test(
        "refuses loopback before a connection is made, however it is written",
        arguments: [
            "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "[::1]",
            "[::ffff:127.0.0.1]",
        ])
    func loopback(_ host: String) async throws {
        try await ScriptedServer.run(answering(ok("x"))) { server in
            let result = await send(HTTPRequest(.get, "http://\(host):\(server.port)/", addressPolicy: .publicOnly()))
            #expect(result.kind == .forbiddenAddress)
            #expect(server.accepted == 0)
        }
    }

    @Test("lets a literal loopback address through where that counts as named, and no name that leads there")
    func literalLoopback() async throws {
        try await ScriptedServer.run(answering(ok("x"))) { server in
            let policy = AddressPolicy.publicOnly(allowLiteralLoopback: true)
            let literal = await send(HTTPRequest(.get, "\(server.url)/", addressPolicy: policy))
            #expect(literal.status == 200)
            let named = await send(HTTPRequest(.get, "http://localhost:\(server.port)/", addressPolicy: policy))
            #expect(named.kind == .forbiddenAddress)
        }
    }

    @Test("lets named origins through: scheme, host and port")
    func exceptOrigins() async throws {
        try await ScriptedServer.run(answering(ok("x"))) { server in
            let origin = try #require(WebOrigin("http://localhost:\(server.port)/somewhere"))
            let policy = AddressPolicy.publicOnly(exceptOrigins: [origin])
            let elsewhere = AddressPolicy.publicOnly(
                exceptOrigins: Set(["http://localhost", "https://localhost:\(server.port)"].compactMap(WebOrigin.init)))
            let refused = await send(HTTPRequest(.get, "http://localhost:\(server.port)/", addressPolicy: elsewhere))
            #expect(refused.kind == .forbiddenAddress, "another port and another scheme are somebody else")
            let named = await send(HTTPRequest(.get, "http://LOCALHOST:\(server.port)/", addressPolicy: policy))
            #expect(named.status == 200)
            let other = await send(HTTPRequest(.get, "\(server.url)/", addressPolicy: policy))
            #expect(other.kind == .forbiddenAddress)
        }
    }

    @Test(
        "takes for this machine what is its address, and never a name that looks like one",
        arguments: [
            ("localhost", true), ("LocalHost", true), ("127.0.0.1", true), ("127.255.0.9", true), ("::1", true),
            ("[::1]", true), ("127.evil.example.com", false), ("127.0.0.evil", false),
            ("127.0.0.1.evil.example", false),
            ("127.0.0.1.", false), ("localhost.evil.example", false), ("128.0.0.1", false), ("", false),
            ("127.1.2", false),
        ])
    func loopback(_ host: String, _ isLoopback: Bool) { #expect(AddressPolicy.isLoopback(host: host) == isLoopback) }

    @Test("refuses a kept connection that another request was allowed to open")
    func keptConnection() async throws {
        try await ScriptedServer.run(answering(ok("x"))) { server in
            let url = "http://localhost:\(server.port)/"
            #expect(await send(HTTPRequest(.get, url)).status == 200)
            #expect(await send(HTTPRequest(.get, url, addressPolicy: .publicOnly())).kind == .forbiddenAddress)
            #expect(server.accepted == 1)
        }
    }

    @Test("holds redirects to the same policy, without the exception for loopback")
    func redirectToLoopback() async throws {
        try await ScriptedServer.run(answering(ok("inner"))) { inner in
            let redirect = "HTTP/1.1 302 Found\r\nLocation: \(inner.url)/\r\nContent-Length: 0\r\n\r\n"
            try await ScriptedServer.run(answering(redirect)) { outer in
                let policy = AddressPolicy.publicOnly(allowLiteralLoopback: true)
                let result = await send(HTTPRequest(.get, outer.url, redirects: 3, addressPolicy: policy))
                #expect(result.kind == .forbiddenAddress)
                #expect(inner.accepted == 0)
            }
        }
    }

    @Test("takes a redirect for an answer unless told to follow it")
    func noRedirect() async throws {
        let answer = "HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n"
        try await ScriptedServer.run(answering(answer)) { server in
            #expect(await send(HTTPRequest(.get, server.url)).status == 302)
            // A body was sent: repeating it elsewhere is the caller's decision.
            #expect(await send(HTTPRequest(.post, server.url, body: [1], redirects: 5)).status == 302)
            #expect(await send(HTTPRequest(.get, server.url, redirects: 5)).kind == .redirect)
        }
    }

    @Test("follows a redirect, and leaves secrets behind when it leaves the origin")
    func followed() async throws {
        let heads = Mutex<[String]>([])
        let final: @Sendable (ScriptedServer.Line) -> Void = { line in
            while let head = line.read(upTo: "\r\n\r\n") {
                heads.withLock { $0.append(head) }
                line.send(ok("there"))
            }
        }
        try await ScriptedServer.run(final) { other in
            try await ScriptedServer.run({ line in
                while let head = line.read(upTo: "\r\n\r\n") {
                    heads.withLock { $0.append(head) }
                    let target = head.hasPrefix("GET /first") ? "/second" : "\(other.url)/third"
                    line.send("HTTP/1.1 307 Temporary Redirect\r\nLocation: \(target)\r\nContent-Length: 0\r\n\r\n")
                }
            }) { server in
                let headers = [HTTPField("X-Token", "secret"), HTTPField("Accept", "application/pdf")]
                let response = try await engine.send(
                    HTTPRequest(.get, "\(server.url)/first", headers: headers, redirects: 2))
                #expect(response.text == "there")
                #expect(response.url == "\(other.url)/third")
                let seen = heads.withLock { $0 }
                #expect(seen.map { $0.contains("X-Token: secret") } == [true, true, false])
                #expect(seen.allSatisfy { $0.contains("Accept: application/pdf") })
            }
        }
    }
}
