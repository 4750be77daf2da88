/// The two encodings that mail has for bytes (RFC 2045, 6.7 and 6.8). Both read whatever comes: letters that mean
/// nothing are passed over in base64, and stay as they are in quoted-printable.
enum TransferEncoding {
    static func base64(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count / 4 * 3 + 3)
        var bits: UInt32 = 0
        var count = 0
        for byte in bytes {
            let value: UInt32
            switch byte {
            case 0x41...0x5A: value = UInt32(byte) - 0x41
            case 0x61...0x7A: value = UInt32(byte) - 0x61 + 26
            case 0x30...0x39: value = UInt32(byte) - 0x30 + 52
            case UInt8(ascii: "+"), UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "/"), UInt8(ascii: "_"): value = 63
            case UInt8(ascii: "="):
                // Several encoded texts may follow each other; each begins anew.
                if count >= 2 { out.append(UInt8(truncatingIfNeeded: bits >> (UInt32(count) * 6 - 8))) }
                if count == 3 { out.append(UInt8(truncatingIfNeeded: bits >> 2)) }
                bits = 0
                count = 0
                continue
            default: continue
            }
            bits = bits << 6 | value
            count += 1
            if count == 4 {
                out.append(UInt8(truncatingIfNeeded: bits >> 16))
                out.append(UInt8(truncatingIfNeeded: bits >> 8))
                out.append(UInt8(truncatingIfNeeded: bits))
                bits = 0
                count = 0
            }
        }
        if count >= 2 { out.append(UInt8(truncatingIfNeeded: bits >> (UInt32(count) * 6 - 8))) }
        if count == 3 { out.append(UInt8(truncatingIfNeeded: bits >> 2)) }
        return out
    }

    /// - Parameter isHeader: `_` is a space in encoded words (RFC 2047, 4.2), and there are no lines.
    static func quotedPrintable(_ bytes: ArraySlice<UInt8>, isHeader: Bool = false) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            if isHeader, byte == UInt8(ascii: "_") {
                out.append(0x20)
                index += 1
            } else if byte == UInt8(ascii: "=") {
                if let high = digit(bytes, index + 1), let low = digit(bytes, index + 2) {
                    out.append(high << 4 | low)
                    index += 3
                } else {
                    // A soft line break, with spaces that a relay may have put behind it.
                    var end = index + 1
                    while end < bytes.endIndex, bytes[end] == 0x20 || bytes[end] == 0x09 || bytes[end] == 0x0D {
                        end += 1
                    }
                    if end >= bytes.endIndex || bytes[end] == 0x0A {
                        index = min(end + 1, bytes.endIndex)
                    } else {
                        out.append(byte)
                        index += 1
                    }
                }
            } else {
                out.append(byte)
                index += 1
            }
        }
        return out
    }

    private static func digit(_ bytes: ArraySlice<UInt8>, _ index: Int) -> UInt8? {
        guard index < bytes.endIndex else { return nil }
        switch bytes[index] {
        case 0x30...0x39: return bytes[index] - 0x30
        case 0x41...0x46: return bytes[index] - 0x41 + 10
        case 0x61...0x66: return bytes[index] - 0x61 + 10
        default: return nil
        }
    }
}

/// A header value with parameters: `text/plain; charset="utf-8"` (RFC 2045, 5.1), with continuations and charsets
/// (RFC 2231), and with encoded words, which are wrong there and common.
enum HeaderParameters {
    /// The value in lower case, and the parameters by their names in lower case.
    static func read(_ field: [UInt8]) -> (value: String, parameters: [String: String]) {
        var index = 0
        func skipSpace() {
            var depth = 0
            while index < field.count {
                let byte = field[index]
                if byte == UInt8(ascii: "(") {
                    depth += 1
                } else if byte == UInt8(ascii: ")"), depth > 0 {
                    depth -= 1
                } else if depth == 0, byte > 0x20 {
                    return
                }
                index += 1
            }
        }
        skipSpace()
        let start = index
        while index < field.count, field[index] > 0x20, field[index] != UInt8(ascii: ";") { index += 1 }
        let value = String(decoding: field[start..<index], as: UTF8.self).lowercased()

        var pieces: [(name: String, number: Int, isExtended: Bool, value: [UInt8])] = []
        while index < field.count, pieces.count < 100 {
            skipSpace()
            guard index < field.count else { break }
            if field[index] == UInt8(ascii: ";") {
                index += 1
                continue
            }
            let from = index
            while index < field.count, field[index] > 0x20, field[index] != UInt8(ascii: "="),
                field[index] != UInt8(ascii: ";")
            {
                index += 1
            }
            let name = String(decoding: field[from..<index].prefix(80), as: UTF8.self).lowercased()
            skipSpace()
            guard index < field.count, field[index] == UInt8(ascii: "=") else {
                if index == from { index += 1 }
                continue
            }
            index += 1
            skipSpace()
            var text: [UInt8] = []
            if index < field.count, field[index] == UInt8(ascii: "\"") {
                index += 1
                while index < field.count, field[index] != UInt8(ascii: "\"") {
                    if field[index] == UInt8(ascii: "\\"), index + 1 < field.count { index += 1 }
                    text.append(field[index])
                    index += 1
                }
                index = min(index + 1, field.count)
            } else {
                while index < field.count, field[index] != UInt8(ascii: ";"), field[index] > 0x20 {
                    text.append(field[index])
                    index += 1
                }
            }
            var stem = name[...]
            let isExtended = stem.hasSuffix("*")
            if isExtended { stem = stem.dropLast() }
            var number = 0
            if let star = stem.lastIndex(of: "*"), let given = Int(stem[stem.index(after: star)...]), given < 100 {
                number = given
                stem = stem[..<star]
            }
            pieces.append((String(stem), number, isExtended, text))
        }
        var parameters: [String: String] = [:]
        for name in Set(pieces.map(\.name)) where !name.isEmpty {
            let own = pieces.filter { $0.name == name }
            // The extended form is the better one where both are given.
            let chosen =
                own.contains(where: \.isExtended) && own.contains { !$0.isExtended && $0.number == 0 }
                    && !own.contains(where: { $0.number > 0 }) ? own.filter(\.isExtended) : own
            parameters[name] = joined(chosen.sorted { $0.number < $1.number }.map { ($0.isExtended, $0.value) })
        }
        return (value, parameters)
    }

