// Text as it comes from outside, made plain: a bounded number of Unicode scalars without what nobody sees, and letters
// without their dress. No Foundation, no tables of the system: the same bytes give the same letters everywhere.

/// The characters of a message that are looked at.
struct Letters {
    /// Longer messages are read to here, and go to a person: a template answers no essay. In Unicode scalars.
    static let limit = 4_000

    /// The visible characters, look-alike alphabets (full width, mathematical, circled) as plain ones, line ends as \n.
    private(set) var scalars: [UInt32] = []
    /// There was more than `limit`.
    private(set) var wasCut = false

    init(_ text: String) {
        var read = 0
        scalars.reserveCapacity(min(text.utf8.count, Self.limit))
        for scalar in text.unicodeScalars {
            read += 1
            if read > Self.limit {
                wasCut = true
                break
            }
            let value = scalar.value
            if value < 0x80 {
                scalars.append(value < 0x20 && value != 0x0A ? 0x20 : value)
            } else if !Self.isInvisible(value) {
                scalars.append(Self.plain(value))
            }
        }
    }

    init(scalars: [UInt32]) { self.scalars = scalars }

    /// Her words only: without lines that quote, and without what is written for programs (tags, templates, JSON, links).
    var spoken: Letters {
        var kept: [UInt32] = []
        kept.reserveCapacity(scalars.count)
        var index = 0
        var lineBegins = true
        while index < scalars.count {
            let value = scalars[index]
            if lineBegins, value == 0x3E {
                while index < scalars.count, scalars[index] != 0x0A { index += 1 }
                continue
            }
            if value == 0x0A {
                lineBegins = true
            } else if value != 0x20 {
                lineBegins = false
            }
            if value == 0x3C || value == 0x7B, let end = closing(of: index) {
                kept.append(0x2E)
                index = end
                continue
            }
            if value == 0x3A, index + 2 < scalars.count, scalars[index + 1] == 0x2F, scalars[index + 2] == 0x2F {
                while index < scalars.count, scalars[index] != 0x20, scalars[index] != 0x0A { index += 1 }
                continue
            }
            kept.append(value)
            index += 1
        }
        return Letters(scalars: kept)
    }

    /// Where the tag or brace that opens at `start` has ended; none if it does not soon.
    private func closing(of start: Int) -> Int? {
        let open = scalars[start]
        let close: UInt32 = open == 0x3C ? 0x3E : 0x7D
        if open == 0x3C {
            // 'less than' is no tag.
            guard start + 1 < scalars.count, scalars[start + 1] != 0x20 else { return nil }
        }
        var depth = 0
        for index in start..<min(start + 400, scalars.count) {
            if scalars[index] == open { depth += 1 }
            if scalars[index] == close {
                depth -= 1
                if depth == 0 { return index + 1 }
            }
        }
        return nil
    }

    /// Marks of direction, joiners, variation selectors, tags: they change no meaning and hide words from a reader.
    private static func isInvisible(_ value: UInt32) -> Bool {
        switch value {
        case 0xAD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B...0x180E, 0x200B...0x200F, 0x202A...0x202E,
            0x2060...0x206F, 0xFE00...0xFE0F, 0xFEFF, 0xFFF9...0xFFFB, 0x1D173...0x1D17A, 0xE0000...0xE0FFF:
            true
        default: false
        }
    }

    /// Styled letters and digits as plain ones; odd spaces and line ends as usual ones.
    private static func plain(_ value: UInt32) -> UInt32 {
        switch value {
        case 0xFF01...0xFF5E: value - 0xFEE0
        case 0x1D400...0x1D6A3:
            // Runs of A-Z, a-z in one style after another.
            (value - 0x1D400) % 52 < 26 ? 0x41 + (value - 0x1D400) % 52 : 0x61 + (value - 0x1D400) % 52 - 26
        case 0x1D7CE...0x1D7FF: 0x30 + (value - 0x1D7CE) % 10
        case 0x24B6...0x24CF: 0x41 + value - 0x24B6
        case 0x24D0...0x24E9: 0x61 + value - 0x24D0
        case 0x1F130...0x1F149: 0x41 + value - 0x1F130
        case 0x1F170...0x1F189: 0x41 + value - 0x1F170
        case 0x85, 0x2028, 0x2029: 0x0A
        case 0x80...0xA0, 0x1680, 0x2000...0x200A, 0x202F, 0x205F, 0x3000: 0x20
        case 0x2018, 0x2019, 0x201A, 0x201B, 0x02BC, 0x00B4, 0x2032: 0x27
        case 0x2010...0x2015, 0x2212: 0x2D
        default: value
        }
    }

