internal import FoundationEssentials
internal import Glibc
public import Outreach

/// The state of a shop.
public struct ShopStatus: Hashable, Sendable {
    public var shop: String
    public var state: ShopState
    /// Orders to be read, without the parked ones, and since when the longest has waited.
    public var toRead: Int
    public var toReadSince: Moment?
    /// Orders that could not be read.
    public var parked: Int
    /// Events without a plan yet, and since when the oldest has waited.
    public var pendingEvents: Int
    public var pendingSince: Moment?
    /// Rereads that are due, and since when the first has been due.
    public var rereadsDue: Int
    public var rereadDueSince: Moment?
    /// The number of effects in each state.
    public var effects: [Effect.State: Int]
    /// When the longest due ready effect first became due, however often it was tried since; nil if none is due.
    public var readyDueSince: Moment?
    /// When the longest due waiting effect was due to be judged; nil if none is due.
    public var waitingDueSince: Moment?
    /// Attempts ever made whose outcome is unknown.
    public var inDoubt: Int
    /// Messages with such an attempt that are not sent yet.
    public var inDoubtNow: Int
    /// Mails that came and are not judged yet, and when the oldest came.
    public var mailsToJudge: Int
    public var mailsToJudgeSince: Moment?
    /// Small values, by name.
    public var remembered: RememberedFacts
    /// Set while the shop catches up on everything since a backup.
    public var restoration: Restoration?
}

/// The state of the store.
public struct StoreStatus: Hashable, Sendable {
    public var shops: [ShopStatus]
    public var lastMoment: Moment
    public var schemaVersion: Int
    /// The size of the file and of the journal beside it.
    public var bytes: Int64
    /// If the file is a backup that no daemon has opened yet: when the backup was made.
    public var restoredFrom: Moment?
}

/// A running total.
public struct Counter: Hashable, Sendable {
    public var shop: String
    /// `events` (kind, silence), `decisions` (trigger, state, reason), `deliveries` (channel, target, verdict),
    /// `in_doubt` (channel, target), `incoming` (class), `effects` (state), `parcels` (source); the last two go down as well.
    public var name: String
    /// As many labels as its name has.
    public var labels: [String]
    public var total: Int64
}

/// A line of the outbox.
public struct OutboxLine: Hashable, Sendable {
    public var effect: Effect
    public var orderName: String
    /// Nil before it is frozen.
    public var messageID: String?
    /// A mail's subject or a webhook's event type; nil before it is frozen, or once the bytes are gone.
    public var summary: String?
    /// Since when it is being handed over, where it is.
    public var underWaySince: Moment?
    /// The recipient's domain, and how it stands, where the message stands in that one's queue.
    public var queue: (domain: String, state: DomainState)? {
        get { queueDomain.flatMap { domain in queueState.map { (domain, $0) } } }
        set { (queueDomain, queueState) = (newValue?.domain, newValue?.state) }
    }
    private var queueDomain: String?
    private var queueState: DomainState?

    init(effect: Effect, orderName: String, messageID: String?, summary: String?) {
        self.effect = effect
        self.orderName = orderName
        self.messageID = messageID
        self.summary = summary
    }
}

/// One attempt of an effect.
public struct AttemptLine: Hashable, Sendable {
    public var number: Int
    public var begunAt: Moment
    public var endedAt: Moment?
    /// `accepted`, `deferred`, `refused`, `unavailable`; nil if none came.
    public var verdict: String?
    public var reason: String?
    public var code: Int?
    public var enhancedCode: String?
    public var detail: String?
    /// The far end's reply on accepting it.
    public var receipt: String?
    /// True if we do not know whether the far end accepted it.
    public var inDoubt: Bool
    /// True if the verdict came after the lease had passed on.
    public var late: Bool
}

/// An effect with all its decisions and attempts.
public struct EffectStory: Hashable, Sendable {
    public var line: OutboxLine
    public var decisions: [DecisionNote]
    public var attempts: [AttemptLine]
    /// Its results, for effects that are more than a message.
    public var results: [ActionResult]
}

