import Testing

@testable import Outreach

@Suite("When a parcel is asked about")
struct AskingScheduleTests {
    private let zone = Zone(named: "Europe/London")!
    private let now = Moment(iso8601: "2026-11-20T12:00:00Z")!

    private func schedule(
        _ state: ParcelState, inState: Duration = .hours(1), age: Duration = .days(2), estimate: String? = nil
    ) -> AskingSchedule {
        AskingSchedule(
            state: state, since: now - inState, lastNews: now - inState, createdAt: now - max(age, inState),
            estimate: estimate.flatMap { CalendarDay(iso8601: $0) }, zone: zone)
    }

    @Test(
        "is by state, age and estimated day",
        arguments: [
            (ParcelState.outForDelivery, Duration.hours(1), nil, "2026-11-20T12:30:00Z", Urgency.pressing),
            (.outForDelivery, .hours(20), nil, "2026-11-20T15:00:00Z", .near),
            (.attempted, .hours(2), nil, "2026-11-20T16:00:00Z", .near),
            (.readyForPickup, .days(3), nil, "2026-11-21T00:00:00Z", .moving),
            (.exception, .hours(1), nil, "2026-11-20T16:00:00Z", .near),
            (.inTransit, .hours(1), "2026-11-20", "2026-11-20T14:00:00Z", .near),
            (.inTransit, .hours(1), "2026-11-19", "2026-11-20T15:00:00Z", .near),
            (.inTransit, .hours(1), "2026-11-12", "2026-11-20T20:00:00Z", .moving),
            (.inTransit, .hours(1), "2026-11-21", "2026-11-20T18:00:00Z", .moving),
            (.inTransit, .hours(1), "2026-11-25", "2026-11-21T00:00:00Z", .idle),
            (.inTransit, .hours(1), nil, "2026-11-20T18:00:00Z", .moving),
            (.accepted, .hours(1), nil, "2026-11-21T00:00:00Z", .idle),
            (.preTransit, .hours(1), nil, "2026-11-21T00:00:00Z", .idle),
            (.inTransit, .days(15), nil, "2026-11-21T12:00:00Z", .idle),
            (.returning, .hours(1), nil, "2026-11-21T12:00:00Z", .idle),
            (.delivered, .hours(1), nil, "2026-11-21T12:00:00Z", .settled),
            (.lost, .days(13), nil, "2026-11-21T12:00:00Z", .settled),
        ])
    func table(_ state: ParcelState, _ inState: Duration, _ estimate: String?, _ at: String, _ urgency: Urgency) {
        let next = schedule(state, inState: inState, estimate: estimate).next(after: now)
        #expect(next?.at.iso8601 == at)
        #expect(next?.urgency == urgency)
    }

    @Test("ends 14 days after delivery, with a return or a void, and after 90 days of silence")
    func ends() {
        #expect(schedule(.delivered, inState: .days(14)).next(after: now) == nil)
        #expect(schedule(.delivered, inState: .days(13)).next(after: now) != nil)
        #expect(schedule(.returned).next(after: now) == nil)
        #expect(schedule(.cancelled).next(after: now) == nil)
        #expect(schedule(.inTransit, inState: .days(90)).next(after: now) == nil)
        #expect(schedule(.preTransit, inState: .days(89)).next(after: now) != nil)
    }

    @Test("looks anew in the morning of the day that was told, and not half a day later")
    func morning() {
        let evening = Moment(iso8601: "2026-11-23T23:30:00Z")!
        var schedule = schedule(.inTransit, estimate: "2026-11-24")
        schedule.lastNews = evening
        #expect(schedule.next(after: evening)?.at.iso8601 == "2026-11-24T05:30:00Z")
        let later = Moment(iso8601: "2026-11-24T02:00:00Z")!
        #expect(schedule.next(after: later)?.at.iso8601 == "2026-11-24T04:00:00Z")
    }

    @Test("is always later than now and within two days, whatever is known", arguments: 0..<20)
    func property(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let state = ParcelState.allCases.randomElement(using: &random)!
            let now = now + .minutes(Int.random(in: -500_000...500_000, using: &random))
            let created = now - .minutes(Int.random(in: -100...150_000, using: &random))
            let since = created + .minutes(Int.random(in: 0...150_000, using: &random))
            let schedule = AskingSchedule(
                state: state, since: since, lastNews: max(since, created), createdAt: created,
                estimate: Bool.random(using: &random)
                    ? zone.day(at: now).adding(days: Int.random(in: -20...20, using: &random)) : nil, zone: zone)
            guard let next = schedule.next(after: now) else {
                #expect(
                    state.isFinal || now - max(since, created) >= .days(90),
                    "a parcel that is \(state) was given up at \(now)")
                continue
            }
            #expect(next.at > now && next.at <= now + .days(2))
            #expect((next.urgency == .settled) == (state == .delivered || state == .lost))
            #expect(schedule.next(after: now)?.at == next.at)
        }
    }

    @Test("of more parcels than calls, takes those that can least bear to wait, and lets none wait for ever")
    func order() {
        // A thousand labels, fifty on the vehicle, 30 calls an hour: those on the vehicle are asked at least twice as
        // often, and every label has its turn.
        struct Parcel { var id: Int; var urgency: Urgency; var at: Moment; var every: Duration }
        var parcels = (0..<50).map { Parcel(id: $0, urgency: .pressing, at: now, every: .minutes(30)) }
        parcels += (50..<1050).map { Parcel(id: $0, urgency: .idle, at: now, every: .hours(12)) }
        parcels += (1050..<1060).map { Parcel(id: $0, urgency: .settled, at: now, every: .days(1)) }
        var asked = Array(repeating: 0, count: parcels.count)
        var hour = now
        for _ in 0..<(24 * 10) {
            let due = parcels.filter { $0.at <= hour }
            for parcel in AskingOrder.choose(due, limit: 30, now: hour, urgency: \.urgency, at: \.at) {
                asked[parcel.id] += 1
                parcels[parcel.id].at = hour + parcel.every
            }
            hour = hour + .hours(1)
        }
        #expect(asked[0..<50].min()! >= 2 * asked[50..<1050].max()!)
        #expect(asked[50..<1050].min()! >= 2)
        #expect(asked[1050..<1060].allSatisfy { $0 == 0 })
    }
}

