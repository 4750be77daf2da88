internal import FoundationEssentials
public import Outreach

// What was given, as rows: a gift is booked in the transaction that decides it, told by the message beside it, and taken
// back if no message tells of it. A budget is the sum of what is booked in a calendar period and not freed.
//
//     booked ──▶ (the shop makes the code) ──▶ told
//        │                    └──▶ untold ──▶ taken back ──▶ freed
//        └── refused, withdrawn before it was tried ───────▶ freed
//
// What else costs something in the shop is booked in the same way, and stays booked unless it is known not to be done; and
// a label, once it is bought, until it is given back (Labels.swift).

/// A gift that nobody was told of, with what made it.
public struct UntoldGift: Hashable, Sendable {
    public var effect: Effect
    /// What was done.
    public var message: Message
    /// What it brought.
    public var results: [String: String]
}

/// What was given about an order, for whoever asks what is kept of them.
public struct GivenLine: Hashable, Sendable {
    public var gift: String
    /// In the smallest unit of its currency.
    public var amount: Int64
    public var currency: String
    public var why: String
    public var bookedAt: Moment
    public var redeemedAt: Moment?
    /// When it was taken back, or turned out not to be done.
    public var freedAt: Moment?
    /// What was typed at the checkout to redeem it.
    public var code: String?
}

extension Store {
    /// What was given about an order, the first first.
    public func given(about order: OrderKey) async throws(StoreFailure) -> [GivenLine] {
        let key = hash.order(order.orderID)
        return try await read { db in
            try db.all(Query.givenAboutOrder, [try db.shop(order.shop), key]) { row in
                GivenLine(
                    gift: row[0], amount: row[1], currency: row[2], why: row[3], bookedAt: row.moment(4),
                    redeemedAt: row.optionalMoment(5), freedAt: row.optionalMoment(6), code: row[7])
            }
        }
    }

    /// Makes the codes of gifts; the same ones in a store that was restored.
    public var giftCodes: GiftCodes { GiftCodes(key: hash.derived("gift codes")) }

    /// Gifts that were made, or may have been, and whose message is over without telling of them.
    public func untoldGifts(shop domain: String, limit: Int) async throws(StoreFailure) -> [UntoldGift] {
        try await read { db in
            let shop = try db.shop(domain)
            let open = try db.all(Query.openBookings, [shop, limit]) { (id: $0[0] as Int64, teller: $0[1] as String) }
            return try open.compactMap { id, teller in
                guard let effect = try db.effect(id, shop: shop) else { return nil }
                switch effect.state {
                case .sent: break
                case .refused, .withdrawn: guard effect.attemptsInDoubt > 0 else { return nil }
                default: return nil
                }
                let message = try db.newest(
                    ofStems: effect.keys.map(Planner.stem), trigger: effect.trigger, line: teller, shop: shop)
                if let message, try db.integer(Query.isWaiting, [shop, message]) != nil { return nil }
                guard let made = try db.message(effectID: id, shop: shop) else { return nil }
                return UntoldGift(effect: effect, message: made, results: try db.results(of: id, shop: shop))
            }
        }
    }

    /// What a budget's bookings come to since that moment: all of them, or those of one verb.
    public func spent(
        of budget: Booking.Budget, only verb: ShopVerb? = nil, shop domain: String, since: Moment, currency: String
    ) async throws(StoreFailure) -> GiftHistory.Spent {
        try await read { db in
            try db.spent(
                budget, only: verb.map(Booking.name(ofVerb:)), since: since, currency: currency, but: 0,
                shop: try db.shop(domain))
        }
    }

    /// What the gifts of a shop come to since each of these moments.
    public func giftsSpent(
        shop domain: String, since: [Moment], currency: String
    ) async throws(StoreFailure) -> [GiftHistory.Spent] {
        try await read { db in
            let shop = try db.shop(domain)
            return try since.map { try db.spent(.gifts, since: $0, currency: currency, but: 0, shop: shop) }
        }
    }

    /// What the remedies of a shop come to since each of these moments.
    public func remediesSpent(
        shop domain: String, since: [Moment], currency: String
    ) async throws(StoreFailure) -> [GiftHistory.Spent] {
        try await read { db in
            let shop = try db.shop(domain)
            return try since.map { try db.spent(.remedies, since: $0, currency: currency, but: 0, shop: shop) }
        }
    }

