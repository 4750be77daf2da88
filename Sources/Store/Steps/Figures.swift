internal import FoundationEssentials
public import Outreach

// What the figures of a shop are made of: sums over `tallies`, and the rows behind each of them. Like all lists of the
// desk they go by a key through an index, and read a page at a time.

/// An order in the list behind a figure.
public struct FigureLine: Hashable, Sendable {
    public var orderID: String
    public var orderName: String
    /// The customer's name; empty where the shop keeps it from us.
    public var customer: String
    /// The carrier of the parcel that it is about; empty where it is about none.
    public var carrier: String
    /// When it happened; nil where only the day is kept.
    public var at: Moment?
    public var day: CalendarDay?
    /// Days on the way, of a parcel that arrived.
    public var days: Int?
    /// What the customer wrote beside a score.
    public var words: String?
    /// Where the next page begins.
    public var place: FigurePlace
}

/// Where a list behind a figure goes on: after the row with these.
public struct FigurePlace: Hashable, Sendable {
    /// A day, or a moment in milliseconds.
    public var at: Int64
    public var id: Int64
    /// `Shipment.id`; empty in lists of events.
    public var shipment: String

    public init(at: Int64, id: Int64, shipment: String = "") {
        self.at = at
        self.id = id
        self.shipment = shipment
    }
}

extension Store {
    /// The sums of all tallies from one day to another, both included.
    public func tallySums(
        shop: String, from first: CalendarDay, to last: CalendarDay
    ) async throws(StoreFailure) -> [TallySum] {
        try await read { db in
            try db.all(Query.tallySums, [try db.shop(shop), first.daysSinceEpoch, last.daysSinceEpoch]) { row in
                TallySum(try row.word(0), a: row[1], b: row[2], n: row[3], total: row[4])
            }
        }
    }

    /// What was decided, delivered and delayed on each day, from one to another, both included.
    public func daySums(
        shop: String, from first: CalendarDay, to last: CalendarDay
    ) async throws(StoreFailure) -> [DaySum] {
        try await read { db in
            try db.all(Query.daySums, [try db.shop(shop), first.daysSinceEpoch, last.daysSinceEpoch]) { row in
                DaySum(try row.word(0), day: CalendarDay(daysSinceEpoch: row[1]), b: row[2], n: row[3])
            }
        }
    }

    /// What each trigger gave on each day, from one to another, both included.
    public func daySpending(
        shop: String, from first: CalendarDay, to last: CalendarDay
    ) async throws(StoreFailure) -> [DaySpending] {
        try await read { db in
            try db.all(Query.daySpending, [try db.shop(shop), first.daysSinceEpoch, last.daysSinceEpoch]) { row in
                DaySpending(day: CalendarDay(daysSinceEpoch: row[0]), trigger: row[1], thing: row[2], total: row[3])
            }
        }
    }

    /// Effects that were settled in a time, the last first.
    ///
    /// - Parameters:
    ///   - states: only effects in one of these.
    ///   - trigger: only effects of that trigger.
    ///   - time: from its first moment on, and before its last.
    ///   - place: where the page before ended.
    public func feed(
        shop: String, states: [Effect.State], trigger: String?, in time: Range<Moment>, after place: FeedPlace?,
        limit: Int
    ) async throws(StoreFailure) -> [FeedLine] {
        let place = place ?? FeedPlace(decidedAt: time.upperBound, id: 0)
        return try await read { db in
            let number = try db.shop(shop)
            var values: [(any SQLBindable)?] = []
            for _ in states {
                values.append(number)
                if let trigger { values.append(trigger) }
                values += [place.decidedAt.milliseconds, place.id] as [(any SQLBindable)?]
                values += [time.lowerBound.milliseconds, limit] as [(any SQLBindable)?]
            }
            values += [number, limit] as [(any SQLBindable)?]
            return try db.all(
                Query.feed(states: states, ofTrigger: trigger != nil, since: true), SQLArguments(values), FeedLine.init)
        }
    }

    /// Effects that were held back for that reason in a time, the last first.
    public func heldFeed(
        shop: String, reason: Reason, in time: Range<Moment>, after place: FeedPlace?, limit: Int
    ) async throws(StoreFailure) -> [FeedLine] {
        let place = place ?? FeedPlace(decidedAt: time.upperBound, id: 0)
        return try await read { db in
            try db.all(
                Query.heldFeed,
                [
                    try db.shop(shop), reason.rawValue, place.decidedAt.milliseconds, place.id,
                    time.lowerBound.milliseconds, limit,
                ], FeedLine.init)
        }
    }

    /// Parcels of a carrier whose journey ended so, the last first; with `.underway`, those that were sent then.
    public func journeyFeed(
        shop: String, carrier: String, outcome: Journey.Outcome, from first: CalendarDay, to last: CalendarDay,
        after place: FigurePlace?, limit: Int
    ) async throws(StoreFailure) -> [FigureLine] {
        let place = place ?? FigurePlace(at: last.daysSinceEpoch + 1, id: 0)
        return try await read { db in
            try db.all(
                Query.journeyFeed,
                [
                    try db.shop(shop), outcome.rawValue, carrier, place.at, place.id, place.shipment,
                    first.daysSinceEpoch, limit,
                ]
            ) { row in
                FigureLine(
                    orderID: row[4], orderName: row[5], customer: CustomerName(record: row[6] as Data?).text,
                    carrier: carrier, at: nil, day: CalendarDay(daysSinceEpoch: row[0]), days: row[3],
                    place: FigurePlace(at: row[0], id: row[1], shipment: row[2]))
            }
        }
    }

