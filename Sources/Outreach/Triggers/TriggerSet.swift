internal import Liquid

/// Everything a merchant's folder says, read and checked as a whole: the shop's settings, the triggers, the templates.
/// It stays in force until another set replaces it.
public struct TriggerSet: Sendable {
    public let settings: ShopSettings
    /// In the order of their names.
    public let triggers: [Trigger]
    public let templates: TemplateSet
    /// What the shop gives; nil without a policy.yaml.
    public let policy: Policy?
    /// The questions of the shop's own that its triggers answer.
    public let questions: OwnQuestions
    private let byKind: ByKind<[Entry]>
    private let byName: [String: Entry]
    private let replacers: [String: [String]]
    /// True if a trigger acts, and a message tells of it.
    let hasToldActions: Bool
    /// True if a trigger does anything in the shop.
    public let hasShopActions: Bool
    /// True if a trigger decides a remedy.
    let hasRemedies: Bool
    /// True if a trigger decides about returns.
    let decidesReturns: Bool
    /// True if a condition or a letter looks at what a customer was given as remedies.
    let asksForRemedies: Bool

    /// A trigger with what is known about it before anything happens, shared by everything that decides.
    final class Entry: Sendable {
        let trigger: Trigger
        /// Its place in the set.
        let index: Int
        let name: String
        /// Its effective mode in this shop.
        let mode: TriggerMode
        let waits: Bool
        /// False if it reports every event that it hears.
        let hasConditions: Bool
        let waitCanShrink: Bool
        let combine: Length?
        let pause: Length?
        /// True if the file leaves `once_per` out.
        let hasUsualKeys: Bool
        /// True if its mail to the customer has a link to our page for ratings.
        let linksToRating: Bool
        /// What deciding needs of its lines, in their order.
        let lines: [Line]
        /// The line by which the shopper hears what the actions brought; nil if there are none, or she hears of it by
        /// none.
        let teller: SendLine?

        /// Where a line goes.
        struct Line: Sendable {
            let name: String
            let channel: ChannelName
            let target: String
            let isContact: Bool
            let isAction: Bool
        }

        init(_ trigger: Trigger, index: Int, in shop: TriggerMode, _ templates: TemplateSet) {
            self.trigger = trigger
            self.index = index
            name = trigger.name
            mode = trigger.mode(in: shop)
            waits = trigger.waits
            hasConditions = !trigger.if.isEmpty || !trigger.unless.isEmpty
            waitCanShrink = trigger.waitCanShrink
            combine = trigger.combine
            pause = trigger.oncePer?.every
            hasUsualKeys = trigger.oncePer == nil
            linksToRating =
                trigger.about == .ratings
                && trigger.lines.contains {
                    $0.destination == .customer && templates.uses([Names.ratingPage], in: $0.template)
                }
            lines = trigger.lines.map {
                Line(
                    name: $0.name, channel: $0.channel, target: $0.target, isContact: $0.isContact,
                    isAction: $0.isAction)
            }
            teller = trigger.lines.contains(where: \.isAction) ? trigger.teller : nil
        }

        /// The line of that name, if it still has one.
        func line(named name: String) -> SendLine? {
            lines.firstIndex { $0.name == name }.map { trigger.lines[$0] }
        }
    }

    public init(
        settings: ShopSettings, triggers: [Trigger], templates: TemplateSet, policy: Policy? = nil
    ) {
        self.settings = settings
        self.policy = policy
        self.triggers = triggers.sorted { $0.name < $1.name }
        self.templates = templates
        let entries = self.triggers.enumerated().map { Entry($1, index: $0, in: settings.mode, templates) }
        questions = OwnQuestions(entries.filter { $0.mode != .off }.map(\.trigger))
        hasToldActions = entries.contains { $0.teller != nil }
        hasShopActions = self.triggers.contains { $0.lines.contains(where: \.isShopAction) }
        hasRemedies = entries.contains { $0.trigger.lines.contains { $0.remedy != nil } }
        decidesReturns = entries.contains { entry in
            entry.trigger.lines.contains { $0.action.flatMap { ShopVerb(rawValue: $0.verb) }?.isReturn ?? false }
        }
        asksForRemedies = Self.asksForRemedies(settings, self.triggers, templates, policy)
        byName = Dictionary(entries.map { ($0.name, $0) }) { first, _ in first }
        var replacers: [String: [String]] = [:]
        for trigger in self.triggers where trigger.mode != .off {
            for name in trigger.replaces { replacers[name, default: []].append(trigger.name) }
        }
        self.replacers = replacers
        var byKind: [EventKind: [Entry]] = [:]
        for entry in entries { for kind in entry.trigger.events { byKind[kind, default: []].append(entry) } }
        self.byKind = ByKind(byKind.map { ($0, $1) }, else: [])
    }

