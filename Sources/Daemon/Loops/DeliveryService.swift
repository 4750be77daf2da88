import Delivery
import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store
import Synchronization

/// Hands the messages of one way out (a shop's relay, or one webhook) to its far end.
///
/// A message is claimed under a lease, judged, its attempt recorded before the first byte, and its verdict after.
/// Whatever comes between leaves the attempt in doubt, and it is repeated with the same bytes. So between these two
/// records there are never more messages than keep the far end's connections busy: some are claimed and judged ahead,
/// but they begin only as others end. One commit writes the verdicts that have come and the attempts that begin in
/// their place; while it is on its way to the disk, the next verdicts gather. How many may be under way follows from
/// that: as few as keep the far end busy on a quiet day, and more only while they all come back before a commit is on
/// the disk, which is when the disk holds up the far end.
struct DeliveryService: Service {
    let route: Route
    let channel: any Channel
    let context: ShopContext
    /// Writes a mail anew whose order has another address now; nil for what has no address.
    var maker: MessageMaker?
    let store: any DeliveryLedger
    let clock: DaemonClock
    let wake: Wake
    let heartbeats: Heartbeats
    let metrics: DaemonMetrics
    let logger: Logger
    /// This process, in the leases.
    let owner: String
    /// How many messages may be under way at once where the disk is quick.
    let limit: Int
    /// What it may take, in a second, an hour and a day, and each recipient domain.
    var limits = SendLimits()
    var trouble = StoreTrouble()
    /// The channel's own ways.
    var kind: ChannelKind?
    /// The host that it goes to, for the journal.
    var relay = ""

    /// Longer than any attempt may take, so that a lease never ends under a living one. RFC 5321 lets the last reply
    /// take ten minutes.
    static let lease = Duration.minutes(15)
    /// How many messages are claimed and judged ahead of their attempts.
    static let ahead = 128
    /// How many may be under way at once where the disk is slow.
    static let deepest = 64
    /// So many attempts may be put off before a person is asked to look: about a quarter of an hour of a mail's.
    static let patientAttempts = 5
    /// How long a judgement holds: what was claimed ahead and could not begin by then is judged again.
    static let judgement = Duration.seconds(2)

    private var name: String { route.name }

    func run() async throws {
        let completed = CompletedAttempts(wake)
        // It takes verdicts in whatever the clock says; what it begins, its turn decides.
        let loop = Loop(
            Loop.Name("delivery:\(name)", shop: route.shop), wake: wake, heartbeats: heartbeats, trouble: trouble,
            clock: clock, logger: logger)
        await withDiscardingTaskGroup { group in
            let kept = (try? await store.channelState(route)) ?? ChannelState()
            // What an earlier process found closed is tried at once: the operator may have fixed it, and started us for
            // that.
            var inFlight = InFlight(
                depth: limit,
                breaker: ChannelBreaker(
                    failures: kept.failures, failure: Failure(kept), openings: kept.openings,
                    suspects: kept.suspects,
                    isDisabled: kept.reason == Failure.disabled && kept.closedUntil != nil))
            inFlight.kept = inFlight.breaker
            inFlight.timesPutBack = clock.timesPutBack
            metrics.channelOpen.set(inFlight.breaker.isClosed ? 0 : 1, route.shop, name)
            await loop.run(drains: true) { ending in
                for attempt in completed.take() {
                    inFlight.under -= 1
                    if let answer = attempt.answer {
                        inFlight.done.append((attempt.claim, answer))
                    } else {
                        // Stopped before the far end could have taken anything: that is no doubt.
                        inFlight.returning.append(attempt.claim)
                    }
                }
                let moved = await turn(&inFlight, completed, ending: ending) { claim in
                    group.addTask { [channel, clock] in
                        do throws(CancellationError) {
                            let doubts = claim.effect.attemptsInDoubt
                            var message = claim.message
                            message.envelope.returnToken = claim.returnToken
                            let answer = try await channel.attempt(message, inDoubt: doubts, at: clock.now)
                            KillPoint.answered.reached()
                            completed.add(claim, answer)
                        } catch {
                            completed.add(claim, nil)
                        }
                    }
                }
                if ending, inFlight.under == 0 { return .done }
                return moved ? .again : .wait(await patience(inFlight, ending: ending))
            }
            let left = inFlight.returning + inFlight.unjudged + inFlight.waiting
            if !left.isEmpty { try? await store.release(left, now: clock.now) }
        }
    }

