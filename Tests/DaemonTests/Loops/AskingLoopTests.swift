import Intake
import LoopTesting
import Outreach
import Platform
import ServiceLifecycleTestKit
import Store
import Testing

@testable import Daemon

@Suite("The loop of intake", .timeLimit(.minutes(5)))
struct IntakeLoopTests {
    private func service(_ bench: LoopBench) -> IntakeService {
        IntakeService(
            context: bench.context, store: bench.store, learning: bench.learning(), transport: UnreachableNetwork(),
            clock: bench.clock, heartbeats: bench.heartbeats, metrics: bench.metrics, logger: bench.lines.logger(),
            wake: bench.wake(), sleep: { _ in })
    }

    @Test("goes on with a shop that cannot be reached: it is remembered, told once it lasts, and asked ever later")
    func unreachable() async throws {
        let bench = try await LoopBench()
        try await testGracefulShutdown { trigger in
            async let running: Void = service(bench).run()
            for _ in 0..<3 {
                let wait = await bench.time.waited()
                #expect(wait > .zero && wait <= Loop.longestWait)
                #expect(try await bench.store.remembered(.shopFault, shop: benchShop) != nil)
                bench.pass(wait)
                bench.time.pass()
            }
            _ = await bench.time.waited()
            trigger.triggerGracefulShutdown()
            try await running
        }
        #expect(!bench.lines.facts(.cycleFailed).isEmpty)
    }

    @Test("outlives trouble with the store, before its first turn as well")
    func trouble() async throws {
        let bench = try await LoopBench()
        try bench.sql("ALTER TABLE remembered RENAME TO hidden")
        try await testGracefulShutdown { trigger in
            async let running: Void = service(bench).run()
            #expect(await bench.time.waited() == Loop.troublePause)
            #expect(bench.trouble.failure != nil)
            try bench.sql("ALTER TABLE hidden RENAME TO remembered")
            bench.time.pass()
            _ = await bench.time.waited()
            #expect(try await bench.store.remembered(.shopFault, shop: benchShop) != nil)
            trigger.triggerGracefulShutdown()
            try await running
        }
    }
}

@Suite("The loop of choosing sources anew", .timeLimit(.minutes(5)))
struct SourceLoopTests {
    @Test("goes through all open orders, remembers that it is done, and lets the daemon live")
    func works() async throws {
        let bench = try await LoopBench()
        try await bench.see(1, parcels: ["JF1"])
        let wake = bench.wake()
        let service = SourceRechoosing(
            shop: bench.context, sources: "ups", store: bench.store, learning: bench.learning(),
            newParcels: Broadcast(), clock: bench.clock, heartbeats: bench.heartbeats, logger: bench.lines.logger(),
            wake: wake)
        try bench.sql("ALTER TABLE remembered RENAME TO hidden")
        try await testGracefulShutdown { trigger in
            async let running: Void = service.run()
            // What was gone through is gone through again only as far as it must be.
            #expect(await bench.time.waited() == Loop.troublePause)
            try bench.sql("ALTER TABLE hidden RENAME TO remembered")
            bench.time.pass()
            try await bench.until { try await bench.store.remembered(.carriers, shop: benchShop) == "ups" }
            trigger.triggerGracefulShutdown()
            try await running
        }
    }
}
