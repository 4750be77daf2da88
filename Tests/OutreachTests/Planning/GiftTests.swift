import Foundation
import Testing

@testable import Outreach

@Suite("Gifts and their budgets")
struct GiftTests {
    @Test(
        "count in the smallest unit of each currency",
        arguments: [
            ("JPY", "300", 300 as Int64?), ("JPY", "300.5", nil), ("KWD", "1.250", 1250), ("EUR", "15", 1500),
            ("EUR", "15.005", nil), ("GBP", "0.01", 1),
        ])
    func units(_ currency: String, _ amount: String, _ units: Int64?) {
        #expect(CurrencyUnits.units(Decimal(string: amount)!, in: currency) == units)
        if let units { #expect(CurrencyUnits.amount(units, in: currency) == Decimal(string: amount)!) }
    }

    @Test("begin anew with each calendar period, where the shop is")
    func periods() throws {
        let zone = try #require(Zone(named: "Europe/Berlin"))
        // 00:30 on Sunday, 1 March, in Berlin.
        let moment = Moment(iso8601: "2026-02-28T23:30:00Z")!
        func start(_ period: Allowance.Period) -> String { period.start(at: moment, in: zone).iso8601 }
        #expect(start(.day) == "2026-02-28T23:00:00Z")
        #expect(start(.week) == "2026-02-22T23:00:00Z")
        #expect(start(.month) == "2026-02-28T23:00:00Z")
        #expect(start(.year) == "2025-12-31T23:00:00Z")
    }

    @Test("to one door count for everybody who lives there, however it is written")
    func doors() {
        var one = AddressFacts()
        one.name = "Robin Tester"
        one.address1 = "12, Fig Lane"
        one.zip = "BS1 4DJ"
        one.countryCode = "GB"
        var other = one
        other.name = "Kim Sample"
        other.address1 = "12 FIG LANE"
        other.zip = "bs14dj"
        #expect(one.compared == other.compared && one.compared != nil)
        other.address2 = "Flat 2"
        #expect(one.compared != other.compared)
        #expect(AddressFacts().compared == nil)
    }

    @Test("have codes that follow from their effect, and that nobody can guess")
    func codes() throws {
        let event = Event(
            shop: "fig.myshopify.com", orderID: "gid://shopify/Order/1", kind: .orderPlaced,
            occurrences: [Event.Occurrence(subject: "order", n: 1, mark: "")], happenedAt: Story.start,
            recordedAt: Story.start, source: "shopify")
        func effect(_ key: String) -> Effect {
            Effect(
                to: Route(shop: "fig.myshopify.com", channel: .shop), isContact: false, trigger: "t",
                line: "give:sorry",
                keys: [key], event: event, dueAt: Story.start, createdAt: Story.start)
        }
        let codes = GiftCodes(key: [1])
        #expect(codes.code(of: "sorry", for: effect("a")) == codes.code(of: "sorry", for: effect("a")))
        #expect(codes.code(of: "sorry", for: effect("a")) != codes.code(of: "sorry", for: effect("b")))
        #expect(codes.code(of: "sorry", for: effect("a")) != GiftCodes(key: [2]).code(of: "sorry", for: effect("a")))
        #expect(Set((0..<500).map { codes.code(of: "sorry", for: effect("\($0)")) }).count == 500)
        #expect(codes.code(of: "ö", for: effect("a")).count == 10)
    }
}
