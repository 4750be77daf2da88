internal import Outreach

/// A place as a carrier reports it.
struct ToldPlace: Hashable, Sendable {
    var city: String?
    /// A state or province, by letters or by name.
    var state: String?
    /// A country, by two or three letters or by its English name.
    var country: String?
    /// The towns in `city`, if it names several, or more than a town.
    var towns: [String] = []
    /// True if `city` already includes state and country, and can be shown as it is.
    var isWhole = false

    init(city: String? = nil, state: String? = nil, country: String? = nil) {
        self.city = city
        self.state = state
        self.country = country
    }

    /// For people: `Clovis, CA, US`. Nil if there is no place.
    var text: String? {
        var text = Self.part(city) ?? ""
        if !isWhole {
            if let state = Self.part(state) { text += text.isEmpty ? state : ", " + state }
            if let country = Self.part(country) { text += text.isEmpty ? country : ", " + country }
        }
        return text.isEmpty ? nil : text
    }

    private static func part(_ text: String?) -> String? { text.flatMap { Entity.plain($0, limit: 80) } }

    /// The zone of the place, or nil if it is ambiguous. `home` is the country if it names none.
    func zone(home: String? = nil) -> Zone? {
        guard let country = country ?? home else { return nil }
        if let zone = PlaceZones.zone(country: country, state: state, town: towns.isEmpty ? city : towns[0]) {
            return zone
        }
        for town in towns.dropFirst() {
            if let zone = PlaceZones.zone(country: country, state: state, town: town) { return zone }
        }
        return nil
    }
}

/// The program's tables: tab-separated lines, `#` for comments, the first other line names the columns.
enum TSV {
    /// The rows below the names of the columns.
    static func rows(_ bytes: [UInt8]) -> [[String]] {
        bytes.split(separator: 0x0A).lazy.filter { $0.first != UInt8(ascii: "#") }.dropFirst().map { line in
            line.split(separator: 0x09, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
        }
    }
}
