import Foundation
import Intake
import Logging
import Outreach
import Platform
import Store
import Testing

@testable import Daemon

private let robin = "robin@shopper.example"
private let order = "gid://shopify/Order/1"
/// A trigger that listens to messages, whatever it does with them.
private let listens = ["listens.yaml": "on: message.received\nsend:\n  - webhook: helpdesk\n"]

/// A shop into whose mailbox mail comes.
struct MailBench {
    let bench: LoopBench
    let context: ShopContext
    let wake = Wake()
    let people: ListedPeople

    /// - Parameters:
    ///   - team: who gets conversations by mail.
    ///   - people: who answers at the desk.
    ///   - configure: what else bookbag.yaml says.
    init(
        _ files: [String: String] = listens, team: String? = nil, people: [Person] = [],
        configure: (inout Configuration.Shop) -> Void = { _ in }
    ) async throws {
        self.people = ListedPeople(People(people))
        bench = try await LoopBench(files.merging(["thanks.yaml": LoopBench.thanks]) { $1 }, webhooks: ["helpdesk"])
        try await bench.see(1)
        var shop = bench.configuration
        shop.mailbox = Configuration.Mailbox(
            imap: nil, lmtp: "/run/l.sock", onlyTo: ["hello@juniperfig.example"],
            authservID: team == nil ? nil : "mx.juniperfig.example")
        shop.handOverTo = team.flatMap { MailAddress(address: $0) }
        configure(&shop)
        context = ShopContext(configuration: shop, rules: bench.context.rules)
    }

    var store: Store { bench.store }

    func judge(_ mail: IncomingMail, id: String = "a", kind: String = "mail.inbox", parked: String? = nil) async throws
    {
        let raw = RawObservation(
            shop: benchShop, source: "mailbox", externalID: id, receivedAt: bench.now, kind: kind,
            bytes: Array("From: \(robin)\r\n\r\n\(mail.text)".utf8), address: mail.sender)
        _ = try await store.keep([raw], now: bench.now)
        try await judgeAll { _, _ in MailJudge.ReadMail(mail: mail, parked: parked) }
    }

    /// A mail of before that came so many days ago.
    func judgeOld(_ mail: IncomingMail, days: Int) async throws {
        let raw = RawObservation(
            shop: benchShop, source: "mailbox", externalID: "old \(days)", receivedAt: bench.now - .days(days),
            kind: "mail.inbox.history", bytes: Array("From: \(robin)\r\n\r\n\(mail.text)".utf8), address: mail.sender)
        _ = try await store.keep([raw], now: bench.now)
        try await judgeAll { _, _ in MailJudge.ReadMail(mail: mail, parked: nil) }
    }

    func judgeAll(
        read: @escaping @Sendable (RawObservation, OrderNumbers.Style) -> MailJudge.ReadMail
    ) async throws {
        let judge = MailJudge(
            read: read, context: context, store: store, learning: bench.learning(), logger: bench.lines.logger(),
            newMail: Wake(), newWords: wake, people: people)
        for one in try await store.unjudged(shop: benchShop, source: "mailbox", limit: 99) {
            _ = try await judge.judge(one, now: bench.now)
        }
        #expect(try await store.unjudged(shop: benchShop, source: "mailbox", limit: 9).isEmpty)
    }

    /// The conversations, the last first.
    func conversations() async throws -> [ConversationRecord] {
        let lines = try await store.inbox(shop: benchShop, list: .all)
        let all = try await store.conversations(lines.map(\.id), shop: benchShop, now: bench.now)
        return lines.compactMap { all[$0.id] }
    }

    /// The only conversation.
    func conversation() async throws -> ConversationRecord {
        let all = try await conversations()
        #expect(all.count == 1)
        return try #require(all.first)
    }

    /// The mails to the shop's people that are ready.
    func forwards() async throws -> [OutboxLine] {
        try await store.outbox(shop: benchShop, limit: 99).filter { $0.effect.trigger == "forwarded" }
    }

