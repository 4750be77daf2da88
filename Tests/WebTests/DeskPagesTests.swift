import Daemon
import Foundation
import Outreach
import Store
import Synchronization
import Testing

@testable import Web

@Suite("The pages of the desk")
struct DeskPagesTests {
    /// Every route of the desk below a shop, with one request that it answers and the roles that may send it. Tests of
    /// roles, shops, budgets, forms and foreign words go through it, and `BudgetTests` finds a route that is missing.
    static let pages: [(path: String, method: String, roles: Set<Role>)] = [
        ("today", "GET", [.shop]), ("orders/1001", "GET", Set(Role.allCases)),
        ("messages/1", "GET", Set(Role.allCases)), ("messages/1/mail", "GET", Set(Role.allCases)),
        ("find", "GET", Set(Role.allCases)), ("find", "POST", Set(Role.allCases)),
        ("changes", "GET", Set(Role.allCases)), ("triggers", "GET", [.shop, .edit]),
        ("triggers/confirm", "POST", [.edit]), ("operations", "GET", [.operate]),
        ("operations/end-session", "POST", [.operate]), ("messages/1/retry", "POST", [.operate]),
        ("messages/1/drop", "POST", [.operate]), ("analytics", "GET", [.shop]), ("analytics/csv", "GET", [.shop]),
        ("analytics/rows?show=sent", "GET", [.shop]), ("customers/CUSTOMER", "GET", Set(Role.allCases)),
        ("customers/CUSTOMER/silence", "POST", [.answer, .shop, .edit]),
        ("customers/CUSTOMER/lift", "POST", [.answer, .shop, .edit]),
        ("customers/CUSTOMER/export", "POST", [.operate]), ("customers/CUSTOMER/erase", "POST", [.operate]),
        ("triggers/held", "GET", [.shop, .edit]),
        ("operations/open", "POST", [.operate]), ("settings", "GET", [.shop, .edit]),
        ("edit", "GET", [.shop, .edit]), ("settings", "POST", [.shop, .edit]),
        ("pause/begin", "POST", [.shop, .operate]), ("operations/doctor", "GET", [.operate]),
        ("operations/doctor", "POST", [.operate]), ("inbox", "GET", [.answer]),
        ("inbox/CONVERSATION", "GET", [.answer]), ("inbox/CONVERSATION/take", "POST", [.answer]),
        ("inbox/write", "POST", [.answer]), ("inbox/away", "POST", [.answer]), ("inbox/1/file/1-0", "GET", [.answer]),
        ("setup", "GET", [.shop, .edit, .operate]), ("approvals", "GET", [.approve]),
        ("approvals/OFFER/approve", "POST", [.approve]), ("approvals/OFFER/refuse", "POST", [.approve]),
        ("inbox/past", "GET", [.answer]), ("inbox/past", "POST", [.answer]),
        ("inbox/1/small/1-0", "GET", [.answer]),
    ]

    /// A path of the table on that bench.
    static func path(_ path: String, _ bench: DeskBench) -> String {
        path.replacing("CUSTOMER", with: bench.customer())
            .replacing("OFFER", with: "\(bench.offer.withLock { $0 })")
            .replacing("CONVERSATION", with: "\(bench.talk.withLock { $0 })")
            .replacing("inbox/1/file/1-0", with: "inbox/\(bench.file.withLock { $0 })")
            .replacing(
                "inbox/1/small/1-0", with: "inbox/\(bench.file.withLock { $0.replacing("/file/", with: "/small/") })")
    }

    @Test("each page is for its roles alone, and no shop's page for another's people")
    func roles() async throws {
        for person in DeskBench.listed.all {
            let bench = try await DeskBench()
            try await bench.message(about: bench.order(1001))
            try await bench.message(about: bench.order(1001, shop: looms))
            for shop in [figs, looms] {
                try await bench.wrote(about: 1001, shop: shop, files: ["a.txt"])
                try await bench.offered(about: 1001, shop: shop)
            }
            let cookies = try await bench.login(person.email)
            for shop in [figs, looms] {
                for (path, method, roles) in Self.pages {
                    let whole = "/\(ShopDomain.short(shop))/\(Self.path(path, bench))"
                    let answer = await bench.ask(whole, method: method, cookies: cookies)
                    if !person.serves(shop) {
                        #expect(answer.status == 404, "\(person.name) \(whole)")
                        #expect(!answer.text.contains("Robin"), "\(person.name) \(whole)")
                    } else if person.roles.isDisjoint(with: roles) {
                        #expect(answer.status == 403, "\(person.name) \(whole)")
                    } else {
                        #expect(![401, 403, 404].contains(answer.status), "\(person.name) \(whole) \(answer.status)")
                    }
                }
            }
            let home = await bench.ask("/", cookies: cookies)
            #expect(home.status == 303)
            let first = await bench.ask(home.headers["location"] ?? "", cookies: cookies)
            #expect(first.status == 200, "\(person.name) begins at \(home.headers["location"] ?? "")")
        }
    }

