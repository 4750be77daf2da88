/// One line of a merchant's `if`: an expression of Liquid, parsed alone.
///
/// Conditions are parsed strictly, and evaluated with two differences from templates, because a line of a trigger
/// decides whether a mail goes out. A list of texts `contains` a text if one of them equals it, ignoring case; and
/// comparing values that cannot be compared is false rather than an error.
public struct Condition: Sendable {
    /// The line as written.
    public let source: String
    let roots: [Name]
    let test: Test

    /// Parses a line. Throws one diagnostic with the column of the mistake.
    public init(parsing source: String) throws(Diagnostic) {
        let bytes = Array(source.utf8)
        guard bytes.count <= 4_096 else {
            throw Diagnostic(message: "the condition is longer than 4096 bytes", hint: "write several lines")
        }
        let result = bytes.withUnsafeBufferPointer { buffer -> Result<(Test, [Name]), Diagnostic> in
            var parser = Parser(source: buffer, name: "", mode: .strict)
            do throws(Fault) {
                let test = try parser.strictTest(0, buffer.count)
                return .success((test, parser.roots))
            } catch {
                return .failure(parser.conditionFault(error))
            }
        }
        let (test, roots) = try result.get()
        self.source = source
        self.test = test
        self.roots = roots
    }

    /// Whether the condition is true for the names of a scope.
    public func evaluate(_ scope: Scope, _ options: RenderOptions = RenderOptions()) -> Bool {
        var judge = ConditionJudge(self, scope, options)
        return judge.holds()
    }

    /// The result of each comparison that was evaluated, for `explain`.
    public func explain(_ scope: Scope, _ options: RenderOptions = RenderOptions()) -> [Finding] {
        var judge = ConditionJudge(self, scope, options)
        return judge.findings()
    }

    /// One comparison and its result.
    public struct Finding: Sendable, Equatable {
        /// As written: `shipment.days_late > 2`.
        public let source: String
        /// Whether it is true.
        public let holds: Bool
        /// `shipment.days_late is 1, not more than 2`.
        public let text: String
    }

    /// The names the condition reads: `shipment.days_late`.
    public var names: [String] {
        var names: [String] = []
        for clause in test.clauses {
            for expression in [clause.left, clause.comparison?.1].compactMap({ $0 }) {
                if let path = path(of: expression), !names.contains(path) { names.append(path) }
            }
        }
        return names
    }

    /// The dotted path of a lookup; nil for a computed one.
    func path(of expression: Expression) -> String? {
        guard case .lookup(let lookup) = expression, lookup.root >= 0 else { return nil }
        return lookup.path(roots)
    }

    /// Whether a list has an element equal to a text, ignoring case; nil if it is not a list, or the other value is not
    /// a text.
    static func contains(_ list: Value, _ wanted: Value) -> Bool? {
        guard let elements = list.settled.listElements, let text = wanted.textIfString else { return nil }
        if case .drop(let drop) = list, let answer = drop.contains(wanted) { return answer }
        let lowered = text.lowercased()
        return elements.contains { $0.textIfString?.lowercased() == lowered }
    }

    func text(_ start: Int32, _ end: Int32) -> String {
        String(decoding: Array(source.utf8)[Int(start)..<Int(end)], as: UTF8.self)
    }

    func column(_ offset: Int32) -> Int {
        String(decoding: Array(source.utf8)[..<Int(offset)], as: UTF8.self).unicodeScalars.count + 1
    }
}

extension Lookup {
    /// `order.line_items[0].title` without its indices: `order.line_items.title`.
    func path(_ roots: [Name]) -> String? {
        guard root >= 0 else { return nil }
        var path = roots[root].text
        for segment in segments {
            switch segment {
            case .key(let name, _), .literal(let name): path += "." + name.text
            case .index: break
            case .computed: return path
            }
        }
        return path
    }
}

