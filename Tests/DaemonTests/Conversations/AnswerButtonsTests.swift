import Delivery
import Foundation
import Outreach
import Platform
import Store
import Testing

@testable import Daemon

private let shop = "juniperfig.myshopify.com"
private let url = "https://track.juniperfig.example"

@Suite("The buttons below an answer, from the mail to the person")
struct DaemonAnswerButtonsTests {
    /// A message of Robin's that a trigger may answer.
    private func written(_ plans: Plans) async throws -> ConversationRecord {
        try await plans.see(1)
        var message = ConversationMessage(
            .incoming, by: .shopper, at: plans.now, text: "Where is it?", channel: .mailbox)
        message.sender = "robin@shopper.example"
        message.subject = "Hello"
        var understood = Understood()
        (understood.asks, understood.language, understood.isCertain) = (["where_is_my_order"], "en", true)
        message.understood = understood
        var opening = ConversationRecord(shop: shop, channel: .mailbox, openedAt: plans.now)
        opening.address = message.sender
        opening.orderID = "gid://shopify/Order/1"
        let change = ConversationRules.receive(message, into: nil, opening: opening, answers: true, now: plans.now)
        let id = try #require(try await plans.store.commit(change, judged: [], incoming: nil, now: plans.now)).id
        return try #require(try await plans.store.conversations([id], shop: shop, now: plans.now)[id])
    }

    private func answers(_ plans: Plans, _ conversation: Int64) async throws -> [String: OpenedMail] {
        var mails: [String: OpenedMail] = [:]
        let view = try #require(try await plans.store.conversationView(conversation, shop: shop))
        for effect in view.effects {
            let message = try await plans.store.effectStory(effect.id, shop: shop)?.message
            if let message, let mail = OpenedMail(message.bytes) { mails[effect.maker] = mail }
        }
        return mails
    }

    private static let triggers = [
        "where": "on: message.received\nanswers_even: no_order\nsend: answer",
        "received": "on: conversation.handed_over\nanswers_even: no_order\nsend: answer",
    ]

    @Test("an answer has the link of its own; word that a person has it, and mail without pages, have none")
    func link() async throws {
        for pages in [url, nil] {
            let plans = try await Plans(
                Self.triggers, shopSettings: "answers: { others: live }\n", pages: pages,
                templates: ["where": "It is in Leeds.", "received": "A person has it."])
            let record = try await written(plans)
            try await plans.work()
            let all = try await plans.store.conversations([record.id], shop: shop, now: plans.now)
            let answered = try #require(all[record.id])
            let change = try #require(ConversationRules.handOver(answered, because: .needsHuman))
            _ = try await plans.store.commit(change, judged: [], incoming: nil, now: plans.now)
            try await plans.work()
            let mails = try await answers(plans, record.id)
            let view = try await plans.store.conversationView(record.id, shop: shop)
            let fates = view?.effects.map { "\($0.maker) \($0.state) \($0.reason?.rawValue ?? "") \($0.detail ?? "")" }
            let answer = try #require(mails["where"], "\(fates ?? []) \(view?.misses ?? [])")
            let received = try #require(mails["received"])
            #expect(received.text.contains("A person has it.") && !received.text.contains("say="))
            guard pages != nil else {
                #expect(!answer.text.contains("say=") && answer.text.contains("written by a program"))
                continue
            }
            let links = answer.text.matches(of: /(\/p\/1\/juniperfig\/answer\/[A-Za-z0-9_-]+)\?say=([a-z]+)/)
            #expect(links.map { String($0.2) } == ["helped", "person"])
            let path = try #require(links.first.map { String($0.1) })
            let link = try #require(SealedLink(path: path, shops: [shop], keys: plans.store.linkKeys))
            let standing = try #require(
                try await plans.store.answerStanding(Int64(link.orderNumber), shop: shop))
            #expect(link.purpose == .answer && standing.conversation == record.id)
            #expect(standing.addressKey == link.addressKey)
            #expect(link.addressKey == plans.store.addressKey("robin@shopper.example"))
            #expect(answer.html.contains("\(url)\(path)?say=person"))
        }
    }

    @Test("in shadow mode the buttons open nothing")
    func shadow() async throws {
        let plans = try await Plans(
            ["where": "on: message.received\nanswers_even: no_order\nmode: shadow\nsend: answer"],
            shopSettings: "answers: { others: live }\n", pages: url, templates: ["where": "It is in Leeds."])
        let record = try await written(plans)
        try await plans.work()
        if let mail = try await answers(plans, record.id)["where"] {
            #expect(mail.text.contains("/p/example/answer?say=person") && !mail.text.contains("/p/1/"))
        }
    }

    @Test("the shop's people get the letter that the answer did not help with, and the journal says why")
    func forwarded() async throws {
        let mails = try await MailBench()
        try await mails.judge(letter("where is my order?", id: "one@shopper.example"))
        try await mails.answer(try await mails.conversation())
        let record = try await mails.conversation()
        let answer = try #require(
            try await mails.store.answers(to: record.messages[0].id, of: record.id, shop: benchShop).first)
        if let change = ConversationRules.decide(record, answers: [answer], now: mails.bench.now) {
            _ = try await mails.store.commit(change, judged: [], incoming: nil, now: mails.bench.now)
        }
        #expect(try await mails.conversation().state == .ours)
        mails.bench.pass(.hours(2))
        let newMail = Wake()
        let buttons = AnswerButtons(
            store: mails.store,
            letters: LetterForwarder(
                read: { observation, _ in
                    MailJudge.ReadMail(mail: letter(String(decoding: observation.bytes, as: UTF8.self)))
                }, context: mails.context, store: mails.store), texts: nil,
            journal: ConversationJournal(
                metrics: mails.bench.metrics, newEvents: Wake(), newMail: newMail, logger: mails.bench.lines.logger()))
        let standing = try #require(try await mails.store.answerStanding(answer.id, shop: benchShop))
        #expect(
            try await buttons.press(.person, on: standing, shop: benchShop, now: mails.bench.now) == .done)
        let after = try await mails.conversation()
        #expect(after.state == .person && after.reason == .notHelped && after.waitsSince == mails.bench.now)
        #expect(try await mails.forwards().count == 1)
        #expect(mails.bench.lines.facts(.conversationHandedOver).map { $0["reason"] } == ["not_helped"])
        // A second press finds a person there.
        #expect(
            try await buttons.press(.person, on: standing, shop: benchShop, now: mails.bench.now) == .done)
        #expect(try await mails.forwards().count == 1)
        #expect(try await mails.conversation().version == after.version)
    }
}
