import Outreach
import Platform
import Testing

@testable import Intake

private let noon = Moment(iso8601: "2026-11-21T12:00:00Z")!

@Suite("A carrier's quota")
struct CarrierBudgetTests {
    @Test(
        "is never exceeded in any stretch of its length, however eagerly it is spent",
        arguments: [(1, 5), (5, 60), (60, 3600), (3, 1), (500, 60), (1400, 10), (2, 10)])
    func neverExceeded(calls: Int, seconds: Int) {
        var budget = CarrierBudget(CarrierQuota((calls, .seconds(seconds))))
        var sent: [Moment] = []
        var now = noon
        let end = noon + .seconds(seconds * 4)
        while now < end {
            let free = budget.available(.pressing, now: now)
            if free > 0 {
                let spend = min(free, 7)
                budget.spend(spend, now: now)
                sent += Array(repeating: now, count: spend)
            } else {
                let next = budget.next(.pressing, now: now)
                #expect(next > now)
                now = next
                #expect(budget.available(.pressing, now: now) > 0)
            }
        }
        for (index, start) in sent.enumerated() {
            let inWindow = sent[index...].prefix { $0 - start < .seconds(seconds) }.count
            #expect(inWindow <= calls)
        }
        // And most of it is used.
        #expect(sent.count >= calls * 3)
    }

    @Test("of a day is spread over the day, but for what is pressing, and begins anew at the carrier's midnight")
    func daily() {
        var budget = CarrierBudget(CarrierQuota((240, .seconds(86_400))))
        // Noon: half the day and a twelfth.
        #expect(budget.available(.moving, now: noon) == 140)
        #expect(budget.available(.pressing, now: noon) == 240)
        budget.spend(140, now: noon)
        #expect(budget.available(.moving, now: noon) == 0)
        #expect(budget.next(.moving, now: noon) == noon + .minutes(6))
        #expect(budget.available(.moving, now: noon + .minutes(6)) == 1)
        #expect(budget.next(.pressing, now: noon) == noon)
        budget.spend(100, now: noon)
        #expect(budget.available(.pressing, now: noon) == 0)
        #expect(budget.leftToday(now: noon) == 0)
        let midnight = Moment(iso8601: "2026-11-22T00:00:00Z")!
        #expect(budget.next(.pressing, now: noon) == midnight)
        #expect(budget.available(.pressing, now: midnight) == 240)
        #expect(budget.leftToday(now: midnight) == 240)
    }

    @Test("survives a restart, follows the operator, and begins anew where it has become another")
    func kept() {
        var budget = CarrierBudget(DHLUnified().quota, perDay: 100)
        budget.spend(40, now: noon)
        let again = CarrierBudget(DHLUnified().quota, perDay: 100, kept: budget.windows)
        #expect(again == budget)
        #expect(again.leftToday(now: noon) == 60)
        #expect(CarrierBudget(DHLUnified().quota, perDay: 250, kept: budget.windows).leftToday(now: noon) == 210)
        #expect(CarrierBudget(FedEx().quota, kept: []).leftToday(now: noon) ?? 0 > 90_000)
    }
}

@Suite("A carrier in trouble")
struct CarrierCircuitTests {
    private func answer(_ kind: CallAnswer.Kind, _ wait: Duration? = nil) -> CarrierAnswer {
        .about(CallAnswer(kind, "ups: no", retryAfter: wait), of: "ups")
    }

    private let good = CarrierAnswer(carrier: "ups", number: "1Z")

    @Test("is left alone after three calls that brought nothing, for longer each time, and asked again when it answers")
    func closes() {
        var circuit = CarrierCircuit()
        #expect(circuit.note([answer(.temporaryError)], now: noon, chance: 0.5) == false)
        #expect(circuit.note([answer(.temporaryError)], now: noon, chance: 0.5) == false)
        #expect(circuit.closedUntil == nil)
        #expect(circuit.note([answer(.temporaryError)], now: noon, chance: 0.5) == true)
        var last = Duration.zero
        for _ in 0..<12 {
            let pause = circuit.closedUntil! - noon
            #expect(pause >= last && pause <= .minutes(30))
            last = pause
            #expect(circuit.note([answer(.temporaryError)], now: noon, chance: 0.5) == false)
        }
        #expect(circuit.note([answer(.temporaryError), good], now: noon, chance: 0.5) == true)
        #expect(circuit == CarrierCircuit())
    }

    @Test(
        "one odd number in between is no trouble", arguments: [CallAnswer.Kind.notFound, .invalidNumber, .okDuplicate])
    func odd(_ kind: CallAnswer.Kind) {
        var circuit = CarrierCircuit()
        for _ in 0..<10 {
            _ = circuit.note([answer(.temporaryError)], now: noon, chance: 0)
            _ = circuit.note([answer(.temporaryError)], now: noon, chance: 0)
            _ = circuit.note([answer(kind)], now: noon, chance: 0)
        }
        #expect(circuit.closedUntil == nil)
    }

    @Test("too many calls: it waits at once, and at least as long as the carrier says")
    func rateLimited() {
        var circuit = CarrierCircuit()
        #expect(circuit.note([answer(.rateLimited, .seconds(120))], now: noon, chance: 0.9) == true)
        #expect(circuit.closedUntil! >= noon + .seconds(120))
        var other = CarrierCircuit()
        #expect(other.note([answer(.rateLimited)], now: noon, chance: 0.1) == true)
        #expect(other.closedUntil! > noon + .seconds(10))
    }

