// Which sources to ask about a parcel.
//
// First find the parcel's carrier. The shop's information comes first, the company's name and then the host of the
// tracking URL. It is trusted unless the number contradicts it: if it has none of the named carrier's forms and passes
// another's check. Shops do write "UPS" beside a postal number, and "Other" beside anything. If the shop says nothing
// that we know, the number decides, its likeliest carriers first; carriers whose check it fails come last, because
// numbers on labels mostly pass.
//
// Then find the configured sources that can be asked: the carrier itself before any aggregator, and of several (DHL has
// two APIs) the first one in the settings; then the aggregators in the order of the settings, because they know nearly
// all carriers. The store leaves out a source that refuses the number, and the next one is asked.
//
// Names, hosts and APIs are rows of Data/companies.tsv; this file only applies them.

public import Outreach

/// Chooses among the configured sources.
public struct CarrierChoice: Sendable {
    /// The configured sources, in the operator's order of preference.
    public let order: [String]
    private let aggregators: [String]
    private let paces: [String: Duration]

    /// Chooses among these, in the operator's order. `paces` are the sources to ask at least that often.
    public init(_ order: [String], paces: [String: Duration] = [:]) {
        self.order = order
        self.paces = paces
        aggregators = order.filter { Carriers.aggregators.contains($0) }
    }

    /// The most carriers guessed from a number alone, because each wrong guess costs a call.
    static let greatestGuess = 3

    /// The sources that can be asked about a parcel, best first; may be empty.
    public func sources(for tracking: TrackingFacts, country: String?) -> [String] {
        guard let key = tracking.key else { return [] }
        let owners = Companies.owners(of: tracking, number: TrackingNumber(key))
        var sources: [String] = []
        for owner in owners {
            let doors = Companies.shared.sources[owner] ?? []
            let own = order.filter(doors.contains)
            // Among equal APIs the operator's order counts; a carrier with another preferred one (DHL Express) names it
            // first.
            let ordered = owner == "dhl_express" ? doors.filter(order.contains) : own
            sources += ordered.filter { !sources.contains($0) }
        }
        return sources + aggregators
    }

    /// The same as an `Outreach` value.
    public var choice: SourceChoice { SourceChoice(paces: paces) { [self] in sources(for: $0, country: $1) } }
}

extension Carriers {
    /// Sources that report on other carriers' parcels.
    public static let aggregators = ["easypost", "shippo", "aftership", "17track", "shipengine"]

    /// Sources that can be asked, in the order of `all`.
    public static let askable = all.filter { carrier in !Readers.all.contains { $0.name == carrier.name } }
}

/// The table of names, hosts and APIs.
struct Companies: Sendable {
    static let shared = Companies(PackageResources.companies_tsv)

    private(set) var names: [(start: String, carrier: String)] = []
    private(set) var hosts: [String: String] = [:]
    private(set) var forms: [String: String] = [:]
    private(set) var posts: [String: String] = [:]
    private(set) var sources: [String: [String]] = [:]
    /// Carriers with known number forms, with the names of these forms in the table of numbers.
    private var families: [String: Set<String>] = [:]

    /// Reads the program's own table; an unreadable row is our bug, and the tests find it.
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
        // The longest matching name counts: "DHL Express" is not just DHL.
        names.sort { $0.start.utf8.count > $1.start.utf8.count }
        for (form, carrier) in forms { families[carrier, default: []].insert(form) }
        for carrier in posts.values { families[carrier, default: []].insert("s10") }
    }

    /// The parcel's possible carriers, likeliest first; empty if neither the shop nor the number says.
    static func owners(of tracking: TrackingFacts, number: TrackingNumber) -> [String] {
        let named = shared.named(tracking.company) ?? shared.hosted(tracking.url)
        let family = named == "dhl_express" ? "dhl" : named
        // Usually the number has one of the named carrier's forms, or that carrier has none: then no other is tried.
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
        // Each domain that the host is under, narrowest first.
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
