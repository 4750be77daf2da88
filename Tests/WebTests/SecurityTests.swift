import Daemon
import Foundation
import Outreach
import Store
import Testing

@testable import Web

/// What is tried by somebody with bad intentions, on every route that there is.
@Suite("Attacks on the pages")
struct SecurityTests {
    @Test("no form of another page is obeyed, on any route")
    func forms() async throws {
        let bench = try await DeskBench()
        let effect = try await bench.message(about: bench.order(1001))
        let cookies = try await bench.login("all@juniperfig.example")
        for (path, method, _) in DeskPagesTests.pages where method == "POST" {
            for headers in [["sec-fetch-site": "cross-site"], ["origin": "https://evil.example"], [:]] {
                let answer = await bench.ask(
                    "/juniperfig/\(path)", method: "POST", cookies: cookies, headers: headers)
                #expect(answer.status == 403, "\(path) \(headers)")
            }
        }
        #expect(try await bench.store.effect(effect.id, shop: figs)?.state == .ready)
        #expect(try await bench.store.auditLines(limit: 10).map(\.entry.what) == ["signed_in"])
    }

    @Test("GET acts on no route: not even one that is meant for POST, by whoever is logged in")
    func looks() async throws {
        let bench = try await DeskBench()
        let effect = try await bench.message(about: bench.order(1001))
        let cookies = try await bench.login("all@juniperfig.example")
        for (path, _, _) in DeskPagesTests.pages where path != "changes" {
            for method in ["GET", "HEAD"] {
                _ = await bench.ask("/juniperfig/\(path)?code=abcd&session=1", method: method, cookies: cookies)
            }
        }
        #expect(try await bench.store.effect(effect.id, shop: figs)?.state == .ready)
        #expect(try await bench.store.auditLines(limit: 10).map(\.entry.what) == ["signed_in"])
        #expect(try await bench.store.sessions(now: bench.now).count == 1)
    }

    @Test("a foreign Host is refused on every route, with a session of the desk in hand")
    func hosts() async throws {
        let bench = try await DeskBench()
        try await bench.message(about: bench.order(1001))
        let cookies = try await bench.login("all@juniperfig.example")
        for (path, method, _) in DeskPagesTests.pages {
            let answer = await bench.ask(
                "/juniperfig/\(path)", method: method, cookies: cookies, host: "track.juniperfig.example")
            #expect(answer.status == 421 && !answer.text.contains("Robin"), "\(path)")
        }
        for purpose in SealedLink.Purpose.allCases {
            let path = bench.link(purpose, order: 1001)
            #expect(await bench.visit(path, host: "desk.juniperfig.example").status == 421)
        }
    }

