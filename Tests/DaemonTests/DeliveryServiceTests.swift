import Delivery
import Foundation
import Logging
import Outreach
import Platform
import ServiceLifecycleTestKit
import Store
import Synchronization
import Testing

@testable import Daemon

private let shop = "juniperfig.myshopify.com"

/// A far end that answers as it is told to, and tells of each message that it gets.
private final class ScriptedChannel: Channel {
    let sent: AsyncStream<Message>
    private let tell: AsyncStream<Message>.Continuation
    private let answer: @Sendable (Message) -> Verdict

    init(_ answer: @escaping @Sendable (Message) -> Verdict) {
        self.answer = answer
        (sent, tell) = AsyncStream.makeStream()
    }

    func send(_ message: Message, at now: Moment) async throws(CancellationError) -> Verdict {
        let verdict = answer(message)
        tell.yield(message)
        return verdict
    }
}

/// The store, with steps that fail as often as they are told to.
private final class FailingLedger: DeliveryLedger {
    let store: Store
    let failures = Mutex(["load": 0, "release": 0, "turn": 0])
    /// How many claims were asked for, and how many were given, with each call.
    let claims = Mutex<[(asked: Int, given: Int)]>([])

    init(_ store: Store) { self.store = store }

    private func fail(_ step: String) throws(StoreFailure) {
        let fails = failures.withLock { failures in
            guard let left = failures[step], left > 0 else { return false }
            failures[step] = left - 1
            return true
        }
        if fails { throw StoreFailure(.disk, "The disk could not be read.") }
    }

    func claim(
        _ route: Route, limit: Int, limits: SendLimits, owner: String, lease: Duration, now: Moment
    ) async throws(StoreFailure) -> [Claim] {
        let given = try await store.claim(
            route, limit: limit, limits: limits, owner: owner, lease: lease, now: now)
        claims.withLock { $0.append((limit, given.count)) }
        return given
    }
    func conversations(
        _ ids: [Int64], shop: String, now: Moment
    ) async throws(StoreFailure) -> [Int64: ConversationRecord] {
        try await store.conversations(ids, shop: shop, now: now)
    }
    func release(
        _ claims: [Claim], dueAt: Moment?, reason: Reason?, detail: String?, now: Moment
    ) async throws(StoreFailure) {
        try fail("release")
        try await store.release(claims, dueAt: dueAt, reason: reason, detail: detail, now: now)
    }
    func withdraw(_ withdrawals: [Withdrawal], now: Moment) async throws(StoreFailure) -> [Int64] {
        try await store.withdraw(withdrawals, now: now)
    }
    func turn(
        ended outcomes: [AttemptOutcome], beginning claims: [Claim], rendered: [Int64: Message],
        channel: (route: Route, state: ChannelState)?, limits: SendLimits, lease: Duration, now: Moment
    ) async throws(StoreFailure) -> (finished: [FinishedAttempt], attempts: BegunAttempts) {
        if !outcomes.isEmpty { try fail("turn") }
        return try await store.turn(
            ended: outcomes, beginning: claims, rendered: rendered, channel: channel, limits: limits, lease: lease,
            now: now)
    }
    func nextAttempt(_ route: Route) async throws(StoreFailure) -> Moment? { try await store.nextAttempt(route) }
    func channelState(_ route: Route) async throws(StoreFailure) -> ChannelState {
        try await store.channelState(route)
    }
    func load(shop: String, orderIDs: [String]) async throws(StoreFailure) -> [String: OrderRecord] {
        try fail("load")
        return try await store.load(shop: shop, orderIDs: orderIDs)
    }
    func history(for questions: [HistoryQuestion], now: Moment) async throws(StoreFailure) -> [History] {
        try await store.history(for: questions, now: now)
    }
    func pauses(shop: String) async throws(StoreFailure) -> Pauses { try await store.pauses(shop: shop) }
}

/// Mails of a few orders that are ready, and the delivery of them with a clock and a wake of the test's own.
private struct Deliveries {
    let plans: Plans
    let ledger: FailingLedger
    let wake = Wake()
    let service: DeliveryService

