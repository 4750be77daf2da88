import Delivery
import LoopTesting
import Outreach
import Platform
import ServiceLifecycleTestKit
import Store
import Synchronization
import Testing

@testable import Daemon

/// Counts the mails that are made, and does something during the first.
private final class Makings: Sendable {
    private let made = Mutex(0)
    private let first: @Sendable () -> Void

    init(_ first: @escaping @Sendable () -> Void) { self.first = first }

    var count: Int { made.withLock { $0 } }

    var mail: ChannelKind {
        var mail = ChannelKind.email
        let compose = mail.compose
        mail.compose = { [self] composition in
            let isFirst = made.withLock { made in
                made += 1
                return made == 1
            }
            if isFirst { first() }
            return compose(composition)
        }
        return mail
    }
}

@Suite("The loop of planning", .timeLimit(.minutes(5)))
struct PlanningLoopTests {
    @Test("plans what is there, waits for the next moment at which something is due, and is woken by news")
    func works() async throws {
        let bench = try await LoopBench([
            "thanks.yaml": "on: order.placed\nafter: 1 minute\nsend: { email: { template: thanks } }\n"
        ])
        let wake = bench.wake()
        try await testGracefulShutdown { trigger in
            async let running: Void = bench.planning(wake: wake).run()
            #expect(await bench.time.waited() == Loop.longestWait)
            try await bench.see(1, learning: bench.learning(newEvents: wake))
            _ = await bench.time.waited()
            #expect(try await bench.states(1) == [.waiting])
            bench.pass(.seconds(50))
            bench.time.pass()
            #expect(await bench.time.waited() == .seconds(10))
            bench.pass(.seconds(10))
            bench.time.pass()
            _ = await bench.time.waited()
            #expect(try await bench.states(1) == [.ready])
            trigger.triggerGracefulShutdown()
            try await running
        }
        #expect(bench.heartbeats.stuck().isEmpty)
    }

    @Test("judges again at once what an order's change overtook between the judging and the writing")
    func overtaken() async throws {
        let bench = try await LoopBench([
            "thanks.yaml": "on: order.placed\nafter: 1 minute\nsend: { email: { template: thanks } }\n"
        ])
        try await bench.see(1)
        // While the first message is being made, somebody else writes down that the order has changed.
        let makings = Makings { try? bench.sql("UPDATE aggregates SET version = version + 1") }
        try await testGracefulShutdown { trigger in
            async let running: Void = bench.planning(wake: bench.wake(), channels: [makings.mail]).run()
            #expect(await bench.time.waited() == Loop.longestWait)
            #expect(makings.count == 0)
            bench.pass(.minutes(1))
            bench.time.pass()
            // Without a wait in between.
            #expect(await bench.time.waited() == Loop.longestWait)
            #expect(makings.count == 2)
            #expect(try await bench.states(1) == [.ready])
            trigger.triggerGracefulShutdown()
            try await running
        }
    }

    @Test("decides nothing while the clock is wrong, and goes on when it is right")
    func clock() async throws {
        let bench = try await LoopBench()
        try await bench.see(1)
        bench.clock.note(offset: .minutes(6), of: benchShop)
        try await testGracefulShutdown { trigger in
            async let running: Void = bench.planning(wake: bench.wake()).run()
            for _ in 0..<2 {
                #expect(await bench.time.waited() == Loop.troublePause)
                bench.time.pass()
            }
            #expect(await bench.time.waited() == Loop.troublePause)
            #expect(try await bench.states(1) == [])
            bench.clock.note(offset: .seconds(1), of: benchShop)
            bench.time.pass()
            _ = await bench.time.waited()
            #expect(try await bench.states(1) == [.ready])
            trigger.triggerGracefulShutdown()
            try await running
        }
    }

    @Test("tells trouble with the store, and goes on when it is over")
    func trouble() async throws {
        let bench = try await LoopBench()
        try await bench.see(1)
        try bench.sql("ALTER TABLE events RENAME TO hidden_events")
        try await testGracefulShutdown { trigger in
            async let running: Void = bench.planning(wake: bench.wake()).run()
            #expect(await bench.time.waited() == Loop.troublePause)
            #expect(bench.trouble.failure != nil)
            #expect(bench.lines.facts(.storeFailed).count == 1)
            try bench.sql("ALTER TABLE hidden_events RENAME TO events")
            bench.time.pass()
            _ = await bench.time.waited()
            #expect(try await bench.states(1) == [.ready])
            trigger.triggerGracefulShutdown()
            try await running
        }
    }
}

@Suite("The loop of time", .timeLimit(.minutes(5)))
struct TimeLoopTests {
    private func service(_ bench: LoopBench) -> TimeService {
        TimeService(
            store: bench.store, contexts: [benchShop: bench.context], learning: bench.learning(), clock: bench.clock,
            wake: bench.wake(), heartbeats: bench.heartbeats, logger: bench.lines.logger(), trouble: bench.trouble)
    }

    @Test("learns what time alone brings when its moment comes, and not while the clock is wrong")
    func works() async throws {
        let bench = try await LoopBench()
        try await bench.see(1, parcels: ["JF1"])
        let due = try #require(try await bench.store.nextMoment(shop: benchShop))
        try await testGracefulShutdown { trigger in
            async let running: Void = service(bench).run()
            #expect(await bench.time.waited() == min(Loop.longestWait, due - bench.now))
            bench.pass(due - bench.now)
            bench.clock.note(offset: .minutes(6), of: benchShop)
            bench.time.pass()
            #expect(await bench.time.waited() == Loop.troublePause)
            #expect(try await bench.store.nextMoment(shop: benchShop) == due)
            bench.clock.note(offset: .zero, of: benchShop)
            bench.time.pass()
            _ = await bench.time.waited()
            #expect(try await bench.store.nextMoment(shop: benchShop) ?? .distantFuture > bench.now)
            trigger.triggerGracefulShutdown()
            try await running
        }
    }

    @Test("does not spin on an order that the store refuses: it is set aside for a while, and the others go on")
    func refused() async throws {
        let bench = try await LoopBench()
        try await bench.see(1, parcels: ["JF1"])
        try await bench.see(2, parcels: ["JF2"])
        let due = try #require(try await bench.store.nextMoment(shop: benchShop))
        try bench.sql(
            """
            CREATE TRIGGER refuse BEFORE UPDATE OF record ON orders
            WHEN OLD.id = (SELECT id FROM aggregates WHERE shop = OLD.shop AND name = '#1')
            BEGIN SELECT RAISE(ABORT, 'refused'); END
            """)
        bench.pass(due - bench.now)
        try await testGracefulShutdown { trigger in
            async let running: Void = service(bench).run()
            // A loop that spins never waits.
            _ = await bench.time.waited()
            #expect(try await bench.store.dueForTime(shop: benchShop, limit: 9, now: bench.now).isEmpty)
            #expect(bench.lines.facts(.orderParked).map { $0["order"] } == ["#1"])
            #expect(
                try await bench.store.dueForTime(shop: benchShop, limit: 9, now: bench.now + .hours(1))
                    .contains("gid://shopify/Order/1"))
            trigger.triggerGracefulShutdown()
            try await running
        }
    }
}