    /// Delays for a reason of a carrier's parcels, the last first.
    public func delayFeed(
        shop: String, carrier: String, reason: String, in time: Range<Moment>, after place: FigurePlace?, limit: Int
    ) async throws(StoreFailure) -> [FigureLine] {
        try await eventFeed(
            shop: shop, figure: Tally.delayFigure(reason: reason, carrier: carrier), carrier: carrier, in: time,
            after: place, limit: limit)
    }

    /// What happened of a kind to returns or refunds, the last first.
    public func eventFeed(
        shop: String, kind: EventKind, in time: Range<Moment>, after place: FigurePlace?, limit: Int
    ) async throws(StoreFailure) -> [FigureLine] {
        try await eventFeed(
            shop: shop, figure: Tally.eventFigure(kind), carrier: "", in: time, after: place, limit: limit)
    }

    private func eventFeed(
        shop: String, figure: String, carrier: String, in time: Range<Moment>, after place: FigurePlace?, limit: Int
    ) async throws(StoreFailure) -> [FigureLine] {
        let place = place ?? FigurePlace(at: time.upperBound.milliseconds, id: 0)
        return try await read { db in
            try db.all(
                Query.eventFeed,
                [try db.shop(shop), figure, place.at, place.id, time.lowerBound.milliseconds, limit]
            ) { row in
                FigureLine(
                    orderID: row[2], orderName: row[3], customer: CustomerName(record: row[4] as Data?).text,
                    carrier: carrier, at: row.moment(0), day: nil, days: nil,
                    place: FigurePlace(at: row[0], id: row[1]))
            }
        }
    }
}

extension Query {
    static let tallySums = """
        SELECT name, a, b, CAST(sum(n) AS INTEGER), CAST(sum(total) AS INTEGER) FROM tallies
        WHERE shop = ? AND name IN ('decisions', 'lags', 'told', 'events', 'delays', 'parcels', 'transit',
                'ratings', 'questions', 'first_answers', 'closings', 'hand_overs', 'verdicts',
                'given', 'redeemed', 'offers')
            AND day >= ? AND day <= ?
        GROUP BY name, a, b ORDER BY name, a, b
        """
    static let daySums = """
        SELECT name, day, b, CAST(sum(n) AS INTEGER) FROM tallies
        WHERE shop = ? AND name IN ('decisions', 'delays', 'parcels') AND day >= ? AND day <= ?
        GROUP BY name, day, b ORDER BY name, day, b
        """
    static let daySpending = """
        SELECT day, a, b, total FROM tallies
        WHERE shop = ? AND name = 'given' AND day >= ? AND day <= ? AND total <> 0 ORDER BY day, a, b
        """
    static let heldFeed = """
        SELECT \(feedColumns), picked.decided_at, events.kind, aggregates.gid, aggregates.name, orders.record
        FROM (
            SELECT shop, id, decided_at FROM effects
            WHERE shop = ? AND reason = ? AND state IN ('shadowed', 'held_out', 'skipped', 'withdrawn', 'replaced')
                AND (decided_at, id) < (?, ?) AND decided_at >= ? AND origin <> 'system'
            ORDER BY decided_at DESC, id DESC LIMIT ?) AS picked
        \(feedTables)
        ORDER BY picked.decided_at DESC, picked.id DESC
        """
    static let journeyFeed = """
        SELECT picked.day, picked.order_id, picked.shipment, picked.days, aggregates.gid, aggregates.name, orders.record
        FROM (
            SELECT shop, day, order_id, shipment, days FROM journeys
            WHERE shop = ? AND outcome = ? AND carrier = ? AND (day, order_id, shipment) < (?, ?, ?) AND day >= ?
            ORDER BY day DESC, order_id DESC, shipment DESC LIMIT ?) AS picked
        JOIN aggregates ON aggregates.shop = picked.shop AND aggregates.id = picked.order_id
        JOIN orders ON orders.shop = picked.shop AND orders.id = picked.order_id
        ORDER BY picked.day DESC, picked.order_id DESC, picked.shipment DESC
        """
    static let eventFeed = """
        SELECT picked.happened_at, picked.id, aggregates.gid, aggregates.name, orders.record
        FROM (
            SELECT shop, happened_at, id, aggregate_id FROM events
            WHERE shop = ? AND figure = ? AND figure IS NOT NULL AND (happened_at, id) < (?, ?) AND happened_at >= ?
            ORDER BY happened_at DESC, id DESC LIMIT ?) AS picked
        JOIN aggregates ON aggregates.shop = picked.shop AND aggregates.id = picked.aggregate_id
        LEFT JOIN orders ON orders.shop = picked.shop AND orders.id = picked.aggregate_id
        ORDER BY picked.happened_at DESC, picked.id DESC
        """
}
