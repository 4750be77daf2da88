import Foundation
import Testing

@testable import Outreach

@Suite("The verbs that write to the shop")
struct ShopVerbTests {
    private func load(_ triggers: [String: String]) -> (set: TriggerSet?, faults: [String]) {
        var files = [
            "shop.yaml": "brand: { name: Fig, from: orders@fig.example }\n",
            "policy.yaml": "amounts_in: GBP\nbudgets: { remedies: 1000.00 per month }\n",
        ]
        for (name, text) in triggers { files["\(name).yaml"] = text }
        let (set, faults) = TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) }))
        return (set, faults.map(\.description))
    }

    @Test("are tried by examples, as they are written, with what it takes and what keeps them from it")
    func examples() throws {
        let (loaded, faults) = load([
            "lost": """
            on: shipment.lost
            do: [{ refund: 20% }, { tag_order: lost }, { store_credit: { amount: 5.00, valid_for: 2 weeks } }]
            examples:
              - name: it is paid back in part, and marked
                expect: [{ do: { refund: 20% } }, { do: { tag_order: lost } }, { do: { store_credit: { amount: 5.00, valid_for: 2 weeks } } }]
            """,
            "asks": """
            on: message.received
            do: { refund: all }
            examples:
              - name: anybody may claim to be her
                given: { message: { trust: 1 } }
                expect: nothing
                because: not_proved
            """,
        ])
        let set = try #require(loaded, "\(faults)")
        let (count, failures) = ExampleRunner(set).run()
        #expect(count == 2 && failures.map(\.description) == [])
    }

    @Test("become the action that the line says, for this order")
    func actions() throws {
        var facts = OrderFacts(
            id: "gid://shopify/Order/1", name: "#1", createdAt: Story.start, updatedAt: Story.start)
        facts.total = Money(amount: 40, currency: "GBP")
        facts.shippingPrice = Money(amount: Decimal(string: "4.50")!, currency: "GBP")
        facts.customer = CustomerFacts(id: "gid://shopify/Customer/7")
        facts.lineItems = [
            LineItemFacts(id: "l1", title: "Tea", quantity: 3, currentQuantity: 2, unitPrice: facts.total),
            LineItemFacts(id: "l2", title: "Card", quantity: 1, requiresShipping: false),
        ]
        let record = OrderRecord(shop: "fig.myshopify.com", facts: facts, seenAt: Story.start)
        let day = try #require(CalendarDay(iso8601: "2026-11-18"))
        func action(_ text: String) throws -> ShopAction? {
            let (set, faults) = load(["note": "on: shipment.lost\ndo: [\(text)]\n"])
            let line = try #require(set?.trigger("note")?.lines.first?.action, "\(faults)")
            return try? ShopAction.make(line, for: record, currency: "GBP", today: day)
        }
        func pounds(_ text: String) -> Money { Money(amount: Decimal(string: text)!, currency: "GBP") }
        #expect(try action("{ refund: shipping }") == .refund(amount: pounds("4.50")))
        #expect(try action("{ refund: all }") == .refund(amount: pounds("40")))
        #expect(
            try action("{ store_credit: 10% }") == .storeCredit(amount: pounds("4"), expiresOn: day.adding(days: 365)))
        #expect(
            try action("{ store_credit: { amount: 5.00, valid_for: 2 weeks } }")
                == .storeCredit(amount: pounds("5"), expiresOn: day.adding(days: 14)))
        // What was taken out of the order, and what nobody carries, is not sent again.
        #expect(try action("reship") == .reship(lines: [QuantityFacts(lineItemID: "l1", quantity: 2)]))
        #expect(try action("cancel_order") == .cancelOrder(reason: "customer"))
        #expect(try action("{ hold_order: wait }") == .holdOrder(note: "wait"))
        #expect(try action("release_order") == .releaseOrder)
        let reship = try #require(try action("reship"))
        #expect(try reship.cost(of: record, in: "GBP") == 8000)
        #expect(try ShopAction.releaseOrder.cost(of: record, in: "GBP") == nil)
        let back = try JSONDecoder().decode(ShopAction.self, from: try JSONEncoder().encode(reship))
        #expect(back == reship)
    }

    @Test("are counted by replay, each with its sum")
    func replayed() throws {
        func folder(_ lines: String) -> TriggerFolder {
            TriggerFolder(
                files: [
                    "shop.yaml": "brand: { name: Fig, from: orders@fig.example }\n",
                    "policy.yaml": "amounts_in: GBP\nbudgets: { remedies: 10.00 per month }\n",
                    "note.yaml": "on: shipment.delivered\ndo: \(lines)\n",
                ].mapValues { Array($0.utf8) })
        }
        let customers = (1...3).map { number in
            var record = ReplayTests.order(number)
            record.facts.total = Money(amount: 40, currency: "GBP")
            return Replay.Customer(orders: [record])
        }
        let report = try ReplayTests.report(
            folder("{ tag_order: late }"), folder("[{ refund: 20% }, { tag_order: late }]"), customers)
        #expect(report.spending.actions == [.refund: GiftHistory.Spent(sum: 2400, count: 3)])
    }
}