    @Test("a link of a shop, a purpose, a store or a day that it was not made for opens nothing")
    func links() async throws {
        let bench = try await DeskBench()
        let asking = try await bench.asking(about: bench.order(1001))
        try await bench.order(1001, shop: looms)
        let another = try await DeskBench()
        try await another.order(1001)
        for purpose in SealedLink.Purpose.allCases {
            let path = try await bench.page(purpose, rating: asking)
            // An address may look so often in a minute.
            bench.now = bench.now + .minutes(1)
            #expect(await bench.visit(path).status == 200)
            #expect(await bench.visit(path.replacing("/juniperfig/", with: "/northloom/")).status == 404)
            for other in SealedLink.Purpose.allCases where other != purpose {
                let changed = path.replacing("/\(purpose.rawValue)/", with: "/\(other.rawValue)/")
                #expect(await bench.visit(changed).status == 404, "\(purpose) as \(other)")
            }
            let form = ["List-Unsubscribe": "One-Click", "save": "1"]
            let stranger = await another.visit(
                path, method: "POST", form: form, headers: ["origin": "https://track.juniperfig.example"])
            #expect(stranger.status == 404)
        }
        #expect(try await another.store.silences(shop: figs, limit: 9, now: another.now).isEmpty)
        for nonsense in [
            "/", "/p", "/p/1", "/p/1/juniperfig", "/p/1/juniperfig/track/\(String(repeating: "A", count: 5000))",
            "/p/1/juniperfig/track/../../etc/passwd", "/p/1/%2e%2e/track/AAAA", "/static/../desk.css", "/login", "/%00",
        ] { #expect(await bench.visit(nonsense).status == 404, "\(nonsense)") }
    }

    /// 10,000 with BOOKBAG_LONG=1.
    private static let tries = ProcessInfo.processInfo.environment["BOOKBAG_LONG"] == nil ? 1000 : 10_000

    @Test("however often somebody asks, 20 login mails go out at most, and no code opens", .timeLimit(.minutes(15)))
    func logins() async throws {
        let bench = try await DeskBench()
        let people = DeskBench.listed.all.map(\.email)
        for index in 0..<Self.tries {
            let address = index % 2 == 0 ? people[index / 2 % people.count] : "x\(index)@elsewhere.example"
            #expect(await bench.ask("/login", method: "POST", form: ["address": address]).status == 200)
        }
        let shops = try await bench.mails("desk_login").count + bench.mails("desk_login", shop: looms).count
        #expect((1...20).contains(shops), "\(shops)")
        let fresh = try await DeskBench()
        let asked = await fresh.ask("/login", method: "POST", form: ["address": "all@juniperfig.example"])
        let browser = DeskBench.cookies(asked)
        for index in 0..<Self.tries {
            let code = "AAAA-\(String(format: "%04d", index).replacing("0", with: "B").replacing("1", with: "C"))"
            let answer = await fresh.ask("/login/code", method: "POST", form: ["code": code], cookies: browser)
            #expect(answer.status == 403 && DeskBench.cookies(answer)["__Host-desk"] == nil)
        }
        #expect(try await fresh.store.sessions(now: fresh.now).isEmpty)
    }

    /// A bench on which all that a shopper can write, in every field that Shopify has for it, breaks out of everything.
    private func hostileBench() async throws -> DeskBench {
        let bench = try await DeskBench()
        let event = try await bench.order(
            1001, name: "#1\(hostile)", first: hostile, last: hostile, title: hostile, place: hostile, words: hostile,
            carrier: hostile)
        try await bench.message(
            about: event, subject: String(hostile.prefix(60)),
            html: "</body></html></iframe><script>top.location='https://evil.example'</script>"
                + "<base target=\"_top\"><meta http-equiv=\"refresh\" content=\"0;url=https://evil.example\">"
                + "<form action=\"https://evil.example\"><input name=x></form><p onclick=\"x()\">\(hostile)</p>"
                + "<a href=\"javascript:alert(1)\" target=\"_top\">x</a><img src=\"https://evil.example/x.png\">")
        for (index, state) in [Effect.State.skipped, .waiting].enumerated() {
            try await bench.message(about: event, trigger: "t\(index)", state: state, reason: .if, detail: hostile)
        }
        try await bench.wrote(hostile, about: 1001, name: hostile, subject: hostile, files: [hostile])
        return bench
    }

    @Test("what a shopper wrote stays words on every page of the table, and on every page of the shopper's")
    func words() async throws {
        let bench = try await hostileBench()
        let cookies = try await bench.login("all@juniperfig.example")
        // What is no page of ours: a stream, a mail in its frame, a file, which is only saved, and a picture.
        for (path, method, _) in DeskPagesTests.pages
        where !["changes", "messages/1/mail", "inbox/1/file/1-0", "inbox/1/small/1-0"].contains(path) {
            guard method == "GET" || path == "find" else { continue }
            let answer = await bench.ask(
                "/juniperfig/\(DeskPagesTests.path(path, bench))", method: method, form: ["what": "robin@example.com"],
                cookies: cookies)
            DeskPagesTests.expectHarmless(answer.text, "\(method) \(path)")
            #expect(answer.headers["content-security-policy"]?.contains("require-trusted-types-for 'script'") == true)
        }
        let asking = try await bench.asking(about: bench.order(990_077))
        for purpose in SealedLink.Purpose.allCases {
            let path = try await bench.page(purpose, rating: asking)
            let answer = await bench.visit(path)
            #expect(answer.status == 200)
            DeskPagesTests.expectHarmless(answer.text, "public \(purpose)")
            #expect(answer.text.firstMatch(of: /<script\b/) == nil)
        }
    }

    @Test("a mail breaks out of its frame neither by script nor by link, form or refresh")
    func frame() async throws {
        let bench = try await hostileBench()
        let cookies = try await bench.login("all@juniperfig.example")
        let page = await bench.ask("/juniperfig/messages/1", cookies: cookies)
        let frame = try #require(page.text.firstMatch(of: /<iframe\b[^>]*>/)).0
        // Without a value: no script, no form, no popup, no top navigation, and an origin of its own.
        #expect(frame.contains(" sandbox ") && !frame.contains("allow-"))
        #expect(page.headers["content-security-policy"]?.contains("frame-src 'self'") == true)
        for look in ["", "?look=dark"] {
            let mail = await bench.ask("/juniperfig/messages/1/mail\(look)", cookies: cookies)
            let policy = try #require(mail.headers["content-security-policy"])
            let parts = policy.components(separatedBy: "; ")
            // Also where it is opened by itself.
            #expect(parts.contains("sandbox") && parts.contains("default-src 'none'"))
            #expect(parts.contains("form-action 'none'") && parts.contains("base-uri 'none'"))
            #expect(
                parts.contains("frame-ancestors 'self'") && !policy.contains("allow-") && !policy.contains("https:"))
            // No picture from elsewhere, which would tell that it was looked at.
            #expect(parts.contains("img-src data:") && parts.contains("style-src 'unsafe-inline'"))
        }
        let stranger = await bench.ask("/juniperfig/messages/1/mail", cookies: [:])
        #expect(stranger.status == 303)
    }

