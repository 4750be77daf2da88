// Trains the model from `Phrasings/`: a softmax by AdaGrad, in an order and with slips of the finger that a fixed seed
// draws, in arithmetic that is the same on every machine. `scripts/train-understanding` writes what it returns to
// Weights.swift; the daemon never trains.

/// Learns weights from phrasings.
package struct Trainer {
    /// One phrasing and what it means.
    struct Phrasing {
        var text: String
        /// None: it only teaches the language or the wish for a person.
        var intent: Intent?
        /// Whether it asks for a person; none: it teaches nothing about that.
        var handOff: Bool?
        /// None: a language that we do not know.
        var language: Language?
    }

    private struct Example {
        var base: Features
        var full: Features
        var intent: Int?
        var handOff: Bool?
        var language: Int
    }

    private var phrasings: [Phrasing] = []
    private var random: UInt64 = 0x426f_6f6b_6261_6721
    private let epochs = 14
    /// How often each phrasing is seen: as written, then with slips, greetings and numbers.
    private let variants = 4

    package init() {}

    /// The files of a folder of phrasings, in the order in which they are read.
    package static let files: [(name: String, language: Language?)] =
        Language.allCases.map { ("\($0.rawValue).txt", $0) } + [("elsewhere.txt", nil)]

    /// Takes in a file of phrasings: `# intent` begins a section, every other line is one phrasing. In the file of a
    /// language that we do not know the sections are languages. Throws the number of a line with an unknown section.
    package mutating func read(_ file: String, language: Language?) throws(UnknownSection) {
        var intent: Intent? = .other
        var handOff: Bool? = false
        for (number, line) in file.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix("# ") {
                let name = String(line.dropFirst(2))
                if language == nil {
                    (intent, handOff) = (.other, nil)
                } else if name == "handoff" {
                    (intent, handOff) = (nil, true)
                } else if let known = Intent(rawValue: name), known != .unclear {
                    (intent, handOff) = (known, false)
                } else {
                    throw UnknownSection(line: number + 1, name: name)
                }
            } else if !line.isEmpty {
                phrasings.append(Phrasing(text: String(line), intent: intent, handOff: handOff, language: language))
            }
        }
    }

    /// A section that is no intent.
    package struct UnknownSection: Error, CustomStringConvertible {
        let line: Int
        let name: String
        package var description: String { "line \(line): '\(name)' is not an intent" }
    }

    private mutating func draw(_ bound: Int) -> Int {
        random ^= random << 13
        random ^= random >> 7
        random ^= random << 17
        return Int((random >> 11) % UInt64(bound))
    }

    private static let greetings: [Language: [String]] = [
        .english: ["hi, ", "hello ", "Hi there. ", "Dear team, ", "good morning! ", "hey ", "please help. "],
        .german: ["hallo, ", "Guten Tag, ", "hi ", "moin, ", "Sehr geehrte Damen und Herren, ", "servus "],
        .french: ["bonjour, ", "Bonsoir, ", "salut ", "Madame, Monsieur, ", "coucou "],
        .spanish: ["hola, ", "Buenos días, ", "buenas ", "Estimados señores, ", "qué tal, "],
    ]
    private static let closings: [Language: [String]] = [
        .english: [" thanks", ". Kind regards, Ann", ", thank you!", " pls", ". Best, Tom", " asap"],
        .german: [" danke", ". Viele Grüße", ", vielen Dank!", " bitte", ". MfG Weber", " LG"],
        .french: [" merci", ". Cordialement", ", merci d'avance!", " svp", ". Bien à vous"],
        .spanish: [" gracias", ". Saludos", ", muchas gracias!", " por favor", ". Atentamente, Eva"],
    ]

    /// The phrasing as somebody else would have written it.
    private mutating func varied(_ phrasing: Phrasing, _ variant: Int) -> String {
        var text = phrasing.text
        guard variant > 0 else { return text }
        if let language = phrasing.language, phrasing.handOff != nil {
            let greetings = Self.greetings[language] ?? []
            let closings = Self.closings[language] ?? []
            if draw(3) == 0 { text = greetings[draw(greetings.count)] + text }
            if draw(3) == 0, phrasing.intent != .thanks { text += closings[draw(closings.count)] }
        }
        guard draw(3) != 0 else { return text }
        var letters = Array(text.unicodeScalars)
        for _ in 0..<1 + letters.count / 40 where letters.count > 6 {
            let at = 1 + draw(letters.count - 2)
            guard letters[at].properties.isAlphabetic, letters[at - 1].properties.isAlphabetic else { continue }
            switch draw(4) {
            case 0: letters.swapAt(at, at - 1)
            case 1: letters.remove(at: at)
            case 2: letters.insert(letters[at], at: at)
            default:
                if let other = Unicode.Scalar(UInt8(0x61 + draw(26))) as Unicode.Scalar? { letters[at] = other }
            }
        }
        var slipped = String.UnicodeScalarView()
        slipped.append(contentsOf: letters)
        return String(slipped)
    }

    /// The words of phrasings about orders.
    private func vocabulary() -> Vocabulary {
        var vocabulary = Vocabulary()
        for phrasing in phrasings {
            guard let intent = phrasing.intent, let language = phrasing.language,
                intent.isRoutine || intent == .changeOrder || intent == .invoice
            else { continue }
            let words = Words(phrasing.text)
            for word in words.words { vocabulary.insert(Hash(words[word]).value, language) }
        }
        return vocabulary
    }

    private mutating func examples() -> [Example] {
        var examples: [Example] = []
        for phrasing in phrasings {
            for variant in 0..<variants {
                let words = Words(varied(phrasing, variant))
                let base = Features(words)
                var full = base
                if let language = phrasing.language {
                    full.add(Concepts(bits: Lexicon.of(language).find(in: words).reduce(0, |)))
                }
                examples.append(
                    Example(
                        base: base, full: full,
                        intent: phrasing.intent.flatMap { Intent.learned.firstIndex(of: $0) },
                        handOff: phrasing.handOff,
                        language: phrasing.language.flatMap { Language.allCases.firstIndex(of: $0) }
                            ?? Language.allCases.count))
            }
        }
        return examples
    }

    /// Trains, and returns the text of Weights.swift.
    package mutating func weightsFile() -> String {
        let examples = self.examples()
        let columns = Model.columns
        var weights = [Float](repeating: 0, count: Model.rows * columns)
        var biases = [Float](repeating: 0, count: columns)
        var seen = [Float](repeating: 0.3, count: Model.rows * columns)
        var order = Array(examples.indices)
        var scores = [Float](repeating: 0, count: columns)
        var errors = [Float](repeating: 0, count: columns)
        let rate: Float = 0.25
        let decay: Float = 0.00002
        for _ in 0..<epochs {
            for index in order.indices.reversed() where index > 0 { order.swapAt(index, draw(index + 1)) }
            for index in order {
                let example = examples[index]
                // The languages learn from what is seen before the language is known.
                for (features, part) in [
                    (example.full, 0..<Model.firstLanguage), (example.base, Model.firstLanguage..<columns),
                ] {
                    let norm = Float(max(features.square, 1)).squareRoot()
                    for column in part { scores[column] = biases[column] * norm }
                    weights.withUnsafeBufferPointer { weights in
                        scores.withUnsafeMutableBufferPointer { scores in
                            for feature in features.all {
                                let row = Int(feature.row) * columns
                                let value = Float(feature.value)
                                for column in part { scores[column] += value * weights[row + column] }
                            }
                        }
                    }
                    for column in part { scores[column] /= norm }
                    if part.lowerBound == 0 {
                        Self.fail(scores[..<Model.handOffColumn], right: example.intent, into: &errors, at: 0)
                        errors[Model.handOffColumn] =
                            example.handOff.map {
                                Exponential.logistic(scores[Model.handOffColumn]) - ($0 ? 1 : 0)
                            } ?? 0
                    } else {
                        Self.fail(scores[part], right: example.language, into: &errors, at: part.lowerBound)
                    }
                    for column in part { biases[column] -= 0.002 * errors[column] }
                    weights.withUnsafeMutableBufferPointer { weights in
                        seen.withUnsafeMutableBufferPointer { seen in
                            for feature in features.all {
                                let row = Int(feature.row) * columns
                                let value = Float(feature.value) / norm
                                for column in part {
                                    let slope = errors[column] * value + decay * weights[row + column]
                                    seen[row + column] += slope * slope
                                    weights[row + column] -= rate * slope / seen[row + column].squareRoot()
                                }
                            }
                        }
                    }
                }
            }
        }
        return Self.file(weights: weights, biases: biases, vocabulary: vocabulary())
    }

    /// How far a softmax is from the truth, with a little doubt about every label.
    private static func fail(_ scores: ArraySlice<Float>, right: Int?, into errors: inout [Float], at start: Int) {
        guard let right else {
            for column in scores.indices { errors[column] = 0 }
            return
        }
        let shares = Exponential.softmax(scores)
        let doubt: Float = 0.05
        for (offset, share) in shares.enumerated() {
            let truth = (offset == right ? 1 - doubt : 0) + doubt / Float(shares.count)
            errors[start + offset] = share - truth
        }
    }

    private static func file(weights: [Float], biases: [Float], vocabulary: Vocabulary) -> String {
        let columns = Model.columns
        var scales = [Float](repeating: 0, count: columns)
        for (index, weight) in weights.enumerated() {
            scales[index % columns] = max(scales[index % columns], weight.magnitude)
        }
        // The unit is rounded as it is written, so that reading gives the same.
        let units = scales.map { Int(($0 / Float(Model.largest) * 1_000_000).rounded(.up)) }
        var text = """
            // swift-format-ignore-file
            // Written by scripts/train-understanding from Phrasings/; do not edit.
            enum Weights {
                static let scales = \(units)
                static let biases = \(biases.map { Int(($0 * 1_000_000).rounded()) })
                static let vocabulary: StaticString = #"\(vocabulary.text)"#
                static let letters: StaticString = #\"""

            """
        var line: [UInt8] = []
        for row in 0..<Model.rows {
            line.removeAll(keepingCapacity: true)
            for column in 0..<columns {
                let unit = Float(max(units[column], 1)) / 1_000_000
                let weight = Int((weights[row * columns + column] / unit).rounded())
                line.append(UInt8(Int(Model.zero) + max(-Model.largest, min(Model.largest, weight))))
            }
            text += String(decoding: line, as: UTF8.self) + "\n"
        }
        return text + "\"\"\"#\n}\n"
    }
}
