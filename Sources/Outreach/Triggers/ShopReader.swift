/// Reads `shop.yaml`.
struct ShopReader {
    static let file = "shop.yaml"
    static let keys =
        [
            "mode", "notify", "brand", "locale", "quiet_hours", "business_days", "holidays", "limit", "brake",
            "segments",
            "labels_expire", "shopify_sends", "confirm", "report", "answers", "business_hours", "answer_within", "away",
            "let_go_after", "sign_off", "tone",
        ] + DelayRulesReader.keys
    static let limitKeys = ["messages", "per", "except"]
    static let brandKeys = ["name", "from", "marketing_from", "ratings_from", "reply_to", "address", "color", "logo"]

    private(set) var faults: FaultList
    private let events: EventVocabulary
    /// The shop's own questions, by the names of their triggers.
    private let questions: [String]

    /// The settings, or nil if they cannot be used. `questions` are the shop's own, which `answers` may name.
    static func read(
        _ source: String, file: String, events: EventVocabulary = .standard, questions: [String] = []
    ) -> (settings: ShopSettings?, faults: [Fault]) {
        let (tree, faults) = YAMLReader.read(source, file: file)
        var reader = ShopReader(faults: FaultList(file: file), events: events, questions: questions)
        reader.faults.add(faults)
        guard let tree else { return (nil, reader.faults.faults) }
        let settings = reader.settings(tree)
        return (settings, reader.faults.faults)
    }

