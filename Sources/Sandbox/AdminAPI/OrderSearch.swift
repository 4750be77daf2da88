// Shopify's search syntax (https://shopify.dev/docs/api/usage/search-syntax), with its pitfalls: an unknown field is
// ignored with a warning and the whole list comes back (recorded), and an unquoted timestamp counts only as its date
// (Shopify support, community.shopify.com, 208519).

internal import FoundationEssentials

/// A parsed `query` argument.
indirect enum OrderSearch: Equatable, Sendable {
    case all
    case term(Term)
    case not(OrderSearch)
    case and([OrderSearch])
    case or([OrderSearch])

    enum Comparison: Equatable, Sendable { case equal, atLeast, after, atMost, before }

    /// `field:value`, or a bare word.
    struct Term: Equatable, Sendable {
        var field: String?
        var comparison: Comparison
        var value: String
        var quoted: Bool

        /// The value as a time; unquoted only its date.
        var date: Date? { ShopTime.parse(quoted ? value : String(value.prefix(10))) }
    }

    struct Fault: Error, Equatable { var message: String }

    static func parse(_ text: String) throws(Fault) -> OrderSearch {
        var reader = Reader(text)
        let search = try reader.any()
        guard reader.atEnd else { throw Fault(message: "unexpected ')'") }
        return search
    }

    /// All terms at any depth.
    var terms: [Term] {
        switch self {
        case .all: []
        case .term(let term): [term]
        case .not(let inner): inner.terms
        case .and(let parts), .or(let parts): parts.flatMap(\.terms)
        }
    }

    /// The terms that every match satisfies.
    var required: [Term] {
        switch self {
        case .term(let term): [term]
        case .and(let parts): parts.flatMap(\.required)
        default: []
        }
    }

    /// Whether something matches, from each term's verdict. A meaningless term under `not` still excludes nothing.
    func matches(_ fits: (Term) -> Bool?) -> Bool { verdict(fits) ?? true }

    private func verdict(_ fits: (Term) -> Bool?) -> Bool? {
        switch self {
        case .all: return true
        case .term(let term): return fits(term)
        case .not(let inner): return inner.verdict(fits).map { !$0 }
        case .and(let parts): return parts.allSatisfy { $0.verdict(fits) ?? true }
        case .or(let parts): return parts.contains { $0.verdict(fits) ?? true }
        }
    }

    /// How `extensions.search[].parsed` shows it.
    var json: JSON {
        switch self {
        case .all: return .object([])
        case .term(let term):
            let key =
                switch term.comparison {
                case .equal: "match_all"
                case .atLeast: "gte"
                case .after: "gt"
                case .atMost: "lte"
                case .before: "lt"
                }
            let field = JSON.Member("field", .string(term.field ?? "default"))
            if term.comparison == .equal { return .object([field, JSON.Member(key, .string(term.value))]) }
            return .object([field, JSON.Member("range", .object([JSON.Member(key, .string(term.value))]))])
        case .not(let inner): return ["not": inner.json]
        case .and(let parts): return ["and": .array(parts.map(\.json))]
        case .or(let parts): return ["or": .array(parts.map(\.json))]
        }
    }

    private struct Reader {
        let characters: [Character]
        var at = 0
        var depth = 0

        init(_ text: String) { characters = Array(text) }

        var atEnd: Bool { at >= characters.count }
        var next: Character? { atEnd ? nil : characters[at] }

        mutating func skipSpace() { while let next, next.isWhitespace { at += 1 } }

        /// Whether the complete word is here; consumes it if so.
        mutating func take(word: String) -> Bool {
            skipSpace()
            let end = at + word.count
            guard end <= characters.count, String(characters[at..<end]) == word,
                end == characters.count || characters[end].isWhitespace || characters[end] == "("
            else { return false }
            at = end
            return true
        }

        mutating func any() throws(Fault) -> OrderSearch {
            var parts = [try every()]
            while take(word: "OR") { parts.append(try every()) }
            return parts.count == 1 ? parts[0] : .or(parts)
        }

        mutating func every() throws(Fault) -> OrderSearch {
            var parts: [OrderSearch] = []
            while true {
                skipSpace()
                if atEnd || next == ")" { break }
                let start = at
                if take(word: "OR") {
                    at = start
                    break
                }
                if take(word: "AND") { continue }
                parts.append(try single())
            }
            switch parts.count {
            case 0: return .all
            case 1: return parts[0]
            default: return .and(parts)
            }
        }

        mutating func single() throws(Fault) -> OrderSearch {
            depth += 1
            defer { depth -= 1 }
            guard depth < 32 else { throw Fault(message: "nested too deep") }
            if take(word: "NOT") {
                skipSpace()
                return .not(try single())
            }
            if next == "-" {
                at += 1
                return .not(try single())
            }
            if next == "(" {
                at += 1
                let inner = try any()
                skipSpace()
                guard next == ")" else { throw Fault(message: "expected ')'") }
                at += 1
                return inner
            }
            return .term(try term())
        }

        mutating func term() throws(Fault) -> Term {
            if next == "\"" || next == "'" {
                return Term(field: nil, comparison: .equal, value: try quoted(), quoted: true)
            }
            let word = bare(stopAtColon: true)
            guard next == ":", !word.isEmpty else {
                guard !word.isEmpty else { throw Fault(message: "unexpected '\(next ?? " ")'") }
                return Term(field: nil, comparison: .equal, value: word, quoted: false)
            }
            at += 1
            skipSpace()
            var comparison = Comparison.equal
            if next == ">" || next == "<" {
                let up = next == ">"
                at += 1
                comparison = up ? .after : .before
                if next == "=" {
                    at += 1
                    comparison = up ? .atLeast : .atMost
                }
                skipSpace()
            }
            if next == "\"" || next == "'" {
                return Term(field: word, comparison: comparison, value: try quoted(), quoted: true)
            }
            return Term(field: word, comparison: comparison, value: bare(stopAtColon: false), quoted: false)
        }

        mutating func bare(stopAtColon: Bool) -> String {
            let start = at
            while let next, !next.isWhitespace, next != "(", next != ")", !(stopAtColon && next == ":") { at += 1 }
            return String(characters[start..<at])
        }

        mutating func quoted() throws(Fault) -> String {
            let quote = characters[at]
            at += 1
            var text = ""
            while let next {
                at += 1
                if next == quote { return text }
                if next == "\\", let escaped = self.next {
                    text.append(escaped)
                    at += 1
                } else {
                    text.append(next)
                }
            }
            throw Fault(message: "a quote does not end")
        }
    }
}

