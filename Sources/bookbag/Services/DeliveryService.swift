import Delivery
import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Hands the messages of one way out (a shop's relay, or one webhook) to its far end.
///
/// A message is claimed under a lease, judged once more, its attempt recorded before the first byte, and its verdict after. Whatever comes between leaves the attempt in doubt, and
/// it is repeated with the same bytes. Commits are made for many messages at once: while some are under way, those that are done are written together.
struct DeliveryService: Service {
    let way: Way
    let outlet: any Outlet
    let desk: ShopDesk
    let store: Store
    let clock: DaemonClock
    let wake: Wake
    let heartbeats: Heartbeats
    let metrics: DaemonMetrics
    let logger: Logger
    /// This process, in the leases.
    let owner: String
    /// How many messages may be under way at once.
    let limit: Int
    /// How many a second at most.
    let perSecond: Int?

    /// Longer than any attempt may take, so that a lease never ends under a living one. RFC 5321 lets the last reply take ten minutes.
    static let lease = Duration.minutes(15)
    /// How many verdicts are written in one commit while others are under way.
    static let group = 48

    fileprivate enum Turn: Sendable {
        case outcome(Claim, Verdict)
        case stopped(Claim)
        case tick
    }

    private var name: String { way.channel == .email ? "email" : "webhook:\(way.endpoint)" }

    func run() async throws {
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Turn.self) { group in
                var flight = Flight(state: (try? await store.channelState(way)) ?? ChannelState())
                group.addTask { [wake] in
                    await wake.wait(atMost: .milliseconds(10))
                    return .tick
                }
                while let turn = await group.next() {
                    heartbeats.beat(name)
                    let ending = Task.isShuttingDownGracefully || Task.isCancelled
                    switch turn {
                    case .outcome(let claim, let verdict):
                        flight.under -= 1
                        flight.done.append((claim, verdict))
                    case .stopped: flight.under -= 1
                    case .tick: break
                    }
                    if flight.done.count >= Self.group || flight.under == 0 || turn.isTick {
                        await settle(&flight)
                    }
                    if !ending, flight.under <= limit / 2 { await launch(&flight, in: &group) }
                    if turn.isTick {
                        if ending, flight.under == 0 { break }
                        let wait = ending ? Duration.milliseconds(100) : await patience(flight)
                        group.addTask { [wake] in
                            await wake.wait(atMost: wait)
                            return .tick
                        }
                    }
                }
                await settle(&flight)
            }
        } onGracefulShutdown: {
            wake.call()
        }
        heartbeats.end(name)
    }

    /// What is under way, and how the channel stands.
    private struct Flight {
        var under = 0
        var done: [(Claim, Verdict)] = []
        var state: ChannelState
        var second: Int64 = 0
        var launchedInSecond = 0
    }

    /// How long to wait for something to do.
    private func patience(_ flight: Flight) async -> Duration {
        if flight.under > 0 { return .milliseconds(250) }
        if clock.fault != nil { return .seconds(5) }
        let now = clock.now
        if let until = flight.state.closedUntil, until > now { return min(until - now, Heartbeats.longestWait) }
        let next = try? await store.nextAttempt(way)
        guard let next else { return Heartbeats.longestWait }
        return min(max(.milliseconds(20), next - now), Heartbeats.longestWait)
    }

    /// Claims what is due, judges it once more, records the attempts and starts them.
    private func launch(_ flight: inout Flight, in group: inout TaskGroup<Turn>) async {
        guard clock.fault == nil else { return }
        let now = clock.now
        if let until = flight.state.closedUntil, until > now { return }
        // A channel that was closed is tried with one message before the others follow.
        var room = flight.state.failures > 0 ? (flight.under == 0 ? 1 : 0) : limit - flight.under
        if let perSecond {
            if flight.second != now.seconds { (flight.second, flight.launchedInSecond) = (now.seconds, 0) }
            room = min(room, perSecond - flight.launchedInSecond)
        }
        guard room > 0 else { return }
        do throws(StoreFailure) {
            let claims = try await store.claim(way, limit: room, owner: owner, lease: Self.lease, now: now)
            guard !claims.isEmpty else { return }
            let begun = try await store.begin(try await stillTrue(claims, now: now), lease: Self.lease, now: clock.now)
            flight.under += begun.count
            flight.launchedInSecond += begun.count
            for claim in begun {
                group.addTask { [outlet, clock] in
                    do throws(CancellationError) {
                        return .outcome(claim, try await outlet.send(claim.message, at: clock.now))
                    } catch {
                        return .stopped(claim)
                    }
                }
            }
        } catch {
            logger.log(Line.storeFailed, ["reason": "\(error.cause.rawValue)", "detail": "\(error)"])
        }
    }

    /// The claims that may go out; the others are withdrawn, or wait again.
    private func stillTrue(_ claims: [Claim], now: Moment) async throws(StoreFailure) -> [Claim] {
        let planner = desk.rules.planner
        let records = try await store.load(shop: desk.domain, orderIDs: Set(claims.map(\.effect.orderID)).sorted())
        let histories = try await store.history(
            for: claims.map { HistoryQuestion(of: $0.effect, record: records[$0.effect.orderID], planner: planner) },
            now: now)
        var going: [Claim] = []
        var withdrawn: [Withdrawal] = []
        for (claim, history) in zip(claims, histories) {
            let effect = claim.effect
            switch planner.judge(effect, record: records[effect.orderID], history: history, now: now) {
            case .send: going.append(claim)
            case .shadow: withdrawn.append(Withdrawal(claim: claim, reason: .shadow))
            case .skip(let reason, let detail):
                withdrawn.append(Withdrawal(claim: claim, reason: reason, detail: detail))
            case .replace(let other):
                withdrawn.append(Withdrawal(claim: claim, reason: .replaced, detail: other))
            case .wait(let until, let reason):
                try await store.release([claim], dueAt: until, reason: reason, now: now)
            }
        }
        if !withdrawn.isEmpty {
            _ = try await store.withdraw(withdrawn, now: now)
            for withdrawal in withdrawn {
                report(.withdrawn, withdrawal.claim, reason: withdrawal.reason.rawValue, detail: withdrawal.detail)
                metrics.decisions.add(
                    1, withdrawal.claim.effect.trigger, Effect.State.withdrawn.rawValue, withdrawal.reason.rawValue)
            }
        }
        return going
    }

    /// Writes the verdicts that have come, and opens or closes the channel by them.
    private func settle(_ flight: inout Flight) async {
        guard !flight.done.isEmpty else { return }
        let now = clock.now
        var state = flight.state
        var outcomes: [AttemptOutcome] = []
        for (claim, verdict) in flight.done {
            metrics.deliveries.add(1, way.channel.rawValue, verdict.name)
            if verdict.failure?.inDoubt == true {
                metrics.inDoubt.add(1, way.channel.rawValue)
                report(.inDoubt, claim, reason: verdict.failure?.reason, detail: verdict.failure?.detail)
            }
            var next: Moment?
            switch verdict {
            case .accepted:
                report(.delivered, claim, reason: nil, detail: nil)
                if state.failures > 0 {
                    state = ChannelState()
                    logger.log(Line.channelOpen, ["shop": "\(way.shop)", "channel": "\(name)"])
                }
            case .refused(let failure): report(.refused, claim, reason: failure.reason, detail: failure.detail)
            case .deferred(let failure):
                let schedule: RetrySchedule = way.channel == .email ? .mail : .webhook
                // Giving up is by age, which is judged before each attempt; so there is always a next one.
                next =
                    now
                    + (schedule.delay(
                        afterAttempt: claim.effect.attempts + 1, age: now - claim.effect.event.happenedAt,
                        limit: .days(30), failure: failure, chance: .random(in: 0..<1)) ?? .hours(1))
                report(.deferred, claim, reason: failure.reason, detail: failure.detail)
            case .unavailable(let failure):
                if state.closedUntil.map({ $0 <= now }) ?? true {
                    let pause = ReopeningSchedule.channel.delay(
                        afterTimes: state.failures + 1, failure: failure, chance: .random(in: 0..<1))
                    state = ChannelState(
                        closedUntil: now + pause, reason: failure.reason, detail: failure.detail,
                        failures: state.failures + 1)
                    if state.failures == 1 {
                        logger.log(
                            Line.channelClosed,
                            [
                                "shop": "\(way.shop)", "channel": "\(name)", "reason": "\(failure.reason)",
                                "detail": "\(failure.detail)",
                            ])
                    }
                }
                next = state.closedUntil
            }
            outcomes.append(AttemptOutcome(claim: claim, verdict: verdict, nextAttemptAt: next))
        }
        // A verdict that cannot be written is not forgotten: the attempt stays open, and is in doubt when its lease ends.
        do throws(StoreFailure) {
            _ = try await store.finish(outcomes, now: now)
            if state != flight.state { try await store.setChannel(way, state, now: now) }
            flight.done = []
        } catch {
            logger.log(Line.storeFailed, ["reason": "\(error.cause.rawValue)", "detail": "\(error)"])
            if error.isPassing { return }
            try? await Task.sleep(for: .seconds(1))
        }
        flight.state = state
        metrics.channelOpen.set(state.failures == 0 ? 1 : 0, way.shop, name)
    }

    private func report(_ line: Line, _ claim: Claim, reason: String?, detail: String?) {
        let effect = claim.effect
        var facts: Logger.Metadata = [
            "shop": "\(effect.shop)", "order": "\(effect.orderID)", "trigger": "\(effect.trigger)",
            "event": "\(effect.event.kind.rawValue)", "channel": "\(name)", "message": "\(claim.message.id)",
        ]
        if let reason { facts["reason"] = "\(reason)" }
        if let detail { facts["detail"] = "\(detail)" }
        logger.log(line, facts)
    }
}

extension DeliveryService.Turn {
    fileprivate var isTick: Bool {
        if case .tick = self { return true }
        return false
    }
}
