// Loops and partials.

extension Renderer {
    /// Ruby's whole numbers are unbounded. A loop's `offset` and `limit` are clamped here so that two of them can be
    /// added, and still exceed any list.
    private static let farthest = Int128(1) << 125

    /// The whole number that a tag's argument denotes.
    static func integer(_ value: Value) throws(RenderError) -> Int128 {
        switch value.settled {
        case .int(let int): return Int128(int)
        case .string(let text):
            guard let int = text.strictWhole else { throw RenderError(.argument, "invalid integer") }
            return min(max(int, -farthest), farthest)
        case .safe(let safe): return try integer(.string(safe.text))
        case .drop(let whole as Whole): return min(max(whole.value, -farthest), farthest)
        // A literal with more digits than `Whole` holds arrives as a float.
        case .float(let double) where double.isFinite && double.magnitude >= 0x1p118:
            return double < 0 ? -farthest : farthest
        default: throw RenderError(.argument, "invalid integer")
        }
    }

    /// The part of a collection that a loop visits.
    private func segment(_ collection: Value, from: Int128, to: Int128?) throws(RenderError) -> [Value] {
        try segment(collection, from: Int(clamping: from), to: to.map { Int(clamping: $0) })
    }

    private func segment(_ collection: Value, from: Int, to: Int?) throws(RenderError) -> [Value] {
        switch collection {
        case .string, .safe, .drop: break
        default: if let to, to <= from, to <= 0 || from >= 0 { return [] }
        }
        switch collection {
        case .array(let elements): return Renderer.slice(elements, from, to)
        case .range(let first, let last):
            guard first <= last else { return [] }
            let (start, isBeyond) = first.addingReportingOverflow(max(from, 0))
            guard !isBeyond else { return [] }
            var end = last
            if let to {
                guard to > 0 else { return [] }
                let (stop, isBeyond) = first.addingReportingOverflow(to - 1)
                if !isBeyond { end = min(last, stop) }
            }
            guard start <= end else { return [] }
            let (span, overflow) = end.subtractingReportingOverflow(start)
            guard !overflow, span < options.limits.steps else {
                throw limit("a loop over \(first)..\(last) takes more than \(options.limits.steps) steps")
            }
            return (start...end).map(Value.int)
        case .object(let object):
            let pairs = zip(object.keys, object.values).map { Value.array([.string($0), $1]) }
            return Renderer.slice(pairs, from, to)
        case .string(let text): return text.isEmpty ? [] : [collection]
        case .safe(let safe): return safe.text.isEmpty ? [] : [collection]
        case .drop(let drop):
            if let elements = drop.elements { return Renderer.slice(elements, from, to) }
            guard let plain = drop.plain else { return [] }
            return try segment(plain, from: from, to: to)
        default: return []
        }
    }

    private static func slice(_ elements: [Value], _ from: Int, _ to: Int?) -> [Value] {
        if from <= 0 && (to ?? elements.count) >= elements.count { return elements }
        let start = min(max(from, 0), elements.count)
        let end = min(max(to ?? elements.count, start), elements.count)
        return Array(elements[start..<end])
    }

    mutating func loop(_ loop: Loop) throws(RenderError) {
        var from: Int128 = 0
        switch loop.start {
        case .beginning: break
        case .previousEnd: from = registers.offsets[loop.name] ?? 0
        case .at(let expression):
            let value = try evaluate(expression)
            if !value.isNull { from = try Renderer.integer(value) }
        }
        let collection = try evaluate(loop.collection)
        var to: Int128?
        if let limit = loop.limit {
            let value = try evaluate(limit)
            if !value.isNull { to = try Renderer.integer(value) + from }
        }
        var items = try segment(collection, from: from, to: to)
        try spend(items.count * 24)
        if loop.isReversed { items.reverse() }
        registers.offsets[loop.name] = min(from + Int128(items.count), Renderer.farthest)
        guard !items.isEmpty else {
            if let otherwise = loop.otherwise { try block(otherwise) }
            return
        }
        try deeper()
        let state = ForLoop(name: loop.name, length: items.count, parent: registers.loops.last)
        registers.loops.append(state)
        let item = slots[loop.slot]
        let stateSlot = slots[loop.stateSlot]
        let outerItem = item.pointee.local
        let outerState = stateSlot.pointee.local
        stateSlot.pointee.local = .drop(state)
        defer {
            item.pointee.local = outerItem
            stateSlot.pointee.local = outerState
            registers.loops.removeLast()
            depth -= 1
        }
        for value in items {
            try step()
            item.pointee.local = value
            try block(loop.body)
            state.index += 1
            isContinued = false
            if isBroken {
                isBroken = false
                break
            }
        }
    }

