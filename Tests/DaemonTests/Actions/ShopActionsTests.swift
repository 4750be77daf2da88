import Delivery
import Foundation
import Outreach
import Store
import Synchronization
import Testing

@testable import Daemon

private let shop = "juniperfig.myshopify.com"

/// A shop in which things are done, and what it was asked for.
struct ActionBench {
    let plans: Plans
    let route = Route(shop: shop, channel: .shop)

    static let policy = "amounts_in: GBP\nbudgets: { remedies: [100.00 per month, 5 per day] }\n"

    init(_ plans: Plans) { self.plans = plans }

    init(
        _ trigger: String = "on: order.placed\ndo: { tag_order: late }", shopSettings: String = "",
        policy: String? = policy
    ) async throws {
        plans = try await Plans(
            ["placed": "\(trigger)\nsend: { email: { template: note } }"], shopSettings: shopSettings, policy: policy)
    }

    func effects(_ order: Int = 1) async throws -> [Effect] {
        let key = OrderKey(shop: shop, orderID: "gid://shopify/Order/\(order)")
        return try await plans.store.effects(ofOrders: [key], states: Set(Effect.State.allCases))[key] ?? []
    }

    /// How the action of that line stands.
    func state(_ line: String, _ order: Int = 1) async throws -> String {
        let effect = try await effects(order).first { $0.line == line }
        return effect.map { "\($0.state.rawValue)\($0.reason.map { " \($0.rawValue)" } ?? "")" } ?? "none"
    }

    func command(_ line: String, _ order: Int = 1) async throws -> ActionCommand? {
        guard let effect = try await effects(order).first(where: { $0.line == line }) else { return nil }
        return try await plans.store.effectStory(effect.id, shop: shop)?.message.flatMap(ActionCommand.init)
    }

    /// Judges what is ready as delivery does, and gives it that verdict.
    @discardableResult
    func serve(_ verdict: (ActionCommand, Int) -> AttemptAnswer) async throws -> [Decision] {
        let (store, now, planner) = (plans.store, plans.now, plans.context.rules.planner)
        let claims = try await store.claim(route, limit: 50, owner: "test", lease: .minutes(15), now: now)
        let records = try await store.records(of: claims.compactMap(\.effect.aggregate), shop: shop, now: now)
        var judging = planner
        judging.pauses = try await store.pauses(shop: shop)
        var decisions: [Decision] = []
        for claim in claims {
            let decision = judging.judge(
                claim.effect, record: records.record(of: claim.effect), history: History(), now: now)
            decisions.append(decision)
            switch decision {
            case .send:
                guard let begun = try await store.begin([claim], lease: .minutes(15), now: now).begun.first,
                    let command = ActionCommand(begun.message)
                else { continue }
                let answer = verdict(command, claim.effect.attemptsInDoubt)
                _ = try await store.finish(
                    [
                        AttemptOutcome(
                            claim: begun, verdict: answer.verdict, nextAttemptAt: now + .seconds(5),
                            results: answer.results)
                    ], now: now)
            case .wait(let until, let reason): try await store.release([claim], dueAt: until, reason: reason, now: now)
            case .skip(let reason, let detail):
                try await store.withdraw([Withdrawal(claim: claim, reason: reason, detail: detail)], now: now)
            default: try await store.release([claim], now: now)
            }
        }
        return decisions
    }

    func decide(
        _ action: ShopAction, _ key: String = "one", origin: EffectOrigin = .person, order: Int = 1
    ) async throws -> ActionOutcome {
        try await plans.store.decide(
            ActionRequest(
                action, order: "gid://shopify/Order/\(order)", origin: origin, by: "desk", key: key,
                why: "she was promised it"),
            by: plans.context.rules.planner, now: plans.now)
    }
}

let done: @Sendable (ActionCommand, Int) -> AttemptAnswer = { _, _ in AttemptAnswer(.accepted(receipt: "done")) }

