// Conditions that are decided without a render.
//
// Nearly every line of a trigger compares names with words and numbers: `order.total_price >= 40`. Such a line needs no
// scope, no slots and no output, only the values of its names. So they are numbered when the line is read, the caller
// gives each value when it is asked for (and keeps it for the next line), and what is compared with stands ready: a
// word to look for in a list is in small letters already. What a line comes to is the same as by `Condition.evaluate`,
// for both compare by `Comparison`.

/// A condition of names, words and numbers alone.
public struct PlainCondition: Sendable {
    /// The names it looks at, each once: `order.total_price`.
    public let names: [String]
    private let clauses: [PlainClause]

    /// The condition in that form; nil where it computes something, or looks at a thing as a whole or deeper than one
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

    /// What the comparison that decided it came to, in the words of `Condition.explain`.
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

    /// Whether it holds, when `value` gives what stands under the name of that place in `names`. Names that decide
    /// nothing are not asked for.
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
        /// The word to look for in a list, in small letters.
        var wanted: String?
    }

    /// What stands on the left, as written.
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
