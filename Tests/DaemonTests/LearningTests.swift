import Outreach
import Platform
import Store
import Testing

@testable import Daemon

@Suite("Learning", .timeLimit(.minutes(5)))
struct LearningTests {
    private func id(_ number: Int) -> String { "gid://shopify/Order/\(number)" }

    private func cancelled(_ number: Int, _ bench: LoopBench) -> Observation {
        var facts = OrderFacts(id: id(number), name: "#\(number)", createdAt: benchStart, updatedAt: bench.now)
        facts.email = "robin@shopper.example"
        facts.cancelledAt = bench.now
        return Observation(shop: benchShop, seenAt: bench.now, content: .order(facts))
    }

    @Test("takes a batch one order at a time where one of them cannot be read: that one is parked, the rest learned")
    func oneByOne() async throws {
        let bench = try await LoopBench()
        for number in 1...3 { try await bench.see(number) }
        bench.pass(.minutes(5))
        // A record that nobody can read fails the reading of the whole batch; its version moves on as with any change.
        try bench.sql(
            """
            UPDATE orders SET record = x'00' WHERE id = (SELECT id FROM aggregates WHERE name = '#2');
            UPDATE aggregates SET version = version + 1 WHERE name = '#2'
            """)
        // The fourth is not there any more: it is on the list, and nothing is seen of it.
        try await bench.store.commitScan(
            shop: benchShop, queue: (1...4).map { SeenOrder(id: id($0), updatedAt: bench.now) }, cursor: nil,
            now: bench.now)
        let read = try await bench.store.nextToRead(shop: benchShop, limit: 9, now: bench.now)
        #expect(read.count == 4)
        _ = try await bench.learning().learn(
            (1...3).map { cancelled($0, bench) }, of: bench.context, read: read, now: bench.now)
        let known = try await bench.store.load(shop: benchShop, orderIDs: [id(1), id(3)])
        #expect(known.count == 2 && known.values.allSatisfy { $0.facts.cancelledAt == bench.now })
        // What was read is off the list; the one that was not waits for its next try.
        #expect(try await bench.store.nextToRead(shop: benchShop, limit: 9, now: bench.now).isEmpty)
        let parked = try await bench.store.parked(shop: benchShop, limit: 9)
        #expect(parked.map(\.orderID) == [id(2)])
        #expect(try #require(parked.first).reason.contains("cannot be read"))
        #expect(bench.lines.facts(.orderParked).map { $0["order"] } == [id(2)])
    }

    @Test("fails as a whole, and parks nobody, where it is no single order's fault")
    func disk() async throws {
        let bench = try await LoopBench()
        try await bench.see(1)
        // A statement that cannot run may be one row's fault; that not even the row can be put off shows that it is not.
        try bench.sql("ALTER TABLE orders RENAME TO hidden")
        await #expect(throws: StoreFailure.self) {
            _ = try await bench.learning().learn(
                [cancelled(1, bench), cancelled(2, bench)], of: bench.context, now: bench.now)
        }
        #expect(bench.lines.facts(.orderParked).isEmpty)
        #expect(try await bench.store.parked(shop: benchShop, limit: 9).isEmpty)
    }

    @Test("what had happened to an order that was removed for its age is not told again, and what happens now is")
    func removedForAge() async throws {
        let bench = try await LoopBench()
        try await bench.see(1)
        bench.pass(.days(500))
        while try await bench.store.retain(Retention(), shop: benchShop, now: bench.now).isMore {}
        #expect(try await bench.store.load(shop: benchShop, orderIDs: [id(1)]).isEmpty)
        bench.pass(.days(1))
        var facts = OrderFacts(id: id(1), name: "#1", createdAt: benchStart, updatedAt: bench.now)
        facts.payment = .paid
        facts.paidAt = benchStart + .hours(1)
        func look() async throws -> [Event] {
            _ = try await bench.learning().learn(
                [Observation(shop: benchShop, seenAt: bench.now, content: .order(facts))], of: bench.context,
                now: bench.now)
            return try #require(try await bench.store.load(shop: benchShop, orderIDs: [id(1)])[id(1)]).events
        }
        let known = try await look()
        #expect(known.map(\.kind) == [.orderPlaced, .orderPaid] && known.allSatisfy { $0.silence == .beforeLive })
        bench.pass(.minutes(5))
        facts.cancelledAt = bench.now
        facts.updatedAt = bench.now
        let last = try #require(try await look().last)
        #expect(last.kind == .orderCancelled && last.silence == nil)
        #expect(try await bench.store.pendingEvents(shop: benchShop, limit: 9).last?.kind == .orderCancelled)
    }

    @Test("takes what was done at a page, once for its mark, and of an order that is known")
    func page() async throws {
        let bench = try await LoopBench()
        try await bench.see(1)
        func stopped(_ number: Int, _ mark: String) -> JudgedEvent {
            JudgedEvent(
                aggregate: .order(id(number)), kind: .customerUnsubscribed, mark: mark, happenedAt: bench.now,
                source: "page")
        }
        let planning = Wake()
        let learning = bench.learning(newEvents: planning)
        for mark in ["page:1", "page:1", "page:2"] {
            try await learning.learn([stopped(1, mark)], of: bench.context, now: bench.now)
        }
        try await learning.learn([stopped(2, "page:1")], of: bench.context, now: bench.now)
        let known = try await bench.store.load(shop: benchShop, orderIDs: [id(1), id(2)])
        #expect(known.count == 1)
        #expect(known[id(1)]?.events.count { $0.kind == .customerUnsubscribed } == 2)
        #expect(await planning.wait(atMost: .seconds(1000)), "triggers hear of it")
    }
}
