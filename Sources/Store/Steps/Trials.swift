internal import FoundationEssentials
public import Outreach

// Who was told and who was held out, where a trigger holds some out, and who of them wrote to the shop.
//
// A contact is joined when it comes: `noteContact` looks for what was decided about its order or its customer within
// the time before it, which is a handful of rows, and counts each once. So nothing is counted over history.

/// What a trigger's draws and their contacts come to.
public struct TrialSum: Hashable, Sendable {
    public var trigger: String
    public var isHeld: Bool
    /// How many were decided, and after how many of them the customer wrote.
    public var n: Int64
    public var contacts: Int64
    /// The first day of these.
    public var since: CalendarDay

    public init(trigger: String, isHeld: Bool, n: Int64, contacts: Int64, since: CalendarDay) {
        self.trigger = trigger
        self.isHeld = isHeld
        self.n = n
        self.contacts = contacts
        self.since = since
    }
}

extension Store {
    /// What was drawn from one day to another, both included.
    public func trialSums(
        shop: String, from first: CalendarDay, to last: CalendarDay
    ) async throws(StoreFailure) -> [TrialSum] {
        let rows = try await read { db in
            try db.all(Query.trialSums, [try db.shop(shop), first.daysSinceEpoch, last.daysSinceEpoch]) { row in
                (trigger: row[0] as String, what: row[1] as String, n: row[2] as Int64, day: row[3] as Int64)
            }
        }
        return rows.compactMap { row -> TrialSum? in
            guard let group = TrialGroup(rawValue: row.what) else { return nil }
            let contacts = rows.first { $0.trigger == row.trigger && $0.what == group.contacts }?.n ?? 0
            return TrialSum(
                trigger: row.trigger, isHeld: group == .held, n: row.n, contacts: contacts,
                since: CalendarDay(daysSinceEpoch: row.day))
        }
    }
}

extension Store {
    /// The secret by which a shop's customers are held out (`Planner.holdOutKey`).
    public func holdOutKey(shop: String) -> [UInt8] { hash.derived("\(HoldOut.keyPurpose) \(shop)") }
}

/// The two groups, as tallies name them.
enum TrialGroup: String {
    case told, held

    /// What the tally of those who wrote is called.
    var contacts: String { "\(rawValue) contact" }
}

extension Connection {
    /// Writes that a message was sent, or held out.
    func put(
        _ draw: HoldOutDraw, of effect: Effect, shop: Int64, hash: KeyedHash, now: Moment, tally: inout Tally
    ) throws {
        guard let aggregate = effect.aggregate, let about = try self.aggregate(aggregate, shop: shop) else { return }
        let day = try zone(shop: shop).day(at: now)
        let isNew =
            try changes(
                """
                INSERT INTO trials (shop, effect_id, trigger_name, is_held, aggregate_id, address_key, customer_key,
                    decided_at, day)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (shop, effect_id) DO NOTHING
                """,
                [
                    shop, effect.id, effect.trigger, draw.isHeld, about.id, hash.address(draw.address),
                    draw.customerID.map(hash.customer), now.milliseconds, day.daysSinceEpoch,
                ]) > 0
        if isNew { tally.drawn(effect.trigger, draw.isHeld ? .held : .told, isContact: false, on: day, shop: shop) }
    }

    /// A person wrote to the shop: what was decided about the order or the customer before counts as followed by a
    /// contact. The one place where contacts are counted, for whatever way they come by.
    ///
    /// - Parameters:
    ///   - aggregate: the row of the order that it is about, if that is known.
    ///   - address: the keyed hash of the writer's address, if that is known.
    func noteContact(
        aggregate: Int64?, address: Data?, at moment: Moment, shop: Int64, tally: inout Tally
    ) throws {
        let since = (moment - HoldOutTrial.window).milliseconds
        var found: [Int64: (trigger: String, isHeld: Bool, day: CalendarDay)] = [:]
        func look(_ sql: String, _ key: any SQLBindable) throws {
            for row in try all(
                sql, [shop, key, since, moment.milliseconds],
                { row in
                    (
                        id: row[0] as Int64, trigger: row[1] as String, isHeld: row[2] as Bool,
                        day: CalendarDay(daysSinceEpoch: row[3])
                    )
                })
            {
                found[row.id] = (row.trigger, row.isHeld, row.day)
            }
        }
        if let address { try look(Query.trialsOfAddress, address) }
        if let aggregate {
            try look(Query.trialsOfAggregate, aggregate)
            let customer: Data? = try first(Query.customerOfOrder, [shop, aggregate]) { $0[0] } ?? nil
            if let customer { try look(Query.trialsOfCustomer, customer) }
        }
        for (id, trial) in found {
            try run(
                "UPDATE trials SET contacted_at = ? WHERE shop = ? AND effect_id = ?", [moment.milliseconds, shop, id])
            tally.drawn(trial.trigger, trial.isHeld ? .held : .told, isContact: true, on: trial.day, shop: shop)
        }
    }
}

extension Query {
    private static let openTrial = "contacted_at IS NULL AND decided_at >= ? AND decided_at <= ?"
    static let trialsOfAddress = """
        SELECT effect_id, trigger_name, is_held, day FROM trials WHERE shop = ? AND address_key = ? AND \(openTrial)
        """
    static let trialsOfAggregate = """
        SELECT effect_id, trigger_name, is_held, day FROM trials WHERE shop = ? AND aggregate_id = ? AND \(openTrial)
        """
    static let trialsOfCustomer = """
        SELECT effect_id, trigger_name, is_held, day FROM trials
        WHERE shop = ? AND customer_key = ? AND customer_key IS NOT NULL AND \(openTrial)
        """
    static let customerOfOrder = "SELECT customer_key FROM orders WHERE shop = ? AND id = ?"
    static let trialSums = """
        SELECT a, b, CAST(sum(n) AS INTEGER), min(day) FROM tallies
        WHERE shop = ? AND name = 'trials' AND day >= ? AND day <= ?
        GROUP BY a, b ORDER BY a, b
        """
}
