import Delivery
import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store
import Synchronization

/// Hands the messages of one way out (a shop's relay, or one webhook) to its far end.
///
/// A message is claimed under a lease, judged, its attempt recorded before the first byte, and its verdict after. Whatever comes between leaves the attempt in doubt, and
/// it is repeated with the same bytes. So between these two records there are never more messages than keep the far end's connections busy: some are claimed and judged ahead,
/// but they begin only as others end. One commit writes the verdicts that have come and the attempts that begin in their place; while it is on its way to the disk, the next
/// verdicts gather. How many may be under way follows from that: as few as keep the far end busy on a quiet day, and more only while they all come back before a commit
/// is on the disk, which is when the disk holds up the far end.
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
    /// How many messages may be under way at once where the disk is quick.
    let limit: Int
    /// How many a second at most.
    let perSecond: Int?
    var trouble = StoreTrouble()
    /// The host that it goes to, for the journal.
    var relay = ""

    /// Longer than any attempt may take, so that a lease never ends under a living one. RFC 5321 lets the last reply take ten minutes.
    static let lease = Duration.minutes(15)
    /// How many messages are claimed and judged ahead of their attempts.
    static let ahead = 128
    /// How many may be under way at once where the disk is slow.
    static let deepest = 64
    /// So many attempts may be put off before a person is asked to look: about a quarter of an hour of a mail's.
    static let patientAttempts = 5
    /// How long a judgement holds: what was claimed ahead and could not begin by then is judged again.
    static let judgement = Duration.seconds(2)

    private var name: String { way.channel == .email ? "email" : "webhook:\(way.endpoint)" }

    func run() async throws {
        let landings = Landings(wake)
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                let kept = (try? await store.channelState(way)) ?? ChannelState()
                // What an earlier process found closed is tried at once: the operator may have mended it, and started us for that.
                var flight = Flight(
                    depth: limit,
                    gate: ChannelGate(
                        failures: kept.failures, failure: Failure(kept), openings: kept.openings,
                        suspects: kept.suspects))
                metrics.channelOpen.set(flight.gate.isClosed ? 0 : 1, way.shop, name)
                while true {
                    heartbeats.beat(name)
                    let ending = Task.isShuttingDownGracefully || Task.isCancelled
                    for landing in landings.take() {
                        flight.under -= 1
                        if let verdict = landing.verdict {
                            flight.done.append((landing.claim, verdict))
                        } else {
                            // Stopped before the far end could have taken anything: that is no doubt.
                            try? await store.release([landing.claim], now: clock.now)
                        }
                    }
                    let moved = await turn(&flight, landings, ending: ending) { claim in
                        group.addTask { [outlet, clock] in
                            do throws(CancellationError) {
                                landings.add(claim, try await outlet.send(claim.message, at: clock.now))
                            } catch {
                                landings.add(claim, nil)
                            }
                        }
                    }
                    if ending, flight.under == 0 { break }
                    if !moved { await wake.wait(atMost: await patience(flight, ending: ending)) }
                }
                if !flight.waiting.isEmpty { try? await store.release(flight.waiting, now: clock.now) }
            }
        } onGracefulShutdown: {
            wake.call()
        }
        heartbeats.end(name)
    }

    /// What is under way, and how the channel stands.
    private struct Flight {
        /// How many may be under way at once, now.
        var depth: Int
        var gate: ChannelGate
        /// How many attempts have begun and have no answer yet.
        var under = 0
        /// Verdicts that are not on the disk yet.
        var done: [(claim: Claim, verdict: Verdict)] = []
        /// Claimed and judged, not yet begun.
        var waiting: [Claim] = []
        var judgedAt = Moment.distantPast
        var second: Int64 = 0
        var begunInSecond = 0
        /// The store refused the last step.
        var storeFails = false
    }

    /// How long to wait for something to do.
    private func patience(_ flight: Flight, ending: Bool) async -> Duration {
        if flight.storeFails { return .seconds(1) }
        if flight.under > 0 || ending { return .seconds(1) }
        if clock.fault != nil { return .seconds(5) }
        let now = clock.now
        if let until = flight.gate.closedUntil, flight.gate.isShut(now: now) {
            return min(until - now, Heartbeats.longestWait)
        }
        if !flight.waiting.isEmpty { return .milliseconds(100) }
        guard let next = try? await store.nextAttempt(way) else { return Heartbeats.longestWait }
        return min(max(.milliseconds(20), next - now), Heartbeats.longestWait)
    }

    /// Claims and judges ahead, then writes the verdicts that have come together with the attempts that begin, and starts these. True if anything moved.
    private func turn(
        _ flight: inout Flight, _ landings: Landings, ending: Bool, start: (Claim) -> Void
    ) async -> Bool {
        do throws(StoreFailure) {
            let now = clock.now
            // By hand: `outbox retry` opens a closed channel for a try.
            if flight.gate.isShut(now: now), try await store.channelState(way).closedUntil == nil {
                flight.gate.tryNow()
            }
            var room = 0
            if !ending, clock.fault == nil, flight.done.count <= flight.depth {
                room = flight.gate.room(limit: flight.depth, under: flight.under, now: now)
                if let perSecond {
                    if flight.second != now.seconds { (flight.second, flight.begunInSecond) = (now.seconds, 0) }
                    room = min(room, perSecond - flight.begunInSecond)
                }
            }
            if room > 0 { try await claim(&flight, room: room, now: now) }
            let beginning = Array(flight.waiting.prefix(max(0, room)))
            guard !flight.done.isEmpty || !beginning.isEmpty else {
                flight.storeFails = false
                return false
            }
            let begun = try await write(&flight, beginning: beginning)
            if !begun.isEmpty, flight.under > 0 {
                let flying = flight.under - landings.count
                // All came back while we wrote: the far end stood idle. Most are still under way: fewer would do.
                if flying <= 0 {
                    flight.depth = min(flight.depth * 2, max(limit, Self.deepest))
                } else if flying > limit {
                    flight.depth = max(limit, flight.depth - 1)
                }
            }
            for claim in begun { flight.gate.begin(claim.effect.id) }
            flight.under += begun.count
            flight.begunInSecond += begun.count
            flight.storeFails = false
            for claim in begun { start(claim) }
            // What cannot begin before the channel is open again is given back.
            let left = Array(flight.waiting.dropFirst(beginning.count))
            flight.waiting = flight.gate.isClosed ? [] : left
            let given = flight.gate.isClosed ? left + (begun.isEmpty ? beginning : []) : []
            if !given.isEmpty { try await store.release(given, now: now) }
            return true
        } catch {
            // A verdict that cannot be written is kept and written when it can be; if we die before, the attempt is in doubt.
            trouble.note(error, now: clock.now, logger)
            flight.storeFails = true
            return false
        }
    }

    /// Sees that what may begin now is claimed and was judged a moment ago.
    private func claim(_ flight: inout Flight, room: Int, now: Moment) async throws(StoreFailure) {
        if !flight.waiting.isEmpty, now - flight.judgedAt > Self.judgement {
            let stale = flight.waiting
            flight.waiting = []
            flight.waiting = try await stillTrue(stale, now: now)
            flight.judgedAt = now
        }
        guard flight.waiting.count < room else { return }
        // One ahead of the others while the channel is being tried; and no more than may go out soon.
        let wanted = flight.gate.isClosed ? 1 : min(Self.ahead, perSecond ?? Self.ahead)
        let claims = try await store.claim(
            way, limit: max(room, wanted) - flight.waiting.count, owner: owner, lease: Self.lease, now: now)
        guard !claims.isEmpty else { return }
        flight.waiting += try await stillTrue(claims, now: now)
        flight.judgedAt = now
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
            let ids = Set(try await store.withdraw(withdrawn, now: now))
            for withdrawal in withdrawn where ids.contains(withdrawal.claim.effect.id) {
                report(.withdrawn, withdrawal.claim, reason: withdrawal.reason.rawValue, detail: withdrawal.detail)
                metrics.decisions.add(
                    1, withdrawal.claim.effect.trigger, Effect.State.withdrawn.rawValue, withdrawal.reason.rawValue)
            }
        }
        return going
    }

    /// Writes the verdicts that have come and the attempts that begin, in one commit, and then tells of them. Gives the attempts that may start.
    private func write(_ flight: inout Flight, beginning: [Claim]) async throws(StoreFailure) -> [Claim] {
        let now = clock.now
        var gate = flight.gate
        var consequences: [ChannelGate.Outcome] = []
        let schedule: RetrySchedule = way.channel == .email ? .mail : .webhook
        let outcomes = flight.done.map { claim, verdict in
            let outcome = gate.take(
                verdict, of: claim.effect.id, attempt: claim.effect.attempts,
                age: now - claim.effect.event.happenedAt, schedule: schedule, now: now, chance: .random(in: 0..<1))
            consequences.append(outcome)
            return AttemptOutcome(claim: claim, verdict: verdict, nextAttemptAt: outcome.nextAttempt)
        }
        // A gate that closed in this very turn lets nobody pass, nor one that is tried with one message alone.
        let begins = gate.room(limit: flight.depth, under: flight.under, now: now) > 0 ? beginning : []
        let turned = try await store.turn(
            ended: outcomes, beginning: begins, channel: gate == flight.gate ? nil : (way, ChannelState(gate)),
            lease: Self.lease, now: now)
        let ended = flight.done
        flight.gate = gate
        flight.done = []
        for ((claim, verdict), consequence) in zip(ended, consequences) { tell(claim, verdict, consequence) }
        metrics.channelOpen.set(gate.isClosed ? 0 : 1, way.shop, name)
        return turned.begun
    }

    private func tell(_ claim: Claim, _ verdict: Verdict, _ consequence: ChannelGate.Outcome) {
        metrics.deliveries.add(1, way.channel.rawValue, verdict.name)
        let failure = verdict.failure
        if failure?.inDoubt == true {
            metrics.inDoubt.add(1, way.channel.rawValue)
            report(.inDoubt, claim, verdict)
        }
        // One that was put off a few times is every relay's way with strangers; a person is asked to look where it lasts.
        let deferral = claim.effect.attempts >= Self.patientAttempts ? Line.deferred.level : .info
        switch verdict {
        case .accepted: report(.delivered, claim, verdict)
        case .refused: report(.refused, claim, verdict)
        case .deferred: report(.deferred, claim, verdict, level: deferral)
        case .unavailable:
            // Else it is the channel's affair, and told once, below.
            if consequence.isItsOwn { report(.deferred, claim, verdict, level: deferral) }
        }
        switch consequence.change {
        case nil: break
        case .opened: logger.log(Line.channelOpen, ["shop": "\(way.shop)", "channel": "\(name)"])
        case .closed(let failure):
            logger.log(
                Line.channelClosed,
                [
                    "shop": "\(way.shop)", "channel": "\(name)", "reason": "\(failure.reason)",
                    "detail": "\(failure.detail)",
                ])
        }
    }

    /// Tells of an attempt with what the far end said. Its words bear no address: they were redacted when they came in.
    private func report(_ line: Line, _ claim: Claim, _ verdict: Verdict, level: Logger.Level? = nil) {
        var facts: Logger.Metadata = ["attempt": "\(claim.effect.attempts)"]
        if !relay.isEmpty { facts["relay"] = "\(relay)" }
        if let code = verdict.failure?.code { facts["code"] = "\(code)" }
        if let dsn = verdict.failure?.enhancedCode { facts["dsn"] = "\(dsn)" }
        if case .accepted(let receipt) = verdict, !receipt.isEmpty { facts["reply"] = "\(receipt)" }
        report(
            line, claim, reason: verdict.failure?.reason, detail: verdict.failure?.detail, more: facts, level: level)
    }

    private func report(
        _ line: Line, _ claim: Claim, reason: String?, detail: String?, more: Logger.Metadata = [:],
        level: Logger.Level? = nil
    ) {
        let effect = claim.effect
        var facts: Logger.Metadata = [
            "shop": "\(effect.shop)", "order": "\(effect.event.orderName)", "trigger": "\(effect.trigger)",
            "event": "\(effect.event.kind.rawValue)", "channel": "\(name)", "message": "\(claim.message.id)",
        ]
        if let reason { facts["reason"] = "\(reason)" }
        if let detail { facts["detail"] = "\(detail)" }
        facts.merge(more) { mine, _ in mine }
        logger.log(line, level: level, facts)
    }
}

