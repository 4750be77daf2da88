import Foundation
import Testing

@testable import Outreach

@Suite("What is learned of an order")
struct LearnerTests {
    @Test("tells an order's life once, however often it is shown")
    func life() {
        var story = Story()
        #expect(story.look(after: .zero) == [.orderPlaced])
        #expect(story.look(after: .minutes(1)) == [])
        story.facts.payment = .paid
        story.facts.paidAt = Story.start + .minutes(2)
        #expect(story.look(after: .minutes(3)) == [.orderPaid])
        story.ship()
        #expect(story.look(after: .hours(1)) == [.orderFulfilled, .shipmentCreated])
        story.scan("1", .inTransit, after: .hours(5))
        story.scan("2", .outForDelivery, after: .hours(20))
        #expect(story.look(after: .hours(21)) == [.shipmentInTransit, .shipmentOutForDelivery])
        story.scan("3", .delivered, after: .hours(24))
        #expect(story.look(after: .hours(25)) == [.orderDelivered, .shipmentDelivered])
        #expect(story.look(after: .hours(26)) == [])
    }

    @Test("learns what was there before in silence, and tells what is new about it")
    func before() {
        var story = Story(live: Story.start + .hours(10))
        story.facts.payment = .paid
        story.facts.holds = ["H1"]
        story.ship()
        story.look(after: .hours(11), touched: false)
        #expect(story.events.count == 5)
        #expect(story.events.allSatisfy { $0.silence == .beforeLive })
        story.scan("1", .delivered, after: .hours(12))
        story.look(after: .hours(13))
        #expect(story.events.suffix(2).map(\.kind) == [.orderDelivered, .shipmentDelivered])
        #expect(story.events.suffix(2).allSatisfy { $0.silence == nil })
    }

    @Test("keeps a test order silent")
    func testOrder() {
        var story = Story()
        story.facts.test = true
        story.ship()
        story.look(after: .hours(2))
        #expect(!story.events.isEmpty)
        #expect(story.events.allSatisfy { $0.silence == .testOrder })
    }