    /// What a shop gave since then, of each thing.
    public func givenLately(shop domain: String, since: Moment) async throws(StoreFailure) -> [GivenLately] {
        try await read { db in
            let shop = try db.shop(domain)
            return try ["gifts", "remedies", "labels"].flatMap { budget in
                try db.all(Query.givenSince, [shop, budget, since.milliseconds]) {
                    GivenLately(name: $0[0], count: Int($0[1] as Int64), sum: $0[2] as Int64)
                }
            }
        }
    }

    /// When a customer, or somebody at her address, was last given a gift, in the scope that it has.
    public func lastGiven(_ gift: Gift, about record: OrderRecord) async throws(StoreFailure) -> Moment? {
        guard let scope = gift.scope, let customer = record.facts.customer?.id else { return nil }
        let hash = hash
        let address = record.comparedPlace
        return try await read { db in
            try db.lastGiven(
                gift.name, scope: scope, customerID: customer, orderID: record.facts.id, address: address, but: 0,
                shop: try db.shop(record.shop), hash: hash)
        }
    }
}

extension Connection {
    /// What was given before, for judging a gift.
    func giftHistory(
        _ question: GiftQuestion, but effect: Int64, shop: Int64, hash: KeyedHash
    ) throws -> GiftHistory {
        var history = GiftHistory()
        if let scope = question.scope {
            history.lastGivenAt = try lastGiven(
                question.gift, scope: scope, customerID: question.customerID, orderID: question.orderID,
                address: question.address, but: effect, shop: shop, hash: hash)
        }
        history.spent = try question.since.map {
            try spent(
                question.budget, only: $0.only, since: $0.moment, currency: question.currency, but: effect, shop: shop)
        }
        return history
    }

    fileprivate func lastGiven(
        _ gift: String, scope: Gift.Scope, customerID: String, orderID: String, address: String?, but effect: Int64,
        shop: Int64, hash: KeyedHash
    ) throws -> Moment? {
        var moments: [Int64] = []
        switch scope {
        case .order:
            moments += [try integer(Query.giftOfOrder, [shop, gift, hash.order(orderID), effect])].compactMap(\.self)
        case .customer:
            moments += [try integer(Query.giftOfCustomer, [shop, gift, hash.customer(customerID), effect])]
                .compactMap(\.self)
            if let address {
                moments += [try integer(Query.giftOfPlace, [shop, gift, hash.place(address), effect])]
                    .compactMap(\.self)
            }
        }
        return moments.max().map { Moment(milliseconds: $0) }
    }

    fileprivate func spent(
        _ budget: Booking.Budget, only gift: String? = nil, since: Moment, currency: String, but effect: Int64,
        shop: Int64
    ) throws -> GiftHistory.Spent {
        func spent(_ row: Row) -> GiftHistory.Spent {
            GiftHistory.Spent(sum: row[0] as Int64, count: Int(row[1] as Int64))
        }
        let from = since.milliseconds
        if let gift {
            return try first(Query.spentOnVerb, [currency, shop, budget.rawValue, from, effect, gift], spent)
                ?? GiftHistory.Spent()
        }
        return try first(
            Query.spentOf, [currency, budget.rawValue, shop, budget.rawValue, from, effect], spent)
            ?? GiftHistory.Spent()
    }

    /// What a customer was given before as remedies, and anybody at her address.
    func remedyHistory(
        _ question: RemedyQuestion, but effect: Int64, shop: Int64, hash: KeyedHash, now: Moment
    ) throws -> RemedyHistory {
        var history = RemedyHistory(currency: question.currency)
        (history.last180Days, history.value) = try remedies(
            person: question.person, address: question.address, currency: question.currency, but: effect, shop: shop,
            hash: hash, now: now)
        if let customer = question.customerID.map(hash.customer) {
            history.returnsShare =
                try first(
                    Query.returnsOfCustomer,
                    [EventKind.returnRequested.rawValue, EventKind.returnApproved.rawValue, shop, customer]
                ) { row in
                    let (orders, returned) = (row[0] as Int64, row[1] as Int64)
                    return orders == 0 ? nil : Int(returned * 100 / orders)
                } ?? nil
        }
        history.spent = try question.since.map {
            try spent(
                .remedies, only: $0.only, since: $0.moment, currency: question.currency, but: effect, shop: shop)
        }
        return history
    }

