import Foundation
import LoopTesting
import Outreach
import Platform
import ServiceLifecycle
import Store
import Synchronization
import Testing

@testable import Daemon

@Suite("Sharing the shops of a store at a server")
struct ShopSharesTests {
    /// A store that answers with these, one after another, and then as it did last.
    private final class Answers: SharedStore {
        let sharesEvery: Duration? = .seconds(5)
        private let left: Mutex<[Result<ShopShare, StoreFailure>]>
        let asked = Mutex(0)
        let handedOver = Mutex<[[String]]>([])

        init(_ answers: [Result<ShopShare, StoreFailure>]) { left = Mutex(answers) }

        func share(_ shops: [String]) async throws(StoreFailure) -> ShopShare {
            asked.withLock { $0 += 1 }
            return try left.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }.get()
        }

        func handOver(_ shops: [String]) async throws(StoreFailure) { handedOver.withLock { $0.append(shops) } }
    }

    private struct Over: Error {}

    private static func shares(_ store: Answers, turns: Int) -> ShopShares {
        let left = Mutex(turns)
        return ShopShares(store: store, shops: ["a", "b", "c"]) { every in
            #expect(every == .seconds(5))
            let isOver = left.withLock { left in
                left -= 1
                return left < 0
            }
            if isOver { throw Over() }
        }
    }

    private static func has(_ shops: [String], _ surplus: [String] = []) -> Result<ShopShare, StoreFailure> {
        .success(ShopShare(shops: shops, surplus: surplus))
    }

    @Test("what is more than the share is given away once the loops have ended, and they end for it")
    func surplus() async throws {
        let store = Answers([Self.has(["a", "b", "c"]), Self.has(["a", "b", "c"]), Self.has(["a", "b", "c"], ["c"])])
        let shares = Self.shares(store, turns: 2)
        #expect(try await shares.take() == ["a", "b", "c"])
        await shares.keep()
        try await ShareWatch(shares: shares).run()
        #expect(store.handedOver.withLock { $0 }.isEmpty, "not before the loops have ended")
        try await shares.handOver()
        #expect(store.handedOver.withLock { $0 } == [["c"]])
        #expect(!shares.isEnding)
        #expect(try await shares.take() == ["a", "b"])
    }

    @Test("a shop that became free ends the loops, which then begin with it")
    func more() async throws {
        let store = Answers([Self.has(["a"]), Self.has(["a"]), Self.has(["a", "b"])])
        let shares = Self.shares(store, turns: 2)
        #expect(try await shares.take() == ["a"])
        await shares.keep()
        try await ShareWatch(shares: shares).run()
        try await shares.handOver()
        #expect(store.handedOver.withLock { $0 }.isEmpty)
        #expect(try await shares.take() == ["a", "b"])
    }

    @Test("others that have its shops end the daemon; a server that is away does not")
    func lost() async throws {
        let away = Result<ShopShare, StoreFailure>.failure(StoreFailure(.unreachable, "It is away."))
        let store = Answers([Self.has(["a"]), away, away, .failure(StoreFailure(.locked, "Another has them."))])
        let shares = Self.shares(store, turns: 99)
        _ = try await shares.take()
        await shares.keep()
        #expect(store.asked.withLock { $0 } == 4)
        let problem = await #expect(throws: DaemonProblem.self) { try await ShareWatch(shares: shares).run() }
        #expect(problem?.reason == "Another has them." && problem?.status == .fault)
    }

    @Test("ending the process ends the loops, and gives no shop away before the store is closed")
    func ends() async throws {
        let store = Answers([Self.has(["a", "b"], ["b"])])
        let shares = Self.shares(store, turns: 0)
        #expect(try await shares.take() == ["a"])
        shares.end()
        try await ShareWatch(shares: shares).run()
        try await shares.handOver()
        #expect(shares.isEnding && store.handedOver.withLock { $0 }.isEmpty)
    }
}

@Suite("What daemons that share a store hear of one another")
struct SharingServicesTests {
    @Test("once a second it is looked whether somebody else wrote, and only then all loops look")
    func touched() async throws {
        let bench = try await LoopBench()
        let count = Mutex<Int64>(3)
        let (loop, page) = (Wake(), Wake())
        let (byHand, changes) = (Broadcast(), Broadcast())
        byHand.add(loop)
        changes.add(page)
        let service = TouchService(
            touches: { () async throws(StoreFailure) in count.withLock { $0 } }, actedByHand: byHand, changes: changes,
            clock: bench.clock, heartbeats: bench.heartbeats, logger: bench.lines.logger(), wake: bench.wake())
        let running = Task { try await service.run() }
        #expect(await bench.time.waited() == .seconds(1))
        bench.time.pass()
        #expect(await bench.time.waited() == .seconds(1))
        #expect(await !loop.wait(atMost: .milliseconds(1)), "nobody wrote")
        count.withLock { $0 = 4 }
        bench.time.pass()
        _ = await bench.time.waited()
        #expect(await loop.wait(atMost: .seconds(60)))
        #expect(await page.wait(atMost: .seconds(60)))
        running.cancel()
        _ = await running.result
    }

    @Test("a shop that another daemon serves is shown by the rules that one has put into force")
    func guests() async throws {
        let bench = try await LoopBench()
        let shares = ShopShares(store: bench.store, shops: [benchShop])
        func look(_ context: ShopContext?) async throws {
            try await GuestService(
                guests: [GuestService.Guest(shop: benchShop, context: context, reloader: bench.reloader())],
                store: bench.store, shares: shares, clock: bench.clock, heartbeats: bench.heartbeats,
                logger: bench.lines.logger()
            ).look()
        }
        // Its owner edits a file, and puts it into force.
        try bench.write(LoopBench.thanks, to: "more.yaml")
        try await look(bench.context)
        #expect(bench.context.rules.planner.triggers.triggers.count == 1, "not in force yet")
        let outcome = try await bench.reloader().accept(inForce: nil, planner: nil, now: bench.now)
        guard case .accepted = outcome else { throw CocoaError(.featureUnsupported) }
        try await look(bench.context)
        #expect(bench.context.rules.planner.triggers.triggers.map(\.name).sorted() == ["more", "thanks"])
        // One that nobody had served before has all loops start again, with it.
        _ = try await shares.take()
        try await look(nil)
        try await ShareWatch(shares: shares).run()
        #expect(!shares.isEnding)
    }
}
