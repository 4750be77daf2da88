import Foundation
import Intake
import LoopTesting
import Outreach
import Platform
import ServiceLifecycleTestKit
import Store
import Synchronization
import Testing

@testable import Daemon

private let number = "1Z5R89390357567127"

/// A carrier whose answers wait until the test lets them go.
private final class HeldCarrier: HTTPTransport {
    private let asked = Mutex(0)
    var questions: Int { asked.withLock { $0 } }

    func send(_ request: HTTPRequest) async throws(TransferFailure) -> HTTPResponse {
        if request.url.contains("oauth") {
            return HTTPResponse(status: 200, body: Array(#"{"access_token":"T","expires_in":"14399"}"#.utf8))
        }
        asked.withLock { $0 += 1 }
        // Never answers; ends as a transfer does whose task is cancelled.
        let (never, end) = AsyncStream<Void>.makeStream()
        defer { end.finish() }
        for await _ in never {}
        throw TransferFailure(.cancelled)
    }
}

@Suite("The loop of a carrier", .timeLimit(.minutes(5)))
struct CarrierLoopTests {
    private let onVehicle = (type: "I", code: "021", words: "Out For Delivery Today", at: "2026-11-20T08:59:00Z")

    private func service(_ bench: LoopBench, _ transport: any HTTPTransport, wake: Wake) -> CarrierService {
        CarrierService(
            context: CarrierClient(
                Carriers.named("ups")!,
                access: CarrierAccess(
                    server: "http://127.0.0.1:1", id: SecretString("id"), secret: SecretString("secret")),
                transport: transport,
                timekeeper: Timekeeper(now: { [clock = bench.clock] in clock.now }, sleep: { _ in })
            ), perDay: nil, contexts: [benchShop: bench.context], store: bench.store, learning: bench.learning(),
            clock: bench.clock, wake: wake, heartbeats: bench.heartbeats, metrics: bench.metrics.carriers,
            logger: bench.lines.logger(), chance: { 0.5 })
    }

    private func ship(_ bench: LoopBench, wake: Wake? = nil) async throws {
        let parcels = Broadcast()
        if let wake { parcels.add(wake) }
        try await bench.see(1, parcels: [number], company: "UPS", learning: bench.learning(newParcels: parcels))
    }

    /// Lets the short pauses between calls pass, up to a wait of a whole tick.
    private func rest(_ bench: LoopBench) async {
        var wait = await bench.time.waited()
        for _ in 0..<10_000 where wait > .zero && wait < Loop.longestWait {
            bench.pass(wait)
            bench.time.pass()
            await Task.yield()
            wait = await bench.time.waited()
        }
        #expect(wait == Loop.longestWait, "the loop comes to rest")
    }

    private func events(_ bench: LoopBench) async throws -> [EventKind] {
        let id = "gid://shopify/Order/1"
        return try await bench.store.load(shop: benchShop, orderIDs: [id])[id]?.events.map(\.kind) ?? []
    }

    @Test("asks as soon as it is woken for a new parcel, learns the answer, and waits for the next question")
    func works() async throws {
        let bench = try await LoopBench(carriers: ["ups"])
        let carrier = ScriptedCarrier { ups($0, [onVehicle]) }
        let wake = bench.wake()
        try await testGracefulShutdown { trigger in
            async let running: Void = service(bench, carrier, wake: wake).run()
            #expect(await bench.time.waited() == Loop.longestWait)
            #expect(carrier.asked.isEmpty)
            try await ship(bench, wake: wake)
            let asked = bench.now
            // On the vehicle: in half an hour, in ticks.
            await rest(bench)
            #expect(carrier.asked.count == 1)
            #expect(try await events(bench).contains(.shipmentOutForDelivery))
            #expect(try await bench.store.nextAsk(source: "ups") == asked + .minutes(30))
            trigger.triggerGracefulShutdown()
            try await running
        }
        #expect(carrier.asked.count == 1)
    }

    @Test("beats at each tick of a long wait, asks nobody meanwhile, and is missed where it does not tick")
    func beats() async throws {
        let bench = try await LoopBench(carriers: ["ups"])
        let carrier = ScriptedCarrier { ups($0, [onVehicle]) }
        try await ship(bench)
        try await testGracefulShutdown { trigger in
            async let running: Void = service(bench, carrier, wake: bench.wake()).run()
            await rest(bench)
            for _ in 0..<4 {
                bench.lag(.seconds(100))
                #expect(bench.heartbeats.stuck().isEmpty)
                bench.time.pass()
                #expect(await bench.time.waited() == Loop.longestWait)
            }
            bench.lag(Heartbeats.patience + .seconds(1))
            #expect(bench.heartbeats.stuck() == [Loop.Name("carrier:ups")])
            trigger.triggerGracefulShutdown()
            try await running
        }
        #expect(carrier.asked.count == 1)
        #expect(bench.heartbeats.stuck().isEmpty, "a loop that ended is not missed")
    }

    @Test("tells trouble with the store, asks nobody meanwhile, and goes on when it is over")
    func trouble() async throws {
        let bench = try await LoopBench(carriers: ["ups"])
        let carrier = ScriptedCarrier { ups($0, [onVehicle]) }
        try await ship(bench)
        try bench.sql("ALTER TABLE carrier_windows RENAME TO hidden")
        try await testGracefulShutdown { trigger in
            async let running: Void = service(bench, carrier, wake: bench.wake()).run()
            for _ in 0..<2 {
                #expect(await bench.time.waited() == Loop.troublePause)
                #expect(bench.trouble.failure != nil)
                bench.time.pass()
            }
            #expect(await bench.time.waited() == Loop.troublePause)
            #expect(carrier.asked.isEmpty)
            try bench.sql("ALTER TABLE hidden RENAME TO carrier_windows")
            bench.time.pass()
            await rest(bench)
            #expect(carrier.asked.count == 1)
            trigger.triggerGracefulShutdown()
            try await running
        }
        #expect(bench.lines.facts(.storeFailed).count == 1)
    }

    @Test("asks at once when the clock is put back by which a pause was reckoned, and again in time")
    func clockBack() async throws {
        let bench = try await LoopBench(carriers: ["ups"])
        let carrier = ScriptedCarrier { _ in
            HTTPResponse(
                status: 429, headers: [HTTPField("Retry-After", "90")],
                body: Array(#"{"response":{"errors":[{"code":"10429","message":"Too Many Requests"}]}}"#.utf8))
        }
        let wake = bench.wake()
        bench.putBack.add(wake)
        try await ship(bench)
        bench.pass(.days(30))
        try await testGracefulShutdown { trigger in
            async let running: Void = service(bench, carrier, wake: wake).run()
            #expect(await bench.time.waited() == Loop.longestWait)
            #expect(carrier.asked.count == 1)
            let closed = try #require(try await bench.store.carrierState("ups").closedUntil)
            #expect(closed > benchStart + .days(30))
            carrier.become(ScriptedCarrier { ups($0, [onVehicle]) })
            bench.pass(.days(-30))
            #expect(try await bench.store.putClockBack(to: bench.now) != nil)
            bench.clock.notePutBack()
            bench.putBack.call()
            await rest(bench)
            #expect(carrier.asked.count == 2)
            let next = try #require(try await bench.store.nextAsk(source: "ups"))
            #expect(next > bench.now && next <= bench.now + .minutes(30))
            trigger.triggerGracefulShutdown()
            try await running
        }
    }

    @Test("ends at once on shutdown, whatever its carrier does: what was asked is booked, and due still")
    func ends() async throws {
        let bench = try await LoopBench(carriers: ["ups"])
        let carrier = HeldCarrier()
        try await ship(bench)
        let due = try #require(try await bench.store.nextAsk(source: "ups"))
        try await testGracefulShutdown { trigger in
            async let running: Void = service(bench, carrier, wake: bench.wake()).run()
            try await bench.until { carrier.questions == 1 }
            trigger.triggerGracefulShutdown()
            try await running
        }
        #expect(try await bench.store.nextAsk(source: "ups") == due)
        let windows = try await bench.store.carrierState("ups").windows
        #expect(!windows.isEmpty && windows.contains { $0.spent > 0 || $0.freeAt > bench.now })
        #expect(bench.heartbeats.stuck().isEmpty)
    }
}
