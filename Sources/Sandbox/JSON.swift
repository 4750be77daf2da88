// JSON for the sandbox: objects keep the order of their members, so that an answer has the order of its query (GraphQL
// requires that), and whole numbers stay whole. RFC 8259.

/// A JSON value. Objects keep the order of their members.
enum JSON: Equatable, Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case array([JSON])
    case object([Member])

    /// One member of an object.
    struct Member: Equatable, Sendable {
        var name: String
        var value: JSON

        init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    init(stringLiteral value: String) { self = .string(value) }
    init(integerLiteral value: Int64) { self = .int(value) }
    init(booleanLiteral value: Bool) { self = .bool(value) }
    init(floatLiteral value: Double) { self = .double(value) }
    init(arrayLiteral elements: JSON...) { self = .array(elements) }
    init(dictionaryLiteral elements: (String, JSON)...) { self = .object(elements.map { Member($0, $1) }) }
    init(nilLiteral: ()) { self = .null }
}

extension JSON {
    /// The text, or null if there is none.
    static func text(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }

    /// The member with that name, if this is an object that has one.
    subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    var string: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    var int: Int64? {
        switch self {
        case .int(let value): value
        case .double(let value): Int64(exactly: value)
        default: nil
        }
    }

    var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    var array: [JSON]? {
        guard case .array(let values) = self else { return nil }
        return values
    }

    var isNull: Bool { self == .null }

    /// The value as UTF-8 bytes, without white space.
    var bytes: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(256)
        write(into: &out)
        return out
    }

    /// The value as text.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    func write(into out: inout [UInt8]) {
        switch self {
        case .null: out.append(contentsOf: "null".utf8)
        case .bool(let value): out.append(contentsOf: (value ? "true" : "false").utf8)
        case .int(let value): out.append(contentsOf: String(value).utf8)
        case .double(let value): out.append(contentsOf: (value.isFinite ? "\(value)" : "null").utf8)
        case .string(let value): Self.write(value, into: &out)
        case .array(let values):
            out.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                value.write(into: &out)
            }
            out.append(UInt8(ascii: "]"))
        case .object(let members):
            out.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                Self.write(member.name, into: &out)
                out.append(UInt8(ascii: ":"))
                member.value.write(into: &out)
            }
            out.append(UInt8(ascii: "}"))
        }
    }

    private static func write(_ text: String, into out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                out.append(UInt8(ascii: "\\"))
                out.append(byte)
            case 0x0A: out.append(contentsOf: "\\n".utf8)
            case 0x0D: out.append(contentsOf: "\\r".utf8)
            case 0x09: out.append(contentsOf: "\\t".utf8)
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                out.append(contentsOf: "\\u".utf8)
                out.append(contentsOf: String(repeating: "0", count: 4 - digits.count).utf8)
                out.append(contentsOf: digits.utf8)
            default: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }
}

extension JSON {
    /// What is wrong with a text that is not JSON, and at which byte.
    struct Fault: Error, Equatable { var message: String, offset: Int }

    /// Parses one JSON value that spans all of `bytes`. Nesting is limited to 64.
    static func parse(_ bytes: [UInt8]) throws(Fault) -> JSON {
        var reader = Reader(bytes: bytes)
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.at == bytes.count else { throw reader.fault("text after the end of the value") }
        return value
    }

    private struct Reader {
        let bytes: [UInt8]
        var at = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        func fault(_ message: String) -> Fault { Fault(message: message, offset: at) }

        mutating func skipSpace() {
            while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x0A || bytes[at] == 0x0D || bytes[at] == 0x09 {
                at += 1
            }
        }

        mutating func take(_ character: UInt8) -> Bool {
            skipSpace()
            guard at < bytes.count, bytes[at] == character else { return false }
            at += 1
            return true
        }

