// Recipient domains that put mail off, or whose limit is reached, each with a queue of its own (`DomainState` has the
// story). What is ready stands in the route's queue. A claim that meets mail to a closed domain there moves it to the
// domain's queue, once; so picking the next mail reads what may go and nothing else, however many wait. A domain that
// is open again gives its queue back in portions, the longest due first.

internal import Outreach

extension Connection {
    /// How a recipient domain stands; nil where there is nothing to remember.
    func domainState(_ domain: String, of route: Route, shop: Int64) throws -> DomainState? {
        try first(Query.domain, [shop, route.channel.rawValue, route.target, domain]) { row in
            var state = DomainState()
            state.failures = row[0]
            state.cause = try row.optionalWord(1)
            state.nextAt = row.moment(2)
            state.detail = row[3]
            return state
        }
    }

    /// Keeps how a recipient domain stands.
    ///
    /// - Parameter hasQueue: whether mail stands in its queue; nil leaves that as it is known.
    fileprivate func put(
        _ state: DomainState, domain: String, of route: Route, shop: Int64, hasQueue: Bool? = nil, now: Moment
    ) throws {
        try run(
            """
            INSERT INTO domains
                (shop, channel, target, domain, has_queue, next_at, cause, detail, failures, changed_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (shop, channel, target, domain) DO UPDATE SET
                has_queue = CASE WHEN ? = 1 THEN excluded.has_queue ELSE domains.has_queue END,
                next_at = excluded.next_at, cause = excluded.cause, detail = excluded.detail,
                failures = excluded.failures, changed_at = excluded.changed_at
            """,
            [
                shop, route.channel.rawValue, route.target, domain, hasQueue ?? false, state.nextAt.milliseconds,
                state.cause?.rawValue, state.detail, state.failures, now.milliseconds, hasQueue != nil,
            ])
        guard state.isForgettable, hasQueue != true else { return }
        try run(
            "DELETE FROM domains WHERE shop = ? AND channel = ? AND target = ? AND domain = ? AND has_queue = 0",
            [shop, route.channel.rawValue, route.target, domain])
    }

    /// The mail that went ahead to a closed domain is no longer under way: another may go ahead at once.
    func letAnotherGoAhead(insteadOf effect: Int64, shop: Int64, now: Moment) throws {
        try run(
            """
            UPDATE domains SET next_at = ? WHERE shop = ? AND cause = 'deferred' AND next_at > ? AND EXISTS (
                SELECT 1 FROM effects WHERE effects.shop = domains.shop AND effects.id = ?
                    AND effects.channel = domains.channel AND effects.target = domains.target
                    AND effects.queue = domains.domain AND effects.queue <> '')
            """, [now.milliseconds, shop, now.milliseconds, effect])
    }

    /// What was not taken does not count for the limits that count what was.
    func giveBack(_ outcome: AttemptOutcome, limits: SendLimits, shop: Int64, now: Moment) throws {
        guard let failure = outcome.verdict.failure, !failure.inDoubt else { return }
        let route = outcome.claim.effect.route
        for domain in Set(["", recipientDomain(of: outcome.claim.message.envelope.recipient)]) {
            for limit in limits.limits(of: domain) where limit.window.countsWhatWasTaken {
                let key: SQLArguments = [
                    shop, route.channel.rawValue, route.target, domain, limit.window.rawValue, shop,
                    route.channel.rawValue, route.target, domain, limit.window.rawValue,
                ]
                try run(
                    """
                    UPDATE spent SET count = count - 1
                    WHERE shop = ? AND channel = ? AND target = ? AND domain = ? AND seconds = ? AND slice = (
                        SELECT newest.slice FROM spent AS newest
                        WHERE newest.shop = ? AND newest.channel = ? AND newest.target = ? AND newest.domain = ?
                            AND newest.seconds = ? AND newest.count > 0
                        ORDER BY newest.slice DESC LIMIT 1)
                    """, key)
            }
        }
    }

