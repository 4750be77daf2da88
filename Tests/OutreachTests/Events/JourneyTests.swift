import Testing

@testable import Outreach

@Suite("How a parcel got there, for the figures")
struct JourneyTests {
    /// The journeys after what was shown last.
    private func journeys(_ story: inout Story, after: Duration) -> [Journey]? {
        let now = Story.start + after
        story.facts.updatedAt = now
        let learned = story.learner.learn(
            Observation(shop: "fig.myshopify.com", seenAt: now, content: .order(story.facts)), into: story.record)!
        story.record = learned.record
        return learned.journeys
    }

    @Test(
        "is kept up to the end of the promised day, and late after it",
        arguments: [
            ("2026-11-04", Duration.hours(24 * 2 + 14), Journey.Outcome.kept, 2),
            ("2026-11-04", .hours(24 * 2 + 15), .late, 3), ("2026-11-09", .hours(30), .kept, 1),
            (nil, .hours(30), .unpromised, 1),
        ] as [(String?, Duration, Journey.Outcome, Int)])
    func outcomes(_ promise: String?, _ delivery: Duration, _ outcome: Journey.Outcome, _ days: Int) {
        var story = Story()
        story.ship()
        let sent = Zone(named: "Europe/London")!.day(at: Story.start + .hours(1))
        #expect(
            journeys(&story, after: .hours(2)) == [
                Journey(shipment: "5/1", carrier: "UPS", day: sent, outcome: .underway)
            ])
        story.scan("1", .inTransit, after: .hours(5), estimate: promise)
        _ = journeys(&story, after: .hours(6))
        story.scan("2", .delivered, after: delivery)
        let arrived = Zone(named: "Europe/London")!.day(at: Story.start + delivery)
        #expect(
            journeys(&story, after: delivery + .hours(1)) == [
                Journey(shipment: "5/1", carrier: "UPS", day: arrived, outcome: outcome, days: days)
            ])
    }

    @Test("takes a day that is named with the delivery for no promise")
    func afterwards() {
        var story = Story()
        story.ship()
        story.scan("1", .delivered, after: .hours(30), estimate: "2026-11-03")
        #expect(journeys(&story, after: .hours(31))?.map(\.outcome) == [.unpromised])
    }

    @Test("a delivery that is taken back is undone, and counts when it is told again")
    func takenBack() {
        var story = Story()
        story.ship()
        story.scan("1", .inTransit, after: .hours(5))
        story.scan("2", .delivered, after: .hours(24))
        #expect(journeys(&story, after: .hours(25))?.map(\.outcome) == [.unpromised])
        story.facts.fulfillments[0].scans.removeLast()
        story.facts.fulfillments[0].scansAreComplete = true
        story.facts.fulfillments[0].updatedAt = Story.start + .hours(26)
        #expect(journeys(&story, after: .hours(26))?.map(\.outcome) == [.underway])
        story.scan("3", .delivered, after: .hours(72))
        #expect(journeys(&story, after: .hours(73))?.map(\.days) == [3])
    }

    @Test("what happened before the shop was watched is none, and what goes back, is lost or void is none")
    func none() {
        var old = Story(live: Story.start + .hours(40))
        old.ship()
        old.scan("1", .delivered, after: .hours(30))
        #expect(journeys(&old, after: .hours(41)) == [])
        for state in [ParcelState.returning, .lost] {
            var story = Story()
            story.ship()
            #expect(journeys(&story, after: .hours(2))?.count == 1)
            story.scan("1", state, after: .hours(30))
            #expect(journeys(&story, after: .hours(31)) == [])
        }
        var void = Story()
        void.ship()
        void.facts.fulfillments[0].status = .cancelled
        #expect(journeys(&void, after: .hours(2)) == [])
    }

    @Test("names a carrier in one short line")
    func carriers() {
        #expect(TrackingFacts(company: " Royal\n Mail\u{7} ").carrierName == "Royal Mail")
        #expect(TrackingFacts(company: String(repeating: "x", count: 99)).carrierName.count == 60)
        #expect(TrackingFacts().carrierName == "")
    }
}

@Suite("Medians from tallies")
struct TallyBucketsTests {
    @Test("a quantile lies in the range in which the measure of that rank lies", arguments: 0..<100)
    func quantiles(_ seed: Int) {
        var generator = SystemSeeded(UInt64(seed) + 1)
        for buckets in [TallyBuckets.lag, .transit] {
            let count = Int.random(in: 1...60, using: &generator)
            let greatest = buckets.ends.last! * 2
            let measures = (0..<count).map { _ in
                Int64.random(in: 0...Int64.random(in: 1...greatest, using: &generator), using: &generator)
            }.sorted()
            var counts: [Int: Int64] = [:]
            for measure in measures { counts[buckets.index(of: measure), default: 0] += 1 }
            for share in [0.5, 0.9, 0.95, 1] {
                let rank = max(1, Int((Double(count) * share).rounded(.up)))
                #expect(buckets.quantile(share, of: counts) == buckets.index(of: measures[rank - 1]))
            }
        }
        #expect(TallyBuckets.lag.quantile(0.5, of: [:]) == nil)
    }

    @Test("there are twelve ranges, whose names sort as they do")
    func names() {
        for buckets in [TallyBuckets.lag, .transit] {
            #expect(buckets.ends == buckets.ends.sorted() && buckets.ends.count == 11)
            let names = (0...buckets.ends.count).map(TallyBuckets.name)
            #expect(names == names.sorted() && names.map { Int($0) } == Array(0...11))
            for (index, end) in buckets.ends.enumerated() {
                #expect(buckets.index(of: end) == index && buckets.index(of: end + 1) == index + 1)
            }
        }
    }

    /// SplitMix64, by Sebastiano Vigna.
    private struct SystemSeeded: RandomNumberGenerator {
        private var state: UInt64
        init(_ seed: UInt64) { state = seed }
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }
}
