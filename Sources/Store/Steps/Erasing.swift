internal import FoundationEssentials
public import Outreach

/// What an erasure removed.
public struct Erased: Hashable, Sendable {
    public var orders = 0
    public var messages = 0
    /// The numbers of tickets in the helpdesk that these conversations had, which lie outside.
    public var tickets: [String] = []
}

extension Store {
    /// Erases a customer: removes every order placed with the address, or by a customer who placed one with it, with
    /// its scans, events, effects and messages, the conversations with her or about these orders, what she wrote in
    /// others, and the raw observations that are about it or contain the address.
    ///
    /// The totals stay, and so do a permanent silence of the address and a keyed hash of each order, which keeps the
    /// next poll from learning it again. A message being attempted at this moment may still arrive.
    public func erase(address: String, shop: String, now: Moment) async throws(StoreFailure) -> Erased {
        try await erase(addresses: [addressKey(address)], customer: nil, shop: shop, audit: nil, now: now)
    }

    /// The same for all addresses of a customer, by their keyed hashes.
    ///
    /// - Parameters:
    ///   - customer: the customer's keyed hash, whose orders go too, with whatever address; what came from these
    ///     addresses goes as well, unless somebody else ordered with them.
    ///   - audit: recorded with it if a person at the desk does it.
    public func erase(
        addresses: [[UInt8]], customer: [UInt8]?, shop: String, audit: AuditEntry?, now: Moment
    ) async throws(StoreFailure) -> Erased {
        let hash = self.hash
        let keys = addresses.map { Data($0) }
        let cache = records
        defer { cache.clear() }
        return try await write { db in
            let number = try db.shop(shop)
            var erased = Erased()
            var tally = Tally()
            // The numbers that were texted about these orders, as what came from them goes too.
            var numbersTexted: Set<Data> = []
            // The other addresses that she ordered with, as what she wrote from them goes too.
            var addressesUsed: Set<Data> = []
            for (id, gid, address) in try db.erasable(
                addresses: keys, customer: customer.map { Data($0) }, shop: number)
            {
                if let address { addressesUsed.insert(address) }
                try db.run(
                    "INSERT INTO erased (shop, order_key, erased_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                    [number, hash.order(gid), now.milliseconds])
                numbersTexted.formUnion(try db.all(Query.numbersTexted, [number, id]) { $0[0] as Data })
                for conversation in try db.all(Query.conversationNumbersOfOrder, [number, id], { $0[0] as Int64 }) {
                    erased.tickets += try db.ticketNumbers(of: conversation, shop: number)
                }
                erased.messages += try db.removeOrder(id, gid: gid, shop: number, tally: &tally)
                erased.orders += 1
            }
            var numbers = RowNumbers()
            // An address with orders of somebody else is not hers alone.
            let others = try addressesUsed.subtracting(keys).filter {
                try db.integer(Query.orderWithAddress, [number, $0]) == nil
            }
            for key in keys
                + numbersTexted.union(others).subtracting(keys).sorted(by: { $0.lexicographicallyPrecedes($1) })
            {
                for conversation in try db.all(Query.conversationNumbersOfAddress, [number, key], { $0[0] as Int64 }) {
                    erased.tickets += try db.ticketNumbers(of: conversation, shop: number)
                    erased.messages += try db.removeConversation(conversation, shop: number, tally: &tally)
                }
                try db.removeWords(of: key, shop: number)
                for query in [Query.incomingOfAddress, Query.observationsOfAddress] {
                    try db.removeIncoming(db.all(query, [number, key]) { $0[0] }, shop: number)
                }
                try db.run(
                    """
                    INSERT INTO silences (shop, id, scope, scope_key, stream, reason, begun_at)
                    VALUES (?, ?, 'address', ?, 'all', ?, ?)
                    ON CONFLICT (shop, scope, scope_key, stream, reason) DO UPDATE SET ends_at = NULL
                    """,
                    [
                        number, try numbers.take(.silences, shop: number, in: db), key, Reason.erased.rawValue,
                        now.milliseconds,
                    ])
            }
            try numbers.write(to: db)
            if let audit { try db.append(audit, now: now) }
            try tally.write(to: db)
            try db.note(now)
            return erased
        }
    }
}

extension Query {
    static let numbersTexted = """
        SELECT DISTINCT recipient_key FROM effects
        WHERE shop = ? AND aggregate_id = ? AND channel = 'sms' AND recipient_key IS NOT NULL
        """
}

extension Connection {
    /// The orders of addresses, and of the customers who ordered with them.
    fileprivate func erasable(
        addresses: [Data], customer: Data?, shop: Int64
    ) throws -> [(id: Int64, gid: String, address: Data?)] {
        var orders: [Int64: (gid: String, address: Data?)] = [:]
        var customers = Set([customer].compactMap(\.self))
        for key in addresses {
            let own = try all(Query.erasableByAddress, [shop, key]) {
                (id: $0[0] as Int64, gid: $0[1] as String, customer: $0[2] as Data?)
            }
            for one in own { orders[one.id] = (one.gid, key) }
            customers.formUnion(own.compactMap(\.customer))
        }
        for customer in customers {
            let others = try all(Query.erasableByCustomer, [shop, customer]) {
                (id: $0[0] as Int64, gid: $0[1] as String, address: $0[2] as Data?)
            }
            for (id, gid, address) in others { orders[id] = (gid, address) }
        }
        return orders.sorted { $0.key < $1.key }.map { (id: $0.key, gid: $0.value.gid, address: $0.value.address) }
    }

