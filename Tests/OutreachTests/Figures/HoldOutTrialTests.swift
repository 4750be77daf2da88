import Testing

@testable import Outreach

@Suite("Intervals for shares")
struct ShareIntervalTests {
    /// Wilson's interval as R's `binom::binom.wilson` and Newcombe (1998, part one) have it.
    @Test(
        "of one, are Wilson's",
        arguments: [
            (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718),
            (29, 29, 0.8830, 1),
        ] as [(Int64, Int64, Double, Double)])
    func wilson(_ hits: Int64, _ n: Int64, _ low: Double, _ high: Double) {
        let interval = ShareInterval.wilson(hits, of: n)
        #expect(abs(interval.lowerBound - low) < 0.0001 && abs(interval.upperBound - high) < 0.0001, "\(interval)")
        #expect(ShareInterval.wilson(0, of: 0) == 0...1)
    }

    /// Table II of Newcombe, Statistics in Medicine 17 (1998), 873-890, method 10.
    @Test(
        "of two, are Newcombe's",
        arguments: [
            (56, 70, 48, 80, 0.0524, 0.3339), (9, 10, 3, 10, 0.1705, 0.8090), (6, 7, 2, 7, 0.0582, 0.8062),
            (5, 56, 0, 29, -0.0381, 0.1926), (0, 10, 0, 20, -0.1611, 0.2775), (0, 10, 0, 10, -0.2775, 0.2775),
            (10, 10, 0, 20, 0.6791, 1), (10, 10, 0, 10, 0.6075, 1),
        ] as [(Int64, Int64, Int64, Int64, Double, Double)])
    func newcombe(_ a: Int64, _ m: Int64, _ b: Int64, _ n: Int64, _ low: Double, _ high: Double) {
        let (difference, interval) = ShareInterval.difference((a, m), (b, n))
        #expect(abs(difference - (Double(a) / Double(m) - Double(b) / Double(n))) < 1e-12)
        #expect(abs(interval.lowerBound - low) < 0.0001 && abs(interval.upperBound - high) < 0.0001, "\(interval)")
    }
}

@Suite("What a trigger that holds out has shown")
struct HoldOutTrialTests {
    @Test("is no figure before 400 were held out and 10 of them wrote")
    func early() throws {
        func trial(_ held: Int64, _ contacts: Int64) -> HoldOutTrial {
            HoldOutTrial(told: 9_500, toldContacts: 190, held: held, heldContacts: contacts, days: 100)
        }
        #expect(trial(399, 30).saved == nil && trial(400, 9).saved == nil && trial(0, 0).saved == nil)
        let saved = try #require(trial(500, 25).saved)
        // 5 % of those held out and 2 % of those told wrote: 30 of 1,000.
        #expect(abs(saved.perThousand - 30) < 1e-9)
        #expect(saved.interval.lowerBound > 0 && saved.interval.contains(30) && saved.interval.upperBound < 60)
    }

    @Test(
        "says how long it takes at this pace instead",
        arguments: [
            // 40 in 30 days: 360 more take 270 days; 4 wrote, so 6 more take 45.
            (40, 4, 30, HoldOutTrial.Outlook.months(9)),
            // Enough were held out, and 1 wrote in 60 days: 9 more take 540.
            (400, 1, 60, .months(18)),
            (40, 0, 30, .atLeast(months: 9)), (0, 0, 30, .unknown), (399, 30, 30, .months(1)),
            (400, 10, 30, .known),
        ] as [(Int64, Int64, Int, HoldOutTrial.Outlook)])
    func pace(_ held: Int64, _ contacts: Int64, _ days: Int, _ outlook: HoldOutTrial.Outlook) {
        let trial = HoldOutTrial(told: 1000, toldContacts: 9, held: held, heldContacts: contacts, days: days)
        #expect(trial.outlook == outlook)
    }

    @Test("is true by and large: of 2,000 shops with a known saving, the interval holds it in about 95 %")
    func coverage() {
        var dice = Dice(seed: 5)
        var within = 0
        let shops = 2_000
        for _ in 0..<shops {
            func contacts(_ n: Int, _ share: Double) -> Int64 {
                Int64((0..<n).count { _ in Double.random(in: 0..<1, using: &dice) < share })
            }
            let trial = HoldOutTrial(
                told: 1_600, toldContacts: contacts(1_600, 0.02), held: 500, heldContacts: contacts(500, 0.05),
                days: 100)
            if trial.saved?.interval.contains(30) ?? true { within += 1 }
        }
        #expect((0.93...0.98).contains(Double(within) / Double(shops)), "\(within)")
    }

    /// The same numbers each time.
    private struct Dice: RandomNumberGenerator {
        var seed: UInt64
        mutating func next() -> UInt64 {
            seed &+= 0x9E37_79B9_7F4A_7C15
            var z = seed
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }
}