/// One result of an effect: a code, an amount, an id at the far end.
public struct ActionResult: Hashable, Sendable {
    public var name: String
    public var value: String
    public var at: Moment
}

/// Everything that happened to an order, for `explain`.
public struct Story: Hashable, Sendable {
    public var order: OrderRecord
    public var effects: [EffectStory]
    /// Matches of its events that led to nothing, with the reason, oldest event first.
    public var matches: [MatchOutcome]
    /// Set if the order has to be read and could not be.
    public var parked: ParkedOrder?
}

extension Store {
    /// The state of everything. Counts only live rows, never history.
    public func status(now: Moment) async throws(StoreFailure) -> StoreStatus {
        let path = self.path
        return try await read { db in
            let shops: [(Int64, String, Moment, Moment?)] = try db.all(
                "SELECT id, domain, live_since, cursor FROM shops ORDER BY domain"
            ) { ($0[0], $0[1], $0.moment(2), $0.optionalMoment(3)) }
            let counters = try db.counters()
            let row = try db.first("SELECT \(Dialect.lastMoment), restored_from FROM store WHERE one = 1") {
                ($0.moment(0), $0.optionalMoment(1))
            }
            return StoreStatus(
                shops: try shops.map { number, domain, liveSince, cursor in
                    try db.status(
                        number, domain: domain, liveSince: liveSince, cursor: cursor,
                        counters: counters.filter { $0.shop == domain }, now: now)
                },
                lastMoment: row?.0 ?? now, schemaVersion: Migration.current,
                bytes: try db.size + fileSize(path + "-wal"), restoredFrom: row?.1)
        }
    }

    /// All totals, by shop, name and labels.
    public func counters() async throws(StoreFailure) -> [Counter] {
        try await read { db in try db.counters() }
    }

    /// Lines of the outbox, newest first.
    ///
    /// - Parameters:
    ///   - states: only lines in one of these states; empty for all.
    ///   - orderID: only lines of that order.
    ///   - before: only lines with a smaller effect id, for paging.
    public func outbox(
        shop: String, states: Set<Effect.State> = [], orderID: String? = nil, before: Int64 = .max, limit: Int
    ) async throws(StoreFailure) -> [OutboxLine] {
        try await read { db in
            let number = try db.shop(shop)
            var effects: [Effect] = []
            if let orderID {
                guard let order = try db.order(orderID, shop: number) else { return [] }
                effects = try db.effects(Query.effectsOfAggregate, [number, order])
                    .filter { $0.id < before && (states.isEmpty || states.contains($0.state)) }
            } else {
                for state in states.isEmpty ? Effect.State.allCases : Array(states) {
                    effects += try db.effects(Query.effectsInState, [number, state.rawValue, before, limit])
                }
            }
            return try effects.sorted { $0.id > $1.id }.prefix(limit).map { try db.outboxLine($0, shop: number) }
        }
    }

    /// The shops that have an effect of that number: just one, unless several shops share the store.
    public func shops(withEffect id: Int64) async throws(StoreFailure) -> [String] {
        try await read { db in
            try db.shops().filter { try db.integer(Query.hasEffect, [$0.id, id]) != nil }.map(\.domain)
        }
    }

    /// One effect with its story and, if its bytes are still kept, its message.
    public func effectStory(
        _ id: Int64, shop: String
    ) async throws(StoreFailure) -> (story: EffectStory, message: Message?)? {
        try await read { db in
            let number = try db.shop(shop)
            guard let effect = try db.effect(id, shop: number) else { return nil }
            return (try db.story(of: effect, shop: number), try db.message(effectID: id, shop: number))
        }
    }

    /// The frozen message of an effect; nil where there is none, or it is one of Bookbag's own.
    ///
    /// - Parameter includesOwn: whether Bookbag's own count too, which may hold a link to log in with.
    public func writtenMessage(
        _ id: Int64, shop: String, includesOwn: Bool = false
    ) async throws(StoreFailure) -> Message? {
        try await read { db in
            let number = try db.shop(shop)
            if includesOwn { return try db.message(effectID: id, shop: number) }
            let origin: String? = try db.first("SELECT origin FROM effects WHERE shop = ? AND id = ?", [number, id]) {
                $0[0]
            }
            guard let origin, origin != EffectOrigin.system.rawValue else { return nil }
            return try db.message(effectID: id, shop: number)
        }
    }

