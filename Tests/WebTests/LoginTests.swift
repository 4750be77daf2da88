import Daemon
import Delivery
import Foundation
import Outreach
import Store
import Testing

@testable import Web

@Suite("Getting into the desk")
struct LoginTests {
    /// The link and the code of the mail that went out.
    private func letter(_ bench: DeskBench) async throws -> (link: String, code: String) {
        let message = try #require(try await bench.mails("desk_login").first)
        let text = try #require(OpenedMail(message.bytes)).text
        let link = try #require(text.firstMatch(of: /\/login\/[A-Za-z0-9_-]{43}/)).output
        // The link is of chance too, and may hold what looks like a code.
        let code = try #require(text.replacing(link, with: "").firstMatch(of: /[A-Z2-9]{4}-[A-Z2-9]{4}/)).output
        return (String(link), String(code))
    }

    @Test("a mailed link shows a button, and lets in once, in the browser that asked")
    func mailed() async throws {
        let bench = try await DeskBench()
        let asked = await bench.ask("/login", method: "POST", form: ["address": "Shop@Juniperfig.example"])
        let browser = DeskBench.cookies(asked)
        #expect(asked.cookies.contains { $0.hasPrefix("__Host-login=") && $0.contains("; Secure") })
        let (link, _) = try await letter(bench)
        let shown = await bench.ask(link, cookies: browser)
        #expect(shown.status == 200 && shown.text.contains("<form action=\"\(link)\" method=\"post\">"))
        let entered = await bench.ask(link, method: "POST", cookies: browser)
        #expect(entered.status == 303 && entered.headers["location"] == "/")
        let cookie = try #require(entered.cookies.first { $0.hasPrefix("__Host-desk=") })
        #expect(cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Lax") && cookie.contains("; Secure"))
        #expect(await bench.ask("/juniperfig/today", cookies: DeskBench.cookies(entered)).status == 200)
        #expect(await bench.ask(link, method: "POST", cookies: browser).status == 403, "a second time")
    }

    @Test("who comes from a mail about a conversation gets there by way of the login, and nowhere else")
    func wanted() async throws {
        let bench = try await DeskBench()
        let turned = await bench.ask("/juniperfig/inbox/7")
        #expect(turned.status == 303 && turned.headers["location"] == "/login")
        var browser = DeskBench.cookies(turned)
        #expect(browser["__Host-to"] == "/juniperfig/inbox/7")
        let asked = await bench.ask(
            "/login", method: "POST", form: ["address": "answer@juniperfig.example"], cookies: browser)
        browser.merge(DeskBench.cookies(asked)) { $1 }
        let (link, _) = try await letter(bench)
        let entered = await bench.ask(link, method: "POST", cookies: browser)
        #expect(entered.headers["location"] == "/juniperfig/inbox/7")
        #expect(entered.cookies.contains { $0.hasPrefix("__Host-to=;") })
        for path in ["/juniperfig/today", "/juniperfig/inbox", "/juniperfig/inbox/x"] {
            #expect(await bench.ask(path).cookies.isEmpty, "\(path)")
        }
        for path in ["//evil.example/inbox/7", "https://evil.example/inbox/7", "/a b/inbox/7", "/a/inbox/-1", "/"] {
            #expect(DeskSite.conversationPath(path) == nil, "\(path)")
        }
    }

    @Test("a scanner that opens the link and presses its button gets nowhere, and spends nothing")
    func scanner() async throws {
        let bench = try await DeskBench()
        let browser = DeskBench.cookies(
            await bench.ask("/login", method: "POST", form: ["address": "shop@juniperfig.example"]))
        let (link, _) = try await letter(bench)
        #expect(await bench.ask(link).status == 200)
        let pressed = await bench.ask(link, method: "POST")
        #expect(pressed.status == 403 && DeskBench.cookies(pressed)["__Host-desk"] == nil)
        #expect(await bench.ask(link, method: "POST", cookies: browser).status == 303)
    }

