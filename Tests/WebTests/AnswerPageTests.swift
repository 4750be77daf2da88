import Daemon
import Foundation
import Outreach
import Store
import Testing

@testable import Web

@Suite("The page behind the buttons below an answer")
struct AnswerPageTests {
    private static let own = ["origin": "https://track.juniperfig.example"]

    /// A bench on which a message was answered by a trigger, and the path of the link below that answer.
    private func answered(
        language: String = "en", decided: Bool = true
    ) async throws -> (bench: DeskBench, effect: Effect, path: String, talk: Int64) {
        let bench = try await DeskBench()
        var understood = DeskBench.understood
        understood.language = language
        let talk = try await bench.wrote(understood: understood, answers: true)
        let effect = try await bench.answered(talk.id, state: .ready)
        try await bench.sendAll()
        if decided { try await decide(bench, talk.id) }
        return (bench, effect, bench.answerLink(effect), talk.id)
    }

    /// The conversation is ours, as a trigger has answered it.
    private func decide(_ bench: DeskBench, _ id: Int64) async throws {
        let record = try await bench.conversation(id)
        let message = try #require(record.lastIncoming)
        let answers = try await bench.store.answers(to: message.id, of: id, shop: figs)
        if let change = ConversationRules.decide(record, answers: answers, now: bench.now) {
            _ = try await bench.store.commit(change, judged: [], incoming: nil, now: bench.now)
        }
    }

    private func proof(_ bench: DeskBench, _ language: String = "en") async throws -> AnswerProof {
        let proofs = try await bench.store.remembered(.answerProofs, shop: figs) ?? AnswerProofs()
        return proofs["where_is_my_order", language, "built-in 1"]
    }

