// A tracking number the way people paste it: with spaces, dashes and invisible characters, preceded by the carrier's
// name or a label, as part of a link, and sometimes two in one field. What is left after cleaning is the number by
// which two spellings are recognised as one, and by which carriers are asked.

/// What a tracking number's field holds.
public enum TrackingField: Hashable, Sendable {
    /// Nothing that could be a number.
    case nothing
    /// One number, in capitals, without separators.
    case number(String)
    /// Several, so that it is unclear which is meant.
    case several

    /// No tracking number is longer.
    private static let greatestLength = 64

    /// Interprets what was typed.
    public init(_ typed: String) {
        // Nearly all consist of capitals and digits only.
        if typed.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }) {
            self = typed.isEmpty || typed.utf8.count > Self.greatestLength ? .nothing : .number(typed)
            return
        }
        self = Self.read(typed)
    }

    private static func read(_ typed: String) -> TrackingField {
        let isText = typed.unicodeScalars.allSatisfy {
            $0.properties.generalCategory != .control || $0.properties.isWhitespace
        }
        guard typed.utf8.count <= 1_000, isText else { return .nothing }
        let fields = fields(of: typed)
        // In a link or a sentence, only what looks like a number counts.
        let numbers = fields.flatMap { field -> [String] in
            // The groups that one number is split into are usually shorter.
            let whole = field.filter { word in word.utf8.count >= 10 && word.digitCount >= 8 }
            if whole.count > 1 { return whole }
            let joined = withoutLabels(field).joined(separator: "")
            return joined.digitCount >= 6 && joined.utf8.count >= 8 ? [joined] : []
        }
        var seen: [String] = []
        for number in numbers where !seen.contains(number) { seen.append(number) }
        // Short ones only count as several if something separates them.
        let short = seen.isEmpty ? Set(fields.map { $0.joined(separator: "") }.filter { $0.digitCount >= 3 }) : []
        if seen.count > 1 || short.count > 1 { return .several }
        let joined = fields.flatMap(withoutLabels).joined(separator: "")
        let number = seen.first ?? (joined.isEmpty ? fields.flatMap { $0 }.joined(separator: "") : joined)
        if number.isEmpty || number.utf8.count > greatestLength { return .nothing }
        // LaserShip's numbers of this form end in a dash and a digit, which belong to them.
        if number.utf8.count == 17, number.hasPrefix("1LS7") {
            return .number("\(number.dropLast())-\(number.suffix(1))")
        }
        return .number(number)
    }

    /// The words of each part of the field, in capitals; parts are separated by characters that no number contains.
    private static func fields(of typed: String) -> [[String]] {
        var fields: [[String]] = [[""]]
        for scalar in typed.unicodeScalars {
            switch scalar {
            // Full-width letters and digits, as typed on Japanese keyboards.
            case "\u{FF10}"..."\u{FF19}", "\u{FF21}"..."\u{FF3A}", "\u{FF41}"..."\u{FF5A}":
                let plain = Unicode.Scalar(scalar.value - 0xFEE0) ?? scalar
                fields[fields.count - 1][fields[fields.count - 1].count - 1] += String(Character(plain)).uppercased()
            case _
            where scalar.isInvisible || scalar.properties.generalCategory == .dashPunctuation
                || scalar == "\u{2212}" || scalar == "\u{00AD}":
                continue
            case ",", ";", "/", "|", "&", "+", "=", "?", ":", "#", "\n", "\r", "\u{3001}", "\u{FF0C}":
                fields.append([""])
            case _
            where scalar.properties.isWhitespace || scalar.value < 0x20 || "()<>[]".unicodeScalars.contains(scalar):
                fields[fields.count - 1].append("")
            default:
                fields[fields.count - 1][fields[fields.count - 1].count - 1] += String(Character(scalar)).uppercased()
            }
        }
        return fields.map { words in
            words.map(withoutFullStops).filter { !$0.isEmpty }
        }.filter { !$0.isEmpty }
    }

    private static func withoutFullStops(_ word: String) -> String {
        var rest = word[...]
        while rest.first == "." { rest.removeFirst() }
        while rest.last == "." { rest.removeLast() }
        return String(rest)
    }

    /// Words that precede a number and do not belong to it. The letters of a postal number (`RM … GB`) do.
    private static let labels: Set<String> = [
        "UPS", "FEDEX", "USPS", "DHL", "DPD", "GLS", "TNT", "EVRI", "MAIL", "POST", "NO", "NR", "NUM", "ID",
        "CODE", "TRACK", "AWB", "REF", "THE", "IS", "BY", "VIA", "WITH", "YOUR",
    ]

    /// The words of a number, without those that only precede or follow it.
    private static func withoutLabels(_ words: [String]) -> [String] {
        let rest = words.drop { labels.contains($0) || isWord($0) }
        return rest.filter { !isWord($0) }
    }

    private static func isWord(_ word: String) -> Bool {
        word.count >= 5 && word.unicodeScalars.allSatisfy { $0.properties.isAlphabetic }
    }
}

extension String {
    fileprivate var digitCount: Int { utf8.count { (0x30...0x39).contains($0) } }
}

extension TrackingFacts {
    /// The number by which two spellings of it are recognised as one (`TrackingField`); nil if there is none, or
    /// several.
    public var key: String? {
        guard let number, case .number(let key) = TrackingField(number) else { return nil }
        return key
    }

    /// True if anything was entered as a number, readable or not.
    var hasNumber: Bool { number.map { TrackingField($0) != .nothing } ?? false }
}

extension Unicode.Scalar {
    /// True for what nobody sees and nobody means: zero-width spaces and joiners, direction marks, byte order marks.
    var isInvisible: Bool {
        properties.generalCategory == .format
    }
}

extension String {
    /// A person's name in printable form; nil if it has no visible letter.
    var asName: String? {
        let isSeen = unicodeScalars.contains { scalar in
            guard scalar.properties.isAlphabetic else { return false }
            // Letters that are blank by design: Hangul's fillers.
            switch scalar.value {
            case 0x115F, 0x1160, 0x3164, 0xFFA0: return false
            default: return true
            }
        }
        return isSeen ? trimmingSpaces : nil
    }
}
