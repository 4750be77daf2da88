internal import FoundationEssentials
public import Outreach

// The whole history of a shop, shopper by shopper, for `replay`.
//
// A shopper is all orders that share an address or a customer, directly or through others: what the daemon may look at
// when it decides on one of them. They are found by going from an address to its customers, from these to their
// addresses, and on until nothing new is met; mostly that is one of each.
//
// Addresses stand in the store as keyed hashes, which are spread evenly; so a share of the shop is a range of them, and
// several readers can each take one. A shopper of several addresses belongs to the share of the smallest. Shoppers
// without any address come last. Rows are read with statements that name no shop and no order again and again: there are
// millions of them.

/// A share of a shop's shoppers: those whose smallest address hashes to a first byte in the range.
public struct ReplayShare: Hashable, Sendable {
    let bytes: Range<Int>

    /// The shop divided into this many shares of about the same size, 1 to 64.
    public static func shares(_ count: Int) -> [ReplayShare] {
        let count = max(1, min(64, count))
        return (0..<count).map { ReplayShare(bytes: 256 * $0 / count..<256 * ($0 + 1) / count) }
    }

    /// True for the share that has the shoppers without an address as well.
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

    /// Goes through a share of a shop's shoppers who had an event since a moment, and gives each to `body` with all
    /// their orders. Nothing is held in memory but one shopper.
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
    private let hasOffers: Bool

    init(db: Connection, shop domain: String, since: Moment, hash: KeyedHash) throws {
        self.db = db
        self.domain = domain
        self.hash = hash
        shop = try db.shop(domain)
        self.since = since.milliseconds
        hasSilences = try db.integer("SELECT 1 FROM silences WHERE shop = ? LIMIT 1", [shop]) != nil
        hasOrderSilences =
            try db.integer("SELECT 1 FROM silences WHERE shop = ? AND scope = 'order' LIMIT 1", [shop]) != nil
        hasOffers = try db.integer("SELECT 1 FROM offers WHERE shop = ? LIMIT 1", [shop]) != nil
    }

    private struct Raw {
        var id: Int64
        var gid: String
        var format: Int
        var record: Data
        var customer: Data?
        var address: Data?

        init(_ row: Row) {
            id = row[0]
            gid = row[1]
            format = row[2]
            record = row[3]
            customer = row[4]
            address = row[5]
        }
    }

    /// What belongs together: the numbers of orders, and the keys by which they were found.
    private struct Shopper {
        var orders = Set<Int64>()
        var addresses = Set<Data>()
        var customers = Set<Data>()
        /// Keys whose orders are not looked up yet.
        var openAddresses: [Data] = []
        var openCustomers: [Data] = []

        mutating func add(order: Int64, address: Data?, customer: Data?) {
            orders.insert(order)
            if let address, addresses.insert(address).inserted { openAddresses.append(address) }
            if let customer, customers.insert(customer).inserted { openCustomers.append(customer) }
        }
    }

    /// All orders of whoever has that address; nil where nothing has happened to any of them for long, or they come with
    /// another address.
    func customer(address: Data) throws -> Replay.Customer? {
        var shopper = Shopper(addresses: [address], openAddresses: [address])
        try complete(&shopper)
        guard shopper.addresses.allSatisfy({ !$0.lexicographicallyPrecedes(address) }) else { return nil }
        return try customer(of: shopper)
    }

    /// All orders of whoever placed one without an address; nil as above, or where they come with an address or with an
    /// order of a smaller number.
    func customer(order id: Int64) throws -> Replay.Customer? {
        var shopper = Shopper()
        shopper.add(
            order: id, address: nil, customer: try db.first(Query.customerOf, [shop, id]) { $0[0] } ?? nil)
        try complete(&shopper)
        guard shopper.addresses.isEmpty, shopper.orders.min() == id else { return nil }
        return try customer(of: shopper)
    }

    /// Goes from each key to its orders, and from these to further keys, until nothing new is met.
    private func complete(_ shopper: inout Shopper) throws {
        while true {
            if let address = shopper.openAddresses.popLast() {
                for (id, customer) in try db.all(Query.ordersOfAddressKey, [shop, address], Self.found) {
                    shopper.add(order: id, address: address, customer: customer)
                }
            } else if let customer = shopper.openCustomers.popLast() {
                for (id, address) in try db.all(Query.ordersOfCustomerKey, [shop, customer], Self.found) {
                    shopper.add(order: id, address: address, customer: customer)
                }
            } else {
                return
            }
        }
    }

