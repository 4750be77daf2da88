import Foundation
import Outreach
import Platform
import Store
import Testing

@testable import Daemon

@Suite("Remedies, at random", .timeLimit(.minutes(5)))
struct RemedyPropertyTests {
    /// A policy at random, and what of it has to hold.
    private struct Drawn {
        var policy: String
        var sum: Int64
        var perDay: Int
        var atMost: Int64
        /// An order above this much is offered nothing.
        var small: Decimal
        /// Nobody is offered more than so many in 180 days.
        var most: Int
        var things: Set<String>
        /// What the operator allows to be refunded in a month, and sent again in a week.
        var refunded: Int64
        var sentAgain: Int
        var ceilings: [String: ActionCeiling]
    }

    private static func draw(_ chance: inout RemedyChance) -> Drawn {
        let sum = [6000, 15000, 40000][chance.below(3)] as Int64
        let perDay = 1 + chance.below(4)
        let atMost = [3000, 7000, 20000][chance.below(3)] as Int64
        let small = [Decimal(30), 60, 120][chance.below(3)]
        let most = 1 + chance.below(3)
        let offers = [["refund"], ["refund", "reship"], ["reship", "sorry"], ["store_credit", "refund", "sorry"]][
            chance.below(4)]
        let also = chance.below(2) == 0 ? ", also_give: sorry" : ""
        let approval =
            chance.below(2) == 0
            ? "approval: not_needed" : "approval: needed\n    approve_within: \(1 + chance.below(3)) days"
        let once = ["", ", once_per: customer every 10 days", ", once_per: order"][chance.below(3)]
        let refunded = [4000, 9000, 30000][chance.below(3)] as Int64
        let sentAgain = 1 + chance.below(4)
        var ceilings = ["refund": ActionCeiling(), "reship": ActionCeiling()]
        ceilings["refund"]?.allowances = [Allowance(.sum(Decimal(refunded) / 100), per: .month)]
        ceilings["reship"]?.allowances = [Allowance(.count(sentAgain), per: .week)]
        func pounds(_ units: Int64) -> String { "\(units / 100).\(units % 100 < 10 ? "0" : "")\(units % 100)" }
        return Drawn(
            policy: """
                amounts_in: GBP
                gifts: { sorry: { discount: 10%, counts_as: 15.00, valid_for: 60 days\(once) } }
                budgets: { gifts: [300.00 per month], remedies: [\(pounds(sum)) per week, \(perDay) per day] }
                remedies:
                  lost-parcel:
                    at_most: \(pounds(atMost))
                    \(approval)
                    first_that_fits:
                      - { if: customer.remedies_last_180_days >= \(most), hand_over: often }
                      - { if: order.total_price <= \(small), offer: [\(offers.joined(separator: ", "))]\(also) }
                      - { hand_over: expensive }
                """, sum: sum, perDay: perDay, atMost: atMost, small: small, most: most, things: Set(offers),
            refunded: refunded, sentAgain: sentAgain, ceilings: ceilings)
    }

