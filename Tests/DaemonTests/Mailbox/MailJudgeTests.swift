import Foundation
import Intake
import Logging
import Outreach
import Platform
import Store
import Testing

@testable import Daemon

private let shop = "fig.example"
private let start = Moment(iso8601: "2026-11-21T10:00:00Z")!
private let robin = "robin@example.com"

@Suite("Judging the mail that came in") struct MailJudgeTests {
    private let store: Store
    private let context: ShopContext
    private let learning: Learning
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() async throws {
        store = try Store.inMemory(now: start)
        let folder = TriggerFolder(
            files: [
                "shop.yaml": Array(
                    "mode: live\nnotify: owner@fig.example\nbrand: { name: Fig, from: orders@fig.example }\n".utf8)
            ])
        let (set, faults) = TriggerSet.load(folder)
        let triggers = try #require(set, "\(faults)")
        let live = try await store.openShop(shop, now: start).liveSince
        context = ShopContext(
            configuration: Configuration.Shop(
                domain: shop, endpoint: "https://fig.example", access: .token(SecretString("t")),
                pollEvery: .seconds(60), triggers: "",
                smtp: .init(
                    url: "smtp://127.0.0.1:2525", username: nil, password: nil, connections: 1, perSecond: nil,
                    redirectTo: nil,
                    sender: nil, startTLS: .opportunistic, authority: nil, certificate: nil, key: nil), webhooks: [:]),
            rules: ShopContext.Rules(
                planner: Planner(triggers: triggers, inForceSince: [:], live: live, shop: ShopProfile(domain: shop)),
                learner: Learner(live: live, shopZone: .utc, rereadEvery: .minutes(1)),
                inForce: TriggerReloader.InForce(set: triggers, since: [:], folder: folder)))
        learning = Learning(
            store: store, logger: logger, metrics: DaemonMetrics(), newEvents: Wake(), newMoments: Wake())
        for number in 1...2 {
            var facts = OrderFacts(
                id: "gid://shopify/Order/\(number)", name: "#10\(number)", createdAt: start, updatedAt: start)
            facts.email = robin
            _ = try await learning.learn(
                [Observation(shop: shop, seenAt: start + .minutes(1), content: .order(facts))], of: context,
                now: start + .minutes(1))
        }
    }

    private func judge(_ mail: IncomingMail, id: String = "a", kind: String = "mail.inbox") async throws {
        let raw = RawObservation(
            shop: shop, source: "mailbox", externalID: id, receivedAt: start + .minutes(10), kind: kind,
            bytes: Array("From: \(robin)\r\n\r\nHello".utf8))
        _ = try await store.keep([raw], now: start + .minutes(10))
        let waiting = try await store.unjudged(shop: shop, source: "mailbox", limit: 9)
        let judge = MailJudge(
            read: { _ in MailJudge.ReadMail(mail: mail) }, context: context, store: store, learning: learning,
            logger: logger, newMail: Wake())
        for one in waiting { _ = try await judge.judge(one, now: start + .minutes(11)) }
        #expect(try await store.unjudged(shop: shop, source: "mailbox", limit: 9).isEmpty)
    }

    /// A mail about the first order that the relay took.
    private func sent() async throws -> Effect {
        var effect = Effect(
            to: .mail(shop: shop), origin: .person, isContact: true, by: "thanks", line: "email", keys: ["order:1"],
            about: .order("gid://shopify/Order/1"), dueAt: start, createdAt: start)
        effect.state = .ready
        effect.decidedAt = start
        _ = try await store.commitPlan(
            [
                Plan(
                    shop: shop,
                    changes: [
                        PlannedChange(
                            effect: effect, note: DecisionNote(at: start, state: .ready, reason: nil),
                            message: .mail(
                                id: "ours@fig.example", sender: "orders@fig.example", recipient: robin,
                                bytes: Array("Hi".utf8), summary: "Thanks"))
                    ])
            ], now: start)
        let claims = try await store.claim(
            .mail(shop: shop), limit: 1, owner: "p", lease: .minutes(5), now: start + .minutes(2))
        let begun = try await store.begin(claims, lease: .minutes(5), now: start + .minutes(2)).begun
        _ = try await store.finish(
            [AttemptOutcome(claim: begun[0], verdict: .accepted(receipt: "250"))], now: start + .minutes(3))
        return claims[0].effect
    }

