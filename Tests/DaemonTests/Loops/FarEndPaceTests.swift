import Delivery
import Foundation
import LoopTesting
import Outreach
import Platform
import Store
import Synchronization
import Testing

@testable import Daemon

/// A far end that holds each message until the test answers it.
private final class HeldChannel: Channel {
    private struct State {
        var held: [(id: String, end: CheckedContinuation<Verdict, Never>)] = []
        var begun: [(id: String, at: Moment)] = []
    }
    private let state = Mutex(State())

    /// How many wait for their answer.
    var underWay: Int { state.withLock(\.held.count) }
    var begun: [(id: String, at: Moment)] { state.withLock(\.begun) }

    func send(_ message: Message, at now: Moment) async throws(CancellationError) -> Verdict {
        await withTaskCancellationHandler {
            await withCheckedContinuation { end in
                let isOver = state.withLock { state in
                    state.begun.append((message.id, now))
                    if !Task.isCancelled { state.held.append((message.id, end)) }
                    return Task.isCancelled
                }
                if isOver { end.resume(returning: taken) }
            }
        } onCancel: {
            answer(taken)
        }
    }

    /// Answers all that wait, or the first few of them.
    func answer(_ verdict: Verdict, first count: Int = .max) {
        let some = state.withLock { state in
            let some = Array(state.held.prefix(count))
            state.held.removeFirst(some.count)
            return some
        }
        for one in some { one.end.resume(returning: verdict) }
    }
}

private func busy(_ code: Int, retryAfter: Duration? = nil) -> Verdict {
    .deferred(Failure(reason: "busy", code: code, detail: "the endpoint is busy", retryAfter: retryAfter))
}

private let taken = Verdict.accepted(receipt: "HTTP 204")

/// A shop whose orders are told to a webhook, and the service that tells it.
private struct Pace {
    static let route = Route.webhook("helpdesk", shop: benchShop)

    let bench: LoopBench
    let channel = HeldChannel()
    let wake: Wake
    let service: DeliveryService

    init(orders: Int, limit: Int = 8) async throws {
        bench = try await LoopBench(
            ["placed.yaml": "on: order.placed\nsend: { webhook: helpdesk }\n"], webhooks: ["helpdesk"])
        wake = bench.wake()
        let planning = bench.planning(wake: Wake())
        for number in 1...orders {
            try await bench.see(number)
            while try await planning.turn() {}
        }
        service = DeliveryService(
            route: Self.route, channel: channel, context: bench.context, store: bench.store, clock: bench.clock,
            wake: wake, heartbeats: bench.heartbeats, metrics: bench.metrics, logger: bench.lines.logger(),
            owner: "first", limit: limit, trouble: bench.trouble, kind: .webhook,
            givenUp: GivenUpNotices(store: bench.store, reloader: bench.reloader(), context: bench.context))
    }

    func run(_ body: () async throws -> Void) async throws {
        let loop = Task { [service] in try await service.run() }
        do { try await body() } catch {
            loop.cancel()
            channel.answer(taken)
            throw error
        }
        loop.cancel()
        channel.answer(taken)
        try await loop.value
    }

    /// Returns when so many are under way and the service waits for something to come.
    func settled(_ count: Int) async throws {
        try await bench.until { channel.underWay == count }
        // It had begun them all when it came to rest: no turn begins another now.
        _ = await bench.time.waited()
        try #require(channel.underWay == count)
    }

    /// Answers all that are under way, and waits until the answers are written.
    func answer(_ verdict: Verdict, first most: Int = .max) async throws {
        let before = try await attempts()
        let count = min(most, channel.underWay)
        channel.answer(verdict, first: most)
        wake.call()
        try await bench.until { try await attempts() >= before + count }
    }

    /// How many attempts have ended.
    func attempts() async throws -> Int {
        var ended = 0
        for number in 1...40 {
            guard let story = try await bench.store.effectStory(Int64(number), shop: benchShop)?.story else { break }
            ended += story.attempts.count { $0.verdict != nil }
        }
        return ended
    }
}

@Suite("A webhook's receiver sets the pace", .timeLimit(.minutes(5)))
struct FarEndPaceTests {
    @Test(
        "one that is busy is given half as many at once, and one more with each that it takes",
        arguments: [429, 502, 504])
    func halved(_ code: Int) async throws {
        let pace = try await Pace(orders: 32)
        try await pace.run {
            try await pace.settled(8)
            // Of those that were under way together, the first says it for all.
            try await pace.answer(busy(code))
            try await pace.settled(4)
            try await pace.answer(busy(code))
            try await pace.settled(2)
            try await pace.answer(taken, first: 1)
            try await pace.settled(3)
            try await pace.answer(taken, first: 1)
            try await pace.settled(4)
        }
    }

    @Test("another fault says nothing of its pace", arguments: [408, 500, 503])
    func others(_ code: Int) async throws {
        let pace = try await Pace(orders: 32)
        try await pace.run {
            try await pace.settled(8)
            try await pace.answer(busy(code))
            try await pace.settled(8)
        }
    }

