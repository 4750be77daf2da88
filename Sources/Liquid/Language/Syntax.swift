// The tree that a template is parsed into. It is built once and only read afterwards, by any number of renders at a
// time.
//
// Nodes are classes inside enums: an array of nodes is then a flat array of tagged pointers, and walking it costs a
// switch. Names are interned while parsing; each root name of a lookup gets a small number, its slot, so that reading a
// variable is an array access.

/// The parser's result for one source text.
final class Program: Sendable {
    let name: String
    let source: [UInt8]
    /// The root names, by slot.
    let roots: [Name]
    let body: Block
    /// What the strict parser refused and the lax one accepted.
    let warnings: [Diagnostic]

    init(name: String, source: [UInt8], roots: [Name], body: Block, warnings: [Diagnostic]) {
        self.name = name
        self.source = source
        self.roots = roots
        self.body = body
        self.warnings = warnings
    }
}

struct Block: Sendable {
    var nodes: [Node] = []
    /// Whether nothing in it can print: it has only white space, assignments and comments.
    var isBlank = true
    /// Whether something without a node follows the last text, such as a comment or trimmed text: `{%-` trims only the
    /// text right before it.
    var isSealed = false
}

enum Node: Sendable {
    /// A range of the source, printed unchanged.
    case text(Int32, Int32)
    /// Like `text`, but white space control does not affect it.
    case raw(Int32, Int32)
    case output(Output)
    case assign(Assign)
    case capture(Capture)
    case branch(Branch)
    case choice(Choice)
    case loop(Loop)
    case table(Table)
    case cycle(Cycle)
    case count(Count)
    case ifchanged(IfChanged)
    case partial(Partial)
    case interrupt(isBreak: Bool)
}

indirect enum Expression: Sendable {
    case literal(Value)
    /// A text with markup characters; the template's author wrote it, so it is printed unchanged.
    case authored(String)
    case lookup(Lookup)
    case range(Expression, Expression)
    case empty
    case blank

    /// Whether it is `empty` or `blank`, which work only with equality.
    var isMarker: Bool {
        switch self {
        case .empty, .blank: true
        default: false
        }
    }

    /// A range; with two literals it is a literal, and their fractions are cut off.
    static func span(_ first: Expression, _ last: Expression) -> Expression {
        guard case .literal(let a) = first, case .literal(let b) = last else { return .range(first, last) }
        func whole(_ value: Value) -> Expression {
            if case .float(let double) = value { return .literal(.int(Int(exactly: double.rounded(.towardZero)) ?? 0)) }
            return .literal(value)
        }
        return .range(whole(a), whole(b))
    }
}

/// A name and the path after it: `order.line_items[0].title`.
final class Lookup: Sendable {
    /// The slot of the root name, or -1 if it is computed.
    let root: Int
    /// The root when it is computed: `[name].title`.
    let computedRoot: Expression?
    let segments: [Segment]
    /// Where it begins in the source.
    let offset: Int32

    init(root: Int, computedRoot: Expression?, segments: [Segment], offset: Int32) {
        self.root = root
        self.computedRoot = computedRoot
        self.segments = segments
        self.offset = offset
    }
}

enum Segment: Sendable {
    /// `.name`; `size`, `first` and `last` are also commands if there is no such key.
    case key(Name, Command?)
    /// `[0]`
    case index(Int)
    /// `["name"]`
    case literal(Name)
    /// `[expression]`
    case computed(Expression)
}

enum Command: Sendable { case size, first, last }

struct Filter: Sendable {
    let name: FilterName
    /// As written, for messages.
    let text: String
    let arguments: [Expression]
    let named: [(name: String, value: Expression)]
    let offset: Int32
}

/// An expression and the filters it goes through.
final class Pipeline: Sendable {
    let value: Expression
    let filters: [Filter]

    init(value: Expression, filters: [Filter]) {
        self.value = value
        self.filters = filters
    }
}

/// The place of a value in the surrounding markup, judged by the text before it.
struct Surroundings: OptionSet, Sendable {
    let rawValue: UInt8
    /// Inside a tag of HTML.
    static let tag = Surroundings(rawValue: 1)
    /// At the start of a followed address, where a scheme in the value would take effect.
    static let link = Surroundings(rawValue: 2)
    /// An unquoted attribute, which the first space would end.
    static let unquoted = Surroundings(rawValue: 4)
    /// Inside the address of a Markdown link.
    static let address = Surroundings(rawValue: 8)
    /// Inside a tag, in place of an attribute's name.
    static let bare = Surroundings(rawValue: 16)
}

final class Output: Sendable {
    let pipeline: Pipeline
    let line: Int32
    let surroundings: Surroundings

    init(pipeline: Pipeline, line: Int32, surroundings: Surroundings) {
        self.pipeline = pipeline
        self.line = line
        self.surroundings = surroundings
    }
}

final class Assign: Sendable {
    let slot: Int
    let pipeline: Pipeline
    let line: Int32

    init(slot: Int, pipeline: Pipeline, line: Int32) {
        self.slot = slot
        self.pipeline = pipeline
        self.line = line
    }
}

final class Capture: Sendable {
    let slot: Int
    let body: Block
    let line: Int32

    init(slot: Int, body: Block, line: Int32) {
        self.slot = slot
        self.body = body
        self.line = line
    }
}

