internal import Liquid

/// Reads one trigger file.
struct TriggerReader {
    static let keys = [
        "on", "if", "unless", "after", "for", "until", "at", "once_per", "combine", "replaces", "send", "about", "mode",
        "ignore_quiet_hours", "ignore_limit", "description", "examples", "id",
    ]
    static let emailKeys = ["to", "template", "reply_to", "attach"]

    /// What the reader has to know of the other files.
    struct Surroundings {
        var settings: ShopSettings?
        /// The templates that there are; nil while they could not be read.
        var templates: Set<String>
        /// The templates of webhooks, which are JSON.
        var jsonTemplates: Set<String> = []
        /// The webhooks that the operator configured; nil where they are not known.
        var webhooks: Set<String>?
        /// What can be sent by.
        var channels = ChannelSyntax.standard
        /// What `on` can name.
        var events = EventVocabulary.standard
    }

    private let surroundings: Surroundings
    private let name: String
    private var faults: FaultList

    /// Where `replaces` names which trigger: what can be checked once all files are read.
    private var replaced: [(name: String, position: Position)] = []

    /// The trigger in `source`, or nil where it cannot be used; where it names which other triggers; and what is wrong.
    /// `name` is the file's, without its ending.
    static func read(
        _ source: String, name: String, file: String, surroundings: Surroundings
    ) -> (trigger: Trigger?, replaced: [(name: String, position: Position)], faults: [Fault]) {
        let (tree, faults) = YAMLReader.read(source, file: file)
        var reader = TriggerReader(surroundings: surroundings, name: name, faults: FaultList(file: file))
        reader.faults.add(faults)
        let trigger = tree.flatMap { reader.trigger($0) }
        return (reader.faults.hasErrors ? nil : trigger, reader.replaced, reader.faults.faults)
    }

    private init(surroundings: Surroundings, name: String, faults: FaultList) {
        self.surroundings = surroundings
        self.name = name
        self.faults = faults
    }

    private mutating func trigger(_ tree: YAMLTree) -> Trigger? {
        let fields = Fields(tree, known: Self.keys, what: "a trigger", &faults)
        if case .map = tree.content {
        } else if case .nothing = tree.content {
        } else {
            return nil
        }
        var name = self.name
        if let (id, position) = fields.text("id", &faults) {
            if Self.isName(id) {
                name = id
            } else {
                faults.add(
                    at: position, "'\(id)' cannot be a trigger's name", hint: "use letters, digits, '-' and '_'")
            }
        } else if !Self.isName(name) {
            faults.add(
                at: tree.position, "the file's name is the trigger's name, and '\(name)' cannot be one",
                hint: "rename the file with letters, digits, '-' and '_'")
        }
        let events = events(fields)
        let checker = ConditionChecker(kinds: events, segments: surroundings.settings?.segments.map(\.name) ?? [])
        let conditions = fields.value("if").map { ConditionReader.read($0, checker: checker, &faults) } ?? []
        let exceptions =
            fields.value("unless").map { ConditionReader.read($0, checker: checker, allHold: false, &faults) } ?? []
        for clause in conditions {
            guard case .line(let line) = clause, let place = fields.entry("unless")?.keyPosition else {
                continue
            }
            let same = exceptions.contains { clause in
                if case .line(let other) = clause { return other.condition.source == line.condition.source }
                return false
            }
            if same {
                faults.add(
                    at: place,
                    "'\(line.condition.source)' stands under 'if' and under 'unless', so it never sends anything",
                    hint: "take one of them out")
            }
        }
        for key in [
            "if", "unless", "after", "for", "until", "at", "once_per", "combine", "replaces", "ignore_quiet_hours",
            "ignore_limit",
        ] {
            if let entry = fields.entry(key), fields.value(key) == nil {
                faults.add(
                    at: entry.keyPosition, "nothing stands under '\(key)'", hint: "write it, or take the line out")
            }
        }
        let wait = wait(fields, checker: checker)
        let combine = combine(fields, events: events, wait: wait)
        let replaces = replaces(fields, name: name)
        let oncePer = oncePer(fields, events: events)
        let lines = lines(fields, name: name)
        let about = fields.word("about", Trigger.Stream.self, &faults) ?? .order
        if about == .marketing, let settings = surroundings.settings, settings.brand.marketingFrom == nil,
            let position = fields.value("about")?.position
        {
            faults.add(
                at: position, "marketing goes out from an address of its own, and shop.yaml has none",
                hint: "write 'marketing_from:' under 'brand:' in shop.yaml")
        }
        let mode = fields.word("mode", TriggerMode.self, &faults) ?? .live
        let ignoresQuietHours = fields.flag("ignore_quiet_hours", &faults) ?? false
        let ignoresLimit = fields.flag("ignore_limit", &faults) ?? false
        warn(fields, lines, ignoresQuietHours: ignoresQuietHours, ignoresLimit: ignoresLimit, wait: wait)
        let description = fields.text("description", &faults)?.text
        let examples = fields.value("examples").map {
            ExampleReader.read($0, events: events, lines: lines, settings: surroundings.settings, &faults)
        }
        guard !events.isEmpty, !lines.isEmpty else { return nil }
        return Trigger(
            name: name, file: faults.file, description: description, events: events, if: conditions, unless: exceptions,
            wait: wait, oncePer: oncePer, lines: lines, about: about, mode: mode, combine: combine,
            replaces: replaces, ignoresQuietHours: ignoresQuietHours, ignoresLimit: ignoresLimit,
            examples: examples ?? [])
    }

