// Filters that join or split texts. If the output is escaped, safe text stays safe: anything added to it is escaped
// first.

extension Renderer {
    func markup(_ call: Call) throws(RenderError) -> Value {
        var input = call.input
        if case .drop(let drop) = input, let plain = drop.plain { input = plain }
        var isSafe = false
        if isEscaping {
            if isSafeHere(input) { isSafe = true }
            switch call.filter.name {
            case .append, .prepend: if isSafeHere(call[0]) { isSafe = true }
            case .join:
                if let elements = input.listElements, elements.contains(where: isSafeHere) || isSafeHere(call[0]) {
                    isSafe = true
                }
            default: break
            }
        }
        func plain(_ value: Value) -> String {
            guard isSafe else { return value.filterText }
            if case .safe(let safe) = value, safe.destination == options.destination { return safe.text }
            return Escaping.escaped(value.filterText, options.destination)
        }
        func made(_ bytes: [UInt8]) -> Value { made(String(decoding: bytes, as: UTF8.self)) }
        func made(_ text: String) -> Value {
            isSafe ? .safe(SafeText(text, for: options.destination)) : .string(text)
        }

        switch call.filter.name {
        case .append:
            let (a, b) = (plain(input), plain(call[0]))
            try checkSize(a.utf8.count + b.utf8.count)
            return made(a + b)
        case .prepend:
            let (a, b) = (plain(input), plain(call[0]))
            try checkSize(a.utf8.count + b.utf8.count)
            return made(b + a)
        case .replace, .remove:
            return made(try replaced(plain(input), plain(call[0]), call.has(1) ? plain(call[1]) : "", first: false))
        case .replace_first, .remove_first:
            return made(try replaced(plain(input), plain(call[0]), call.has(1) ? plain(call[1]) : "", first: true))
        case .replace_last, .remove_last:
            let bytes = Array(plain(input).utf8)
            let part = Array(plain(call[0]).utf8)
            guard let found = Bytes.findLast(part, in: bytes) else { return isSafe ? input : made(bytes) }
            let new = call.has(1) ? Array(plain(call[1]).utf8) : []
            try checkSize(bytes.count - part.count + new.count)
            return made(Array(bytes[..<found]) + new + Array(bytes[(found + part.count)...]))
        case .strip: return made(Bytes.stripped(plain(input), leading: true, trailing: true))
        case .lstrip: return made(Bytes.stripped(plain(input), leading: true, trailing: false))
        case .squish:
            if input.isNull { return .null }
            let words = plain(input).utf8.split(whereSeparator: \.isSpace)
            return made(
                Bytes.stripped(
                    String(decoding: Array(words.joined(separator: [0x20])), as: UTF8.self), leading: true,
                    trailing: true))
        case .rstrip: return made(Bytes.stripped(plain(input), leading: false, trailing: true))
        case .strip_newlines: return made(Bytes.lines(plain(input), joined: []))
        case .newline_to_br:
            if options.destination == .html && !isSafe {
                let escaped = Escaping.escaped(input.filterText, .html)
                let text = String(decoding: Bytes.lines(escaped, joined: Array("<br />\n".utf8)), as: UTF8.self)
                return .safe(SafeText(text, for: .html))
            }
            return made(Bytes.lines(plain(input), joined: Array("<br />\n".utf8)))
        case .split:
            guard let pieces = Bytes.split(plain(input), plain(call[0]), most: options.limits.outputBytes / 24) else {
                throw tooMuch()
            }
            return .array(pieces.map { made($0) })
        case .join:
            let glue = call.has(0) ? plain(call[0]) : " "
            var out: [UInt8] = []
            var isFirst = true
            for element in try elements(input) {
                if !isFirst { out.append(contentsOf: glue.utf8) }
                isFirst = false
                let text = isSafe ? plain(element) : element.listElements == nil ? element.text : element.text
                out.append(contentsOf: text.utf8)
                try checkSize(out.count)
            }
            return made(out)
        case .strip_html: return made(Bytes.withoutTags(plain(input)))
        case .escape, .h:
            if input.isNull { return .null }
            if isSafe { return input }
            let escaped = Escaping.escaped(input.filterText, .html)
            return options.destination == .html ? .safe(SafeText(escaped, for: .html)) : .string(escaped)
        default:
            if isSafe { return input }
            let escaped = String(
                decoding: Bytes.escapedOnce(
                    isEscaping ? BidiControls.removed(from: input.filterText) : input.filterText,
                    keepsMarks: !isEscaping), as: UTF8.self)
            return options.destination == .html ? .safe(SafeText(escaped, for: .html)) : .string(escaped)
        }
    }

