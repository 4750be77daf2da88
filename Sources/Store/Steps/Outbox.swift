// The outbox: effects that are ready, and who is working on them.
//
//     claim ──▶ begin ──▶ (the far end) ──▶ finish
//       │         └── died here: the attempt is in doubt, and the same bytes go again
//       └──▶ release, withdraw
//
// A claim is a lease with a token that is issued once. Every later step names the token: once a lease has passed to
// somebody else, the old token has no effect. `begin` writes the row of an attempt, before the first byte goes out;
// `finish` writes its verdict. An attempt without a verdict is in doubt as soon as its lease passes on: either it ran
// out and the effect was claimed again, or the process that held it is gone (`recover`).

public import Outreach
internal import Platform

extension Store: DeliveryLedger {
    /// Leases the effects of a route that are ready and due: first those of people and of Bookbag itself, then those of
    /// triggers, each longest due first. An effect already leased is left out until its lease runs out.
    ///
    /// Mail to a recipient domain that is closed moves to that domain's own queue, so that it stands in nobody's way.
    /// Of that queue one mail is leased, to go ahead, once the domain may be asked again; all of it moves back where the
    /// domain is open. One call moves a few hundred at most.
    ///
    /// - Parameters:
    ///   - limits: those that the attempts are to keep.
    ///   - owner: a name for this process that no other process ever has.
    ///   - lease: how long we hold it; longer than an attempt can take.
    public func claim(
        _ route: Route, limit: Int, limits: SendLimits = SendLimits(), owner: String, lease: Duration, now: Moment
    ) async throws(StoreFailure) -> [Claim] {
        let hash = hash
        return try await write { db in
            let shop = try db.shop(route.shop)
            let until = now + lease
            let queues = DomainQueues(shop: shop, route: route, limits: limits, now: now, db: db)
            let due = try queues.next(limit, lease: lease)
            guard !due.isEmpty else {
                try db.note(now)
                return []
            }
            let token = try db.nextToken()
            var tally = Tally()
            var claims: [Claim] = []
            for next in due {
                guard let oldToken = next.oldToken else { continue }
                try db.doubt(effectID: next.id, token: oldToken, route: route, shop: shop, now: now, &tally)
            }
            let known = try db.together(due) { next -> (message: Message, effect: Effect, results: [String: String])? in
                guard let message = try db.message(effectID: next.id, shop: shop),
                    let effect = try db.effect(next.id, shop: shop)
                else { return nil }
                let isRepeated = route.channel == .shop && effect.attempts > 0
                return (message, effect, isRepeated ? try db.results(of: next.id, shop: shop) : [:])
            }
            for (next, known) in zip(due, known) {
                let id = next.id
                guard let (message, effect, results) = known else {
                    throw StoreFailure.unreadable("an effect without its message, or one")
                }
                try db.run(
                    """
                    INSERT INTO leases (shop, effect_id, owner, token, lease_until) VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT (shop, effect_id) DO UPDATE SET
                        owner = excluded.owner, token = excluded.token, lease_until = excluded.lease_until
                    """, [shop, id, owner, token, until.milliseconds])
                var claim = Claim(effect: effect, message: message, token: token, leaseUntil: until)
                if route.channel == .shop, effect.attempts > 0 {
                    claim.message.known = results
                    claim.message.known[Message.doubts] = "\(effect.attemptsInDoubt)"
                }
                claim.goesAhead = next.goesAhead
                if route.channel == .email { claim.returnToken = hash.returnToken(shop: shop, effect: id) }
                claims.append(claim)
            }
            try tally.write(to: db)
            try db.note(now)
            return claims
        }
    }

    /// Records that attempts begin: the row comes before the act. Only for returned claims may the first byte go out.
    ///
    /// - Parameters:
    ///   - rendered: by effect, messages rendered again from what is known now. One that was attempted before keeps its
    ///     bytes regardless, unless it now goes to another address; every message keeps its id.
    ///   - lease: counted from now.
    /// - Returns: the claims whose leases still hold, with their current effects and messages; and those whose leases
    ///   hold too but which must be judged again, or wait for the route's limit. A claim whose domain is closed, or at
    ///   its limit, is no longer ours: it stands in its domain's queue.
    public func begin(
        _ claims: [Claim], rendered: [Int64: Message] = [:], limits: SendLimits = SendLimits(), lease: Duration,
        now: Moment
    ) async throws(StoreFailure) -> BegunAttempts {
        let hash = hash
        return try await write { db in
            let outcome = try db.begin(
                claims, rendered: rendered, limits: limits, lease: lease, hash: hash, now: now)
            try db.note(now)
            return outcome
        }
    }

