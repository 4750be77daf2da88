internal import FoundationEssentials
public import Outreach

/// The outcome of a commit of learned orders.
public struct LearnedOutcome: Hashable, Sendable {
    /// The new events with their numbers, in the given order.
    public var events: [Event] = []
    /// Orders that somebody else changed meanwhile and that were not written: load them and learn again.
    public var stale: [OrderKey] = []
    /// Erased orders, which must not be learned.
    public var erased: [OrderKey] = []
    /// Orders that violate the schema and cannot be written: a bug, which stops no other order. They are parked with
    /// the reason.
    public var refused: [OrderKey: StoreFailure] = [:]
    /// True if some parcel is now due sooner, or from another source: the pollers have to look again.
    public var hasSoonerAsks = false
    /// The number of scans not kept because their order already has the most allowed.
    public var scansRefused = 0
    /// True if a rating stood otherwise than its change says, or was judged by somebody else: nothing was written.
    public var ratingIsOutdated = false
}

extension Store {
    /// The most scans that are kept for one order.
    public static let greatestScanCount = OrderRow.greatestScanCount

    /// Everything known about these orders, by id; those never seen are left out.
    public func load(shop: String, orderIDs: [String]) async throws(StoreFailure) -> [String: OrderRecord] {
        let cache = self.records
        let (kept, loaded) = try await read { db in
            let number = try db.shop(shop)
            var kept: [OrderRecord] = []
            var wanted: [(row: OrderRowKey, version: Int64)] = []
            for known in try db.together(Array(Set(orderIDs)), { try db.aggregate(.order($0), shop: number) }) {
                guard let (id, version) = known else { continue }
                let row = OrderRowKey(shop: number, id: id)
                if let record = cache.record(row, version: version) {
                    kept.append(record)
                } else {
                    wanted.append((row, version))
                }
            }
            let loaded = try db.together(wanted) { row, version -> LoadedOrder? in
                let stored = try db.first(Query.order, [number, row.id]) {
                    (format: $0[0] as Int, record: $0[1] as Data)
                }
                guard let stored else { return nil }
                return LoadedOrder(
                    row: row, version: version, format: stored.format, record: stored.record,
                    scans: try db.scans(orderID: row.id, shop: number),
                    events: try db.events(aggregate: row.id, shop: number))
            }
            return (kept, loaded.compactMap(\.self))
        }
        var records = Dictionary(kept.map { ($0.facts.id, $0) }, uniquingKeysWith: { first, _ in first })
        // Decoding happens here, not on a connection that others may be waiting for; and on all cores, because it is
        // most of the work.
        let decoded = try await shared(loaded) { orders in
            let decoder = JSONDecoder()
            return try orders.map { (row: $0.row, record: try $0.assembled(decoder: decoder)) }
        }
        for (row, record) in decoded {
            cache.keep(record, row: row)
            records[record.facts.id] = record
        }
        return records
    }

    /// The names people use for these orders, by id; those that are not stored are left out.
    public func names(shop: String, orderIDs: [String]) async throws(StoreFailure) -> [String: String] {
        try await read { db in
            let number = try db.shop(shop)
            let found = try db.together(orderIDs) { id in
                try db.first(Query.orderName, [number, AggregateKind.order.rawValue, id]) { $0[0] as String }
            }
            var names: [String: String] = [:]
            for (id, name) in zip(orderIDs, found) { names[id] = name }
            return names
        }
    }

    /// Processes parts of a batch in parallel; the results keep their order.
    private func shared<Input: Sendable, Output: Sendable>(
        _ inputs: [Input], _ work: @escaping @Sendable (ArraySlice<Input>) throws -> [Output]
    ) async throws(StoreFailure) -> [Output] {
        let part = 16
        do {
            if inputs.count <= part { return try work(inputs[...]) }
            return try await withThrowingTaskGroup(of: (Int, [Output]).self) { group in
                for start in stride(from: 0, to: inputs.count, by: part) {
                    group.addTask { (start, try work(inputs[start..<min(start + part, inputs.count)])) }
                }
                var parts: [(Int, [Output])] = []
                for try await part in group { parts.append(part) }
                return parts.sorted { $0.0 < $1.0 }.flatMap(\.1)
            }
        } catch { throw StoreFailure(error, path: path) }
    }

