internal import FoundationEssentials
public import Outreach
internal import Platform

// What shoppers are offered when something went wrong, as rows. An offer is written in the transaction that decides it,
// with its booking; each step of it names the version that it was made of, and is written with all that follows from it
// (what is done in the shop, who is told, what is free again), or not at all. So nothing is approved twice, chosen twice,
// or chosen after it lapsed.

/// An offer with where it stands.
public struct OfferRecord: Hashable, Sendable {
    /// That of the effect which decided it.
    public var number: Int64
    public var shop: String
    public var orderID: String
    /// The order's name: `#1001`.
    public var orderName: String
    public let offer: Offer
    public let version: Int64
    public var state: OfferState
    public let decidedAt: Moment
    /// When the clock has something to do with it; nil for never.
    public var nextAt: Moment?
    /// When those who may approve it were told, and reminded.
    public var askedAt: Moment?
    public var remindedAt: Moment?
    /// Who approved or refused it, when, and with which words.
    public var judgedBy: String?
    public var judgedAt: Moment?
    public var note: String?
    public var openedAt: Moment?
    /// The effect that makes the gift which goes along.
    public var giftEffect: Int64?
    /// When the event was recorded that a letter tells of.
    public var toldAt: Moment?
    public var choice: Offered?
    public var chosenAt: Moment?
    /// The effect that does what she chose.
    public var actionEffect: Int64?
}

/// What becomes of what an offer has booked.
public enum OfferBooking: Hashable, Sendable {
    case asItIs
    /// It costs this much, and no more than what was booked.
    case costs(Int64)
    /// It costs nothing.
    case freed
}

extension Store {
    /// The offer of that number; nil if there is none.
    public func offer(_ number: Int64, shop domain: String) async throws(StoreFailure) -> OfferRecord? {
        try await read { db in try db.offer(number, shop: try db.shop(domain), domain: domain) }
    }

    /// The offers with which the clock has something to do by now, the longest due first. One whose deciding effect is
    /// not done yet is none.
    public func dueOffers(shop domain: String, limit: Int, now: Moment) async throws(StoreFailure) -> [OfferRecord] {
        try await read { db in
            try db.all(Query.dueOffers, [try db.shop(domain), now.milliseconds, limit]) {
                try OfferRecord($0, shop: domain)
            }
        }
    }

    /// The offers in a state, the oldest first.
    public func offers(
        in state: OfferState, shop domain: String, limit: Int
    ) async throws(StoreFailure) -> [OfferRecord] {
        try await read { db in
            try db.all(Query.offersInState, [try db.shop(domain), state.rawValue, limit]) {
                try OfferRecord($0, shop: domain)
            }
        }
    }

    /// The last offers that wait for no approval, the newest first.
    public func lastOffers(shop domain: String, limit: Int) async throws(StoreFailure) -> [OfferRecord] {
        try await read { db in
            try db.all(Query.lastOffers, [try db.shop(domain), limit]) { try OfferRecord($0, shop: domain) }
        }
    }

    /// The offers about an order, the newest first; at most 20.
    public func offers(ofOrder order: OrderKey) async throws(StoreFailure) -> [OfferRecord] {
        try await read { db in
            let shop = try db.shop(order.shop)
            guard let id = try db.order(order.orderID, shop: shop) else { return [] }
            return try db.all(Query.offersOfOrder, [shop, id]) { try OfferRecord($0, shop: order.shop) }
        }
    }

    /// What an effect brought, and where it stands; nil if there is none of that number.
    public func outcome(
        of effect: Int64, shop domain: String
    ) async throws(StoreFailure) -> (effect: Effect, results: [String: String])? {
        try await read { db in
            let shop = try db.shop(domain)
            guard let found = try db.effect(effect, shop: shop) else { return nil }
            return (found, try db.results(of: effect, shop: shop))
        }
    }

