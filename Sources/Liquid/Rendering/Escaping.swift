/// Escaping of values for their destination.
///
/// A value is somebody else's text: a shopper's name, a carrier's words, a product's title. Wherever it is printed, it
/// must stay plain words. In HTML that means entities, and in a followed attribute (`href`) also that the value cannot
/// add a scheme that runs something. In Markdown any punctuation that could start a structure becomes an entity, which
/// works in text, link addresses and raw HTML alike. In a header it means one line.
enum Escaping {
    /// Whether a byte is special in some destination.
    static func isActive(_ byte: UInt8) -> Bool {
        !(byte.isWord || byte == 0x20 || byte >= 0x80 || byte == 0x2C || byte == 0x2F || byte == 0x3F || byte == 0x3B)
    }

    /// Text escaped for the middle of a destination.
    static func escaped(_ text: String, _ destination: Destination) -> String {
        var out: [UInt8] = []
        write(text, destination, [], to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    static func write(
        _ value: Value, _ destination: Destination, _ surroundings: Surroundings, to out: inout [UInt8],
        limit: Int = .max, depth: Int = 0
    ) {
        switch value {
        case .string(let text): write(text, destination, surroundings, to: &out)
        case .safe(let safe):
            if safe.destination == destination {
                // The first space would end it, and the rest would be attributes.
                if destination == .html, surroundings.contains(.unquoted) {
                    unquoted(safe.text, to: &out)
                } else {
                    out.append(contentsOf: safe.text.utf8)
                }
            } else {
                write(safe.text, destination, surroundings, to: &out)
            }
        case .array(let elements):
            guard depth < 64 else { return }
            for element in elements {
                if out.count > limit { return }
                write(element, destination, surroundings, to: &out, limit: limit, depth: depth + 1)
            }
        case .drop(let drop):
            guard depth < 64 else { return }
            write(drop.plain ?? drop.printed, destination, surroundings, to: &out, limit: limit, depth: depth + 1)
        case .null: break
        case .int: value.write(to: &out)
        default:
            var text: [UInt8] = []
            value.write(to: &text, limit: limit)
            write(String(decoding: text, as: UTF8.self), destination, surroundings, to: &out)
        }
    }

    private static func write(
        _ text: String, _ destination: Destination, _ surroundings: Surroundings, to out: inout [UInt8]
    ) {
        var text = text
        switch destination {
        case .html, .markdown, .header: text = BidiControls.removed(from: text)
        case .none, .url, .json: break
        }
        text.withUTF8 { bytes in
            switch destination {
            case .none: out.append(contentsOf: bytes)
            case .html:
                if surroundings.contains(.link), hasForeignScheme(bytes) {
                    out.append(UInt8(ascii: "#"))
                } else {
                    html(bytes, isUnquoted: !surroundings.isDisjoint(with: [.unquoted, .bare]), to: &out)
                }
            case .markdown:
                if surroundings.contains(.link), hasForeignScheme(bytes) {
                    out.append(UInt8(ascii: "#"))
                } else if surroundings.contains(.address) {
                    address(bytes, to: &out)
                } else {
                    markdown(bytes, to: &out)
                }
            case .header: header(bytes, to: &out)
            case .url: percent(bytes, to: &out)
            case .json: json(Array(bytes), to: &out)
            }
        }
    }

    private static func append(_ text: StaticString, to out: inout [UInt8]) {
        out.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Markup as the value of an unquoted attribute.
    private static func unquoted(_ text: String, to out: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case 0x09...0x0D, 0x20: append("&#32;", to: &out)
            case UInt8(ascii: ">"): append("&gt;", to: &out)
            case UInt8(ascii: "\""): append("&quot;", to: &out)
            case UInt8(ascii: "'"): append("&#39;", to: &out)
            case UInt8(ascii: "`"): append("&#96;", to: &out)
            case UInt8(ascii: "="): append("&#61;", to: &out)
            default: out.append(byte)
            }
        }
    }

    private static func html(_ bytes: UnsafeBufferPointer<UInt8>, isUnquoted: Bool, to out: inout [UInt8]) {
        var start = 0
        for (index, byte) in bytes.enumerated() {
            let entity: StaticString
            switch byte {
            case UInt8(ascii: "<"): entity = "&lt;"
            case UInt8(ascii: ">"): entity = "&gt;"
            case UInt8(ascii: "&"): entity = "&amp;"
            case UInt8(ascii: "\""): entity = "&quot;"
            case UInt8(ascii: "'"): entity = "&#39;"
            case 0: entity = "\u{FFFD}"
            case 0x20 where isUnquoted: entity = "&#32;"
            case 0x09...0x0D where isUnquoted: entity = "&#32;"
            case UInt8(ascii: "`") where isUnquoted: entity = "&#96;"
            case UInt8(ascii: "=") where isUnquoted: entity = "&#61;"
            default: continue
            }
            out.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start..<index]))
            append(entity, to: &out)
            start = index + 1
        }
        out.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start...]))
    }

    private static func markdown(_ bytes: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) {
        for byte in bytes {
            switch byte {
            case 0x09...0x0D: out.append(0x20)
            case 0: append("\u{FFFD}", to: &out)
            case UInt8(ascii: "<"): append("&lt;", to: &out)
            case UInt8(ascii: ">"): append("&gt;", to: &out)
            case UInt8(ascii: "&"): append("&amp;", to: &out)
            case UInt8(ascii: "\""): append("&quot;", to: &out)
            case UInt8(ascii: ","), UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: ";"), UInt8(ascii: "%"),
                UInt8(ascii: "$"), 0x20:
                out.append(byte)
            default:
                if byte < 0x80, byte >= 0x21, !byte.isWord || byte == 0x5F {
                    append("&#", to: &out)
                    out.append(contentsOf: String(byte).utf8)
                    out.append(UInt8(ascii: ";"))
                } else {
                    out.append(byte)
                }
            }
        }
    }

    /// Inside the parentheses of a Markdown link: spaces, and anything that would end the address, are percent-encoded.
    private static func address(_ bytes: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) {
        for byte in bytes {
            switch byte {
            case 0...0x20, 0x7F, UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "<"), UInt8(ascii: ">"),
                UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "`"), UInt8(ascii: "["), UInt8(ascii: "]"),
                UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "|"), UInt8(ascii: "^"), UInt8(ascii: "'"),
                UInt8(ascii: "*"):
                percent(byte, to: &out)
            case UInt8(ascii: "&"): append("&amp;", to: &out)
            case UInt8(ascii: "_"): append("&#95;", to: &out)
            default: out.append(byte)
            }
        }
    }

    private static func header(_ bytes: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) {
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte < 0x20 || byte == 0x7F {
                // A two-character line end becomes one space.
                if !(byte == 0x0A && index > 0 && bytes[index - 1] == 0x0D) { out.append(0x20) }
            } else if byte == 0xC2, index + 1 < bytes.count, bytes[index + 1] < 0xA0 {
                out.append(0x20)
                index += 1
            } else if byte == 0xE2, index + 2 < bytes.count, bytes[index + 1] == 0x80,
                bytes[index + 2] == 0xA8 || bytes[index + 2] == 0xA9
            {
                out.append(0x20)
                index += 2
            } else {
                out.append(byte)
            }
            index += 1
        }
    }

    private static func percent(_ byte: UInt8, to out: inout [UInt8]) {
        let digits = Array("0123456789ABCDEF".utf8)
        out.append(UInt8(ascii: "%"))
        out.append(digits[Int(byte >> 4)])
        out.append(digits[Int(byte & 15)])
    }

    /// RFC 3986: encodes all but the unreserved characters.
    static func percent(_ bytes: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) {
        for byte in bytes { unreserved(byte, to: &out) }
    }

    static func unreserved(_ byte: UInt8, to out: inout [UInt8]) {
        if byte.isWord || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "~") {
            out.append(byte)
        } else {
            percent(byte, to: &out)
        }
    }

    static func json(_ bytes: [UInt8], to out: inout [UInt8]) {
        for byte in bytes {
            switch byte {
            case 0x22: append("\\\"", to: &out)
            case 0x5C: append("\\\\", to: &out)
            case 0x0A: append("\\n", to: &out)
            case 0x0D: append("\\r", to: &out)
            case 0x09: append("\\t", to: &out)
            case 0..<0x20:
                append("\\u00", to: &out)
                let digits = Array("0123456789abcdef".utf8)
                out.append(digits[Int(byte >> 4)])
                out.append(digits[Int(byte & 15)])
            case UInt8(ascii: "<"): append("\\u003c", to: &out)
            default: out.append(byte)
            }
        }
    }

    /// Whether an address begins with a scheme that a mail may not link to. Browsers skip spaces and control characters
    /// in a scheme, so we do too.
    private static func hasForeignScheme(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var scheme: [UInt8] = []
        for byte in bytes {
            if byte <= 0x20 || byte == 0x7F { continue }
            if byte == UInt8(ascii: ":") {
                let name = String(decoding: scheme, as: UTF8.self)
                return !["http", "https", "mailto", "tel", "sms", "cid"].contains(name)
            }
            if byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#") { return false }
            scheme.append(byte | 0x20)
            if scheme.count > 64 { return false }
        }
        return false
    }
}