@Suite("What is to be asked about an order")
struct AskTests {
    private func story() -> Story {
        var story = Story()
        story.learner.sources = SourceChoice { tracking, _ in tracking.number?.hasPrefix("1Z") ?? false ? ["ups"] : [] }
        return story
    }

    private func asks(_ story: inout Story, after: Duration) -> [String: Ask] {
        let learned = story.learner.learn(
            Observation(shop: "fig.myshopify.com", seenAt: Story.start + after, content: .order(story.facts)),
            into: story.record)!
        story.record = learned.record
        return Dictionary(uniqueKeysWithValues: learned.asks.map { ($0.number, $0) })
    }

    @Test("is one question for a number, however many packages have it and however it is written")
    func shared() {
        var story = story()
        story.ship(["1Z 1", "1z1", "X2"])
        let asks = asks(&story, after: .hours(2))
        #expect(asks.keys.sorted() == ["1Z1", "X2"])
        #expect(asks["1Z1"]?.sources == ["ups"])
        #expect(asks["X2"]?.sources == [])
        #expect(asks["X2"]?.at != nil)
    }

    @Test("is none where no carrier is set up, and none of a test order")
    func none() {
        var story = story()
        story.ship()
        story.learner.sources = nil
        #expect(asks(&story, after: .hours(2)).isEmpty)
        var test = self.story()
        test.facts.test = true
        test.ship()
        #expect(asks(&test, after: .hours(2)).isEmpty)
    }

    @Test("ends with a number that was corrected, a package that is gone, and 14 days after delivery")
    func ends() {
        var story = story()
        story.ship()
        #expect(asks(&story, after: .hours(2))["1Z1"]?.at != nil)
        story.facts.fulfillments[0].tracking[0].number = "1Z2"
        story.facts.fulfillments[0].updatedAt = Story.start + .hours(3)
        let corrected = asks(&story, after: .hours(3))
        #expect(corrected["1Z1"]?.at == nil)
        #expect(corrected["1Z2"]?.at != nil)
        story.scan("9", .delivered, after: .hours(30))
        #expect(asks(&story, after: .hours(31))["1Z2"]?.urgency == .settled)
        #expect(asks(&story, after: .days(20))["1Z2"]?.at == nil)
    }

    @Test("is asked as often as the operator wants, while the parcel is on its way and no longer")
    func pace() {
        var story = story()
        story.learner.sources = SourceChoice(paces: ["ups": .hours(1)]) { _, _ in ["ups", "fedex"] }
        story.ship()
        #expect(asks(&story, after: .hours(2))["1Z1"]?.at == Story.start + .hours(3))
        story.scan("9", .outForDelivery, after: .hours(30))
        #expect(asks(&story, after: .hours(30))["1Z1"]?.at == Story.start + .hours(30) + .minutes(30))
        story.scan("10", .delivered, after: .hours(31))
        #expect(asks(&story, after: .hours(32))["1Z1"]?.at == Story.start + .hours(56))
    }

    @Test("is answered by an answer about the number, and only that one stands in place of what stood there")
    func answered() {
        var story = story()
        story.ship(["1Z1", "1Z2"])
        #expect(asks(&story, after: .hours(2)).values.allSatisfy { !$0.answered })
        let learned = story.learner.learn(
            Observation(
                shop: "fig.myshopify.com", seenAt: Story.start + .hours(3),
                content: .parcel(
                    number: "1Z1", source: "ups",
                    scans: [Story.scan("a", .outForDelivery, after: .hours(2), source: "ups")], complete: true,
                    order: story.facts.id)), into: story.record)!
        let asks = Dictionary(uniqueKeysWithValues: learned.asks.map { ($0.number, $0) })
        #expect(asks["1Z1"]?.answered == true)
        #expect(asks["1Z1"]?.at == Story.start + .hours(3) + .minutes(30))
        #expect(asks["1Z2"]?.answered == false)
    }
}
