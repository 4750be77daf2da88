import Delivery
import Foundation
import Intake
import Outreach
import Platform
import Store
import Testing

@testable import Daemon

private let shop = "juniperfig.myshopify.com"
private let url = "https://track.juniperfig.example"

@Suite("Ratings, from the question to the merchant")
struct RatingsEndToEndTests {
    private static let letter = "{% if rating_url %}[5]({{ rating_url }}?score=5){% endif %}"
    private static let ask = "on: shipment.delivered\nabout: ratings"
    private static let tell = """
        on: rating.given
        if: rating.score <= 2
        send: { email: { to: merchant, template: told } }
        """

    private func plans(_ triggers: [String: String] = ["ask": Self.ask], pages: String? = url) async throws -> Plans {
        try await Plans(
            triggers, shopSettings: "notify: help@juniperfig.example\n",
            senders: ", marketing_from: hello@juniperfig.example", pages: pages, letter: Self.letter,
            templates: ["plain": "Hello.", "told": "{{ rating.score }}: {{ rating.words | default: \"nothing\" }}"])
    }

    private func effects(_ plans: Plans, of order: Int = 1) async throws -> [Effect] {
        let key = OrderKey(shop: shop, orderID: "gid://shopify/Order/\(order)")
        return try await plans.store.effects(ofOrders: [key], states: Set(Effect.State.allCases))[key] ?? []
    }

    private func text(_ effect: Effect, _ plans: Plans) async throws -> String {
        let message = try #require(try await plans.store.effectStory(effect.id, shop: shop)?.message)
        return try #require(OpenedMail(message.bytes)).text
    }

    private func judge(_ plans: Plans) -> RatingJudge {
        RatingJudge(store: plans.store, learner: { plans.context.rules.learner })
    }

    @discardableResult
    private func rate(_ score: Int, _ words: String? = nil, _ effect: Effect, _ plans: Plans) async throws
        -> RatingStep?
    {
        let rating = try #require(try await plans.store.rating(request: effect.id, shop: shop))
        return try await judge(plans).take(
            RatingPost(
                request: effect.id, score: score, words: words, shownAt: plans.now - .seconds(9), link: nil),
            of: rating, shop: shop, now: plans.now)
    }

    @Test("a mail that asks has the link of its own question, and no other mail has one")
    func link() async throws {
        let plans = try await plans([
            "ask": Self.ask, "placed": "on: order.placed\nsend: { email: { template: plain } }",
        ])
        try await plans.see(1, parcels: [("A", .delivered)])
        try await plans.work()
        let all = try await effects(plans)
        let ask = try #require(all.first { $0.trigger == "ask" })
        let text = try await text(ask, plans)
        let found = try #require(text.firstMatch(of: /\/p\/1\/juniperfig\/rate\/[A-Za-z0-9_-]+/))
        let link = try #require(SealedLink(path: String(found.0), shops: [shop], keys: plans.store.linkKeys))
        #expect(link.purpose == .rate && link.orderNumber == UInt64(ask.id) && text.contains("?score=5"))
        #expect(link.addressKey == plans.store.addressKey("robin@shopper.example"))
        let other = try #require(all.first { $0.trigger == "placed" })
        #expect(try await !self.text(other, plans).contains("rate"))
        #expect(try await plans.store.rating(request: other.id, shop: shop) == nil)
    }

    @Test("nobody is asked twice within 30 days, over two orders that fall due together")
    func guarded() async throws {
        let plans = try await plans()
        try await plans.see(1, parcels: [("A", .delivered)])
        try await plans.see(2, parcels: [("B", .delivered)])
        try await plans.see(3, parcels: [("C", .delivered)], email: "wren@shopper.example")
        try await plans.work()
        let fates = try await [plans.effects(1), plans.effects(2)].flatMap(\.self)
        #expect(fates.sorted() == ["ask ready", "ask skipped asked_lately"])
        #expect(try await plans.effects(3) == ["ask ready"])
        try await plans.wait(.days(31))
        try await plans.see(4, parcels: [("D", .delivered)])
        try await plans.work()
        #expect(try await plans.effects(4) == ["ask ready"])
    }

    @Test("in shadow mode nobody is asked, so nobody counts as asked")
    func shadow() async throws {
        let plans = try await plans(["ask": Self.ask + "\nmode: shadow"])
        try await plans.see(1, parcels: [("A", .delivered)])
        try await plans.work()
        let effect = try #require(try await effects(plans).first)
        #expect(effect.state == .shadowed)
        #expect(try await plans.store.rating(request: effect.id, shop: shop) == nil)
    }

