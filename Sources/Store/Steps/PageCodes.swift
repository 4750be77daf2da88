internal import Foundation
public import Outreach
internal import Platform

// Codes that are mailed to the address of an order, so that whoever has one of its links can prove on a page that the
// order is hers. A code works once, for one page, and for a quarter of an hour; five wrong ones end it. Entered, it
// becomes a pass: a token of the open page alone, for pages that need her for more than one step.
//
// A code has six digits, so its digest is keyed: no reader of the rows alone can try them all.

extension Store {
    /// How often a wrong code may be entered before a new one is needed.
    public static let pageCodeTries = 5
    /// How long a code is good.
    public static let pageCodeLife = Duration.minutes(15)
    /// How long a page can be used once its code was entered.
    public static let passLife = Duration.minutes(30)

    /// Mails a code for a page of an order, and forgets the one before it with its pass; false if the order is not known.
    ///
    /// - Parameter page: what it is for, unique for the order.
    public func mailCode(
        by mail: SystemMail, code: String, for page: String, of order: OrderKey, now: Moment
    ) async throws(StoreFailure) -> Bool {
        let (hash, path) = (hash, path)
        return try await write { db in
            let shop = try db.shop(order.shop)
            guard let id = try db.order(order.orderID, shop: shop) else { return false }
            try db.run(
                """
                INSERT INTO page_codes (shop, aggregate_id, page, code_digest, code_ends_at) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (shop, aggregate_id, page) DO UPDATE SET code_digest = excluded.code_digest,
                    code_ends_at = excluded.code_ends_at, tries = 0, pass_digest = NULL, pass_ends_at = NULL
                """,
                [
                    shop, id, page, hash.code(code, page: Self.codeSubject(page, id)),
                    (now + Self.pageCodeLife).milliseconds,
                ])
            try db.put(mail, shop: order.shop, hash: hash, path: path, now: now)
            try db.note(now)
            return true
        }
    }

    /// Whether that is the code that was mailed, which then works no more. A wrong one counts as a try.
    ///
    /// - Parameter pass: the digest of a token with which the page can be used from now on; nil where one step is all.
    public func prove(
        _ code: String, for page: String, of order: OrderKey, pass: [UInt8]? = nil, now: Moment
    ) async throws(StoreFailure) -> Bool {
        let hash = hash
        return try await write { db in
            let shop = try db.shop(order.shop)
            guard let id = try db.order(order.orderID, shop: shop) else { return false }
            let fits = try db.changes(
                """
                UPDATE page_codes SET code_digest = NULL, code_ends_at = NULL, tries = 0, pass_digest = ?,
                    pass_ends_at = ?
                WHERE shop = ? AND aggregate_id = ? AND page = ? AND code_digest = ? AND code_ends_at > ? AND tries < ?
                """,
                [
                    pass.map { Data($0) }, pass.map { _ in (now + Self.passLife).milliseconds }, shop, id, page,
                    hash.code(code, page: Self.codeSubject(page, id)), now.milliseconds, Self.pageCodeTries,
                ])
            if fits == 0 {
                try db.run(
                    "UPDATE page_codes SET tries = tries + 1 WHERE shop = ? AND aggregate_id = ? AND page = ?",
                    [shop, id, page])
            }
            try db.note(now)
            return fits > 0
        }
    }

    /// Whether a page of an order can be used with a pass, by the digest of its token.
    public func holds(
        pass: [UInt8], for page: String, of order: OrderKey, now: Moment
    ) async throws(StoreFailure) -> Bool {
        try await read { db in
            let shop = try db.shop(order.shop)
            guard let id = try db.order(order.orderID, shop: shop) else { return false }
            return try db.first(Query.pass, [shop, id, page, Data(pass), now.milliseconds]) { $0[0] as Int64 } != nil
        }
    }

    private static func codeSubject(_ page: String, _ order: Int64) -> String { "\(order) \(page)" }
}

extension Query {
    static let pass = """
        SELECT tries FROM page_codes
        WHERE shop = ? AND aggregate_id = ? AND page = ? AND pass_digest = ? AND pass_ends_at > ?
        """
}