    /// One turn of a route, in one commit: records the far end's verdicts on finished attempts (`finish`), stores
    /// whether the route is open, and records the attempts that begin in their place (`begin`).
    ///
    /// If the route opens, messages that its closing put off are due at once, but not those that wait for their own
    /// reasons.
    ///
    /// - Returns: what the verdicts did, and what became of the claims that were to begin.
    public func turn(
        ended outcomes: [AttemptOutcome], beginning claims: [Claim],
        rendered: [Int64: Message] = [:], channel: (route: Route, state: ChannelState)? = nil,
        limits: SendLimits = SendLimits(), lease: Duration, now: Moment
    ) async throws(StoreFailure) -> (finished: [FinishedAttempt], attempts: BegunAttempts) {
        let hash = hash
        defer { changes.call() }
        return try await write { db in
            let finished = try db.finish(outcomes, limits: limits, hash: hash, now: now)
            if let channel { try db.put(channel.state, of: channel.route, now: now) }
            let attempts = try db.begin(
                claims, rendered: rendered, limits: limits, lease: lease, hash: hash, now: now)
            try db.note(now)
            return (finished, attempts)
        }
    }

    /// Records the far end's verdicts and ends the leases. A verdict under an old token is recorded but changes
    /// nothing.
    ///
    /// `accepted` makes the effect `sent`, `refused` makes it `refused`; after `deferred` and `unavailable` it stays
    /// `ready` for its next attempt. A mailbox that does not exist is silenced, for all mail.
    public func finish(
        _ outcomes: [AttemptOutcome], limits: SendLimits = SendLimits(), now: Moment
    ) async throws(StoreFailure) -> [FinishedAttempt] {
        let hash = hash
        defer { changes.call() }
        return try await write { db in
            let finished = try db.finish(outcomes, limits: limits, hash: hash, now: now)
            try db.note(now)
            return finished
        }
    }

    /// Returns claims that were not attempted, or that stopped before the far end could have accepted anything.
    ///
    /// - Parameters:
    ///   - dueAt: when they may be claimed again; nil leaves their time.
    ///   - reason: why they wait, if they do.
    public func release(
        _ claims: [Claim], dueAt: Moment? = nil, reason: Reason? = nil, detail: String? = nil, now: Moment
    ) async throws(StoreFailure) {
        try await write { db in
            var shops = ShopNumbers()
            for claim in claims {
                let shop = try shops.number(claim.effect.shop, in: db)
                guard try db.endLease(of: claim, shop: shop, now: now) else { continue }
                try db.run(
                    """
                    UPDATE attempts SET ended_at = ?, verdict = 'deferred', reason = 'stopped'
                    WHERE shop = ? AND effect_id = ? AND token = ? AND verdict IS NULL
                    """, [now.milliseconds, shop, claim.effect.id, claim.token])
                guard dueAt != nil || reason != nil else { continue }
                try db.run(
                    """
                    UPDATE effects SET due_at = coalesce(?, due_at), reason = coalesce(?, reason),
                        detail = coalesce(?, detail), version = version + 1 WHERE shop = ? AND id = ?
                    """, [dueAt?.milliseconds, reason?.rawValue, detail, shop, claim.effect.id])
            }
            try db.note(now)
        }
    }

