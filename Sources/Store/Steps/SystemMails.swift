internal import FoundationEssentials
public import Outreach

// Mails of Bookbag's own to one person: a way into the desk, a new link to a page. Unlike a notice they take no other's
// turn.

extension Store {
    /// Stores a mail to be sent.
    public func put(_ mail: SystemMail, shop: String, now: Moment) async throws(StoreFailure) {
        let hash = hash
        let path = path
        try await write { db in
            try db.put(mail, shop: shop, hash: hash, path: path, now: now)
            try db.note(now)
        }
    }
}

extension Connection {
    /// Stores a mail to be sent.
    func put(_ mail: SystemMail, shop domain: String, hash: KeyedHash, path: String, now: Moment) throws {
        let shop = try shop(domain)
        // A sent one is of no use after a while, and contains an address.
        for id in try all(Query.oldSystemEffects, [shop, (now - .days(30)).milliseconds], { $0[0] as Int64 }) {
            try removeEffect(id, shop: shop)
        }
        let outcome = try commit([Plan(mail, shop: domain, now: now)], hash: hash, path: path, now: now)
        if let refusal = outcome.refused.first?.value { throw refusal }
    }
}