    private static func asksForRemedies(
        _ settings: ShopSettings, _ triggers: [Trigger], _ templates: TemplateSet, _ policy: Policy?
    ) -> Bool {
        var clauses: [ConditionClause] = policy?.priority ?? []
        for trigger in triggers { clauses += trigger.if + trigger.unless }
        for segment in settings.segments { clauses += segment.clauses }
        for remedy in policy?.remedies ?? [] {
            for line in remedy.lines { clauses += line.conditions }
        }
        for line in policy?.returns?.lines ?? [] { clauses += line.conditions }
        for clause in clauses {
            for source in clause.sources where Names.remedyNames.contains(where: { source.contains($0) }) {
                return true
            }
        }
        for trigger in triggers {
            for line in trigger.lines where !line.template.isEmpty {
                if templates.uses(Names.remedyNames, in: line.template) { return true }
            }
        }
        return false
    }

    /// The triggers for that kind of event, in the order of their names.
    public func triggers(on kind: EventKind) -> [Trigger] { hearing(kind).map(\.trigger) }

    /// The same, as those who decide have them.
    func hearing(_ kind: EventKind) -> [Entry] { byKind[kind] }

    /// What is known of triggers by their names, by the places that they have in the set.
    func ordered<Value>(_ byName: [String: Value]) -> [Value?] { triggers.map { byName[$0.name] } }

    /// The trigger of that name, in the form used for deciding.
    func entry(_ name: String) -> Entry? { byName[name] }

    /// The triggers that replace the one of that name.
    public func replacers(of name: String) -> [String] { replacers[name] ?? [] }

    /// True if a trigger's mail to the customer has a link to our page for ratings.
    package func linksToRating(_ name: String) -> Bool { byName[name]?.linksToRating ?? false }

    /// The trigger of that name.
    public func trigger(_ name: String) -> Trigger? { byName[name]?.trigger }

    /// Reads a folder, all or nothing.
    ///
    /// - Parameters:
    ///   - folder: the files.
    ///   - webhooks: the names that the operator configured; nil if they are not known, in which case they are not
    ///     checked.
    ///   - servesPages: whether bookbag.yaml has `public:`; nil if that is not known.
    ///   - today: for the warning that no holidays lie ahead; nil to leave it out.
    ///   - channels: what `send` may name.
    ///   - events: what `on` may name.
    ///   - keys: the keys that a trigger file may have.
    ///   - actions: what `do` may name.
    ///   - patience: starts a clock for one rendering, which says when it has taken too long; nil to limit only the
    ///     work done.
    /// - Returns: the set, or nil if there is an error anywhere; and every fault and warning, in the order of files and
    ///   lines.
    public static func load(
        _ folder: TriggerFolder, webhooks: Set<String>? = nil, servesPages: Bool? = nil, today: CalendarDay? = nil,
        channels: [ChannelSyntax] = ChannelSyntax.standard, events: EventVocabulary = .standard,
        keys: TriggerKeys = .standard, actions: ActionVerbs = .standard, patience: TemplateSet.Patience? = nil
    ) -> (set: TriggerSet?, faults: [Fault]) {
        var loader = TriggerLoader(folder: folder, webhooks: webhooks, today: today)
        loader.channels = channels
        loader.events = events
        loader.keys = keys
        loader.actions = actions
        loader.patience = patience
        loader.servesPages = servesPages
        let set = loader.load()
        return (set, loader.faults.sorted(by: Fault.precedes))
    }
}