    /// Withdraws claimed effects that were no longer true at the moment of sending, and returns them: those whose lease
    /// has passed on, or whose attempt has begun, are left alone.
    @discardableResult
    public func withdraw(_ withdrawals: [Withdrawal], now: Moment) async throws(StoreFailure) -> [Int64] {
        defer { changes.call() }
        return try await write { db in
            var shops = ShopNumbers()
            var tally = Tally()
            var withdrawn: [Int64] = []
            let standings = try db.together(withdrawals) { withdrawal in
                let effect = withdrawal.claim.effect
                let shop = try db.shop(effect.shop)
                return (
                    hasBegun: try db.integer(Query.openAttempt, [shop, effect.id, withdrawal.claim.token]) != nil,
                    rating: effect.isContact ? try db.countedRating(effectID: effect.id, shop: shop) : nil
                )
            }
            for (withdrawal, standing) in zip(withdrawals, standings) {
                let effect = withdrawal.claim.effect
                let shop = try shops.number(effect.shop, in: db)
                guard
                    try !standing.hasBegun && db.endLease(of: withdrawal.claim, shop: shop, now: now)
                else { continue }
                let note = DecisionNote(
                    at: now, state: .withdrawn, reason: withdrawal.reason, detail: withdrawal.detail)
                try db.move(effect, to: note, rating: .some(standing.rating), shop: shop, tally: &tally)
                withdrawn.append(effect.id)
            }
            try tally.write(to: db)
            try db.note(now)
            return withdrawn
        }
    }

    /// At the start of a process: revokes all leases of others. Their attempts without a verdict are in doubt at once,
    /// whatever the clock says, and are counted; their effects can be claimed again.
    ///
    /// Only the daemon that serves these shops may call this. If it took one over at a server from a daemon that was
    /// not heard of any more, that one may be sending still: then leases that have not run out are left alone.
    ///
    /// - Parameter shops: those that this process serves; nil for all that there are.
    /// - Returns: the number of attempts in doubt, by channel.
    @discardableResult
    public func recover(
        owner: String, shops: [String]? = nil, now: Moment
    ) async throws(StoreFailure) -> [ChannelName: Int] {
        let mayOthersSend = gate?.mayOthersSend ?? false
        return try await write { db in
            var tally = Tally()
            var inDoubt: [ChannelName: Int] = [:]
            let served = shops.map(Set.init)
            var stillSent: Set<String> = []
            if case .postgres(let line) = db.line { stillSent = try Owners.stillSent(line) }
            var leases: [(id: Int64, token: Int64, shop: Int64, route: Route)] = []
            for (number, domain) in try db.shops() where served?.contains(domain) ?? true {
                let until = mayOthersSend || stillSent.contains(domain) ? now : .distantFuture
                leases += try db.all(Query.leasesOfOthers, [number, owner, until.milliseconds]) { row in
                    (
                        id: row[0], token: row[1], shop: number,
                        route: Route(shop: "", channel: try row.word(2), target: row[3])
                    )
                }
            }
            for lease in leases {
                let doubted = try db.doubt(
                    effectID: lease.id, token: lease.token, route: lease.route, shop: lease.shop, now: now, &tally)
                if doubted { inDoubt[lease.route.channel, default: 0] += 1 }
                try db.run("DELETE FROM leases WHERE shop = ? AND effect_id = ?", [lease.shop, lease.id])
                try db.letAnotherGoAhead(insteadOf: lease.id, shop: lease.shop, now: now)
            }
            try db.forgetSpent(now: now)
            try tally.write(to: db)
            try db.note(now)
            return inDoubt
        }
    }

    /// When the next attempt of a route may be made: when the next effect is due, or a lease runs out. Nil if nothing
    /// is ready.
    public func nextAttempt(_ route: Route) async throws(StoreFailure) -> Moment? {
        try await read { db in
            let shop = try db.shop(route.shop)
            let free = try (0...1).compactMap { rank in
                try db.integer(Query.nextFree, [shop, route.channel.rawValue, route.target, rank])
            }
            let leased = try db.integer(Query.nextLeaseEnd, [shop, route.channel.rawValue, route.target])
            let queued = try db.integer(Query.nextDomain, [shop, route.channel.rawValue, route.target])
            return (free + [leased, queued].compactMap { $0 }).min().map { Moment(milliseconds: $0) }
        }
    }

    /// The routes for which something is ready: shows what waits for a webhook that is no longer configured.
    public func waysWithWork() async throws(StoreFailure) -> Set<Route> {
        try await read { db in
            var routes: Set<Route> = []
            for (shop, domain) in try db.shops() {
                routes.formUnion(
                    try db.all(Query.waysWithWork, [shop]) { row in
                        Route(shop: domain, channel: try row.word(0), target: row[1])
                    })
            }
            return routes
        }
    }