@Suite("What is done in the shop", .timeLimit(.minutes(5)))
struct ShopActionsTests {
    @Test("by a line of 'do' is frozen, done once, and holds up no letter")
    func line() async throws {
        let bench = try await ActionBench()
        try await bench.plans.see(1, customer: 7)
        try await bench.plans.work()
        #expect(try await bench.state("tag_order:late") == "ready")
        #expect(try await bench.state("email") == "ready")
        #expect(try await bench.command("tag_order:late")?.action == .tagOrder(tag: "late"))
        try await bench.serve(done)
        #expect(try await bench.state("tag_order:late") == "sent accepted")
        try await bench.plans.see(1, customer: 7)
        try await bench.plans.work()
        #expect(try await bench.effects().count == 2)
    }

    @Test("is decided by whoever asks, once for each key, with why")
    func decided() async throws {
        let bench = try await ActionBench("on: order.cancelled")
        try await bench.plans.see(1, customer: 7)
        try await bench.plans.work()
        guard case .decided(let id, .ready) = try await bench.decide(.tagOrder(tag: "vip")) else {
            Issue.record("it is not decided")
            return
        }
        #expect(try await bench.decide(.tagOrder(tag: "vip")) == .already(effect: id, .ready))
        let effect = try #require(try await bench.effects().first)
        #expect(effect.detail == "she was promised it" && effect.origin == .person)
        let first = try await bench.command("tag_order:vip")?.mark
        #expect(first?.hasPrefix(GiftCodes.markStart) == true)
        _ = try await bench.decide(.tagOrder(tag: "vip"), "two")
        try await bench.serve(done)
        #expect(try await bench.effects().map(\.state) == [.sent, .sent])
        #expect(try await bench.decide(.tagOrder(tag: "vip")) == .already(effect: id, .sent))
    }

    @Test("waits while actions are paused, and is done when the pause ends")
    func paused() async throws {
        let bench = try await ActionBench()
        let store = bench.plans.store
        try await bench.plans.see(1, customer: 7)
        try await bench.plans.work()
        try await store.pause(
            Pause(.actions, since: bench.plans.now, by: "test"), shop: shop,
            audit: AuditEntry(who: "test", what: "paused"), now: bench.plans.now)
        try await bench.serve { _, _ in
            Issue.record("it is paused")
            return AttemptAnswer(.accepted(receipt: ""))
        }
        #expect(try await bench.state("tag_order:late") == "ready paused")
        try await store.resume(
            .actions, shop: shop, audit: AuditEntry(who: "test", what: "resumed"), now: bench.plans.now)
        try await bench.serve(done)
        #expect(try await bench.state("tag_order:late") == "sent accepted")
    }

    @Test("is only shown in shadow mode")
    func shadow() async throws {
        let bench = try await ActionBench("on: order.placed\nmode: shadow\ndo: { tag_order: late }")
        try await bench.plans.see(1, customer: 7)
        try await bench.plans.work()
        #expect(try await bench.state("tag_order:late") == "shadowed shadow")
        #expect(try await bench.serve(done).isEmpty)
    }

    @Test("is not done for an order that Bookbag does not know, and for a guest nothing that needs an account")
    func nobody() async throws {
        let bench = try await ActionBench("on: order.placed\ndo: { tag_customer: late }")
        try await bench.plans.see(1)
        try await bench.plans.work()
        #expect(try await bench.state("tag_customer:late") == "skipped no_recipient")
        guard case .refused(let refusal) = try await bench.decide(.tagOrder(tag: "vip"), order: 9) else {
            Issue.record("nobody knows the order")
            return
        }
        #expect(refusal.reason == .erased)
    }
}

