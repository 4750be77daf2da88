import Testing

@testable import Outreach

@Suite("An order that was brought in from elsewhere")
struct ImportedOrdersTests {
    /// Made at the start, and placed so long before.
    private func story(placedBefore: Duration) -> Story {
        var story = Story()
        story.facts.processedAt = Story.start - placedBefore
        return story
    }

    @Test("is learned in silence, whatever its moments say, and watched from then on")
    func imported() {
        var story = story(placedBefore: .days(21))
        story.facts.payment = .paid
        story.ship(after: .minutes(1))
        story.scan("1", .inTransit, after: .minutes(1))
        story.look(after: .minutes(2))
        #expect(story.events.count > 3)
        #expect(story.events.allSatisfy { $0.silence == .imported })
        let known = story.events.count
        story.scan("2", .outForDelivery, after: .hours(20))
        story.look(after: .hours(20))
        #expect(story.events.dropFirst(known).map(\.kind) == [.shipmentOutForDelivery])
        #expect(story.events.last?.silence == nil)
        // What is learned late and had happened before it was brought in is no news either.
        story.scan("3", .exception, after: .hours(-30))
        story.look(after: .hours(21))
        #expect(story.events.filter { $0.happenedAt < Story.start }.allSatisfy { $0.silence == .imported })
    }

    @Test("is not one that was made and placed at the same time, or on the same weekend", arguments: [0, 1, 48])
    func notImported(hours: Int) {
        var story = story(placedBefore: .hours(hours))
        story.ship()
        story.look(after: .hours(2))
        #expect(story.events.contains { $0.kind == .shipmentCreated && $0.silence == nil })
    }

    @Test("is not a pre-order: made and placed long ago, and sent now")
    func preorder() {
        var story = Story(createdAt: Story.start - .days(25))
        story.facts.processedAt = story.facts.createdAt
        story.ship()
        story.look(after: .hours(2))
        #expect(story.events.contains { $0.kind == .shipmentCreated && $0.silence == nil })
    }

    @Test("wakes no trigger, not even one that waits")
    func wakesNobody() throws {
        var story = story(placedBefore: .days(21))
        story.look(after: .minutes(2))
        let event = try #require(story.events.first { $0.kind == .orderPlaced })
        let files = [
            "shop.yaml": "brand: { name: Fig, from: orders@fig.example }\nbrake: 500 per hour\n",
            "later.yaml": "on: order.placed\nafter: 30 days\nsend: email\n",
            "templates/later.md": "---\nsubject: A\n---\nB\n",
        ]
        let set = try #require(TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) })).set)
        #expect(set.settings.brake == Brake(people: 500))
        let planner = Planner(
            triggers: set, inForceSince: ["later": .distantPast], live: LiveSince(shop: .distantPast),
            shop: ShopProfile(domain: "fig.myshopify.com"))
        let turn = PlanningTurn(planner, now: Story.start + .minutes(3))
        let heard = turn.hear(event, record: story.record)
        let plans = turn.place([heard], existing: { _ in [] }, open: { _ in [] })
        #expect(plans.flatMap(\.changes).isEmpty)
        #expect(plans.flatMap(\.matches).map(\.reason) == [.imported])
    }
}
