import Foundation
import Outreach
import Platform
import Store
import Synchronization
import Testing

@testable import Daemon

@Suite("What replay says was given", .timeLimit(.minutes(5)))
struct ReplayedSumsTests {
    /// Gifts, refunds and remedies, of all orders that go wrong; the budgets have room for all of it.
    private static func policy(needsApproval: Bool, also: Bool) -> String {
        """
        amounts_in: GBP
        gifts:
          sorry: { discount: 10%, counts_as: 15.00, valid_for: 60 days, once_per: customer every 90 days }
          fiver: { discount: 5.00, valid_for: 60 days, once_per: customer every 10 days }
        budgets: { gifts: [9000.00 per month], remedies: [90000.00 per month] }
        remedies:
          lost-parcel:
            at_most: 150.00
            approval: \(needsApproval ? "needed" : "not_needed")
        \(needsApproval ? "    approve_within: 2 days" : "")
            first_that_fits:
              - { if: customer.remedies_last_180_days >= 3, hand_over: often }
              - { if: order.total_price <= 60, offer: [refund, reship]\(also ? ", also_give: sorry" : "") }
              - { hand_over: expensive }
        """
    }

    private static let triggers = [
        "gift": """
        on: order.on_hold
        if: order.total_price <= 40
        do: { give: fiver }
        send: { email: { template: gift } }
        """,
        "back": """
        on: order.on_hold
        if: order.total_price > 60
        do: [{ refund: all }, { tag_order: back }]
        send: { email: { template: plain } }
        """,
    ]

    private static func report(_ bench: RemedyBench, since: Moment) async throws -> ReplayReport {
        let planner = bench.plans.context.rules.planner
        let replay = Replay(
            planner.triggers, live: planner.live, shop: planner.shop, since: since, until: bench.now)
        let sheet = Mutex(ReplayReport(zone: .utc, samples: 3))
        for share in ReplayShare.shares(2) {
            try await bench.store.replay(shop: remedyShop, since: since, share: share) { customer in
                sheet.withLock { $0.play(customer, before: replay, after: replay) }
            }
        }
        return sheet.withLock { $0 }
    }

    @Test(
        "is what was booked, whatever people approved, refused and chose",
        arguments: 1...(ProcessInfo.processInfo.environment["BOOKBAG_LONG"] == "1" ? 40 : 4) as ClosedRange<UInt64>)
    func random(_ seed: UInt64) async throws {
        var chance = RemedyChance(seed: seed)
        let needsApproval = seed % 2 == 0
        let bench = try await RemedyBench(
            Self.policy(needsApproval: needsApproval, also: chance.below(2) == 0), triggers: Self.triggers)
        let start = bench.now
        for order in 1...12 {
            let total = Decimal(10 + chance.below(100))
            let customer = chance.below(5) == 0 ? nil : 1 + chance.below(4)
            try await bench.see(order, total: total, customer: customer)
            try await bench.work()
            // Money that is paid back comes back as Shopify's refund, and the past stays what it was.
            if total > 60, chance.below(2) == 0 {
                try await bench.wait(.seconds(1))
                try await bench.see(order, total: total, customer: customer, refunded: total)
            }
            if let offer = try await bench.offers(order).first {
                if needsApproval, chance.below(3) > 0 {
                    _ = try await bench.desk.judge(
                        offer.number, shop: remedyShop, version: offer.version, approves: chance.below(3) > 0,
                        by: RemedyBench.anna, note: "", now: bench.now)
                    try await bench.work()
                }
                if chance.below(2) == 0 {
                    let what = offer.offer.options[chance.below(offer.offer.options.count)].what
                    _ = try await bench.desk.choose(what, of: offer.number, shop: remedyShop, now: bench.now)
                }
            }
            try await bench.wait([.hours(3), .days(1), .days(4), .days(12)][chance.below(4)])
        }
        let report = try await Self.report(bench, since: start - .days(1))
        let given = try await bench.store.giftsSpent(shop: remedyShop, since: [start - .days(1)], currency: "GBP")[0]
        let made = try await bench.store.remediesSpent(shop: remedyShop, since: [start - .days(1)], currency: "GBP")[0]
        let refunded = try await bench.store.spent(
            of: .remedies, only: .refund, shop: remedyShop, since: start - .days(1), currency: "GBP")
        #expect(given.sum > 0 && !report.differs && report.spending.gifts == given, "seed \(seed)")
        var dearest: Int64 = 0
        var chosen: Int64 = 0
        for order in 1...12 {
            for offer in try await bench.offers(order) {
                dearest += offer.offer.dearest
                if offer.choice == .refund, offer.state == .chosen {
                    chosen += offer.offer.cost(of: .refund) ?? 0
                }
            }
        }
        let back = report.spending.actions[.refund] ?? GiftHistory.Spent()
        #expect(back.sum == refunded.sum - chosen, "seed \(seed)")
        if needsApproval {
            #expect(report.spending.unattended == given.sum + back.sum, "seed \(seed)")
            #expect(report.spending.approved == report.spending.unattended + dearest, "seed \(seed)")
            #expect(report.spending.approved >= given.sum + made.sum, "seed \(seed)")
        } else {
            #expect(report.spending.unattended == given.sum + made.sum, "seed \(seed)")
            #expect(report.spending.requests == GiftHistory.Spent(), "seed \(seed)")
        }
        // The letters that tell of offers are among the messages.
        #expect(dearest == 0 || needsApproval || report.triggers["offered"]?.after ?? 0 > 0, "seed \(seed)")
    }
}
