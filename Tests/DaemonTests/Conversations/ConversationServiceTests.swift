import LoopTesting
import Outreach
import Platform
import ServiceLifecycleTestKit
import Store
import Testing

@testable import Daemon

@Suite("Conversations as time passes", .timeLimit(.minutes(5)))
struct ConversationServiceTests {
    private func service(_ mails: MailBench, wake: Wake = Wake(), newMail: Wake = Wake()) -> ConversationService {
        let lines = mails.bench.lines.logger()
        return ConversationService(
            context: mails.context, store: mails.store,
            forwarder: LetterForwarder(
                read: { observation, _ in
                    var mail = letter(String(decoding: observation.bytes, as: UTF8.self))
                    mail.isAuthenticated = false
                    return MailJudge.ReadMail(mail: mail)
                }, context: mails.context, store: mails.store),
            journal: ConversationJournal(
                metrics: mails.bench.metrics, newEvents: Wake(), newMail: newMail, logger: lines),
            clock: mails.bench.clock, wake: wake, heartbeats: mails.bench.heartbeats, logger: lines)
    }

    @Test("what nobody answered within a minute is a person's, with all that was not answered, once")
    func minute() async throws {
        let mails = try await MailBench()
        let service = service(mails)
        try await mails.judge(letter("where is my order?", id: "one@shopper.example"))
        mails.bench.pass(.seconds(10))
        try await mails.judge(letter("I mean the apron", answering: ["one@shopper.example"]), id: "b")
        #expect(try await service.turn() == false)
        #expect(try await mails.conversation().state == .undecided)
        mails.bench.pass(.seconds(60))
        #expect(try await service.turn() == false)
        let record = try await mails.conversation()
        #expect(record.state == .person && record.holder == nil && record.handOvers == 1)
        let forwards = try await mails.forwards()
        #expect(forwards.count == 2 && forwards.allSatisfy { $0.effect.aggregate == record.aggregate })
        let handed = try await mails.store.pendingEvents(shop: benchShop, limit: 99)
            .filter { $0.kind == .conversationHandedOver }
        #expect(handed.count == 1)
        // Again, as after a crash before anything was told of it.
        #expect(try await service.turn() == false)
        #expect(try await mails.conversation().version == record.version)
        #expect(try await mails.forwards().count == 2)
        #expect(mails.bench.lines.facts(.conversationHandedOver).count == 1)
    }

    @Test("a trigger's answer is decided at once, and tells no person")
    func answered() async throws {
        let mails = try await MailBench()
        let service = service(mails)
        try await mails.judge(letter("where is my order?"))
        try await mails.answer(try await mails.conversation())
        mails.bench.pass(.seconds(2))
        #expect(try await service.turn() == false)
        let record = try await mails.conversation()
        #expect(record.state == .ours && record.waitsSince == nil && record.reason == .answered)
        mails.bench.pass(.minutes(5))
        _ = try await service.turn()
        #expect(try await mails.conversation().state == .ours)
        #expect(try await mails.forwards().isEmpty)
    }

    @Test("a draft waits for a person, and says so")
    func draft() async throws {
        let mails = try await MailBench()
        try await mails.judge(letter("where is my order?"))
        try await mails.answer(try await mails.conversation(), state: .waiting, reason: .draft)
        mails.bench.pass(.seconds(60))
        _ = try await service(mails).turn()
        let record = try await mails.conversation()
        #expect(record.state == .person && record.reason == .draft)
        let drafts = try await mails.store.inbox(shop: benchShop, list: .drafts)
        #expect(drafts.map(\.id) == [record.id], "the draft stays")
    }

    @Test("a snooze ends at its time; what is quiet for two business days is let go, unless somebody waits")
    func quiet() async throws {
        let mails = try await MailBench()
        let service = service(mails)
        try await mails.judge(letter("where is my order?", id: "one@shopper.example"))
        var record = try await mails.conversation()
        let until = mails.bench.now + .hours(2)
        let put = try #require(
            ConversationRules.snooze(record, until: until, by: "ada@juniperfig.example", now: mails.bench.now))
        #expect(try await mails.store.commit(put, now: mails.bench.now) != nil)
        mails.bench.pass(.hours(1))
        _ = try await service.turn()
        #expect(try await mails.conversation().state == .snoozed)
        mails.bench.pass(.hours(1))
        _ = try await service.turn()
        record = try await mails.conversation()
        #expect(record.state == .person && record.holder == "ada@juniperfig.example")
        // It is Friday. She waits, however long that takes.
        mails.bench.pass(.days(10))
        _ = try await service.turn()
        #expect(try await mails.conversation().state == .person)
        try await mails.judge(
            letter("Today.", from: "ada@juniperfig.example", answering: ["one@shopper.example"]), id: "b",
            kind: "mail.sent")
        mails.bench.pass(.days(1))
        _ = try await service.turn()
        #expect(try await mails.conversation().state == .person)
        mails.bench.pass(.days(2))
        _ = try await service.turn()
        record = try await mails.conversation()
        #expect(record.state == .closed && record.reason == .quiet && record.closings == 1)
        #expect(mails.bench.lines.facts(.conversationClosed).map { $0["reason"] } == ["quiet"])
        // Her next words go on with it.
        try await mails.judge(letter("thanks", answering: ["one@shopper.example"]), id: "c")
        #expect(try await mails.conversation().state == .undecided)
    }

    @Test("the loop waits for the minute, is woken by new words, and sends what it made")
    func loop() async throws {
        let mails = try await MailBench()
        let wake = mails.bench.wake()
        let newMail = Wake()
        let service = service(mails, wake: wake, newMail: newMail)
        try await testGracefulShutdown { trigger in
            async let running: Void = service.run()
            #expect(await mails.bench.time.waited() == Loop.longestWait)
            try await mails.judge(letter("where is my order?"))
            mails.bench.pass(.seconds(40))
            wake.call()
            #expect(await mails.bench.time.waited() == .seconds(20))
            mails.bench.pass(.seconds(20))
            mails.bench.time.pass()
            _ = await mails.bench.time.waited()
            #expect(try await mails.conversation().state == .person)
            trigger.triggerGracefulShutdown()
            try await running
        }
        #expect(try await mails.forwards().count == 1)
    }
}