    mutating func table(_ table: Table) throws(RenderError) {
        let collection = try evaluate(table.collection)
        guard collection.isTruthy else { return }
        var from: Int128 = 0
        if let start = table.start { from = try number(start) ?? 0 }
        var to: Int128?
        if let limit = table.limit { to = (try number(limit) ?? 0) + from }
        let items = try segment(collection, from: from, to: to)
        try spend(items.count * 24)
        var columns: Int? = items.count
        if let expression = table.columns { columns = try number(expression).map { Int(clamping: $0) } }
        let state = TableLoop(length: items.count, columns: columns)
        write("<tr class=\"row1\">\n")
        try deeper()
        let item = slots[table.slot]
        let stateSlot = slots[table.stateSlot]
        let outerItem = item.pointee.local
        let outerState = stateSlot.pointee.local
        stateSlot.pointee.local = .drop(state)
        defer {
            item.pointee.local = outerItem
            stateSlot.pointee.local = outerState
            depth -= 1
        }
        for value in items {
            try step()
            item.pointee.local = value
            write("<td class=\"col\(state.column)\">")
            try block(table.body)
            write("</td>")
            let isLast = state.index == state.length - 1
            if isBroken {
                isBroken = false
                break
            }
            isContinued = false
            if state.column == state.columns && !isLast {
                write("</tr>\n<tr class=\"row\(state.row + 1)\">")
            }
            state.advance()
        }
        write("</tr>\n")
    }

    /// `to_i` of a `tablerow` argument; a boolean has none.
    private mutating func number(_ expression: Expression) throws(RenderError) -> Int128? {
        let farthest = Renderer.farthest
        switch try evaluate(expression).settled {
        case .null: return nil
        case .int(let int): return Int128(int)
        case .float(let double) where double.isFinite:
            return Int128(exactly: double.rounded(.towardZero)).map { min(max($0, -farthest), farthest) }
                ?? (double < 0 ? -farthest : farthest)
        case .string(let text): return Int128(text.leadingInt)
        case .safe(let safe): return Int128(safe.text.leadingInt)
        case .drop(let whole as Whole): return min(max(whole.value, -farthest), farthest)
        default: throw RenderError(.argument, "invalid integer")
        }
    }

    mutating func deeper() throws(RenderError) {
        depth += 1
        if depth >= options.limits.nesting {
            depth -= 1
            throw RenderError(.limit, "Nesting too deep")
        }
    }

    // MARK: Partials

    mutating func partial(_ partial: Partial) throws(RenderError) {
        if partial.isInclude && refusesInclude {
            throw RenderError(.partial, "include usage is not allowed in this context")
        }
        let nameValue = try evaluate(partial.name)
        guard let name = nameValue.textIfString else {
            throw RenderError(.argument, "Argument error in tag 'include' - Illegal template name")
        }
        guard let partials = options.partials else {
            throw RenderError(.partial, "This liquid context does not allow includes.")
        }
        guard let found = partials.find(name) else {
            throw RenderError(.partial, "Could not find asset \(name)")
        }
        let template: Template
        switch found {
        case .success(let parsed): template = parsed
        case .failure(let error):
            let first = error.diagnostics.first
            throw RenderError(.syntax, first?.message ?? "", line: first?.line ?? 1, partial: name)
        }
        let base = name.split(separator: "/", omittingEmptySubsequences: true).last.map(String.init) ?? name
        let alias = partial.alias ?? base
        if partial.isInclude {
            try include(partial, template, name, alias)
        } else {
            try render(partial, template, name, alias)
        }
    }

