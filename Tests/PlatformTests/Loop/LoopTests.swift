import LoopTesting
import ServiceLifecycleTestKit
import Synchronization
import Testing

@testable import Platform

private struct Trouble: Error {}

/// What happened, in its order.
private final class Notes: Sendable {
    private let kept = Mutex<[String]>([])
    var all: [String] { kept.withLock { $0 } }
    func add(_ note: String) { kept.withLock { $0.append(note) } }
}

@Suite("A wake", .timeLimit(.minutes(5)))
struct WakeTests {
    @Test("ends a wait whose time is over before anybody stands in it, and no later one")
    func early() async {
        let time = SteppedTime()
        let wake = Wake(sleep: time.sleep)
        // The timer of the first wait, on another thread, was quicker than its waiter.
        wake.release(1)
        #expect(await wake.wait(atMost: .seconds(10)) == false)
        async let second = wake.wait(atMost: .seconds(20))
        #expect(await time.waited() == .seconds(20))
        time.pass()
        #expect(await second == false)
    }

    @Test("ends each wait whose time is no time")
    func noTime() async {
        let wake = Wake(sleep: { _ in })
        for _ in 0..<5_000 { #expect(await wake.wait(atMost: .seconds(1000)) == false) }
    }

    @Test("that was called before ends the next wait, and that one only")
    func before() async {
        let time = SteppedTime()
        let wake = Wake(sleep: time.sleep)
        wake.call()
        wake.call()
        #expect(await wake.wait(atMost: .seconds(10)))
        async let second = wake.wait(atMost: .seconds(20))
        #expect(await time.waited() == .seconds(20))
        time.pass()
        #expect(await second == false)
    }

    @Test("ends a wait when it is called, and its timer ends no later wait")
    func called() async {
        let time = SteppedTime()
        let wake = Wake(sleep: time.sleep)
        async let first = wake.wait(atMost: .seconds(10))
        #expect(await time.waited() == .seconds(10))
        wake.call()
        #expect(await first)
        async let second = wake.wait(atMost: .seconds(20))
        #expect(await time.waited() == .seconds(20))
        time.pass()
        #expect(await second == false)
    }

    @Test("lets a cancelled task go")
    func cancelled() async {
        let wake = Wake(sleep: SteppedTime().sleep)
        let task = Task { await wake.wait(atMost: .seconds(10)) }
        task.cancel()
        #expect(await task.value == false)
    }

    @Test("wakes all loops of a broadcast")
    func broadcast() async {
        let all = Broadcast()
        let wakes = [Wake(), Wake()]
        for wake in wakes { all.add(wake) }
        all.call()
        for wake in wakes { #expect(await wake.wait(atMost: .seconds(1000))) }
    }
}

@Suite("A loop", .timeLimit(.minutes(5)))
struct LoopTests {
    private let time = SteppedTime()
    private let beats = Heartbeats()

    private func loop(
        _ wake: Wake, rests: @escaping @Sendable () -> Bool = { false },
        failed: @escaping @Sendable (any Error) -> Void = { _ in }
    ) -> Loop {
        Loop(Loop.Name("test", shop: "fig.example"), wake: wake, heartbeats: beats, rests: rests, failed: failed)
    }

    @Test("goes round at once while something moves, then waits, and is woken")
    func round() async {
        let wake = Wake(sleep: time.sleep)
        let notes = Notes()
        let steps: [Loop.Step] = [.again, .again, .wait(.seconds(7)), .done]
        async let running: Void = loop(wake).run { _ in
            notes.add("turn")
            return steps[notes.all.count - 1]
        }
        #expect(await time.waited() == .seconds(7))
        #expect(notes.all.count == 3)
        wake.call()
        await running
        #expect(notes.all.count == 4)
    }

    @Test("cuts a long wait into ticks, each with a beat, and takes no turn in between")
    func ticks() async {
        let instant = Mutex(ContinuousClock.now)
        let beats = Heartbeats(now: { instant.withLock { $0 } })
        let notes = Notes()
        let loop = Loop(Loop.Name("test"), wake: Wake(sleep: time.sleep), heartbeats: beats, failed: { _ in })
        async let running: Void = loop.run { _ in
            notes.add("turn")
            return notes.all.count == 1 ? .wait(.seconds(200)) : .done
        }
        var waits: [Duration] = []
        for _ in 0..<7 {
            let wait = await time.waited()
            waits.append(wait)
            #expect(beats.stuck().isEmpty)
            instant.withLock { $0 += wait }
            time.pass()
        }
        await running
        #expect(waits == Array(repeating: .seconds(30), count: 6) + [.seconds(20)])
        #expect(notes.all.count == 2)
    }

    @Test("tells a turn that failed, and tries again after a pause")
    func trouble() async {
        let notes = Notes()
        let loop = loop(Wake(sleep: time.sleep), failed: { notes.add("\($0)") })
        async let running: Void = loop.run { _ in
            notes.add("turn")
            if notes.all.count == 1 { throw Trouble() }
            return .done
        }
        #expect(await time.waited() == Loop.troublePause)
        time.pass()
        await running
        #expect(notes.all == ["turn", "Trouble()", "turn"])
    }

    @Test("takes no turn while it rests, and looks again after a pause")
    func rests() async {
        let isResting = Mutex(true)
        let notes = Notes()
        let loop = loop(Wake(sleep: time.sleep), rests: { isResting.withLock { $0 } })
        async let running: Void = loop.run { _ in
            notes.add("turn")
            return .done
        }
        for _ in 0..<3 {
            #expect(await time.waited() == Loop.troublePause)
            #expect(notes.all.isEmpty)
            time.pass()
        }
        #expect(await time.waited() == Loop.troublePause)
        isResting.withLock { $0 = false }
        time.pass()
        await running
        #expect(notes.all == ["turn"])
    }

    @Test("ends its wait and itself on shutdown, without another turn")
    func shutdown() async {
        let notes = Notes()
        await testGracefulShutdown { trigger in
            async let running: Void = loop(Wake(sleep: time.sleep)).run { _ in
                notes.add("turn")
                return .wait(.seconds(7))
            }
            _ = await time.waited()
            trigger.triggerGracefulShutdown()
            await running
        }
        #expect(notes.all == ["turn"])
    }

    @Test("that drains goes on after shutdown until nothing is left, though it rests")
    func drains() async {
        let notes = Notes()
        let isResting = Mutex(false)
        let wake = Wake(sleep: time.sleep)
        await testGracefulShutdown { trigger in
            let loop = loop(wake, rests: { isResting.withLock { $0 } })
            async let running: Void = loop.run(drains: true) { isEnding in
                notes.add(isEnding ? "draining" : "turn")
                return notes.all.count == 3 ? .done : .wait(.seconds(7))
            }
            _ = await time.waited()
            isResting.withLock { $0 = true }
            trigger.triggerGracefulShutdown()
            _ = await time.waited()
            #expect(notes.all == ["turn", "draining"])
            time.pass()
            await running
        }
        #expect(notes.all == ["turn", "draining", "draining"])
    }

    @Test("of one shop that hangs is not hidden by the same loop of another, and one that ended is not missed")
    func names() {
        let instant = Mutex(ContinuousClock.now)
        let beats = Heartbeats(now: { instant.withLock { $0 } })
        let shops = ["fig.example", "juniper.example", "over.example"].map { Loop.Name("notices", shop: $0) }
        for shop in shops { beats.beat(shop) }
        beats.end(shops[2])
        instant.withLock { $0 += .seconds(100) }
        beats.beat(shops[1])
        #expect(beats.stuck().isEmpty)
        instant.withLock { $0 += .seconds(21) }
        #expect(beats.stuck().map(\.description) == ["notices of fig.example"])
    }
}