    /// Writes learned orders: the records, their new scans and events, the work these create, and the next rereads; and
    /// removes the entries in `read` from the list of orders to be read.
    ///
    /// Each order is written as a whole or not at all: one that was changed since it was loaded is returned as stale,
    /// and stays on the list.
    ///
    /// - Parameters:
    ///   - learned: the orders, of one shop or several, each at most once.
    ///   - read: the list entries that these readings answer, unchanged orders included.
    ///   - judged: the raw observations behind `learned`. They are marked as judged if all of it is written, and stay
    ///     unjudged otherwise.
    ///   - incoming: further results of a mail judged in the same step, written under the same conditions.
    ///   - rating: the change of a rating that was judged in the same step, written under the same conditions.
    public func commit(
        _ learned: [Learned], read: [ToRead] = [], judged: [RawObservation] = [], incoming: IncomingOutcome? = nil,
        rating: RatingChange? = nil, now: Moment
    ) async throws(StoreFailure) -> LearnedOutcome {
        let hash = self.hash
        let rows = try await shared(learned) { learned in
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.withoutEscapingSlashes]
            return try learned.map { try OrderRow($0, hash: hash, encoder: encoder) }
        }
        let path = self.path
        let (outcome, written) = try await write { db in
            var outcome = LearnedOutcome()
            var kept: [(row: OrderRowKey, record: OrderRecord)] = []
            var shops = ShopNumbers()
            var numbers = RowNumbers()
            var tally = Tally()
            var unwritten: Set<OrderKey> = []
            if let rating, let domain = judged.first?.shop,
                try !db.isCurrent(rating, of: judged, shop: shops.number(domain, in: db))
            {
                outcome.ratingIsOutdated = true
                return (outcome, kept)
            }
            var seen = SeenRows()
            for (row, known) in zip(rows, try db.known(of: rows)) {
                let record = row.learned.record
                let key = OrderKey(shop: record.shop, orderID: record.facts.id)
                let shop = try shops.number(record.shop, in: db)
                if known.isErased {
                    outcome.erased.append(key)
                    continue
                }
                var part = LearnedOutcome()
                var partTally = Tally()
                var number: Int64?
                // One savepoint per order, so that a stale one leaves no trace.
                let refusal = try db.isolated(path: path) {
                    number = try db.write(
                        row, over: known, shop: shop, now: now, numbers: &numbers, seen: &seen, into: &part,
                        tally: &partTally)
                    return number != nil
                }
                if let refusal {
                    outcome.refused[key] = refusal
                    unwritten.insert(key)
                    let cause = read.first { $0.shop == key.shop && $0.orderID == key.orderID }
                    try db.setAside(key.orderID, shop: shop, cause: cause, reason: refusal.sentence, now: now)
                } else if let number {
                    if row.learned.changed, part.scansRefused == 0 {
                        kept.append(
                            (OrderRowKey(shop: shop, id: number), record.asWritten(newest: part.events)))
                    }
                    outcome.events += part.events
                    outcome.scansRefused += part.scansRefused
                    outcome.hasSoonerAsks = outcome.hasSoonerAsks || part.hasSoonerAsks
                    tally.add(partTally)
                } else {
                    outcome.stale.append(key)
                    unwritten.insert(key)
                }
            }
            for order in read where !unwritten.contains(OrderKey(shop: order.shop, orderID: order.orderID)) {
                try db.removeToRead(order, shop: shops.number(order.shop, in: db))
            }
            if unwritten.isEmpty {
                for one in judged { try db.markJudged(one, shop: shops.number(one.shop, in: db), now: now) }
                if let rating, let domain = judged.first?.shop {
                    try db.put(rating, shop: shops.number(domain, in: db), tally: &tally)
                }
                if let incoming {
                    try db.put(
                        incoming, shop: shops.number(incoming.observation.shop, in: db), hash: hash, path: path,
                        now: now, tally: &tally)
                }
            }
            try tally.write(to: db)
            try numbers.write(to: db)
            try db.note(now)
            return (outcome, kept)
        }
        for (row, record) in written { records.keep(record, row: row) }
        return outcome
    }

    /// The orders with that name, in all shops or one.
    public func orders(named name: String, shop: String? = nil) async throws(StoreFailure) -> [OrderKey] {
        try await read { db in
            var keys: [OrderKey] = []
            for (number, domain) in try db.shops() where shop == nil || shop == domain {
                keys += try db.all(Query.ordersByName, [number, name, AggregateKind.order.rawValue]) {
                    OrderKey(shop: domain, orderID: $0[0])
                }
            }
            return keys
        }
    }

    /// The orders of a shop that were placed with that address, newest first.
    public func orders(ofAddress address: String, shop: String) async throws(StoreFailure) -> [OrderKey] {
        try await orders(ofAddressKey: [UInt8](hash.address(address)), shop: shop)
    }

    /// The same, by the address's keyed hash.
    public func orders(ofAddressKey key: [UInt8], shop: String) async throws(StoreFailure) -> [OrderKey] {
        try await read { db in
            try db.all(Query.ordersByAddress, [try db.shop(shop), Data(key)]) { OrderKey(shop: shop, orderID: $0[0]) }
        }
    }

    /// What a shop's newest orders are called, newest first: how it writes their numbers.
    public func newestOrderNames(shop: String, limit: Int = 50) async throws(StoreFailure) -> [String] {
        try await read { db in
            try db.all(Query.newestOrderNames, [try db.shop(shop), AggregateKind.order.rawValue, limit]) { $0[0] }
        }
    }
}

