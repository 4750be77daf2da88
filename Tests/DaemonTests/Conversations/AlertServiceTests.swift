import LoopTesting
import Outreach
import Platform
import ServiceLifecycleTestKit
import Store
import Testing

@testable import Daemon

@Suite("Mails to people that customers wait", .timeLimit(.minutes(5)))
struct AlertServiceTests {
    private static let ana = Person(
        email: "ana@juniperfig.example", name: "Ana", roles: [.answer], alert: .atOnce)
    private static let tom = Person(
        email: "tom@juniperfig.example", name: "Tom", roles: [.answer], alert: .every(.minutes(30)))

    private func service(
        _ mails: MailBench, _ people: [Person], wake: Wake = Wake(), hasRelay: Bool = true
    ) -> AlertService {
        let context = mails.context
        let office = ShopPost.Office(
            brand: { context.rules.inForce.set.settings.brand }, sender: nil, wake: hasRelay ? Wake() : nil)
        return AlertService(
            store: mails.store, contexts: [benchShop: context], people: ListedPeople(People(people)),
            post: ShopPost([benchShop: office]), answers: ShopAnswers(), desk: "https://desk.example",
            clock: mails.bench.clock, wake: wake, heartbeats: mails.bench.heartbeats,
            logger: mails.bench.lines.logger(), trouble: mails.bench.trouble)
    }

    /// The alerts made so far: to whom, subject and text.
    private func alerts(_ mails: MailBench) async throws -> [(to: String, subject: String, text: String)] {
        let claims = try await mails.store.claim(
            .mail(shop: benchShop), limit: 99, owner: "\(mails.bench.now)", lease: .seconds(0), now: mails.bench.now)
        return try claims.filter { $0.effect.trigger == SystemMail.alert }.sorted { $0.effect.id < $1.effect.id }
            .map {
                let shown = try #require(MailShown($0.message))
                return ($0.message.envelope.recipient, $0.message.summary, shown.text)
            }
    }

    /// Somebody writes, and nobody answers: a person's turn.
    private func wait(_ mails: MailBench, _ text: String, from sender: String, id: String) async throws {
        try await mails.judge(letter(text, from: sender, id: "\(id)@else.example"), id: id)
    }

    @Test("with the customer's words and a link to the conversation, once, and no word of it in the journal")
    func once() async throws {
        let mails = try await MailBench([:])
        let service = service(mails, [Self.ana])
        #expect(try await service.turn(benchShop, now: mails.bench.now))
        #expect(try await alerts(mails).isEmpty)
        try await wait(mails, "where is my *apron*? it has not arrived", from: "robin@shopper.example", id: "a")
        let id = try await mails.conversation().id
        for _ in 0..<2 { _ = try await service.turn(benchShop, now: mails.bench.now) }
        let told = try await alerts(mails)
        #expect(told.count == 1 && told[0].to == "ana@juniperfig.example")
        #expect(told[0].subject == "Robin about order #1: Hello")
        #expect(told[0].text.contains("where is my *apron*? it has not arrived"))
        #expect(told[0].text.contains("https://desk.example/juniperfig/inbox/\(id)"))
        let words = told[0].text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(words.contains("About: where the order is, or why it is late. Waiting since Fri 20 Nov 2026 at 09:00."))
        let logged = mails.bench.lines.facts(.alerted)
        #expect(logged.map { $0["count"] } == ["1"])
        #expect(logged.map { Set($0.keys) } == [["MESSAGE_ID", "shop", "count"]])
        // The customer writes again: told too, after the pause.
        mails.bench.pass(.minutes(1))
        try await wait(mails, "hello?", from: "robin@shopper.example", id: "b")
        _ = try await service.turn(benchShop, now: mails.bench.now)
        #expect(try await alerts(mails).count == 1)
        mails.bench.pass(.minutes(4))
        _ = try await service.turn(benchShop, now: mails.bench.now)
        #expect(try await alerts(mails).count == 2)
        mails.bench.pass(.hours(9))
        _ = try await service.turn(benchShop, now: mails.bench.now)
        #expect(try await alerts(mails).count == 2)
    }

