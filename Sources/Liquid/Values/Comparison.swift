/// How values compare, as Ruby compares them.
enum Comparison {
    /// Whether the comparison `sign` is true of two values. Throws where Ruby would.
    static func holds(_ left: Value, _ sign: Operator, _ right: Value) throws(RenderError) -> Bool {
        switch sign {
        case .equal: return equal(left, right)
        case .notEqual: return !equal(left, right)
        case .contains: return contains(left, right)
        case .unknown(let text): throw RenderError(.argument, "Unknown operator \(text)")
        default:
            guard let order = try order(left, right) else { return false }
            switch sign {
            case .less: return order < 0
            case .lessOrEqual: return order <= 0
            case .greater: return order > 0
            default: return order >= 0
            }
        }
    }

    /// `==`: whole numbers and floats by their value, texts by their bytes, lists and objects by their content.
    static func equal(_ left: Value, _ right: Value) -> Bool {
        switch (left, right) {
        case (.string(let a), .string(let b)): return a.sameBytes(as: b)
        case (.int(let a), .int(let b)): return a == b
        case (.null, .null): return true
        case (.bool(let a), .bool(let b)): return a == b
        case (.int(let a), .float(let b)): return Double(a) == b
        case (.float(let a), .int(let b)): return a == Double(b)
        case (.float(let a), .float(let b)): return a == b
        case (.drop(let a), _):
            if let answer = a.equals(right) { return answer }
            if let plain = a.plain { return equal(plain, right.settled) }
            if case .drop(let b) = right {
                if a === b { return true }
                if let answer = b.equals(left) { return answer }
                if let plain = b.plain { return equal(left, plain) }
                return false
            }
            if let elements = a.elements { return equal(.array(elements), right) }
            return false
        case (_, .drop): return equal(right, left)
        case (.safe(let a), .string(let b)): return a.text == b || a.text == Escaping.escaped(b, a.destination)
        case (.string, .safe): return equal(right, left)
        case (.safe(let a), .safe(let b)): return a.text == b.text
        case (.array(let a), .array(let b)): return a.count == b.count && zip(a, b).allSatisfy { equal($0, $1) }
        case (.object(let a), .object(let b)):
            return a === b
                || a.count == b.count
                    && zip(a.keys, a.values).allSatisfy { key, value in b[key].map { equal(value, $0) } ?? false }
        case (.range(let a, let b), .range(let c, let d)): return a == c && b == d
        case (.moment(let a), .moment(let b)): return Moment.compare(a, b) == 0
        case (.money(let a), .money(let b)): return a.currency == b.currency && Exact.compare(a.exact, b.exact) == 0
        case (.money, .int), (.money, .float), (.int, .money), (.float, .money):
            guard let a = exact(left), let b = exact(right) else { return false }
            return Exact.compare(a, b) == 0
        default: return false
        }
    }

    private static func exact(_ value: Value) -> Exact? {
        switch value {
        case .int(let int): return Exact(int)
        case .float(let double): return Exact(double)
        case .money(let money): return money.exact
        default: return nil
        }
    }

    /// Negative, zero or positive; nil if the two have no order and the answer is just no. Throws where Ruby would: a
    /// number against a text.
    static func order(_ left: Value, _ right: Value) throws(RenderError) -> Int? {
        let left = left.settled
        let right = right.settled
        switch (left, right) {
        case (.int(let a), .int(let b)): return a < b ? -1 : a == b ? 0 : 1
        case (.int, .float), (.float, .int), (.float, .float):
            let a = number(left)
            let b = number(right)
            return a < b ? -1 : a == b ? 0 : a > b ? 1 : nil
        case (.string(let a), .string(let b)): return bytes(a, b)
        case (.safe(let a), _): return try order(.string(a.text), right)
        case (_, .safe(let b)): return try order(left, .string(b.text))
        case (.moment(let a), .moment(let b)): return Moment.compare(a, b)
        case (.drop(is Whole), .string), (.drop(is Whole), .moment):
            throw RenderError(.argument, "comparison of Integer with \(right.shownInError) failed")
        case (.string, .drop(is Whole)), (.moment, .drop(is Whole)):
            throw RenderError(.argument, "comparison of \(left.kindName) with Integer failed")
        case (.drop(let a), _): return a.compared(to: right)
        case (_, .drop(let b)): return b.compared(to: left).map { -$0 }
        case (.money(let a), .money(let b)):
            guard a.currency == b.currency || a.currency.isEmpty || b.currency.isEmpty else {
                throw RenderError(.argument, "comparison of \(a.currency) with \(b.currency) failed")
            }
            return Exact.compare(a.exact, b.exact)
        case (.money, .int), (.money, .float), (.int, .money), (.float, .money):
            guard let a = exact(left), let b = exact(right) else { return nil }
            return Exact.compare(a, b)
        case (.int, .string), (.float, .string), (.string, .int), (.string, .float), (.moment, .string),
            (.moment, .int), (.moment, .float), (.string, .moment), (.int, .moment), (.float, .moment),
            (.money, .string), (.string, .money), (.money, .moment), (.moment, .money):
            throw RenderError(.argument, "comparison of \(left.kindName) with \(right.shownInError) failed")
        default: return nil
        }
    }