    private func remedies(
        person: String, address: String?, currency: String, but effect: Int64, shop: Int64, hash: KeyedHash, now: Moment
    ) throws -> (last180Days: Int, value: Int64) {
        let since = (now - .days(180)).milliseconds
        let own = hash.customer(person)
        func read(_ row: Row) -> (Int, Int64) { (Int(row[0] as Int64), row[1] as Int64) }
        let hers = try first(Query.remediesOfCustomer, [since, currency, shop, own, effect], read) ?? (0, 0)
        guard let place = address.map(hash.place) else { return hers }
        // Whoever else lives there.
        let others = try first(Query.remediesOfPlace, [since, currency, shop, place, own, effect], read) ?? (0, 0)
        return (hers.0 + others.0, hers.1 + others.1)
    }

    /// Books a gift that is decided; false if there is no room for it any more, or its person was given another.
    func book(_ booking: Booking, of effect: Effect, shop: Int64, hash: KeyedHash, now: Moment) throws -> Bool {
        if let scope = booking.scope {
            let last = try lastGiven(
                booking.gift, scope: scope, customerID: booking.customerID, orderID: booking.orderID,
                address: booking.address, but: effect.id, shop: shop, hash: hash)
            guard last == booking.lastGivenAt else { return false }
        }
        if let seen = booking.remediesSeen {
            let known = try remedies(
                person: booking.customerID, address: booking.address, currency: booking.currency, but: effect.id,
                shop: shop, hash: hash, now: now)
            guard known.last180Days == seen else { return false }
        }
        for cap in booking.caps {
            let spent = try spent(
                booking.budget, only: cap.only, since: cap.since, currency: booking.currency, but: effect.id,
                shop: shop)
            if let sum = cap.sum, spent.sum + booking.amount > sum { return false }
            if let count = cap.count, spent.count + 1 > count { return false }
        }
        try rebook([effect.id], shop: shop) {
            try run(
                """
                INSERT INTO bookings (shop, effect_id, budget, gift, amount, currency, customer_key, place_key, order_key,
                    teller, why, booked_at, told_by)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (shop, effect_id) DO UPDATE SET gift = excluded.gift, amount = excluded.amount,
                    currency = excluded.currency, teller = excluded.teller, why = excluded.why,
                    booked_at = excluded.booked_at, freed_at = NULL
                """,
                [
                    shop, effect.id, booking.budget.rawValue, booking.gift, booking.amount, booking.currency,
                    hash.customer(booking.customerID),
                    booking.address.map(hash.place), hash.order(booking.orderID), booking.teller, booking.why,
                    now.milliseconds, booking.isTold ? effect.id : nil,
                ])
        }
        return true
    }

    /// Notes that a message tells what actions brought; false if a gift among them was taken back meanwhile.
    func tell(_ actions: [Int64], by message: Int64, shop: Int64) throws -> Bool {
        for action in actions {
            let open = try changes(
                """
                UPDATE bookings SET told_by = CASE WHEN told_by = effect_id THEN told_by ELSE ? END
                WHERE shop = ? AND effect_id = ? AND withdrawn_by IS NULL AND freed_at IS NULL
                """, [message, shop, action])
            if open == 0, try integer(Query.booking, [shop, action]) != nil { return false }
        }
        return true
    }

    /// Has a message that was refused tell of its gift again, because it is tried by hand; false if the gift was taken
    /// back meanwhile, so that what it says is not true any more.
    func tellAgain(_ message: Effect, shop: Int64) throws -> Bool {
        guard message.origin == .trigger, let about = message.aggregate, let id = try aggregate(about, shop: shop)?.id
        else { return true }
        let gifts = try all(Query.giftsBeside, [shop, id, message.trigger, message.line]) {
            (effect: $0[0] as Int64, isTold: $0[1] as Bool, isOver: $0[2] as Bool)
        }
        for gift in gifts where !gift.isTold {
            guard !gift.isOver else { return false }
            try run(
                "UPDATE bookings SET told_by = ? WHERE shop = ? AND effect_id = ?", [message.id, shop, gift.effect])
        }
        return true
    }

