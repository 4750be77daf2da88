import Delivery
import Logging
import LoopTesting
import Outreach
import Platform
import ServiceLifecycleTestKit
import Store
import Testing

@testable import Daemon

/// What triggers do in conversations, from the file to the store.
private struct ActBench {
    let mails: MailBench
    let planning: PlanningService
    let delivery: DeliveryService

    init(_ files: [String: String], mode: String = "live") async throws {
        var files = files
        files["shop.yaml"] = """
            mode: \(mode)
            notify: owner@juniperfig.example
            brand: { name: Fig, from: orders@juniperfig.example }
            answers: live

            """
        mails = try await MailBench(files)
        let bench = mails.bench
        let context = mails.context
        let maker = MessageMaker(configuration: bench.configuration, labels: nil, actions: bench.store)
        planning = PlanningService(
            store: bench.store, contexts: [benchShop: context], makers: [benchShop: maker],
            trouble: TemplateTrouble(store: bench.store, reloaders: [:], logger: bench.lines.logger()),
            clock: bench.clock, wake: Wake(), newMessages: Broadcast(), heartbeats: bench.heartbeats,
            metrics: bench.metrics, logger: bench.lines.logger(), storeTrouble: bench.trouble)
        let office = ShopPost.Office(
            brand: { context.rules.inForce.set.settings.brand }, sender: nil, wake: Wake())
        delivery = DeliveryService(
            route: Route(shop: benchShop, channel: .desk),
            channel: DeskChannel(
                context: context, store: bench.store, post: ShopPost([benchShop: office]),
                journal: ConversationJournal(
                    metrics: bench.metrics, newEvents: Wake(), newMail: Wake(), logger: bench.lines.logger())),
            context: context, maker: maker, store: bench.store, clock: bench.clock, wake: bench.wake(),
            heartbeats: bench.heartbeats, metrics: bench.metrics, logger: bench.lines.logger(), owner: "test",
            limit: 1, kind: .desk)
    }

    var store: Store { mails.store }

    /// Decides what is due.
    func plan() async throws {
        while try await planning.turn() {}
    }

    /// Has what is decided done.
    func act() async throws {
        try await testGracefulShutdown { trigger in
            async let running: Void = delivery.run()
            _ = await mails.bench.time.waited()
            trigger.triggerGracefulShutdown()
            try await running
        }
    }

    func effects(_ trigger: String) async throws -> [Effect] {
        try await store.outbox(shop: benchShop, limit: 99).map(\.effect).filter { $0.trigger == trigger }
    }
}

