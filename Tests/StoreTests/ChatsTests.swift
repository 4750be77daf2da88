import Outreach
import Testing

@testable import Store

private let digest = [UInt8](repeating: 7, count: 32)
private let name = ChatRules.name([UInt8](repeating: 1, count: 16))

extension Store {
    /// A chat that has begun.
    @discardableResult
    func chatted(_ token: [UInt8] = digest, name given: String = name, at moment: Moment = t0) async throws
        -> ChatSession
    {
        #expect(
            try await beginChat(token, name: given, language: "en", from: "203.0.113.7", shop: shop, now: moment)
                == .done)
        return try #require(try await chat(tokenDigest: token, shop: shop, now: moment))
    }

    /// A code was mailed for an order.
    func coded(
        _ chat: ChatSession, order: Int = 1, code: String = "012345", address: String = "robin@example.com",
        at moment: Moment = t0
    ) async throws -> Bool {
        let claim = ChatPost.claim(order: "#\(order)", address: address)
        let key = "\(moment.milliseconds)"
        #expect(try await post(claim, key: key, in: chat, from: "203.0.113.7", now: moment) == .done)
        let kept = try #require(try await unjudged(shop: shop, source: "chat", limit: 9).last)
        let letter = SystemMail(
            maker: "chat_code", key: "code \(key)", message: mail("code-\(key)@juniperfig.example", to: address),
            aggregate: .order(facts(order).id), dueAt: moment)
        return try await judgeClaim(
            kept, in: chat, mailed: (order: facts(order).id, address: address, code: code, mail: letter), now: moment)
    }

    /// An outgoing message of the chat's conversation: ready, as the step that makes it leaves it.
    func said(
        _ text: String, by person: String?, in chat: ChatSession, _ id: Int64, at moment: Moment
    ) async throws {
        let record = try #require(try await conversations([id], shop: shop, now: moment)[id])
        let words = Message.chat(id: "chat_\(text.count)_\(moment.milliseconds)", session: chat.name, text: text)
        if let person {
            var message = ConversationMessage(
                .outgoing, by: .person(person), at: moment, text: text, channel: .chat)
            message.recipient = chat.name
            var change = ConversationRules.reply(message, by: person, in: record, now: moment)
            change.mails = [
                ConversationMail(
                    .person, maker: "reply", key: "\(id) \(record.version)", message: words,
                    dueAt: moment + .seconds(10), carries: 0)
            ]
            #expect(try await commit(change, now: moment) != nil)
            return
        }
        let event = try #require(
            try await pendingEvents(shop: shop, limit: 99).last { $0.kind == .messageReceived })
        var effect = Effect(
            to: Route(shop: shop, channel: .chat), isContact: false, trigger: "where", line: "answer",
            keys: ["\(event.id)"], event: event, dueAt: moment, createdAt: moment)
        effect.state = .ready
        effect.decidedAt = moment
        let plan = Plan(
            shop: shop,
            changes: [
                PlannedChange(
                    effect: effect, note: DecisionNote(at: moment, state: .ready, reason: nil), message: words)
            ])
        #expect(try await commitPlan([plan], now: moment).effects.count == 1)
    }

    /// Everything that is ready for the chat is said.
    func chatAll(at moment: Moment) async throws {
        let route = Route(shop: shop, channel: .chat)
        let claims = try await claim(route, limit: 50, owner: "c", lease: .minutes(1), now: moment)
        let begun = try await begin(claims, lease: .minutes(1), now: moment).begun
        _ = try await finish(
            begun.map { AttemptOutcome(claim: $0, verdict: .accepted(receipt: "in the chat")) }, now: moment)
    }

    /// She wrote in the chat.
    func wroteInChat(
        _ text: String, in chat: ChatSession, about order: Int? = nil, key: String = "k", at moment: Moment
    ) async throws -> Int64 {
        #expect(try await post(.words(text), key: key, in: chat, from: "203.0.113.7", now: moment) == .done)
        let kept = try #require(try await unjudged(shop: shop, source: "chat", limit: 9).last)
        var search = ConversationSearch(shop: shop, channel: .chat, since: t0 - .days(14))
        search.sender = chat.name
        var known: ConversationRecord?
        if let id = try await conversation(for: search) {
            known = try await conversations([id], shop: shop, now: moment)[id]
        }
        var message = ConversationMessage(.incoming, by: .shopper, at: moment, text: text, channel: .chat)
        message.sender = chat.name
        message.trust = order == nil ? 0 : 1
        message.observationID = kept.id
        var opening = ConversationRecord(shop: shop, channel: .chat, openedAt: moment)
        opening.address = chat.name
        opening.orderID = order.map { facts($0).id }
        let change = ConversationRules.receive(message, into: known, opening: opening, answers: true, now: moment)
        return try #require(try await commit(change, judged: [kept], now: moment)).id
    }
}

