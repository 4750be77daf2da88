/// Reads the examples of a trigger file.
struct ExampleReader {
    static let keys = ["name", "given", "at", "told", "then", "expect", "because"]
    static let expectKeys = ["to", "subject", "contains", "attached", "sent"]
    static let webhookKeys = ["contains", "json", "sent"]
    static let textKeys = ["contains", "segments", "sent"]

    private let events: [EventKind]
    private let lines: [SendLine]
    private let surroundings: TriggerReader.Surroundings
    private var settings: ShopSettings? { surroundings.settings }
    private var faults: FaultList

    /// The examples; faults are recorded.
    static func read(
        _ tree: YAMLTree, events: [EventKind], lines: [SendLine], surroundings: TriggerReader.Surroundings,
        _ faults: inout FaultList
    ) -> [Example] {
        var reader = ExampleReader(
            events: events, lines: lines, surroundings: surroundings, faults: FaultList(file: faults.file))
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
        var givenReader = GivenReader(events: events, settings: settings, given: fields.value("given"))
        let start = fields.value("given").map { givenReader.start($0, &faults) } ?? GivenReader.Laid()
        let event = start.event ?? first
        let at = time("at", fields)
        let told = told(fields)
        var steps: [Example.Step] = []
        for element in fields.value("then")?.listed ?? [] {
            if let step = step(element, event: event, &givenReader) { steps.append(step) }
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
            name: name, line: tree.position.line, event: event, at: at, given: start.values,
            parcels: start.parcels.isEmpty ? nil : start.parcels.count, told: told, steps: steps, expected: expected,
            because: because)
    }

    /// When the trigger wrote earlier: at a date and time, or this long ago.
    private mutating func told(_ fields: Fields) -> [Example.Told] {
        (fields.value("told")?.listed ?? []).compactMap { element in
            guard let text = element.text?.trimmingSpaces else {
                faults.add(
                    at: element.position, "'told' is a time, and this is \(element.kind)", hint: "write '20 days ago'")
                return nil
            }
            if let time = Example.LocalTime(text) { return .at(time) }
            if text.lowercased().hasSuffix(" ago"), case .success(let length) = Length.read(String(text.dropLast(4))),
                !length.unit.isBusiness
            {
                return .ago(length)
            }
            faults.add(
                at: element.position, "'\(text)' does not say when the trigger sent before",
                hint: "write '20 days ago' or '2026-02-18 10:00'")
            return nil
        }
    }

    private mutating func time(_ key: String, _ fields: Fields) -> Example.LocalTime? {
        guard let (text, position) = fields.text(key, &faults) else { return nil }
        if let time = Example.LocalTime(text) { return time }
        faults.add(at: position, "'\(text)' is not a date and time", hint: "write it like '2026-12-04 18:00'")
        return nil
    }

    private mutating func step(
        _ tree: YAMLTree, event: EventKind, _ givenReader: inout GivenReader
    ) -> Example.Step? {
        let fields = Fields(tree, known: ["after"] + GivenReader.roots, what: "a step of 'then'", &faults)
        guard let after = fields.length("after", &faults) else {
            if fields.value("after") == nil {
                faults.add(at: tree.position, "the step has no 'after'", hint: "write for example 'after: 3 hours'")
            }
            return nil
        }
        guard case .map(let entries) = tree.content else { return nil }
        let rest = YAMLTree(
            content: .map(entries.filter { GivenReader.roots.contains($0.key) }), position: tree.position)
        let laid = givenReader.later(rest, &faults)
        // Without a named event, it happens to the parcels that are new; a named event happens to every parcel that the
        // step lists.
        let whose = laid.event == nil ? laid.fresh : laid.parcels.isEmpty ? [0] : laid.parcels
        let kind = laid.event ?? event
        return Example.Step(
            after: after, given: laid.values, happenings: whose.map { Example.Happening(kind: kind, parcel: $0) })
    }

