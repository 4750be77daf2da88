/// Turns the one text of our SQL into PostgreSQL's: `$1` for the first `?`, its names for the types, and its own words
/// for the few fragments of `Dialect`. What stands in quotes stays as it is.
enum PostgresText {
    /// A statement of a step.
    ///
    /// - Returns: the text, and how many values it takes.
    static func statement(_ sql: String) -> (text: String, values: Int) {
        var sql = sql
        for (ours, theirs) in fragments where sql.contains(ours) { sql = sql.replacing(ours, with: theirs) }
        var values = 0
        let text = translated(sql, types: ["INTEGER": "BIGINT", "BLOB": "BYTEA"]) { byte in
            guard byte == UInt8(ascii: "?") else { return nil }
            values += 1
            return "$\(values)"
        }
        return (text, values)
    }

    /// A migration. Text compares by its bytes, as SQLite's does, or keys would have another order in each engine.
    static func schema(_ sql: String) -> String {
        let types = ["INTEGER": "BIGINT", "BLOB": "BYTEA", "TEXT": "TEXT COLLATE \"C\""]
        return translated(
            sql.replacing(") STRICT, WITHOUT ROWID", with: ")").replacing(") STRICT", with: ")"), types: types
        ) { _ in nil }
    }

    /// A text as the server stores it: it takes no U+0000, and the sign of what cannot be shown stands for it.
    static func stored(_ text: String) -> String {
        guard text.utf8.contains(0) else { return text }
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { scalars.append(scalar.value == 0 ? "\u{FFFD}" : scalar) }
        return String(scalars)
    }

    /// The fragments of `Dialect`, as PostgreSQL says them; scripts/check-sql has them too.
    private static let fragments = [
        (Dialect.recordHolds, "position(? in orders.record) > 0"),
        (
            Dialect.lastMoment,
            "(SELECT greatest(store.last_moment, (SELECT max(last_moment) FROM daemons)) FROM store WHERE one = 1)"
        ),
    ]

    private static func translated(
        _ sql: String, types: [String: String], sign: (UInt8) -> String?
    ) -> String {
        var text: [UInt8] = []
        var word: [UInt8] = []
        func end() {
            guard !word.isEmpty else { return }
            text += types[String(decoding: word, as: UTF8.self)].map { Array($0.utf8) } ?? word
            word = []
        }
        var quote: UInt8?
        var isComment = false
        var last: UInt8 = 0
        for byte in sql.utf8 {
            defer { last = byte }
            if isComment {
                isComment = byte != UInt8(ascii: "\n")
                text.append(byte)
            } else if let open = quote {
                if byte == open { quote = nil }
                text.append(byte)
            } else if isLetter(byte) {
                word.append(byte)
            } else {
                end()
                switch byte {
                case UInt8(ascii: "'"), UInt8(ascii: "\""): quote = byte
                case UInt8(ascii: "-") where last == byte: isComment = true
                default: break
                }
                if let other = sign(byte) { text += Array(other.utf8) } else { text.append(byte) }
            }
        }
        end()
        return String(decoding: text, as: UTF8.self)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
