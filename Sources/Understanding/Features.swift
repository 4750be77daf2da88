/// What the model sees of a message: hashed words, pairs of words, pieces of words of 2 to 5 letters, and concepts.
struct Features {
    struct Feature {
        var row: UInt16
        var value: UInt8
    }

    /// As many words are turned into features; what comes later in a long message is rarely the wish.
    static let words = 160

    private(set) var all: [Feature] = []
    /// The sum of the squared values.
    private(set) var square = 0

    private mutating func add(_ hash: UInt64, _ value: UInt8) {
        var mixer = Hash()
        mixer.add(hash)
        all.append(Feature(row: UInt16(truncatingIfNeeded: mixer.mixed & UInt64(Model.rows - 1)), value: value))
        square += Int(value) * Int(value)
    }

    init() {}

    /// What needs no knowledge of the language.
    init(_ words: Words) {
        let count = min(words.words.count, Self.words)
        all.reserveCapacity(count * 26 + 8)
        var before: UInt64 = 1
        for word in words.words[..<count] {
            let letters = words[word]
            let name: UInt64 = word.hasDigit ? 2 : Hash(letters).value
            add(name ^ 0x11, 4)
            var pair = Hash()
            pair.add(before)
            pair.add(name)
            add(pair.value ^ 0x22, 3)
            before = name
            if !word.hasDigit { addPieces(of: letters) }
        }
        var pair = Hash()
        pair.add(before)
        add(pair.value ^ 0x33, 2)
        if words.questions > 0 { add(0x44, 3) }
        add(0x50 + UInt64(min(count, 12)), 2)
    }

    private mutating func addPieces(of letters: ArraySlice<UInt8>) {
        let limit = min(letters.count, 18)
        // The edges count as letters.
        func letter(_ index: Int) -> UInt8 {
            index == 0 || index > limit ? 0x5F : letters[letters.startIndex + index - 1]
        }
        for first in 0...limit {
            var hash = Hash()
            hash.add(letter(first))
            for length in 2...5 where first + length <= limit + 2 {
                hash.add(letter(first + length - 1))
                add(hash.value ^ 0x66, 1)
            }
        }
    }

    /// Adds concepts, alone and in pairs.
    mutating func add(_ concepts: Concepts) {
        var found: [UInt64] = []
        var bits = concepts.bits
        while bits != 0, found.count < 12 {
            let bit = UInt64(bits.trailingZeroBitCount)
            found.append(bit)
            bits &= bits - 1
        }
        for (index, one) in found.enumerated() {
            add(0x1000 + one, 5)
            for other in found[..<index] { add(0x2000 + one * 64 + other, 2) }
        }
    }
}