    /// Removes an order with all that belongs to it, and returns the number of messages of ours.
    ///
    /// - Parameter keepingHashes: keeps of the mails about it by what they are known again.
    func removeOrder(
        _ id: Int64, gid: String, shop: Int64, tally: inout Tally, keepingHashes: Bool = false
    ) throws -> Int {
        var messages = 0
        for conversation in try all(Query.conversationNumbersOfOrder, [shop, id], { $0[0] as Int64 }) {
            messages += try removeConversation(
                conversation, shop: shop, tally: &tally, keepingHashes: keepingHashes)
        }
        messages += try removeChats(ofOrder: id, shop: shop, tally: &tally, keepingHashes: keepingHashes)
        messages += try removeStory(ofAggregate: id, shop: shop, tally: &tally)
        for table in ["scans", "rereads"] {
            try run("DELETE FROM \(table) WHERE shop = ? AND order_id = ?", [shop, id])
        }
        try removeParcels(ofOrder: id, shop: shop, tally: &tally)
        try removeJourneys(orderID: id, shop: shop, tally: &tally)
        for table in ["to_read", "marks"] {
            try run("DELETE FROM \(table) WHERE shop = ? AND order_gid = ?", [shop, gid])
        }
        try removeIncoming(
            all(Query.incomingAboutAggregate, [shop, id]) { $0[0] }, shop: shop, keepingHashes: keepingHashes)
        try removeIncoming(
            all(Query.observationsAbout, [shop, AggregateKind.order.rawValue, gid]) { $0[0] }, shop: shop,
            keepingHashes: keepingHashes)
        try run("DELETE FROM page_codes WHERE shop = ? AND aggregate_id = ?", [shop, id])
        for table in ["orders", "aggregates"] {
            try run("DELETE FROM \(table) WHERE shop = ? AND id = ?", [shop, id])
        }
        return messages
    }

    /// Removes the effects and events of an aggregate, and returns the number of messages.
    func removeStory(ofAggregate id: Int64, shop: Int64, tally: inout Tally) throws -> Int {
        let messages = try removeEffects(ofAggregate: id, shop: shop, tally: &tally)
        for table in ["pending_events", "match_outcomes"] {
            try run(
                """
                DELETE FROM \(table) WHERE shop = ? AND event_id IN (
                    SELECT id FROM events WHERE events.shop = ? AND events.aggregate_id = ?)
                """, [shop, shop, id])
        }
        for table in ["occurrences", "events"] {
            try run("DELETE FROM \(table) WHERE shop = ? AND aggregate_id = ?", [shop, id])
        }
        return messages
    }

    /// Removes a conversation with all that was said in it and followed from it, the mails that it was read from
    /// included, and returns the number of messages of ours.
    ///
    /// - Parameter keepingHashes: keeps of the mails by what they are known again.
    func removeConversation(
        _ id: Int64, shop: Int64, tally: inout Tally, keepingHashes: Bool = false
    ) throws -> Int {
        let read: [Int64] = try all(Query.observationsOfConversation, [shop, id]) { $0[0] }
        try removeAlerts(ofConversation: id, shop: shop)
        for table in ["tickets", "conversation_alerts", "presence", "past_answers", "conversation_messages"] {
            try run("DELETE FROM \(table) WHERE shop = ? AND conversation_id = ?", [shop, id])
        }
        let messages = try removeStory(ofAggregate: id, shop: shop, tally: &tally)
        var others: [Int64] = try all(Query.incomingAboutAggregate, [shop, id]) { $0[0] }
        others += try all(Query.observationsAbout, [shop, AggregateKind.conversation.rawValue, "\(id)"]) { $0[0] }
        try removeIncoming(read + others, shop: shop, keepingHashes: keepingHashes)
        for table in ["conversations", "aggregates"] {
            try run("DELETE FROM \(table) WHERE shop = ? AND id = ?", [shop, id])
        }
        return messages
    }

