internal import FoundationEssentials
public import Outreach
internal import Platform

extension Store {
    /// A shop's events without a plan yet, oldest first. A shop that is no longer served keeps its own, and they hold
    /// up no others.
    public func pendingEvents(shop: String, limit: Int) async throws(StoreFailure) -> [Event] {
        try await read { db in
            let number = try db.shop(shop)
            let events = try db.all(Query.pendingEvents, [number, limit]) { try Event($0, occurrences: []) }
            return try db.together(events) { try db.filled($0, shop: number) }
        }
    }

    /// The effects that hold these keys, in any state; keys that nobody holds are left out.
    public func effects(for keys: [OccurrenceKey]) async throws(StoreFailure) -> [OccurrenceKey: Effect] {
        try await read { db in
            let keys = Array(Set(keys))
            let holders = try db.together(keys) { key in
                let shop = try db.shop(key.shop)
                return try db.holder(of: key, shop: shop).map { EffectKey(shop: shop, id: $0) }
            }
            let places = Array(Set(holders.compactMap(\.self)))
            let effects = try db.together(places) { try db.effect($0.id, shop: $0.shop) }
            let known = Dictionary(uniqueKeysWithValues: zip(places, effects))
            var found: [OccurrenceKey: Effect] = [:]
            for (key, place) in zip(keys, holders) {
                if let place { found[key] = known[place] ?? nil }
            }
            return found
        }
    }

    /// The effects that hold the newest repetition of keys that repeat: each repetition's key begins with a stem.
    public func newestRepetitions(
        of keys: [OccurrenceKey], stem: (String) -> String
    ) async throws(StoreFailure) -> [OccurrenceKey: Effect] {
        let ranges = Set(keys).map { key in (key, stem(key.key)) }
        return try await read { db in
            let effects = try db.together(ranges) { key, stem in
                let shop = try db.shop(key.shop)
                // The stem ends in a space, and `!` is what follows it.
                let after = stem.dropLast() + "!"
                let id =
                    try db.integer(
                        Query.newestRepetition,
                        [shop, key.origin.rawValue, key.trigger, key.line, stem, String(after)])
                    ?? db.holder(of: key, shop: shop)
                return try id.flatMap { try db.effect($0, shop: shop) }
            }
            var found: [OccurrenceKey: Effect] = [:]
            for ((key, _), effect) in zip(ranges, effects) { found[key] = effect }
            return found
        }
    }

    /// The waiting effects of a shop after that number, by number: a new set of triggers is tried on them.
    public func waitingEffects(shop: String, after id: Int64, limit: Int) async throws(StoreFailure) -> [Effect] {
        try await read { db in try db.effects(Query.waitingEffects, [try db.shop(shop), id, limit]) }
    }

    /// Has every waiting effect of a shop judged again at once, because the triggers have changed.
    public func judgeAgain(shop: String, now: Moment) async throws(StoreFailure) {
        try await write { db in
            try db.judgeAgain(shop: try db.shop(shop), now: now)
            try db.note(now)
        }
    }

    /// Has a shop's effects judged at once if they wait for a label and would be judged within that time.
    public func judgeLabels(shop: String, within pause: Duration, now: Moment) async throws(StoreFailure) {
        try await write { db in
            try db.run(
                """
                UPDATE effects SET due_at = ?, version = version + 1
                WHERE shop = ? AND state = 'waiting' AND due_at > ? AND due_at <= ? AND reason = 'label'
                """,
                [now.milliseconds, try db.shop(shop), now.milliseconds, (now + pause).milliseconds])
            try db.note(now)
        }
    }

    /// The number of people a shop writes to on a usual day, from its last 5,000 mails; 0 if it has hardly begun.
    public func peoplePerDay(shop: String, now: Moment) async throws(StoreFailure) -> Double {
        try await read { db in
            let recent = try db.first(Query.recentPeople, [try db.shop(shop)]) {
                (people: $0[0] as Int64, since: $0[1] as Int64?)
            }
            guard let recent, let since = recent.since else { return 0 }
            return Double(recent.people) / max(1, Double(now.milliseconds - since) / 86_400_000)
        }
    }