    /// What went out lately, by the beginning of its slice.
    fileprivate func spent(
        _ limit: SendLimit, domain: String, of route: Route, shop: Int64, now: Moment
    ) throws -> [Moment: Int] {
        let slices = try all(
            Query.spent,
            [
                shop, route.channel.rawValue, route.target, domain, limit.window.rawValue,
                limit.oldest(at: now).milliseconds,
            ]
        ) { ($0.moment(0), $0[1] as Int) }
        return Dictionary(uniqueKeysWithValues: slices)
    }

    /// Forgets what no limit looks back at any more.
    func forgetSpent(now: Moment) throws {
        for window in SendLimit.Window.allCases {
            let oldest = SendLimit(1, window).oldest(at: now)
            try run(
                "DELETE FROM spent WHERE seconds = ? AND slice <= ?", [window.rawValue, oldest.milliseconds])
        }
    }
}

/// Picks what is next to go out by a route, in one transaction.
struct DomainQueues {
    /// What is to be claimed.
    struct Next {
        var id: Int64
        /// Of the lease that ran out, where there was one.
        var oldToken: Int64?
        /// True where it goes ahead to a closed domain.
        var goesAhead = false
    }

    let shop: Int64
    let route: Route
    let limits: SendLimits
    let now: Moment
    let db: Connection

    /// How many are moved between queues in one step at most, for a step holds up all others.
    private static let portion = 512
    /// How many domains are looked at in one step at most.
    private static let mostDomains = 64

    /// The next ones, `limit` at most.
    func next(_ limit: Int, lease: Duration) throws -> [Next] {
        var due = try visitQueues(limit, lease: lease)
        var moved = 0
        var known: Set<String> = []
        for rank in 0...1 where due.count < limit {
            while true {
                let rows = try db.all(
                    Query.claimable, key + [rank, now.milliseconds, now.milliseconds, limit - due.count]
                ) { row in
                    Candidate(
                        next: Next(id: row[0], oldToken: row[1]), dueAt: row[2], domain: row[3],
                        cause: try row.optionalWord(4), nextAt: row[5], hasQueue: row[6])
                }
                let queued = try rows.filter { try belongsInQueue($0, rank: rank) }
                for candidate in queued {
                    try db.run(
                        "UPDATE effects SET queue = domain WHERE shop = ? AND id = ?", [shop, candidate.next.id])
                    guard known.insert(candidate.domain).inserted, candidate.hasQueue != true else { continue }
                    try db.run(
                        """
                        UPDATE domains SET has_queue = 1
                        WHERE shop = ? AND channel = ? AND target = ? AND domain = ?
                        """, key + [candidate.domain])
                }
                moved += queued.count
                if queued.isEmpty || moved >= Self.portion {
                    let ids = Set(queued.map(\.next.id))
                    due += rows.map(\.next).filter { !ids.contains($0.id) }
                    break
                }
            }
        }
        if due.isEmpty, moved > 0 { return try visitQueues(limit, lease: lease) }
        return due
    }

    private var key: SQLArguments { [shop, route.channel.rawValue, route.target] }

    /// Mail that stands in the route's queue and is due, with how its domain stands.
    private struct Candidate {
        var next: Next
        var dueAt: Int64
        var domain: String
        var cause: DomainState.Cause?
        var nextAt: Int64?
        var hasQueue: Bool?
    }

    private func belongsInQueue(_ candidate: Candidate, rank: Int) throws -> Bool {
        guard let nextAt = candidate.nextAt else { return false }
        switch candidate.cause {
        case .deferred: return true
        case .limit where nextAt > now.milliseconds: return true
        case .limit, nil: break
        }
        // It may not pass those that wait for the same domain for longer.
        guard candidate.hasQueue == true, let first = try first(of: candidate.domain, rank: rank) else { return false }
        return (first.dueAt, first.id) < (candidate.dueAt, candidate.next.id)
    }

    private func first(of domain: String, rank: Int) throws -> (dueAt: Int64, id: Int64)? {
        try db.first(Query.firstInQueue, key + [domain, rank]) { (dueAt: $0[0], id: $0[1]) }
    }

