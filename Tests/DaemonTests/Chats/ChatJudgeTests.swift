import Delivery
import Foundation
import Intake
import Logging
import Outreach
import Platform
import Store
import Testing

@testable import Daemon

private let robin = "robin@shopper.example"
private let order = "gid://shopify/Order/1001"
private let digest = [UInt8](repeating: 7, count: 32)

/// A shop with a chat, one order of Robin's, and a chat that has begun.
struct ChatBench {
    static let answers = [
        "shop.yaml":
            "mode: live\nnotify: owner@juniperfig.example\nbrand: { name: Fig, from: orders@juniperfig.example }\nanswers: { others: live }\n",
        "where.yaml": "on: message.received\nif: message.asks contains \"where_is_my_order\"\nsend: answer\n",
        "templates/where.md":
            "---\nsubject: Your order\n---\n# Hello\n\nYour order {{ order.name }} is **on its way**: https://track.example/1\n",
        "switzerland.yaml":
            "on: message.received\nphrases: { en: [do you ship to Switzerland] }\nanswers_even: no_order\nsend: answer\n",
        "templates/switzerland.md": "---\nsubject: Yes\n---\nYes, within “five” days.\n",
        "templates/switzerland.sms.md": "Yes, in five days.\n",
        "received.yaml": "on: conversation.handed_over\nonce_per: conversation\nsend: answer\n",
        "templates/received.md": "---\nsubject: Your message\n---\nOne of us has it.\n",
    ]

    let bench: LoopBench
    let context: ShopContext
    let session: ChatSession

    var store: Store { bench.store }

    /// - Parameter team: who gets conversations by mail.
    init(_ files: [String: String] = answers, language: String = "en", team: String? = nil) async throws {
        bench = try await LoopBench(files)
        var configuration = bench.configuration
        var end = FarEnd(target: "", limit: 4) { _ in throw CancellationError() }
        end.chat = ChatSettings(origins: ["https://juniperfig.example"])
        configuration.farEnds[.chat] = [end]
        if let team {
            configuration.mailbox = Configuration.Mailbox(
                imap: nil, lmtp: "/run/l.sock", onlyTo: ["hello@juniperfig.example"],
                authservID: "mx.juniperfig.example")
            configuration.handOverTo = MailAddress(address: team)
        }
        context = ShopContext(configuration: configuration, rules: bench.context.rules)
        try await bench.see(1001, parcels: ["RM1"])
        _ = try await bench.store.beginChat(
            digest, name: ChatRules.name(Array(digest.prefix(16))), language: language, from: "1", shop: benchShop,
            now: bench.now)
        session = try #require(try await bench.store.chat(tokenDigest: digest, shop: benchShop, now: bench.now))
    }

    func judge() async throws {
        let logger = bench.lines.logger()
        let judge = ChatJudge(
            context: context, store: store, learning: bench.learning(), logger: logger, newMessages: Broadcast(),
            random: { 31_000_042 })
        let journal = StoreObservations(context: context, store: store, learning: bench.learning(), chats: judge)
        let report = try await SourceReader(ChatSource(), journal: journal).turn(now: bench.now)
        #expect(report.faults.isEmpty)
        #expect(try await store.unjudged(shop: benchShop, source: "chat", limit: 9).isEmpty)
    }

    func say(_ text: String, key: String = UUID().uuidString) async throws {
        #expect(try await store.post(.words(text), key: key, in: session, from: "1", now: bench.now) == .done)
        try await judge()
    }

    func claim(_ number: String, _ address: String) async throws {
        let post = ChatPost.claim(order: number, address: address)
        #expect(try await store.post(post, key: UUID().uuidString, in: session, from: "1", now: bench.now) == .done)
        try await judge()
    }

    func prove() async throws {
        try await claim("1001", " Robin@Shopper.example")
        #expect(try await store.prove("000042", in: session, from: "1", now: bench.now).isProved)
        try await judge()
    }

    func talks() async throws -> [ConversationRecord] {
        let ids = try await store.inbox(shop: benchShop, list: .all).map(\.id)
        let all = try await store.conversations(ids, shop: benchShop, now: bench.now)
        return ids.compactMap { all[$0] }
    }

    func talk() async throws -> ConversationRecord {
        let talks = try await talks()
        #expect(talks.count == 1)
        return try #require(talks.first)
    }