    /// A mail of the shop's about the order, which the relay took.
    func sent(_ id: String = "ours@juniperfig.example", origin: EffectOrigin = .person) async throws {
        var effect = Effect(
            to: .mail(shop: benchShop), origin: origin, isContact: true, by: "thanks", line: "email", keys: [id],
            about: .order(order), dueAt: bench.now, createdAt: bench.now)
        // What a trigger told, it told of an event.
        if origin == .trigger { effect.event = try await store.pendingEvents(shop: benchShop, limit: 1).first }
        effect.state = .ready
        effect.decidedAt = bench.now
        let message = Message.mail(
            id: id, sender: "orders@juniperfig.example", recipient: robin, bytes: Array("Hi".utf8), summary: "Thanks")
        _ = try await store.commitPlan(
            [
                Plan(
                    shop: benchShop,
                    changes: [
                        PlannedChange(
                            effect: effect, note: DecisionNote(at: bench.now, state: .ready, reason: nil),
                            message: message)
                    ])
            ], now: bench.now)
        let claims = try await store.claim(
            .mail(shop: benchShop), limit: 1, owner: "p", lease: .minutes(5), now: bench.now)
        let begun = try await store.begin(claims, lease: .minutes(5), now: bench.now).begun
        _ = try await store.finish(
            [AttemptOutcome(claim: begun[0], verdict: .accepted(receipt: "250"))], now: bench.now)
    }

    /// What a trigger makes of the newest message of a conversation.
    func answer(_ record: ConversationRecord, state: Effect.State = .ready, reason: Reason? = nil) async throws {
        let event = try #require(
            try await store.pendingEvents(shop: benchShop, limit: 99).last { $0.aggregate == record.aggregate })
        var effect = Effect(
            to: .mail(shop: benchShop), isContact: true, trigger: "answers/where", line: "answer",
            keys: [event.occurrences[0].subject], event: event, dueAt: bench.now, createdAt: bench.now, reason: reason)
        effect.state = state
        if state != .waiting { effect.decidedAt = bench.now }
        let message = Message.mail(
            id: "answer-\(event.id)@juniperfig.example", sender: "", recipient: robin, bytes: Array("Hi".utf8),
            summary: "Re: hello")
        let outcome = try await store.commitPlan(
            [
                Plan(
                    shop: benchShop,
                    changes: [
                        PlannedChange(
                            effect: effect, note: DecisionNote(at: bench.now, state: state, reason: reason),
                            message: state == .waiting ? nil : message)
                    ], reads: [record.aggregate: record.version])
            ], now: bench.now)
        #expect(outcome.effects.count == 1)
    }
}

/// A mail that a person wrote.
func letter(_ text: String, from sender: String = robin, id: String? = nil, answering: [String] = []) -> IncomingMail {
    var mail = IncomingMail(.person)
    mail.sender = sender
    mail.senderName = "Robin"
    mail.isAuthenticated = true
    mail.subject = "Hello"
    mail.text = text
    mail.messageID = id
    mail.references = answering
    mail.recipientAddresses = ["friend@else.example", "hello+x1@juniperfig.example"]
    return mail
}