extension ActionBench {
    /// An order of so much is seen, paid in full, with one line.
    func see(
        _ order: Int, total: String = "40.00", currency: String = "GBP", customer: Int? = 7, refunded: String? = nil,
        placedInShop: String? = nil, more: (inout OrderFacts) -> Void = { _ in }
    ) async throws {
        let at = plans.now
        var facts = OrderFacts(
            id: "gid://shopify/Order/\(order)", name: "#\(order)", createdAt: at, updatedAt: at)
        facts.email = "s\(customer ?? 0)@shopper.example"
        if let customer {
            facts.customer = CustomerFacts(
                id: "gid://shopify/Customer/\(customer)", email: "s\(customer)@shopper.example")
        }
        let money = Money(amount: Decimal(string: total)!, currency: currency)
        facts.total = money
        if let placedInShop {
            facts.placedTotal = money
            facts.placedTotalInShop = Money(amount: Decimal(string: placedInShop)!, currency: "GBP")
        }
        facts.payment = .paid
        facts.bill = BillFacts()
        facts.bill?.payments = [BillFacts.Payment(kind: "sale", status: "success", amount: money)]
        if let refunded {
            facts.bill?.payments.append(
                BillFacts.Payment(
                    kind: "refund", status: "success",
                    amount: Money(amount: Decimal(string: refunded)!, currency: currency)))
        }
        facts.lineItems = [
            LineItemFacts(id: "gid://shopify/LineItem/\(order)", title: "Tea", quantity: 2, unitPrice: money)
        ]
        more(&facts)
        _ = try await plans.learning.learn(
            [Observation(shop: shop, seenAt: at, content: .order(facts))], of: plans.context, now: at)
    }

    /// What counts of the month, against the budget for remedies.
    func spent() async throws -> GiftHistory.Spent {
        try await plans.store.spent(
            of: .remedies, shop: shop, since: Allowance.Period.month.start(at: plans.now, in: .utc), currency: "GBP")
    }

    func pounds(_ text: String) -> Money { Money(amount: Decimal(string: text)!, currency: "GBP") }
}

@Suite("What is done in the shop and costs something", .timeLimit(.minutes(5)))
struct ActionBudgetTests {
    @Test(
        "is as much as the line says, in the currency that the order was paid in, and counts in the shop's",
        arguments: [
            ("refund: 5.00", "40.00", "GBP", nil as String?, "5.00 GBP", 500 as Int64),
            ("refund: 20%", "39.99", "GBP", nil, "8.00 GBP", 800),
            ("refund: all", "40.00", "GBP", nil, "40.00 GBP", 4000),
            ("refund: 5.00", "8000", "JPY", "40.00", "1000 JPY", 500),
            ("refund: 20%", "8001", "JPY", "40.00", "1600 JPY", 800),
            ("refund: 5.00", "15.500", "KWD", "40.00", "1.938 KWD", 501),
            ("refund: 5.00", "46.00", "EUR", "40.00", "5.75 EUR", 500),
        ])
    func amounts(
        _ line: String, _ total: String, _ currency: String, _ inShop: String?, _ written: String, _ cost: Int64
    ) async throws {
        let bench = try await ActionBench("on: order.placed\ndo: { \(line) }")
        try await bench.see(1, total: total, currency: currency, placedInShop: inShop)
        try await bench.plans.work()
        let command = try #require(try await bench.command("refund"))
        guard case .refund(let amount) = command.action else {
            Issue.record("it is no refund")
            return
        }
        #expect(amount.written == written)
        #expect(try await bench.spent() == GiftHistory.Spent(sum: cost, count: 1))
        let why = try await bench.effects().first { $0.line == "refund" }?.detail ?? ""
        #expect(why.contains("'\(line)' of triggers/placed.yaml") && why.contains("0.00 GBP given this month"))
    }

    @Test("is not done where nobody can say how much it is")
    func unknown() async throws {
        let bench = try await ActionBench("on: order.placed\ndo: { refund: 5.00 }")
        try await bench.see(1, total: "8000", currency: "JPY")
        try await bench.plans.work()
        #expect(try await bench.state("refund") == "skipped no_amount")
    }

    @Test("stops when the budget is used up, and is free again when the shop refuses")
    func budget() async throws {
        let bench = try await ActionBench("on: order.placed\ndo: { refund: 30.00 }")
        for order in 1...4 { try await bench.see(order, customer: order) }
        try await bench.plans.work()
        #expect(try await bench.state("refund", 3) == "ready")
        #expect(try await bench.state("refund", 4) == "skipped budget")
        #expect(try await bench.spent() == GiftHistory.Spent(sum: 9000, count: 3))
        try await bench.serve { _, _ in AttemptAnswer(.refused(Failure(reason: "content", detail: "gone"))) }
        #expect(try await bench.spent() == GiftHistory.Spent())
        #expect(try await bench.state("refund", 1) == "refused refused")
    }

