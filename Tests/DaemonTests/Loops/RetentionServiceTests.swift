import LoopTesting
import Outreach
import Platform
import ServiceLifecycleTestKit
import Store
import Synchronization
import Testing

@testable import Daemon

/// A store in which so many steps have something to remove.
private final class OldThings: RetentionStore {
    let left: Mutex<Int>

    init(_ steps: Int) { left = Mutex(steps) }

    func retain(_ retention: Retention, shop: String, now: Moment) async throws(StoreFailure) -> RetentionStep {
        var step = RetentionStep()
        left.withLock { left in
            if left > 0 { step.orders = 10 }
            left = max(0, left - 1)
            step.isMore = left > 0
        }
        return step
    }
}

@Suite("The loop that removes what is old", .timeLimit(.minutes(5))) struct RetentionServiceTests {
    private func service(_ store: OldThings, _ bench: LoopBench) -> RetentionService {
        RetentionService(
            store: store, shops: [benchShop], retention: Retention(), clock: bench.clock, wake: bench.wake(),
            heartbeats: bench.heartbeats, logger: bench.lines.logger(), trouble: bench.trouble)
    }

    @Test("goes in steps with a pause after each, says what went in one line, and then looks from time to time")
    func steps() async throws {
        let bench = try await LoopBench()
        let store = OldThings(3)
        try await testGracefulShutdown { trigger in
            async let running: Void = service(store, bench).run()
            for _ in 0..<2 {
                #expect(await bench.time.waited() == RetentionService.pause)
                bench.time.pass()
            }
            #expect(await bench.time.waited() == Loop.longestWait, "of ten minutes, a tick")
            #expect(bench.lines.facts(.removedForAge).map { $0["orders"] } == ["30"])
            trigger.triggerGracefulShutdown()
            try await running
        }
    }

    @Test("rests while the clock cannot be trusted, for by one that is ahead everything is old")
    func clock() async throws {
        let bench = try await LoopBench()
        bench.clock.note(offset: .days(500), of: benchShop)
        let store = OldThings(3)
        try await testGracefulShutdown { trigger in
            async let running: Void = service(store, bench).run()
            #expect(await bench.time.waited() == Loop.troublePause)
            #expect(store.left.withLock { $0 } == 3)
            trigger.triggerGracefulShutdown()
            try await running
        }
    }
}