    @Test("no address of a page and no line of the journal has anything of a shopper's")
    func personal() async throws {
        let bench = try await DeskBench()
        try await bench.message(about: bench.order(1001))
        try await bench.order(1002)
        let cookies = try await bench.login("all@juniperfig.example")
        let own = ["origin": "https://track.juniperfig.example"]
        var texts: [(String, WebResponse)] = []
        for (path, method, _) in DeskPagesTests.pages where path != "changes" {
            let answer = await bench.ask(
                "/juniperfig/\(DeskPagesTests.path(path, bench))", method: method, form: ["what": "robin@example.com"],
                cookies: cookies)
            texts.append((path, answer))
        }
        for purpose in SealedLink.Purpose.allCases {
            let path = bench.link(purpose, order: 1001)
            texts.append((path, await bench.visit(path)))
            texts.append((path, await bench.visit(path, method: "POST", form: ["save": "1"], headers: own)))
        }
        for (path, answer) in texts {
            let links = answer.text.matches(of: /\s(?:href|src|action)="([^"]*)"/).map { String($0.1) }
            for link in links + [answer.headers["location"] ?? ""] where !link.hasPrefix("https://carrier.example/") {
                for word in ["robin", "ashdown", "example.com", "RM000001094GB", "%40", "Leeds"] {
                    #expect(!link.lowercased().contains(word.lowercased()), "\(path): \(link)")
                }
            }
            #expect(answer.headers["referrer-policy"] == "no-referrer")
        }
        let lines = bench.journal.taken()
        #expect(!lines.isEmpty)
        for line in lines {
            for word in ["robin", "ashdown", "example.com", "RM000001094GB", "/p/1/"] {
                #expect(!line.lowercased().contains(word.lowercased()), "\(line)")
            }
        }
    }

    @Test("a link to log in is spent by its use, and by nobody's replay")
    func replayed() async throws {
        let bench = try await DeskBench()
        let (path, digest) = WebServices.newLogin()
        try await bench.store.openLogin(
            DeskLogin(
                person: "shop@juniperfig.example", linkDigest: digest, mailed: nil, endsAt: bench.now + .minutes(15)),
            now: bench.now)
        #expect(await bench.ask(path, method: "POST").status == 303)
        for _ in 0..<3 {
            let again = await bench.ask(path, method: "POST")
            #expect(again.status == 403 && DeskBench.cookies(again)["__Host-desk"] == nil)
        }
        #expect(try await bench.store.sessions(now: bench.now).count == 1)
    }
}