    static func isName(_ text: String) -> Bool {
        (1...100).contains(text.utf8.count) && text.first != "-"
            && text.unicodeScalars.allSatisfy {
                $0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "-" || $0 == "_"
            }
    }

    // MARK: - on

    private mutating func events(_ fields: Fields) -> [EventKind] {
        guard let value = fields.value("on") else {
            faults.add(
                at: fields.entry("on")?.keyPosition ?? fields.position, "'on' is missing: which event is it for?",
                hint: "write for example 'on: shipment.delivered'")
            return []
        }
        var kinds: [EventKind] = []
        for element in value.listed {
            guard let text = element.text?.trimmingSpaces else {
                faults.add(at: element.position, "an event is a word, and this is \(element.kind)")
                continue
            }
            if let kind = surroundings.events[text] {
                if kinds.contains(kind) {
                    faults.add(at: element.position, "'\(text)' stands in 'on' twice")
                } else {
                    kinds.append(kind)
                }
                continue
            }
            faults.add(
                at: element.position, "unknown event '\(text)'",
                hint: surroundings.events.nearest(to: text).map {
                    "did you mean '\($0.rawValue)'? \($0.shortMeaning)"
                } ?? "docs/triggers.md lists them all")
        }
        return kinds
    }

    // MARK: - after, for, until, at, once_per

    private mutating func wait(_ fields: Fields, checker: ConditionChecker) -> Wait {
        var wait = Wait.none
        if let length = fields.length("after", &faults) { wait.start = .event(length) }
        if let length = fields.length("for", &faults) {
            if wait.start != .none, let position = fields.entry("for")?.keyPosition {
                faults.add(
                    at: position, "'after' and 'for' cannot stand together",
                    hint: "'after' counts from the event, 'for' from the last that was heard; keep one")
            }
            wait.start = .lastHeard(length)
        }
        if let until = until(fields, checker: checker) {
            if wait.start != .none, let position = fields.entry("until")?.keyPosition {
                faults.add(
                    at: position, "'until' cannot stand with 'after' or 'for'",
                    hint: "it waits for a date, whatever happened before; keep one of them")
            }
            wait.start = .date(until)
        }
        if let (text, position) = fields.text("at", &faults) {
            if let time = TimeOfDay(text) {
                wait.at = time
            } else {
                faults.add(at: position, "'\(text)' is not a time of day", hint: "write it like '10:00'")
            }
        }
        return wait
    }

    private mutating func until(_ fields: Fields, checker: ConditionChecker) -> Until? {
        guard let (text, position) = fields.text("until", &faults) else { return nil }
        let hint = "write for example 'until: 3 days before return.label_expires_on'"
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        guard let name = words.last else { return nil }
        var until = Until(nil, .before, name)
        if words.count > 1 {
            guard let side = Until.Side(rawValue: words[words.count - 2]) else {
                faults.add(at: position, "'\(text)' is not a date to wait for", hint: hint)
                return nil
            }
            switch Length.read(words.dropLast(2).joined(separator: " ")) {
            case .success(let length): until = Until(length, side, name)
            case .failure(let misread):
                faults.add(at: position, misread.message, hint: misread.hint)
                return nil
            }
        }
        let place = Position(line: position.line, column: position.column + max(0, text.count - name.count))
        guard let row = Names.byPath[name] else {
            let dates = Names.byPath.values.filter { $0.type.isDate }.map(\.path).sorted()
            let meant = Names.otherWords[name] ?? nearest(to: name, in: dates)
            faults.add(at: place, "unknown name '\(name)'", hint: meant.map { "did you mean '\($0)'?" } ?? hint)
            return nil
        }
        guard row.type.isDate else {
            faults.add(at: place, "'\(name)' is \(row.type.article) and no date", hint: hint)
            return nil
        }
        if let root = name.split(separator: ".").first, let (message, hint) = checker.missing(String(root)) {
            faults.add(at: place, message, hint: hint)
            return nil
        }
        return until
    }

    private mutating func combine(_ fields: Fields, events: [EventKind], wait: Wait) -> Length? {
        guard let length = fields.length("combine", &faults), let position = fields.entry("combine")?.keyPosition
        else { return nil }
        if let other = events.first(where: { $0.subject != "shipment" }) {
            faults.add(
                at: position,
                "'combine' makes one message of the parcels of an order, and '\(other.rawValue)' is about no parcel",
                hint: "take it out, or keep to events that begin with 'shipment.'")
            return nil
        }
        switch wait.start {
        case .lastHeard, .date:
            faults.add(
                at: position, "'combine' cannot stand with 'for' or 'until', which move",
                hint: "use it alone or with 'after'")
            return nil
        case .event, .none: return length
        }
    }