    @Test("without a login there is no page, and nothing is said of what exists")
    func strangers() async throws {
        let bench = try await DeskBench()
        try await bench.message(about: bench.order(1001))
        for (path, method, _) in Self.pages {
            for shop in ["juniperfig", "nosuchshop"] {
                let answer = await bench.ask("/\(shop)/\(path)", method: method)
                #expect(answer.status == (method == "POST" ? 401 : 303), "\(path)")
                #expect(answer.text.isEmpty || answer.text == "You are not logged in.\n")
            }
        }
    }

    @Test("whatever a shopper wrote stays words, in every field of every page")
    func escaping() async throws {
        let bench = try await DeskBench()
        let event = try await bench.order(
            1001, name: "#1\(hostile)", first: hostile, last: hostile, title: hostile, place: hostile, words: hostile,
            carrier: hostile)
        try await bench.message(
            about: event, subject: String(hostile.prefix(60)), html: "<p>Hi</p><script>alert(3)</script>")
        for (index, state) in [Effect.State.skipped, .waiting].enumerated() {
            try await bench.message(
                about: event, trigger: "t\(index)", state: state, reason: .if, detail: hostile)
        }
        try await bench.store.remember(hostile, as: .lastFault, shop: figs, now: bench.now)
        try await bench.store.remember(hostile, as: .shopFault, shop: figs, now: bench.now)
        try await bench.store.remember(hostile, as: .clockFault, shop: figs, now: bench.now)
        try await bench.store.audit(
            AuditEntry(who: "all@juniperfig.example", shop: figs, what: "x", about: hostile, detail: hostile),
            now: bench.now)
        try await bench.store.silence(
            .address("robin@example.com"), shop: figs, reason: hostile, note: hostile, until: nil, now: bench.now)
        try await bench.delayed(1001, carrier: hostile)
        var understood = DeskBench.understood
        understood.asks = [hostile]
        understood.doubts = [hostile]
        understood.mood = hostile
        understood.language = hostile
        let talk = try await bench.wrote(
            hostile, about: 1001, from: "robin@example.com", name: hostile, subject: hostile, understood: understood,
            files: [hostile])
        try await bench.wrote(hostile, name: hostile, subject: hostile)
        try await bench.before(hostile, about: 1001, answer: hostile, name: hostile, asking: hostile)
        let note = ConversationRules.note(hostile, by: "all@juniperfig.example", in: talk, now: bench.now)
        _ = try await bench.store.commit(note, judged: [], incoming: nil, now: bench.now)
        let cookies = try await bench.login("all@juniperfig.example")
        let paths =
            [
                "today", "today?became=waiting", "today?became=held", "orders/1001", "messages/1", "messages/2",
                "triggers",
                "operations", "find", "analytics", "analytics/rows?show=held", "analytics/rows?show=because&reason=if",
                "customers/\(bench.customer())", "inbox", "inbox?list=all", "inbox/\(talk.id)",
                "inbox/past",
            ] + FigureLinks.of(await bench.ask("/juniperfig/analytics", cookies: cookies).text)
        for path in paths {
            let answer = await bench.ask("/juniperfig/\(path)", cookies: cookies)
            #expect(answer.status == 200, "\(path)")
            Self.expectHarmless(answer.text, path)
        }
        let found = await bench.ask(
            "/juniperfig/find", method: "POST", form: ["what": "robin@example.com"], cookies: cookies)
        Self.expectHarmless(found.text, "find")
        let track = await bench.visit(bench.link(.track, order: 1001))
        #expect(track.status == 200)
        Self.expectHarmless(track.text, "track")
        let mail = await bench.ask("/juniperfig/messages/1/mail", cookies: cookies)
        #expect(mail.headers["content-security-policy"]?.hasPrefix("sandbox; default-src 'none'") == true)
    }

    /// No tag and no attribute of the hostile text's, and no template of it was run.
    static func expectHarmless(_ html: String, _ place: String) {
        let scripts = html.matches(of: /<script\b[^>]*>/).map { String($0.output) }
        #expect(scripts.allSatisfy { $0.hasPrefix("<script src=\"/static/desk-") }, "\(place): \(scripts)")
        #expect(!html.contains("<img"), "\(place)")
        #expect(html.firstMatch(of: /<[^>]*\sonerror\s*=/) == nil, "\(place)")
        // As a word of its own: what is made by chance, such as a link, may have the digits within it.
        let words = html.split { !$0.isLetter && !$0.isNumber && $0 != "-" && $0 != "_" }
        #expect(!words.contains("1337"), "\(place)")
    }

