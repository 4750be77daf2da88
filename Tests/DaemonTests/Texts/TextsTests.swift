import Delivery
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
private let number = "+447700900123"
private let token = "t0ken"

@Suite("Texts that come in") struct TextsTests {
    private let store: Store
    private let context: ShopContext
    private let learning: Learning
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private let account = TwilioAccount(
        sid: "AC0123456789abcdef0123456789abcdef", token: SecretString(token), sender: .from("+447700900000"))
    private static let secret = "whsec_" + Data(repeating: 7, count: 32).base64EncodedString()

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
                    redirectTo: nil, sender: nil, startTLS: .opportunistic, authority: nil, certificate: nil, key: nil),
                webhooks: [:]),
            rules: ShopContext.Rules(
                planner: Planner(triggers: triggers, inForceSince: [:], live: live, shop: ShopProfile(domain: shop)),
                learner: Learner(live: live, shopZone: .utc, rereadEvery: .minutes(1)),
                inForce: TriggerReloader.InForce(set: triggers, since: [:], folder: folder)))
        learning = Learning(
            store: store, logger: logger, metrics: DaemonMetrics(), newEvents: Wake(), newMoments: Wake())
        var facts = OrderFacts(id: "gid://shopify/Order/1", name: "#101", createdAt: start, updatedAt: start)
        facts.email = "robin@example.com"
        facts.locale = "de"
        _ = try await learning.learn(
            [Observation(shop: shop, seenAt: start + .minutes(1), content: .order(facts))], of: context,
            now: start + .minutes(1))
    }

    private func hooks(_ settings: SMSSettings? = nil) -> TextHooks {
        TextHooks(
            desks: [
                shop: TextHooks.Desk(
                    settings: settings ?? SMSSettings(.twilio(account), confirmsStops: false), wake: Wake())
            ], store: store, logger: logger, now: { start + .minutes(5) }, url: "https://track.fig.example")
    }

    private func bring(
        _ words: String, id: String = "SM1", from: String = number, token: String = token, path: String = "/sms/\(shop)"
    ) async -> TextHooks.Answer {
        func escaped(_ text: String) -> String { text.addingPercentEncoding(withAllowedCharacters: .alphanumerics)! }
        let body = Array("MessageSid=\(id)&From=\(escaped(from))&To=%2B447700900000&Body=\(escaped(words))".utf8)
        let header = TwilioSignature.signature(
            url: "https://track.fig.example\(path)", form: FormFields(body)!, token: SecretString(token))
        return await hooks().receive(path: path, headers: ["x-twilio-signature": header], body: body)
    }

    private func judge(confirmsStops: Bool = false) async throws {
        let judge = TextJudge(
            context: context, store: store, learning: learning, logger: logger, confirmsStops: confirmsStops,
            newMessages: Broadcast())
        let journal = StoreObservations(context: context, store: store, learning: learning, texts: judge)
        let report = try await SourceReader(TextSource(), journal: journal).turn(now: start + .minutes(6))
        #expect(report.faults.isEmpty)
        #expect(try await store.unjudged(shop: shop, source: "sms", limit: 9).isEmpty)
    }

    /// A text about the first order that the provider took.
    private func sent() async throws {
        var effect = Effect(
            to: Route(shop: shop, channel: .sms), origin: .person, isContact: true, by: "thanks", line: "sms",
            keys: ["order:1"], about: .order("gid://shopify/Order/1"), dueAt: start, createdAt: start)
        effect.state = .ready
        effect.decidedAt = start
        _ = try await store.commitPlan(
            [
                Plan(
                    shop: shop,
                    changes: [
                        PlannedChange(
                            effect: effect, note: DecisionNote(at: start, state: .ready, reason: nil),
                            message: .sms(id: "sms_1", recipient: number, text: TextMessage("It is there.")))
                    ])
            ], now: start)
    }

    private func texts() async throws -> [Message] {
        try await store.claim(
            Route(shop: shop, channel: .sms), limit: 9, owner: "q", lease: .minutes(5), now: start + .days(1)
        ).map(\.message).filter { $0.id != "sms_1" }
    }

    private func isSilenced() async throws -> Bool {
        try await store.isSilenced(
            shop: shop, address: number, customerID: nil, orderID: "gid://shopify/Order/9", stream: .order,
            now: start + .hours(1))
    }

    @Test("are stored before they are answered, and one brought twice is one")
    func stored() async throws {
        let answer = await bring("Hello, where is it?")
        #expect(answer.status == 200 && answer.body == "<Response/>" && answer.type.hasPrefix("text/xml"))
        #expect(await bring("Hello, where is it?").status == 200)
        let kept = try await store.unjudged(shop: shop, source: "sms", limit: 9)
        #expect(kept.count == 1 && kept[0].externalID == "SM1" && kept[0].kind == "sms.twilio")
        let text = try IncomingText(kept[0])
        #expect(text.from?.text == number && text.text == "Hello, where is it?" && text.to == "+447700900000")
        try await judge()
        let line = try await store.incoming(shop: shop, limit: 9)
        #expect(line.count == 1 && line[0].kind == .person && line[0].detail == "a person wrote by SMS")
        // Nobody is texted; the shop's people get it by mail.
        #expect(try await texts().isEmpty)
        let talk = try #require(try await talks().first)
        #expect(talk.state == .person && talk.channel == .sms && talk.address == number && talk.messages.count == 1)
        let mails = try await store.claim(
            .mail(shop: shop), limit: 9, owner: "q", lease: .minutes(5), now: start + .days(1))
        #expect(mails.count == 1 && mails[0].message.envelope.recipient == "owner@fig.example")
        #expect(mails.first.flatMap { OpenedMail($0.message.bytes) }?.text.contains("Hello, where is it?") == true)
    }

    private func talks() async throws -> [ConversationRecord] {
        let ids = try await store.inbox(shop: shop, list: .all).map(\.id)
        let all = try await store.conversations(ids, shop: shop, now: start + .minutes(7))
        return ids.compactMap { all[$0] }
    }

    /// Order #101 is known by the number from now on.
    private func know(_ phone: String) async throws {
        var facts = OrderFacts(
            id: "gid://shopify/Order/1", name: "#101", createdAt: start, updatedAt: start + .minutes(2))
        facts.email = "robin@example.com"
        facts.phone = phone
        _ = try await learning.learn(
            [Observation(shop: shop, seenAt: start + .minutes(2), content: .order(facts))], of: context,
            now: start + .minutes(2))
    }

    @Test("are about the order that they name or answer, if the number is that order's, and about none otherwise")
    func orders() async throws {
        try await sent()
        _ = await bring("Where is #101?")
        try await judge()
        let stranger = try #require(try await talks().first)
        #expect(stranger.orderID == nil && stranger.messages[0].trust == 0)
        try await know(number)
        _ = await bring("Where is my order #101? When will it arrive?", id: "SM2", from: number)
        _ = await bring("Where is it?", id: "SM3", from: "+447700900777")
        try await judge()
        let talks = try await talks()
        let hers = try #require(talks.first { $0.address == number && $0.orderID != nil })
        #expect(hers.orderID == "gid://shopify/Order/1" && hers.messages.last?.trust == 1)
        #expect(hers.messages.last?.understood?.asks.first == "where_is_my_order")
        let other = try #require(talks.first { $0.address == "+447700900777" })
        #expect(other.orderID == nil && other.messages[0].trust == 0)
    }

    @Test("a wish for no more texts in free words ends them, and a person reads it, once")
    func freeStop() async throws {
        try await sent()
        _ = await bring("please stop texting me about my order")
        try await judge(confirmsStops: true)
        #expect(try await isSilenced())
        let talk = try #require(try await talks().first)
        #expect(talk.state == .person && talk.messages.count == 1)
        let record = try await store.load(shop: shop, orderIDs: ["gid://shopify/Order/1"])["gid://shopify/Order/1"]
        #expect(record?.events.count { $0.kind == .customerUnsubscribed } == 1)
        #expect(try await store.incoming(shop: shop, limit: 9).count == 1)
    }

    @Test("stand in the Inbox in shadow mode, and are forwarded to nobody")
    func shadow() async throws {
        let folder = TriggerFolder(
            files: [
                "shop.yaml": Array(
                    "mode: shadow\nnotify: owner@fig.example\nbrand: { name: Fig, from: orders@fig.example }\n".utf8)
            ])
        let set = try #require(TriggerSet.load(folder).set)
        context.replaceTriggers(TriggerReloader.InForce(set: set, since: [:], folder: folder))
        #expect(await bring("where is #101?").status == 200)
        try await judge()
        #expect(try await talks().map(\.state) == [.person])
        #expect(try await store.outbox(shop: shop, limit: 9).isEmpty)
    }

    @Test("are believed by their signature alone")
    func signature() async throws {
        #expect(await bring("STOP", token: "another").status == 403)
        #expect(await hooks().receive(path: "/sms/\(shop)", headers: [:], body: Array("Body=STOP".utf8)).status == 403)
        #expect(await bring("STOP", path: "/sms/other.example").status == 404)
        #expect(try await store.unjudged(shop: shop, source: "sms", limit: 9).isEmpty)
        // A signed report on a message of ours is no text.
        let status = Array("MessageSid=SM9&MessageStatus=delivered&To=%2B447700900123&From=x".utf8)
        let header = TwilioSignature.signature(
            url: "https://track.fig.example/sms/\(shop)", form: FormFields(status)!, token: SecretString(token))
        let answer = await hooks().receive(
            path: "/sms/\(shop)", headers: ["x-twilio-signature": header], body: status)
        #expect(answer.status == 200)
        #expect(try await store.unjudged(shop: shop, source: "sms", limit: 9).isEmpty)
    }

    @Test("STOP ends all texts to the number, START takes it back, and each is confirmed once")
    func stop() async throws {
        try await sent()
        _ = await bring("Stop")
        try await judge(confirmsStops: true)
        #expect(try await isSilenced())
        let reply = try #require(try await texts().first)
        #expect(reply.envelope.recipient == number)
        #expect(
            String(decoding: reply.bytes, as: UTF8.self)
                == "Fig: Du bekommst keine SMS mehr von uns. War das nicht gemeint, antworte START.")
        // The merchant hears of it as an event of the order that was last texted about.
        let record = try await store.load(shop: shop, orderIDs: ["gid://shopify/Order/1"])["gid://shopify/Order/1"]
        #expect(record?.events.contains { $0.kind == .customerUnsubscribed } == true)
        _ = await bring("stop", id: "SM2")
        try await judge(confirmsStops: true)
        #expect(try await texts().isEmpty, "what is said again is not confirmed again")
        _ = await bring("START", id: "SM3")
        try await judge(confirmsStops: true)
        #expect(try await !isSilenced())
        #expect(try await texts().map { String(decoding: $0.bytes, as: UTF8.self).contains("STOP") } == [true])
    }

    @Test("a START does not lift a silence that nobody asked for by opting out")
    func bounced() async throws {
        try await store.silence(.address(number), shop: shop, reason: "by_hand", until: nil, now: start)
        _ = await bring("START")
        try await judge(confirmsStops: true)
        #expect(try await isSilenced())
        #expect(try await texts().isEmpty)
    }

    @Test("Twilio's own words are left for Twilio to answer")
    func twilios() async throws {
        _ = await bring("STOP")
        try await judge()
        #expect(try await isSilenced())
        #expect(try await texts().isEmpty)
    }

    @Test("a gateway's texts are signed JSON")
    func gateway() async throws {
        let settings = SMSSettings(
            .gateway(
                url: "https://gateway.example", secrets: [SecretString(Self.secret)], from: nil, allowPrivate: false),
            confirmsStops: true)
        let now = start + .minutes(5)
        func bring(_ json: String, at moment: Moment, secret: String = Self.secret) async throws -> Int {
            let body = Array(json.utf8)
            let signed = WebhookSignature(id: "w1", at: moment, body: body, secrets: [try WebhookSecret(secret)])
            return await hooks(settings).receive(
                path: "/sms/\(shop)",
                headers: [
                    "webhook-id": signed.id, "webhook-timestamp": signed.timestamp,
                    "webhook-signature": signed.signature,
                ], body: body
            ).status
        }
        let json = #"{"id": "g1", "from": "+447700900123", "to": "FIG", "text": "Hi \ud83d\ude00"}"#
        #expect(try await bring(json, at: now - .minutes(6)) == 403, "too old")
        let other = "whsec_" + Data(repeating: 8, count: 32).base64EncodedString()
        #expect(try await bring(json, at: now, secret: other) == 403)
        #expect(try await bring(#"{"id": "g1"}"#, at: now) == 400)
        #expect(try await bring(json, at: now) == 204)
        let kept = try await store.unjudged(shop: shop, source: "sms", limit: 9)
        #expect(try kept.map { try IncomingText($0).text } == ["Hi 😀"])
    }

    @Test("every answer to STOP, START and HELP is one segment of the plain alphabet")
    func replies() {
        for reply in [TextRules.Reply.stopped, .started, .help] {
            for language in TextReplies.languages {
                let words = TextReplies.words(
                    reply, locale: language, shop: "Juniper & Fig", help: "help@juniperfig.example")
                let text = TextMessage(words)
                #expect(text.segments == 1 && text.text.contains(reply == .stopped ? "START" : "STOP"), "\(words)")
            }
        }
    }
}
