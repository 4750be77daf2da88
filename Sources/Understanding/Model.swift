/// The weights of a softmax over hashed features: one row a feature, one column an intent; then one column that asks for
/// a person, and one a language.
struct Model {
    /// A power of two.
    static let rows = 1 << 14
    static let handOffColumn = Intent.learned.count
    static let firstLanguage = handOffColumn + 1
    /// The last language is any that we do not know.
    static let languages = Language.allCases.count + 1
    static let columns = firstLanguage + languages
    /// A row's columns and the line end that makes the text readable.
    static let stride = columns + 1
    /// The letter that stands for the weight 0, and the largest weight. All letters between are printable and neither
    /// `"` nor `#`, so they stand in a raw string of Swift and are read where the program file lies in memory.
    static let zero: UInt8 = 0x51
    static let largest = 45
    /// The letter that stands for the smallest.
    static let first = zero - UInt8(largest)

    /// The weight's unit and the offset of each column.
    let scales: [Float]
    let biases: [Float]
    private let letters: StaticString

    /// The one trained from `Phrasings/`.
    static let shipped = Model(
        scales: Weights.scales.map { Float($0) / 1_000_000 }, biases: Weights.biases.map { Float($0) / 1_000_000 },
        letters: Weights.letters)

    init(scales: [Float], biases: [Float], letters: StaticString) {
        precondition(letters.utf8CodeUnitCount >= Self.rows * Self.stride - 1, "the weights are incomplete")
        precondition(scales.count == Self.columns && biases.count == Self.columns, "the columns are incomplete")
        self.scales = scales
        self.biases = biases
        self.letters = letters
    }

    /// The sums over features, before the columns' scales.
    func sums(_ features: Features) -> [Int32] {
        var sums = [Int32](repeating: 0, count: Self.columns)
        let base = letters.utf8Start
        sums.withUnsafeMutableBufferPointer { sums in
            for feature in features.all {
                let row = base + Int(feature.row) * Self.stride
                let value = Int32(feature.value)
                for column in 0..<Self.columns {
                    sums[column] &+= value &* (Int32(row[column]) &- Int32(Self.zero))
                }
            }
        }
        return sums
    }

    /// What the columns say, before they are made probabilities.
    func scores(_ sums: [Int32], square: Int) -> [Float] {
        let norm = Float(max(square, 1)).squareRoot()
        return (0..<Self.columns).map { Float(sums[$0]) * scales[$0] / norm + biases[$0] }
    }
}

/// Exponentials by basic arithmetic only, so that training gives the same bytes on every machine.
enum Exponential {
    static func of(_ x: Float) -> Float {
        if x < -80 { return 0 }
        let y = min(x, 80) * 1.442_695_04
        let whole = y.rounded(.down)
        let part = (y - whole) * 0.693_147_18
        var sum: Float = 1 + part / 6
        sum = 1 + part / 5 * sum
        sum = 1 + part / 4 * sum
        sum = 1 + part / 3 * sum
        sum = 1 + part / 2 * sum
        sum = 1 + part * sum
        return Float(sign: .plus, exponent: Int(whole), significand: sum)
    }

    /// Shares that add up to 1.
    static func softmax(_ scores: ArraySlice<Float>) -> [Float] {
        let most = scores.max() ?? 0
        let shares = scores.map { of($0 - most) }
        let sum = shares.reduce(0, +)
        return shares.map { $0 / sum }
    }

    static func logistic(_ score: Float) -> Float { 1 / (1 + of(-score)) }
}