    /// The effects of orders in one of these states, for `replaces`, `combine` and cancellations.
    public func effects(
        ofOrders orders: [OrderKey], states: Set<Effect.State>
    ) async throws(StoreFailure) -> [OrderKey: [Effect]] {
        try await read { db in
            let orders = Array(Set(orders))
            let effects = try db.together(orders) { order in
                let shop = try db.shop(order.shop)
                guard let id = try db.order(order.orderID, shop: shop) else { return [Effect]() }
                return try db.effects(Query.effectsOfAggregate, [shop, id]).filter { states.contains($0.state) }
            }
            var found: [OrderKey: [Effect]] = [:]
            for (order, effects) in zip(orders, effects) where !effects.isEmpty { found[order] = effects }
            return found
        }
    }

    /// The current effect with that number.
    public func effect(_ id: Int64, shop: String) async throws(StoreFailure) -> Effect? {
        try await read { db in try db.effect(id, shop: try db.shop(shop)) }
    }

    /// The waiting effects of a shop that are to be judged, the longest due first: about `limit` of them, and with each
    /// of them all that its shopper has due, so that what becomes of one does not hang on where a page ends.
    ///
    /// What one shopper is sent depends on nothing that another is: `replaces`, `combine` and limits hold among effects
    /// of one address. A page is cut between shoppers, and has `greatestPage` effects at most; a shopper who alone
    /// has more, or more than `greatestOrderCount` orders, is looked at in parts.
    public func dueEffects(shop: String, limit: Int, now: Moment) async throws(StoreFailure) -> [Effect] {
        try await read { db in
            let number = try db.shop(shop)
            let page = try db.effects(Query.dueEffects, [number, now.milliseconds, limit])
            guard page.count == limit else { return page }
            return try db.completed(page, most: max(limit, Self.greatestPage), shop: number, now: now)
        }
    }

    /// So many effects stand in one page, at most.
    static let greatestPage = 1_024
    /// So many orders of one shopper are looked through for effects that are due together.
    static let greatestOrderCount = 256

    /// When the next waiting effect of a shop is to be judged; nil where none waits.
    public func nextDue(shop: String) async throws(StoreFailure) -> Moment? {
        try await read { db in
            try db.integer(Query.nextDue, [try db.shop(shop)]).map { Moment(milliseconds: $0) }
        }
    }

    /// Writes plans: each completely or not at all.
    ///
    /// A change is stale if its effect has another version by now, is leased for an attempt, or is already sent,
    /// shadowed or refused; or if another effect that uses it up or still waits holds one of its keys. A key held by an
    /// effect that was skipped, withdrawn or replaced without an attempt passes to the new holder; likewise an effect
    /// that never used its keys up releases those it no longer names. A plan is also stale, and outdated, if an
    /// aggregate behind it has another version by now.
    ///
    /// An impossible change is refused, such as a ready effect without a message.
    public func commitPlan(_ plans: [Plan], now: Moment) async throws(StoreFailure) -> PlanOutcome {
        let hash = self.hash
        let path = self.path
        defer { changes.call() }
        return try await write { db in
            let outcome = try db.commit(plans, hash: hash, path: path, now: now)
            try db.note(now)
            return outcome
        }
    }
}

extension Connection {
    /// Writes plans: each completely or not at all.
    func commit(_ plans: [Plan], hash: KeyedHash, path: String, now: Moment) throws -> PlanOutcome {
        var outcome = PlanOutcome()
        var writer = PlanWriter(hash: hash, now: now)
        try writer.lookAhead(plans, in: self)
        var tally = Tally()
        var shops = ShopNumbers()
        for (index, plan) in plans.enumerated() {
            var effects: [Effect] = []
            writer.tally = Tally()
            var isStale = false
            var isOutdated = false
            let refusal = try isolated(path: path) {
                let shop = try shops.number(plan.shop, in: self)
                guard try writer.isCurrent(plan.reads, shop: shop, in: self) else {
                    isOutdated = true
                    return false
                }
                for change in plan.changes {
                    guard let effect = try writer.write(change, of: plan.shop, number: shop, to: self) else {
                        isStale = true
                        return false
                    }
                    effects.append(effect)
                }
                for match in plan.matches { try put(match, shop: shop) }
                for event in plan.doneEvents {
                    try run("DELETE FROM pending_events WHERE shop = ? AND event_id = ?", [shop, event])
                }
                return true
            }
            if let refusal {
                outcome.refused[index] = refusal
            } else if isOutdated {
                outcome.stale.append(index)
                outcome.outdated.append(index)
            } else if isStale {
                outcome.stale.append(index)
            } else {
                outcome.effects += effects
                tally.add(writer.tally)
            }
        }
        try tally.write(to: self)
        try writer.numbers.write(to: self)
        return outcome
    }
}