    private mutating func replaces(_ fields: Fields, name: String) -> [String] {
        var names: [String] = []
        for element in fields.value("replaces")?.listed ?? [] {
            guard let text = element.text?.trimmingSpaces else {
                faults.add(
                    at: element.position, "'replaces' is a list of triggers' names, and this is \(element.kind)",
                    hint: "write 'replaces: [out-for-delivery]'")
                continue
            }
            if text == name {
                faults.add(
                    at: element.position, "a trigger cannot replace itself", hint: "'once_per' says how often it speaks"
                )
            } else if names.contains(text) {
                faults.add(at: element.position, "'\(text)' stands in 'replaces' twice")
            } else {
                names.append(text)
                replaced.append((text, element.position))
            }
        }
        return names
    }

    /// What is written without any effect, or with one that surprises.
    private mutating func warn(
        _ fields: Fields, _ lines: [SendLine], ignoresQuietHours: Bool, ignoresLimit: Bool, wait: Wait
    ) {
        guard let settings = surroundings.settings else { return }
        let toCustomer = lines.contains { $0.destination == .customer }
        if ignoresQuietHours, let place = fields.entry("ignore_quiet_hours")?.keyPosition, !lines.isEmpty, !toCustomer {
            faults.warn(
                at: place, "'ignore_quiet_hours' has no effect: quiet hours hold back what goes to the shopper alone",
                hint: "take the line out")
        }
        if ignoresLimit, let place = fields.entry("ignore_limit")?.keyPosition, !lines.isEmpty, !toCustomer {
            faults.warn(
                at: place, "'ignore_limit' has no effect: limits hold back what goes to the shopper alone",
                hint: "take the line out")
        }
        if case .date(let until) = wait.start, wait.at == nil, toCustomer, settings.quietHours == nil,
            let row = Names.byPath[until.name], case .day = row.type,
            let place = fields.entry("until")?.keyPosition
        {
            faults.warn(
                at: place, "a day begins at midnight, so this goes out at night", hint: "write 'at: 10:00' below it")
        }
    }

    private mutating func oncePer(_ fields: Fields, events: [EventKind]) -> OncePer? {
        guard let (text, position) = fields.text("once_per", &faults) else { return nil }
        let words = text.split(separator: " ").map(String.init)
        let scopes = OncePer.Scope.allCases.map(\.rawValue)
        guard let first = words.first, let scope = OncePer.Scope(rawValue: first) else {
            let meant = nearest(to: words.first ?? "", in: scopes).map { "did you mean '\($0)'?" }
            faults.add(
                at: position, "'once_per' cannot be '\(text)'", hint: meant ?? "write \(alternatives(scopes))")
            return nil
        }
        var every: Length?
        if words.count > 1 {
            let hint = "write 'once_per: \(first)', or with a pause 'once_per: \(first) every 90 days'"
            guard words[1] == "every", words.count > 2 else {
                faults.add(at: position, "'once_per' cannot be '\(text)'", hint: hint)
                return nil
            }
            switch Length.read(words.dropFirst(2).joined(separator: " ")) {
            case .success(let length): every = length
            case .failure(let misread):
                faults.add(at: position, misread.message, hint: misread.hint)
                return nil
            }
            if scope == .event {
                faults.add(
                    at: position, "each event happens once, so 'every' says nothing here",
                    hint: "write 'once_per: event'")
                return nil
            }
        }
        let suits: Bool
        switch scope {
        case .customer, .event: suits = true
        case .order: suits = events.allSatisfy { $0.aggregate == .order }
        case .shipment, .return, .refund: suits = events.allSatisfy { $0.has(scope.rawValue) }
        }
        if !suits, let other = events.first(where: { $0.subject != scope.rawValue }) {
            let own = OncePer.Scope(rawValue: other.subject) ?? .event
            faults.add(
                at: position, "'\(other.rawValue)' has no \(scope.rawValue) to count by",
                hint: "write 'once_per: \(own.rawValue)'")
            return nil
        }
        return OncePer(scope: scope, every: every)
    }

    // MARK: - send

    private mutating func lines(_ fields: Fields, name: String) -> [SendLine] {
        guard let value = fields.value("send") else {
            faults.add(
                at: fields.entry("send")?.keyPosition ?? fields.position, "'send' is missing: what does it send?",
                hint: "write for example 'send: email'")
            return []
        }
        var lines: [SendLine] = []
        for element in value.listed {
            var reading = SendLineReading(trigger: name, tree: element, surroundings: surroundings, faults: faults)
            let read = reading.line()
            faults = reading.faults
            guard let line = read else { continue }
            if lines.contains(where: { $0.name == line.name }) {
                faults.add(at: element.position, "'send' says the same twice", hint: "keep one of them")
            } else {
                lines.append(line)
            }
        }
        if value.listed.isEmpty {
            faults.add(at: value.position, "'send' has nothing in it", hint: "write 'send: email'")
        }
        return lines
    }
}
