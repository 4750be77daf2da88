// Who is asked about a parcel.
//
// First whose parcel it is. The shop's own word comes first, the company's name and then the host of the tracking
// address, and it is believed unless the number speaks against it: when it has none of the named carrier's forms and
// passes the check of another. Shops do write "UPS" beside a postal number, and "Other" beside anything. Where the shop
// says nothing that we know, the number tells, its likeliest carriers first; a number that fails a check is tried last,
// for what is printed on labels mostly passes.
//
// Then who can be asked about it, of those that the operator has set up: the carrier itself before any aggregator, and
// of several (DHL has two doors) the one that stands first in the settings; then the aggregators in the order of the
// settings, for they know nearly all carriers. A source that refuses the number is left out by the store, and the next
// one is asked.
//
// Names, hosts and doors are rows of Data/companies.tsv; here is only how they are used.

public import Outreach

/// Chooses among the sources that are set up.
public struct CarrierChoice: Sendable {
    /// The sources that are set up, in the operator's order of preference.
    public let order: [String]
    private let aggregators: [String]
    private let paces: [String: Duration]

    /// Chooses among these, which stand in the operator's order. `paces` are those that are to be asked at least so
    /// often.
    public init(_ order: [String], paces: [String: Duration] = [:]) {
        self.order = order
        self.paces = paces
        aggregators = order.filter { Carriers.aggregators.contains($0) }
    }

    /// No more carriers than these are guessed from a number alone, because each wrong guess costs a call.
    static let greatestGuess = 3

    /// The sources that can be asked about a parcel, the best first; none where there is none.
    public func sources(for tracking: TrackingFacts, country: String?) -> [String] {
        guard let key = tracking.key else { return [] }
        let owners = Companies.owners(of: tracking, number: TrackingNumber(key))
        var sources: [String] = []
        for owner in owners {
            let doors = Companies.shared.sources[owner] ?? []
            let own = order.filter(doors.contains)
            // Of equal doors the operator's order counts; a carrier whose usual door is another (DHL Express) names it
            // first.
            let ordered = owner == "dhl_express" ? doors.filter(order.contains) : own
            sources += ordered.filter { !sources.contains($0) }
        }
        return sources + aggregators
    }

    /// The same as a value of the core.
    public var choice: SourceChoice { SourceChoice(paces: paces) { [self] in sources(for: $0, country: $1) } }
}

extension Carriers {
    /// Those that tell of other carriers' parcels.
    public static let aggregators = ["easypost", "shippo", "aftership", "17track", "shipengine"]

    /// Those that can be asked, in the order of `all`.
    public static let askable = all.filter { carrier in !Readers.all.contains { $0.name == carrier.name } }
}

/// The table of names, hosts and doors.
struct Companies: Sendable {
    static let shared = Companies(PackageResources.companies_tsv)

    private(set) var names: [(start: String, carrier: String)] = []
    private(set) var hosts: [String: String] = [:]
    private(set) var forms: [String: String] = [:]
    private(set) var posts: [String: String] = [:]
    private(set) var sources: [String: [String]] = [:]
    /// Carriers that numbers have a form of: what their forms are called in the table of numbers.
    private var families: [String: Set<String>] = [:]

    /// Reads the program's own table; a row that cannot be read is a fault of ours and found by the tests.
    init(_ bytes: [UInt8]) {
        for fields in TSV.rows(bytes) {
            guard fields.count == 3 else { preconditionFailure("a row is broken: \(fields)") }
            switch fields[0] {
            case "name": names.append((fields[1], fields[2]))
            case "host": hosts[fields[1]] = fields[2]
            case "form": forms[fields[1]] = fields[2]
            case "post": posts[fields[1]] = fields[2]
            case "sources": sources[fields[1]] = fields[2].split(separator: " ").map(String.init)
            default: preconditionFailure("a row is broken: \(fields)")
            }
        }
        // The longest name that fits counts: "DHL Express" is not merely DHL.
        names.sort { $0.start.utf8.count > $1.start.utf8.count }
        for (form, carrier) in forms { families[carrier, default: []].insert(form) }
        for carrier in posts.values { families[carrier, default: []].insert("s10") }
    }

    /// Whose parcel it is, likeliest first; none where neither the shop's word nor the number tells.
    static func owners(of tracking: TrackingFacts, number: TrackingNumber) -> [String] {
        let named = shared.named(tracking.company) ?? shared.hosted(tracking.url)
        let family = named == "dhl_express" ? "dhl" : named
        // Mostly the number has one of the named carrier's forms, or that carrier has none: then no other need be
        // tried.
        if let named, let family {
            guard let forms = shared.families[family] else { return [named] }
            if number.forms(among: forms).contains(where: { shared.carrier(of: $0, number) == family }) {
                return [named]
            }
        }
        let candidates = number.candidates
        let likely = candidates.filter { $0.checksum != .failed }.compactMap { shared.carrier(of: $0, number) }
        let unlikely = candidates.filter { $0.checksum == .failed }.compactMap { shared.carrier(of: $0, number) }
        var guesses: [String] = []
        for carrier in likely + unlikely where !guesses.contains(carrier) { guesses.append(carrier) }
        guard let named else { return Array(guesses.prefix(CarrierChoice.greatestGuess)) }
        let contradicted = candidates.contains { $0.checksum == .passed } && !likely.isEmpty
        return contradicted ? Array(guesses.prefix(CarrierChoice.greatestGuess)) + [named] : [named]
    }

    private func named(_ company: String?) -> String? {
        guard let company else { return nil }
        let plain = String(
            decoding: company.lowercased().utf8.prefix(100).filter {
                $0 != 0x20 && $0 != 0x2D && $0 != 0x2E && $0 != 0x5F
            },
            as: UTF8.self)
        guard !plain.isEmpty else { return nil }
        return names.first { plain.hasPrefix($0.start) }?.carrier
    }

    private func hosted(_ url: String?) -> String? {
        guard let url, let colon = url.firstIndex(of: ":") else { return nil }
        let rest = url[url.index(after: colon)...]
        guard rest.hasPrefix("//") else { return nil }
        let authority = rest.dropFirst(2).prefix { $0 != "/" && $0 != "?" && $0 != "#" && $0 != ":" }
        var host = authority.lowercased()[...]
        // Each domain that the host lies under, the narrowest first.
        while true {
            if let carrier = hosts[String(host)] { return carrier }
            guard let dot = host.firstIndex(of: ".") else { return nil }
            host = host[host.index(after: dot)...]
        }
    }

    private func carrier(of candidate: TrackingNumber.Candidate, _ number: TrackingNumber) -> String? {
        carrier(of: candidate.carrier, number)
    }

    private func carrier(of form: String, _ number: TrackingNumber) -> String? {
        form == "s10" ? posts[String(number.text.suffix(2))] : forms[form]
    }
}
