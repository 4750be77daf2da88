import Outreach
import Testing

@testable import Store

@Suite("Orders, scans and events")
struct OrderTests {
    private func full() -> OrderRecord {
        var order = record(1)
        order.facts.fulfillments = [
            FulfillmentFacts(
                id: "F1", name: "#1-F1", status: .success, createdAt: t0, updatedAt: t0,
                scans: [scan("z", at: .at(5)), scan("a", at: .at(1))])
        ]
        var parcel = Shipment(id: "F1/1", fulfillmentID: "F1", tracking: TrackingFacts(number: "1Z"))
        parcel.scans = [scan("a", at: .at(2), state: .delivered)]
        order.shipments = [parcel]
        return order
    }

    @Test("a record comes back as it was written", arguments: StoreKind.allCases)
    func roundTrip(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let written = full()
        let events = [
            event(order: 1),
            event(.shipmentDelayed, order: 1, subjects: ["shipment:F1/1", "shipment:F1/2"], at: .at(9)),
        ]
        let outcome = try await store.commit([learned(written, events: events)], now: .at(9))
        #expect(outcome.stale.isEmpty)
        #expect(outcome.events.map(\.kind) == [.orderPlaced, .shipmentDelayed])
        var expected = written
        expected.version = 1
        expected.events = outcome.events
        let loaded = try await store.load(shop: shop, orderIDs: [written.facts.id, "unknown"])
        #expect(loaded == [written.facts.id: expected])
        #expect(try await store.pendingEvents(shop: shop, limit: 9) == outcome.events)
        #expect(try await store.pendingEvents(shop: shop, limit: 1) == [outcome.events[0]])
        #expect(try await store.lastMoment() == .at(9))
    }

    @Test("the names of the newest orders are known, so that mail is searched for numbers of their style")
    func newestNames() async throws {
        let store = try await StoreKind.inMemory.make()
        for number in 1...4 { _ = try await store.commit([learned(record(number))], now: t0) }
        let names = try await store.newestOrderNames(shop: shop, limit: 3)
        #expect(names == [4, 3, 2].map { record($0).facts.name })
    }

    @Test("new scans are added, and one that is taken back is marked", arguments: StoreKind.allCases)
    func scansGrow(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let id = full().facts.id
        _ = try await store.commit([learned(full())], now: t0)
        var order = try #require(await store.load(shop: shop, orderIDs: [id])[id])
        order.facts.fulfillments[0].scans[1].retractedAt = .at(60)
        order.facts.fulfillments[0].scans.insert(scan("m", at: .at(3)), at: 0)
        order.shipments[0].scans.append(scan("b"))
        _ = try await store.commit([learned(order)], now: .at(60))
        order.version = 2
        #expect(try await store.load(shop: shop, orderIDs: [id])[id] == order)
    }

    @Test(
        "of two who changed an order the second is stale, and nothing of it is written", arguments: StoreKind.allCases)
    func stale(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let id = record(1).facts.id
        try await store.commitScan(shop: shop, queue: [SeenOrder(id: id, updatedAt: .at(1))], cursor: nil, now: t0)
        let read = try await store.nextToRead(shop: shop, limit: 1, now: t0)
        try await store.placed(1)
        // A record that was made without knowing of the first.
        let outcome = try await store.commit(
            [
                learned(
                    full(), events: [event(.orderPaid, order: 1)], nextMoment: .at(5),
                    rereads: [Reread(kind: .fulfillment, id: "F1", at: .at(5))])
            ], read: read, now: .at(1))
        #expect(outcome.stale == [OrderKey(shop: shop, orderID: id)])
        #expect(outcome.events.isEmpty)
        #expect(try await store.pendingEvents(shop: shop, limit: 9).map(\.kind) == [.orderPlaced])
        #expect(try await store.nextMoment(shop: shop) == nil)
        #expect(try await store.nextReread(shop: shop) == nil)
        #expect(try await store.nextToRead(shop: shop, limit: 1, now: .at(1)) == read)
        #expect(try await store.load(shop: shop, orderIDs: [id])[id]?.shipments == [])
        #expect(try await store.counters().filter { $0.name == "events" }.map(\.total) == [1])
    }

    @Test("the same thing told twice is stale even under a right version", arguments: StoreKind.allCases)
    func occurrence(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.placed(1)
        let id = record(1).facts.id
        let order = try #require(await store.load(shop: shop, orderIDs: [id])[id])
        let twice = try await store.commit([learned(order, events: [event(order: 1)])], now: .at(1))
        #expect(twice.stale.map(\.orderID) == [id])
        let second = try await store.commit([learned(order, events: [event(order: 1, n: 2)])], now: .at(1))
        #expect(second.events.count == 1)
    }

    @Test("one stale order does not hold up the others", arguments: StoreKind.allCases)
    func mixed(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.placed(1)
        let outcome = try await store.commit(
            [learned(record(1)), learned(record(2), events: [event(order: 2)])], now: .at(1))
        #expect(outcome.stale.map(\.orderID) == [record(1).facts.id])
        #expect(outcome.events.map(\.orderID) == [record(2).facts.id])
    }

