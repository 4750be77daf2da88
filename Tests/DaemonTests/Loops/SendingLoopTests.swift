import LoopTesting
import Outreach
import Platform
import ServiceLifecycleTestKit
import Store
import Testing

@testable import Daemon

@Suite("The loop of delivery", .timeLimit(.minutes(5)))
struct DeliveryLoopTests {
    private func service(_ bench: LoopBench, _ channel: BenchChannel, wake: Wake) -> DeliveryService {
        DeliveryService(
            route: .mail(shop: benchShop), channel: channel, context: bench.context, store: bench.store,
            clock: bench.clock, wake: wake, heartbeats: bench.heartbeats, metrics: bench.metrics,
            logger: bench.lines.logger(), owner: "test", limit: 4, trouble: bench.trouble)
    }

    @Test("sends what is ready when it is woken, once")
    func works() async throws {
        let bench = try await LoopBench()
        let channel = BenchChannel()
        let wake = bench.wake()
        let messages = Broadcast()
        messages.add(wake)
        try await testGracefulShutdown { trigger in
            async let running: Void = service(bench, channel, wake: wake).run()
            #expect(await bench.time.waited() == Loop.longestWait)
            try await bench.see(1)
            _ = try await bench.planning(wake: Wake(), newMessages: messages).turn()
            try await bench.until { try await bench.states(1) == [.sent] }
            trigger.triggerGracefulShutdown()
            try await running
        }
        #expect(channel.sent == 1)
    }

    @Test("writes down on shutdown what the far end says of what is under way, and begins nothing more")
    func drains() async throws {
        let bench = try await LoopBench()
        let channel = BenchChannel(isHeld: true)
        try await bench.see(1)
        _ = try await bench.planning(wake: Wake()).turn()
        try await testGracefulShutdown { trigger in
            async let running: Void = service(bench, channel, wake: bench.wake()).run()
            try await bench.until { channel.sent == 1 }
            trigger.triggerGracefulShutdown()
            try await bench.see(2)
            _ = try await bench.planning(wake: Wake()).turn()
            channel.answer()
            try await running
        }
        #expect(try await bench.states(1) == [.sent])
        #expect(try await bench.states(2) == [.ready])
        #expect(channel.sent == 1)
    }

    @Test("begins nothing while the clock is wrong")
    func clock() async throws {
        let bench = try await LoopBench()
        let channel = BenchChannel()
        try await bench.see(1)
        _ = try await bench.planning(wake: Wake()).turn()
        bench.clock.note(offset: .minutes(-6), of: benchShop)
        try await testGracefulShutdown { trigger in
            async let running: Void = service(bench, channel, wake: bench.wake()).run()
            #expect(await bench.time.waited() == .seconds(5))
            #expect(channel.sent == 0)
            bench.clock.note(offset: .zero, of: benchShop)
            bench.time.pass()
            try await bench.until { try await bench.states(1) == [.sent] }
            trigger.triggerGracefulShutdown()
            try await running
        }
    }

    @Test("says after a start that a channel is closed only once it is found so again", arguments: [true, false])
    func startsAgain(isRepaired: Bool) async throws {
        let bench = try await LoopBench()
        let away = Verdict.unavailable(Failure(reason: "connect", detail: "no route"))
        try await bench.see(1)
        _ = try await bench.planning(wake: Wake()).turn()
        let mail = Route.mail(shop: benchShop)
        try await testGracefulShutdown { trigger in
            async let running: Void = service(bench, BenchChannel([away]), wake: bench.wake()).run()
            try await bench.until { try await bench.store.channelState(mail).closedUntil != nil }
            trigger.triggerGracefulShutdown()
            try await running
        }
        #expect(bench.lines.facts(.channelClosed).count == 1)
        // By then it is due again.
        bench.pass(.minutes(10))
        try await testGracefulShutdown { trigger in
            let channel = BenchChannel(isRepaired ? [] : [away])
            async let running: Void = service(bench, channel, wake: bench.wake()).run()
            try await bench.until {
                isRepaired
                    ? try await bench.states(1) == [.sent] : bench.lines.facts(.channelClosed).count == 2
            }
            #expect(channel.sent == 1)
            trigger.triggerGracefulShutdown()
            try await running
        }
        #expect(bench.lines.facts(.channelClosed).count == (isRepaired ? 1 : 2))
        #expect(bench.lines.facts(.channelOpen).count == (isRepaired ? 1 : 0))
    }

    @Test("tries a closed channel at once when the clock is put back that had closed it for weeks ahead")
    func clockPutBack() async throws {
        let bench = try await LoopBench()
        let channel = BenchChannel([.unavailable(Failure(reason: "connect", detail: "no route"))])
        bench.pass(.days(30))
        try await bench.see(1)
        _ = try await bench.planning(wake: Wake()).turn()
        try await testGracefulShutdown { trigger in
            async let running: Void = service(bench, channel, wake: bench.wake()).run()
            let mail = Route.mail(shop: benchShop)
            try await bench.until { try await bench.store.channelState(mail).closedUntil != nil }
            bench.pass(.days(-30))
            #expect(try await bench.store.putClockBack(to: bench.now) != nil)
            bench.clock.notePutBack()
            _ = await bench.time.waited()
            bench.time.pass()
            try await bench.until { try await bench.states(1) == [.sent] }
            trigger.triggerGracefulShutdown()
            try await running
        }
        #expect(channel.sent == 2)
    }
}