    /// Opens the page, and presses a button so many seconds later.
    @discardableResult
    private func press(
        _ button: String, _ bench: DeskBench, _ path: String, after seconds: Int = 5
    ) async -> WebResponse {
        let page = await bench.visit("\(path)?say=\(button)").text
        let shown = page.firstMatch(of: /name="shown" value="([^"]*)"/).map { String($0.1) } ?? ""
        bench.now = bench.now + .seconds(seconds)
        return await bench.visit(path, method: "POST", form: ["say": button, "shown": shown], headers: Self.own)
    }

    @Test("looking changes nothing; the link's button comes first, and the page knows nothing of her")
    func look() async throws {
        let (bench, _, path, talk) = try await answered()
        let version = try await bench.conversation(talk).version
        for say in ["?say=helped", "?say=person", "", "?say=x", "?say=%3Cb%3E"] {
            let page = await bench.visit(path + say)
            #expect(page.status == 200 && page.text.contains("<h1>Did our answer help?</h1>"))
            #expect(page.text.matches(of: /<button name="say"/).count == 2 && !page.text.contains("<script"))
            let strong = page.text.firstMatch(of: /<button name="say" value="([a-z]+)" class="strong">/)
            #expect(strong.map { "?say=\($0.1)" } == (say.hasPrefix("?say=h") || say.hasPrefix("?say=p") ? say : nil))
            for secret in ["Robin", "Ashdown", "robin@example.com", "Leeds"] { #expect(!page.text.contains(secret)) }
        }
        #expect(try await bench.conversation(talk).version == version)
        #expect(try await proof(bench) == AnswerProof())
    }

    @Test("whoever wants a person gets one, waits from then on, and the answer counts as wrong: once")
    func person() async throws {
        let (bench, _, path, talk) = try await answered()
        let done = await press("person", bench, path)
        #expect(done.status == 200 && done.text.contains("One of us writes to you"))
        var record = try await bench.conversation(talk)
        #expect(record.state == .person && record.holder == nil && record.reason == .notHelped)
        #expect(record.waitsSince == bench.now && record.handOvers == 1)
        #expect(try await proof(bench).wrong == 1)
        let told = try await bench.store.pendingEvents(shop: figs, limit: 99).filter {
            $0.kind == .conversationHandedOver
        }
        #expect(told.count == 1)
        // Said again, or the other thing, it is as it was.
        for button in ["person", "helped"] {
            let again = await press(button, bench, path)
            #expect(again.status == 200 && again.text.contains("One of us writes to you"))
            #expect(!again.text.contains("<button"))
        }
        record = try await bench.conversation(talk)
        #expect(record.handOvers == 1 && record.state == .person)
        #expect(try await proof(bench).wrong == 1)
    }

    @Test("whoever was helped closes it, and it counts as right; a person can be had still, and then it was wrong")
    func helped() async throws {
        let (bench, _, path, talk) = try await answered()
        let done = await press("helped", bench, path)
        #expect(done.status == 200 && done.text.contains("Thank you"))
        var record = try await bench.conversation(talk)
        #expect(record.state == .closed && record.reason == .helped && record.closings == 1)
        #expect(try await proof(bench).right == 1)
        #expect(await press("helped", bench, path).text.contains("Thank you"))
        #expect(try await proof(bench).right == 1)
        await press("person", bench, path)
        record = try await bench.conversation(talk)
        #expect(record.state == .person && record.waitsSince != nil)
        let after = try await proof(bench)
        #expect(after.right == 0 && after.wrong == 1 && after.recent == [false])
    }

    @Test("what is pressed sooner than anybody reads, or on a form that is none of ours, is asked once more")
    func machines() async throws {
        let (bench, _, path, talk) = try await answered()
        for button in ["helped", "person"] {
            let quick = await press(button, bench, path, after: 1)
            #expect(quick.status == 200 && quick.text.contains("Please press the button once more"))
        }
        for shown in ["", "1.a", "99999999999999999999.b"] {
            let forged = await bench.visit(
                path, method: "POST", form: ["say": "person", "shown": shown], headers: Self.own)
            #expect(forged.text.contains("once more"))
        }
        #expect(await bench.visit(path, method: "POST", form: ["say": "person"]).status == 403, "of another page")
        #expect(try await bench.conversation(talk).state == .ours)
        #expect(try await proof(bench) == AnswerProof())
        var statuses: [Int] = []
        for _ in 0..<12 { statuses.append(await press("helped", bench, path, after: 1).status) }
        #expect(statuses.last == 429)
    }

    @Test("her newer words are not closed unread, and a person gets them if she wants one")
    func newerWords() async throws {
        let (bench, _, path, talk) = try await answered()
        try await bench.decidedLater("And where is the other one?", into: talk)
        let refused = await press("helped", bench, path)
        #expect(refused.status == 200 && refused.text.contains("You have written to us since"))
        #expect(try await bench.conversation(talk).state == .undecided)
        #expect(try await proof(bench) == AnswerProof())
        await press("person", bench, path)
        #expect(try await bench.conversation(talk).state == .person)
    }

    @Test("what a person has stays as it is, and the verdict counts", arguments: ["helped", "person"])
    func held(_ button: String) async throws {
        let (bench, _, path, talk) = try await answered()
        let record = try await bench.conversation(talk)
        let taken = try #require(ConversationRules.take(record, by: "ada@juniperfig.example"))
        _ = try await bench.store.commit(taken, judged: [], incoming: nil, now: bench.now)
        let version = try await bench.conversation(talk).version
        #expect(await press(button, bench, path).status == 200)
        let after = try await bench.conversation(talk)
        #expect(after.holder == "ada@juniperfig.example" && after.version == version)
        let proof = try await proof(bench)
        #expect(button == "helped" ? proof.right == 1 : proof.wrong == 1)
    }

    @Test("the desk and the button call one answer wrong once")
    func once() async throws {
        let (bench, effect, path, talk) = try await answered()
        await press("person", bench, path)
        let record = try await bench.conversation(talk)
        let change = ConversationRules.wrong(
            effect.id, meant: nil, by: "ada@juniperfig.example", in: record, now: bench.now)
        _ = try await bench.store.commit(
            change, audit: AuditEntry(who: "ada@juniperfig.example", shop: figs, what: "called_wrong"),
            verdict: AnswerVerdict(of: effect.id, isRight: false, by: .desk), now: bench.now)
        #expect(try await proof(bench).wrong == 1)
    }

    @Test("the link is of its answer, address, shop and time alone")
    func links() async throws {
        let (bench, effect, path, _) = try await answered()
        #expect(await bench.visit(bench.answerLink(effect, address: "wren@example.com")).status == 404)
        #expect(await bench.visit(path.replacing("/answer/", with: "/rate/")).status == 404)
        #expect(await bench.visit(path.replacing("/juniperfig/", with: "/northloom/")).status == 404)
        let draft = try await bench.answered(bench.wrote(answers: true).id)
        #expect(await bench.visit(bench.answerLink(draft)).status == 404, "nobody got it")
        bench.now = benchStart + .days(30)
        #expect(await bench.visit(path).status == 200)
        bench.now = benchStart + .days(31)
        let old = await bench.visit(path + "?say=person")
        #expect(old.status == 410 && old.text.contains("mailto:orders@juniperfig.example"))
        #expect(await bench.visit(path, method: "POST", form: ["say": "person"], headers: Self.own).status == 410)
        _ = try await bench.store.erase(address: "robin@example.com", shop: figs, now: bench.now)
        #expect(await bench.visit(path).status == 404)
    }

    @Test(
        "speaks the language that she wrote",
        arguments: [
            ("de", "Hat unsere Antwort geholfen?", "Jemand von uns schreibt Ihnen"),
            ("fr", "Notre réponse vous a-t-elle aidé ?", "L’un de nous vous écrit"),
            ("es", "¿Le ha ayudado nuestra respuesta?", "Uno de nosotros le escribe"),
        ])
    func languages(_ language: String, _ title: String, _ done: String) async throws {
        let (bench, _, path, _) = try await answered(language: language)
        let page = await bench.visit(path)
        #expect(page.text.contains("<html lang=\"\(language)\">") && page.text.contains("<h1>\(title)</h1>"))
        #expect(await press("person", bench, path).text.contains("<h1>\(done)</h1>"))
    }
}

extension DeskBench {
    /// She writes again, and it is not decided yet who answers.
    fileprivate func decidedLater(_ text: String, into id: Int64) async throws {
        let record = try await wrote(text, into: id, answers: true)
        #expect(record.state == .undecided)
    }
}
