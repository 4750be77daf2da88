import Intake
import Outreach
import Platform
import Store
import Synchronization
import Testing

@testable import Daemon

/// A mailbox that can be read or not.
private final class Flaky: ObservationSource {
    let name = "mailbox"
    let failure = Mutex<SourceFailure?>(nil)

    func poll(from cursor: String?, now: Moment) async throws -> SourcePage {
        if let failure = failure.withLock({ $0 }) { throw failure }
        return SourcePage([], cursor: nil)
    }
    func judge(_ observation: RawObservation) throws(SourceFailure) -> [JudgedEvent] { [] }
}

@Suite("A source that fails") struct SourceTroubleTests {
    private let mailbox = Flaky()

    private func service(_ bench: LoopBench) -> SourceService {
        SourceService(
            context: bench.context, sources: [mailbox], store: bench.store, learning: bench.learning(),
            clock: bench.clock, wake: Wake(), heartbeats: bench.heartbeats, logger: bench.lines.logger())
    }

    /// Reads every half minute for so long.
    private func read(_ service: SourceService, _ bench: LoopBench, for duration: Duration) async throws {
        var passed = Duration.zero
        while passed < duration {
            _ = try await service.turn()
            bench.pass(.seconds(30))
            passed += .seconds(30)
        }
    }

    @Test("is told once, again each hour, and when it is over; status says since when, and needs a person")
    func quiet() async throws {
        let bench = try await LoopBench()
        let service = service(bench)
        try await read(service, bench, for: .minutes(10))
        #expect(bench.lines.messages.isEmpty)
        let began = bench.now
        mailbox.failure.withLock { $0 = SourceFailure("imap.example refuses the password") }
        try await read(service, bench, for: .minutes(150))
        #expect(bench.lines.facts(.sourceFailed).count == 3)
        #expect(bench.lines.facts(.sourceFailed)[0]["reason"] == "imap.example refuses the password")

        let failing = try await StatusReport(bench.store, named: nil, now: bench.now)
        #expect(failing.isUrgent)
        let minute = began.iso8601.prefix(16).replacing("T", with: " ")
        #expect(
            failing.needs.map(\.what).contains { $0.contains("since \(minute)") && $0.contains("refuses the password") }
        )
        #expect(failing.text.contains("it fails since \(minute) UTC"))

        mailbox.failure.withLock { $0 = nil }
        try await read(service, bench, for: .minutes(10))
        #expect(bench.lines.facts(.sourceRead).count == 1)
        let well = try await StatusReport(bench.store, named: nil, now: bench.now)
        #expect(!well.isUrgent && well.needs.isEmpty)
        #expect(well.text.contains("mailbox read     30 s ago") || well.text.contains("mailbox read     60 s ago"))
        mailbox.failure.withLock { $0 = SourceFailure("imap.example refuses the password") }
        try await read(service, bench, for: .minutes(1))
        #expect(bench.lines.facts(.sourceFailed).count == 4, "after it was well, it is news")
    }

    @Test("that comes and goes, or words it otherwise each time, does not fill the journal")
    func flapping() async throws {
        let bench = try await LoopBench()
        let service = service(bench)
        for turn in 0..<100 {
            mailbox.failure.withLock { $0 = turn.isMultiple(of: 2) ? SourceFailure("the line was cut") : nil }
            try await read(service, bench, for: .seconds(30))
        }
        #expect(bench.lines.messages.count <= 4)
        for turn in 0..<100 {
            mailbox.failure.withLock { $0 = SourceFailure("server error \(turn)") }
            try await read(service, bench, for: .seconds(30))
        }
        #expect(bench.lines.messages.count <= 6, "numbers make no new reason")
        let words = (0..<100).map { String(repeating: "x", count: $0) }
        for word in words {
            mailbox.failure.withLock { $0 = SourceFailure("server error \(word)") }
            try await read(service, bench, for: .seconds(30))
        }
        #expect(bench.lines.messages.count <= 6 + SourceTrouble.mostReasons)
    }

    @Test("in an earlier process is over once the mailbox was read, or is not read any more")
    func restarted() async throws {
        let bench = try await LoopBench()
        mailbox.failure.withLock { $0 = SourceFailure("gone") }
        _ = try await service(bench).turn()
        #expect(try await bench.store.remembered(.mailboxFault, shop: benchShop) == "gone")
        mailbox.failure.withLock { $0 = nil }
        _ = try await service(bench).turn()
        #expect(try await bench.store.remembered(.mailboxFault, shop: benchShop) == nil)
        #expect(try await bench.store.remembered(.mailboxFailingSince, shop: benchShop) == nil)
        mailbox.failure.withLock { $0 = SourceFailure("gone") }
        _ = try await service(bench).turn()
        try await MailboxHealth(store: bench.store, shop: benchShop).forget(now: bench.now)
        #expect(try await StatusReport(bench.store, named: nil, now: bench.now).needs.isEmpty)
    }

    @Test("what came in is in /metrics by class, over restarts")
    func counted() async throws {
        let bench = try await LoopBench()
        for id in ["a", "b"] {
            let mail = RawObservation(
                shop: benchShop, source: "mailbox", externalID: id, receivedAt: bench.now, kind: "mail.inbox",
                bytes: [0x0A])
            let kept = try await bench.store.keep([mail], now: bench.now)
            try await bench.store.commit(IncomingOutcome(kept[0], .autoReply, detail: "a machine"), now: bench.now)
            let health = HealthServer(
                listen: Configuration.Listen(host: "127.0.0.1", port: 0), metrics: bench.metrics,
                heartbeats: bench.heartbeats, store: bench.store, clock: bench.clock, logger: bench.lines.logger(),
                shops: [benchShop])
            await health.refresh()
        }
        let line = "bookbag_incoming_mails_total{shop=\"\(benchShop)\",class=\"auto_reply\"} 2"
        #expect(bench.metrics.registry.exposition().contains(line))
    }

    @Test("mails that wait to be judged are counted with their age")
    func waiting() async throws {
        let bench = try await LoopBench()
        let mail = RawObservation(
            shop: benchShop, source: "mailbox", externalID: "a", receivedAt: bench.now, kind: "mail.inbox",
            bytes: [0x0A])
        _ = try await bench.store.keep([mail], now: bench.now)
        bench.pass(.minutes(10))
        let report = try await StatusReport(bench.store, named: nil, now: bench.now)
        #expect(report.text.contains("mails to judge   1, the oldest since 10 min ago"))
    }
}
