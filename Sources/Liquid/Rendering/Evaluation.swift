// Expressions, lookups and tests.

extension Renderer {
    mutating func evaluate(_ expression: Expression) throws(RenderError) -> Value {
        switch expression {
        case .literal(let value): return value
        case .authored(let text):
            return isEscaping ? .safe(SafeText(text, for: options.destination)) : .string(text)
        case .lookup(let lookup): return try evaluate(lookup)
        case .range(let first, let last):
            return .range(try rangeEnd(try evaluate(first)), try rangeEnd(try evaluate(last)))
        case .empty, .blank: return .string("")
        }
    }

    private func rangeEnd(_ value: Value) throws(RenderError) -> Int {
        switch value.settled {
        case .int(let int): return int
        case .null: return 0
        case .string(let text): return text.leadingInt
        case .safe(let safe): return safe.text.leadingInt
        case .drop(let whole as Whole): return Int(clamping: whole.value)
        default: throw RenderError(.argument, "invalid integer")
        }
    }

    @inline(__always)
    func root(_ root: Int) -> Value {
        let slot = slots[root]
        if let local = slot.pointee.local { return local }
        if let assigned = slot.pointee.assigned { return assigned }
        if slot.pointee.isResolved { return slot.pointee.environment ?? .null }
        return resolve(root, slot)
    }

    @inline(never)
    private func resolve(_ root: Int, _ slot: UnsafeMutablePointer<Slot>) -> Value {
        let name = program.roots[root].text
        var value = frame.scope[name]
        if value == nil || value?.isNull == true, name == "self" { value = .drop(SelfScope(frame)) }
        slot.pointee.environment = value
        slot.pointee.isResolved = true
        return value ?? .null
    }

    mutating func evaluate(_ lookup: Lookup) throws(RenderError) -> Value {
        var value: Value
        if lookup.root >= 0 {
            value = root(lookup.root)
        } else if let computed = lookup.computedRoot {
            guard let name = try evaluate(computed).settled.textIfString else { return .null }
            value = frame.value(named: name)
        } else {
            return .null
        }
        for segment in lookup.segments {
            switch segment {
            case .key(let name, let command):
                if case .object(let object) = value, let found = object.find(name.text, hash: name.hash) {
                    value = found
                } else {
                    // Characters are counted.
                    if command == .size, let text = value.textIfString { try spend(text.utf8.count) }
                    value = Renderer.member(of: value, name, command)
                }
            case .index(let index): value = Renderer.element(of: value, index)
            case .literal(let name):
                if case .object(let object) = value {
                    value = object.find(name.text, hash: name.hash) ?? .null
                } else {
                    value = Renderer.member(of: value, name, nil)
                }
            case .computed(let expression):
                switch try evaluate(expression).settled {
                case .int(let index): value = Renderer.element(of: value, index)
                case .string(let text): value = Renderer.member(of: value, Name(text), nil)
                case .safe(let safe): value = Renderer.member(of: value, Name(safe.text), nil)
                default: return .null
                }
            }
        }
        return value
    }

    static func element(of value: Value, _ index: Int) -> Value {
        guard let elements = value.listElements else { return .null }
        let position = index < 0 ? elements.count &+ index : index
        return elements.indices.contains(position) ? elements[position] : .null
    }