    private mutating func expected(_ tree: YAMLTree) -> Example.Expected? {
        var kind = ""
        var value: YAMLTree?
        // The keys beside 'email', 'sms' and 'webhook', as under 'send'.
        var beside: YAMLTree?
        var place = tree.position
        if let text = tree.text?.trimmingSpaces {
            kind = text
        } else if case .map(let entries) = tree.content,
            let entry = entries.first(where: { ["email", "sms", "webhook"].contains($0.key) }) ?? entries.first
        {
            kind = entry.key
            value = entry.value
            place = entry.keyPosition
            if entries.count > 1 {
                beside = YAMLTree(content: .map(entries.filter { $0.key != kind }), position: tree.position)
            }
        }
        switch kind {
        case "email": return email(value, beside: beside, at: place)
        case "answer": return answer(value, at: place)
        case "sms": return sms(value, beside: beside, at: place)
        case "webhook":
            guard let name = value?.text?.trimmingSpaces else {
                faults.add(at: place, "which webhook?", hint: "write 'webhook: NAME'")
                return nil
            }
            var wanted = Example.Expected(line: "webhook:\(name)")
            if let beside {
                let fields = Fields(beside, known: Self.webhookKeys, what: "'webhook'", &faults)
                wanted.contains = texts("contains", fields)
                wanted.sent = time("sent", fields)
                if let json = fields.value("json") { wanted.members = members(json, under: "") }
            }
            return known(wanted, at: place)
        case "nothing":
            faults.add(at: place, "'nothing' stands alone", hint: "write 'expect: nothing'")
        case "do":
            guard let value else {
                faults.add(at: place, "what is done?", hint: "write 'do: hand_over'")
                return nil
            }
            var wanted = done(value, at: place)
            if let beside {
                let fields = Fields(beside, known: Self.doneKeys, what: "a line of 'expect'", &faults)
                wanted?.sent = time("sent", fields)
                if let offers = fields.value("offers") {
                    wanted?.details["offers"] = offers.listed.compactMap(\.text).joined(separator: ", ")
                }
                if let (note, _) = fields.text("hand_over", &faults) { wanted?.details["note"] = note }
                if let (why, _) = fields.text("refuses", &faults) { wanted?.details["refuses"] = why }
            }
            return wanted
        case let verb where surroundings.actions[verb] != nil: return done(tree, at: place)
        default:
            let meant = nearest(
                to: kind, in: ["email", "answer", "sms", "webhook", "nothing"] + surroundings.actions.names
            )
            .map { "did you mean '\($0)'?" }
            faults.add(
                at: place, "'\(kind.isEmpty ? tree.kind : kind)' cannot be expected",
                hint: meant ?? "write 'email', 'answer', 'sms', 'webhook: NAME', 'do: hand_over' or 'nothing'")
        }
        return nil
    }

    /// What may stand beside `do`: `offers`, `hand_over` and `refuses` are what becomes of a remedy or a return.
    static let doneKeys = ["sent", "offers", "hand_over", "refuses"]

    /// A line of `do`, as it is written there; with a verb alone, however it is done.
    private mutating func done(_ tree: YAMLTree, at place: Position) -> Example.Expected? {
        let name: String
        if let text = tree.text?.trimmingSpaces, let verb = surroundings.actions[text], !verb.standsAlone {
            // Which one need not be said where there is only one.
            name = lines.first { $0.action?.verb == text }?.name ?? text
            return known(Example.Expected(line: name), at: place)
        }
        guard let action = TriggerReader.action(tree, events, surroundings, &faults) else { return nil }
        var wanted = Example.Expected(line: action.name)
        wanted.details = action.details
        return known(wanted, at: place)
    }