    /// The effect that a bounce is about, by the token of the address that it came to (`ReturnPath`); nil for a token
    /// that this store did not give out, and for an effect that is gone.
    public func effect(ofReturnToken token: String) async throws(StoreFailure) -> Effect? {
        guard let numbers = hash.numbers(ofReturnToken: token) else { return nil }
        return try await read { db in try db.effect(numbers.effect, shop: numbers.shop) }
    }
}

extension Connection {
    /// A token that was never issued before.
    fileprivate func nextToken() throws -> Int64 {
        if case .postgres(let line) = line, let token = line.nextClaim() { return token }
        guard
            let next = try integer(
                "UPDATE store SET next_token = next_token + 1 WHERE one = 1 RETURNING next_token")
        else { throw StoreFailure.unreadable("no token") }
        return next - 1
    }

    /// Marks the attempt of a lease that passed on as in doubt if it has no verdict.
    @discardableResult
    fileprivate func doubt(
        effectID: Int64, token: Int64, route: Route, shop: Int64, now: Moment, _ tally: inout Tally
    ) throws -> Bool {
        let doubted = try changes(
            """
            UPDATE attempts SET in_doubt = 1, doubted_at = ?
            WHERE shop = ? AND effect_id = ? AND token = ? AND verdict IS NULL AND doubted_at IS NULL
            """, [now.milliseconds, shop, effectID, token])
        guard doubted > 0 else { return false }
        try run(
            """
            UPDATE effects SET attempts_in_doubt = attempts_in_doubt + 1, version = version + 1
            WHERE shop = ? AND id = ?
            """, [shop, effectID])
        tally.add(.inDoubt, [route.channel.rawValue, route.target], shop: shop)
        return true
    }

    /// Ends the lease of a claim; false if it has passed on.
    fileprivate func endLease(of claim: Claim, shop: Int64, now: Moment) throws -> Bool {
        let hasEnded = try changed(
            "DELETE FROM leases WHERE shop = ? AND effect_id = ? AND token = ?", [shop, claim.effect.id, claim.token])
        if hasEnded, claim.goesAhead { try letAnotherGoAhead(insteadOf: claim.effect.id, shop: shop, now: now) }
        return hasEnded
    }

    /// Ends an effect, with its reason in the row and in its story.
    ///
    /// - Parameter rating: the question in it, where that was looked up already.
    func move(
        _ effect: Effect, to note: DecisionNote, rating: CountedRating?? = nil, shop: Int64, tally: inout Tally
    ) throws {
        try run(
            """
            UPDATE effects SET state = ?, reason = ?, detail = ?, decided_at = ?,
                sent_at = CASE WHEN ? = 'sent' THEN ? WHEN ? = 'bounced' THEN sent_at END,
                counted_at = CASE WHEN ? = 'sent' THEN ? WHEN ? = 'bounced' THEN counted_at END,
                version = version + 1
            WHERE shop = ? AND id = ?
            """,
            [
                note.state.rawValue, note.reason?.rawValue, note.detail, note.at.milliseconds,
                note.state.rawValue, note.at.milliseconds, note.state.rawValue,
                note.state.rawValue, note.at.milliseconds, note.state.rawValue, shop, effect.id,
            ])
        try append(note, effectID: effect.id, shop: shop)
        // What was ready before a backup was restored may have been done since.
        if note.reason != .restored { try settleGift(of: effect, to: note.state, at: note.at, shop: shop) }
        if note.state == .sent { try noteAnswer(effect, at: note.at, shop: shop) }
        try noteAct(effect, dueAt: note.at, shop: shop)
        try settleVerdict(waitingFor: effect, now: note.state, at: note.at, shop: shop)
        tally.move(effect, from: effect.state, to: note.state, shop: shop)
        tally.decided(effect, note, shop: shop)
        tally.settle(effect, from: Tally.Standing(effect), to: Tally.Standing(note), shop: shop)
        // A question that nobody got was not asked.
        if effect.isContact {
            let rating = try rating ?? countedRating(effectID: effect.id, shop: shop)
            try count([.ready, .sent].contains(note.state), rating, effectID: effect.id, shop: shop, tally: &tally)
        }
    }

