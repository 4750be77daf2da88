internal import FoundationEssentials
public import Outreach

// The whole history of a shop, customer by customer, for `replay`.
//
// The store keeps addresses as keyed hashes, which are evenly distributed; so a share of the shop is a range of them,
// and several readers can each take one. Orders without an address come last, each by itself. There are millions of
// rows, so the statements do not select the shop and the order again in each.

/// A share of a shop's customers: those whose address hashes to a first byte in the range.
public struct ReplayShare: Hashable, Sendable {
    let bytes: Range<Int>

    /// The shop divided into this many shares of about the same size, 1 to 64.
    public static func shares(_ count: Int) -> [ReplayShare] {
        let count = max(1, min(64, count))
        return (0..<count).map { ReplayShare(bytes: 256 * $0 / count..<256 * ($0 + 1) / count) }
    }

    /// True for the share that also has the orders without an address.
    var hasNameless: Bool { bytes.upperBound == 256 }
}

extension Store {
    /// The number of a shop's orders with events recorded since a moment: the size of a replay, for a progress bar.
    public func replayLength(shop: String, since: Moment) async throws(StoreFailure) -> Int {
        try await read { db in
            Int(
                try db.integer(
                    "SELECT count(DISTINCT aggregate_id) FROM events WHERE shop = ? AND recorded_at >= ?",
                    [try db.shop(shop), since.milliseconds]) ?? 0)
        }
    }

    /// Visits a share of a shop's customers who had an event since a moment, and passes each to `body` with all their
    /// orders. Only one customer is in memory at a time.
    ///
    /// The whole read sees one snapshot of the store, from when it began; the daemon keeps writing meanwhile.
    ///
    /// - Parameter body: called for one customer after another, on one of the store's threads. It throws to stop the
    ///   read.
    public func replay(
        shop: String, since: Moment, share: ReplayShare,
        _ body: @escaping @Sendable (Replay.Customer) throws -> Void
    ) async throws(StoreFailure) {
        let hash = self.hash
        try await read { db in
            let reader = try CustomerReader(db: db, shop: shop, since: since, hash: hash)
            let first = Data([UInt8(share.bytes.lowerBound)])
            let last = Data(repeating: 0xFF, count: 17)
            let end = share.bytes.upperBound == 256 ? last : Data([UInt8(share.bytes.upperBound)])
            try db.each(Query.addresses, [reader.shop, first, end]) { row in
                if let customer = try reader.customer(address: row[0]) { try body(customer) }
            }
            guard share.hasNameless else { return }
            for id in try db.all(Query.nameless, [reader.shop], { $0[0] as Int64 }) {
                if let customer = try reader.customer(order: id) { try body(customer) }
            }
        }
    }
}

/// Reads customers one after another.
private struct CustomerReader {
    let shop: Int64
    private let db: Connection
    private let domain: String
    private let since: Int64
    private let hash: KeyedHash
    private let decoder = JSONDecoder()
    private let hasSilences: Bool
    private let hasOrderSilences: Bool

    init(db: Connection, shop domain: String, since: Moment, hash: KeyedHash) throws {
        self.db = db
        self.domain = domain
        self.hash = hash
        shop = try db.shop(domain)
        self.since = since.milliseconds
        hasSilences = try db.integer("SELECT 1 FROM silences WHERE shop = ? LIMIT 1", [shop]) != nil
        hasOrderSilences =
            try db.integer("SELECT 1 FROM silences WHERE shop = ? AND scope = 'order' LIMIT 1", [shop]) != nil
    }

    private struct Raw {
        var id: Int64
        var gid: String
        var format: Int
        var record: Data
        var customer: Data?

        init(_ row: Row) {
            id = row[0]
            gid = row[1]
            format = row[2]
            record = row[3]
            customer = row[4]
        }
    }

