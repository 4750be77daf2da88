// Questions that only one shop is asked, as the shop puts them: "do you ship to Switzerland". No model is trained on
// them, so they are recognised by their words alone, and sparingly: a sentence of hers has to say what the phrasing
// says, and nearly nothing else. "Switzerland" and "Germany" make two questions of otherwise the same words, so long
// words and numbers have to be there, and only slips of the keyboard that do not make another word are forgiven.

/// One way to put a question.
public struct Phrasing: Sendable {
    /// Why a text cannot be one.
    public enum Refusal: Error, Sendable {
        /// A word says too little: it would be found in everything.
        case tooShort
        case tooLong
    }

    /// So many words at most, besides greetings and thanks.
    public static let longest = 20
    /// So many at least, of which one has to have `telling` letters.
    static let shortest = 2
    static let telling = 4

    fileprivate let words: [PhraseWord]
    fileprivate let weight: Int

    public init(_ text: String) throws(Refusal) {
        let words = PhraseWord.all(in: Words(Letters(text).spoken))
        guard words.count >= Self.shortest, words.contains(where: { $0.letters.count >= Self.telling }) else {
            throw .tooShort
        }
        guard words.count <= Self.longest else { throw .tooLong }
        self.words = words
        weight = words.reduce(0) { $0 + $1.weight }
    }

    /// How alike it and another are, from 0 to 1; 0 for what is not nearly the same.
    public func likeness(to other: Phrasing) -> Double {
        max(likeness(to: other.words[...]), other.likeness(to: words[...]))
    }

    /// How much of it and of what she wrote is the same; 0 where that is not enough.
    fileprivate func likeness(to said: ArraySlice<PhraseWord>) -> Double {
        guard words.count(where: \.isNegation) == said.count(where: \.isNegation) else { return 0 }
        var taken = [Bool](repeating: false, count: said.count)
        var found = 0
        var foundSaid = 0
        for word in words {
            let place = taken.indices.first { !taken[$0] && said[said.startIndex + $0].letters == word.letters }
                ?? taken.indices.first { !taken[$0] && said[said.startIndex + $0].isSlip(of: word) }
            if let place {
                taken[place] = true
                found += word.weight
                foundSaid += said[said.startIndex + place].weight
            } else if word.isTelling {
                return 0
            }
        }
        if zip(said, taken).contains(where: { $0.hasDigit && !$1 }) { return 0 }
        let all = said.reduce(0) { $0 + $1.weight }
        let ofPhrase = Double(found) / Double(weight)
        let ofSaid = Double(foundSaid) / Double(max(1, all))
        return ofPhrase >= Self.ofPhrase && ofSaid >= Self.ofSaid ? min(ofPhrase, ofSaid) : 0
    }

    /// How much of the phrasing has to be said, and how much of what is said has to be the phrasing, by weight.
    private static let ofPhrase = 0.8
    private static let ofSaid = 0.75
}

/// A word of a phrasing, or of a sentence that may be one.
private struct PhraseWord: Sendable {
    var letters: [UInt8]
    var hasDigit: Bool
    var weight: Int
    var isNegation: Bool

    init(_ letters: [UInt8], hasDigit: Bool) {
        self.letters = letters
        self.hasDigit = hasDigit
        // Long words say more than short ones.
        let size = hasDigit ? 6 : min(letters.count, 6)
        weight = size * size
        isNegation = Self.negations.contains(letters)
    }

    /// The words that say something: greetings, thanks and please ask for nothing.
    static func all(in words: Words) -> [PhraseWord] {
        words.words.compactMap { word in
            let letters = Array(words[word])
            return courtesy.contains(letters) ? nil : PhraseWord(letters, hasDigit: word.hasDigit)
        }
    }

    /// Whether the question is another one without it.
    var isTelling: Bool { hasDigit || letters.count >= 5 }

    /// Whether it is the other with a slip that hardly makes another word: two letters changed places, one within it
    /// is missing or too many, or an ending of one letter. One letter for another would make Iceland of Ireland.
    func isSlip(of other: PhraseWord) -> Bool {
        let (a, b) = letters.count >= other.letters.count ? (letters, other.letters) : (other.letters, letters)
        guard !hasDigit, !other.hasDigit, b.count >= 5, a.count - b.count <= 1, a[0] == b[0] else { return false }
        guard let first = b.indices.first(where: { a[$0] != b[$0] }) else {
            return a.count > b.count && Self.endings.contains(a[a.count - 1])
        }
        if a.count == b.count {
            return first + 1 < a.count && a[first] == b[first + 1] && a[first + 1] == b[first]
                && a[(first + 2)...] == b[(first + 2)...]
        }
        return a[(first + 1)...] == b[first...]
    }