    @Test("no page and no answer names a shopper in its address")
    func addresses() async throws {
        let bench = try await DeskBench()
        try await bench.order(1001)
        try await bench.order(1002)
        let cookies = try await bench.login("all@juniperfig.example")
        let one = await bench.ask("/juniperfig/find", method: "POST", form: ["what": "1001"], cookies: cookies)
        #expect(one.status == 303 && one.headers["location"] == "/juniperfig/orders/1001")
        let several = await bench.ask(
            "/juniperfig/find", method: "POST", form: ["what": "robin@example.com"], cookies: cookies)
        #expect(several.status == 200 && several.text.contains("#1001") && several.text.contains("#1002"))
        let newest = await bench.ask("/juniperfig/find", cookies: cookies).text
            .matches(of: /class="go" href="[^"]+">([^<]+)</).map { String($0.1) }
        #expect(newest == ["#1002", "#1001"])
        let none = await bench.ask("/juniperfig/find", method: "POST", form: ["what": "#9"], cookies: cookies)
        #expect(none.status == 200 && none.text.contains("Nothing matches"))
    }

    @Test("Today counts what was decided today in the shop's zone, and pages by key without gaps or doubles")
    func today() async throws {
        let bench = try await DeskBench()
        var profile = ShopProfile(domain: figs)
        profile.timeZone = "Pacific/Auckland"
        try await bench.store.remember(profile, as: .profile, shop: figs, now: benchStart)
        // 22:00 in Auckland; what was decided before midnight there was yesterday's two hours later.
        for number in 1001...1075 {
            try await bench.message(about: bench.order(number), state: .skipped, reason: .limit)
        }
        let cookies = try await bench.login("shop@juniperfig.example")
        var seen: [String] = []
        var path: String? = "/juniperfig/today"
        var pages = 0
        while let next = path {
            let answer = await bench.ask(next, cookies: cookies)
            pages += 1
            #expect(pages > 1 || answer.text.contains("<strong>75</strong>"))
            seen += answer.text.matches(of: /class="go" href="([^"]+)"/).map { String($0.1) }
            path = answer.text.firstMatch(of: /class="more"><a href="([^"]+)"/).map {
                String($0.1).replacing("&amp;", with: "&")
            }
        }
        #expect(pages == 3 && seen.count == 75 && Set(seen).count == 75)
        bench.now = benchStart + .hours(3)
        let tomorrow = await bench.ask("/juniperfig/today", cookies: cookies)
        #expect(!tomorrow.text.contains("<strong>75</strong>"))
    }

    @Test("lists can be narrowed to a trigger and an outcome; Bookbag's own mails are in none")
    func narrowed() async throws {
        let bench = try await DeskBench()
        let event = try await bench.order(1001)
        let names = ["delay-alert", "delivered"]
        try await bench.store.setTriggers(shop: figs, names: names, goodSet: nil, now: benchStart)
        try await bench.message(about: event, trigger: "delay-alert", state: .skipped, reason: .limit)
        try await bench.message(about: event, trigger: "delivered", state: .waiting, reason: .quietHours)
        _ = await bench.ask("/login", method: "POST", form: ["address": "shop@juniperfig.example"])
        let cookies = try await bench.login("all@juniperfig.example")
        func rows(_ query: String) async -> [String] {
            await bench.ask("/juniperfig/today\(query)", cookies: cookies).text
                .matches(of: /class="go" href="[^"]+">([^<]+)</).map { String($0.1) }
        }
        #expect(await rows("") == ["delay-alert"])
        #expect(await rows("?became=waiting") == ["delivered"])
        #expect(await rows("?became=waiting&trigger=delay-alert") == [])
        #expect(await rows("?became=held&trigger=delay-alert") == ["delay-alert"])
        #expect(await rows("?trigger=nosuch&became=nosuch&after=x") == ["delay-alert"])
        let operations = await bench.ask("/juniperfig/operations", cookies: cookies)
        #expect(!operations.text.contains("desk_login") && !operations.text.contains("desk login"))
        for id in 1...4 {
            let answer = await bench.ask("/juniperfig/messages/\(id)", cookies: cookies)
            #expect(!answer.text.contains("/login/"), "a login's link can be read in message \(id)")
        }
    }

    @Test("retry and drop act once, are in the audit, and say so where they cannot")
    func acts() async throws {
        let bench = try await DeskBench()
        let effect = try await bench.message(about: bench.order(1001))
        let cookies = try await bench.login("operate@juniperfig.example")
        let path = "/juniperfig/messages/\(effect.id)"
        #expect(await bench.ask("\(path)/retry", method: "POST", cookies: cookies).status == 303)
        #expect(await bench.ask("\(path)/drop", method: "POST", cookies: cookies).status == 303)
        #expect(try await bench.store.effect(effect.id, shop: figs)?.state == .withdrawn)
        #expect(await bench.ask("\(path)/drop", method: "POST", cookies: cookies).status == 409)
        #expect(await bench.ask("\(path)/explode", method: "POST", cookies: cookies).status == 404)
        let done = try await bench.store.auditLines(limit: 10).map { "\($0.entry.what) \($0.entry.about)" }
        #expect(done == ["dropped message \(effect.id)", "retried message \(effect.id)", "signed_in "])
    }

    @Test("a held edit is confirmed by its code, which another edit changes")
    func confirm() async throws {
        let bench = try await DeskBench()
        let held =
            #"{"code":"abcd","people":212,"peoplePerDay":9,"since":1795942800000,"who":["delay-alert: 212 people, about #1042"]}"#
        try await bench.store.remember(HeldReload(rememberedText: held), as: .heldReload, shop: figs, now: benchStart)
        let reader = try await bench.login("shop@juniperfig.example")
        let page = await bench.ask("/juniperfig/triggers", cookies: reader)
        #expect(page.text.contains("212 people") && page.text.contains("about #1042"))
        #expect(!page.text.contains("triggers/confirm"))
        let cookies = try await bench.login("edit@juniperfig.example")
        func confirm(_ code: String) async -> Int {
            await bench.ask(
                "/juniperfig/triggers/confirm", method: "POST", form: ["code": code], cookies: cookies
            ).status
        }
        #expect(await confirm("efgh") == 409)
        #expect(try await bench.store.remembered(.confirmedReload, shop: figs) == nil)
        #expect(await confirm("abcd") == 303)
        #expect(try await bench.store.remembered(.confirmedReload, shop: figs) == "abcd")
    }

    @Test("an operator ends the sessions of their own shops' people alone")
    func ending() async throws {
        let bench = try await DeskBench()
        let mine = try await bench.login("shop@juniperfig.example")
        let theirs = try await bench.login("other@northloom.example")
        let cookies = try await bench.login("operate@juniperfig.example")
        let page = await bench.ask("/juniperfig/operations", cookies: cookies)
        #expect(page.text.contains("Ada Shop") && !page.text.contains("Gus Other") && !page.text.contains("northloom"))
        for session in try await bench.store.sessions(now: bench.now)
        where session.person != "operate@juniperfig.example" {
            _ = await bench.ask(
                "/juniperfig/operations/end-session", method: "POST", form: ["session": "\(session.id)"],
                cookies: cookies)
        }
        #expect(await bench.ask("/juniperfig/today", cookies: mine).status == 303)
        #expect(await bench.ask("/northloom/today", cookies: theirs).status == 200)
    }

    @Test("Operations says which daemon serves which shop, and names no shop that is not the visitor's")
    func sharing() {
        let server = StoreServer(
            version: "15.18", isPrimary: true, replication: .synchronous, standbys: 2, lag: 0,
            clockDifference: .zero,
            owners: [
                StoreServer.Owner(token: 1, name: "bookbag run on fig1", shops: [figs, "northloom.myshopify.com"]),
                StoreServer.Owner(token: 2, name: "bookbag run on fig2", shops: []),
            ])
        let sharing = DeskSite.sharing(server, shops: [figs])
        #expect(sharing.server == "PostgreSQL 15.18, primary, 2 standbys, synchronous, 0 bytes behind at most")
        #expect(sharing.daemons.map(\.name) == ["bookbag run on fig1", "bookbag run on fig2"])
        #expect(sharing.daemons.map(\.shops) == ["\(figs), 1 other shop", "none, stands by"])
    }

    @Test("a page stays small")
    func size() async throws {
        let bench = try await DeskBench()
        for number in 1001...1040 {
            try await bench.message(about: bench.order(number), state: .skipped, reason: .limit)
        }
        let cookies = try await bench.login("all@juniperfig.example")
        for path in ["today", "operations", "triggers", "orders/1001"] {
            let answer = await bench.ask("/juniperfig/\(path)", cookies: cookies)
            #expect(answer.text.utf8.count < 100_000, "\(path)")
        }
        #expect(PackageResources.desk_js.count < 8192)
    }

    @Test("each change is told to open pages once, and none is told when nothing changes")
    func lookAgain() async throws {
        let hub = LookAgain()
        let streams = (0..<LookAgain.most).compactMap { _ in hub.open() }
        #expect(streams.count == LookAgain.most)
        #expect(hub.open() == nil)
        hub.tell()
        hub.tell()
        var iterator = streams[0].changes.makeAsyncIterator()
        #expect(await iterator.next() != nil)
        for stream in streams { hub.close(stream.number) }
        #expect(hub.count == 0)
        #expect(await iterator.next() == nil)
    }
}
