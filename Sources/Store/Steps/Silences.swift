internal import FoundationEssentials
public import Outreach

/// Whom a silence is about.
public enum SilenceScope: Hashable, Sendable {
    /// A mail address. Case does not matter.
    case address(String)
    /// A mail address, by the keyed hash that an `UnsubscribeTokens.Wish` has.
    case addressKey([UInt8])
    /// A customer, by the shop's id.
    case customer(String)
    /// An order, by the shop's id.
    case order(String)

    /// The word for it in rows.
    var name: String {
        switch self {
        case .address, .addressKey: "address"
        case .customer: "customer"
        case .order: "order"
        }
    }

    func key(_ hash: KeyedHash) -> Data {
        switch self {
        case .address(let text): hash.address(text)
        case .addressKey(let key): Data(key)
        case .customer(let id): hash.customer(id)
        case .order(let id): hash.order(id)
        }
    }
}

/// A silence in force. The store keeps its subject only as a keyed hash, so it can be found by an address but never
/// shows one.
public struct StandingSilence: Hashable, Sendable {
    public var id: Int64
    public var shop: String
    /// `address`, `customer` or `order`.
    public var scope: String
    public var stream: MailStream
    /// In one word: `bounce`, `complaint`, `opt_out`, `handled`, `by_hand`, …
    public var reason: String
    /// A sentence without personal data.
    public var note: String?
    public var begunAt: Moment
    /// Nil for ever.
    public var endsAt: Moment?

    /// The reason of a silence imposed because the far end said that there is no such mailbox.
    public static let bounce = "bounce"

    /// True where somebody at the desk may end it. What the shopper asked for, by unsubscribing or a complaint, and an
    /// erasure are not theirs to end.
    public var mayBeLifted: Bool { !["opt_out", "complaint", Reason.erased.rawValue].contains(reason) }
}

extension Connection {
    /// Silences an address, a customer or an order. Repeating a silence keeps the later end.
    func silence(
        _ scope: SilenceScope, shop: Int64, stream: MailStream, reason: String, note: String?, until: Moment?,
        hash: KeyedHash, now: Moment
    ) throws {
        var numbers = RowNumbers()
        try run(
            """
            INSERT INTO silences (shop, id, scope, scope_key, stream, reason, note, begun_at, ends_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (shop, scope, scope_key, stream, reason) DO UPDATE SET
                note = coalesce(excluded.note, silences.note),
                ends_at = CASE WHEN silences.ends_at IS NULL OR excluded.ends_at IS NULL THEN NULL
                    WHEN silences.ends_at > excluded.ends_at THEN silences.ends_at ELSE excluded.ends_at END
            """,
            [
                shop, try numbers.take(.silences, shop: shop, in: self), scope.name, scope.key(hash), stream.rawValue,
                reason, note, now.milliseconds, until?.milliseconds,
            ])
        try numbers.write(to: self)
    }
}

extension Store {
    /// Silences an address, a customer or an order. Repeating a silence keeps the later end.
    ///
    /// - Parameters:
    ///   - reason: in one word, such as `bounce` or `opt_out`. Silences with different reasons coexist and end
    ///     separately.
    ///   - until: nil for ever.
    public func silence(
        _ scope: SilenceScope, shop: String, stream: MailStream = .all, reason: String, note: String? = nil,
        until: Moment?, now: Moment
    ) async throws(StoreFailure) {
        let hash = hash
        try await write { db in
            try db.silence(
                scope, shop: try db.shop(shop), stream: stream, reason: reason, note: note, until: until, hash: hash,
                now: now)
            try db.note(now)
        }
    }