    @Test("the code lets in where it was asked for, and nowhere else")
    func code() async throws {
        let bench = try await DeskBench()
        let browser = DeskBench.cookies(
            await bench.ask("/login", method: "POST", form: ["address": "shop@juniperfig.example"]))
        let (_, code) = try await letter(bench)
        let elsewhere = ["__Host-login": Tokens.random()]
        #expect(await bench.ask("/login/code", method: "POST", form: ["code": code], cookies: elsewhere).status == 403)
        let typed = code.lowercased().replacing("-", with: " ")
        #expect(await bench.ask("/login/code", method: "POST", form: ["code": typed], cookies: browser).status == 303)
    }

    @Test("five wrong codes, and the right one is no use any more")
    func wrongCodes() async throws {
        let bench = try await DeskBench()
        let browser = DeskBench.cookies(
            await bench.ask("/login", method: "POST", form: ["address": "shop@juniperfig.example"]))
        let (_, code) = try await letter(bench)
        for _ in 0..<5 {
            let wrong = await bench.ask(
                "/login/code", method: "POST", form: ["code": "AAAA-AAAA"], cookies: browser)
            #expect(wrong.status == 403)
        }
        #expect(await bench.ask("/login/code", method: "POST", form: ["code": code], cookies: browser).status == 403)
    }

    @Test("a way in is over after a quarter of an hour")
    func late() async throws {
        let bench = try await DeskBench()
        let browser = DeskBench.cookies(
            await bench.ask("/login", method: "POST", form: ["address": "shop@juniperfig.example"]))
        let (link, _) = try await letter(bench)
        bench.now = benchStart + .minutes(15)
        #expect(await bench.ask(link, method: "POST", cookies: browser).status == 403)
    }

    @Test("listed or not, the answer is the same; only who is listed gets a mail")
    func sameAnswer() async throws {
        let bench = try await DeskBench()
        let browser = ["__Host-login": Tokens.random()]
        var answers: [String] = []
        for address in ["shop@juniperfig.example", "nobody@elsewhere.example", "", hostile] {
            let answer = await bench.ask("/login", method: "POST", form: ["address": address], cookies: browser)
            answers.append("\(answer.status) \(answer.cookies) \(answer.text)")
        }
        #expect(Set(answers).count == 1)
        #expect(try await bench.mails("desk_login").count == 1)
    }