    init(_ channel: ScriptedChannel, orders: Int) async throws {
        plans = try await Plans(["placed": "on: order.placed"])
        for order in 1...orders {
            try await plans.see(order, email: "shopper\(order)@gmial.example")
            try await plans.work()
        }
        ledger = FailingLedger(plans.store)
        service = DeliveryService(
            route: .mail(shop: shop), channel: channel, context: plans.context, maker: plans.maker, store: ledger,
            clock: plans.clock, wake: wake, heartbeats: Heartbeats(), metrics: DaemonMetrics(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, owner: "test", limit: 1)
    }

    func effect(_ order: Int) async throws -> Effect {
        let key = OrderKey(shop: shop, orderID: "gid://shopify/Order/\(order)")
        let effects = try await plans.store.effects(ofOrders: [key], states: Set(Effect.State.allCases))
        return try #require(effects[key]?.first)
    }

    func channel() async throws -> ChannelState { try await plans.store.channelState(.mail(shop: shop)) }

    /// Waits until the loop has written that.
    func until(_ condition: () async throws -> Bool) async throws {
        while try await !condition() { try await Task.sleep(for: .milliseconds(2)) }
    }

    /// Runs the loop while `body` looks on.
    func run(_ body: () async throws -> Void) async throws {
        let loop = Task { [service] in try await service.run() }
        do { try await body() } catch {
            loop.cancel()
            throw error
        }
        loop.cancel()
        try await loop.value
    }
}

extension Message {
    fileprivate var recipient: String { envelope.recipient }
}

@Suite("The daemon delivers", .timeLimit(.minutes(5)))
struct DeliveryServiceTests {
    @Test("at once what waits only because the relay was away, when it is back")
    func reopened() async throws {
        let isAway = Mutex(true)
        let channel = ScriptedChannel { _ in
            isAway.withLock { $0 }
                ? .unavailable(Failure(reason: "connect", detail: "away")) : .accepted(receipt: "250")
        }
        let deliveries = try await Deliveries(channel, orders: 2)
        var sent = channel.sent.makeAsyncIterator()
        try await deliveries.run {
            // One closes the channel, and is tried again later and later.
            let first = try #require(await sent.next())
            for failures in 1...6 {
                try await deliveries.until { try await deliveries.channel().failures == failures }
                deliveries.plans.holder.pass(.minutes(20))
                deliveries.wake.call()
                _ = await sent.next()
            }
            try await deliveries.until { try await deliveries.channel().failures == 7 }
            isAway.withLock { $0 = false }
            // Somebody tries the other one by hand: it is taken, and opens the channel.
            let one = try await deliveries.effect(1)
            let other = first.recipient.hasPrefix("shopper1") ? try await deliveries.effect(2) : one
            #expect(
                try await deliveries.plans.store.retry(
                    effectID: other.id, shop: other.shop, now: deliveries.plans.clock.now))
            deliveries.wake.call()
            // The clock stands still from here on.
            let rest = [try #require(await sent.next()), try #require(await sent.next())].map(\.recipient)
            #expect(Set(rest).count == 2)
        }
    }

    @Test("nothing that was ready when news was paused, and all of it when the pause is over")
    func paused() async throws {
        let channel = ScriptedChannel { _ in .accepted(receipt: "250") }
        let deliveries = try await Deliveries(channel, orders: 2)
        let store = deliveries.plans.store
        func entry(_ what: String) -> AuditEntry { AuditEntry(who: "ada@fig.example", shop: shop, what: what) }
        let now = deliveries.plans.clock.now
        try await store.pause(
            Pause(.news, since: now, by: "ada@fig.example"), shop: shop, audit: entry("paused"), now: now)
        var sent = channel.sent.makeAsyncIterator()
        try await deliveries.run {
            try await deliveries.until {
                let reasons = [try await deliveries.effect(1).reason, try await deliveries.effect(2).reason]
                return reasons == [.paused, .paused]
            }
            #expect(try await deliveries.effect(1).attempts + deliveries.effect(2).attempts == 0)
            #expect(try await store.resume(.news, shop: shop, audit: entry("resumed"), now: now) == 2)
            deliveries.wake.call()
            let first = try #require(await sent.next())
            deliveries.wake.call()
            let second = try #require(await sent.next())
            #expect(first.recipient != second.recipient)
        }
    }

