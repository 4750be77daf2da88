internal import FoundationEssentials
public import Outreach

// The judgements of incoming mail. The raw mail is an observation (`keep`); each judged one has a row here with its
// effect: a message of ours ends as bounced, or is known to have arrived; an address is silenced, or no longer; the
// shop's team gets a mail, and whoever wrote an answer.

/// One incoming mail, for `explain`.
public struct IncomingLine: Hashable, Sendable {
    /// The observation's number.
    public var id: Int64
    public var kind: IncomingClass
    public var receivedAt: Moment
    /// Our message that it is about or answers.
    public var effectID: Int64?
    /// Nil if nothing bounced.
    public var isHard: Bool?
    public var reason: String?
    /// A sentence without personal data.
    public var detail: String
}

extension Store {
    /// Writes the result of a mail that is about none of our orders, and marks it as judged: both or neither. For a
    /// mail that adds events to an order, use `commit(_:read:judged:incoming:now:)`.
    public func commit(_ incoming: IncomingOutcome, now: Moment) async throws(StoreFailure) {
        _ = try await commit([], judged: [incoming.observation], incoming: incoming, now: now)
    }

    /// The message of ours with one of these return tokens, else with one of these ids: the first that there is.
    ///
    /// - Parameters:
    ///   - ids: `Message-ID`s without angle brackets.
    ///   - tokens: what stood behind the `+` of an address, as `effect(ofReturnToken:)` takes it.
    public func message(
        withOneOf ids: [String], tokens: [String] = [], shop domain: String
    ) async throws(StoreFailure) -> AnsweredMessage? {
        let hash = self.hash
        return try await read { db in
            let shop = try db.shop(domain)
            let numbers = tokens.compactMap { hash.numbers(ofReturnToken: $0) }.filter { $0.shop == shop }
            for number in numbers {
                if let message = try db.answered(Query.messageByEffect, [shop, number.effect], shop: shop) {
                    return message
                }
            }
            for id in ids {
                if let message = try db.answered(Query.messageByID, [shop, id], shop: shop) { return message }
            }
            return nil
        }
    }

    /// The number of an address's soft bounces since a moment, except those that say nothing about the address.
    public func softBounces(
        of address: String, shop: String, since: Moment
    ) async throws(StoreFailure) -> Int {
        let key = hash.address(address)
        return try await read { db in
            let reasons: [String?] = try db.all(Query.softBounces, [try db.shop(shop), key, since.milliseconds]) {
                $0[0]
            }
            return reasons.count { reason in reason.map { !IncomingRules.notTheAddress.contains($0) } ?? true }
        }
    }

    /// The number of letters of an address since a moment, at most `limit`.
    public func letters(
        of address: String, shop: String, since: Moment, limit: Int
    ) async throws(StoreFailure) -> Int {
        let key = hash.address(address)
        return try await read { db in
            try db.all(Query.letters, [try db.shop(shop), key, since.milliseconds, limit]) { $0[0] as Int64 }.count
        }
    }

    /// The number of texts from a phone number since a moment, at most `limit`.
    public func texts(of number: String, shop: String, since: Moment, limit: Int) async throws(StoreFailure) -> Int {
        let key = hash.address(number)
        return try await read { db in
            try db.all(Query.texts, [try db.shop(shop), key, since.milliseconds, limit]) { $0[0] as Int64 }.count
        }
    }

    /// The newest message that went to an address or a phone number; nil if there is none, or it was removed for its
    /// age.
    public func lastMessage(to address: String, shop domain: String) async throws(StoreFailure) -> AnsweredMessage? {
        let key = hash.address(address)
        return try await read { db in
            let shop = try db.shop(domain)
            guard let effect = try db.integer(Query.lastEffectTo, [shop, key]) else { return nil }
            return try db.answered(Query.messageByEffect, [shop, effect], shop: shop)
        }
    }

