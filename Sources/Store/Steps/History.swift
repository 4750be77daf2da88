internal import FoundationEssentials
public import Outreach

extension Store {
    /// Earlier messages, for each question, in the same order.
    public func history(for questions: [HistoryQuestion], now: Moment) async throws(StoreFailure) -> [History] {
        let hash = self.hash
        return try await read { db in
            try db.together(questions) { question in
                try db.history(question, shop: try db.shop(question.shop), hash: hash, now: now)
            }
        }
    }
}

extension Connection {
    fileprivate func history(
        _ question: HistoryQuestion, shop: Int64, hash: KeyedHash, now: Moment
    ) throws -> History {
        var history = History()
        let address = question.address.map(hash.address)
        let customer = question.customerID.map(hash.customer)
        let own = try question.orderID.flatMap { try order($0, shop: shop) }
        if let order = own {
            history.messagesAboutOrder = Int(try integer(Query.messagesAboutOrder, [shop, order]) ?? 0)
            history.messagesAboutSubject = Int(
                try integer(
                    Query.messagesAboutSubject, [shop, order, question.subject.key, question.subject.key]) ?? 0)
            for trigger in question.replacers {
                let subjects: [String] = try all(
                    Query.toldSubjects,
                    [shop, order, trigger, question.isShadow, shop, order, trigger, question.isShadow]
                ) { $0[0] }
                if !subjects.isEmpty { history.told.append(.init(trigger: trigger, subjects: subjects)) }
            }
        }
        if let address {
            history.messagesLast7Days = Int(
                try integer(Query.messagesToAddress, [shop, address, (now - .days(7)).milliseconds]) ?? 0)
            history.lastMessageAt = try integer(Query.lastMessageTo, [shop, address, question.effectID]).map {
                Moment(milliseconds: $0)
            }
            if let since = question.countedSince {
                history.counted = try all(
                    Query.countedMoments, [shop, address, since.milliseconds, question.effectID]
                ) { $0.moment(0) }
            }
        }
        let monthAgo = (now - .days(30)).milliseconds
        if let customer {
            history.ordersLast30Days = Int(try integer(Query.ordersOfCustomer, [shop, customer, monthAgo]) ?? 0)
            history.lastProblemAt = try integer(Query.problemOfCustomer, [shop, customer]).map {
                Moment(milliseconds: $0)
            }
        } else if let address = question.orderAddress.map(hash.address) ?? address {
            history.ordersLast30Days = Int(try integer(Query.ordersOfAddress, [shop, address, monthAgo]) ?? 0)
            history.lastProblemAt = try integer(Query.problemOfAddress, [shop, address]).map {
                Moment(milliseconds: $0)
            }
        }
        // Nothing ever went wrong for most.
        if history.lastProblemAt != nil {
            let key = customer ?? question.orderAddress.map(hash.address) ?? address
            let query = customer == nil ? Query.otherProblemOfAddress : Query.otherProblemOfCustomer
            history.otherProblemAt = try integer(query, [shop, key, own ?? 0]).map { Moment(milliseconds: $0) }
        }
        if let order = own {
            history.isWithPerson = try integer(Query.isOrderWithPerson, [shop, order]) != nil
            if let asked = question.asked {
                let since = asked.at - ConversationRules.followUp
                history.isAskedElsewhere =
                    try integer(
                        Query.isAskedElsewhere,
                        [shop, order, asked.conversation, since.milliseconds, asked.message]) != nil
            }
        }
        if !history.isWithPerson, let address, question.stream == .marketing || question.stream == .ratings {
            history.isWithPerson = try integer(Query.isAddressWithPerson, [shop, address]) != nil
        }
        history.lastRating = try lastRating(address: address, customer: customer, shop: shop)
        if question.asksForRating {
            history.lastAskedAt = try lastAsked(
                address: address, customer: customer, but: question.effectID, shop: shop)
        }
        if let request = question.ratingRequest { history.rating = try ratingNow(request, shop: shop) }
        if let gift = question.gift {
            history.gifts = try giftHistory(gift, but: question.effectID, shop: shop, hash: hash)
        }
        if let remedies = question.remedies {
            history.remedies = try remedyHistory(
                remedies, but: question.effectID, shop: shop, hash: hash, now: now)
        }
        if let returned = question.returned, let id = question.orderID, let order = try order(id, shop: shop) {
            history.returned = try returnStory(returned, order: order, shop: shop)
        }
        if let offer = question.offer { history.offer = try offerNow(offer, shop: shop) }
        if let action = question.action { history.action = try actionNow(action, shop: shop) }
        if let teller = question.teller {
            let message = try newest(ofStems: teller.stems, trigger: teller.trigger, line: teller.line, shop: shop)
            history.isToldAlready =
                try message.flatMap { try integer(Query.isWaiting, [shop, $0]) } == nil
        }
        history.silenced = try isSilenced(
            scopes: [
                ("address", address), ("customer", customer), ("order", question.orderID.map(hash.order)),
            ], stream: question.stream, shop: shop, now: now)
        return history
    }