extension Connection {
    /// The effects of a page, with all others that are due of the same shoppers; at most so many. Those whose shoppers
    /// find no room are left out whole.
    fileprivate func completed(_ page: [Effect], most: Int, shop: Int64, now: Moment) throws -> [Effect] {
        let shoppers = try together(page) { effect in
            guard let id = try effect.aggregate.flatMap({ try self.aggregate($0, shop: shop) })?.id else {
                return (aggregate: Int64?.none, address: Data?.none)
            }
            return (aggregate: id, address: try first(Query.addressOf, [shop, id]) { $0[0] as Data? } ?? nil)
        }
        let addresses = Array(Set(shoppers.compactMap(\.address)))
        let orders = Dictionary(
            uniqueKeysWithValues: zip(
                addresses,
                try together(addresses) {
                    try all(Query.ordersOfShopper, [shop, $0, Store.greatestOrderCount]) { $0[0] as Int64 }
                }))
        // A shopper of more orders than are looked through comes here again for those beyond.
        let looked = Array(Set(orders.values.joined()).union(shoppers.compactMap(\.aggregate)))
        let due = Dictionary(
            uniqueKeysWithValues: zip(
                looked,
                try together(looked) {
                    try all(Query.dueOfAggregate, [shop, $0, now.milliseconds]) { $0[0] as Int64 }
                }))
        var whole: [Int64] = []
        var taken = Set<Int64>()
        for (effect, shopper) in zip(page, shoppers) where !taken.contains(effect.id) {
            let aggregates = (shopper.address.flatMap { orders[$0] } ?? []) + [shopper.aggregate].compactMap(\.self)
            let own = Set(aggregates.flatMap { due[$0] ?? [] } + [effect.id]).subtracting(taken).sorted()
            if !whole.isEmpty, whole.count + own.count > most { break }
            whole += own.prefix(most)
            taken.formUnion(own)
        }
        var known = Dictionary(uniqueKeysWithValues: page.map { ($0.id, $0) })
        let further = whole.filter { known[$0] == nil }
        for effect in try together(further, { try self.effect($0, shop: shop) }) {
            if let effect { known[effect.id] = effect }
        }
        return whole.compactMap { known[$0] }.sorted { ($0.dueAt, $0.id) < ($1.dueAt, $1.id) }
    }
}

/// The row of an effect: its shop's number, and its own.
struct EffectKey: Hashable {
    var shop: Int64
    var id: Int64
}

extension Connection {
    /// Has every waiting effect of a shop judged again at once.
    func judgeAgain(shop: Int64, now: Moment) throws {
        try run(
            "UPDATE effects SET due_at = ?, version = version + 1 WHERE shop = ? AND state = 'waiting' AND due_at > ?",
            [now.milliseconds, shop, now.milliseconds])
    }
}

extension Store: ActionLedger {
    public func beside(_ effect: Effect, lines: [String]) async throws(StoreFailure) -> [ActionStanding] {
        try await read { db in
            let shop = try db.shop(effect.shop)
            return try lines.compactMap { line in
                guard
                    let id = try db.newest(
                        ofStems: effect.keys.map(Planner.stem), trigger: effect.trigger, line: line, shop: shop),
                    let other = try db.effect(id, shop: shop)
                else { return nil }
                var standing = ActionStanding(
                    effectID: id, line: line, channel: other.channel, state: other.state, results: [:])
                standing.results = try db.results(of: id, shop: shop)
                return standing
            }
        }
    }
}

/// Writes the changes of plans.
private struct PlanWriter {
    let hash: KeyedHash
    let now: Moment
    var numbers = RowNumbers()
    var tally = Tally()
    /// The aggregates that plans are about or were made from; no plan writes one.
    private var aggregates: [AggregateKey: (id: Int64, version: Int64)?] = [:]
    /// How effects stood before the first change of them, with the keys that they held.
    private var standings: [EffectKey: (before: Before?, held: [String])] = [:]
    /// The keys that changes took so far, perhaps from an effect whose change is still to come.
    private var taken: Set<HeldKey> = []

