/// Reads `promises` and `delays` of `shop.yaml`.
///
///     promises:                       # when a parcel should arrive, counted from dispatch; the first that fits
///       - service: Express            # what the shipping method's name contains
///         countries: [GB]
///         within: 2 business days
///       - within: 7 days
///     delays:
///       no_scan: 5 business days      # or 'off'
///       not_handed_over: 3 business days
///     lost_after: { domestic: 7 days, abroad: 20 days }
struct DelayRulesReader {
    static let keys = ["promises", "delays", "lost_after"]

    /// The rules, as far as they could be read.
    static func read(_ fields: Fields, _ faults: inout FaultList) -> DelayRules {
        var rules = DelayRules()
        var lines: [Int] = []
        for element in fields.value("promises")?.listed ?? [] {
            let before = faults.faults.count
            guard let promise = promise(element, &faults) else { continue }
            // If only half of a promise could be read, nobody knows what it covers.
            if faults.faults.count > before { continue }
            let earlier = rules.promises.firstIndex { other in
                (other.service == nil || other.service == promise.service)
                    && (other.countries.isEmpty
                        || !promise.countries.isEmpty && promise.countries.isSubset(of: other.countries))
            }
            if let earlier {
                faults.warn(
                    at: element.position,
                    "this promise never applies, since the one in line \(lines[earlier]) fits first",
                    hint: "put the more specific promise first")
            }
            rules.promises.append(promise)
            lines.append(element.position.line)
        }
        if let value = fields.value("lost_after") {
            let lost = Fields(
                value, known: ["domestic", "abroad"],
                otherWords: ["international": "abroad", "home": "domestic", "national": "domestic"],
                what: "'lost_after'", &faults)
            rules.lostAfter = loss("domestic", of: lost, &faults)
            rules.lostAfterAbroad = loss("abroad", of: lost, &faults)
        }
        guard let value = fields.value("delays") else { return rules }
        let delays = Fields(value, known: ["no_scan", "not_handed_over"], what: "'delays'", &faults)
        rules.noScan = silence("no_scan", of: delays, else: rules.noScan, &faults)
        rules.notHandedOver = silence("not_handed_over", of: delays, else: rules.notHandedOver, &faults)
        return rules
    }

    private static func promise(_ tree: YAMLTree, _ faults: inout FaultList) -> DelayRules.Promise? {
        let fields = Fields(tree, known: ["service", "countries", "within"], what: "a promise", &faults)
        var promise = DelayRules.Promise(within: Length(1, .weeks))
        promise.service = fields.text("service", &faults)?.text
        for country in fields.value("countries")?.listed ?? [] {
            guard let text = country.text?.trimmingSpaces, Countries.codes.contains(text.uppercased()) else {
                faults.add(
                    at: country.position, "'\(country.text ?? country.kind)' is not a country",
                    hint: Countries.hint(for: country.text ?? "").replacing("\"", with: "'"))
                continue
            }
            promise.countries.insert(text.uppercased())
        }
        guard fields.value("within") != nil else {
            faults.add(at: tree.position, "a promise has no 'within'", hint: "write 'within: 3 business days'")
            return nil
        }
        guard let within = fields.length("within", &faults) else { return nil }
        guard ![.hours, .minutes, .businessHours].contains(within.unit) else {
            faults.add(
                at: fields.value("within")?.position ?? tree.position, "a promise is counted in days",
                hint: "write '2 days' or '3 business days'")
            return nil
        }
        promise.within = within
        return promise
    }

    private static func silence(
        _ key: String, of fields: Fields, else usual: Length?, _ faults: inout FaultList
    ) -> Length? {
        guard let value = fields.value(key) else { return usual }
        if let word = value.text?.trimmingSpaces.lowercased(), ["off", "false", "no", "never"].contains(word) {
            return nil
        }
        guard let length = fields.length(key, &faults) else { return usual }
        guard length.unit != .minutes, length.unit != .businessHours, length.unit != .hours || length.count >= 24
        else {
            faults.add(
                at: value.position, "'\(key)' has to be at least a day", hint: "write '5 business days', or 'off'")
            return usual
        }
        return length
    }

    /// After how much silence a parcel is presumed lost: in days, since carriers are often silent for two or three.
    private static func loss(_ key: String, of fields: Fields, _ faults: inout FaultList) -> Length? {
        guard let length = fields.length(key, &faults), let position = fields.value(key)?.position else { return nil }
        let isLong =
            switch length.unit {
            case .weeks: true
            case .days, .businessDays: length.count >= 3
            case .minutes, .hours, .businessHours: false
            }
        guard isLong else {
            faults.add(
                at: position, "'\(key)' has to be at least three days", hint: "write '7 days' or '5 business days'")
            return nil
        }
        return length
    }
}