    private static func found(_ row: Row) -> (id: Int64, key: Data?) { (row[0], row[1]) }

    private func customer(of shopper: Shopper) throws -> Replay.Customer? {
        let ids = shopper.orders.sorted()
        let isFresh = try ids.contains { try db.integer(Query.isFresh, [shop, $0, since]) != nil }
        guard isFresh else { return nil }
        let found = try ids.flatMap { try db.all(Query.replayedOrder, [shop, $0], Raw.init) }
        var customer = Replay.Customer(orders: [])
        for one in found {
            let loaded = LoadedOrder(
                row: OrderRowKey(shop: shop, id: one.id), version: 1, format: one.format, record: one.record,
                scans: try db.scans(orderID: one.id, shop: shop), events: try events(of: one))
            customer.orders.append(try loaded.assembled(decoder: decoder))
            if hasOffers {
                for (number, offer) in try offers(of: one) { customer.offers[number] = offer }
            }
            for request in customer.orders.last?.events.compactMap(\.ratingRequest) ?? [] {
                customer.ratings[request] = try db.ratingNow(request, shop: shop)
            }
        }
        if hasSilences {
            typealias Scope = (name: String, key: Data, orders: [Raw])
            var scopes: [Scope] = shopper.addresses.map { key in
                ("address", key, found.filter { $0.address == key })
            }
            scopes += shopper.customers.map { key in ("customer", key, found.filter { $0.customer == key }) }
            if hasOrderSilences { scopes += found.map { ("order", hash.order($0.gid), [$0]) } }
            for scope in scopes {
                let ids = scope.orders.count == found.count ? nil : Set(scope.orders.map(\.gid))
                customer.silences += try db.all(Query.replayedSilences, [shop, scope.name, scope.key]) { row in
                    Replay.Silence(
                        begunAt: row.moment(0), endsAt: row.optionalMoment(1),
                        stream: MailStream(rawValue: row[2]), orderIDs: ids)
                }
            }
        }
        return customer
    }

    /// What was offered about an order, by its number, with what it came to.
    private func offers(of order: Raw) throws -> [(Int64, Replay.PastOffer)] {
        try db.all(Query.replayedOffers, [shop, order.id]) { row in
            guard let offer = try? decoder.decode(Offer.self, from: Data((row[4] as String).utf8)) else {
                throw StoreFailure.unreadable("an offer")
            }
            let wasSeen: Bool = row[5]
            let past = Replay.PastOffer(
                orderID: order.gid, trigger: row[1], line: row[2], eventID: row[3] as Int64? ?? 0, offer: offer,
                cost: wasSeen ? row[6] as Int64 : nil, freedAt: row.optionalMoment(7))
            return (row[0] as Int64, past)
        }
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
        SELECT orders.id, aggregates.gid, orders.format, orders.record, orders.customer_key, orders.address_key
        FROM orders JOIN aggregates ON aggregates.shop = orders.shop AND aggregates.id = orders.id
        """
    static let addresses = """
        SELECT DISTINCT address_key FROM orders
        WHERE shop = ? AND address_key >= ? AND address_key < ? AND address_key IS NOT NULL ORDER BY address_key
        """
    static let nameless = "SELECT id FROM orders WHERE shop = ? AND address_key IS NULL ORDER BY id"
    static let ordersOfAddressKey = "SELECT id, customer_key FROM orders WHERE shop = ? AND address_key = ?"
    static let ordersOfCustomerKey = "SELECT id, address_key FROM orders WHERE shop = ? AND customer_key = ?"
    static let customerOf = "SELECT customer_key FROM orders WHERE shop = ? AND id = ?"
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
    /// What she chose, or what is offered still, and the gift that went along.
    static let replayedOffers = """
        SELECT offers.effect_id, effects.trigger_name, effects.line, effects.event_id, offers.offer,
            offers.opened_at IS NOT NULL,
            (SELECT coalesce(sum(amount), 0) FROM bookings
             WHERE bookings.shop = offers.shop AND bookings.freed_at IS NULL
                 AND bookings.effect_id IN (offers.effect_id, offers.gift_effect, offers.action_effect)),
            (SELECT freed_at FROM bookings
             WHERE bookings.shop = offers.shop AND bookings.effect_id = offers.effect_id)
        FROM offers JOIN effects ON effects.shop = offers.shop AND effects.id = offers.effect_id
        WHERE offers.shop = ? AND offers.aggregate_id = ?
        """
    static let replayedSilences = """
        SELECT begun_at, ends_at, stream FROM silences WHERE shop = ? AND scope = ? AND scope_key = ?
        """
}