    @Test(
        "pass no budget, offer nothing to one who may not have it, and never end in silence",
        arguments: 1...(ProcessInfo.processInfo.environment["BOOKBAG_LONG"] == "1" ? 40 : 2) as ClosedRange<UInt64>)
    func random(_ seed: UInt64) async throws {
        var chance = RemedyChance(seed: seed)
        let drawn = Self.draw(&chance)
        let bench = try await RemedyBench(drawn.policy, ceilings: drawn.ceilings)
        var order = 0
        /// Of each order: its total, and whose it is.
        var placed: [Int: (total: Decimal, customer: Int?, door: String?, isCancelled: Bool)] = [:]
        for _ in 0..<30 {
            for _ in 0..<chance.below(3) {
                order += 1
                let who = chance.below(6) == 0 ? nil : 1 + chance.below(4)
                let one = (
                    total: Decimal(10 + chance.below(130)), customer: who,
                    door: ["1 Fig Lane", "2 Fig Lane", nil][chance.below(3)], isCancelled: chance.below(10) == 0
                )
                placed[order] = one
                try await bench.see(
                    order, total: one.total, customer: who, door: one.door, isCancelled: one.isCancelled)
            }
            try await bench.work()
            for number in placed.keys.sorted() {
                guard let offer = try await bench.offers(number).first else { continue }
                switch (offer.state, chance.below(5)) {
                case (.asked, 0), (.asked, 1):
                    let judged = try await bench.desk.judge(
                        offer.number, shop: remedyShop, version: offer.version, approves: chance.below(3) > 0,
                        by: Person(email: "p@juniperfig.example", name: "P", roles: [.approve], approveUpTo: 1000),
                        note: "", now: bench.now)
                    #expect(judged == .done, "seed \(seed)")
                case (.open, 0):
                    let what = offer.offer.options[chance.below(offer.offer.options.count)].what
                    _ = try await bench.desk.choose(what, of: offer.number, shop: remedyShop, now: bench.now)
                case (.open, 1):
                    // Her order changes before she chooses.
                    let one = try #require(placed[number])
                    try await bench.see(
                        number, total: one.total, customer: one.customer, door: one.door, refunded: 1)
                default: break
                }
            }
            try await bench.work()
            try await held(bench, drawn, placed.mapValues { ($0.total, $0.isCancelled) }, seed)
            try await bench.wait([.seconds(31), .hours(4), .hours(20), .days(3)][chance.below(4)])
            try await held(bench, drawn, placed.mapValues { ($0.total, $0.isCancelled) }, seed)
        }
        // In the end each is chosen, or a person has it with the reason.
        for _ in 0..<6 { try await bench.wait(.days(8)) }
        for number in placed.keys.sorted() where placed[number]?.isCancelled == false {
            let offer = try await bench.offers(number).first
            #expect(offer?.state != .asked && offer?.state != .open, "seed \(seed), order \(number)")
            if offer?.state == .chosen { continue }
            #expect(try await bench.notes(number).count == 1, "seed \(seed), order \(number)")
        }
        #expect(bench.codes.codes.values.allSatisfy { $0 == 1 }, "seed \(seed)")
    }

    /// What holds at every moment.
    private func held(
        _ bench: RemedyBench, _ drawn: Drawn, _ placed: [Int: (total: Decimal, isCancelled: Bool)], _ seed: UInt64
    ) async throws {
        let starts = [Allowance.Period.week, .day].map { $0.start(at: bench.now, in: .utc) }
        let spent = try await bench.store.remediesSpent(shop: remedyShop, since: starts, currency: "GBP")
        #expect(spent[0].sum <= drawn.sum && spent[1].count <= drawn.perDay, "seed \(seed)")
        func done(_ verb: ShopVerb, _ period: Allowance.Period) async throws -> GiftHistory.Spent {
            try await bench.store.spent(
                of: .remedies, only: verb, shop: remedyShop, since: period.start(at: bench.now, in: .utc),
                currency: "GBP")
        }
        // What is tallied of all that was given is what is booked.
        let ever = bench.now - .days(300)
        let tallied = try await bench.store.tallySums(
            shop: remedyShop, from: Zone.utc.day(at: ever), to: Zone.utc.day(at: bench.now))
        let booked = try await bench.store.remediesSpent(shop: remedyShop, since: [ever], currency: "GBP")[0]
        let given = tallied.filter { $0.name == .given }
        #expect(given.reduce(0) { $0 + $1.total } == booked.sum, "seed \(seed)")
        #expect(given.allSatisfy { $0.n >= 0 }, "seed \(seed)")
        #expect(try await done(.refund, .month).sum <= drawn.refunded, "seed \(seed)")
        #expect(try await done(.reship, .week).count <= drawn.sentAgain, "seed \(seed)")
        for (number, one) in placed {
            let offers = try await bench.offers(number)
            #expect(offers.count <= 1, "seed \(seed)")
            guard let offer = offers.first else { continue }
            #expect(offer.offer.dearest <= drawn.atMost && !one.isCancelled && one.total <= drawn.small, "seed \(seed)")
            #expect(Set(offer.offer.options.map(\.what.name)).isSubset(of: drawn.things), "seed \(seed)")
        }
    }
}

/// A small generator, so that a seed tells everything (SplitMix64).
struct RemedyChance {
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
