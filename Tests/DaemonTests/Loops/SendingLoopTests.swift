import LoopTesting
import Outreach
import Platform
import ServiceLifecycleTestKit
import Store
import Testing

@testable import Daemon

@Suite("The loop of delivery", .timeLimit(.minutes(1)))
struct DeliveryLoopTests {
    private func service(_ bench: LoopBench, _ channel: BenchChannel, wake: Wake) -> DeliveryService {
        DeliveryService(
            route: .mail(shop: benchShop), channel: channel, context: bench.context, store: bench.store,
            clock: bench.clock, wake: wake, heartbeats: bench.heartbeats, metrics: bench.metrics,
            logger: bench.lines.logger(), owner: "test", limit: 4, perSecond: nil, trouble: bench.trouble)
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
}

@Suite("The loop of notices", .timeLimit(.minutes(1)))
struct NoticeLoopTests {
    private func service(_ bench: LoopBench, _ channel: BenchChannel) -> NoticeService {
        NoticeService(
            shop: benchShop, channel: channel, store: bench.store, clock: bench.clock, wake: bench.wake(),
            heartbeats: bench.heartbeats, logger: bench.lines.logger(), trouble: bench.trouble)
    }

    private func refuse(_ bench: LoopBench) async throws {
        let settings = bench.context.rules.planner.triggers.settings
        try await bench.reloader().tell(
            .refused, settings: settings, about: "1", subject: "Your edit has a mistake", body: "It has.",
            now: bench.now)
    }

    @Test("waits for the moment of a notice, and tries one again that was put off")
    func works() async throws {
        let bench = try await LoopBench()
        let busy = Failure(reason: "busy", detail: "The relay is busy.")
        let channel = BenchChannel([.deferred(busy)])
        try await refuse(bench)
        try await testGracefulShutdown { trigger in
            async let running: Void = service(bench, channel).run()
            #expect(await bench.time.waited() == .seconds(20))
            #expect(channel.sent == 0)
            bench.pass(.seconds(20))
            bench.time.pass()
            #expect(await bench.time.waited() == .seconds(30))
            #expect(channel.sent == 1)
            #expect(bench.lines.facts(.noticeFailed).count == 1)
            bench.pass(.seconds(30))
            bench.time.pass()
            #expect(await bench.time.waited() == Loop.longestWait)
            #expect(channel.sent == 2)
            #expect(try await bench.store.nextNotice(shop: benchShop) == nil)
            trigger.triggerGracefulShutdown()
            try await running
        }
    }

    @Test("waits while the clock is wrong")
    func clock() async throws {
        let bench = try await LoopBench()
        let channel = BenchChannel()
        try await refuse(bench)
        bench.pass(.minutes(1))
        bench.clock.note(offset: .minutes(6), of: benchShop)
        try await testGracefulShutdown { trigger in
            async let running: Void = service(bench, channel).run()
            #expect(await bench.time.waited() == Loop.troublePause)
            #expect(channel.sent == 0)
            trigger.triggerGracefulShutdown()
            try await running
        }
    }
}