    /// Everything that happened to an order; nil if it was never seen.
    public func story(shop: String, orderID: String) async throws(StoreFailure) -> Story? {
        guard let order = try await load(shop: shop, orderIDs: [orderID])[orderID] else { return nil }
        return try await read { db in
            let number = try db.shop(shop)
            guard let row = try db.order(orderID, shop: number) else { return nil }
            let stories = try db.stories(ofAggregate: row, shop: number)
            let parked = try db.first(Query.parkedOrder, [number, orderID]) {
                ParkedOrder(orderID: orderID, reason: $0[0], tries: $0[1], retryAt: $0.moment(2))
            }
            let matches = try db.all(Query.matchesOfAggregate, [number, row]) {
                MatchOutcome(
                    trigger: $0[1], eventID: $0[0], reason: try $0.word(2), detail: $0[3], at: $0.moment(4))
            }
            return Story(
                order: order, effects: stories, matches: matches, parked: parked)
        }
    }

    /// A shop's events recorded since a moment, oldest first, for `replay`; paged by event id.
    public func events(
        shop: String, since: Moment, after id: Int64 = 0, limit: Int
    ) async throws(StoreFailure) -> [Event] {
        try await read { db in
            let number = try db.shop(shop)
            return try db.all(Query.eventsSince, [number, id, since.milliseconds, limit]) {
                try Event($0, occurrences: [])
            }.map { try db.filled($0, shop: number) }
        }
    }
}

extension Connection {
    fileprivate func counters() throws -> [Counter] {
        try all(
            """
            SELECT shops.domain, counters.name, counters.label1, counters.label2, counters.label3, counters.total
            FROM counters JOIN shops ON shops.id = counters.shop
            ORDER BY shops.domain, counters.name, counters.label1, counters.label2, counters.label3
            """
        ) { row in
            let name: String = row[1]
            let count: Int =
                switch CounterName(rawValue: name) {
                case .effects, .parcels, .incoming: 1
                case .events, .inDoubt: 2
                case .decisions, .deliveries, nil: 3
                }
            return Counter(
                shop: row[0], name: name, labels: Array([row[2], row[3], row[4]].prefix(count)), total: row[5])
        }
    }

    fileprivate func status(
        _ shop: Int64, domain: String, liveSince: Moment, cursor: Moment?, counters: [Counter], now: Moment
    ) throws -> ShopStatus {
        let sources: [(String, Moment)] = try all("SELECT source, live_since FROM sources WHERE shop = ?", [shop]) {
            ($0[0], $0.moment(1))
        }
        let named: [(String, String)] = try all("SELECT name, value FROM remembered WHERE shop = ?", [shop]) {
            ($0[0], $0[1])
        }
        let pair: (Row) -> (Int, Moment?) = { ($0[0], $0.optionalMoment(1)) }
        let toRead = try first(Query.toReadCount, [shop], pair) ?? (0, nil)
        let pending = try first(Query.pendingCount, [shop, shop], pair) ?? (0, nil)
        let rereads = try first(Query.rereadsDueCount, [shop, now.milliseconds], pair) ?? (0, nil)
        let mails = try first(Query.mailsToJudge, [shop], pair) ?? (0, nil)
        var effects: [Effect.State: Int] = [:]
        for counter in counters where counter.name == CounterName.effects.rawValue {
            if let state = Effect.State(rawValue: counter.labels[0]), counter.total != 0 {
                effects[state] = Int(counter.total)
            }
        }
        return ShopStatus(
            shop: domain,
            state: ShopState(
                liveSince: LiveSince(shop: liveSince, sources: Dictionary(uniqueKeysWithValues: sources)),
                cursor: cursor),
            toRead: toRead.0, toReadSince: toRead.1, parked: Int(try integer(Query.parkedCount, [shop]) ?? 0),
            pendingEvents: pending.0, pendingSince: pending.1, rereadsDue: rereads.0, rereadDueSince: rereads.1,
            effects: effects,
            readyDueSince: [
                try integer(Query.oldestReady, [shop, now.milliseconds]), try integer(Query.oldestTriedAgain, [shop]),
            ].compactMap(\.self).min().map { Moment(milliseconds: $0) },
            waitingDueSince: try integer(Query.oldestWaiting, [shop, now.milliseconds]).map {
                Moment(milliseconds: $0)
            },
            inDoubt: Int(counters.filter { $0.name == CounterName.inDoubt.rawValue }.reduce(0) { $0 + $1.total }),
            inDoubtNow: Int(try integer(Query.inDoubtNow, [shop]) ?? 0),
            mailsToJudge: mails.0, mailsToJudgeSince: mails.1,
            remembered: RememberedFacts(Dictionary(uniqueKeysWithValues: named)),
            restoration: try restoration(shop: shop))
    }