extension Parser {
    /// A mistake, described for the condition's author.
    mutating func conditionFault(_ fault: Fault) -> Diagnostic {
        var message = fault.message
        var hint = fault.hint
        let line = text(0, source.count)
        if let braces = line.firstRange(of: "{{") ?? line.firstRange(of: "{%") {
            return diagnostic(
                "braces belong in templates, and not in a condition",
                at: line.utf8.distance(from: line.startIndex, to: braces.lowerBound),
                hint: "write the name alone: \(line.filter { !"{}%".contains($0) }.trimmingBlanks)")
        }
        if message.hasPrefix("Expected end_of_string but found") {
            let word = token == .end ? "" : tokenText
            message = "'\(word)' does not belong here"
            hint = hintAfterEnd(word)
        } else if message.hasPrefix("Expected close_square but found"), text(0, source.count).contains("[") {
            message = "a list cannot be compared with"
            hint = "write one line for each under 'any:', such as: name == \"A\""
        } else if message.hasPrefix("[:end_of_string]") {
            message = "the condition ends too early"
            hint = "a name, text or number is missing"
        } else if message.hasPrefix("[:") {
            message = "a name, text or number was expected, not '\(tokenText)'"
        } else if message.hasPrefix("Unexpected character ") {
            let character = String(message.dropFirst("Unexpected character ".count))
            message =
                character == "\u{A0}" || character == "\u{202F}"
                ? "a no-break space does not belong here" : "'\(character)' does not belong here"
            if hint == nil, let amount = amount(around: fault.offset) { hint = "write the number alone: \(amount)" }
            if character == "!", fault.offset == 0 {
                hint = "there is no '!'; write the line under 'unless'"
            }
        }
        return diagnostic(message, at: fault.offset, hint: hint)
    }
}

extension Parser {
    /// How to fix an unexpected word after a complete condition.
    private func hintAfterEnd(_ word: String) -> String {
        if word == "not" { return "there is no 'not'; write the line under 'unless'" }
        if token == .pipe { return "filters cannot stand in a condition" }
        if let instead = Parser.instead(ofSign: word) { return instead }
        let before = text(0, tokenStart)
        let after = text(tokenStart, source.count)
        if token == .comma, let match = (before + after).firstMatch(of: /([0-9]+),([0-9]{1,2})(?![0-9])/) {
            return "decimals stand behind a point: write \(match.output.1).\(match.output.2)"
        }
        if token == .comma, let match = (before + after).firstMatch(of: /([0-9]{1,3}),([0-9]{3})(?![0-9])/) {
            return "write the number without commas: \(match.output.1)\(match.output.2)"
        }
        if (before + after).contains(/[0-9]{4}-[0-9]{2}-[0-9]{2}/) {
            let name = before.firstMatch(of: /([a-z_]+)\.([a-z_]+)_at\b/)
            let days = name.map { "\($0.output.1).days_since_\($0.output.2)" } ?? "days_since_…"
            return "a date is not compared; count the days instead: \(days) < 7"
        }
        if token == .id || token == .number, let amount = amount(around: tokenStart) {
            return "write the number alone: \(amount)"
        }
        if token == .id, let number = before.firstMatch(of: /([0-9]+(?:\.[0-9]+)?)\s*$/) {
            return "write the number alone: \(number.output.1)"
        }
        if token == .id, let text = unquoted(before, after) { return "put a text in quotes: \"\(text)\"" }
        return "put 'and' or 'or' before it, or take it out"
    }

