import Foundation
import Testing

@testable import Outreach

@Suite("What becomes of a return")
struct ReturnDecisionTests {
    private static let policy = """
        amounts_in: GBP
        returns:
          first_that_fits:
            - { if: 'order.product_tags contains "final-sale"', refuse: final-sale }
            - { if: order.days_since_delivered > 30, hand_over: asked after 30 days }
            - { if: order.total_price < 500, approve: true, label: we_pay, offer: [exchange, store_credit, refund], refund_when: received }
        """
    private static let now = Moment(iso8601: "2026-11-20T09:00:00Z")!
    private static let id = "gid://shopify/Return/9"

    private func planner(_ policy: String = policy, refund: Decimal? = nil) throws -> Planner {
        let (loaded, faults) = TriggerSet.load(
            TriggerFolder(
                files: [
                    "shop.yaml": "brand: { name: Fig, from: orders@fig.example }\n", "policy.yaml": policy,
                    "decide.yaml": "on: return.requested\ndo: approve_return\n",
                    "settle.yaml": "on: return.received\ndo: settle_return\n",
                ].mapValues { Array($0.utf8) }))
        var planner = Planner(
            triggers: try #require(loaded, "\(faults)"), inForceSince: [:], live: LiveSince(shop: .distantPast),
            shop: ShopProfile(domain: "fig.myshopify.com"))
        if let refund {
            var ceiling = ActionCeiling()
            ceiling.each = refund
            planner.actionCeilings = ["refund": ceiling]
        }
        return planner
    }

    /// An order of two things for 40.00 and one for 20.00, with 4.50 of shipping, of which one of the first comes back.
    private func record(_ status: ReturnFacts.Status = .requested, _ change: (inout OrderFacts) -> Void = { _ in })
        -> OrderRecord
    {
        func pounds(_ text: String) -> Money { Money(amount: Decimal(string: text)!, currency: "GBP") }
        var facts = OrderFacts(
            id: "gid://shopify/Order/1", name: "#1", createdAt: Self.now - .days(9), updatedAt: Self.now)
        facts.customer = CustomerFacts(id: "gid://shopify/Customer/7")
        facts.email = "robin@shopper.example"
        facts.total = pounds("64.50")
        facts.shippingPrice = pounds("4.50")
        facts.bill = BillFacts()
        facts.bill?.payments = [.init(kind: "sale", status: "success", amount: pounds("64.50"))]
        facts.lineItems = [
            LineItemFacts(id: "gid://shopify/LineItem/1", title: "Apron", quantity: 2, total: pounds("40")),
            LineItemFacts(id: "gid://shopify/LineItem/2", title: "Tea", quantity: 1, total: pounds("20")),
        ]
        facts.fulfillments = [
            FulfillmentFacts(
                id: "gid://shopify/Fulfillment/5", name: "#1-F1", status: .success, createdAt: Self.now - .days(8),
                updatedAt: Self.now, tracking: [],
                lineItems: facts.lineItems.map { QuantityFacts(lineItemID: $0.id, quantity: $0.quantity) })
        ]
        facts.returns = [
            ReturnFacts(
                id: Self.id, name: "#1-R1", status: status, createdAt: Self.now, received: status != .requested,
                lineItems: [QuantityFacts(lineItemID: "gid://shopify/LineItem/1", quantity: 1)])
        ]
        change(&facts)
        return OrderRecord(shop: "fig.myshopify.com", facts: facts, seenAt: Self.now)
    }

    private func decide(
        _ record: OrderRecord, _ planner: Planner, _ kind: EventKind = .returnRequested, _ story: ReturnStory? = nil
    ) throws -> ReturnDecision {
        let event = Event(
            shop: record.shop, orderID: record.facts.id, kind: kind,
            occurrences: [.init(subject: Subject.return(Self.id).key, n: 1, mark: "m")], happenedAt: Self.now,
            recordedAt: Self.now, source: "shopify")
        let trigger = kind == .returnRequested ? "decide" : "settle"
        let line = kind == .returnRequested ? "approve_return" : "settle_return"
        let effect = Effect(
            to: Route(shop: record.shop, channel: .desk), isContact: false, trigger: trigger, line: line, keys: ["k"],
            event: event, dueAt: Self.now, createdAt: Self.now)
        var history = History()
        history.returned = story
        #expect(planner.returnQuestion(of: effect) == Self.id)
        return planner.returning(effect, planner.evaluation(record, now: Self.now), history)
    }