    /// All orders of an address; nil if nothing has happened to any of them for a long time.
    func customer(address: Data) throws -> Replay.Customer? {
        try customer(of: db.all(Query.replayedOrders, [shop, address], Raw.init), address: address)
    }

    /// An order without an address.
    func customer(order id: Int64) throws -> Replay.Customer? {
        try customer(of: db.all(Query.replayedOrder, [shop, id], Raw.init), address: nil)
    }

    private func customer(of found: [Raw], address: Data?) throws -> Replay.Customer? {
        let isFresh = try found.contains { try db.integer(Query.isFresh, [shop, $0.id, since]) != nil }
        guard isFresh else { return nil }
        var customer = Replay.Customer(orders: [])
        for one in found {
            let loaded = LoadedOrder(
                row: OrderRowKey(shop: shop, id: one.id), version: 1, format: one.format, record: one.record,
                scans: try db.scans(orderID: one.id, shop: shop), events: try events(of: one))
            customer.orders.append(try loaded.assembled(decoder: decoder))
        }
        if hasSilences {
            var scopes: [(String, Data)] = address.map { [("address", $0)] } ?? []
            for key in Set(found.compactMap(\.customer)) { scopes.append(("customer", key)) }
            if hasOrderSilences { scopes += found.map { ("order", hash.order($0.gid)) } }
            for (scope, key) in scopes {
                customer.silences += try db.all(Query.replayedSilences, [shop, scope, key]) { row in
                    Replay.Silence(
                        begunAt: row.moment(0), endsAt: row.optionalMoment(1),
                        stream: MailStream(rawValue: row[2]))
                }
            }
        }
        return customer
    }

    private func events(of order: Raw) throws -> [Event] {
        var events = try db.all(Query.replayedEvents, [shop, order.id]) { row in
            Event(
                id: row[0], shop: domain, orderID: order.gid, kind: try row.word(1), occurrences: [],
                happenedAt: row.moment(2), recordedAt: row.moment(3), silence: try row.optionalWord(4), source: row[5],
                daysLate: row[6], delayReason: row[7])
        }
        // Both are in the order of the events' numbers.
        var place = 0
        try db.each(Query.replayedOccurrences, [shop, order.id]) { row in
            let id: Int64 = row[0]
            while place < events.count, events[place].id < id { place += 1 }
            guard place < events.count, events[place].id == id else { return }
            events[place].occurrences.append(Event.Occurrence(subject: row[1], n: row[2], mark: row[3]))
        }
        return events
    }
}

extension Query {
    private static let replayed = """
        SELECT orders.id, aggregates.gid, orders.format, orders.record, orders.customer_key
        FROM orders JOIN aggregates ON aggregates.shop = orders.shop AND aggregates.id = orders.id
        """
    static let addresses = """
        SELECT DISTINCT address_key FROM orders
        WHERE shop = ? AND address_key >= ? AND address_key < ? AND address_key IS NOT NULL ORDER BY address_key
        """
    static let nameless = "SELECT id FROM orders WHERE shop = ? AND address_key IS NULL ORDER BY id"
    static let replayedOrders = "\(replayed) WHERE orders.shop = ? AND orders.address_key = ? ORDER BY orders.id"
    static let replayedOrder = "\(replayed) WHERE orders.shop = ? AND orders.id = ?"
    static let isFresh = "SELECT 1 FROM events WHERE shop = ? AND aggregate_id = ? AND recorded_at >= ? LIMIT 1"
    static let replayedEvents = """
        SELECT id, kind, happened_at, recorded_at, silence, source, days_late, delay_reason
        FROM events WHERE shop = ? AND aggregate_id = ? ORDER BY id
        """
    static let replayedOccurrences = """
        SELECT event_id, subject, n, mark FROM occurrences WHERE shop = ? AND aggregate_id = ?
        ORDER BY event_id, position
        """
    static let replayedSilences = """
        SELECT begun_at, ends_at, stream FROM silences WHERE shop = ? AND scope = ? AND scope_key = ?
        """
}
