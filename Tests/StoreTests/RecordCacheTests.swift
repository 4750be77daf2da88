import Outreach
import Testing

@testable import Store

@Suite("Orders that are kept decoded")
struct RecordCacheTests {
    /// The same file through another store, which has nothing in its memory.
    private func fresh(_ path: String) throws -> Store { try Store.open(path: path, role: .command, now: t0) }

    @Test("are what the file says, after every commit of a learner", arguments: 1...4 as ClosedRange<UInt64>)
    func same(_ seed: UInt64) async throws {
        var dice = Dice(seed: seed)
        let path = Folder().file("store.sqlite")
        let store = try Store.open(path: path, role: .command, now: t0)
        _ = try await store.openShop(shop, now: t0)
        let learner = Learner(live: LiveSince(shop: t0 - .days(9)), shopZone: .utc, rereadEvery: .seconds(60))
        let ids = (1...4).map { facts($0).id }
        for turn in 1...25 {
            let now = Moment.at(turn * 3600)
            let known = try await store.load(shop: shop, orderIDs: ids)
            for id in ids { #expect(known[id] == (try await fresh(path).load(shop: shop, orderIDs: [id])[id])) }
            let number = Int.random(in: 1...4, using: &dice)
            var seen = facts(number, updatedAt: now)
            if Bool.random(using: &dice) {
                var fulfillment = FulfillmentFacts(
                    id: "gid://shopify/Fulfillment/\(number)", name: "#\(number).1", status: .success, createdAt: t0,
                    updatedAt: now, tracking: [TrackingFacts(company: "UPS", number: "1Z\(number)")])
                let states: [ParcelState] = [.accepted, .inTransit, .outForDelivery, .attempted, .delivered]
                fulfillment.scans = (0...Int.random(in: 0...3, using: &dice)).map { step in
                    scan("s\(turn)-\(step)", at: now - .minutes(step), state: states.randomElement(using: &dice)!)
                }
                fulfillment.scansAreComplete = false
                seen.fulfillments = [fulfillment]
            }
            let learned = learner.learn(
                Observation(shop: shop, seenAt: now, content: .order(seen)), into: known[seen.id])
            _ = try await store.commit([try #require(learned)], now: now)
        }
    }

    @Test("give route to what another process wrote")
    func others() async throws {
        let path = Folder().file("store.sqlite")
        let store = try Store.open(path: path, role: .command, now: t0)
        _ = try await store.openShop(shop, now: t0)
        try await store.placed(1)
        let other = try fresh(path)
        var record = try #require(await other.load(shop: shop, orderIDs: [facts(1).id]).values.first)
        record.facts.note = "ring twice"
        _ = try await other.commit([learned(record)], now: .at(1))
        #expect(try await store.load(shop: shop, orderIDs: [facts(1).id]).values.first?.facts.note == "ring twice")
        _ = try await other.erase(address: "robin@example.com", shop: shop, now: .at(2))
        #expect(try await store.load(shop: shop, orderIDs: [facts(1).id]).isEmpty)
    }

    @Test("are bounded")
    func bounded() {
        let cache = RecordCache()
        for number in 1...2_000 { cache.keep(record(number), row: OrderRowKey(shop: 1, id: Int64(number))) }
        #expect(cache.record(OrderRowKey(shop: 1, id: 2_000), version: 0) != nil)
        #expect(cache.record(OrderRowKey(shop: 2, id: 2_000), version: 0) == nil)
        #expect(cache.record(OrderRowKey(shop: 1, id: 1), version: 0) == nil)
        #expect(cache.record(OrderRowKey(shop: 1, id: 2_000), version: 1) == nil)
    }
}