    /// Appends the plain small letters that `value` stands for; nothing for an accent. False if it is no letter or digit
    /// of the Latin script.
    static func fold(_ value: UInt32, into word: inout [UInt8]) -> Bool {
        switch value {
        case 0x30...0x39, 0x61...0x7A: word.append(UInt8(value))
        case 0x41...0x5A: word.append(UInt8(value + 0x20))
        case 0x0308:
            // The two dots of a decomposed umlaut. On other letters they are a mere accent.
            if let last = word.last, last == 0x61 || last == 0x6F || last == 0x75 { word.append(0x65) }
        case 0x0300...0x036F: break
        case 0xC0...0xFF:
            let text = latin1[Int(value - 0xC0)]
            if text.isEmpty { return false }
            word.append(contentsOf: text)
        case 0x100...0x17F: word.append(latinExtended[Int(value - 0x100)])
        case 0x1E9E: word.append(contentsOf: [0x73, 0x73])
        case 0x1EA0...0x1EB7: word.append(0x61)
        case 0x1EB8...0x1EC7: word.append(0x65)
        case 0x1EC8...0x1ECB: word.append(0x69)
        case 0x1ECC...0x1EE3: word.append(0x6F)
        case 0x1EE4...0x1EF1: word.append(0x75)
        case 0x1EF2...0x1EF9: word.append(0x79)
        default: return false
        }
        return true
    }

    /// The Latin letter that a Cyrillic or Greek one looks like, for words that mix them.
    static func lookAlike(_ value: UInt32) -> UInt8? {
        switch value {
        case 0x0430, 0x0410, 0x03B1, 0x0391: 0x61
        case 0x0441, 0x0421: 0x63
        case 0x0435, 0x0415, 0x0395: 0x65
        case 0x0456, 0x0406, 0x03B9, 0x0399: 0x69
        case 0x0458: 0x6A
        case 0x043A, 0x041A, 0x03BA, 0x039A: 0x6B
        case 0x043C, 0x041C, 0x039C: 0x6D
        case 0x043E, 0x041E, 0x03BF, 0x039F: 0x6F
        case 0x0440, 0x0420, 0x03C1, 0x03A1: 0x70
        case 0x0455: 0x73
        case 0x0442, 0x0422, 0x03C4, 0x03A4: 0x74
        case 0x0445, 0x0425, 0x03C7, 0x03A7: 0x78
        case 0x0443, 0x0423, 0x03C5, 0x03A5: 0x79
        case 0x043D, 0x041D, 0x0397: 0x68
        case 0x0412: 0x62
        default: nil
        }
    }

    /// Whether it is a letter of some script, which is then not Latin.
    static func isForeignLetter(_ value: UInt32) -> Bool {
        value >= 0x180 && (Unicode.Scalar(value)?.properties.isAlphabetic ?? false)
    }

    /// U+00C0 to U+00FF; the two signs among them are empty.
    private static let latin1: [[UInt8]] = {
        let half = [
            "a", "a", "a", "a", "ae", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i", "d", "n", "o", "o", "o",
            "o", "oe", "", "o", "u", "u", "u", "ue", "y", "th", "ss",
        ]
        var small = half
        small[31] = "y"
        return (half + small).map { Array($0.utf8) }
    }()

    /// U+0100 to U+017F.
    private static let latinExtended: [UInt8] = {
        let runs: [(Character, Int)] = [
            ("a", 6), ("c", 8), ("d", 4), ("e", 10), ("g", 8), ("h", 4), ("i", 12), ("j", 2), ("k", 3), ("l", 10),
            ("n", 9), ("o", 8), ("r", 6), ("s", 8), ("t", 6), ("u", 12), ("w", 2), ("y", 3), ("z", 6), ("s", 1),
        ]
        return runs.flatMap { Array(repeating: $0.asciiValue ?? 0x20, count: $1) }
    }()
}
