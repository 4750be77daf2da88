internal import FoundationEssentials
public import Outreach

// How people get into the desk and what they did there.
//
//     openLogin ──▶ (a mail, or a printed link) ──▶ enter ──▶ session ──▶ endSession
//
// The store has only digests of links, codes and tokens: whoever reads the file can neither enter nor go on with
// somebody's session. A login is spent in the same step that begins the session, so it works once.

/// Somebody is logged in.
public struct DeskSession: Hashable, Sendable {
    public var id: Int64
    /// Their address, as people.yaml has it.
    public var person: String
    public var begunAt: Moment
    /// When it was last used, to ten minutes.
    public var seenAt: Moment

    /// A session not used for so long is over.
    public static let idle = Duration.days(7)
    /// A session is over after so long, however much it is used.
    public static let lifetime = Duration.days(30)
    /// `seenAt` is written again after so long.
    static let seenPause = Duration.minutes(10)
}

/// A way in, to be opened once within its time.
public struct DeskLogin: Hashable, Sendable {
    /// Their address, as people.yaml has it.
    public var person: String
    /// SHA-256 of the token in the link.
    public var linkDigest: [UInt8]
    /// For a way that is mailed: SHA-256 of the code and of the browser's token, which it works with.
    public var mailed: Mailed?
    public var endsAt: Moment

    /// The part that only a mailed way has.
    public struct Mailed: Hashable, Sendable {
        public var codeDigest: [UInt8]
        public var browserDigest: [UInt8]
        /// Goes out as a mail of Bookbag's own, through the relay of that shop.
        public var mail: SystemMail
        public var shop: String

        public init(codeDigest: [UInt8], browserDigest: [UInt8], mail: SystemMail, shop: String) {
            self.codeDigest = codeDigest
            self.browserDigest = browserDigest
            self.mail = mail
            self.shop = shop
        }
    }

    public init(person: String, linkDigest: [UInt8], mailed: Mailed?, endsAt: Moment) {
        self.person = person
        self.linkDigest = linkDigest
        self.mailed = mailed
        self.endsAt = endsAt
    }

    /// How often a wrong code may be typed in a browser.
    static let tries = 5
}

/// What is shown to enter: the link, or the code in the browser that asked.
public enum DeskKey: Hashable, Sendable {
    case link([UInt8], browser: [UInt8]?)
    case code([UInt8], browser: [UInt8])
}

/// What came of it.
public enum DeskEntry: Hashable, Sendable {
    case entered(person: String)
    /// The link is good and belongs to another browser: there the code is typed.
    case otherBrowser
    /// Unknown, used or too old.
    case refused
}

/// What somebody did at the desk. It names no shopper, and has no words of a message.
public struct AuditEntry: Hashable, Sendable {
    /// Their address, as people.yaml has it.
    public var who: String
    /// Empty where it is about all shops.
    public var shop: String
    /// In one word: `signed_in`, `retried`, `dropped`, `confirmed`, …
    public var what: String
    /// A message's number, an edit's code, a session's number.
    public var about: String
    public var detail: String?

    public init(who: String, shop: String = "", what: String, about: String = "", detail: String? = nil) {
        self.who = who
        self.shop = shop
        self.what = what
        self.about = about
        self.detail = detail
    }
}

/// An entry with its number and time.
public struct AuditLine: Hashable, Sendable {
    public var id: Int64
    public var at: Moment
    public var entry: AuditEntry
}

/// A limit on how often something may be done.
public struct RateLimit: Hashable, Sendable {
    public var name: String
    /// How often within the window.
    public var times: Int
    public var window: Duration

    public init(_ name: String, times: Int, per window: Duration) {
        self.name = name
        self.times = times
        self.window = window
    }

    /// Login mails to one address, and to all.
    static let loginMails = RateLimit("login_mails", times: 3, per: .hours(1))
    static let allLoginMails = RateLimit("all_login_mails", times: 20, per: .hours(1))
}

