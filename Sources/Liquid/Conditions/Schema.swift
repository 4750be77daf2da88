/// The names that conditions and templates can use, with their types: the one table behind the checker, editor
/// completion and the reference.
public struct Schema: Sendable {
    /// The type of a value.
    public indirect enum Kind: Sendable, Equatable {
        case text, number, money, boolean
        /// A moment in time.
        case time
        /// A calendar date.
        case date
        /// Texts that match as a whole, ignoring case.
        case texts
        /// One of exactly these texts.
        case oneOf([String])
        /// An object whose fields are in the table under its path.
        case object
        /// A list of objects; their fields are under the list's path.
        case objects
        /// Any value; nothing below it is checked.
        case anything

        /// The kind in the words of the reference.
        public var text: String {
            switch self {
            case .text: "text"
            case .number: "number"
            case .money: "money"
            case .boolean: "yes or no"
            case .time: "time"
            case .date: "date"
            case .texts: "list of text"
            case .oneOf(let texts): "one of " + texts.joined(separator: ", ")
            case .object: "object"
            case .objects: "list"
            case .anything: "anything"
            }
        }

        var isText: Bool {
            switch self {
            case .text, .oneOf, .anything: true
            default: false
            }
        }
    }

    /// One name of the table.
    public struct Entry: Sendable, Equatable {
        /// `shipment.days_late`.
        public let path: String
        /// What it is.
        public let kind: Kind
        /// Whether it can be missing, so that a template should guard it.
        public let canBeEmpty: Bool
        /// Its meaning, for the reference.
        public let meaning: String
        /// Why it is always empty, for a known name that the host cannot fill; nil for all others.
        public let absence: String?

        /// A line of the table.
        public init(
            _ path: String, _ kind: Kind, canBeEmpty: Bool = false, meaning: String = "", absence: String? = nil
        ) {
            self.path = path
            self.kind = kind
            self.canBeEmpty = canBeEmpty
            self.meaning = meaning
            self.absence = absence
        }
    }

    /// The lines of the table, in order.
    public let entries: [Entry]
    /// Other words and our paths for them: `fulfillment`: `shipment`.
    public let aliases: [String: String]
    private let byPath: [String: Entry]

    /// A table. A parent that has no line itself becomes an object.
    public init(_ entries: [Entry], aliases: [String: String] = [:]) {
        var byPath: [String: Entry] = [:]
        for entry in entries { byPath[entry.path] = entry }
        for entry in entries {
            var parts = entry.path.split(separator: ".").map(String.init)
            while parts.count > 1 {
                parts.removeLast()
                let parent = parts.joined(separator: ".")
                if byPath[parent] == nil { byPath[parent] = Entry(parent, .object) }
            }
        }
        self.entries = entries
        self.aliases = aliases
        self.byPath = byPath
    }

    /// The line of a path.
    public subscript(path: String) -> Entry? { byPath[path] }

    /// The result of looking up a path.
    public enum Answer: Sendable, Equatable {
        case known(Entry)
        /// Below a value about which nothing more is known.
        case open
        /// With the nearest existing path, if there is one.
        case unknown(nearest: String?)
    }

    /// The nearest name above a path, or itself, that the host cannot fill.
    func absent(above path: String) -> Entry? {
        var end = path.endIndex
        while true {
            if let entry = byPath[String(path[..<end])], entry.absence != nil { return entry }
            guard let dot = path[..<end].lastIndex(of: ".") else { return nil }
            end = dot
        }
    }

    /// Looks up a path: `order.line_items.size`, `customer.first_name`.
    public func look(up path: String) -> Answer {
        if let entry = byPath[path] { return .known(entry) }
        let parts = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        for length in stride(from: parts.count - 1, through: 1, by: -1) {
            let parent = parts[..<length].joined(separator: ".")
            guard let entry = byPath[parent] else { continue }
            let rest = parts[length...].joined(separator: ".")
            switch entry.kind {
            case .anything: return .open
            case .texts, .objects:
                if rest == "size" { return .known(Entry(path, .number)) }
                if rest == "first" || rest == "last" { return .open }
                if rest.hasPrefix("first.") || rest.hasPrefix("last.") {
                    return look(up: parent + "." + rest.drop { $0 != "." }.dropFirst())
                }
            case .text, .oneOf: if rest == "size" { return .known(Entry(path, .number)) }
            default: break
            }
            if let alias = aliases[path] { return .unknown(nearest: alias) }
            // Among the fields beside it first, then anywhere.
            let siblings = byPath.keys.filter {
                $0.hasPrefix(parent + ".") && !$0.dropFirst(parent.count + 1).contains(".")
            }
            let fields = siblings.map { String($0.dropFirst(parent.count + 1)) }
            if let near = nearestName(to: parts[length], in: fields, aliases: fieldAliases(parent)) {
                return .unknown(nearest: parent + "." + near)
            }
            return .unknown(nearest: nearestName(to: path, in: byPath.keys))
        }
        if let alias = aliases[path] { return .unknown(nearest: alias) }
        let roots = byPath.keys.filter { !$0.contains(".") }
        if let root = nearestName(to: parts[0], in: roots, aliases: aliases) {
            let whole = ([root] + parts.dropFirst()).joined(separator: ".")
            if byPath[whole] != nil || parts.count == 1 { return .unknown(nearest: whole) }
            if case .unknown(let near?) = look(up: whole) { return .unknown(nearest: near) }
            return .unknown(nearest: root)
        }
        // A field written without its object.
        let owned = byPath.keys.filter { $0.hasSuffix("." + path) }
        return .unknown(nearest: owned.min { ($0.utf8.count, $0) < ($1.utf8.count, $1) })
    }

    private func fieldAliases(_ parent: String) -> [String: String] {
        var fields: [String: String] = [:]
        for (wrong, right) in aliases where right.hasPrefix(parent + ".") {
            let field = String(right.dropFirst(parent.count + 1))
            fields[wrong.split(separator: ".").last.map(String.init) ?? wrong] = field
        }
        return fields
    }
}
