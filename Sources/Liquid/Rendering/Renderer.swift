/// Renders one program once.
///
/// A render is a value on its caller's stack: it shares only the parsed tree with other renders, takes no lock, and is
/// gone when it ends. Variables live in slots, found by number; `Frame` holds them.
struct Renderer {
    let options: RenderOptions
    let language: DateLanguage
    let isEscaping: Bool
    var program: Program
    var frame: Frame
    /// The variables of the current program, by slot.
    var slots: [UnsafeMutablePointer<Slot>]
    var out: [UInt8] = []
    var errors: [RenderError] = []

    /// The current partial; empty in the template itself.
    var partialName = ""
    var isBroken = false
    var isContinued = false
    /// Whether `include` is refused, as inside `render`.
    var refusesInclude = false
    var depth = 0
    var steps = 0
    var nextReread = 1_024
    var assignedBytes = 0
    var workBytes = 0
    var nextWeighing = Renderer.weighedEvery
    var registers = Registers()

    /// State that tags keep between uses.
    struct Registers {
        var cycles: [String: Int] = [:]
        var offsets: [String: Int128] = [:]
        var changed: [UInt8] = []
        var hasChanged = false
        var loops: [ForLoop] = []
    }

    init(program: Program, scope: Scope, options: RenderOptions) {
        self.options = options
        self.program = program
        language = DateLanguage.of(locale: options.locale)
        isEscaping = options.destination != .none
        frame = Frame(scope: scope)
        slots = frame.slots(for: program)
        out.reserveCapacity(program.source.count + 1_024)
    }

    /// Renders all of it into `out`.
    mutating func run() throws(RenderError) {
        let program = program
        try block(program.body)
    }

    // MARK: Bounds

    @inline(__always)
    mutating func step(_ count: Int = 1) throws(RenderError) {
        steps += count
        if steps >= nextReread { try look() }
    }

    private mutating func look() throws(RenderError) {
        nextReread = steps + 1_024
        if steps > options.limits.steps {
            throw limit("the template takes more than \(options.limits.steps) steps")
        }
        if let isLate = options.limits.isLate, isLate() { throw limit("the template takes too long") }
    }

    /// The bytes of work between two checks of the clock.
    private static let weighedEvery = 256 * 1_024

    /// Counts bytes scanned or created.
    @inline(__always)
    mutating func spend(_ bytes: Int) throws(RenderError) {
        workBytes &+= bytes
        if workBytes >= nextWeighing { try weigh() }
    }

    private mutating func weigh() throws(RenderError) {
        nextWeighing = workBytes + Renderer.weighedEvery
        if workBytes > options.limits.workBytes {
            throw limit("the template works through more than \(options.limits.workBytes) bytes")
        }
        if let isLate = options.limits.isLate, isLate() { throw limit("the template takes too long") }
    }

    /// The approximate size of a value when scanned or printed: an element of a list counts 24 bytes plus its content.
    /// Counting stops above the limit.
    func weight(of value: Value) -> Int { Renderer.weight(of: value, atMost: options.limits.outputBytes) }

    private static func weight(of value: Value, atMost most: Int, depth: Int = 0) -> Int {
        switch value {
        case .string(let text): return text.utf8.count
        case .safe(let safe): return safe.text.utf8.count
        case .array(let elements): return weight(of: elements, atMost: most, depth: depth)
        case .object(let object):
            return object.count * 24 + weight(of: object.values, atMost: most, depth: depth)
        case .drop(let drop):
            if let plain = drop.plain, depth < 64 { return weight(of: plain, atMost: most, depth: depth + 1) }
            return drop.elements.map { weight(of: $0, atMost: most, depth: depth) } ?? 24
        default: return 8
        }
    }

    private static func weight(of elements: [Value], atMost most: Int, depth: Int) -> Int {
        guard depth < 64 else { return 0 }
        var sum = elements.count * 24
        for element in elements {
            if sum > most { break }
            if case .string(let text) = element {
                sum += text.utf8.count
            } else {
                sum += weight(of: element, atMost: most - sum, depth: depth + 1)
            }
        }
        return sum
    }

    func limit(_ message: String) -> RenderError {
        RenderError(.limit, message, partial: partialName, isFatal: true)
    }

    @inline(__always)
    func checkOutput() throws(RenderError) {
        if out.count > options.limits.outputBytes { throw tooMuch() }
    }

    /// Refuses a text or list before it is created.
    func checkSize(_ bytes: Int) throws(RenderError) {
        if bytes > options.limits.outputBytes { throw tooMuch() }
    }

    func tooMuch() -> RenderError {
        limit("the template makes more than \(options.limits.outputBytes) bytes")
    }

    mutating func remember(_ value: Value) throws(RenderError) {
        switch value {
        case .string(let text): assignedBytes += text.utf8.count
        case .safe(let safe): assignedBytes += safe.text.utf8.count
        case .array(let elements): assignedBytes += elements.count * 24
        default: assignedBytes += 1
        }
        if assignedBytes > options.limits.assignedBytes {
            throw limit("the template keeps more than \(options.limits.assignedBytes) bytes")
        }
    }

    // MARK: Nodes

    mutating func block(_ block: borrowing Block) throws(RenderError) {
        for node in block.nodes {
            switch node {
            case .text(let from, let to), .raw(let from, let to):
                program.source.withUnsafeBufferPointer { source in
                    out.append(contentsOf: UnsafeBufferPointer(rebasing: source[Int(from)..<Int(to)]))
                }
                try checkOutput()
            case .output(let output):
                do throws(RenderError) {
                    try self.output(output)
                } catch {
                    try fault(error, line: output.line, isBlank: false)
                }
            default:
                try tag(node)
            }
            if isBroken || isContinued { return }
        }
    }

