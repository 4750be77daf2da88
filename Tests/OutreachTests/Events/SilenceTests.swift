import Testing

@testable import Outreach

@Suite("Delays that nobody tells")
struct SilenceTests {
    /// What a carrier answers about the first number.
    private func hear(_ story: inout Story, _ scans: [Scan], after: Duration) -> [EventKind] {
        story.learn(
            Observation(
                shop: "fig.myshopify.com", seenAt: Story.start + after,
                content: .parcel(
                    number: "1Z1", source: "ups", scans: scans, complete: !scans.isEmpty, order: story.facts.id)))
    }

    /// Sent on Monday 2 November at 10:00.
    private func sent() -> Story {
        var story = Story()
        story.ship()
        story.look(after: .hours(2))
        return story
    }

    @Test("a parcel of which nothing was scanned for five business days is late, once")
    func noScan() {
        var story = sent()
        let scan = Story.scan("a", .inTransit, after: .hours(5), source: "ups")
        #expect(hear(&story, [scan], after: .hours(6)) == [.shipmentInTransit])
        // Monday 14:00 and five business days.
        #expect(hear(&story, [scan], after: .days(7) + .hours(4)) == [])
        #expect(hear(&story, [scan], after: .days(7) + .hours(9)) == [.shipmentDelayed])
        #expect(story.events.last?.delayReason == "no_scan")
        #expect(story.events.last?.happenedAt == Story.start + .days(7) + .hours(5))
        #expect(hear(&story, [scan], after: .days(20)) == [])
    }

    @Test(
        "a label that nobody hands over is late after three business days, also where the carrier knows nothing of it")
    func notHandedOver() {
        var story = sent()
        #expect(hear(&story, [], after: .days(2)) == [])
        #expect(hear(&story, [], after: .days(3) + .hours(2)) == [.shipmentDelayed])
        #expect(story.events.last?.delayReason == "not_handed_over")
        #expect(hear(&story, [Story.scan("a", .preTransit, after: .hours(2), source: "ups")], after: .days(9)) == [])
    }

    @Test("silence is known by asking only: the clock, and the shop's own tracking, make none")
    func notByTheClock() {
        var story = sent()
        #expect(story.wait(until: Story.start + .days(30)) == [])
        #expect(story.look(after: .days(31)) == [])
    }

    @Test("a scan in time is no silence, and a parcel that waits for its shopper is not silent")
    func noSilence() {
        var story = sent()
        var scans = [Story.scan("a", .inTransit, after: .hours(5), source: "ups")]
        _ = hear(&story, scans, after: .hours(6))
        scans.append(Story.scan("b", .inTransit, after: .days(6), source: "ups"))
        #expect(!hear(&story, scans, after: .days(8)).contains(.shipmentDelayed))
        scans.append(Story.scan("c", .readyForPickup, after: .days(8), source: "ups"))
        #expect(!hear(&story, scans, after: .days(30)).contains(.shipmentDelayed))
    }

    @Test("a silence that was long enough before the carrier was set up is learned in silence")
    func beforeLive() {
        var story = sent()
        story.learner.live.sources["ups"] = Story.start + .days(10)
        #expect(hear(&story, [], after: .days(11)) == [.shipmentDelayed])
        #expect(story.events.last?.silence == .beforeLive)
    }

    @Test("a promise that passed before the source that gave it was set up is learned in silence")
    func oldPromise() {
        var story = sent()
        story.learner.live.sources["ups"] = Story.start + .days(10)
        let scan = Story.scan("a", .inTransit, after: .hours(5), estimate: "2026-11-05", source: "ups")
        story.learner.delays.noScan = nil
        _ = hear(&story, [scan], after: .days(10) + .hours(1))
        let delay = story.events.first { $0.kind == .shipmentDelayed }
        #expect(delay?.delayReason == "promise_passed")
        #expect(delay?.silence == .beforeLive)
    }

    @Test("a parcel is presumed lost after the shop's own time, at home and abroad, once, and by asking only")
    func presumedLost() throws {
        for (country, days) in [("GB", 7), ("US", 20)] {
            var story = sent()
            story.learner.delays.lostAfter = Length(7, .days)
            story.learner.delays.lostAfterAbroad = Length(20, .days)
            story.learner.delays.home = "GB"
            story.facts.shippingAddress = AddressFacts()
            story.facts.shippingAddress?.countryCode = country
            story.look(after: .hours(3))
            let scan = Story.scan("a", .inTransit, after: .hours(5), source: "ups")
            _ = hear(&story, [scan], after: .hours(6))
            #expect(!hear(&story, [scan], after: .days(days) + .hours(4)).contains(.shipmentPresumedLost))
            #expect(story.wait(until: Story.start + .days(days + 1)) == [])
            let lost = hear(&story, [scan], after: .days(days + 2))
            #expect(lost.contains(.shipmentPresumedLost), "\(country)")
            let event = try #require(story.events.last { $0.kind == .shipmentPresumedLost })
            #expect(event.happenedAt == Story.start + .days(days) + .hours(5) && event.source == "time")
            #expect(story.record?.overtaken(event) == nil)
            #expect(hear(&story, [scan], after: .days(days + 5)) == [])
            // It is scanned after all, also where the carrier says so late.
            let found = Story.scan("b", .inTransit, after: .days(days - 1), source: "ups")
            _ = hear(&story, [scan, found], after: .days(days + 6))
            #expect(story.record?.overtaken(event) == .passed)
        }
    }