    /// Records that attempts begin, for the claims whose judgement is still up to date.
    fileprivate func begin(
        _ claims: [Claim], rendered: [Int64: Message], limits: SendLimits, lease: Duration, hash: KeyedHash, now: Moment
    ) throws -> BegunAttempts {
        var shops = ShopNumbers()
        var attempts = BegunAttempts()
        guard let route = claims.first?.effect.route else { return attempts }
        var gauge = SendGauge(shop: try shops.number(route.shop, in: self), route: route, limits: limits, now: now)
        let domains = claims.map { recipientDomain(of: (rendered[$0.effect.id] ?? $0.message).envelope.recipient) }
        try gauge.lookAhead(domains, in: self)
        // What is written of one changes nothing of another.
        let checks = try together(claims) { claim in
            let (shop, id) = (try shop(claim.effect.shop), claim.effect.id)
            let isCurrent = try isCurrent(claim.reads, shop: shop)
            return BeginningCheck(
                isCurrent: isCurrent,
                isHeld: try !isCurrent && integer(Query.lease, [shop, id, claim.token]) != nil,
                row: try !isCurrent
                    ? nil
                    : first(Query.beginnable, [shop, id, claim.token]) {
                        (owner: $0[0], attempts: $0[1], version: $0[2])
                    })
        }
        for (claim, (domain, check)) in zip(claims, zip(domains, checks)) {
            let shop = try shops.number(claim.effect.shop, in: self)
            guard check.isCurrent else {
                if check.isHeld { attempts.outdated.append(claim) }
                continue
            }
            let rendered = rendered[claim.effect.id]
            switch try gauge.room(domain, goesAhead: claim.goesAhead, in: self) {
            case .free: break
            case .noneAtAll(let until):
                attempts.limited.append(claim)
                attempts.limitedUntil = until
                continue
            case .noneForDomain:
                // One whose address was put right stands in no queue of the new domain, and goes as it is.
                guard domain == recipientDomain(of: claim.message.envelope.recipient) else { break }
                if try endLease(of: claim, shop: shop, now: now) {
                    try gauge.queue(claim.effect.id, of: domain, in: self)
                }
                continue
            }
            guard let row = check.row else { continue }
            let started = try begin(
                claim, row: row, rendered: rendered, shop: shop, lease: lease, hash: hash, now: now)
            attempts.begun.append(started)
            try gauge.spend(domain, in: self)
        }
        try gauge.write(to: self)
        return attempts
    }

    /// Records that an attempt begins.
    private func begin(
        _ claim: Claim, row: BeginningCheck.Row, rendered: Message?, shop: Int64, lease: Duration, hash: KeyedHash,
        now: Moment
    ) throws -> Claim {
        var claim = claim
        let id = claim.effect.id
        let moves = rendered?.recipient != claim.message.recipient
        if let rendered, moves || (row.attempts == 0 && rendered.id == claim.message.id) {
            try put(rendered, effectID: id, shop: shop, now: now)
            claim.message = rendered
            if moves, let recipient = rendered.recipient {
                try run(
                    "UPDATE effects SET recipient_key = ?, domain = ?, queue = '' WHERE shop = ? AND id = ?",
                    [hash.address(recipient), recipientDomain(of: recipient), shop, id])
                try append(
                    DecisionNote(
                        at: now, state: .ready, reason: nil,
                        detail: "the order's address changed: rendered again, and sent to the new one"),
                    effectID: id, shop: shop)
            }
        }
        try run(
            "INSERT INTO attempts (shop, effect_id, number, token, owner, begun_at) VALUES (?, ?, ?, ?, ?, ?)",
            [shop, id, row.attempts + 1, claim.token, row.owner, now.milliseconds])
        try run(
            "UPDATE effects SET attempts = attempts + 1, version = version + 1 WHERE shop = ? AND id = ?", [shop, id])
        claim.leaseUntil = now + lease
        try run(
            "UPDATE leases SET lease_until = ? WHERE shop = ? AND effect_id = ?",
            [claim.leaseUntil.milliseconds, shop, id])
        if row.version == claim.effect.version {
            claim.effect.attempts = row.attempts + 1
            claim.effect.version += 1
        } else {
            guard let effect = try effect(id, shop: shop) else { throw StoreFailure.unreadable("an effect") }
            claim.effect = effect
        }
        return claim
    }

