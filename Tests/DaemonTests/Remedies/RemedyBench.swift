import Delivery
import Foundation
import Logging
import Outreach
import Platform
import Store
import Synchronization
import Testing

@testable import Daemon

let remedyShop = "juniperfig.myshopify.com"

/// A shop's plans with remedies, its desk, and the shop in which gifts are made.
final class RemedyBench: Sendable {
    let plans: Plans
    let codes = CodeShop()
    let people: ListedPeople
    let desk: OfferDesk
    private let post: ShopPost
    /// What the shop says to all that is to be done in it; nil while it does it.
    let refusal = Mutex<Verdict?>(nil)

    static let anna = Person(
        email: "anna@juniperfig.example", name: "Anna", roles: [.approve], approveUpTo: 100)
    static let tom = Person(email: "tom@juniperfig.example", name: "Tom", roles: [.approve], approveUpTo: 20)

    static let policy = """
        amounts_in: GBP
        gifts:
          sorry: { discount: 10%, counts_as: 15.00, valid_for: 60 days, once_per: customer every 90 days }
        budgets:
          gifts: [300.00 per month]
          remedies: [200.00 per month, 5 per day]
        remedies:
          lost-parcel:
            at_most: 150.00
            approval: needed
            approve_within: 1 day
            first_that_fits:
              - { if: customer.remedies_last_180_days >= 2, hand_over: has had two remedies already }
              - { if: order.total_price <= 60, offer: [refund, reship, sorry], also_give: sorry }
              - { hand_over: expensive order }
        """

    /// Nobody has to approve what this offers.
    static let open = policy.replacing("approval: needed", with: "approval: not_needed")
        .replacing("    approve_within: 1 day\n", with: "")

    init(
        _ policy: String = policy, shopSettings: String = "", people listed: [Person] = [anna, tom],
        ceilings: [String: ActionCeiling] = [:], triggers others: [String: String] = [:]
    ) async throws {
        plans = try await Plans(
            [
                "lost": "on: order.on_hold\ndo: { remedy: lost-parcel }\nsend: { email: { template: plain } }",
                "offered": "on: remedy.offered\nsend: { email: { template: note } }",
            ].merging(others) { $1 }, shopSettings: shopSettings, pages: "https://track.juniperfig.example",
            letter:
                "Choose {{ remedy.offers | join: \", \" }} at {{ remedy_url }}{% if gift %}, and {{ gift.code }}{% endif %}.",
            templates: ["plain": "It is on hold.", "gift": "{% if gift %}{{ gift.code }}{% endif %}"], policy: policy,
            actionCeilings: ceilings)
        let context = plans.context
        let office = ShopPost.Office(
            brand: { context.rules.inForce.set.settings.brand }, sender: nil, wake: Wake())
        post = ShopPost([remedyShop: office])
        people = ListedPeople(People(listed))
        desk = OfferDesk(store: plans.store, planner: { $0 == remedyShop ? context.rules.planner : nil })
    }

    var store: Store { plans.store }
    var now: Moment { plans.now }

    var service: RemedyService {
        RemedyService(
            store: store, contexts: [remedyShop: plans.context], people: people, post: post,
            desk: "https://desk.juniperfig.example",
            learn: { [plans] events, _ in
                try await plans.learning.learn(events, of: plans.context, now: plans.now)
            }, clock: plans.clock, wake: Wake(), newMessages: Broadcast(), heartbeats: Heartbeats(),
            logger: plans.logger)
    }

    /// An order is placed, and then something goes wrong with it.
    func see(
        _ order: Int, total: Decimal = 45, currency: String = "GBP", customer: Int? = 7, email: String? = nil,
        door: String? = nil, refunded: Decimal? = nil, isCancelled: Bool = false, isWrong: Bool = true,
        codes: [String] = []
    ) async throws {
        let placed = Moment(iso8601: "2026-11-18T09:00:00Z")! + .seconds(1)
        var facts = OrderFacts(
            id: "gid://shopify/Order/\(order)", name: "#\(order)", createdAt: placed, updatedAt: now)
        let address = email ?? "robin\(customer ?? order)@shopper.example"
        facts.email = address
        facts.total = Money(amount: total, currency: currency)
        if let customer {
            facts.customer = CustomerFacts(id: "gid://shopify/Customer/\(customer)", email: address)
        }
        var line = LineItemFacts(id: "l\(order)", title: "Linen apron", quantity: 2)
        line.unitPrice = Money(amount: total / 3, currency: currency)
        line.total = Money(amount: total * 2 / 3, currency: currency)
        facts.lineItems = [line]
        if let door {
            var place = AddressFacts()
            (place.address1, place.zip, place.countryCode) = (door, "BS1 4DJ", "GB")
            facts.shippingAddress = place
        }
        if let refunded {
            facts.refunds = [
                RefundFacts(
                    id: "gid://shopify/Refund/\(order)", createdAt: now,
                    total: Money(amount: refunded, currency: currency))
            ]
        }
        if !codes.isEmpty {
            var bill = BillFacts()
            bill.applied = codes.enumerated().map {
                BillFacts.Discount(
                    index: $0.offset, title: $0.element, isCode: true, selection: "all", isOnShipping: false)
            }
            facts.bill = bill
        }
        if isWrong { facts.holds = ["gid://shopify/FulfillmentHold/\(order)"] }
        if isCancelled { facts.cancelledAt = now }
        _ = try await plans.learning.learn(
            [Observation(shop: remedyShop, seenAt: now, content: .order(facts))], of: plans.context, now: now)
    }