    @Test("three mails an hour to one address, however often they are asked for")
    func limits() async throws {
        let bench = try await DeskBench()
        for _ in 0..<40 {
            #expect(
                await bench.ask("/login", method: "POST", form: ["address": "shop@juniperfig.example"]).status == 200)
        }
        #expect(try await bench.mails("desk_login").count == 3)
        bench.now = benchStart + .hours(1)
        _ = await bench.ask("/login", method: "POST", form: ["address": "shop@juniperfig.example"])
        #expect(try await bench.mails("desk_login").count == 4)
    }

    @Test("guesses of links and sessions open nothing, however many")
    func guesses() async throws {
        let bench = try await DeskBench()
        _ = try await bench.login("all@juniperfig.example")
        for _ in 0..<500 {
            #expect(await bench.ask("/login/\(Tokens.random())", method: "POST").status == 403)
            let seen = await bench.ask("/juniperfig/today", cookies: ["__Host-desk": Tokens.random()])
            #expect(seen.status == 303)
        }
    }

    @Test("a session of somebody else's choosing is not taken up")
    func fixation() async throws {
        let bench = try await DeskBench()
        let planted = Tokens.random()
        let (path, digest) = WebServices.newLogin()
        try await bench.store.openLogin(
            DeskLogin(person: "shop@juniperfig.example", linkDigest: digest, mailed: nil, endsAt: .distantFuture),
            now: bench.now)
        let entered = await bench.ask(path, method: "POST", cookies: ["__Host-desk": planted])
        let cookie = try #require(DeskBench.cookies(entered)["__Host-desk"])
        #expect(cookie != planted)
        #expect(await bench.ask("/juniperfig/today", cookies: ["__Host-desk": planted]).status == 303)
    }

    @Test("a session is over after seven days unused, and after thirty in any case")
    func sessions() async throws {
        let bench = try await DeskBench()
        let cookies = try await bench.login("shop@juniperfig.example")
        for day in stride(from: 6, through: 24, by: 6) {
            bench.now = benchStart + .days(day)
            #expect(await bench.ask("/juniperfig/today", cookies: cookies).status == 200, "day \(day)")
        }
        bench.now = benchStart + .days(29)
        #expect(await bench.ask("/juniperfig/today", cookies: cookies).status == 200)
        bench.now = benchStart + .days(30)
        #expect(await bench.ask("/juniperfig/today", cookies: cookies).status == 303)
        let others = try await bench.login("shop@juniperfig.example")
        bench.now = benchStart + .days(37)
        #expect(await bench.ask("/juniperfig/today", cookies: others).status == 303)
    }

    @Test("logging out ends the session in the store as well")
    func logout() async throws {
        let bench = try await DeskBench()
        let cookies = try await bench.login("shop@juniperfig.example")
        #expect(await bench.ask("/logout", method: "POST", cookies: cookies).headers["location"] == "/login")
        #expect(await bench.ask("/juniperfig/today", cookies: cookies).status == 303)
        #expect(try await bench.store.sessions(now: bench.now).isEmpty)
        #expect(
            try await bench.store.auditLines(limit: 10).map(\.entry.what) == ["signed_out", "signed_in"])
    }

    @Test("who is removed from people.yaml is out at once; a file with mistakes changes nothing")
    func removed() async throws {
        let bench = try await DeskBench()
        let cookies = try await bench.login("shop@juniperfig.example")
        let broken = PeopleBook(DeskBench.listed, core: bench.desk.core) { (nil, ["people.yaml:1: a mistake"]) }
        await broken.readAgain()
        #expect(broken["shop@juniperfig.example"] != nil)
        let empty = PeopleBook(DeskBench.listed, core: bench.desk.core) { (People(), []) }
        await empty.readAgain()
        #expect(await bench.ask("/juniperfig/today", cookies: cookies).status == 303)
    }

    @Test("a proxy's header counts over a socket alone, and for listed people alone")
    func proxy() async throws {
        let bench = try await DeskBench(userHeader: "X-Forwarded-Email")
        func ask(_ name: String, _ peer: WebRequest.Peer) async -> Int {
            await bench.ask(
                "/juniperfig/today", headers: ["x-forwarded-email": name, "sec-fetch-site": "same-origin"], peer: peer
            ).status
        }
        #expect(await ask("shop@juniperfig.example", .socket) == 200)
        #expect(await ask("shop@juniperfig.example", .address("127.0.0.1")) == 303)
        #expect(await ask("nobody@juniperfig.example", .socket) == 303)
        #expect(await ask("shop@juniperfig.example,all@juniperfig.example", .socket) == 303)
        let plain = try await DeskBench()
        let answer = await plain.ask(
            "/juniperfig/today", headers: ["x-forwarded-email": "shop@juniperfig.example"], peer: .socket)
        #expect(answer.status == 303, "without 'user_header' no header counts")
    }

    @Test("in the clear on this machine the cookie has no prefix, for it could not be set")
    func loopback() async throws {
        let bench = try await DeskBench(url: "http://127.0.0.1:8788", authority: "127.0.0.1:8788")
        let cookies = try await bench.login("shop@juniperfig.example")
        #expect(cookies["desk"] != nil && cookies["__Host-desk"] == nil)
        #expect(await bench.ask("/juniperfig/today", cookies: cookies).status == 200)
    }

    @Test("the store has no link, code or token in any form")
    func digests() async throws {
        let bench = try await DeskBench()
        let cookies = try await bench.login("shop@juniperfig.example")
        let token = try #require(cookies["__Host-desk"])
        let asked = DeskBench.cookies(
            await bench.ask("/login", method: "POST", form: ["address": "edit@juniperfig.example"]))
        let backup = NSTemporaryDirectory() + "bookbag-web-\(UUID().uuidString).db"
        defer { try? FileManager.default.removeItem(atPath: backup) }
        try await bench.store.backup(to: backup, now: bench.now)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: backup))
        for secret in [token, try #require(asked["__Host-login"])] {
            #expect(bytes.range(of: Data(secret.utf8)) == nil)
        }
    }
}