    /// Records verdicts, and their totals.
    fileprivate func finish(
        _ outcomes: [AttemptOutcome], limits: SendLimits, hash: KeyedHash, now: Moment
    ) throws -> [FinishedAttempt] {
        var shops = ShopNumbers()
        var tally = Tally()
        var finished: [FinishedAttempt] = []
        var news = DomainNews(now: now)
        try news.lookAhead(outcomes, in: self)
        // What is written of one changes nothing of another.
        let standings = try together(outcomes) { outcome in
            let (shop, effect) = (try shop(outcome.claim.effect.shop), outcome.claim.effect)
            let state = try first("SELECT state FROM effects WHERE shop = ? AND id = ?", [shop, effect.id]) {
                try $0.word(0, Effect.State.self)
            }
            return (state: state, rating: effect.isContact ? try countedRating(effectID: effect.id, shop: shop) : nil)
        }
        for (outcome, standing) in zip(outcomes, standings) {
            guard let state = standing.state else { continue }
            let shop = try shops.number(outcome.claim.effect.shop, in: self)
            let result = try finish(
                outcome, state: state, rating: standing.rating, shop: shop, hash: hash, now: now, tally: &tally)
            guard let result else { continue }
            finished.append(result)
            try news.take(outcome, shop: shop, in: self)
            try giveBack(outcome, limits: limits, shop: shop, now: now)
        }
        try tally.write(to: self)
        return finished
    }

    /// Records a verdict; nil if there is no such attempt, or it has a verdict already.
    ///
    /// - Parameters:
    ///   - state: the effect's, by now.
    ///   - rating: the question in it, if there is one.
    private func finish(
        _ outcome: AttemptOutcome, state: Effect.State, rating: CountedRating?, shop: Int64, hash: KeyedHash,
        now: Moment, tally: inout Tally
    ) throws -> FinishedAttempt? {
        let claim = outcome.claim
        // Everything else needed from the effect never changes.
        var effect = claim.effect
        effect.state = state
        let late = try !endLease(of: claim, shop: shop, now: now)
        let failure = outcome.verdict.failure
        var receipt: String?
        if case .accepted(let text) = outcome.verdict { receipt = text }
        let isRecorded = try changed(
            """
            UPDATE attempts SET ended_at = ?, verdict = ?, reason = ?, code = ?, enhanced_code = ?, detail = ?,
                receipt = ?, in_doubt = CASE WHEN ? = 1 THEN 1 ELSE in_doubt END, late = ?
            WHERE shop = ? AND effect_id = ? AND token = ? AND verdict IS NULL
            """,
            [
                now.milliseconds, outcome.verdict.name, failure?.reason, failure?.code, failure?.enhancedCode,
                failure?.detail, receipt, failure?.inDoubt ?? false, late, shop, effect.id, claim.token,
            ])
        guard isRecorded else { return nil }
        tally.add(.deliveries, [effect.channel.rawValue, effect.route.target, outcome.verdict.name], shop: shop)
        for (name, value) in outcome.results {
            try run(
                """
                INSERT INTO results (shop, effect_id, name, value, noted_at) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (shop, effect_id, name) DO UPDATE SET value = excluded.value, noted_at = excluded.noted_at
                """, [shop, effect.id, name, value, now.milliseconds])
        }
        if let cost = outcome.results[LabelResult.cost].flatMap({ Int64($0) }) {
            try correctLabel(of: effect.id, to: cost, shop: shop)
        }
        if late { return FinishedAttempt(effectID: effect.id, state: effect.state, late: true) }
        if failure?.inDoubt == true {
            try run(
                "UPDATE effects SET attempts_in_doubt = attempts_in_doubt + 1 WHERE shop = ? AND id = ?",
                [shop, effect.id])
            tally.add(.inDoubt, [effect.channel.rawValue, effect.route.target], shop: shop)
        }
        switch outcome.verdict {
        case .accepted, .refused: try wakeMessages(beside: effect, shop: shop, now: now)
        case .deferred, .unavailable: break
        }
        switch outcome.verdict {
        case .accepted:
            let note = DecisionNote(at: now, state: .sent, reason: .accepted)
            try move(effect, to: note, rating: .some(rating), shop: shop, tally: &tally)
            return FinishedAttempt(effectID: effect.id, state: .sent, late: false)
        case .refused(let failure):
            let note = DecisionNote(at: now, state: .refused, reason: .refused, detail: failure.detail)
            try move(effect, to: note, shop: shop, tally: &tally)
            if failure.isNoMailbox, let recipient = claim.message.recipient {
                let code = [failure.code.map(String.init), failure.enhancedCode].compactMap(\.self)
                try silence(
                    .address(recipient), shop: shop, stream: .all, reason: StandingSilence.bounce,
                    note:
                        "the relay says that there is no such mailbox (\(code.joined(separator: " ")), message \(effect.id))",
                    until: nil, hash: hash, now: now)
            }
            if failure.isOptOut, let recipient = claim.message.recipient {
                try silence(
                    .address(recipient), shop: shop, stream: .all, reason: IncomingOutcome.Silencing.optOut,
                    note: "opted out with the provider (\(failure.reason), message \(effect.id))", until: nil,
                    hash: hash, now: now)
            }
            return FinishedAttempt(effectID: effect.id, state: .refused, late: false)
        case .deferred(let failure), .unavailable(let failure):
            var reason = Reason.deferred
            if case .unavailable = outcome.verdict, !outcome.waitsByItself { reason = .unavailable }
            try run(
                """
                UPDATE effects SET due_at = ?, reason = ?, detail = ?, version = version + 1
                WHERE shop = ? AND id = ?
                """,
                [
                    (outcome.nextAttemptAt ?? now).milliseconds, reason.rawValue, failure.detail, shop, effect.id,
                ])
            return FinishedAttempt(effectID: effect.id, state: .ready, late: false)
        }
    }
}

