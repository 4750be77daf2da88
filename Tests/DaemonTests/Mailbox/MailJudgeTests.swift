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
            read: { _, _ in MailJudge.ReadMail(mail: mail) }, context: context, store: store, learning: learning,
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

    @Test("what a person writes goes to the shop's people, with the order's story below it, once")
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
        #expect(words.lowerBound < story.lowerBound)
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

    private func stopMail(_ text: String = "STOP", from sender: String = robin) -> IncomingMail {
        var mail = IncomingMail(.person)
        mail.sender = sender
        mail.text = text
        mail.messageID = "hers@example.com"
        return mail
    }

    private func events(_ kind: EventKind, of number: Int) async throws -> Int {
        let id = "gid://shopify/Order/\(number)"
        return try await store.load(shop: shop, orderIDs: [id])[id]?.events.count { $0.kind == kind } ?? 0
    }

    private func streams(of address: String = robin) async throws -> Set<MailStream> {
        Set(try await store.silences(of: .address(address), shop: shop, now: start + .hours(1)).map(\.stream))
    }

    @Test(
        "a lone stop word ends offers and requests for ratings, is confirmed once, in her language, and is an event",
        arguments: [
            ("en-GB", "No more offers"), ("de-CH", "Keine Angebote mehr"), ("fr", "Plus d’offres"),
            ("es_MX", "No más ofertas"), ("nl", "No more offers"),
        ])
    func stop(_ locale: String, _ subject: String) async throws {
        _ = try await sent()
        var facts = OrderFacts(
            id: "gid://shopify/Order/1", name: "#101", createdAt: start, updatedAt: start + .minutes(2))
        facts.email = robin
        facts.locale = locale
        _ = try await learning.learn(
            [Observation(shop: shop, seenAt: start + .minutes(2), content: .order(facts))], of: context,
            now: start + .minutes(2))
        var mail = stopMail()
        mail.references = ["ours@fig.example"]
        try await judge(mail, id: "a")
        #expect(try await streams() == [.marketing, .ratings])
        #expect(try await events(.customerUnsubscribed, of: 1) == 1)
        let confirmations = try await forwards().filter { $0.envelope.recipient == robin }
        let confirmation = try #require(confirmations.first)
        #expect(confirmations.count == 1 && confirmation.summary == subject)
        let text = String(decoding: confirmation.bytes, as: UTF8.self)
        #expect(text.contains("START") && text.contains("Auto-Submitted: auto-generated"))
        #expect(text.contains("In-Reply-To: <hers@example.com>"))
        #expect(confirmation.envelope.sender.isEmpty, "nothing comes back of it")
        // Every mail of marketing has the token in its header, and is forwarded: it must not lead to this id.
        let token = store.unsubscribeTokens.token(shop: shop, address: robin, stream: .marketing)
        let guessed = MessageIdentity.notice(
            shop: shop, kind: SystemMail.stopped, about: token,
            domain: context.rules.planner.triggers.settings.brand.from.domain)
        #expect(confirmation.id != guessed)

        // Said again, also in answer to the confirmation: nothing more.
        mail.references = [confirmation.id]
        for number in 0..<3 { try await judge(mail, id: "again\(number)") }
        #expect(try await events(.customerUnsubscribed, of: 1) == 1)
        let lines = try await store.outbox(shop: shop, limit: 99).filter { $0.effect.trigger == SystemMail.stopped }
        #expect(lines.count == 1)
    }

    @Test("only who got the confirmation can undo it, and is then not confirmed again within its month")
    func undo() async throws {
        try await judge(stopMail(), id: "a")
        let id = try #require(try await forwards().first { $0.envelope.recipient == robin }?.id)
        var start = stopMail("start!")
        try await judge(start, id: "b")
        #expect(try await streams() == [.marketing, .ratings], "it answers nothing of ours")
        start.references = [id]
        start.sender = "eve@example.net"
        try await judge(start, id: "c")
        #expect(try await streams() == [.marketing, .ratings])
        start.sender = robin
        try await store.silence(.address(robin), shop: shop, reason: "bounce", until: nil, now: Self.later)
        try await judge(start, id: "d")
        #expect(try await streams() == [.all], "what was not asked for stays")
        try await store.unsilence(.address(robin), shop: shop, now: Self.later)
        try await judge(stopMail(), id: "e")
        #expect(try await streams() == [.marketing, .ratings])
        let lines = try await store.outbox(shop: shop, limit: 99).filter { $0.effect.trigger == SystemMail.stopped }
        #expect(lines.count == 1, "the same address never gets it twice")
    }

    private static let later = start + .minutes(12)

    @Test(
        "no confirmation to strangers, to the shop itself, to who gets no mail at all, or while nothing goes to shoppers",
        arguments: ["eve@example.net", "orders@fig.example", "Owner@Fig.example"])
    func unconfirmed(_ sender: String) async throws {
        try await judge(stopMail(from: sender), id: "a")
        #expect(try await streams(of: sender) == [.marketing, .ratings])
        try await store.silence(.address(robin), shop: shop, reason: "bounce", until: nil, now: Self.later)
        try await judge(stopMail(), id: "b")
        try await store.unsilence(.address(robin), shop: shop, now: Self.later)
        let folder = TriggerFolder(
            files: [
                "shop.yaml": Array(
                    "mode: shadow\nnotify: owner@fig.example\nbrand: { name: Fig, from: orders@fig.example }\n".utf8)
            ])
        let set = try #require(TriggerSet.load(folder).set)
        context.replaceTriggers(TriggerReloader.InForce(set: set, since: [:], folder: folder))
        try await judge(stopMail(), id: "c")
        #expect(try await streams() == [.marketing, .ratings])
        let made = try await store.outbox(shop: shop, limit: 99).map(\.effect.trigger)
        #expect(!made.contains(SystemMail.stopped), "\(made)")
    }

    @Test("the button of a mail ends its own stream, is an event of her newest order, and needs no confirmation")
    func button() async throws {
        var mail = stopMail("", from: "program@example.com")
        mail.subject =
            "unsubscribe " + store.unsubscribeTokens.token(shop: shop, address: robin, stream: .ratings)
        for id in ["a", "b"] { try await judge(mail, id: id) }
        #expect(try await streams() == [.ratings])
        let counts = [try await events(.customerUnsubscribed, of: 1), try await events(.customerUnsubscribed, of: 2)]
        #expect(counts.reduce(0, +) == 1, "\(counts)")
        let made = try await store.outbox(shop: shop, limit: 99).map(\.effect.trigger)
        #expect(!made.contains(SystemMail.stopped))
    }

    @Test("a mail of ours about no order ends as bounced, and is no event: events are of orders")
    func withoutOrder() async throws {
        var effect = Effect(
            to: .mail(shop: shop), origin: .system, isContact: false, by: "login", line: "email", keys: ["a"],
            about: nil, dueAt: start, createdAt: start)
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
                                id: "login@fig.example", sender: "orders@fig.example", recipient: robin,
                                bytes: Array("Hi".utf8), summary: "Log in"))
                    ])
            ], now: start)
        let claims = try await store.claim(
            .mail(shop: shop), limit: 1, owner: "p", lease: .minutes(5), now: start + .minutes(2))
        let begun = try await store.begin(claims, lease: .minutes(5), now: start + .minutes(2)).begun
        _ = try await store.finish(
            [AttemptOutcome(claim: begun[0], verdict: .accepted(receipt: "250"))], now: start + .minutes(3))
        var mail = IncomingMail(.bounce)
        mail.references = ["login@fig.example"]
        mail.recipients = [ReturnedRecipient(address: robin, isHard: true, reason: "user_unknown", status: "5.1.1")]
        try await judge(mail)
        #expect(try await store.effect(claims[0].effect.id, shop: shop)?.state == .bounced)
        #expect(try await streams() == [.all])
        #expect(try await events(.deliveryBounced, of: 1) + events(.deliveryBounced, of: 2) == 0)
    }

    @Test("an order's number is read as the shop writes it, by the orders that it has")
    func style() async throws {
        for number in 1...9 {
            var facts = OrderFacts(
                id: "gid://shopify/Order/9\(number)", name: "JF-900\(number)-A", createdAt: start, updatedAt: start)
            facts.email = robin
            _ = try await learning.learn(
                [Observation(shop: shop, seenAt: start + .minutes(1), content: .order(facts))], of: context,
                now: start + .minutes(1))
        }
        var seen: OrderNumbers.Style?
        let raw = RawObservation(
            shop: shop, source: "mailbox", externalID: "n", receivedAt: start + .minutes(10), kind: "mail.inbox",
            bytes: Array("From: \(robin)\r\nSubject: hi\r\n\r\nWhere is order 9003?".utf8))
        _ = try await store.keep([raw], now: start + .minutes(10))
        let styles = AsyncStream<OrderNumbers.Style>.makeStream()
        let judge = MailJudge(
            read: { observation, style in
                styles.continuation.yield(style)
                return MailJudge.ReadMail(observation, settings: MailSettings(), orders: style)
            }, context: context, store: store, learning: learning, logger: logger, newMail: Wake())
        for one in try await store.unjudged(shop: shop, source: "mailbox", limit: 9) {
            _ = try await judge.judge(one, now: start + .minutes(11))
        }
        styles.continuation.finish()
        for await style in styles.stream { seen = style }
        #expect(seen == OrderNumbers.Style(prefix: "JF-", suffix: "-A"))
        let lines = try await store.incoming(about: OrderKey(shop: shop, orderID: "gid://shopify/Order/93"))
        #expect(lines.map(\.kind) == [.person])
        // "#9004" is all that she writes of JF-9004-A.
        var mail = stopMail("hello")
        mail.orderName = "#9004"
        try await self.judge(mail, id: "o")
        #expect(try await store.incoming(about: OrderKey(shop: shop, orderID: "gid://shopify/Order/94")).count == 1)
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
                read: { [mail] _, _ in MailJudge.ReadMail(mail: mail) }, context: context, store: store,
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