    private static func number(_ value: Value) -> Double {
        switch value {
        case .int(let int): return Double(int)
        case .float(let double): return double
        default: return .nan
        }
    }

    static func bytes(_ a: String, _ b: String) -> Int {
        if a.utf8.elementsEqual(b.utf8) { return 0 }
        return a.utf8.lexicographicallyPrecedes(b.utf8) ? -1 : 1
    }

    /// `contains`: a part of a text, an element of a list, a key of an object.
    static func contains(_ left: Value, _ right: Value) -> Bool {
        let left = left.settled
        let right = right.settled
        if case .null = right { return false }
        if case .bool(false) = right { return false }
        switch left {
        case .string(let text): return text.hasPart(right.filterText)
        case .safe(let safe):
            return safe.text.hasPart(right.text) || safe.text.hasPart(Escaping.escaped(right.text, safe.destination))
        case .array(let elements): return elements.contains { equal($0, right) }
        case .object(let object):
            guard let key = right.textIfString else { return false }
            return object[key] != nil
        case .range(let first, let last):
            switch right {
            case .int(let int): return first <= int && int <= last
            case .float(let double): return Double(first) <= double && double <= Double(last)
            default: return false
            }
        case .drop(let drop):
            if let answer = drop.contains(right) { return answer }
            return drop.elements?.contains { equal($0, right) } ?? false
        default: return false
        }
    }
}

extension String {
    /// Whether the bytes of another text occur in this one.
    func hasPart(_ part: String) -> Bool {
        part.utf8.count <= utf8.count && Bytes.find(Array(part.utf8), in: Array(utf8), from: 0) != nil
    }
}

/// Searching in bytes.
enum Bytes {
    /// Where `part` begins in `bytes` at or after `from`.
    static func find(_ part: [UInt8], in bytes: [UInt8], from: Int) -> Int? {
        guard let first = part.first else { return from <= bytes.count ? from : nil }
        guard bytes.count >= part.count else { return nil }
        if part.count > 32 { return findLong(part, in: bytes, from: from) }
        let last = bytes.count - part.count
        var at = from
        search: while at <= last {
            if bytes[at] != first {
                at += 1
                continue
            }
            var index = 1
            while index < part.count {
                if bytes[at + index] != part[index] {
                    at += 1
                    continue search
                }
                index += 1
            }
            return at
        }
        return nil
    }

    /// Where `part` last begins in `bytes`.
    static func findLast(_ part: [UInt8], in bytes: [UInt8]) -> Int? {
        guard !part.isEmpty else { return bytes.count }
        return find(part.reversed(), in: bytes.reversed(), from: 0).map { bytes.count - part.count - $0 }
    }

    /// Knuth-Morris-Pratt: takes time in the sum of the two lengths, where trying every position would take their
    /// product.
    private static func findLong(_ part: [UInt8], in bytes: [UInt8], from: Int) -> Int? {
        var borders = [Int](repeating: 0, count: part.count)
        var border = 0
        for index in 1..<part.count {
            while border > 0 && part[index] != part[border] { border = borders[border - 1] }
            if part[index] == part[border] { border += 1 }
            borders[index] = border
        }
        var matched = 0
        var at = from
        while at < bytes.count {
            while matched > 0 && bytes[at] != part[matched] { matched = borders[matched - 1] }
            if bytes[at] == part[matched] { matched += 1 }
            if matched == part.count { return at - matched + 1 }
            at += 1
        }
        return nil
    }
}