/// What is known of a claim whose attempt is to begin.
private struct BeginningCheck {
    typealias Row = (owner: String, attempts: Int, version: Int64)

    /// Whether everything that it was judged by still stands.
    var isCurrent: Bool
    /// Whether the lease of one that is not current holds.
    var isHeld: Bool
    /// Nil if the lease has passed on, or the attempt has begun already.
    var row: Row?
}

extension Message {
    /// Its recipient; nil if it does not go to an address.
    var recipient: String? { envelope.recipient.isEmpty ? nil : envelope.recipient }
}

extension Query {
    static let beginnable = """
        SELECT leases.owner, effects.attempts, effects.version
        FROM leases JOIN effects ON effects.shop = leases.shop AND effects.id = leases.effect_id
        WHERE leases.shop = ? AND leases.effect_id = ? AND leases.token = ? AND effects.state = 'ready' AND NOT EXISTS (
            SELECT 1 FROM attempts WHERE attempts.shop = leases.shop AND attempts.effect_id = leases.effect_id
                AND attempts.token = leases.token)
        """
    static let lease = "SELECT 1 FROM leases WHERE shop = ? AND effect_id = ? AND token = ?"
    static let openAttempt = """
        SELECT 1 FROM attempts WHERE shop = ? AND effect_id = ? AND token = ? AND verdict IS NULL
        """
    static let leasedAttempt = """
        SELECT 1 FROM leases JOIN attempts ON attempts.shop = leases.shop AND attempts.effect_id = leases.effect_id
            AND attempts.token = leases.token
        WHERE leases.shop = ? AND leases.effect_id = ?
        """
    static let leasesOfOthers = """
        SELECT leases.effect_id, leases.token, effects.channel, effects.target
        FROM leases JOIN effects ON effects.shop = leases.shop AND effects.id = leases.effect_id
        WHERE leases.shop = ? AND leases.owner <> ? AND leases.lease_until <= ?
        """
    static let nextFree = """
        SELECT due_at FROM effects
        WHERE shop = ? AND channel = ? AND target = ? AND queue = '' AND state = 'ready' AND rank = ? AND NOT EXISTS (
            SELECT 1 FROM leases WHERE leases.shop = effects.shop AND leases.effect_id = effects.id)
        ORDER BY due_at, id LIMIT 1
        """
    static let nextLeaseEnd = """
        SELECT min(CASE WHEN leases.lease_until > effects.due_at THEN leases.lease_until ELSE effects.due_at END)
        FROM leases JOIN effects ON effects.shop = leases.shop AND effects.id = leases.effect_id
        WHERE leases.shop = ? AND effects.channel = ? AND effects.target = ?
        """
    static let waysWithWork = "SELECT DISTINCT channel, target FROM effects WHERE shop = ? AND state = 'ready'"
}
