import Foundation
import Testing

@testable import Outreach

/// What holds for every amount, in currencies of no, two and three decimals.
@Suite("Sums of money, at random")
struct MoneyRulesTests {
    static let currencies = ["JPY", "KWD", "EUR"]

    /// Numbers that are the same for a seed every time (SplitMix64).
    private struct Chance: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    private static func amount(_ units: Int64, _ currency: String) -> Money {
        Money(amount: CurrencyUnits.amount(units, in: currency), currency: currency)
    }

    /// An order that was paid in one currency, in a shop of another.
    private static func order(
        paid: Money, own: Money, refunds: [Int64] = [], chance: inout Chance
    ) -> OrderRecord {
        let now = Story.start
        var facts = OrderFacts(id: "gid://shopify/Order/1", name: "#1", createdAt: now, updatedAt: now)
        facts.customer = CustomerFacts(id: "gid://shopify/Customer/1", email: "robin@shopper.example")
        facts.total = paid
        facts.placedTotal = paid
        facts.placedTotalInShop = own
        facts.shippingPrice = amount(Int64.random(in: 0...500, using: &chance), paid.currency)
        var line = LineItemFacts(id: "l1", title: "Linen apron", quantity: 1)
        line.unitPrice = paid
        line.total = paid
        facts.lineItems = [line]
        facts.refunds = refunds.enumerated().map {
            RefundFacts(
                id: "gid://shopify/Refund/\($0.offset)", createdAt: now, total: amount($0.element, paid.currency))
        }
        return OrderRecord(shop: "fig.myshopify.com", facts: facts, seenAt: now)
    }

    @Test("are whole numbers of the smallest unit, written with all decimals and read again", arguments: currencies)
    func units(_ currency: String) throws {
        var chance = Chance(state: 1)
        for _ in 0..<500 {
            let units = Int64.random(in: 0...10_000_000_000, using: &chance)
            let amount = CurrencyUnits.amount(units, in: currency)
            #expect(CurrencyUnits.units(amount, in: currency) == units)
            let written = CurrencyUnits.written(units, in: currency)
            #expect(CurrencyUnits.money(written, in: currency)?.amount == amount)
            let decimals = written.split(separator: ".").dropFirst().first?.count ?? 0
            #expect(decimals == CurrencyUnits.decimals(of: currency))
            // A finer one is none, and is rounded to the nearest.
            let finer = amount + Decimal(string: "0.0004")!
            #expect(CurrencyUnits.units(finer, in: currency) == nil)
            #expect(CurrencyUnits.rounded(finer, in: currency) == amount)
            #expect(CurrencyUnits.rounded(finer, in: currency, up: true) > amount)
        }
    }

    @Test("cost the shop what they are worth there, and less than a unit more", arguments: currencies, currencies)
    func costs(_ paid: String, _ own: String) throws {
        var chance = Chance(state: 2)
        for _ in 0..<200 {
            let total = Self.amount(Int64.random(in: 100...5_000_000, using: &chance), paid)
            let inShop =
                paid == own ? total : Self.amount(Int64.random(in: 100...5_000_000, using: &chance), own)
            let record = Self.order(paid: total, own: inShop, chance: &chance)
            let units = Int64.random(in: 1...(CurrencyUnits.units(total.amount, in: paid) ?? 1), using: &chance)
            let refund = ShopAction.refund(amount: Self.amount(units, paid))
            let cost = try #require(try refund.cost(of: record, in: own))
            let exact = Self.amount(units, paid).amount * inShop.amount / total.amount
            let booked = CurrencyUnits.amount(cost, in: own)
            let unit = CurrencyUnits.amount(1, in: own)
            // The division is exact to 38 digits.
            #expect(booked >= exact - unit / 1_000_000 && booked < exact + unit, "\(total) \(inShop) \(units)")
        }
    }

    @Test("of a line have their currency's decimals, and 'all' is never above what is left", arguments: currencies)
    func lines(_ paid: String) throws {
        var chance = Chance(state: 3)
        let day = CalendarDay(year: 2026, month: 11, day: 18)!
        for round in 0..<200 {
            let units = Int64.random(in: 100...5_000_000, using: &chance)
            let total = Self.amount(units, paid)
            let own = Self.amount(Int64.random(in: 100...5_000_000, using: &chance), "GBP")
            let refunded = (0..<Int.random(in: 0...2, using: &chance)).map { _ in
                Int64.random(in: 1...units, using: &chance)
            }
            let record = Self.order(paid: total, own: own, refunds: refunded, chance: &chance)
            let left = max(0, units - refunded.reduce(0, +))
            #expect(record.facts.refundable == Self.amount(left, paid))
            for text in ["all", "shipping", "\(Int.random(in: 1...100, using: &chance))%", "5.00"] {
                let line = ActionLine("refund", through: .shop, details: ["amount": text])
                guard
                    case .refund(let amount)? = try? ShopAction.make(
                        line, for: record, currency: "GBP", today: day)
                else { continue }
                let whole = CurrencyUnits.units(amount.amount, in: paid)
                #expect(amount.currency == paid && whole != nil && whole != 0, "round \(round), \(text)")
                if text == "all" { #expect(whole == left) }
                if text.hasSuffix("%") { #expect(whole ?? 0 <= units) }
            }
        }
    }
}
