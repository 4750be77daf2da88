internal import Liquid

/// What kind of value a name has.
indirect enum NameType: Sendable {
    case text
    /// One of a closed set of words.
    case word([String])
    /// The words of the shop's own segments.
    case segments
    /// Texts that are compared whole, ignoring case.
    case texts
    case link
    case number
    case money
    /// `true` or `false`.
    case flag
    /// A point in time.
    case moment
    /// A calendar day.
    case day
    /// A list of things that have names of their own.
    case list(of: String)

    /// True for a day and a moment.
    var isDate: Bool {
        switch self {
        case .day, .moment: true
        default: false
        }
    }

    /// For messages: `a text`, `true or false`.
    var article: String {
        switch self {
        case .word: "one of a few words"
        case .money: "an amount of money"
        case .flag: "true or false"
        default: "a \(words)"
        }
    }

    /// For the reference.
    var words: String {
        switch self {
        case .text: "text"
        case .word: "word"
        case .segments, .texts: "list of texts"
        case .link: "link"
        case .number: "number"
        case .money: "money"
        case .flag: "true or false"
        case .moment: "moment"
        case .day: "day"
        case .list(let item): "list of \(item)s"
        }
    }
}

/// Where a value comes from.
enum NameSource: String, Sendable {
    case shopify = "Shopify"
    case tracking = "tracking"
    case bookbag = "Bookbag"
    case settings = "shop.yaml"
}

/// One name that conditions and templates can use: what it means, for people and for the checker, and how it is read.
struct Name<Item: Sendable>: Sendable {
    var key: String
    var type: NameType
    var meaning: String
    var source: NameSource
    /// True if it may be missing for a real order, so that a template needs an `if` or a `default`.
    var canBeEmpty: Bool
    /// True if the value is personal, so that no log line and no decision may quote it.
    var isPersonal: Bool
    var read: @Sendable (Item) -> Value

    init(
        _ key: String, _ type: NameType, _ meaning: String, _ source: NameSource = .shopify, canBeEmpty: Bool = false,
        isPersonal: Bool = false, _ read: @escaping @Sendable (Item) -> Value
    ) {
        self.key = key
        self.type = type
        self.meaning = meaning
        self.source = source
        self.canBeEmpty = canBeEmpty
        self.isPersonal = isPersonal
        self.read = read
    }
}

/// A row of the reference: a name without its reader.
struct NameRow: Sendable {
    var path: String
    var type: NameType
    var meaning: String
    var source: NameSource
    var canBeEmpty: Bool
    var isPersonal: Bool
}

/// The names of one kind of thing.
struct NameTable<Item: Sendable>: Sendable {
    let names: [Name<Item>]
    let byKey: [String: Name<Item>]

    init(_ names: [Name<Item>]) {
        self.names = names
        byKey = Dictionary(uniqueKeysWithValues: names.map { ($0.key, $0) })
    }

    func rows(under root: String) -> [NameRow] {
        names.map {
            NameRow(
                path: "\(root).\($0.key)", type: $0.type, meaning: $0.meaning, source: $0.source,
                canBeEmpty: $0.canBeEmpty, isPersonal: $0.isPersonal)
        }
    }
}

/// A thing whose names are read through its table, with an example's values taking precedence.
final class NamedDrop<Item: Sendable>: Drop {
    private let item: Item
    let table: NameTable<Item>
    private let overlay: [String: Value]
    private let prefix: String
    /// What plain `{{ order }}` prints, and what it compares as.
    private let own: String?
    /// Shopify's names that are available alongside ours, for templates.
    private let more: (any Drop)?

    init(
        _ item: Item, _ table: NameTable<Item>, overlay: [String: Value] = [:], prefix: String = "", own: String? = nil,
        more: (any Drop)? = nil
    ) {
        self.item = item
        self.table = table
        self.overlay = overlay
        self.prefix = prefix
        self.own = own
        self.more = more
    }

    func value(for key: String) -> Value? {
        if !overlay.isEmpty, let laid = overlay["\(prefix).\(key)"] { return laid }
        return table.byKey[key]?.read(item) ?? more?.value(for: key)
    }

    var printed: Value { own.map { .string($0) } ?? .string("") }

    var whole: Value? { tree }

    /// All names and their values, for a webhook's body.
    var tree: Value {
        .object(Object(table.names.map { ($0.key, value(for: $0.key)?.unfolded ?? .null) }))
    }
}

/// A value that can list everything it holds at once.
protocol Unfolding {
    var tree: Value { get }
}

extension NamedDrop: Unfolding {}

extension Value {
    /// The value with everything in it expanded.
    var unfolded: Value {
        switch self {
        case .drop(let drop):
            if let named = drop as? any Unfolding { return named.tree }
            return drop.elements.map { .array($0.map(\.unfolded)) } ?? drop.printed
        case .array(let elements): return .array(elements.map(\.unfolded))
        default: return self
        }
    }
}