    /// Writes a step of an offer with all that follows from it, or nothing: false if the offer has another version by
    /// now, or something that follows cannot be written.
    ///
    /// - Parameters:
    ///   - after: the offer as it is to be; of `gift` and `action` the effects' numbers are filled in.
    ///   - gift: makes the gift that goes along.
    ///   - action: does what she chose.
    ///   - others: further effects, such as the hand-over to a person.
    public func write(
        _ after: OfferRecord, booking: OfferBooking = .asItIs, gift: PlannedChange? = nil,
        action: PlannedChange? = nil, others: [PlannedChange] = [], mails: [SystemMail] = [],
        audit: AuditEntry? = nil, reads: ReadVersions = [:], now: Moment
    ) async throws(StoreFailure) -> Bool {
        let hash = hash
        let path = path
        defer { changes.call() }
        return try await write { db in
            var isWritten = false
            let refusal = try db.isolated(path: path) {
                isWritten = try db.write(
                    after, booking: booking, gift: gift, action: action, others: others, reads: reads, hash: hash,
                    path: path, now: now)
                if isWritten {
                    for mail in mails { try db.put(mail, shop: after.shop, hash: hash, path: path, now: now) }
                    if let audit { try db.append(audit, now: now) }
                }
                return isWritten
            }
            if let refusal { throw refusal }
            try db.note(now)
            return isWritten
        }
    }
}

extension Connection {
    fileprivate func offer(_ number: Int64, shop: Int64, domain: String) throws -> OfferRecord? {
        try first(Query.offer, [shop, number]) { try OfferRecord($0, shop: domain) }
    }

    /// Writes what an effect offers; false if its order is gone.
    func put(_ offer: Offer, of effect: Effect, shop: Int64, now: Moment) throws -> Bool {
        guard let order = try order(offer.orderID, shop: shop) else { return false }
        let isOpen = offer.approveBy == nil
        try run(
            """
            INSERT INTO offers (shop, effect_id, aggregate_id, state, version, offer, dearest, decided_at, next_at,
                opened_at)
            VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?)
            """,
            [
                shop, effect.id, order, (isOpen ? OfferState.open : .asked).rawValue, try Self.stored(offer),
                offer.dearest, now.milliseconds, now.milliseconds, isOpen ? now.milliseconds : nil,
            ])
        return true
    }

    private static func stored(_ offer: Offer) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(offer), as: UTF8.self)
    }

    /// The offer that an event tells of, as it stands.
    func offerNow(_ number: Int64, shop: Int64) throws -> OfferNow? {
        guard let record = try offer(number, shop: shop, domain: "") else { return nil }
        let brought = try record.giftEffect.map { try results(of: $0, shop: shop) } ?? [:]
        return OfferNow(record.offer, state: record.state, brought: brought)
    }

    fileprivate func write(
        _ after: OfferRecord, booking: OfferBooking, gift: PlannedChange?, action: PlannedChange?,
        others: [PlannedChange], reads: ReadVersions, hash: KeyedHash, path: String, now: Moment
    ) throws -> Bool {
        var after = after
        let shop = try shop(after.shop)
        let before = try offer(after.number, shop: shop, domain: after.shop)?.state
        var plan = Plan(shop: after.shop, changes: [gift, action].compactMap(\.self) + others)
        plan.reads = reads
        if !plan.changes.isEmpty || !reads.isEmpty {
            let outcome = try commit([plan], hash: hash, path: path, now: now)
            if let refusal = outcome.refused.first?.value { throw refusal }
            guard outcome.stale.isEmpty else { return false }
            if gift != nil { after.giftEffect = outcome.effects[0].id }
            if action != nil { after.actionEffect = outcome.effects[gift == nil ? 0 : 1].id }
        }
        let written = try changes(
            """
            UPDATE offers SET state = ?, version = version + 1, next_at = ?, asked_at = ?, reminded_at = ?, judged_by = ?,
                judged_at = ?, note = ?, opened_at = ?, gift_effect = ?, told_at = ?, choice = ?, chosen_at = ?,
                action_effect = ?
            WHERE shop = ? AND effect_id = ? AND version = ?
            """,
            [
                after.state.rawValue, after.nextAt?.milliseconds, after.askedAt?.milliseconds,
                after.remindedAt?.milliseconds, after.judgedBy, after.judgedAt?.milliseconds, after.note,
                after.openedAt?.milliseconds, after.giftEffect, after.toldAt?.milliseconds, after.choice?.name,
                after.chosenAt?.milliseconds, after.actionEffect, shop, after.number, after.version,
            ])
        guard written > 0 else { return false }
        if let outcome = after.outcome, before != after.state {
            var tally = Tally()
            tally.remedied(after.offer.remedy, outcome, at: now, shop: shop)
            try tally.write(to: self)
        }
        switch booking {
        case .asItIs: break
        case .costs(let amount):
            try rebook([after.number], shop: shop) {
                try run(
                    "UPDATE bookings SET amount = ? WHERE shop = ? AND effect_id = ? AND amount >= ? AND freed_at IS NULL",
                    [amount, shop, after.number, amount])
            }
        case .freed:
            try rebook([after.number], shop: shop) {
                try run(
                    "UPDATE bookings SET freed_at = ? WHERE shop = ? AND effect_id = ? AND freed_at IS NULL",
                    [now.milliseconds, shop, after.number])
            }
        }
        return true
    }
}

