// The strict grammar: tokens, and the expressions built from them.

/// A kind of token in the strict grammar.
enum Token: String {
    case pipe, dot, colon, comma, question, dash, comparison, string, number, id, dotdot
    case openSquare = "open_square"
    case closeSquare = "close_square"
    case openRound = "open_round"
    case closeRound = "close_round"
    case end = "end_of_string"
}

extension Parser {
    /// The deepest nesting of brackets and ranges in an expression.
    static let deepestExpression = 64

    // MARK: Tokens

    mutating func begin(_ from: Int, _ to: Int) throws(Fault) {
        next = from
        limit = to
        expressionDepth = 0
        try advance()
    }

    mutating func advance() throws(Fault) {
        var at = next
        while at < limit, source[at].isSpace { at += 1 }
        tokenStart = at
        guard at < limit else {
            token = .end
            tokenEnd = at
            next = at
            return
        }
        let byte = source[at]
        let following: UInt8 = at + 1 < limit ? source[at + 1] : 0
        at += 1
        switch byte {
        case 0x61...0x7A, 0x41...0x5A, 0x5F:
            while at < limit, source[at].isWord || source[at] == 0x2D { at += 1 }
            if at < limit, source[at] == 0x3F { at += 1 }
            token = .id
            if byte == 0x63, at - tokenStart == 8, at < limit, source[at].isSpace, text(tokenStart, at) == "contains" {
                token = .comparison
            }
        case 0x30...0x39:
            at = numberEnd(at)
            token = .number
        case UInt8(ascii: "-"):
            if following.isDigit {
                at = numberEnd(at + 1)
                token = .number
            } else {
                token = .dash
            }
        case UInt8(ascii: "'"), UInt8(ascii: "\""):
            while at < limit, source[at] != byte { at += 1 }
            guard at < limit else { throw unexpected(tokenStart) }
            at += 1
            token = .string
        case UInt8(ascii: "="):
            guard following == 0x3D else { throw unexpected(tokenStart) }
            at += 1
            token = .comparison
        case UInt8(ascii: "!"):
            guard following == 0x3D else { throw unexpected(tokenStart) }
            at += 1
            token = .comparison
        case UInt8(ascii: "<"):
            if following == 0x3D || following == 0x3E { at += 1 }
            token = .comparison
        case UInt8(ascii: ">"):
            if following == 0x3D { at += 1 }
            token = .comparison
        case UInt8(ascii: "."):
            if following == 0x2E {
                at += 1
                token = .dotdot
            } else {
                token = .dot
            }
        case UInt8(ascii: "|"): token = .pipe
        case UInt8(ascii: ":"): token = .colon
        case UInt8(ascii: ","): token = .comma
        case UInt8(ascii: "["): token = .openSquare
        case UInt8(ascii: "]"): token = .closeSquare
        case UInt8(ascii: "("): token = .openRound
        case UInt8(ascii: ")"): token = .closeRound
        case UInt8(ascii: "?"): token = .question
        default: throw unexpected(tokenStart)
        }
        tokenEnd = at
        next = at
    }

    private func numberEnd(_ from: Int) -> Int {
        var at = from
        while at < limit, source[at].isDigit { at += 1 }
        if at + 1 < limit, source[at] == 0x2E, source[at + 1].isDigit {
            at += 1
            while at < limit, source[at].isDigit { at += 1 }
        }
        return at
    }

    private func unexpected(_ at: Int) -> Fault {
        var end = at + 1
        while end < limit, source[end] & 0xC0 == 0x80 { end += 1 }
        let character = text(at, end)
        var hint: String?
        switch character {
        case "=": hint = Parser.instead(ofSign: at + 1 < limit && source[at + 1] == 0x3E ? "=>" : "=")
        case "\u{A0}", "\u{202F}": hint = "type a plain space; Word and web pages write the other kind"
        case "&": hint = "write 'and'"
        case "!": hint = "compare with '!=' or use 'unless'"
        case "'", "\"": hint = "close the text with \(character)"
        case "“", "”", "‘", "’", "„", "‚", "«", "»", "‹", "›": hint = "use straight quotes: \" or '"
        case "+", "*", "/", "%": hint = "there is no arithmetic; use the filters plus, minus, times, divided_by"
        default: break
        }
        return Fault(message: "Unexpected character \(character)", offset: at, hint: hint)
    }