    init(hash: KeyedHash, now: Moment) {
        self.hash = hash
        self.now = now
    }

    private struct AggregateKey: Hashable {
        var shop: Int64
        var id: AggregateID
    }

    /// Reads what plans are checked against, of all of them at once.
    mutating func lookAhead(_ plans: [Plan], in db: Connection) throws {
        var wanted: Set<AggregateKey> = []
        var versions: [EffectKey: Set<Int64>] = [:]
        for plan in plans {
            let shop = try db.shop(plan.shop)
            for id in plan.reads.keys { wanted.insert(AggregateKey(shop: shop, id: id)) }
            for change in plan.changes {
                if change.effect.id > 0 {
                    let key = EffectKey(shop: shop, id: change.effect.id)
                    versions[key, default: []].insert(change.effect.version)
                } else if let about = change.effect.aggregate {
                    wanted.insert(AggregateKey(shop: shop, id: about))
                }
            }
        }
        let keys = Array(wanted)
        for (key, known) in zip(keys, try db.together(keys) { try db.aggregate($0.id, shop: $0.shop) }) {
            aggregates[key] = .some(known)
        }
        // One that is named at two versions is looked at when it is its turn.
        let effects = versions.compactMap { key, versions in
            versions.count == 1 ? versions.first.map { (key: key, version: $0) } : nil
        }
        let found = try db.together(effects) { one in
            let before = try Before(one.key, version: one.version, in: db)
            return (before: before, held: try before.map { _ in try held(one.key, in: db) } ?? [])
        }
        for (one, standing) in zip(effects, found) { standings[one.key] = standing }
    }

    private struct HeldKey: Hashable {
        var shop: Int64
        var origin: EffectOrigin
        var trigger: String
        var line: String
        var key: String

        init(_ key: String, of effect: Effect, shop: Int64) {
            (self.shop, origin, trigger, line) = (shop, effect.origin, effect.trigger, effect.line)
            self.key = key
        }
    }

    /// True if everything that was read still has the version at which it was read.
    func isCurrent(_ reads: ReadVersions, shop: Int64, in db: Connection) throws -> Bool {
        for (id, version) in reads where try (aggregate(id, shop: shop, in: db)?.version ?? 0) != version {
            return false
        }
        return true
    }

    private func aggregate(_ id: AggregateID, shop: Int64, in db: Connection) throws -> (id: Int64, version: Int64)? {
        if let known = aggregates[AggregateKey(shop: shop, id: id)] { return known }
        return try db.aggregate(id, shop: shop)
    }

    private func held(_ key: EffectKey, in db: Connection) throws -> [String] {
        try db.all(Query.keysOfEffect, [key.shop, key.id]) { $0[0] }
    }

