// The lax grammar: what Shopify's engine accepts when its strict parser refuses. There it is a series of regular
// expressions (liquid.rb, variable.rb, condition.rb and tags/*.rb of Shopify/liquid); here each is a small scanner that
// stops where the expression would stop.

extension Parser {
    // MARK: The pieces

    /// `QuotedString`: the position after the closing quote, or nil.
    func quoted(_ at: Int, _ to: Int) -> Int? {
        let quote = source[at]
        guard quote == 0x22 || quote == 0x27 else { return nil }
        var end = at + 1
        while end < to, source[end] != quote { end += 1 }
        return end < to ? end + 1 : nil
    }

    /// `QuotedFragment`: `"text"`, or a run without spaces, commas and bars, in which a quoted text counts as one.
    func fragment(_ at: Int, _ to: Int) -> Int? {
        guard at < to else { return nil }
        if let end = quoted(at, to) { return end }
        var end = at
        while end < to {
            let byte = source[end]
            if byte == 0x22 || byte == 0x27 {
                guard let close = quoted(end, to) else { break }
                end = close
            } else if byte.isSpace || byte == 0x2C || byte == 0x7C {
                break
            } else {
                end += 1
            }
        }
        return end > at ? end : nil
    }

    /// `QuotedFragment+`.
    func fragments(_ at: Int, _ to: Int) -> Int? {
        guard var end = fragment(at, to) else { return nil }
        while let more = fragment(end, to) { end = more }
        return end
    }

    /// The first `QuotedFragment` at or after a position.
    func findFragment(_ from: Int, _ to: Int) -> (Int, Int)? {
        var at = from
        while at < to {
            if let end = fragment(at, to) { return (at, end) }
            at += 1
        }
        return nil
    }

    func skipSpace(_ from: Int, _ to: Int) -> Int {
        var at = from
        while at < to, source[at].isSpace { at += 1 }
        return at
    }

    func word(_ from: Int, _ to: Int) -> Int {
        var at = from
        while at < to, source[at].isWord { at += 1 }
        return at
    }

    private func isBoundary(_ at: Int, _ from: Int, _ to: Int) -> Bool {
        let before = at > from && source[at - 1].isWord
        let after = at < to && source[at].isWord
        return before != after
    }

    // MARK: Expressions

    mutating func laxExpression(_ start: Int, _ end: Int, depth: Int = 0) -> Expression {
        var from = start
        var to = end
        while from < to, source[from].isRubySpace { from += 1 }
        while to > from, source[to - 1].isRubySpace { to -= 1 }
        guard from < to, depth < Parser.deepestExpression else { return .literal(.null) }
        let first = source[from]
        if (first == 0x22 || first == 0x27) && source[to - 1] == first {
            return .text(text(min(from + 1, to - 1), max(to - 1, min(from + 1, to - 1))))
        }
        if let number = laxNumber(from, to) { return number }
        if first == 0x28, source[to - 1] == 0x29, let range = laxRange(from, to, depth) { return range }
        if let literal = literal(from, to) { return literal }
        return laxLookup(from, to, depth)
    }

    /// Digits and any number of dots; anything after the second dot is ignored.
    private func laxNumber(_ from: Int, _ to: Int) -> Expression? {
        var at = from
        if source[at] == 0x2D { at += 1 }
        guard at < to, source[at].isDigit else { return nil }
        var firstDot: Int?
        var numberEnd: Int?
        while at < to {
            if source[at] == 0x2E {
                if firstDot == nil {
                    firstDot = at
                } else if numberEnd == nil {
                    numberEnd = at
                }
            } else if !source[at].isDigit {
                return nil
            }
            at += 1
        }
        guard let firstDot else { return .literal(number(from, to)) }
        let end = numberEnd ?? to
        let digits = text(from, end == firstDot + 1 ? firstDot : end)
        return .literal(.float(Double(digits) ?? 0))
    }

    /// `(a..b)`, where the first bound extends to the last `..` of its run.
    private mutating func laxRange(_ from: Int, _ to: Int, _ depth: Int) -> Expression? {
        let start = skipSpace(from + 1, to - 1)
        var run = start
        while run < to - 1, !source[run].isSpace { run += 1 }
        var dots: Int?
        var at = run - 2
        while at > start {
            if source[at] == 0x2E, source[at + 1] == 0x2E {
                dots = at
                break
            }
            at -= 1
        }
        var firstEnd = run
        var second: Int
        if let dots {
            firstEnd = dots
            second = skipSpace(dots + 2, to - 1)
        } else {
            let next = skipSpace(run, to - 1)
            guard next + 1 < to - 1, source[next] == 0x2E, source[next + 1] == 0x2E else { return nil }
            second = skipSpace(next + 2, to - 1)
        }
        let last = second
        while second < to - 1, !source[second].isSpace { second += 1 }
        guard second > last, firstEnd > start, skipSpace(second, to - 1) == to - 1 else { return nil }
        return .span(laxExpression(start, firstEnd, depth: depth + 1), laxExpression(last, second, depth: depth + 1))
    }

    /// `VariableParser` matched repeatedly: names and brackets, whatever is between them.
    private mutating func laxLookup(_ from: Int, _ to: Int, _ depth: Int) -> Expression {
        var root: Int?
        var computedRoot: Expression?
        var segments: [Segment] = []
        let closes = brackets(from, to)
        var at = from
        while at < to {
            let byte = source[at]
            if byte == 0x5B, let close = closes[at] {
                let index = laxExpression(at + 1, close - 1, depth: depth + 1)
                if root == nil && computedRoot == nil {
                    if let name = index.literalText {
                        root = slot(name)
                    } else {
                        computedRoot = index
                    }
                } else {
                    segments.append(Parser.bracket(index))
                }
                at = close
            } else if byte.isWord || byte == 0x2D {
                var end = at
                while end < to, source[end].isWord || source[end] == 0x2D { end += 1 }
                if end < to, source[end] == 0x3F { end += 1 }
                if root == nil && computedRoot == nil {
                    root = slot(at, end)
                } else {
                    segments.append(key(at, end))
                }
                at = end
            } else {
                at += 1
            }
        }
        guard root != nil || computedRoot != nil else { return .literal(.null) }
        return .lookup(Lookup(root: root ?? -1, computedRoot: computedRoot, segments: segments, offset: Int32(from)))
    }

