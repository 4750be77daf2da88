// What a text (SMS) costs is counted in segments of 140 bytes (3GPP TS 23.038 and 23.040). A text in the GSM alphabet
// has 7 bits for each character: 160 in one segment, or 153 in each of several, since a header joins them. A single
// character outside of that alphabet turns the whole text into UCS-2: 70 in one segment, 67 in each of several. So
// quotation marks, dashes and the like are replaced by their plain forms where that keeps a text in the GSM alphabet.

internal import Foundation

/// The text of an SMS as it is sent, with what it takes up.
public struct TextMessage: Hashable, Sendable {
    /// How the characters are written.
    public enum Encoding: String, Hashable, Sendable {
        /// The default alphabet and its extension table, 7 bits each.
        case gsm7 = "GSM-7"
        /// Two bytes for each UTF-16 unit.
        case ucs2 = "UCS-2"
    }

    /// The text, without spaces at either end.
    public let text: String
    public let encoding: Encoding
    /// Septets, or UTF-16 units.
    public let units: Int
    /// How many segments it takes; 0 for an empty text.
    public let segments: Int

    /// `check` warns of a template that takes more segments than this for the standard order.
    public static let manySegments = 3
    /// What gateways accept at most: ten segments of GSM-7, which is Twilio's 1,600 characters.
    public static let mostUnits = 1_600

    /// A text, in the GSM alphabet if its plain form allows it.
    public init(_ words: String) {
        let words = words.precomposedStringWithCanonicalMapping.trimmingSpaces
        let plain = words.unicodeScalars.map { Self.plain[$0] ?? String($0) }.joined()
        if let septets = Self.septets(plain) {
            text = plain
            encoding = .gsm7
            units = septets.reduce(0, +)
            segments = Self.count(septets, alone: 160, part: 153)
        } else {
            text = words
            encoding = .ucs2
            let widths = words.unicodeScalars.map { $0.value > 0xFFFF ? 2 : 1 }
            units = widths.reduce(0, +)
            segments = Self.count(widths, alone: 70, part: 67)
        }
    }

    /// Rendered Markdown in the short plain form of an SMS.
    public static func shortForm(ofMarkdown markdown: String) -> String { ShortText.text(ofMarkdown: markdown) }

    /// `2 segments, GSM-7, 171 of 306`.
    public var size: String {
        let (alone, part) = encoding == .gsm7 ? (160, 153) : (70, 67)
        let room = segments > 1 ? segments * part : alone
        return "\(segments) \(segments == 1 ? "segment" : "segments"), \(encoding.rawValue), \(units) of \(room)"
    }

    /// The characters that only UCS-2 has, each once, in their order: why a text takes so many segments.
    public var costly: [Character] {
        guard encoding == .ucs2 else { return [] }
        var found: [Character] = []
        for character in text where !found.contains(character) {
            let plain = character.unicodeScalars.map { Self.plain[$0] ?? String($0) }.joined()
            if Self.septets(plain) == nil { found.append(character) }
        }
        return found
    }

    /// How many segments characters of these widths take. One that is two units wide is never torn apart.
    private static func count(_ widths: [Int], alone: Int, part: Int) -> Int {
        let units = widths.reduce(0, +)
        if units <= alone { return units == 0 ? 0 : 1 }
        var (segments, room) = (1, part)
        for width in widths {
            if width > room { (segments, room) = (segments + 1, part) }
            room -= width
        }
        return segments
    }

    /// The width of each character in the GSM alphabet; nil if one of them is not in it.
    private static func septets(_ text: String) -> [Int]? {
        var widths: [Int] = []
        for scalar in text.unicodeScalars {
            if basic.contains(scalar) {
                widths.append(1)
            } else if extended.contains(scalar) {
                widths.append(2)
            } else {
                return nil
            }
        }
        return widths
    }

    /// The default alphabet (3GPP TS 23.038, 6.2.1).
    private static let basic = Set(
        ("@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
            + "abcdefghijklmnopqrstuvwxyzäöñüà").unicodeScalars)
    /// The extension table (6.2.1.1), whose characters take two septets.
    private static let extended = Set("^{}\\[~]|€\u{0C}".unicodeScalars)

    /// Typographic characters and their plain forms.
    private static let plain: [Unicode.Scalar: String] = {
        let groups: [(String, String)] = [
            ("\u{2018}\u{2019}\u{201A}\u{201B}\u{2032}\u{02BC}`\u{00B4}\u{2039}\u{203A}", "'"),
            ("\u{201C}\u{201D}\u{201E}\u{201F}\u{2033}\u{00AB}\u{00BB}", "\""),
            ("\u{00D7}", "x"),
            ("\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2015}\u{2212}\u{2022}\u{00B7}", "-"), ("\u{2026}", "..."),
            ("\u{00A0}\u{2007}\u{2008}\u{2009}\u{200A}\u{202F}\t", " "),
            ("\u{200B}\u{200C}\u{200D}\u{2060}\u{FEFF}\u{00AD}\r", ""),
        ]
        var table: [Unicode.Scalar: String] = [:]
        for (scalars, plain) in groups { for scalar in scalars.unicodeScalars { table[scalar] = plain } }
        return table
    }()
}