    /// What is under way, and how the channel stands.
    private struct InFlight {
        /// How many may be under way at once, now.
        var depth: Int
        var breaker: ChannelBreaker
        /// The same as it stands in the store.
        var kept = ChannelBreaker()
        /// How many attempts have begun and have no answer yet.
        var under = 0
        /// Verdicts that are not on the disk yet.
        var done: [(claim: Claim, answer: AttemptAnswer)] = []
        /// Claimed and not judged yet, or no longer: a failure of the store came between.
        var unjudged: [Claim] = []
        /// Claimed and judged, not yet begun.
        var waiting: [Claim] = []
        /// To be given back to the store.
        var returning: [Claim] = []
        /// Of those that wait, the mails that were written anew for another address.
        var rendered: [Int64: Message] = [:]
        var judgedAt = Moment.distantPast
        /// Until then its limit is reached.
        var limitedUntil: Moment?
        /// How often the clock had been put back when these moments were taken.
        var timesPutBack = 0
        /// The store refused the last step.
        var storeFails = false
        /// How many at once a far end is given that said that it has too much to do.
        var ceiling = Int.max
        /// Until then it asked for nothing at all.
        var pausedUntil: Moment?

        /// Forgets all moments once the clock was found right after it had run ahead: they may lie far ahead.
        mutating func noteClock(_ times: Int) {
            guard times != timesPutBack else { return }
            timesPutBack = times
            breaker.noteClockPutBack()
            (limitedUntil, pausedUntil, judgedAt) = (nil, nil, .distantPast)
        }

        /// Halves what a busy far end is given, and grows it again one by one.
        mutating func slowDown(by verdict: Verdict, now: Moment) {
            if let failure = verdict.failure, let code = failure.code, [429, 502, 504].contains(code) {
                ceiling = max(1, min(ceiling, depth) / 2)
                if let asked = failure.retryAfter { pausedUntil = max(pausedUntil ?? now, now + min(asked, .hours(1))) }
            } else if case .accepted = verdict, ceiling < Int.max {
                ceiling = ceiling < depth ? ceiling + 1 : Int.max
            }
        }
    }

    /// How long to wait for something to do.
    private func patience(_ inFlight: InFlight, ending: Bool) async -> Duration {
        if inFlight.storeFails { return .seconds(1) }
        if inFlight.under > 0 || ending { return .seconds(1) }
        if clock.fault != nil { return .seconds(5) }
        let now = clock.now
        if let until = inFlight.pausedUntil, until > now { return min(until - now, Heartbeats.longestWait) }
        if let until = inFlight.breaker.closedUntil, inFlight.breaker.isShut(now: now) {
            return min(until - now, Heartbeats.longestWait)
        }
        if let until = inFlight.limitedUntil, until > now { return min(until - now, Heartbeats.longestWait) }
        if !inFlight.waiting.isEmpty { return .milliseconds(100) }
        guard let next = try? await store.nextAttempt(route) else { return Heartbeats.longestWait }
        return min(max(.milliseconds(20), next - now), Heartbeats.longestWait)
    }