/// What is stored of an order before it is written. Each order stands in a step once, so what is written of the others
/// changes nothing of it but what several share (`SeenRows`).
private struct KnownOrder {
    var isErased: Bool
    var aggregate: (id: Int64, version: Int64)?
    var scans: [(owner: String, position: Int, scan: Scan)] = []
    /// By shipment.
    var journeys: [String: Journey] = [:]
    /// By number; an entry is nil where there is no such parcel yet.
    var parcels: [String: StoredParcel?] = [:]
    /// By code; an entry is nil where it is none of ours, or was used before.
    var gifts: [String: GivenCode?] = [:]
}

/// The parcels and codes that a step has written already, for one order may share them with another: they are read
/// again.
private struct SeenRows {
    private struct Key: Hashable {
        var shop: Int64
        var text: String
    }
    private var parcels: Set<Key> = []
    private var codes: Set<Key> = []

    /// True the first time.
    mutating func isFirst(parcel number: String, shop: Int64) -> Bool {
        parcels.insert(Key(shop: shop, text: number)).inserted
    }

    /// True the first time.
    mutating func isFirst(code: String, shop: Int64) -> Bool {
        codes.insert(Key(shop: shop, text: code)).inserted
    }
}

extension Connection {
    /// What is stored of the orders of a step, asked of all of them at once.
    fileprivate func known(of rows: [OrderRow]) throws -> [KnownOrder] {
        var numbers = ShopNumbers()
        let shops = try rows.map { try numbers.number($0.learned.record.shop, in: self) }
        var known = try together(Array(zip(rows, shops))) { row, shop in try stored(row, shop: shop) }
        let wanted = rows.indices.filter { !known[$0].isErased }
        let asks = wanted.flatMap { index in rows[index].learned.asks.map { (index: index, ask: $0) } }
        let parcels = try together(asks) { index, ask in
            try parcel(ask, orderID: known[index].aggregate?.id, shop: shops[index])
        }
        for (one, parcel) in zip(asks, parcels) { known[one.index].parcels[one.ask.number] = .some(parcel) }
        let codes = wanted.filter { rows[$0].record != nil }.flatMap { index in
            (rows[index].learned.record.usedCodes ?? []).map { (index: index, code: $0) }
        }
        let gifts = try together(codes) { index, code in try gift(ofCode: code, shop: shops[index]) }
        for (one, gift) in zip(codes, gifts) { known[one.index].gifts[one.code] = .some(gift) }
        return known
    }

    private func stored(_ row: OrderRow, shop: Int64) throws -> KnownOrder {
        let learned = row.learned
        let isErased = try isErased(row.orderKey, shop: shop)
        var known = KnownOrder(
            isErased: isErased, aggregate: isErased ? nil : try aggregate(.order(learned.record.facts.id), shop: shop))
        guard let id = known.aggregate?.id, learned.changed else { return known }
        if !row.scans.isEmpty { known.scans = try scans(orderID: id, shop: shop) }
        if learned.journeys != nil { known.journeys = try journeys(orderID: id, shop: shop) }
        return known
    }