    /// Notes that an effect takes a gift or a label back; false if it is told by now, or taken back already. A label is
    /// taken back whoever was told of it.
    func takeBack(_ gift: Int64, by effect: Int64, shop: Int64) throws -> Bool {
        try changes(
            """
            UPDATE bookings SET withdrawn_by = ?, told_by = NULL
            WHERE shop = ? AND effect_id = ? AND (told_by IS NULL OR budget = 'labels') AND withdrawn_by IS NULL
                AND freed_at IS NULL
            """, [effect, shop, gift]) > 0
    }

    /// What becomes of the booking of an effect that ends, or of the gift that it tells of.
    func settleGift(of effect: Effect, to state: Effect.State, at moment: Moment, shop: Int64) throws {
        switch state {
        case .sent:
            guard effect.channel == .shop, effect.origin == .system else { return }
            try rebook(try all(Query.takenBackBy, [shop, effect.id]) { $0[0] }, shop: shop) {
                try run(
                    """
                    UPDATE bookings SET freed_at = ?
                    WHERE shop = ? AND withdrawn_by = ? AND withdrawn_by IS NOT NULL AND freed_at IS NULL
                        AND NOT EXISTS (SELECT 1 FROM results WHERE shop = ? AND effect_id = ? AND name = ?)
                    """, [moment.milliseconds, shop, effect.id, shop, effect.id, LabelResult.kept])
            }
        case .skipped, .withdrawn, .replaced, .refused, .bounced:
            if effect.channel == .desk {
                // A remedy that came to nothing was offered to nobody.
                let gone = try changes("DELETE FROM offers WHERE shop = ? AND effect_id = ?", [shop, effect.id])
                guard gone > 0 else { return }
                try rebook([effect.id], shop: shop) {
                    try run(
                        "UPDATE bookings SET freed_at = ? WHERE shop = ? AND effect_id = ? AND freed_at IS NULL",
                        [moment.milliseconds, shop, effect.id])
                }
            } else if effect.channel == .shop {
                // A gift that may have been made stays booked until it is known to be taken back, and a label that was
                // bought until it is given back. What else is refused was looked for before, so it is known not to be
                // done.
                try rebook([effect.id], shop: shop) {
                    try run(
                        """
                        UPDATE bookings SET freed_at = ?
                        WHERE shop = ? AND effect_id = ? AND freed_at IS NULL AND (? = 0 OR (? = 1 AND gift LIKE 'do:%'))
                            AND NOT EXISTS (SELECT 1 FROM results WHERE shop = ? AND effect_id = ? AND name = ?)
                        """,
                        [
                            moment.milliseconds, shop, effect.id, effect.attemptsInDoubt, state == .refused, shop,
                            effect.id, LabelResult.bought,
                        ])
                }
            } else if state == .bounced || effect.attemptsInDoubt == 0 {
                // She never read it.
                try run(
                    "UPDATE bookings SET told_by = NULL WHERE shop = ? AND told_by = ? AND told_by IS NOT NULL",
                    [shop, effect.id])
            }
        case .waiting, .ready, .shadowed, .heldOut: break
        }
    }

    /// Has the messages that wait for what is done in the shop judged at once, now that it is known.
    func wakeMessages(beside action: Effect, shop: Int64, now: Moment) throws {
        guard action.channel == .shop, action.origin == .trigger, let about = action.aggregate,
            let id = try aggregate(about, shop: shop)?.id
        else { return }
        try run(
            """
            UPDATE effects SET due_at = ?, version = version + 1
            WHERE shop = ? AND aggregate_id = ? AND trigger_name = ? AND state = 'waiting' AND reason = 'result'
                AND due_at > ?
            """, [now.milliseconds, shop, id, action.trigger, now.milliseconds])
    }

    /// What an effect brought; nothing if it was taken back.
    func results(of effect: Int64, shop: Int64) throws -> [String: String] {
        if try integer(Query.takenBack, [shop, effect]) != nil { return [:] }
        var results: [String: String] = [:]
        for (name, value) in try all(Query.resultsOf, [shop, effect], { ($0[0] as String, $0[1] as String) }) {
            results[name] = value
        }
        return results
    }
}

