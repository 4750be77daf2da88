extension Condition {
    /// All mistakes in the condition according to a schema's names and types, from left to right.
    ///
    /// Liquid would still evaluate the line, but it would mean something nobody wants: a name that never exists, a text
    /// that is always true.
    public func check(_ schema: Schema) -> [Diagnostic] {
        var found: [Diagnostic] = []
        var relations: Set<Relation> = []
        for (index, clause) in test.clauses.enumerated() {
            if let relation = clause.relation {
                relations.insert(relation)
                if relations.count == 2 {
                    found.append(
                        diagnostic(
                            "'and' and 'or' stand in one line", clause.end,
                            hint: "write two lines, or put the alternatives under 'any:'"))
                    relations = [relation]
                }
            }
            check(clause, before: index > 0 ? test.clauses[index - 1] : nil, schema, &found)
        }
        return found
    }

    private func diagnostic(_ message: String, _ offset: Int32, hint: String? = nil) -> Diagnostic {
        Diagnostic(column: column(offset), message: message, hint: hint)
    }

    /// The type of an expression; nil if it is unknown or already reported as a mistake.
    private enum Kind {
        case entry(Schema.Entry)
        case literal(Schema.Kind)
        case missing
        case open
        case unknown
    }

    private func kind(_ expression: Expression, _ clause: Clause, _ schema: Schema, _ found: inout [Diagnostic]) -> Kind
    {
        switch expression {
        case .literal(.string), .authored: return .literal(.text)
        case .literal(.int), .literal(.float): return .literal(.number)
        case .literal(.bool): return .literal(.boolean)
        case .literal(.null), .empty, .blank: return .missing
        case .literal: return .open
        case .range:
            found.append(diagnostic("a range cannot be compared", clause.start))
            return .unknown
        case .lookup(let lookup):
            guard let path = lookup.path(roots) else { return .open }
            switch schema.look(up: path) {
            case .known(let entry): return .entry(entry)
            case .open: return .open
            case .unknown(let nearest):
                var hint = nearest.map { "did you mean '\($0)'?" }
                // A bare word on the right of an operator is a text without its quotes.
                let isRight = lookup.offset > clause.start && clause.comparison != nil
                if isRight, !path.contains("."), lookup.segments.isEmpty {
                    hint = "put a text in quotes: \"\(path)\""
                    if let name = booleanName(clause, schema), let sign = clause.comparison?.0 {
                        hint = Self.truth(path, name, sign)
                    }
                }
                found.append(diagnostic("unknown name '\(path)'", lookup.offset, hint: hint))
                return .unknown
            }
        }
    }

    /// The name on the left of a comparison, where it is true or false.
    private func booleanName(_ clause: Clause, _ schema: Schema) -> String? {
        guard let path = path(of: clause.left), case .known(let entry) = schema.look(up: path),
            entry.kind == .boolean
        else { return nil }
        return path
    }

    /// How a name that is true or false is asked for, where it was compared with a word.
    private static func truth(_ word: String, _ name: String, _ sign: Operator) -> String {
        let no = ["no", "off", "nein", "non", "false", "0"].contains(word.lowercased())
        return no ? "write the line under 'unless', without '\(sign.text) …'" : "write the name alone: \(name)"
    }

    private func check(_ clause: Clause, before: Clause?, _ schema: Schema, _ found: inout [Diagnostic]) {
        let left = kind(clause.left, clause, schema, &found)
        guard let (sign, rightExpression) = clause.comparison else {
            return checkAlone(clause, left, before, &found)
        }
        let right = kind(rightExpression, clause, schema, &found)
        if case .literal = left, case .literal = right {
            found.append(diagnostic("two fixed values are compared", clause.start, hint: "one side has to be a name"))
            return
        }
        if sign == .contains { return checkContains(clause, left, right, &found) }
        if case .missing = right {
            if sign != .equal && sign != .notEqual {
                found.append(diagnostic("nothing can be more or less than empty", clause.start))
            }
            return
        }
        if case .missing = left { return }
        guard let a = comparable(left), let b = comparable(right) else { return }
        let name = path(of: clause.left) ?? path(of: rightExpression) ?? ""
        if case .oneOf(let texts) = a, let text = rightExpression.literalText {
            return checkMember(text, of: texts, name, sign, clause, &found)
        }
        if case .oneOf(let texts) = b, let text = clause.left.literalText {
            return checkMember(text, of: texts, name, sign, clause, &found)
        }
        switch (a, b) {
        case (.texts, _), (.objects, _), (_, .texts), (_, .objects):
            found.append(
                diagnostic("'\(name)' is a list", clause.start, hint: "use 'contains', or compare \(name).size"))
        case (.object, _), (_, .object):
            found.append(diagnostic("'\(name)' has fields of its own", clause.start, hint: "name one of them"))
        case (.boolean, .boolean):
            if sign != .equal && sign != .notEqual {
                found.append(diagnostic("'\(name)' is yes or no", clause.start, hint: "compare it with == true"))
            }
        case (.number, .number), (.money, .number), (.number, .money), (.money, .money): break
        case (.time, .time), (.date, .date), (.time, .date), (.date, .time): break
        case (.time, .text), (.date, .text), (.text, .time), (.text, .date), (.time, .number), (.date, .number):
            let other = b.isText || a.isText ? "text" : "number"
            found.append(
                diagnostic(
                    "'\(name)' is a \(a.isText ? b.text : a.text) and cannot be compared with a \(other)",
                    clause.start, hint: daysInstead(of: name, schema)))
        default:
            if a.isText && b.isText {
                if sign != .equal && sign != .notEqual {
                    found.append(diagnostic("texts are compared with == or !=, not \(sign.text)", clause.start))
                }
            } else {
                var hint: String?
                if case .number = a, let text = rightExpression.literalText, Double(text) != nil {
                    hint = "write \(text) without quotes"
                }
                if case .money = a, let text = rightExpression.literalText, Double(text) != nil {
                    hint = "write \(text) without quotes"
                }
                if case .boolean = a, let text = rightExpression.literalText, text == "true" || text == "false" {
                    hint = "write \(text) without quotes"
                }
                if case .number = a, let text = rightExpression.literalText,
                    let number = Self.numbers[text.lowercased()]
                {
                    hint = "write the number: \(number)"
                }
                if case .boolean = a, let text = rightExpression.literalText, hint == nil {
                    hint = Self.truth(text, name, sign)
                }
                if case .boolean = a, case .literal = rightExpression, hint == nil {
                    hint = "write the name alone: \(name)"
                }
                if a.isText, case .literal(let value) = rightExpression { hint = "write \"\(value.text)\" in quotes" }
                found.append(
                    diagnostic("'\(name)' is \(a.text) and is compared with \(b.text)", clause.start, hint: hint))
            }
        }
    }

    private static let numbers = Dictionary(
        uniqueKeysWithValues: zip(
            ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], 1...10))

    /// The name that counts the days since a moment or day.
    private func daysInstead(of name: String, _ schema: Schema) -> String {
        let parts = name.split(separator: ".")
        guard parts.count == 2 else { return "use the number of days: days_since_…" }
        let key = parts[1].hasSuffix("_at") ? parts[1].dropLast(3) : parts[1]
        let days = "\(parts[0]).days_since_\(key)"
        if schema[days] != nil { return "count the days instead: \(days) < 7" }
        let others = ["days_late", "days_moved"].map { "\(parts[0]).\($0)" }.filter { schema[$0] != nil }
        guard !others.isEmpty else { return "'until:' waits for a day" }
        return "count days instead: " + others.joined(separator: " or ")
    }

    private func comparable(_ kind: Kind) -> Schema.Kind? {
        switch kind {
        case .entry(let entry): entry.kind == .anything ? nil : entry.kind
        case .literal(let kind): kind
        case .missing, .open, .unknown: nil
        }
    }

    private func checkMember(
        _ text: String, of texts: [String], _ name: String, _ sign: Operator, _ clause: Clause,
        _ found: inout [Diagnostic]
    ) {
        guard sign == .equal || sign == .notEqual else {
            found.append(diagnostic("texts are compared with == or !=, not \(sign.text)", clause.start))
            return
        }
        guard !texts.contains(text) else { return }
        let near = nearestName(to: text, in: texts)
        found.append(
            diagnostic(
                "'\(name)' is never \"\(text)\"", clause.start,
                hint: near.map { "did you mean \"\($0)\"?" } ?? "it is one of: " + texts.joined(separator: ", ")))
    }

    private func checkContains(_ clause: Clause, _ left: Kind, _ right: Kind, _ found: inout [Diagnostic]) {
        let name = path(of: clause.left) ?? condition(clause)
        if let a = comparable(left) {
            switch a {
            case .texts, .text, .oneOf, .anything: break
            case .objects:
                found.append(
                    diagnostic(
                        "'\(name)' is a list of things, not of texts", clause.start, hint: "compare \(name).size"))
                return
            default:
                found.append(
                    diagnostic(
                        "'\(name)' is \(a.text) and cannot contain anything", clause.start, hint: "compare it with =="))
                return
            }
        }
        if let b = comparable(right), !b.isText {
            let shown = clause.comparison.map { expression -> String in
                if case .literal(let value) = expression.1 { return value.text }
                return b.text
            }
            found.append(
                diagnostic(
                    "'\(name)' holds texts and is asked for a \(b.text)", clause.start,
                    hint: shown.map { "write \"\($0)\" in quotes" }))
        }
    }

    private func condition(_ clause: Clause) -> String { text(clause.start, clause.end) }

    private func checkAlone(_ clause: Clause, _ left: Kind, _ before: Clause?, _ found: inout [Diagnostic]) {
        switch left {
        case .literal(.text):
            let shown = text(clause.start, clause.end)
            var hint = "compare a name with it"
            if let before, let (sign, _) = before.comparison, let name = path(of: before.left) {
                hint = "write: \(name) \(sign.text) \(shown)"
            }
            found.append(diagnostic("\(shown) by itself is always true", clause.start, hint: hint))
        case .literal, .missing:
            found.append(
                diagnostic(
                    "\(text(clause.start, clause.end)) by itself says nothing", clause.start,
                    hint: "compare a name with it"))
        case .entry(let entry):
            switch entry.kind {
            case .number, .money:
                found.append(
                    diagnostic(
                        "'\(entry.path)' is \(entry.kind.text), and by itself always true, even when it is 0",
                        clause.start,
                        hint: "write: \(entry.path) > 0"))
            case .texts, .objects:
                found.append(
                    diagnostic(
                        "'\(entry.path)' is a list, and by itself always true, even when it is empty", clause.start,
                        hint: "write: \(entry.path).size > 0"))
            case .text where !entry.canBeEmpty, .oneOf where !entry.canBeEmpty:
                found.append(
                    diagnostic("'\(entry.path)' is always there", clause.start, hint: "compare it with a text"))
            default: break
            }
        case .open, .unknown: break
        }
    }
}