    /// Does what is ready, decides what is due and looks after offers, until nothing moves.
    func work() async throws {
        for _ in 0..<12 {
            try await plans.work()
            let acted = try await serve(.desk) + serve(.shop)
            let looked = try await service.turn(remedyShop, now: now)
            if acted == 0, !looked { break }
        }
    }

    func wait(_ duration: Duration) async throws {
        plans.holder.pass(duration)
        try await work()
    }

    private func serve(_ channel: ChannelName) async throws -> Int {
        let context = plans.context
        let far = DeskChannel(
            context: context, store: store, post: post,
            journal: ConversationJournal(
                metrics: DaemonMetrics(), newEvents: Wake(), newMail: Wake(), logger: plans.logger))
        let claims = try await store.claim(
            Route(shop: remedyShop, channel: channel), limit: 50, owner: "test", lease: .minutes(15), now: now)
        for claim in claims {
            guard let begun = try await store.begin([claim], lease: .minutes(15), now: now).begun.first else {
                continue
            }
            var answer = AttemptAnswer(.accepted(receipt: ""))
            if channel == .desk {
                answer = AttemptAnswer(try await far.send(begun.message, at: now))
            } else if ActionCommand(begun.message) != nil, let verdict = refusal.withLock({ $0 }) {
                answer = AttemptAnswer(verdict)
            } else if ActionCommand(begun.message) != nil {
                answer = AttemptAnswer(.accepted(receipt: "done"), results: ["refund": "gid://shopify/Refund/5"])
            } else {
                answer = codes.attempt(begun.message, inDoubt: claim.effect.attemptsInDoubt, loses: false)
            }
            _ = try await store.finish(
                [
                    AttemptOutcome(
                        claim: begun, verdict: answer.verdict, nextAttemptAt: now + .seconds(5),
                        results: answer.results)
                ], now: now)
        }
        return claims.count
    }

    // MARK: - Looking

    func offers(_ order: Int) async throws -> [OfferRecord] {
        try await store.offers(ofOrder: OrderKey(shop: remedyShop, orderID: "gid://shopify/Order/\(order)"))
    }

    func offer(_ order: Int) async throws -> OfferRecord { try #require(try await offers(order).first) }

    /// The effect that decided it.
    func decided(_ order: Int) async throws -> Effect {
        let key = OrderKey(shop: remedyShop, orderID: "gid://shopify/Order/\(order)")
        let all = try await store.effects(ofOrders: [key], states: Set(Effect.State.allCases))[key] ?? []
        return try #require(all.first { $0.line == "remedy:lost-parcel" })
    }

    /// The letter that tells of an offer; nil if there is none.
    func letter(_ order: Int) async throws -> String? {
        let key = OrderKey(shop: remedyShop, orderID: "gid://shopify/Order/\(order)")
        let all = try await store.effects(ofOrders: [key], states: Set(Effect.State.allCases))[key] ?? []
        guard let effect = all.first(where: { $0.trigger == "offered" && $0.state == .ready }) else { return nil }
        let bytes = try await store.effectStory(effect.id, shop: remedyShop)?.message?.bytes ?? []
        return String(decoding: bytes, as: UTF8.self).replacingOccurrences(of: "=\r\n", with: "")
    }

    /// What the conversation about an order says to the shop's people; empty if there is none.
    func notes(_ order: Int) async throws -> [String] {
        let id = "gid://shopify/Order/\(order)"
        guard let number = try await store.openConversation(about: id, shop: remedyShop),
            let record = try await store.conversations([number], shop: remedyShop, now: now)[number]
        else { return [] }
        #expect(record.state == .person && record.waitsSince != nil)
        return record.messages.filter { $0.direction == .note }.map(\.text)
    }

    /// The mails to the shop's own people of that kind.
    func mails(_ kind: String) async throws -> [Message] {
        try await store.claim(
            .mail(shop: remedyShop), limit: 50, owner: UUID().uuidString, lease: .seconds(0), now: now
        ).filter { $0.effect.trigger == kind }.map(\.message)
    }

    /// What counts of the month.
    func spent() async throws -> GiftHistory.Spent {
        let start = Allowance.Period.month.start(at: now, in: .utc)
        return try await store.remediesSpent(shop: remedyShop, since: [start], currency: "GBP")[0]
    }
}
