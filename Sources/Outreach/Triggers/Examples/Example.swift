internal import Liquid

/// What a trigger file says should come of a case: read with the file, run by `bookbag test`.
public struct Example: Sendable {
    public var name: String
    /// Where it stands in its file.
    public var line: Int
    /// What happens; the trigger's first event unless `given` says otherwise.
    public var event: EventKind
    /// When it happens, by the shop's clock; nil for the standard moment.
    var at: LocalTime?
    var given: [Given]
    var steps: [Step]
    /// What is sent; nothing where it is empty.
    var expected: [Expected]
    /// What stopped it.
    public var because: Reason?

    /// A value laid over the standard order.
    struct Given: Sendable {
        var path: String
        var value: Value
    }

    /// Time that passes, and what is different then.
    struct Step: Sendable {
        var after: Length
        var given: [Given]
    }

    /// One message that is to be sent.
    struct Expected: Sendable {
        /// Which line of `send` it is.
        var line: String
        var subject: String?
        var contains: [String] = []
        var sent: LocalTime?
    }

    /// A day and a time of day by the shop's clock.
    struct LocalTime: Sendable, Hashable {
        var day: CalendarDay
        var time: TimeOfDay

        /// Reads `2026-12-04 18:00`.
        init?(_ text: String) {
            let parts = text.split(whereSeparator: { $0 == " " || $0 == "T" })
            guard parts.count == 2, let day = CalendarDay(iso8601: parts[0]), let time = TimeOfDay(String(parts[1]))
            else { return nil }
            self.day = day
            self.time = time
        }

        func moment(in zone: Zone) -> Moment { zone.moment(on: day, secondOfDay: time.minutes * 60) }
    }
}

/// Reads the examples of a trigger file.
struct ExampleReader {
    static let keys = ["name", "given", "at", "then", "expect", "because"]
    static let expectKeys = ["to", "subject", "contains", "sent"]

    private let events: [EventKind]
    private let lines: [SendLine]
    private let settings: ShopSettings?
    private var faults: FaultList

    /// The examples; what is wrong with them is told.
    static func read(
        _ tree: YAMLTree, events: [EventKind], lines: [SendLine], settings: ShopSettings?, _ faults: inout FaultList
    ) -> [Example] {
        var reader = ExampleReader(
            events: events, lines: lines, settings: settings, faults: FaultList(file: faults.file))
        var examples: [Example] = []
        for element in tree.listed {
            guard let example = reader.example(element) else { continue }
            if examples.contains(where: { $0.name == example.name }) {
                reader.faults.add(at: element.position, "another example is named '\(example.name)' already")
            }
            examples.append(example)
        }
        faults.add(reader.faults.faults)
        return examples
    }

    private mutating func example(_ tree: YAMLTree) -> Example? {
        let fields = Fields(tree, known: Self.keys, what: "an example", &faults)
        guard case .map = tree.content, let first = events.first else { return nil }
        guard let name = fields.text("name", &faults)?.text else {
            if fields.value("name") == nil { faults.add(at: tree.position, "the example has no 'name'") }
            return nil
        }
        var event = first
        var given = fields.value("given").map { values($0) } ?? []
        if let index = given.firstIndex(where: { $0.path == "event.type" }) {
            let word = given.remove(at: index).value.textIfString.flatMap(EventKind.init(rawValue:))
            if let word, events.contains(word) {
                event = word
            } else if let place = fields.value("given")?.position {
                faults.add(
                    at: place, "'event: type' has to be one of 'on'",
                    hint: "write \(alternatives(events.map(\.rawValue)))")
            }
        }
        let at = time("at", fields)
        var steps: [Example.Step] = []
        for element in fields.value("then")?.listed ?? [] {
            if let step = step(element) { steps.append(step) }
        }
        guard let expect = fields.value("expect") else {
            faults.add(
                at: fields.entry("expect")?.keyPosition ?? tree.position, "the example does not say what to 'expect'",
                hint: "write 'expect: email' or 'expect: nothing'")
            return nil
        }
        var expected: [Example.Expected] = []
        if expect.text?.trimmingSpaces != "nothing" {
            for element in expect.listed {
                guard let one = self.expected(element) else { continue }
                expected.append(one)
            }
        }
        let because = fields.word("because", Reason.self, &faults)
        if because != nil, !expected.isEmpty, let place = fields.entry("because")?.keyPosition {
            faults.add(at: place, "'because' says why nothing is sent, and this example expects something")
        }
        return Example(
            name: name, line: tree.position.line, event: event, at: at, given: given, steps: steps, expected: expected,
            because: because)
    }

