import Daemon
import Foundation
import Outreach
import Store
import Testing

@testable import Web

@Suite("What is asked of every request")
struct GateTests {
    @Test(
        "a foreign Host gets nothing, on both sites",
        arguments: [
            nil, "127.0.0.1", "evil.example", "desk.juniperfig.example.evil.example", "desk.juniperfig.example:8788",
        ])
    func host(_ host: String?) async throws {
        let bench = try await DeskBench()
        let request = WebRequest(path: "/login", host: host)
        #expect(await bench.desk.respond(to: request).status == 421)
        #expect(await bench.shopper.respond(to: request).status == 421)
    }

    @Test(
        "nothing is done for a page elsewhere",
        arguments: [
            ["sec-fetch-site": "cross-site"], ["sec-fetch-site": "same-site"], ["sec-fetch-site": "none"], [:],
            ["origin": "https://evil.example"], ["origin": "null"], ["origin": "http://desk.juniperfig.example"],
            ["sec-fetch-site": "cross-site", "origin": "https://desk.juniperfig.example"],
        ])
    func foreign(_ headers: [String: String]) async throws {
        let bench = try await DeskBench()
        let cookies = try await bench.login("all@juniperfig.example")
        let effect = try await bench.message(about: bench.order(1001))
        let posts = [
            "/login", "/login/code", "/logout", "/juniperfig/find", "/juniperfig/triggers/confirm",
            "/juniperfig/operations/end-session", "/juniperfig/messages/\(effect.id)/drop",
            "/juniperfig/messages/\(effect.id)/retry",
        ]
        for path in posts {
            let answer = await bench.ask(path, method: "POST", cookies: cookies, headers: headers)
            #expect(answer.status == 403, "\(path)")
        }
        #expect(try await bench.store.effect(effect.id, shop: figs)?.state == .ready)
    }

    @Test("an Origin of our own is enough where a browser sends no Sec-Fetch-Site")
    func origin() async throws {
        let bench = try await DeskBench()
        let cookies = try await bench.login("shop@juniperfig.example")
        let answer = await bench.ask(
            "/logout", method: "POST", cookies: cookies, headers: ["origin": "https://desk.juniperfig.example"])
        #expect(answer.status == 303)
    }

    @Test("every answer has the policy, and none is kept but the files")
    func headers() async throws {
        let bench = try await DeskBench()
        let cookies = try await bench.login("all@juniperfig.example")
        try await bench.message(about: bench.order(1001))
        let paths = [
            "/login", "/", "/juniperfig/today", "/juniperfig/orders/1001", "/juniperfig/messages/1", "/nowhere",
            "/juniperfig/triggers", "/juniperfig/operations", "/juniperfig/find",
        ]
        for path in paths {
            let answer = await bench.ask(path, cookies: cookies)
            let policy = try #require(answer.headers["content-security-policy"])
            #expect(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"), "\(path)")
            #expect(policy.contains("require-trusted-types-for 'script'"), "\(path)")
            #expect(!policy.contains("unsafe"), "\(path)")
            #expect(answer.headers["x-content-type-options"] == "nosniff", "\(path)")
            #expect(answer.headers["referrer-policy"] == "no-referrer", "\(path)")
            #expect(answer.headers["cross-origin-opener-policy"] == "same-origin", "\(path)")
            #expect(answer.headers["cache-control"] == "no-store", "\(path)")
        }
        let mail = await bench.ask("/juniperfig/messages/1/mail", cookies: cookies)
        #expect(mail.headers["content-security-policy"] == Gate.mailPolicy)
        let style = await bench.ask(bench.desk.pages.files.style)
        #expect(style.status == 200 && style.headers["cache-control"]?.contains("immutable") == true)
        #expect(await bench.ask("/static/desk-0000000000000000.css").status == 404)
    }

    @Test(
        "no path leads out of the site",
        arguments: [
            "/static/../bookbag.yaml", "/static/..%2f..%2fetc%2fpasswd", "/%2e%2e/x", "//evil.example",
            "/juniperfig/orders/%00", "/juniperfig/messages/1/../../x", "/%ff",
        ])
    func traversal(_ path: String) async throws {
        let bench = try await DeskBench()
        let cookies = try await bench.login("all@juniperfig.example")
        let answer = await bench.ask(path, cookies: cookies)
        #expect(answer.status == 404)
    }

    @Test("a method that no page has is refused", arguments: ["PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT"])
    func methods(_ method: String) async throws {
        let bench = try await DeskBench()
        #expect(await bench.ask("/login", method: method).status == 405)
    }

    @Test("a visitor behind a proxy is told by its last word, an IPv6 network as one")
    func client() {
        func client(_ forwarded: String?, _ peer: WebRequest.Peer) -> String {
            WebRequest(path: "/", headers: forwarded.map { ["x-forwarded-for": $0] } ?? [:], peer: peer).client
        }
        #expect(client("9.9.9.9, 192.0.2.1", .address("127.0.0.1")) == "192.0.2.1")
        #expect(client("192.0.2.1", .address("198.51.100.7")) == "198.51.100.7", "not from a stranger")
        #expect(client("2001:db8::1", .socket) == client("2001:db8::ffff:1", .socket))
        #expect(client("2001:db8::1", .socket) != client("2001:db8:0:1::1", .socket))
    }
}