extension OrderSearch.Term {
    /// Whether a time fits.
    func fits(_ moment: Date?) -> Bool {
        guard let date, let moment else { return false }
        switch comparison {
        case .equal: return quoted ? moment == date : ShopTime.iso(moment).hasPrefix(value.prefix(10))
        case .atLeast: return moment >= date
        case .after: return moment > date
        case .atMost: return moment <= date
        case .before: return moment < date
        }
    }

    /// Whether a number fits.
    func fits(_ number: Int64) -> Bool {
        guard let wanted = Int64(value) else { return false }
        switch comparison {
        case .equal: return number == wanted
        case .atLeast: return number >= wanted
        case .after: return number > wanted
        case .atMost: return number <= wanted
        case .before: return number < wanted
        }
    }

    /// Whether the value is one of the texts; several may be separated by commas.
    func fits(_ texts: String...) -> Bool {
        let wanted = value.lowercased().split(separator: ",")
        return texts.contains { text in wanted.contains { $0 == text.lowercased() } }
    }
}

extension OrderSearch {
    /// The fields that orders can be searched by; any other is ignored with a warning.
    static let fields: Set<String> = [
        "updated_at", "created_at", "processed_at", "status", "financial_status", "fulfillment_status", "return_status",
        "tag", "tag_not", "test", "email", "customer_id", "id", "name", "default",
    ]

    /// Whether an order matches a term; nil if the term means nothing.
    static func fits(_ order: OrderRecord, _ updatedAt: Date, _ term: Term) -> Bool? {
        switch term.field {
        case "updated_at": return term.fits(updatedAt)
        case "created_at": return term.fits(order.createdAt)
        case "processed_at": return term.fits(order.processedAt)
        case "id": return term.fits(order.id)
        case "customer_id": return order.customerID.map { term.fits($0) } ?? false
        case "name": return term.fits(order.name, String(order.number))
        case "email": return term.fits(order.customer.email)
        case "test": return term.fits(order.isTest ? "true" : "false")
        case "tag": return order.tags.contains { term.fits($0) }
        case "tag_not": return !order.tags.contains { term.fits($0) }
        case "return_status": return term.fits(order.returnStatus)
        case "financial_status": return term.fits(order.financialStatus) || term.value.lowercased() == "any"
        case "status":
            if term.value.lowercased() == "any" { return true }
            return term.fits(order.cancelledAt != nil ? "cancelled" : order.closedAt != nil ? "closed" : "open")
        case "fulfillment_status":
            switch order.fulfillmentStatus {
            case "FULFILLED": return term.fits("fulfilled", "shipped")
            case "PARTIALLY_FULFILLED": return term.fits("partial", "unfulfilled")
            case "ON_HOLD": return term.fits("on_hold", "unfulfilled")
            default: return term.fits("unshipped", "unfulfilled")
            }
        case nil:
            return term.fits(order.name, String(order.number), order.customer.email, order.customer.name)
        default: return nil
        }
    }
}