    /// Looks at the domains whose moment has come: of one that is closed one mail goes ahead; one that is open gives
    /// back some of its queue.
    private func visitQueues(_ limit: Int, lease: Duration) throws -> [Next] {
        var ahead: [Next] = []
        let domains = try db.all(Query.dueDomains, key + [now.milliseconds, Self.mostDomains]) { $0[0] as String }
        for domain in domains {
            guard var state = try db.domainState(domain, of: route, shop: shop) else { continue }
            if state.cause == .deferred {
                guard ahead.count < limit else { break }
                if let next = try oneThatGoesAhead(to: domain) {
                    ahead.append(next)
                    state.nextAt = now + lease
                    try db.put(state, domain: domain, of: route, shop: shop, now: now)
                    continue
                }
                let firsts = try (0...1).compactMap { try first(of: domain, rank: $0)?.dueAt }
                if let next = firsts.min() {
                    state.nextAt = max(now + .minutes(1), Moment(milliseconds: next))
                }
                try db.put(state, domain: domain, of: route, shop: shop, hasQueue: !firsts.isEmpty, now: now)
                continue
            }
            let (room, until, limit) = try self.room(of: domain)
            if room == 0, let until, let limit {
                state.reach(limit, until: until)
                try db.put(state, domain: domain, of: route, shop: shop, now: now)
                continue
            }
            var moved = 0
            for rank in 0...1 where moved < room {
                moved += try db.changes(
                    """
                    UPDATE effects SET queue = '' WHERE shop = ? AND id IN (
                        SELECT queued.id FROM effects AS queued
                        WHERE queued.shop = ? AND queued.channel = ? AND queued.target = ? AND queued.queue = ?
                            AND queued.state = 'ready' AND queued.rank = ?
                        ORDER BY queued.due_at, queued.id LIMIT ?)
                    """, [shop] + key + [domain, rank, room - moved])
            }
            // Where there is a limit, what moved back uses it up first.
            let pause = limits.limits(of: domain).isEmpty ? Duration.zero : .seconds(1)
            (state.cause, state.detail, state.nextAt) = (nil, nil, now + pause)
            try db.put(state, domain: domain, of: route, shop: shop, hasQueue: moved == room, now: now)
        }
        return ahead
    }

    private func oneThatGoesAhead(to domain: String) throws -> Next? {
        for rank in 0...1 {
            let next = try db.first(Query.dueInQueue, key + [domain, rank, now.milliseconds, now.milliseconds]) {
                Next(id: $0[0], oldToken: $0[1], goesAhead: true)
            }
            if let next { return next }
        }
        return nil
    }

    /// How much of a domain's queue may move back now.
    private func room(of domain: String) throws -> (count: Int, until: Moment?, limit: SendLimit?) {
        var room = (count: Self.portion, until: Moment?.none, limit: SendLimit?.none)
        for limit in limits.limits(of: domain) {
            let spent = try db.spent(limit, domain: domain, of: route, shop: shop, now: now)
            let (count, freeAt) = limit.room(spent, at: now)
            if count < room.count || freeAt ?? .distantPast > room.until ?? .distantPast {
                room = (min(count, room.count), freeAt ?? room.until, limit)
            }
        }
        return room
    }
}

/// Takes note of what the verdicts of one transaction say of the recipients' domains.
struct DomainNews {
    private struct Key: Hashable {
        var route: Route
        var domain: String

        init?(_ outcome: AttemptOutcome) {
            route = outcome.claim.effect.route
            domain = recipientDomain(of: outcome.claim.message.envelope.recipient)
            if outcome.domainNews == nil || domain.isEmpty { return nil }
        }
    }

    let now: Moment
    private var states: [Key: DomainState?] = [:]

    init(now: Moment) { self.now = now }

    /// Reads how those domains stand, all at once.
    mutating func lookAhead(_ outcomes: [AttemptOutcome], in db: Connection) throws {
        let keys = Array(Set(outcomes.compactMap(Key.init)))
        let found = try db.together(keys) {
            try db.domainState($0.domain, of: $0.route, shop: db.shop($0.route.shop))
        }
        for (key, state) in zip(keys, found) { states[key] = .some(state) }
    }

