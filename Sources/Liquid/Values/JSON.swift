/// Parses JSON (RFC 8259) into values, keeping the order of names and distinguishing whole numbers from fractions.
///
/// An object prints in its own order, so a parser that shuffles names would not do.
public struct JSONReader {
    private let bytes: [UInt8]
    private var position = 0

    /// What is wrong with invalid JSON, and where.
    public struct Failure: Error, Sendable, CustomStringConvertible {
        /// From 1.
        public let line: Int
        /// From 1, in bytes.
        public let column: Int
        /// What is wrong, and how to fix it.
        public let message: String
        /// Line and message.
        public var description: String { "line \(line): \(message)" }
    }

    /// Parses one value that spans the whole text. Nesting deeper than 512 is refused.
    public static func value(_ text: some Collection<UInt8>) throws(Failure) -> Value {
        var reader = JSONReader(bytes: Array(text))
        let value = try reader.value(depth: 0)
        reader.space()
        guard reader.position == reader.bytes.count else { throw reader.failure("there is more text after the value") }
        return value
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func failure(_ message: String) -> Failure {
        let before = bytes.prefix(position)
        let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        return Failure(
            line: before.count { $0 == 0x0A } + 1, column: before.count - start + 1, message: message)
    }

    private var next: UInt8 { position < bytes.count ? bytes[position] : 0 }

    private mutating func space() {
        while position < bytes.count, next == 0x20 || next == 0x0A || next == 0x0D || next == 0x09 { position += 1 }
    }

    private mutating func value(depth: Int) throws(Failure) -> Value {
        guard depth < 512 else { throw failure("objects and lists are nested more than 512 deep") }
        space()
        switch next {
        case UInt8(ascii: "{"):
            position += 1
            var pairs: [(String, Value)] = []
            space()
            if next == UInt8(ascii: "}") {
                position += 1
                return .object(Object(pairs))
            }
            while true {
                space()
                guard next == 0x22 else { throw failure("a name in quotes was expected") }
                let key = try string()
                space()
                guard next == UInt8(ascii: ":") else { throw failure("':' was expected after the name '\(key)'") }
                position += 1
                pairs.append((key, try value(depth: depth + 1)))
                space()
                if next == UInt8(ascii: ",") {
                    position += 1
                    continue
                }
                guard next == UInt8(ascii: "}") else { throw failure("',' or '}' was expected") }
                position += 1
                return .object(Object(pairs))
            }
        case UInt8(ascii: "["):
            position += 1
            var elements: [Value] = []
            space()
            if next == UInt8(ascii: "]") {
                position += 1
                return .array(elements)
            }
            while true {
                elements.append(try value(depth: depth + 1))
                space()
                if next == UInt8(ascii: ",") {
                    position += 1
                    continue
                }
                guard next == UInt8(ascii: "]") else { throw failure("',' or ']' was expected") }
                position += 1
                return .array(elements)
            }
        case 0x22: return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ word: String, _ value: Value) throws(Failure) -> Value {
        guard bytes[position...].starts(with: word.utf8) else { throw failure("'\(word)' was expected") }
        position += word.utf8.count
        return value
    }

    private mutating func number() throws(Failure) -> Value {
        let start = position
        var whole = true
        while position < bytes.count {
            switch next {
            case 0x30...0x39, UInt8(ascii: "-"): break
            case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "+"): whole = false
            default:
                return try number(start, whole)
            }
            position += 1
        }
        return try number(start, whole)
    }

    private func number(_ start: Int, _ whole: Bool) throws(Failure) -> Value {
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if whole, let int = Int(text).map(Value.int) ?? Whole.parsing(text) { return int }
        guard !text.isEmpty, let double = Double(text), double.isFinite else {
            throw failure("a value was expected: an object, a list, a text in quotes, a number, true, false or null")
        }
        return .float(double)
    }

    private mutating func string() throws(Failure) -> String {
        position += 1
        let start = position
        while position < bytes.count, next != 0x22, next != 0x5C, next >= 0x20 { position += 1 }
        if next == 0x22, position < bytes.count {
            defer { position += 1 }
            return String(decoding: bytes[start..<position], as: UTF8.self)
        }
        var text = Array(bytes[start..<position])
        while position < bytes.count {
            let byte = next
            position += 1
            switch byte {
            case 0x22: return String(decoding: text, as: UTF8.self)
            case 0x5C:
                let escape = next
                position += 1
                switch escape {
                case UInt8(ascii: "n"): text.append(0x0A)
                case UInt8(ascii: "t"): text.append(0x09)
                case UInt8(ascii: "r"): text.append(0x0D)
                case UInt8(ascii: "b"): text.append(0x08)
                case UInt8(ascii: "f"): text.append(0x0C)
                case UInt8(ascii: "u"):
                    var code = try hex()
                    if (0xD800..<0xDC00).contains(code), next == 0x5C, position + 1 < bytes.count,
                        bytes[position + 1] == 0x75
                    {
                        position += 2
                        let low = try hex()
                        code = 0x10000 + (code - 0xD800) << 10 + (low &- 0xDC00) & 0x3FF
                    }
                    text.append(contentsOf: String(Unicode.Scalar(code) ?? "\u{FFFD}").utf8)
                case 0x22, 0x5C, UInt8(ascii: "/"): text.append(escape)
                default: throw failure("'\\\(Character(Unicode.Scalar(escape)))' is not an escape of JSON")
                }
            default:
                guard byte >= 0x20 else { throw failure("a line ends inside a text; write \\n") }
                text.append(byte)
            }
        }
        throw failure("a text is not closed with '\"'")
    }

    private mutating func hex() throws(Failure) -> UInt32 {
        guard position + 4 <= bytes.count,
            let code = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw failure("four hexadecimal digits were expected after \\u") }
        position += 4
        return code
    }
}
