import Foundation
import Outreach
import Platform
import Store
import Synchronization
import Testing

@testable import Daemon

@Suite("Remedies, from the file to what she chose", .timeLimit(.minutes(5)))
struct RemediesTests {
    @Test("wait for approval of the dearest sum, and only then does she hear of them")
    func approved() async throws {
        let bench = try await RemedyBench()
        try await bench.see(1)
        try await bench.work()
        let asked = try await bench.offer(1)
        #expect(asked.state == .asked && asked.offer.options.map(\.what) == [.refund, .reship, .gift("sorry")])
        // 45.00 at the dearest, and the gift that goes along.
        #expect(asked.offer.dearest == 6000)
        #expect(try await bench.spent() == GiftHistory.Spent(sum: 6000, count: 1))
        let notes = try await bench.store.effectStory(bench.decided(1).id, shop: remedyShop)?.story.decisions ?? []
        let why = try #require(notes.compactMap(\.detail).first)
        #expect(why.hasSuffix(asked.offer.why))
        for part in [
            "'lost-parcel' of policy.yaml, line 14", "order.total_price is 45.00",
            "0.00 GBP given this month of '200.00 per month'",
        ] {
            #expect(why.contains(part), "\(why)")
        }
        #expect(try await bench.letter(1) == nil && bench.codes.codes.isEmpty)
        // Those who may approve the sum are told, and nobody else.
        let told = try await bench.mails(RemedyService.mail)
        #expect(told.map(\.envelope.recipient) == ["anna@juniperfig.example"])
        #expect(
            told.allSatisfy { String(decoding: $0.bytes, as: UTF8.self).contains("/juniperfig/approvals") })

