internal import Understanding

// `phrases:`: the ways in which shoppers put a question that the trigger is about. They are a condition as well: only a
// message that asks it is heard.

extension TriggerReader {
    /// The most phrasings in one language of one trigger.
    static let mostPhrases = 50
    /// The most in all triggers together: each message is compared with each.
    static let mostPhrasesInAll = 2_000
    /// In characters.
    static let longestPhrase = 200

    private static let phrasesExample = "write 'phrases: { en: [do you ship to Switzerland] }'"

    /// `phrases`.
    mutating func phrases(_ fields: Fields, _ trigger: inout Trigger) {
        guard let tree = fields.value("phrases"), let place = fields.entry("phrases")?.keyPosition else { return }
        guard case .map(let entries) = tree.content else {
            faults.add(
                at: tree.position, "'phrases' has lists by language, and this is \(tree.kind)",
                hint: Self.phrasesExample)
            return
        }
        if let other = trigger.events.first(where: { $0 != .messageReceived }) {
            faults.add(
                at: place, "nobody writes anything on '\(other.rawValue)'",
                hint: "use 'phrases' with 'on: message.received' alone")
            return
        }
        for entry in entries {
            guard TriggerPhrase.languages.contains(entry.key) else {
                faults.add(
                    at: entry.keyPosition, "phrases cannot be in '\(entry.key)'",
                    hint: "messages are understood in \(listing(TriggerPhrase.languages))")
                continue
            }
            let listed = entry.value.listed
            if listed.isEmpty {
                faults.add(at: entry.keyPosition, "there is no phrase under '\(entry.key)'", hint: Self.phrasesExample)
            }
            if listed.count > Self.mostPhrases {
                faults.add(
                    at: entry.keyPosition,
                    "\(listed.count) phrases in one language, and at most \(Self.mostPhrases) are read",
                    hint: "keep those that differ in their words; greetings and small slips do not matter")
                continue
            }
            for element in listed { phrase(element, language: entry.key, &trigger) }
        }
        require(trigger.name, at: place, &trigger)
    }

    private mutating func phrase(_ tree: YAMLTree, language: String, _ trigger: inout Trigger) {
        guard let text = tree.text?.trimmingSpaces else {
            faults.add(
                at: tree.position, "a phrase is a text, and this is \(tree.kind)",
                hint: brokenByColon(tree) ?? Self.phrasesExample)
            return
        }
        guard text.count <= Self.longestPhrase else {
            faults.add(
                at: tree.position, "a phrase has at most \(Self.longestPhrase) characters",
                hint: "write the question alone")
            return
        }
        do throws(Phrasing.Refusal) {
            let phrasing = try Phrasing(text)
            for other in trigger.phrases where other.language == language {
                if let written = try? Phrasing(other.text), phrasing.likeness(to: written) == 1 {
                    faults.warn(
                        at: tree.position, "line \(other.line) says the same", hint: "keep one of them")
                    break
                }
            }
        } catch {
            switch error {
            case .tooShort:
                faults.add(
                    at: tree.position, "'\(text)' says too little to be recognised by",
                    hint: "write the question as a customer would, with two words at least")
            case .tooLong:
                faults.add(
                    at: tree.position, "a phrase has at most \(Phrasing.longest) words",
                    hint: "write the question alone")
            }
            return
        }
        if let known = Self.known(text, language: language) {
            faults.warn(
                at: tree.position, "Bookbag understands '\(text)' by itself, as '\(known)'",
                hint: "take it out, or write 'if: message.asks contains \"\(known)\"' in place of it")
        }
        trigger.phrases.append(
            TriggerPhrase(language: language, text: text, line: tree.position.line, column: tree.position.column))
    }

    /// What every shop is asked that the phrase says, whatever the order is like; nil if it is none of that.
    private static func known(_ text: String, language: String) -> String? {
        let interpreter = Interpreter()
        let hint = Language(rawValue: language)
        return OrderState.allCases.lazy.map { interpreter.read(text, state: $0, hint: hint) }.first(where: \.isCertain)?
            .intent.rawValue
    }

    /// Adds the condition that the message asks the trigger's question.
    private mutating func require(_ name: String, at place: Position, _ trigger: inout Trigger) {
        let line = YAMLTree(content: .text("message.asks contains \"\(name)\"", quoted: false), position: place)
        let checker = ConditionChecker(kinds: trigger.events, segments: [])
        trigger.if = ConditionReader.read(line, checker: checker, &faults) + trigger.if
    }
}

/// What can be said of the phrases of all triggers together.
enum PhraseDoubts {
    /// Warns of phrases of two triggers that the same message would fit, and refuses too many.
    static func look(at triggers: [Trigger]) -> [Fault] {
        var faults: [Fault] = []
        let all = triggers.filter { $0.mode != .off && !$0.phrases.isEmpty }.sorted { $0.name < $1.name }
        let count = all.reduce(0) { $0 + $1.phrases.count }
        if count > TriggerReader.mostPhrasesInAll, let last = all.last, let phrase = last.phrases.first {
            return [
                Fault(
                    file: last.file, line: phrase.line, column: phrase.column,
                    "\(count) phrases in all triggers, and at most \(TriggerReader.mostPhrasesInAll) are read",
                    hint: "keep those that differ in their words")
            ]
        }
        var seen: [(phrasing: Phrasing, trigger: Trigger, line: Int)] = []
        for trigger in all {
            let own = trigger.phrases.compactMap { phrase in
                (try? Phrasing(phrase.text)).map { (phrasing: $0, phrase: phrase) }
            }
            for (phrasing, phrase) in own {
                guard
                    let other = seen.first(where: {
                        !trigger.replaces.contains($0.trigger.name) && !$0.trigger.replaces.contains(trigger.name)
                            && $0.phrasing.likeness(to: phrasing) > 0
                    })
                else { continue }
                faults.append(
                    Fault(
                        .warning, file: trigger.file, line: phrase.line, column: phrase.column,
                        "line \(other.line) of \(other.trigger.file) is nearly the same, so a person has to choose",
                        hint: "take one of them out, or let one trigger replace the other with 'replaces'"))
            }
            seen += own.map { ($0.phrasing, trigger, $0.phrase.line) }
        }
        return faults
    }
}