    /// The incoming mails about an order, oldest first, at most 500.
    public func incoming(about order: OrderKey) async throws(StoreFailure) -> [IncomingLine] {
        try await read { db in
            let shop = try db.shop(order.shop)
            guard let aggregate = try db.aggregate(.order(order.orderID), shop: shop) else { return [] }
            return try db.all(Query.incomingOfAggregate, [shop, aggregate.id], IncomingLine.init)
        }
    }

    /// A shop's newest incoming mails, newest first, before a number.
    public func incoming(shop: String, before: Int64 = .max, limit: Int) async throws(StoreFailure) -> [IncomingLine] {
        try await read { db in try db.all(Query.incoming, [try db.shop(shop), before, limit], IncomingLine.init) }
    }
}

extension Connection {
    fileprivate func answered(_ query: String, _ arguments: SQLArguments, shop: Int64) throws -> AnsweredMessage? {
        let found = try first(query, arguments) {
            (effect: $0[0] as Int64, recipient: $0[1] as String?, subject: $0[2] as String?, id: $0[3] as String)
        }
        guard let found, let effect = try effect(found.effect, shop: shop) else { return nil }
        return AnsweredMessage(
            effect: effect, messageID: found.id, recipient: found.recipient.flatMap { $0.isEmpty ? nil : $0 },
            subject: found.subject)
    }

    /// Writes the result of a mail, in the step that marks it as judged.
    func put(
        _ outcome: IncomingOutcome, shop: Int64, hash: KeyedHash, path: String, now: Moment, tally: inout Tally
    ) throws {
        let aggregate = try outcome.aggregate.flatMap { try self.aggregate($0, shop: shop)?.id }
        let written = try changes(
            """
            INSERT INTO incoming (shop, id, class, received_at, judged_at, address_key, effect_id, aggregate_id, is_hard,
                reason, detail)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (shop, id) DO NOTHING
            """,
            [
                shop, outcome.observation.id, outcome.kind.rawValue, outcome.observation.receivedAt.milliseconds,
                now.milliseconds, outcome.address.map(hash.address), outcome.effectID, aggregate, outcome.isHard,
                outcome.reason, outcome.detail,
            ])
        guard written > 0 else { return }
        tally.add(.incoming, [outcome.kind.rawValue], shop: shop)
        if outcome.kind == .person {
            try noteContact(
                aggregate: aggregate, address: outcome.address.map(hash.address), at: outcome.observation.receivedAt,
                shop: shop, tally: &tally)
        }
        if let id = outcome.effectID, var effect = try self.effect(id, shop: shop) {
            if outcome.provesArrival, effect.state == .ready, effect.attemptsInDoubt > 0 {
                try run("DELETE FROM leases WHERE shop = ? AND effect_id = ?", [shop, id])
                let note = DecisionNote(at: now, state: .sent, reason: .answered)
                try move(effect, to: note, shop: shop, tally: &tally)
                (effect.state, effect.reason, effect.decidedAt) = (.sent, .answered, now)
            }
            if outcome.isEndOfMessage, effect.state == .sent {
                let note = DecisionNote(at: now, state: .bounced, reason: .bounced, detail: outcome.detail)
                try move(effect, to: note, shop: shop, tally: &tally)
            }
        }
        for silencing in outcome.silencings {
            let scope: SilenceScope =
                switch silencing.who {
                case .address(let address): .address(address)
                case .key(let key): .addressKey(key)
                case .order(let id): .order(id)
                }
            try silence(
                scope, shop: shop, stream: silencing.stream, reason: silencing.reason,
                note: silencing.note, until: silencing.until, hash: hash, now: now)
        }
        for one in outcome.revocations {
            let scope: SilenceScope = one.orderID.map { .order($0) } ?? .address(one.address)
            try run(
                "DELETE FROM silences WHERE shop = ? AND scope = ? AND scope_key = ? AND stream = ? AND reason = ?",
                [
                    shop, scope.name, scope.key(hash), one.stream.rawValue, IncomingOutcome.Silencing.optOut,
                ])
        }
        for mail in [outcome.forward, outcome.reply].compactMap(\.self) {
            _ = try commit(
                [Plan(mail, shop: outcome.observation.shop, now: now)], hash: hash, path: path, now: now)
        }
    }