    @Test("anger is told at once, whatever is set; the others when it is time, in one mail")
    func urgent() async throws {
        let mails = try await MailBench([:])
        let service = service(mails, [Self.tom])
        try await wait(mails, "where is my order?", from: "robin@shopper.example", id: "a")
        _ = try await service.turn(benchShop, now: mails.bench.now)
        #expect(try await alerts(mails).count == 1)
        mails.bench.pass(.minutes(2))
        for number in 1...3 {
            try await wait(mails, "do you have it in blue?", from: "kim\(number)@else.example", id: "k\(number)")
        }
        try await wait(
            mails, "This is fraud. My lawyer will write to you!", from: "angry@else.example", id: "c")
        _ = try await service.turn(benchShop, now: mails.bench.now)
        var told = try await alerts(mails)
        #expect(told.count == 2 && told[1].subject.hasPrefix("At once: "))
        #expect(told[1].text.contains("My lawyer") && !told[1].text.contains("in blue"))
        mails.bench.pass(.minutes(30))
        _ = try await service.turn(benchShop, now: mails.bench.now)
        told = try await alerts(mails)
        #expect(told.count == 3 && told[2].subject == "3 customers wait for an answer")
        #expect(told[2].text.ranges(of: "in blue").count == 3 && !told[2].text.contains("lawyer"))
    }

    @Test("what has not gone out is taken back when a colleague takes over, and told anew when it is given back")
    func takenBack() async throws {
        let mails = try await MailBench([:])
        let service = service(mails, [Self.ana])
        func act(_ id: Int64, _ change: (ConversationRecord) -> ConversationChange?) async throws {
            let record = try #require(
                try await mails.store.conversations([id], shop: benchShop, now: mails.bench.now)[id])
            _ = try await mails.store.commit(
                try #require(change(record)), judged: [], incoming: nil, now: mails.bench.now)
        }
        try await wait(mails, "where is my order?", from: "robin@shopper.example", id: "a")
        try await wait(mails, "do you have it in blue?", from: "kim@else.example", id: "b")
        _ = try await service.turn(benchShop, now: mails.bench.now)
        #expect(try await alerts(mails).count == 1)
        let ids = try await mails.conversations().map(\.id)
        try await act(ids[0]) { ConversationRules.take($0, by: Self.tom.email) }
        #expect(try await alerts(mails).count == 1, "it tells of another who waits")
        try await act(ids[1]) { ConversationRules.take($0, by: Self.tom.email) }
        #expect(try await alerts(mails).isEmpty)
        mails.bench.pass(.minutes(10))
        _ = try await service.turn(benchShop, now: mails.bench.now)
        #expect(try await alerts(mails).isEmpty)
        try await act(ids[1]) { ConversationRules.give($0, to: nil, team: nil) }
        _ = try await service.turn(benchShop, now: mails.bench.now)
        #expect(try await alerts(mails).count == 1, "told anew")
        // What is hers stays in her mail; once it is closed nobody needs to hear of it.
        try await act(ids[1]) { ConversationRules.take($0, by: Self.ana.email) }
        #expect(try await alerts(mails).count == 1)
        try await act(ids[1]) { ConversationRules.close($0, because: .done, now: mails.bench.now) }
        #expect(try await alerts(mails).isEmpty)
    }

    @Test("whoever is away gets none")
    func away() async throws {
        let mails = try await MailBench([:])
        let service = service(mails, [Self.ana])
        var board = AwayBoard()
        board.people[Self.ana.email] = mails.bench.now + .hours(8)
        try await mails.store.remember(board, as: .away, shop: benchShop, now: mails.bench.now)
        try await wait(mails, "where is my order?", from: "robin@shopper.example", id: "a")
        _ = try await service.turn(benchShop, now: mails.bench.now)
        #expect(try await alerts(mails).isEmpty)
        mails.bench.pass(.hours(8))
        _ = try await service.turn(benchShop, now: mails.bench.now)
        #expect(try await alerts(mails).count == 1)
    }

    @Test("nobody hears of what a colleague has, nor of what was answered")
    func held() async throws {
        let mails = try await MailBench([:])
        let service = service(mails, [Self.ana, Self.tom])
        try await wait(mails, "where is my order?", from: "robin@shopper.example", id: "a")
        let record = try await mails.conversation()
        let taken = try #require(ConversationRules.take(record, by: Self.tom.email))
        _ = try await mails.store.commit(taken, judged: [], incoming: nil, now: mails.bench.now)
        _ = try await service.turn(benchShop, now: mails.bench.now)
        #expect(try await alerts(mails).map(\.to) == [Self.tom.email])
        let reply = ConversationMessage(
            .outgoing, by: .person(Self.tom.email), at: mails.bench.now, text: "Tomorrow.", channel: .mailbox)
        _ = try await mails.store.commit(
            ConversationRules.reply(
                reply, by: Self.tom.email, in: try await mails.conversation(), now: mails.bench.now),
            judged: [], incoming: nil, now: mails.bench.now)
        mails.bench.pass(.hours(1))
        _ = try await service.turn(benchShop, now: mails.bench.now)
        #expect(try await alerts(mails).isEmpty, "what had not gone out is taken back")
    }