    private mutating func settings(_ tree: YAMLTree) -> ShopSettings? {
        let fields = Fields(tree, known: Self.keys, what: "shop.yaml", &faults)
        let brand = brand(fields)
        // Whatever else is wrong is reported as well, even without a usable brand.
        var settings = ShopSettings(brand: brand ?? Brand(name: "", from: MailAddress(address: "nobody@shop.example")!))
        settings.mode = fields.word("mode", TriggerMode.self, &faults) ?? .live
        settings.notify = fields.address("notify", &faults)
        if let (text, position) = fields.text("locale", &faults) {
            if Languages.isLanguage(text) {
                settings.locale = Locales.canonical(text)
            } else {
                faults.add(
                    at: position, "'\(text)' is not a language",
                    hint: Languages.meant(by: text).map { "write '\($0)'" } ?? "write 'en', 'de' or 'fr-CA'")
            }
        }
        if let value = fields.value("business_days") { settings.businessDays = weekdays(value) }
        if let place = fields.entry("holidays")?.keyPosition { settings.holidaysLine = place.line }
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
        if let (text, position) = fields.text("quiet_hours", &faults) {
            settings.quietHours = QuietHours(text)
            if let quiet = settings.quietHours, quiet.holdsAtNoon {
                faults.warn(
                    at: position,
                    "it is quiet at noon, and shoppers hear from you only from \(quiet.end) to \(quiet.start)",
                    hint: "if the hours are swapped, write '\(quiet.end)-\(quiet.start)'")
            }
            if settings.quietHours == nil {
                let times = text.split(separator: "-").compactMap { TimeOfDay(String($0).trimmingSpaces) }
                faults.add(
                    at: position,
                    times.count == 2
                        ? "'quiet_hours' that begin and end at the same time are neither all day nor never"
                        : "'\(text)' is not a time range", hint: "write it like '21:00-08:00', or leave it out")
            }
        }
        if let value = fields.value("limit") { settings.limit = limit(value) }
        if let (text, position) = fields.text("brake", &faults) {
            settings.brake = Brake(text)
            if settings.brake == nil {
                faults.add(
                    at: position, "'\(text)' does not say how many people an hour", hint: "write it like '500 per hour'"
                )
            }
        }
        if let value = fields.value("shopify_sends") {
            settings.shopifySends = notifications(value)
        } else if let place = fields.entry("shopify_sends")?.keyPosition {
            faults.add(
                at: place, "nothing is written under 'shopify_sends'", hint: "write 'none' if Shopify sends nothing")
        }
        settings.report = fields.word("report", ReportRhythm.self, &faults)
        if settings.report != nil, fields.value("notify") == nil, let place = fields.entry("report")?.keyPosition {
            faults.add(
                at: place, "'report' is mailed to 'notify', which is not set",
                hint: "write 'notify: you@your-shop.example'")
        }
        settings.confirm = fields.text("confirm", &faults)?.text
        if let value = fields.value("answers") { settings.answers = answers(value) }
        if let value = fields.value("business_hours") { settings.businessHours = businessHours(value) }
        settings.answerWithin = fields.length("answer_within", &faults)
        settings.away = (fields.value("away")?.listed ?? []).compactMap { away($0) }
        if let length = fields.length("let_go_after", &faults) { settings.letGoAfter = length }
        settings.signOff = words("sign_off", fields, example: "Ana and Tom")
        if let value = fields.value("tone") {
            settings.brand.tones = tones(value)
        } else if let place = fields.entry("tone")?.keyPosition {
            faults.add(at: place, "nothing is written under 'tone'", hint: "write 'warm' or 'formal'")
        }
        if let value = fields.value("segments") { settings.segments = segments(value) }
        settings.delays = DelayRulesReader.read(fields, &faults)
        return brand == nil ? nil : settings
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
        let sender = from ?? MailAddress(address: "nobody@shop.example")!
        var result = Brand(
            name: name ?? "",
            from: sender.name == nil ? MailAddress(name: name, address: sender.address)! : sender)
        result.marketingFrom = brand.address("marketing_from", &faults)
        result.ratingsFrom = brand.address("ratings_from", &faults)
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
                at: entry.keyPosition, "'color' is empty, because '#' starts a comment",
                hint: "put the colour in quotes: \"#2f5d50\"")
        }
        if let (text, position) = brand.text("logo", &faults) {
            if text.hasPrefix("https://") {
                result.logo = text
            } else {
                faults.add(at: position, "'logo' has to be an address that starts with 'https://'")
            }
        }
        return name == nil || from == nil ? nil : result
    }

    private mutating func limit(_ tree: YAMLTree) -> Limit? {
        let example = "write for example 'messages: 1' and 'per: 16 hours' below it"
        guard case .map = tree.content else {
            faults.add(at: tree.position, "'limit' has keys of its own, and this is \(tree.kind)", hint: example)
            return nil
        }
        let fields = Fields(tree, known: Self.limitKeys, what: "'limit'", &faults)
        var messages: Int?
        if let (text, position) = fields.text("messages", &faults) {
            messages = Int(text).flatMap { (1...1000).contains($0) ? $0 : nil }
            if messages == nil {
                faults.add(
                    at: position, "'messages' has to be a number of at least 1, not '\(text)'",
                    hint: text == "0" ? "to write to nobody, use 'mode: off'" : "write 'messages: 1'")
            }
        } else if fields.value("messages") == nil {
            faults.add(at: tree.position, "'limit' has no 'messages'", hint: example)
        }
        var per = fields.length("per", &faults)
        if let length = per, length.unit.isBusiness, let position = fields.value("per")?.position {
            faults.add(
                at: position, "a limit counts in minutes, hours, days or weeks",
                hint: "write '\(Length(length.count, length.unit == .businessDays ? .days : .hours))'")
            per = nil
        } else if fields.value("per") == nil {
            faults.add(at: tree.position, "'limit' has no 'per'", hint: example)
        }
        var except: Set<EventKind> = []
        for element in fields.value("except")?.listed ?? [] {
            let text = element.text?.trimmingSpaces ?? element.kind
            if let kind = events[text] {
                except.insert(kind)
            } else {
                faults.add(
                    at: element.position, "unknown event '\(text)'",
                    hint: events.nearest(to: text).map { "did you mean '\($0.rawValue)'?" }
                        ?? "'except' is a list of events; docs/triggers.md has them all")
            }
        }
        guard let messages, let per else { return nil }
        return Limit(messages: messages, per: per, except: except)
    }

    /// `none`, or those of Shopify's own notifications that are on.
    private mutating func notifications(_ tree: YAMLTree) -> [String] {
        if tree.text?.trimmingSpaces == "none" { return [] }
        var names: [String] = []
        for element in tree.listed {
            let text = element.text?.trimmingSpaces ?? element.kind
            guard let one = ShopifyNotification.named(text) else {
                faults.add(
                    at: element.position, "'\(text)' is none of Shopify's notifications that Bookbag knows",
                    hint: nearest(to: text, in: ShopifyNotification.names).map { "did you mean '\($0)'?" }
                        ?? "write \(alternatives(ShopifyNotification.names)), or 'none'")
                continue
            }
            if !names.contains(one.name) { names.append(one.name) }
        }
        return names
    }

    /// One mode for all, or one for each kind of question.
    private mutating func answers(_ tree: YAMLTree) -> AnswerModes {
        var modes = AnswerModes()
        let words = AnswerMode.allCases.map(\.rawValue)
        func mode(_ tree: YAMLTree) -> AnswerMode? {
            let text = tree.text?.trimmingSpaces ?? tree.kind
            if let mode = AnswerMode(rawValue: text) { return mode }
            let meant = nearest(to: text, in: words).map { "did you mean '\($0)'?" }
            faults.add(
                at: tree.position, "answers cannot be '\(text)'", hint: meant ?? "write \(alternatives(words))")
            return nil
        }
        guard case .map(let entries) = tree.content else {
            modes.others = mode(tree) ?? .whenProven
            return modes
        }
        for entry in entries {
            guard let one = mode(entry.value) else { continue }
            if entry.key == "others" {
                modes.others = one
            } else if Intents.names.contains(entry.key) || questions.contains(entry.key) {
                modes.byIntent[entry.key] = one
            } else {
                let known = Intents.names + questions + ["others"]
                let meant = nearest(to: entry.key, in: known).map { "did you mean '\($0)'?" }
                faults.add(
                    at: entry.keyPosition, "'\(entry.key)' is nothing that a message can ask for",
                    hint: meant ?? "docs/conversations.md lists what it can; 'others' means all that are not named")
            }
        }
        return modes
    }

    /// One tone for all, or one for each language.
    private mutating func tones(_ tree: YAMLTree) -> Tones {
        var tones = Tones()
        let words = Tone.allCases.map(\.rawValue)
        func tone(_ tree: YAMLTree) -> Tone? {
            let text = tree.text?.trimmingSpaces ?? tree.kind
            if let tone = Tone(rawValue: text) { return tone }
            let meant = nearest(to: text, in: words).map { "did you mean '\($0)'?" }
            faults.add(
                at: tree.position, "'\(text)' is not a tone",
                hint: meant ?? "write \(alternatives(words)), or one for each language: '{ de: formal, others: warm }'")
            return nil
        }
        guard case .map(let entries) = tree.content else {
            tones.others = tone(tree) ?? .warm
            return tones
        }
        for entry in entries {
            guard let one = tone(entry.value) else { continue }
            if entry.key == "others" {
                tones.others = one
            } else if Languages.isLanguage(entry.key) {
                tones.byLanguage[Locales.canonical(entry.key)] = one
            } else {
                faults.add(
                    at: entry.keyPosition, "'\(entry.key)' is not a language",
                    hint: Languages.meant(by: entry.key).map { "write '\($0)'" }
                        ?? "write 'de', or 'others' for all that are not named")
            }
        }
        return tones
    }

    /// `{ Mon-Fri: 09:00-17:00 }`.
    private mutating func businessHours(_ tree: YAMLTree) -> [BusinessHours] {
        let example = "write it like '{ Mon-Fri: 09:00-17:00, Sat: 10:00-13:00 }'"
        guard case .map(let entries) = tree.content else {
            faults.add(
                at: tree.position, "'business_hours' has days of the week, and this is \(tree.kind)", hint: example)
            return []
        }
        return entries.compactMap { entry in
            let days = weekdays(YAMLTree(content: .text(entry.key, quoted: false), position: entry.keyPosition))
            let times = (entry.value.text ?? "").replacing("–", with: "-").split(separator: "-")
                .map { TimeOfDay(String($0).trimmingSpaces) }
            guard times.count == 2, let start = times[0], let end = times[1], start.minutes < end.minutes else {
                faults.add(
                    at: entry.value.position, "'\(entry.value.text ?? entry.value.kind)' is no time of a day",
                    hint: example)
                return nil
            }
            return BusinessHours(weekdays: days, start: start.minutes, end: end.minutes)
        }
    }

    private mutating func away(_ tree: YAMLTree) -> Away? {
        let fields = Fields(tree, known: ["from", "until", "say"], what: "'away'", &faults)
        func day(_ key: String) -> CalendarDay? {
            guard let (text, position) = fields.text(key, &faults) else { return nil }
            if let day = CalendarDay(iso8601: text) { return day }
            faults.add(at: position, "'\(text)' is not a day", hint: "write it like '2026-12-25'")
            return nil
        }
        guard let from = day("from"), let until = day("until") else {
            if fields.value("from") == nil || fields.value("until") == nil {
                faults.add(
                    at: tree.position, "'away' has a first and a last day",
                    hint: "write '- { from: 2026-12-24, until: 2027-01-02, say: \"…\" }'")
            }
            return nil
        }
        if until < from, let place = fields.value("until")?.position {
            faults.add(at: place, "'until' is before 'from'")
            return nil
        }
        return Away(from: from, until: until, say: words("say", fields, example: "We are back on 2 January."))
    }

    /// One text for all, or one for each language.
    private mutating func words(_ key: String, _ fields: Fields, example: String) -> LocalText? {
        guard let value = fields.value(key) else { return nil }
        guard case .map(let entries) = value.content else {
            return fields.text(key, &faults).map { LocalText(text: $0.text) }
        }
        var words = LocalText()
        for entry in entries {
            guard Languages.isLanguage(entry.key), let text = entry.value.text?.trimmingSpaces, !text.isEmpty else {
                faults.add(
                    at: entry.keyPosition, "'\(key)' has a text for each language, and '\(entry.key)' is none",
                    hint: "write '\(key): { en: \"\(example)\", de: \"…\" }'")
                continue
            }
            words.byLanguage[Locales.canonical(entry.key)] = text
        }
        return words
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
                    hint: "use letters, digits, '-' and '_', at least three of them")
                return nil
            }
            if let meaning = TemplateReader.marks[entry.key] {
                faults.add(
                    at: entry.keyPosition, "'\(entry.key)' cannot be the name of a segment",
                    hint: "in the name of a template it means \(meaning)")
                return nil
            }
            let checker = ConditionChecker(kinds: [], segments: [], inSegment: true)
            let clauses = ConditionReader.read(entry.value, checker: checker, &faults)
            return ShopSettings.Segment(name: entry.key, clauses: clauses)
        }
    }
}

