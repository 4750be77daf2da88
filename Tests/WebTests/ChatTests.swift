import Daemon
import Delivery
import Foundation
import Store
import Testing

@testable import Outreach
@testable import Web

private let shopPage = "https://juniperfig.example"
private let robin = "robin@example.com"

/// A browser with the chat on a page of the shop.
private struct Chat {
    let bench: DeskBench
    var token: String?
    var origin: String? = shopPage
    var client = "198.51.100.4"

    init(_ bench: DeskBench) { self.bench = bench }

    func call(
        _ act: String, _ body: String? = nil, method: String? = nil, type: String = "application/json",
        shop: String = "juniperfig", query: [String: String] = [:]
    ) async -> WebResponse {
        var headers = ["content-type": type, "x-forwarded-for": client]
        headers["origin"] = origin
        headers["authorization"] = token.map { "Bearer \($0)" }
        let method = method ?? (body == nil ? "GET" : "POST")
        return await bench.shopper.respond(
            to: WebRequest(
                method: method, path: "/chat/\(shop)/\(act)", query: query, host: "track.juniperfig.example",
                headers: headers, body: Array((body ?? "").utf8)))
    }

    func json(_ response: WebResponse) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(response.text.utf8)) as? [String: Any])
    }

    mutating func begin(_ language: String = "en") async throws {
        let answer = await call("begin", #"{"language": "\#(language)"}"#)
        #expect(answer.status == 200 && answer.cookies.isEmpty)
        token = try #require(try json(answer)["token"] as? String)
    }

    func say(_ text: String, key: String = "k1") async throws -> Int {
        let body = try JSONSerialization.data(withJSONObject: ["text": text, "key": key])
        return await call("say", String(decoding: body, as: UTF8.self)).status
    }

    func session() async throws -> ChatSession {
        let token = try #require(token)
        return try #require(
            try await bench.store.chat(tokenDigest: Tokens.digest(token), shop: figs, now: bench.now))
    }

    /// What the daemon makes of the words that wait, as its judge does.
    @discardableResult
    func judged(about order: Int? = nil) async throws -> Int64 {
        var id: Int64 = 0
        for one in try await bench.store.unjudged(shop: figs, source: "chat", limit: 9) {
            guard case .words(let text)? = ChatPost.read(one)?.post else { continue }
            let session = try await session()
            var search = ConversationSearch(shop: figs, channel: .chat, since: bench.now - .days(14))
            search.sender = session.name
            var known: ConversationRecord?
            if let id = try await bench.store.conversation(for: search) { known = try await bench.conversation(id) }
            var message = ConversationMessage(.incoming, by: .shopper, at: bench.now, text: text, channel: .chat)
            message.sender = session.name
            message.trust = order == nil ? 0 : 1
            message.observationID = one.id
            message.understood = DeskBench.understood
            var opening = ConversationRecord(shop: figs, channel: .chat, openedAt: bench.now)
            opening.address = session.name
            opening.orderID = order.map { "gid://shopify/Order/\($0)" }
            let change = ConversationRules.receive(
                message, into: known, opening: opening, answers: false, now: bench.now)
            id = try #require(try await bench.store.commit(change, judged: [one], now: bench.now)).id
        }
        return id
    }

    /// What is ready for the chat is said.
    func sendAll() async throws {
        let route = Route(shop: figs, channel: .chat)
        let claims = try await bench.store.claim(route, limit: 9, owner: "c", lease: .minutes(1), now: bench.now)
        let begun = try await bench.store.begin(claims, lease: .minutes(1), now: bench.now).begun
        _ = try await bench.store.finish(
            begun.map { AttemptOutcome(claim: $0, verdict: .accepted(receipt: "ok")) }, now: bench.now)
    }
}