    @Test("many are one mail: ten in full, some in a line, the rest a number")
    func many() async throws {
        let mails = try await MailBench([:])
        for number in 1...53 {
            mails.bench.pass(.seconds(1))
            try await wait(mails, "question \(number)", from: "kim\(number)@else.example", id: "k\(number)")
        }
        _ = try await service(mails, [Self.ana]).turn(benchShop, now: mails.bench.now)
        let told = try await alerts(mails)
        #expect(told.count == 1 && told[0].subject == "53 customers wait for an answer")
        #expect(told[0].text.contains("question 10") && !told[0].text.contains("question 11"))
        #expect(told[0].text.contains("and 3 more"))
        mails.bench.pass(.hours(1))
        _ = try await service(mails, [Self.ana]).turn(benchShop, now: mails.bench.now)
        #expect(try await alerts(mails).count == 1)
    }

    @Test("a daily mail comes at its time, and not for what came before anybody asked")
    func daily() async throws {
        let mails = try await MailBench([:])
        var person = Self.ana
        person.alert = .daily(10 * 3600)
        let service = service(mails, [person])
        _ = try await service.turn(benchShop, now: mails.bench.now)
        try await wait(mails, "where is my order?", from: "robin@shopper.example", id: "a")
        _ = try await service.turn(benchShop, now: mails.bench.now)
        #expect(try await alerts(mails).isEmpty)
        mails.bench.pass(.hours(1))
        for _ in 0..<2 { _ = try await service.turn(benchShop, now: mails.bench.now) }
        #expect(try await alerts(mails).count == 1)
        try await wait(mails, "do you have it in blue?", from: "kim@else.example", id: "b")
        mails.bench.pass(.hours(23))
        _ = try await service.turn(benchShop, now: mails.bench.now)
        #expect(try await alerts(mails).count == 1)
        mails.bench.pass(.hours(1))
        _ = try await service.turn(benchShop, now: mails.bench.now)
        #expect(try await alerts(mails).count == 2)
    }

    @Test("in shadow mode nobody is told and nothing is forwarded; the conversation stands in the Inbox")
    func shadow() async throws {
        let mails = try await MailBench([
            "shop.yaml":
                "mode: shadow\nnotify: owner@juniperfig.example\nbrand: { name: Fig, from: orders@juniperfig.example }\n"
        ])
        try await wait(mails, "My lawyer will write to you!", from: "robin@shopper.example", id: "a")
        #expect(try await service(mails, [Self.ana]).turn(benchShop, now: mails.bench.now) == false)
        #expect(try await mails.store.outbox(shop: benchShop, limit: 9).isEmpty)
        #expect(try await mails.conversation().state == .person)
        let lines = mails.bench.lines.facts(.conversationHandedOver)
        #expect(lines.map { $0["detail"] } == ["not forwarded, because shop.yaml says 'mode: shadow'"])
    }

    @Test("who answers an alert is no customer; the owner hears of it")
    func answered() async throws {
        let mails = try await MailBench([:])
        try await wait(mails, "where is my order?", from: "robin@shopper.example", id: "a")
        _ = try await service(mails, [Self.ana]).turn(benchShop, now: mails.bench.now)
        let claims = try await mails.store.claim(
            .mail(shop: benchShop), limit: 9, owner: "p", lease: .minutes(5), now: mails.bench.now)
        let alert = try #require(claims.first { $0.effect.trigger == SystemMail.alert })
        let begun = try await mails.store.begin([alert], lease: .minutes(5), now: mails.bench.now).begun
        _ = try await mails.store.finish(
            [AttemptOutcome(claim: begun[0], verdict: .accepted(receipt: "250"))], now: mails.bench.now)
        try await mails.judge(
            letter("I do it", from: Self.ana.email, answering: [alert.message.id]), id: "b")
        #expect(try await mails.conversations().count == 1)
        #expect(try await mails.conversation().messages.count == 1)
    }

    @Test("the loop looks again soon where somebody wants to hear, and at its ease where nobody does")
    func loop() async throws {
        let mails = try await MailBench([:])
        for (people, wait) in [([Self.ana], AlertService.pace), ([], Loop.longestWait)] {
            try await testGracefulShutdown { trigger in
                async let running: Void = service(mails, people, wake: mails.bench.wake()).run()
                #expect(await mails.bench.time.waited() == wait)
                trigger.triggerGracefulShutdown()
                try await running
            }
        }
        #expect(try await service(mails, [Self.ana], hasRelay: false).turn(benchShop, now: mails.bench.now) == false)
    }
}