/// Reads the files of a folder and puts them together.
private struct TriggerLoader {
    let folder: TriggerFolder
    let webhooks: Set<String>?
    let today: CalendarDay?
    var patience: TemplateSet.Patience?
    var servesPages: Bool?
    var channels = ChannelSyntax.standard
    var events = EventVocabulary.standard
    var keys = TriggerKeys.standard
    var actions = ActionVerbs.standard
    private(set) var faults: [Fault] = []

    init(folder: TriggerFolder, webhooks: Set<String>?, today: CalendarDay?) {
        self.folder = folder
        self.webhooks = webhooks
        self.today = today
    }

    mutating func load() -> TriggerSet? {
        faults += folder.faults
        let settings = settings()
        var templates = TemplateSet.read(folder, segments: settings?.segments.map(\.name), &faults)
        templates.patience = patience
        templates.designs = PageDesign.read(folder, &faults)
        let (policy, named) = policy(segments: settings?.segments.map(\.name) ?? [])
        var surroundings = TriggerReader.Surroundings(
            settings: settings, templates: folder.templateNames, jsonTemplates: folder.jsonTemplateNames,
            webhooks: webhooks, channels: channels, events: events, keys: keys, actions: actions)
        surroundings.gifts = named.gifts
        surroundings.remedies = named.remedies
        surroundings.policy = policy
        surroundings.hasPolicy = folder.files[Policy.file] != nil
        var triggers: [Trigger] = []
        var replaced: [(name: String, file: String, position: Position)] = []
        for (path, name) in folder.triggerFiles {
            guard let source = text(path) else { continue }
            let (trigger, names, found) = TriggerReader.read(
                source, name: name, file: folder.shown(path), surroundings: surroundings)
            faults += found
            replaced += names.map { ($0.name, folder.shown(path), $0.position) }
            guard let trigger else { continue }
            if let other = triggers.first(where: { $0.name == trigger.name }) {
                faults.append(
                    Fault(
                        file: folder.shown(path), line: 1, column: 1,
                        "'\(trigger.name)' is the name of \(other.file) already", hint: "give one of them another 'id:'"
                    ))
            }
            triggers.append(trigger)
        }
        if let settings {
            templates.check(triggers: triggers, settings: settings, servesPages: servesPages, &faults)
            templates.checkBodies(triggers: triggers, settings: settings, &faults)
            templates.settle(&faults)
            let folder = folder
            TemplateTrials(
                templates: templates, settings: settings,
                text: { folder.text(String($0.dropFirst(folder.name.count + 1))) }
            ).run(triggers, &faults)
        }
        if triggers.count == folder.triggerFiles.count { warnOfUnused(templates, triggers) }
        check(replaced, triggers)
        checkRatings(templates, triggers)
        checkGifts(templates, triggers)
        checkRemedies(templates, triggers)
        checkReturns(policy, triggers)
        warnOfPairs(triggers)
        faults += PhraseDoubts.look(at: triggers)
        if let settings { refuseTwice(triggers, settings) }
        if let settings, let today { warnOfHolidays(settings, today: today) }
        guard let settings, !faults.contains(where: { $0.severity == .error }) else { return nil }
        return TriggerSet(settings: settings, triggers: triggers, templates: templates, policy: policy)
    }

    /// policy.yaml, and what it names, even if it cannot be read.
    private mutating func policy(segments: [String]) -> (Policy?, PolicyReader.Names) {
        if folder.files[Policy.file] == nil,
            let other = folder.files.keys.sorted().first(where: { $0.lowercased() == Policy.file })
        {
            faults.append(
                Fault(
                    file: folder.shown(other), line: 1, column: 1, "the policy is not read under this name",
                    hint: "rename it to '\(Policy.file)', in lower case"))
        }
        guard folder.files[Policy.file] != nil, let source = text(Policy.file) else {
            return (nil, PolicyReader.Names())
        }
        let (policy, names, found) = PolicyReader.read(source, file: folder.shown(Policy.file), segments: segments)
        faults += found
        return (policy, names)
    }

