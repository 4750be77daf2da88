internal import Synchronization

/// Which time zone a place is in: the table Data/zones.tsv.
public enum PlaceZones {
    private static let rows: [String: String] = {
        var rows: [String: String] = [:]
        // `#` begins a comment; the first other line names the columns.
        let lines = PackageResources.zones_tsv.split(separator: 0x0A).lazy.filter { $0.first != UInt8(ascii: "#") }
        for line in lines.dropFirst() {
            guard let tab = line.firstIndex(of: 0x09) else { continue }
            let key = String(decoding: line[..<tab], as: UTF8.self).lowercased()
            rows[key] = String(decoding: line[line.index(after: tab)...], as: UTF8.self)
        }
        return rows
    }()

    /// A lookup in the table: the words for a place as a source writes them.
    private struct Question: Hashable {
        var country: String
        var state: String?
    }

    /// A cache of answers, since a source writes the same few places in the same few ways. Bounded in number and
    /// length, since the words come from outside.
    private static let found = Mutex<[Question: Zone?]>([:])
    private static let greatestCount = 2_000
    private static let greatestLength = 40

    /// The time zone of a place, or nil if it cannot be determined: an unknown country, or one with several time zones
    /// without a state or town that settles it.
    ///
    /// The country is given by its two or three letters or its English name, the state by its letters or its name.
    public static func zone(country: String, state: String? = nil, town: String? = nil) -> Zone? {
        let question = Question(country: country, state: state)
        let known = found.withLock { $0[question] }
        let answer = known ?? zone(of: question)
        if known == nil, country.utf8.count <= greatestLength, (state?.utf8.count ?? 0) <= greatestLength {
            found.withLock { found in if found.count < greatestCount { found[question] = .some(answer) } }
        }
        guard answer == nil, let town, town.utf8.count <= greatestLength else { return answer }
        return rows["\(letters(country))@\(town.trimmingSpaces.lowercased())"].flatMap(Zone.init(named:))
    }

    /// The time zone in which most people of a country with several live; nil for every other country.
    public static func likely(country: String) -> Zone? { rows["~" + letters(country)].flatMap(Zone.init(named:)) }

    /// True for the letters or the English name of a country.
    public static func knows(country: String) -> Bool {
        guard country.utf8.count <= greatestLength else { return false }
        let key = country.trimmingSpaces.lowercased()
        return !key.contains("-") && !key.contains("@") && !key.contains(":")
            && (rows[key] != nil || rows["~" + key] != nil)
    }

    /// The offset in minutes east of Greenwich of a time zone abbreviation, as Canada Post writes them: `EST`, `CSTNO`.
    public static func offset(ofAbbreviation text: String) -> Int? {
        rows["abbr:" + text.trimmingSpaces.lowercased()].flatMap { Int($0) }
    }

    /// The two letters of a country that was given by a name without a row of its own.
    private static func letters(_ country: String) -> String {
        let key = country.trimmingSpaces.lowercased()
        if let row = rows[key], row.hasPrefix("=") { return String(row.dropFirst()).lowercased() }
        return key
    }

    private static func zone(of question: Question) -> Zone? {
        let key = letters(question.country)
        guard !key.isEmpty else { return nil }
        if let state = question.state?.trimmingSpaces, let name = rows["\(key)-\(state.lowercased())"] {
            return Zone(named: name)
        }
        guard let name = rows[key], !name.hasPrefix("=") else { return nil }
        return Zone(named: name)
    }
}
