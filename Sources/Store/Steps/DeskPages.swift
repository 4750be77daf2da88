internal import Crypto
internal import FoundationEssentials
public import Outreach
internal import Synchronization

// What the pages of the desk and of the shopper read and write beyond what commands do. No query counts over history:
// lists go by a key through an index, figures come from `tallies`.

/// Where a list of effects goes on: after the effect with that time and number.
public struct FeedPlace: Hashable, Sendable {
    public var decidedAt: Moment
    public var id: Int64

    public init(decidedAt: Moment, id: Int64) {
        self.decidedAt = decidedAt
        self.id = id
    }
}

/// An effect in a list of the desk.
public struct FeedLine: Hashable, Sendable {
    public var id: Int64
    public var trigger: String
    /// Its line of `send`.
    public var line: String
    public var state: Effect.State
    public var reason: Reason?
    public var detail: String?
    /// When it was decided or, while it waits, when it will be.
    public var at: Moment
    public var event: String
    public var orderID: String?
    public var orderName: String
    /// The customer's name; empty where the shop keeps it from us.
    public var customer: String
}

/// An order in a list.
public struct OrderLine: Hashable, Sendable {
    public var orderID: String
    public var name: String
    public var placedAt: Moment
    /// The customer's name; empty where the shop keeps it from us.
    public var customer: String
}

/// What was decided on one day.
public struct DayTally: Hashable, Sendable {
    public var day: CalendarDay
    public var trigger: String
    public var state: Effect.State
    public var reason: Reason?
    public var count: Int64
    /// All together, from the event to the sending.
    public var milliseconds: Int64
}

extension Store {
    /// Decided effects, the last decided first. Bookbag's own notices are left out.
    ///
    /// - Parameters:
    ///   - states: only effects in one of these.
    ///   - trigger: only effects of that trigger; nil for all.
    ///   - after: where the page before ended.
    public func feed(
        shop: String, states: [Effect.State], trigger: String? = nil, after place: FeedPlace? = nil, limit: Int
    ) async throws(StoreFailure) -> [FeedLine] {
        let states = states.filter { $0 != .waiting }
        guard !states.isEmpty else { return [] }
        let place = place ?? FeedPlace(decidedAt: .distantFuture, id: .max)
        return try await read { db in
            let number = try db.shop(shop)
            var values: [(any SQLBindable)?] = []
            for _ in states {
                values.append(number)
                if let trigger { values.append(trigger) }
                values += [place.decidedAt.milliseconds, place.id, limit] as [(any SQLBindable)?]
            }
            values += [number, limit] as [(any SQLBindable)?]
            return try db.all(
                Query.feed(states: states, ofTrigger: trigger != nil), SQLArguments(values), FeedLine.init)
        }
    }

    /// Effects that wait, the first due first.
    ///
    /// - Parameter after: where the page before ended.
    public func waitingFeed(
        shop: String, trigger: String? = nil, after place: FeedPlace? = nil, limit: Int
    ) async throws(StoreFailure) -> [FeedLine] {
        let place = place ?? FeedPlace(decidedAt: .distantPast, id: 0)
        return try await read { db in
            try db.all(
                Query.waitingFeed,
                [
                    try db.shop(shop), place.decidedAt.milliseconds, place.id, trigger == nil, trigger ?? "", limit,
                ], FeedLine.init)
        }
    }

    /// Keeps which waiting effects a held edit would send at once, in the place of an earlier one's; none where nothing
    /// is held any more.
    public func keepHeld(_ effects: [Int64], shop: String, now: Moment) async throws(StoreFailure) {
        try await write { db in
            let number = try db.shop(shop)
            try db.run("DELETE FROM held_effects WHERE shop = ?", [number])
            for id in Set(effects).sorted() {
                try db.run("INSERT INTO held_effects (shop, effect_id) VALUES (?, ?)", [number, id])
            }
            try db.note(now)
        }
    }

    /// What a held edit would send at once, in the order of the effects' numbers, as far as it still waits.
    ///
    /// - Parameter after: where the page before ended.
    public func heldEditFeed(
        shop: String, after id: Int64 = 0, limit: Int
    ) async throws(StoreFailure) -> [FeedLine] {
        try await read { db in try db.all(Query.heldEditFeed, [try db.shop(shop), id, limit], FeedLine.init) }
    }