    /// Claims and judges ahead, then writes the verdicts that have come together with the attempts that begin, and
    /// starts these. True if anything moved.
    private func turn(
        _ inFlight: inout InFlight, _ completed: CompletedAttempts, ending: Bool, start: (Claim) -> Void
    ) async -> Bool {
        do throws(StoreFailure) {
            let now = clock.now
            inFlight.noteClock(clock.timesPutBack)
            // By hand: `outbox retry` opens a closed channel for a try.
            if inFlight.breaker.isShut(now: now), try await store.channelState(route).closedUntil == nil {
                inFlight.breaker.tryNow()
            }
            var room = 0
            if !ending, clock.fault == nil, inFlight.done.count <= inFlight.depth {
                let depth = min(inFlight.depth, inFlight.ceiling)
                room = inFlight.breaker.room(limit: depth, under: inFlight.under, now: now)
                if let until = inFlight.pausedUntil {
                    if until > now { room = 0 } else { inFlight.pausedUntil = nil }
                }
                if let until = inFlight.limitedUntil, until > now { room = 0 } else { inFlight.limitedUntil = nil }
            }
            if !inFlight.returning.isEmpty {
                try await store.release(inFlight.returning, now: now)
                inFlight.returning = []
            }
            if room > 0 { try await claim(&inFlight, room: room, now: now) }
            let beginning = Array(inFlight.waiting.prefix(max(0, room)))
            guard !inFlight.done.isEmpty || !beginning.isEmpty else {
                inFlight.storeFails = false
                return false
            }
            let attempts = try await write(&inFlight, beginning: beginning)
            let (begun, outdated) = (attempts.begun, attempts.outdated)
            if !begun.isEmpty, inFlight.under > 0 {
                let flying = inFlight.under - completed.count
                // All came back while we wrote: the far end stood idle. Most are still under way: fewer would do.
                if flying <= 0 {
                    inFlight.depth = min(inFlight.depth * 2, max(limit, Self.deepest))
                } else if flying > limit {
                    inFlight.depth = max(limit, inFlight.depth - 1)
                }
            }
            for claim in begun { inFlight.breaker.begin(claim.effect.id) }
            inFlight.under += begun.count
            inFlight.storeFails = false
            for claim in begun { start(claim) }
            // What cannot begin before the channel is open again, or before long, is given back.
            let left = attempts.limited + Array(inFlight.waiting.dropFirst(beginning.count)) + outdated
            // What was judged by an order as it is no more is judged again.
            if !outdated.isEmpty { inFlight.judgedAt = .distantPast }
            inFlight.limitedUntil = attempts.limitedUntil
            let isLimitedForLong = attempts.limitedUntil.map { $0 - now > Self.judgement } ?? false
            inFlight.waiting = inFlight.breaker.isClosed || isLimitedForLong ? [] : left
            if inFlight.breaker.isClosed {
                inFlight.returning += left + (begun.isEmpty && outdated.isEmpty ? beginning : [])
            } else if isLimitedForLong {
                inFlight.returning += left
            }
            return true
        } catch {
            // A verdict that cannot be written is kept and written when it can be; if we die before, the attempt is in
            // doubt.
            trouble.note(error, now: clock.now, logger)
            inFlight.storeFails = true
            return false
        }
    }

    /// Sees that what may begin now is claimed and was judged a moment ago. What was claimed stays ours, and is judged
    /// in a later turn, where the store fails in between.
    private func claim(_ inFlight: inout InFlight, room: Int, now: Moment) async throws(StoreFailure) {
        if !inFlight.waiting.isEmpty, now - inFlight.judgedAt > Self.judgement {
            inFlight.unjudged += inFlight.waiting
            inFlight.waiting = []
        }
        let held = inFlight.waiting.count + inFlight.unjudged.count
        if held < room {
            // One ahead of the others while the channel is being tried; and no more than may go out soon.
            let wanted = inFlight.breaker.isClosed ? 1 : min(Self.ahead, limits.perSecond ?? Self.ahead)
            inFlight.unjudged += try await store.claim(
                route, limit: max(room, wanted) - held, limits: limits, owner: owner, lease: Self.lease, now: now)
        }
        guard !inFlight.unjudged.isEmpty else { return }
        KillPoint.claimed.reached()
        let going = try await stillTrue(inFlight.unjudged, &inFlight, now: now)
        inFlight.unjudged = []
        inFlight.waiting += going
        inFlight.judgedAt = now
    }

    /// What holds a claim back, and until when.
    private struct Held: Hashable {
        var until: Moment
        var reason: Reason
    }

