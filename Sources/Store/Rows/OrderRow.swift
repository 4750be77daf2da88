internal import FoundationEssentials
internal import Outreach

/// An order ready to be written, prepared before the transaction begins so that encoding does not hold up the writer.
struct OrderRow: Sendable {
    /// The layout of `record`. A later version that writes another one still reads this one.
    static let format = 1
    /// The most scans that are kept for one order; a source that sends more is not believed.
    static let greatestScanCount = 2_000

    let learned: Learned
    /// The record as JSON, without scans and events. Nil if it need not be written.
    let record: Data?
    let addressKey: Data?
    let customerKey: Data?
    let orderKey: Data

    init(_ learned: Learned, hash: KeyedHash, encoder: JSONEncoder) throws {
        self.learned = learned
        let facts = learned.record.facts
        addressKey = (facts.email ?? facts.customer?.email).map(hash.address)
        customerKey = (facts.customer?.id).map(hash.customer)
        orderKey = hash.order(facts.id)
        guard learned.changed else {
            record = nil
            return
        }
        var bare = learned.record
        bare.events = []
        for index in bare.facts.fulfillments.indices { bare.facts.fulfillments[index].scans = [] }
        for index in bare.shipments.indices { bare.shipments[index].scans = [] }
        record = try encoder.encode(bare)
    }

    /// The scans of the record with their owners, in order.
    var scans: [(owner: String, position: Int, scan: Scan)] {
        let record = learned.record
        return record.facts.fulfillments.flatMap { fulfillment in
            fulfillment.scans.enumerated().map { (fulfillment.id, $0.offset, $0.element) }
        }
            + record.shipments.flatMap { shipment in
                shipment.scans.enumerated().map { (shipment.id, $0.offset, $0.element) }
            }
    }

    /// When something last went wrong for the customer, according to the new events.
    var problemAt: Moment? {
        learned.events.filter { $0.kind.isProblem && $0.silence != .testOrder }.map(\.happenedAt).max()
    }
}

extension OrderRecord {
    /// This record as it is in the store once written: one version later, and its newest events with their numbers.
    func asWritten(newest: [Event]) -> OrderRecord {
        var record = self
        record.version += 1
        record.events.replaceSubrange((record.events.count - newest.count)..., with: newest)
        return record
    }
}

/// An order as read from the store: assembled after the transaction has ended.
struct LoadedOrder: Sendable {
    var row: OrderRowKey
    var version: Int64
    var format: Int
    var record: Data
    var scans: [(owner: String, position: Int, scan: Scan)]
    var events: [Event]

    /// The record, whole again.
    func assembled(decoder: JSONDecoder) throws -> OrderRecord {
        guard format == OrderRow.format, var order = try? decoder.decode(OrderRecord.self, from: record) else {
            throw StoreFailure.unreadable("an order")
        }
        order.version = version
        order.events = events
        for index in order.events.indices { order.events[index].orderName = order.facts.name }
        let byOwner = Dictionary(grouping: scans, by: \.owner)
        let sorted: (String) -> [Scan] = { owner in
            (byOwner[owner] ?? []).sorted { $0.position < $1.position }.map(\.scan)
        }
        for index in order.facts.fulfillments.indices {
            order.facts.fulfillments[index].scans = sorted(order.facts.fulfillments[index].id)
        }
        for index in order.shipments.indices { order.shipments[index].scans = sorted(order.shipments[index].id) }
        return order
    }
}

extension Connection {
    /// All scans of an order.
    func scans(orderID: Int64, shop: Int64) throws -> [(owner: String, position: Int, scan: Scan)] {
        try all(Query.scans, [shop, orderID]) { row in
            (
                owner: row[0], position: row[2],
                scan: try Scan(row)
            )
        }
    }

    /// Writes a scan, new or changed.
    func put(_ scan: Scan, owner: String, position: Int, orderID: Int64, shop: Int64) throws {
        try run(
            Query.putScan,
            [
                shop, orderID, owner, scan.id, position, scan.source, scan.time.milliseconds, scan.offsetMinutes,
                scan.basis.rawValue, scan.state?.rawValue, scan.delay.rawValue, scan.reason,
                scan.estimate?.daysSinceEpoch, scan.words, scan.place, scan.returnLeg, scan.retractedAt?.milliseconds,
                scan.isSummary, scan.number,
            ])
    }

