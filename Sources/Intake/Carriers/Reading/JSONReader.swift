// A JSON parser (RFC 8259) that records positions in an `AnswerSheet`. We wrote our own because it walks an answer
// once, keeps numbers as written, and bounds depth and size; Foundation's decoders are ten times slower and have no
// bounds.
//
// It is as strict as the standard about structure: a truncated body, an extra comma or trailing data is refused. It is
// lenient where carriers err unambiguously: control characters in texts, leading zeros, invalid UTF-8 and lone
// surrogates, which become U+FFFD. Of two members with the same name the first counts.

struct JSONReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var index = 0
    private var nodes: [AnswerSheet.Node] = []

    /// Parses a whole body; anything after it but white space is an error.
    static func sheet(of body: [UInt8]) throws(AnswerTree.Failure) -> AnswerSheet {
        guard body.count < Int(Int32.max) else { throw .tooLarge }
        let result: Result<[AnswerSheet.Node], AnswerTree.Failure> = body.withUnsafeBufferPointer { buffer in
            var reader = JSONReader(bytes: buffer)
            // Answers have one value per 20 to 30 bytes.
            reader.nodes.reserveCapacity(min(buffer.count / 24 + 8, AnswerTree.maximumNodes))
            do throws(AnswerTree.Failure) {
                if buffer.count >= 3, buffer[0] == 0xEF, buffer[1] == 0xBB, buffer[2] == 0xBF { reader.index = 3 }
                try reader.value(name: Name(), depth: 0)
                reader.skipSpace()
                guard reader.index == buffer.count else { throw .malformed }
                return .success(reader.nodes)
            } catch {
                return .failure(error)
            }
        }
        return AnswerSheet(bytes: body, nodes: try result.get())
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// The position of a member's name.
    private struct Name {
        var start = 0
        var length = 0
        var isEscaped = false
    }

    private mutating func skipSpace() {
        while index < bytes.count, bytes[index].isSpace { index += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    private mutating func value(name: Name, depth: Int) throws(AnswerTree.Failure) {
        guard depth < AnswerTree.maximumDepth, nodes.count < AnswerTree.maximumNodes else { throw .tooLarge }
        skipSpace()
        guard index < bytes.count else { throw .malformed }
        let place = nodes.count
        var node = AnswerSheet.Node(.null)
        node.nameStart = UInt32(truncatingIfNeeded: name.start)
        node.nameLength = UInt32(truncatingIfNeeded: name.length)
        node.isNameEscaped = name.isEscaped
        switch bytes[index] {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            let isObject = bytes[index] == UInt8(ascii: "{")
            node.kind = isObject ? .object : .list
            nodes.append(node)
            index += 1
            if isObject { try members(depth: depth) } else { try elements(depth: depth) }
            nodes[place].next = Int32(truncatingIfNeeded: nodes.count)
            return
        case UInt8(ascii: "\""):
            let text = try string()
            node.kind = .text
            node.start = UInt32(truncatingIfNeeded: text.start)
            node.length = UInt32(truncatingIfNeeded: text.length)
            node.isEscaped = text.isEscaped
        default:
            let start = index
            switch bytes[index] {
            case UInt8(ascii: "t"):
                try word("true")
                node.kind = .bool
            case UInt8(ascii: "f"):
                try word("false")
                node.kind = .bool
            case UInt8(ascii: "n"): try word("null")
            default:
                try number()
                node.kind = .number
            }
            node.start = UInt32(truncatingIfNeeded: start)
            node.length = UInt32(truncatingIfNeeded: index - start)
        }
        node.next = Int32(truncatingIfNeeded: place + 1)
        nodes.append(node)
    }

    private mutating func members(depth: Int) throws(AnswerTree.Failure) {
        skipSpace()
        if take(UInt8(ascii: "}")) { return }
        while true {
            skipSpace()
            guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { throw .malformed }
            let name = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw .malformed }
            try value(name: name, depth: depth + 1)
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "}")) else { throw .malformed }
            return
        }
    }

    private mutating func elements(depth: Int) throws(AnswerTree.Failure) {
        skipSpace()
        if take(UInt8(ascii: "]")) { return }
        while true {
            try value(name: Name(), depth: depth + 1)
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "]")) else { throw .malformed }
            return
        }
    }

    private mutating func word(_ word: StaticString) throws(AnswerTree.Failure) {
        guard index + word.utf8CodeUnitCount <= bytes.count else { throw .malformed }
        for offset in 0..<word.utf8CodeUnitCount where bytes[index + offset] != word.utf8Start[offset] {
            throw .malformed
        }
        index += word.utf8CodeUnitCount
    }

    /// Reads the digits here; false if there are none.
    private mutating func digits() -> Bool {
        let start = index
        while index < bytes.count, bytes[index].isDigit { index += 1 }
        return index > start
    }

    private mutating func number() throws(AnswerTree.Failure) {
        let start = index
        _ = take(UInt8(ascii: "-"))
        guard digits() else { throw .malformed }
        if take(UInt8(ascii: ".")) { guard digits() else { throw .malformed } }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            _ = take(UInt8(ascii: "+")) || take(UInt8(ascii: "-"))
            guard digits() else { throw .malformed }
        }
        // No id is longer, and a million digits are not a parcel's number.
        guard index - start <= 64 else { throw .tooLarge }
    }

    /// Walks a text, checking its escapes but leaving them as they are.
    private mutating func string() throws(AnswerTree.Failure) -> Name {
        index += 1
        let start = index
        var isEscaped = false
        while true {
            // The position stays in a register while searching for the end.
            var here = index
            let end = bytes.count
            while here < end, bytes[here] != UInt8(ascii: "\""), bytes[here] != UInt8(ascii: "\\") { here += 1 }
            guard here < end else { throw .malformed }
            index = here + 1
            if bytes[here] == UInt8(ascii: "\"") {
                return Name(start: start, length: here - start, isEscaped: isEscaped)
            }
            isEscaped = true
            try escape()
        }
    }

    private mutating func escape() throws(AnswerTree.Failure) {
        guard index < bytes.count else { throw .malformed }
        let byte = bytes[index]
        index += 1
        switch byte {
        case UInt8(ascii: "n"), UInt8(ascii: "t"), UInt8(ascii: "r"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return
        case UInt8(ascii: "u"):
            guard Self.hex(bytes, at: index) != nil else { throw .malformed }
            index += 4
        default: throw .malformed
        }
    }

    private static func hex(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> UInt32? {
        guard start + 4 <= bytes.count else { return nil }
        var code: UInt32 = 0
        for byte in bytes[start..<start + 4] {
            switch byte {
            case 0x30...0x39: code = code << 4 | UInt32(byte - 0x30)
            case 0x41...0x46: code = code << 4 | UInt32(byte - 0x41 + 10)
            case 0x61...0x66: code = code << 4 | UInt32(byte - 0x61 + 10)
            default: return nil
            }
        }
        return code
    }

    /// The unescaped bytes of a text whose escapes were already checked.
    static func unescaped(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            guard byte == UInt8(ascii: "\\"), index < bytes.count else {
                text.append(byte)
                continue
            }
            let mark = bytes[index]
            index += 1
            switch mark {
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "r"): text.append(0x0D)
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0C)
            case UInt8(ascii: "u"):
                var code = hex(bytes, at: index) ?? 0xFFFD
                index += 4
                if (0xD800...0xDBFF).contains(code), index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\\"),
                    bytes[index + 1] == UInt8(ascii: "u"), let low = hex(bytes, at: index + 2),
                    (0xDC00...0xDFFF).contains(low)
                {
                    index += 6
                    code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
                }
                text.append(contentsOf: String(Unicode.Scalar(code) ?? "\u{FFFD}").utf8)
            default: text.append(mark)
            }
        }
        return text
    }
}
