// Filters over lists. Any input works: nil is an empty list, an object a list of one, nested lists are flattened.

extension Renderer {
    /// The elements a list filter goes through.
    func elements(_ input: Value) throws(RenderError) -> [Value] {
        switch input {
        case .array(let elements):
            guard elements.contains(where: { $0.listElements != nil }) else { return elements }
            var flat: [Value] = []
            try flatten(elements, into: &flat, depth: 0)
            return flat
        case .null: return []
        case .range(let first, let last):
            guard first <= last else { return [] }
            let (span, overflow) = last.subtractingReportingOverflow(first)
            guard !overflow, span < options.limits.steps else {
                throw limit("a list of \(first)..\(last) takes more than \(options.limits.steps) steps")
            }
            return (first...last).map(Value.int)
        case .drop(let drop):
            if let elements = drop.elements { return try self.elements(.array(elements)) }
            if let plain = drop.plain { return try elements(plain) }
            return [input]
        default: return [input]
        }
    }

    private func flatten(_ elements: [Value], into flat: inout [Value], depth: Int) throws(RenderError) {
        guard depth < 64 else { return }
        for element in elements {
            if let inner = element.listElements {
                try flatten(inner, into: &flat, depth: depth + 1)
            } else {
                flat.append(element)
            }
            if flat.count > options.limits.steps { throw limit("a list takes more than \(options.limits.steps) steps") }
        }
    }

    /// The result of asking an element for a property.
    private enum Property {
        case value(Value)
        /// The element has no properties at all; the filter then returns nil.
        case none
    }

    private func property(_ element: Value, _ key: Value) throws(RenderError) -> Property {
        switch element.settled {
        case .object(let object):
            guard let name = key.textIfString else { return .value(.null) }
            return .value(object[name] ?? .null)
        case .drop(let drop):
            guard let name = key.textIfString else { return .value(.null) }
            return .value(drop.value(for: name) ?? .null)
        case .string(let text):
            if let part = key.textIfString { return .value(text.hasPart(part) ? .string(part) : .null) }
            if case .int(let index) = key.settled {
                let scalars = Array(text.unicodeScalars)
                let at = index < 0 ? scalars.count &+ index : index
                return .value(scalars.indices.contains(at) ? .string(String(scalars[at])) : .null)
            }
            throw RenderError(.argument, "cannot select the property '\(key.text)'")
        case .safe(let safe): return try property(.string(safe.text), key)
        case .array(let elements):
            guard case .int(let index) = key.settled else {
                throw RenderError(.argument, "cannot select the property '\(key.text)'")
            }
            return .value(Renderer.element(of: .array(elements), index))
        case .int(let int):
            if case .int(let bit) = key.settled {
                return .value(.int(bit < 64 && bit >= 0 ? (int >> bit) & 1 : int < 0 ? 1 : 0))
            }
            throw RenderError(.argument, "cannot select the property '\(key.text)'")
        case .money(let money):
            return .value(Renderer.member(of: .money(money), Name(key.text), nil))
        default: return .none
        }
    }

    mutating func list(_ call: Call) throws(RenderError) -> Value {
        let input = call.input
        switch call.filter.name {
        case .first, .last:
            let isFirst = call.filter.name == .first
            switch input.settled {
            case .string(let text):
                if text.isEmpty { return .null }
                return Renderer.member(of: .string(text), Name(""), isFirst ? .first : .last)
            case .drop(let drop):
                guard let elements = drop.elements else { return .null }
                return (isFirst ? elements.first : elements.last) ?? .null
            case .range(let first, let last): return .int(isFirst ? first : last)
            case let value: return Renderer.member(of: value, Name("\u{0}"), isFirst ? .first : .last)
            }
        case .concat:
            guard let more = call[0].listElements ?? rangeElements(call[0]) else {
                throw RenderError(.argument, "concat filter requires an array argument")
            }
            let elements = try elements(input)
            try checkSize((elements.count + more.count) * 24)
            return .array(elements + more)
        case .reverse: return .array(try elements(input).reversed())
        case .compact:
            let elements = try elements(input)
            guard call.has(0), !call[0].isNull else { return .array(elements.filter { !$0.settled.isNull }) }
            return try filtered(elements, call[0]) { !$0.isNull }
        case .map:
            var mapped: [Value] = []
            for element in try elements(input) {
                try step()
                switch try property(element, call[0]) {
                case .value(let value): mapped.append(value)
                case .none: mapped.append(.null)
                }
            }
            return .array(mapped)
        case .where, .reject, .find, .find_index, .has: return try selected(call)
        case .sum:
            var total = Number.int(0)
            var money: Money?
            for element in try elements(input) {
                var value = element
                if call.has(0), !call[0].isNull {
                    switch try property(element, call[0]) {
                    case .value(let found): value = found
                    case .none: value = .int(0)
                    }
                }
                if case .money(let amount) = value.settled { money = amount }
                total = Renderer.sum(total, value.number)
            }
            if let money, let exact = total.exact, let amount = money.with(exact) { return .money(amount) }
            return total.value
        case .uniq: return try unique(call)
        default: return try sorted(call)
        }
    }