@Suite("What triggers do, in the store", .timeLimit(.minutes(5)))
struct DeskChannelTests {
    @Test("a hand-over on an order's event opens a conversation about it, with its note, and tells people once")
    func opens() async throws {
        let bench = try await ActBench([
            "late.yaml": "on: order.placed\ndo: { hand_over: { to: returns, note: a VIP's order } }\n"
        ])
        try await bench.plan()
        #expect(try await bench.effects("late").map(\.state) == [.ready])
        try await bench.act()
        let effect = try #require(try await bench.effects("late").first)
        #expect(effect.state == .sent && effect.reason == .accepted)
        let record = try await bench.mails.conversation()
        #expect(record.state == .person && record.reason == .trigger && record.team == "returns")
        #expect(record.orderID == "gid://shopify/Order/1" && record.address == "robin@shopper.example")
        #expect(record.subject == "Order #1" && record.waitsSince == bench.mails.bench.now)
        #expect(record.messages.map(\.text) == ["The trigger late handed this over on order.placed: a VIP's order"])
        let told = try await bench.store.outbox(shop: benchShop, limit: 99).filter {
            $0.effect.trigger == "handed_over"
        }
        #expect(told.count == 1 && told[0].summary == "Order #1 needs a person (late)")
        let untold = try await bench.store.untold(person: "ana@juniperfig.example", shop: benchShop)
        #expect(untold.map(\.id) == [record.id] && untold[0].team == "returns")
        let handed = try await bench.store.pendingEvents(shop: benchShop, limit: 99).filter {
            $0.kind == .conversationHandedOver
        }
        #expect(handed.count == 1)
        // The same effect again, as after a crash before its verdict was written.
        let stored = try #require(try await bench.store.effectStory(effect.id, shop: benchShop))
        let message = try #require(stored.message)
        #expect(
            try await bench.delivery.channel.send(message, at: bench.mails.bench.now)
                == .accepted(receipt: "conversation \(record.id)"))
        #expect(try await bench.mails.conversation().version == record.version)
        let shown = try #require(stored.story.line.summary)
        #expect(shown == "hand over to returns: a VIP's order")
    }

    @Test("goes on with the conversation that is open about the order")
    func joins() async throws {
        let bench = try await ActBench([
            "late.yaml": "on: order.placed\ndo: hand_over\n",
            "listens.yaml": "on: message.received\nsend: [{ webhook: helpdesk }]\n",
        ])
        try await bench.mails.judge(letter("where is my order?"))
        let before = try await bench.mails.conversation()
        #expect(before.state == .undecided)
        try await bench.plan()
        try await bench.act()
        let record = try await bench.mails.conversation()
        #expect(record.id == before.id && record.state == .person && record.waitsSince == before.waitsSince)
        #expect(record.messages.map(\.direction) == [.incoming, .note])
    }

    @Test("closes only what was answered, waits for the answer of the same trigger, and tags")
    func closes() async throws {
        let bench = try await ActBench([
            "note.yaml":
                "on: message.received\nsend: { answer: { template: thanks } }\ndo: [close, { tag_conversation: vip }]\n"
        ])
        try await bench.mails.judge(letter("where is my order?", id: "one@shopper.example"))
        try await bench.plan()
        let lines = try await bench.effects("note")
        let states = Dictionary(uniqueKeysWithValues: lines.map { ($0.line, ($0.state, $0.reason)) })
        #expect(states["answer"]?.0 == .ready)
        #expect(states["close"]?.0 == .waiting && states["close"]?.1 == .waitsForAnswer)
        #expect(states["tag_conversation:vip"]?.0 == .waiting && states["tag_conversation:vip"]?.1 == .result)
        // The answer goes out, and the conversation is ours.
        let claims = try await bench.store.claim(
            .mail(shop: benchShop), limit: 9, owner: "p", lease: .minutes(5), now: bench.mails.bench.now)
        let begun = try await bench.store.begin(claims, lease: .minutes(5), now: bench.mails.bench.now).begun
        _ = try await bench.store.finish(
            begun.map { AttemptOutcome(claim: $0, verdict: .accepted(receipt: "250")) }, now: bench.mails.bench.now)
        let record = try await bench.mails.conversation()
        let message = try #require(record.lastIncoming)
        let answers = try await bench.store.answers(to: message.id, of: record.id, shop: benchShop)
        let change = try #require(ConversationRules.decide(record, answers: answers, now: bench.mails.bench.now))
        _ = try await bench.store.commit(change, now: bench.mails.bench.now)
        bench.mails.bench.pass(.seconds(11))
        try await bench.plan()
        // Closed or tagged first, it is both in the end.
        for _ in 0..<2 { try await bench.act() }
        let after = try await bench.mails.conversation()
        #expect(after.state == .closed && after.reason == .trigger && after.tags == ["vip"])
        #expect(try await bench.effects("note").allSatisfy { $0.state == .sent })
        #expect(bench.mails.bench.lines.facts(.conversationClosed).map { $0["reason"] } == ["trigger"])
    }

    @Test("is refused where she wrote again before it was done")
    func late() async throws {
        let bench = try await ActBench(["note.yaml": "on: conversation.handed_over\ndo: close\n"])
        try await bench.mails.judge(letter("where is my order?"))
        let record = try await bench.mails.conversation()
        var act = DeskAct(
            ActionLine("close", through: .desk),
            of: Effect(
                to: Route(shop: benchShop, channel: .desk), origin: .trigger, isContact: false, by: "note",
                line: "close", keys: ["a"], about: record.aggregate, dueAt: bench.mails.bench.now,
                createdAt: bench.mails.bench.now))
        act.effect = 99
        let verdict = try await bench.delivery.channel.send(try act.message(id: "act_a"), at: bench.mails.bench.now)
        guard case .refused(let failure) = verdict else {
            Issue.record("it was closed")
            return
        }
        #expect(["held_by_person", "waits_for_answer"].contains(failure.reason))
        #expect(try await bench.mails.conversation().version == record.version)
    }

    @Test("in shadow mode is decided and kept, and nothing is done")
    func shadow() async throws {
        let bench = try await ActBench(["late.yaml": "on: order.placed\ndo: hand_over\n"], mode: "shadow")
        try await bench.plan()
        try await bench.act()
        #expect(try await bench.effects("late").map(\.state) == [.shadowed])
        #expect(try await bench.mails.conversations().isEmpty)
    }
}