    /// The claims that may go out; the others are withdrawn, or wait again.
    private func stillTrue(
        _ claims: [Claim], _ inFlight: inout InFlight, now: Moment
    ) async throws(StoreFailure) -> [Claim] {
        var planner = context.rules.planner
        planner.pauses = try await store.pauses(shop: context.domain)
        let records = try await store.load(
            shop: context.domain, orderIDs: Set(claims.compactMap(\.effect.orderID)).sorted())
        let histories = try await store.history(
            for: claims.map { HistoryQuestion(of: $0.effect, record: records.record(of: $0.effect), planner: planner) },
            now: now)
        var going: [Claim] = []
        var withdrawn: [Withdrawal] = []
        var held: [Held: [Claim]] = [:]
        for (claim, history) in zip(claims, histories) {
            let effect = claim.effect
            inFlight.rendered[effect.id] = nil
            let record = records.record(of: effect)
            switch planner.judge(effect, record: record, history: history, now: now) {
            case .send:
                var claim = claim
                if let aggregate = effect.aggregate { claim.reads[aggregate] = record?.version ?? 0 }
                guard let record, claim.message.hasMoved(with: record, effect), let maker else {
                    going.append(claim)
                    continue
                }
                // Nothing more goes to the old address, attempted or not.
                switch await maker.make(effect, record: record, history: history, planner: planner, now: now) {
                case .message(let message, _):
                    inFlight.rendered[effect.id] = message
                    going.append(claim)
                case .wait(let until, let reason, let detail):
                    try await store.release([claim], dueAt: until, reason: reason, detail: detail, now: now)
                case .impossible(let reason, let detail):
                    withdrawn.append(Withdrawal(claim: claim, reason: reason, detail: detail))
                }
            case .shadow: withdrawn.append(Withdrawal(claim: claim, reason: .shadow))
            case .skip(let reason, let detail):
                withdrawn.append(Withdrawal(claim: claim, reason: reason, detail: detail))
            case .replace(let other):
                withdrawn.append(Withdrawal(claim: claim, reason: .replaced, detail: other))
            case .wait(let until, let reason): held[Held(until: until, reason: reason), default: []].append(claim)
            }
        }
        for (one, claims) in held {
            try await store.release(claims, dueAt: one.until, reason: one.reason, detail: nil, now: now)
        }
        if !withdrawn.isEmpty {
            let ids = Set(try await store.withdraw(withdrawn, now: now))
            for withdrawal in withdrawn where ids.contains(withdrawal.claim.effect.id) {
                inFlight.breaker.forget(withdrawal.claim.effect.id)
                // One that was tried, and is no news any more, is given up: a person is told.
                let isGivenUp = withdrawal.claim.effect.attempts > 0 && withdrawal.reason == .oldNews
                report(
                    .withdrawn, withdrawal.claim, reason: withdrawal.reason.rawValue, detail: withdrawal.detail,
                    level: isGivenUp ? .warning : nil)
                metrics.decisions.add(
                    1, withdrawal.claim.effect.trigger, Effect.State.withdrawn.rawValue, withdrawal.reason.rawValue)
            }
        }
        return going
    }