        mutating func word(_ word: String, _ value: JSON) throws(Fault) -> JSON {
            guard bytes[at...].starts(with: word.utf8) else { throw fault("not a JSON value") }
            at += word.utf8.count
            return value
        }

        mutating func value(depth: Int) throws(Fault) -> JSON {
            guard depth < 64 else { throw fault("nested too deep") }
            skipSpace()
            guard at < bytes.count else { throw fault("the text ends too soon") }
            switch bytes[at] {
            case UInt8(ascii: "{"): return try object(depth: depth)
            case UInt8(ascii: "["): return try list(depth: depth)
            case UInt8(ascii: "\""): return .string(try string())
            case UInt8(ascii: "t"): return try word("true", .bool(true))
            case UInt8(ascii: "f"): return try word("false", .bool(false))
            case UInt8(ascii: "n"): return try word("null", .null)
            default: return try number()
            }
        }

        mutating func object(depth: Int) throws(Fault) -> JSON {
            at += 1
            var members: [Member] = []
            if take(UInt8(ascii: "}")) { return .object(members) }
            repeat {
                skipSpace()
                guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw fault("expected a name") }
                let name = try string()
                guard take(UInt8(ascii: ":")) else { throw fault("expected ':'") }
                members.append(Member(name, try value(depth: depth + 1)))
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "}")) else { throw fault("expected '}'") }
            return .object(members)
        }

        mutating func list(depth: Int) throws(Fault) -> JSON {
            at += 1
            var values: [JSON] = []
            if take(UInt8(ascii: "]")) { return .array(values) }
            repeat { values.append(try value(depth: depth + 1)) } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "]")) else { throw fault("expected ']'") }
            return .array(values)
        }

        mutating func number() throws(Fault) -> JSON {
            let start = at
            while at < bytes.count, "+-.0123456789eE".utf8.contains(bytes[at]) { at += 1 }
            let text = String(decoding: bytes[start..<at], as: UTF8.self)
            if let whole = Int64(text) { return .int(whole) }
            guard !text.isEmpty, let value = Double(text) else { throw fault("not a JSON value") }
            return .double(value)
        }

        mutating func string() throws(Fault) -> String {
            at += 1
            var out: [UInt8] = []
            while at < bytes.count {
                let byte = bytes[at]
                at += 1
                switch byte {
                case UInt8(ascii: "\""):
                    guard let text = String(validating: out, as: UTF8.self) else { throw fault("text is not UTF-8") }
                    return text
                case UInt8(ascii: "\\"): try escape(into: &out)
                case 0..<0x20: throw fault("a control character in a text")
                default: out.append(byte)
                }
            }
            throw fault("a text does not end")
        }

        mutating func escape(into out: inout [UInt8]) throws(Fault) {
            guard at < bytes.count else { throw fault("the text ends too soon") }
            let byte = bytes[at]
            at += 1
            switch byte {
            case UInt8(ascii: "n"): out.append(0x0A)
            case UInt8(ascii: "r"): out.append(0x0D)
            case UInt8(ascii: "t"): out.append(0x09)
            case UInt8(ascii: "b"): out.append(0x08)
            case UInt8(ascii: "f"): out.append(0x0C)
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
            case UInt8(ascii: "u"):
                var unit = try hex()
                if (0xD800..<0xDC00).contains(unit), at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
                    bytes[at + 1] == UInt8(ascii: "u")
                {
                    at += 2
                    let low = try hex()
                    guard (0xDC00..<0xE000).contains(low) else { throw fault("half a character") }
                    unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)
                }
                guard let scalar = Unicode.Scalar(unit) else { throw fault("half a character") }
                out.append(contentsOf: String(Character(scalar)).utf8)
            default: throw fault("an unknown escape")
            }
        }

        mutating func hex() throws(Fault) -> UInt32 {
            guard at + 4 <= bytes.count,
                let unit = UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
            else { throw fault("expected four hexadecimal digits") }
            at += 4
            return unit
        }
    }
}
