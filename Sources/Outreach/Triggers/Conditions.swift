internal import Liquid

/// What stands under `if`, `unless` or a segment: a line, or several of which one or all have to hold.
indirect enum ConditionClause: Sendable {
    case line(ConditionLine)
    case any([ConditionClause])
    case all([ConditionClause])

    func holds(in scope: Scope) -> Bool {
        switch self {
        case .line(let line): line.holds(in: scope)
        case .any(let clauses): clauses.contains { $0.holds(in: scope) }
        case .all(let clauses): clauses.allSatisfy { $0.holds(in: scope) }
        }
    }

    /// What it came to, for `explain`: `order.total_price is 40.00, not at least 100`. Where a name is a person's, its
    /// value is left out.
    func sentence(in scope: Scope) -> String {
        switch self {
        case .line(let line):
            if line.isPersonal { return "the line about \(listing(line.condition.names))" }
            return line.wording(in: scope)
        case .any(let clauses):
            // One that holds says it all; where none does, all have to be told.
            if let clause = clauses.first(where: { $0.holds(in: scope) }) { return clause.sentence(in: scope) }
            return clauses.map { $0.sentence(in: scope) }.joined(separator: "; ")
        case .all(let clauses):
            if let clause = clauses.first(where: { !$0.holds(in: scope) }) { return clause.sentence(in: scope) }
            return clauses.map { $0.sentence(in: scope) }.joined(separator: "; ")
        }
    }

    /// The lines as written.
    var sources: [String] {
        switch self {
        case .line(let line): [line.condition.source]
        case .any(let clauses), .all(let clauses): clauses.flatMap(\.sources)
        }
    }
}

/// One line of a condition, ready to be asked.
final class ConditionLine: Sendable {
    let condition: Condition
    /// True where it looks at a person's data, which no decision may quote.
    let isPersonal: Bool
    /// The same with the ways to its names; nil where it needs the whole engine.
    private let plain: (condition: PlainCondition, names: [PlainName])?

    init(_ condition: Condition) {
        self.condition = condition
        isPersonal = condition.names.contains { Names.byPath[$0]?.isPersonal == true }
        plain = PlainCondition(condition).flatMap { plain in
            let names = plain.names.compactMap(PlainName.of)
            return names.count == plain.names.count ? (plain, names) : nil
        }
    }

    /// What it came to.
    func wording(in scope: Scope) -> String {
        guard let plain, scope.overlay.isEmpty else {
            return condition.explain(scope.forLiquid, scope.options).last?.text ?? condition.source
        }
        return plain.condition.wording { scope.value(of: plain.names[$0]) }
    }

    func holds(in scope: Scope) -> Bool {
        // What an example lays over the order is known to the engine alone.
        guard let plain, scope.overlay.isEmpty else { return condition.evaluate(scope.forLiquid, scope.options) }
        return plain.condition.holds { scope.value(of: plain.names[$0]) }
    }
}

/// What conditions can be checked against, for the events of one trigger.
struct ConditionChecker {
    /// The events it can be asked for; none: any.
    var kinds: [EventKind]
    /// The segments that shop.yaml names.
    var segments: [String]
    /// True for the conditions of a segment itself, which is about the customer whatever happened.
    var inSegment = false