    /// What was decided from one day to another, both included.
    public func tallies(
        shop: String, from first: CalendarDay, to last: CalendarDay
    ) async throws(StoreFailure) -> [DayTally] {
        try await read { db in
            try db.all(
                Query.tallies, [try db.shop(shop), "decisions", first.daysSinceEpoch, last.daysSinceEpoch]
            ) { row in
                let outcome = (row[2] as String).split(separator: " ", maxSplits: 1)
                guard let state = outcome.first.flatMap({ Effect.State(rawValue: String($0)) }) else {
                    throw StoreFailure.unreadable("a tally")
                }
                return DayTally(
                    day: CalendarDay(daysSinceEpoch: row[0]), trigger: row[1], state: state,
                    reason: outcome.count > 1 ? Reason(rawValue: String(outcome[1])) : nil, count: row[3],
                    milliseconds: row[4])
            }
        }
    }

    /// The orders with an open parcel of that number. Unlike `orders(ofTrackingNumber:)` it reads no record, so a page may
    /// ask it; parcels that have arrived are found by their order.
    public func orders(ofParcel number: String, shop: String) async throws(StoreFailure) -> [OrderKey] {
        try await read { db in
            try db.all(Query.ordersOfNumber, [try db.shop(shop), number]) { OrderKey(shop: shop, orderID: $0[0]) }
        }
    }

    /// The orders that were learned last, the last first.
    public func newestOrders(shop: String, limit: Int) async throws(StoreFailure) -> [OrderLine] {
        try await read { db in
            try db.all(Query.newestOrders, [try db.shop(shop), limit]) { row in
                OrderLine(
                    orderID: row[0], name: row[1], placedAt: row.moment(2),
                    customer: CustomerName(record: row[3] as Data?).text)
            }
        }
    }

    /// How many effects of a shop are in each state now.
    public func effectCounts(shop: String) async throws(StoreFailure) -> [Effect.State: Int] {
        try await read { db in
            let pairs = try db.all(Query.effectCounts, [try db.shop(shop), CounterName.effects.rawValue]) {
                (Effect.State(rawValue: $0[0]), $0[1] as Int)
            }
            return pairs.reduce(into: [:]) { counts, pair in
                if let state = pair.0 { counts[state] = pair.1 }
            }
        }
    }

    /// The keys of links for a purpose, by HKDF-SHA256 (RFC 5869) from the secrets of links: first the one that seals,
    /// then, where a new secret was made, the one before it, which only opens.
    public func linkKeys(for purpose: String) -> [[UInt8]] {
        linkSecrets.withLock { $0 }.all.map { KeyedHash(secret: $0).derived(purpose) }
    }

    /// Makes a new secret for links. Links of the one before still open; those of an older one do no more.
    public func renewLinkSecret(now: Moment) async throws(StoreFailure) {
        let fresh = SQLiteEngine.newSecret()
        let secrets = try await write { db in
            try db.run("UPDATE store SET old_link_secret = link_secret, link_secret = ? WHERE one = 1", [fresh])
            try db.note(now)
            guard let secrets = try SQLiteEngine.LinkSecrets(db) else {
                throw StoreFailure.unreadable("no secret, or one")
            }
            return secrets
        }
        linkSecrets.withLock { $0 = secrets }
    }

    /// The keyed hash that stands for an address in links and silences.
    public func addressKey(_ address: String) -> [UInt8] { [UInt8](hash.address(address)) }

    /// The keyed hash of a customer's id.
    public func customerKey(ofID id: String) -> [UInt8] { [UInt8](hash.customer(id)) }
}

extension FeedLine {
    init(_ row: Row) throws {
        self.init(
            id: row[0], trigger: row[1], line: row[2], state: try row.word(3), reason: try row.optionalWord(4),
            detail: row[5], at: row.moment(6), event: row[7] as String? ?? "", orderID: row[8],
            orderName: row[9] as String? ?? "", customer: CustomerName(record: row[10] as Data?).text)
    }
}

/// The one thing of an order's record that lists show. Decoding the whole record would cost a hundred times as much.
struct CustomerName: Decodable {
    struct Facts: Decodable {
        struct Person: Decodable {
            var firstName: String?
            var lastName: String?
        }
        struct Address: Decodable { var name: String? }
        var customer: Person?
        var shippingAddress: Address?
    }
    var facts: Facts?

    init(record: Data?) { self = record.flatMap { try? JSONDecoder().decode(Self.self, from: $0) } ?? Self(facts: nil) }