    @Test("stays booked while it may have been done, and is looked for whatever holds by then")
    func doubted() async throws {
        let bench = try await ActionBench("on: order.placed\ndo: { refund: 30.00 }")
        try await bench.see(1)
        try await bench.plans.work()
        try await bench.serve { _, _ in
            AttemptAnswer(.deferred(Failure(reason: "timeout", detail: "no answer", inDoubt: true)))
        }
        try await bench.see(1) { $0.cancelledAt = bench.plans.now }
        try await bench.plans.wait(.days(3))
        #expect(try await bench.spent().count == 1)
        let decisions = try await bench.serve { _, doubts in
            #expect(doubts == 1)
            return AttemptAnswer(.accepted(receipt: "it was there"), results: ["refund": "gid://shopify/Refund/5"])
        }
        #expect(decisions == [.send])
        #expect(try await bench.state("refund") == "sent accepted")
    }

    @Test("is nothing for cancelled orders, and a person's where goods come back or money is on its way")
    func guarded() async throws {
        let bench = try await ActionBench("on: order.placed\nafter: 1 hour\ndo: { refund: 5.00 }")
        try await bench.see(1, customer: 1)
        try await bench.see(2, customer: 2)
        try await bench.see(3, customer: 3)
        try await bench.plans.work()
        let now = bench.plans.now
        try await bench.see(1, customer: 1) { $0.cancelledAt = now }
        try await bench.see(2, customer: 2) {
            $0.returns = [ReturnFacts(id: "r", name: "#2-R1", status: .open, createdAt: now)]
        }
        try await bench.see(3, customer: 3) {
            $0.bill?.payments.append(BillFacts.Payment(kind: "refund", status: "pending", amount: nil))
        }
        try await bench.plans.wait(.hours(2))
        #expect(try await bench.state("refund", 1).hasPrefix("skipped"))
        #expect(try await bench.state("refund", 2) == "skipped needs_person")
        #expect(try await bench.state("refund", 3) == "skipped needs_person")
        guard
            case .refused(let refusal) = try await bench.decide(
                .refund(amount: bench.pounds("5")), origin: .system, order: 3)
        else {
            Issue.record("Bookbag itself decides nothing here")
            return
        }
        #expect(refusal.reason == .needsPerson)
        guard case .decided = try await bench.decide(.refund(amount: bench.pounds("5")), order: 3) else {
            Issue.record("a person may")
            return
        }
    }

    @Test("stays below the operator's ceilings, each by itself and all of a verb together")
    func ceilings() async throws {
        let bench = try await ActionBench("on: order.cancelled")
        try await bench.see(1)
        var ceiling = ActionCeiling()
        ceiling.each = 30
        ceiling.allowances = [Allowance(.sum(50), per: .month)]
        var planner = bench.plans.context.rules.planner
        planner.actionCeilings = ["refund": ceiling]
        func decide(_ amount: String, _ key: String) async throws -> ActionOutcome {
            try await bench.plans.store.decide(
                ActionRequest(
                    .refund(amount: bench.pounds(amount)), order: "gid://shopify/Order/1", origin: .person, by: "desk",
                    key: key, why: "asked for"), by: planner, now: bench.plans.now)
        }
        func refusal(_ outcome: ActionOutcome) -> String? {
            if case .refused(let refusal) = outcome { refusal.detail } else { nil }
        }
        #expect(refusal(try await decide("31", "a"))?.contains("one may cost 30") == true)
        #expect(refusal(try await decide("30", "b")) == nil)
        #expect(refusal(try await decide("21", "c"))?.contains("20.00 are left this month") == true)
        #expect(refusal(try await decide("20", "d")) == nil)
        // Store credit has its own ceiling, and the merchant's budget counts both.
        let credit = ShopAction.storeCredit(amount: bench.pounds("50"), expiresOn: CalendarDay(iso8601: "2027-11-18")!)
        let left = try await bench.plans.store.decide(
            ActionRequest(
                credit, order: "gid://shopify/Order/1", origin: .person, by: "desk", key: "e", why: "asked for"),
            by: planner, now: bench.plans.now)
        #expect(refusal(left) == nil)
        #expect(refusal(try await bench.decide(credit, "f"))?.contains("0.00 are left this month") == true)
    }