    /// Checks that what policy.yaml says of returns is done by a trigger.
    private mutating func checkReturns(_ policy: Policy?, _ triggers: [Trigger]) {
        guard let returns = policy?.returns else { return }
        func isDone(_ verb: ShopVerb) -> Bool {
            triggers.contains { trigger in
                trigger.mode != .off && trigger.lines.contains { $0.action?.verb == verb.rawValue }
            }
        }
        func warn(at line: Int, _ message: String, hint: String) {
            faults.append(
                Fault(.warning, file: folder.shown(Policy.file), line: line, column: 1, message, hint: hint))
        }
        if !isDone(.approveReturn) {
            warn(
                at: returns.line, "no trigger decides returns by this",
                hint: "make one with 'on: return.requested' and 'do: approve_return' (docs/actions.md)")
        }
        let paying = returns.lines.first {
            if case .approve(let terms) = $0.outcome { return terms.refundWhen == .received }
            return false
        }
        if let paying, !isDone(.settleReturn) {
            warn(
                at: paying.line, "nothing is paid back once it is received, for no trigger does it",
                hint: "make one with 'on: return.received' and 'do: settle_return' (docs/actions.md)")
        }
    }

    /// Checks that every shopper to whom something is offered hears of it, by a letter with the link to her page.
    private mutating func checkRemedies(_ templates: TemplateSet, _ triggers: [Trigger]) {
        let tellers = triggers.filter { $0.mode != .off && $0.events.contains(.remedyOffered) }
        for trigger in tellers {
            for line in trigger.lines where line.isContact {
                for variant in templates.all(line.template) where variant.isText == line.isText || !variant.isText {
                    guard templates.firstUse(of: Names.remedyPage, in: variant) == nil else { continue }
                    faults.append(
                        Fault(
                            file: variant.file, line: variant.bodyLine, column: 1,
                            "this letter tells of an offer and has no link to choose",
                            hint: "write [Choose]({{ \(Names.remedyPage) }}) in it"))
                }
            }
        }
        for trigger in triggers where trigger.mode != .off {
            guard let remedy = trigger.lines.lazy.compactMap(\.remedy).first else { continue }
            if !tellers.contains(where: { $0.lines.contains(where: \.isContact) }) {
                faults.append(
                    Fault(
                        file: trigger.file, line: 1, column: 1, "nobody is told of what '\(remedy)' offers",
                        hint: "make a trigger with 'on: remedy.offered' and 'send: email' (docs/actions.md)"))
            } else if servesPages == false {
                faults.append(
                    Fault(
                        file: trigger.file, line: 1, column: 1,
                        "nobody could choose what '\(remedy)' offers, for bookbag.yaml has no 'public:'",
                        hint: "have the shopper's pages served (docs/desk.md), or write 'mode: off' here"))
            }
        }
    }

    /// Checks that every gift is told of: by a message to the shopper, in each of its templates.
    private mutating func checkGifts(_ templates: TemplateSet, _ triggers: [Trigger]) {
        for trigger in triggers {
            guard let gift = trigger.lines.lazy.compactMap(\.gift).first else { continue }
            guard let teller = trigger.teller else {
                faults.append(
                    Fault(
                        file: trigger.file, line: 1, column: 1, "nobody is told of the gift '\(gift)'",
                        hint: "write 'send: email' with a template that has {{ gift.code }}"))
                continue
            }
            if trigger.lines.count(where: { $0.gift != nil }) > 1 {
                faults.append(
                    Fault(
                        file: trigger.file, line: 1, column: 1, "a letter tells of one gift, and this gives several",
                        hint: "keep one of them"))
            }
            for variant in templates.all(teller.template) where variant.isText == teller.isText || !variant.isText {
                guard templates.firstUse(of: "\(Names.giftRoot).code", in: variant) == nil else { continue }
                faults.append(
                    Fault(
                        file: variant.file, line: variant.bodyLine, column: 1,
                        "'\(gift)' is given with this letter, which does not name the code",
                        hint: "write {% if gift %}… {{ gift.code }} …{% endif %} in it"))
            }
        }
    }

