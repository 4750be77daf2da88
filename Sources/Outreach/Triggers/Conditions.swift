internal import Liquid

/// What stands under `if`, `unless` or a segment: one line, or several of which any or all have to hold.
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

    /// How it turned out, for `explain`: `order.total_price is 40.00, not at least 100`. The value is left out if the
    /// name refers to a person.
    func sentence(in scope: Scope) -> String {
        switch self {
        case .line(let line):
            if line.isPersonal { return "the line about \(listing(line.condition.names))" }
            return line.wording(in: scope)
        case .any(let clauses):
            // If one holds, it is the explanation; if none does, all of them are.
            if let clause = clauses.first(where: { $0.holds(in: scope) }) { return clause.sentence(in: scope) }
            return clauses.map { $0.sentence(in: scope) }.joined(separator: "; ")
        case .all(let clauses):
            if let clause = clauses.first(where: { !$0.holds(in: scope) }) { return clause.sentence(in: scope) }
            return clauses.map { $0.sentence(in: scope) }.joined(separator: "; ")
        }
    }

    /// The lines as they were written.
    var sources: [String] {
        switch self {
        case .line(let line): [line.condition.source]
        case .any(let clauses), .all(let clauses): clauses.flatMap(\.sources)
        }
    }
}

/// One line of a condition, ready to be evaluated.
final class ConditionLine: Sendable {
    let condition: Condition
    /// True if it refers to personal data, which no decision may quote.
    let isPersonal: Bool
    /// The same condition with its names resolved; nil if it needs the full Liquid engine.
    private let plain: (condition: PlainCondition, names: [PlainName])?

    init(_ condition: Condition) {
        self.condition = condition
        isPersonal = condition.names.contains { Names.byPath[$0]?.isPersonal == true }
        plain = PlainCondition(condition).flatMap { plain in
            let names = plain.names.compactMap(PlainName.of)
            return names.count == plain.names.count ? (plain, names) : nil
        }
    }

    /// How it turned out, in words.
    func wording(in scope: Scope) -> String {
        guard let plain, scope.overlay.isEmpty else {
            return condition.explain(scope.forLiquid, scope.options).last?.text ?? condition.source
        }
        return plain.condition.wording { scope.value(of: plain.names[$0]) }
    }

    func holds(in scope: Scope) -> Bool {
        // Only the engine knows the values that an example sets over the order's own.
        guard let plain, scope.overlay.isEmpty else { return condition.evaluate(scope.forLiquid, scope.options) }
        return plain.condition.holds { scope.value(of: plain.names[$0]) }
    }
}

/// What conditions can be checked against, given the events of one trigger.
struct ConditionChecker {
    /// The events that it may be evaluated for; empty for any.
    var kinds: [EventKind]
    /// The segments that shop.yaml names.
    var segments: [String]
    /// True for the conditions of a segment itself, which is about the customer whatever the event.
    var inSegment = false

    /// Everything that is wrong with a line, each with its column.
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
            if let root = parts.first, root == Names.giftRoot {
                found.append(
                    (
                        column(of: name, in: condition.source), "'\(name)' is for templates",
                        "what is given is known only once the conditions hold"
                    ))
            }
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

    /// Why a root never exists for these events; nil if it may.
    func missing(_ name: String) -> (String, String?)? {
        let about = name == Names.shipments.path ? "shipment" : name
        guard let root = Names.roots.first(where: { $0.name == about }), !root.isAlways else { return nil }
        if inSegment { return ("a segment is about the customer, and '\(name)' is not always there", nil) }
        guard !kinds.isEmpty, !kinds.contains(where: { $0.has(about) }) else { return nil }
        return ("'\(name)' is not available on '\(kinds[0].rawValue)'", Names.instead(of: name, on: kinds[0]))
    }

    private func column(of name: String, in source: String) -> Int {
        guard let range = source.firstRange(of: name) else { return 1 }
        return source.distance(from: source.startIndex, to: range.lowerBound) + 1
    }
}

/// Reads conditions from a file.
enum ConditionReader {
    /// The lines under a key. Every fault is recorded; what cannot be read is left out. `allHold` is false for
    /// `unless`, where none of the lines may hold.
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
                faults.add(at: tree.position, "this is not a condition", hint: hint)
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
                        at: entry.keyPosition, "'\(entry.key)' does not belong here",
                        hint: meant ?? "a condition is one line of text, or 'any:' or 'all:' with lines below it")
                }
                if inner.isEmpty, !faults.hasErrors {
                    faults.add(at: entry.keyPosition, "nothing is written under '\(entry.key)'")
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
    /// The tables in the form that Liquid's checker takes.
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

    /// What to write instead of a root that does not exist for the event.
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
    /// The names in the form that the engine takes.
    var forLiquid: Liquid.Scope { Liquid.Scope([:], roots: [RootDrop(self)]) }

    /// The time, time zone and money formats of this order.
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

/// The root names, each created when it is first asked for.
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
    /// How prices are printed: the way the shop does, otherwise the way its currency usually is.
    func moneyFormats(currency other: String?) -> MoneyFormats {
        let currency = other ?? currency ?? "USD"
        // Shopify prints an order in another currency the usual way for that currency; the shop's own formats are for
        // its own.
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