    private static func joined(_ pieces: [(isExtended: Bool, value: [UInt8])]) -> String {
        var bytes: [UInt8] = []
        var charset: String?
        for (index, piece) in pieces.enumerated() {
            guard piece.isExtended else {
                bytes += piece.value
                continue
            }
            var value = piece.value[...]
            if index == 0 {
                let parts = value.split(
                    separator: UInt8(ascii: "'"), maxSplits: 2, omittingEmptySubsequences: false)
                if parts.count == 3 {
                    charset = String(decoding: parts[0], as: UTF8.self)
                    value = parts[2]
                }
            }
            // Percent and two digits, as `=` and two digits are elsewhere.
            var asQuoted: [UInt8] = []
            for byte in value {
                switch byte {
                case UInt8(ascii: "%"): asQuoted.append(UInt8(ascii: "="))
                case UInt8(ascii: "="): asQuoted += Array("=3D".utf8)
                default: asQuoted.append(byte)
                }
            }
            bytes += TransferEncoding.quotedPrintable(asQuoted[...])
        }
        guard charset == nil else { return MailCharset.text(bytes[...], label: charset) }
        return EncodedWords.reading(bytes)
    }
}

/// Text beyond ASCII in headers (RFC 2047).
enum EncodedWords {
    /// The text of a field's value. The bytes of neighbouring words are joined before they are read as letters, for
    /// many programs break a word inside a letter.
    static func reading(_ value: [UInt8]) -> String {
        guard value.contains(UInt8(ascii: "?")) else { return MailCharset.text(value[...], label: nil) }
        var out = ""
        var pending: (charset: String, bytes: [UInt8])?
        var plain: [UInt8] = []
        func endWords() {
            if let words = pending { out += MailCharset.text(words.bytes[...], label: words.charset) }
            pending = nil
        }
        var index = 0
        while index < value.count {
            if value[index] == UInt8(ascii: "="), let word = word(value, at: index) {
                // White space between two words is none of the text.
                if pending == nil || !plain.allSatisfy({ $0 <= 0x20 }) {
                    endWords()
                    out += MailCharset.text(plain[...], label: nil)
                }
                plain = []
                if let words = pending, words.charset != word.charset { endWords() }
                pending = (word.charset, (pending?.bytes ?? []) + word.bytes)
                index = word.end
            } else {
                plain.append(value[index])
                index += 1
            }
        }
        endWords()
        return out + MailCharset.text(plain[...], label: nil)
    }

    /// The encoded word that begins at an index: `=?utf-8?Q?caf=C3=A9?=`.
    private static func word(_ value: [UInt8], at start: Int) -> (charset: String, bytes: [UInt8], end: Int)? {
        guard start + 6 < value.count, value[start + 1] == UInt8(ascii: "?") else { return nil }
        let question = UInt8(ascii: "?")
        guard let first = value[(start + 2)...].prefix(60).firstIndex(of: question), first + 2 < value.count,
            value[first + 2] == question
        else { return nil }
        let text = first + 3
        var end = text
        while end + 1 < value.count, !(value[end] == question && value[end + 1] == UInt8(ascii: "=")) {
            // An encoded word has no `?` in it, and no end beyond some hundred letters.
            if end - text > 2000 { return nil }
            end += 1
        }
        guard end + 1 < value.count else { return nil }
        let charset = value[(start + 2)..<first].prefix { $0 != UInt8(ascii: "*") }
        let label = String(decoding: charset, as: UTF8.self).lowercased()
        switch value[first + 1] | 0x20 {
        case UInt8(ascii: "b"): return (label, TransferEncoding.base64(value[text..<end]), end + 2)
        case UInt8(ascii: "q"):
            return (label, TransferEncoding.quotedPrintable(value[text..<end], isHeader: true), end + 2)
        default: return nil
        }
    }
}