    /// The operator probably meant by an invalid one.
    static func instead(ofSign sign: String) -> String? {
        switch sign {
        case "=", "is", "equals", "===": "compare with '=='"
        case "=>": "write '>='"
        case "=<": "write '<='"
        case "in": "write one line for each under 'any:', such as: name == \"A\""
        case "contain", "has", "includes", "include": "write 'contains'"
        case "not", "isnt": "compare with '!='"
        default: nil
        }
    }

    var tokenText: String { text(tokenStart, tokenEnd) }

    func isWord(_ word: StaticString) -> Bool {
        guard token == .id, tokenEnd - tokenStart == word.utf8CodeUnitCount else { return false }
        for index in 0..<word.utf8CodeUnitCount where source[tokenStart + index] != word.utf8Start[index] {
            return false
        }
        return true
    }

    private func expected(_ wanted: Token) -> Fault {
        Fault(message: "Expected \(wanted.rawValue) but found \(token.rawValue)", offset: tokenStart, hint: nil)
    }

    mutating func take(_ wanted: Token) throws(Fault) {
        guard token == wanted else { throw expected(wanted) }
        if wanted != .end { try advance() }
    }

    /// Whether a colon follows the token, as after the name of an argument.
    func colonFollows() -> Bool {
        var at = next
        while at < limit, source[at].isSpace { at += 1 }
        return at < limit && source[at] == 0x3A
    }

    // MARK: Expressions

    mutating func expression() throws(Fault) -> Expression {
        expressionDepth += 1
        defer { expressionDepth -= 1 }
        guard expressionDepth < Parser.deepestExpression else {
            throw Fault(message: "Nesting too deep", offset: tokenStart, hint: nil)
        }
        switch token {
        case .id:
            let (start, end) = (tokenStart, tokenEnd)
            try advance()
            if token != .dot && token != .openSquare {
                if let word = literal(start, end) { return word }
                return .lookup(
                    Lookup(root: slot(start, end), computedRoot: nil, segments: [], offset: Int32(start)))
            }
            let root = slot(start, end)
            return .lookup(Lookup(root: root, computedRoot: nil, segments: try segments(), offset: Int32(start)))
        case .openSquare:
            let start = tokenStart
            try advance()
            let root = try expression()
            try take(.closeSquare)
            let segments = try segments()
            if let name = root.literalText {
                return .lookup(
                    Lookup(root: slot(name), computedRoot: nil, segments: segments, offset: Int32(start)))
            }
            return .lookup(Lookup(root: -1, computedRoot: root, segments: segments, offset: Int32(start)))
        case .string:
            let literal = Expression.text(text(tokenStart + 1, tokenEnd - 1))
            try advance()
            return literal
        case .number:
            let value = number(tokenStart, tokenEnd)
            try advance()
            return .literal(value)
        case .openRound:
            try advance()
            let first = try expression()
            try take(.dotdot)
            let last = try expression()
            try take(.closeRound)
            return .span(first, last)
        default:
            let shown = token == .end ? "[:end_of_string]" : "[:\(token.rawValue), \"\(tokenText)\"]"
            throw Fault(message: "\(shown) is not a valid expression", offset: tokenStart, hint: nil)
        }
    }

    private mutating func segments() throws(Fault) -> [Segment] {
        var segments: [Segment] = []
        while true {
            if token == .dot {
                try advance()
                guard token == .id else { throw expected(.id) }
                segments.append(key(tokenStart, tokenEnd))
                try advance()
            } else if token == .openSquare {
                try advance()
                let index = try expression()
                try take(.closeSquare)
                segments.append(Parser.bracket(index))
            } else {
                return segments
            }
        }
    }

    func key(_ start: Int, _ end: Int) -> Segment {
        let bytes = UnsafeBufferPointer(rebasing: source[start..<end])
        let name = Name(String(decoding: bytes, as: UTF8.self), hash: Name.hash(of: bytes))
        var command: Command?
        switch end - start {
        case 4: command = name.text == "size" ? .size : name.text == "last" ? .last : nil
        case 5: command = name.text == "first" ? .first : nil
        default: break
        }
        return .key(name, command)
    }

    static func bracket(_ index: Expression) -> Segment {
        if case .literal(.int(let index)) = index { return .index(index) }
        if let text = index.literalText { return .literal(Name(text)) }
        return .computed(index)
    }

    /// `nil`, `true` and the like.
    func literal(_ start: Int, _ end: Int) -> Expression? {
        guard end - start <= 5 else { return nil }
        switch source[start] {
        case 0x6E:
            return end - start <= 4 && (text(start, end) == "nil" || text(start, end) == "null") ? .literal(.null) : nil
        case 0x74: return text(start, end) == "true" ? .literal(.bool(true)) : nil
        case 0x66: return text(start, end) == "false" ? .literal(.bool(false)) : nil
        case 0x62: return text(start, end) == "blank" ? .blank : nil
        case 0x65: return text(start, end) == "empty" ? .empty : nil
        default: return nil
        }
    }

