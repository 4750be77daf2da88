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
        let parts = [city, state, country].compactMap { $0.flatMap { Entity.plain($0, limit: 80) } }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }
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

    /// Foundation's zones are slow to make; each is made once. Bounded by the table's number of zones.
    private static let made = Mutex<[String: Zone]>([:])

    /// The zone of an IANA name.
    static func zone(named name: String) -> Zone? {
        made.withLock { made in
            if let zone = made[name] { return zone }
            let zone = Zone(named: name)
            if let zone, made.count < 1000 { made[name] = zone }
            return zone
        }
    }

    /// The two letters of a country that has several times, whatever it was called.
    private static func letters(_ country: String) -> String {
        let key = country.lowercased()
        if let row = rows[key], row.hasPrefix("=") { return String(row.dropFirst()).lowercased() }
        return key
    }

    /// The zone of a place, or nil where that is anybody's guess: no country and no state that only one country has, or a country of
    /// several times without a state.
    static func zone(of place: ToldPlace, home: String? = nil) -> Zone? {
        guard let country = (place.country ?? home)?.trimmed, !country.isEmpty else { return nil }
        let key = letters(country)
        if let state = place.state?.trimmed, let name = rows["\(key)-\(state.lowercased())"] {
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