    fileprivate func outboxLine(_ effect: Effect, shop: Int64) throws -> OutboxLine {
        let message: (String, String?)? = try first(
            "SELECT message_id, summary FROM messages WHERE shop = ? AND effect_id = ?", [shop, effect.id]
        ) { ($0[0], $0[1]) }
        let name: String? = try first(Query.nameOfEffect, [shop, effect.id]) { $0[0] }
        return try completed(
            OutboxLine(effect: effect, orderName: name ?? "", messageID: message?.0, summary: message?.1), shop: shop)
    }

    /// The line with where it stands, if it is to go out: few of an order's are.
    private func completed(_ line: OutboxLine, shop: Int64) throws -> OutboxLine {
        let effect = line.effect
        guard effect.state == .ready else { return line }
        var line = line
        line.underWaySince = try first(Query.underWay, [shop, effect.id]) { $0.moment(0) }
        let queue: String? = try first("SELECT queue FROM effects WHERE shop = ? AND id = ?", [shop, effect.id]) {
            $0[0]
        }
        if let queue, !queue.isEmpty {
            // Mail stands in a queue only while there is a row for its domain.
            line.queue = (queue, try domainState(queue, of: effect.route, shop: shop) ?? DomainState())
        }
        return line
    }

    fileprivate func story(of effect: Effect, shop: Int64) throws -> EffectStory {
        let decisions = try all(Query.decisionsOf(.effect), [shop, effect.id]) { try DecisionNote($0, from: 1) }
        let attempts = try all(Query.attemptsOf(.effect), [shop, effect.id]) { AttemptLine($0, from: 1) }
        let results = try all(Query.resultLinesOf(.effect), [shop, effect.id]) { ActionResult($0, from: 1) }
        return EffectStory(
            line: try outboxLine(effect, shop: shop), decisions: decisions, attempts: attempts, results: results)
    }

    /// The stories of all effects of an aggregate: however many there are, in a handful of statements.
    fileprivate func stories(ofAggregate aggregate: Int64, shop: Int64) throws -> [EffectStory] {
        func grouped<Value>(_ sql: String, _ read: (Row) throws -> Value) throws -> [Int64: [Value]] {
            var found: [Int64: [Value]] = [:]
            for (effect, value) in try all(sql, [shop, aggregate], { (effect: $0[0] as Int64, try read($0)) }) {
                found[effect, default: []].append(value)
            }
            return found
        }
        let effects = try effects(ofAggregate: aggregate, shop: shop)
        guard !effects.isEmpty else { return [] }
        let name: String? = try first("SELECT name FROM aggregates WHERE shop = ? AND id = ?", [shop, aggregate]) {
            $0[0]
        }
        let decisions = try grouped(Query.decisionsOf(.aggregate)) { try DecisionNote($0, from: 1) }
        let attempts = try grouped(Query.attemptsOf(.aggregate)) { AttemptLine($0, from: 1) }
        let results = try grouped(Query.resultLinesOf(.aggregate)) { ActionResult($0, from: 1) }
        let messages = try grouped(Query.messageLinesOfAggregate) { (id: $0[1] as String, summary: $0[2] as String?) }
        return try effects.map { effect in
            let message = messages[effect.id]?.first
            let line = OutboxLine(
                effect: effect, orderName: name ?? "", messageID: message?.id, summary: message?.summary)
            return EffectStory(
                line: try completed(line, shop: shop), decisions: decisions[effect.id] ?? [],
                attempts: attempts[effect.id] ?? [], results: results[effect.id] ?? [])
        }
    }
}

