import Outreach
import Testing

@testable import Store

@Suite("Orders to be read")
struct IntakeTests {
    let id = facts(1).id

    @Test("the ids are stored in the step that moves the cursor", arguments: StoreKind.allCases)
    func scan(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let seen = [SeenOrder(id: "b", updatedAt: .at(2)), SeenOrder(id: "a", updatedAt: .at(1))]
        #expect(try await store.commitScan(shop: shop, seen: seen, cursor: .at(2), now: .at(3)) == 2)
        #expect(try await store.shopState(shop)?.cursor == .at(2))
        #expect(try await store.nextToRead(shop: shop, limit: 10, now: .at(3)).map(\.orderID) == ["a", "b"])
        #expect(try await store.nextToRead(shop: shop, limit: 1, now: .at(3)).map(\.orderID) == ["a"])
        // Never back, and a page that is not the last leaves it.
        try await store.commitScan(shop: shop, seen: [], cursor: .at(1), now: .at(4))
        try await store.commitScan(shop: shop, seen: [], cursor: nil, now: .at(4))
        #expect(try await store.shopState(shop)?.cursor == .at(2))
    }

    @Test("what is stored or waits already is not queued again", arguments: StoreKind.allCases)
    func deduplicated(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let seen = [SeenOrder(id: id, updatedAt: .at(1))]
        #expect(try await store.commitScan(shop: shop, seen: seen, cursor: nil, now: .at(2)) == 1)
        #expect(try await store.commitScan(shop: shop, seen: seen, cursor: nil, now: .at(2)) == 0)
        let rows = try await store.nextToRead(shop: shop, limit: 9, now: .at(2))
        _ = try await store.commit([learned(record(1, updatedAt: .at(1)))], read: rows, now: .at(3))
        #expect(try await store.nextToRead(shop: shop, limit: 9, now: .at(3)).isEmpty)
        #expect(try await store.commitScan(shop: shop, seen: seen, cursor: nil, now: .at(4)) == 0)
        let later = [SeenOrder(id: id, updatedAt: .at(5))]
        #expect(try await store.commitScan(shop: shop, seen: later, cursor: nil, now: .at(6)) == 1)
    }

    @Test("a reading that began before a new cause does not take the row away", arguments: StoreKind.allCases)
    func newCause(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.commitScan(shop: shop, seen: [SeenOrder(id: id, updatedAt: .at(1))], cursor: nil, now: .at(1))
        let old = try await store.nextToRead(shop: shop, limit: 9, now: .at(1))
        try await store.enqueueRead(shop: shop, orderIDs: [id], now: .at(2))
        _ = try await store.commit([learned(record(1, updatedAt: .at(1)))], read: old, now: .at(3))
        let again = try await store.nextToRead(shop: shop, limit: 9, now: .at(3))
        #expect(again.map(\.orderID) == [id])
        let known = try #require(await store.load(shop: shop, orderIDs: [id])[id])
        _ = try await store.commit([learned(known, changed: false)], read: again, now: .at(4))
        #expect(try await store.nextToRead(shop: shop, limit: 9, now: .at(4)).isEmpty)
    }

    @Test("one that cannot be read stops nobody else and is tried ever more rarely", arguments: StoreKind.allCases)
    func parked(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let seen = [SeenOrder(id: "bad", updatedAt: .at(1)), SeenOrder(id: "good", updatedAt: .at(2))]
        try await store.commitScan(shop: shop, seen: seen, cursor: nil, now: t0)
        var now = t0
        var waits: [Duration] = []
        for _ in 0..<14 {
            let bad = try #require(
                await store.nextToRead(shop: shop, limit: 9, now: now).first { $0.orderID == "bad" })
            try await store.park(bad, reason: "no such state", now: now)
            #expect(try await store.nextToRead(shop: shop, limit: 9, now: now).map(\.orderID) == ["good"])
            let next = try #require(await store.nextParked(shop: shop))
            waits.append(next - now)
            now = next
        }
        #expect(waits.prefix(3) == [.minutes(1), .minutes(2), .minutes(4)])
        #expect(waits.last == .days(1))
        let parked = try await store.parked(shop: shop, limit: 9)
        #expect(parked.map(\.tries) == [14])
        #expect(parked.map(\.reason) == ["no such state"])
        // The fresh one goes first even when the parked one is due, and a change frees it at once.
        #expect(try await store.nextToRead(shop: shop, limit: 9, now: now).map(\.orderID) == ["good", "bad"])
        try await store.commitScan(shop: shop, seen: [SeenOrder(id: "bad", updatedAt: .at(9))], cursor: nil, now: now)
        #expect(try await store.parked(shop: shop, limit: 9).isEmpty)
        #expect(try await store.nextParked(shop: shop) == nil)
    }

    @Test("an old failure does not park a new cause", arguments: StoreKind.allCases)
    func parkedLate(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.commitScan(shop: shop, seen: [SeenOrder(id: "x", updatedAt: .at(1))], cursor: nil, now: t0)
        let old = try await store.nextToRead(shop: shop, limit: 1, now: t0)[0]
        try await store.commitScan(shop: shop, seen: [SeenOrder(id: "x", updatedAt: .at(2))], cursor: nil, now: t0)
        try await store.park(old, reason: "no", now: t0)
        try await store.dropToRead([old], now: t0)
        #expect(try await store.nextToRead(shop: shop, limit: 1, now: t0).map(\.updatedAt) == [.at(2)])
        try await store.dropToRead(try await store.nextToRead(shop: shop, limit: 1, now: t0), now: t0)
        #expect(try await store.nextToRead(shop: shop, limit: 1, now: t0).isEmpty)
    }
}