    /// The words behind an operator that were probably meant as one text: `Royal Mail`.
    private func unquoted(_ before: String, _ after: String) -> String? {
        guard let first = before.firstMatch(of: /(?:==|!=|contains)\s+([\p{L}\p{N}_.&'-]+)\s+$/) else { return nil }
        let rest = after.split(separator: " ").prefix { $0 != "and" && $0 != "or" && !$0.contains("\"") }
        return ([first.output.1] + rest).joined(separator: " ")
    }

    /// The number beside a currency sign or code: `100€`, `£100`, `100 EUR`.
    private func amount(around offset: Int) -> String? {
        let before = text(0, offset)
        let after = text(offset, source.count)
        let money = /(?:€|£|\$|¥|EUR|GBP|USD|Euro|euro|pounds?|dollars?)/
        guard let sign = after.prefixMatch(of: money) else { return nil }
        if let number = before.firstMatch(of: /([0-9]+(?:\.[0-9]+)?)\s*$/) { return String(number.output.1) }
        return after[sign.range.upperBound...].prefixMatch(of: /\s*([0-9]+(?:\.[0-9]+)?)/).map { String($0.output.1) }
    }
}

extension String {
    /// Without spaces at either end.
    fileprivate var trimmingBlanks: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}

/// Evaluates one condition.
private struct ConditionJudge {
    let condition: Condition
    var renderer: Renderer

    init(_ condition: Condition, _ scope: Scope, _ options: RenderOptions) {
        self.condition = condition
        let program = Program(name: "", source: [], roots: condition.roots, body: Block(), warnings: [])
        var options = options
        options.destination = .none
        renderer = Renderer(program: program, scope: scope, options: options)
    }

    mutating func holds() -> Bool {
        var result = false
        for clause in condition.test.clauses {
            result = self.holds(clause)
            switch clause.relation {
            case .and?: if !result { return false }
            case .or?: if result { return true }
            case nil: return result
            }
        }
        return result
    }

    private mutating func value(_ expression: Expression) -> Value {
        (try? renderer.evaluate(expression)) ?? .null
    }

    private mutating func holds(_ clause: Clause) -> Bool {
        guard let (sign, right) = clause.comparison else { return value(clause.left).isTruthy }
        if sign == .contains, let answer = Condition.contains(value(clause.left), value(right)) { return answer }
        return (try? renderer.compare(clause.left, sign, right)) ?? false
    }

    mutating func findings() -> [Condition.Finding] {
        var findings: [Condition.Finding] = []
        for clause in condition.test.clauses {
            let holds = holds(clause)
            let source = condition.text(clause.start, clause.end)
            findings.append(
                Condition.Finding(source: source, holds: holds, text: text(clause, holds: holds)))
            if clause.relation == .and && !holds { break }
            if clause.relation == .or && holds { break }
        }
        return findings
    }

    private mutating func text(_ clause: Clause, holds: Bool) -> String {
        let name = condition.path(of: clause.left) ?? condition.text(clause.start, clause.end)
        let left = value(clause.left)
        guard let (sign, right) = clause.comparison else { return Wording.of(name, left) }
        return Wording.of(name, left, sign, right.isMarker ? nil : value(right), holds: holds)
    }
}

/// The result of a comparison, in words: `order.total_price is 40.00, not at least 100`.
enum Wording {
    /// A bare name.
    static func of(_ name: String, _ value: Value) -> String { name + " is " + shown(value) }

    /// A comparison; `right` is nil for `empty` and `blank`.
    static func of(_ name: String, _ left: Value, _ sign: Operator, _ right: Value?, holds: Bool) -> String {
        guard let right else { return of(name, left) }
        let other = shown(right)
        switch sign {
        case .equal: return holds ? name + " is " + other : name + " is " + shown(left) + ", not " + other
        case .notEqual: return holds ? name + " is " + shown(left) + ", not " + other : name + " is " + other
        case .contains:
            return holds
                ? name + " contains " + other : name + " is " + shown(left) + " and does not contain " + other
        default:
            let words: String
            switch sign {
            case .greater: words = "more than "
            case .greaterOrEqual: words = "at least "
            case .less: words = "less than "
            default: words = "at most "
            }
            return name + " is " + shown(left) + (holds ? ", " : ", not ") + words + other
        }
    }

    private static func shown(_ value: Value) -> String {
        switch value.settled {
        case .null: return "empty"
        case .string(let text): return text.isEmpty ? "empty" : "\"" + text + "\""
        case .safe(let safe): return "\"\(safe.text)\""
        case .array(let elements):
            return elements.isEmpty ? "an empty list" : elements.map(shown).joined(separator: ", ")
        case .drop(let drop):
            if let elements = drop.elements { return shown(.array(elements)) }
            return drop.printed.text.isEmpty ? "there" : "\"\(drop.printed.text)\""
        case .object: return "there"
        case let other: return other.text
        }
    }
}