extension Store {
    /// Opens a way in. A mailed one is left out, without a word, where too many mails went out already; `nil` takes as
    /// long and does nothing, so that nobody can tell from the time it takes whether an address is listed.
    public func openLogin(_ login: DeskLogin?, now: Moment) async throws(StoreFailure) {
        let hash = hash
        let path = path
        try await write { db in
            try db.run("DELETE FROM logins WHERE ends_at <= ?", [now.milliseconds])
            try db.note(now)
            guard let login else { return }
            if login.mailed != nil {
                guard try db.spend(.loginMails, subject: hash.address(login.person), now: now),
                    try db.spend(.allLoginMails, subject: Data(count: 16), now: now)
                else { return }
            }
            try db.run(
                """
                INSERT INTO logins (link_digest, code_digest, browser_digest, person, ends_at)
                VALUES (?, ?, ?, ?, ?)
                """,
                [
                    login.linkDigest, login.mailed?.codeDigest, login.mailed?.browserDigest, login.person,
                    login.endsAt.milliseconds,
                ])
            if let mailed = login.mailed {
                try db.put(mailed.mail, shop: mailed.shop, hash: hash, path: path, now: now)
            }
        }
    }

    /// Spends a way in and begins a session under that token's digest, in one step.
    public func enter(
        _ key: DeskKey, tokenDigest: [UInt8], now: Moment
    ) async throws(StoreFailure) -> DeskEntry {
        try await write { db in
            try db.note(now)
            guard let person = try db.spendLogin(key, now: now) else { return .refused }
            guard !person.isEmpty else { return .otherBrowser }
            try db.beginSession(person: person, tokenDigest: tokenDigest, now: now)
            try db.append(AuditEntry(who: person, what: "signed_in"), now: now)
            return .entered(person: person)
        }
    }

    /// The session with that token; nil if there is none, or it is over.
    public func session(tokenDigest: [UInt8], now: Moment) async throws(StoreFailure) -> DeskSession? {
        let found = try await read { db in
            try db.first(Query.session, [tokenDigest, now.milliseconds, (now - DeskSession.idle).milliseconds]) {
                DeskSession(id: $0[0], person: $0[1], begunAt: $0.moment(2), seenAt: $0.moment(3))
            }
        }
        if let found, now - found.seenAt >= DeskSession.seenPause {
            try await write { db in
                try db.run(
                    "UPDATE sessions SET seen_at = ? WHERE token_digest = ?", [now.milliseconds, tokenDigest])
            }
        }
        return found
    }

    /// The sessions that are not over, the last used first.
    public func sessions(now: Moment) async throws(StoreFailure) -> [DeskSession] {
        try await read { db in
            try db.all(Query.sessions, [now.milliseconds, (now - DeskSession.idle).milliseconds]) {
                DeskSession(id: $0[0], person: $0[1], begunAt: $0.moment(2), seenAt: $0.moment(3))
            }
        }
    }

    /// Ends a session; false if there is none with that number.
    @discardableResult
    public func endSession(_ id: Int64, audit: AuditEntry, now: Moment) async throws(StoreFailure) -> Bool {
        try await write { db in
            guard try db.changes("DELETE FROM sessions WHERE id = ?", [id]) > 0 else { return false }
            try db.append(audit, now: now)
            try db.note(now)
            return true
        }
    }

    /// Ends the sessions and the ways in of everybody who is not listed any more, and returns who that was.
    public func endSessions(exceptOf people: Set<String>, now: Moment) async throws(StoreFailure) -> Set<String> {
        try await write { db in
            let known = Set(
                try db.all("SELECT person FROM sessions UNION SELECT person FROM logins") { $0[0] as String })
            let gone = known.subtracting(people)
            for person in gone.sorted() {
                try db.run("DELETE FROM sessions WHERE person = ?", [person])
                try db.run("DELETE FROM logins WHERE person = ?", [person])
                try db.append(AuditEntry(who: person, what: "removed"), now: now)
            }
            if !gone.isEmpty { try db.note(now) }
            return gone
        }
    }

    /// Whether something may be done once more by that subject, which then counts.
    ///
    /// - Parameter subject: an address, or any other text; only its keyed hash is stored.
    public func spend(_ limit: RateLimit, subject: String, now: Moment) async throws(StoreFailure) -> Bool {
        let key = hash.address(subject)
        return try await write { db in
            try db.note(now)
            return try db.spend(limit, subject: key, now: now)
        }
    }

    /// Adds to the audit.
    public func audit(_ entry: AuditEntry, now: Moment) async throws(StoreFailure) {
        try await write { db in
            try db.append(entry, now: now)
            try db.note(now)
        }
    }

    /// The audit, newest first.
    ///
    /// - Parameter before: only entries with a smaller number, for paging.
    public func auditLines(before: Int64 = .max, limit: Int) async throws(StoreFailure) -> [AuditLine] {
        try await read { db in
            try db.all(Query.audit, [before, limit]) { row in
                AuditLine(
                    id: row[0], at: row.moment(1),
                    entry: AuditEntry(who: row[2], shop: row[3], what: row[4], about: row[5], detail: row[6]))
            }
        }
    }