@Suite("The chat on the shop's pages")
struct ChatTests {
    @Test("its script is one small file that any page may embed, makes no markup and keeps no cookie")
    func script() async throws {
        let bench = try await DeskBench()
        var chat = Chat(bench)
        chat.origin = nil
        let answer = await chat.call("widget.js")
        #expect(answer.status == 200 && answer.headers["content-type"] == "text/javascript; charset=utf-8")
        #expect(answer.headers["cross-origin-resource-policy"] == "cross-origin")
        #expect(answer.text.utf8.count < 10_000, "\(answer.text.utf8.count)")
        for forbidden in [
            "innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "new Function", "cookie",
            "localStorage", ".style", "createContextualFragment", "setTimeout(\"",
        ] {
            #expect(!answer.text.contains(forbidden), "\(forbidden)")
        }
        // All the words that it uses are those that it is given.
        let used = Set(answer.text.matches(of: /\bw\.([a-z]+)/).map { String($0.1) })
        #expect(used.symmetricDifference(ChatWords.words("en", shop: "Fig").keys) == [])
        #expect(await chat.call("widget.js", shop: "northloom").status == 404, "a shop without a chat")
    }

    @Test("each language says the same, with as many places, and any other is English", arguments: ChatWords.languages)
    func words(_ language: String) async throws {
        let bench = try await DeskBench()
        let chat = Chat(bench)
        let english = try #require(ChatWords.all["en"])
        let own = try #require(ChatWords.all[language])
        #expect(Set(own.keys) == Set(english.keys))
        for (key, text) in own {
            #expect(
                text.components(separatedBy: "{}").count == english[key]?.components(separatedBy: "{}").count, "\(key)")
        }
        // A formal tone has other words for the same.
        let formal = ChatWords.words(language, shop: "Fig", tones: Tones(others: .formal))
        for (key, text) in formal where key != "chat" {
            #expect(FamiliarWords.first(in: text, language: language) == nil, "\(text)")
            #expect(text.components(separatedBy: "{}").count == (own[key] ?? "").components(separatedBy: "{}").count)
        }
        #expect(Set(formal.keys).subtracting(["language"]) == Set(own.keys))
        let answer = await chat.call("words", query: ["language": "\(language)-XX"])
        let words = try chat.json(answer)
        #expect(words["language"] as? String == language && words["send"] as? String == own["send"])
        #expect((words["chat"] as? String)?.hasSuffix("Juniper & Fig") == true)
        let other = try chat.json(await chat.call("words", query: ["language": "nl<script>"]))
        #expect(other["language"] as? String == "en")
        // The word that brings a person is understood as that.
        let word = try #require(own["word"])
        let understood = Understood(reading: word, about: nil, now: benchStart, zone: .utc)
        #expect(understood.needsHuman, "\(word)")
    }

    @Test(
        "a page of another origin gets nothing, and may read nothing",
        arguments: [
            nil, "null", "https://evil.example", "https://juniperfig.example.evil.example", "http://juniperfig.example",
            "https://juniperfig.example:8443", "https://shop.juniperfig.example", "https://JUNIPERFIG.example",
            "https://track.juniperfig.example",
        ])
    func origins(_ origin: String?) async throws {
        let bench = try await DeskBench()
        var chat = Chat(bench)
        try await chat.begin()
        chat.origin = origin
        for (act, body) in [
            ("words", nil), ("begin", "{}"), ("log", nil), ("say", #"{"text": "hi", "key": "a"}"#),
            ("claim", #"{"order": "1", "address": "a@b.example"}"#), ("code", #"{"code": "123456"}"#),
            ("seen", #"{"mark": 1}"#),
        ] {
            let answer = await chat.call(act, body)
            #expect(answer.status == 403 && answer.headers["access-control-allow-origin"] == nil, "\(act)")
        }
        let preflight = await chat.call("say", method: "OPTIONS")
        #expect(preflight.status == 403 && preflight.headers["access-control-allow-origin"] == nil)
        #expect(try await bench.store.unjudged(shop: figs, source: "chat", limit: 9).isEmpty)
    }

    @Test("the shop's own origins may, each by name, without credentials")
    func own() async throws {
        let bench = try await DeskBench()
        for origin in [shopPage, "https://www.juniperfig.example"] {
            var chat = Chat(bench)
            chat.origin = origin
            let preflight = await chat.call("say", method: "OPTIONS")
            #expect(preflight.status == 204 && preflight.headers["access-control-allow-origin"] == origin)
            #expect(preflight.headers["access-control-allow-headers"] == "authorization, content-type")
            #expect(preflight.headers["access-control-allow-credentials"] == nil)
            try await chat.begin()
            let log = await chat.call("log")
            #expect(log.headers["access-control-allow-origin"] == origin && log.headers["vary"] == "origin")
            #expect(log.headers["cache-control"] == "no-store")
            #expect(log.headers["content-security-policy"]?.contains("default-src 'none'") == true)
        }
        // Other pages of the same listener take no such request.
        let answer = await bench.shopper.respond(
            to: WebRequest(
                method: "OPTIONS", path: "/p/1/juniperfig/track/x", host: "track.juniperfig.example",
                headers: ["origin": shopPage]))
        #expect(answer.status == 405 && answer.headers["access-control-allow-origin"] == nil)
        let foreign = await bench.shopper.respond(
            to: WebRequest(path: "/chat/juniperfig/widget.js", host: "evil.example"))
        #expect(foreign.status == 421)
    }

    @Test("a token is good for a day, in its shop; nothing else is one")
    func tokens() async throws {
        let bench = try await DeskBench()
        var chat = Chat(bench)
        #expect(await chat.call("log").status == 401)
        for token in ["", "x", String(repeating: "A", count: 43), String(repeating: "é", count: 43)] {
            chat.token = token
            #expect(await chat.call("log").status == 401, "\(token)")
            #expect(try await chat.say("hi") == 401)
        }
        try await chat.begin()
        #expect(await chat.call("log").status == 200)
        bench.now = benchStart + .hours(24) - .seconds(1)
        #expect(await chat.call("log").status == 200)
        bench.now = benchStart + .hours(24)
        #expect(await chat.call("log").status == 401)
    }

    @Test("words are kept before they are answered, once, and are words whatever they hold")
    func words() async throws {
        let bench = try await DeskBench()
        var chat = Chat(bench)
        try await chat.begin()
        for _ in 0..<2 { #expect(try await chat.say("\(hostile)\u{0}\r\nrest", key: "a") == 202) }
        let kept = try await bench.store.unjudged(shop: figs, source: "chat", limit: 9)
        #expect(kept.count == 1 && kept.first.flatMap { ChatPost.read($0)?.post } == .words("\(hostile)\nrest"))
        try await chat.judged()
        let answer = await chat.call("log")
        #expect(answer.headers["content-type"] == "application/json; charset=utf-8")
        let log = try chat.json(answer)
        let messages = try #require(log["messages"] as? [[String: Any]])
        #expect(messages.map { $0["text"] as? String } == ["\(hostile)\nrest"])
        #expect(messages[0]["key"] as? String == "a" && messages[0]["by"] as? String == "you")
        #expect(log["asks"] as? Bool == false && log["order"] == nil && log["shop"] as? String == "Juniper & Fig")
        // What has not changed is not sent again.
        let tag = try #require(log["tag"] as? String)
        #expect(await chat.call("log", query: ["have": tag]).status == 204)
    }

    @Test(
        "a chat without a proof is told that it needs one, where the question is about an order",
        arguments: [
            ("Hi, where is my order?", true), ("Wo bleibt mein Paket?", true),
            ("Je voudrais renvoyer un article", true),
            ("¿Dónde está mi pedido?", true), ("I want to return the apron, how does that work?", true),
            ("Thank you so much!", false), ("Do you have this apron in blue?", false),
        ])
    func asks(_ text: String, _ needsProof: Bool) async throws {
        let bench = try await DeskBench()
        var chat = Chat(bench)
        try await chat.begin()
        #expect(try await chat.say(text) == 202)
        try await chat.judged()
        #expect(try chat.json(await chat.call("log"))["asks"] as? Bool == needsProof)
    }

    @Test("what the script does not send is refused, and changes nothing")
    func malformed() async throws {
        let bench = try await DeskBench()
        var chat = Chat(bench)
        try await chat.begin()
        let long = String(repeating: "a", count: 4_001)
        for body in [
            "", "{", "[]", "null", #"{"text": "hi"}"#, #"{"text": 7, "key": "a"}"#, #"{"text": "", "key": "a"}"#,
            #"{"text": " \n\u0000 ", "key": "a"}"#, #"{"text": "\#(long)", "key": "a"}"#,
            #"{"text": "hi", "key": ""}"#, #"{"text": "hi", "key": "A B"}"#,
            #"{"text": "hi", "key": "\#(String(repeating: "a", count: 41))"}"#,
        ] {
            #expect(await chat.call("say", body).status == 400, "\(body.prefix(60))")
        }
        #expect(await chat.call("say", #"{"text": "hi", "key": "a"}"#, type: "text/plain").status == 400)
        #expect(await chat.call("say", "text=hi&key=a", type: "application/x-www-form-urlencoded").status == 400)
        for body in [
            #"{"order": "", "address": "a@b.example"}"#, #"{"order": "1", "address": ""}"#,
            #"{"order": "\#(long)", "address": "a@b.example"}"#, #"{"order": "1", "address": "\#(long)"}"#, "{}",
        ] {
            #expect(await chat.call("claim", body).status == 400, "\(body.prefix(60))")
        }
        #expect(await chat.call("code", #"{"code": "\#(long)"}"#).status == 400)
        #expect(await chat.call("seen", #"{"mark": -1}"#).status == 400)
        for act in ["", "nothing", "say/more", "..%2fdesk", "log%00"] {
            #expect(await chat.call(act).status == 404, "\(act)")
        }
        #expect(await chat.call("say").status == 404)
        #expect(await chat.call("log", "{}").status == 404)
        #expect(try await bench.store.unjudged(shop: figs, source: "chat", limit: 9).isEmpty)
        #expect(await bench.shopper.greatestBody(of: WebRequest(path: "/chat/juniperfig/say")) == 32 << 10)
        #expect(try await chat.say(String(repeating: "é", count: 4_000)) == 202)
    }

    @Test("nobody writes, begins or types without end")
    func limits() async throws {
        let bench = try await DeskBench()
        var chat = Chat(bench)
        try await chat.begin()
        for number in 0..<30 { #expect(try await chat.say("hi", key: "k\(number)") == 202) }
        #expect(try await chat.say("hi", key: "more") == 429)
        for _ in 0..<5 { #expect(await chat.call("claim", #"{"order": "1", "address": "a@b.example"}"#).status == 202) }
        let late = await chat.call("claim", #"{"order": "1", "address": "a@b.example"}"#)
        #expect(late.status == 429 && late.headers["retry-after"] == "60")
        #expect(late.headers["access-control-allow-origin"] == shopPage, "the script may read why")
        for _ in 0..<60 { #expect(await chat.call("code", #"{"code": "111111"}"#).text == "{}") }
        #expect(await chat.call("code", #"{"code": "111111"}"#).status == 429)
        for _ in 1..<30 { try await chat.begin() }
        #expect(await chat.call("begin", "{}").status == 429)
        // Looking is limited too, in memory.
        bench.now = bench.now + .minutes(2)
        for _ in 0..<600 { _ = await chat.call("log") }
        #expect(await chat.call("log").status == 429)
        chat.client = "203.0.113.9"
        #expect(await chat.call("log").status == 200)
    }

    @Test("a right pair of number and address looks exactly like a wrong one, down to what the store does")
    func pairs() async throws {
        let bench = try await DeskBench()
        try await bench.order(1001)
        var chat = Chat(bench)
        var seen: [(answer: WebResponse, statements: [String])] = []
        for (order, address) in [("1001", robin), ("1001", "kim@example.com"), ("9999", robin)] {
            try await chat.begin()
            _ = bench.statements.taken()
            let answer = await chat.call("claim", #"{"order": "\#(order)", "address": "\#(address)"}"#)
            seen.append((answer, bench.statements.taken()))
        }
        for one in seen.dropFirst() {
            #expect(one.answer.status == seen[0].answer.status && one.answer.text == seen[0].answer.text)
            #expect(one.answer.headers == seen[0].answer.headers)
            #expect(one.statements == seen[0].statements)
        }
        #expect(seen[0].answer.status == 202 && !seen[0].statements.isEmpty)
        // And typing codes that nobody got ends as typing wrong ones does.
        #expect(await chat.call("code", #"{"code": "123456"}"#).text == "{}")
    }

    @Test("the code that was mailed proves the order: its name is told, and no other fact")
    func proof() async throws {
        let bench = try await DeskBench()
        try await bench.order(1001)
        var chat = Chat(bench)
        try await chat.begin()
        #expect(await chat.call("claim", #"{"order": "1001", "address": "\#(robin)"}"#).status == 202)
        let claim = try #require(try await bench.store.unjudged(shop: figs, source: "chat", limit: 9).first)
        #expect(ChatPost.read(claim)?.post == .claim(order: "1001", address: robin))
        let letter = SystemMail(
            maker: "chat_code", key: "c",
            message: .mail(
                id: "c@juniperfig.example", sender: "orders@juniperfig.example", recipient: robin, bytes: [1],
                summary: "Code"), aggregate: nil, dueAt: bench.now)
        let isMailed = try await bench.store.judgeClaim(
            claim, in: try await chat.session(),
            mailed: (order: "gid://shopify/Order/1001", address: robin, code: "012345", mail: letter), now: bench.now)
        #expect(isMailed)
        #expect(await chat.call("code", #"{"code": "012346"}"#).text == "{}")
        let answer = await chat.call("code", #"{"code": " 012 345 "}"#)
        #expect(answer.status == 200 && answer.text == ##"{"order":"#1001"}"##)
        let log = try chat.json(await chat.call("log"))
        #expect(log["order"] as? String == "#1001" && log["asks"] as? Bool == false)
    }

    @Test("a person answers in the chat from the Inbox, can take it back, and nobody sees it before it is sent")
    func desk() async throws {
        let bench = try await DeskBench()
        try await bench.order(1001)
        var chat = Chat(bench)
        try await chat.begin()
        #expect(try await chat.say("Where is my order?") == 202)
        let id = try await chat.judged(about: 1001)
        let cookies = try await bench.login("answer@juniperfig.example")
        let path = "/juniperfig/inbox/\(id)"
        let page = await bench.ask(path, cookies: cookies)
        #expect(page.text.contains("in the chat; by mail too if it is not read in ten minutes"))
        #expect(page.text.contains("\(robin), the order&#39;s address") && !page.text.contains("chat-"))
        func reply(_ text: String, to: String = "chat") async throws -> WebResponse {
            let record = try await bench.conversation(id)
            return await bench.ask(
                path + "/reply", method: "POST",
                form: [
                    "version": "\(record.version)", "last": "\(record.messages.last?.id ?? 0)", "text": text, "to": to,
                    "then": "send",
                ], cookies: cookies)
        }
        #expect(try await reply("It is in **Leeds**.").status == 303)
        func shown() async throws -> [String?] {
            let messages = try chat.json(await chat.call("log"))["messages"] as? [[String: Any]]
            return (messages ?? []).map { $0["text"] as? String }
        }
        #expect(try await shown() == ["Where is my order?"])
        let effect = try #require(try await bench.conversation(id).messages.last?.effectID)
        let undo = await bench.ask(path + "/undo", method: "POST", form: ["effect": "\(effect)"], cookies: cookies)
        #expect(undo.text.contains("Taken back"))
        bench.now = bench.now + .seconds(20)
        try await chat.sendAll()
        #expect(try await shown() == ["Where is my order?"])
        #expect(try await reply("It is in **Leeds**.").status == 303)
        bench.now = bench.now + .seconds(10)
        try await chat.sendAll()
        #expect(try await shown() == ["Where is my order?", "It is in Leeds."])
        let log = try chat.json(await chat.call("log"))
        let last = try #require((log["messages"] as? [[String: Any]])?.last)
        #expect(last["by"] as? String == "person")
        #expect(!"\(log)".contains("answer@juniperfig.example"))
        // Once the chat is over, the proved address is all that is left.
        bench.now = bench.now + .hours(24)
        let after = await bench.ask(path, cookies: cookies)
        #expect(!after.text.contains("in the chat;") && after.text.contains(robin))
    }

    @Test("a chat that proved nothing is answered in the chat alone, and at no address that it only claims")
    func unproved() async throws {
        let bench = try await DeskBench()
        try await bench.order(1001)
        var chat = Chat(bench)
        try await chat.begin()
        #expect(try await chat.say("Where is #1001? I am \(robin)") == 202)
        let id = try await chat.judged()
        let cookies = try await bench.login("answer@juniperfig.example")
        let page = await bench.ask("/juniperfig/inbox/\(id)", cookies: cookies)
        #expect(page.text.contains("Somebody in the chat") && page.text.contains("Sender not verified"))
        #expect(page.text.contains("in the chat; no address is proved"))
        bench.now = bench.now + .hours(25)
        let after = await bench.ask("/juniperfig/inbox/\(id)", cookies: cookies)
        #expect(after.text.contains("or the chat is over, so this cannot be answered here"))
    }
}
