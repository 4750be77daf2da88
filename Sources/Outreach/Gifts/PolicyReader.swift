internal import Foundation

/// Reads policy.yaml.
struct PolicyReader {
    static let keys = ["amounts_in", "gifts", "budgets", "remedies", "returns", "labels", "priority"]
    static let giftKeys = ["discount", "free_shipping", "counts_as", "valid_for", "once_per"]
    static let budgetKeys = ["gifts", "remedies", "labels"]

    /// What people write for the keys of a gift.
    private static let otherWords = [
        "percent": "discount", "percentage": "discount", "amount": "discount", "off": "discount", "value": "discount",
        "shipping": "free_shipping", "costs": "counts_as", "cost": "counts_as", "expires": "valid_for",
        "expires_after": "valid_for", "valid": "valid_for", "once": "once_per", "limit": "once_per",
    ]

    /// What the file names, whether or not it could be read.
    struct Names: Sendable {
        var gifts: Set<String> = []
        var remedies: Set<String> = []
    }

    var faults: FaultList
    /// The segments that shop.yaml names.
    let segments: [String]

    /// The policy, or nil if it cannot be used; what it names; and its faults.
    static func read(
        _ source: String, file: String, segments: [String] = []
    ) -> (policy: Policy?, names: Names, faults: [Fault]) {
        let (tree, faults) = YAMLReader.read(source, file: file)
        var reader = PolicyReader(faults: FaultList(file: file), segments: segments)
        reader.faults.add(faults)
        guard let tree else { return (nil, Names(), reader.faults.faults) }
        let (policy, names) = reader.policy(tree)
        return (reader.faults.hasErrors ? nil : policy, names, reader.faults.faults)
    }

    private mutating func policy(_ tree: YAMLTree) -> (Policy?, Names) {
        let fields = Fields(tree, known: Self.keys, what: "policy.yaml", &faults)
        let currency = currency(fields)
        var gifts: [Gift] = []
        var names = Names()
        if let value = fields.value("gifts") {
            if case .map(let entries) = value.content {
                for entry in entries {
                    names.gifts.insert(entry.key)
                    if let gift = gift(entry, currency: currency) { gifts.append(gift) }
                }
            } else {
                faults.add(
                    at: value.position, "'gifts' has the names of gifts, and this is \(value.kind)",
                    hint: "write 'sorry: { discount: 10%, counts_as: 15.00, valid_for: 60 days }' below it")
            }
        }
        var remedies: [Remedy] = []
        if let value = fields.value("remedies") {
            (remedies, names.remedies) = self.remedies(value, currency: currency, gifts: names.gifts)
        }
        let labels = self.labels(fields, currency: currency)
        let returns = fields.entry("returns").flatMap { self.returns($0) }
        let priority = fields.value("priority").map { self.priority($0) } ?? []
        if fields.value("priority") == nil, let place = fields.entry("priority")?.keyPosition {
            faults.add(
                at: place, "nothing is written under 'priority'",
                hint: "write a list of conditions, such as '- message.mood == \"angry\"'")
        }
        var budgets: [String: [Allowance]] = [:]
        let value = fields.value("budgets")
        if let value {
            let written = Fields(value, known: Self.budgetKeys, what: "'budgets'", &faults)
            for key in Self.budgetKeys { budgets[key] = budget(key, written, currency: currency) }
        }
        if !names.gifts.isEmpty, value == nil, let place = fields.entry("gifts")?.keyPosition {
            faults.add(
                at: place, "the gifts have no budget", hint: "write 'budgets: { gifts: [300.00 per month] }' below them"
            )
        }
        if !names.remedies.isEmpty, (budgets["remedies"] ?? []).isEmpty,
            let place = fields.entry("remedies")?.keyPosition
        {
            faults.add(
                at: place, "the remedies have no budget",
                hint: "write 'budgets: { remedies: [1000.00 per month] }'; what goes beyond it goes to a person")
        }
        if labels != nil, (budgets["labels"] ?? []).isEmpty, let place = fields.entry("labels")?.keyPosition {
            faults.add(
                at: place, "the labels have no budget",
                hint: "write 'budgets: { labels: [200.00 per month] }'; beyond it none is bought")
        }
        guard let currency else { return (nil, names) }
        var policy = Policy(currency: currency, gifts: gifts, giftBudget: budgets["gifts"] ?? [])
        policy.remedies = remedies
        policy.remedyBudget = budgets["remedies"] ?? []
        policy.labels = labels
        policy.labelBudget = budgets["labels"] ?? []
        policy.returns = returns
        policy.priority = priority
        return (policy, names)
    }