    @Test("where no pages are served, nobody is asked for what cannot be given")
    func withoutPages() async throws {
        let plans = try await plans(pages: nil)
        try await plans.see(1, parcels: [("A", .delivered)])
        try await plans.work()
        #expect(try await plans.effects(1) == ["ask skipped off"])
    }

    @Test("a low score reaches the merchant once, with its words; a good one does not")
    func told() async throws {
        let plans = try await plans(["ask": Self.ask, "low": Self.tell])
        try await plans.see(1, parcels: [("A", .delivered)])
        try await plans.work()
        let ask = try #require(try await effects(plans).first)
        try await plans.wait(.hours(1))
        #expect(try await rate(5, nil, ask, plans)?.outcome == .counted)
        try await plans.work()
        #expect(try await plans.effects(1) == ["ask ready", "low skipped if"])
        // It falls: told once. It changes again: not told again.
        try await plans.wait(.hours(1))
        #expect(try await rate(2, "Left in the rain.", ask, plans)?.told == 2)
        try await plans.work()
        #expect(try await plans.effects(1) == ["ask ready", "low skipped if", "low ready"])
        let told = try #require(try await effects(plans).last)
        #expect(try await text(told, plans).contains("2: Left in the rain."))
        try await plans.wait(.hours(1))
        try await rate(1, "Worse.", ask, plans)
        try await plans.work()
        #expect(try await plans.effects(1).count == 3)
    }

    @Test("a score that was changed before it was told is told no more")
    func passed() async throws {
        let plans = try await plans(["ask": Self.ask, "low": Self.tell + "\nafter: 2 hours"])
        try await plans.see(1, parcels: [("A", .delivered)])
        try await plans.work()
        let ask = try #require(try await effects(plans).first)
        try await plans.wait(.hours(1))
        try await rate(1, "Broken.", ask, plans)
        try await plans.work()
        #expect(try await plans.effects(1).last == "low waiting wait")
        try await plans.wait(.hours(1))
        try await rate(5, "It was mine to plug in.", ask, plans)
        try await plans.wait(.hours(2))
        #expect(try await plans.effects(1).last == "low skipped passed")
    }

    @Test("a post that was stored before a crash is judged by the loop, and one that was judged is not again")
    func recovered() async throws {
        let plans = try await plans(["ask": Self.ask, "low": Self.tell])
        try await plans.see(1, parcels: [("A", .delivered)])
        try await plans.work()
        let ask = try #require(try await effects(plans).first)
        try await plans.wait(.hours(1))
        let rating = try #require(try await plans.store.rating(request: ask.id, shop: shop))
        let post = RatingPost(
            request: ask.id, score: 2, words: "Wet.", shownAt: plans.now - .seconds(9), link: nil)
        let raw = RawObservation(
            shop: shop, source: RatingPost.source, externalID: "x", receivedAt: plans.now, kind: RatingPost.kind,
            bytes: post.bytes, about: rating.subject)
        let kept = try await plans.store.keep([raw], now: plans.now)
        // The page is gone; the loop of sources finds it.
        let service = SourceService(
            context: plans.context, sources: [RatingSource()], store: plans.store, learning: plans.learning,
            clock: plans.clock, ratings: judge(plans), wake: Wake(), heartbeats: Heartbeats(), logger: plans.logger)
        for _ in 0..<2 { _ = try await service.turn() }
        #expect(try await plans.store.rating(request: ask.id, shop: shop)?.score == 2)
        // Judged by the page as well, at the same time.
        _ = try await judge(plans).judge(kept[0], now: plans.now)
        try await plans.work()
        #expect(try await plans.effects(1) == ["ask ready", "low ready"])
        let day = Zone.utc.day(at: plans.now)
        let sums = try await plans.store.tallySums(shop: shop, from: day.adding(days: -9), to: day)
        #expect(sums.filter { $0.name == .ratings }.map { "\($0.b) \($0.n)" } == ["2 1", "asked 1"])
    }

