import Testing

@testable import Outreach

@Suite("Scans laid over what was known")
struct LayingTests {
    /// The rule by itself, scan by scan: of a known scan the newest telling counts, a new one is added, and what a
    /// complete answer of its source shows no more was taken back unless another of its state is shown.
    private func laid(_ seen: [Scan], over known: [Scan], complete: Bool, now: Moment) -> [Scan] {
        var scans = known
        for scan in seen {
            if let place = scans.firstIndex(where: { $0.id == scan.id }) {
                scans[place] = scan
            } else {
                scans.append(scan)
            }
        }
        guard complete else { return scans }
        for index in known.indices where scans[index].source == "ups" && scans[index].retractedAt == nil {
            let isShown = seen.contains { $0.id == scans[index].id }
            let isToldAnew = seen.contains { $0.state == scans[index].state }
            if !isShown, scans[index].state != nil, !scans[index].isSummary, !isToldAnew {
                scans[index].retractedAt = now
            }
        }
        return scans
    }

    @Test(
        "are added, told anew or taken back, in whatever order and how often an answer shows them", arguments: 0..<200)
    func rule(_ seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let states: [ParcelState?] = [.accepted, .inTransit, .outForDelivery, .delivered, nil]
        let all = (0..<12).map { index in
            var scan = Story.scan(
                "\(index)", states.randomElement(using: &random)!, after: .hours(index),
                source: index % 4 == 3 ? "shopify" : "ups")
            scan.isSummary = index % 5 == 4
            return scan
        }
        var known: [Scan] = []
        for step in 0..<8 {
            var seen = all.filter { _ in Int.random(in: 0..<4, using: &random) > 0 }
            if Bool.random(using: &random) { seen.shuffle(using: &random) }
            if Bool.random(using: &random) { seen += seen.prefix(2) }
            if Bool.random(using: &random), !seen.isEmpty { seen[0].words = "told in step \(step)" }
            let complete = Bool.random(using: &random)
            let now = Story.start + .hours(100 + step)
            let expected = laid(seen, over: known, complete: complete, now: now)
            let result = known.laying(seen, of: "ups", number: nil, complete: complete, now: now)
            #expect((result ?? known) == expected)
            // The same told again changes nothing, and says so.
            let plain = (known.filter { $0.source == "ups" && $0.retractedAt == nil })
            #expect(known.laying(plain, of: "ups", number: nil, complete: true, now: now) == nil)
            known = expected
        }
    }
}
