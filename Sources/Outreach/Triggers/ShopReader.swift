/// Reads `shop.yaml`.
struct ShopReader {
    static let file = "shop.yaml"
    static let keys = [
        "mode", "notify", "brand", "locale", "business_days", "holidays", "segments", "labels_expire",
    ]
    static let planned = ["quiet_hours", "limit", "confirm"]
    static let brandKeys = ["name", "from", "marketing_from", "reply_to", "address", "color", "logo"]

    private(set) var faults: FaultList

    /// The settings, or nil where they cannot be used.
    static func read(_ source: String, file: String) -> (settings: ShopSettings?, faults: [Fault]) {
        let (tree, faults) = YAMLReader.read(source, file: file)
        var reader = ShopReader(faults: FaultList(file: file))
        reader.faults.add(faults)
        guard let tree else { return (nil, reader.faults.faults) }
        let settings = reader.settings(tree)
        return (settings, reader.faults.faults)
    }

    private mutating func settings(_ tree: YAMLTree) -> ShopSettings? {
        let fields = Fields(tree, known: Self.keys, planned: Self.planned, what: "shop.yaml", &faults)
        guard let brand = brand(fields) else { return nil }
        var settings = ShopSettings(brand: brand)
        settings.mode = fields.word("mode", TriggerMode.self, &faults) ?? .live
        settings.notify = fields.address("notify", &faults)
        if let (text, position) = fields.text("locale", &faults) {
            if Locales.isTag(text) {
                settings.locale = Locales.canonical(text)
            } else {
                faults.add(at: position, "'\(text)' is not a language", hint: "write 'en', 'de' or 'fr-CA'")
            }
        }
        if let value = fields.value("business_days") { settings.businessDays = weekdays(value) }
        for day in fields.value("holidays")?.listed ?? [] {
            guard let text = day.text?.trimmingSpaces, let date = CalendarDay(iso8601: text) else {
                faults.add(
                    at: day.position, "'\(day.text ?? day.kind)' is not a day", hint: "write it like '2026-12-25'")
                continue
            }
            settings.holidays.insert(date)
        }
        if let length = fields.length("labels_expire", &faults), let position = fields.value("labels_expire")?.position
        {
            switch length.unit {
            case .days: settings.labelsExpireAfterDays = length.count
            case .weeks: settings.labelsExpireAfterDays = length.count * 7
            default: faults.add(at: position, "'labels_expire' is counted in days", hint: "write '28 days'")
            }
        }
        if let value = fields.value("segments") { settings.segments = segments(value) }
        return settings
    }

    private mutating func brand(_ fields: Fields) -> Brand? {
        guard let value = fields.value("brand") else {
            faults.add(
                at: fields.position, "'brand' is missing",
                hint: "every mail needs it; write 'brand:' with at least 'name:' and 'from:' below it")
            return nil
        }
        let brand = Fields(value, known: Self.brandKeys, what: "'brand'", &faults)
        let name = brand.text("name", &faults)?.text
        let from = brand.address("from", &faults)
        for key in ["name", "from"] where brand.value(key) == nil {
            faults.add(at: value.position, "'brand' has no '\(key)'", hint: "every mail needs it")
        }
        guard let name, let from else { return nil }
        var result = Brand(name: name, from: from.name == nil ? MailAddress(name: name, address: from.address)! : from)
        result.marketingFrom = brand.address("marketing_from", &faults)
        result.replyTo = brand.address("reply_to", &faults)
        result.address = brand.text("address", &faults)?.text
        if let (text, position) = brand.text("color", &faults) {
            let digits = text.dropFirst()
            if text.hasPrefix("#"), digits.count == 3 || digits.count == 6, digits.allSatisfy(\.isHexDigit) {
                let full = digits.count == 6 ? String(digits) : digits.map { "\($0)\($0)" }.joined()
                result.color = "#" + full.lowercased()
            } else {
                faults.add(at: position, "'\(text)' is not a colour", hint: "write it like \"#2f5d50\", in quotes")
            }
        } else if let entry = brand.entry("color"), brand.value("color") == nil {
            faults.add(
                at: entry.keyPosition, "'color' is empty, for '#' starts a comment",
                hint: "put the colour in quotes: \"#2f5d50\"")
        }
        if let (text, position) = brand.text("logo", &faults) {
            if text.hasPrefix("https://") {
                result.logo = text
            } else {
                faults.add(at: position, "'logo' has to be an address that starts with 'https://'")
            }
        }
        return result
    }

