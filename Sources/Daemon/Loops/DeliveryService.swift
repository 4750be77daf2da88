import Delivery
import Foundation
import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store
import Synchronization

/// Hands the messages of one route (a shop's relay, or one webhook) to its receiver.
///
/// A message is claimed under a lease and judged; its attempt is recorded before the first byte is sent, and its
/// verdict afterwards. Anything that interrupts it between these two records leaves the attempt in doubt, and it is
/// repeated with the same bytes. So there are never more messages between them than keep the receiver's connections
/// busy: some are claimed and judged in advance, but they begin only as others end. One commit writes the verdicts that
/// have arrived and the attempts that begin in their place; while it is being written to disk, the next verdicts
/// gather. That determines how many may be in progress: only as many as keep the receiver busy when commits are quick,
/// and more only while all of them return before a commit is on disk, which is when the disk slows delivery down.
struct DeliveryService: Service {
    let route: Route
    let channel: any Channel
    let context: ShopContext
    /// Rewrites a mail whose order has a different address now; nil for channels without addresses.
    var maker: MessageMaker?
    let store: any DeliveryLedger
    let clock: DaemonClock
    let wake: Wake
    let heartbeats: Heartbeats
    let metrics: DaemonMetrics
    let logger: Logger
    /// Identifies this process in the leases.
    let owner: String
    /// How many messages may be in progress at once if the disk is fast.
    let limit: Int
    /// How many it may send per second, hour and day, in total and to each recipient domain.
    var limits = SendLimits()
    var trouble = StoreTrouble()
    /// The channel's kind, for its retry schedule.
    var kind: ChannelKind?
    /// The host that it sends to, for the journal.
    var relay = ""
    /// Tells the shop's people of what is given up; nil for mail, which would have to tell of itself.
    var givenUp: GivenUpNotices?
    /// Called when something was done that messages wait for; nil for channels that only carry messages.
    var planning: Wake?
    /// By which waits are drawn: a number from 0 up to 1, a new one each time.
    var chance: @Sendable () -> Double = { Double.random(in: 0..<1) }

    /// Longer than any attempt may take, so that a lease never expires during one. RFC 5321 allows ten minutes for the
    /// last reply.
    static let lease: Duration = {
        #if DEBUG
            // scripts/cluster-test cannot wait that long for what a lost daemon had begun.
            if let text = ProcessInfo.processInfo.environment["BOOKBAG_LEASE"], let seconds = Int(text) {
                return .seconds(seconds)
            }
        #endif
        return .minutes(15)
    }()
    /// How many messages are claimed and judged in advance of their attempts.
    static let ahead = 128
    /// How many may be in progress at once if the disk is slow.
    static let deepest = 64
    /// How many deferred attempts it takes before a person is asked to look: about a quarter of an hour for a mail.
    static let patientAttempts = 5
    /// How long a judgement is valid: a message claimed in advance that could not begin by then is judged again.
    static let judgement = Duration.seconds(2)

    private var name: String { route.name }

