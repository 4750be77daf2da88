internal import Outreach

extension Connection {
    /// The single integer of a query; nil if there is no row or it is NULL.
    func integer(_ sql: String, _ arguments: SQLArguments = []) throws -> Int64? {
        try first(sql, arguments) { row -> Int64? in row[0] } ?? nil
    }

    /// The number of the shop; throws `.unknownShop` if it was never opened.
    func shop(_ domain: String) throws -> Int64 {
        let ask = { try integer("SELECT id FROM shops WHERE domain = ?", [domain]) }
        let known =
            switch line {
            case .sqlite: try ask()
            case .postgres(let line): try line.shop(domain, ask)
            }
        guard let number = known else {
            throw StoreFailure(
                .unknownShop, "The store has no shop \(domain). It is added when 'bookbag run' first serves it.")
        }
        return number
    }

    /// Runs one part of a step under its own savepoint. If the part is impossible it is undone alone and the reason is
    /// returned; errors of the file or the disk are thrown. The part is kept if `body` returns true.
    func isolated(path: String, _ body: () throws -> Bool) throws -> StoreFailure? {
        do {
            try inSavepoint(body)
            return nil
        } catch {
            let failure = StoreFailure(error, path: path)
            guard failure.cause == .misuse, isInTransaction else { throw error }
            return failure
        }
    }

    /// Records how far our clock has come.
    func note(_ now: Moment) throws {
        // Daemons that share a store would wait for one another at its one row.
        if case .postgres(let line) = line, case .own(let token) = line.fence {
            return try Owners.note(line, token: token, now: now)
        }
        try run(
            "UPDATE store SET last_moment = ? WHERE one = 1 AND last_moment < ?", [now.milliseconds, now.milliseconds])
    }
}

extension Row {
    /// The moment in that column.
    func moment(_ index: Int) -> Moment { Moment(milliseconds: self[index]) }

    /// The moment in that column, or nil.
    func optionalMoment(_ index: Int) -> Moment? { (self[index] as Int64?).map { Moment(milliseconds: $0) } }

    /// The word in that column as one of our cases. An unknown one means that the file is damaged.
    func word<Word: RawRepresentable>(_ index: Int, _: Word.Type = Word.self) throws -> Word
    where Word.RawValue == String {
        guard let word = Word(rawValue: self[index]) else { throw StoreFailure.unreadable("a word") }
        return word
    }

    /// The word in that column, or nil.
    func optionalWord<Word: RawRepresentable>(_ index: Int, _: Word.Type = Word.self) throws -> Word?
    where Word.RawValue == String {
        guard let text = self[index] as String? else { return nil }
        guard let word = Word(rawValue: text) else { throw StoreFailure.unreadable("a word") }
        return word
    }
}

extension StoreFailure {
    /// A row that this program could not have written.
    static func unreadable(_ what: String) -> StoreFailure {
        StoreFailure(
            .corrupt, "The store has \(what) that cannot be read. Stop bookbag and restore the last backup.")
    }
}

/// The numbers of shops, looked up once per step.
struct ShopNumbers {
    private var numbers: [String: Int64] = [:]

    /// The number of the shop; throws `.unknownShop` if it was never opened.
    mutating func number(_ domain: String, in db: Connection) throws -> Int64 {
        if let number = numbers[domain] { return number }
        let number = try db.shop(domain)
        numbers[domain] = number
        return number
    }
}

/// Numbers for a step's new rows. They start where the shop's row in `numbers` says, which is updated once at the end
/// of the step (`write`); a step that is undone returns its numbers, and a part that is undone leaves a gap.
struct RowNumbers {
    /// The kinds of numbered rows.
    enum Name: String {
        case aggregates, chats, effects, events, observations, parcels, silences
        case conversationMessages = "conversation_messages"
    }

    private struct Key: Hashable {
        var shop: Int64
        var name: Name
    }
    private var next: [Key: Int64] = [:]

    /// The next number, never used before for that name in that shop.
    mutating func take(_ name: Name, shop: Int64, in db: Connection) throws -> Int64 {
        let key = Key(shop: shop, name: name)
        let number: Int64
        if let known = next[key] {
            number = known
        } else {
            number = try db.integer("SELECT next FROM numbers WHERE shop = ? AND name = ?", [shop, name.rawValue]) ?? 1
        }
        next[key] = number + 1
        return number
    }

    /// Stores how far the numbers have come.
    func write(to db: Connection) throws {
        for (key, number) in next {
            try db.run(
                """
                INSERT INTO numbers (shop, name, next) VALUES (?, ?, ?)
                ON CONFLICT (shop, name) DO UPDATE SET next = excluded.next
                """, [key.shop, key.name.rawValue, number])
        }
    }
}
