internal import Liquid

/// How letters speak to their reader.
public enum Tone: String, Sendable, Hashable, CaseIterable {
    /// As to somebody one likes to see again: German says du, Spanish tú.
    case warm
    /// With more distance: German says Sie, Spanish usted. French says vous in either.
    case formal
}

/// `tone:` of shop.yaml: one for all, or one for each language.
public struct Tones: Sendable, Hashable {
    /// The tone of each language that is named, by BCP 47.
    public var byLanguage: [String: Tone]
    /// The tone of all other languages.
    public var others: Tone

    public init(others: Tone = .warm, byLanguage: [String: Tone] = [:]) {
        self.others = others
        self.byLanguage = byLanguage
    }

    /// The tone of a letter in that language: of `de-CH` that of `de` where it has none of its own.
    public func tone(in language: String) -> Tone {
        for locale in Locales.chain(language) { if let tone = byLanguage[locale] { return tone } }
        return others
    }

    /// True where a letter in that language is formal.
    public func isFormal(in language: String) -> Bool { tone(in: language) == .formal }
}

/// Words that a formal letter does not have: it would say du to somebody to whom all others say Sie.
enum FamiliarWords {
    private static let german: Set<String> = [
        "du", "dir", "dich", "dein", "deine", "deinen", "deiner", "deinem", "deines", "euch", "euer", "eure", "euren",
        "eurer", "eurem",
    ]
    private static let french: Set<String> = ["tu", "toi", "te", "tes"]
    private static let spanish: Set<String> = ["tú", "tu", "tus", "te", "ti", "contigo", "tuyo", "tuya"]

    /// The first such word of a text, with its line, counted from 0; nil where there is none, or the language has no
    /// such words. What stands in the tags of a template is not looked at, but for texts that they print.
    static func first(in text: String, language: String) -> (word: String, line: Int)? {
        let words: Set<String>
        switch language.prefix(2) {
        case "de": words = german
        case "fr": words = french
        case "es": words = spanish
        default: return nil
        }
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            // Names such as `shipment.te` are no words; texts in quotes are printed.
            let said = String(line).replacing(/\{[{%].*?[}%]\}/) { tag in
                tag.output.matches(of: /"([^"]*)"/).map { String($0.1) }.joined(separator: " ")
            }
            for word in said.split(whereSeparator: { !$0.isLetter }) where words.contains(word.lowercased()) {
                return (String(word), index)
            }
        }
        return nil
    }

    /// Warns of one.
    static func look(at template: Template, from line: Int, language: String, hint: String, _ faults: inout FaultList) {
        guard let found = first(in: template.source, language: language) else { return }
        faults.warn(
            at: Position(line: line + found.line, column: 1),
            "the tone is formal, and this says '\(found.word)'", hint: hint)
    }
}