    private func isSafeHere(_ value: Value) -> Bool {
        if case .safe(let safe) = value { return safe.destination == options.destination }
        return false
    }

    private func replaced(_ text: String, _ part: String, _ new: String, first: Bool) throws(RenderError) -> String {
        let bytes = Array(text.utf8)
        let part = Array(part.utf8)
        let new = try Bytes.replacement(Array(new.utf8), for: part)
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        if part.isEmpty {
            // Before each character and at the end.
            out.append(contentsOf: new)
            for (index, byte) in bytes.enumerated() {
                let startsCharacter = byte & 0xC0 != 0x80
                if index > 0 && startsCharacter && !first { out.append(contentsOf: new) }
                out.append(byte)
                if out.count > options.limits.outputBytes { try checkSize(out.count) }
            }
            if !first && !bytes.isEmpty { out.append(contentsOf: new) }
            return String(decoding: out, as: UTF8.self)
        }
        var at = 0
        while let found = Bytes.find(part, in: bytes, from: at) {
            out.append(contentsOf: bytes[at..<found])
            out.append(contentsOf: new)
            at = found + part.count
            try checkSize(out.count)
            if first { break }
        }
        if at == 0 { return text }
        out.append(contentsOf: bytes[at...])
        return String(decoding: out, as: UTF8.self)
    }
}

extension Bytes {
    /// In Ruby's `gsub`, `\0` and `\\` in the replacement mean the match and a backslash. There are no groups, so `\1`
    /// to `\9` are empty.
    static func replacement(_ new: [UInt8], for part: [UInt8]) throws(RenderError) -> [UInt8] {
        guard new.contains(0x5C) else { return new }
        var out: [UInt8] = []
        var index = 0
        while index < new.count {
            guard new[index] == 0x5C, index + 1 < new.count else {
                out.append(new[index])
                index += 1
                continue
            }
            let next = new[index + 1]
            switch next {
            case UInt8(ascii: "0"), UInt8(ascii: "&"): out.append(contentsOf: part)
            case UInt8(ascii: "1")...UInt8(ascii: "9"): break
            case 0x5C: out.append(0x5C)
            default:
                out.append(0x5C)
                out.append(next)
            }
            index += 2
        }
        return out
    }