    /// True if one of the scopes is silenced now for that kind of mail.
    func isSilenced(
        scopes: [(scope: String, key: Data?)], stream: MailStream, shop: Int64, now: Moment
    ) throws -> Bool {
        for (scope, key) in scopes {
            guard let key else { continue }
            let found = try integer(
                Query.silence, [shop, scope, key, stream.rawValue, now.milliseconds])
            if found != nil { return true }
        }
        return false
    }
}

extension Query {
    static let messagesAboutOrder = """
        SELECT count(*) FROM effects
        WHERE shop = ? AND aggregate_id = ? AND state = 'sent' AND is_contact = 1
        """
    static let messagesAboutSubject = """
        SELECT count(*) FROM effects
        WHERE shop = ? AND aggregate_id = ? AND state = 'sent' AND is_contact = 1 AND (EXISTS (
            SELECT 1 FROM occurrences WHERE occurrences.shop = effects.shop
                AND occurrences.event_id = effects.event_id AND occurrences.subject = ?)
            OR EXISTS (
            SELECT 1 FROM effect_events JOIN occurrences ON occurrences.shop = effect_events.shop
                AND occurrences.event_id = effect_events.event_id
            WHERE effect_events.shop = effects.shop AND effect_events.effect_id = effects.id
                AND occurrences.subject = ?))
        """
    static let isWaiting = "SELECT 1 FROM effects WHERE shop = ? AND id = ? AND state = 'waiting'"
    static let lastMessageTo = """
        SELECT counted_at FROM effects WHERE shop = ? AND recipient_key = ? AND counted_at IS NOT NULL
            AND is_contact = 1 AND id <> ? ORDER BY counted_at DESC LIMIT 1
        """
    static let countedMoments = """
        SELECT counted_at FROM effects WHERE shop = ? AND recipient_key = ? AND counted_at > ?
            AND counted_at IS NOT NULL AND is_contact = 1 AND id <> ? ORDER BY counted_at DESC LIMIT 1000
        """
    static let toldSubjects = """
        SELECT occurrences.subject
        FROM effects JOIN occurrences ON occurrences.shop = effects.shop AND occurrences.event_id = effects.event_id
        WHERE effects.shop = ? AND effects.aggregate_id = ? AND effects.trigger_name = ?
            AND (effects.state IN ('ready', 'sent', 'bounced', 'refused') OR (? = 1 AND effects.state = 'shadowed'))
        UNION ALL
        SELECT occurrences.subject
        FROM effects JOIN effect_events ON effect_events.shop = effects.shop AND effect_events.effect_id = effects.id
        JOIN occurrences ON occurrences.shop = effects.shop AND occurrences.event_id = effect_events.event_id
        WHERE effects.shop = ? AND effects.aggregate_id = ? AND effects.trigger_name = ?
            AND (effects.state IN ('ready', 'sent', 'bounced', 'refused') OR (? = 1 AND effects.state = 'shadowed'))
        """
    static let messagesToAddress = """
        SELECT count(*) FROM (
            SELECT 1 FROM effects WHERE shop = ? AND recipient_key = ? AND counted_at > ? AND counted_at IS NOT NULL
                AND state = 'sent' AND is_contact = 1 LIMIT 1000) AS recent
        """
    static let ordersOfCustomer = """
        SELECT count(*) FROM (
            SELECT 1 FROM orders WHERE shop = ? AND customer_key = ? AND placed_at > ? AND test = 0 LIMIT 1000) AS recent
        """
    static let ordersOfAddress = """
        SELECT count(*) FROM (
            SELECT 1 FROM orders WHERE shop = ? AND address_key = ? AND placed_at > ? AND test = 0 LIMIT 1000) AS recent
        """
    static let problemOfCustomer = """
        SELECT max(last_problem_at) FROM orders
        WHERE shop = ? AND customer_key = ? AND last_problem_at IS NOT NULL
        """
    static let problemOfAddress = """
        SELECT max(last_problem_at) FROM orders
        WHERE shop = ? AND address_key = ? AND last_problem_at IS NOT NULL
        """
    static let otherProblemOfCustomer = "\(problemOfCustomer) AND id <> ?"
    static let otherProblemOfAddress = "\(problemOfAddress) AND id <> ?"
    static let silence = """
        SELECT 1 FROM silences WHERE shop = ? AND scope = ? AND scope_key = ? AND (stream = 'all' OR stream = ?)
            AND (ends_at IS NULL OR ends_at > ?) LIMIT 1
        """
}