    /// The effect as written; nil if the change is stale.
    mutating func write(
        _ change: PlannedChange, of domain: String, number shop: Int64, to db: Connection
    ) throws -> Effect? {
        var effect = change.effect
        guard effect.shop == domain else {
            throw StoreFailure(.misuse, "A plan is of one shop alone. This is a bug in bookbag.")
        }
        let before: Before?
        var held: [String] = []
        if effect.id == 0 {
            before = nil
            guard let id = try insert(effect, message: change.message, shop: shop, to: db) else { return nil }
            effect.id = id
            effect.version = 1
        } else {
            let key = EffectKey(shop: shop, id: effect.id)
            // What one change of a step wrote is read anew for the next.
            let known = standings.removeValue(forKey: key)
            let standing = try known?.before ?? Before(key, version: effect.version, in: db)
            guard let standing, try update(standing, effect, message: change.message, shop: shop, to: db) else {
                return nil
            }
            before = standing
            held = known?.held ?? []
            if known == nil || held.contains(where: { taken.contains(HeldKey($0, of: effect, shop: shop)) }) {
                held = try self.held(key, in: db)
            }
            effect.version += 1
        }
        guard try writeKeys(of: effect, before: before, held: held, shop: shop, to: db) else { return nil }
        try writeEvents(of: effect, isNew: before == nil, shop: shop, to: db)
        if let room = change.room {
            let counted = try db.integer(
                Query.countedElsewhere, [shop, hash.address(room.address), room.since.milliseconds, effect.id])
            if Int(counted ?? 0) >= room.messages { return nil }
        }
        if before?.state == .ready, effect.state != .ready {
            try db.count(false, effectID: effect.id, shop: shop, tally: &tally)
        }
        if before?.state == .ready, effect.state != .ready, effect.state != .waiting {
            try db.settleGift(of: effect, to: effect.state, at: now, shop: shop)
        }
        if let booking = change.booking,
            try !db.book(booking, of: effect, shop: shop, hash: hash, now: now)
        {
            return nil
        }
        if let offer = change.offer {
            guard try db.put(offer, of: effect, shop: shop, now: now) else { return nil }
            tally.remedied(offer.remedy, "offered", at: now, shop: shop)
        } else if let remedy = effect.remedyHandedOver, before?.state == .waiting {
            tally.remedied(remedy, "handed_over", at: now, shop: shop)
        }
        if let gift = change.takesBackGift, try !db.takeBack(gift, by: effect.id, shop: shop) { return nil }
        if effect.state == .ready, let message = change.message, !message.tells.isEmpty,
            try !db.tell(message.tells, by: effect.id, shop: shop)
        {
            return nil
        }
        if let asks = change.asks,
            try !db.put(asks, of: effect, shop: shop, hash: hash, now: now, tally: &tally)
        {
            return nil
        }
        if let draw = change.draw {
            try db.put(draw, of: effect, shop: shop, hash: hash, now: now, tally: &tally)
        }
        if let message = change.message { try db.put(message, effectID: effect.id, shop: shop, now: now) }
        if effect.state == .ready, change.message == nil, try db.message(effectID: effect.id, shop: shop) == nil {
            throw StoreFailure(.misuse, "An effect cannot be ready without a message. This is a bug in bookbag.")
        }
        tally.move(effect, from: before?.state, to: effect.state, shop: shop)
        if let note = change.note {
            try db.append(note, effectID: effect.id, shop: shop)
            tally.decided(effect, note, shop: shop)
        }
        tally.settle(
            effect, from: before.map { Tally.Standing(state: $0.state, reason: $0.reason, decidedAt: $0.decidedAt) },
            to: Tally.Standing(
                state: effect.state, reason: effect.reason,
                decidedAt: decidedAt(effect).map { Moment(milliseconds: $0) }), shop: shop)
        return effect
    }

    /// How an effect stood before a change.
    private struct Before {
        var state: Effect.State
        var attempts: Int
        var leased: Bool
        var reason: Reason?
        var decidedAt: Moment?

        init?(_ key: EffectKey, version: Int64, in db: Connection) throws {
            let row = try db.first(Query.standing, [key.shop, key.id, version]) { row in
                (
                    state: try row.word(0, Effect.State.self), attempts: row[1] as Int, leased: row[2] as Bool,
                    reason: try row.optionalWord(3, Reason.self), decidedAt: row.optionalMoment(4)
                )
            }
            guard let row else { return nil }
            (state, attempts, leased, reason, decidedAt) = row
        }
    }

    /// The further events that it reports.
    private func writeEvents(of effect: Effect, isNew: Bool, shop: Int64, to db: Connection) throws {
        if !isNew { try db.run("DELETE FROM effect_events WHERE shop = ? AND effect_id = ?", [shop, effect.id]) }
        for (index, event) in effect.together.enumerated() {
            try db.run(
                "INSERT INTO effect_events (shop, effect_id, position, event_id) VALUES (?, ?, ?, ?)",
                [shop, effect.id, index + 1, event.id])
        }
    }

    /// A hash of the mail's recipient, for limits and history.
    private func recipientKey(_ message: Message?) -> Data? {
        guard let message, !message.envelope.recipient.isEmpty else { return nil }
        return hash.address(message.envelope.recipient)
    }

    private func countedAt(_ effect: Effect) -> Int64? {
        effect.state == .ready ? (effect.decidedAt ?? now).milliseconds : nil
    }

