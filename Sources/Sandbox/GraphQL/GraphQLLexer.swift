// Splits a GraphQL text into tokens (specification of October 2021, section 2.1): names, numbers, strings, block
// strings and punctuators; commas, white space and comments separate and mean nothing.

/// What is wrong with a text that is not GraphQL, and where.
struct GraphQLSyntaxError: Error, Equatable {
    var message: String
    var location: SourceLocation
}

struct GraphQLToken: Equatable, Sendable {
    enum Kind: Equatable, Sendable {
        case name(String)
        case int(Int64)
        case float(Double)
        case string(String)
        /// One of `! $ & ( ) : = @ [ ] { | }`, or `...` written as `.`.
        case punctuator(Character)
        case end
    }

    var kind: Kind
    var location: SourceLocation
}

struct GraphQLLexer {
    private let bytes: [UInt8]
    private var at = 0
    private var line = 1
    private var lineStart = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    /// All tokens, the last being `.end`.
    static func tokens(of text: String) throws(GraphQLSyntaxError) -> [GraphQLToken] {
        var lexer = GraphQLLexer(text)
        var tokens: [GraphQLToken] = []
        while true {
            let token = try lexer.next()
            tokens.append(token)
            if token.kind == .end { return tokens }
            guard tokens.count < 20_000 else {
                throw GraphQLSyntaxError(message: "Query has more than 20000 tokens", location: token.location)
            }
        }
    }

    private var here: SourceLocation { SourceLocation(line: line, column: at - lineStart + 1) }

    private mutating func skip() {
        while at < bytes.count {
            switch bytes[at] {
            case 0x20, 0x09, 0x0D, UInt8(ascii: ","): at += 1
            case 0x0A: newLine()
            case 0xEF where bytes[at...].starts(with: [0xEF, 0xBB, 0xBF]): at += 3
            case UInt8(ascii: "#"): while at < bytes.count, bytes[at] != 0x0A { at += 1 }
            default: return
            }
        }
    }

    private mutating func newLine() {
        at += 1
        line += 1
        lineStart = at
    }

    private static func isNameStart(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private mutating func next() throws(GraphQLSyntaxError) -> GraphQLToken {
        skip()
        let location = here
        guard at < bytes.count else { return GraphQLToken(kind: .end, location: location) }
        let byte = bytes[at]
        if Self.isNameStart(byte) {
            let start = at
            while at < bytes.count, Self.isNameStart(bytes[at]) || Self.isDigit(bytes[at]) { at += 1 }
            return GraphQLToken(kind: .name(String(decoding: bytes[start..<at], as: UTF8.self)), location: location)
        }
        if Self.isDigit(byte) || byte == UInt8(ascii: "-") { return try number(location) }
        if byte == UInt8(ascii: "\"") { return GraphQLToken(kind: .string(try string()), location: location) }
        if bytes[at...].starts(with: "...".utf8) {
            at += 3
            return GraphQLToken(kind: .punctuator("."), location: location)
        }
        guard "!$&():=@[]{|}".utf8.contains(byte) else {
            let shown = Character(Unicode.Scalar(byte))
            throw GraphQLSyntaxError(message: "Parse error on \"\(shown)\" (error)", location: location)
        }
        at += 1
        return GraphQLToken(kind: .punctuator(Character(Unicode.Scalar(byte))), location: location)
    }

    private mutating func number(_ location: SourceLocation) throws(GraphQLSyntaxError) -> GraphQLToken {
        let start = at
        while at < bytes.count, Self.isDigit(bytes[at]) || "+-.eE".utf8.contains(bytes[at]) { at += 1 }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        if let whole = Int64(text) { return GraphQLToken(kind: .int(whole), location: location) }
        if let value = Double(text) { return GraphQLToken(kind: .float(value), location: location) }
        throw GraphQLSyntaxError(message: "Parse error on \"\(text)\" (NUMBER)", location: location)
    }

    private mutating func string() throws(GraphQLSyntaxError) -> String {
        let location = here
        if bytes[at...].starts(with: "\"\"\"".utf8) { return try blockString(location) }
        at += 1
        var out: [UInt8] = []
        while at < bytes.count, bytes[at] != 0x0A {
            let byte = bytes[at]
            at += 1
            if byte == UInt8(ascii: "\"") { return String(decoding: out, as: UTF8.self) }
            guard byte == UInt8(ascii: "\\"), at < bytes.count else {
                out.append(byte)
                continue
            }
            let escape = bytes[at]
            at += 1
            switch escape {
            case UInt8(ascii: "n"): out.append(0x0A)
            case UInt8(ascii: "r"): out.append(0x0D)
            case UInt8(ascii: "t"): out.append(0x09)
            case UInt8(ascii: "b"): out.append(0x08)
            case UInt8(ascii: "f"): out.append(0x0C)
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(escape)
            case UInt8(ascii: "u") where at + 4 <= bytes.count:
                let digits = String(decoding: bytes[at..<at + 4], as: UTF8.self)
                guard let code = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(code) else {
                    throw GraphQLSyntaxError(message: "Parse error on bad Unicode escape sequence", location: location)
                }
                at += 4
                out.append(contentsOf: String(Character(scalar)).utf8)
            default: throw GraphQLSyntaxError(message: "Parse error on bad escape sequence", location: location)
            }
        }
        throw GraphQLSyntaxError(message: "Parse error on \"\\\"\" (error)", location: location)
    }

    /// Section 2.9.4: removes the common indentation and blank first and last lines; only `\"""` is an escape.
    private mutating func blockString(_ location: SourceLocation) throws(GraphQLSyntaxError) -> String {
        at += 3
        var raw: [UInt8] = []
        while at < bytes.count {
            if bytes[at...].starts(with: "\"\"\"".utf8) {
                at += 3
                return Self.dedent(String(decoding: raw, as: UTF8.self))
            }
            if bytes[at...].starts(with: "\\\"\"\"".utf8) {
                raw.append(contentsOf: "\"\"\"".utf8)
                at += 4
                continue
            }
            raw.append(bytes[at])
            if bytes[at] == 0x0A { newLine() } else { at += 1 }
        }
        throw GraphQLSyntaxError(message: "Parse error on \"\\\"\\\"\\\"\" (error)", location: location)
    }

    static func dedent(_ raw: String) -> String {
        func isBlank(_ line: Substring) -> Bool { line.allSatisfy { $0 == " " || $0 == "\t" } }
        var lines = raw.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false)
        let indents = lines.dropFirst().filter { !isBlank($0) }.map { $0.prefix { $0 == " " || $0 == "\t" }.count }
        if let indent = indents.min(), lines.count > 1 {
            for index in lines.indices.dropFirst() { lines[index] = lines[index].dropFirst(indent) }
        }
        while let first = lines.first, isBlank(first) { lines.removeFirst() }
        while let last = lines.last, isBlank(last) { lines.removeLast() }
        return lines.joined(separator: "\n")
    }
}