    @Test("bytes that are no rating are left out with a reason, and hold up nothing")
    func unreadable() async throws {
        let plans = try await plans()
        let raw = RawObservation(
            shop: shop, source: RatingPost.source, externalID: "x", receivedAt: plans.now, kind: RatingPost.kind,
            bytes: Array("nonsense".utf8))
        _ = try await plans.store.keep([raw], now: plans.now)
        let service = SourceService(
            context: plans.context, sources: [RatingSource()], store: plans.store, learning: plans.learning,
            clock: plans.clock, ratings: judge(plans), wake: Wake(), heartbeats: Heartbeats(), logger: plans.logger)
        _ = try await service.turn()
        #expect(try await plans.store.unjudged(shop: shop, source: RatingPost.source, limit: 9).isEmpty)
    }

    @Test("many posts at once leave one rating and tallies that agree")
    func concurrent() async throws {
        let plans = try await plans()
        try await plans.see(1, parcels: [("A", .delivered)])
        try await plans.work()
        let ask = try #require(try await effects(plans).first)
        let rating = try #require(try await plans.store.rating(request: ask.id, shop: shop))
        let start = plans.now + .hours(1)
        let judge = judge(plans)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask {
                    // Minutes apart by their own clocks, so each may be a person's.
                    let now = start + .minutes(2 * number)
                    _ = try await judge.take(
                        RatingPost(
                            request: ask.id, score: 1 + number % 5, words: nil, shownAt: now - .seconds(9), link: nil),
                        of: rating, shop: shop, now: now)
                }
            }
            try await group.waitForAll()
        }
        let day = Zone.utc.day(at: plans.now)
        let sums = try await plans.store.tallySums(shop: shop, from: day, to: day).filter { $0.name == .ratings }
        let score = try await plans.store.rating(request: ask.id, shop: shop)?.score
        #expect(sums.first { $0.b == "asked" }?.n == 1)
        #expect(sums.filter { $0.b != "asked" && $0.n != 0 }.map(\.b) == score.map { ["\($0)"] } ?? [])
    }

    /// A conversation with Robin that a person answered and closed.
    private func talk(_ plans: Plans, about order: Int?, reason: ConversationReason = .done) async throws -> Int64 {
        var message = ConversationMessage(
            .incoming, by: .shopper, at: plans.now, text: "Where is it?", channel: .mailbox)
        message.sender = "robin@shopper.example"
        var opening = ConversationRecord(shop: shop, channel: .mailbox, openedAt: plans.now)
        (opening.address, opening.orderID) = (message.sender, order.map { "gid://shopify/Order/\($0)" })
        let received = ConversationRules.receive(
            message, into: nil, opening: opening, answers: false, now: plans.now)
        let id = try #require(
            try await plans.store.commit(received, judged: [], incoming: nil, now: plans.now)
        ).id
        func record() async throws -> ConversationRecord {
            try #require(try await plans.store.conversations([id], shop: shop, now: plans.now)[id])
        }
        let words = ConversationMessage(
            .outgoing, by: .person("tom@juniperfig.example"), at: plans.now, text: "Soon.", channel: .mailbox)
        let reply = ConversationRules.reply(
            words, by: "tom@juniperfig.example", in: try await record(), now: plans.now)
        _ = try await plans.store.commit(reply, judged: [], incoming: nil, now: plans.now)
        let over = try await record()
        let close = try #require(ConversationRules.close(over, because: reason, now: plans.now))
        _ = try await plans.store.commit(close, judged: [], incoming: nil, now: plans.now)
        return id
    }

    private func asked(_ plans: Plans, _ talk: Int64) async throws -> ConversationEffect? {
        try await plans.store.conversationView(talk, shop: shop)?.effects.first { $0.maker == "ask" }
    }

    private static let askTalks = "on: conversation.closed\nafter: 1 day\nabout: ratings"

    @Test("a day after a conversation its customer is asked, with a way out of its own, and not twice in 30 days")
    func conversations() async throws {
        let plans = try await plans(["ask": Self.askTalks, "told": Self.tell])
        try await plans.see(1)
        let first = try await talk(plans, about: 1)
        try await plans.work()
        #expect(try await asked(plans, first)?.state == .waiting)
        try await plans.wait(.days(1))
        try await plans.work()
        let effect = try #require(try await asked(plans, first))
        #expect(effect.state == .ready, "\(effect)")
        let message = try #require(try await plans.store.effectStory(effect.id, shop: shop)?.message)
        let mail = try #require(OpenedMail(message.bytes))
        #expect(mail.text.contains("/rate/") && mail.text.contains("because you wrote to Juniper & Fig"))
        let head = String(decoding: message.bytes, as: UTF8.self).replacing("\r\n ", with: " ")
        let found = try #require(head.firstMatch(of: /\/p\/1\/juniperfig\/stopratings\/[A-Za-z0-9_-]+/))
        let link = try #require(SealedLink(path: String(found.0), shops: [shop], keys: plans.store.linkKeys))
        #expect(link.purpose == .stopRatings && head.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"))
        let rating = try #require(try await plans.store.rating(request: effect.id, shop: shop))
        #expect(rating.kind == .conversation && rating.subject == .conversation(first))
        // Rated low, it is told, and a person's again.
        _ = try await judge(plans).take(
            RatingPost(request: effect.id, score: 1, words: "No", shownAt: plans.now - .seconds(9), link: nil),
            of: rating, shop: shop, now: plans.now)
        try await plans.work()
        let view = try #require(try await plans.store.conversationView(first, shop: shop))
        #expect(view.record.state == .person && view.record.reason == .ratedLow)
        #expect(view.effects.contains { $0.maker == "told" && $0.state == .ready })
        // The same customer, about another matter.
        let second = try await talk(plans, about: nil)
        try await plans.wait(.days(1))
        try await plans.work()
        #expect(try await asked(plans, second)?.reason == .askedLately)
    }

    @Test("a conversation about no order is asked about at the address that wrote; one that time closed is not")
    func conversationsWithoutOrder() async throws {
        let plans = try await Plans(
            ["ask": Self.askTalks], shopSettings: "notify: help@juniperfig.example\n",
            senders: ", marketing_from: hello@juniperfig.example", pages: url, letter: "How was it? {{ rating_url }}")
        let quiet = try await talk(plans, about: nil, reason: .quiet)
        let open = try await talk(plans, about: nil)
        try await plans.work()
        try await plans.wait(.days(1))
        try await plans.work()
        #expect(try await asked(plans, quiet)?.reason == .nothingToRate)
        let effect = try #require(try await asked(plans, open))
        #expect(effect.reason != .noRecipient, "\(effect)")
    }

    @Test("an erased customer's question opens nothing, and a post on it is left out")
    func erased() async throws {
        let plans = try await plans()
        try await plans.see(1, parcels: [("A", .delivered)])
        try await plans.work()
        let ask = try #require(try await effects(plans).first)
        let rating = try #require(try await plans.store.rating(request: ask.id, shop: shop))
        _ = try await plans.store.erase(address: "robin@shopper.example", shop: shop, now: plans.now)
        let step = try await judge(plans).take(
            RatingPost(request: ask.id, score: 1, words: nil, shownAt: plans.now - .seconds(9), link: nil),
            of: rating, shop: shop, now: plans.now)
        #expect(step == nil)
    }
}

