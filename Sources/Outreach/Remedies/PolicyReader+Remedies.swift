internal import Foundation

extension PolicyReader {
    static let remedyKeys = ["at_most", "approval", "approve_within", "first_that_fits"]
    static let remedyLineKeys = ["if", "offer", "also_give", "hand_over"]
    private static let otherRemedyWords = [
        "max": "at_most", "maximum": "at_most", "limit": "at_most", "up_to": "at_most", "approve": "approval",
        "deadline": "approve_within", "within": "approve_within", "rules": "first_that_fits",
        "lines": "first_that_fits", "first": "first_that_fits",
    ]
    private static let otherLineWords = [
        "when": "if", "offers": "offer", "give": "also_give", "gift": "also_give", "handover": "hand_over",
        "person": "hand_over", "note": "hand_over",
    ]

    /// What people write for the things that can be offered.
    private static let otherOffers = [
        "money_back": "refund", "money": "refund", "replace": "reship", "replacement": "reship", "resend": "reship",
        "credit": "store_credit", "exchange": "reship",
    ]

    enum Approval: String, CaseIterable {
        case needed
        case notNeeded = "not_needed"
    }

    /// `remedies`: what is offered when something went wrong.
    mutating func remedies(_ tree: YAMLTree, currency: String?, gifts: Set<String>) -> (
        all: [Remedy], names: Set<String>
    ) {
        guard case .map(let entries) = tree.content else {
            faults.add(
                at: tree.position, "'remedies' has the names of remedies, and this is \(tree.kind)",
                hint:
                    "write 'lost-parcel: { at_most: 150.00, first_that_fits: [{ offer: [refund, reship] }] }' below it")
            return ([], [])
        }
        var all: [Remedy] = []
        for entry in entries {
            if let remedy = remedy(entry, currency: currency, gifts: gifts) { all.append(remedy) }
        }
        return (all, Set(entries.map(\.key)))
    }

    private mutating func remedy(_ entry: YAMLTree.Entry, currency: String?, gifts: Set<String>) -> Remedy? {
        let name = entry.key
        if !TriggerReader.isName(name) || name.contains("/") || name.count > 40 {
            faults.add(
                at: entry.keyPosition, "'\(name.prefix(60))' cannot be a remedy's name",
                hint: "use up to 40 letters, digits, '-' and '_'")
        }
        let example = "'\(name): { at_most: 150.00, first_that_fits: [{ offer: [refund, reship] }] }'"
        guard case .map = entry.value.content else {
            faults.add(at: entry.keyPosition, "'\(name)' offers nothing", hint: "write \(example)")
            return nil
        }
        let fields = Fields(
            entry.value, known: Self.remedyKeys, otherWords: Self.otherRemedyWords, what: "a remedy", &faults)
        let atMost = amount("at_most", fields, currency: currency)
        if fields.value("at_most") == nil {
            faults.add(
                at: entry.keyPosition, "'\(name)' has no 'at_most': what may one cost at most?",
                hint: "write a sum, such as 'at_most: 150.00'; what would cost more goes to a person")
        }
        let approval = fields.word("approval", Approval.self, &faults) ?? .needed
        let within = fields.length("approve_within", &faults)
        if let place = fields.entry("approve_within")?.keyPosition {
            if approval == .notNeeded {
                faults.add(
                    at: place, "nobody has to approve '\(name)', so 'approve_within' means nothing",
                    hint: "take it out, or write 'approval: needed'")
            } else if let within, within.count == 0 {
                faults.add(at: place, "that is no time at all", hint: "write it like '1 business day'")
            }
        }
        guard let value = fields.value("first_that_fits") else {
            faults.add(
                at: fields.entry("first_that_fits")?.keyPosition ?? entry.keyPosition, "'\(name)' offers nothing",
                hint: "write 'first_that_fits:' with a list below it, such as '- { offer: [refund, reship] }'")
            return nil
        }
        let lines = firstThatFits(
            value, example: "- { offer: [refund, reship] }", verdicts: "'offer:' or 'hand_over:'",
            read: { $0.line(of: name, $1, gifts: gifts) }, isAlways: { $0.conditions.isEmpty })
        guard let atMost else { return nil }
        return Remedy(
            name: name, atMost: atMost, needsApproval: approval == .needed,
            approveWithin: within ?? Remedy.usualPatience, lines: lines, line: entry.keyPosition.line)
    }

