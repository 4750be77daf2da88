/// The words that occur in phrasings of the trade, as a Bloom filter. What is in none of them may be anything: "cancel my
/// gym" is no order of ours.
struct Vocabulary {
    /// A power of two; six bits stand in each letter of the text.
    static let bits = 1 << 16
    static let letters = (bits + 5) / 6
    private static let probes = 4
    /// Shorter words tell nothing.
    static let shortest = 3

    private var words: [UInt64]

    init() { words = [UInt64](repeating: 0, count: Self.bits / 64) }

    /// Reads what `text` wrote.
    init(_ text: StaticString) {
        self.init()
        precondition(text.utf8CodeUnitCount == Self.letters, "the vocabulary is incomplete")
        for index in 0..<Self.letters {
            let six = UInt64(text.utf8Start[index] - Model.first)
            for bit in 0..<6 where six >> UInt64(bit) & 1 == 1 { set(index * 6 + bit) }
        }
    }

    private mutating func set(_ bit: Int) {
        guard bit < Self.bits else { return }
        words[bit / 64] |= 1 << UInt64(bit % 64)
    }

    /// Where a word's bits are; the same letters are another word in another language.
    private static func places(_ word: UInt64, _ language: Language) -> [Int] {
        var hash = Hash(language.rawValue.utf8)
        hash.add(word)
        return (0..<probes).map { probe in
            hash.add(UInt64(probe))
            return Int(hash.mixed & UInt64(bits - 1))
        }
    }

    mutating func insert(_ word: UInt64, _ language: Language) {
        for place in Self.places(word, language) { set(place) }
    }

    func contains(_ word: UInt64, _ language: Language) -> Bool {
        Self.places(word, language).allSatisfy { words[$0 / 64] >> UInt64($0 % 64) & 1 == 1 }
    }

    var text: String {
        var letters: [UInt8] = []
        for index in 0..<Self.letters {
            var six: UInt8 = 0
            for bit in 0..<6 {
                let place = index * 6 + bit
                if place < Self.bits, words[place / 64] >> UInt64(place % 64) & 1 == 1 { six |= 1 << UInt8(bit) }
            }
            letters.append(Model.first + six)
        }
        return String(decoding: letters, as: UTF8.self)
    }

    /// The one of the shipped model.
    static let shipped = Vocabulary(Weights.vocabulary)
}