    private static let endings: [UInt8] = [0x73, 0x65]

    private static func set(_ text: String) -> Set<[UInt8]> { Set(text.split(separator: " ").map { Array($0.utf8) }) }

    private static let courtesy = set(
        """
        hi hello hey dear team please pls thanks thank kindly regards best cheers hallo guten tag bitte danke vielen \
        dank liebe lieber gruss gruesse bonjour merci svp cordialement salut hola gracias saludos buenos buenas dias \
        favor
        """)

    private static let negations = set(
        """
        not no never dont doesnt cant wont isnt arent without nicht kein keine keinen nie ohne ne pas jamais sans \
        nunca sin
        """)
}

/// A shop's own questions, each with the ways to put it.
public struct Phrasebook: Sendable {
    private var phrasings: [(phrasing: Phrasing, language: Language, name: String)] = []

    /// One without questions.
    public init() {}

    public var isEmpty: Bool { phrasings.isEmpty }

    /// Adds a way to put the question of that name.
    public mutating func add(_ phrasing: Phrasing, in language: Language, to name: String) {
        phrasings.append((phrasing, language, name))
    }

    /// What was found in a message.
    public struct Found: Sendable {
        /// The questions, in the order in which they are asked.
        public var names: [String]
        /// The languages of the phrasings that fit.
        public var languages: Set<Language>
        /// How well the worst of them fits, from 0 to 1.
        public var likeness: Double
        /// What else she says, in plain small letters; empty where that is nothing, or a greeting.
        public var rest: String
    }

    /// A message with more words is a person's, whatever is found in it.
    private static let longest = 150

    /// The questions that a message asks, or nil if it asks none of them.
    public func find(in text: String) -> Found? {
        if isEmpty { return nil }
        let letters = Letters(text)
        let words = Words(letters.spoken)
        guard !letters.wasCut, words.words.count <= Self.longest else { return nil }
        var found = Found(names: [], languages: [], likeness: 1, rest: "")
        var rest: [String] = []
        for sentence in words.parts(\.sentence) {
            if take(words, sentence, &found) { continue }
            let clauses = words.parts(\.clause, within: sentence)
            for clause in clauses where clauses.count == 1 || !take(words, clause, &found) {
                if !PhraseWord.all(in: words.part(clause)).isEmpty { rest.append(words.text(of: clause)) }
            }
        }
        found.rest = rest.joined(separator: ". ")
        return found.names.isEmpty ? nil : found
    }

    /// Whether words of a message are one of the questions, which is then noted.
    private func take(_ words: Words, _ range: Range<Int>, _ found: inout Found) -> Bool {
        let said = PhraseWord.all(in: words.part(range))
        var best: [String: Double] = [:]
        for (phrasing, language, name) in phrasings {
            let likeness = phrasing.likeness(to: said[...])
            guard likeness > 0 else { continue }
            best[name] = max(best[name] ?? 0, likeness)
            found.languages.insert(language)
        }
        for (name, likeness) in best.sorted(by: { $0.key < $1.key }) {
            if !found.names.contains(name) { found.names.append(name) }
            found.likeness = min(found.likeness, likeness)
        }
        return !best.isEmpty
    }
}

extension Words {
    /// The runs of words that share a number.
    fileprivate func parts(_ number: KeyPath<Word, Int>, within range: Range<Int>? = nil) -> [Range<Int>] {
        let range = range ?? words.indices
        var parts: [Range<Int>] = []
        var start = range.lowerBound
        for index in range where index > start && words[index][keyPath: number] != words[index - 1][keyPath: number] {
            parts.append(start..<index)
            start = index
        }
        if start < range.upperBound { parts.append(start..<range.upperBound) }
        return parts
    }

    fileprivate func text(of range: Range<Int>) -> String {
        words[range].map { String(decoding: self[$0], as: UTF8.self) }.joined(separator: " ")
    }
}
