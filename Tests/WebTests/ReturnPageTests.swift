import Daemon
import Foundation
import Outreach
import Store
import Testing

@testable import Web

@Suite("The page on which a shopper starts a return")
struct ReturnPageTests {
    private static let own = ["origin": "https://track.juniperfig.example"]

    private func post(_ bench: DeskBench, _ path: String, _ form: [String: String]) async -> WebResponse {
        await bench.visit(path, method: "POST", form: form, headers: Self.own)
    }

    /// A shop with a page for returns, an order whose parcel is delivered, and its link.
    private func open(
        _ locale: String? = "en", line: String = ReturnPageTests.approved, change: (inout OrderFacts) -> Void = { _ in }
    ) async throws -> (DeskBench, String) {
        let bench = try await DeskBench(returns: line)
        try await bench.order(1001, locale: locale)
        let id = "gid://shopify/Order/1001"
        var record = try #require(try await bench.store.load(shop: figs, orderIDs: [id])[id])
        record.facts.lineItems = [
            LineItemFacts(id: "gid://shopify/LineItem/1", title: "Linen apron", variantTitle: "Moss", quantity: 2),
            LineItemFacts(id: "gid://shopify/LineItem/2", title: "Tea & <Cake>", quantity: 1),
        ]
        for index in record.facts.fulfillments.indices {
            record.facts.fulfillments[index].lineItems = record.facts.lineItems.map {
                QuantityFacts(lineItemID: $0.id, quantity: $0.quantity)
            }
        }
        if record.facts.fulfillments.isEmpty {
            record.facts.fulfillments = [
                FulfillmentFacts(
                    id: "gid://shopify/Fulfillment/1", name: "#1001-F1", status: .success, createdAt: bench.now,
                    updatedAt: bench.now, tracking: [],
                    lineItems: record.facts.lineItems.map { QuantityFacts(lineItemID: $0.id, quantity: $0.quantity) })
            ]
        }
        change(&record.facts)
        _ = try await bench.store.commit(
            [Learned(record: record, events: [], nextMoment: nil, rereads: [], changed: true)], now: bench.now)
        return (bench, bench.link(.return, order: 1001))
    }

    private static let approved =
        "{ approve: true, label: we_pay, offer: [exchange, store_credit, refund], refund_when: received }"
    private static let form = ["i1": "1", "reason": "too-small", "wish": "refund", "words": "Too  tight\n<b>"]

    private func asked(_ bench: DeskBench) async throws -> [Effect] {
        let key = OrderKey(shop: figs, orderID: "gid://shopify/Order/1001")
        return try await bench.store.effects(ofOrders: [key], states: Set(Effect.State.allCases))[key]?
            .filter { $0.line == "request_return" } ?? []
    }

    @Test("shows the terms and what can be sent back, in her language, and looking changes nothing")
    func look() async throws {
        for (locale, words) in [
            ("en", "We pay for the way back"), ("de", "Den Rückweg zahlen wir"), ("fr", "Nous payons le retour"),
            ("es", "Nosotros pagamos la devolución"), ("sv", "We pay for the way back"),
        ] {
            let (bench, path) = try await open(locale)
            let page = await bench.visit(path)
            #expect(page.status == 200 && page.text.contains(words), "\(locale)")
            #expect(page.text.contains("Linen apron (Moss)") && page.text.contains("Tea &amp; &lt;Cake&gt;"))
            #expect(page.text.matches(of: /<option value="\d"/).count == 5)
            #expect(page.text.matches(of: /type="radio"/).count == 3 && !page.text.contains("<script"))
            #expect(!page.text.contains("robin@example.com") && !page.text.contains("return_"))
            #expect(try await asked(bench).isEmpty)
            #expect(try await bench.mails("page_code").isEmpty)
        }
    }

    @Test("what the policy refuses has no form, and what a person decides has no choice of what she gets")
    func outlooks() async throws {
        let (refusing, path) = try await open(line: "{ refuse: final-sale }")
        let page = await refusing.visit(path)
        #expect(page.text.contains("final sale") && !page.text.contains("<form") && page.text.contains("mailto:"))
        _ = await post(refusing, path, Self.form.merging(["act": "code"]) { $1 })
        #expect(try await refusing.mails("page_code").isEmpty)
        let (person, other) = try await open(line: "{ hand_over: asked late }")
        let shown = await person.visit(other)
        #expect(shown.text.contains("One of us looks at it") && !shown.text.contains("type=\"radio\""))
        #expect(!shown.text.contains("asked late"))
        _ = await post(person, other, ["act": "code", "i2": "1", "reason": "arrived-late"])
        let code = try await person.mailedCode()
        _ = await post(person, other, ["act": "ask", "i2": "1", "reason": "arrived-late", "code": code])
        #expect(try await asked(person).count == 1)
    }