    /// Takes note of what one verdict said.
    mutating func take(_ outcome: AttemptOutcome, shop: Int64, in db: Connection) throws {
        guard let key = Key(outcome), let news = outcome.domainNews else { return }
        // The end of one that went ahead has touched its domain.
        let known =
            if let state = states[key], !outcome.claim.goesAhead { state } else {
                try db.domainState(key.domain, of: key.route, shop: shop)
            }
        states[key] = .some(known)
        if known == nil, news == .answers { return }
        var state = known ?? DomainState()
        state.take(news, wentAhead: outcome.claim.goesAhead, now: now, chance: outcome.chance)
        // Those that were under way when it closed change nothing.
        if state == known { return }
        if state.cause == nil { state.nextAt = now }
        try db.put(state, domain: key.domain, of: key.route, shop: shop, now: now)
        states[key] = state
    }
}

/// Sees that the attempts that begin in one transaction keep the limits, and the order of closed domains.
struct SendGauge {
    /// Whether one more attempt may begin.
    enum Room {
        case free
        /// The route has reached its limit.
        case noneAtAll(until: Moment)
        /// The recipient's domain is closed or has reached its limit.
        case noneForDomain
    }

    private struct Key: Hashable {
        var domain: String
        var limit: SendLimit
    }

    let shop: Int64
    let route: Route
    let limits: SendLimits
    let now: Moment
    private var spent: [Key: [Moment: Int]] = [:]
    private var changed: Set<Key> = []
    private var states: [String: DomainState] = [:]
    private var reached: (limit: SendLimit, until: Moment)?

    init(shop: Int64, route: Route, limits: SendLimits, now: Moment) {
        self.shop = shop
        self.route = route
        self.limits = limits
        self.now = now
    }

    /// Reads how those domains and the route stand, all at once.
    mutating func lookAhead(_ domains: [String], in db: Connection) throws {
        let domains = Set(domains).subtracting([""]).sorted()
        let found = try db.together(domains) { try db.domainState($0, of: route, shop: shop) }
        for (domain, state) in zip(domains, found) { states[domain] = state ?? DomainState() }
        let keys = ([""] + domains).flatMap { domain in
            limits.limits(of: domain).map { Key(domain: domain, limit: $0) }
        }
        let counts = try db.together(keys) {
            try db.spent($0.limit, domain: $0.domain, of: route, shop: shop, now: now)
        }
        for (key, count) in zip(keys, counts) { spent[key] = count }
    }

    /// Whether one to that domain may begin now.
    mutating func room(_ domain: String, goesAhead: Bool, in db: Connection) throws -> Room {
        if let full = try full("", in: db) {
            reached = full
            return .noneAtAll(until: full.until)
        }
        guard !domain.isEmpty else { return .free }
        var state = try state(of: domain, in: db)
        switch state.cause {
        case .deferred where !goesAhead: return .noneForDomain
        case .limit where state.nextAt > now: return .noneForDomain
        default: break
        }
        guard let full = try full(domain, in: db) else { return .free }
        state.reach(full.limit, until: full.until)
        states[domain] = state
        return .noneForDomain
    }

    /// Moves mail that may not go to its domain's queue.
    mutating func queue(_ effect: Int64, of domain: String, in db: Connection) throws {
        try db.run("UPDATE effects SET queue = domain WHERE shop = ? AND id = ?", [shop, effect])
        try db.put(
            try state(of: domain, in: db), domain: domain, of: route, shop: shop, hasQueue: true, now: now)
    }

    /// Counts one that begins.
    mutating func spend(_ domain: String, in db: Connection) throws {
        for domain in Set(["", domain]) {
            for limit in limits.limits(of: domain) {
                let key = Key(domain: domain, limit: limit)
                _ = try spent(key, in: db)
                spent[key]?[limit.slice(of: now), default: 0] += 1
                changed.insert(key)
            }
        }
    }