    @Test("an unchanged order moves its moment and its looks alone", arguments: StoreKind.allCases)
    func unchanged(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let id = record(1).facts.id
        _ = try await store.commit(
            [learned(record(1), nextMoment: .at(10), rereads: [Reread(kind: .return, id: "R1", at: .at(20))])], now: t0)
        let order = try #require(await store.load(shop: shop, orderIDs: [id])[id])
        _ = try await store.commit(
            [
                learned(
                    order, nextMoment: .at(30), rereads: [Reread(kind: .return, id: "R1", at: .at(40))], changed: false)
            ], now: .at(10))
        #expect(try await store.nextMoment(shop: shop) == .at(30))
        #expect(try await store.nextReread(shop: shop) == .at(40))
        #expect(try await store.load(shop: shop, orderIDs: [id])[id] == order)
    }

    @Test("a source that tells endless scans is cut off", arguments: StoreKind.allCases)
    func bounded(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        var order = full()
        order.facts.fulfillments[0].scans = (0..<(Store.greatestScanCount + 9)).map { scan("s\($0)", at: .at($0)) }
        let outcome = try await store.commit([learned(order)], now: t0)
        #expect(outcome.scansRefused == 10)
        let loaded = try #require(await store.load(shop: shop, orderIDs: [order.facts.id])[order.facts.id])
        #expect(loaded.facts.fulfillments[0].scans.count == Store.greatestScanCount)
    }

    @Test("what time alone may change comes up when it is due", arguments: StoreKind.allCases)
    func time(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        _ = try await store.commit(
            [learned(record(1), nextMoment: .at(20)), learned(record(2), nextMoment: .at(10)), learned(record(3))],
            now: t0)
        #expect(try await store.nextMoment(shop: shop) == .at(10))
        #expect(try await store.dueForTime(shop: shop, limit: 9, now: .at(9)).isEmpty)
        #expect(
            try await store.dueForTime(shop: shop, limit: 9, now: .at(20))
                == [record(2).facts.id, record(1).facts.id])
        #expect(try await store.dueForTime(shop: shop, limit: 1, now: .at(20)) == [record(2).facts.id])
    }

    @Test("looks come up when they are due, and can be moved and ended", arguments: StoreKind.allCases)
    func rereads(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        _ = try await store.commit(
            [
                learned(
                    record(1),
                    rereads: [
                        Reread(kind: .fulfillment, id: "F1", at: .at(10)), Reread(kind: .return, id: "R1", at: .at(5)),
                        Reread(kind: .return, id: "R2", at: nil),
                    ])
            ], now: t0)
        #expect(try await store.dueRereads(shop: shop, limit: 9, now: .at(10)).map(\.reread.id) == ["R1", "F1"])
        #expect(try await store.dueRereads(shop: shop, limit: 1, now: .at(10)).map(\.orderID) == [record(1).facts.id])
        try await store.moveRereads(
            shop: shop,
            [
                Reread(kind: .return, id: "R1", at: .at(99)), Reread(kind: .fulfillment, id: "F1", at: nil),
                Reread(kind: .fulfillment, id: "gone", at: .at(1)),
            ], now: .at(11))
        #expect(try await store.nextReread(shop: shop) == .at(99))
        #expect(try await store.dueRereads(shop: shop, limit: 9, now: .at(98)).isEmpty)
    }

    @Test("what was not read itself is looked at sooner by it, and never later", arguments: StoreKind.allCases)
    func soonerOnly(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        var record = record(1)
        func learn(_ moment: Moment, isRead: Bool) async throws {
            let one = Reread(kind: .return, id: "R1", at: moment, isRead: isRead)
            _ = try await store.commit([learned(record, rereads: [one])], now: t0)
            record.version += 1
        }
        try await learn(.at(10), isRead: false)
        #expect(try await store.nextReread(shop: shop) == .at(10))
        try await learn(.at(20), isRead: false)
        #expect(try await store.nextReread(shop: shop) == .at(10))
        try await learn(.at(5), isRead: false)
        #expect(try await store.nextReread(shop: shop) == .at(5))
        try await learn(.at(30), isRead: true)
        #expect(try await store.nextReread(shop: shop) == .at(30))
    }

    @Test("orders are found by name and by address", arguments: StoreKind.allCases)
    func found(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.placed(1)
        _ = try await store.openShop("second.example", now: t0)
        var other = record(1, email: nil)
        other.shop = "second.example"
        _ = try await store.commit([learned(other)], now: t0)
        #expect(try await store.orders(named: "#1").map(\.shop) == [shop, "second.example"])
        #expect(try await store.orders(named: "#1", shop: shop).count == 1)
        #expect(try await store.orders(ofAddress: " ROBIN@example.com ", shop: shop).map(\.orderID) == [facts(1).id])
        #expect(try await store.orders(ofAddress: "wren@example.com", shop: shop).isEmpty)
    }
}