    /// Everything that is wrong with a line, with the column in it.
    func faults(of condition: Condition) -> [(column: Int, message: String, hint: String?)] {
        var found = condition.check(Names.schema).map { ($0.column, $0.message, $0.hint) }
        for name in condition.names {
            if Names.pages.contains(where: { $0.row.path == name }) {
                found.append(
                    (
                        column(of: name, in: condition.source), "'\(name)' is for templates",
                        "what is decided does not depend on a link"
                    ))
            }
            let parts = name.split(separator: ".")
            guard let root = parts.first, let message = missing(String(root)) else { continue }
            found.append((column(of: name, in: condition.source), message.0, message.1))
        }
        if inSegment, condition.names.contains("customer.segments") {
            found.append(
                (column(of: "customer.segments", in: condition.source), "a segment cannot ask for segments", nil))
        } else {
            for match in condition.source.matches(of: /customer\.segments\s+contains\s+(["'])(.*?)\1/) {
                let segment = String(match.2)
                guard !segments.contains(where: { $0.lowercased() == segment.lowercased() }) else { continue }
                let meant = nearest(to: segment, in: segments).map { "did you mean \"\($0)\"?" }
                let column = condition.source.distance(from: condition.source.startIndex, to: match.2.startIndex) + 1
                found.append(
                    (
                        column, "no segment is named \"\(segment)\"",
                        meant ?? "shop.yaml names \(segments.isEmpty ? "none" : listing(segments))"
                    ))
            }
        }
        for match in condition.source.matches(of: /(order\.country|customer\.locale)\s*(?:==|!=)\s*(["'])(.*?)\2/) {
            let (name, text) = (match.output.1, String(match.output.3))
            let isCountry = name == "order.country"
            guard isCountry ? !Countries.codes.contains(text) : Languages.meant(by: text) != text, !text.isEmpty else {
                continue
            }
            let column = condition.source.distance(from: condition.source.startIndex, to: match.range.lowerBound) + 1
            let hint =
                isCountry
                ? Countries.hint(for: text)
                : Languages.meant(by: text).map { "write \"\($0)\"" } ?? "write a language such as \"en\" or \"fr-CA\""
            found.append((column, "'\(name)' is never \"\(text)\"", hint))
        }
        return found.sorted { $0.0 < $1.0 }
    }

    /// Why a root is never there; nil where it may be.
    func missing(_ name: String) -> (String, String?)? {
        let about = name == Names.shipments.path ? "shipment" : name
        guard let root = Names.roots.first(where: { $0.name == about }), !root.isAlways else { return nil }
        if inSegment { return ("a segment is about the customer, and '\(name)' is not always there", nil) }
        guard !kinds.isEmpty, !kinds.contains(where: { $0.has(about) }) else { return nil }
        return ("'\(name)' is not there on '\(kinds[0].rawValue)'", Names.instead(of: name, on: kinds[0]))
    }

    private func column(of name: String, in source: String) -> Int {
        guard let range = source.firstRange(of: name) else { return 1 }
        return source.distance(from: source.startIndex, to: range.lowerBound) + 1
    }
}

/// Reads conditions from a file.
enum ConditionReader {
    /// The lines under a key. Every fault is told; what cannot be read is left out. `allHold` is false for `unless`, of
    /// which no line may.
    static func read(
        _ tree: YAMLTree, checker: ConditionChecker, allHold: Bool = true, _ faults: inout FaultList
    ) -> [ConditionClause] {
        let found = tree.listed.flatMap { clauses($0, checker: checker, &faults) }
        if allHold { ConditionDoubts(checker: checker).look(at: tree.listed, &faults) }
        return found
    }

    private static func clauses(
        _ tree: YAMLTree, checker: ConditionChecker, _ faults: inout FaultList
    ) -> [ConditionClause] {
        switch tree.content {
        case .nothing: return []
        case .list(let elements): return [.all(elements.flatMap { clauses($0, checker: checker, &faults) })]
        case .text(let text, _): return line(text, tree, checker, &faults).map { [$0] } ?? []
        case .map(let entries):
            if let hint = brokenByColon(tree), !["any", "all"].contains(entries[0].key) {
                faults.add(at: tree.position, "this is no condition", hint: hint)
                return []
            }
            var result: [ConditionClause] = []
            for entry in entries {
                let inner = entry.value.listed.flatMap { clauses($0, checker: checker, &faults) }
                switch entry.key {
                case "any": result.append(.any(inner))
                case "all": result.append(.all(inner))
                default:
                    let meant = nearest(to: entry.key, in: ["any", "all"]).map { "did you mean '\($0)'?" }
                    faults.add(
                        at: entry.keyPosition, "'\(entry.key)' cannot stand here",
                        hint: meant ?? "a condition is one line of text, or 'any:' or 'all:' with lines below it")
                }
                if inner.isEmpty, !faults.hasErrors {
                    faults.add(at: entry.keyPosition, "nothing stands under '\(entry.key)'")
                }
            }
            return result
        }
    }

    private static func line(
        _ text: String, _ tree: YAMLTree, _ checker: ConditionChecker, _ faults: inout FaultList
    ) -> ConditionClause? {
        func place(_ column: Int) -> Position {
            guard let start = tree.textPosition else { return tree.position }
            return Position(line: start.line, column: start.column + column - 1)
        }
        do throws(Diagnostic) {
            let condition = try Condition(parsing: text)
            for fault in checker.faults(of: condition) {
                faults.add(at: place(fault.column), fault.message, hint: fault.hint)
            }
            if let doubt = ConditionDoubts.thousands(in: text) {
                faults.warn(at: place(doubt.column), doubt.message, hint: doubt.hint)
            }
            return .line(ConditionLine(condition))
        } catch {
            let negated = text.hasPrefix("not ") || text.contains(" not ")
            faults.add(
                at: place(error.column), error.message,
                hint: negated ? "there is no 'not'; write the line under 'unless', or compare with '!='" : error.hint)
            return nil
        }
    }
}

extension Names {
    /// The tables as Liquid's checker wants them.
    static let schema: Schema = {
        var entries: [Schema.Entry] = []
        for root in roots {
            entries.append(Schema.Entry(root.name, .object, meaning: root.meaning))
            for row in root.rows {
                entries.append(
                    Schema.Entry(row.path, row.type.kind, canBeEmpty: row.canBeEmpty, meaning: row.meaning))
                guard case .list(let item) = row.type, let rows = items.first(where: { $0.name == item })?.rows else {
                    continue
                }
                for inner in rows {
                    let key = inner.path.split(separator: ".").dropFirst().joined(separator: ".")
                    entries.append(
                        Schema.Entry("\(row.path).\(key)", inner.type.kind, canBeEmpty: inner.canBeEmpty))
                    guard case .list(let deep) = inner.type, let rows = items.first(where: { $0.name == deep })?.rows
                    else { continue }
                    for row2 in rows {
                        let last = row2.path.split(separator: ".").dropFirst().joined(separator: ".")
                        entries.append(
                            Schema.Entry(
                                "\(row.path).\(key).\(last)", row2.type.kind, canBeEmpty: row2.canBeEmpty))
                    }
                }
            }
        }
        for (row, _) in pages {
            entries.append(
                Schema.Entry(row.path, row.type.kind, canBeEmpty: row.canBeEmpty, meaning: row.meaning))
        }
        entries.append(Schema.Entry(shipments.path, .objects, meaning: shipments.meaning))
        for inner in items.first(where: { $0.name == "shipment" })?.rows ?? [] {
            let key = inner.path.split(separator: ".").dropFirst().joined(separator: ".")
            entries.append(
                Schema.Entry("\(shipments.path).\(key)", inner.type.kind, canBeEmpty: inner.canBeEmpty))
            guard case .list(let deep) = inner.type, let rows = items.first(where: { $0.name == deep })?.rows else {
                continue
            }
            for row in rows {
                let last = row.path.split(separator: ".").dropFirst().joined(separator: ".")
                entries.append(
                    Schema.Entry("\(shipments.path).\(key).\(last)", row.type.kind, canBeEmpty: row.canBeEmpty))
            }
        }
        return Schema(entries, aliases: otherWords)
    }()

    /// What to write where a root is not there.
    static func instead(of root: String, on kind: EventKind) -> String? {
        if root == "shipment" { return "an order may have several parcels; see order.shipments" }
        return "'\(kind.rawValue)' has 'order', '\(kind.subject)' and 'customer'".replacing(
            "'order', 'order'", with: "'order'")
    }
}

extension NameType {
    /// The type in the checker's words.
    var kind: Schema.Kind {
        switch self {
        case .text, .link: .text
        case .word(let words): .oneOf(words)
        case .segments, .texts: .texts
        case .number: .number
        case .money: .money
        case .flag: .boolean
        case .moment: .time
        case .day: .date
        case .list: .objects
        }
    }
}

extension Scope {
    /// The names as the engine asks for them.
    var forLiquid: Liquid.Scope { Liquid.Scope([:], roots: [RootDrop(self)]) }

    /// The moment, the zone and the money of this order.
    var options: RenderOptions {
        var options = RenderOptions()
        options.now = Liquid.Moment(seconds: now.seconds, offset: zone.offset(at: now))
        let zone = zone
        options.zone = Liquid.Zone(
            offset: { zone.offset(at: Moment(seconds: $0)) },
            abbreviation: { zone.abbreviation(at: Moment(seconds: $0)) })
        options.money = shop.moneyFormats(currency: record.facts.total?.currency)
        return options
    }
}

/// The root names, each made when it is asked for.
private final class RootDrop: Drop {
    private let scope: Scope

    init(_ scope: Scope) { self.scope = scope }

    func value(for key: String) -> Value? {
        if key == Names.shipments.path {
            return .array(scope.shipmentDrops.map { .drop($0) })
        }
        if let root = Names.roots.first(where: { $0.name == key }) {
            return root.drop(scope).map { .drop($0) } ?? .null
        }
        if let page = Names.pages.first(where: { $0.row.path == key }) { return .optional(page.read(scope.pages)) }
        return ShopifyNames.root.byKey[key]?.read(scope)
    }
}

extension ShopProfile {
    /// How prices are printed: as the shop does, else as its currency usually is.
    func moneyFormats(currency other: String?) -> MoneyFormats {
        let currency = other ?? currency ?? "USD"
        // Shopify formats an order of another currency as that is usually written; the shop's own formats are for its
        // own.
        if let moneyFormat, currency == self.currency ?? currency {
            return MoneyFormats(
                plain: moneyFormat, withCurrency: moneyWithCurrencyFormat ?? "\(moneyFormat) \(currency)",
                currency: currency)
        }
        let plain: String
        switch currency {
        case "USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN": plain = "${{amount}}"
        case "GBP": plain = "£{{amount}}"
        case "EUR": plain = "€{{amount}}"
        case "JPY": plain = "¥{{amount_no_decimals}}"
        default: plain = "{{amount}} \(currency)"
        }
        let marked = plain.hasSuffix(currency) ? plain : "\(plain) \(currency)"
        return MoneyFormats(plain: plain, withCurrency: marked, currency: currency)
    }
}