    private func forwards() async throws -> [Message] {
        try await store.claim(.mail(shop: shop), limit: 9, owner: "q", lease: .minutes(5), now: start + .days(1))
            .map(\.message)
    }

    @Test("a bounce ends the message, silences the address, and is an event of its order")
    func bounce() async throws {
        let effect = try await sent()
        var mail = IncomingMail(.bounce)
        mail.references = ["other@example.com", "ours@fig.example"]
        mail.recipients = [ReturnedRecipient(address: robin, isHard: true, reason: "user_unknown", status: "5.1.1")]
        try await judge(mail)
        #expect(try await store.effect(effect.id, shop: shop)?.state == .bounced)
        #expect(
            try await store.silences(of: .address(robin), shop: shop, now: start + .hours(1)).map(\.reason) == [
                "bounce"
            ])
        let order = try await store.load(shop: shop, orderIDs: ["gid://shopify/Order/1"]).values.first
        #expect(order?.events.last?.kind == .deliveryBounced)
        #expect(try await forwards().isEmpty)
        // Told again, by another server and with another id: nothing more.
        try await judge(mail, id: "b")
        let again = try await store.load(shop: shop, orderIDs: ["gid://shopify/Order/1"]).values.first
        #expect(again?.events.count == order?.events.count)
    }

    @Test("what a person writes goes to the shop's people, with the order's story above it, once")
    func forwarded() async throws {
        _ = try await sent()
        var mail = IncomingMail(.person)
        mail.sender = robin
        mail.isAuthenticated = true
        mail.subject = "Re: Thanks"
        mail.text = "Where is *it*?\n# no heading"
        mail.messageID = "hers@example.com"
        mail.references = ["ours@fig.example"]
        try await judge(mail)
        try await judge(mail)
        let messages = try await forwards()
        #expect(messages.map(\.envelope.recipient) == ["owner@fig.example"])
        let text = String(decoding: try #require(messages.first).bytes, as: UTF8.self)
        #expect(text.contains("Subject: Order #101: Re: Thanks"))
        #expect(text.contains("Reply-To: \(robin)") || text.contains("Reply-To: <\(robin)>"))
        #expect(text.contains("<hers@example.com>"), "their mail program keeps the thread")
        let story = try #require(text.range(of: "Order #101 of fig.example"))
        let words = try #require(text.range(of: "Where is *it*?"))
        #expect(story.lowerBound < words.lowerBound)
        #expect(!text.contains("Nothing proves"))
        let lines = try await store.incoming(about: OrderKey(shop: shop, orderID: "gid://shopify/Order/1"))
        #expect(lines.map(\.kind) == [.person])
    }

    @Test("an order is found by its number only for whoever it is of, and never guessed between two")
    func orders() async throws {
        var mail = IncomingMail(.person)
        mail.sender = "stranger@example.net"
        mail.orderName = "#102"
        mail.text = "hello"
        try await judge(mail, id: "a")
        mail.sender = robin
        mail.orderName = nil
        try await judge(mail, id: "b")
        mail.orderName = "#102"
        try await judge(mail, id: "c")
        let texts = try await forwards().map { String(decoding: $0.bytes, as: UTF8.self) }
        #expect(texts.count == 3)
        #expect(texts.filter { $0.contains("Order #102 of") }.count == 1)
        #expect(texts.allSatisfy { $0.contains("Nothing proves") || $0.contains("Nothing =") })
    }

    @Test("a machine that looks like a person is not answered for ever")
    func loop() async throws {
        var mail = IncomingMail(.person)
        mail.sender = robin
        mail.text = "I am on the beach."
        for number in 0..<40 { try await judge(mail, id: "\(number)") }
        let texts = try await store.claim(
            .mail(shop: shop), limit: 99, owner: "q", lease: .minutes(5), now: start + .days(1)
        ).map { String(decoding: $0.message.bytes, as: UTF8.self) }
        #expect(texts.count == IncomingRules.letterLimit)
        #expect(texts.filter { $0.contains("has written 20 mails") }.count == 1)
        let lines = try await store.incoming(shop: shop, limit: 99)
        #expect(lines.count { $0.detail.contains("not forwarded") } == 40 - IncomingRules.letterLimit)
    }

    @Test("what only the reader of bounces names is a word of the rules, so that no reason is passed over")
    func reasons() {
        #expect(IncomingRules.notTheAddress.isSubset(of: BounceReason.allCases.map(\.rawValue)))
        let hard = BounceReason.allCases.filter(\.isHard).map(\.rawValue)
        #expect(IncomingRules.notTheAddress.isDisjoint(with: hard))
    }

    @Test("a letter that goes to nobody says why")
    func nobody() async throws {
        let folder = TriggerFolder(
            files: ["shop.yaml": Array("mode: live\nbrand: { name: Fig, from: orders@fig.example }\n".utf8)])
        let set = try #require(TriggerSet.load(folder).set)
        context.replaceTriggers(TriggerReloader.InForce(set: set, since: [:], folder: folder))
        var mail = IncomingMail(.person)
        mail.sender = robin
        mail.orderName = "#102"
        mail.text = "hello"
        try await judge(mail)
        #expect(try await forwards().isEmpty)
        let lines = try await store.incoming(about: OrderKey(shop: shop, orderID: "gid://shopify/Order/2"))
        #expect(lines.map(\.detail) == ["a person wrote; not forwarded, because shop.yaml names nobody under 'notify'"])
    }

    @Test("mail from before the first opening is shown and does nothing")
    func history() async throws {
        _ = try await sent()
        var mail = IncomingMail(.person)
        mail.sender = robin
        mail.text = "stop"
        mail.references = ["ours@fig.example"]
        try await judge(mail, kind: "mail.inbox.history")
        #expect(try await forwards().isEmpty)
        #expect(try await store.silences(of: .address(robin), shop: shop, now: start + .hours(1)).isEmpty)
        let lines = try await store.incoming(about: OrderKey(shop: shop, orderID: "gid://shopify/Order/1"))
        #expect(lines.count == 1)
    }

    @Test("a storm of automatic replies moves nothing")
    func storm() async throws {
        let effect = try await sent()
        for number in 0..<1_000 {
            var mail = IncomingMail(.autoReply)
            mail.sender = robin
            mail.text = "I am away. stop"
            mail.references = ["ours@fig.example"]
            let raw = RawObservation(
                shop: shop, source: "mailbox", externalID: "\(number)", receivedAt: start + .minutes(10),
                kind: "mail.inbox", bytes: [])
            _ = try await store.keep([raw], now: start + .minutes(10))
            let judge = MailJudge(
                read: { [mail] _ in MailJudge.ReadMail(mail: mail) }, context: context, store: store,
                learning: learning, logger: logger,
                newMail: Wake())
            for one in try await store.unjudged(shop: shop, source: "mailbox", limit: 9) {
                _ = try await judge.judge(one, now: start + .minutes(11))
            }
        }
        #expect(try await store.effect(effect.id, shop: shop)?.state == .sent)
        #expect(try await forwards().isEmpty)
        #expect(try await store.silences(shop: shop, limit: 9, now: start + .hours(1)).isEmpty)
        let order = try await store.load(shop: shop, orderIDs: ["gid://shopify/Order/1"]).values.first
        #expect(order?.events.contains { $0.kind == .deliveryBounced } == false)
    }
}
