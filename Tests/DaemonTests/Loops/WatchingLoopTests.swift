import LoopTesting
import Outreach
import Platform
import ServiceLifecycleTestKit
import Store
import Synchronization
import Testing

@testable import Daemon

/// What systemd is told.
private final class Told: Sendable {
    private let kept = Mutex<[String]>([])
    var all: [String] { kept.withLock { $0 } }
    var notifier: SystemdNotifier { SystemdNotifier { [self] state in kept.withLock { $0.append(state) } } }
    func count(_ word: String) -> Int { all.count { $0.contains(word) } }
}

@Suite("The watchdog", .timeLimit(.minutes(5)))
struct WatchdogTests {
    private let told = Told()

    private func watchdog(_ bench: LoopBench, heartbeats: Heartbeats? = nil) -> Watchdog {
        Watchdog(
            notifier: told.notifier, heartbeats: heartbeats ?? bench.heartbeats, store: bench.store,
            clock: bench.clock, metrics: bench.metrics, logger: bench.lines.logger(), trouble: bench.trouble,
            contexts: [benchShop: bench.context], wake: bench.wake(), putBack: bench.putBack)
    }

    /// Runs it for so many looks; `before` is called before each.
    private func look(
        _ bench: LoopBench, heartbeats: Heartbeats? = nil, _ looks: Int, before: (Int) async throws -> Void = { _ in }
    ) async throws {
        try await testGracefulShutdown { trigger in
            try await before(0)
            async let running: Void = watchdog(bench, heartbeats: heartbeats).run()
            for number in 1..<looks {
                #expect(await bench.time.waited() == .seconds(10))
                bench.pass(.seconds(10))
                try await before(number)
                bench.time.pass()
            }
            _ = await bench.time.waited()
            trigger.triggerGracefulShutdown()
            try await running
        }
    }

    @Test("feeds systemd's while all loops move, and tells once of one that does not")
    func stuck() async throws {
        let bench = try await LoopBench()
        let instant = Mutex(ContinuousClock.now)
        let beats = Heartbeats(now: { instant.withLock { $0 } })
        beats.beat(Loop.Name("notices", shop: benchShop))
        try await look(bench, heartbeats: beats, 5) { (number: Int) async throws -> Void in
            if number == 2 { instant.withLock { $0 += .seconds(121) } }
            if number == 4 { beats.beat(Loop.Name("notices", shop: benchShop)) }
        }
        #expect(told.count("WATCHDOG=1") == 3)
        #expect(told.count("STOPPING=1") == 1 && told.all.first?.contains("READY=1") == true)
        #expect(bench.lines.facts(.loopStuck).map { $0["loops"] } == ["notices of \(benchShop)"])
    }

    @Test("puts back what was written by a clock that ran ahead, once Shopify's says that ours is right")
    func clock() async throws {
        let bench = try await LoopBench()
        try await bench.store.noteMoment(bench.now + .days(30))
        try await look(bench, 4) { (number: Int) async throws -> Void in
            switch number {
            case 1, 2:
                #expect(bench.clock.fault != nil)
                #expect(try await bench.store.lastMoment() > bench.now + .days(29))
                // Six minutes of difference prove nothing, and neither does what was heard long ago.
                if number == 1 { bench.clock.note(offset: .minutes(6), of: benchShop) }
                if number == 2 {
                    #expect(try await bench.store.remembered(.clockFault, shop: benchShop) != nil)
                    bench.clock.note(offset: .seconds(2), of: benchShop)
                }
            default: break
            }
        }
        #expect(bench.clock.fault == nil)
        #expect(try await bench.store.lastMoment() <= bench.now)
        #expect(try await bench.store.remembered(.clockFault, shop: benchShop) == nil)
        let line = try #require(bench.lines.facts(.clockPutBack).first)
        #expect(line["reason"] == "our clock agrees with Shopify's to 2 s")
        #expect(bench.lines.facts(.clockWrong).count == 1 && bench.lines.facts(.clockRight).count == 1)
    }

    @Test("lets nothing wait for the time of a clock that ran ahead, neither by its rows nor by what is in memory")
    func goesOn() async throws {
        let bench = try await LoopBench([
            "thanks.yaml": "on: order.placed\nafter: 1 hour\nsend: { email: { template: thanks } }\n"
        ])
        let planning = bench.planning(wake: Wake())
        bench.pass(.days(30))
        try await bench.see(1)
        while try await planning.turn() {}
        #expect(try await bench.store.nextDue(shop: benchShop) ?? .distantPast > benchStart + .days(30))
        // Files that were accepted meanwhile are in force from then on.
        var inForce = bench.context.rules.inForce
        inForce.since = ["thanks": bench.now]
        bench.context.replaceTriggers(inForce)
        let wake = Wake()
        bench.putBack.add(wake)
        bench.pass(.days(-30))
        try await look(bench, 2) { (number: Int) async throws -> Void in
            if number == 1 { bench.clock.note(offset: .zero, of: benchShop) }
        }
        #expect(await wake.wait(atMost: .seconds(1000)))
        #expect(bench.clock.timesPutBack == 1 && bench.clock.fault == nil)
        #expect(bench.context.rules.planner.inForceSince["thanks"] ?? .distantFuture <= bench.now)
        // What is due at once is judged once, and then waits for as long as it should.
        #expect(try await bench.store.nextDue(shop: benchShop) ?? .distantFuture <= bench.now)
        while try await planning.turn() {}
        let due = try #require(try await bench.store.nextDue(shop: benchShop))
        #expect(due > bench.now && due <= bench.now + .hours(1))
        bench.pass(.hours(1))
        while try await planning.turn() {}
        #expect(try await bench.states(1) == [.ready])
    }