enum Operator: Sendable, Equatable {
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual, contains
    /// Accepted by the lax parser; evaluating it is an error.
    case unknown(String)

    var text: String {
        switch self {
        case .equal: "=="
        case .notEqual: "!="
        case .less: "<"
        case .lessOrEqual: "<="
        case .greater: ">"
        case .greaterOrEqual: ">="
        case .contains: "contains"
        case .unknown(let text): text
        }
    }

    init(_ text: String) {
        switch text {
        case "==": self = .equal
        case "!=", "<>": self = .notEqual
        case "<": self = .less
        case "<=": self = .lessOrEqual
        case ">": self = .greater
        case ">=": self = .greaterOrEqual
        case "contains": self = .contains
        default: self = .unknown(text)
        }
    }
}

enum Relation: Sendable { case and, or }

/// One comparison, or a bare value.
struct Clause: Sendable {
    let left: Expression
    let comparison: (Operator, Expression)?
    /// How the next clause is joined; nil for the last.
    var relation: Relation?
    let start: Int32
    let end: Int32
}

/// Clauses with `and` and `or` between them. Liquid gives neither precedence and groups from the right: `a and b or c`
/// is `a and (b or c)`.
struct Test: Sendable {
    var clauses: [Clause]
}

final class Branch: Sendable {
    /// A nil test is `else`.
    let arms: [(test: Test?, body: Block)]
    /// Whether the first test is negated, as in `unless`.
    let isUnless: Bool
    let isBlank: Bool
    let line: Int32

    init(arms: [(test: Test?, body: Block)], isUnless: Bool, isBlank: Bool, line: Int32) {
        self.arms = arms
        self.isUnless = isUnless
        self.isBlank = isBlank
        self.line = line
    }
}

final class Choice: Sendable {
    let value: Expression
    /// A branch without expressions is `else`. Every matching branch is rendered, `else` only if none before it
    /// matched.
    let arms: [(values: [Expression]?, body: Block)]
    let isBlank: Bool
    let line: Int32

    init(value: Expression, arms: [(values: [Expression]?, body: Block)], isBlank: Bool, line: Int32) {
        self.value = value
        self.arms = arms
        self.isBlank = isBlank
        self.line = line
    }
}

enum LoopStart: Sendable {
    case beginning
    case at(Expression)
    /// `offset: continue`: where the last loop of the same name stopped.
    case previousEnd
}

final class Loop: Sendable {
    let slot: Int
    /// The slot of `forloop`.
    let stateSlot: Int
    let collection: Expression
    /// `item-collection`, the key for `offset: continue`.
    let name: String
    let isReversed: Bool
    let start: LoopStart
    let limit: Expression?
    let body: Block
    let otherwise: Block?
    let isBlank: Bool
    let line: Int32

    init(
        slot: Int, stateSlot: Int, collection: Expression, name: String, isReversed: Bool, start: LoopStart,
        limit: Expression?, body: Block, otherwise: Block?, isBlank: Bool, line: Int32
    ) {
        self.slot = slot
        self.stateSlot = stateSlot
        self.collection = collection
        self.name = name
        self.isReversed = isReversed
        self.start = start
        self.limit = limit
        self.body = body
        self.otherwise = otherwise
        self.isBlank = isBlank
        self.line = line
    }
}

final class Table: Sendable {
    let slot: Int
    /// The slot of `tablerowloop`.
    let stateSlot: Int
    let collection: Expression
    let columns: Expression?
    let limit: Expression?
    let start: Expression?
    let body: Block
    let line: Int32

    init(
        slot: Int, stateSlot: Int, collection: Expression, columns: Expression?, limit: Expression?,
        start: Expression?, body: Block, line: Int32
    ) {
        self.slot = slot
        self.stateSlot = stateSlot
        self.collection = collection
        self.columns = columns
        self.limit = limit
        self.start = start
        self.body = body
        self.line = line
    }
}

final class Cycle: Sendable {
    /// The group's name; nil if the values are the name.
    let name: Expression?
    let key: String
    let values: [Expression]
    let line: Int32

    init(name: Expression?, key: String, values: [Expression], line: Int32) {
        self.name = name
        self.key = key
        self.values = values
        self.line = line
    }
}

/// `increment` and `decrement`.
final class Count: Sendable {
    let slot: Int
    let isUp: Bool
    let line: Int32

    init(slot: Int, isUp: Bool, line: Int32) {
        self.slot = slot
        self.isUp = isUp
        self.line = line
    }
}

final class IfChanged: Sendable {
    let body: Block
    let line: Int32

    init(body: Block, line: Int32) {
        self.body = body
        self.line = line
    }
}

/// `include` and `render`.
final class Partial: Sendable {
    let name: Expression
    /// Whether it is `include`, which shares the variables of the including template.
    let isInclude: Bool
    let value: Expression?
    let isFor: Bool
    let alias: String?
    let arguments: [(name: String, value: Expression)]
    let line: Int32

    init(
        name: Expression, isInclude: Bool, value: Expression?, isFor: Bool, alias: String?,
        arguments: [(name: String, value: Expression)], line: Int32
    ) {
        self.name = name
        self.isInclude = isInclude
        self.value = value
        self.isFor = isFor
        self.alias = alias
        self.arguments = arguments
        self.line = line
    }
}