    func run() async throws {
        let completed = CompletedAttempts(wake)
        let prepared = PreparedClaims(wake)
        // Verdicts are always recorded, whatever the clock says; whether to begin attempts is decided in `turn`.
        let loop = Loop(
            Loop.Name("delivery:\(name)", shop: route.shop), wake: wake, heartbeats: heartbeats, trouble: trouble,
            clock: clock, logger: logger)
        await withDiscardingTaskGroup { group in
            let kept = (try? await store.channelState(route)) ?? ChannelState()
            // A channel that an earlier process found closed is tried immediately: the operator may have fixed it and
            // restarted us for that reason.
            var inFlight = InFlight(
                depth: limit,
                breaker: ChannelBreaker(
                    failures: kept.failures, failure: Failure(kept), openings: kept.openings,
                    suspects: kept.suspects,
                    isDisabled: kept.reason == Failure.disabled && kept.closedUntil != nil))
            inFlight.kept = inFlight.breaker
            inFlight.timesPutBack = clock.timesPutBack
            metrics.channelOpen.set(inFlight.breaker.isClosed ? 0 : 1, route.shop, name)
            // Whether it still is closed is not known before something was tried.
            if let failure = inFlight.breaker.failure {
                if failure.reason == Failure.disabled { logClosed(failure) } else { inFlight.isUntold = true }
            }
            await loop.run(drains: true) { ending in
                for attempt in completed.take() {
                    inFlight.under -= 1
                    if let answer = attempt.answer {
                        // At once, so that nothing more begins at the old pace in the step that writes the answer.
                        inFlight.slowDown(by: answer.verdict, now: clock.now)
                        inFlight.done.append((attempt.claim, answer))
                    } else {
                        // Cancelled before the receiver could have accepted anything, so it is not in doubt.
                        inFlight.returning.append(attempt.claim)
                    }
                }
                let moved = await turn(&inFlight, completed, prepared, ending: ending) { wanted, unjudged in
                    group.addTask { prepared.add(await prepare(wanted, unjudged)) }
                } start: { claim in
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
                // A verdict that could not be written yet is tried again for as long as we are allowed to live.
                if ending, inFlight.under == 0, !inFlight.isPreparing, inFlight.done.isEmpty || Task.isCancelled {
                    return .done
                }
                return moved ? .again : .wait(await patience(inFlight, ending: ending))
            }
            let left = inFlight.returning + inFlight.unjudged + inFlight.waiting.map(\.claim)
            if !left.isEmpty { try? await store.release(left, now: clock.now) }
        }
    }

    /// What is in progress, and the state of the channel.
    private struct InFlight {
        /// How many may currently be in progress at once.
        var depth: Int
        var breaker: ChannelBreaker
        /// The breaker's state in the store.
        var kept = ChannelBreaker()
        /// The number of attempts that have begun and not been answered yet.
        var under = 0
        /// Verdicts that have not been committed yet.
        var done: [(claim: Claim, answer: AttemptAnswer)] = []
        /// Claimed but not judged yet, or to be judged again: a store failure intervened.
        var unjudged: [Claim] = []
        /// Claimed and judged, not yet begun.
        var waiting: [Ready] = []
        /// To be returned to the store.
        var returning: [Claim] = []
        /// False once the store had fewer to claim than were wanted, until all of these have begun: asking again would
        /// cost a commit and find nothing.
        var mayHaveMore = true
        /// True while the next batch is claimed and judged, alongside the attempts under way.
        var isPreparing = false
        /// The time until which its limit is used up.
        var limitedUntil: Moment?
        /// How many times the clock had been set back when these moments were recorded.
        var timesPutBack = 0
        /// It was closed when an earlier process ended, and the journal does not say yet whether it still is.
        var isUntold = false
        /// The store failed in the last step.
        var storeFails = false
        /// How many at once are sent to a receiver that said it was too busy.
        var ceiling = Int.max
        /// The time until which it asked for nothing at all.
        var pausedUntil: Moment?

        /// How many of the answers to come belong to attempts that began before it was last slowed down: they say
        /// nothing new.
        var old = 0

        /// Forgets all moments once the clock was found to be right again after running ahead: they may lie far ahead.
        mutating func noteClock(_ times: Int) {
            guard times != timesPutBack else { return }
            timesPutBack = times
            breaker.noteClockPutBack()
            (limitedUntil, pausedUntil) = (nil, nil)
        }

        /// Adds what was judged.
        mutating func take(_ judged: Judged) {
            waiting += judged.going
            for effect in judged.withdrawn { breaker.forget(effect) }
        }

        /// Moves what was judged too long ago, or by a clock that ran ahead, to what is judged again.
        mutating func dropStale(now: Moment) {
            let stale = waiting.filter { !$0.holds(now: now) }
            guard !stale.isEmpty else { return }
            unjudged += stale.map(\.claim)
            waiting.removeAll { !$0.holds(now: now) }
        }

        /// Returns all that is claimed and has not begun.
        mutating func returnAll() {
            returning += waiting.map(\.claim) + unjudged
            (waiting, unjudged) = ([], [])
        }

        /// Halves the number for a busy receiver, once for all attempts that were under way then, and increases it
        /// again one by one. `under` counts the attempts whose answer is still to come.
        mutating func slowDown(by verdict: Verdict, now: Moment) {
            let isOld = old > 0
            if isOld { old -= 1 }
            if let failure = verdict.failure, let code = failure.code, [429, 502, 504].contains(code) {
                if !isOld {
                    ceiling = max(1, min(ceiling, depth) / 2)
                    old = under
                }
                if let asked = failure.retryAfter { pausedUntil = max(pausedUntil ?? now, now + min(asked, .hours(1))) }
            } else if case .accepted = verdict, !isOld, ceiling < Int.max {
                ceiling = ceiling < depth ? ceiling + 1 : Int.max
            }
        }
    }

    /// A claim that may be sent.
    fileprivate struct Ready {
        var claim: Claim
        /// The mail as it was rewritten for another address; nil if it goes as it is.
        var rendered: Message?
        var judgedAt: Moment

        func holds(now: Moment) -> Bool { judgedAt <= now && now - judgedAt <= DeliveryService.judgement }
    }

    /// What came of judging claims.
    fileprivate struct Judged {
        var going: [Ready] = []
        /// The effects that will not be tried again.
        var withdrawn: [Int64] = []
    }

    /// How long to wait for something to do.
    private func patience(_ inFlight: InFlight, ending: Bool) async -> Duration {
        if inFlight.storeFails { return .seconds(1) }
        if inFlight.under > 0 || inFlight.isPreparing || ending { return .seconds(1) }
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

    /// Claims and judges in advance, then writes the verdicts that have arrived together with the attempts that begin,
    /// and starts these. True if anything moved.
    private func turn(
        _ inFlight: inout InFlight, _ completed: CompletedAttempts, _ prepared: PreparedClaims, ending: Bool,
        prepare: (Int, [Claim]) -> Void, start: (Claim) -> Void
    ) async -> Bool {
        do throws(StoreFailure) {
            let now = clock.now
            inFlight.noteClock(clock.timesPutBack)
            if let batch = prepared.take() {
                inFlight.isPreparing = false
                inFlight.take(batch.judged)
                inFlight.unjudged += batch.unjudged
                inFlight.mayHaveMore = batch.mayHaveMore
                // The channel closed meanwhile, or is at its limit.
                let isLimitedForLong = inFlight.limitedUntil.map { $0 - now > Self.judgement } ?? false
                if inFlight.breaker.isClosed || isLimitedForLong { inFlight.returnAll() }
                if let failure = batch.failure { throw failure }
            }
            // By hand: `outbox retry` opens a closed channel for another try.
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
            if room > 0 { try await claim(&inFlight, room: room, now: now, prepare: prepare) }
            let beginning = Array(inFlight.waiting.prefix(max(0, room)))
            guard !inFlight.done.isEmpty || !beginning.isEmpty else {
                inFlight.storeFails = false
                return false
            }
            let (attempts, heldBack) = try await write(&inFlight, beginning: beginning)
            let begun = attempts.begun
            if !begun.isEmpty, inFlight.under > 0 {
                let flying = inFlight.under - completed.count
                // If all came back while we were writing, the receiver was idle. If most are still in progress, fewer
                // would do.
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
            let limited = Set(attempts.limited.map(\.effect.id))
            inFlight.waiting =
                beginning.filter { limited.contains($0.claim.effect.id) } + heldBack
                + inFlight.waiting.dropFirst(beginning.count)
            // What was judged by outdated data about its order is judged again.
            inFlight.unjudged += attempts.outdated
            inFlight.limitedUntil = attempts.limitedUntil
            // What cannot begin before the channel is open again, or not soon, is returned.
            let isLimitedForLong = attempts.limitedUntil.map { $0 - now > Self.judgement } ?? false
            if inFlight.breaker.isClosed || isLimitedForLong { inFlight.returnAll() }
            return true
        } catch {
            // A verdict that cannot be written is kept and written when possible; if we crash first, the attempt is in
            // doubt.
            trouble.note(error, now: clock.now, logger)
            inFlight.storeFails = true
            return false
        }
    }

    /// Makes sure that what may begin now is claimed and was judged a moment ago. If the store fails in between,
    /// claimed messages stay ours and are judged on a later turn.
    ///
    /// With nothing ready to begin, it claims and judges here and now. Otherwise the next batch is prepared alongside
    /// the attempts under way, so that the receiver is never idle meanwhile.
    private func claim(
        _ inFlight: inout InFlight, room: Int, now: Moment, prepare: (Int, [Claim]) -> Void
    ) async throws(StoreFailure) {
        inFlight.dropStale(now: now)
        if inFlight.isPreparing { return }
        let held = inFlight.waiting.count + inFlight.unjudged.count
        // Only one while the channel is being tested; and no more than may be sent soon.
        let wanted = inFlight.breaker.isClosed ? 1 : min(Self.ahead, limits.perSecond ?? Self.ahead)
        if !inFlight.waiting.isEmpty, !inFlight.breaker.isClosed {
            let needed = inFlight.mayHaveMore && held < max(room, wanted / 2) ? max(room, wanted) - held : 0
            guard needed > 0 || !inFlight.unjudged.isEmpty else { return }
            inFlight.isPreparing = true
            let unjudged = inFlight.unjudged
            inFlight.unjudged = []
            prepare(needed, unjudged)
            return
        }
        if held < room {
            let needed = max(room, wanted) - held
            let claims = try await claim(needed, now: now)
            inFlight.unjudged += claims
            inFlight.mayHaveMore = claims.count == needed
        }
        guard !inFlight.unjudged.isEmpty else { return }
        let judged = try await stillTrue(inFlight.unjudged, now: now)
        inFlight.unjudged = []
        inFlight.take(judged)
    }

    /// What holds a claim back, and until when.
    private struct Held: Hashable {
        var until: Moment
        var reason: Reason
        var detail: String?
    }

    private func claim(_ count: Int, now: Moment) async throws(StoreFailure) -> [Claim] {
        let claims = try await store.claim(
            route, limit: count, limits: limits, owner: owner, lease: Self.lease, now: now)
        if !claims.isEmpty { KillPoint.claimed.reached() }
        return claims
    }

    /// Claims `count` more and judges them together with those already claimed.
    private func prepare(_ count: Int, _ unjudged: [Claim]) async -> PreparedClaims.Batch {
        let now = clock.now
        var batch = PreparedClaims.Batch(unjudged: unjudged)
        do throws(StoreFailure) {
            if count > 0 {
                let claims = try await claim(count, now: now)
                batch.unjudged += claims
                batch.mayHaveMore = claims.count == count
            }
            if !batch.unjudged.isEmpty {
                batch.judged = try await stillTrue(batch.unjudged, now: now)
                batch.unjudged = []
            }
        } catch {
            batch.failure = error
        }
        return batch
    }

    /// The claims that may be sent; the others are withdrawn, or wait again.
    private func stillTrue(_ claims: [Claim], now: Moment) async throws(StoreFailure) -> Judged {
        var planner = context.rules.planner
        planner.pauses = try await store.pauses(shop: context.domain)
        let records = try await store.records(
            of: claims.compactMap(\.effect.aggregate), shop: context.domain, now: now)
        let histories = try await store.history(
            for: claims.map { HistoryQuestion(of: $0.effect, record: records.record(of: $0.effect), planner: planner) },
            now: now)
        var judged = Judged()
        var withdrawn: [Withdrawal] = []
        var held: [Held: [Claim]] = [:]
        for (claim, history) in zip(claims, histories) {
            let effect = claim.effect
            let record = records.record(of: effect)
            switch planner.judge(effect, record: record, history: history, now: now) {
            case .send:
                var claim = claim
                claim.reads = record?.reads ?? effect.aggregate.map { [$0: 0] } ?? [:]
                // The journal tells an answer among what was told of its order.
                claim.effect.nameOrder(record)
                guard let record, claim.message.hasMoved(with: record, effect), let maker else {
                    judged.going.append(Ready(claim: claim, judgedAt: now))
                    continue
                }
                // Nothing more is sent to the old address, even if it was already attempted.
                switch await maker.make(effect, record: record, history: history, planner: planner, now: now) {
                case .message(let message, _):
                    judged.going.append(Ready(claim: claim, rendered: message, judgedAt: now))
                case .wait(let until, let reason, let detail):
                    held[Held(until: until, reason: reason, detail: detail), default: []].append(claim)
                case .impossible(let reason, let detail):
                    withdrawn.append(Withdrawal(claim: claim, reason: reason, detail: detail))
                }
            case .shadow: withdrawn.append(Withdrawal(claim: claim, reason: .shadow))
            case .holdOut: withdrawn.append(Withdrawal(claim: claim, reason: .heldOut))
            case .skip(let reason, let detail):
                withdrawn.append(Withdrawal(claim: claim, reason: reason, detail: detail))
            case .replace(let other):
                withdrawn.append(Withdrawal(claim: claim, reason: .replaced, detail: other))
            case .wait(let until, let reason): held[Held(until: until, reason: reason), default: []].append(claim)
            }
        }
        for (one, claims) in held {
            try await store.release(claims, dueAt: one.until, reason: one.reason, detail: one.detail, now: now)
        }
        if !withdrawn.isEmpty {
            let ids = Set(try await store.withdraw(withdrawn, now: now))
            var lost: [GivenUpNotices.Entry] = []
            for withdrawal in withdrawn where ids.contains(withdrawal.claim.effect.id) {
                judged.withdrawn.append(withdrawal.claim.effect.id)
                // One that was attempted and is no longer news has been given up, so a person is told.
                let isGivenUp = withdrawal.claim.effect.attempts > 0 && withdrawal.reason == .oldNews
                if isGivenUp {
                    let attempts = withdrawal.claim.effect.attempts
                    let tried = attempts == 1 ? "tried once" : "tried \(attempts) times"
                    lost.append(entry(withdrawal.claim, "\(tried), and no news any more"))
                }
                report(
                    .withdrawn, withdrawal.claim, reason: withdrawal.reason.rawValue, detail: withdrawal.detail,
                    level: isGivenUp ? .warning : nil)
                metrics.decisions.add(
                    1, withdrawal.claim.effect.trigger, Effect.State.withdrawn.rawValue, withdrawal.reason.rawValue)
            }
            await giveUp(lost, now: now)
        }
        return judged
    }

    /// How the shop's people are told about one that was given up.
    private func entry(_ claim: Claim, _ why: String) -> GivenUpNotices.Entry {
        let effect = claim.effect
        if let command = ActionCommand(claim.message) {
            return GivenUpNotices.Entry(
                route: name, message: effect.id,
                what: "\(command.action.words) for \(command.name), by \(effect.trigger)",
                why: why, at: clock.now)
        }
        let order = effect.event.map { " of \($0.orderName)" } ?? ""
        return GivenUpNotices.Entry(
            route: name, message: effect.id, what: "\(effect.trigger)\(order)", why: why, at: clock.now)
    }

    /// Tells the shop's people. The journal has it in any case, so if the store fails now, only the mail is lost.
    private func giveUp(_ lost: [GivenUpNotices.Entry], now: Moment) async {
        guard !lost.isEmpty, let givenUp else { return }
        do throws(StoreFailure) { try await givenUp.tell(lost, now: now) } catch {
            trouble.note(error, now: now, logger)
        }
    }

    /// Writes the verdicts that have arrived and the attempts that begin, in one commit, and then reports them. Returns
    /// the attempts that may start and those that may not yet; and what was not to begin because a verdict closed the
    /// channel.
    private func write(
        _ inFlight: inout InFlight, beginning: [Ready]
    ) async throws(StoreFailure) -> (attempts: BegunAttempts, heldBack: [Ready]) {
        let now = clock.now
        var breaker = inFlight.breaker
        var consequences: [ChannelBreaker.Outcome] = []
        let outcomes = inFlight.done.map { claim, answer in
            let outcome = breaker.take(
                answer.verdict, of: claim.effect.id, attempt: claim.effect.attempts,
                age: now - (claim.effect.event?.happenedAt ?? claim.effect.createdAt), schedule: kind?.retries ?? .mail,
                now: now, chance: chance())
            consequences.append(outcome)
            return AttemptOutcome(
                claim: claim, verdict: answer.verdict, nextAttemptAt: outcome.nextAttempt,
                waitsByItself: outcome.waitsByItself, results: answer.results, domainNews: answer.domainNews,
                chance: chance())
        }
        // A channel that closed on this turn lets nothing through, nor does one that is being tested with a single
        // message.
        let begins = beginning.prefix(breaker.room(limit: inFlight.depth, under: inFlight.under, now: now))
        let rendered = begins.compactMap { ready in ready.rendered.map { (ready.claim.effect.id, $0) } }
        let turned = try await store.turn(
            ended: outcomes, beginning: begins.map(\.claim), rendered: Dictionary(uniqueKeysWithValues: rendered),
            channel: breaker == inFlight.kept ? nil : (route, ChannelState(breaker)), limits: limits,
            lease: Self.lease, now: now)
        if !turned.finished.isEmpty { KillPoint.committed.reached() }
        if !turned.attempts.begun.isEmpty { KillPoint.begun.reached() }
        let ended = inFlight.done
        (inFlight.breaker, inFlight.kept) = (breaker, breaker)
        inFlight.done = []
        if !ended.isEmpty { planning?.call() }
        var lost: [GivenUpNotices.Entry] = []
        for ((claim, answer), consequence) in zip(ended, consequences) {
            tell(claim, answer.verdict, consequence)
            if inFlight.isUntold {
                inFlight.isUntold = breaker.isClosed && consequence.isItsOwn
                if breaker.isClosed, !consequence.isItsOwn, consequence.change == nil, let failure = breaker.failure {
                    logClosed(failure)
                }
            }
            // What Shopify objects to in her address the customer sees at the field, and corrects.
            if case .refused(let failure) = answer.verdict, AddressObjection.read(answer.results).isEmpty {
                lost.append(entry(claim, "refused: \(failure.detail)"))
            }
            if case .closed(let failure) = consequence.change, failure.reason == Failure.disabled {
                lost.append(GivenUpNotices.Entry(route: name, message: nil, what: "", why: failure.detail, at: now))
            }
        }
        await giveUp(lost, now: now)
        metrics.channelOpen.set(breaker.isClosed ? 0 : 1, route.shop, name)
        return (turned.attempts, Array(beginning.dropFirst(begins.count)))
    }

    private func tell(_ claim: Claim, _ verdict: Verdict, _ consequence: ChannelBreaker.Outcome) {
        metrics.deliveries.add(1, route.channel.rawValue, verdict.name)
        let failure = verdict.failure
        if failure?.inDoubt == true {
            metrics.inDoubt.add(1, route.channel.rawValue)
            report(.inDoubt, claim, verdict)
        }
        // Relays commonly defer mail from strangers a few times; a person is asked to look only if it goes on.
        let deferral = claim.effect.attempts >= Self.patientAttempts ? Line.deferred.level : .info
        switch verdict {
        case .accepted: report(.delivered, claim, verdict)
        case .refused: report(.refused, claim, verdict)
        case .deferred: report(.deferred, claim, verdict, level: deferral)
        case .unavailable:
            // Otherwise it concerns the channel, and is reported once, below.
            if consequence.isItsOwn { report(.deferred, claim, verdict, level: deferral) }
        }
        switch consequence.change {
        case nil: break
        case .opened: logger.log(Line.channelOpen, ["shop": "\(route.shop)", "channel": "\(name)"])
        case .closed(let failure): logClosed(failure)
        }
    }

    /// Says that the channel is closed: when it closes, and when it was so before we started and is found so again.
    private func logClosed(_ failure: Failure) {
        var facts: Logger.Metadata = [
            "shop": "\(route.shop)", "channel": "\(name)", "reason": "\(failure.reason)",
            "detail": "\(failure.detail)",
        ]
        if !relay.isEmpty { facts["relay"] = "\(relay)" }
        logger.log(failure.reason == Failure.disabled ? Line.channelDisabled : Line.channelClosed, facts)
    }

    /// Reports an attempt with the receiver's answer. That contains no address: it was redacted when it arrived.
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
            "shop": "\(effect.shop)", "trigger": "\(effect.trigger)", "event": "\(effect.event?.kind.rawValue ?? "")",
            "channel": "\(name)", "message": "\(claim.message.id)",
        ].merging(effect.journalPlace) { mine, _ in mine }
        if let reason { facts["reason"] = "\(reason)" }
        if let detail { facts["detail"] = "\(detail)" }
        facts.merge(more) { mine, _ in mine }
        logger.log(line, level: level, facts)
    }
}

/// The batch that was claimed and judged alongside the loop, until the loop collects it. There is one at a time.
private final class PreparedClaims: Sendable {
    struct Batch: Sendable {
        var judged = DeliveryService.Judged()
        /// Claimed, and not judged: the store failed in between.
        var unjudged: [Claim]
        var mayHaveMore = true
        var failure: StoreFailure?
    }