extension Parser {
    private static let linkAttributes: Set<String> = [
        "href", "src", "action", "formaction", "background", "poster", "cite", "data", "srcset", "xlink:href",
    ]

    /// How many bytes before an output are examined: nobody writes a longer HTML tag by hand.
    private static let reach = 1_000

    /// What the bytes before an output say about its place: Liquid tags print nothing, and an output counts as a
    /// letter.
    func surroundings(before start: Int) -> Surroundings {
        let floor = max(0, start - Parser.reach)
        var found: Surroundings = []
        var back = start - 1
        while back >= floor {
            if source[back] == 0x7D, back > floor, source[back - 1] == 0x25 || source[back - 1] == 0x7D,
                let open = opening(before: back, floor, source[back - 1])
            {
                back = open - 1
                continue
            }
            if source[back] == 0x3E { break }
            if source[back] == 0x3C {
                if back + 1 < start, source[back + 1].isLetter || source[back + 1] == 0x2F { found.insert(.tag) }
                break
            }
            back -= 1
        }
        guard start > 0 else { return found }
        if found.contains(.tag) { return found.union(attribute(from: back + 1, to: start)) }
        // `](`, or further on in its address.
        var at = start
        while at >= 4, source[at - 1] == 0x7D, source[at - 2] == 0x25, let open = opening(before: at - 1, floor, 0x25) {
            at = open
        }
        guard at > 0 else { return found }
        var address = at - 1
        while address > floor, !source[address].isSpace, source[address] != 0x28 { address -= 1 }
        if address > 0, source[address] == 0x28, source[address - 1] == 0x5D {
            found.insert(.address)
            if address == at - 1 || (address == at - 2 && source[at - 1] == 0x3C) { found.insert(.link) }
        }
        return found
    }

