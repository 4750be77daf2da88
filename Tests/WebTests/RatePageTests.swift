import Daemon
import Foundation
import Outreach
import Store
import Testing

@testable import Web

@Suite("The page for a rating")
struct RatePageTests {
    private static let own = ["origin": "https://track.juniperfig.example"]

    /// A bench with an order, a question about it, and the path of its link.
    private func asked(locale: String? = "en") async throws -> (DeskBench, Effect, String) {
        let bench = try await DeskBench()
        let effect = try await bench.asking(about: bench.order(1001, locale: locale))
        return (bench, effect, bench.ratingLink(effect))
    }

    private func rating(_ bench: DeskBench, _ effect: Effect) async throws -> Rating {
        try #require(try await bench.store.rating(request: effect.id, shop: figs))
    }

    /// The hidden fields of a page's form, and the score that is chosen.
    private func form(_ html: String) -> [String: String] {
        var fields: [String: String] = [:]
        for match in html.matches(of: /<input type="hidden" name="([a-z]+)" value="([^"]*)">/) {
            fields[String(match.1)] = String(match.2)
        }
        if let chosen = html.firstMatch(of: /name="score" value="([1-5])" required checked/) {
            fields["score"] = String(chosen.1)
        }
        return fields
    }

    /// Opens the page, and sends its form so many seconds later.
    @discardableResult
    private func give(
        _ bench: DeskBench, _ path: String, score: Int? = nil, words: String = "", after seconds: Int = 5
    ) async throws -> WebResponse {
        var fields = form(await bench.visit(path).text)
        if let score { fields["score"] = "\(score)" }
        fields["words"] = words
        bench.now = bench.now + .seconds(seconds)
        return await bench.visit(
            String(path.split(separator: "?")[0]), method: "POST", form: fields, headers: Self.own)
    }

    @Test("looking changes nothing: the link's score is chosen, and one button gives it, without a script")
    func look() async throws {
        let (bench, effect, path) = try await asked()
        for score in 1...5 {
            let page = await bench.visit("\(path)?score=\(score)")
            #expect(page.status == 200 && form(page.text)["score"] == "\(score)")
            #expect(page.text.matches(of: /<button/).count == 1 && page.text.matches(of: /<form/).count == 1)
            #expect(page.text.contains("How was the delivery of order #1001?") && !page.text.contains("<script"))
            for secret in ["Robin", "Ashdown", "robin@example.com"] { #expect(!page.text.contains(secret)) }
        }
        for odd in ["", "?score=6", "?score=0", "?score=x", "?score=%3Cb%3E"] {
            #expect(form(await bench.visit(path + odd).text)["score"] == nil)
        }
        #expect(try await rating(bench, effect).score == nil)
        #expect(try await bench.store.unjudged(shop: figs, source: RatingPost.source, limit: 9).isEmpty)
    }

    @Test("the first post counts, with a line of words, and can be changed for seven days")
    func give() async throws {
        let (bench, effect, path) = try await asked()
        let thanks = try await give(bench, path + "?score=4", words: "Well <b>packed</b>")
        #expect(thanks.status == 200 && thanks.text.contains("Thank you") && thanks.text.contains("You gave it 4"))
        #expect(thanks.text.contains("value=\"Well &lt;b&gt;packed&lt;/b&gt;\"") && !thanks.text.contains("<b>packed"))
        #expect(try await rating(bench, effect).words == "Well <b>packed</b>")
        let order = "gid://shopify/Order/1001"
        func events() async throws -> [Event] {
            try #require(try await bench.store.load(shop: figs, orderIDs: [order])[order]).events
                .filter { $0.kind == .ratingGiven }
        }
        #expect(try await events().count == 1)
        bench.now = bench.now + .days(6)
        #expect(form(await bench.visit(path).text)["score"] == "4", "what was given is chosen")
        let sorry = try await give(bench, path, score: 2)
        #expect(sorry.text.contains("We are sorry") && sorry.text.contains("mailto:orders@juniperfig.example"))
        #expect(try await rating(bench, effect).score == 2)
        #expect(try await events().count == 2)
        bench.now = bench.now + .days(2)
        let closed = await bench.visit(path)
        #expect(
            closed.status == 200 && closed.text.contains("no longer be changed") && !closed.text.contains("<button"))
        let late = try await give(bench, path, score: 5)
        #expect(late.status == 200 && late.text.contains("You gave it 2"))
        #expect(try await rating(bench, effect).score == 2)
    }

    @Test("a scanner that presses at once, or every link of the mail, gives no rating; a person presses once more")
    func scanners() async throws {
        let (bench, effect, path) = try await asked()
        let quick = try await give(bench, path + "?score=1", after: 1)
        #expect(quick.status == 200 && quick.text.contains("Please press the button once more"))
        #expect(form(quick.text)["score"] == "1" && form(quick.text)["link"] == "")
        #expect(try await rating(bench, effect).score == nil)
        for score in 2...5 { try await give(bench, path + "?score=\(score)", after: 3) }
        #expect(try await rating(bench, effect).score == nil)
        // What a person sees then, and does.
        var fields = form(quick.text)
        fields["words"] = "It was me"
        bench.now = bench.now + .seconds(4)
        #expect(await bench.visit(path, method: "POST", form: fields, headers: Self.own).text.contains("once more"))
        let page = try await give(bench, path, score: 3)
        #expect(page.text.contains("Thank you"))
        #expect(try await rating(bench, effect).score == 3)
        // All that came is kept as it came.
        #expect(try await bench.store.unjudged(shop: figs, source: RatingPost.source, limit: 9).isEmpty)
    }

    @Test("a form that was not shown by us for this link is not a person's")
    func forged() async throws {
        let (bench, effect, path) = try await asked()
        let other = try await bench.asking(
            about: bench.order(1002), to: "wren@example.com", customer: "gid://shopify/Customer/8")
        let foreign = form(await bench.visit(bench.ratingLink(other, address: "wren@example.com")).text)["shown"] ?? ""
        bench.now = bench.now + .seconds(9)
        let long = "\(benchStart.milliseconds - 100_000).00000000000000000000000000000000"
        for shown in ["", "1", "x.y", long, foreign, "99999999999999999999.a"] {
            let answer = await bench.visit(
                path, method: "POST", form: ["score": "5", "shown": shown], headers: Self.own)
            #expect(answer.status == 200 && answer.text.contains("once more"), "\(shown)")
        }
        #expect(try await rating(bench, effect).score == nil)
    }

    @Test("a post without a score asks for one, of a page elsewhere does nothing, and too many have to wait")
    func refused() async throws {
        let (bench, effect, path) = try await asked()
        let none = await bench.visit(path, method: "POST", form: ["words": "x"], headers: Self.own)
        #expect(none.status == 200 && none.text.contains("choose from 1 to 5"))
        let elsewhere = await bench.visit(
            path, method: "POST", form: ["score": "1"], headers: ["origin": "https://elsewhere.example"])
        #expect(elsewhere.status == 403)
        #expect(await bench.visit(path, method: "POST", form: ["score": "1"]).status == 403)
        #expect(try await rating(bench, effect).last == nil, "nothing was stored")
        var statuses: [Int] = []
        for _ in 0..<12 { statuses.append(try await give(bench, path, score: 5).status) }
        #expect(statuses.filter { $0 == 200 }.count == 10 && statuses.last == 429)
        #expect(try await rating(bench, effect).score == 5)
        let long = try await bench.asking(
            about: bench.order(1003), to: "wren@example.com", customer: "gid://shopify/Customer/8")
        let second = bench.ratingLink(long, address: "wren@example.com")
        try await give(bench, second, score: 4, words: String(repeating: "o", count: 2_000))
        #expect(try await rating(bench, long).words?.count == RatingPost.mostLetters)
    }

    @Test("after 30 days a new link is mailed to the address on file, for the same question")
    func renewed() async throws {
        let (bench, effect, path) = try await asked()
        bench.now = benchStart + .days(30)
        #expect(await bench.visit(path).status == 200)
        bench.now = benchStart + .days(31)
        let old = await bench.visit(path + "?score=1")
        #expect(old.status == 410 && old.text.contains("Send me a new link") && !old.text.contains("name=\"score\""))
        #expect(try await bench.mails("new_link").isEmpty, "a look mails nothing")
        let sent = await bench.visit(path, method: "POST", form: ["score": "1"], headers: Self.own)
        #expect(sent.status == 200 && sent.text.contains("A mail is on its way"))
        let mail = try #require(try await bench.mails("new_link").first)
        #expect(mail.envelope.recipient == "robin@example.com" && mail.summary == "Your link to rate order #1001")
        let fresh = bench.ratingLink(effect)
        #expect(fresh != path && String(decoding: mail.bytes, as: UTF8.self).contains("/rate/"))
        try await give(bench, fresh, score: 4)
        #expect(try await rating(bench, effect).score == 4)
        // What was answered needs no new link.
        bench.now = benchStart + .days(70)
        let done = await bench.visit(fresh)
        #expect(done.status == 410 && !done.text.contains("<button"))
        #expect(await bench.visit(fresh, method: "POST", headers: Self.own).status == 410)
    }

    @Test("a link of another purpose, shop, question or address opens nothing, and an erased one neither")
    func others() async throws {
        let (bench, effect, path) = try await asked()
        #expect(await bench.visit(path.replacing("/rate/", with: "/track/")).status == 404)
        #expect(await bench.visit(path.replacing("/juniperfig/", with: "/northloom/")).status == 404)
        #expect(await bench.visit(bench.link(.track, order: 1001).replacing("/track/", with: "/rate/")).status == 404)
        #expect(await bench.visit(bench.ratingLink(effect, address: "wren@example.com")).status == 404)
        let plain = try await bench.message(about: bench.order(1002))
        #expect(await bench.visit(bench.ratingLink(plain)).status == 404, "it asked for nothing")
        _ = try await bench.store.erase(address: "robin@example.com", shop: figs, now: bench.now)
        #expect(await bench.visit(path).status == 404)
        #expect(
            await bench.visit(path, method: "POST", form: ["score": "5"], headers: Self.own).status == 404)
    }

    @Test(
        "speaks the customer's language",
        arguments: [
            ("de", "Wie war die Lieferung der Bestellung #1001?", "Vielen Dank", "Noch"),
            ("fr", "Comment s’est passée la livraison de la commande #1001 ?", "Merci", ""),
            ("es", "¿Qué tal fue la entrega del pedido #1001?", "Gracias", ""),
        ])
    func languages(_ language: String, _ title: String, _ thanks: String, _: String) async throws {
        let (bench, _, path) = try await asked(locale: "\(language)-XX")
        let page = await bench.visit(path)
        #expect(page.text.contains("<html lang=\"\(language)\">") && page.text.contains("<h1>\(title)</h1>"))
        #expect(try await give(bench, path, score: 4).text.contains("<h1>\(thanks)</h1>"))
    }

    @Test("a shop's own design has the form inside")
    func design() async throws {
        let bench = try await DeskBench(pages: [
            "rate.html": "<!DOCTYPE html><html lang=\"en\"><title>{{ title }}</title><p>Ours</p>{{ content }}</html>"
        ])
        let effect = try await bench.asking(about: bench.order(1001))
        let path = bench.ratingLink(effect)
        let page = await bench.visit(path + "?score=5")
        #expect(page.text.contains("<p>Ours</p>") && form(page.text)["score"] == "5")
        try await give(bench, path + "?score=5")
        #expect(try await rating(bench, effect).score == 5)
    }

    @Test("Analytics shows the ratings, and each count opens them with their words")
    func analytics() async throws {
        let (bench, _, path) = try await asked()
        try await give(bench, path, score: 2, words: "Left in the rain")
        let cookies = try await bench.login("shop@juniperfig.example")
        let page = await bench.ask("/juniperfig/analytics?days=7", cookies: cookies)
        #expect(page.text.contains("satisfied, of rated deliveries") && page.text.contains("too few"))
        let link = try #require(
            page.text.firstMatch(of: /href="(\/juniperfig\/analytics\/rows\?show=ratings[^"]*)">1</)
        ).1
        let rows = await bench.ask(String(link).replacing("&amp;", with: "&"), cookies: cookies)
        #expect(rows.text.contains("Left in the rain") && rows.text.contains("Rated 2, of deliveries"))
        #expect(rows.text.matches(of: /class="go" href=/).count == 1)
        for bad in ["show=ratings", "show=ratings&kind=delivery&score=9", "show=held_out"] {
            #expect(await bench.ask("/juniperfig/analytics/rows?\(bad)", cookies: cookies).status == 404)
        }
    }

    @Test("a conversation is rated as a delivery is, in its own language, and told apart from it")
    func conversation() async throws {
        let bench = try await DeskBench()
        let (talk, event) = try await bench.talkedOver(language: "de")
        let effect = try await bench.asking(about: event)
        let path = bench.ratingLink(effect)
        let page = await bench.visit(path + "?score=5")
        #expect(page.text.contains("<h1>Wie haben wir Ihnen geantwortet?</h1>") && form(page.text)["score"] == "5")
        for secret in ["Robin", "Where is it", "My order"] { #expect(!page.text.contains(secret)) }
        #expect(try await give(bench, path, score: 4, words: "Schnell").text.contains("Vielen Dank"))
        let rating = try await rating(bench, effect)
        #expect(rating.kind == .conversation && rating.score == 4 && rating.subject == .conversation(talk))
        let record = try await bench.conversation(talk)
        #expect(record.rating == 4 && record.state == .closed, "a good one changes nothing")
        let told = try await bench.store.pendingEvents(shop: figs, limit: 99).filter { $0.kind == .ratingGiven }
        #expect(told.map(\.ratingRequest) == [effect.id] && told.first?.aggregate == .conversation(talk))
        let sums = try await bench.store.tallySums(
            shop: figs, from: Zone.utc.day(at: benchStart), to: Zone.utc.day(at: bench.now))
        let counted = sums.filter { $0.name == .ratings }.map { "\($0.a) \($0.b)" }
        #expect(counted == ["conversation 4", "conversation asked"])
        let cookies = try await bench.login("all@juniperfig.example")
        let rows = await bench.ask(
            "/juniperfig/analytics/rows?show=ratings&kind=conversation&score=4", cookies: cookies)
        #expect(rows.text.contains("/juniperfig/inbox/\(talk)\"") && rows.text.contains("Schnell"))
    }

    @Test("a low rating hands the conversation to a person, once, and its answers were wrong")
    func lowConversation() async throws {
        let bench = try await DeskBench()
        let (talk, event) = try await bench.talkedOver()
        let effect = try await bench.asking(about: event)
        let path = bench.ratingLink(effect)
        #expect(try await give(bench, path, score: 2, words: "No help").text.contains("We are sorry"))
        var record = try await bench.conversation(talk)
        #expect(record.state == .person && record.reason == .ratedLow && record.waitsSince == bench.now)
        func proof() async throws -> AnswerProof {
            let proofs = try await bench.store.remembered(.answerProofs, shop: figs) ?? AnswerProofs()
            return proofs["where_is_my_order", "en", "built-in 1"]
        }
        #expect(try await proof().wrong == 1)
        try await give(bench, path, score: 1)
        record = try await bench.conversation(talk)
        #expect(record.handOvers == 1 && record.rating == 1)
        #expect(try await proof().wrong == 1)
        let told = try await bench.store.pendingEvents(shop: figs, limit: 99).filter { $0.kind == .ratingGiven }
        #expect(told.count == 1)
        // A better one first, then a low one: both are told.
        let (_, second) = try await bench.talkedOver()
        let other = try await bench.asking(about: second, to: "wren@example.com", customer: nil)
        let link = bench.ratingLink(other, address: "wren@example.com")
        try await give(bench, link, score: 5)
        bench.now = bench.now + .days(1)
        try await give(bench, link, score: 1)
        let both = try await bench.store.pendingEvents(shop: figs, limit: 99).filter { $0.ratingRequest == other.id }
        #expect(both.map { $0.occurrences[0].n } == [1, 2])
        #expect(try await proof().wrong == 2)
    }

    @Test("whoever wants no more questions gets none, by one click, in whatever language the browser asks for")
    func stopped() async throws {
        let bench = try await DeskBench()
        let (_, event) = try await bench.talkedOver()
        let effect = try await bench.asking(about: event)
        let path = bench.stopRatingsLink(effect)
        let page = await bench.visit(path, headers: ["accept-language": "es"])
        #expect(page.status == 200 && page.text.contains("¿No más preguntas?") && page.text.contains("<button"))
        func silences() async throws -> [StandingSilence] {
            let scope = SilenceScope.addressKey(bench.store.addressKey("robin@example.com"))
            return try await bench.store.silences(of: scope, shop: figs, now: bench.now)
        }
        #expect(try await silences().isEmpty, "a look changes nothing")
        #expect(await bench.visit(path, method: "POST", form: ["x": "1"]).status == 400)
        let done = await bench.visit(path, method: "POST", form: ["List-Unsubscribe": "One-Click"])
        #expect(done.status == 200 && done.text.contains("No more questions"))
        #expect(try await silences().map(\.stream) == [.ratings])
        #expect(await bench.visit(path).text.contains("We do not ask you any more"))
        #expect(await bench.visit(path.replacing("/stopratings/", with: "/stop/")).status == 404)
    }
}