    /// For each opening bracket of a range, the position after its closing one. In one pass, because a text of only
    /// opening brackets must not take quadratic time.
    private func brackets(_ from: Int, _ to: Int) -> [Int: Int] {
        var open: [Int] = []
        var closes: [Int: Int] = [:]
        for at in from..<to {
            if source[at] == 0x5B {
                open.append(at)
            } else if source[at] == 0x5D, let start = open.popLast() {
                closes[start] = at + 1
            }
        }
        return closes
    }

    // MARK: Outputs and filters

    mutating func laxPipeline(_ from: Int, _ to: Int) -> Pipeline {
        guard let (start, end) = findFragment(from, to) else { return Pipeline(value: .literal(.null), filters: []) }
        let value = laxExpression(start, end)
        var at = end
        while at < to, source[at] != 0x7C { at += 1 }
        var filters: [Filter] = []
        at = skipSpace(at + 1, to)
        while at < to {
            // One filter: spaces, fragments and commas up to a bar or an unpaired quote.
            var close = at
            while close < to {
                if source[close].isSpace || source[close] == 0x2C {
                    close += 1
                } else if let end = fragment(close, to) {
                    close = end
                } else {
                    break
                }
            }
            guard close > at else {
                at += 1
                continue
            }
            if let filter = laxFilter(at, close) { filters.append(filter) }
            at = close
        }
        return Pipeline(value: value, filters: filters)
    }

    private mutating func laxFilter(_ from: Int, _ to: Int) -> Filter? {
        var start = from
        while start < to, !source[start].isWord { start += 1 }
        let end = word(start, to)
        guard end > start else { return nil }
        let name = text(start, end)
        var arguments: [Expression] = []
        var named: [(name: String, value: Expression)] = []
        // Each argument follows a colon or comma; `name: value` is a named one.
        var at = from
        while at < to {
            guard source[at] == 0x3A || source[at] == 0x2C else {
                at += 1
                continue
            }
            let argument = skipSpace(at + 1, to)
            let nameEnd = word(argument, to)
            let colon = skipSpace(nameEnd, to)
            if nameEnd > argument, colon < to, source[colon] == 0x3A,
                let valueEnd = fragment(skipSpace(colon + 1, to), to)
            {
                named.append((text(argument, nameEnd), laxExpression(skipSpace(colon + 1, to), valueEnd)))
                at = valueEnd
            } else if let end = fragment(argument, to) {
                arguments.append(laxExpression(argument, end))
                at = end
            } else {
                at += 1
            }
        }
        return Filter(name: FilterName(name), text: name, arguments: arguments, named: named, offset: Int32(start))
    }

    // MARK: Conditions

    mutating func laxTest(_ from: Int, _ to: Int) -> Test? {
        // Groups of fragments, with the words `and` and `or` between them.
        var groups: [(Int, Int)] = []
        var relations: [Relation] = []
        var groupStart = skipSpace(from, to)
        var groupEnd = groupStart
        var at = groupStart
        while at < to {
            if source[at].isSpace {
                at += 1
                continue
            }
            if let (relation, end) = relation(at, from, to), groupEnd > groupStart {
                groups.append((groupStart, groupEnd))
                relations.append(relation)
                at = skipSpace(end, to)
                groupStart = at
                groupEnd = at
                continue
            }
            var end = fragment(at, to) ?? at
            if end == at {
                while end < to, !source[end].isSpace { end += 1 }
            }
            groupEnd = end
            at = end
        }
        if groupEnd > groupStart { groups.append((groupStart, groupEnd)) }
        guard !groups.isEmpty, relations.count == groups.count - 1 else { return nil }
        var clauses: [Clause] = []
        for (index, group) in groups.enumerated() {
            guard var clause = laxClause(group.0, group.1) else { return nil }
            if index < relations.count { clause.relation = relations[index] }
            clauses.append(clause)
        }
        return Test(clauses: clauses)
    }

    func relation(_ at: Int, _ from: Int, _ to: Int) -> (Relation, Int)? {
        guard isBoundary(at, from, to) else { return nil }
        let end = word(at, to)
        switch end - at {
        case 2: return text(at, end) == "or" ? (.or, end) : nil
        case 3: return text(at, end) == "and" ? (.and, end) : nil
        default: return nil
        }
    }

    private mutating func laxClause(_ from: Int, _ to: Int) -> Clause? {
        guard let (start, end) = findFragment(from, to) else { return nil }
        let left = laxExpression(start, end)
        var at = skipSpace(end, to)
        let signStart = at
        while at < to,
            source[at] == 0x3D || source[at] == 0x21 || source[at] == 0x3C || source[at] == 0x3E
                || source[at] == 0x5F || (source[at] >= 0x61 && source[at] <= 0x7A)
        {
            at += 1
        }
        var comparison: (Operator, Expression)?
        if at > signStart {
            let sign = Operator(text(signStart, at))
            at = skipSpace(at, to)
            var right = Expression.literal(.null)
            if let end = fragment(at, to) { right = laxExpression(at, end) }
            comparison = (sign, right)
        }
        return Clause(left: left, comparison: comparison, relation: nil, start: Int32(from), end: Int32(to))
    }
}
