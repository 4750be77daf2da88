extension Unicode.Scalar {
    /// Controls (but for tab and line feed) and noncharacters: what no text that people read has in it.
    package var isForbiddenInText: Bool {
        switch value {
        case 0x09, 0x0A: false
        case 0x00...0x1F, 0x7F...0x9F, 0xFDD0...0xFDEF: true
        default: value & 0xFFFE == 0xFFFE
        }
    }
}

extension String {
    /// Without what `isForbiddenInText`, with line ends as line feeds.
    package var cleanedText: String {
        if utf8.allSatisfy({ ($0 >= 0x20 && $0 < 0x7F) || $0 == 0x0A }) { return self }
        var out = String.UnicodeScalarView()
        var lastWasReturn = false
        for scalar in unicodeScalars {
            if scalar == "\r" {
                out.append("\n")
            } else if scalar == "\n" {
                if !lastWasReturn { out.append(scalar) }
            } else if !scalar.isForbiddenInText {
                out.append(scalar)
            }
            lastWasReturn = scalar == "\r"
        }
        return String(out)
    }

    /// On one line: each run of line ends, controls and white space is one space. For subjects and the like, which come
    /// from product names and other texts that anybody may have written.
    package var onOneLine: String {
        var out = String.UnicodeScalarView()
        var owesSpace = false
        for scalar in unicodeScalars {
            // These turn the reading direction until further notice, beyond the end of the text they stand in (UAX 9,
            // 2).
            if (0x202A...0x202E).contains(scalar.value) || (0x2066...0x206F).contains(scalar.value) { continue }
            if scalar.properties.isWhitespace && scalar != "\u{A0}" || scalar.isForbiddenInText {
                owesSpace = !out.isEmpty
            } else {
                if owesSpace { out.append(" ") }
                owesSpace = false
                out.append(scalar)
            }
        }
        return String(out)
    }
}
