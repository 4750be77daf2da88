internal import Liquid

/// Reads one trigger file.
struct TriggerReader {
    /// What the reader needs to know about the other files.
    struct Surroundings {
        var settings: ShopSettings?
        /// The existing templates; nil if they could not be read.
        var templates: Set<String>
        /// The webhook templates, which are JSON.
        var jsonTemplates: Set<String> = []
        /// The webhooks that the operator configured; nil if unknown.
        var webhooks: Set<String>?
        /// The channels that `send` can name.
        var channels = ChannelSyntax.standard
        /// The events that `on` can name.
        var events = EventVocabulary.standard
        /// The keys that a file can have.
        var keys = TriggerKeys.standard
        /// The verbs that `do` can name.
        var actions = ActionVerbs.standard
        /// The gifts of policy.yaml; none without the file.
        var gifts: Set<String> = []
        /// The remedies of policy.yaml.
        var remedies: Set<String> = []
        var hasPolicy = false
        /// policy.yaml, if it could be read.
        var policy: Policy?

        /// What is wrong with deciding that remedy; nil if nothing is.
        func objection(toRemedy name: String) -> (message: String, hint: String)? {
            if remedies.contains(name) { return nil }
            guard hasPolicy else {
                return (
                    "there is no remedy '\(name)', for there is no policy.yaml",
                    "make the file 'policy.yaml' with 'remedies:' and 'budgets:' (docs/actions.md)"
                )
            }
            let meant = nearest(to: name, in: remedies.sorted()).map { "did you mean '\($0)'?" }
            return ("policy.yaml has no remedy '\(name)'", meant ?? "write it there, under 'remedies:'")
        }

        /// What is wrong with giving that gift; nil if nothing is.
        func objection(toGift name: String) -> (message: String, hint: String)? {
            if gifts.contains(name) { return nil }
            guard hasPolicy else {
                return (
                    "there is no gift '\(name)', for there is no policy.yaml",
                    "make the file 'policy.yaml' with 'gifts:' and 'budgets:' (docs/actions.md)"
                )
            }
            let meant = nearest(to: name, in: gifts.sorted()).map { "did you mean '\($0)'?" }
            return ("policy.yaml has no gift '\(name)'", meant ?? "write it there, under 'gifts:'")
        }
    }

    let surroundings: Surroundings
    private let name: String
    var faults: FaultList

    /// Which triggers `replaces` names, and where; checked once all files have been read.
    private var replaced: [(name: String, position: Position)] = []