    private mutating func settings() -> ShopSettings? {
        if folder.files[ShopReader.file] == nil,
            let other = folder.files.keys.sorted().first(where: { $0.lowercased() == ShopReader.file })
        {
            faults.append(
                Fault(
                    file: folder.shown(other), line: 1, column: 1, "the shop's settings are not read under this name",
                    hint: "rename it to '\(ShopReader.file)', in lower case"))
            return nil
        }
        guard folder.files[ShopReader.file] != nil else {
            faults.append(
                Fault(
                    file: folder.shown(ShopReader.file), line: 1, column: 1, "the file is missing",
                    hint: "it says who the shop is; 'brand:' with 'name:' and 'from:' is enough"))
            return nil
        }
        guard let source = text(ShopReader.file) else { return nil }
        let (settings, found) = ShopReader.read(
            source, file: folder.shown(ShopReader.file), events: events, questions: questions)
        faults += found
        return settings
    }

    /// The names of triggers that have phrases, which `answers` of shop.yaml may name. Triggers are read after it, so
    /// the files are only glanced at.
    private var questions: [String] {
        folder.triggerFiles.compactMap { path, name in
            guard let lines = folder.text(path)?.split(whereSeparator: \.isNewline),
                lines.contains(where: { $0.hasPrefix("phrases:") })
            else { return nil }
            let id = lines.first { $0.hasPrefix("id:") }?.dropFirst(3)
            return id.map { String($0).trimmingSpaces } ?? name
        }
    }

    private mutating func text(_ path: String) -> String? {
        if let text = folder.text(path) { return text }
        faults.append(
            Fault(
                file: folder.shown(path), line: 1, column: 1, "the file is not UTF-8 text",
                hint: "save it as UTF-8 in your editor"))
        return nil
    }

    /// Checks that `replaces` names triggers that exist, and that no two replace each other.
    private mutating func check(
        _ replaced: [(name: String, file: String, position: Position)], _ triggers: [Trigger]
    ) {
        // A trigger that could not be read has its faults already, and is known by its file.
        let known = Set(folder.triggerFiles.map(\.name)).union(triggers.map(\.name))
        for (name, file, position) in replaced {
            if !known.contains(name) {
                let meant = nearest(to: name, in: known.sorted()).map { "did you mean '\($0)'?" }
                faults.append(
                    Fault(
                        file: file, line: position.line, column: position.column, "no trigger is named '\(name)'",
                        hint: meant ?? "'replaces' has the names of trigger files, without '.yaml'"))
            } else if let other = triggers.first(where: { $0.name == name }),
                let own = triggers.first(where: { $0.file == file }), other.replaces.contains(own.name)
            {
                faults.append(
                    Fault(
                        file: file, line: position.line, column: position.column,
                        "this and \(other.file) replace one another, so one would always silence the other",
                        hint: "take 'replaces' out of one of them"))
            }
        }
    }

    /// Refuses to ask for a rating in mail that nobody can unsubscribe from, and warns where there is no page for it.
    private mutating func checkRatings(_ templates: TemplateSet, _ triggers: [Trigger]) {
        for trigger in triggers {
            for line in trigger.lines where line.isMail {
                let name = Names.ratingPage
                guard let use = templates.firstUse(of: name, in: line.template) else { continue }
                if trigger.about != .ratings || line.destination != .customer {
                    faults.append(
                        Fault(
                            file: use.file, line: use.line, column: use.column,
                            "'\(name)' asks for a rating, and \(trigger.file) is not 'about: ratings' to the customer",
                            hint: "ask in a mail of its own, with 'about: ratings' in its trigger"))
                } else if servesPages == false, trigger.mode != .off {
                    faults.append(
                        Fault(
                            .warning, file: trigger.file, line: 1, column: 1,
                            "this asks for a rating and is sent to nobody, for bookbag.yaml has no 'public:'",
                            hint: "have the shopper's pages served (docs/desk.md), or write 'mode: off' here"))
                }
            }
        }
    }

