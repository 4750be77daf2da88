import Foundation
import LoopTesting
import Outreach
import Platform
import Store
import Synchronization
import Testing

@testable import Daemon

/// A relay that is away until a moment, and then takes everything.
private final class AwayRelay: Channel {
    private let back: Moment
    private let state = Mutex((attempts: [String: Int](), taken: [String]()))

    init(until back: Moment) { self.back = back }

    var taken: [String] { state.withLock { $0.taken } }
    /// The messages that were tried while it was away, or more than once.
    var triedBefore: Set<String> { state.withLock { Set($0.attempts.filter { $0.value > 1 }.keys) } }

    func send(_ message: Message, at now: Moment) async throws(CancellationError) -> Verdict {
        state.withLock { state in
            state.attempts[message.id, default: 0] += 1
            guard now >= back else { return .unavailable(Failure(reason: "connect", detail: "It is away.")) }
            state.taken.append(message.id)
            return .accepted(receipt: "250")
        }
    }
}

@Suite("A relay that is away for a day")
struct OutageTests {
    /// 100,000 in the long run, `scripts/test --long`.
    static let count = ProcessInfo.processInfo.environment["BOOKBAG_LONG"] == "1" ? 100_000 : 300

    @Test(
        "leaves nothing behind: all that is news is sent in its order, what is not is dropped with its reason, and limits hold",
        .timeLimit(.minutes(count > 1_000 ? 60 : 10)))
    func away() async throws {
        let bench = try await LoopBench([
            "thanks.yaml": LoopBench.thanks,
            "shop.yaml":
                "mode: live\nnotify: owner@juniperfig.example\nbrand: { name: Fig, from: orders@juniperfig.example }\n",
        ])
        let back = benchStart + .hours(24)
        let relay = AwayRelay(until: back)
        let perHour = Self.count / 4
        let limits = SendLimits(whole: [SendLimit(max(2, perHour / 100), .second), SendLimit(perHour, .hour)])
        func service(_ owner: String) -> (Task<Void, any Error>, Wake) {
            let wake = bench.wake()
            let service = DeliveryService(
                route: .mail(shop: benchShop), channel: relay, context: bench.context, store: bench.store,
                clock: bench.clock, wake: wake, heartbeats: bench.heartbeats, metrics: bench.metrics,
                logger: bench.lines.logger(), owner: owner, limit: 4, limits: limits, trouble: bench.trouble)
            return (Task { try await service.run() }, wake)
        }
        // A batch comes in every hour while it is away; what comes in first is no news when it is back.
        let planning = bench.planning(wake: Wake())
        var ordered = 0
        func order(_ number: Int) async throws {
            let end = min(Self.count, ordered + number)
            while ordered < end {
                let some = (ordered..<min(end, ordered + 50)).map { number in
                    var facts = OrderFacts(
                        id: "gid://shopify/Order/\(number)", name: "#\(number)", createdAt: bench.now,
                        updatedAt: bench.now)
                    facts.email = "shopper\(number)@d\(number % 7).example"
                    return Observation(shop: benchShop, seenAt: bench.now, content: .order(facts))
                }
                ordered += some.count
                _ = try await bench.learning().learn(some, of: bench.context, now: bench.now)
                while try await planning.turn() {}
            }
        }
        var (running, wake) = service("first")
        var isRestarted = false
        while true {
            // A test that is over its time must end: from then on no wait is one.
            try Task.checkCancellation()
            let hours = Int((bench.now - benchStart).wholeMilliseconds / 3_600_000)
            if hours < 24, ordered < (hours + 1) * Self.count / 24 + 1 {
                try await order((hours + 1) * Self.count / 24 + 1 - ordered)
                wake.call()
            }
            let wait = await bench.time.waited()
            // A second that is waited for an answer is over when that comes.
            bench.pass(min(wait, .seconds(30)))
            bench.time.pass()
            if hours >= 25, !isRestarted {
                // A restart in the middle begins no limit anew.
                isRestarted = true
                running.cancel()
                try await running.value
                (running, wake) = service("second")
                continue
            }
            if hours >= 24, try await bench.store.nextAttempt(.mail(shop: benchShop)) == nil { break }
            #expect(hours < 24 * 4, "it goes on for too long")
            if hours >= 24 * 4 { break }
        }
        running.cancel()
        try await running.value

        var begun: [Moment] = []
        var sent: [String: Int] = [:]
        var dropped = 0
        for number in 1...Self.count {
            let story = try #require(try await bench.store.effectStory(Int64(number), shop: benchShop)).story
            let effect = story.line.effect
            let age = { (at: Moment) in at - effect.event!.happenedAt }
            if effect.state == .sent {
                let attempt = try #require(story.attempts.last)
                begun.append(attempt.begunAt)
                sent[try #require(story.line.messageID)] = number
                #expect(age(attempt.begunAt) <= .days(1) + .seconds(3), "what is no news was sent")
            } else {
                #expect(effect.state == .withdrawn && effect.reason == .oldNews)
                #expect(age(effect.decidedAt!) > .days(1))
                dropped += 1
            }
        }
        #expect(sent.count + dropped == Self.count && dropped > 0 && sent.count > Self.count / 2)
        #expect(relay.taken.count == sent.count, "and none twice")
        // In the order in which they came, but for those that were tried while it was away, and for those that were
        // under way together.
        let order = relay.taken.filter { !relay.triedBefore.contains($0) }.compactMap { sent[$0] }
        for (place, number) in order.sorted().enumerated() {
            let at = order[max(0, place - DeliveryService.deepest)..<min(order.count, place + DeliveryService.deepest)]
            #expect(at.contains(number), "message \(number) was sent far from its place")
        }
        begun.sort()
        for (index, moment) in begun.enumerated() {
            for limit in limits.whole {
                let length = Duration.seconds(limit.window.rawValue)
                guard index >= limit.count else { continue }
                let earlier = begun[index - limit.count]
                let isWithin =
                    limit.window == .second ? earlier.seconds == moment.seconds : moment - earlier < length
                #expect(!isWithin, "more than \(limit.words)")
            }
        }
    }
}
