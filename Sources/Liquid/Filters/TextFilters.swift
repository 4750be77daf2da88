// Filters that turn one text into another.

extension Renderer {
    func text(_ call: Call) throws(RenderError) -> Value {
        let input = call.input
        switch call.filter.name {
        case .upcase: return .string(plain(input).uppercased())
        case .downcase: return .string(plain(input).lowercased())
        case .capitalize:
            let text = plain(input)
            guard let first = text.unicodeScalars.first else { return .string("") }
            return .string(
                first.properties.titlecaseMapping
                    + String(String.UnicodeScalarView(text.unicodeScalars.dropFirst())).lowercased())
        case .size: return size(input)
        case .truncate: return try truncate(call)
        case .truncatewords: return try truncateWords(call)
        case .slice: return try slice(call)
        case .url_encode:
            if input.settled.isNull { return .null }
            var out: [UInt8] = []
            for byte in plain(input).utf8 {
                if byte == 0x20 {
                    out.append(UInt8(ascii: "+"))
                } else {
                    Escaping.unreserved(byte, to: &out)
                }
            }
            return .string(String(decoding: out, as: UTF8.self))
        case .url_decode:
            if input.settled.isNull { return .null }
            let bytes = Array(plain(input).utf8)
            var out: [UInt8] = []
            var index = 0
            while index < bytes.count {
                if bytes[index] == UInt8(ascii: "+") {
                    out.append(0x20)
                } else if bytes[index] == UInt8(ascii: "%") {
                    // Ruby's CGI.unescape stops at a `%` with fewer than two characters after it and leaves the rest as
                    // it is.
                    guard index + 2 < bytes.count else {
                        out.append(contentsOf: bytes[index...])
                        break
                    }
                    if let high = bytes[index + 1].hexDigit, let low = bytes[index + 2].hexDigit {
                        out.append(high << 4 | low)
                        index += 2
                    } else {
                        out.append(bytes[index])
                    }
                } else {
                    out.append(bytes[index])
                }
                index += 1
            }
            guard let text = String(validating: out, as: UTF8.self) else {
                throw RenderError(.argument, "invalid byte sequence in UTF-8")
            }
            return .string(text)
        case .base64_encode: return .string(Base64.encode(Array(plain(input).utf8), Base64.plain))
        case .base64_url_safe_encode: return .string(Base64.encode(Array(plain(input).utf8), Base64.urlSafe))
        case .base64_decode, .base64_url_safe_decode:
            let isURLSafe = call.filter.name == .base64_url_safe_decode
            guard let bytes = Base64.decode(Array(plain(input).utf8), isURLSafe: isURLSafe) else {
                throw RenderError(.argument, "invalid base64 provided to \(call.filter.text)")
            }
            return .string(String(decoding: bytes, as: UTF8.self))
        case .handle, .handleize: return .string(handle(plain(input)))
        case .camelcase:
            let words = plain(input).split { $0 == "-" || $0 == "_" || $0 == " " }
            return .string(words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined())
        default:
            var out: [UInt8] = []
            input.writeJSON(to: &out, limit: options.limits.outputBytes)
            let text = String(decoding: out, as: UTF8.self)
            // In a JSON template it is a complete value, with its quotes.
            return options.destination == .json ? .safe(SafeText(text, for: .json)) : .string(text)
        }
    }

    /// The text of a value; for markup without tags, the words it shows.
    func plain(_ value: Value) -> String {
        guard case .safe(let safe) = value, safe.destination == .html, !safe.text.utf8.contains(0x3C) else {
            return value.filterText
        }
        return Bytes.unescaped(safe.text)
    }

    private func size(_ value: Value) -> Value {
        switch value.settled {
        case .string(let text): return .int(text.unicodeScalars.count)
        case .safe(let safe): return .int(safe.text.unicodeScalars.count)
        case .array(let elements): return .int(elements.count)
        case .object(let object): return .int(object.count)
        case .range(let first, let last): return .int(last < first ? 0 : last &- first &+ 1)
        case .int: return .int(8)
        case .drop(let drop): return .int(drop.elements?.count ?? 0)
        default: return .int(0)
        }
    }

    /// A text filter's whole-number argument.
    func integer(_ value: Value) throws(RenderError) -> Int {
        switch value.settled {
        case .int(let int): return int
        case .float(let double):
            // A whole number over 64 bits arrives as a float.
            guard double.magnitude >= 0x1p63 else { throw RenderError(.argument, "invalid integer") }
            return double < 0 ? .min : .max
        default:
            guard let int = value.text.strictInt else { throw RenderError(.argument, "invalid integer") }
            return int
        }
    }

    private func truncate(_ call: Call) throws(RenderError) -> Value {
        if call.input.settled.isNull { return .null }
        let text = plain(call.input)
        let length = call.has(0) ? try integer(call[0]) : 50
        let end = call.has(1) ? plain(call[1]) : "..."
        let scalars = text.unicodeScalars
        guard scalars.count > length else { return .string(text) }
        let kept = max(
            0,
            length.subtractingReportingOverflow(end.unicodeScalars.count).overflow
                ? 0 : length - end.unicodeScalars.count)
        return .string(String(String.UnicodeScalarView(scalars.prefix(kept))) + end)
    }

