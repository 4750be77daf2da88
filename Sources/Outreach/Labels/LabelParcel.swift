public import Foundation

/// What a parcel that comes back weighs and measures at most, as carriers price it.
public struct LabelParcel: Hashable, Sendable, Codable {
    /// In grams.
    public var weight: Decimal
    /// The three sides in centimetres, the longest first.
    public var sides: [Decimal]

    /// What carriers take of one person, roughly: nobody returns a parcel above it, so it is a slip.
    static let heaviest = Decimal(70_000)
    static let longest = Decimal(300)

    private static let grams: [String: Decimal] = [
        "g": 1, "kg": 1000, "oz": Decimal(string: "28.349523125")!, "lb": Decimal(string: "453.59237")!,
    ]
    private static let centimetres: [String: Decimal] = [
        "mm": Decimal(string: "0.1")!, "cm": 1, "in": Decimal(string: "2.54")!,
    ]
    private static let otherUnits = [
        "grams": "g", "gram": "g", "kilo": "kg", "kilos": "kg", "kgs": "kg", "ounces": "oz", "ounce": "oz",
        "pounds": "lb", "pound": "lb", "lbs": "lb", "inches": "in", "inch": "in",
    ]

    public init(grams: Decimal, sides: [Decimal]) {
        weight = grams
        self.sides = sides.sorted(by: >)
    }

    /// In ounces, rounded up to a tenth.
    public var ounces: Decimal { Self.tenths(weight / Self.grams["oz"]!) }
    /// The sides in inches, rounded up to a tenth.
    public var inches: [Decimal] { sides.map { Self.tenths($0 / Self.centimetres["in"]!) } }

    private static func tenths(_ number: Decimal) -> Decimal {
        var (scaled, rounded) = (number, Decimal())
        NSDecimalRound(&rounded, &scaled, 1, .up)
        return rounded
    }

    /// Reads `1 kg in 30 x 20 x 10 cm`, `2 lb in 12 x 9 x 4 in`, or with a comma in place of the first `in`.
    static func read(_ text: String) -> Result<LabelParcel, Allowance.Misread> {
        let usual = "write it like '1 kg in 30 x 20 x 10 cm' or '2 lb in 12 x 9 x 4 in'"
        let shape =
            /\s*([0-9.]+)\s*([A-Za-z]+)\s*(?:,|\sin\s)\s*([0-9.]+)\s*[x×]\s*([0-9.]+)\s*[x×]\s*([0-9.]+)\s*([A-Za-z]+)\s*/
            .ignoresCase()
        guard let match = text.wholeMatch(of: shape), let weight = CurrencyUnits.read(String(match.1)) else {
            return .failure(Allowance.Misread(message: "'\(text)' is no weight with three sides", hint: usual))
        }
        func unit(_ word: Substring, _ units: [String: Decimal]) -> Result<Decimal, Allowance.Misread> {
            let word = word.lowercased()
            if let known = units[otherUnits[word] ?? word] { return .success(known) }
            return .failure(
                Allowance.Misread(
                    message: "'\(word)' is no unit here", hint: "write \(alternatives(units.keys.sorted()))"))
        }
        let sides = [match.3, match.4, match.5].compactMap { CurrencyUnits.read(String($0)) }
        guard sides.count == 3, weight > 0, sides.allSatisfy({ $0 > 0 }) else {
            return .failure(Allowance.Misread(message: "'\(text)' is no weight with three sides", hint: usual))
        }
        return unit(match.2, grams).flatMap { grams in
            unit(match.6, centimetres).flatMap { centimetres in
                let parcel = LabelParcel(grams: weight * grams, sides: sides.map { $0 * centimetres })
                guard parcel.weight <= heaviest, parcel.sides[0] <= longest else {
                    return .failure(
                        Allowance.Misread(
                            message: "'\(text)' is more than a carrier takes",
                            hint: "write at most 70 kg, and 300 cm a side"))
                }
                return .success(parcel)
            }
        }
    }
}