extension DecisionNote {
    fileprivate init(_ row: Row, from first: Int) throws {
        self.init(
            at: row.moment(first), state: try row.word(first + 1), reason: try row.optionalWord(first + 2),
            detail: row[first + 3], until: row.optionalMoment(first + 4))
    }
}

extension AttemptLine {
    fileprivate init(_ row: Row, from first: Int) {
        self.init(
            number: row[first], begunAt: row.moment(first + 1), endedAt: row.optionalMoment(first + 2),
            verdict: row[first + 3], reason: row[first + 4], code: row[first + 5], enhancedCode: row[first + 6],
            detail: row[first + 7], receipt: row[first + 8], inDoubt: row[first + 9], late: row[first + 10])
    }
}

extension ActionResult {
    fileprivate init(_ row: Row, from first: Int) {
        self.init(name: row[first], value: row[first + 1], at: row.moment(first + 2))
    }
}

/// The size of a file; 0 if there is none.
private func fileSize(_ path: String) -> Int64 {
    var status = stat()
    return stat(path, &status) == 0 ? Int64(status.st_size) : 0
}

/// Messages of one trigger that wait because their template fails.
public struct UnwrittenMessages: Hashable, Sendable {
    public var trigger: String
    public var count: Int
    /// The place and reason for one of them, without any text from an order.
    public var detail: String?
    /// When the first of them came up.
    public var since: Moment
}

extension Store {
    /// The messages of a shop that wait because their template fails, by trigger.
    public func unwritten(shop: String) async throws(StoreFailure) -> [UnwrittenMessages] {
        try await read { db in
            try db.all(Query.unwritten, [try db.shop(shop)]) { row in
                UnwrittenMessages(trigger: row[0], count: row[1], detail: row[2], since: row.moment(3))
            }
        }
    }
}

extension Query {
    static let unwritten = """
        SELECT trigger_name, count(*), max(detail), min(created_at) FROM effects
        WHERE shop = ? AND state = 'waiting' AND reason = 'template' GROUP BY trigger_name ORDER BY trigger_name
        """
    static let toReadCount = "SELECT count(*), min(asked_at) FROM to_read WHERE shop = ? AND retry_at IS NULL"
    static let mailsToJudge = """
        SELECT count(*), min(received_at) FROM observations
        WHERE shop = ? AND source = 'mailbox' AND judged_at IS NULL
        """
    static let parkedCount = "SELECT count(*) FROM to_read WHERE shop = ? AND retry_at IS NOT NULL"
    static let parkedOrder = """
        SELECT reason, tries, retry_at FROM to_read WHERE shop = ? AND order_gid = ? AND retry_at IS NOT NULL
        """
    static let matchesOfAggregate = """
        SELECT match_outcomes.event_id, match_outcomes.trigger_name, match_outcomes.reason, match_outcomes.detail,
            match_outcomes.decided_at
        FROM events JOIN match_outcomes ON match_outcomes.shop = events.shop AND match_outcomes.event_id = events.id
        WHERE events.shop = ? AND events.aggregate_id = ?
        ORDER BY match_outcomes.event_id, match_outcomes.trigger_name
        """
    /// Whose rows a story is of.
    enum StoryOwner {
        case effect, aggregate
    }

