internal import Understanding

// Questions of a shop's own: what stands under `phrases` in its triggers. A message that asks one has the trigger's
// name in `message.asks`, and is no longer unclear. Every guard that protects her stays: anger, the wish for a person,
// instructions to programs, a second wish.

/// One phrasing of a trigger's own question, as it is written.
public struct TriggerPhrase: Hashable, Sendable {
    /// `en`, `de`, `fr` or `es`.
    public var language: String
    public var text: String
    /// Where it stands in the file, counted from 1.
    var line: Int
    var column: Int

    /// The languages that phrasings can be in: those in which anger and other wishes are understood, too.
    static let languages = Language.allCases.map(\.rawValue)
}

/// The questions that the triggers of a set are about, by the triggers' names.
public struct OwnQuestions: Sendable {
    let book: Phrasebook
    /// Each by its trigger's name, with some of its phrasings, for a model that is asked what a message is about.
    public let intents: [(name: String, meaning: String)]

    /// None.
    public init() { (book, intents) = (Phrasebook(), []) }

    init(_ triggers: [Trigger]) {
        var book = Phrasebook()
        for trigger in triggers {
            for phrase in trigger.phrases {
                guard let language = Language(rawValue: phrase.language), let phrasing = try? Phrasing(phrase.text)
                else { continue }
                book.add(phrasing, in: language, to: trigger.name)
            }
        }
        self.book = book
        intents = triggers.filter { !$0.phrases.isEmpty }.map { trigger in
            (trigger.name, trigger.phrases.prefix(4).map { "\"\($0.text)\"" }.joined(separator: ", "))
        }
    }
}

extension Understood {
    /// Takes over what a shop's own phrasings recognise in a message. `reading` is what the built-in model made of all
    /// of it.
    mutating func take(_ found: Phrasebook.Found, beside reading: Reading, with interpreter: Interpreter) {
        let stays: Set<Doubt> = [.needsHuman, .steering, .tooLong, .conditional, .sarcasm]
        var doubts = reading.doubts.filter(stays.contains)
        asks = found.names
        if !found.rest.isEmpty {
            // What else she says may be a story, and no second wish.
            let rest = interpreter.read(found.rest, hint: reading.language)
            let tells: Set<Intent> = [.other, .unclear, .thanks]
            let isStory = rest.asks.allSatisfy(tells.contains) || rest.asks.count == 1 && rest.confidence < 0.4
            if !isStory {
                asks += rest.asks.filter { !tells.contains($0) }.map(\.rawValue)
                doubts.append(.twoWishes)
            }
        }
        let languages = found.languages.map(\.rawValue).sorted()
        if !languages.contains(where: { $0 == language }) { language = languages.first }
        confidence = found.likeness
        self.doubts = doubts.map(\.rawValue)
        isCertain = doubts.isEmpty
    }
}
