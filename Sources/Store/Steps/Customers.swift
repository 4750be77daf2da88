internal import FoundationEssentials
public import Outreach
internal import Platform

// A customer over all orders. The key in a page's address is the keyed hash of a mail address or of a customer's id: it
// says nothing to anybody but this store.

/// What belongs to one customer.
public struct CustomerSet: Hashable, Sendable {
    /// The orders, newest first; at most as many as were asked for.
    public var orders: [OrderKey]
    /// What Shopify says of these orders, without the scans of their parcels.
    public var facts: [OrderFacts]
    /// True where there are more.
    public var isMore: Bool
    /// The keyed hashes of the addresses that they were placed with, the key that was asked for first if it is one.
    public var addresses: [[UInt8]]
    /// The keyed hash of the customer's id; nil where the shop names none.
    public var customer: [UInt8]?
    /// The silences in force of the addresses, the customer and the orders shown.
    public var silences: [StandingSilence]
    /// Mails that came from the addresses, or came back from them, newest first; at most 30.
    public var incoming: [IncomingLine]
}

extension Store {
    /// The key of whoever placed an order: of the address, or else of the customer. Nil for an order that is not
    /// stored, or that names neither.
    public func customerKey(of order: OrderKey) async throws(StoreFailure) -> [UInt8]? {
        try await read { db in
            let shop = try db.shop(order.shop)
            guard let id = try db.order(order.orderID, shop: shop) else { return nil }
            return try db.first(Query.keysOfOrder, [shop, id]) { row in
                (row[0] as Data?).map { [UInt8]($0) } ?? (row[1] as Data?).map { [UInt8]($0) }
            } ?? nil
        }
    }

    /// The shop's ids of a customer's orders, the newest first; at most 1,000.
    public func orders(ofCustomer id: String, shop domain: String) async throws(StoreFailure) -> [String] {
        let key = hash.customer(id)
        return try await read { db in
            try db.all(Query.orderIDsOfCustomer, [try db.shop(domain), key]) { $0[0] }
        }
    }

    /// All that belongs to the customer of that key; the orders and silences are empty for one that nobody has.
    public func customer(
        _ key: [UInt8], shop domain: String, limit: Int, now: Moment
    ) async throws(StoreFailure) -> CustomerSet {
        let hash = hash
        return try await read { db in
            let shop = try db.shop(domain)
            let key = Data(key)
            func find(_ query: String, _ key: Data) throws -> [FoundOrder] {
                try db.all(query, [shop, key, limit + 1], FoundOrder.init)
            }
            let own = try find(Query.customersByAddress, key)
            var orders = Dictionary(own.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
            var customers = own.compactMap(\.customer).unique
            if own.isEmpty { customers = [key] }
            for customer in customers {
                for one in try find(Query.customersByID, customer) { orders[one.id] = one }
            }
            let sorted = orders.values.sorted { ($0.placedAt, $0.id) > ($1.placedAt, $1.id) }
            let shown = sorted.prefix(limit)
            var addresses = sorted.compactMap(\.address).unique
            let hasOrders = !sorted.isEmpty
            // Of somebody without orders it is not known what the key is of: it is taken for an address's.
            if own.isEmpty, !hasOrders { addresses = [key] }
            if !own.isEmpty { addresses = [key] + addresses.filter { $0 != key } }
            let customer = hasOrders ? customers.first : nil
            let scopes = addresses + [customer].compactMap(\.self) + shown.map { hash.order($0.gid) }
            let silences = try db.all(Query.silencesOfScopes, [shop, now.milliseconds], in: scopes) {
                try StandingSilence($0)
            }
            let incoming = try db.all(
                Query.incomingFromAddresses, [shop], in: addresses, [Self.incomingOfCustomer], IncomingLine.init)
            let decoder = JSONDecoder()
            return CustomerSet(
                orders: shown.map { OrderKey(shop: domain, orderID: $0.gid) },
                facts: try shown.map { try $0.facts(decoder) }, isMore: sorted.count > shown.count,
                addresses: addresses.map { [UInt8]($0) }, customer: customer.map { [UInt8]($0) },
                silences: silences.sorted { $0.id > $1.id },
                incoming: Array(incoming.sorted { $0.receivedAt > $1.receivedAt }.prefix(Self.incomingOfCustomer)))
        }
    }

    private static let incomingOfCustomer = 30

    /// The newest messages about orders of one shop, by when they were decided or are due, the last first. Bookbag's own
    /// mails are left out.
    public func effects(
        about orders: [String], shop: String, limit: Int
    ) async throws(StoreFailure) -> [FeedLine] {
        try await read { db in
            let shop = try db.shop(shop)
            let found = try db.all(Query.effectsAbout, [shop, shop], in: orders, [limit], FeedLine.init)
            return Array(found.sorted { ($0.at, $0.id) > ($1.at, $1.id) }.prefix(limit))
        }
    }

    /// Silences addresses that are known by their keyed hashes, with the entry of who did it.
    public func silence(
        addresses: [[UInt8]], shop domain: String, stream: MailStream, reason: String, until: Moment?,
        audit: AuditEntry,
        now: Moment
    ) async throws(StoreFailure) {
        let hash = hash
        defer { changes.call() }
        try await write { db in
            let shop = try db.shop(domain)
            for key in addresses {
                try db.silence(
                    .addressKey(key), shop: shop, stream: stream, reason: reason, note: nil, until: until, hash: hash,
                    now: now)
            }
            try db.append(audit, now: now)
            try db.note(now)
        }
    }

    /// Ends one silence, if it is one of these addresses', this customer's or these orders', and may be lifted. False
    /// if not, or if it is over.
    public func lift(
        silence id: Int64, of customer: CustomerSet, shop domain: String, audit: AuditEntry, now: Moment
    ) async throws(StoreFailure) -> Bool {
        guard customer.silences.contains(where: { $0.id == id && $0.mayBeLifted }) else {
            return false
        }
        defer { changes.call() }
        return try await write { db in
            let shop = try db.shop(domain)
            let gone = try db.changes("DELETE FROM silences WHERE shop = ? AND id = ?", [shop, id])
            guard gone > 0 else { return false }
            try db.append(audit, now: now)
            try db.note(now)
            return true
        }
    }
}

/// A row of an order of a customer.
private struct FoundOrder: Sendable {
    var id: Int64
    var gid: String
    var placedAt: Int64
    var address: Data?
    var customer: Data?
    var format: Int
    var record: Data