    private func truncateWords(_ call: Call) throws(RenderError) -> Value {
        if call.input.settled.isNull { return .null }
        let text = plain(call.input)
        var words = call.has(0) ? try integer(call[0]) : 15
        if words <= 0 { words = 1 }
        let end = call.has(1) ? plain(call[1]) : "..."
        let bytes = Array(text.utf8)
        var pieces: [String] = []
        var at = 0
        while at < bytes.count, bytes[at].isRubySpace { at += 1 }
        while at < bytes.count {
            if pieces.count == words {
                return .string(pieces.joined(separator: " ") + end)
            }
            var close = at
            while close < bytes.count, !bytes[close].isRubySpace { close += 1 }
            pieces.append(String(decoding: bytes[at..<close], as: UTF8.self))
            at = close
            while at < bytes.count, bytes[at].isRubySpace { at += 1 }
            if at == bytes.count, close < at, pieces.count == words {
                return .string(pieces.joined(separator: " ") + end)
            }
        }
        return .string(text)
    }

    private func slice(_ call: Call) throws(RenderError) -> Value {
        let offset = try integer(call[0])
        let length = call.has(1) && !call[1].settled.isNull ? try integer(call[1]) : 1
        func bounds(_ count: Int) -> Range<Int>? {
            let start = offset < 0 ? count.addingReportingOverflow(offset).partialValue : offset
            guard start >= 0, start <= count, length >= 0 else { return nil }
            return start..<start + min(length, count - start)
        }
        if let elements = call.input.listElements {
            guard let range = bounds(elements.count) else { return .array([]) }
            return .array(Array(elements[range]))
        }
        let scalars = Array(plain(call.input).unicodeScalars)
        guard let range = bounds(scalars.count) else { return .string("") }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars[range])
        return .string(String(text))
    }

    /// `Café & Thé` → `café-thé`.
    func handle(_ text: String) -> String {
        var out = ""
        var isPending = false
        for scalar in text.lowercased().unicodeScalars {
            if scalar.properties.isAlphabetic || scalar.properties.numericType != nil {
                if isPending && !out.isEmpty { out += "-" }
                isPending = false
                out.unicodeScalars.append(scalar)
            } else if scalar != "'" && scalar != "\"" {
                isPending = true
            }
        }
        return out
    }
}

extension UInt8 {
    /// The value of a hexadecimal digit; nil for any other byte.
    var hexDigit: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46, 0x61...0x66: (self | 0x20) - 0x61 + 10
        default: nil
        }
    }
}

extension Bytes {
    /// The five entities that we escape with, turned back into characters.
    static func unescaped(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "&")) else { return text }
        let bytes = Array(text.utf8)
        var out: [UInt8] = []
        var at = 0
        next: while at < bytes.count {
            if bytes[at] == UInt8(ascii: "&") {
                for (entity, byte) in [
                    ("&amp;", UInt8(ascii: "&")), ("&lt;", 0x3C), ("&gt;", 0x3E), ("&quot;", 0x22), ("&#39;", 0x27),
                ] where bytes[at...].starts(with: entity.utf8) {
                    out.append(byte)
                    at += entity.utf8.count
                    continue next
                }
            }
            out.append(bytes[at])
            at += 1
        }
        return String(decoding: out, as: UTF8.self)
    }
}

/// Base 64 (RFC 4648).
enum Base64 {
    static let plain = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    static let urlSafe = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func encode(_ bytes: [UInt8], _ alphabet: [UInt8]) -> String {
        var out: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let a = bytes[index]
            let b = index + 1 < bytes.count ? bytes[index + 1] : 0
            let c = index + 2 < bytes.count ? bytes[index + 2] : 0
            out.append(alphabet[Int(a >> 2)])
            out.append(alphabet[Int((a & 3) << 4 | b >> 4)])
            out.append(index + 1 < bytes.count ? alphabet[Int((b & 15) << 2 | c >> 6)] : 0x3D)
            out.append(index + 2 < bytes.count ? alphabet[Int(c & 63)] : 0x3D)
            index += 3
        }
        return String(decoding: out, as: UTF8.self)
    }

    static func decode(_ text: [UInt8], isURLSafe: Bool) -> [UInt8]? {
        var text = text
        if isURLSafe {
            text = text.map {
                $0 == UInt8(ascii: "-") ? UInt8(ascii: "+") : $0 == UInt8(ascii: "_") ? UInt8(ascii: "/") : $0
            }
            if text.last != 0x3D { while text.count % 4 != 0 { text.append(0x3D) } }
        }
        guard text.count % 4 == 0 else { return nil }
        var out: [UInt8] = []
        var index = 0
        while index < text.count {
            var bits: UInt32 = 0
            var padding = 0
            for offset in 0..<4 {
                let byte = text[index + offset]
                var value: UInt8
                switch byte {
                case 0x41...0x5A: value = byte - 0x41
                case 0x61...0x7A: value = byte - 0x61 + 26
                case 0x30...0x39: value = byte - 0x30 + 52
                case UInt8(ascii: "+"): value = 62
                case UInt8(ascii: "/"): value = 63
                case 0x3D where index + 4 == text.count && offset >= 2:
                    value = 0
                    padding += 1
                default: return nil
                }
                if padding > 0 && byte != 0x3D { return nil }
                value &= 63
                bits = bits << 6 | UInt32(value)
            }
            if padding == 2, bits & 0xFFFF != 0 { return nil }
            if padding == 1, bits & 0xFF != 0 { return nil }
            out.append(UInt8(truncatingIfNeeded: bits >> 16))
            if padding < 2 { out.append(UInt8(truncatingIfNeeded: bits >> 8)) }
            if padding < 1 { out.append(UInt8(truncatingIfNeeded: bits)) }
            index += 4
        }
        return out
    }
}