/// The attempts that have ended, until the loop takes them.
private final class Landings: Sendable {
    struct Landing: Sendable {
        var claim: Claim
        /// Nil where it was stopped before the far end could have taken anything.
        var verdict: Verdict?
    }

    private let landed = Mutex<[Landing]>([])
    private let wake: Wake

    init(_ wake: Wake) { self.wake = wake }

    func add(_ claim: Claim, _ verdict: Verdict?) {
        landed.withLock { $0.append(Landing(claim: claim, verdict: verdict)) }
        wake.call()
    }

    /// How many have not been taken yet.
    var count: Int { landed.withLock(\.count) }

    func take() -> [Landing] {
        landed.withLock { landed in
            defer { landed = [] }
            return landed
        }
    }
}

extension Failure {
    /// Why a channel was closed, as far as it is kept.
    fileprivate init?(_ kept: ChannelState) {
        guard kept.failures > 0, let reason = kept.reason else { return nil }
        self.init(reason: reason, detail: kept.detail ?? reason)
    }
}

extension ChannelState {
    /// The gate, as it is kept.
    fileprivate init(_ gate: ChannelGate) {
        self.init(
            closedUntil: gate.closedUntil, reason: gate.failure?.reason ?? (gate.closedUntil == nil ? nil : "unknown"),
            detail: gate.failure?.detail, failures: gate.failures, openings: gate.openings, suspects: gate.suspects)
    }
}