    private mutating func time(_ key: String, _ fields: Fields) -> Example.LocalTime? {
        guard let (text, position) = fields.text(key, &faults) else { return nil }
        if let time = Example.LocalTime(text) { return time }
        faults.add(at: position, "'\(text)' is no day and time", hint: "write it like '2026-12-04 18:00'")
        return nil
    }

    private mutating func step(_ tree: YAMLTree) -> Example.Step? {
        let fields = Fields(tree, known: ["after"] + Names.roots.map(\.name), what: "a step of 'then'", &faults)
        guard let after = fields.length("after", &faults) else {
            if fields.value("after") == nil {
                faults.add(at: tree.position, "the step has no 'after'", hint: "write for example 'after: 3 hours'")
            }
            return nil
        }
        guard case .map(let entries) = tree.content else { return nil }
        let rest = YAMLTree(content: .map(entries.filter { $0.key != "after" }), position: tree.position)
        return Example.Step(after: after, given: values(rest))
    }

    private mutating func expected(_ tree: YAMLTree) -> Example.Expected? {
        var kind = ""
        var options: YAMLTree?
        var place = tree.position
        if let text = tree.text?.trimmingSpaces {
            kind = text
        } else if case .map(let entries) = tree.content, entries.count == 1, let entry = entries.first {
            kind = entry.key
            options = entry.value
            place = entry.keyPosition
        }
        switch kind {
        case "email":
            var wanted = Example.Expected(line: "email")
            if let options {
                let fields = Fields(options, known: Self.expectKeys, what: "'email'", &faults)
                wanted.subject = fields.text("subject", &faults)?.text
                wanted.contains = (fields.value("contains")?.listed ?? []).compactMap { $0.text?.trimmingSpaces }
                wanted.sent = time("sent", fields)
                switch fields.text("to", &faults)?.text {
                case nil:
                    // Whoever it goes to, where there is only one.
                    let mails = lines.filter { $0.name.hasPrefix("email") }
                    if mails.count == 1 { wanted.line = mails[0].name }
                case "customer"?: break
                case let to?: wanted.line = "email:\(to)"
                }
            } else if let only = lines.first(where: { $0.name.hasPrefix("email") }),
                lines.count(where: { $0.name.hasPrefix("email") }) == 1
            {
                wanted.line = only.name
            }
            return known(wanted, at: place)
        case "webhook":
            if let name = options?.text?.trimmingSpaces {
                return known(Example.Expected(line: "webhook:\(name)"), at: place)
            }
            faults.add(at: place, "which webhook?", hint: "write 'webhook: NAME'")
        case "nothing":
            faults.add(at: place, "'nothing' stands alone", hint: "write 'expect: nothing'")
        default:
            let meant = nearest(to: kind, in: ["email", "webhook", "nothing"]).map { "did you mean '\($0)'?" }
            faults.add(
                at: place, "'\(kind.isEmpty ? tree.kind : kind)' cannot be expected",
                hint: meant ?? "write 'email', 'webhook: NAME' or 'nothing'")
        }
        return nil
    }

    private mutating func known(_ wanted: Example.Expected, at place: Position) -> Example.Expected? {
        if lines.contains(where: { $0.name == wanted.line }) { return wanted }
        // Where `send` could not be read, that is told already.
        if !lines.isEmpty {
            faults.add(
                at: place, "the trigger sends no '\(wanted.line)'", hint: "it sends \(listing(lines.map(\.name)))")
        }
        return nil
    }

    // MARK: - given