        let judged = try await bench.desk.judge(
            asked.number, shop: remedyShop, version: asked.version, approves: true, by: RemedyBench.anna,
            note: "A good customer", now: bench.now)
        #expect(judged == .done)
        try await bench.work()
        try await bench.wait(.seconds(6))
        let open = try await bench.offer(1)
        #expect(open.state == .open && open.judgedBy == RemedyBench.anna.email && open.note == "A good customer")
        // The gift's part of the sum is the gift's by now, and the sum is the same.
        #expect(try await bench.spent() == GiftHistory.Spent(sum: 6000, count: 1))
        let code = try #require(bench.codes.live.first)
        let letter = try #require(try await bench.letter(1))
        #expect(
            letter.contains("Choose refund, reship, sorry at https://track.juniperfig.example/p/1/juniperfig/remedy/"))
        #expect(letter.contains(code))
    }

    @Test("are approved by nobody whose sum is lower, once, and not after somebody else judged them")
    func limits() async throws {
        let bench = try await RemedyBench()
        try await bench.see(1)
        try await bench.work()
        let asked = try await bench.offer(1)
        func judge(_ person: Person, approves: Bool = true, version: Int64) async throws -> OfferDesk.Judged {
            try await bench.desk.judge(
                asked.number, shop: remedyShop, version: version, approves: approves, by: person, note: "",
                now: bench.now)
        }
        guard case .objection = try await judge(RemedyBench.tom, version: asked.version) else {
            Issue.record("20.00 covers no 60.00")
            return
        }
        let none = Person(email: "n@juniperfig.example", name: "N", roles: [.approve])
        guard case .objection = try await judge(none, version: asked.version) else {
            Issue.record("without 'approve_up_to' nothing is approved")
            return
        }
        #expect(try await bench.offer(1).state == .asked)
        #expect(try await judge(RemedyBench.anna, version: asked.version - 1) == .stale)
        #expect(try await judge(RemedyBench.anna, version: asked.version) == .done)
        #expect(try await judge(RemedyBench.anna, approves: false, version: asked.version) == .stale)
        #expect(try await bench.offer(1).state == .open)
    }

    @Test("that are refused cost nothing, and a person has the matter with the reason")
    func refused() async throws {
        let bench = try await RemedyBench()
        try await bench.see(1)
        try await bench.work()
        let asked = try await bench.offer(1)
        // Whoever may not approve the sum may refuse it.
        let judged = try await bench.desk.judge(
            asked.number, shop: remedyShop, version: asked.version, approves: false, by: RemedyBench.tom,
            note: "The parcel is in the depot", now: bench.now)
        #expect(judged == .done)
        try await bench.work()
        #expect(try await bench.spent() == GiftHistory.Spent())
        let notes = try await bench.notes(1)
        #expect(notes.count == 1 && notes[0].contains("Tom refused") && notes[0].contains("The parcel is in the depot"))
        #expect(try await bench.letter(1) == nil)
    }

    @Test("that nobody approves are reminded of at half time, and go to the Inbox with their reason")
    func unapproved() async throws {
        let bench = try await RemedyBench()
        try await bench.see(1)
        try await bench.work()
        try await bench.wait(.hours(11))
        #expect(try await bench.offer(1).remindedAt == nil)
        try await bench.wait(.hours(2))
        #expect(try await bench.offer(1).remindedAt != nil)
        let mails = try await bench.mails(RemedyService.mail)
        #expect(mails.contains { String(decoding: $0.bytes, as: UTF8.self).contains("Still to be approved") })
        #expect(try await bench.notes(1).isEmpty)
        try await bench.wait(.hours(12))
        #expect(try await bench.offer(1).state == .lapsed)
        #expect(try await bench.spent() == GiftHistory.Spent())
        let notes = try await bench.notes(1)
        #expect(notes.count == 1 && notes[0].contains("Nobody approved the offer in time"))
        #expect(notes[0].contains("line 14"))
        // Once.
        try await bench.wait(.days(3))
        #expect(try await bench.notes(1).count == 1)
    }

    @Test(
        "go to a person with the reason where the policy cannot offer them",
        arguments: [
            ("expensive", "expensive order"), ("currency", "paid in EUR"), ("refunded", "refunded already"),
            ("at most", "'at_most' of 'lost-parcel' is 50.00 GBP"), ("budget", "left this month of the budget"),
            ("count", "of the budget '0 remedies per day'"), ("no line", "no line of 'lost-parcel'"),
        ])
    func handedOver(_ which: String, _ reason: String) async throws {
        var policy = RemedyBench.open
        switch which {
        case "at most": policy = policy.replacing("at_most: 150.00", with: "at_most: 50.00")
        case "budget": policy = policy.replacing("200.00 per month", with: "40.00 per month")
        case "count": policy = policy.replacing("5 per day", with: "0 per day")
        case "no line":
            policy = policy.replacing("      - { hand_over: expensive order }\n", with: "")
                .replacing("      - { hand_over: expensive order }", with: "")
        default: break
        }
        let bench = try await RemedyBench(policy)
        try await bench.see(
            1, total: ["expensive", "no line"].contains(which) ? 99 : 45,
            currency: which == "currency" ? "EUR" : "GBP", refunded: which == "refunded" ? 5 : nil)
        try await bench.work()
        #expect(try await bench.offers(1).isEmpty)
        #expect(try await bench.spent() == GiftHistory.Spent())
        let notes = try await bench.notes(1)
        #expect(notes.count == 1 && notes[0].contains(reason), "\(notes)")
    }

    @Test("are nothing where the order was cancelled, and nothing is offered to it")
    func cancelled() async throws {
        let bench = try await RemedyBench(RemedyBench.open)
        try await bench.see(1, isCancelled: true)
        try await bench.work()
        #expect(try await bench.offers(1).isEmpty)
        #expect(try await bench.notes(1).isEmpty)
    }

    @Test("count over accounts by the door, and the third goes to a person")
    func abuse() async throws {
        let bench = try await RemedyBench(RemedyBench.open)
        try await bench.see(1, total: 10, customer: 1, door: "12 Fig Lane")
        try await bench.see(2, total: 10, customer: 2, door: "12 FIG LANE")
        try await bench.see(3, total: 10, customer: 3, door: "12, Fig lane")
        try await bench.see(4, total: 10, customer: 4, door: "7 Oak Street")
        try await bench.work()
        #expect(try await bench.offers(1).count == 1)
        #expect(try await bench.offers(2).count == 1)
        #expect(try await bench.offers(3).isEmpty)
        #expect(try await bench.notes(3).first?.contains("has had two remedies already") == true)
        #expect(try await bench.offers(4).count == 1)
    }

    @Test("what she chooses is done once, and only that is booked")
    func chosen() async throws {
        let bench = try await RemedyBench(RemedyBench.open.replacing(", also_give: sorry", with: ""))
        try await bench.see(1)
        try await bench.work()
        let offer = try await bench.offer(1)
        #expect(offer.state == .open)
        async let one = bench.desk.choose(.gift("sorry"), of: offer.number, shop: remedyShop, now: bench.now)
        async let two = bench.desk.choose(.gift("sorry"), of: offer.number, shop: remedyShop, now: bench.now)
        let outcomes = try await [one, two]
        #expect(outcomes.count { $0 == .chosen } == 1 && outcomes.count { $0 == .stale } == 1)
        try await bench.work()
        #expect(bench.codes.codes.count == 1)
        #expect(try await bench.spent() == GiftHistory.Spent(sum: 1500, count: 1))
        #expect(try await bench.offer(1).state == .chosen)
        // Nobody ends a code that she sees on her page.
        let gifts = GiftService(
            store: bench.store, contexts: [remedyShop: bench.plans.context], reloaders: [:],
            clock: bench.plans.clock, wake: Wake(), newMessages: Broadcast(), heartbeats: Heartbeats(),
            logger: bench.plans.logger)
        #expect(try await gifts.takeBackUntold() == false)
    }

    @Test(
        "a refund, the same goods again or credit that she chooses is done in the shop, once, and only that is booked",
        arguments: [("refund", 4500 as Int64), ("reship", 3000)])
    func chosenAction(_ name: String, _ cost: Int64) async throws {
        let bench = try await RemedyBench(RemedyBench.open.replacing(", also_give: sorry", with: ""))
        try await bench.see(1)
        try await bench.work()
        let offer = try await bench.offer(1)
        let what = try #require(offer.offer.options.map(\.what).first { $0.name == name })
        #expect(try await bench.desk.choose(what, of: offer.number, shop: remedyShop, now: bench.now) == .chosen)
        let key = OrderKey(shop: remedyShop, orderID: "gid://shopify/Order/1")
        let all = try await bench.store.effects(ofOrders: [key], states: Set(Effect.State.allCases))[key] ?? []
        let done = try #require(all.first { $0.line == name })
        let story = try await bench.store.effectStory(done.id, shop: remedyShop)
        let action = try #require(story?.message.flatMap(ActionCommand.init)?.action)
        switch action {
        case .refund(let amount): #expect(amount.written == "45.00 GBP" && name == "refund")
        case .reship(let lines): #expect(lines == [QuantityFacts(lineItemID: "l1", quantity: 2)])
        default: Issue.record("\(action) was not chosen")
        }
        try await bench.work()
        #expect(try await bench.offer(1).state == .chosen)
        #expect(try await bench.spent() == GiftHistory.Spent(sum: cost, count: 1))
        #expect(try await bench.desk.choose(what, of: offer.number, shop: remedyShop, now: bench.now) == .stale)
    }

    @Test("if the sum holds no more when she chooses, a person has it")
    func changed() async throws {
        let bench = try await RemedyBench(RemedyBench.open.replacing(", also_give: sorry", with: ""))
        try await bench.see(1)
        try await bench.work()
        let offer = try await bench.offer(1)
        try await bench.see(1, refunded: 45)
        let outcome = try await bench.desk.choose(.refund, of: offer.number, shop: remedyShop, now: bench.now)
        #expect(outcome == .person)
        try await bench.work()
        #expect(try await bench.spent() == GiftHistory.Spent())
        let notes = try await bench.notes(1)
        #expect(notes.count == 1 && notes[0].contains("the sum holds no more"))
        #expect(try await bench.desk.choose(.reship, of: offer.number, shop: remedyShop, now: bench.now) == .stale)
    }

    @Test("what the shop refuses, as for a disputed payment, costs nothing, and a person has it with the reason")
    func refusedByShop() async throws {
        let bench = try await RemedyBench(RemedyBench.open.replacing(", also_give: sorry", with: ""))
        try await bench.see(1)
        try await bench.work()
        let offer = try await bench.offer(1)
        #expect(try await bench.desk.choose(.refund, of: offer.number, shop: remedyShop, now: bench.now) == .chosen)
        bench.refusal.withLock {
            $0 = .refused(Failure(reason: "shop", detail: "the payment is disputed, so a person decides"))
        }
        try await bench.work()
        try await bench.wait(.seconds(6))
        #expect(try await bench.offer(1).state == .person)
        #expect(try await bench.spent() == GiftHistory.Spent())
        let notes = try await bench.notes(1)
        #expect(notes.count == 1 && notes[0].contains("it could not be done; the order's page says why"))
    }

    @Test("what the app may not do any more waits, stays booked, and is done once when it may again")
    func revoked() async throws {
        let bench = try await RemedyBench(RemedyBench.open.replacing(", also_give: sorry", with: ""))
        try await bench.see(1)
        try await bench.work()
        let offer = try await bench.offer(1)
        #expect(try await bench.desk.choose(.refund, of: offer.number, shop: remedyShop, now: bench.now) == .chosen)
        bench.refusal.withLock {
            $0 = .deferred(Failure(reason: "scope", detail: "the app lacks write_orders", retryAfter: .minutes(30)))
        }
        try await bench.work()
        try await bench.wait(.hours(2))
        #expect(try await bench.offer(1).state == .chosen)
        #expect(try await bench.spent() == GiftHistory.Spent(sum: 4500, count: 1))
        #expect(try await bench.notes(1).isEmpty)
        bench.refusal.withLock { $0 = nil }
        try await bench.wait(.minutes(31))
        let action = try #require(try await bench.offer(1).actionEffect)
        #expect(try await bench.store.outcome(of: action, shop: remedyShop)?.effect.state == .sent)
        #expect(try await bench.spent() == GiftHistory.Spent(sum: 4500, count: 1))
    }

    @Test("what belongs to an account is not done once the customer is deleted, and a person has it")
    func deletedCustomer() async throws {
        let bench = try await RemedyBench(
            RemedyBench.open.replacing("[refund, reship, sorry], also_give: sorry", with: "[store_credit, sorry]"))
        for order in 1...2 { try await bench.see(order, customer: order) }
        try await bench.work()
        // She is gone, and her orders have no account any more.
        for order in 1...2 { try await bench.see(order, customer: nil, email: "robin\(order)@shopper.example") }
        for (order, what) in [(1, Offered.storeCredit), (2, .gift("sorry"))] {
            let offer = try await bench.offer(order)
            #expect(try await bench.desk.choose(what, of: offer.number, shop: remedyShop, now: bench.now) == .person)
            try await bench.work()
            #expect(try await bench.notes(order).count == 1)
        }
        #expect(try await bench.spent() == GiftHistory.Spent() && bench.codes.codes.isEmpty)
    }

    @Test("count for whoever two accounts were merged into, once their orders say so")
    func merged() async throws {
        let bench = try await RemedyBench(RemedyBench.open.replacing(", also_give: sorry", with: ""))
        for order in 1...2 {
            try await bench.see(order, total: 10, customer: 1)
            try await bench.work()
        }
        // Shopify moves the orders to the account that is kept.
        for order in 1...2 { try await bench.see(order, total: 10, customer: 2) }
        try await bench.see(3, total: 10, customer: 2)
        try await bench.see(4, total: 10, customer: 1)
        try await bench.work()
        #expect(try await bench.offers(3).isEmpty)
        #expect(try await bench.notes(3).first?.contains("has had two remedies already") == true)
        #expect(try await bench.offers(4).count == 1, "nothing is left with the account that is gone")
    }

    /// 60.00 a month may be refunded, 50.00 at once, and one parcel sent again a day.
    private static var ceilings: [String: ActionCeiling] {
        var refund = ActionCeiling()
        refund.each = 50
        refund.allowances = [Allowance(.sum(60), per: .month)]
        var reship = ActionCeiling()
        reship.allowances = [Allowance(.count(1), per: .day)]
        return ["refund": refund, "reship": reship]
    }

    @Test("what she chooses passes none of the operator's ceilings, whoever chooses at once; a person has the rest")
    func ceilings() async throws {
        let bench = try await RemedyBench(
            RemedyBench.open.replacing(", also_give: sorry", with: ""), ceilings: Self.ceilings)
        for order in 1...2 { try await bench.see(order, customer: order) }
        try await bench.work()
        let (one, two) = (try await bench.offer(1), try await bench.offer(2))
        #expect(one.offer.options.map(\.what) == [.refund, .reship, .gift("sorry")])
        async let first = bench.desk.choose(.refund, of: one.number, shop: remedyShop, now: bench.now)
        async let second = bench.desk.choose(.refund, of: two.number, shop: remedyShop, now: bench.now)
        let outcomes = try await [first, second]
        #expect(outcomes.count { $0 == .chosen } == 1 && outcomes.count { $0 == .person } == 1)
        try await bench.work()
        #expect(try await bench.spent() == GiftHistory.Spent(sum: 4500, count: 1))
        let loser = outcomes[0] == .person ? 1 : 2
        let notes = try await bench.notes(loser)
        #expect(
            notes.count == 1
                && notes[0].contains("it costs 45.00 GBP, and 15.00 are left this month of '60 per month'"),
            "\(notes)")
        // What there is no room for is not offered any more, and the reason says so.
        try await bench.see(3, customer: 3)
        try await bench.work()
        let third = try await bench.offer(3)
        #expect(third.offer.options.map(\.what) == [.reship, .gift("sorry")])
        #expect(third.offer.why.contains("a refund cannot be offered: it costs 45.00 GBP, and 15.00 are left"))
        #expect(try await bench.desk.choose(.reship, of: third.number, shop: remedyShop, now: bench.now) == .chosen)
        try await bench.see(4, customer: 4)
        try await bench.work()
        #expect(try await bench.offer(4).offer.options.map(\.what) == [.gift("sorry")])
        // The next day, a parcel may be sent again.
        try await bench.wait(.hours(24))
        try await bench.see(5, customer: 5)
        try await bench.work()
        #expect(try await bench.offer(5).offer.options.map(\.what) == [.reship, .gift("sorry")])
    }

    @Test("what the operator's ceilings leave no room for is approved by nobody, and is a person's if nothing is left")
    func ceilingsApproved() async throws {
        let bench = try await RemedyBench(
            RemedyBench.policy.replacing("[refund, reship, sorry], also_give: sorry", with: "[refund]"),
            ceilings: Self.ceilings)
        for order in 1...2 { try await bench.see(order, customer: order) }
        try await bench.work()
        func approve(_ order: Int) async throws -> OfferDesk.Judged {
            let asked = try await bench.offer(order)
            return try await bench.desk.judge(
                asked.number, shop: remedyShop, version: asked.version, approves: true, by: RemedyBench.anna, note: "",
                now: bench.now)
        }
        #expect(try await approve(1) == .done)
        try await bench.work()
        let chosen = try await bench.desk.choose(
            .refund, of: bench.offer(1).number, shop: remedyShop, now: bench.now)
        #expect(chosen == .chosen)
        guard case .objection(let why) = try await approve(2) else {
            Issue.record("there is no room for it")
            return
        }
        #expect(why.contains("a refund cannot be had now: it costs 45.00 GBP, and 15.00 are left"))
        // Above what one may cost, nothing is offered at all.
        try await bench.see(3, total: 55, customer: 3)
        try await bench.work()
        #expect(try await bench.offers(3).isEmpty)
        #expect(try await bench.notes(3).first?.contains("it costs 55.00 GBP, and one may cost 50") == true)
    }

    @Test("that nobody chooses in 30 days go to a person, and are free again")
    func unchosen() async throws {
        let bench = try await RemedyBench(RemedyBench.open.replacing(", also_give: sorry", with: ""))
        try await bench.see(1)
        try await bench.work()
        try await bench.wait(.days(29))
        #expect(try await bench.offer(1).state == .open)
        try await bench.wait(.days(2))
        #expect(try await bench.offer(1).state == .lapsed)
        #expect(try await bench.notes(1).first?.contains("did not choose in 30 days") == true)
        #expect(try await bench.spent().sum == 0)
    }

    @Test("make no offer in shadow mode, and say what it would have been")
    func shadow() async throws {
        let shadowed = try await Plans(
            [
                "lost":
                    "mode: shadow\non: order.on_hold\ndo: { remedy: lost-parcel }\nsend: { email: { template: plain } }",
                "offered": "on: remedy.offered\nsend: { email: { template: note } }",
            ], pages: "https://track.juniperfig.example", letter: "{{ remedy_url }}",
            templates: ["plain": "On hold."], policy: RemedyBench.open)
        var facts = OrderFacts(
            id: "gid://shopify/Order/1", name: "#1", createdAt: shadowed.now + .seconds(1), updatedAt: shadowed.now)
        facts.email = "robin@shopper.example"
        facts.total = Money(amount: 45, currency: "GBP")
        var line = LineItemFacts(id: "l1", title: "Linen apron", quantity: 1)
        line.unitPrice = Money(amount: 40, currency: "GBP")
        line.total = Money(amount: 40, currency: "GBP")
        facts.lineItems = [line]
        facts.holds = ["gid://shopify/FulfillmentHold/1"]
        _ = try await shadowed.learning.learn(
            [Observation(shop: remedyShop, seenAt: shadowed.now, content: .order(facts))], of: shadowed.context,
            now: shadowed.now)
        try await shadowed.work()
        let key = OrderKey(shop: remedyShop, orderID: "gid://shopify/Order/1")
        let all = try await shadowed.store.effects(ofOrders: [key], states: Set(Effect.State.allCases))[key] ?? []
        let decided = try #require(all.first { $0.line == "remedy:lost-parcel" })
        #expect(decided.state == .shadowed)
        // A guest gets no code, which belongs to an account.
        #expect(decided.detail?.hasPrefix("offers a refund (45.00 GBP) or the same goods again (40.00 GBP)") == true)
        #expect(try await shadowed.store.offers(ofOrder: key).isEmpty)
    }
}
