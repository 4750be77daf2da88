import Foundation
import Testing

@testable import Outreach

@Suite("What was known of an order at an earlier moment")
struct PastTests {
    /// An order's life, with the record as it was after each look.
    static func life() -> (story: Story, snapshots: [(at: Moment, record: OrderRecord)]) {
        var story = Story()
        var snapshots: [(Moment, OrderRecord)] = []
        func look(_ story: inout Story, after: Duration) {
            story.look(after: after)
            snapshots.append((Story.start + after, story.record!))
        }
        look(&story, after: .zero)
        story.facts.payment = .paid
        story.facts.paidAt = Story.start + .minutes(30)
        look(&story, after: .minutes(31))
        story.ship(after: .hours(1))
        look(&story, after: .hours(1))
        story.scan("1", .inTransit, after: .hours(5), estimate: "2026-11-04")
        look(&story, after: .hours(5))
        story.scan("2", .outForDelivery, after: .hours(40))
        look(&story, after: .hours(41))
        story.scan("3", .delivered, after: .hours(44))
        look(&story, after: .hours(44))
        story.facts.returns = [
            ReturnFacts(
                id: "gid://shopify/Return/1", name: "#1001-R1", status: .requested, createdAt: Story.start + .hours(60))
        ]
        look(&story, after: .hours(60))
        story.facts.returns[0].status = .open
        story.facts.returns[0].approvedAt = Story.start + .hours(61)
        look(&story, after: .hours(61))
        story.facts.returns[0].received = true
        look(&story, after: .hours(90))
        story.facts.refunds = [RefundFacts(id: "R", createdAt: Story.start + .hours(91), total: nil)]
        story.facts.payment = .refunded
        look(&story, after: .hours(91))
        return (story, snapshots)
    }

    @Test("is what was known then: events, parcels, payment, returns and refunds", arguments: 0..<10)
    func snapshot(_ index: Int) throws {
        let (story, snapshots) = Self.life()
        let (at, then) = snapshots[index]
        let past = try #require(story.record).asKnown(at: at)
        #expect(past.events == then.events)
        #expect(past.shipments == then.shipments)
        #expect(past.facts.fulfillments.map(\.id) == then.facts.fulfillments.map(\.id))
        #expect(past.facts.fulfillments.map(\.scans) == then.facts.fulfillments.map(\.scans))
        #expect(past.facts.fulfillment == then.facts.fulfillment)
        #expect((past.facts.payment == .pending) == (then.facts.payment == .pending))
        #expect(past.facts.returns == then.facts.returns)
        #expect(past.facts.refunds == then.facts.refunds)
        let zone = Zone(named: "Europe/London")!
        #expect(
            past.shipments.map { past.state(of: $0, now: at, zone: zone) }
                == then.shipments.map { then.state(of: $0, now: at, zone: zone) })
    }

    @Test("has no scan that was told later than it happened")
    func toldLate() throws {
        var story = Story()
        story.ship()
        story.look(after: .hours(1))
        // It was delivered at hour 20, and we heard of it at hour 30.
        story.scan("1", .delivered, after: .hours(20))
        story.look(after: .hours(30))
        let record = try #require(story.record)
        let zone = Zone(named: "Europe/London")!
        let before = record.asKnown(at: Story.start + .hours(29))
        #expect(before.state(of: before.shipments[0], now: Story.start + .hours(29), zone: zone).state == .preTransit)
        let after = record.asKnown(at: Story.start + .hours(30))
        #expect(after.state(of: after.shipments[0], now: Story.start + .hours(30), zone: zone).state == .delivered)
    }

    @Test("has no cancellation that was still to come")
    func cancelled() throws {
        var story = Story()
        story.look(after: .zero)
        story.facts.cancelledAt = Story.start + .hours(9)
        story.look(after: .hours(9))
        let record = try #require(story.record)
        #expect(record.asKnown(at: Story.start + .hours(8)).facts.cancelledAt == nil)
        #expect(record.asKnown(at: Story.start + .hours(9)).facts.cancelledAt != nil)
    }
}