    init(_ row: Row) throws {
        (id, gid, placedAt, address, customer) = (row[0], row[1], row[2], row[3], row[4])
        (format, record) = (row[5], row[6])
    }

    func facts(_ decoder: JSONDecoder) throws -> OrderFacts {
        try LoadedOrder(
            row: OrderRowKey(shop: 0, id: id), version: 0, format: format, record: record, scans: [], events: []
        ).assembled(decoder: decoder).facts
    }
}

extension Connection {
    /// The rows of a query that asks about `Query.batch` values at once, in places between those of `first` and `last`.
    /// More values are asked about in parts; a part that is smaller repeats its last value, so that there is one
    /// statement whatever their number.
    func all<T>(
        _ sql: String, _ first: [any SQLBindable], in values: [any SQLBindable], _ last: [any SQLBindable] = [],
        _ read: (Row) throws -> T
    ) throws -> [T] {
        var found: [T] = []
        for start in stride(from: 0, to: values.count, by: Query.batch) {
            let part = values[start..<min(start + Query.batch, values.count)]
            let padding = repeatElement(part[part.endIndex - 1], count: Query.batch - part.count)
            found += try all(sql, SQLArguments(first + part + padding + last), read)
        }
        return found
    }
}

extension Sequence where Element: Hashable {
    /// Each element once, where it is first.
    fileprivate var unique: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}

extension Query {
    static let orderIDsOfCustomer = """
        SELECT aggregates.gid FROM orders
            JOIN aggregates ON aggregates.shop = orders.shop AND aggregates.id = orders.id
        WHERE orders.shop = ? AND orders.customer_key = ? ORDER BY orders.id DESC LIMIT 1000
        """
    static let keysOfOrder = "SELECT address_key, customer_key FROM orders WHERE shop = ? AND id = ?"
    private static let customerColumns = """
        orders.id, aggregates.gid, orders.placed_at, orders.address_key, orders.customer_key, orders.format, orders.record
        FROM orders JOIN aggregates ON aggregates.shop = orders.shop AND aggregates.id = orders.id
        """
    static let customersByAddress = """
        SELECT \(customerColumns)
        WHERE orders.shop = ? AND orders.address_key = ? AND orders.address_key IS NOT NULL
        ORDER BY orders.placed_at DESC LIMIT ?
        """
    static let customersByID = """
        SELECT \(customerColumns)
        WHERE orders.shop = ? AND orders.customer_key = ? AND orders.customer_key IS NOT NULL
        ORDER BY orders.placed_at DESC LIMIT ?
        """
    static let batch = 64
    static let places = Array(repeating: "?", count: batch).joined(separator: ", ")
    /// A keyed hash is of an address, a customer or an order, and never of two of them.
    static let silencesOfScopes = """
        SELECT \(silenceColumns) FROM silences JOIN shops ON shops.id = silences.shop
        WHERE silences.shop = ? AND (silences.ends_at IS NULL OR silences.ends_at > ?)
            AND silences.scope IN ('address', 'customer', 'order') AND silences.scope_key IN (\(places))
        """
    static let incomingFromAddresses = """
        SELECT id, class, received_at, effect_id, is_hard, reason, detail FROM incoming
        WHERE shop = ? AND address_key IS NOT NULL AND address_key IN (\(places))
        ORDER BY received_at DESC LIMIT ?
        """
    static let effectsAbout = """
        SELECT \(feedColumns), coalesce(effects.decided_at, effects.due_at), events.kind, aggregates.gid,
            aggregates.name, orders.record
        FROM (
            SELECT shop, id FROM effects WHERE shop = ? AND origin <> 'system' AND aggregate_id IN (
                SELECT id FROM aggregates WHERE shop = ? AND kind = 'order' AND gid IN (\(places)))
            ORDER BY id DESC LIMIT ?) AS picked
        \(feedTables)
        ORDER BY picked.id DESC
        """
}