    @Test(
        "never passes a budget and is never done twice, whoever decides at once and whatever is lost",
        arguments: 1...(ProcessInfo.processInfo.environment["BOOKBAG_LONG"] == "1" ? 12 : 3) as ClosedRange<UInt64>)
    func random(_ seed: UInt64) async throws {
        var chance = Chance(seed: seed)
        let verb = ["{ refund: 20% }", "{ refund: 7.50 }", "reship", "{ store_credit: 3.00 }"][chance.below(4)]
        let bench = try await ActionBench(
            "on: order.placed\nafter: \(1 + chance.below(3)) hours\ndo: [{ tag_order: late }, \(verb)]",
            policy: "amounts_in: GBP\nbudgets: { remedies: [60.00 per week, \(2 + chance.below(4)) per day] }\n")
        let perDay = try #require(bench.plans.context.rules.planner.triggers.policy?.remedyBudget.last)
        guard case .count(let most) = perDay.most else { return }
        let far = FarEnd()
        for turn in 0..<40 {
            let order = 1 + chance.below(20)
            try await bench.see(order, total: "\(5 + chance.below(40)).00", customer: order)
            let amount = bench.pounds("\(1 + chance.below(20)).00")
            if chance.below(2) == 0 {
                // Two at once, of which one may be the same.
                async let one = bench.decide(.refund(amount: amount), "k\(turn)", order: order)
                async let two = bench.decide(.refund(amount: amount), "k\(turn / 2)", origin: .system, order: order)
                _ = try await (one, two)
            }
            try await bench.plans.work()
            var answers = chance
            try await bench.serve { command, doubts in
                far.attempt(command, doubts: doubts, refuses: answers.below(6) == 0, loses: answers.below(3) == 0)
            }
            chance = answers
            try await bench.plans.wait([.seconds(31), .minutes(10), .hours(4), .hours(20)][chance.below(4)])
            let now = bench.plans.now
            for (period, sum, count) in [(Allowance.Period.week, 6000, Int.max), (.day, Int.max, most)] {
                let spent = try await bench.plans.store.spent(
                    of: .remedies, shop: shop, since: period.start(at: now, in: .utc), currency: "GBP")
                #expect(spent.sum <= Int64(sum) && spent.count <= count, "seed \(seed)")
            }
        }
        for _ in 0..<20 {
            bench.plans.holder.pass(.minutes(12))
            try await bench.serve { command, doubts in
                far.attempt(command, doubts: doubts, refuses: false, loses: false)
            }
        }
        #expect(far.times.values.allSatisfy { $0 == 1 }, "seed \(seed)")
        for order in 1...20 {
            for effect in try await bench.effects(order) where effect.channel == .shop && effect.state == .sent {
                let story = try await bench.plans.store.effectStory(effect.id, shop: shop)
                let mark = try #require(story?.message.flatMap(ActionCommand.init)?.mark)
                #expect(far.times[mark] == 1, "seed \(seed)")
            }
        }
    }
}

/// A shop that does what it is asked, and looks before it repeats.
private final class FarEnd: Sendable {
    private let done = Mutex<[String: Int]>([:])

    /// How often each mark was done.
    var times: [String: Int] { done.withLock { $0 } }

    func attempt(_ command: ActionCommand, doubts: Int, refuses: Bool, loses: Bool) -> AttemptAnswer {
        if doubts > 0, times[command.mark] != nil { return AttemptAnswer(.accepted(receipt: "it was there")) }
        if refuses { return AttemptAnswer(.refused(Failure(reason: "content", detail: "no"))) }
        done.withLock { $0[command.mark, default: 0] += 1 }
        if loses { return AttemptAnswer(.deferred(Failure(reason: "timeout", detail: "no answer", inDoubt: true))) }
        return AttemptAnswer(.accepted(receipt: "done"))
    }
}

/// A small generator, so that a seed tells everything (SplitMix64).
private struct Chance {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

    /// A number from 0 up to `bound`.
    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ (z >> 31)) % UInt64(bound))
    }
}