    /// The lines of one budget.
    private mutating func budget(_ key: String, _ budgets: Fields, currency: String?) -> [Allowance] {
        var budget: [Allowance] = []
        for element in budgets.value(key)?.listed ?? [] {
            guard let text = element.text?.trimmingSpaces else {
                faults.add(
                    at: element.position, "a budget is a text, and this is \(element.kind)",
                    hint: "write it like '300.00 per month' or '40 per day'")
                continue
            }
            switch Allowance.read(text, currency: currency, counting: key) {
            case .success(let allowance): budget.append(allowance)
            case .failure(let misread): faults.add(at: element.position, misread.message, hint: misread.hint)
            }
        }
        if budgets.value(key) == nil, let place = budgets.entry(key)?.keyPosition {
            faults.add(at: place, "nothing is written under '\(key)'", hint: "write '\(key): [300.00 per month]'")
        }
        return budget
    }

    private mutating func currency(_ fields: Fields) -> String? {
        guard let (text, position) = fields.text("amounts_in", &faults) else {
            if fields.value("amounts_in") == nil {
                faults.add(
                    at: fields.entry("amounts_in")?.keyPosition ?? fields.position,
                    "'amounts_in' is missing: in which currency are the sums?",
                    hint: "write the shop's own, such as 'amounts_in: GBP'")
            }
            return nil
        }
        if text.wholeMatch(of: /[A-Z]{3}/) != nil { return text }
        let upper = text.uppercased()
        faults.add(
            at: position, "'\(text)' is not a currency",
            hint: upper.wholeMatch(of: /[A-Z]{3}/) != nil
                ? "write '\(upper)'" : "write its three letters, such as 'GBP'")
        return nil
    }

    private mutating func gift(_ entry: YAMLTree.Entry, currency: String?) -> Gift? {
        let name = entry.key
        if !TriggerReader.isName(name) || name.contains("/") || name.count > 40 {
            faults.add(
                at: entry.keyPosition, "'\(name.prefix(60))' cannot be a gift's name",
                hint: "use up to 40 letters, digits, '-' and '_'")
        }
        let fields = Fields(entry.value, known: Self.giftKeys, otherWords: Self.otherWords, what: "a gift", &faults)
        guard case .map = entry.value.content else {
            if case .nothing = entry.value.content {
                faults.add(
                    at: entry.keyPosition, "'\(name)' gives nothing",
                    hint: "write '\(name): { discount: 10%, counts_as: 15.00, valid_for: 60 days }'")
            }
            return nil
        }
        let kind = kind(name, fields, at: entry.keyPosition, currency: currency)
        let cost = cost(name, kind, fields, at: entry.keyPosition, currency: currency)
        let (scope, every) = oncePer(fields)
        var validFor = fields.length("valid_for", &faults)
        if let length = validFor, let place = fields.value("valid_for")?.position {
            if length.unit == .minutes || length.unit == .hours || length.count == 0 {
                faults.add(at: place, "a code is valid for whole days", hint: "write it like 'valid_for: 60 days'")
                validFor = nil
            }
        } else if fields.value("valid_for") == nil {
            faults.add(
                at: entry.keyPosition, "'\(name)' has no 'valid_for'",
                hint: "write how long its code can be used: '60 days'")
        }
        guard let kind, let cost, let validFor else { return nil }
        return Gift(
            name: name, kind: kind, cost: cost, validFor: validFor, scope: scope, every: every,
            line: entry.keyPosition.line)
    }