    /// Writes the verdicts that have come and the attempts that begin, in one commit, and then tells of them. Gives the
    /// attempts that may start, and those that may not yet.
    private func write(
        _ inFlight: inout InFlight, beginning: [Claim]
    ) async throws(StoreFailure) -> BegunAttempts {
        let now = clock.now
        var breaker = inFlight.breaker
        var consequences: [ChannelBreaker.Outcome] = []
        let outcomes = inFlight.done.map { claim, answer in
            let outcome = breaker.take(
                answer.verdict, of: claim.effect.id, attempt: claim.effect.attempts,
                age: now - (claim.effect.event?.happenedAt ?? claim.effect.createdAt), schedule: kind?.retries ?? .mail,
                now: now,
                chance: .random(in: 0..<1))
            consequences.append(outcome)
            return AttemptOutcome(
                claim: claim, verdict: answer.verdict, nextAttemptAt: outcome.nextAttempt,
                waitsByItself: outcome.waitsByItself, results: answer.results, domainNews: answer.domainNews,
                chance: .random(in: 0..<1))
        }
        // A channel that closed in this very turn lets nobody pass, nor one that is tried with one message alone.
        let begins = breaker.room(limit: inFlight.depth, under: inFlight.under, now: now) > 0 ? beginning : []
        let turned = try await store.turn(
            ended: outcomes, beginning: begins, rendered: inFlight.rendered,
            channel: breaker == inFlight.kept ? nil : (route, ChannelState(breaker)), limits: limits,
            lease: Self.lease, now: now)
        if !turned.finished.isEmpty { KillPoint.committed.reached() }
        if !turned.attempts.begun.isEmpty { KillPoint.begun.reached() }
        let ended = inFlight.done
        for (_, answer) in ended { inFlight.slowDown(by: answer.verdict, now: now) }
        (inFlight.breaker, inFlight.kept) = (breaker, breaker)
        for claim in begins { inFlight.rendered[claim.effect.id] = nil }
        inFlight.done = []
        for ((claim, answer), consequence) in zip(ended, consequences) { tell(claim, answer.verdict, consequence) }
        metrics.channelOpen.set(breaker.isClosed ? 0 : 1, route.shop, name)
        return turned.attempts
    }

    private func tell(_ claim: Claim, _ verdict: Verdict, _ consequence: ChannelBreaker.Outcome) {
        metrics.deliveries.add(1, route.channel.rawValue, verdict.name)
        let failure = verdict.failure
        if failure?.inDoubt == true {
            metrics.inDoubt.add(1, route.channel.rawValue)
            report(.inDoubt, claim, verdict)
        }
        // One that was put off a few times is every relay's way with strangers; a person is asked to look where it
        // lasts.
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
        case .opened: logger.log(Line.channelOpen, ["shop": "\(route.shop)", "channel": "\(name)"])
        case .closed(let failure):
            logger.log(
                failure.reason == Failure.disabled ? Line.channelDisabled : Line.channelClosed,
                [
                    "shop": "\(route.shop)", "channel": "\(name)", "reason": "\(failure.reason)",
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
            "shop": "\(effect.shop)", "order": "\(effect.event?.orderName ?? "")", "trigger": "\(effect.trigger)",
            "event": "\(effect.event?.kind.rawValue ?? "")", "channel": "\(name)", "message": "\(claim.message.id)",
        ]
        if let reason { facts["reason"] = "\(reason)" }
        if let detail { facts["detail"] = "\(detail)" }
        facts.merge(more) { mine, _ in mine }
        logger.log(line, level: level, facts)
    }
}

/// The attempts that have ended, until the loop takes them.
private final class CompletedAttempts: Sendable {
    struct CompletedAttempt: Sendable {
        var claim: Claim
        /// Nil where it was stopped before the far end could have taken anything.
        var answer: AttemptAnswer?
    }

    private let landed = Mutex<[CompletedAttempt]>([])
    private let wake: Wake

    init(_ wake: Wake) { self.wake = wake }

    func add(_ claim: Claim, _ answer: AttemptAnswer?) {
        landed.withLock { $0.append(CompletedAttempt(claim: claim, answer: answer)) }
        wake.call()
    }

    /// How many have not been taken yet.
    var count: Int { landed.withLock(\.count) }

    func take() -> [CompletedAttempt] {
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
    /// The breaker, as it is kept.
    fileprivate init(_ breaker: ChannelBreaker) {
        self.init(
            closedUntil: breaker.closedUntil,
            reason: breaker.failure?.reason ?? (breaker.closedUntil == nil ? nil : "unknown"),
            detail: breaker.failure?.detail, failures: breaker.failures, openings: breaker.openings,
            suspects: breaker.suspects)
    }
}

extension Message {
    /// True where it is a mail to the shopper, and her order has another address by now.
    fileprivate func hasMoved(with record: OrderRecord, _ effect: Effect) -> Bool {
        guard kind == .email, effect.isContact, let address = record.recipient?.address else { return false }
        return envelope.recipient.lowercased() != address.lowercased()
    }
}