    private mutating func values(_ tree: YAMLTree) -> [Example.Given] {
        guard case .map(let roots) = tree.content else {
            if case .nothing = tree.content { return [] }
            faults.add(
                at: tree.position, "'given' is a set of names, and this is \(tree.kind)",
                hint: "write for example 'order: { tags: [wholesale] }'")
            return []
        }
        var result: [Example.Given] = []
        for root in roots {
            guard let known = Names.roots.first(where: { $0.name == root.key }) else {
                let meant = Names.otherWords[root.key] ?? nearest(to: root.key, in: Names.roots.map(\.name))
                faults.add(
                    at: root.keyPosition, "unknown name '\(root.key)'", hint: meant.map { "did you mean '\($0)'?" })
                continue
            }
            let checker = ConditionChecker(kinds: events, segments: settings?.segments.map(\.name) ?? [])
            if let (message, hint) = checker.missing(root.key) {
                faults.add(at: root.keyPosition, message, hint: hint)
                continue
            }
            guard case .map(let entries) = root.value.content else {
                faults.add(
                    at: root.value.position, "'\(root.key)' has names of its own, and this is \(root.value.kind)",
                    hint: "write for example '\(known.rows[0].path.replacing(".", with: ": { ")): … }'")
                continue
            }
            for entry in entries {
                let path = "\(root.key).\(entry.key)"
                guard let row = Names.byPath[path] else {
                    var meant = Names.otherWords[path]
                    if meant == nil {
                        let keys = known.rows.map { String($0.path.dropFirst(root.key.count + 1)) }
                        meant = nearest(to: entry.key, in: keys).map { "\(root.key).\($0)" }
                    }
                    faults.add(
                        at: entry.keyPosition, "unknown name '\(path)'", hint: meant.map { "did you mean '\($0)'?" })
                    continue
                }
                if let value = value(entry.value, row) { result.append(Example.Given(path: path, value: value)) }
            }
        }
        return result
    }

    private mutating func value(_ tree: YAMLTree, _ row: NameRow) -> Value? {
        if row.path == "order.time_zone", let text = tree.text?.trimmingSpaces, !text.isEmpty, Zone(named: text) == nil
        {
            faults.add(
                at: tree.position, "'\(text)' is no time zone", hint: "write it like 'Europe/London' or 'Asia/Kolkata'")
            return nil
        }
        if case .nothing = tree.content {
            if row.canBeEmpty { return .null }
            faults.add(at: tree.position, "'\(row.path)' is never empty")
            return nil
        }
        switch row.type {
        case .texts, .segments:
            let texts = tree.listed.compactMap { $0.text?.trimmingSpaces }
            if texts.count == tree.listed.count { return .texts(texts) }
        case .list(let item):
            return things(tree, item: item, row)
        default:
            if let text = tree.text?.trimmingSpaces, let value = Self.value(text, row.type) { return value }
        }
        faults.add(
            at: tree.position, "'\(row.path)' is \(row.type.article), and not '\(tree.text ?? tree.kind)'",
            hint: Self.sample(row.type))
        return nil
    }

    private static func value(_ text: String, _ type: NameType) -> Value? {
        switch type {
        case .text, .link: return .string(text)
        case .word(let words): return words.contains(text) ? .string(text) : nil
        case .number:
            if let number = Int(text) { return .int(number) }
            return Double(text).flatMap { $0.isFinite ? .float($0) : nil }
        case .money: return Liquid.Money(amount: text, currency: StandardOrder.currency).map { .money($0) }
        case .flag:
            switch text.lowercased() {
            case "true", "yes", "on": return .bool(true)
            case "false", "no", "off": return .bool(false)
            default: return nil
            }
        case .day:
            guard let (year, month, day) = CalendarDay(iso8601: text)?.components else { return nil }
            return .moment(Liquid.Moment(year: year, month: month, day: day))
        case .moment:
            guard let time = Example.LocalTime(text) else { return nil }
            let moment = time.moment(in: StandardOrder.zone)
            return .moment(Liquid.Moment(seconds: moment.seconds, offset: StandardOrder.zone.offset(at: moment)))
        case .texts, .segments, .list: return nil
        }
    }

    private static func sample(_ type: NameType) -> String {
        switch type {
        case .word(let words) where words.count <= 16: "write \(alternatives(words))"
        case .number: "write a number, such as 2"
        case .money: "write an amount, such as 100 or 12.50"
        case .flag: "write 'true' or 'false'"
        case .moment: "write it like '2026-12-04 18:00'"
        case .day: "write it like '2026-12-04'"
        case .texts, .segments: "write a list, such as [a, b]"
        default: "write a text"
        }
    }

    private mutating func things(_ tree: YAMLTree, item: String, _ row: NameRow) -> Value? {
        guard let table = Names.items.first(where: { $0.name == item }) else { return nil }
        var result: [Value] = []
        for element in tree.listed {
            guard case .map(let entries) = element.content else {
                faults.add(
                    at: element.position, "'\(row.path)' is a list of \(item)s, and this is \(element.kind)",
                    hint: "write for example '- { \(table.rows[0].path.split(separator: ".").last!): … }'")
                return nil
            }
            var pairs: [(String, Value)] = table.rows.map { row in
                (String(row.path.split(separator: ".").last!), Self.missing(row.type))
            }
            for entry in entries {
                guard let index = pairs.firstIndex(where: { $0.0 == entry.key }) else {
                    faults.add(
                        at: entry.keyPosition, "a \(item) has no '\(entry.key)'",
                        hint: nearest(to: entry.key, in: pairs.map(\.0)).map { "did you mean '\($0)'?" })
                    continue
                }
                if let value = value(entry.value, table.rows[index]) { pairs[index].1 = value }
            }
            result.append(.object(Object(pairs)))
        }
        return .array(result)
    }

    private static func missing(_ type: NameType) -> Value {
        switch type {
        case .number: .int(1)
        case .texts, .segments, .list: .array([])
        case .flag: .bool(false)
        default: .null
        }
    }
}