    /// Writes one order and returns the number of its row; nil if it is stale.
    fileprivate func write(
        _ row: OrderRow, over stored: KnownOrder, shop: Int64, now: Moment, numbers: inout RowNumbers,
        seen: inout SeenRows, into outcome: inout LearnedOutcome, tally: inout Tally
    ) throws -> Int64? {
        let learned = row.learned
        let record = learned.record
        let facts = record.facts
        let known = stored.aggregate
        guard known?.version ?? 0 == record.version else { return nil }
        let id: Int64
        if let known {
            id = known.id
            if let bytes = row.record {
                try run(
                    "UPDATE aggregates SET name = ?, version = version + 1 WHERE shop = ? AND id = ?",
                    [facts.name, shop, id])
                let problem = row.problemAt?.milliseconds
                try run(
                    """
                    UPDATE orders SET placed_at = ?, updated_at = ?, test = ?, address_key = ?, customer_key = ?,
                        last_problem_at = CASE WHEN last_problem_at >= ? THEN last_problem_at
                            ELSE coalesce(?, last_problem_at) END,
                        next_moment = ?, format = ?, record = ?
                    WHERE shop = ? AND id = ?
                    """,
                    [
                        facts.processedAt.milliseconds, facts.updatedAt.milliseconds, facts.isNoSale, row.addressKey,
                        row.customerKey, problem, problem, learned.nextMoment?.milliseconds, OrderRow.format, bytes,
                        shop, id,
                    ])
                // Two accounts that were merged are one customer, who had what was given to either.
                if let customer = row.customerKey {
                    try run(
                        """
                        UPDATE bookings SET customer_key = ? WHERE shop = ? AND order_key = ? AND customer_key <> ?
                        """, [customer, shop, row.orderKey, customer])
                }
            } else {
                try run(
                    """
                    UPDATE orders SET next_moment = ?,
                        updated_at = CASE WHEN updated_at > ? THEN updated_at ELSE ? END
                    WHERE shop = ? AND id = ?
                    """,
                    [
                        learned.nextMoment?.milliseconds, facts.updatedAt.milliseconds, facts.updatedAt.milliseconds,
                        shop, id,
                    ])
            }
        } else {
            guard let bytes = row.record else { return nil }
            id = try numbers.take(.aggregates, shop: shop, in: self)
            try run(
                "INSERT INTO aggregates (shop, id, kind, gid, name, version) VALUES (?, ?, ?, ?, ?, 1)",
                [shop, id, AggregateKind.order.rawValue, facts.id, facts.name])
            try run(
                """
                INSERT INTO orders (shop, id, placed_at, updated_at, test, address_key, customer_key, last_problem_at,
                    next_moment, format, record)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    shop, id, facts.processedAt.milliseconds, facts.updatedAt.milliseconds, facts.isNoSale,
                    row.addressKey,
                    row.customerKey, row.problemAt?.milliseconds, learned.nextMoment?.milliseconds, OrderRow.format,
                    bytes,
                ])
        }
        if row.record != nil, let codes = record.usedCodes {
            for code in codes {
                let isKnown = seen.isFirst(code: code, shop: shop)
                let known = isKnown ? stored.gifts[code] : nil
                guard let gift = try known ?? gift(ofCode: code, shop: shop) else { continue }
                try redeem(gift, at: facts.processedAt, shop: shop, tally: &tally)
            }
        }
        if learned.changed {
            outcome.scansRefused += try writeScans(row, over: stored.scans, orderID: id, shop: shop)
            for event in learned.events {
                let carrier = event.delayReason == nil ? "" : record.carrier(of: event)
                let stored = try insert(
                    event, aggregate: id, shop: shop, figure: Tally.figure(of: event, carrier: carrier),
                    numbers: &numbers)
                guard let stored else { return nil }
                outcome.events.append(stored)
                tally.add(.events, [event.kind.rawValue, event.silence?.rawValue ?? ""], shop: shop)
                tally.happened(event, carrier: carrier, shop: shop)
            }
            if let journeys = learned.journeys {
                try put(journeys, over: stored.journeys, orderID: id, shop: shop, tally: &tally)
            }
        }
        for reread in learned.rereads { try put(reread, orderID: id, shop: shop) }
        for ask in learned.asks {
            let isKnown = seen.isFirst(parcel: ask.number, shop: shop)
            let known = isKnown ? stored.parcels[ask.number] : nil
            let isSooner = try put(
                ask, over: known ?? parcel(ask, orderID: id, shop: shop), orderID: id, shop: shop, now: now,
                numbers: &numbers, tally: &tally)
            outcome.hasSoonerAsks = outcome.hasSoonerAsks || isSooner
        }
        return id
    }

    /// Writes the scans that are new or changed, and returns how many exceeded the limit.
    private func writeScans(
        _ row: OrderRow, over stored: [(owner: String, position: Int, scan: Scan)], orderID: Int64, shop: Int64
    ) throws -> Int {
        let scans = row.scans
        guard !scans.isEmpty else { return 0 }
        struct Key: Hashable {
            var owner: String
            var scan: String
        }
        let known = Dictionary(
            uniqueKeysWithValues: stored.map { (Key(owner: $0.owner, scan: $0.scan.id), ($0.position, $0.scan)) })
        var room = OrderRow.greatestScanCount - known.count
        var refused = 0
        for (owner, position, scan) in scans {
            if let (storedPosition, storedScan) = known[Key(owner: owner, scan: scan.id)] {
                if storedPosition == position && storedScan == scan { continue }
            } else if room > 0 {
                room -= 1
            } else {
                refused += 1
                continue
            }
            try put(scan, owner: owner, position: position, orderID: orderID, shop: shop)
        }
        return refused
    }

    /// Writes an event with the work it creates; nil if one of its occurrences was recorded before.
    func insert(
        _ event: Event, aggregate: Int64, shop: Int64, figure: String?, numbers: inout RowNumbers
    ) throws -> Event? {
        let id = try numbers.take(.events, shop: shop, in: self)
        try run(
            """
            INSERT INTO events (shop, id, aggregate_id, kind, happened_at, recorded_at, silence, source, days_late,
                delay_reason, figure)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                shop, id, aggregate, event.kind.rawValue, event.happenedAt.milliseconds,
                event.recordedAt.milliseconds, event.silence?.rawValue, event.source, event.daysLate,
                event.delayReason, figure,
            ])
        for (position, occurrence) in event.occurrences.enumerated() {
            let isNew = try changed(
                """
                INSERT INTO occurrences (shop, aggregate_id, subject, kind, n, event_id, position, mark)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (shop, aggregate_id, subject, kind, n) DO NOTHING
                """,
                [
                    shop, aggregate, occurrence.subject, event.kind.rawValue, occurrence.n, id, position,
                    occurrence.mark,
                ])
            if !isNew { return nil }
        }
        try run("INSERT INTO pending_events (shop, event_id) VALUES (?, ?)", [shop, id])
        var stored = event
        stored.id = id
        return stored
    }