    private init(facts: Facts?) { self.facts = facts }

    var text: String {
        let name = [facts?.customer?.firstName, facts?.customer?.lastName].compactMap(\.self).joined(separator: " ")
        return name.isEmpty ? facts?.shippingAddress?.name ?? "" : name
    }
}

extension Query {
    static let feedColumns = """
        effects.id, effects.trigger_name, effects.line, effects.state, effects.reason, effects.detail
        """
    static let feedTables = """
        JOIN effects ON effects.shop = picked.shop AND effects.id = picked.id
        LEFT JOIN events ON events.shop = effects.shop AND events.id = effects.event_id
        LEFT JOIN aggregates ON aggregates.shop = effects.shop AND aggregates.id = effects.aggregate_id
            AND aggregates.kind = 'order'
        LEFT JOIN orders ON orders.shop = aggregates.shop AND orders.id = aggregates.id
        """

    /// One part for each state, each through its index and no longer than a page: however many effects there are, a
    /// page reads a few hundred rows.
    static func feed(states: [Effect.State], ofTrigger: Bool, since: Bool = false) -> String {
        // That an answer to another question does not fit a message is no news.
        let narrowed =
            (ofTrigger ? " AND trigger_name = ?" : "")
            + " AND NOT (line = 'answer' AND state = 'skipped' AND reason IN ('if', 'unless'))"
        let bounded = since ? " AND decided_at >= ?" : ""
        let parts = states.enumerated().map { index, state in
            """
            (
                SELECT shop, id, decided_at FROM effects
                WHERE shop = ?\(narrowed) AND state = '\(state.rawValue)' AND (decided_at, id) < (?, ?)\(bounded)
                    AND origin <> 'system'
                ORDER BY decided_at DESC, id DESC LIMIT ?) AS part\(index)
            """
        }
        let union = parts.joined(separator: " UNION ALL SELECT * FROM ")
        return """
            SELECT \(feedColumns), picked.decided_at, events.kind, aggregates.gid, aggregates.name, orders.record
            FROM (SELECT * FROM \(union)) AS picked
            \(feedTables)
            WHERE effects.shop = ? ORDER BY picked.decided_at DESC, picked.id DESC LIMIT ?
            """
    }

    static let waitingFeed = """
        SELECT \(feedColumns), effects.due_at, events.kind, aggregates.gid, aggregates.name, orders.record
        FROM (
            SELECT shop, id, due_at FROM effects
            WHERE shop = ? AND state = 'waiting' AND (due_at, id) > (?, ?) AND (? = 1 OR trigger_name = ?)
                AND origin <> 'system'
            ORDER BY due_at, id LIMIT ?) AS picked
        \(feedTables)
        ORDER BY picked.due_at, picked.id
        """
    static let heldEditFeed = """
        SELECT \(feedColumns), effects.due_at, events.kind, aggregates.gid, aggregates.name, orders.record
        FROM (
            SELECT held_effects.shop AS shop, held_effects.effect_id AS id FROM held_effects
            JOIN effects ON effects.shop = held_effects.shop AND effects.id = held_effects.effect_id
            WHERE held_effects.shop = ? AND held_effects.effect_id > ? AND effects.state = 'waiting'
            ORDER BY held_effects.effect_id LIMIT ?) AS picked
        \(feedTables)
        ORDER BY picked.id
        """
    static let tallies = """
        SELECT day, a, b, n, total FROM tallies WHERE shop = ? AND name = ? AND day >= ? AND day <= ?
        ORDER BY day, a, b
        """
    static let newestOrders = """
        SELECT aggregates.gid, aggregates.name, orders.placed_at, orders.record
        FROM orders JOIN aggregates ON aggregates.shop = orders.shop AND aggregates.id = orders.id
        WHERE orders.shop = ? ORDER BY orders.id DESC LIMIT ?
        """
    static let ordersOfNumber = """
        SELECT aggregates.gid
        FROM parcels JOIN parcel_orders ON parcel_orders.shop = parcels.shop AND parcel_orders.parcel = parcels.id
        JOIN aggregates ON aggregates.shop = parcel_orders.shop AND aggregates.id = parcel_orders.order_id
        WHERE parcels.shop = ? AND parcels.number = ? LIMIT 100
        """
    static let effectCounts = "SELECT label1, total FROM counters WHERE shop = ? AND name = ?"
}