extension OfferRecord {
    /// How it ended, as it is tallied: what was chosen, or why nothing was; nil while it is open.
    fileprivate var outcome: String? {
        switch state {
        case .asked, .open: nil
        case .chosen: choice?.name
        case .refused, .lapsed, .person: state.rawValue
        }
    }

    /// The columns that an offer is read from, in order.
    static let columns = """
        offers.effect_id, about.gid, about.name, offers.offer, offers.version, offers.state, offers.decided_at,
        offers.next_at, offers.asked_at, offers.reminded_at, offers.judged_by, offers.judged_at, offers.note,
        offers.opened_at, offers.gift_effect, offers.told_at, offers.choice, offers.chosen_at, offers.action_effect
        """
    static let tables = """
        offers JOIN aggregates AS about ON about.shop = offers.shop AND about.id = offers.aggregate_id
        """

    fileprivate init(_ row: Row, shop: String) throws {
        guard let offer = try? JSONDecoder().decode(Offer.self, from: Data((row[3] as String).utf8)) else {
            throw StoreFailure.unreadable("an offer")
        }
        self.init(
            number: row[0], shop: shop, orderID: row[1], orderName: row[2] as String? ?? "", offer: offer,
            version: row[4], state: try row.word(5), decidedAt: row.moment(6), nextAt: row.optionalMoment(7),
            askedAt: row.optionalMoment(8), remindedAt: row.optionalMoment(9), judgedBy: row[10],
            judgedAt: row.optionalMoment(11), note: row[12], openedAt: row.optionalMoment(13), giftEffect: row[14],
            toldAt: row.optionalMoment(15), choice: (row[16] as String?).map { Offered(name: $0) },
            chosenAt: row.optionalMoment(17), actionEffect: row[18])
    }
}

extension Query {
    static let offer = """
        SELECT \(OfferRecord.columns) FROM \(OfferRecord.tables) WHERE offers.shop = ? AND offers.effect_id = ?
        """
    static let dueOffers = """
        SELECT \(OfferRecord.columns) FROM \(OfferRecord.tables)
            JOIN effects ON effects.shop = offers.shop AND effects.id = offers.effect_id
        WHERE offers.shop = ? AND offers.next_at <= ? AND offers.next_at IS NOT NULL AND effects.state = 'sent'
        ORDER BY offers.next_at, offers.effect_id LIMIT ?
        """
    static let offersInState = """
        SELECT \(OfferRecord.columns) FROM \(OfferRecord.tables)
        WHERE offers.shop = ? AND offers.state = ? ORDER BY offers.decided_at, offers.effect_id LIMIT ?
        """
    static let lastOffers = """
        SELECT \(OfferRecord.columns) FROM \(OfferRecord.tables)
        WHERE offers.shop = ? AND offers.state <> 'asked' ORDER BY offers.effect_id DESC LIMIT ?
        """
    static let offersOfOrder = """
        SELECT \(OfferRecord.columns) FROM \(OfferRecord.tables)
        WHERE offers.shop = ? AND offers.aggregate_id = ? ORDER BY offers.effect_id DESC LIMIT 20
        """
}