    func number(_ start: Int, _ end: Int) -> Value {
        let digits = text(start, end)
        if let int = Int(digits) { return .int(int) }
        return Whole.parsing(digits) ?? .float(Double(digits) ?? 0)
    }

    // MARK: Outputs and filters

    /// An expression with its filters, parsed strictly if possible, otherwise loosely.
    mutating func pipeline(_ from: Int, _ to: Int, isOutput: Bool) -> Pipeline {
        do {
            return try strictPipeline(from, to)
        } catch {
            var fault = error
            fault.message += isOutput ? " in \"{{\(text(from, to))}}\"" : " in \"\(text(from, to))\""
            complain(fault)
            return laxPipeline(from, to)
        }
    }

    /// Records an error of the strict grammar.
    mutating func complain(_ fault: Fault) {
        guard complaints.count < 200 else { return }
        complaints.append(diagnostic(fault.message, at: fault.offset, hint: fault.hint))
    }

    private mutating func strictPipeline(_ from: Int, _ to: Int) throws(Fault) -> Pipeline {
        try begin(from, to)
        if token == .end { return Pipeline(value: .literal(.null), filters: []) }
        let value = try expression()
        var filters: [Filter] = []
        while token == .pipe {
            try advance()
            guard token == .id else { throw expected(.id) }
            let (start, text) = (tokenStart, tokenText)
            try advance()
            var arguments: [Expression] = []
            var named: [(name: String, value: Expression)] = []
            if token == .colon {
                repeat {
                    try advance()
                    if token == .end || token == .pipe {
                        if arguments.isEmpty && named.isEmpty { _ = try expression() }
                        break
                    }
                    if token == .id, colonFollows() {
                        let name = tokenText
                        try advance()
                        try advance()
                        named.append((name, try expression()))
                    } else {
                        arguments.append(try expression())
                    }
                } while token == .comma
            }
            filters.append(
                Filter(
                    name: FilterName(text), text: text, arguments: arguments, named: named, offset: Int32(start)))
        }
        try take(.end)
        return Pipeline(value: value, filters: filters)
    }

    // MARK: Conditions

    /// The test of `if`, `elsif` or `unless`.
    mutating func test(_ markup: Range<Int>, _ start: Int) throws(Diagnostic) -> Test {
        do {
            return try strictTest(markup.lowerBound, markup.upperBound)
        } catch {
            var fault = error
            fault.message += " in \"\(text(markup.lowerBound, markup.upperBound))\""
            complain(fault)
        }
        guard let test = laxTest(markup.lowerBound, markup.upperBound) else {
            throw diagnostic(
                "Syntax Error in tag 'if' - Valid syntax: if [expression]", at: start,
                hint: "write what must hold: {% if order.total_price > 100 %}")
        }
        return test
    }

    mutating func strictTest(_ from: Int, _ to: Int) throws(Fault) -> Test {
        try begin(from, to)
        var test = Test(clauses: [])
        while true {
            let start = tokenStart
            let left = try operand()
            var comparison: (Operator, Expression)?
            if token == .comparison {
                let sign = Operator(tokenText)
                try advance()
                comparison = (sign, try operand())
            }
            var clause = Clause(
                left: left, comparison: comparison, relation: nil, start: Int32(start), end: Int32(lastEnd))
            if isWord("and") {
                clause.relation = .and
            } else if isWord("or") {
                clause.relation = .or
            }
            test.clauses.append(clause)
            guard clause.relation != nil else { break }
            try advance()
        }
        try take(.end)
        return test
    }

    /// The end of the text before the current token, without white space.
    private var lastEnd: Int {
        var at = tokenStart
        while at > 0, source[at - 1].isSpace { at -= 1 }
        return at
    }

    private mutating func operand() throws(Fault) -> Expression {
        try expression()
    }
}

extension Expression {
    /// A text literal.
    static func text(_ text: String) -> Expression {
        for byte in text.utf8 where Escaping.isActive(byte) { return .authored(text) }
        if text.utf8.contains(where: { $0 >= 0x80 }), text.unicodeScalars.contains(where: BidiControls.contains) {
            return .authored(text)
        }
        return .literal(.string(text))
    }

    /// The text, if it is a text literal.
    var literalText: String? {
        switch self {
        case .literal(.string(let text)), .authored(let text): return text
        default: return nil
        }
    }
}