    @Test("nothing is presumed lost that was not scanned, waits for its shopper or has arrived, or without the rule")
    func notLost() {
        var story = sent()
        _ = hear(&story, [Story.scan("a", .inTransit, after: .hours(5), source: "ups")], after: .hours(6))
        #expect(!hear(&story, [], after: .days(80)).contains(.shipmentPresumedLost))
        for state in [ParcelState.readyForPickup, .delivered, .returning] {
            var story = sent()
            story.learner.delays.lostAfterAbroad = Length(7, .days)
            let scan = Story.scan("a", state, after: .hours(5), source: "ups")
            _ = hear(&story, [scan], after: .hours(6))
            #expect(!hear(&story, [scan], after: .days(80)).contains(.shipmentPresumedLost))
        }
        var label = sent()
        label.learner.delays.lostAfterAbroad = Length(7, .days)
        #expect(!hear(&label, [], after: .days(80)).contains(.shipmentPresumedLost))
    }

    @Test("'lost_after' is read in days, at least three")
    func reading() {
        func read(_ text: String) -> (ShopSettings?, [String]) {
            let (settings, faults) = ShopReader.read(
                "brand: { name: Fig, from: orders@fig.example }\n\(text)\n", file: "shop.yaml")
            return (settings, faults.map(\.description))
        }
        let rules = read("lost_after: { domestic: 7 days, abroad: 3 weeks }").0?.delayRules
        #expect(rules?.lostAfter == Length(7, .days) && rules?.lostAfterAbroad == Length(3, .weeks))
        #expect(read("lost_after: { international: 9 days }").1[0].contains("did you mean 'abroad'?"))
        #expect(read("lost_after: { domestic: 36 hours }").1[0].contains("has to be at least three days"))
    }

    @Test("lengths are the shop's to set, and to turn off")
    func off() {
        var story = sent()
        story.learner.delays.notHandedOver = nil
        #expect(hear(&story, [], after: .days(30)) == [])
        story.learner.delays.notHandedOver = Length(2, .weeks)
        #expect(hear(&story, [], after: .days(31)) == [.shipmentDelayed])
    }

    @Test(
        "the shop's own rule promises a day by service and country, and it stays when the rule changes",
        arguments: [
            ("Express Delivery", "GB", "2026-11-04"), ("Standard", "GB", "2026-11-09"), ("Standard", "US", "none"),
            ("", "GB", "2026-11-09"),
        ])
    func shopPromise(service: String, country: String, expected: String) {
        var story = Story()
        story.learner.delays.promises = [
            DelayRules.Promise(service: "express", within: Length(2, .businessDays)),
            DelayRules.Promise(countries: ["GB"], within: Length(1, .weeks)),
        ]
        story.facts.shippingMethod = service.isEmpty ? nil : service
        story.facts.shippingAddress = AddressFacts()
        story.facts.shippingAddress?.countryCode = country
        story.ship()
        story.look(after: .hours(2))
        #expect((story.record?.shipments[0].promise?.description ?? "none") == expected)
        story.learner.delays.promises = []
        story.look(after: .hours(3))
        #expect((story.record?.shipments[0].promise?.description ?? "none") == expected)
        let late = story.wait(until: Story.start + .days(12))
        #expect(late.contains(.shipmentDelayed) == (expected != "none"))
    }

    @Test("an estimate later than the shop's own promise is late; the first estimate alone is none")
    func movesPastShopPromise() {
        var story = Story()
        story.learner.delays.promises = [DelayRules.Promise(within: Length(3, .days))]
        story.ship()
        story.look(after: .hours(2))
        story.scan("1", .inTransit, after: .hours(5), estimate: "2026-11-07")
        #expect(story.look(after: .hours(6)).contains(.shipmentDelayed))
        #expect(story.events.last { $0.kind == .shipmentDelayed }?.delayReason == "estimate_moved")
        #expect(story.events.last { $0.kind == .shipmentDelayed }?.daysLate == 2)
    }
}

@Suite("An aggregator's judgement")
struct JudgementRuleTests {
    private func scan(_ id: String, _ state: ParcelState, _ hours: Int, _ source: String = "17track") -> Scan {
        Story.scan(id, state, after: .hours(hours), source: source)
    }

    @Test("counts over every scan of its moment, by whomever, and gives route to a newer one")
    func weight() {
        let last = scan("2026", .readyForPickup, 10)
        let same = scan("z", .inTransit, 10, "ups")
        let judged = scan("~exception:2026", .exception, 10)
        #expect(ShipmentHistory(scans: [judged, last, same]).state == .exception)
        #expect(ShipmentHistory(scans: [judged, last, scan("y", .inTransit, 11, "shopify")]).state == .inTransit)
    }