    private func rangeElements(_ value: Value) -> [Value]? {
        guard case .range = value else { return nil }
        return try? elements(value)
    }

    private func filtered(_ elements: [Value], _ key: Value, _ keeps: (Value) -> Bool) throws(RenderError) -> Value {
        var kept: [Value] = []
        for element in elements {
            switch try property(element, key) {
            case .value(let value): if keeps(value) { kept.append(element) }
            case .none: return .null
            }
        }
        return .array(kept)
    }

    private mutating func selected(_ call: Call) throws(RenderError) -> Value {
        let elements = try elements(call.input)
        let target = call[1]
        func fits(_ value: Value) -> Bool {
            target.isNull ? value.isTruthy : Comparison.equal(value, target)
        }
        switch call.filter.name {
        case .where: return elements.isEmpty ? .array([]) : try filtered(elements, call[0], fits)
        case .reject: return elements.isEmpty ? .array([]) : try filtered(elements, call[0]) { !fits($0) }
        default:
            for (index, element) in elements.enumerated() {
                try step()
                guard case .value(let value) = try property(element, call[0]) else { return .null }
                guard fits(value) else { continue }
                switch call.filter.name {
                case .find: return element
                case .find_index: return .int(index)
                default: return .bool(true)
                }
            }
            return call.filter.name == .has ? .bool(false) : .null
        }
    }

    private func unique(_ call: Call) throws(RenderError) -> Value {
        var seen: Set<String> = []
        var kept: [Value] = []
        let elements = try elements(call.input)
        // A single element is compared with nothing, so its property is not read.
        if elements.count == 1 { return .array(elements) }
        for element in elements {
            var value = element
            if call.has(0), !call[0].isNull {
                guard case .value(let found) = try property(element, call[0]) else { return .null }
                value = found
            }
            if seen.insert(value.kindName + value.inspected).inserted { kept.append(element) }
        }
        return .array(kept)
    }

    private func sorted(_ call: Call) throws(RenderError) -> Value {
        let elements = try elements(call.input)
        if elements.isEmpty { return .array([]) }
        let isKeyed = call.has(0) && !call[0].isNull
        if isKeyed {
            guard elements.allSatisfy(\.canHaveProperties) else { return .null }
            if elements.count == 1 { return .array(elements) }
        }
        var keyed: [(key: Value, element: Value)] = []
        keyed.reserveCapacity(elements.count)
        for element in elements {
            if isKeyed {
                guard case .value(let key) = try property(element, call[0]) else { return .null }
                keyed.append((key, element))
            } else {
                keyed.append((element, element))
            }
        }
        let isNatural = call.filter.name == .sort_natural
        var failure: RenderError?
        func before(_ a: Value, _ b: Value) -> Bool {
            if a.isNull || b.isNull { return !a.isNull && b.isNull }
            if isNatural {
                return Bytes.folded(a.filterText).lexicographicallyPrecedes(Bytes.folded(b.filterText))
            }
            switch (a.settled, b.settled) {
            case (.bool(let x), .bool(let y)) where x == y: return false
            default: break
            }
            do {
                if let order = try Comparison.order(a, b) { return order < 0 }
            } catch {
                failure = RenderError(.argument, "cannot sort values of incompatible types")
                return false
            }
            if !Comparison.equal(a, b) {
                failure = RenderError(.argument, "cannot sort values of incompatible types")
            }
            return false
        }
        keyed.sort { before($0.key, $1.key) }
        if let failure { throw failure }
        return .array(keyed.map(\.element))
    }
}

extension Value {
    /// Values on which Ruby's `[]` works.
    fileprivate var canHaveProperties: Bool {
        switch settled {
        case .null, .bool, .float, .moment, .range: false
        default: true
        }
    }
}

extension Bytes {
    /// ASCII letters in lower case, for case-insensitive sorting.
    static func folded(_ text: String) -> [UInt8] {
        text.utf8.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
    }
}