    private mutating func line(of name: String, _ tree: YAMLTree, gifts: Set<String>) -> Remedy.Line? {
        guard case .map = tree.content else {
            faults.add(
                at: tree.position, "a line of 'first_that_fits' is a set of keys, and this is \(tree.kind)",
                hint: "write '- { if: …, offer: [refund, reship] }'")
            return nil
        }
        let fields = Fields(
            tree, known: Self.remedyLineKeys, otherWords: Self.otherLineWords, what: "a line of 'first_that_fits'",
            &faults)
        let conditions = self.conditions(fields)
        let also = fields.text("also_give", &faults)
        if let (text, place) = also, !gifts.contains(text) {
            let meant = nearest(to: text, in: gifts.sorted()).map { "did you mean '\($0)'?" }
            faults.add(at: place, "there is no gift '\(text)'", hint: meant ?? "write it under 'gifts:'")
        }
        if let (note, place) = fields.text("hand_over", &faults) {
            for key in ["offer", "also_give"] {
                guard let other = fields.entry(key)?.keyPosition else { continue }
                faults.add(
                    at: other, "this line hands over, so it offers nothing",
                    hint: "take '\(key)' out, or make a line of its own for it")
            }
            guard let note = self.note(note, at: place) else { return nil }
            return Remedy.Line(conditions: conditions, outcome: .handOver(note), line: tree.position.line)
        }
        guard let value = fields.value("offer") else {
            if let place = fields.entry("offer")?.keyPosition ?? fields.entry("hand_over")?.keyPosition {
                faults.add(at: place, "nothing is offered", hint: "write 'offer: [refund, reship]'")
            } else {
                faults.add(
                    at: tree.position, "this line of '\(name)' says neither 'offer' nor 'hand_over'",
                    hint: "write 'offer: [refund, reship]', or 'hand_over: WHY'")
            }
            return nil
        }
        var offered: [Offered] = []
        for element in value.listed {
            guard let thing = self.offered(element, gifts: gifts) else { continue }
            if offered.contains(thing) {
                faults.add(at: element.position, "'\(thing.name)' is offered twice", hint: "keep one of them")
            } else {
                offered.append(thing)
            }
        }
        if value.listed.isEmpty {
            faults.add(at: value.position, "nothing is offered", hint: "write 'offer: [refund, reship]'")
        }
        return Remedy.Line(
            conditions: conditions, outcome: .offer(offered, alsoGive: also?.text), line: tree.position.line)
    }

    private mutating func offered(_ tree: YAMLTree, gifts: Set<String>) -> Offered? {
        guard let text = tree.text?.trimmingSpaces else {
            faults.add(at: tree.position, "what is offered is a word, and this is \(tree.kind)")
            return nil
        }
        if Offered.words.contains(text) || gifts.contains(text) { return Offered(name: text) }
        let known = Offered.words + gifts.sorted()
        let meant = Self.otherOffers[text] ?? nearest(to: text, in: known)
        faults.add(
            at: tree.position, "'\(text)' cannot be offered",
            hint: meant.map { "did you mean '\($0)'?" } ?? "write \(alternatives(known))")
        return nil
    }

    /// `priority`: one condition a line, the most urgent first.
    mutating func priority(_ tree: YAMLTree) -> [ConditionClause] {
        ConditionReader.read(tree, checker: ConditionChecker(kinds: [], segments: segments), &faults)
    }

    /// A sum in the policy's currency.
    mutating func amount(_ key: String, _ fields: Fields, currency: String?) -> Int64? {
        guard let (text, position) = fields.text(key, &faults) else { return nil }
        guard let amount = CurrencyUnits.read(text), amount > 0 else {
            faults.add(at: position, "'\(text)' is not an amount", hint: "write it like '15.00', without a currency")
            return nil
        }
        guard let currency else { return nil }
        guard let units = CurrencyUnits.units(amount, in: currency) else {
            let finer = Policy.finer(amount, currency)
            faults.add(at: position, finer.message, hint: finer.hint)
            return nil
        }
        return units
    }
}