    @Test("a return is asked for with the code that was mailed, once, as it was filled in")
    func ask() async throws {
        let (bench, path) = try await open()
        for (form, words) in [
            (["i1": "0", "reason": "too-small", "wish": "refund"], "choose what you would like to send back"),
            (["i1": "1", "wish": "refund"], "choose why"), (["i1": "1", "reason": "too-small"], "would like for it"),
            (["i1": "1", "reason": "bored", "wish": "refund"], "choose why"),
            (["i9": "1", "reason": "too-small", "wish": "refund"], "choose what you would like to send back"),
        ] {
            let answer = await post(bench, path, form.merging(["act": "code"]) { $1 })
            #expect(answer.text.contains(words) && answer.text.contains("role=\"alert\""), "\(form)")
        }
        #expect(try await bench.mails("page_code").isEmpty)
        let step = await post(bench, path, Self.form.merging(["act": "code"]) { $1 })
        #expect(step.text.contains("r…@example.com") && step.text.contains("name=\"code\""))
        #expect(step.text.contains("1 × Linen apron (Moss)") && step.text.contains("It is too small"))
        let code = try await bench.mailedCode()
        #expect(!step.text.contains(code))
        let wrong = code == "000000" ? "000001" : "000000"
        let no = await post(bench, path, Self.form.merging(["act": "ask", "code": wrong]) { $1 })
        #expect(no.text.contains("does not fit") && no.text.contains("name=\"code\""))
        #expect(try await asked(bench).isEmpty)
        let done = await post(bench, path, Self.form.merging(["act": "ask", "code": " \(code) "]) { $1 })
        #expect(done.text.contains("Thank you, we have it") && !done.text.contains("<form"))
        let effect = try #require(try await asked(bench).first)
        let bytes = try #require(try await bench.store.effectStory(effect.id, shop: figs)?.message)
        #expect(
            ActionCommand(bytes)?.action
                == .requestReturn(
                    ReturnDraft(
                        lines: [QuantityFacts(lineItemID: "gid://shopify/LineItem/1", quantity: 1)], reason: .tooSmall,
                        wish: .refund, words: "Too tight <b>")))
        // A second post, of whatever, shows what was done.
        for form in [
            Self.form.merging(["act": "ask", "code": code]) { $1 }, Self.form.merging(["act": "code"]) { $1 }, [:],
        ] {
            #expect(await post(bench, path, form).text.contains("Thank you, we have it"))
        }
        #expect(try await asked(bench).count == 1)
        #expect(try await bench.mails("page_code").count == 1)
    }

    @Test("shows how returns stand, and what more can be sent back")
    func standing() async throws {
        let (bench, path) = try await open { facts in
            facts.returns = [
                ReturnFacts(
                    id: "gid://shopify/Return/9", name: "#1001-R1", status: .open, createdAt: facts.createdAt,
                    lineItems: [QuantityFacts(lineItemID: "gid://shopify/LineItem/1", quantity: 2)])
            ]
        }
        let page = await bench.visit(path)
        #expect(page.text.contains("Return #1001-R1: approved") && page.text.contains("name=\"i2\""))
        #expect(!page.text.contains("name=\"i1\""))
        let (done, other) = try await open { $0.fulfillments = [] }
        #expect(await done.visit(other).text.contains("Nothing of this order can be sent back right now"))
    }

    @Test("is none for a shop that says nothing of returns, for test orders, and for whoever has another address")
    func nobody() async throws {
        let (silent, path) = try await open(line: "")
        #expect(await silent.visit(path).status == 404)
        let (test, other) = try await open { $0.test = true }
        #expect(await test.visit(other).status == 404)
        let (moved, link) = try await open { $0.email = "somebody@else.example" }
        #expect(await moved.visit(link).status == 404)
    }

    @Test("mails no codes without end, ends codes after a quarter of an hour, and does nothing for a form elsewhere")
    func limits() async throws {
        let (bench, path) = try await open()
        _ = await post(bench, path, Self.form.merging(["act": "code"]) { $1 })
        let old = try await bench.mailedCode()
        bench.now = bench.now + .minutes(31)
        _ = await post(bench, path, Self.form.merging(["act": "ask", "code": old]) { $1 })
        #expect(try await asked(bench).isEmpty)
        bench.now = bench.now + .hours(2)
        for turn in 0..<8 {
            let answer = await post(bench, path, Self.form.merging(["act": "code"]) { $1 })
            #expect(answer.status == (turn < 5 ? 200 : 429))
            bench.now = bench.now + .seconds(30)
        }
        let foreign = await bench.visit(
            path, method: "POST", form: Self.form.merging(["act": "code"]) { $1 },
            headers: ["origin": "https://evil.example"])
        #expect(foreign.status == 403)
        for turn in 0..<25 {
            let form = Self.form.merging(["act": "ask", "code": "\(100_000 + turn)"]) { $1 }
            #expect(await post(bench, path, form).status == (turn < 20 ? 200 : 429))
        }
    }
}