    private mutating func weekdays(_ tree: YAMLTree) -> Set<Int> {
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        func number(_ text: some StringProtocol) -> Int? {
            let short = text.lowercased().filter(\.isLetter)
            guard short.count >= 3, let index = names.firstIndex(where: short.hasPrefix) else { return nil }
            return index + 1
        }
        var days: Set<Int> = []
        let parts = tree.listed.flatMap { element in
            (element.text ?? "?").split(separator: ",").map { (String($0).trimmingSpaces, element.position) }
        }
        for (text, position) in parts {
            let ends = text.replacing("–", with: "-").split(separator: "-").map { number($0) }
            if ends.count == 1, let day = ends[0] {
                days.insert(day)
            } else if ends.count == 2, let first = ends[0], let last = ends[1] {
                var day = first
                days.insert(day)
                while day != last {
                    day = day % 7 + 1
                    days.insert(day)
                }
            } else {
                faults.add(at: position, "'\(text)' are not days of the week", hint: "write 'Mon-Fri' or 'Mon, Wed'")
            }
        }
        return days.isEmpty ? [1, 2, 3, 4, 5] : days
    }

    private mutating func segments(_ tree: YAMLTree) -> [ShopSettings.Segment] {
        guard case .map(let entries) = tree.content else {
            faults.add(
                at: tree.position, "'segments' is a set of names, and this is \(tree.kind)",
                hint: "write 'vip:' and its conditions below it")
            return []
        }
        return entries.compactMap { entry in
            guard entry.key.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }),
                !Locales.isTag(entry.key) || entry.key.count > 2
            else {
                faults.add(
                    at: entry.keyPosition, "'\(entry.key)' cannot be the name of a segment",
                    hint: "use letters, digits, '-' and '_', and three of them at least")
                return nil
            }
            let checker = ConditionChecker(kinds: [], segments: [], inSegment: true)
            let clauses = ConditionReader.read(entry.value, checker: checker, &faults)
            return ShopSettings.Segment(name: entry.key, clauses: clauses)
        }
    }
}

/// Language tags, as far as mails need them.
enum Locales {
    /// True for `en`, `fr-CA`, `zh-Hant-TW`: the shapes of BCP 47 that shops use.
    static func isTag(_ text: String) -> Bool {
        let parts = text.replacing("_", with: "-").split(separator: "-", omittingEmptySubsequences: false)
        guard let language = parts.first, (2...3).contains(language.count), parts.count <= 3 else { return false }
        return parts.allSatisfy {
            (2...8).contains($0.count) && $0.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
        }
            && language.allSatisfy(\.isLetter)
    }

    /// `fr_ca` as `fr-CA`.
    static func canonical(_ text: String) -> String {
        let parts = text.replacing("_", with: "-").split(separator: "-")
        return parts.enumerated().map { index, part in
            index == 0 ? part.lowercased() : part.count == 2 ? part.uppercased() : part.capitalizedASCII
        }.joined(separator: "-")
    }

    /// The tag itself, and what it falls back to: `fr-CA`, `fr`.
    static func chain(_ text: String) -> [String] {
        let parts = canonical(text).split(separator: "-")
        return (0..<parts.count).map { parts.dropLast($0).joined(separator: "-") }
    }
}

extension Substring {
    fileprivate var capitalizedASCII: String { prefix(1).uppercased() + dropFirst().lowercased() }
}