@Suite("Holding out, in the daemon")
struct HoldOutServiceTests {
    @Test("who is held out gets nothing, takes no room, and is counted with those who are told")
    func heldOut() async throws {
        let plans = try await Plans(
            ["placed": "on: order.placed\nhold_out: 50%", "door": "on: shipment.attempted"],
            shopSettings: "limit: { messages: 1, per: 2 hours }\n")
        for order in 1...40 { try await plans.see(order, email: "guest\(order)@shopper.example") }
        try await plans.work()
        var held: [Int] = []
        for order in 1...40 {
            let fate = try await plans.effects(order)
            if fate == ["placed held_out held_out"] { held.append(order) } else { #expect(fate == ["placed ready"]) }
        }
        #expect((8...32).contains(held.count), "\(held.count)")
        let one = try #require(held.first)
        // Seen again, nothing changes; and there is room for the next.
        try await plans.see(one, parcels: [("A", .attempted)], email: "guest\(one)@shopper.example")
        try await plans.work()
        #expect(try await plans.effects(one) == ["placed held_out held_out", "door ready"])
        let day = Zone.utc.day(at: plans.now)
        let sums = try await plans.store.trialSums(shop: shop, from: day, to: day)
        #expect(sums.map(\.trigger) == ["placed", "placed"])
        #expect(sums.first(where: \.isHeld)?.n == Int64(held.count))
        #expect(sums.first { !$0.isHeld }?.n == Int64(40 - held.count))
        let account = try #require(
            try await AccountSources(
                OrderKey(shop: shop, orderID: "gid://shopify/Order/\(one)"), store: plans.store, now: plans.now))
        let text = OrderAccount(account).text(zone: .utc)
        #expect(
            text.contains("whom the trigger does not tell, to measure what telling is worth")
                && text.contains("50 % of the customers are"), "\(text)")
    }
}