@Suite("Chats in the store")
struct ChatsTests {
    @Test("a chat is found by its token for a day, in its shop, and the token is stored nowhere")
    func token() async throws {
        let store = try await StoreKind.inMemory.make()
        let chat = try await store.chatted()
        #expect(chat.orderID == nil && chat.endsAt == t0 + .hours(24))
        #expect(try await store.chat(tokenDigest: digest, shop: shop, now: t0 + .hours(24)) == nil)
        #expect(try await store.chat(tokenDigest: [UInt8](repeating: 8, count: 32), shop: shop, now: t0) == nil)
        _ = try await store.openShop("other.example", now: t0)
        #expect(try await store.chat(tokenDigest: digest, shop: "other.example", now: t0) == nil)
        // By its name it is known for a month.
        #expect(try await store.chat(named: name, shop: shop)?.id == chat.id)
        try await store.chatted([UInt8](repeating: 9, count: 32), name: "chat-2", at: t0 + .days(31))
        #expect(try await store.chat(named: name, shop: shop) == nil)
    }

    @Test("what is posted is kept once, and not too often")
    func posting() async throws {
        let store = try await StoreKind.inMemory.make()
        let chat = try await store.chatted()
        for _ in 0..<3 { #expect(try await store.post(.words("hi"), key: "a", in: chat, from: "1", now: t0) == .done) }
        #expect(try await store.unjudged(shop: shop, source: "chat", limit: 9).count == 1)
        for key in 1..<30 {
            #expect(try await store.post(.words("hi"), key: "\(key)", in: chat, from: "1", now: t0) == .done)
        }
        #expect(try await store.post(.words("hi"), key: "more", in: chat, from: "1", now: t0) == .limited)
        #expect(try await store.post(.words("hi"), key: "more", in: chat, from: "1", now: t0 + .minutes(10)) == .done)
        // Another chat from the same place has what the place has left.
        var spent = 31
        for number in 2...6 {
            let other = try await store.chatted(
                [UInt8](repeating: UInt8(number), count: 32), name: "chat-\(number)", at: t0 + .minutes(11))
            for key in 0..<30 {
                let step = try await store.post(
                    .words("hi"), key: "\(key)", in: other, from: "1", now: t0 + .minutes(11))
                #expect(step == (spent < 120 ? .done : .limited))
                spent += 1
            }
        }
        // So has whoever begins chats.
        for number in 0..<40 {
            let step = try await store.beginChat(
                [UInt8](repeating: 100 + UInt8(number), count: 32), name: "chat-b\(number)", language: "en", from: "9",
                shop: shop, now: t0)
            #expect(step == (number < 30 ? .done : .limited))
        }
    }

    @Test("a code proves its order, once, for a quarter of an hour, and not after five wrong ones")
    func codes() async throws {
        let store = try await StoreKind.inMemory.make()
        try await store.placed(1)
        let chat = try await store.chatted()
        // Without a code every code is wrong.
        #expect(try await store.prove("012345", in: chat, from: "1", now: t0).isProved == false)
        #expect(try await store.coded(chat))
        #expect(try await store.unjudged(shop: shop, source: "chat", limit: 9).isEmpty, "the claim is gone")
        #expect(try await store.cells { $0.contains("012345") }.isEmpty, "only a digest of the code is kept")
        for _ in 0..<5 { #expect(try await store.prove("999999", in: chat, from: "1", now: t0).isProved == false) }
        #expect(try await store.prove("012345", in: chat, from: "1", now: t0).isProved == false)
        #expect(try await store.coded(chat, code: "543210", at: .at(60)))
        #expect(try await store.prove("012345", in: chat, from: "1", now: .at(61)).isProved == false)
        let late = Moment.at(60) + .minutes(15)
        #expect(try await store.prove("543210", in: chat, from: "1", now: late).isProved == false)
        // Another chat's code is none of this one's.
        let other = try await store.chatted([UInt8](repeating: 8, count: 32), name: "chat-2")
        #expect(try await store.prove("543210", in: other, from: "1", now: .at(62)).isProved == false)
        #expect(try await store.prove("543210", in: chat, from: "1", now: .at(62)).isProved)
        let proved = try #require(try await store.chat(tokenDigest: digest, shop: shop, now: .at(63)))
        #expect(proved.orderID == facts(1).id && proved.provedKey == store.addressKey("robin@example.com"))
        #expect(try await store.prove("543210", in: chat, from: "1", now: .at(64)).isProved == false, "once")
        let kept = try await store.unjudged(shop: shop, source: "chat", limit: 9)
        #expect(kept.compactMap { ChatPost.read($0)?.post } == [.proved(order: facts(1).id)])
    }

    @Test("so many codes go to an address, whoever asks; so many are asked for and typed from one place")
    func limits() async throws {
        let store = try await StoreKind.inMemory.make()
        try await store.placed(1)
        var mailed = 0
        for number in 0..<5 {
            let chat = try await store.chatted(
                [UInt8](repeating: UInt8(number), count: 32), name: "chat-\(number)", at: .at(number))
            if try await store.coded(chat, code: "00000\(number)", at: .at(number)) { mailed += 1 }
        }
        #expect(mailed == 3)
        let chat = try await store.chatted([UInt8](repeating: 50, count: 32), name: "chat-50")
        for number in 0..<6 {
            let step = try await store.post(
                .claim(order: "#1", address: "a@b.example"), key: "\(number)", in: chat, from: "2", now: t0)
            #expect(step == (number < 5 ? .done : .limited))
        }
        for number in 0..<61 {
            let step = try await store.prove("1", in: chat, from: "3", now: t0).step
            #expect(step == (number < 60 ? .done : .limited))
        }
    }

    @Test(
        "its browser is shown what was said in the order in which it was said, and a person's words once they are sent")
    func log() async throws {
        let store = try await StoreKind.inMemory.make()
        try await store.placed(1)
        let chat = try await store.chatted()
        let id = try await store.wroteInChat("Where is it?", in: chat, about: 1, key: "one", at: .at(10))
        try await store.said("In Leeds.\nAutomated reply.", by: nil, in: chat, id, at: .at(11))
        #expect(try await store.lines(of: chat).map(\.text) == ["Where is it?"])
        try await store.chatAll(at: .at(12))
        try await store.said("Ada here.", by: "ada@juniperfig.example", in: chat, id, at: .at(20))
        _ = try await store.wroteInChat("Hello?", in: chat, about: 1, key: "two", at: .at(25))
        let lines = try await store.lines(of: chat)
        #expect(lines.map(\.text) == ["Where is it?", "In Leeds.\nAutomated reply.", "Hello?"])
        #expect(lines.map(\.author) == [.shopper, .bookbag, .shopper] && lines.map(\.key) == ["one", nil, "two"])
        try await store.chatAll(at: .at(30))
        #expect(try await store.lines(of: chat).map(\.text).last == "Ada here.")
        // Nobody else's.
        let other = try await store.chatted([UInt8](repeating: 8, count: 32), name: "chat-2")
        #expect(try await store.lines(of: other).isEmpty)
        // What went into the story is what was said.
        let record = try #require(try await store.conversations([id], shop: shop, now: .at(31))[id])
        #expect(record.messages.filter { $0.direction == .outgoing }.allSatisfy { $0.channel == .chat })
    }

    @Test("what was not seen or mailed is unread, where an order was proved")
    func unread() async throws {
        let store = try await StoreKind.inMemory.make()
        try await store.placed(1)
        let chat = try await store.chatted()
        let id = try await store.wroteInChat("Where is it?", in: chat, about: 1, at: .at(10))
        try await store.said("In Leeds.", by: nil, in: chat, id, at: .at(11))
        try await store.chatAll(at: .at(12))
        #expect(try await store.unreadChats(shop: shop, before: .at(12), now: .at(700)).isEmpty, "no order is proved")
        #expect(try await store.coded(chat, at: .at(20)))
        #expect(try await store.prove("012345", in: chat, from: "1", now: .at(21)).isProved)
        #expect(try await store.unreadChats(shop: shop, before: .at(11), now: .at(700)).isEmpty)
        let found = try await store.unreadChats(shop: shop, before: .at(12), now: .at(700))
        #expect(found.map(\.conversation) == [id] && found[0].lines.map(\.text) == ["In Leeds."])
        #expect(found[0].session.orderID == facts(1).id)
        try await store.noteMailed(.at(12), of: chat)
        #expect(try await store.unreadChats(shop: shop, before: .at(12), now: .at(700)).isEmpty)
        try await store.said("And now in York.", by: "ada@juniperfig.example", in: chat, id, at: .at(30))
        try await store.chatAll(at: .at(45))
        #expect(try await store.unreadChats(shop: shop, before: .at(45), now: .at(700)).count == 1)
        // Nobody sees what has not been said yet.
        try await store.noteSeen(.at(90_000), of: chat, now: .at(44))
        #expect(try await store.unreadChats(shop: shop, before: .at(45), now: .at(700)).count == 1)
        try await store.noteSeen(.at(45), of: chat, now: .at(46))
        #expect(try await store.unreadChats(shop: shop, before: .at(45), now: .at(700)).isEmpty)
    }

    @Test("who is erased leaves nothing of the chats that proved an order of theirs", arguments: StoreKind.allCases)
    func erased(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.placed(1)
        let chat = try await store.chatted()
        let id = try await store.wroteInChat("zebra crossing", in: chat, key: "one", at: .at(10))
        #expect(try await store.coded(chat, at: .at(20)))
        #expect(try await store.prove("012345", in: chat, from: "1", now: .at(21)).isProved)
        try await store.said("zebra answer", by: "ada@juniperfig.example", in: chat, id, at: .at(30))
        try await store.chatAll(at: .at(45))
        // A code of the order waits in another chat, and a claim with the address is not judged yet.
        let other = try await store.chatted([UInt8](repeating: 8, count: 32), name: "chat-2")
        #expect(try await store.coded(other, code: "777777", at: .at(46)))
        #expect(
            try await store.post(
                .claim(order: "#1", address: "robin@example.com"), key: "z", in: other, from: "1", now: .at(47))
                == .done)
        _ = try await store.erase(address: "robin@example.com", shop: shop, now: .at(60))
        #expect(try await store.cells { $0.contains("zebra") || $0.contains("robin") || $0.contains(name) } == [])
        #expect(try await store.chat(tokenDigest: digest, shop: shop, now: .at(61)) == nil)
        #expect(try await store.prove("777777", in: other, from: "1", now: .at(61)).isProved == false)
        #expect(try await store.chat(named: "chat-2", shop: shop) != nil)
    }
}