    /// Warns of a template that no trigger sends: a misspelt name, or what is left of a trigger that was removed.
    private mutating func warnOfUnused(_ templates: TemplateSet, _ triggers: [Trigger]) {
        let lines = triggers.flatMap(\.lines).filter { !$0.template.isEmpty }
        var mails: Set<String> = []
        var bodies: Set<String> = []
        for line in lines {
            if line.hasWords { mails.insert(line.template) } else { bodies.insert(line.template) }
        }
        func warn(_ file: String, _ message: String, _ hint: String) {
            faults.append(Fault(.warning, file: file, line: 1, column: 1, message, hint: hint))
        }
        for name in templates.names.subtracting(mails).sorted() {
            guard let file = templates.all(name).first?.file else { continue }
            var hint = nearest(to: name, in: mails.sorted()).map { "did you mean '\($0)'?" }
            if let match = name.wholeMatch(of: /(.+)[-_]([A-Za-z]{2})/), mails.contains(String(match.output.1)),
                Languages.isLanguage(String(match.output.2))
            {
                hint =
                    "name it '\(match.output.1).\(match.output.2.lowercased()).\(file.split(separator: ".").last ?? "md")'"
            }
            warn(
                file, "no trigger sends this template",
                hint ?? "a trigger sends the one with its own name, or the one that 'template:' names")
        }
        for (name, body) in templates.webhookBodies where !bodies.contains(name) {
            warn(body.file, "no webhook sends this template", "write 'template: \(name)' beside 'webhook:'")
        }
        // If a template cannot be read, nothing is known about the parts it uses.
        if faults.contains(where: { $0.severity == .error }) { return }
        let used = Set(templates.templatesWithParts.flatMap(\.partialNames))
        for source in templates.partialSources where !used.contains(source.name) {
            warn(
                source.template.name, "no template uses this part",
                nearest(to: source.name, in: used.sorted()).map { "did you mean '\($0)'?" }
                    ?? "write {% render '\(source.name)' %} where it belongs")
        }
    }

    /// Warns when the listed holidays are all past, as happens when nobody adds next year's.
    private mutating func warnOfHolidays(_ settings: ShopSettings, today: CalendarDay) {
        guard let last = settings.holidays.max(), last < today else { return }
        faults.append(
            Fault(
                .warning, file: folder.shown(ShopReader.file), line: settings.holidaysLine, column: 1,
                "the last of the 'holidays' was \(last)",
                hint: "add those to come, since business days are counted by them"))
    }

    /// Refuses a live trigger that tells a shopper what Shopify already tells her.
    private mutating func refuseTwice(_ triggers: [Trigger], _ settings: ShopSettings) {
        for name in settings.shopifySends ?? [] {
            guard let notification = ShopifyNotification.named(name) else { continue }
            for trigger in triggers where trigger.mode(in: settings.mode) == .live {
                guard let kind = notification.toldAgain(by: trigger) else { continue }
                faults.append(
                    Fault(
                        file: trigger.file, line: 1, column: 1,
                        "Shopify sends '\(notification.title)' itself, by 'shopify_sends' in shop.yaml, so the shopper would hear of '\(kind.rawValue)' twice",
                        hint:
                            "switch it off in Shopify (\(ShopifyNotification.place)) and take '\(name)' out of 'shopify_sends', or write 'mode: off' here"
                    ))
            }
        }
    }

    /// Warns of two triggers that can mail the same person about one event: sometimes intended, but usually a forgotten
    /// copy.
    private mutating func warnOfPairs(_ triggers: [Trigger]) {
        let ordered = triggers.sorted { $0.name < $1.name }
        for (index, second) in ordered.enumerated() where second.mode != .off {
            let first = ordered[..<index].first { first in
                first.mode != .off && !Set(first.events).isDisjoint(with: second.events)
                    && !Set(first.contactChannels).isDisjoint(with: second.contactChannels)
                    && first.wait == second.wait && first.if.isEmpty && first.unless.isEmpty
                    && second.if.isEmpty && second.unless.isEmpty
            }
            guard let first, let kind = second.events.first(where: first.events.contains) else { continue }
            faults.append(
                Fault(
                    .warning, file: second.file, line: 1, column: 1,
                    "both this and \(first.file) mail the customer on '\(kind.rawValue)'",
                    hint: "give each a condition, or switch one 'off'"))
        }
    }
}

extension Trigger {
    /// The channels by which it reaches the shopper.
    fileprivate var contactChannels: [ChannelName] { lines.filter(\.isContact).map(\.channel) }
}