extension Query {
    static let openBookings = """
        SELECT effect_id, teller FROM bookings
        WHERE shop = ? AND freed_at IS NULL AND told_by IS NULL AND withdrawn_by IS NULL ORDER BY effect_id LIMIT ?
        """
    static let giftsBeside = """
        SELECT bookings.effect_id, bookings.told_by IS NOT NULL, bookings.withdrawn_by IS NOT NULL
        FROM effects JOIN bookings ON bookings.shop = effects.shop AND bookings.effect_id = effects.id
        WHERE effects.shop = ? AND effects.aggregate_id = ? AND effects.trigger_name = ? AND effects.channel = 'shop'
            AND effects.state = 'sent' AND bookings.teller = ?
        """
    static let takenBackBy = """
        SELECT effect_id FROM bookings
        WHERE shop = ? AND withdrawn_by = ? AND withdrawn_by IS NOT NULL AND freed_at IS NULL
        """
    static let booking = "SELECT 1 FROM bookings WHERE shop = ? AND effect_id = ?"
    static let takenBack = """
        SELECT 1 FROM bookings WHERE shop = ? AND effect_id = ? AND (withdrawn_by IS NOT NULL OR freed_at IS NOT NULL)
        """
    /// What goes along with a remedy, or was chosen of one, counts in its sum, and not as another.
    static let spentOf = """
        SELECT coalesce(sum(CASE WHEN currency = ? THEN amount ELSE 0 END), 0),
            coalesce(sum(CASE WHEN ? <> 'remedies' OR \(isRemedy) THEN 1 ELSE 0 END), 0)
        FROM bookings
        WHERE shop = ? AND budget = ? AND booked_at >= ? AND effect_id <> ? AND freed_at IS NULL
        """
    /// What is paid for returned goods is booked apart from remedies, and counts against the ceiling of refunds with them.
    static let spentOnVerb = """
        SELECT coalesce(sum(CASE WHEN currency = ? THEN amount ELSE 0 END), 0), count(*) FROM bookings
        WHERE shop = ? AND budget IN (?, 'remedies', 'returns') AND booked_at >= ? AND effect_id <> ? AND freed_at IS NULL AND gift = ?
        """
    /// A remedy, or something that was done for her without one.
    private static let isRemedy = "(gift LIKE 'remedy:%' OR (gift LIKE 'do:%' AND teller <> 'remedy'))"
    static let givenSince = """
        SELECT gift, count(*), coalesce(sum(amount), 0) FROM bookings
        WHERE shop = ? AND budget = ? AND booked_at >= ? AND freed_at IS NULL GROUP BY gift ORDER BY gift
        """
    private static let remedies = """
        SELECT coalesce(sum(CASE WHEN \(isRemedy) AND booked_at >= ? THEN 1 ELSE 0 END), 0),
            coalesce(sum(CASE WHEN currency = ? THEN amount ELSE 0 END), 0)
        FROM bookings WHERE shop = ? AND budget = 'remedies' AND freed_at IS NULL
        """
    static let remediesOfCustomer = remedies + " AND customer_key = ? AND effect_id <> ?"
    static let remediesOfPlace =
        remedies + " AND place_key = ? AND place_key IS NOT NULL AND customer_key <> ? AND effect_id <> ?"
    static let returnsOfCustomer = """
        SELECT count(*), coalesce(sum(CASE WHEN EXISTS (
                SELECT 1 FROM events WHERE events.shop = orders.shop AND events.aggregate_id = orders.id
                    AND events.kind IN (?, ?)) THEN 1 ELSE 0 END), 0)
        FROM orders WHERE shop = ? AND customer_key = ? AND test = 0
        """
    static let giftOfCustomer = """
        SELECT max(booked_at) FROM bookings
        WHERE shop = ? AND gift = ? AND customer_key = ? AND effect_id <> ? AND freed_at IS NULL
        """
    static let giftOfPlace = """
        SELECT max(booked_at) FROM bookings
        WHERE shop = ? AND gift = ? AND place_key = ? AND effect_id <> ? AND place_key IS NOT NULL
            AND freed_at IS NULL
        """
    static let giftOfOrder = """
        SELECT max(booked_at) FROM bookings
        WHERE shop = ? AND gift = ? AND order_key = ? AND effect_id <> ? AND freed_at IS NULL
        """
    static let givenAboutOrder = """
        SELECT bookings.gift, bookings.amount, bookings.currency, bookings.why, bookings.booked_at,
            bookings.redeemed_at, bookings.freed_at, results.value
        FROM bookings LEFT JOIN results ON results.shop = bookings.shop AND results.effect_id = bookings.effect_id
            AND results.name = 'code'
        WHERE bookings.shop = ? AND bookings.order_key = ? ORDER BY bookings.effect_id
        """
}