    /// The trigger in `source`, or nil if it cannot be used; which other triggers it names, and where; and its faults.
    /// `name` is the file's path without its extension.
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
        let fields = Fields(
            tree, known: surroundings.keys.names, otherWords: surroundings.keys.otherWords, what: "a trigger", &faults)
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
                hint: "rename the file\(name.contains("/") ? " or its folder" : "") with letters, digits, '-' and '_'")
        }
        var trigger = Trigger(
            name: name, file: faults.file, events: [], if: [], unless: [], wait: .none, lines: [], about: .order,
            mode: .live, replaces: [], ignoresQuietHours: false, ignoresLimit: false, examples: [])
        for key in surroundings.keys.file {
            key.read(&self, fields, &trigger)
            if key.needsValue, let entry = fields.entry(key.name), fields.value(key.name) == nil {
                faults.add(
                    at: entry.keyPosition, "nothing is written under '\(key.name)'",
                    hint: "write it, or remove the line")
            }
        }
        checkAnswers(fields, trigger)
        warn(fields, trigger)
        return trigger.events.isEmpty || trigger.lines.isEmpty ? nil : trigger
    }

    /// True for letters and digits of any language, '-' and '_', with '/' between the names of folders.
    static func isName(_ text: String) -> Bool {
        text.utf8.count <= 100
            && text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
                !part.isEmpty && part.first != "-"
                    && part.unicodeScalars.allSatisfy {
                        $0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "-" || $0 == "_"
                    }
            }
    }

    // MARK: - on, if, unless

    mutating func events(_ fields: Fields) -> [EventKind] {
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
                    faults.add(at: element.position, "'\(text)' is in 'on' twice")
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

    private func checker(_ trigger: Trigger) -> ConditionChecker {
        ConditionChecker(
            kinds: trigger.events, segments: surroundings.settings?.segments.map(\.name) ?? [])
    }

    mutating func conditions(_ fields: Fields, _ trigger: Trigger) -> [ConditionClause] {
        fields.value("if").map { ConditionReader.read($0, checker: checker(trigger), &faults) } ?? []
    }

    mutating func exceptions(_ fields: Fields, _ trigger: Trigger) -> [ConditionClause] {
        let exceptions =
            fields.value("unless").map {
                ConditionReader.read($0, checker: checker(trigger), allHold: false, &faults)
            } ?? []
        for clause in trigger.if {
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
                    "'\(line.condition.source)' is under both 'if' and 'unless', so it never sends anything",
                    hint: "take one of them out")
            }
        }
        return exceptions
    }

    // MARK: - after, for, until, at, once_per

    mutating func after(_ fields: Fields, _ trigger: inout Trigger) {
        if let length = fields.length("after", &faults) { trigger.wait.start = .event(length) }
    }

    /// `for`.
    mutating func silence(_ fields: Fields, _ trigger: inout Trigger) {
        guard let length = fields.length("for", &faults) else { return }
        if trigger.wait.start != .none, let position = fields.entry("for")?.keyPosition {
            faults.add(
                at: position, "'after' and 'for' cannot be combined",
                hint: "'after' counts from the event, 'for' from the last news; keep one")
        }
        trigger.wait.start = .lastHeard(length)
    }

    /// `until`.
    mutating func date(_ fields: Fields, _ trigger: inout Trigger) {
        guard let until = until(fields, checker: checker(trigger)) else { return }
        if trigger.wait.start != .none, let position = fields.entry("until")?.keyPosition {
            faults.add(
                at: position, "'until' cannot be combined with 'after' or 'for'",
                hint: "it waits for a date, whatever happened before; keep one of them")
        }
        trigger.wait.start = .date(until)
    }

    /// `at`.
    mutating func timeOfDay(_ fields: Fields, _ trigger: inout Trigger) {
        guard let (text, position) = fields.text("at", &faults) else { return }
        if let time = TimeOfDay(text) {
            trigger.wait.at = time
        } else {
            faults.add(at: position, "'\(text)' is not a time of day", hint: "write it like '10:00'")
        }
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
            faults.add(at: place, "'\(name)' is \(row.type.article) and not a date", hint: hint)
            return nil
        }
        if let root = name.split(separator: ".").first, let (message, hint) = checker.missing(String(root)) {
            faults.add(at: place, message, hint: hint)
            return nil
        }
        return until
    }

    mutating func combine(_ fields: Fields, _ trigger: Trigger) -> Length? {
        guard let length = fields.length("combine", &faults), let position = fields.entry("combine")?.keyPosition
        else { return nil }
        if let other = trigger.events.first(where: { $0.subject != "shipment" }) {
            faults.add(
                at: position,
                "'combine' makes one message of the parcels of an order, and '\(other.rawValue)' is not about a parcel",
                hint: "take it out, or keep to events that begin with 'shipment.'")
            return nil
        }
        switch trigger.wait.start {
        case .lastHeard, .date:
            faults.add(
                at: position, "'combine' cannot be combined with 'for' or 'until', which move",
                hint: "use it alone or with 'after'")
            return nil
        case .event, .none: return length
        }
    }

    mutating func replaces(_ fields: Fields, name: String) -> [String] {
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
                    at: element.position, "a trigger cannot replace itself", hint: "'once_per' says how often it sends"
                )
            } else if names.contains(text) {
                faults.add(at: element.position, "'\(text)' is in 'replaces' twice")
            } else {
                names.append(text)
                replaced.append((text, element.position))
            }
        }
        return names
    }

    /// Warns of things that have no effect, or a surprising one.
    private mutating func warn(_ fields: Fields, _ trigger: Trigger) {
        if trigger.events.contains(.conversationUnanswered), trigger.wait.start == .none,
            let place = fields.value("on")?.position
        {
            faults.warn(
                at: place, "this happens as soon as a message waits for a person",
                hint: "write 'for: 4 business hours' below it")
        }
        guard let settings = surroundings.settings else { return }
        let lines = trigger.lines
        let toCustomer = lines.contains(where: \.isContact)
        if trigger.ignoresQuietHours, let place = fields.entry("ignore_quiet_hours")?.keyPosition, !lines.isEmpty,
            !toCustomer
        {
            faults.warn(
                at: place, "'ignore_quiet_hours' has no effect: quiet hours hold back what goes to the shopper alone",
                hint: "remove the line")
        }
        if trigger.ignoresLimit, let place = fields.entry("ignore_limit")?.keyPosition, !lines.isEmpty, !toCustomer {
            faults.warn(
                at: place, "'ignore_limit' has no effect: limits hold back what goes to the shopper alone",
                hint: "remove the line")
        }
        if case .date(let until) = trigger.wait.start, trigger.wait.at == nil, toCustomer, settings.quietHours == nil,
            let row = Names.byPath[until.name], case .day = row.type,
            let place = fields.entry("until")?.keyPosition
        {
            faults.warn(
                at: place, "a day begins at midnight, so this goes out at night", hint: "write 'at: 10:00' below it")
        }
    }

    mutating func oncePer(_ fields: Fields, events: [EventKind]) -> OncePer? {
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
                    at: position, "each event happens once, so 'every' has no effect here",
                    hint: "write 'once_per: event'")
                return nil
            }
        }
        let suits: Bool
        switch scope {
        case .customer, .event: suits = true
        case .conversation: suits = events.allSatisfy { $0.aggregate == .conversation }
        case .order: suits = events.allSatisfy { $0.aggregate == .order }
        case .shipment, .return, .refund: suits = events.allSatisfy { $0.has(scope.rawValue) }
        }
        if !suits, let other = events.first(where: { $0.subject != scope.rawValue }) {
            let own =
                OncePer.Scope(rawValue: other.subject) ?? (other.aggregate == .conversation ? .conversation : .event)
            faults.add(
                at: position, "'\(other.rawValue)' has no \(scope.rawValue) to count by",
                hint: "write 'once_per: \(own.rawValue)'")
            return nil
        }
        return OncePer(scope: scope, every: every)
    }

    // MARK: - hold_out

    mutating func holdOut(_ fields: Fields, _ trigger: Trigger) -> HoldOut? {
        guard let (text, position) = fields.text("hold_out", &faults) else { return nil }
        guard let share = HoldOut(text) else {
            faults.add(
                at: position, "'\(text)' is not a share of customers",
                hint: "write a percentage above 0 % and up to 50 %, such as 'hold_out: 5%'")
            return nil
        }
        let place = fields.entry("hold_out")?.keyPosition ?? position
        if let kind = trigger.events.first(where: { !$0.mayBeHeldOut }) {
            faults.add(
                at: place, "nobody is held out of '\(kind.rawValue)': who is not told would be harmed",
                hint: "take 'hold_out' out, or keep to other events")
            return nil
        }
        if !trigger.lines.isEmpty, !trigger.lines.contains(where: { $0.destination == .customer }) {
            faults.add(
                at: place, "'hold_out' has no effect: it leaves customers untold, and this writes to none",
                hint: "remove the line")
            return nil
        }
        return share
    }

    // MARK: - about, examples

    mutating func about(_ fields: Fields, _ trigger: Trigger) -> MailStream {
        let about = fields.word("about", MailStream.self, &faults) ?? .order
        if let settings = surroundings.settings, about.from(settings.brand) == nil,
            trigger.lines.isEmpty || trigger.lines.contains(where: \.isMail),
            let position = fields.value("about")?.position
        {
            faults.add(
                at: position,
                "mail about '\(about.rawValue)' goes out from an address of its own, and shop.yaml has none",
                hint: "write '\(about.rules.fromKeys[0]):' under 'brand:' in shop.yaml")
        }
        return about
    }

    /// `answers_even`.
    mutating func answersEven(_ fields: Fields, _ trigger: Trigger) -> Set<AnswerGuard> {
        var lifted: Set<AnswerGuard> = []
        let words = AnswerGuard.allCases.map(\.rawValue)
        for element in fields.value("answers_even")?.listed ?? [] {
            let text = element.text?.trimmingSpaces ?? element.kind
            guard let one = AnswerGuard(rawValue: text) else {
                let meant = nearest(to: text, in: words).map { "did you mean '\($0)'?" }
                faults.add(
                    at: element.position, "'answers_even' cannot be '\(text)'",
                    hint: meant ?? "write \(alternatives(words))")
                continue
            }
            lifted.insert(one)
        }
        if !lifted.isEmpty, !trigger.lines.isEmpty, !trigger.lines.contains(where: { $0.destination == .answer }),
            let place = fields.entry("answers_even")?.keyPosition
        {
            faults.add(
                at: place, "'answers_even' is for triggers that answer",
                hint: "write 'send: answer', or remove the line")
        }
        return lifted
    }

    /// Checks that what answers hears of conversations, and that conversations are answered and not written to.
    mutating func checkAnswers(_ fields: Fields, _ trigger: Trigger) {
        guard let place = fields.value("send")?.position ?? fields.value("do")?.position, !trigger.events.isEmpty
        else { return }
        if trigger.sendsAnswers, let other = trigger.events.first(where: { $0.aggregate != .conversation }) {
            faults.add(
                at: place, "there is nothing to answer on '\(other.rawValue)'",
                hint: "write 'send: email', or use it on 'message.received'")
        }
        warnOfClosing(trigger, at: fields.entry("do")?.keyPosition ?? place)
        // How it went is asked when it is over, in a mail of its own.
        let asked: EventKind? = trigger.about == .ratings ? .conversationClosed : nil
        if trigger.lines.contains(where: { $0.destination == .customer }),
            let talk = trigger.events.first(where: { $0.aggregate == .conversation && $0 != asked })
        {
            faults.add(
                at: place,
                "on '\(talk.rawValue)' the customer is answered in her own thread, and not sent a mail beside it",
                hint: "write 'send: answer'")
        }
    }

    /// Warns of a trigger that closes what it does not answer: whoever wrote waits then.
    private mutating func warnOfClosing(_ trigger: Trigger, at place: Position) {
        guard trigger.events.contains(.messageReceived), trigger.lines.contains(where: { $0.action?.verb == "close" }),
            !trigger.lines.contains(where: { $0.destination == .answer })
        else { return }
        faults.warn(
            at: place, "'close' has no effect here: nothing is closed while the customer waits for an answer",
            hint: "add 'send: answer', or use it on 'conversation.…'")
    }

    mutating func examples(_ fields: Fields, _ trigger: Trigger) -> [Example] {
        fields.value("examples").map {
            ExampleReader.read(
                $0, events: trigger.events, lines: trigger.lines, surroundings: surroundings, &faults)
        } ?? []
    }

    // MARK: - send

    mutating func lines(_ fields: Fields, name: String) -> [SendLine] {
        guard let value = fields.value("send") else {
            if fields.entry("send") == nil, fields.entry("do") != nil { return [] }
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
                faults.add(at: element.position, "'send' has the same line twice", hint: "keep one of them")
            } else {
                lines.append(line)
            }
        }
        if value.listed.isEmpty {
            faults.add(at: value.position, "'send' is empty", hint: "write 'send: email'")
        }
        return lines
    }
}