    /// All events of an aggregate, oldest first.
    func events(aggregate: Int64, shop: Int64) throws -> [Event] {
        let marks = try all(Query.occurrencesOfAggregate, [shop, aggregate]) { row in
            (
                event: row[0] as Int64, position: row[4] as Int,
                occurrence: Event.Occurrence(subject: row[1], n: row[2], mark: row[3])
            )
        }
        let byEvent = Dictionary(grouping: marks, by: \.event)
        return try all(Query.eventsOfAggregate, [shop, aggregate]) { row in
            let own = (byEvent[row[0]] ?? []).sorted { $0.position < $1.position }
            return try Event(row, occurrences: own.map(\.occurrence))
        }
    }

    /// The occurrences of an event, in order.
    func occurrences(eventID: Int64, shop: Int64) throws -> [Event.Occurrence] {
        try all(Query.occurrencesOfEvent, [shop, eventID]) { Event.Occurrence(subject: $0[0], n: $0[1], mark: $0[2]) }
    }
}

extension Scan {
    /// Reads a row of `Query.scans`.
    init(_ row: Row) throws {
        self.init(
            id: row[1], number: row[16], source: row[3], time: row.moment(4), offsetMinutes: row[5],
            basis: try row.word(6), state: try row.optionalWord(7), delay: try row.word(8), reason: row[9],
            estimate: (row[10] as Int64?).map { CalendarDay(daysSinceEpoch: $0) }, words: row[11], place: row[12],
            isSummary: row[15], returnLeg: row[13], retractedAt: row.optionalMoment(14))
    }
}

extension Event {
    /// The columns that an event is read from, in order, in the tables `events`, `shops` and `aggregates`.
    static let columns = """
        events.id, shops.domain, aggregates.kind, aggregates.gid, events.kind, events.happened_at,
        events.recorded_at, events.silence, events.source, events.days_late, events.delay_reason, aggregates.name
        """

    /// Reads `columns`, starting at the given one.
    init(_ row: Row, from first: Int = 0, occurrences: [Occurrence]) throws {
        self.init(
            id: row[first], shop: row[first + 1],
            aggregate: AggregateID(kind: try row.word(first + 2), id: row[first + 3]), kind: try row.word(first + 4),
            occurrences: occurrences, happenedAt: row.moment(first + 5), recordedAt: row.moment(first + 6),
            silence: try row.optionalWord(first + 7), source: row[first + 8], daysLate: row[first + 9],
            delayReason: row[first + 10], orderName: row[first + 11])
    }
}

extension Query {
    static let scans = """
        SELECT owner, scan, position, source, happened_at, offset_minutes, basis, state, delay, reason, estimate_day,
            words, place, return_leg, retracted_at, is_summary, number
        FROM scans WHERE shop = ? AND order_id = ?
        """
    static let putScan = """
        INSERT INTO scans (shop, order_id, owner, scan, position, source, happened_at, offset_minutes, basis, state, delay,
            reason, estimate_day, words, place, return_leg, retracted_at, is_summary, number)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (shop, order_id, owner, scan) DO UPDATE SET
            position = excluded.position, source = excluded.source, happened_at = excluded.happened_at,
            offset_minutes = excluded.offset_minutes, basis = excluded.basis, state = excluded.state,
            delay = excluded.delay, reason = excluded.reason, estimate_day = excluded.estimate_day,
            words = excluded.words, place = excluded.place, return_leg = excluded.return_leg,
            retracted_at = excluded.retracted_at, is_summary = excluded.is_summary, number = excluded.number
        """
    static let eventsOfAggregate = """
        SELECT \(Event.columns)
        FROM events JOIN shops ON shops.id = events.shop
        JOIN aggregates ON aggregates.shop = events.shop AND aggregates.id = events.aggregate_id
        WHERE events.shop = ? AND events.aggregate_id = ? ORDER BY events.id
        """
    static let occurrencesOfAggregate = """
        SELECT event_id, subject, n, mark, position FROM occurrences WHERE shop = ? AND aggregate_id = ?
        """
    static let occurrencesOfEvent = """
        SELECT subject, n, mark FROM occurrences WHERE shop = ? AND event_id = ? ORDER BY position
        """
}