    /// Removes incoming mails with their judgements.
    ///
    /// - Parameter keepingHashes: keeps of each by what it is known again, and nothing else.
    func removeIncoming(_ ids: [Int64], shop: Int64, keepingHashes: Bool = false) throws {
        for id in ids {
            try run("DELETE FROM incoming WHERE shop = ? AND id = ?", [shop, id])
            if keepingHashes {
                try run(
                    """
                    UPDATE observations SET bytes = ?, about_kind = NULL, about_gid = NULL, address_key = NULL,
                        files_until = NULL
                    WHERE shop = ? AND id = ?
                    """, [Data(), shop, id])
            } else {
                try run("DELETE FROM observations WHERE shop = ? AND id = ?", [shop, id])
            }
        }
    }
}

extension Plan {
    /// One of Bookbag's own mails or texts, ready to be sent.
    init(_ mail: SystemMail, shop: String, now: Moment) {
        let route = Route(shop: shop, channel: mail.message.kind, target: mail.message.envelope.target)
        var effect = Effect(
            to: route, origin: .system, isContact: false, by: mail.maker, line: route.name, keys: [mail.key],
            about: mail.aggregate, dueAt: mail.dueAt, createdAt: now)
        effect.state = .ready
        effect.decidedAt = now
        self.init(
            shop: shop,
            changes: [
                PlannedChange(
                    effect: effect, note: DecisionNote(at: now, state: .ready, reason: nil), message: mail.message)
            ])
    }
}

extension IncomingLine {
    init(_ row: Row) throws {
        self.init(
            id: row[0], kind: try row.word(1), receivedAt: row.moment(2), effectID: row[3], isHard: row[4],
            reason: row[5], detail: row[6])
    }
}

extension Query {
    static let messageByID = """
        SELECT effect_id, recipient, summary, message_id FROM messages WHERE shop = ? AND message_id = ?
        """
    static let messageByEffect = """
        SELECT effect_id, recipient, summary, message_id FROM messages WHERE shop = ? AND effect_id = ?
        """
    static let texts = """
        SELECT id FROM incoming
        WHERE shop = ? AND address_key = ? AND received_at >= ? AND class IN ('person', 'keyword')
            AND address_key IS NOT NULL LIMIT ?
        """
    static let lastEffectTo = """
        SELECT id FROM effects WHERE shop = ? AND recipient_key = ? AND counted_at IS NOT NULL AND is_contact = 1
        ORDER BY counted_at DESC LIMIT 1
        """
    static let softBounces = """
        SELECT reason FROM incoming
        WHERE shop = ? AND address_key = ? AND received_at >= ? AND is_hard = 0 AND is_hard IS NOT NULL
            AND address_key IS NOT NULL
        """
    static let letters = """
        SELECT id FROM incoming
        WHERE shop = ? AND address_key = ? AND received_at >= ? AND class = 'person' AND address_key IS NOT NULL LIMIT ?
        """
    static let incomingOfAggregate = """
        SELECT id, class, received_at, effect_id, is_hard, reason, detail FROM incoming
        WHERE shop = ? AND aggregate_id = ? AND aggregate_id IS NOT NULL ORDER BY id LIMIT 500
        """
    static let incoming = """
        SELECT id, class, received_at, effect_id, is_hard, reason, detail FROM incoming
        WHERE shop = ? AND id < ? ORDER BY id DESC LIMIT ?
        """
    static let incomingAboutAggregate = "SELECT id FROM incoming WHERE shop = ? AND aggregate_id = ?"
    static let incomingOfAddress = """
        SELECT id FROM incoming WHERE shop = ? AND address_key = ? AND address_key IS NOT NULL
        """
    static let observationsAbout = """
        SELECT id FROM observations WHERE shop = ? AND about_kind = ? AND about_gid = ? AND about_gid IS NOT NULL
        """
    static let observationsOfAddress = "SELECT id FROM observations WHERE shop = ? AND address_key = ?"
}
