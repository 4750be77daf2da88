internal import Outreach

/// A template's text as the review reads it: Liquid is blotted out, byte for byte, so that what is left is Markdown or
/// HTML and every position is still the position in the file.
struct TemplateSource {
    /// Replaces each byte of Liquid: not a letter, a space or markup.
    static let blot = UInt8(0x01)

    let original: [UInt8]
    /// The same number of bytes, without Liquid.
    let bytes: [UInt8]
    var text: String { String(decoding: bytes, as: UTF8.self) }

    init(_ source: String) {
        original = Array(source.utf8)
        bytes = Self.blotted(original)
    }

    /// The line and column of a byte, as an editor counts them.
    func position(_ offset: Int) -> Position {
        let before = original[..<min(offset, original.count)]
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let column = String(decoding: original[lineStart..<before.endIndex], as: UTF8.self).count + 1
        return Position(line: before.count { $0 == 0x0A } + 1, column: column)
    }

    private static func blotted(_ source: [UInt8]) -> [UInt8] {
        var out = source
        var index = 0
        var commentDepth = 0
        while index + 1 < source.count {
            guard source[index] == UInt8(ascii: "{"),
                [UInt8(ascii: "{"), UInt8(ascii: "%")].contains(source[index + 1])
            else {
                // Comments in a template are not for mail programs.
                if commentDepth > 0, source[index] != 0x0A { out[index] = 0x20 }
                index += 1
                continue
            }
            let closing: [UInt8] = [
                source[index + 1] == UInt8(ascii: "%") ? UInt8(ascii: "%") : UInt8(ascii: "}"), 0x7D,
            ]
            var end = index + 2
            while end + 1 < source.count, source[end] != closing[0] || source[end + 1] != closing[1] { end += 1 }
            end = min(end + 2, source.count)
            let words = String(decoding: source[index..<end], as: UTF8.self).split { "{%-} \n\t".contains($0) }
            if words.first == "comment" { commentDepth += 1 }
            if words.first == "endcomment" { commentDepth = max(0, commentDepth - 1) }
            for place in index..<end where source[place] != 0x0A { out[place] = blot }
            index = end
        }
        return out
    }
}