    func mails(_ kind: String) async throws -> [Claim] {
        try await store.claim(
            .mail(shop: benchShop), limit: 50, owner: UUID().uuidString, lease: .seconds(0), now: bench.now + .days(9)
        ).filter { $0.effect.trigger == kind }
    }

    /// Everything that is to be decided is, as the loops would.
    func plan() async throws {
        let planning = PlanningService(
            store: store, contexts: [benchShop: context],
            makers: [benchShop: MessageMaker(configuration: context.configuration, labels: nil)],
            trouble: TemplateTrouble(store: store, reloaders: [:], logger: bench.lines.logger()), clock: bench.clock,
            wake: Wake(), newMessages: Broadcast(), heartbeats: bench.heartbeats, metrics: bench.metrics,
            logger: bench.lines.logger(), storeTrouble: bench.trouble)
        while try await planning.turn() {}
        _ = try await service.turn()
        while try await planning.turn() {}
    }

    var service: ConversationService {
        ConversationService(
            context: context, store: store, chats: ChatForwarder(context: context, store: store),
            journal: ConversationJournal(
                metrics: bench.metrics, newEvents: Wake(), newMail: Wake(), logger: bench.lines.logger()),
            clock: bench.clock, wake: Wake(), heartbeats: bench.heartbeats, logger: bench.lines.logger())
    }

    /// What is ready for the chat, which then is said.
    func said() async throws -> [String] {
        let route = Route(shop: benchShop, channel: .chat)
        let claims = try await store.claim(route, limit: 50, owner: "c", lease: .minutes(1), now: bench.now)
        let begun = try await store.begin(claims, lease: .minutes(1), now: bench.now).begun
        #expect(begun.allSatisfy { $0.message.envelope.recipient == session.name })
        var outcomes: [AttemptOutcome] = []
        for claim in begun {
            let verdict = try await ChatKind.channel.send(claim.message, at: bench.now)
            outcomes.append(AttemptOutcome(claim: claim, verdict: verdict))
        }
        _ = try await store.finish(outcomes, now: bench.now)
        return begun.compactMap(\.message.asChat)
    }

    var unread: ChatMailService {
        ChatMailService(
            store: store, contexts: [benchShop: context], newMail: [:], clock: bench.clock, wake: Wake(),
            heartbeats: bench.heartbeats, logger: bench.lines.logger())
    }
}

/// The channel as the daemon opens it.
private enum ChatKind {
    static let channel: any Outreach.Channel = Accepting()
    private struct Accepting: Outreach.Channel {
        func send(_ message: Message, at now: Moment) async throws(CancellationError) -> Verdict {
            .accepted(receipt: "in the chat")
        }
    }
}

@Suite("What is written in the chat", .timeLimit(.minutes(5)))
struct ChatJudgeTests {
    @Test("is a message of a conversation of its own, proves nothing, and is told nothing of an order it names")
    func unproved() async throws {
        let chat = try await ChatBench()
        try await chat.say("Where is my order #1001? I am robin@shopper.example", key: "one")
        let talk = try await chat.talk()
        #expect(talk.channel == .chat && talk.orderID == nil && talk.address == chat.session.name)
        #expect(talk.messages.map(\.trust) == [0] && talk.messages[0].channel == .chat && talk.state == .undecided)
        try await chat.plan()
        #expect(try await chat.said().isEmpty)
        chat.bench.pass(.minutes(1))
        try await chat.plan()
        let after = try await chat.talk()
        #expect(after.state == .person && after.handOvers == 1)
        // She is told that a person has it, and the shop's people what she wrote.
        let said = try await chat.said()
        #expect(said == ["One of us has it.\nAutomated reply. Write PERSON, and one of us takes over."])
        let mails = try await chat.mails("forwarded")
        let mail = try #require(mails.first)
        #expect(mails.count == 1 && mail.message.envelope.recipient == "owner@juniperfig.example")
        let words = try #require(OpenedMail(mail.message.bytes)).text.replacing(" \n", with: " ")
        #expect(words.contains("Where is my order #1001?") && words.contains("nothing proves who wrote it"))
        #expect(!chat.bench.lines.messages.contains { $0.contains("robin") })
    }

