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
        #expect(try await store.commitScan(shop: shop, queue: seen, cursor: .at(2), now: .at(3)) == 2)
        #expect(try await store.shopState(shop)?.cursor == .at(2))
        #expect(try await store.nextToRead(shop: shop, limit: 10, now: .at(3)).map(\.orderID) == ["a", "b"])
        #expect(try await store.nextToRead(shop: shop, limit: 1, now: .at(3)).map(\.orderID) == ["a"])
        // Never back, and a page that is not the last leaves it.
        try await store.commitScan(shop: shop, queue: [], cursor: .at(1), now: .at(4))
        try await store.commitScan(shop: shop, queue: [], cursor: nil, now: .at(4))
        #expect(try await store.shopState(shop)?.cursor == .at(2))
    }

    @Test("a reading that began before a new cause does not take the row away", arguments: StoreKind.allCases)
    func newCause(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.commitScan(shop: shop, queue: [SeenOrder(id: id, updatedAt: .at(1))], cursor: nil, now: .at(1))
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
        try await store.commitScan(shop: shop, queue: seen, cursor: nil, now: t0)
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
        // The fresh one goes first even when the parked one is due.
        #expect(try await store.nextToRead(shop: shop, limit: 9, now: now).map(\.orderID) == ["good", "bad"])
        // Listed again as it was, it keeps its time; changed, by its time or otherwise, it is free at once.
        try await store.commitScan(shop: shop, queue: [SeenOrder(id: "bad", updatedAt: .at(1))], cursor: nil, now: now)
        #expect(try await store.parked(shop: shop, limit: 9).map(\.tries) == [14])
        let other = SeenOrder(id: "bad", updatedAt: .at(1), hasChanged: true)
        try await store.commitScan(shop: shop, queue: [other], cursor: nil, now: now)
        #expect(try await store.parked(shop: shop, limit: 9).isEmpty)
        let free = try #require(await store.nextToRead(shop: shop, limit: 9, now: now).first { $0.orderID == "bad" })
        #expect(free.tries == 0)
        try await store.park(free, reason: "no such state", now: now)
        try await store.commitScan(shop: shop, queue: [SeenOrder(id: "bad", updatedAt: .at(9))], cursor: nil, now: now)
        #expect(try await store.parked(shop: shop, limit: 9).isEmpty)
        #expect(try await store.nextParked(shop: shop) == nil)
    }

    @Test(
        "an order that the store refuses is parked with the reason, and neither time nor rereads bring it up before",
        arguments: StoreKind.allCases)
    func refused(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.placed(1)
        try await store.placed(2)
        let other = facts(2).id
        for number in [1, 2] {
            let known = try #require(await store.load(shop: shop, orderIDs: [facts(number).id])[facts(number).id])
            let due = [Reread(kind: .fulfillment, id: "F\(number)", at: .at(5))]
            _ = try await store.commit([learned(known, nextMoment: .at(5), rereads: due)], now: .at(1))
            try await store.commitScan(
                shop: shop, queue: [SeenOrder(id: facts(number).id, updatedAt: .at(2))], cursor: nil, now: .at(2))
        }
        var now = Moment.at(10)
        for tries in 1...3 {
            let read = try await store.nextToRead(shop: shop, limit: 9, now: now)
            let known = try await store.load(shop: shop, orderIDs: [id, other])
            // An event that cannot be: its first time is 1.
            let outcome = try await store.commit(
                [
                    learned(try #require(known[id]), events: [event(.orderPaid, order: 1, n: 0)]),
                    learned(
                        try #require(known[other]), events: tries == 1 ? [event(.orderPaid, order: 2)] : [],
                        nextMoment: now + .days(9),
                        rereads: [Reread(kind: .fulfillment, id: "F2", at: now + .days(9))]),
                ], read: read, now: now)
            #expect(outcome.refused.keys.map(\.orderID) == [id])
            let parked = try #require(await store.parked(shop: shop, limit: 9).first)
            #expect(parked.orderID == id && parked.tries == tries && parked.reason.lowercased().contains("check"))
            #expect(parked.retryAt == now + .minutes(1 << (tries - 1)))
            #expect(try await store.nextToRead(shop: shop, limit: 9, now: now).isEmpty)
            #expect(try await store.dueForTime(shop: shop, limit: 9, now: now).isEmpty)
            #expect(try await store.dueRereads(shop: shop, limit: 9, now: now).isEmpty)
            now = parked.retryAt
            #expect(try await store.dueForTime(shop: shop, limit: 9, now: now) == [id])
            #expect(try await store.dueRereads(shop: shop, limit: 9, now: now).map(\.orderID) == [id])
        }
        // It changes, and can be written now.
        let seen = SeenOrder(id: id, updatedAt: .at(3))
        try await store.commitScan(shop: shop, queue: [seen], cursor: nil, now: now)
        let read = try await store.nextToRead(shop: shop, limit: 9, now: now)
        let known = try #require(await store.load(shop: shop, orderIDs: [id])[id])
        _ = try await store.commit([learned(known)], read: read, now: now)
        #expect(try await store.parked(shop: shop, limit: 9).isEmpty)
        #expect(try await store.nextToRead(shop: shop, limit: 9, now: now + .days(2)).isEmpty)
    }

    @Test("an order that was never read is parked as well, and a newer cause is not", arguments: StoreKind.allCases)
    func setAside(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.placed(1)
        try await store.setAside(shop: shop, orderID: id, cause: nil, reason: "no such row", now: t0)
        #expect(try await store.parked(shop: shop, limit: 9).map(\.reason) == ["no such row"])
        try await store.commitScan(shop: shop, queue: [SeenOrder(id: id, updatedAt: .at(3))], cursor: nil, now: .at(3))
        let old = try #require(await store.nextToRead(shop: shop, limit: 9, now: .at(3)).first)
        try await store.enqueueRead(shop: shop, orderIDs: [id], now: .at(4))
        try await store.setAside(shop: shop, orderID: id, cause: old, reason: "no such row", now: .at(4))
        #expect(try await store.parked(shop: shop, limit: 9).isEmpty)
    }

    @Test("an old failure does not park a new cause", arguments: StoreKind.allCases)
    func parkedLate(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.commitScan(shop: shop, queue: [SeenOrder(id: "x", updatedAt: .at(1))], cursor: nil, now: t0)
        let old = try await store.nextToRead(shop: shop, limit: 1, now: t0)[0]
        try await store.commitScan(shop: shop, queue: [SeenOrder(id: "x", updatedAt: .at(2))], cursor: nil, now: t0)
        try await store.park(old, reason: "no", now: t0)
        try await store.dropToRead([old], now: t0)
        #expect(try await store.nextToRead(shop: shop, limit: 1, now: t0).map(\.updatedAt) == [.at(2)])
        try await store.dropToRead(try await store.nextToRead(shop: shop, limit: 1, now: t0), now: t0)
        #expect(try await store.nextToRead(shop: shop, limit: 1, now: t0).isEmpty)
    }
}