    /// The member of a value by its key, or by `size`, `first` or `last`.
    static func member(of value: Value, _ name: Name, _ command: Command?) -> Value {
        switch value {
        case .object(let object):
            if let found = object.find(name.text, hash: name.hash) { return found }
            guard let command else { return .null }
            switch command {
            case .size: return .int(object.count)
            case .first: return object.isEmpty ? .null : .array([.string(object.keys[0]), object.values[0]])
            case .last: return .null
            }
        case .array(let elements):
            guard let command else { return .null }
            switch command {
            case .size: return .int(elements.count)
            case .first: return elements.first ?? .null
            case .last: return elements.last ?? .null
            }
        case .drop(let drop):
            if let found = drop.value(for: name.text) { return found }
            guard let command else { return .null }
            if let elements = drop.elements { return member(of: .array(elements), name, command) }
            return drop.plain.map { member(of: $0, name, command) } ?? .null
        case .string(let text):
            guard let command else { return .null }
            switch command {
            case .size: return .int(text.unicodeScalars.count)
            case .first: return .string(text.unicodeScalars.first.map(String.init) ?? "")
            case .last: return .string(text.unicodeScalars.last.map(String.init) ?? "")
            }
        case .safe(let safe): return member(of: .string(safe.text), name, command)
        case .range(let first, let last):
            guard let command else { return .null }
            switch command {
            case .size: return .int(last < first ? 0 : last &- first &+ 1)
            case .first: return .int(first)
            case .last: return .int(last)
            }
        case .int: return command == .size ? .int(8) : .null
        case .money(let money):
            switch name.text {
            case "currency", "currency_code": return .string(money.currency)
            case "amount": return .string(money.amount)
            default: return .null
            }
        default: return .null
        }
    }

    // MARK: Tests

    mutating func holds(_ test: Test) throws(RenderError) -> Bool {
        for clause in test.clauses {
            let result: Bool
            if let (sign, right) = clause.comparison {
                result = try compare(clause.left, sign, right)
            } else {
                result = try evaluate(clause.left).isTruthy
            }
            switch clause.relation {
            case .and?: if !result { return false }
            case .or?: if result { return true }
            case nil: return result
            }
        }
        return false
    }

    mutating func compare(_ left: Expression, _ sign: Operator, _ right: Expression) throws(RenderError) -> Bool {
        if case .unknown(let text) = sign { throw RenderError(.argument, "Unknown operator \(text)") }
        if sign == .equal || sign == .notEqual {
            let isEqual: Bool
            switch (left, right) {
            case (.empty, .empty), (.blank, .blank), (.empty, .blank), (.blank, .empty): isEqual = false
            case (.empty, _): isEqual = try evaluate(right).isEmpty
            case (_, .empty): isEqual = try evaluate(left).isEmpty
            case (.blank, _): isEqual = try isBlank(right)
            case (_, .blank): isEqual = try isBlank(left)
            default: return try holds(try evaluate(left), sign, try evaluate(right))
            }
            return isEqual == (sign == .equal)
        }
        if sign == .contains, right.isMarker, !left.isMarker {
            // `blank` and `empty` count as empty texts when searched for in a text.
            return try evaluate(left).textIfString != nil
        }
        if left.isMarker || right.isMarker { return false }
        return try holds(try evaluate(left), sign, try evaluate(right))
    }

    private mutating func isBlank(_ expression: Expression) throws(RenderError) -> Bool {
        let value = try evaluate(expression)
        if let text = value.textIfString { try spend(text.utf8.count) }
        return value.isBlank
    }

    private mutating func holds(_ left: Value, _ sign: Operator, _ right: Value) throws(RenderError) -> Bool {
        switch (left, right) {
        case (.int, _), (_, .int), (.null, _), (_, .null), (.bool, _), (_, .bool): break
        case (.string(let a), .string(let b)):
            try spend(sign == .contains ? a.utf8.count + b.utf8.count : min(a.utf8.count, b.utf8.count))
        default: try spend(weight(of: left) + weight(of: right))
        }
        return try Comparison.holds(left, sign, right)
    }
}

extension String {
    /// Ruby's `to_i`: the digits at the beginning, or 0.
    var leadingInt: Int {
        var value = 0
        var isNegative = false
        var isStarted = false
        for byte in utf8 {
            if !isStarted {
                if byte.isSpace { continue }
                isStarted = true
                if byte == 0x2D || byte == 0x2B {
                    isNegative = byte == 0x2D
                    continue
                }
            }
            if byte == 0x5F && value != 0 { continue }
            guard byte.isDigit else { break }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow2) = product.addingReportingOverflow(Int(byte - 0x30))
            if overflow || overflow2 { return isNegative ? .min : .max }
            value = sum
        }
        return isNegative ? -value : value
    }
}