    /// Ends silences of an address, a customer or an order: all of them, or those with one reason or stream. Returns
    /// their number.
    @discardableResult
    public func unsilence(
        _ scope: SilenceScope, shop: String, stream: MailStream? = nil, reason: String? = nil, now: Moment
    ) async throws(StoreFailure) -> Int {
        let key = scope.key(hash)
        return try await write { db in
            try db.note(now)
            return try db.changes(
                """
                DELETE FROM silences WHERE shop = ? AND scope = ? AND scope_key = ?
                    AND stream = coalesce(?, stream) AND reason = coalesce(?, reason)
                """, [try db.shop(shop), scope.name, key, stream?.rawValue, reason])
        }
    }

    /// Sets what somebody wants to hear of, in one step: each stream of mail about a subject is silenced, or what they
    /// silenced themselves before is ended. Silences for other reasons stay as they are.
    public func choose(
        _ choices: [(scope: SilenceScope, stream: MailStream, isWanted: Bool)], shop: String, reason: String,
        now: Moment
    ) async throws(StoreFailure) {
        let hash = hash
        try await write { db in
            let number = try db.shop(shop)
            for (scope, stream, isWanted) in choices {
                if isWanted {
                    try db.run(
                        """
                        DELETE FROM silences WHERE shop = ? AND scope = ? AND scope_key = ? AND stream = ?
                            AND reason = ?
                        """, [number, scope.name, scope.key(hash), stream.rawValue, reason])
                } else {
                    try db.silence(
                        scope, shop: number, stream: stream, reason: reason, note: nil, until: nil, hash: hash,
                        now: now)
                }
            }
            try db.note(now)
        }
    }

    /// The silences in force for an address, a customer or an order.
    public func silences(of scope: SilenceScope, shop: String, now: Moment) async throws(StoreFailure)
        -> [StandingSilence]
    {
        let key = scope.key(hash)
        return try await read { db in
            try db.all(Query.silencesOfScope, [try db.shop(shop), scope.name, key, now.milliseconds]) {
                try StandingSilence($0)
            }
        }
    }

    /// A shop's silences in force, newest first.
    ///
    /// - Parameter before: only silences with a smaller id, for paging.
    public func silences(
        shop: String, before: Int64 = .max, limit: Int, now: Moment
    ) async throws(StoreFailure) -> [StandingSilence] {
        try await read { db in
            try db.all(Query.silences, [try db.shop(shop), before, now.milliseconds, limit]) {
                try StandingSilence($0)
            }
        }
    }

    /// True if that kind of mail must not go to this address, customer or order.
    public func isSilenced(
        shop: String, address: String?, customerID: String?, orderID: String, stream: MailStream, now: Moment
    ) async throws(StoreFailure) -> Bool {
        let scopes = [
            (scope: "address", key: address.map(hash.address)), ("customer", customerID.map(hash.customer)),
            ("order", hash.order(orderID)),
        ]
        return try await read { db in
            try db.isSilenced(scopes: scopes, stream: stream, shop: try db.shop(shop), now: now)
        }
    }
}

extension StandingSilence {
    init(_ row: Row) throws {
        self.init(
            id: row[0], shop: row[1], scope: row[2], stream: try row.word(3), reason: row[4], note: row[5],
            begunAt: row.moment(6), endsAt: row.optionalMoment(7))
    }
}

extension Query {
    static let silenceColumns = """
        silences.id, shops.domain, silences.scope, silences.stream, silences.reason, silences.note, silences.begun_at,
        silences.ends_at
        """
    static let silencesOfScope = """
        SELECT \(silenceColumns) FROM silences JOIN shops ON shops.id = silences.shop
        WHERE silences.shop = ? AND silences.scope = ? AND silences.scope_key = ?
            AND (silences.ends_at IS NULL OR silences.ends_at > ?) ORDER BY silences.id
        """
    static let silences = """
        SELECT \(silenceColumns) FROM silences JOIN shops ON shops.id = silences.shop
        WHERE silences.shop = ? AND silences.id < ? AND (silences.ends_at IS NULL OR silences.ends_at > ?)
        ORDER BY silences.id DESC LIMIT ?
        """
}
