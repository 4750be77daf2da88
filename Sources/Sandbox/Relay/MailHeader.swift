// The header of a mail: fields in order, unfolded, encoded words decoded. RFC 5322, 2.2; RFC 2047. Tolerant, because it
// is only for display.

internal import FoundationEssentials

struct MailHeader: Sendable {
    struct Field: Sendable {
        let name: String
        /// Unfolded, with encoded words as received.
        let raw: String

        /// For people.
        var value: String { EncodedWords.decoded(raw) }
    }

    var fields: [Field] = []

    /// The last value with that name, for people.
    subscript(name: String) -> String? { fields.first { $0.name.lowercased() == name.lowercased() }?.value }

    /// Reads up to the first empty line. Also returns where the body begins.
    static func parse(_ bytes: ArraySlice<UInt8>) -> (header: MailHeader, body: ArraySlice<UInt8>) {
        var header = MailHeader()
        var rest = bytes
        var lines: [String] = []
        while !rest.isEmpty {
            let end = rest.firstIndex(of: 0x0A) ?? rest.endIndex
            var line = rest[..<end]
            if line.last == 0x0D { line = line.dropLast() }
            rest = end < rest.endIndex ? rest[(end + 1)...] : []
            if line.isEmpty { break }
            let text = String(decoding: line, as: UTF8.self)
            if let first = text.first, first == " " || first == "\t", !lines.isEmpty {
                lines[lines.count - 1] += " " + text.drop { $0 == " " || $0 == "\t" }
            } else {
                lines.append(text)
            }
        }
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else { continue }
            header.fields.append(
                Field(
                    name: String(line[..<colon]),
                    raw: String(line[line.index(after: colon)...].drop { $0 == " " })))
        }
        return (header, rest)
    }
}

/// `=?utf-8?Q?Zo=C3=AB?=`, an encoded word of RFC 2047, for non-ASCII text.
enum EncodedWords {
    static func decoded(_ text: String) -> String {
        guard text.contains("=?") else { return text }
        var out = ""
        var rest = text[...]
        // Bytes of adjacent words are joined before decoding: a character may be split between two words.
        var pending: [UInt8] = []
        var charset = "utf-8"
        func flush() {
            if !pending.isEmpty { out += Charset.text(pending, charset) }
            pending = []
        }
        while let opening = rest.firstRange(of: "=?") {
            let between = rest[..<opening.lowerBound]
            let parts = rest[opening.upperBound...].split(
                separator: "?", maxSplits: 3, omittingEmptySubsequences: false)
            guard parts.count == 4, parts[3].first == "=", let bytes = bytes(parts[2], parts[1]) else {
                flush()
                out += rest[..<opening.upperBound]
                rest = rest[opening.upperBound...]
                continue
            }
            if pending.isEmpty || !between.allSatisfy(\.isWhitespace) {
                flush()
                out += between
            }
            let name = parts[0].split(separator: "*").first.map(String.init) ?? "utf-8"
            if name.lowercased() != charset { flush() }
            charset = name.lowercased()
            pending += bytes
            rest = parts[3].dropFirst()
        }
        flush()
        return out + rest
    }

    private static func bytes(_ text: Substring, _ encoding: Substring) -> [UInt8]? {
        switch encoding.lowercased() {
        case "b": Data(base64Encoded: String(text)).map(Array.init)
        case "q": QuotedPrintable.decoded(Array(text.replacing("_", with: " ").utf8)[...])
        default: nil
        }
    }
}

/// Quoted-printable, RFC 2045, 6.7.
enum QuotedPrintable {
    static func decoded(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var rest = bytes
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "=") else {
                out.append(byte)
                continue
            }
            if rest.starts(with: [0x0D, 0x0A]) {
                rest.removeFirst(2)
            } else if rest.first == 0x0A {
                rest.removeFirst()
            } else if rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
                out.append(value)
                rest.removeFirst(2)
            } else {
                out.append(byte)
            }
        }
        return out
    }
}

/// Bytes in a character set to text: UTF-8, and Latin-1 for the rest.
enum Charset {
    static func text(_ bytes: [UInt8], _ name: String) -> String {
        switch name.lowercased() {
        case "iso-8859-1", "latin1", "windows-1252": String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
        default: String(decoding: bytes, as: UTF8.self)
        }
    }
}