    /// Confirms a held edit, as `bookbag triggers confirm` does. The daemon acts on it within seconds.
    public func confirmReload(
        code: String, shop: String, audit: AuditEntry, now: Moment
    ) async throws(StoreFailure) {
        try await write { db in
            try db.run(
                Query.remember, [try db.shop(shop), RememberedName.confirmedReload.rawValue, code, now.milliseconds])
            try db.append(audit, now: now)
            try db.note(now)
        }
    }
}

extension Connection {
    /// Adds to the audit.
    func append(_ entry: AuditEntry, now: Moment) throws {
        try run(
            """
            INSERT INTO audit (id, at, who, shop, what, about, detail)
            VALUES ((SELECT coalesce(max(id), 0) + 1 FROM audit), ?, ?, ?, ?, ?, ?)
            """, [now.milliseconds, entry.who, entry.shop, entry.what, entry.about, entry.detail])
    }

    /// Counts one more; false, and counts nothing, where the limit is reached.
    func spend(_ limit: RateLimit, subject: Data, now: Moment) throws -> Bool {
        try run("DELETE FROM limits WHERE name = ? AND ends_at <= ?", [limit.name, now.milliseconds])
        let spent = try changes(
            """
            INSERT INTO limits (name, subject, ends_at, spent) VALUES (?, ?, ?, 1)
            ON CONFLICT (name, subject) DO UPDATE SET spent = limits.spent + 1 WHERE limits.spent < ?
            """, [limit.name, subject, (now + limit.window).milliseconds, limit.times])
        return spent > 0
    }

    /// Whose way in it was, which is over with that; an empty text where the link belongs to another browser; nil where
    /// there is none.
    fileprivate func spendLogin(_ key: DeskKey, now: Moment) throws -> String? {
        switch key {
        case .link(let digest, let browser):
            let found = try first(Query.loginByLink, [digest, now.milliseconds]) { row in
                (person: row[0] as String, browser: row[1] as [UInt8]?)
            }
            guard let found else { return nil }
            if let owner = found.browser, owner != browser { return "" }
            try run("DELETE FROM logins WHERE link_digest = ?", [digest])
            return found.person
        case .code(let digest, let browser):
            let open = try all(Query.loginsOfBrowser, [browser, now.milliseconds, DeskLogin.tries]) { row in
                (link: row[0] as [UInt8], code: row[1] as [UInt8]?, person: row[2] as String)
            }
            guard let found = open.first(where: { $0.code == digest }) else {
                try run("UPDATE logins SET tries = tries + 1 WHERE browser_digest = ?", [browser])
                return nil
            }
            try run("DELETE FROM logins WHERE link_digest = ?", [found.link])
            return found.person
        }
    }

    fileprivate func beginSession(person: String, tokenDigest: [UInt8], now: Moment) throws {
        try run(
            "DELETE FROM sessions WHERE ends_at <= ? OR seen_at <= ?",
            [now.milliseconds, (now - DeskSession.idle).milliseconds])
        try run(
            """
            INSERT INTO sessions (token_digest, id, person, begun_at, seen_at, ends_at)
            VALUES (?, (SELECT coalesce(max(id), 0) + 1 FROM sessions), ?, ?, ?, ?)
            """,
            [
                tokenDigest, person, now.milliseconds, now.milliseconds, (now + DeskSession.lifetime).milliseconds,
            ])
    }
}

extension Query {
    static let session = """
        SELECT id, person, begun_at, seen_at FROM sessions WHERE token_digest = ? AND ends_at > ? AND seen_at > ?
        """
    static let sessions = """
        SELECT id, person, begun_at, seen_at FROM sessions WHERE ends_at > ? AND seen_at > ?
        ORDER BY seen_at DESC, id DESC LIMIT 200
        """
    static let audit = """
        SELECT id, at, who, shop, what, about, detail FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?
        """
    static let loginByLink = "SELECT person, browser_digest FROM logins WHERE link_digest = ? AND ends_at > ?"
    static let loginsOfBrowser = """
        SELECT link_digest, code_digest, person FROM logins WHERE browser_digest = ? AND ends_at > ? AND tries < ?
        """
    static let remember = """
        INSERT INTO remembered (shop, name, value, noted_at) VALUES (?, ?, ?, ?)
        ON CONFLICT (shop, name) DO UPDATE SET value = excluded.value, noted_at = excluded.noted_at
        """
}