    @Test("is answered without a proof where no facts are needed")
    func general() async throws {
        let chat = try await ChatBench()
        try await chat.say("Hello, do you ship to Switzerland?")
        try await chat.plan()
        #expect(
            try await chat.said() == ["Yes, in five days.\nAutomated reply. Write PERSON, and one of us takes over."])
        _ = try await chat.service.turn()
        #expect(try await chat.talk().state == .ours)
        #expect(try await chat.store.lines(of: chat.session).map(\.author) == [.shopper, .bookbag])
    }

    @Test("a right pair is mailed a code, in the page's language; a wrong one leaves no trace")
    func claims() async throws {
        let chat = try await ChatBench(language: "de")
        for (number, address) in [
            ("1001", "mallory@else.example"), ("1002", robin), ("", robin), ("#1001", "not an address"),
            ("1001' OR 1", robin + "'"),
        ] {
            try await chat.claim(number, address)
        }
        #expect(try await chat.mails("chat_code").isEmpty)
        let chat2 = try await ChatBench(language: "de")
        try await chat2.claim("Bestellung #1001", "ROBIN@shopper.example")
        let mails = try await chat2.mails("chat_code")
        let mail = try #require(mails.first)
        #expect(mails.count == 1 && mail.message.envelope.recipient == robin)
        #expect(mail.effect.aggregate == .order(order) && mail.effect.origin == .system)
        let opened = try #require(OpenedMail(mail.message.bytes))
        #expect(opened.subject == "Dein Code für unseren Chat" && opened.text.contains("000042"))
        #expect(!opened.subject.contains("000042"))
        // Nothing of a claim is kept.
        #expect(try await chat2.store.unjudged(shop: benchShop, source: "chat", limit: 9).isEmpty)
        #expect(try await chat.store.chat(named: chat.session.name, shop: benchShop)?.orderID == nil)
    }

    @Test("once the order is proved, what was asked before is answered in the chat, as a question of its own")
    func asksAgain() async throws {
        let chat = try await ChatBench()
        try await chat.say("Hi, where is my order?")
        chat.bench.pass(.minutes(2))
        try await chat.plan()
        #expect(try await chat.talk().state == .person)
        _ = try await chat.said()
        try await chat.prove()
        let talk = try await chat.talk()
        #expect(talk.orderID == order && talk.state == .undecided && talk.messages.last?.trust == 1)
        #expect(talk.messages.last?.isFollowUp == false)
        #expect(talk.messages.last?.understood?.asks == ["where_is_my_order"])
        try await chat.plan()
        let said = try await chat.said()
        #expect(said.count == 1)
        #expect(said.first?.hasPrefix("Your order #1001 is on its way: https://track.example/1") == true)
        _ = try await chat.service.turn()
        #expect(try await chat.talk().state == .ours)
        // Her browser shows the question once.
        let lines = try await chat.store.lines(of: chat.session)
        #expect(lines.map(\.text).filter { $0 == "Hi, where is my order?" }.count == 1)
        // A second question is a second question, and a person's.
        try await chat.say("And where is my order now?")
        chat.bench.pass(.minutes(1))
        try await chat.plan()
        #expect(try await chat.talk().reason == .isFollowUp)
    }

    @Test("what somebody has taken stays theirs, and anger stays a person's, whatever is proved")
    func taken() async throws {
        let chat = try await ChatBench()
        try await chat.say("Where is my order?")
        let taken = try #require(ConversationRules.take(try await chat.talk(), by: "ada@juniperfig.example"))
        #expect(try await chat.store.commit(taken, now: chat.bench.now) != nil)
        try await chat.prove()
        let talk = try await chat.talk()
        #expect(talk.holder == "ada@juniperfig.example" && talk.orderID == order && talk.messages.count == 1)

        let angry = try await ChatBench()
        try await angry.say("Where is it?! This is the THIRD time I ask. Refund me or I call my bank and my lawyer.")
        angry.bench.pass(.minutes(1))
        try await angry.plan()
        #expect(try await angry.talk().reason == .needsHuman)
        try await angry.prove()
        #expect(try await angry.talk().state == .person)
    }

    @Test("a proof is for one order, as long as that has the address")
    func otherOrders() async throws {
        let chat = try await ChatBench()
        try await chat.bench.see(1002, parcels: ["RM2"])
        try await chat.prove()
        try await chat.say("Where is my order #1002?")
        try await chat.plan()
        #expect(try await chat.said().allSatisfy { !$0.contains("#1002") && !$0.contains("on its way") })
        #expect(try await chat.talks().allSatisfy { $0.orderID == nil && $0.state == .person })
        try await chat.say("Then where is my order #1001?")
        let own = try await chat.talks().flatMap(\.messages).last { $0.text.contains("#1001") }
        #expect(own?.trust == 1)
        #expect(try await chat.talks().map(\.state) == [.person], "it stays with whoever looks at the other question")

        let moved = try await ChatBench()
        try await moved.prove()
        var facts = OrderFacts(
            id: order, name: "#1001", createdAt: benchStart, updatedAt: moved.bench.now + .minutes(1))
        facts.email = "kim@shopper.example"
        _ = try await moved.bench.learning().learn(
            [Observation(shop: benchShop, seenAt: moved.bench.now, content: .order(facts))], of: moved.context,
            now: moved.bench.now)
        try await moved.say("Where is my order?")
        let talk = try await moved.talk()
        #expect(talk.orderID == nil && talk.messages[0].trust == 0)
    }

    @Test("what is not looked at for ten minutes is mailed to the proved address, once")
    func unread() async throws {
        let chat = try await ChatBench()
        try await chat.prove()
        try await chat.say("Where is my order?")
        try await chat.plan()
        #expect(try await chat.said().count == 1)
        chat.bench.pass(.minutes(10) - .seconds(1))
        try await chat.unread.turn(benchShop, now: chat.bench.now)
        #expect(try await chat.mails("chat_unread").isEmpty)
        chat.bench.pass(.seconds(1))
        for _ in 0..<2 { try await chat.unread.turn(benchShop, now: chat.bench.now) }
        let mails = try await chat.mails("chat_unread")
        let mail = try #require(mails.first)
        #expect(mails.count == 1 && mail.message.envelope.recipient == robin)
        #expect(mail.effect.aggregate == (try await chat.talk().aggregate))
        let opened = try #require(OpenedMail(mail.message.bytes))
        #expect(opened.subject == "Our answer in the chat" && opened.text.contains("Your order #1001 is on its way"))
        // Whoever answers that mail goes on with the same conversation.
        var search = ConversationSearch(shop: benchShop, channel: .mailbox, since: chat.bench.now)
        search.references = [mail.message.id]
        #expect(try await chat.store.conversation(for: search) == (try await chat.talk().id))

        let read = try await ChatBench()
        try await read.prove()
        try await read.say("Where is my order?")
        try await read.plan()
        #expect(try await read.said().count == 1)
        try await read.store.noteSeen(read.bench.now, of: read.session, now: read.bench.now)
        read.bench.pass(.hours(1))
        try await read.unread.turn(benchShop, now: read.bench.now)
        #expect(try await read.mails("chat_unread").isEmpty)
    }

    @Test("however many chats are begun, the shop's people get thirty mails an hour")
    func flood() async throws {
        let chat = try await ChatBench([:])
        let forwarder = ChatForwarder(context: chat.context, store: chat.store)
        try await chat.say("hello")
        let talk = try await chat.talk()
        #expect(talk.state == .person, "nobody answers")
        #expect(try await chat.mails("forwarded").count == 1)
        var sent = 1
        for _ in 0..<40 {
            if case .mail = try await forwarder.forward(talk, now: chat.bench.now) { sent += 1 }
        }
        #expect(sent == 30)
    }

    @Test("in every language the letters say the same")
    func letters() throws {
        let english = try #require(ChatLetter.words["en"])
        for (language, words) in ChatLetter.words {
            let pairs = [
                (english.code, words.code), (english.codeFor, words.codeFor), (english.unread, words.unread),
            ]
            for (one, other) in pairs {
                #expect(
                    one.components(separatedBy: "{}").count == other.components(separatedBy: "{}").count,
                    "\(language)")
            }
        }
        // What people and templates said acts as no markup, and an address of the web is a link.
        let brand = Brand(name: "Fig", from: MailAddress(address: "orders@juniperfig.example")!)
        let letter = ChatLetter(to: MailAddress(address: robin)!, language: "xx", brand: brand, shop: benchShop)
        let mail = try #require(
            letter.unread(
                ["# *Now* <b>here</b>\nsee https://track.example/1_2 [x](javascript:alert(1))"], order: "#1",
                about: "a", aggregate: .order(order), now: benchStart))
        let opened = try #require(OpenedMail(mail.message.bytes))
        #expect(
            opened.text.contains("# *Now* <b>here</b>") && opened.html.contains("href=\"https://track.example/1_2\""))
        #expect(!opened.html.contains("<b>here") && !opened.html.contains("href=\"javascript"))
    }
}