    @Test("takes nothing out of delivered or returned: for that a scan is needed")
    func settled() {
        let delivered = scan("2026", .delivered, 10)
        #expect(ShipmentHistory(scans: [delivered, scan("~returning:x", .returning, 11)]).state == .delivered)
        #expect(ShipmentHistory(scans: [delivered, scan("2027", .returning, 11)]).state == .returning)
    }

    @Test("is no judgement without a state, or where the ~ stands elsewhere")
    func shape() {
        #expect(!scan("2026~", .exception, 1).isJudgement)
        #expect(scan("~exception", .exception, 1).isJudgement)
        #expect(!Story.scan("~eta:2026-11-05", nil, after: .hours(1), source: "ups").isJudgement)
    }
}

@Suite("One history in any pieces")
struct PiecesTests {
    /// Scans of three sources with judgements and estimates, as one parcel could have them.
    private func scans(_ random: inout SeededGenerator) -> [Scan] {
        (0..<Int.random(in: 1...14, using: &random)).map { index in
            let source = ["ups", "17track", "fedex"].randomElement(using: &random)!
            let judged = Int.random(in: 0...7, using: &random) == 0
            var scan = Story.scan(
                (judged ? "~" : "") + "\(index)",
                Int.random(in: 0...8, using: &random) == 0 ? nil : ParcelState.allCases.randomElement(using: &random)!,
                after: .hours(Int.random(in: 1...150, using: &random)),
                estimate: Int.random(in: 0...3, using: &random) == 0
                    ? "2026-11-1\(Int.random(in: 0...9, using: &random))" : nil,
                late: Int.random(in: 0...12, using: &random) == 0, source: source)
            scan.returnLeg = Int.random(in: 0...15, using: &random) == 0
            return scan
        }
    }

    @Test(
        "any order, repeats and cuts end in the same state, tell nothing twice, and take delivered back by the rules alone",
        arguments: 0..<60)
    func pieces(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let scans = scans(&random)
        let whole = ShipmentHistory(scans: scans)
        var told = Set<String>()
        for _ in 0..<4 {
            var story = Story()
            story.learner.delays.noScan = nil
            story.learner.delays.notHandedOver = nil
            story.ship()
            story.look(after: .hours(1))
            var rest = scans.shuffled(using: &random)
            told = []
            var hours = 200
            while !rest.isEmpty {
                let count = Int.random(in: 1...rest.count, using: &random)
                let piece = Array(rest.prefix(count)) + (Bool.random(using: &random) ? Array(rest.prefix(1)) : [])
                rest.removeFirst(count)
                let before = story.record!.shipments[0]
                for (source, part) in Dictionary(grouping: piece, by: \.source) {
                    _ = story.learn(
                        Observation(
                            shop: "fig.myshopify.com", seenAt: Story.start + .hours(hours),
                            content: .parcel(
                                number: "1Z1", source: source, scans: part, complete: false, order: story.facts.id)))
                }
                hours += 1
                let was = ShipmentHistory(scans: before.scans).state
                let now = ShipmentHistory(scans: story.record!.shipments[0].scans)
                if was == .delivered, ![.delivered, .returned, .returning].contains(now.state) {
                    // Only scans that lie before the delivery can have changed its meaning: the parcel was found to be
                    // on its way back, or never sent.
                    #expect(now.last(.delivered) == nil || now.episodes.last?.state != .delivered)
                }
            }
            let final = story.record!
            let history = ShipmentHistory(scans: final.scans(of: final.shipments[0]))
            #expect(history.state == whole.state)
            #expect(history.since == whole.since)
            #expect(history.episodes == whole.episodes)
            #expect(history.estimates == whole.estimates)
            for event in story.events {
                for occurrence in event.occurrences {
                    #expect(told.insert("\(event.kind) \(occurrence.subject) \(occurrence.n)").inserted)
                }
            }
            // All of it once more brings nothing.
            for (source, part) in Dictionary(grouping: scans, by: \.source) {
                #expect(
                    story.learn(
                        Observation(
                            shop: "fig.myshopify.com", seenAt: Story.start + .hours(hours),
                            content: .parcel(
                                number: "1Z1", source: source, scans: part, complete: false, order: story.facts.id)))
                        == [])
            }
        }
    }

    @Test("once delivered, only a return or a scan that is taken back moves it", arguments: 0..<40)
    func deliveredStays(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let delivered = Story.scan("d", .delivered, after: .hours(50), source: "ups")
        let later = scans(&random).map { scan in
            var scan = scan
            scan.time = Story.start + .hours(51) + .minutes(Int.random(in: 0...9000, using: &random))
            return scan
        }
        let history = ShipmentHistory(scans: ([delivered] + later).shuffled(using: &random))
        let returns = later.contains {
            !$0.isJudgement && ($0.state == .returning || $0.state == .returned || $0.returnLeg)
        }
        #expect(history.state == .delivered || returns)
    }
}
