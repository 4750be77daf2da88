/// One place where a template, or a partial of it, reads a name.
public struct VariableUse: Sendable, Equatable {
    /// The name of its template or partial.
    public let file: String
    /// `shipment.tracking_url`; without indices and anything after a computed index.
    public let path: String
    /// From 1.
    public let line: Int
    /// From 1.
    public let column: Int
    /// Whether it is read inside an `if` that tests it (or its parent), or has a `default`.
    public let isGuarded: Bool
    /// Whether it is printed rather than only read (in a test, a loop's head, an argument).
    public let isPrinted: Bool
}

extension Template {
    /// Every name that the template reads from its data. Names that it assigns itself, loop variables and `forloop` are
    /// left out; a loop variable's fields are listed under its list (`order.line_items.title`).
    public var variables: [VariableUse] { variables(with: nil) }

    /// The same, including the partials included by a literal name: a value passed to a partial keeps its path.
    public func variables(with partials: PartialSet?) -> [VariableUse] { visited(with: partials).uses }

    /// The names of the partials that the template includes by a literal name.
    public var partialNames: [String] { visited(with: nil).partials }

    /// The nonexistent filters that the template calls, with the nearest existing ones.
    public var unknownFilters: [Diagnostic] { visited(with: nil).unknownFilters }

    /// Code that ends any render that reaches it, whatever the data: an unknown operator, a filter with too few or too
    /// many arguments, a division by 0. Shopify prints an error in its place; a host that renders with
    /// `errors = .thrown` prints nothing at all.
    public func certainFailures(with partials: PartialSet? = nil) -> [Diagnostic] { visited(with: partials).failures }

    /// The unknown names and filters of a text that cannot be parsed: the parts without errors are read anyway. A name
    /// that a broken tag may have assigned is not reported.
    public static func check(broken source: String, name: String = "", _ schema: Schema) -> [Diagnostic] {
        let source = Array(source.utf8)
        guard source.count <= longestSource else { return [] }
        let result = source.withUnsafeBufferPointer { bytes -> (Program, Set<String>)? in
            var parser = Parser(source: bytes, name: name, mode: .lax)
            parser.recovers = true
            guard let body = try? parser.document() else { return nil }
            let program = Program(name: name, source: source, roots: parser.roots, body: body, warnings: [])
            return (program, parser.doubtful)
        }
        guard let (program, doubtful) = result else { return [] }
        var visitor = VariableVisitor(program: program, known: nil)
        visitor.visit(program.body)
        // The names that an included template assigns are not known here.
        guard !visitor.includes else { return visitor.unknownFilters }
        visitor.uses.removeAll { use in
            let root = String(use.path.prefix { $0 != "." })
            return doubtful.contains(root) && schema[root] == nil
        }
        return found(by: visitor, schema).filter { !$0.isWarning }
    }

    private func visited(with partials: PartialSet?) -> VariableVisitor {
        var visitor = VariableVisitor(program: program, known: partials)
        visitor.visit(program.body)
        return visitor
    }

    /// All mistakes in the template according to a schema: unknown names and filters are errors; names that can be
    /// empty without an `if` or a `default` around them are warnings, and so, once each, are names that are always
    /// empty. With `partials`, these are checked as they are used here; each mistake has its file's name.
    public func check(_ schema: Schema, partials: PartialSet? = nil) -> [Diagnostic] {
        Template.found(by: visited(with: partials), schema)
    }

    private static func found(by visitor: VariableVisitor, _ schema: Schema) -> [Diagnostic] {
        var found = visitor.unknownFilters
        var told: Set<String> = []
        for use in visitor.uses {
            func note(_ message: String, _ hint: String?, isWarning: Bool = false) {
                found.append(
                    Diagnostic(
                        name: use.file, line: use.line, column: use.column, message: message, hint: hint,
                        isWarning: isWarning))
            }
            if let absent = schema.absent(above: use.path), let why = absent.absence {
                if told.insert(absent.path).inserted {
                    note("'\(absent.path)' is always empty: \(why)", nil, isWarning: true)
                }
                continue
            }
            switch schema.look(up: use.path) {
            case .known(let entry):
                guard entry.canBeEmpty, use.isPrinted, !use.isGuarded else { continue }
                note(
                    "'\(use.path)' can be empty", "put an {% if \(use.path) %} around it, or add | default: \"…\"",
                    isWarning: true)
            case .open: continue
            case .unknown(let nearest): note("unknown name '\(use.path)'", nearest.map { "did you mean '\($0)'?" })
            }
        }
        return found.sorted { ($0.name, $0.line, $0.column) < ($1.name, $1.line, $1.column) }
    }
}

private struct VariableVisitor {
    let program: Program
    var uses: [VariableUse] = []
    var partials: [String] = []
    var unknownFilters: [Diagnostic] = []
    var failures: [Diagnostic] = []
    /// Whether there is an `include`, which can assign names.
    var includes = false
    /// The bytes of partials that may still be walked: each can include many, and each of those many more.
    private var reach = 32 * 1_024 * 1_024
    /// What local names refer to: the path of a list, or nil for one of the template's own values.
    private var locals: [Int: String?] = [:]
    private var guards: [String] = []
    private var lineStarts: [Int] = [0]
    /// Where to look up partials; nil leaves them out.
    private let known: PartialSet?
    /// The partials now being walked, because one may include itself.
    private let within: [String]

