import Delivery
import Foundation
import Logging
import Outreach
import Platform
import Store
import Synchronization
import Testing

@testable import Daemon

private let shop = "juniperfig.myshopify.com"

/// A shop that makes codes: each once, and each asked for again is the same.
final class CodeShop: Sendable {
    private let made = Mutex<[String: Int]>([:])
    private let ended = Mutex<Set<String>>([])

    /// Every code that was made, and how often.
    var codes: [String: Int] { made.withLock { $0 } }
    var live: Set<String> { Set(codes.keys).subtracting(ended.withLock { $0 }) }

    /// What a message asks for.
    static func fields(_ message: Message) -> [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(message.bytes))) as? [String: Any] ?? [:]
    }

    private func results(_ fields: [String: Any]) -> [String: String] {
        var results = GiftFacts(
            code: fields["code"] as? String ?? "", share: (fields["share"] as? String).map { "\($0)%" },
            expiresOn: (fields["expiresOn"] as? String).flatMap { CalendarDay(iso8601: $0) }
        ).results
        results["discount"] = "gid://\(fields["code"] ?? "")"
        return results
    }

    /// Does what is asked; `loses` the answer.
    func attempt(_ message: Message, inDoubt: Int, loses: Bool) -> AttemptAnswer {
        let fields = Self.fields(message)
        let code = fields["code"] as? String ?? ""
        if fields["act"] as? String == "take_back" {
            _ = ended.withLock { $0.insert(code) }
        } else if inDoubt > 0, codes[code] != nil {
            return AttemptAnswer(.accepted(receipt: "seen"), results: results(fields))
        } else {
            made.withLock { $0[code, default: 0] += 1 }
        }
        if loses {
            return AttemptAnswer(.deferred(Failure(reason: "timeout", detail: "no answer", inDoubt: true)))
        }
        return AttemptAnswer(.accepted(receipt: code), results: results(fields))
    }
}

/// A shop's plans with gifts, and the shop in which they are made.
struct GiftBench {
    let plans: Plans
    let codes = CodeShop()
    let route = Route(shop: shop, channel: .shop)

    static let sorry = """
        amounts_in: GBP
        gifts:
          sorry: { discount: 10%, counts_as: 15.00, valid_for: 60 days, once_per: customer every 90 days }
        budgets:
          gifts: [300.00 per month, 40 per day]
        """

    init(
        _ policy: String = sorry, trigger: String = "on: order.placed", shopSettings: String = "",
        ceilings: [Allowance] = []
    ) async throws {
        plans = try await Plans(
            ["placed": "\(trigger)\ndo: { give: sorry }\nsend: { email: { template: note } }"],
            shopSettings: shopSettings,
            letter:
                "{% if gift %}Your code is {{ gift.code }}, {{ gift.value }}, until {{ gift.expires_on | date: \"%-d %B %Y\" }}.{% else %}Nothing but words.{% endif %}",
            policy: policy, ceilings: ceilings)
    }

    func effects(_ order: Int) async throws -> (gift: Effect, mail: Effect) {
        let key = OrderKey(shop: shop, orderID: "gid://shopify/Order/\(order)")
        let all = try await plans.store.effects(ofOrders: [key], states: Set(Effect.State.allCases))[key] ?? []
        return (
            try #require(all.first { $0.line == "give:sorry" }), try #require(all.first { $0.line == "email" })
        )
    }

    func states(_ order: Int) async throws -> [String] {
        let (gift, mail) = try await effects(order)
        return [gift, mail].map { "\($0.state.rawValue)\($0.reason.map { " \($0.rawValue)" } ?? "")" }
    }

    func mail(_ order: Int) async throws -> String {
        let effect = try await effects(order).mail
        let bytes = try await plans.store.effectStory(effect.id, shop: shop)?.message?.bytes ?? []
        return String(decoding: bytes, as: UTF8.self).replacingOccurrences(of: "=\r\n", with: "")
    }

