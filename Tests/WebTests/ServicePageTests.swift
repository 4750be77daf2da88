import Daemon
import Foundation
import Outreach
import Store
import Testing

@testable import Web

@Suite("The pages on which a shopper changes the address, or cancels")
struct ServicePageTests {
    private static let own = ["origin": "https://track.juniperfig.example"]
    private static let id = "gid://shopify/Order/1001"

    private func post(_ bench: DeskBench, _ path: String, _ form: [String: String]) async -> WebResponse {
        await bench.visit(path, method: "POST", form: form, headers: Self.own)
    }

    /// An order of which nothing was sent.
    private func open(
        _ purpose: SealedLink.Purpose, locale: String = "en", country: String = "GB",
        change: @escaping (inout OrderFacts) -> Void = { _ in }
    ) async throws -> (DeskBench, String) {
        let bench = try await DeskBench()
        try await bench.unsent(1001, locale: locale, country: country, change: change)
        return (bench, bench.link(purpose, order: 1001))
    }

    private func pass(_ page: WebResponse) throws -> String {
        String(try #require(page.text.firstMatch(of: /name="pass" value="([^"]+)"/)).1)
    }

    /// The page once the code was entered, and its pass.
    private func entered(_ bench: DeskBench, _ path: String) async throws -> (page: WebResponse, pass: String) {
        _ = await post(bench, path, ["act": "code"])
        let page = await post(bench, path, ["act": "open", "code": try await bench.mailedCode()])
        return (page, try pass(page))
    }

    private let elm = [
        "first_name": "Robin", "last_name": "Ashdown", "address1": "9 Elm Road", "zip": "BS1 4ST", "city": "Bristol",
    ]

    private func change(_ bench: DeskBench, _ path: String, _ pass: String, _ fields: [String: String]? = nil) async
        -> WebResponse
    {
        await post(bench, path, ["act": "do", "pass": pass].merging(fields ?? elm) { mine, _ in mine })
    }

    /// The acts that the page asked for.
    private func acts(_ bench: DeskBench, _ request: PageRequest = .changeAddress) async throws -> [PageAct] {
        let desk = try #require(bench.shopper.core.pageDesk)
        return try await desk.acts(request, of: OrderKey(shop: figs, orderID: Self.id))
    }

    // MARK: - Looking

    @Test("a link alone changes nothing, and shows neither the address nor a sum, in four languages")
    func look() async throws {
        for (purpose, texts) in [
            (
                SealedLink.Purpose.address,
                ["Mail me the code", "Code schicken", "M’envoyer le code", "Enviarme el código"]
            ), (.cancel, ["Mail me the code", "Code schicken", "M’envoyer le code", "Enviarme el código"]),
        ] {
            for (locale, words) in zip(PublicWords.languages, texts) {
                let (bench, path) = try await open(purpose, locale: locale)
                let before = try await bench.store.load(shop: figs, orderIDs: [Self.id])[Self.id]
                let page = await bench.visit(path)
                #expect(page.status == 200 && page.text.contains(words), "\(locale) \(page.text)")
                for secret in [
                    "Robin", "Ashdown", "robin@example.com", "45.00", "12 Fig Lane", "BA1", "Bath", "07700", "Linen",
                ] {
                    #expect(!page.text.contains(secret), "\(secret)")
                }
                #expect(!page.text.contains("<script") && page.cookies.isEmpty)
                #expect(try await bench.mails("page_code").isEmpty)
                #expect(try await bench.store.load(shop: figs, orderIDs: [Self.id])[Self.id] == before)
            }
        }
    }

    @Test("a code is mailed to the order's address, which says what it is for")
    func mailed() async throws {
        for (purpose, words) in [(SealedLink.Purpose.address, "where this order is sent"), (.cancel, "cancel this")] {
            let (bench, path) = try await open(purpose)
            let asked = await post(bench, path, ["act": "code"])
            #expect(asked.text.contains("r…@example.com") && asked.text.contains("name=\"code\""))
            let mail = try #require(try await bench.mails("page_code").first)
            #expect(mail.envelope.recipient == "robin@example.com")
            let text = String(decoding: mail.bytes, as: UTF8.self).replacing("=\r\n", with: "")
                .replacing("\r\n", with: " ")
            #expect(text.contains(words), "\(text)")
            #expect(!asked.text.contains(try await bench.mailedCode()) && !asked.text.contains("Fig Lane"))
        }
    }

    @Test("a link of another order, address, purpose or shop, and an old one, open nothing")
    func links() async throws {
        let (bench, path) = try await open(.address)
        try await bench.unsent(1002)
        // Its address is another one by now.
        let other = PublicLinks(url: "", store: bench.store).link(
            .address, shop: figs, orderID: Self.id, address: "kim@example.com", now: bench.now)!
        #expect(await bench.visit(other).status == 404)
        #expect(await post(bench, other, ["act": "code"]).status == 404)
        #expect(await bench.visit(path.replacing("/address/", with: "/cancel/")).status == 404)
        #expect(await bench.visit(bench.link(.address, order: 1003)).status == 404)
        // The code of one order opens no other, and that of one page no other page.
        _ = await post(bench, path, ["act": "code"])
        let code = try await bench.mailedCode()
        for page in [bench.link(.address, order: 1002), bench.link(.cancel, order: 1001)] {
            let no = await post(bench, page, ["act": "open", "code": code])
            #expect(no.text.contains("does not fit") && !no.text.contains("name=\"pass\""))
        }
        let (_, pass) = try await entered(bench, path)
        let cancel = await post(
            bench, bench.link(.cancel, order: 1001), ["act": "do", "pass": pass, "seen": "45.00 GBP"])
        #expect(cancel.text.contains("Have a new code sent"))
        #expect(try await acts(bench, .cancelOrder).isEmpty)
        bench.now = bench.now + .days(61)
        let old = await bench.visit(path)
        #expect(old.status == 410 && !old.text.contains("Mail me the code"))
        _ = await post(bench, path, ["act": "code"])
        #expect(try await bench.mails("new_link").count == 1, "a new link, and no code")
    }

    @Test("hostile posts do nothing: from elsewhere, with a wrong code or pass, with neither, too often")
    func hostile() async throws {
        let (bench, path) = try await open(.address)
        let elsewhere = await bench.visit(
            path, method: "POST", form: ["act": "code"], headers: ["origin": "https://evil.example"])
        #expect(elsewhere.status == 403)
        for form in [
            ["act": "do"], ["act": "do", "pass": String(repeating: "A", count: 43)], ["act": "open", "code": ""],
            ["act": "open", "code": "000000"], ["act": "look", "pass": "x"], ["act": "drop"], [:],
        ] {
            let page = await post(bench, path, form.merging(elm) { mine, _ in mine })
            #expect(!page.text.contains("Fig Lane") && !page.text.contains("name=\"pass\""), "\(form)")
        }
        #expect(try await acts(bench).isEmpty)
        for turn in 0..<8 {
            #expect(await post(bench, path, ["act": "code"]).status == (turn < 5 ? 200 : 429))
            bench.now = bench.now + .seconds(30)
        }
        // The other page of the order fills the same mailbox.
        #expect(await post(bench, bench.link(.cancel, order: 1001), ["act": "code"]).status == 429)
        var limited = 0
        for _ in 0..<30 {
            if await post(bench, path, ["act": "open", "code": "000000"]).status == 429 { limited += 1 }
        }
        #expect(limited > 0)
    }

    // MARK: - The address

    @Test("the form has the fields of the country and what is known, and a change is asked for once")
    func address() async throws {
        let (bench, path) = try await open(.address)
        let (page, pass) = try await entered(bench, path)
        for text in [
            "12 Fig Lane", "BA1 1AA", "United Kingdom", "value=\"07700 900123\"", "autocomplete=\"postal-code\"",
        ] {
            #expect(page.text.contains(text), "\(text) \(page.text)")
        }
        #expect(!page.text.contains("name=\"province\"") && !page.text.contains("name=\"country"))
        let busy = await change(bench, path, pass)
        #expect(busy.text.contains("We are changing the address") && busy.text.contains("Look again"))
        let asked = try await acts(bench)
        #expect(asked.count == 1 && asked[0].state == .ready)
        let desk = try #require(bench.shopper.core.pageDesk)
        let wanted = try #require(try await desk.address(of: asked[0], shop: figs))
        #expect(wanted.address1 == "9 Elm Road" && wanted.countryCode == "GB" && wanted.company == "")
        // A second post, of the same or of something else, shows what was asked for.
        for fields in [elm, elm.merging(["address1": "1 Oak Way"]) { $1 }] {
            #expect(await change(bench, path, pass, fields).text.contains("We are changing the address"))
        }
        #expect(try await acts(bench).count == 1)
        // Whoever has the link alone sees that it is being changed, and nothing more.
        let stranger = await bench.visit(path)
        #expect(stranger.text.contains("We are changing the address") && !stranger.text.contains("Elm Road"))
    }

    @Test("once it is done the page says so, shows the address to her alone, and lets her change it again")
    func done() async throws {
        let (bench, path) = try await open(.address)
        let (_, pass) = try await entered(bench, path)
        _ = await change(bench, path, pass)
        try await bench.act(.accepted(receipt: "changed"), results: ["changed": "true"])
        let stranger = await bench.visit(path)
        #expect(stranger.text.contains("goes to the new address") && !stranger.text.contains("Elm Road"))
        let hers = await post(bench, path, ["act": "look", "pass": pass])
        #expect(hers.text.contains("goes to the new address") && hers.text.contains("9 Elm Road"))
        // The same again changes nothing; another address is another change.
        #expect(await change(bench, path, pass).text.contains("goes to this address already"))
        #expect(try await acts(bench).count == 1)
        bench.now = bench.now + .minutes(31)
        #expect(await change(bench, path, pass).text.contains("goes to the new address"), "the pass is over")
        let (again, second) = try await entered(bench, path)
        #expect(again.text.contains("value=\"9 Elm Road\""), "what Shopify has is read later")
        _ = await change(bench, path, second, elm.merging(["address1": "1 Oak Way"]) { $1 })
        #expect(try await acts(bench).map(\.state) == [.sent, .ready])
    }

    @Test("what is missing or too long is said at its field, and what Shopify objects to as well")
    func problems() async throws {
        let (bench, path) = try await open(.address, locale: "de")
        let (_, pass) = try await entered(bench, path)
        let no = await change(
            bench, path, pass, elm.merging(["zip": " ", "city": String(repeating: "x", count: 101)]) { $1 })
        #expect(no.text.contains("id=\"zip-problem\">Geben Sie eine Postleitzahl an."))
        #expect(no.text.contains("id=\"city-problem\""))
        #expect(no.text.contains("value=\"9 Elm Road\"") && no.text.contains("aria-describedby=\"zip-problem\""))
        #expect(try await acts(bench).isEmpty)
        _ = await change(bench, path, pass)
        try await bench.act(
            .refused(Failure(reason: "content", detail: "the postal code is missing")),
            results: ["refused_zip": "missing"])
        let said = await post(bench, path, ["act": "look", "pass": pass])
        #expect(said.text.contains("id=\"zip-problem\">Geben Sie eine Postleitzahl an."))
        #expect(said.text.contains("9 Elm Road"))
        let stranger = await bench.visit(path)
        #expect(!stranger.text.contains("Elm Road") && stranger.text.contains("Code schicken"))
        _ = await change(bench, path, pass, elm.merging(["zip": "BS1 5TR"]) { $1 })
        #expect(try await acts(bench).map(\.state) == [.refused, .ready])
    }

    @Test("hostile words stay words, on the page and in what is asked for")
    func words() async throws {
        let (bench, path) = try await open(.address)
        let (_, pass) = try await entered(bench, path)
        let hostile = elm.merging([
            "address1": "\"><script>alert(1)</script>{{ page.pass }}\u{202E}\r\nBcc: x", "zip": "",
        ]) { $1 }
        let page = await change(bench, path, pass, hostile)
        #expect(!page.text.contains("<script") && page.text.contains("&lt;script&gt;"))
        #expect(!page.text.contains("alert(1)</script>") && page.text.contains("{{ page.pass }}"))
        _ = await change(bench, path, pass, hostile.merging(["zip": "BS1 4ST"]) { $1 })
        let desk = try #require(bench.shopper.core.pageDesk)
        let asked = try #require(try await acts(bench).first)
        let wanted = try #require(try await desk.address(of: asked, shop: figs))
        #expect(wanted.address1 == "\"><script>alert(1)</script>{{ page.pass }} Bcc: x")
    }

    @Test("a country with regions has a list of them, and one of another country is refused")
    func regions() async throws {
        let (bench, path) = try await open(.address, country: "US")
        let (page, pass) = try await entered(bench, path)
        #expect(page.text.contains("<option value=\"CA\" selected>California</option>"))
        #expect(page.text.contains("United States"))
        let no = await change(bench, path, pass, elm.merging(["province": "BY"]) { $1 })
        #expect(no.text.contains("id=\"province-problem\""))
        _ = await change(bench, path, pass, elm.merging(["province": "NY", "country_code": "FR"]) { $1 })
        let desk = try #require(bench.shopper.core.pageDesk)
        let asked = try #require(try await acts(bench).first)
        let wanted = try #require(try await desk.address(of: asked, shop: figs))
        #expect(wanted.provinceCode == "NY" && wanted.countryCode == "US")
    }

    @Test("what was sent, cancelled, is collected or tested has no form, and no code is mailed")
    func over() async throws {
        for change in [
            { (facts: inout OrderFacts) in facts.cancelledAt = benchStart }, { $0.fulfillment = .partial },
            { $0.fulfillment = .inProgress }, { $0.deliveryMethod = "pickup" }, { $0.test = true },
            { $0.shippingAddress = nil },
        ] as [(inout OrderFacts) -> Void] {
            let (bench, path) = try await open(.address, change: change)
            for page in [await bench.visit(path), await post(bench, path, ["act": "code"])] {
                #expect(page.status == 200 && page.text.contains("cannot be changed here"))
                #expect(page.text.contains("mailto:"))
            }
            #expect(try await bench.mails("page_code").isEmpty)
        }
        // It was sent while the page was open.
        let (bench, path) = try await open(.address)
        let (_, pass) = try await entered(bench, path)
        try await bench.unsent(1001) { $0.fulfillment = .fulfilled }
        #expect(await change(bench, path, pass).text.contains("cannot be changed here"))
        #expect(try await acts(bench).isEmpty)
    }

    @Test("what could not be done is a person's, and the page says so")
    func person() async throws {
        let (bench, path) = try await open(.address)
        let (_, pass) = try await entered(bench, path)
        _ = await change(bench, path, pass)
        try await bench.act(.refused(Failure(reason: "content", detail: "something of the order has been sent")))
        for page in [await bench.visit(path), await post(bench, path, ["act": "code"])] {
            #expect(page.text.contains("One of us looks at it") && !page.text.contains("Elm Road"))
        }
        // One that takes too long is said to be a person's as well.
        let (slow, slowPath) = try await open(.address)
        let (_, second) = try await entered(slow, slowPath)
        _ = await change(slow, slowPath, second)
        slow.now = slow.now + .minutes(16)
        #expect(await slow.visit(slowPath).text.contains("One of us looks at it"))
    }

    // MARK: - Cancelling

    @Test("what is paid back is shown first, and a cancellation is asked for once")
    func cancel() async throws {
        let (bench, path) = try await open(.cancel)
        let (page, pass) = try await entered(bench, path)
        #expect(page.text.contains("You get £45.00 back") && page.text.contains("2 × Linen apron"))
        // Another sum than what was seen is shown before anything is done.
        let stale = await post(bench, path, ["act": "do", "pass": pass, "seen": "40.00 GBP"])
        #expect(stale.text.contains("You get £45.00 back"))
        #expect(try await acts(bench, .cancelOrder).isEmpty)
        let busy = await post(bench, path, ["act": "do", "pass": pass, "seen": "45.00 GBP"])
        #expect(busy.text.contains("We are cancelling your order"))
        _ = await post(bench, path, ["act": "do", "pass": pass, "seen": "45.00 GBP"])
        #expect(try await acts(bench, .cancelOrder).count == 1)
        try await bench.act(.accepted(receipt: "cancelled"), results: ["cancelled": "true"])
        for form in [["act": "do", "pass": pass, "seen": "45.00 GBP"], ["act": "code"], [:]] {
            #expect(await post(bench, path, form).text.contains("Order #1001 is cancelled"))
        }
        #expect(await bench.visit(path).text.contains("Order #1001 is cancelled"))
        #expect(try await acts(bench, .cancelOrder).count == 1)
    }

    @Test("above the operator's ceiling, with a return under way, or without a sum a person has it")
    func ceiling() async throws {
        for change in [
            { (facts: inout OrderFacts) in facts.total = Money(amount: 400, currency: "GBP") },
            { facts in
                facts.returns = [ReturnFacts(id: "r", name: "#R1", status: .open, createdAt: benchStart)]
            }, { $0.total = nil },
        ] as [(inout OrderFacts) -> Void] {
            let (bench, path) = try await open(.cancel, change: change)
            let (page, pass) = try await entered(bench, path)
            let seen = String(try #require(page.text.firstMatch(of: /name="seen" value="([^"]+)"/)).1)
            let person = await post(bench, path, ["act": "do", "pass": pass, "seen": seen])
            #expect(person.text.contains("One of us looks at it"), "\(seen)")
            let given = try await acts(bench, .cancelOrder)
            #expect(given.map(\.isHandOver) == [true])
            _ = await post(bench, path, ["act": "do", "pass": pass, "seen": seen])
            #expect(try await acts(bench, .cancelOrder).count == 1)
            #expect(await bench.visit(path).text.contains("One of us looks at it"))
        }
    }

    @Test("a shop that is not live does nothing")
    func off() async throws {
        let (bench, path) = try await open(.cancel)
        var core = bench.shopper.core
        core.pageDesk = PageDesk(store: bench.store, planner: { _ in nil })
        let site = PublicSite(core: core, site: bench.shopper.site, pages: bench.shopper.pages)
        let page = await site.respond(
            to: WebRequest(path: path, host: "track.juniperfig.example"))
        #expect(page.text.contains("cannot be cancelled here"))
    }
}