    @Test("one that asks for a pause is left alone for as long, all of it and no longer than an hour")
    func retryAfter() async throws {
        for (asked, paused) in [(Duration.seconds(120), Duration.seconds(120)), (.hours(9), .hours(1))] {
            let pace = try await Pace(orders: 4, limit: 1)
            try await pace.run {
                try await pace.settled(1)
                try await pace.answer(busy(429, retryAfter: asked))
                let pausedAt = pace.bench.now
                while pace.bench.now < pausedAt + paused - .seconds(1) {
                    _ = await pace.bench.time.waited()
                    #expect(pace.channel.underWay == 0, "it is left alone")
                    pace.bench.pass(min(.seconds(30), pausedAt + paused - .seconds(1) - pace.bench.now))
                    pace.bench.time.pass()
                }
                _ = await pace.bench.time.waited()
                #expect(pace.channel.underWay == 0)
                pace.bench.pass(.seconds(2))
                pace.bench.time.pass()
                try await pace.bench.until { pace.channel.underWay == 1 }
            }
        }
    }
}

@Suite("The shop's people hear of webhooks that are given up", .timeLimit(.minutes(5)))
struct GivenUpTests {
    /// The notices that are to go by then, as text with its soft line breaks undone.
    private func notices(_ bench: LoopBench, at moment: Moment) async throws -> [String] {
        var texts: [String] = []
        for line in try await bench.store.outbox(shop: benchShop, states: [.ready], limit: 99)
        where line.effect.trigger == Notice.Kind.givenUp.rawValue && line.effect.dueAt <= moment {
            let message = try #require(try await bench.store.effectStory(line.effect.id, shop: benchShop)?.message)
            texts.append(String(decoding: message.bytes, as: UTF8.self).replacing("=\r\n", with: ""))
        }
        return texts
    }

    @Test("many within a minute are one mail, which names each; what comes later waits for its hour")
    func grouped() async throws {
        let pace = try await Pace(orders: 12, limit: 4)
        let bench = pace.bench
        let refused = Verdict.refused(Failure(reason: "content", code: 422, detail: "it does not take this (HTTP 422)"))
        try await pace.run {
            try await pace.settled(4)
            try await pace.answer(refused)
            try await pace.settled(4)
            try await pace.answer(refused)
            var text = ""
            try await bench.until {
                text = try await notices(bench, at: bench.now + .minutes(1)).first ?? ""
                return text.contains("Subject: 8 webhooks were given up")
            }
            #expect(try await notices(bench, at: bench.now).isEmpty, "it waits for others")
            #expect(try await notices(bench, at: bench.now + .minutes(1)).count == 1)
            #expect(text.contains("webhook:helpdesk: placed of #1 (message 1): refused: it does not take this"))
            #expect(text.contains("To: owner@juniperfig.example"))
        }
        // The first mail goes; the next comes an hour after it, and tells of both.
        bench.pass(.minutes(2))
        let claim = try #require(
            try await bench.store.claim(
                .mail(shop: benchShop), limit: 1, owner: "m", lease: .minutes(5), now: bench.now
            ).first)
        let begun = try await bench.store.begin([claim], lease: .minutes(5), now: bench.now).begun
        _ = try await bench.store.finish(
            [AttemptOutcome(claim: begun[0], verdict: .accepted(receipt: "250"))], now: bench.now)
        // After a restart: what was told is in the store.
        let again = GivenUpNotices(store: bench.store, reloader: bench.reloader(), context: bench.context)
        let late = GivenUpNotices.Entry(
            route: "webhook:helpdesk", message: 99, what: "placed of #99", why: "tried 9 times", at: bench.now)
        try await again.tell([late], now: bench.now)
        #expect(try await notices(bench, at: bench.now + .minutes(30)).isEmpty)
        let next = try await notices(bench, at: bench.now + .hours(1))
        #expect(next.count == 1)
        #expect(next.first?.contains("Subject: 9 webhooks were given up") == true)
    }

    @Test("one that was tried until it was no news")
    func oldNews() async throws {
        let pace = try await Pace(orders: 1, limit: 1)
        let bench = pace.bench
        try await pace.run {
            try await pace.settled(1)
            try await pace.answer(busy(500))
            try await bench.until { bench.lines.facts(.deferred).count == 1 }
            bench.pass(.days(4))
            pace.wake.call()
            try await bench.until { bench.lines.facts(.withdrawn).count == 1 }
            try await bench.until { try await notices(bench, at: bench.now + .minutes(1)).count == 1 }
            let text = try #require(try await notices(bench, at: bench.now + .minutes(1)).first)
            #expect(text.contains("Subject: A webhook was given up"), "\(text)")
            #expect(text.contains("tried once, and no news any more"))
        }
    }

    @Test("a receiver that wants nothing more is one mail, and says how to try it again")
    func gone() async throws {
        let pace = try await Pace(orders: 3, limit: 1)
        let bench = pace.bench
        try await pace.run {
            try await pace.settled(1)
            try await pace.answer(
                .unavailable(Failure(reason: Failure.disabled, code: 410, detail: "the endpoint wants nothing more")))
            try await bench.until { try await notices(bench, at: bench.now + .minutes(1)).count == 1 }
            let text = try #require(try await notices(bench, at: bench.now + .minutes(1)).first)
            #expect(text.contains("Subject: webhook:helpdesk wants nothing more"), "\(text)")
            #expect(text.contains("bookbag outbox open"))
        }
    }

    @Test("of very many the first are named and the rest counted, for a day")
    func many() {
        var told = GivenUpNotices.Told()
        func entry(_ number: Int, _ at: Moment) -> GivenUpNotices.Entry {
            GivenUpNotices.Entry(route: "webhook:crm", message: Int64(number), what: "placed", why: "refused", at: at)
        }
        told.add((0..<5_000).map { entry($0, benchStart) }, now: benchStart)
        #expect(told.entries.count == GivenUpNotices.longest && told.more == 5_000 - GivenUpNotices.longest)
        #expect(GivenUpNotices.subject(told) == "5000 webhooks were given up")
        #expect(GivenUpNotices.body(told).contains("and 4950 more"))
        #expect(told.rememberedText.count < 65_536)
        #expect(told.dueAt == benchStart + .minutes(1))
        let later = benchStart + .hours(25)
        told.add([entry(7, later)], now: later)
        #expect(told.entries.count == 1 && told.more == 0 && told.dueAt == later + .minutes(1))
        // One an hour keeps the list from ever being empty, and the count is of a day all the same.
        var steady = GivenUpNotices.Told()
        for hour in 0..<72 {
            let now = benchStart + .hours(hour)
            steady.add((0..<100).map { entry(hour * 100 + $0, now) }, now: now)
        }
        #expect(steady.entries.count + steady.more <= 2_500 + GivenUpNotices.longest)
        #expect(steady.more >= 2_300)
    }
}