    private let batch = Mutex<Batch?>(nil)
    private let wake: Wake

    init(_ wake: Wake) { self.wake = wake }

    func add(_ batch: Batch) {
        self.batch.withLock { $0 = batch }
        wake.call()
    }

    func take() -> Batch? {
        batch.withLock { batch in
            defer { batch = nil }
            return batch
        }
    }
}

/// The attempts that have ended, until the loop collects them.
private final class CompletedAttempts: Sendable {
    struct CompletedAttempt: Sendable {
        var claim: Claim
        /// Nil if it was cancelled before the receiver could have accepted anything.
        var answer: AttemptAnswer?
    }

    private let landed = Mutex<[CompletedAttempt]>([])
    private let wake: Wake

    init(_ wake: Wake) { self.wake = wake }

    func add(_ claim: Claim, _ answer: AttemptAnswer?) {
        landed.withLock { $0.append(CompletedAttempt(claim: claim, answer: answer)) }
        wake.call()
    }

    /// How many have not been collected yet.
    var count: Int { landed.withLock(\.count) }

    func take() -> [CompletedAttempt] {
        landed.withLock { landed in
            defer { landed = [] }
            return landed
        }
    }
}

extension Failure {
    /// Why a channel was closed, from its stored state.
    fileprivate init?(_ kept: ChannelState) {
        guard kept.failures > 0, let reason = kept.reason else { return nil }
        self.init(reason: reason, detail: kept.detail ?? reason)
    }
}

extension ChannelState {
    /// The breaker in its stored form.
    fileprivate init(_ breaker: ChannelBreaker) {
        self.init(
            closedUntil: breaker.closedUntil,
            reason: breaker.failure?.reason ?? (breaker.closedUntil == nil ? nil : "unknown"),
            detail: breaker.failure?.detail, failures: breaker.failures, openings: breaker.openings,
            suspects: breaker.suspects)
    }
}

extension Message {
    /// True if it goes to the shopper, and her order now has a different address or phone number. What a
    /// person wrote goes where that person sent it.
    fileprivate func hasMoved(with record: OrderRecord, _ effect: Effect) -> Bool {
        guard effect.event != nil else { return false }
        if kind == .sms, effect.line == SendLine.answerName {
            return record.answerNumber.map { $0.text != envelope.recipient } ?? false
        }
        if kind == .chat { return record.answerChat != envelope.recipient }
        if kind == .helpdesk, effect.line == SendLine.answerName {
            return record.answerRecipient?.address.lowercased() != envelope.recipient.lowercased()
        }
        if kind == .sms, effect.isContact {
            return record.phone.map { $0.text != envelope.recipient } ?? false
        }
        guard kind == .email else { return false }
        let own =
            effect.line == SendLine.answerName ? record.answerRecipient : effect.isContact ? record.recipient : nil
        guard let address = own?.address else { return false }
        return envelope.recipient.lowercased() != address.lowercased()
    }
}