    @Test("makes one event of one fact about several packages")
    func severalPackages() {
        var story = Story()
        story.ship(["A1", "A2", "A3"])
        story.look(after: .hours(1))
        let created = story.events.filter { $0.kind == .shipmentCreated }
        #expect(created.map(\.occurrences.count) == [3])
        // The carrier says that one arrived; then the shop says so of all: that is news for the other two.
        story.learn(
            Observation(
                shop: "fig.myshopify.com", seenAt: Story.start + .hours(30),
                content: .parcel(
                    number: "A2", source: "ups", scans: [Story.scan("d", .delivered, after: .hours(29), source: "ups")],
                    complete: true, order: story.facts.id)))
        story.scan("9", .delivered, after: .hours(31))
        story.look(after: .hours(32))
        let delivered = story.events.filter { $0.kind == .shipmentDelivered }
        #expect(
            delivered.map { $0.occurrences.map(\.subject) } == [["shipment:5/2"], ["shipment:5/1", "shipment:5/3"]])
        #expect(story.events.filter { $0.kind == .orderDelivered }.count == 1)
    }

    @Test("keeps the shipment when its number is corrected")
    func correctedNumber() {
        var story = Story()
        story.ship(["A1", "A2"])
        story.look(after: .hours(1))
        story.facts.fulfillments[0].tracking = [
            TrackingFacts(company: "UPS", number: "A2"), TrackingFacts(company: "UPS", number: "A9"),
        ]
        story.facts.fulfillments[0].updatedAt = Story.start + .hours(2)
        #expect(story.look(after: .hours(2)) == [.shipmentNumberChanged])
        #expect(story.record!.shipments.map(\.tracking.number) == ["A9", "A2"])
        #expect(story.record!.shipments.map(\.formerNumbers) == [["A1"], []])
    }

    @Test("notices a label that appears, changes or is replaced, and not one that is only signed anew")
    func labels() {
        var story = Story()
        story.look(after: .zero)
        var item = ReturnFacts(
            id: "R1", name: "#1001-R1", status: .requested, createdAt: Story.start + .hours(1))
        story.facts.returns = [item]
        #expect(story.look(after: .hours(1)) == [.returnRequested])
        item.status = .open
        item.approvedAt = Story.start + .hours(2)
        item.deliveries = [ReverseDeliveryFacts(id: "D1", labelURL: "")]
        story.facts.returns = [item]
        #expect(story.look(after: .hours(2)) == [.returnApproved])
        item.deliveries[0].labelURL = "https://labels.example/a.pdf?sig=1"
        item.deliveries[0].labelUpdatedAt = Story.start + .hours(3)
        story.facts.returns = [item]
        #expect(story.look(after: .hours(3)) == [.returnLabelReady])
        item.deliveries[0].labelURL = "https://labels.example/a.pdf?sig=2"
        story.facts.returns = [item]
        #expect(story.look(after: .hours(4)) == [])
        item.deliveries[0].labelURL = "https://labels.example/b.pdf?sig=2"
        story.facts.returns = [item]
        #expect(story.look(after: .hours(5)) == [.returnLabelReady])
        item.received = true
        item.status = .closed
        item.closedAt = Story.start + .hours(9)
        story.facts.returns = [item]
        story.facts.refunds = [RefundFacts(id: "F1", createdAt: Story.start + .hours(8), total: nil)]
        #expect(story.look(after: .hours(10)) == [.refundIssued, .returnClosed, .returnReceived])
    }

    @Test("tells a return by its own id when it is read alone")
    func returnAlone() {
        var story = Story()
        story.look(after: .zero)
        let item = ReturnFacts(id: "R1", name: "#1001-R1", status: .declined, createdAt: Story.start + .hours(1))
        let kinds = story.learn(
            Observation(
                shop: "fig.myshopify.com", seenAt: Story.start + .hours(2),
                content: .return(item, order: story.facts.id)))
        #expect(kinds == [.returnRequested, .returnDeclined])
    }

    @Test("asks for the order first when only a part of it was seen")
    func partOfUnknown() {
        let story = Story()
        let part = FulfillmentFacts(
            id: "gid://shopify/Fulfillment/5", name: "F", status: .success, createdAt: Story.start,
            updatedAt: Story.start)
        let observation = Observation(
            shop: "fig.myshopify.com", seenAt: Story.start, content: .fulfillment(part, order: "gid://shopify/Order/1"))
        #expect(story.learner.learn(observation, into: nil) == nil)
    }

    @Test("sees an edit of the lines, and not a refund of them")
    func edits() {
        var story = Story()
        story.look(after: .zero)
        story.facts.lineItems[0].currentQuantity = 1
        story.facts.refunds = [
            RefundFacts(
                id: "F1", createdAt: Story.start + .hours(1), total: nil,
                lineItems: [QuantityFacts(lineItemID: "L1", quantity: 1)])
        ]
        #expect(story.look(after: .hours(1)) == [.refundIssued])
        story.facts.edited = true
        story.facts.lineItems.append(LineItemFacts(id: "L2", title: "Fig tea", quantity: 1))
        #expect(story.look(after: .hours(2)) == [.orderEdited])
        #expect(story.look(after: .hours(3)) == [])
        story.facts.lineItems[1].currentQuantity = 0
        #expect(story.look(after: .hours(4)) == [.orderEdited])
    }

    @Test("knows an older answer for what it is")
    func olderAnswer() {
        var story = Story()
        story.ship()
        story.look(after: .hours(5))
        let newer = story.facts
        story.facts.cancelledAt = Story.start
        story.facts.updatedAt = Story.start
        story.learn(Observation(shop: "s", seenAt: Story.start + .hours(6), content: .order(story.facts)))
        #expect(story.record!.facts.cancelledAt == nil)
        #expect(story.record!.facts.updatedAt == newer.updatedAt)
    }

    @Test("forgets a delivery that was scanned by mistake, and tells the real one as the second")
    func correctedScan() {
        var story = Story()
        story.ship()
        story.scan("1", .outForDelivery, after: .hours(20))
        story.scan("2", .delivered, after: .hours(24))
        story.look(after: .hours(24))
        story.facts.fulfillments[0].scans.removeLast()
        #expect(story.look(after: .hours(25)) == [])
        let zone = Zone.utc
        let now = Story.start + .hours(25)
        #expect(story.record!.state(of: story.record!.shipments[0], now: now, zone: zone).state == .outForDelivery)
        story.scan("3", .delivered, after: .hours(26))
        story.look(after: .hours(27))
        #expect(story.events.filter { $0.kind == .shipmentDelivered }.map { $0.occurrences[0].n } == [1, 2])
    }

    @Test("looks again at what is open, daily at what has arrived, and never at what is over")
    func rereads() {
        var story = Story()
        story.ship()
        let first = story.learner.learn(
            Observation(shop: "s", seenAt: Story.start + .hours(2), content: .order(story.facts)), into: nil)!
        #expect(first.rereads.map(\.at) == [Story.start + .hours(2) + .minutes(1)])
        story.scan("1", .delivered, after: .hours(24))
        story.look(after: .hours(24))
        let record = story.record!
        func rereads(after: Duration) -> [Moment?] {
            story.learner.rereads(record, histories: record.histories, read: .all, now: Story.start + after).map(\.at)
        }
        #expect(rereads(after: .hours(25)) == [Story.start + .hours(49)])
        #expect(rereads(after: .days(16)) == [nil])
    }

    @Test("what is read puts off the next look at itself alone, and not at the rest of its order")
    func ownRereads() {
        var story = Story()
        story.ship()
        story.facts.returns = [
            ReturnFacts(id: "R1", name: "#1001-R1", status: .open, createdAt: Story.start + .hours(1))
        ]
        story.look(after: .hours(2))
        func read(_ content: Observation.Content) -> [String] {
            let observation = Observation(shop: "s", seenAt: Story.start + .hours(3), content: content)
            return story.learner.learn(observation, into: story.record)!.rereads.filter(\.isRead).map(\.id)
        }
        let (parcel, item) = (story.facts.fulfillments[0], story.facts.returns[0])
        #expect(read(.order(story.facts)) == [parcel.id, item.id])
        #expect(read(.fulfillment(parcel, order: story.facts.id)) == [parcel.id])
        #expect(read(.return(item, order: story.facts.id)) == [item.id])
        #expect(read(.parcel(number: "1Z1", source: "ups", scans: [], complete: true, order: story.facts.id)) == [])
        #expect(story.learner.advance(story.record!, to: Story.start + .hours(3)).rereads.filter(\.isRead) == [])
    }

    @Test("what a newer program asks for besides is no change of the order, and what an older one stored is still read")
    func newFields() throws {
        var story = Story()
        story.look(after: .hours(1))
        let before = try #require(story.record).lastChangeAt
        let stored = try JSONEncoder().encode(story.facts)
        #expect(!String(decoding: stored, as: UTF8.self).contains("bill"))
        #expect(try JSONDecoder().decode(OrderFacts.self, from: stored) == story.facts)
        var bill = BillFacts()
        bill.tax = Money(amount: 4, currency: "GBP")
        story.facts.bill = bill
        story.facts.number = 1001
        story.facts.lineItems[0].attributes = [AttributeFacts(key: "a", value: "b")]
        story.look(after: .hours(9), touched: false)
        #expect(story.record?.lastChangeAt == before)
        #expect(story.record?.facts.bill == bill)
    }

    @Test("while it catches up after a backup was put back, only what carries a time of its own can be news")
    func catchesUp() {
        for catchesUp in [true, false] {
            var story = Story()
            story.look(after: .hours(1))
            story.learner.catchesUp = catchesUp
            // A hold bears no time: it may have been put on before.
            story.facts.holds = ["hold-1"]
            story.facts.paidAt = Story.start + .hours(2)
            story.facts.payment = .paid
            story.look(after: .hours(2))
            #expect(story.events.first { $0.kind == .orderOnHold }?.silence == (catchesUp ? .beforeLive : nil))
            #expect(story.events.first { $0.kind == .orderPaid }?.silence == nil)
        }
    }
}