    @Test("nothing more to a far end that wants nothing more, also after a restart, until a person opens it")
    func disabled() async throws {
        let isGone = Mutex(true)
        let channel = ScriptedChannel { _ in
            isGone.withLock { $0 }
                ? .unavailable(Failure(reason: Failure.disabled, code: 410, detail: "gone")) : .accepted(receipt: "204")
        }
        let deliveries = try await Deliveries(channel, orders: 2)
        var sent = channel.sent.makeAsyncIterator()
        try await deliveries.run {
            _ = await sent.next()
            try await deliveries.until { try await deliveries.channel().reason == Failure.disabled }
        }
        isGone.withLock { $0 = false }
        let count = Mutex(0)
        try await deliveries.run {
            deliveries.plans.holder.pass(.hours(2))
            // It looks twice, and begins nothing.
            for _ in 0..<2 {
                deliveries.wake.call()
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(try await deliveries.effect(1).attempts + deliveries.effect(2).attempts == 1)
            #expect(
                try await deliveries.plans.store.openChannel(.mail(shop: shop), now: deliveries.plans.clock.now))
            deliveries.wake.call()
            for _ in 0..<2 {
                _ = await sent.next()
                count.withLock { $0 += 1 }
                deliveries.wake.call()
            }
        }
        #expect(count.withLock { $0 } == 2)
    }

    @Test("what was claimed when the store could not be read, as soon as it can")
    func readFailure() async throws {
        let channel = ScriptedChannel { _ in .accepted(receipt: "250") }
        let deliveries = try await Deliveries(channel, orders: 3)
        deliveries.ledger.failures.withLock { $0["load"] = 1 }
        var sent = channel.sent.makeAsyncIterator()
        try await deliveries.run {
            for _ in 0..<3 {
                deliveries.wake.call()
                _ = try #require(await sent.next())
            }
        }
    }

