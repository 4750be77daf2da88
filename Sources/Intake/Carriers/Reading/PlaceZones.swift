internal import Outreach
internal import Synchronization

/// A place as a carrier tells it.
struct ToldPlace: Hashable, Sendable {
    var city: String?
    /// A state or province, by letters or by name.
    var state: String?
    /// A country, by two or three letters or by its English name.
    var country: String?

    init(city: String? = nil, state: String? = nil, country: String? = nil) {
        self.city = city
        self.state = state
        self.country = country
    }

    /// For people: `Clovis, CA, US`. Nil for no place at all.
    var text: String? {
        var text = Self.part(city) ?? ""
        if let state = Self.part(state) { text += text.isEmpty ? state : ", " + state }
        if let country = Self.part(country) { text += text.isEmpty ? country : ", " + country }
        return text.isEmpty ? nil : text
    }

    private static func part(_ text: String?) -> String? { text.flatMap { Entity.plain($0, limit: 80) } }
}

/// Which clock a place goes by: the table `zones.tsv`.
enum PlaceZones {
    private static let rows: [String: String] = {
        var rows: [String: String] = [:]
        for fields in TSV.rows(PackageResources.zones_tsv) where fields.count == 2 {
            rows[fields[0].lowercased()] = fields[1]
        }
        return rows
    }()

    /// The zone of an IANA name.
    static func zone(named name: String) -> Zone? { Zone(named: name) }

    /// What the table is asked for: the words of a place as a source writes them.
    private struct Question: Hashable {
        var country: String
        var state: String?
    }

    /// Answers that were found, for a source writes the same few places in the same few ways. Bounded in number and length, for the words are anybody's.
    private static let found = Mutex<[Question: Zone?]>([:])
    private static let greatestCount = 2_000
    private static let greatestLength = 40

    /// The two letters of a country that has several times, whatever it was called.
    private static func letters(_ country: String) -> String {
        let key = country.lowercased()
        if let row = rows[key], row.hasPrefix("=") { return String(row.dropFirst()).lowercased() }
        return key
    }

    /// The zone of a place, or nil where that is anybody's guess: no country and no state that only one country has, or a country of
    /// several times without a state.
    static func zone(of place: ToldPlace, home: String? = nil) -> Zone? {
        guard let country = place.country ?? home else { return nil }
        let question = Question(country: country, state: place.state)
        if let answer = found.withLock({ $0[question] }) { return answer }
        let answer = zone(of: question)
        if country.utf8.count <= greatestLength, (place.state?.utf8.count ?? 0) <= greatestLength {
            found.withLock { found in if found.count < greatestCount { found[question] = .some(answer) } }
        }
        return answer
    }

    private static func zone(of question: Question) -> Zone? {
        let country = question.country.trimmed
        guard !country.isEmpty else { return nil }
        let key = letters(country)
        if let state = question.state?.trimmed, let name = rows["\(key)-\(state.lowercased())"] {
            return zone(named: name)
        }
        guard let name = rows[key], !name.hasPrefix("=") else { return nil }
        return zone(named: name)
    }

    /// Minutes east of Greenwich of a zone's abbreviation, as Canada Post writes them: `EST`, `CSTNO`.
    static func offset(ofAbbreviation text: String) -> Int? {
        rows["abbr:" + text.trimmed.lowercased()].flatMap { Int($0) }
    }
}

/// Tables in the program: tab-separated lines, `#` before what is for people, the first other line names the columns.
enum TSV {
    /// The rows below the names of the columns.
    static func rows(_ bytes: [UInt8]) -> [[String]] {
        bytes.split(separator: 0x0A).lazy.filter { $0.first != UInt8(ascii: "#") }.dropFirst().map { line in
            line.split(separator: 0x09, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
        }
    }
}
