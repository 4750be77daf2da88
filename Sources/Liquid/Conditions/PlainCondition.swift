// Conditions that are decided without rendering.
//
// Nearly every line of a trigger compares names with words and numbers: `order.total_price >= 40`. Such a line needs no
// scope, no slots and no output, only the values of its names. So the names are numbered when the line is parsed, the
// caller supplies each value on demand (and keeps it for the next line), and the operand is prepared: a word to look
// for in a list is already in lower case. The result is the same as with `Condition.evaluate`, because both use
// `Comparison`.

/// A condition of only names, words and numbers.
public struct PlainCondition: Sendable {
    /// The names it reads, each once: `order.total_price`.
    public let names: [String]
    private let clauses: [PlainClause]

    /// The condition in that form; nil if it computes something, or reads a whole object or a path with more than one
    /// dot.
    public init?(_ condition: Condition) {
        var names: [String] = []
        func operand(_ expression: Expression) -> PlainOperand? {
            switch expression {
            case .literal(let value): return .value(value)
            case .authored(let text): return .value(.string(text))
            case .empty: return .empty
            case .blank: return .blank
            case .range: return nil
            case .lookup(let lookup):
                guard lookup.root >= 0, lookup.segments.count == 1, let path = condition.path(of: expression) else {
                    return nil
                }
                switch lookup.segments[0] {
                case .key(_, nil), .literal: break
                default: return nil
                }
                if let index = names.firstIndex(of: path) { return .name(index) }
                names.append(path)
                return .name(names.count - 1)
            }
        }
        var clauses: [PlainClause] = []
        for clause in condition.test.clauses {
            guard let left = operand(clause.left) else { return nil }
            let name = condition.path(of: clause.left) ?? condition.text(clause.start, clause.end)
            guard let (sign, expression) = clause.comparison else {
                clauses.append(PlainClause(name: name, left: left, comparison: nil, relation: clause.relation))
                continue
            }
            guard let right = operand(expression) else { return nil }
            if case .unknown = sign { return nil }
            var comparison = PlainClause.Comparison(sign: sign, right: right)
            if sign == .contains, case .value(let value) = right {
                comparison.wanted = value.textIfString?.lowercased()
            }
            clauses.append(PlainClause(name: name, left: left, comparison: comparison, relation: clause.relation))
        }
        self.names = names
        self.clauses = clauses
    }

    /// The result of the deciding comparison, in the words of `Condition.explain`.
    public func wording(_ value: (Int) -> Value) -> String {
        for clause in clauses {
            let holds = clause.holds(value)
            let isLast =
                switch clause.relation {
                case .and?: !holds
                case .or?: holds
                case nil: true
                }
            if isLast { return clause.wording(value, holds: holds) }
        }
        return ""
    }

    /// Whether it is true. `value` returns the value of the name at an index of `names`; it is called only for names
    /// that affect the result.
    public func holds(_ value: (Int) -> Value) -> Bool {
        var result = false
        for clause in clauses {
            result = clause.holds(value)
            switch clause.relation {
            case .and?: if !result { return false }
            case .or?: if result { return true }
            case nil: return result
            }
        }
        return result
    }
}

private enum PlainOperand: Sendable {
    case value(Value)
    case name(Int)
    case empty
    case blank

    var isMarker: Bool {
        switch self {
        case .empty, .blank: true
        default: false
        }
    }

    @inline(__always)
    func read(_ value: (Int) -> Value) -> Value {
        switch self {
        case .value(let value): return value
        case .name(let index): return value(index)
        case .empty, .blank: return .string("")
        }
    }
}

private struct PlainClause: Sendable {
    struct Comparison: Sendable {
        let sign: Operator
        let right: PlainOperand
        /// The word to look for in a list, in lower case.
        var wanted: String?
    }

    /// The left side, as written.
    let name: String
    let left: PlainOperand
    let comparison: Comparison?
    let relation: Relation?

    func wording(_ value: (Int) -> Value, holds: Bool) -> String {
        guard let comparison else { return Wording.of(name, left.read(value)) }
        let right = comparison.right.isMarker ? nil : comparison.right.read(value)
        return Wording.of(name, left.read(value), comparison.sign, right, holds: holds)
    }

    func holds(_ value: (Int) -> Value) -> Bool {
        func read(_ operand: PlainOperand) -> Value { operand.read(value) }
        guard let comparison else { return read(left).isTruthy }
        let (sign, right) = (comparison.sign, comparison.right)
        if sign == .contains {
            let list = read(left)
            if let wanted = comparison.wanted, case .drop(let drop) = list, let texts = drop as? TextList {
                return texts.has(lowered: wanted)
            }
            let other = read(right)
            if let answer = Condition.contains(list, other) { return answer }
        }
        if sign == .equal || sign == .notEqual, left.isMarker || right.isMarker {
            let isEqual: Bool
            switch (left, right) {
            case (.empty, .empty), (.blank, .blank), (.empty, .blank), (.blank, .empty): isEqual = false
            case (.empty, _): isEqual = read(right).isEmpty
            case (_, .empty): isEqual = read(left).isEmpty
            case (.blank, _): isEqual = read(right).isBlank
            default: isEqual = read(left).isBlank
            }
            return isEqual == (sign == .equal)
        }
        if sign == .contains, right.isMarker, !left.isMarker { return read(left).textIfString != nil }
        if left.isMarker || right.isMarker { return false }
        return (try? Liquid.Comparison.holds(read(left), sign, read(right))) ?? false
    }
}