/// Language tags, to the extent that mails need them.
enum Locales {
    /// True for `en`, `fr-CA`, `zh-Hant-TW`: the forms of BCP 47 that shops use.
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

    /// The tag itself, and what it falls back to: `fr-CA`, `fr`. Chinese is matched by its script or by a region that
    /// uses it, so `zh-Hant` finds `zh-TW`, and `zh-HK` as well.
    static func chain(_ text: String) -> [String] {
        let parts = canonical(text).split(separator: "-").map(String.init)
        var chain = (0..<parts.count).map { parts.dropLast($0).joined(separator: "-") }
        guard parts.count > 1 else { return chain }
        var kin: [String] = []
        // `zh-Hant-TW` is `zh-TW` with its script spelled out.
        if parts.count == 3, parts[1].count == 4 { kin.append("\(parts[0])-\(parts[2])") }
        if parts[0] == "zh" {
            let isTraditional = parts.contains("Hant") || !Set(parts).isDisjoint(with: ["TW", "HK", "MO"])
            kin += isTraditional ? ["zh-Hant", "zh-TW", "zh-HK"] : ["zh-Hans", "zh-CN"]
        }
        chain.insert(contentsOf: kin.filter { !chain.contains($0) }, at: chain.count - 1)
        return chain
    }
}

extension Substring {
    fileprivate var capitalizedASCII: String { prefix(1).uppercased() + dropFirst().lowercased() }
}
