internal import FoundationEssentials
internal import GRDB
public import Outreach

extension Store {
    /// Keeps a notice to be sent, in place of those of its kind that still wait. The same message twice is kept once.
    ///
    /// - Parameter supersedes: the kinds that are no news any more with it, its own included.
    public func put(
        _ notice: Notice, supersedes: Set<Notice.Kind>, now: Moment
    ) async throws(StoreFailure) {
        guard notice.message.kind == .email else {
            throw StoreFailure(.misuse, "A notice is a mail. This is a fault of the program.")
        }
        try await write { db in
            let shop = try db.shop(notice.shop)
            for kind in supersedes.union([notice.kind]) {
                try db.run(
                    "DELETE FROM notices WHERE shop = ? AND kind = ? AND sent_at IS NULL AND attempts = 0",
                    [shop, kind.rawValue])
            }
            try db.run(
                """
                INSERT INTO notices (shop, kind, message_id, sender, recipient, summary, bytes, created_at, due_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (message_id) DO NOTHING
                """,
                [
                    shop, notice.kind.rawValue, notice.message.id, notice.message.envelope.sender,
                    notice.message.envelope.recipient, notice.message.summary, Data(notice.message.bytes),
                    now.milliseconds, notice.dueAt.milliseconds,
                ])
            // What was sent is of no use after a while, and holds an address.
            try db.run(
                "DELETE FROM notices WHERE shop = ? AND sent_at < ?", [shop, (now - .days(30)).milliseconds])
            try db.note(now)
        }
    }

    /// The next notice of a shop, if there is one, whenever it is due.
    public func nextNotice(shop: String) async throws(StoreFailure) -> Notice? {
        try await read { db in
            try db.first(Query.nextNotice, [try db.shop(shop)]) { row in
                Notice(
                    id: row[0], shop: shop, kind: try row.word(1),
                    message: .mail(
                        id: row[2], sender: row[3], recipient: row[4], bytes: [UInt8](row[6] as Data), summary: row[5]),
                    dueAt: row.moment(7), attempts: row[8])
            }
        }
    }

    /// Records that a notice is about to be attempted, and when it would be again. False where it is gone.
    public func beginNotice(_ id: Int64, next: Moment, now: Moment) async throws(StoreFailure) -> Bool {
        try await write { db in
            let begun = try db.changes(
                "UPDATE notices SET attempts = attempts + 1, due_at = ? WHERE id = ? AND sent_at IS NULL",
                [next.milliseconds, id])
            try db.note(now)
            return begun == 1
        }
    }

    /// Records that a notice was taken, or that it never will be, which ends it as well.
    public func endNotice(_ id: Int64, now: Moment) async throws(StoreFailure) {
        try await write { db in
            try db.run("UPDATE notices SET sent_at = ? WHERE id = ? AND sent_at IS NULL", [now.milliseconds, id])
            try db.note(now)
        }
    }
}

extension Query {
    static let nextNotice = """
        SELECT id, kind, message_id, sender, recipient, summary, bytes, due_at, attempts FROM notices
        WHERE shop = ? AND sent_at IS NULL ORDER BY due_at LIMIT 1
        """
}
