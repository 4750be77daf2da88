import Daemon
import Foundation
import Outreach
import Store
import Testing

@testable import Web

@Suite("The page on which a shopper chooses what she is offered")
struct OfferPageTests {
    private static let own = ["origin": "https://track.juniperfig.example"]

    private func post(_ bench: DeskBench, _ path: String, _ form: [String: String]) async -> WebResponse {
        await bench.visit(path, method: "POST", form: form, headers: Self.own)
    }

    private func open(_ locale: String? = "en", options: [Offer.Option]? = nil) async throws -> (
        DeskBench, OfferRecord, String
    ) {
        let bench = try await DeskBench()
        try await bench.order(1001, locale: locale)
        let offer = try await bench.offered(about: 1001, options: options, approveBy: nil)
        return (bench, offer, bench.offerLink(offer))
    }

    @Test("looking changes nothing, and shows what is offered in her language, without a script")
    func look() async throws {
        for (locale, words) in [
            ("en", "My money back"), ("de", "Mein Geld zurück"), ("fr", "Être remboursé"),
            ("es", "Que me devuelvan el dinero"), ("sv", "My money back"),
        ] {
            let (bench, offer, path) = try await open(locale)
            let page = await bench.visit(path)
            #expect(page.status == 200 && page.text.contains(words), "\(locale)")
            #expect(page.text.matches(of: /type="radio"/).count == 3 && page.text.contains("2 × Linen apron"))
            #expect(!page.text.contains("<script"))
            for secret in ["Robin", "Ashdown", "robin@example.com", "45.00", "lost-parcel"] {
                #expect(!page.text.contains(secret), "\(secret)")
            }
            #expect(try await bench.store.offer(offer.number, shop: figs) == offer)
            #expect(try await bench.mails("page_code").isEmpty)
        }
    }

    @Test("nobody sees an offer that waits for approval, or was refused")
    func unapproved() async throws {
        let bench = try await DeskBench()
        try await bench.order(1001)
        let offer = try await bench.offered(about: 1001)
        #expect(await bench.visit(bench.offerLink(offer)).status == 404)
        #expect(await post(bench, bench.offerLink(offer), ["act": "code", "choice": "refund"]).status == 404)
        #expect(try await bench.mails("page_code").isEmpty)
    }

    @Test("what is chosen needs the code that was mailed to the order's address, and is done once")
    func choose() async throws {
        let (bench, offer, path) = try await open()
        let asked = await post(bench, path, ["act": "code", "choice": "gift"])
        // No such thing is offered.
        #expect(asked.status == 200 && asked.text.contains("Please choose one of these first"))
        let step = await post(bench, path, ["act": "code", "choice": "sorry"])
        #expect(step.text.contains("r…@example.com") && step.text.contains("name=\"code\""))
        let code = try await bench.mailedCode()
        #expect(!step.text.contains(code))
        let wrong = code == "000000" ? "000001" : "000000"
        let no = await post(bench, path, ["act": "choose", "choice": "sorry", "code": wrong])
        #expect(no.text.contains("does not fit") && no.text.contains("name=\"code\""))
        #expect(try await bench.store.offer(offer.number, shop: figs)?.state == .open)
        let done = await post(bench, path, ["act": "choose", "choice": "sorry", "code": " \(code) "])
        #expect(done.status == 200 && done.text.contains("Thank you, we have it"))
        let chosen = try #require(try await bench.store.offer(offer.number, shop: figs))
        #expect(chosen.state == .chosen && chosen.choice == .gift("sorry") && chosen.actionEffect != nil)
        // A second post, of whatever, shows what was done.
        for form in [["act": "choose", "choice": "refund", "code": code], ["act": "code", "choice": "refund"], [:]] {
            let again = await post(bench, path, form)
            #expect(again.text.contains("You get a code for your next order") && !again.text.contains("<form"))
        }
        #expect(try await bench.store.offer(offer.number, shop: figs) == chosen)
        #expect(try await bench.mails("page_code").count == 1)
    }

    @Test("five wrong codes end it, and so does a quarter of an hour; a new one works")
    func codes() async throws {
        let (bench, offer, path) = try await open()
        _ = await post(bench, path, ["act": "code", "choice": "sorry"])
        let code = try await bench.mailedCode()
        let wrong = code == "000000" ? "000001" : "000000"
        for _ in 0..<Store.pageCodeTries {
            _ = await post(bench, path, ["act": "choose", "choice": "sorry", "code": wrong])
        }
        _ = await post(bench, path, ["act": "choose", "choice": "sorry", "code": code])
        #expect(try await bench.store.offer(offer.number, shop: figs)?.state == .open)
        bench.now = bench.now + .minutes(1)
        _ = await post(bench, path, ["act": "code", "choice": "sorry"])
        let second = try await bench.mailedCode()
        bench.now = bench.now + .minutes(16)
        _ = await post(bench, path, ["act": "choose", "choice": "sorry", "code": second])
        #expect(try await bench.store.offer(offer.number, shop: figs)?.state == .open)
        _ = await post(bench, path, ["act": "code", "choice": "sorry"])
        let third = try await bench.mailedCode()
        _ = await post(bench, path, ["act": "choose", "choice": "sorry", "code": third])
        #expect(try await bench.store.offer(offer.number, shop: figs)?.state == .chosen)
    }

    @Test("no code is mailed without end, and a form of another page does nothing")
    func limits() async throws {
        let (bench, _, path) = try await open()
        for turn in 0..<8 {
            let answer = await post(bench, path, ["act": "code", "choice": "refund"])
            #expect(answer.status == (turn < 5 ? 200 : 429))
            bench.now = bench.now + .seconds(30)
        }
        let other = await bench.visit(
            path, method: "POST", form: ["act": "code", "choice": "refund"],
            headers: ["origin": "https://evil.example"])
        #expect(other.status == 403)
    }

    @Test("if the sum holds no more, a person has it and the page says so")
    func person() async throws {
        let (bench, offer, path) = try await open(options: [Offer.Option(.refund, 4000)])
        _ = await post(bench, path, ["act": "code", "choice": "refund"])
        let code = try await bench.mailedCode()
        let answer = await post(bench, path, ["act": "choose", "choice": "refund", "code": code])
        #expect(answer.text.contains("One of us looks at it") && answer.text.contains("mailto:"))
        #expect(try await bench.store.offer(offer.number, shop: figs)?.state == .person)
        #expect(await bench.visit(path).text.contains("One of us looks at it"))
    }
}