    private mutating func insert(
        _ effect: Effect, message: Message?, shop: Int64, to db: Connection
    ) throws -> Int64? {
        var about: Int64?
        if let aggregate = effect.aggregate {
            guard let known = try self.aggregate(aggregate, shop: shop, in: db) else { return nil }
            about = known.id
        }
        let id = try numbers.take(.effects, shop: shop, in: db)
        try db.run(
            """
            INSERT INTO effects (shop, id, origin, trigger_name, line, channel, target, rank, is_contact, aggregate_id,
                event_id, state, reason, detail, due_at, created_at, decided_at, counted_at, recipient_key, domain,
                attempts, attempts_in_doubt, version)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 1)
            """,
            [
                shop, id, effect.origin.rawValue, effect.trigger, effect.line, effect.channel.rawValue,
                effect.route.target, effect.origin == .trigger, effect.isContact, about, effect.event?.id,
                effect.state.rawValue, effect.reason?.rawValue, effect.detail, effect.dueAt.milliseconds,
                effect.createdAt.milliseconds, decidedAt(effect), countedAt(effect), recipientKey(message),
                message.map { recipientDomain(of: $0.envelope.recipient) } ?? "",
            ])
        return id
    }

    /// The moment of the decision, which every state but `waiting` has.
    private func decidedAt(_ effect: Effect) -> Int64? {
        (effect.decidedAt ?? (effect.state == .waiting ? nil : now))?.milliseconds
    }

    /// False if the change is stale.
    private func update(
        _ stored: Before, _ effect: Effect, message: Message?, shop: Int64, to db: Connection
    ) throws -> Bool {
        guard !stored.leased, ![.sent, .bounced, .refused, .shadowed, .heldOut].contains(stored.state) else {
            return false
        }
        // Bytes that were attempted are never rendered again.
        if stored.attempts > 0, message != nil { return false }
        return try db.changed(
            """
            UPDATE effects SET event_id = ?, state = ?, reason = ?, detail = ?, due_at = ?, decided_at = ?,
                counted_at = ?, recipient_key = coalesce(?, recipient_key), domain = coalesce(?, domain), queue = '',
                version = version + 1
            WHERE shop = ? AND id = ? AND version = ?
            """,
            [
                effect.event?.id, effect.state.rawValue, effect.reason?.rawValue, effect.detail,
                effect.dueAt.milliseconds, decidedAt(effect), countedAt(effect), recipientKey(message),
                message.map { recipientDomain(of: $0.envelope.recipient) }, shop, effect.id, effect.version,
            ])
    }

    /// Takes the keys that the effect names; false if one is not available.
    private mutating func writeKeys(
        of effect: Effect, before: Before?, held: [String], shop: Int64, to db: Connection
    ) throws -> Bool {
        guard !effect.keys.isEmpty else {
            throw StoreFailure(.misuse, "An effect cannot be without a key. This is a bug in bookbag.")
        }
        if let before {
            if held == effect.keys { return true }
            if !before.state.usesKeyUp, before.reason != .ownAction, before.attempts == 0 {
                for key in held where !effect.keys.contains(key) {
                    try db.run(
                        """
                        DELETE FROM effect_keys
                        WHERE shop = ? AND origin = ? AND trigger_name = ? AND line = ? AND occurrence = ?
                            AND effect_id = ?
                        """, [shop, effect.origin.rawValue, effect.trigger, effect.line, key, effect.id])
                }
            }
        }
        for (position, key) in effect.keys.enumerated() {
            let isTaken = try db.changed(
                """
                INSERT INTO effect_keys (shop, origin, trigger_name, line, occurrence, effect_id, position)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (shop, origin, trigger_name, line, occurrence) DO UPDATE SET
                    effect_id = excluded.effect_id, position = excluded.position
                WHERE effect_keys.effect_id = excluded.effect_id OR EXISTS (
                    SELECT 1 FROM effects WHERE effects.shop = effect_keys.shop AND effects.id = effect_keys.effect_id
                        AND effects.attempts = 0 AND effects.state IN ('skipped', 'withdrawn', 'replaced')
                        AND effects.reason <> 'own_action')
                """, [shop, effect.origin.rawValue, effect.trigger, effect.line, key, effect.id, position])
            if !isTaken { return false }
            taken.insert(HeldKey(key, of: effect, shop: shop))
        }
        return true
    }
}

extension Connection {
    /// The newest effect of a trigger's line that holds one of these keys or a repetition of it.
    func newest(ofStems stems: [String], trigger: String, line: String, shop: Int64) throws -> Int64? {
        let origin = EffectOrigin.trigger.rawValue
        return try stems.compactMap { stem in
            // What repeats has its stem and a number behind a space, and `!` is what follows that.
            let from = Planner.repetitions(of: stem)
            return try integer(
                Query.newestRepetition, [shop, origin, trigger, line, from, String(from.dropLast() + "!")])
                ?? integer(Query.holderOfKey, [shop, origin, trigger, line, stem])
        }.max()
    }