    /// Sets the time of a reread, or removes it. That of what was not read itself may only come sooner.
    fileprivate func put(_ reread: Reread, orderID: Int64, shop: Int64) throws {
        guard let at = reread.at else {
            try run(
                "DELETE FROM rereads WHERE shop = ? AND kind = ? AND gid = ?", [shop, reread.kind.rawValue, reread.id])
            return
        }
        try run(
            """
            INSERT INTO rereads (shop, kind, gid, order_id, reread_at) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (shop, kind, gid) DO UPDATE SET order_id = excluded.order_id, reread_at = excluded.reread_at
            WHERE rereads.reread_at \(reread.isRead ? "<>" : ">") excluded.reread_at
                OR rereads.order_id <> excluded.order_id
            """, [shop, reread.kind.rawValue, reread.id, orderID, at.milliseconds])
    }
}

extension Query {
    static let order = "SELECT format, record FROM orders WHERE shop = ? AND id = ?"
    static let orderName = "SELECT name FROM aggregates WHERE shop = ? AND kind = ? AND gid = ?"
    static let ordersByName = "SELECT gid FROM aggregates WHERE shop = ? AND name = ? AND kind = ? ORDER BY id"
    static let newestOrderNames = "SELECT name FROM aggregates WHERE shop = ? AND kind = ? ORDER BY id DESC LIMIT ?"
    static let ordersByAddress = """
        SELECT aggregates.gid
        FROM orders JOIN aggregates ON aggregates.shop = orders.shop AND aggregates.id = orders.id
        WHERE orders.shop = ? AND orders.address_key = ? ORDER BY orders.placed_at DESC
        """
}

extension OrderRecord {
    /// The codes that were used on the order, as codes of ours are written; nil if there is none, or it is no sale.
    fileprivate var usedCodes: [String]? {
        guard let applied = facts.bill?.applied, !facts.isNoSale else { return nil }
        let codes = Set(applied.filter(\.isCode).map { $0.title.uppercased() })
        return codes.isEmpty ? nil : codes.sorted()
    }
}
