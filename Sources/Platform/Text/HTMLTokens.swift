/// The tags and texts of an HTML page, one after the other. Comments, doctypes, scripts and styles are passed over;
/// references in text and attributes are read.
package struct HTMLTokens {
    package enum Token: Equatable {
        case text(String)
        /// `closes` for `<br/>`.
        case open(String, [String: String], closes: Bool)
        case close(String)
        /// An element whose content is no markup, passed over to its end: `script`, `style`, `title`, …; `content` is
        /// where it stands in the bytes.
        case raw(String, [String: String], content: Range<Int>)
    }

    private let bytes: [UInt8]
    private var index = 0
    /// The byte at which the last token begins.
    package private(set) var start = 0

    package init(_ html: String) { bytes = Array(html.utf8) }

    package init(bytes: [UInt8]) { self.bytes = bytes }

    /// The next one, or nil at the end.
    package mutating func next() -> Token? {
        while index < bytes.count {
            start = index
            guard bytes[index] == UInt8(ascii: "<") else {
                while index < bytes.count, bytes[index] != UInt8(ascii: "<") { index += 1 }
                return .text(Self.readingReferences(bytes[start..<index]))
            }
            let after = index + 1 < bytes.count ? bytes[index + 1] : 0
            if after == UInt8(ascii: "!") || after == UInt8(ascii: "?") {
                skipDeclaration()
            } else if after == UInt8(ascii: "/"), index + 2 < bytes.count, Self.isLetter(bytes[index + 2]) {
                index += 2
                let name = readName()
                skip(past: UInt8(ascii: ">"))
                return .close(name)
            } else if Self.isLetter(after) {
                index += 1
                return openTag()
            } else {
                index += 1
                return .text("<")
            }
        }
        return nil
    }

    private mutating func openTag() -> Token {
        let name = readName()
        var attributes: [String: String] = [:]
        var closes = false
        while index < bytes.count, bytes[index] != UInt8(ascii: ">") {
            let byte = bytes[index]
            if byte == UInt8(ascii: "/") || Self.isSpace(byte) {
                closes = byte == UInt8(ascii: "/")
                index += 1
                continue
            }
            closes = false
            let start = index
            index += 1
            while index < bytes.count, !Self.isSpace(bytes[index]), bytes[index] != UInt8(ascii: "="),
                bytes[index] != UInt8(ascii: ">"), bytes[index] != UInt8(ascii: "/")
            {
                index += 1
            }
            let key = String(decoding: bytes[start..<index], as: UTF8.self).lowercased()
            while index < bytes.count, Self.isSpace(bytes[index]) { index += 1 }
            var value = ""
            if index < bytes.count, bytes[index] == UInt8(ascii: "=") {
                index += 1
                value = readValue()
            }
            if attributes.count < 64, attributes[key] == nil { attributes[key] = value }
        }
        index = min(index + 1, bytes.count)
        if name == "script" || name == "style" || name == "title" || name == "textarea" || name == "xmp" {
            let begin = index
            return .raw(name, attributes, content: begin..<max(begin, skipRawText(of: name)))
        }
        return .open(name, attributes, closes: closes)
    }

    private mutating func readValue() -> String {
        while index < bytes.count, Self.isSpace(bytes[index]) { index += 1 }
        guard index < bytes.count else { return "" }
        let quote = bytes[index]
        let start: Int
        if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
            index += 1
            start = index
            while index < bytes.count, bytes[index] != quote { index += 1 }
            defer { index = min(index + 1, bytes.count) }
            return Self.readingReferences(bytes[start..<index])
        }
        start = index
        while index < bytes.count, !Self.isSpace(bytes[index]), bytes[index] != UInt8(ascii: ">") { index += 1 }
        return Self.readingReferences(bytes[start..<index])
    }

    private mutating func readName() -> String {
        let start = index
        while index < bytes.count, !Self.isSpace(bytes[index]), bytes[index] != UInt8(ascii: ">"),
            bytes[index] != UInt8(ascii: "/")
        {
            index += 1
        }
        return String(decoding: bytes[start..<index].prefix(32), as: UTF8.self).lowercased()
    }

    private mutating func skip(past byte: UInt8) {
        while index < bytes.count, bytes[index] != byte { index += 1 }
        index = min(index + 1, bytes.count)
    }

    private mutating func skipDeclaration() {
        if bytes[index...].starts(with: "<!--".utf8) {
            index += 4
            while index < bytes.count, !bytes[index...].starts(with: "-->".utf8) { index += 1 }
            index = min(index + 3, bytes.count)
        } else {
            skip(past: UInt8(ascii: ">"))
        }
    }

    /// Passes over what has no tags in it, up to and with its own end tag; says where that begins.
    private mutating func skipRawText(of name: String) -> Int {
        let end = Array(("</" + name).utf8)
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "<"), index + end.count <= bytes.count,
                zip(bytes[index..<(index + end.count)], end).allSatisfy({ $0 == $1 || $0 | 0x20 == $1 })
            {
                let end = index
                skip(past: UInt8(ascii: ">"))
                return end
            }
            index += 1
        }
        return index
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0C || byte == 0x0D
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

    // MARK: - References

    /// The text with `&amp;`, `&#8217;` and `&#x2019;` read. An unknown name stays as it is.
    package static func readingReferences(_ bytes: ArraySlice<UInt8>) -> String {
        guard bytes.contains(UInt8(ascii: "&")) else { return String(decoding: bytes, as: UTF8.self) }
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if bytes[index] == UInt8(ascii: "&"),
                let end = bytes[index...].prefix(34).firstIndex(of: UInt8(ascii: ";")),
                let text = reference(String(decoding: bytes[(index + 1)..<end], as: UTF8.self))
            {
                out += Array(text.utf8)
                index = end + 1
            } else {
                out.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func reference(_ name: String) -> String? {
        if name.hasPrefix("#") {
            let digits = name.dropFirst()
            let value =
                digits.first == "x" || digits.first == "X" ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
            guard let value, let scalar = Unicode.Scalar(value), !scalar.isForbiddenInText else { return nil }
            return String(scalar)
        }
        return named[name]
    }

    /// The names that mails use: HTML 4's Latin 1 and punctuation.
    private static let named: [String: String] = {
        var names = [
            "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "ndash": "–", "mdash": "—", "lsquo": "‘",
            "rsquo": "’", "sbquo": "‚", "ldquo": "“", "rdquo": "”", "bdquo": "„", "bull": "•", "hellip": "…",
            "euro": "€", "trade": "™", "larr": "←", "uarr": "↑", "rarr": "→", "darr": "↓", "zwnj": "\u{200C}",
            "zwj": "\u{200D}", "shy": "\u{AD}", "ensp": " ", "emsp": " ", "thinsp": " ", "lsaquo": "‹", "rsaquo": "›",
            "check": "✓", "star": "☆", "hearts": "♥", "OElig": "Œ", "oelig": "œ", "Scaron": "Š", "scaron": "š",
            "Yuml": "Ÿ", "minus": "−", "ne": "≠", "le": "≤", "ge": "≥", "infin": "∞",
        ]
        // U+00A0 to U+00FF in their order.
        let latin =
            "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 "
            + "acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml "
            + "Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde "
            + "Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig "
            + "ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide "
            + "oslash ugrave uacute ucirc uuml yacute thorn yuml"
        for (offset, name) in latin.split(separator: " ").enumerated() {
            names[String(name)] = Unicode.Scalar(UInt32(0xA0 + offset)).map { String($0) }
        }
        return names
    }()
}