@Suite("The limits of a relay", .timeLimit(.minutes(5)))
struct RelayLimitsTests {
    /// Counts what it takes, by recipient domain and moment.
    private final class CountingRelay: Channel {
        private let state = Mutex<[(domain: String, at: Moment)]>([])
        var taken: [(domain: String, at: Moment)] { state.withLock(\.self) }
        func send(_ message: Message, at now: Moment) async throws(CancellationError) -> Verdict {
            state.withLock { $0.append((recipientDomain(of: message.envelope.recipient), now)) }
            return .accepted(receipt: "250")
        }
    }

    @Test("per second, hour and day, per domain and for one, hold while it runs and over restarts")
    func hold() async throws {
        let bench = try await LoopBench()
        let planning = bench.planning(wake: Wake())
        for number in 0..<60 {
            var facts = OrderFacts(
                id: "gid://shopify/Order/\(number)", name: "#\(number)", createdAt: bench.now, updatedAt: bench.now)
            facts.email = "shopper\(number)@\(["slow", "a", "b"][number % 3]).example"
            _ = try await bench.learning().learn(
                [Observation(shop: benchShop, seenAt: bench.now, content: .order(facts))], of: bench.context,
                now: bench.now)
            while try await planning.turn() {}
        }
        let limits = SendLimits(
            whole: [SendLimit(2, .second), SendLimit(10, .hour), SendLimit(25, .day)],
            domains: ["slow.example": [SendLimit(1, .hour)]], otherDomains: [SendLimit(6, .hour)])
        let relay = CountingRelay()
        func start(_ owner: String) -> Task<Void, any Error> {
            let service = DeliveryService(
                route: .mail(shop: benchShop), channel: relay, context: bench.context, store: bench.store,
                clock: bench.clock, wake: bench.wake(), heartbeats: bench.heartbeats, metrics: bench.metrics,
                logger: bench.lines.logger(), owner: owner, limit: 4, limits: limits, trouble: bench.trouble)
            return Task { try await service.run() }
        }
        var running = start("0")
        var restarts = 0
        // Within the day in which what was ordered is news; begun anew every ten minutes.
        while bench.now < benchStart + .hours(23) {
            let wait = await bench.time.waited()
            try Task.checkCancellation()
            bench.pass(min(max(wait, .milliseconds(50)), .seconds(30)))
            bench.time.pass()
            if bench.now - benchStart > .minutes(10) * (restarts + 1) {
                restarts += 1
                running.cancel()
                try await running.value
                running = start("\(restarts)")
            }
        }
        running.cancel()
        try await running.value
        #expect(restarts > 100)
        let taken = relay.taken
        #expect(taken.count == 25, "the day's limit, and all of it")
        func most(_ some: [Moment], within length: Duration) -> Int {
            some.indices.map { first in some[first...].prefix { $0 - some[first] < length }.count }.max() ?? 0
        }
        let all = taken.map(\.at)
        #expect(most(all, within: .hours(1)) == 10)
        #expect(Dictionary(grouping: all, by: \.seconds).values.allSatisfy { $0.count <= 2 })
        #expect(most(taken.filter { $0.domain == "slow.example" }.map(\.at), within: .hours(1)) == 1)
        for domain in ["a.example", "b.example"] {
            #expect(most(taken.filter { $0.domain == domain }.map(\.at), within: .hours(1)) <= 6)
        }
        #expect(Set(taken.map(\.domain)).count == 3)
    }
}