    init(program: Program, known: PartialSet?, within: [String] = []) {
        self.program = program
        self.known = known
        self.within = within
        for (index, byte) in program.source.enumerated() where byte == 0x0A { lineStarts.append(index + 1) }
    }

    private func place(_ offset: Int32) -> (Int, Int) {
        let offset = min(Int(offset), program.source.count)
        var low = 0
        var high = lineStarts.count
        while low + 1 < high {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        let column = program.source[lineStarts[low]..<offset].count { $0 & 0xC0 != 0x80 } + 1
        return (low + 1, column)
    }

    mutating func visit(_ block: Block) {
        for node in block.nodes { visit(node) }
    }

    private mutating func visit(_ node: Node) {
        switch node {
        case .text, .raw, .interrupt: break
        case .output(let output): visit(output.pipeline, isPrinted: true)
        case .assign(let assign):
            visit(assign.pipeline, isPrinted: false)
            // A plain alias keeps referring to its value.
            let alias = assign.pipeline.filters.isEmpty ? path(assign.pipeline.value) : nil
            locals[assign.slot] = .some(alias)
        case .capture(let capture):
            visit(capture.body)
            locals[capture.slot] = .some(nil)
        case .branch(let branch): visit(branch)
        case .choice(let choice):
            visit(choice.value, isPrinted: false, isGuarded: true)
            for arm in choice.arms {
                for value in arm.values ?? [] { visit(value, isPrinted: false, isGuarded: true) }
                visit(arm.body)
            }
        case .loop(let loop):
            visit(loop.collection, isPrinted: false, isGuarded: true)
            if case .at(let expression) = loop.start { visit(expression, isPrinted: false) }
            if let limit = loop.limit { visit(limit, isPrinted: false) }
            let list = path(loop.collection)
            scoped([loop.slot: list, loop.stateSlot: nil], guard: list, loop.body)
            if let otherwise = loop.otherwise { visit(otherwise) }
        case .table(let table):
            visit(table.collection, isPrinted: false, isGuarded: true)
            let list = path(table.collection)
            scoped([table.slot: list, table.stateSlot: nil], guard: list, table.body)
        case .cycle(let cycle): for value in cycle.values { visit(value, isPrinted: true) }
        case .count(let count): locals[count.slot] = .some(nil)
        case .ifchanged(let changed): visit(changed.body)
        case .partial(let partial):
            if let name = partial.name.literalText, !partials.contains(name) { partials.append(name) }
            visit(partial.name, isPrinted: false)
            if let value = partial.value { visit(value, isPrinted: false) }
            for argument in partial.arguments { visit(argument.value, isPrinted: false) }
            descend(partial)
        }
    }

    /// Walks a partial with its arguments. Nobody nests more than a few levels; deeper, one includes itself.
    private mutating func descend(_ partial: Partial) {
        if partial.isInclude { includes = true }
        guard let name = partial.name.literalText, within.count < 8, !within.contains(name),
            case .success(let template)? = known?.find(name)
        else { return }
        reach -= template.program.source.count + 1_024
        guard reach > 0 else { return }
        var inner = VariableVisitor(program: template.program, known: known, within: within + [name])
        inner.guards = guards
        inner.reach = reach
        var given: [String: String?] = [:]
        if partial.isInclude {
            for (slot, path) in locals { given[program.roots[slot].text] = .some(path) }
        }
        if let value = partial.value {
            let base = name.split(separator: "/").last.map { String($0.prefix { $0 != "." }) } ?? name
            given[partial.alias ?? base] = .some(path(value))
        }
        for argument in partial.arguments { given[argument.name] = .some(path(argument.value)) }
        if partial.isFor { given["forloop"] = .some(nil) }
        for (slot, root) in template.program.roots.enumerated() {
            if let path = given[root.text] { inner.locals[slot] = .some(path) }
        }
        inner.visit(template.program.body)
        reach = inner.reach
        uses += inner.uses
        unknownFilters += inner.unknownFilters
        failures += inner.failures
        guard partial.isInclude else { return }
        // Names that an included template assigns exist afterwards.
        for (slot, root) in program.roots.enumerated() {
            guard let other = template.program.roots.firstIndex(where: { $0.text == root.text }),
                let path = inner.locals[other]
            else { continue }
            locals[slot] = .some(path)
        }
    }

    private mutating func scoped(_ names: [Int: String?], guard path: String?, _ body: Block) {
        let outer = locals
        let depth = guards.count
        for (slot, path) in names { locals[slot] = .some(path) }
        if let path { guards.append(path) }
        visit(body)
        guards.removeSubrange(depth...)
        for slot in names.keys { locals[slot] = outer[slot] }
    }

    private mutating func visit(_ branch: Branch) {
        let depth = guards.count
        for (index, arm) in branch.arms.enumerated() {
            guards.removeSubrange(depth...)
            if let test = arm.test {
                for clause in test.clauses {
                    if case .unknown(let sign)? = clause.comparison?.0 {
                        fail("'\(sign)' compares nothing", Parser.instead(ofSign: sign), at: clause.start)
                    }
                    visit(clause.left, isPrinted: false, isGuarded: true)
                    if let (_, right) = clause.comparison { visit(right, isPrinted: false, isGuarded: true) }
                    for expression in [clause.left, clause.comparison?.1].compactMap({ $0 }) {
                        if let path = path(expression), shows(clause, branch.isUnless && index == 0) {
                            guards.append(path)
                        }
                    }
                }
            } else if let first = branch.arms.first?.test, branch.arms.count == 2, first.clauses.count == 1 {
                // `{% if x == blank %}…{% else %}` guards the second arm.
                let clause = first.clauses[0]
                if !shows(clause, branch.isUnless), let path = path(clause.left) { guards.append(path) }
            }
            visit(arm.body)
        }
        guards.removeSubrange(depth...)
    }

    /// Whether a branch whose clause is true knows that its names exist.
    private func shows(_ clause: Clause, _ isNegated: Bool) -> Bool {
        guard let (sign, right) = clause.comparison else { return !isNegated }
        var isMissing = false
        switch right {
        case .empty, .blank, .literal(.null), .literal(.bool(false)): isMissing = true
        default: break
        }
        return isMissing ? (sign == .notEqual) != isNegated : !isNegated || sign == .notEqual
    }

    private mutating func visit(_ pipeline: Pipeline, isPrinted: Bool) {
        // JSON has `null` for a missing value.
        let hasDefault = pipeline.filters.contains { $0.name == .default || $0.name == .json }
        visit(pipeline.value, isPrinted: isPrinted, isGuarded: hasDefault)
        for filter in pipeline.filters {
            if filter.name == .unknown {
                let (line, column) = place(filter.offset)
                let near = nearestName(to: filter.text, in: FilterName.known)
                unknownFilters.append(
                    Diagnostic(
                        name: program.name, line: line, column: column, message: "unknown filter '\(filter.text)'",
                        hint: near.map { "did you mean '\($0)'?" }))
            } else {
                look(at: filter)
            }
            for argument in filter.arguments { visit(argument, isPrinted: false) }
            for argument in filter.named { visit(argument.value, isPrinted: false) }
        }
    }

    /// Whether a filter can accept its arguments.
    private mutating func look(at filter: Filter) {
        let (least, most) = filter.name.arity
        let given = filter.arguments.count + 1 + (filter.named.isEmpty ? 0 : 1)
        if given < least {
            let value = filter.name == .date ? "\"%-d %B\"" : "…"
            fail(
                "the filter '\(filter.text)' is given nothing to work with",
                "write a ':' behind it, and the value: | \(filter.text): \(value)", at: filter.offset)
        } else if given > most {
            fail(
                "the filter '\(filter.text)' is given too much",
                most == 1 ? "take out the ':' and what follows it" : "it takes \(most - 1) at most", at: filter.offset)
        } else if filter.name == .divided_by || filter.name == .modulo,
            case .literal(.int(0))? = filter.arguments.first
        {
            fail("nothing can be divided by 0", "take the filter out", at: filter.offset)
        }
    }

    private mutating func fail(_ message: String, _ hint: String?, at offset: Int32) {
        let (line, column) = place(offset)
        failures.append(
            Diagnostic(name: program.name, line: line, column: column, message: message, hint: hint))
    }

    /// The path in the data that an expression reads; nil for the template's own values.
    private func path(_ expression: Expression) -> String? {
        guard case .lookup(let lookup) = expression, lookup.root >= 0, let path = lookup.path(program.roots) else {
            return nil
        }
        guard let local = locals[lookup.root] else { return path }
        guard let base = local else { return nil }
        let root = program.roots[lookup.root].text
        return base + path.dropFirst(root.count)
    }

    private mutating func visit(_ expression: Expression, isPrinted: Bool, isGuarded: Bool = false) {
        switch expression {
        case .literal, .authored, .empty, .blank: break
        case .range(let first, let last):
            visit(first, isPrinted: false)
            visit(last, isPrinted: false)
        case .lookup(let lookup):
            if let computed = lookup.computedRoot { visit(computed, isPrinted: false) }
            for segment in lookup.segments {
                if case .computed(let inner) = segment { visit(inner, isPrinted: false) }
            }
            guard let path = path(expression) else { return }
            let (line, column) = place(lookup.offset)
            let isKnown =
                isGuarded || guards.contains { path == $0 || path.hasPrefix($0 + ".") || $0.hasPrefix(path + ".") }
            uses.append(
                VariableUse(
                    file: program.name, path: path, line: line, column: column, isGuarded: isKnown, isPrinted: isPrinted
                ))
        }
    }
}