    /// The start of the Liquid tag or output whose last byte is at `close`.
    private func opening(before close: Int, _ floor: Int, _ sign: UInt8) -> Int? {
        var open = close - 3
        let second: UInt8 = sign == 0x25 ? 0x25 : 0x7B
        while open >= floor {
            if source[open] == 0x7B, source[open + 1] == second { return open }
            open -= 1
        }
        return nil
    }

    /// The kind of place inside an HTML tag whose name begins at `from`.
    private func attribute(from: Int, to: Int) -> Surroundings {
        enum Place { case name, value, quoted(UInt8), start }
        var place = Place.name
        var name = from..<from
        var isNaming = false
        var isEmpty = true
        var at = from
        while at < to {
            var byte = source[at]
            if byte == 0x7B, at + 1 < to, source[at + 1] == 0x25 || source[at + 1] == 0x7B {
                let last: UInt8 = source[at + 1] == 0x25 ? 0x25 : 0x7D
                let isOutput = last == 0x7D
                at += 2
                while at < to, !(source[at - 1] == last && source[at] == 0x7D) { at += 1 }
                at += 1
                if !isOutput { continue }
                // An output counts as a letter.
                byte = 0x78
                if case .name = place {
                    isNaming = true
                    name = to..<to
                }
            } else {
                at += 1
            }
            switch place {
            case .name:
                if byte == 0x3D {
                    place = .start
                    isEmpty = true
                } else if byte.isSpace || byte == 0x2F {
                    isNaming = false
                } else if isNaming {
                    name = min(name.lowerBound, at - 1)..<at
                } else {
                    isNaming = true
                    name = at - 1..<at
                }
            case .start:
                if byte == 0x22 || byte == 0x27 {
                    place = .quoted(byte)
                } else if !byte.isSpace {
                    place = .value
                    isEmpty = false
                }
            case .value:
                if byte.isSpace {
                    place = .name
                    isNaming = false
                }
            case .quoted(let quote):
                if byte == quote {
                    place = .name
                    isNaming = false
                } else if !byte.isSpace {
                    isEmpty = false
                }
            }
        }
        var found: Surroundings = []
        switch place {
        case .name: return .bare
        case .start, .value: found.insert(.unquoted)
        case .quoted: break
        }
        if isEmpty, name.upperBound <= to,
            Parser.linkAttributes.contains(text(name.lowerBound, name.upperBound).lowercased())
        {
            found.insert(.link)
        }
        return found
    }
}

/// The invisible characters that change the reading direction of the text after them, until they or the paragraph end
/// (Unicode Standard Annex 9, 2). In a value they would reverse the author's words: a shopper called "\u{202E}Ada"
/// garbles the rest of the line. Right-to-left letters need none of them.
enum BidiControls {
    /// Whether a scalar is a direction mark, an embedding, an override, an isolate, or the end of one.
    static func contains(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x61C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x206F: true
        default: false
        }
    }

    static func removed(from text: String) -> String {
        // Their first bytes in UTF-8.
        guard text.utf8.contains(where: { $0 == 0xE2 || $0 == 0xD8 }), text.unicodeScalars.contains(where: contains)
        else { return text }
        var kept = String.UnicodeScalarView()
        kept.append(contentsOf: text.unicodeScalars.filter { !contains($0) })
        return String(kept)
    }
}
