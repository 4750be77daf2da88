import Delivery
import Foundation
import Outreach
import Platform
import Store
import Testing

@testable import Daemon

@Suite("Why a message waits")
struct OutboxWaitTests {
    private let route = Route.mail(shop: benchShop)
    private let limits = SendLimits(domains: ["slow.example": [SendLimit(1, .hour)]])
    private let busy = Failure(reason: "mailbox", code: 450, detail: "Come again later")

    /// A store with so many mails to that domain that are ready.
    private func bench(_ count: Int, domain: String = "slow.example") async throws -> LoopBench {
        let bench = try await LoopBench()
        let orders = (1...count).map { number in
            var facts = OrderFacts(
                id: "gid://shopify/Order/\(number)", name: "#\(number)", createdAt: bench.now, updatedAt: bench.now)
            facts.email = "shopper\(number)@\(domain)"
            return Observation(shop: benchShop, seenAt: bench.now, content: .order(facts))
        }
        _ = try await bench.learning().learn(orders, of: bench.context, now: bench.now)
        while try await bench.planning(wake: Wake()).turn() {}
        return bench
    }

    private func claim(_ bench: LoopBench, limits: SendLimits = SendLimits()) async throws -> [Claim] {
        try await bench.store.claim(
            route, limit: 9, limits: limits, owner: "test", lease: .minutes(15), now: bench.now)
    }

    /// Each message's cause, until and sentence, the oldest first.
    private func waits(_ bench: LoopBench) async throws -> [OutboxWait] {
        let report = OutboxReport(
            try await bench.store.outbox(shop: benchShop, limit: 99), channels: try await bench.store.channelStates(),
            now: bench.now)
        let json = try #require(JSONSerialization.jsonObject(with: Data(report.json().utf8)) as? [[String: Any]])
        for (row, shown) in zip(report.rows, json) {
            #expect((shown["wait"] as? [String: Any])?["cause"] as? String == row.wait?.cause.rawValue)
            if let sentence = row.wait?.sentence { #expect(report.text.contains(sentence)) }
        }
        #expect(!report.text.contains("@"))
        return report.rows.reversed().compactMap(\.wait)
    }

    @Test("for nothing, or for its answer")
    func next() async throws {
        let bench = try await bench(2)
        #expect(try await waits(bench).map(\.cause) == [.next, .next])
        let claims = try await claim(bench)
        _ = try await bench.store.begin([claims[0]], lease: .minutes(15), now: bench.now)
        #expect(try await waits(bench).map(\.cause) == [.underWay, .next])
        try await bench.store.recover(owner: "other", now: bench.now)
        let waits = try await waits(bench)
        #expect(waits[0].inDoubt && waits[0].sentence.contains("may have arrived") && !waits[1].inDoubt)
    }

    @Test("for its own next attempt, and for its route while that is closed")
    func channel() async throws {
        let bench = try await bench(2)
        let begun = try await bench.store.begin(try await claim(bench), lease: .minutes(15), now: bench.now).begun
        _ = try await bench.store.finish(
            begun.map { AttemptOutcome(claim: $0, verdict: .deferred(busy), nextAttemptAt: bench.now + .seconds(30)) },
            now: bench.now)
        let deferred = try await waits(bench)
        #expect(deferred.map(\.cause) == [.deferred, .deferred] && deferred[0].until == bench.now + .seconds(30))
        try await bench.store.setChannel(
            route,
            ChannelState(
                closedUntil: bench.now + .minutes(5), reason: "auth", detail: "the relay rejects the login",
                failures: 2), now: bench.now)
        let closed = try await waits(bench)
        #expect(closed.map(\.cause) == [.channel, .channel] && closed[0].until == bench.now + .minutes(5))
        #expect(closed[0].sentence.contains("login"))
    }

    @Test("for its recipient's domain, which puts mail off or has had its share")
    func domain() async throws {
        let bench = try await bench(6)
        let begun = try await bench.store.begin(try await claim(bench), lease: .minutes(15), now: bench.now).begun
        _ = try await bench.store.finish(
            begun.prefix(3).map {
                AttemptOutcome(
                    claim: $0, verdict: .deferred(busy), nextAttemptAt: bench.now + .seconds(1),
                    domainNews: .defers(busy))
            }, now: bench.now)
        try await bench.store.release(Array(begun.dropFirst(3)), now: bench.now)
        bench.pass(.seconds(5))
        _ = try await claim(bench)
        let waits = try await waits(bench)
        #expect(waits.allSatisfy { $0.cause == .domain })
        #expect(waits[0].sentence.contains("slow.example") && waits[0].until == bench.now + .seconds(55))

        let other = try await self.bench(3)
        let claims = try await claim(other, limits: limits)
        let attempts = try await other.store.begin(claims, limits: limits, lease: .minutes(15), now: other.now)
        #expect(attempts.begun.count == 1)
        let limited = try await self.waits(other)
        #expect(limited.map(\.cause) == [.underWay, .domainLimit, .domainLimit])
        #expect(limited[1].sentence.contains("1 an hour") && limited[1].until! > other.now)
    }

    @Test("for the route's limit")
    func limit() async throws {
        let bench = try await bench(2)
        let limits = SendLimits(whole: [SendLimit(1, .day)])
        let attempts = try await bench.store.begin(
            try await claim(bench), limits: limits, lease: .minutes(15), now: bench.now)
        try await bench.store.release(attempts.limited, now: bench.now)
        let waits = try await waits(bench)
        #expect(waits.map(\.cause) == [.underWay, .limit] && waits[1].until == attempts.limitedUntil)
        #expect(waits[1].sentence.contains("1 a day"))
    }

    @Test("for the night, in the words of explain")
    func held() async throws {
        let bench = try await LoopBench([
            "thanks.yaml": LoopBench.thanks,
            "shop.yaml": """
            mode: live
            notify: owner@juniperfig.example
            quiet_hours: 00:00-23:00
            brand: { name: Fig, from: orders@juniperfig.example }

            """,
        ])
        try await bench.see(1)
        while try await bench.planning(wake: Wake()).turn() {}
        let waits = try await waits(bench)
        #expect(waits.map(\.cause) == [.held] && waits[0].sentence.contains("night") && waits[0].until! > bench.now)
    }
}