    static func stripped(_ text: String, leading: Bool, trailing: Bool) -> String {
        var bytes = Array(text.utf8)[...]
        if leading { while let first = bytes.first, first.isRubySpace { bytes.removeFirst() } }
        if trailing { while let last = bytes.last, last.isRubySpace { bytes.removeLast() } }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The text with each line end replaced.
    static func lines(_ text: String, joined glue: [UInt8]) -> [UInt8] {
        let bytes = Array(text.utf8)
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        for (index, byte) in bytes.enumerated() {
            if byte == 0x0D, index + 1 < bytes.count, bytes[index + 1] == 0x0A { continue }
            if byte == 0x0A {
                out.append(contentsOf: glue)
            } else {
                out.append(byte)
            }
        }
        return out
    }

    /// Ruby's `split`: at spaces for `" "`, into characters for `""`, without empty pieces at the end. Nil if there are
    /// more than `most` pieces.
    static func split(_ text: String, _ pattern: String, most: Int) -> [String]? {
        var pieces: [String] = []
        if pattern == " " {
            let words = text.utf8.split(maxSplits: most, whereSeparator: \.isRubySpace)
            return words.count > most ? nil : words.map { String(decoding: $0, as: UTF8.self) }
        }
        if pattern.isEmpty {
            guard text.utf8.count <= most || text.unicodeScalars.count <= most else { return nil }
            return text.unicodeScalars.map { String($0) }
        }
        let bytes = Array(text.utf8)
        let part = Array(pattern.utf8)
        var at = 0
        while let found = find(part, in: bytes, from: at) {
            if pieces.count >= most { return nil }
            pieces.append(String(decoding: bytes[at..<found], as: UTF8.self))
            at = found + part.count
        }
        pieces.append(String(decoding: bytes[at...], as: UTF8.self))
        while pieces.last?.isEmpty == true { pieces.removeLast() }
        return pieces
    }

    /// Without comments, scripts, styles and tags.
    static func withoutTags(_ text: String) -> [UInt8] {
        var bytes = Array(text.utf8)
        guard bytes.contains(0x3C) else { return bytes }
        var out: [UInt8] = []
        var at = 0
        // An opening without a closing here has none later either.
        var unclosed: Set<String> = []
        blocks: while at < bytes.count {
            if bytes[at] == 0x3C {
                for (open, close) in [("<script", "</script>"), ("<!--", "-->"), ("<style", "</style>")]
                where !unclosed.contains(close) && bytes[at...].starts(with: open.utf8) {
                    let close = Array(close.utf8)
                    if let end = find(close, in: bytes, from: at + open.utf8.count) {
                        at = end + close.count
                        continue blocks
                    }
                    unclosed.insert(String(decoding: close, as: UTF8.self))
                }
            }
            out.append(bytes[at])
            at += 1
        }
        bytes = out
        out = []
        at = 0
        var hasClose = true
        while at < bytes.count {
            if bytes[at] == 0x3C, hasClose {
                if let end = find([0x3E], in: bytes, from: at + 1) {
                    at = end + 1
                    continue
                }
                hasClose = false
            }
            out.append(bytes[at])
            at += 1
        }
        return out
    }

    /// Escaped as HTML, except entities already there; without `keepsMarks`, entities that change the reading direction
    /// are escaped too.
    static func escapedOnce(_ text: String, keepsMarks: Bool) -> [UInt8] {
        let bytes = Array(text.utf8)
        var out: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "<"): out.append(contentsOf: "&lt;".utf8)
            case UInt8(ascii: ">"): out.append(contentsOf: "&gt;".utf8)
            case UInt8(ascii: "\""): out.append(contentsOf: "&quot;".utf8)
            case UInt8(ascii: "'"): out.append(contentsOf: "&#39;".utf8)
            case UInt8(ascii: "&"):
                var end = index + 1
                if end < bytes.count, bytes[end] == UInt8(ascii: "#") {
                    end += 1
                    let start = end
                    while end < bytes.count, bytes[end].isDigit { end += 1 }
                    if end == start { end = bytes.count }
                } else {
                    let start = end
                    while end < bytes.count, bytes[end].isLetter { end += 1 }
                    if end == start { end = bytes.count }
                }
                var isEntity = end < bytes.count && bytes[end] == UInt8(ascii: ";")
                if isEntity, !keepsMarks {
                    let name = String(decoding: bytes[index + 1..<end], as: UTF8.self)
                    let scalar = name.hasPrefix("#") ? UInt32(name.dropFirst()).flatMap(Unicode.Scalar.init) : nil
                    isEntity = name != "lrm" && name != "rlm" && scalar.map(BidiControls.contains) != true
                }
                out.append(contentsOf: (isEntity ? "&" : "&amp;").utf8)
            default: out.append(byte)
            }
        }
        return out
    }
}