    /// Rows of a table that has an effect's number: of one effect, or of all effects of an aggregate.
    private static func rows(_ table: String, _ columns: String, of owner: StoryOwner, by order: String) -> String {
        let named = columns.split(separator: ",").map { "\(table).\($0.filter { $0 != " " && $0 != "\n" })" }
            .joined(separator: ", ")
        switch owner {
        case .effect:
            return """
                SELECT \(table).effect_id, \(named) FROM \(table)
                WHERE \(table).shop = ? AND \(table).effect_id = ? ORDER BY \(table).\(order)
                """
        case .aggregate:
            return """
                SELECT \(table).effect_id, \(named)
                FROM effects JOIN \(table) ON \(table).shop = effects.shop AND \(table).effect_id = effects.id
                WHERE effects.shop = ? AND effects.aggregate_id = ? ORDER BY effects.id, \(table).\(order)
                """
        }
    }

    static func decisionsOf(_ owner: StoryOwner) -> String {
        rows("decisions", "decided_at, state, reason, detail, held_until", of: owner, by: "number")
    }
    static func attemptsOf(_ owner: StoryOwner) -> String {
        rows(
            "attempts",
            "number, begun_at, ended_at, verdict, reason, code, enhanced_code, detail, receipt, in_doubt, late",
            of: owner, by: "number")
    }
    static func resultLinesOf(_ owner: StoryOwner) -> String {
        rows("results", "name, value, noted_at", of: owner, by: "name")
    }
    static let keysOfAggregate = rows("effect_keys", "occurrence", of: .aggregate, by: "position")
    static let eventNumbersOfAggregate = rows("effect_events", "event_id", of: .aggregate, by: "position")
    static let messageLinesOfAggregate = rows("messages", "message_id, summary", of: .aggregate, by: "effect_id")
    static let underWay = """
        SELECT attempts.begun_at FROM leases JOIN attempts ON attempts.shop = leases.shop
            AND attempts.effect_id = leases.effect_id AND attempts.token = leases.token
        WHERE leases.shop = ? AND leases.effect_id = ? AND attempts.verdict IS NULL
        """
    static let hasEffect = "SELECT 1 FROM effects WHERE shop = ? AND id = ?"
    static let nameOfEffect = """
        SELECT aggregates.name
        FROM effects JOIN aggregates ON aggregates.shop = effects.shop AND aggregates.id = effects.aggregate_id
        WHERE effects.shop = ? AND effects.id = ?
        """
    static let pendingCount = """
        SELECT count(*), (
            SELECT events.recorded_at FROM pending_events AS first
            JOIN events ON events.shop = first.shop AND events.id = first.event_id
            WHERE first.shop = ? ORDER BY first.event_id LIMIT 1)
        FROM pending_events WHERE shop = ?
        """
    static let rereadsDueCount = "SELECT count(*), min(reread_at) FROM rereads WHERE shop = ? AND reread_at <= ?"
    static let oldestReady = """
        SELECT min(due_at) FROM (
            SELECT due_at FROM effects WHERE shop = ? AND state = 'ready' AND due_at <= ?) AS due
        """
    static let oldestTriedAgain = """
        SELECT counted_at FROM effects
        WHERE shop = ? AND state = 'ready' AND reason IN ('deferred', 'unavailable') ORDER BY counted_at LIMIT 1
        """
    static let inDoubtNow = """
        SELECT count(*) FROM effects WHERE shop = ? AND state = 'ready' AND attempts_in_doubt > 0
        """
    static let oldestWaiting = """
        SELECT due_at FROM effects WHERE shop = ? AND state = 'waiting' AND due_at <= ? ORDER BY due_at, id LIMIT 1
        """
    static let effectsInState = """
        SELECT \(Effect.columns) FROM \(Effect.tables)
        WHERE effects.shop = ? AND effects.state = ? AND effects.id < ? ORDER BY effects.id DESC LIMIT ?
        """
    static let eventsSince = """
        SELECT \(Event.columns)
        FROM events JOIN shops ON shops.id = events.shop
        JOIN aggregates ON aggregates.shop = events.shop AND aggregates.id = events.aggregate_id
        WHERE events.shop = ? AND events.id > ? AND events.recorded_at >= ? ORDER BY events.id LIMIT ?
        """
}