    private mutating func kind(
        _ name: String, _ fields: Fields, at place: Position, currency: String?
    ) -> Gift.Kind? {
        var kind: Gift.Kind?
        let isFree = fields.flag("free_shipping", &faults) ?? false
        if isFree { kind = .freeShipping }
        if let (text, position) = fields.text("discount", &faults) {
            if isFree, let place = fields.entry("free_shipping")?.keyPosition {
                faults.add(
                    at: place, "'\(name)' gives a discount and free shipping, and a code has one of them",
                    hint: "make two gifts of it")
            }
            let isShare = text.hasSuffix("%")
            let number = isShare ? String(text.dropLast()).trimmingSpaces : text
            guard let amount = CurrencyUnits.read(number), amount > 0 else {
                faults.add(
                    at: position, "'\(text)' is not a discount", hint: "write it like '10%', or as an amount: '5.00'")
                return nil
            }
            if isShare {
                if amount > 100 {
                    faults.add(at: position, "no more than 100% can be taken off")
                    return nil
                }
                kind = .share(amount)
            } else {
                if let currency, CurrencyUnits.units(amount, in: currency) == nil {
                    let finer = Policy.finer(amount, currency)
                    faults.add(at: position, finer.message, hint: finer.hint)
                    return nil
                }
                kind = .amount(amount)
            }
        } else if fields.value("discount") == nil, !isFree {
            faults.add(
                at: place, "'\(name)' gives nothing",
                hint: "write 'discount: 10%', 'discount: 5.00' or 'free_shipping: true'")
        }
        return kind
    }

    private mutating func cost(
        _ name: String, _ kind: Gift.Kind?, _ fields: Fields, at place: Position, currency: String?
    ) -> Int64? {
        let written = fields.text("counts_as", &faults)
        if case .amount(let amount)? = kind {
            if let (_, position) = written {
                faults.add(
                    at: position, "an amount counts as what it is",
                    hint: "take 'counts_as' out, or write a share such as '10%'")
            }
            return currency.flatMap { CurrencyUnits.units(amount, in: $0) }
        }
        guard written != nil else {
            if kind != nil, fields.value("counts_as") == nil {
                faults.add(
                    at: place, "'\(name)' has no 'counts_as': what does one cost you?",
                    hint:
                        "write what it takes off an order on average, such as 'counts_as: 15.00'; the budget counts that"
                )
            }
            return nil
        }
        return amount("counts_as", fields, currency: currency)
    }

    private mutating func oncePer(_ fields: Fields) -> (Gift.Scope?, Length?) {
        guard let (text, position) = fields.text("once_per", &faults) else { return (nil, nil) }
        let words = text.split(separator: " ").map(String.init)
        let scopes = Gift.Scope.allCases.map(\.rawValue)
        guard let first = words.first, let scope = Gift.Scope(rawValue: first) else {
            let meant = nearest(to: words.first ?? "", in: scopes).map { "did you mean '\($0)'?" }
            faults.add(at: position, "'once_per' cannot be '\(text)'", hint: meant ?? "write \(alternatives(scopes))")
            return (nil, nil)
        }
        guard words.count > 1 else { return (scope, nil) }
        guard words[1] == "every", words.count > 2 else {
            faults.add(
                at: position, "'once_per' cannot be '\(text)'",
                hint: "write 'once_per: \(first)', or with a pause 'once_per: \(first) every 90 days'")
            return (nil, nil)
        }
        switch Length.read(words.dropFirst(2).joined(separator: " ")) {
        case .success(let length): return (scope, length)
        case .failure(let misread):
            faults.add(at: position, misread.message, hint: misread.hint)
            return (nil, nil)
        }
    }
}