    /// The number of the effect that holds a key.
    fileprivate func holder(of key: OccurrenceKey, shop: Int64) throws -> Int64? {
        try integer(Query.holderOfKey, [shop, key.origin.rawValue, key.trigger, key.line, key.key])
    }

    /// Records why a trigger did nothing with an event, replacing the earlier record.
    fileprivate func put(_ match: MatchOutcome, shop: Int64) throws {
        try run(
            """
            INSERT INTO match_outcomes (shop, event_id, trigger_name, reason, detail, decided_at)
            VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (shop, event_id, trigger_name) DO UPDATE SET
                reason = excluded.reason, detail = excluded.detail, decided_at = excluded.decided_at
            """, [shop, match.eventID, match.trigger, match.reason.rawValue, match.detail, match.at.milliseconds])
    }
}

extension Query {
    static let standing = """
        SELECT state, attempts, EXISTS (
            SELECT 1 FROM leases WHERE leases.shop = effects.shop AND leases.effect_id = effects.id), reason, decided_at
        FROM effects WHERE shop = ? AND id = ? AND version = ?
        """
    static let resultsOf = "SELECT name, value FROM results WHERE shop = ? AND effect_id = ?"
    static let pendingEvents = """
        SELECT \(Event.columns)
        FROM pending_events JOIN events ON events.shop = pending_events.shop AND events.id = pending_events.event_id
        JOIN shops ON shops.id = events.shop
        JOIN aggregates ON aggregates.shop = events.shop AND aggregates.id = events.aggregate_id
        WHERE pending_events.shop = ? ORDER BY pending_events.event_id LIMIT ?
        """
    static let holderOfKey = """
        SELECT effect_id FROM effect_keys
        WHERE shop = ? AND origin = ? AND trigger_name = ? AND line = ? AND occurrence = ?
        """
    static let newestRepetition = """
        SELECT effect_id FROM effect_keys
        WHERE shop = ? AND origin = ? AND trigger_name = ? AND line = ? AND occurrence >= ? AND occurrence < ?
        ORDER BY occurrence DESC LIMIT 1
        """
    static let waitingEffects = """
        SELECT \(Effect.columns) FROM \(Effect.tables)
        WHERE effects.shop = ? AND effects.state = 'waiting' AND effects.id > ? ORDER BY effects.id LIMIT ?
        """
    static let recentPeople = """
        SELECT count(DISTINCT recipient_key), min(counted_at) FROM (
            SELECT recipient_key, counted_at FROM effects
            WHERE shop = ? AND state = 'sent' AND recipient_key IS NOT NULL ORDER BY id DESC LIMIT 5000) AS recent
        """
    static let countedElsewhere = """
        SELECT count(*) FROM effects WHERE shop = ? AND recipient_key = ? AND counted_at > ?
            AND counted_at IS NOT NULL AND is_contact = 1 AND id <> ?
        """
    static let effectsOfAggregate = """
        SELECT \(Effect.columns) FROM \(Effect.tables)
        WHERE effects.shop = ? AND effects.aggregate_id = ? ORDER BY effects.id
        """
    static let dueEffects = """
        SELECT \(Effect.columns) FROM \(Effect.tables)
        WHERE effects.shop = ? AND effects.state = 'waiting' AND effects.due_at <= ?
        ORDER BY effects.due_at, effects.id LIMIT ?
        """
    static let addressOf = "SELECT address_key FROM orders WHERE shop = ? AND id = ?"
    static let ordersOfShopper = """
        SELECT id FROM orders WHERE shop = ? AND address_key = ? AND address_key IS NOT NULL
        ORDER BY placed_at DESC LIMIT ?
        """
    static let dueOfAggregate = """
        SELECT id FROM effects WHERE shop = ? AND aggregate_id = ? AND state = 'waiting' AND due_at <= ?
        """
    static let nextDue = "SELECT min(due_at) FROM effects WHERE shop = ? AND state = 'waiting'"
}

extension Effect {
    /// The remedy that gave the matter to a person at once, with nothing offered; nil for any other effect.
    fileprivate var remedyHandedOver: String? {
        let start = "remedy:"
        return channel == .desk && state == .ready && line.hasPrefix(start) ? String(line.dropFirst(start.count)) : nil
    }
}
