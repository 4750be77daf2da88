import Testing

@testable import Outreach

@Suite("One state from many scans")
struct ShipmentHistoryTests {
    @Test(
        "follows the written rules",
        arguments: [
            ([.preTransit, .accepted, .inTransit], .inTransit),
            ([.inTransit, .preTransit, .accepted], .inTransit),
            ([.outForDelivery, .delivered, .inTransit], .delivered),
            ([.delivered, .outForDelivery, .exception, .attempted], .delivered),
            ([.delivered, .returning], .returning),
            ([.returning, .inTransit, .outForDelivery, .delivered], .returned),
            ([.returning, .delivered, .delivered], .returned),
            ([.attempted, .outForDelivery], .outForDelivery),
            ([.exception, .inTransit], .inTransit),
            ([.inTransit, .unknown], .inTransit),
            ([.cancelled, .preTransit], .cancelled),
            ([.preTransit, .cancelled, .accepted], .accepted),
            ([.inTransit, .cancelled], .inTransit),
            ([.lost, .inTransit], .inTransit),
            ([], .unknown),
        ] as [([ParcelState], ParcelState)])
    func rules(states: [ParcelState], end: ParcelState) {
        let scans = states.enumerated().map { Story.scan("\($0)", $1, after: .hours($0)) }
        #expect(ShipmentHistory(scans: scans).state == end)
    }

    @Test("lets the scan win that is further on the parcel's way in the same moment, and of two alike the later id")
    func sameMoment() {
        for ids in [["1", "2"], ["2", "1"]] {
            let scans = [
                Story.scan(ids[0], .outForDelivery, after: .zero), Story.scan(ids[1], .attempted, after: .zero),
            ]
            #expect(ShipmentHistory(scans: scans).state == .attempted)
            #expect(ShipmentHistory(scans: scans.reversed()).state == .attempted)
        }
        let alike = [Story.scan("2", .inTransit, after: .zero), Story.scan("1", .inTransit, after: .zero)]
        #expect(ShipmentHistory(scans: alike).lastScan?.id == "shopify:2")
    }

    @Test("takes the same van told twice for one, and the next day's for another")
    func echoes() {
        let scans = [
            Story.scan("1", .outForDelivery, after: .hours(0)),
            Story.scan("2", .inTransit, after: .hours(1)),
            Story.scan("3", .outForDelivery, after: .hours(2), source: "ups"),
            Story.scan("4", .attempted, after: .hours(6)),
            Story.scan("5", .outForDelivery, after: .hours(24)),
        ]
        let history = ShipmentHistory(scans: scans)
        #expect(history.episodes.filter { $0.state == .outForDelivery }.count == 2)
        #expect(history.state == .outForDelivery)
    }

    @Test(
        "comes to the same end in whatever order, how often and in whatever pieces the scans are told",
        arguments: 0..<200)
    func anyOrder(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let states: [ParcelState?] = ParcelState.allCases.filter { $0 != .cancelled } + [nil]
        let scans = (0..<Int.random(in: 1...14, using: &random)).map { index in
            Story.scan(
                "\(index)", states.randomElement(using: &random)!,
                after: .hours(Int.random(in: 1...200, using: &random)),
                estimate: Bool.random(using: &random) ? "2026-11-\(10 + Int.random(in: 0...9, using: &random))" : nil,
                late: Int.random(in: 0...9, using: &random) == 0,
                source: ["shopify", "ups"].randomElement(using: &random)!)
        }
        let all = ShipmentHistory(scans: scans)
        let shuffled = ShipmentHistory(scans: (scans + scans.prefix(3)).shuffled(using: &random))
        #expect(all.state == shuffled.state)
        #expect(all.since == shuffled.since)
        #expect(all.episodes == shuffled.episodes)
        #expect(all.estimates == shuffled.estimates)

        // Told in pieces, in order of time, the events are those of the whole told at once.
        let ordered = scans.sorted(by: Scan.precedes)
        var pieces = Story()
        pieces.ship()
        pieces.look(after: .hours(1))
        for scan in ordered {
            pieces.facts.fulfillments[0].scans.append(scan)
            pieces.look(after: .hours(300))
        }
        // The same again, with everything told once more, adds nothing.
        #expect(pieces.look(after: .hours(301)) == [])
        var keys = Set<String>()
        for event in pieces.events {
            for occurrence in event.occurrences {
                #expect(keys.insert("\(event.kind) \(occurrence.subject) \(occurrence.n)").inserted)
            }
        }
        let state = pieces.record!.state(of: pieces.record!.shipments[0], now: Story.start + .hours(301), zone: .utc)
        #expect(state.state == (all.state == .unknown ? .preTransit : all.state))
    }
}

/// SplitMix64: chance that comes out the same each time (Steele, Lea, Flood: "Fast splittable pseudorandom number
/// generators").
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &+ 0x9e37_79b9_7f4a_7c15 }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