    @Test("believes no answer that was heard more than 10 minutes ago, or by a clock that has jumped since")
    func proof() async throws {
        let clock = Mutex(benchStart)
        let daemon = DaemonClock(source: { clock.withLock { $0 } })
        #expect(daemon.agreement == nil)
        daemon.note(offset: .seconds(1), of: "fig.example")
        #expect(daemon.agreement != nil)
        daemon.note(offset: .minutes(6), of: "juniper.example")
        #expect(daemon.agreement == nil)
        daemon.note(offset: .seconds(1), of: "juniper.example")
        clock.withLock { $0 = $0 + .minutes(11) }
        #expect(daemon.agreement == nil)
        clock.withLock { $0 = benchStart - .minutes(1) }
        #expect(daemon.agreement == nil)
    }

    @Test("goes on when a person has put the clock back, and says so")
    func byHand() async throws {
        let bench = try await LoopBench()
        try await bench.store.noteMoment(bench.now + .days(30))
        try await look(bench, 3) { (number: Int) async throws -> Void in
            guard number == 2 else { return }
            #expect(bench.clock.fault != nil)
            #expect(try await bench.store.putClockBack(to: bench.now) == benchStart + .days(30))
            #expect(try await bench.store.putClockBack(to: bench.now) == nil)
        }
        #expect(bench.clock.fault == nil)
        #expect(bench.lines.facts(.clockPutBack).map { $0["reason"] } == ["`bookbag clock accept`"])
    }

    @Test("counts what waits at every third look, and not at each")
    func summary() async throws {
        let bench = try await LoopBench()
        try await look(bench, 6)
        #expect(told.all.count { $0.hasPrefix("STATUS=") } == 2)
    }
}

@Suite("The loop of reloading", .timeLimit(.minutes(5)))
struct ReloadLoopTests {
    private let told = Told()

    private func service(_ bench: LoopBench, _ request: ReloadRequest, planning: Wake = Wake()) -> ReloadService {
        ReloadService(
            contexts: [benchShop: bench.context], reloaders: [benchShop: bench.reloader()], store: bench.store,
            clock: bench.clock, planning: planning, notifier: told.notifier, heartbeats: bench.heartbeats,
            logger: bench.lines.logger(), trouble: bench.trouble, request: request)
    }

    private static let twice = LoopBench.thanks + "\nwhen: order.name != ''\n"

    @Test("takes an edit up when the folder has come to rest")
    func works() async throws {
        let bench = try await LoopBench()
        let planning = Wake()
        try await testGracefulShutdown { trigger in
            async let running: Void = service(bench, ReloadRequest(wake: bench.wake()), planning: planning).run()
            #expect(await bench.time.waited() == ReloadService.interval)
            try bench.write(LoopBench.thanks, to: "more.yaml")
            bench.time.pass()
            _ = await bench.time.waited()
            // It may be half written.
            #expect(bench.context.rules.planner.triggers.triggers.map(\.name) == ["thanks"])
            bench.time.pass()
            _ = await bench.time.waited()
            #expect(bench.context.rules.planner.triggers.triggers.map(\.name).sorted() == ["more", "thanks"])
            #expect(await planning.wait(atMost: .seconds(1000)))
            trigger.triggerGracefulShutdown()
            try await running
        }
    }

    @Test("reads the files at a signal, and tells systemd before and after")
    func signal() async throws {
        let bench = try await LoopBench()
        let request = ReloadRequest(wake: bench.wake())
        try await testGracefulShutdown { trigger in
            async let running: Void = service(bench, request).run()
            _ = await bench.time.waited()
            try bench.write(LoopBench.thanks, to: "more.yaml")
            request.raise()
            _ = await bench.time.waited()
            #expect(bench.context.rules.planner.triggers.triggers.count == 2)
            trigger.triggerGracefulShutdown()
            try await running
        }
        #expect(told.count("RELOADING=1") == 1 && told.count("READY=1") == 1)
    }

    @Test("reads an edit again, without another save, that the store could not take")
    func trouble() async throws {
        let bench = try await LoopBench()
        try bench.sql(
            """
            CREATE TRIGGER refuse BEFORE INSERT ON good_sets BEGIN SELECT RAISE(ABORT, 'refused'); END
            """)
        let request = ReloadRequest(wake: bench.wake())
        try await testGracefulShutdown { trigger in
            async let running: Void = service(bench, request).run()
            _ = await bench.time.waited()
            try bench.write(LoopBench.thanks, to: "more.yaml")
            for _ in 0..<2 {
                bench.time.pass()
                _ = await bench.time.waited()
            }
            #expect(bench.trouble.failure != nil)
            #expect(bench.context.rules.planner.triggers.triggers.count == 1)
            try bench.sql("DROP TRIGGER refuse")
            bench.time.pass()
            _ = await bench.time.waited()
            #expect(bench.context.rules.planner.triggers.triggers.count == 2)
            trigger.triggerGracefulShutdown()
            try await running
        }
    }
}