    private var withheld: CarrierAnswer {
        var call = CallAnswer(.authError, "usps: does not tell of this number")
        call.isWithheld = true
        return .about(call, of: "usps")
    }

    @Test("numbers that it keeps from us do not count against the login, as long as it tells of others")
    func withheldNumbers() {
        var circuit = CarrierCircuit()
        for index in 0..<100 {
            #expect(circuit.note([withheld], now: noon, chance: 0.5) == false)
            if index % 10 == 9 { _ = circuit.note([good], now: noon, chance: 0.5) }
        }
        #expect(!circuit.isTroubled && circuit.failures == 0)
        // Nor does one of them end a trouble that is there.
        for _ in 0..<3 { _ = circuit.note([answer(.temporaryError)], now: noon, chance: 0.5) }
        #expect(circuit.note([withheld], now: noon, chance: 0.5) == false)
        #expect(circuit.isTroubled)
    }

    @Test("twenty such numbers in a row, and none that it tells of, are a refused login")
    func withheldLogin() {
        var circuit = CarrierCircuit()
        for _ in 0..<19 { #expect(circuit.note([withheld], now: noon, chance: 0.5) == false) }
        #expect(circuit.note([withheld], now: noon, chance: 0.5) == true)
        #expect(circuit.reason == .authError && circuit.closedUntil! >= noon + .minutes(7))
        let before = circuit.closedUntil!
        #expect(circuit.note([withheld], now: before, chance: 0.5) == false)
        #expect(circuit.closedUntil! > before)
        #expect(circuit.note([good], now: noon, chance: 0.5) == true)
        #expect(circuit == CarrierCircuit())
    }

    @Test("a refused login is tried again every few minutes and not every second")
    func login() {
        var circuit = CarrierCircuit()
        for _ in 0..<3 { _ = circuit.note([answer(.authError)], now: noon, chance: 0) }
        #expect(circuit.closedUntil! >= noon + .minutes(7))
        #expect(circuit.reason == .authError)
    }
}

@Suite("Who is asked")
struct CarrierChoiceTests {
    private let all = ["ups", "fedex", "usps", "dhl_unified", "royalmail", "mydhl", "easypost", "17track"]

    private func sources(_ company: String?, _ number: String, _ url: String? = nil, order: [String]? = nil) -> [String]
    {
        CarrierChoice(order ?? all).sources(
            for: TrackingFacts(company: company, number: number, url: url), country: "GB")
    }

    @Test(
        "is whom the shop names, then whom the address names, then whom the number fits; then the aggregators",
        arguments: [
            ("UPS", "1Z5R89390357567127", nil, ["ups", "easypost", "17track"]),
            ("UPS®", "1Z5R89390357567127", nil, ["ups", "easypost", "17track"]),
            ("U.S. Postal Service", "9400111899223197428490", nil, ["usps", "easypost", "17track"]),
            ("Royal Mail", "AB123456785GB", nil, ["royalmail", "easypost", "17track"]),
            ("DHL", "1234567890", nil, ["dhl_unified", "mydhl", "easypost", "17track"]),
            ("DHL Express", "1234567890", nil, ["mydhl", "dhl_unified", "easypost", "17track"]),
            ("Other", "whatever", "https://www.fedex.com/fedextrack/?trknbr=1", ["fedex", "easypost", "17track"]),
            ("Other", "whatever", "https://notfedex.example/fedex.com", ["easypost", "17track"]),
            (nil, "1Z5R89390357567127", nil, ["ups", "easypost", "17track"]),
            ("Fig & Sons Couriers", "FIG-7", nil, ["easypost", "17track"]),
        ])
    func table(_ company: String?, _ number: String, _ url: String?, _ expected: [String]) {
        #expect(sources(company, number, url) == expected)
    }

    @Test("believes the number where it speaks against the name")
    func contradiction() {
        let found = sources("FedEx", "1Z5R89390357567127")
        #expect(found.first == "ups")
        #expect(found.contains("fedex"))
    }

    @Test("follows the operator's order among equals, and asks nobody who is not set up")
    func order() {
        #expect(sources("DHL", "1234567890", order: ["mydhl", "dhl_unified"]) == ["mydhl", "dhl_unified"])
        #expect(sources("UPS", "1Z5R89390357567127", order: ["fedex"]) == [])
        #expect(sources("UPS", "1Z5R89390357567127", order: ["17track", "easypost"]) == ["17track", "easypost"])
        #expect(sources("UPS", "") == [])
        #expect(sources("UPS", "1Z", order: []) == [])
    }

    @Test("knows a door for every carrier that can be asked")
    func doors() {
        let doors = Set(Companies.shared.sources.values.joined())
        for carrier in Carriers.askable where !Carriers.aggregators.contains(carrier.name) {
            #expect(doors.contains(carrier.name), "\(carrier.name) has no row in companies.tsv")
        }
        for door in doors { #expect(Carriers.named(door) != nil, "\(door) is no adapter") }
        for owner in Companies.shared.names.map(\.carrier) + Companies.shared.hosts.values {
            #expect(Companies.shared.sources[owner] != nil, "\(owner) has no sources")
        }
        for aggregator in Carriers.aggregators { #expect(Carriers.named(aggregator) != nil) }
    }
}
