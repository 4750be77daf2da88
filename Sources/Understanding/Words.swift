/// A message as words: small plain letters, in sentences and clauses.
struct Words {
    struct Word {
        /// Its letters are `bytes[start..<end]`.
        var start: Int
        var end: Int
        /// Counts full stops, question marks and line ends before it.
        var sentence: Int
        /// Counts commas and the like, too.
        var clause: Int
        /// It has a digit, and says nothing but that there was a number.
        var hasDigit: Bool
    }

    /// More are not looked at.
    static let limit = 400

    private(set) var bytes: [UInt8] = []
    private(set) var words: [Word] = []
    private(set) var questions = 0
    private(set) var exclamations = 0
    /// Latin letters, and how many of them were capitals.
    private(set) var letters = 0
    private(set) var capitals = 0
    /// Letters of other scripts.
    private(set) var foreignLetters = 0
    /// Pictures of anger, and of joy or thanks.
    private(set) var angryPictures = 0
    private(set) var happyPictures = 0

    init(_ text: String) { self.init(Letters(text)) }

    init(_ text: Letters) {
        let scalars = text.scalars
        bytes.reserveCapacity(scalars.count + 8)
        words.reserveCapacity(scalars.count / 5 + 4)
        var sentence = 0
        var clause = 0
        var index = 0
        while index < scalars.count, words.count < Self.limit {
            let value = scalars[index]
            if Self.isWordPart(value), !(0x0300...0x036F).contains(value) {
                index = readWord(scalars, at: index, sentence: sentence, clause: clause)
                continue
            }
            switch value {
            case 0x3F, 0xBF:
                if value == 0x3F { questions += 1 }
                sentence += 1
                clause += 1
            case 0x21, 0xA1:
                if value == 0x21 { exclamations += 1 }
                sentence += 1
                clause += 1
            case 0x2E, 0x3B, 0x0A, 0x2026:
                sentence += 1
                clause += 1
            case 0x2C, 0x3A, 0x28, 0x29, 0x2F: clause += 1
            case 0x2D where index + 1 < scalars.count && scalars[index + 1] == 0x20: clause += 1
            case 0x1F620, 0x1F621, 0x1F624, 0x1F92C, 0x1F595, 0x1F44E: angryPictures += 1
            case 0x1F64F, 0x1F60A, 0x1F600...0x1F606, 0x1F44D, 0x2764, 0x1F970, 0x1F60D, 0x1F389: happyPictures += 1
            default: break
            }
            index += 1
        }
    }

    private static func isWordPart(_ value: UInt32) -> Bool {
        switch value {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0..<0xC0, 0xD7, 0xF7: false
        case 0xC0...0x17F, 0x0300...0x036F, 0x1E9E, 0x1EA0...0x1EF9: true
        default: Letters.isForeignLetter(value)
        }
    }

    /// Reads the word at `index`, and says where it ended.
    private mutating func readWord(_ scalars: [UInt32], at first: Int, sentence: Int, clause: Int) -> Int {
        var word: [UInt8] = []
        var index = first
        var latin = 0
        var digits = 0
        var foreign = 0
        while index < scalars.count {
            let value = scalars[index]
            if value == 0x27, latin > 0, let after = Self.contraction(scalars, at: index + 1) {
                // don't is one word, l'adresse is two.
                for letter in scalars[index + 1..<after] { _ = Letters.fold(letter, into: &word) }
                index = after
                break
            }
            guard Self.isWordPart(value) else { break }
            if Letters.fold(value, into: &word) {
                if (0x30...0x39).contains(value) {
                    digits += 1
                } else if !(0x0300...0x036F).contains(value) {
                    latin += 1
                    letters += 1
                    if (0x41...0x5A).contains(value) || (0xC0...0xDE).contains(value) { capitals += 1 }
                }
            } else {
                foreign += 1
                if let scalar = Unicode.Scalar(value) { word.append(contentsOf: UTF8.encode(scalar) ?? .init()) }
            }
            index += 1
        }
        if latin > 0, foreign > 0 {
            // Letters of two scripts in one word: somebody dresses up.
            word.removeAll(keepingCapacity: true)
            for value in scalars[first..<index] where !Letters.fold(value, into: &word) {
                if let letter = Letters.lookAlike(value) { word.append(letter) }
            }
        } else {
            foreignLetters += foreign
        }
        let start = bytes.count
        // Three and more of one letter are one: pleeease.
        for (offset, letter) in word.enumerated() {
            if digits == 0, letter < 0x80, Self.isLongRun(word, at: offset) { continue }
            bytes.append(letter)
        }
        if bytes.count > start {
            words.append(Word(start: start, end: bytes.count, sentence: sentence, clause: clause, hasDigit: digits > 0))
        }
        return max(index, first + 1)
    }

    /// Whether the letter is within a run of three or more, and not its first.
    private static func isLongRun(_ word: [UInt8], at offset: Int) -> Bool {
        guard offset > 0, word[offset - 1] == word[offset] else { return false }
        if offset > 1, word[offset - 2] == word[offset] { return true }
        return offset + 1 < word.count && word[offset + 1] == word[offset]
    }

    /// The end of an English contraction's tail (t, s, m, d, re, ve, ll) that starts at `index`.
    private static func contraction(_ scalars: [UInt32], at index: Int) -> Int? {
        var end = index
        while end < scalars.count, end - index < 3, isWordPart(scalars[end]) { end += 1 }
        guard end == scalars.count || !isWordPart(scalars[end]) else { return nil }
        let tail = scalars[index..<end].map { $0 | 0x20 }
        switch tail {
        case [0x74], [0x73], [0x6D], [0x64], [0x72, 0x65], [0x76, 0x65], [0x6C, 0x6C]: return end
        default: return nil
        }
    }

    /// The letters of a word.
    subscript(_ word: Word) -> ArraySlice<UInt8> { bytes[word.start..<word.end] }

    /// The share of capitals, of messages with more than a few letters.
    var shouts: Bool { letters >= 12 && capitals * 10 >= letters * 7 }

    /// The words between full stops, question marks, and words that join two wishes; with `commas`, between those, too.
    func clauses(in language: Language, commas: Bool) -> [Range<Int>] {
        let joins = Self.joins[language] ?? []
        var parts: [Range<Int>] = []
        var start = 0
        for (index, word) in words.enumerated() where index > start {
            let isNew =
                word.sentence != words[index - 1].sentence || commas && word.clause != words[index - 1].clause
            if isNew || joins.contains(Array(self[word])) {
                parts.append(start..<index)
                start = isNew ? index : index + 1
            }
        }
        if start < words.count { parts.append(start..<words.count) }
        return parts
    }

    private static let joins: [Language: Set<[UInt8]>] = [
        .english: ["and", "but", "also", "or"], .german: ["und", "aber", "oder", "ausserdem"],
        .french: ["et", "mais", "ou", "aussi"], .spanish: ["y", "e", "pero", "o", "tambien"],
    ].mapValues { Set($0.map { Array($0.utf8) }) }

    /// The words from one to another, as a message of its own.
    func part(_ range: Range<Int>) -> Words {
        var part = self
        part.words = Array(words[range])
        return part
    }
}