    @Test("each of many once, though the store fails between claiming the next and judging them")
    func preparedFailure() async throws {
        let channel = ScriptedChannel { _ in .accepted(receipt: "250") }
        let deliveries = try await Deliveries(channel, orders: 140)
        var sent = channel.sent.makeAsyncIterator()
        var recipients: [String] = []
        try await deliveries.run {
            recipients.append(try #require(await sent.next()).recipient)
            // The first batch is judged; the next one is claimed while that goes.
            deliveries.ledger.failures.withLock { $0["load"] = 1 }
            while recipients.count < 140 {
                deliveries.wake.call()
                recipients.append(try #require(await sent.next()).recipient)
            }
        }
        #expect(Set(recipients).count == 140)
        #expect(deliveries.ledger.failures.withLock { $0["load"] } == 0, "no batch was prepared")
        let claims = deliveries.ledger.claims.withLock { $0.filter { $0.given > 0 } }
        #expect(claims.map(\.given) == [128, 12])
    }

    @Test("nothing of what was claimed ahead once the channel closes, and gives it back")
    func preparedAndClosed() async throws {
        let taken = Mutex(0)
        let channel = ScriptedChannel { _ in
            let number = taken.withLock { taken in
                taken += 1
                return taken
            }
            return number <= 100
                ? .accepted(receipt: "250") : .unavailable(Failure(reason: "connect", detail: "away"))
        }
        let deliveries = try await Deliveries(channel, orders: 140)
        try await deliveries.run {
            try await deliveries.until { try await deliveries.channel().failures == 1 }
            let store = deliveries.plans.store
            let later = deliveries.plans.clock.now + .minutes(10)
            // Whoever else asks gets all that was not sent: nothing is kept under a lease.
            try await deliveries.until {
                let free = try await store.claim(
                    .mail(shop: shop), limit: 500, owner: "another", lease: .zero, now: later)
                return free.count == 140 - 100
            }
        }
    }

    @Test("and writes on shutdown a verdict that could not be written at first")
    func verdictAtTheEnd() async throws {
        let channel = ScriptedChannel { _ in .accepted(receipt: "250") }
        let deliveries = try await Deliveries(channel, orders: 1)
        deliveries.ledger.failures.withLock { $0["turn"] = 2 }
        var sent = channel.sent.makeAsyncIterator()
        try await testGracefulShutdown { trigger in
            async let running: Void = deliveries.service.run()
            _ = try #require(await sent.next())
            trigger.triggerGracefulShutdown()
            try await running
        }
        #expect(try await deliveries.effect(1).state == .sent)
    }

    @Test("to the address that the order has now, once, and nothing more to the old one")
    func addressCorrected() async throws {
        let channel = ScriptedChannel { message in
            message.recipient.hasSuffix("@gmial.example")
                ? .deferred(Failure(reason: "mailbox", code: 450, enhancedCode: "4.1.2", detail: "not found for now"))
                : .accepted(receipt: "250")
        }
        let deliveries = try await Deliveries(channel, orders: 1)
        var sent = channel.sent.makeAsyncIterator()
        try await deliveries.run {
            let first = try #require(await sent.next())
            #expect(first.recipient == "shopper1@gmial.example")
            try await deliveries.until { try await deliveries.effect(1).reason == .deferred }
            deliveries.plans.holder.pass(.seconds(30))
            try await deliveries.plans.see(1, email: "shopper1@gmail.example")
            deliveries.wake.call()
            let second = try #require(await sent.next())
            #expect(second.recipient == "shopper1@gmail.example" && second.id == first.id)
            #expect(String(decoding: second.bytes, as: UTF8.self).contains("To: shopper1@gmail.example"))
        }
        let effect = try await deliveries.effect(1)
        #expect(effect.state == .sent && effect.attempts == 2)
    }

    @Test("what was never attempted goes to the new address as well")
    func addressCorrectedBefore() async throws {
        let channel = ScriptedChannel { _ in .accepted(receipt: "250") }
        let deliveries = try await Deliveries(channel, orders: 1)
        deliveries.plans.holder.pass(.seconds(30))
        try await deliveries.plans.see(1, email: "shopper1@gmail.example")
        var sent = channel.sent.makeAsyncIterator()
        try await deliveries.run {
            #expect(await sent.next()?.recipient == "shopper1@gmail.example")
        }
    }

    @Test("and forgets a suspect that is withdrawn")
    func suspects() async throws {
        let channel = ScriptedChannel { message in
            message.recipient.hasPrefix("shopper1")
                ? .unavailable(Failure(reason: "policy", code: 550, enhancedCode: "5.7.1", detail: "not you"))
                : .accepted(receipt: "250")
        }
        let deliveries = try await Deliveries(channel, orders: 1)
        var sent = channel.sent.makeAsyncIterator()
        try await deliveries.run {
            _ = await sent.next()
            let first = try await deliveries.effect(1)
            try await deliveries.until { try await deliveries.channel().suspects[first.id] != nil }
            try await deliveries.plans.store.silence(
                .address("shopper1@gmial.example"), shop: shop, reason: "by_hand", until: nil,
                now: deliveries.plans.clock.now)
            deliveries.plans.holder.pass(.minutes(5))
            try await deliveries.plans.see(2, email: "shopper2@shopper.example")
            try await deliveries.plans.work()
            deliveries.wake.call()
            #expect(await sent.next()?.recipient == "shopper2@shopper.example")
            try await deliveries.until { try await deliveries.effect(2).state == .sent }
        }
        let state = try await deliveries.channel()
        #expect(state.suspects.isEmpty && state.failures == 0)
        #expect(try await deliveries.effect(1).state == .withdrawn)
    }
}