    /// Removes the chats that proved an order, with whatever else was said in them, and takes back the codes of it.
    fileprivate func removeChats(
        ofOrder id: Int64, shop: Int64, tally: inout Tally, keepingHashes: Bool
    ) throws -> Int {
        var messages = 0
        for key in try all(Query.chatsOfOrder, [shop, id], { $0[0] as Data }) {
            for conversation in try all(Query.conversationNumbersOfAddress, [shop, key], { $0[0] as Int64 }) {
                messages += try removeConversation(
                    conversation, shop: shop, tally: &tally, keepingHashes: keepingHashes)
            }
            try removeWords(of: key, shop: shop)
            for query in [Query.incomingOfAddress, Query.observationsOfAddress] {
                try removeIncoming(all(query, [shop, key]) { $0[0] }, shop: shop, keepingHashes: keepingHashes)
            }
        }
        try run("DELETE FROM chats WHERE shop = ? AND order_id = ?", [shop, id])
        try run(
            """
            UPDATE chats SET claim_id = NULL, claim_key = NULL, code_digest = NULL, code_ends_at = NULL
            WHERE shop = ? AND claim_id = ?
            """, [shop, id])
        return messages
    }

    /// Removes what an address wrote in the conversations of others.
    fileprivate func removeWords(of address: Data, shop: Int64) throws {
        let touched = Set(try all(Query.conversationsWithWordsOf, [shop, address]) { $0[0] as Int64 })
        guard !touched.isEmpty else { return }
        try run(
            """
            DELETE FROM past_answers WHERE shop = ? AND message_id IN (
                SELECT id FROM conversation_messages WHERE shop = ? AND sender_key = ? AND sender_key IS NOT NULL)
            """, [shop, shop, address])
        try run("DELETE FROM conversation_messages WHERE shop = ? AND sender_key = ?", [shop, address])
        for id in touched.sorted() {
            try removeAlerts(ofConversation: id, shop: shop)
            try run(
                """
                UPDATE conversations SET message_count = (
                    SELECT count(*) FROM conversation_messages AS left_over
                    WHERE left_over.shop = conversations.shop AND left_over.conversation_id = conversations.id)
                WHERE shop = ? AND id = ?
                """, [shop, id])
            try run("UPDATE aggregates SET version = version + 1 WHERE shop = ? AND id = ?", [shop, id])
        }
    }

    /// Removes all effects of an aggregate, and returns the number of their messages.
    fileprivate func removeEffects(ofAggregate id: Int64, shop: Int64, tally: inout Tally) throws -> Int {
        var messages = 0
        for effect in try effects(Query.effectsOfAggregate, [shop, id]) {
            if effect.origin != .system { tally.add(.effects, [effect.state.rawValue], shop: shop, -1) }
            messages += try removeEffect(effect.id, shop: shop)
        }
        return messages
    }

    /// Removes an effect with everything that belongs to it, and returns the number of its messages: one or none.
    @discardableResult
    func removeEffect(_ id: Int64, shop: Int64) throws -> Int {
        let messages = try changes("DELETE FROM messages WHERE shop = ? AND effect_id = ?", [shop, id])
        for table in [
            "leases", "attempts", "decisions", "results", "effect_keys", "effect_events", "ratings", "trials",
            "answers", "offers", "untold_acts",
        ] {
            try run("DELETE FROM \(table) WHERE shop = ? AND effect_id = ?", [shop, id])
        }
        try run(
            """
            UPDATE bookings SET told_by = 0
            WHERE shop = ? AND effect_id = ? AND told_by IS NULL AND withdrawn_by IS NULL AND freed_at IS NULL
            """, [shop, id])
        try run("DELETE FROM effects WHERE shop = ? AND id = ?", [shop, id])
        return messages
    }
}

extension Query {
    static let chatsOfOrder = "SELECT name_key FROM chats WHERE shop = ? AND order_id = ?"
    static let conversationNumbersOfOrder = """
        SELECT id FROM conversations WHERE shop = ? AND order_id = ? AND order_id IS NOT NULL
        """
    static let conversationNumbersOfAddress = """
        SELECT id FROM conversations WHERE shop = ? AND address_key = ? AND address_key IS NOT NULL
        """
    static let conversationsWithWordsOf = """
        SELECT conversation_id FROM conversation_messages
        WHERE shop = ? AND sender_key = ? AND sender_key IS NOT NULL
        """
    static let observationsOfConversation = """
        SELECT observation_id FROM conversation_messages
        WHERE shop = ? AND conversation_id = ? AND observation_id IS NOT NULL
        """
    static let erasableByAddress = """
        SELECT orders.id, aggregates.gid, orders.customer_key
        FROM orders JOIN aggregates ON aggregates.shop = orders.shop AND aggregates.id = orders.id
        WHERE orders.shop = ? AND orders.address_key = ?
        """
    static let orderWithAddress = "SELECT 1 FROM orders WHERE shop = ? AND address_key = ? LIMIT 1"
    static let erasableByCustomer = """
        SELECT orders.id, aggregates.gid, orders.address_key
        FROM orders JOIN aggregates ON aggregates.shop = orders.shop AND aggregates.id = orders.id
        WHERE orders.shop = ? AND orders.customer_key = ?
        """
}