    /// The partial reads and sets the variables of the including template.
    private mutating func include(_ partial: Partial, _ template: Template, _ name: String, _ alias: String)
        throws(RenderError)
    {
        let value: Value
        if let expression = partial.value {
            value = try evaluate(expression)
        } else {
            value = frame.value(named: name)
        }
        try deeper()
        let (outerProgram, outerSlots, outerName) = (program, slots, partialName)
        var locals: [(UnsafeMutablePointer<Slot>, Value?)] = []
        defer {
            for (slot, old) in locals.reversed() { slot.pointee.local = old }
            (program, slots, partialName) = (outerProgram, outerSlots, outerName)
            depth -= 1
        }
        try spend(template.program.roots.count * 64)
        let inner = frame.slots(for: template.program)
        for (argument, expression) in partial.arguments {
            let argumentValue = try evaluate(expression)
            let slot = frame.slot(named: argument)
            locals.append((slot, slot.pointee.local))
            slot.pointee.local = argumentValue
        }
        let slot = frame.slot(named: alias)
        locals.append((slot, slot.pointee.local))
        program = template.program
        slots = inner
        partialName = name
        if case .array(let elements) = value {
            for element in elements {
                try step()
                slot.pointee.local = element
                try block(template.program.body)
                if isBroken || isContinued { break }
            }
        } else {
            slot.pointee.local = value
            try block(template.program.body)
        }
    }

    /// The partial sees only its arguments.
    private mutating func render(_ partial: Partial, _ template: Template, _ name: String, _ alias: String)
        throws(RenderError)
    {
        var value = Value.null
        if let expression = partial.value { value = try evaluate(expression) }
        var elements: [Value]?
        if partial.isFor {
            switch value {
            case .array(let list): elements = list
            case .range, .object: elements = try segment(value, from: 0 as Int, to: nil)
            case .drop(let drop): elements = drop.elements
            default: break
            }
        }
        var loop: ForLoop?
        if let elements { loop = ForLoop(name: name, length: elements.count, parent: nil) }
        var arguments: [(String, Value)] = []
        for (argument, expression) in partial.arguments { arguments.append((argument, try evaluate(expression))) }

        try deeper()
        let (outerProgram, outerSlots, outerName, outerFrame) = (program, slots, partialName, frame)
        let outerRegisters = registers
        let scope = frame.scope
        let wasRefusing = refusesInclude
        refusesInclude = true
        defer {
            (program, slots, partialName, frame) = (outerProgram, outerSlots, outerName, outerFrame)
            registers = outerRegisters
            refusesInclude = wasRefusing
            depth -= 1
        }
        for element in elements ?? [value] {
            try step()
            try spend(template.program.roots.count * 64)
            registers = Registers()
            program = template.program
            partialName = name
            frame = Frame(scope: scope)
            slots = frame.slots(for: template.program)
            if let loop { frame.slot(named: "forloop").pointee.assigned = .drop(loop) }
            for (argument, argumentValue) in arguments {
                frame.slot(named: argument).pointee.assigned = argumentValue
            }
            if !element.isNull { frame.slot(named: alias).pointee.assigned = element }
            try block(template.program.body)
            isBroken = false
            isContinued = false
            loop?.index += 1
        }
    }
}

extension String {
    /// Ruby's `Integer(text)`: digits with sign and underscores, surrounded by spaces; nil for anything else.
    var strictInt: Int? { strictWhole.map { Int(clamping: $0) } }

    /// The same; unbounded in Ruby, 128 bits here.
    var strictWhole: Int128? {
        var digits = utf8.drop { $0.isSpace }
        while let last = digits.last, last.isSpace { digits = digits.dropLast() }
        let parts = digits.split(separator: 0x5F, omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        let trimmed = parts.flatMap { $0 }
        let text = String(decoding: trimmed, as: UTF8.self)
        if let int = Int128(text) { return int }
        // Ruby's whole numbers are unbounded; a length that is too large is clamped.
        let isNegative = trimmed.first == 0x2D
        let rest = trimmed.first == 0x2D || trimmed.first == 0x2B ? trimmed.dropFirst() : trimmed[...]
        guard !rest.isEmpty, rest.allSatisfy(\.isDigit) else { return nil }
        return isNegative ? .min : .max
    }
}