    private static let terms = ReturnTerms(
        label: .wePay, offer: [.exchange, .storeCredit, .refund], refundWhen: .received)

    @Test("is approved by the first line that fits, on its terms, and why is kept")
    func approved() throws {
        let decision = try decide(record(), try planner())
        guard case .act(.approveReturn(Self.id, Self.terms), let why) = decision else {
            Issue.record("\(decision)")
            return
        }
        #expect(why.hasPrefix("'returns' of policy.yaml, line 6") && why.contains("order.total_price is 64.50"))
        #expect(Self.terms.sentence.contains("the shop pays the way back"))
        // What the approval keeps, the label's buyer and the payment read again.
        let story = ReturnStory(results: Self.terms.results.merging(["wish": "exchange"]) { own, _ in own })
        #expect(story == ReturnStory(wish: .exchange, terms: Self.terms) && story.shopPaysLabel)
        #expect(!ReturnStory(results: ["wish": "refund"]).shopPaysLabel)
    }

    @Test("is refused with Shopify's reason, or a person's with the reason, as its line says")
    func others() throws {
        let planner = try planner()
        let final = record { $0.lineItems[1].productTags = ["Final-Sale"] }
        guard case .act(.declineReturn(Self.id, .finalSale), _) = try decide(final, planner) else {
            Issue.record("it is final")
            return
        }
        let dear = record { $0.total = Money(amount: 900, currency: "GBP") }
        guard case .handOver("no line of 'returns' in policy.yaml fits", let why) = try decide(dear, planner) else {
            Issue.record("nothing fits")
            return
        }
        #expect(why.contains("order.total_price is 900.00"))
        let off = Planner(
            triggers: TriggerSet(
                settings: planner.triggers.settings, triggers: planner.triggers.triggers, templates: TemplateSet()),
            inForceSince: [:], live: planner.live, shop: planner.shop)
        #expect(try decide(record(), off) == .nothing(.off, detail: "policy.yaml says nothing of returns"))
    }

    @Test(
        "needs a person where a refund is under way, the goods were sent again, or they are worth more than one refund may"
    )
    func guarded() throws {
        func note(_ record: OrderRecord, _ planner: Planner) throws -> String {
            guard case .handOver(let note, _) = try decide(record, planner) else { return "none" }
            return note
        }
        let paying = record {
            $0.bill?.payments.append(.init(kind: "refund", status: "pending", amount: nil))
        }
        #expect(try note(paying, try planner()) == "a refund of this order is in progress")
        #expect(try note(record { $0.replaces = "#0" }, try planner()).contains("sent again"))
        #expect(try note(record(), try planner(refund: 20)) == "none")
        let above = try note(record(), try planner(refund: Decimal(string: "19.99")!))
        #expect(above.contains("20.00 GBP") && above.contains("19.99"))
        #expect(try decide(record { $0.cancelledAt = Self.now }, try planner()) == .nothing(.cancelled, detail: nil))
        #expect(try decide(record(.open), try planner()) == .nothing(.passed, detail: "it was decided already"))
    }

    @Test(
        "is paid once the goods are here: as she wished, or as the policy offers",
        arguments: [
            (nil, ReturnWish.refund), (.refund, .refund), (.storeCredit, .storeCredit),
        ] as [(ReturnWish?, ReturnWish)])
    func settled(_ wish: ReturnWish?, _ way: ReturnWish) throws {
        let story = ReturnStory(wish: wish, terms: Self.terms)
        guard
            case .act(.settleReturn(Self.id, let paid, let most, let day), _) =
                try decide(record(.open), try planner(), .returnReceived, story)
        else {
            Issue.record("it is not paid")
            return
        }
        #expect(paid == way && most == Money(amount: 20, currency: "GBP") && (day != nil) == (way == .storeCredit))
    }

