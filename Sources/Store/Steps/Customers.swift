internal import FoundationEssentials
public import Outreach
internal import Platform

// A customer over all orders. The key in a page's address is the keyed hash of a mail address or of a customer's id: it
// says nothing to anybody but this store.

/// What belongs to one customer.
public struct CustomerSet: Hashable, Sendable {
    /// The orders, newest first; at most as many as were asked for.
    public var orders: [OrderKey]
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

    /// All that belongs to the customer of that key; the orders and silences are empty for one that nobody has.
    public func customer(
        _ key: [UInt8], shop domain: String, limit: Int, now: Moment
    ) async throws(StoreFailure) -> CustomerSet {
        let hash = hash
        return try await read { db in
            let shop = try db.shop(domain)
            let key = Data(key)
            typealias Found = (id: Int64, gid: String, placedAt: Int64, address: Data?, customer: Data?)
            func find(_ query: String, _ key: Data) throws -> [Found] {
                try db.all(query, [shop, key, limit + 1]) {
                    (id: $0[0], gid: $0[1], placedAt: $0[2], address: $0[3], customer: $0[4])
                }
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
            var scopes = addresses.map { (name: "address", key: $0) }
            if let customer { scopes.append((name: "customer", key: customer)) }
            scopes += shown.map { (name: "order", key: hash.order($0.gid)) }
            var silences: [StandingSilence] = []
            for scope in scopes {
                silences += try db.all(Query.silencesOfScope, [shop, scope.name, scope.key, now.milliseconds]) {
                    try StandingSilence($0)
                }
            }
            var incoming: [IncomingLine] = []
            for address in addresses.prefix(10) {
                incoming += try db.all(Query.incomingFromAddress, [shop, address, 30], IncomingLine.init)
            }
            return CustomerSet(
                orders: shown.map { OrderKey(shop: domain, orderID: $0.gid) }, isMore: sorted.count > shown.count,
                addresses: addresses.map { [UInt8]($0) }, customer: customer.map { [UInt8]($0) },
                silences: silences.sorted { $0.id > $1.id },
                incoming: Array(incoming.sorted { $0.receivedAt > $1.receivedAt }.prefix(30)))
        }
    }

    /// What was decided to tell about orders, the last first; and what waits, before that. Bookbag's own mails are left
    /// out.
    public func effects(
        about orders: [OrderKey], limit: Int
    ) async throws(StoreFailure) -> [FeedLine] {
        try await read { db in
            var shops = ShopNumbers()
            var found: [FeedLine] = []
            for order in orders {
                let shop = try shops.number(order.shop, in: db)
                guard let id = try db.order(order.orderID, shop: shop) else { continue }
                found += try db.all(Query.effectsAbout, [shop, id, limit], FeedLine.init)
            }
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

extension Sequence where Element: Hashable {
    /// Each element once, where it is first.
    fileprivate var unique: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}

extension Query {
    static let keysOfOrder = "SELECT address_key, customer_key FROM orders WHERE shop = ? AND id = ?"
    private static let customerColumns = """
        orders.id, aggregates.gid, orders.placed_at, orders.address_key, orders.customer_key
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
    static let incomingFromAddress = """
        SELECT id, class, received_at, effect_id, is_hard, reason, detail FROM incoming
        WHERE shop = ? AND address_key = ? AND address_key IS NOT NULL ORDER BY received_at DESC LIMIT ?
        """
    static let effectsAbout = """
        SELECT \(feedColumns), coalesce(effects.decided_at, effects.due_at), events.kind, aggregates.gid,
            aggregates.name, orders.record
        FROM (
            SELECT shop, id FROM effects WHERE shop = ? AND aggregate_id = ? AND origin <> 'system'
            ORDER BY id DESC LIMIT ?) AS picked
        \(feedTables)
        ORDER BY picked.id DESC
        """
}
