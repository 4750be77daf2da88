import Testing

@testable import Outreach

@Suite("Delay")
struct DelayTests {
    @Test("is an event when a source says so, once")
    func carrierSays() {
        var story = Story()
        story.ship()
        story.scan("1", .inTransit, after: .hours(5))
        story.look(after: .hours(6))
        story.scan("2", nil, after: .hours(7), late: true)
        #expect(story.look(after: .hours(8)) == [.shipmentDelayed])
        #expect(story.events.last?.delayReason == "carrier_says")
        story.scan("3", nil, after: .hours(9), late: true)
        #expect(story.look(after: .hours(10)) == [])
    }

    @Test("is an event when the estimate moves past the promise, and again when it gets notably worse")
    func estimateMoves() {
        var story = Story()
        story.ship()
        story.scan("1", .inTransit, after: .hours(5), estimate: "2026-11-05")
        #expect(!story.look(after: .hours(6)).contains(.shipmentDelayed))
        story.scan("2", nil, after: .hours(7), estimate: "2026-11-04")
        #expect(story.look(after: .hours(8)) == [.shipmentETAChanged])
        story.scan("3", nil, after: .hours(9), estimate: "2026-11-07")
        #expect(story.look(after: .hours(10)) == [.shipmentDelayed, .shipmentETAChanged])
        #expect(story.events.first { $0.kind == .shipmentDelayed }?.daysLate == 2)
        story.scan("4", nil, after: .hours(11), estimate: "2026-11-08")
        #expect(story.look(after: .hours(12)) == [.shipmentETAChanged])
        story.scan("5", nil, after: .hours(13), estimate: "2026-11-10")
        #expect(story.look(after: .hours(14)) == [.shipmentDelayed, .shipmentETAChanged])
        #expect(story.events.last { $0.kind == .shipmentDelayed }?.occurrences[0].n == 2)
    }

    @Test(
        "comes by time alone when the promised day has ended where the parcel goes",
        arguments: [
            ("Europe/London", "2026-11-06T08:00:00Z"), ("America/Los_Angeles", "2026-11-06T16:00:00Z"),
            ("Asia/Kolkata", "2026-11-06T02:30:00Z"), ("Pacific/Kiritimati", "2026-11-05T18:00:00Z"),
        ])
    func promisePasses(zone: String, expected: String) {
        var story = Story()
        story.facts.shippingAddress = AddressFacts()
        story.facts.shippingAddress?.timeZone = zone
        story.ship()
        story.scan("1", .inTransit, after: .hours(5), estimate: "2026-11-05")
        story.look(after: .hours(6))
        let moment = Moment(iso8601: expected)!
        #expect(story.nextMoment == moment)
        #expect(story.wait(until: moment - .milliseconds(1)) == [])
        #expect(story.wait(until: moment) == [.shipmentDelayed])
        #expect(story.events.last?.happenedAt == moment)
        #expect(story.events.last?.delayReason == "promise_passed")
        #expect(story.wait(until: moment + .hours(1)) == [])
        // Notably worse: three days later, by time alone as well.
        #expect(story.nextMoment == moment + .days(3))
        #expect(story.wait(until: moment + .days(3)) == [.shipmentDelayed])
    }

    @Test("is the same, however late we look", arguments: [1, 2, 5, 9])
    func lateLook(days: Int) {
        var story = Story()
        story.ship()
        story.scan("1", .inTransit, after: .hours(5), estimate: "2026-11-05")
        story.look(after: .hours(6))
        var patient = story
        for day in 4...(4 + days) { patient.wait(until: Story.start + .days(day)) }
        story.wait(until: Story.start + .days(4 + days))
        let told: (Story) -> [Moment] = { $0.events.filter { $0.kind == .shipmentDelayed }.map(\.happenedAt) }
        #expect(told(story) == told(patient))
        #expect(!told(story).isEmpty)
    }

    @Test("does not come for a parcel that arrived, waits for its shopper, or was tried")
    func arrived() {
        for state in [ParcelState.delivered, .readyForPickup, .attempted] {
            var story = Story()
            story.ship()
            story.scan("1", .inTransit, after: .hours(5), estimate: "2026-11-05")
            story.scan("2", state, after: .hours(30))
            story.look(after: .hours(31))
            #expect(!story.wait(until: Story.start + .days(10)).contains(.shipmentDelayed))
        }
    }

    @Test("does not blame the parcel for a late scan that came before its delivery was known")
    func deliveredInTheMeantime() {
        var story = Story()
        story.ship()
        story.scan("1", .inTransit, after: .hours(5), estimate: "2026-11-05")
        story.look(after: .hours(6))
        // The delivery of the evening before is only told the next noon; the delay of the morning has been told by
        // then, and is passed.
        #expect(story.wait(until: Moment(iso8601: "2026-11-06T09:00:00Z")!) == [.shipmentDelayed])
        story.scan("2", .delivered, after: .hours(82))
        story.look(after: .hours(100))
        let event = story.events.first { $0.kind == .shipmentDelayed }!
        #expect(story.record!.overtaken(event) == .passed)
    }

    @Test(
        "of a promise that had passed before the shop was watched is silent; of an estimate first told afterwards it is told once"
    )
    func beforeLive() {
        let live = Moment(iso8601: "2026-11-10T00:00:00Z")!
        var story = Story(live: live)
        story.ship()
        story.scan("1", .inTransit, after: .hours(5), estimate: "2026-11-05")
        story.learn(Observation(shop: "s", seenAt: live + .hours(1), content: .order(story.facts)))
        let delays = story.events.filter { $0.kind == .shipmentDelayed }
        #expect(!delays.isEmpty)
        #expect(delays.allSatisfy { $0.silence == .beforeLive })

        var other = Story(live: live)
        other.ship()
        other.learn(Observation(shop: "s", seenAt: live + .hours(1), content: .order(other.facts)))
        other.scan("1", .inTransit, after: .days(9), estimate: "2026-11-05")
        other.learn(Observation(shop: "s", seenAt: live + .days(2), content: .order(other.facts)))
        let told = other.events.filter { $0.kind == .shipmentDelayed && $0.silence == nil }
        #expect(told.count == 1)
    }

    @Test("gives a parcel up after ninety days without news")
    func givenUp() {
        var story = Story()
        story.ship()
        story.look(after: .hours(2))
        #expect(story.nextMoment == Story.start + .hours(1) + .days(90))
        #expect(story.wait(until: Story.start + .days(91)) == [.shipmentUntracked])
        #expect(story.nextMoment == nil)
    }
}
