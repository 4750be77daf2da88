import Foundation
import Testing

@testable import Outreach

private func pounds(_ text: String, _ currency: String = "GBP") -> Money {
    Money(amount: Decimal(string: text)!, currency: currency)
}

@Suite("Return labels")
struct LabelTests {
    static let policy = """
        amounts_in: GBP
        labels:
          at_most: 8.00
          parcel: 1 kg in 30 x 20 x 10 cm
          return_to: { company: Fig, street: 12 Fig Lane, city: Bristol, zip: BS1 4DJ, country: GB }
        budgets: { labels: 200.00 per month }
        """

    static func record(_ status: ReturnFacts.Status = .open) -> OrderRecord {
        var facts = OrderFacts(id: "gid://shopify/Order/1", name: "#1", createdAt: Story.start, updatedAt: Story.start)
        var address = AddressFacts()
        (address.address1, address.city, address.countryCode) = ("1 Tea Street", "Bath", "GB")
        facts.shippingAddress = address
        facts.returns = [
            ReturnFacts(id: "gid://shopify/Return/9", name: "#1-R1", status: status, createdAt: Story.start)
        ]
        return OrderRecord(shop: "fig.myshopify.com", facts: facts, seenAt: Story.start)
    }

    private func order(services: [String] = []) throws -> LabelOrder {
        let policy = PolicyReader.read(Self.policy, file: "policy.yaml").policy
        var order = try LabelOrder("gid://shopify/Return/9", of: Self.record(), policy)
        order.services = services
        return order
    }

    private let rates = [
        LabelRate(
            id: "r1", carrier: "USPS", service: "GroundAdvantage", token: "usps_ground_advantage",
            price: pounds("5.45")),
        LabelRate(id: "r2", carrier: "UPS", service: "Ground", price: pounds("6.12")),
        LabelRate(id: "r3", carrier: "USPS", service: "Express", price: pounds("28.10")),
        LabelRate(id: "r4", carrier: "Evri", service: "Returns", price: pounds("3.00", "USD")),
    ]

    @Test(
        "the cheapest that the policy allows is bought, however a service is spelt",
        arguments: [
            ([String](), "r1"), (["UPS"], "r2"), (["usps ground advantage"], "r1"), (["USPS_Ground_Advantage"], "r1"),
            (["Ground", "UPS"], "r2"), (["usps"], "r1"),
        ])
    func cheapest(_ services: [String], _ id: String) throws {
        #expect(try order(services: services).choice(of: rates).id == id)
    }

    @Test("one that is paid on use is bought before a cheaper one that is paid at once, but never above the most")
    func paidOnUse() throws {
        var rates = rates
        rates[1].isPaidOnUse = true
        rates[2].isPaidOnUse = true
        #expect(try order().choice(of: rates).id == "r2")
    }

    @Test(
        "that none can be bought is said with why",
        arguments: [
            (["Evri"], "the broker asks for USD, and policy.yaml counts in GBP"),
            (["Hermes"], "none of the 'services' of policy.yaml is offered from there"),
            (["USPS Express"], "the cheapest label costs 28.10 GBP, and one may cost 8.00 GBP"),
        ])
    func none(_ services: [String], _ why: String) throws {
        let order = try order(services: services)
        let refusal = #expect(throws: ActionRefusal.self) { try order.choice(of: rates) }
        #expect(refusal?.detail.hasPrefix(why) == true, "\(refusal?.detail ?? "")")
        #expect(throws: ActionRefusal.self) { try order.choice(of: []) }
    }

    @Test(
        "a parcel reads aloud, in either of two systems",
        arguments: [
            ("1 kg in 30 x 20 x 10 cm", "1000", ["30", "20", "10"]),
            ("1.5kg, 10 x 20 x 30cm", "1500", ["30", "20", "10"]),
            ("2 lb in 12 × 9 × 4 inches", "907.18474", ["30.48", "22.86", "10.16"]),
            ("500 g in 100x200x300 mm", "500", ["30", "20", "10"]),
        ])
    func parcel(_ text: String, _ grams: String, _ sides: [String]) throws {
        let parcel = try LabelParcel.read(text).get()
        #expect("\(parcel.weight)" == grams && parcel.sides.map { "\($0)" } == sides)
        // Carriers are never told less than it is.
        #expect(parcel.ounces * Decimal(string: "28.349523125")! >= parcel.weight)
        #expect(parcel.inches[0] * Decimal(string: "2.54")! >= parcel.sides[0])
    }

    @Test(
        "what is no parcel is refused",
        arguments: [
            "1 kg", "30 x 20 x 10 cm", "0 kg in 1 x 1 x 1 cm", "90 kg in 1 x 1 x 1 cm", "1 kg in 30 x 20 x 10",
            "1 stone in 1 x 1 x 1 cm",
        ])
    func noParcel(_ text: String) {
        #expect((try? LabelParcel.read(text).get()) == nil)
    }

    @Test("an unused label is given back on the last day on which its carrier takes it")
    func life() {
        let bought = Moment(iso8601: "2026-11-30T10:00:00Z")!
        #expect("\(LabelLife.voidDay(carrier: "USPS", boughtAt: bought, zone: .utc))" == "2026-12-29")
        #expect("\(LabelLife.voidDay(carrier: "UPSDAP", boughtAt: bought, zone: .utc))" == "2027-02-26")
        #expect("\(LabelLife.voidDay(carrier: "Unheard Of", boughtAt: bought, zone: .utc))" == "2026-12-29")
    }

    @Test("a line of 'do' needs the policy, a return that was approved, and nothing behind it")
    func line() throws {
        func faults(_ trigger: String, policy: String) -> [String] {
            let files = [
                "shop.yaml": "brand: { name: Fig, from: orders@fig.example }\n", "policy.yaml": policy,
                "buy.yaml": trigger,
            ]
            return TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) })).faults.map(\.description)
        }
        #expect(faults("on: return.approved\ndo: buy_label\n", policy: Self.policy) == [])
        #expect(
            faults("on: return.approved\ndo: buy_label\n", policy: "amounts_in: GBP\n").first?
                .contains("policy.yaml does not say which labels may be bought") == true)
        #expect(
            faults("on: order.placed\ndo: buy_label\n", policy: Self.policy).first?
                .contains("use 'buy_label' on 'return.approved'") == true)
        #expect(
            faults("on: return.approved\ndo: { buy_label: two }\n", policy: Self.policy).first?
                .contains("write 'do: buy_label'") == true)
    }

    @Test("examples say that one is bought")
    func example() throws {
        let files = [
            "shop.yaml": "brand: { name: Fig, from: orders@fig.example }\n", "policy.yaml": Self.policy,
            "buy.yaml": """
            on: return.approved
            do: buy_label
            examples:
              - name: a return that was approved
                expect: { do: buy_label }
              - name: a return that was cancelled meanwhile
                given: { return: { status: cancelled } }
                expect: nothing
                because: passed
            """,
        ]
        let (set, faults) = TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) }))
        let (count, failures) = ExampleRunner(try #require(set, "\(faults)")).run()
        #expect(count == 2 && failures.map(\.description) == [])
    }
}
