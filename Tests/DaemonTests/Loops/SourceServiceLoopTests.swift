import Intake
import LoopTesting
import Outreach
import Platform
import ServiceLifecycleTestKit
import Store
import Synchronization
import Testing

@testable import Daemon

/// Slips of paper about an order, dropped one at a time: a page never has more than one.
private final class Slot: ObservationSource {
    private struct State {
        var slips: [String] = []
        var polls = 0
        var isHeld = false
        var held: [CheckedContinuation<Void, Never>] = []
    }
    let name = "slot"
    private let state = Mutex(State())

    var polls: Int { state.withLock { $0.polls } }
    func drop(_ order: String) { state.withLock { $0.slips.append(order) } }
    func hold() { state.withLock { $0.isHeld = true } }

    func answer() {
        let held = state.withLock { state in
            state.isHeld = false
            defer { state.held = [] }
            return state.held
        }
        for one in held { one.resume() }
    }

    func poll(from cursor: String?, now: Moment) async throws -> SourcePage {
        await withCheckedContinuation { continuation in
            let goesOn = state.withLock { state in
                state.polls += 1
                if state.isHeld { state.held.append(continuation) }
                return !state.isHeld
            }
            if goesOn { continuation.resume() }
        }
        let first = cursor.flatMap { Int($0) } ?? 0
        let slips = state.withLock { Array($0.slips.dropFirst(first)) }
        guard let slip = slips.first else { return SourcePage([], cursor: cursor) }
        return SourcePage(
            [
                RawObservation(
                    shop: benchShop, source: name, externalID: "\(first)", receivedAt: now, kind: "slip",
                    bytes: Array(slip.utf8))
            ], cursor: "\(first + 1)", isMore: slips.count > 1)
    }

    func judge(_ observation: RawObservation) throws(SourceFailure) -> [JudgedEvent] {
        [
            JudgedEvent(
                aggregate: .order(String(decoding: observation.bytes, as: UTF8.self)), kind: .returnRequested,
                subject: .return(observation.externalID), mark: observation.externalID, source: name)
        ]
    }
}

@Suite("The loop of sources, by itself", .timeLimit(.minutes(5)))
struct SourceServiceLoopTests {
    private let slot = Slot()
    private let order = "gid://shopify/Order/1"

    private func service(_ bench: LoopBench, wake: Wake, newEvents: Wake = Wake()) -> SourceService {
        SourceService(
            context: bench.context, sources: [slot], store: bench.store, learning: bench.learning(newEvents: newEvents),
            clock: bench.clock, wake: wake, heartbeats: bench.heartbeats, logger: bench.lines.logger())
    }

    private func told(_ bench: LoopBench) async throws -> Int {
        try await bench.store.load(shop: benchShop, orderIDs: [order])[order]?.events
            .count { $0.kind == .returnRequested } ?? 0
    }

    @Test("reads all that is there without a wait, wakes the planning, and reads again when it is woken or at a tick")
    func works() async throws {
        let bench = try await LoopBench()
        try await bench.see(1)
        // More than one turn reads.
        for _ in 0..<25 { slot.drop(order) }
        let (wake, planning) = (bench.wake(), Wake())
        try await testGracefulShutdown { trigger in
            async let running: Void = service(bench, wake: wake, newEvents: planning).run()
            #expect(await bench.time.waited() == Loop.longestWait)
            #expect(try await told(bench) == 25)
            #expect(await planning.wait(atMost: .seconds(1000)))
            slot.drop(order)
            wake.call()
            #expect(await bench.time.waited() == Loop.longestWait)
            #expect(try await told(bench) == 26)
            slot.drop(order)
            bench.time.pass()
            #expect(await bench.time.waited() == Loop.longestWait)
            #expect(try await told(bench) == 27)
            bench.lag(Heartbeats.patience + .seconds(1))
            #expect(bench.heartbeats.stuck() == [Loop.Name("sources", shop: benchShop)])
            bench.time.pass()
            _ = await bench.time.waited()
            #expect(bench.heartbeats.stuck().isEmpty)
            trigger.triggerGracefulShutdown()
            try await running
        }
    }

    @Test("asks nobody while the clock is wrong")
    func clock() async throws {
        let bench = try await LoopBench()
        bench.clock.note(offset: .minutes(6), of: benchShop)
        try await testGracefulShutdown { trigger in
            async let running: Void = service(bench, wake: bench.wake()).run()
            #expect(await bench.time.waited() == Loop.troublePause)
            #expect(slot.polls == 0)
            bench.clock.note(offset: .zero, of: benchShop)
            bench.time.pass()
            _ = await bench.time.waited()
            #expect(slot.polls == 1)
            trigger.triggerGracefulShutdown()
            try await running
        }
    }

    @Test("tells trouble with the store, and reads the same again when it is over, each once")
    func trouble() async throws {
        let bench = try await LoopBench()
        try await bench.see(1)
        slot.drop(order)
        try bench.sql("ALTER TABLE observations RENAME TO hidden")
        try await testGracefulShutdown { trigger in
            async let running: Void = service(bench, wake: bench.wake()).run()
            #expect(await bench.time.waited() == Loop.troublePause)
            #expect(bench.trouble.failure != nil)
            try bench.sql("ALTER TABLE hidden RENAME TO observations")
            bench.time.pass()
            #expect(await bench.time.waited() == Loop.longestWait)
            #expect(try await told(bench) == 1)
            trigger.triggerGracefulShutdown()
            try await running
        }
        #expect(bench.lines.facts(.storeFailed).count == 1)
    }

    @Test("keeps and judges on shutdown all that its turn reads, and takes no other")
    func ends() async throws {
        let bench = try await LoopBench()
        try await bench.see(1)
        for _ in 0..<25 { slot.drop(order) }
        slot.hold()
        try await testGracefulShutdown { trigger in
            async let running: Void = service(bench, wake: bench.wake()).run()
            try await bench.until { slot.polls == 1 }
            trigger.triggerGracefulShutdown()
            slot.answer()
            try await running
        }
        #expect(slot.polls == 20)
        #expect(try await told(bench) == 20)
        #expect(try await bench.store.cursor(shop: benchShop, source: "slot") == "20")
        #expect(try await bench.store.unjudged(shop: benchShop, source: "slot", limit: 9).isEmpty)
    }
}