@Suite("What a person's mail becomes") struct ConversationJudgingTests {
    @Test("a message that is understood, of a conversation that a trigger may answer, and nobody is told yet")
    func opened() async throws {
        let mails = try await MailBench()
        var mail = letter("hi, where is my order? it has not arrived yet", id: "hers@shopper.example")
        mail.attachments = [MessageFile(name: "jam.jpg", type: "image/jpeg", size: 80_000)]
        mail.hasPhoto = true
        try await mails.judge(mail)
        try await mails.judge(mail)
        let record = try await mails.conversation()
        #expect(record.state == .undecided && record.orderID == order && record.address == robin)
        #expect(record.name == "Robin" && record.subject == "Hello" && record.waitsSince == mails.bench.now)
        let message = try #require(record.messages.first)
        #expect(record.messages.count == 1 && message.trust == 1 && message.messageID == "hers@shopper.example")
        #expect(
            message.recipient == "hello@juniperfig.example" && message.hasPhoto && message.files == mail.attachments)
        let understood = try #require(message.understood)
        #expect(understood.asks == ["where_is_my_order"] && understood.language == "en" && understood.isCertain)
        #expect(understood.author == "built-in 1" && understood.mood == "calm")
        #expect(try await mails.forwards().isEmpty)
        #expect(
            try await mails.store.pendingEvents(shop: benchShop, limit: 9).count { $0.kind == .messageReceived } == 1)
        #expect(mails.bench.lines.facts(.conversationOpened).count == 1)
        let lines = try await mails.store.incoming(about: OrderKey(shop: benchShop, orderID: order))
        #expect(lines.map(\.kind) == [.person])
        // No line of the journal has her words, name or address.
        #expect(!mails.bench.lines.messages.contains { $0.contains("robin") || $0.contains("arrived") })
        // She writes again, about the same.
        try await mails.judge(letter("hello??", answering: ["hers@shopper.example"]), id: "b")
        let after = try await mails.conversation()
        #expect(after.messages.count == 2 && after.messages[1].isFollowUp && after.waitsSince == record.waitsSince)
    }

    @Test("a wish for no more mail in her own words is acted on, confirmed once, and seen by a person")
    func stop() async throws {
        let mails = try await MailBench()
        try await mails.sent(origin: .trigger)
        func streams(_ scope: SilenceScope) async throws -> Set<MailStream> {
            Set(try await mails.store.silences(of: scope, shop: benchShop, now: mails.bench.now).map(\.stream))
        }
        let wish = "Please stop sending me all these emails."
        try await mails.judge(letter(wish, id: "hers@shopper.example", answering: ["ours@juniperfig.example"]))
        #expect(try await streams(.address(robin)) == [.marketing, .ratings])
        #expect(try await streams(.order(order)) == [.order])
        let record = try await mails.conversation()
        #expect(record.tags == ["stopped"] && record.state == .undecided, "a person sees it, too")
        func confirmations() async throws -> [OutboxLine] {
            try await mails.store.outbox(shop: benchShop, limit: 99).filter {
                $0.effect.trigger == SystemMail.stopped
            }
        }
        let made = try await confirmations()
        #expect(made.count == 1)
        let story = try await mails.store.effectStory(try #require(made.first).effect.id, shop: benchShop)
        let message = try #require(story?.message)
        let text = try #require(MailShown(message)).text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(text.contains("no news of your order #1 from us") && text.contains("START"))
        let kinds = try await mails.store.load(shop: benchShop, orderIDs: [order])[order]?.events.map(\.kind) ?? []
        #expect(kinds.count { $0 == .customerUnsubscribed } == 1)
        // Said again, nothing more; taken back by the word in the confirmation.
        try await mails.judge(letter(wish, answering: ["ours@juniperfig.example"]), id: "b")
        #expect(try await confirmations().count == 1)
        let claims = try await mails.store.claim(
            .mail(shop: benchShop), limit: 9, owner: "p", lease: .minutes(5), now: mails.bench.now)
        let begun = try await mails.store.begin(claims, lease: .minutes(5), now: mails.bench.now).begun
        _ = try await mails.store.finish(
            begun.map { AttemptOutcome(claim: $0, verdict: .accepted(receipt: "250")) }, now: mails.bench.now)
        try await mails.judge(letter("START", answering: [message.id]), id: "c")
        #expect(try await streams(.address(robin)).isEmpty)
        #expect(try await streams(.order(order)).isEmpty)
    }

    @Test("where no trigger answers, the conversation is a person's in the same step, who gets the mail")
    func handedOver() async throws {
        let mails = try await MailBench([:])
        try await mails.judge(letter("where is it?"))
        let record = try await mails.conversation()
        #expect(record.state == .person && record.holder == nil && record.reason == .nobodyAnswers)
        let forwards = try await mails.forwards()
        #expect(forwards.count == 1 && forwards[0].effect.aggregate == record.aggregate)
        #expect(mails.bench.lines.facts(.conversationHandedOver).map { $0["reason"] } == ["nobody_answers"])
        // The next one of hers goes to people too.
        try await mails.judge(letter("still nothing"), id: "b")
        #expect(try await mails.forwards().count == 2)
        #expect(try await mails.conversation().handOvers == 1)
    }

    @Test("who writes from elsewhere, or is not proved, proves nothing; an answered mail proves its thread alone")
    func trust() async throws {
        let mails = try await MailBench()
        try await mails.sent()
        // Whoever names an order of others.
        var mail = letter("where is #1?", from: "stranger@else.example")
        mail.orderName = "#1"
        try await mails.judge(mail, id: "a")
        var record = try #require(try await mails.conversations().first)
        #expect(record.orderID == nil && record.messages[0].trust == 0)
        // A third party in the thread.
        mails.bench.pass(.seconds(1))
        try await mails.judge(
            letter("I am her husband", from: "kim@else.example", answering: ["ours@juniperfig.example"]), id: "b")
        record = try #require(try await mails.conversations().first)
        #expect(record.orderID == order && record.messages[0].trust == 0 && record.address == "kim@else.example")
        var about = try #require(try await mails.store.load(shop: benchShop, orderIDs: [order])[order])
        about.conversation = record
        #expect(!about.isOwnAddress && about.answerRecipient?.address == robin, "facts go to the order's address")
        // Her own address, which nothing proves; and a form, in which anybody can claim it.
        for isForm in [false, true] {
            mails.bench.pass(.seconds(1))
            var mail = letter("where is it?")
            if isForm { mail.isRelayed = true } else { mail.isAuthenticated = false }
            try await mails.judge(mail, id: "c\(isForm)")
            record = try #require(try await mails.conversations().first)
            #expect(record.orderID == order && record.messages.last?.trust == 0 && record.address == robin)
        }
        mails.bench.pass(.seconds(1))
        try await mails.judge(letter("where is it?"), id: "d")
        #expect(try await mails.conversations().first?.messages.last?.trust == 1)
    }

    @Test("whoever names an order of somebody else's is told of no other, and a person sees it")
    func otherOrders() async throws {
        let mails = try await MailBench()
        try await mails.bench.see(1002, email: "kim@shopper.example")
        for (number, words) in ["where is #1?", "where is my order?", "where is order #1077?"].enumerated() {
            mails.bench.pass(.days(20))
            try await mails.judge(letter(words), id: "own\(number)")
            #expect(try await mails.conversations().first?.state == .undecided, "\(words)")
        }
        mails.bench.pass(.days(20))
        try await mails.judge(letter("where is order #1002?"), id: "other")
        let record = try #require(try await mails.conversations().first)
        #expect(record.state == .person && record.reason == .nobodyAnswers && record.address == robin)
        #expect(try await mails.forwards().count == 1)
    }

    @Test("older mail is read for the story: it is answered by nobody, and tells nobody")
    func history() async throws {
        let mails = try await MailBench()
        try await mails.judge(letter("where is my order?", id: "old@shopper.example"), kind: "mail.inbox.history")
        let record = try await mails.conversation()
        #expect(record.state == .closed && record.waitsSince == nil && record.messages.count == 1)
        #expect(record.messages[0].understood?.asks == ["where_is_my_order"])
        try await mails.judge(
            letter("Tomorrow.", from: "ada@juniperfig.example", answering: ["old@shopper.example"]), id: "b",
            kind: "mail.sent.history")
        let after = try await mails.conversation()
        #expect(after.state == .closed && after.messages.map(\.direction) == [.incoming, .outgoing])
        #expect(after.takeOvers == 0)
        #expect(try await mails.forwards().isEmpty)
        let events = try await mails.store.pendingEvents(shop: benchShop, limit: 99)
        #expect(!events.contains { $0.aggregate.kind == .conversation })
    }

    @Test("what only a person may answer is a person's at once, with all that was still being decided")
    func angry() async throws {
        let mails = try await MailBench()
        try await mails.judge(letter("Where is my order?", id: "one@shopper.example"))
        #expect(try await mails.conversation().state == .undecided)
        mails.bench.pass(.seconds(20))
        let angry = "This is the THIRD time I ask! Refund me or I call my lawyer."
        try await mails.judge(letter(angry, id: "two@shopper.example", answering: ["one@shopper.example"]), id: "b")
        let record = try await mails.conversation()
        #expect(record.state == .person && record.reason == .needsHuman && record.handOvers == 1)
        #expect(try await mails.forwards().count == 2)
        // A trigger that lifts that guard has its minute.
        let lifting = try await MailBench([
            "sorry.yaml": "on: message.received\nanswers_even: needs_human\nsend: answer\n",
            "templates/sorry.md": "---\nsubject: Re\n---\nSorry.\n",
        ])
        try await lifting.judge(letter(angry, id: "three@shopper.example"))
        #expect(try await lifting.conversation().state == .undecided)
    }

    @Test("older mail is kept with what would have been answered, once, however it comes again")
    func past() async throws {
        let mails = try await MailBench([
            "where.yaml": "on: message.received\nif: message.asks contains \"where_is_my_order\"\nsend: answer\n",
            "templates/where.md": "---\nsubject: Re\n---\nIt is on its way, {{ order.name }}.\n",
        ])
        func lines() async throws -> [PastLine] {
            try await mails.store.pastLines(asking: "where_is_my_order", in: "en", shop: benchShop, limit: 9)
        }
        mails.bench.pass(.days(5))
        try await mails.judge(letter("Hi, where is my order?", id: "old@shopper.example"), kind: "mail.inbox.history")
        let line = try #require(try await lines().first)
        #expect(line.answer == "It is on its way, #1." && line.words == "Hi, where is my order?")
        #expect(line.orderName == "#1")
        // The daemon comes upon the same mail, which is known by its hash.
        try await mails.judge(letter("Hi, where is my order?", id: "old@shopper.example"), kind: "mail.inbox")
        #expect(try await mails.conversation().state == .closed)
        #expect(try await lines() == [line])
        let events = try await mails.store.pendingEvents(shop: benchShop, limit: 99)
        #expect(events.allSatisfy { $0.aggregate.orderID != nil })
        // And what was live when it came is no mail from before.
        try await mails.judge(
            letter("Where is my order please?", from: "wren@shopper.example", id: "new@shopper.example"), id: "b")
        try await mails.judge(
            letter("Where is my order please?", from: "wren@shopper.example", id: "new@shopper.example"), id: "b",
            kind: "mail.inbox.history")
        #expect(try await lines() == [line])
        // An order that was placed later is not what somebody wrote about.
        mails.bench.pass(.days(-10))
        try await mails.judge(
            letter("Hi, where is my order?", id: "older@shopper.example"), id: "c", kind: "mail.inbox.history")
        mails.bench.pass(.days(10))
        let sums = try await mails.store.pastSums(shop: benchShop)
        #expect(sums.contains { $0.because != nil }, "\(sums)")
        #expect(try await lines() == [line])
        // What is too old to say how it would be today is read for the story alone.
        mails.bench.pass(.days(-5))
        try await mails.judgeOld(letter("Where is my order?", id: "ancient@shopper.example"), days: 91)
        #expect(try await mails.store.pastSums(shop: benchShop).reduce(0) { $0 + $1.all } == 2)
    }

    @Test("whoever answers in the mail program takes it over, and drafts go")
    func mailProgram() async throws {
        let mails = try await MailBench()
        try await mails.judge(letter("where is it?", id: "hers@shopper.example"))
        let record = try await mails.conversation()
        try await mails.answer(record, state: .waiting, reason: .draft)
        // Ours, copied to the folder of sent mail.
        try await mails.sent()
        try await mails.judge(
            letter(
                "Hi", from: "hello@juniperfig.example", id: "ours@juniperfig.example",
                answering: ["hers@shopper.example"]),
            id: "b", kind: "mail.sent")
        #expect(try await mails.conversation().state == .undecided)
        let reply = letter(
            "It comes tomorrow.", from: "ada@juniperfig.example", id: "adas@juniperfig.example",
            answering: ["hers@shopper.example"])
        try await mails.judge(reply, id: "c", kind: "mail.sent")
        try await mails.judge(reply, id: "c", kind: "mail.sent")
        let after = try await mails.conversation()
        #expect(after.state == .person && after.holder == "ada@juniperfig.example" && after.waitsSince == nil)
        #expect(after.messages.map(\.text) == ["where is it?", "It comes tomorrow."] && after.takeOvers == 1)
        let effects = try await mails.store.answers(to: after.messages[0].id, of: after.id, shop: benchShop)
        #expect(effects.map(\.state) == [.withdrawn] && effects.map(\.reason) == [.heldByPerson])
        #expect(mails.bench.lines.facts(.conversationTakenOver).count == 1)
        // Her answer to it belongs there, and is the person's.
        try await mails.judge(letter("thanks", answering: ["adas@juniperfig.example"]), id: "d")
        let last = try await mails.conversation()
        #expect(last.state == .person && last.messages.count == 3)
        // What the shop wrote to others is nobody's business here.
        try await mails.judge(
            letter(
                "Invoice", from: "ada@juniperfig.example", id: "x@juniperfig.example", answering: ["y@else.example"]),
            id: "e", kind: "mail.sent")
        #expect(try await mails.conversation().version == last.version)
    }

    @Test("a lone stop word opens nothing; nor do the shop's people who answer what Bookbag told them")
    func none() async throws {
        let mails = try await MailBench()
        try await mails.judge(letter("STOP"))
        let notice = SystemMail(
            maker: "weekly_report", key: "w1",
            message: .mail(
                id: "report@juniperfig.example", sender: "", recipient: "owner@juniperfig.example",
                bytes: Array("x".utf8), summary: "Week"), aggregate: nil, dueAt: mails.bench.now)
        try await mails.store.put(notice, shop: benchShop, now: mails.bench.now)
        try await mails.judge(
            letter("Nice!", from: "Owner@juniperfig.example", answering: ["report@juniperfig.example"]), id: "b")
        #expect(try await mails.conversations().isEmpty)
        let details = try await mails.store.incoming(shop: benchShop, limit: 9).map(\.detail)
        #expect(details[0].contains("the shop's people answered"))
    }

    @Test("a mail without words is read by its subject")
    func subject() async throws {
        let mails = try await MailBench()
        var mail = letter(" \n")
        mail.subject = "Where is my order?"
        try await mails.judge(mail)
        #expect(try await mails.conversation().messages[0].understood?.asks == ["where_is_my_order"])
    }

    @Test("a question of the shop's own is understood by the phrases of its trigger")
    func ownQuestion() async throws {
        let text = "Hello, do you ship to Switzerland?"
        let plain = try await MailBench()
        try await plain.judge(letter(text))
        #expect(try await plain.conversation().messages[0].understood?.isCertain == false)
        let own = try await MailBench([
            "swiss.yaml":
                "on: message.received\nphrases: { en: do you ship to Switzerland }\nsend: [{ webhook: helpdesk }]\n"
        ])
        try await own.judge(letter(text))
        let understood = try #require(try await own.conversation().messages[0].understood)
        #expect(understood.asks == ["swiss"] && understood.isCertain && understood.language == "en")
    }

    @Test("what cannot be read, or may have been answered before a backup was restored, is a person's at once")
    func atOnce() async throws {
        let mails = try await MailBench()
        try await mails.judge(letter(""), parked: "it is encrypted")
        var record = try await mails.conversation()
        #expect(record.state == .person && record.reason == .unreadable && record.messages[0].understood == nil)
        #expect(record.messages[0].text.contains("could not read"))
        #expect(try await mails.forwards().count == 1)
        let restored = try await MailBench()
        restored.context.clockWasPutBack(to: restored.bench.now)
        restored.bench.pass(.days(-2))
        try await restored.judge(letter("where is it?"))
        record = try await restored.conversation()
        #expect(record.state == .person && record.reason == .restored)
    }

    @Test("the story of its order says what was said, what was understood, and what became of it")
    func explained() async throws {
        let mails = try await MailBench()
        try await mails.judge(letter("where is my order? it has not arrived yet", id: "hers@shopper.example"))
        func text() async throws -> String {
            let key = OrderKey(shop: benchShop, orderID: order)
            let sources = try #require(try await AccountSources(key, store: mails.store, now: mails.bench.now))
            return OrderAccount(sources).text(zone: .utc)
        }
        let record = try await mails.conversation()
        var story = try await text()
        #expect(
            story.contains(
                "The customer wrote (conversation \(record.id), mailbox): where_is_my_order, in en. It is being decided who answers."
            ), "\(story)")
        #expect(!story.contains("A person wrote"), "a mail is told once")
        try await mails.answer(record)
        story = try await text()
        #expect(story.contains("Answers/where answered it ["))
        let export = try await {
            var export = CustomerExport(address: robin)
            let customer = try await mails.store.customer(
                mails.store.addressKey(robin), shop: benchShop, limit: 9, now: record.lastAt)
            try await export.add(customer, shop: benchShop, of: mails.store)
            return try export.json()
        }()
        #expect(export.contains("it has not arrived yet") && export.contains("where_is_my_order"))
    }
}