    private mutating func tag(_ node: Node) throws(RenderError) {
        try step()
        var line: Int32 = 0
        var isBlank = false
        do throws(RenderError) {
            switch node {
            case .assign(let assign):
                (line, isBlank) = (assign.line, true)
                let value = try evaluate(assign.pipeline)
                try remember(value)
                slots[assign.slot].pointee.assigned = value
            case .branch(let branch):
                (line, isBlank) = (branch.line, branch.isBlank)
                try self.branch(branch)
            case .loop(let loop):
                (line, isBlank) = (loop.line, loop.isBlank)
                try self.loop(loop)
            case .capture(let capture):
                (line, isBlank) = (capture.line, true)
                let bytes = try captured(capture.body)
                let text = String(decoding: bytes, as: UTF8.self)
                let value: Value = isEscaping ? .safe(SafeText(text, for: options.destination)) : .string(text)
                try remember(value)
                slots[capture.slot].pointee.assigned = value
            case .choice(let choice):
                (line, isBlank) = (choice.line, choice.isBlank)
                try self.choice(choice)
            case .interrupt(let isBreak):
                if isBreak { isBroken = true } else { isContinued = true }
            case .cycle(let cycle):
                line = cycle.line
                try self.cycle(cycle)
            case .count(let count):
                line = count.line
                var number = 0
                if case .int(let old)? = frame.environment(slots[count.slot]) { number = old }
                if count.isUp {
                    write(String(number))
                    number &+= 1
                } else {
                    number &-= 1
                    write(String(number))
                }
                slots[count.slot].pointee.environment = .int(number)
                slots[count.slot].pointee.isResolved = true
            case .ifchanged(let changed):
                (line, isBlank) = (changed.line, changed.body.isBlank)
                let bytes = try captured(changed.body)
                if !registers.hasChanged || registers.changed != bytes {
                    registers.changed = bytes
                    registers.hasChanged = true
                    out.append(contentsOf: bytes)
                }
            case .table(let table):
                (line, isBlank) = (table.line, table.body.isBlank)
                try self.table(table)
            case .partial(let partial):
                line = partial.line
                try self.partial(partial)
            case .text, .raw, .output: break
            }
        } catch {
            try fault(error, line: line, isBlank: isBlank)
        }
    }

    /// Prints an error where it happened, or throws it. A tag that can print nothing prints no error either, as in
    /// Shopify.
    private mutating func fault(_ error: RenderError, line: Int32, isBlank: Bool) throws(RenderError) {
        var error = error
        if error.line == 0 {
            error.line = Int(line)
            error.partial = partialName
        }
        if error.isFatal || options.errors == .thrown { throw error }
        if errors.count < 1_000 { errors.append(error) }
        if !isBlank { write(error.description) }
    }

    /// A block's output, kept separately.
    mutating func captured(_ body: Block) throws(RenderError) -> [UInt8] {
        var outer: [UInt8] = []
        swap(&outer, &out)
        do throws(RenderError) {
            try block(body)
        } catch {
            swap(&outer, &out)
            workBytes += outer.count
            throw error
        }
        swap(&outer, &out)
        try spend(outer.count)
        return outer
    }

    mutating func write(_ text: String) {
        var text = text
        text.withUTF8 { out.append(contentsOf: $0) }
    }

    private mutating func output(_ output: Output) throws(RenderError) {
        try step()
        let pipeline = output.pipeline
        if pipeline.filters.isEmpty, case .lookup(let lookup) = pipeline.value {
            try print(try evaluate(lookup), output.surroundings)
        } else {
            try print(try evaluate(pipeline), output.surroundings)
        }
    }

    /// Prints a value, escaped for its destination.
    mutating func print(_ value: Value, _ surroundings: Surroundings) throws(RenderError) {
        // One byte over the limit shows that it is too much.
        if !isEscaping {
            value.write(to: &out, limit: options.limits.outputBytes)
        } else {
            Escaping.write(value, options.destination, surroundings, to: &out, limit: options.limits.outputBytes)
        }
        try checkOutput()
    }

    // MARK: Branches

    private mutating func branch(_ branch: Branch) throws(RenderError) {
        var isFirst = true
        for arm in branch.arms {
            guard let test = arm.test else { return try block(arm.body) }
            if try holds(test) != (isFirst && branch.isUnless) { return try block(arm.body) }
            isFirst = false
        }
    }

    private mutating func choice(_ choice: Choice) throws(RenderError) {
        var isTaken = false
        for arm in choice.arms {
            guard let values = arm.values else {
                if !isTaken { try block(arm.body) }
                continue
            }
            for value in values where try compare(choice.value, .equal, value) {
                isTaken = true
                try block(arm.body)
                if isBroken || isContinued { return }
            }
        }
    }

    private mutating func cycle(_ cycle: Cycle) throws(RenderError) {
        var key = "\u{0}" + cycle.key
        if let name = cycle.name {
            let value = try evaluate(name)
            let size = weight(of: value)
            try checkSize(size)
            try spend(size)
            key = value.inspected
        }
        var turn = registers.cycles[key] ?? 0
        if turn < cycle.values.count { try print(try evaluate(cycle.values[turn]), []) }
        turn += 1
        registers.cycles[key] = turn >= cycle.values.count ? 0 : turn
    }
}