    /// Writes what was counted, and what held anything up.
    func write(to db: Connection) throws {
        for key in changed {
            let slice = key.limit.slice(of: now)
            let row: SQLArguments = [
                shop, route.channel.rawValue, route.target, key.domain, key.limit.window.rawValue,
            ]
            try db.run(
                """
                INSERT INTO spent (shop, channel, target, domain, seconds, slice, count) VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (shop, channel, target, domain, seconds, slice) DO UPDATE SET count = excluded.count
                """, row + [slice.milliseconds, spent[key]?[slice] ?? 0])
            try db.run(
                """
                DELETE FROM spent WHERE shop = ? AND channel = ? AND target = ? AND domain = ? AND seconds = ?
                    AND slice <= ?
                """, row + [key.limit.oldest(at: now).milliseconds])
        }
        guard let reached, reached.limit.window != .second else { return }
        try db.run(
            """
            INSERT INTO channels
                (shop, channel, target, failures, openings, suspects, limited_until, limited_by, changed_at)
            VALUES (?, ?, ?, 0, 0, '', ?, ?, ?)
            ON CONFLICT (shop, channel, target) DO UPDATE SET
                limited_until = excluded.limited_until, limited_by = excluded.limited_by
            """,
            [
                shop, route.channel.rawValue, route.target, reached.until.milliseconds, reached.limit.words,
                now.milliseconds,
            ])
    }

    private mutating func state(of domain: String, in db: Connection) throws -> DomainState {
        if let known = states[domain] { return known }
        let state = try db.domainState(domain, of: route, shop: shop) ?? DomainState()
        states[domain] = state
        return state
    }

    private mutating func spent(_ key: Key, in db: Connection) throws -> [Moment: Int] {
        if let known = spent[key] { return known }
        let read = try db.spent(key.limit, domain: key.domain, of: route, shop: shop, now: now)
        spent[key] = read
        return read
    }

    /// The limit that leaves no room for the longest, where one does.
    private mutating func full(_ domain: String, in db: Connection) throws -> (limit: SendLimit, until: Moment)? {
        var full: (limit: SendLimit, until: Moment)?
        for limit in limits.limits(of: domain) {
            let (count, freeAt) = limit.room(try spent(Key(domain: domain, limit: limit), in: db), at: now)
            guard count == 0, let freeAt, freeAt > full?.until ?? .distantPast else { continue }
            full = (limit, freeAt)
        }
        return full
    }
}

extension Query {
    static let claimable = """
        SELECT effects.id, leases.token, effects.due_at, effects.domain, domains.cause, domains.next_at,
            domains.has_queue
        FROM effects LEFT JOIN leases ON leases.shop = effects.shop AND leases.effect_id = effects.id
        LEFT JOIN domains ON domains.shop = effects.shop AND domains.channel = effects.channel
            AND domains.target = effects.target AND domains.domain = effects.domain
        WHERE effects.shop = ? AND effects.channel = ? AND effects.target = ? AND effects.queue = ''
            AND effects.state = 'ready' AND effects.rank = ? AND effects.due_at <= ?
            AND (leases.lease_until IS NULL OR leases.lease_until <= ?)
        ORDER BY effects.due_at, effects.id LIMIT ?
        """
    static let dueInQueue = """
        SELECT effects.id, leases.token
        FROM effects LEFT JOIN leases ON leases.shop = effects.shop AND leases.effect_id = effects.id
        WHERE effects.shop = ? AND effects.channel = ? AND effects.target = ? AND effects.queue = ?
            AND effects.state = 'ready' AND effects.rank = ? AND effects.due_at <= ?
            AND (leases.lease_until IS NULL OR leases.lease_until <= ?)
        ORDER BY effects.due_at, effects.id LIMIT 1
        """
    static let firstInQueue = """
        SELECT due_at, id FROM effects
        WHERE shop = ? AND channel = ? AND target = ? AND queue = ? AND state = 'ready' AND rank = ?
        ORDER BY due_at, id LIMIT 1
        """
    static let domain = """
        SELECT failures, cause, next_at, detail FROM domains
        WHERE shop = ? AND channel = ? AND target = ? AND domain = ?
        """
    static let dueDomains = """
        SELECT domain FROM domains
        WHERE shop = ? AND channel = ? AND target = ? AND has_queue = 1 AND next_at <= ?
        ORDER BY next_at, domain LIMIT ?
        """
    static let nextDomain = """
        SELECT next_at FROM domains
        WHERE shop = ? AND channel = ? AND target = ? AND has_queue = 1 ORDER BY next_at, domain LIMIT 1
        """
    static let spent = """
        SELECT slice, count FROM spent
        WHERE shop = ? AND channel = ? AND target = ? AND domain = ? AND seconds = ? AND slice > ?
        """
}