    /// Does what is ready in the shop, judged again as delivery does, each as it is told.
    func serve(_ refuse: (Message) -> Bool = { _ in false }, loses: (Message) -> Bool = { _ in false }) async throws {
        let store = plans.store
        let now = plans.now
        let claims = try await store.claim(route, limit: 50, owner: "test", lease: .minutes(15), now: now)
        let records = try await store.records(of: claims.compactMap(\.effect.aggregate), shop: shop, now: now)
        let planner = plans.context.rules.planner
        let histories = try await store.history(
            for: claims.map { HistoryQuestion(of: $0.effect, record: records.record(of: $0.effect), planner: planner) },
            now: now)
        for (claim, history) in zip(claims, histories) {
            let decision = planner.judge(
                claim.effect, record: records.record(of: claim.effect), history: history, now: now)
            switch decision {
            case .send:
                guard let begun = try await store.begin([claim], lease: .minutes(15), now: now).begun.first else {
                    continue
                }
                var answer = AttemptAnswer(.refused(Failure(reason: "content", detail: "refused")))
                if CodeShop.fields(begun.message)["act"] as? String == "take_back" || !refuse(begun.message) {
                    answer = codes.attempt(
                        begun.message, inDoubt: claim.effect.attemptsInDoubt, loses: loses(begun.message))
                }
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
    }

    var service: GiftService {
        GiftService(
            store: plans.store, contexts: [shop: plans.context], reloaders: [:], clock: plans.clock, wake: Wake(),
            newMessages: Broadcast(), heartbeats: Heartbeats(), logger: plans.logger)
    }

    /// What counts of the month.
    func spent() async throws -> GiftHistory.Spent {
        let start = Allowance.Period.month.start(at: plans.now, in: .utc)
        return try await plans.store.giftsSpent(shop: shop, since: [start], currency: "GBP")[0]
    }
}

@Suite("Gifts, from the file to the code in the letter", .timeLimit(.minutes(5)))
struct GiftsTests {
    @Test("are made first and told then, and it is told why this and why this much")
    func given() async throws {
        let bench = try await GiftBench()
        try await bench.plans.see(1, customer: 7)
        try await bench.plans.work()
        #expect(try await bench.states(1) == ["ready", "waiting result"])
        #expect(try await bench.spent() == GiftHistory.Spent(sum: 1500, count: 1))
        let gift = try await bench.effects(1).gift
        #expect(gift.detail?.contains("10%, counts as 15.00 GBP: 'sorry' of policy.yaml, line 3") == true)
        #expect(gift.detail?.contains("0.00 GBP given this month of '300.00 per month'") == true)
        try await bench.serve()
        try await bench.plans.wait(.seconds(31))
        #expect(try await bench.states(1) == ["sent accepted", "ready"])
        let code = try #require(bench.codes.codes.keys.first)
        #expect(try await bench.mail(1).contains("Your code is \(code), 10%, until 17 January 2027."))
        // It is told of, so it stays.
        #expect(try await bench.service.takeBackUntold() == false)
    }

    @Test("are made once, though the answer is lost, and the letter has the right code")
    func lost() async throws {
        let bench = try await GiftBench()
        try await bench.plans.see(1, customer: 7)
        try await bench.plans.work()
        try await bench.serve(loses: { _ in true })
        #expect(try await bench.states(1) == ["ready deferred", "waiting result"])
        try await bench.plans.wait(.seconds(10))
        try await bench.serve()
        try await bench.plans.wait(.seconds(31))
        #expect(bench.codes.codes.values.allSatisfy { $0 == 1 } && bench.codes.codes.count == 1)
        #expect(try await bench.mail(1).contains(bench.codes.codes.keys.first ?? "none"))
    }

    @Test(
        "end when the budget is used up, and the letters go without",
        arguments: [
            "300.00 per month, 2 per day", "30.00 per day", "2 gifts per week",
        ])
    func budget(_ budget: String) async throws {
        let bench = try await GiftBench(
            "amounts_in: GBP\ngifts: { sorry: { discount: 10%, counts_as: 15.00, valid_for: 60 days } }\nbudgets: { gifts: [\(budget)] }\n"
        )
        for order in 1...3 {
            try await bench.plans.see(order, email: "s\(order)@shopper.example", customer: order)
        }
        try await bench.plans.work()
        #expect(try await bench.states(1)[0] == "ready")
        #expect(try await bench.states(2)[0] == "ready")
        #expect(try await bench.states(3)[0] == "skipped budget")
        try await bench.plans.wait(.seconds(31))
        #expect(try await bench.states(3)[1] == "ready")
        #expect(try await bench.mail(3).contains("Nothing but words."))
    }

    @Test("stay below the operator's ceiling, whatever policy.yaml says")
    func ceiling() async throws {
        let bench = try await GiftBench(ceilings: [Allowance(.sum(20), per: .month)])
        for order in 1...2 {
            try await bench.plans.see(order, email: "s\(order)@shopper.example", customer: order)
        }
        try await bench.plans.work()
        #expect(try await bench.states(1)[0] == "ready")
        #expect(try await bench.states(2)[0] == "skipped budget")
    }

    @Test("go once to a customer and to a door, over accounts, and again after the pause")
    func oncePer() async throws {
        let bench = try await GiftBench()
        try await bench.plans.see(1, email: "a@shopper.example", customer: 1, door: "12 Fig Lane")
        // The same customer with another address, and another account at the same door, in one turn with the first.
        try await bench.plans.see(2, email: "b@shopper.example", customer: 1, door: "9 Elm Road")
        try await bench.plans.see(3, email: "c@shopper.example", customer: 3, door: "12 FIG LANE")
        try await bench.plans.see(4, email: "d@shopper.example", customer: 4, door: "7 Oak Street")
        try await bench.plans.work()
        #expect(try await bench.states(1)[0] == "ready")
        #expect(try await bench.states(2)[0] == "skipped had_gift")
        #expect(try await bench.states(3)[0] == "skipped had_gift")
        #expect(try await bench.states(4)[0] == "ready")
        try await bench.plans.wait(.days(91))
        try await bench.serve()
        let later = try await GiftBench()
        try await later.plans.see(1, customer: 1)
        try await later.plans.work()
        #expect(try await later.states(1)[0] == "ready")
    }

    @Test("are for a customer alone, and not for an order that is cancelled")
    func nobody() async throws {
        let bench = try await GiftBench(trigger: "on: order.placed\nafter: 1 hour")
        try await bench.plans.see(1)
        try await bench.plans.see(2, email: "b@shopper.example", customer: 2)
        try await bench.plans.work()
        try await bench.plans.wait(.minutes(30))
        try await bench.plans.see(2, email: "b@shopper.example", customer: 2, isCancelled: true)
        try await bench.plans.wait(.hours(1))
        #expect(try await bench.states(1)[0] == "skipped no_recipient")
        #expect(try await bench.states(2)[0].hasPrefix("skipped"))
        #expect(try await bench.spent() == GiftHistory.Spent())
    }

    @Test("that are refused cost nothing, and their letter goes without")
    func refused() async throws {
        let bench = try await GiftBench()
        try await bench.plans.see(1, customer: 7)
        try await bench.plans.work()
        try await bench.serve { _ in true }
        #expect(try await bench.spent() == GiftHistory.Spent())
        try await bench.plans.wait(.seconds(31))
        #expect(try await bench.states(1) == ["refused refused", "ready"])
        #expect(try await bench.mail(1).contains("Nothing but words."))
        let gift = try await bench.effects(1).gift
        #expect(try await !bench.plans.store.retry(effectID: gift.id, shop: shop, now: bench.plans.now))
    }

    @Test("that come too late for their letter are taken back, and only then free their budget")
    func untold() async throws {
        let bench = try await GiftBench()
        try await bench.plans.see(1, customer: 7)
        try await bench.plans.work()
        // Made, and the answer is lost for longer than the letter waits.
        try await bench.serve(loses: { _ in true })
        for _ in 0..<31 { try await bench.plans.wait(.seconds(31)) }
        #expect(try await bench.states(1) == ["ready deferred", "ready"])
        #expect(try await bench.mail(1).contains("Nothing but words."))
        // Nobody would be told of it any more.
        try await bench.serve()
        #expect(try await bench.states(1)[0] == "withdrawn untold")
        #expect(try await bench.spent().count == 1)
        #expect(try await bench.service.takeBackUntold())
        #expect(try await bench.service.takeBackUntold() == false)
        try await bench.serve()
        #expect(bench.codes.live.count == 1)
        bench.plans.holder.pass(.minutes(11))
        try await bench.serve()
        #expect(bench.codes.live.isEmpty && bench.codes.codes.values.allSatisfy { $0 == 1 })
        #expect(try await bench.spent() == GiftHistory.Spent())
    }

    @Test("are taken back when their letter is refused, and the letter is then not tried again by hand")
    func letterRefused() async throws {
        let bench = try await GiftBench()
        try await bench.plans.see(1, customer: 7)
        try await bench.plans.work()
        try await bench.serve()
        try await bench.plans.wait(.seconds(31))
        let store = bench.plans.store
        let mail = try await bench.effects(1).mail
        func refuse() async throws {
            let claims = try await store.claim(
                mail.route, limit: 1, owner: "test", lease: .minutes(15), now: bench.plans.now)
            let begun = try await store.begin(claims, lease: .minutes(15), now: bench.plans.now).begun
            _ = try await store.finish(
                [
                    AttemptOutcome(
                        claim: begun[0], verdict: .refused(Failure(reason: "content", detail: "spam")), results: [:])
                ], now: bench.plans.now)
        }
        try await refuse()
        // Tried again at once, it tells of its gift, which stays.
        #expect(try await store.retry(effectID: mail.id, shop: shop, now: bench.plans.now))
        #expect(try await bench.service.takeBackUntold() == false)
        try await refuse()
        #expect(try await bench.service.takeBackUntold())
        #expect(try await !store.retry(effectID: mail.id, shop: shop, now: bench.plans.now))
        try await bench.serve()
        #expect(bench.codes.live.isEmpty)
        #expect(try await bench.spent() == GiftHistory.Spent())
    }

    @Test("are shown in shadow mode with a code that can be used nowhere, and are neither made nor booked")
    func shadow() async throws {
        let bench = try await GiftBench(trigger: "on: order.placed\nmode: shadow")
        try await bench.plans.see(1, customer: 7)
        try await bench.plans.work()
        try await bench.plans.wait(.seconds(31))
        #expect(try await bench.states(1) == ["shadowed shadow", "shadowed shadow"])
        #expect(try await bench.mail(1).contains("Your code is SPECIMEN, 10%"))
        #expect(try await bench.spent() == GiftHistory.Spent())
        #expect(try await bench.effects(1).gift.detail?.contains("counts as 15.00 GBP") == true)
    }

    @Test("outlive the erasure of their order as amounts and hashes, and guard on")
    func erased() async throws {
        let bench = try await GiftBench()
        try await bench.plans.see(1, email: "a@shopper.example", customer: 1, door: "12 Fig Lane")
        try await bench.plans.work()
        try await bench.serve()
        _ = try await bench.plans.store.erase(address: "a@shopper.example", shop: shop, now: bench.plans.now)
        #expect(try await bench.spent() == GiftHistory.Spent(sum: 1500, count: 1))
        #expect(try await bench.service.takeBackUntold() == false)
        try await bench.plans.see(2, email: "b@shopper.example", customer: 2, door: "12 Fig Lane")
        try await bench.plans.work()
        #expect(try await bench.states(2)[0] == "skipped had_gift")
    }

    // MARK: - At random

    @Test(
        "never pass a budget, never go twice, and are told rightly or taken back, whatever happens",
        arguments: 1...(ProcessInfo.processInfo.environment["BOOKBAG_LONG"] == "1" ? 12 : 3) as ClosedRange<UInt64>)
    func random(_ seed: UInt64) async throws {
        var chance = Chance(seed: seed)
        let cost = [500, 1500, 4000][chance.below(3)]
        let sum = [3000, 9000, 20000][chance.below(3)]
        let count = 2 + chance.below(6)
        let once = ["", ", once_per: customer every 10 days", ", once_per: customer", ", once_per: order"][
            chance.below(4)]
        func pounds(_ units: Int) -> String { "\(units / 100).\(units % 100 < 10 ? "0" : "")\(units % 100)" }
        let bench = try await GiftBench(
            """
            amounts_in: GBP
            gifts: { sorry: { discount: 10%, counts_as: \(pounds(cost)), valid_for: 60 days\(once) } }
            budgets: { gifts: [\(pounds(sum)) per week, \(count) per day] }
            """, trigger: ["on: order.placed", "on: order.placed\nafter: 3 hours"][chance.below(2)],
            shopSettings: chance.below(2) == 0 ? "limit: { messages: 1, per: 5 hours }\n" : "")
        var order = 0
        for _ in 0..<40 {
            for _ in 0..<chance.below(4) {
                order += 1
                let who = 1 + chance.below(6)
                try await bench.plans.see(
                    order, email: "s\(who)@shopper.example", customer: chance.below(8) == 0 ? nil : who,
                    door: ["1 Fig Lane", "2 Fig Lane", nil][chance.below(3)])
            }
            try await bench.plans.work()
            var answers = chance
            try await bench.serve({ _ in answers.below(6) == 0 }, loses: { _ in answers.below(3) == 0 })
            chance = answers
            if chance.below(3) == 0 { _ = try await bench.service.takeBackUntold() }
            try await bench.plans.wait([.seconds(31), .minutes(10), .hours(4), .hours(20)][chance.below(4)])
            // No budget is passed, at any moment.
            let now = bench.plans.now
            let starts = [Allowance.Period.week, .day].map { $0.start(at: now, in: .utc) }
            let spent = try await bench.plans.store.giftsSpent(shop: shop, since: starts, currency: "GBP")
            #expect(spent[0].sum <= Int64(sum) && spent[1].count <= count, "seed \(seed)")
        }
        for _ in 0..<40 {
            bench.plans.holder.pass(.minutes(12))
            try await bench.plans.work()
            try await bench.serve()
            _ = try await bench.service.takeBackUntold()
        }
        // Every code was made once; each that lives is in a letter, and every letter has its own.
        #expect(bench.codes.codes.values.allSatisfy { $0 == 1 })
        var told: Set<String> = []
        for one in 1...max(order, 1) where order > 0 {
            let text = try await bench.mail(one)
            let found = bench.codes.codes.keys.filter(text.contains)
            #expect(found.count <= 1 && Set(found).isSubset(of: bench.codes.live), "seed \(seed), order \(one)")
            told.formUnion(found)
        }
        #expect(told == bench.codes.live, "seed \(seed)")
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