    private mutating func email(_ value: YAMLTree?, beside: YAMLTree?, at place: Position) -> Example.Expected? {
        let mails = lines.filter(\.isMail)
        // If only one line sends mail, 'email' means that one, whoever it goes to.
        var wanted = Example.Expected(line: mails.count == 1 ? mails[0].name : "email")
        for options in [value, beside].compactMap(\.self) {
            if case .nothing = options.content { continue }
            let fields = Fields(options, known: Self.expectKeys, what: "'email'", &faults)
            wanted.subject = fields.text("subject", &faults)?.text ?? wanted.subject
            wanted.contains += texts("contains", fields)
            wanted.sent = time("sent", fields) ?? wanted.sent
            if let (word, position) = fields.text("attached", &faults) {
                if word != "label", word != "none" {
                    faults.add(at: position, "'attached' cannot be '\(word)'", hint: "write 'label' or 'none'")
                }
                wanted.hasLabel = word == "label"
            }
            switch fields.text("to", &faults)?.text {
            case nil: break
            case "customer"?: wanted.line = "email"
            case let to?: wanted.line = "email:\(to)"
            }
        }
        return known(wanted, at: place)
    }

    private mutating func sms(_ value: YAMLTree?, beside: YAMLTree?, at place: Position) -> Example.Expected? {
        var wanted = Example.Expected(line: "sms")
        for options in [value, beside].compactMap(\.self) {
            if case .nothing = options.content { continue }
            let fields = Fields(options, known: Self.textKeys, what: "'sms'", &faults)
            wanted.contains += texts("contains", fields)
            wanted.sent = time("sent", fields) ?? wanted.sent
            if let (text, position) = fields.text("segments", &faults) {
                if let count = Int(text), count > 0 {
                    wanted.segments = count
                } else {
                    faults.add(at: position, "'segments' cannot be '\(text)'", hint: "write how many: 'segments: 1'")
                }
            }
        }
        return known(wanted, at: place)
    }

    private mutating func answer(_ value: YAMLTree?, at place: Position) -> Example.Expected? {
        var wanted = Example.Expected(line: SendLine.answerName)
        if let value, case .map = value.content {
            let fields = Fields(value, known: ["subject", "contains", "sent"], what: "'answer'", &faults)
            wanted.subject = fields.text("subject", &faults)?.text
            wanted.contains = texts("contains", fields)
            wanted.sent = time("sent", fields)
        }
        return known(wanted, at: place)
    }

    private mutating func texts(_ key: String, _ fields: Fields) -> [String] {
        (fields.value(key)?.listed ?? []).compactMap { element in
            if let text = element.text?.trimmingSpaces { return text }
            faults.add(
                at: element.position, "'\(key)' is a text or a list of texts, and this is \(element.kind)",
                hint: brokenByColon(element) ?? "put the text in quotes")
            return nil
        }
    }

    /// `{ data.order.name: "#1001" }`, or the same as nested maps or lists.
    private mutating func members(_ tree: YAMLTree, under path: String) -> [Example.Member] {
        switch tree.content {
        case .map(let entries):
            return entries.flatMap { members($0.value, under: path.isEmpty ? $0.key : "\(path).\($0.key)") }
        case .list(let elements) where !path.isEmpty:
            return elements.enumerated().flatMap { members($1, under: "\(path).\($0)") }
        case .nothing where !path.isEmpty: return [Example.Member(path: path)]
        case .text(let text, _) where !path.isEmpty: return [Example.Member(path: path, text: text.trimmingSpaces)]
        default:
            faults.add(
                at: tree.position, "'json' is a set of names, and this is \(tree.kind)",
                hint: "write for example 'data.order.name: \"#1001\"'")
            return []
        }
    }

    private mutating func known(_ wanted: Example.Expected, at place: Position) -> Example.Expected? {
        if lines.contains(where: { $0.name == wanted.line }) { return wanted }
        // If `send` could not be read, that has been reported already.
        if !lines.isEmpty {
            faults.add(
                at: place, "the trigger sends no '\(wanted.line)'", hint: "it sends \(listing(lines.map(\.name)))")
        }
        return nil
    }
}