    @Test("goes to a person, or nowhere, where nothing is to be paid by itself")
    func unsettled() throws {
        let planner = try planner()
        func decide(_ wish: ReturnWish?, _ terms: ReturnTerms?, _ record: OrderRecord) throws -> String {
            switch try self.decide(record, planner, .returnReceived, ReturnStory(wish: wish, terms: terms)) {
            case .handOver(let note, _): note
            case .nothing(let reason, _): reason.rawValue
            case .act: "paid"
            }
        }
        #expect(try decide(.exchange, Self.terms, record(.open)).contains("she would like an exchange"))
        #expect(try decide(.refund, nil, record(.open)) == "needs_person")
        let byHand = ReturnTerms(offer: [.refund])
        #expect(try decide(.refund, byHand, record(.open)).contains("a refund, by hand"))
        let paid = record(.open) {
            $0.refunds = [RefundFacts(id: "r", createdAt: nil, total: nil, returnID: Self.id)]
        }
        #expect(try decide(.refund, Self.terms, paid) == "passed")
        let guest = record(.open) { $0.customer = nil }
        #expect(try decide(.storeCredit, Self.terms, guest).contains("no customer account"))
        #expect(try decide(.refund, Self.terms, record(.open) { $0.returns[0].received = false }) == "passed")
        // What the policy did not offer nobody gets by asking for it.
        let credit = ReturnTerms(offer: [.storeCredit], refundWhen: .received)
        guard
            case .act(.settleReturn(_, .storeCredit, _, _), _) = try self.decide(
                record(.open), planner, .returnReceived, ReturnStory(wish: .refund, terms: credit))
        else {
            Issue.record("credit is all that was offered")
            return
        }
    }

    @Test("what can be sent back is what was sent, less what comes back or was taken out of the order")
    func returnable() {
        func left(_ record: OrderRecord) -> [Int] { record.facts.returnable.map(\.quantity) }
        #expect(left(record()) == [1, 1])
        #expect(left(record(.declined)) == [2, 1])
        #expect(left(record { $0.lineItems[1].currentQuantity = 0 }) == [1])
        #expect(left(record { $0.fulfillments[0].status = .cancelled }) == [])
        #expect(left(record { $0.lineItems[0].isGiftCard = true }) == [1])
    }

    @Test("goods are worth what was paid for them, with taxes that come on top, and never more than is left")
    func worth() {
        let one = [QuantityFacts(lineItemID: "gid://shopify/LineItem/1", quantity: 1)]
        #expect(record().facts.worth(of: one) == Money(amount: 20, currency: "GBP"))
        let taxed = record {
            $0.total = Money(amount: Decimal(string: "76.50")!, currency: "GBP")
            $0.bill?.payments[0].amount = $0.total
        }
        #expect(taxed.facts.worth(of: one) == Money(amount: 24, currency: "GBP"))
        let paidBack = record {
            $0.bill?.payments.append(
                .init(kind: "refund", status: "success", amount: Money(amount: 60, currency: "GBP")))
        }
        #expect(paidBack.facts.worth(of: one) == Money(amount: Decimal(string: "4.50")!, currency: "GBP"))
        #expect(record { $0.lineItems[0].total = nil }.facts.worth(of: one) == nil)
    }

    @Test("a shopper is shown what the policy would say, before there is a return")
    func outlook() throws {
        let planner = try planner()
        func outlook(_ record: OrderRecord) -> ReturnOutlook? {
            planner.outlook(ofReturning: record, history: History(), now: Self.now)
        }
        #expect(outlook(record { $0.returns = [] }) == .approved(Self.terms))
        #expect(outlook(record { $0.lineItems[0].productTags = ["final-sale"] }) == .refused(.finalSale))
        #expect(outlook(record { $0.total = Money(amount: 900, currency: "GBP") }) == .person)
    }

    @Test("is tried by examples, and counted by what policy.yaml says")
    func examples() throws {
        let (loaded, faults) = TriggerSet.load(
            TriggerFolder(
                files: [
                    "shop.yaml": "brand: { name: Fig, from: orders@fig.example }\n", "policy.yaml": Self.policy,
                    "decide.yaml": """
                    on: return.requested
                    do: approve_return
                    examples:
                      - name: usual
                        expect: { do: approve_return, offers: [exchange, store_credit, refund] }
                      - name: dear
                        given: { order: { total_price: 900 } }
                        expect: { do: approve_return, hand_over: no line of 'returns' in policy.yaml fits }
                      - name: final
                        given: { order: { product_tags: [final-sale] } }
                        expect: { do: approve_return, refuses: final-sale }
                    """,
                    "settle.yaml": """
                    on: return.received
                    do: settle_return
                    examples:
                      - name: usual
                        expect: { do: settle_return }
                    """,
                ].mapValues { Array($0.utf8) }))
        let (count, failures) = ExampleRunner(try #require(loaded, "\(faults)")).run()
        #expect(count == 4 && failures.map(\.description) == [])
    }
}
