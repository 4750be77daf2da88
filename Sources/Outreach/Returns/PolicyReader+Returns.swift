extension PolicyReader {
    static let returnKeys = ["first_that_fits"]
    static let returnLineKeys = ["if", "approve", "label", "offer", "refund_when", "hand_over", "refuse"]
    private static let otherReturnWords = [
        "rules": "first_that_fits", "lines": "first_that_fits", "first": "first_that_fits",
    ]
    private static let otherLineWords = [
        "when": "if", "accept": "approve", "allow": "approve", "approved": "approve", "postage": "label",
        "shipping": "label", "offers": "offer", "choices": "offer", "refund": "refund_when", "pay_back": "refund_when",
        "handover": "hand_over", "person": "hand_over", "note": "hand_over", "decline": "refuse", "deny": "refuse",
        "reject": "refuse",
    ]

    /// What people write for the things that a shopper may wish for.
    private static let otherWishes = [
        "money_back": "refund", "money": "refund", "replace": "exchange", "replacement": "exchange", "swap": "exchange",
        "reship": "exchange", "credit": "store_credit", "gift_card": "store_credit",
    ]

    /// And for who pays the label, when it is paid back, and why it is refused.
    private static let otherLabels = [
        "us": "we_pay", "shop": "we_pay", "free": "we_pay", "merchant": "we_pay", "true": "we_pay", "her": "she_pays",
        "customer": "she_pays", "shopper": "she_pays", "they_pay": "she_pays", "false": "she_pays",
    ]
    private static let otherPayments = [
        "receipt": "received", "receive": "received", "arrived": "received", "automatic": "received",
        "manual": "by_hand", "manually": "by_hand", "never": "by_hand",
    ]
    private static let otherRefusals = [
        "final": "final-sale", "sale": "final-sale", "late": "period-ended", "too-late": "period-ended",
        "expired": "period-ended", "period": "period-ended",
    ]

    private static let example = "- { approve: true, label: we_pay, offer: [refund], refund_when: received }"

    /// `returns`: what becomes of the returns that shoppers ask for.
    mutating func returns(_ entry: YAMLTree.Entry) -> ReturnPolicy? {
        guard case .map = entry.value.content else {
            faults.add(
                at: entry.keyPosition, "'returns' says nothing",
                hint: "write 'first_that_fits:' below it, with lines such as '\(Self.example)'")
            return nil
        }
        let fields = Fields(
            entry.value, known: Self.returnKeys, otherWords: Self.otherReturnWords, what: "'returns'", &faults)
        guard let value = fields.value("first_that_fits") else {
            faults.add(
                at: fields.entry("first_that_fits")?.keyPosition ?? entry.keyPosition, "'returns' has no lines",
                hint: "write 'first_that_fits:' with a list below it, such as '\(Self.example)'")
            return nil
        }
        let lines = firstThatFits(
            value, example: Self.example, verdicts: "'approve: true', 'hand_over: WHY' or 'refuse: final-sale'",
            read: { $0.returnLine($1) }, isAlways: { $0.conditions.isEmpty })
        return ReturnPolicy(lines: lines, line: entry.keyPosition.line)
    }

    private mutating func returnLine(_ tree: YAMLTree) -> ReturnPolicy.Line? {
        guard case .map(let entries) = tree.content else {
            faults.add(
                at: tree.position, "a line of 'first_that_fits' is a set of keys, and this is \(tree.kind)",
                hint: "write '\(Self.example)'")
            return nil
        }
        let fields = Fields(
            tree, known: Self.returnLineKeys, otherWords: Self.otherLineWords, what: "a line of 'first_that_fits'",
            &faults)
        let conditions = self.conditions(fields, of: [.returnRequested])
        if let place = fields.value("if")?.position,
            conditions.flatMap(\.sources).contains(where: { $0.contains(/\breturn[._]/) })
        {
            faults.add(
                at: place, "the policy is shown before there is a return, so no condition can look at it",
                hint: "ask for something of the order or the customer")
        }
        let verdicts = entries.filter { ["approve", "hand_over", "refuse"].contains($0.key) }
        guard let verdict = verdicts.first else {
            faults.add(
                at: tree.position, "this line of 'returns' says neither 'approve', 'hand_over' nor 'refuse'",
                hint: "write one of them: 'approve: true', 'hand_over: WHY' or 'refuse: final-sale'")
            return nil
        }
        for other in verdicts.dropFirst() {
            faults.add(
                at: other.keyPosition, "a line decides one thing, and this says '\(verdict.key)' and '\(other.key)'",
                hint: "take one of them out")
        }
        if verdict.key != "approve" {
            for key in ["label", "offer", "refund_when"] {
                guard let other = fields.entry(key)?.keyPosition else { continue }
                faults.add(
                    at: other, "this line approves nothing, so '\(key)' means nothing",
                    hint: "take it out, or make a line of its own with 'approve: true'")
            }
        }
        guard let outcome = outcome(verdict.key, fields, at: verdict.keyPosition) else { return nil }
        return ReturnPolicy.Line(conditions: conditions, outcome: outcome, line: tree.position.line)
    }

    private mutating func outcome(
        _ verdict: String, _ fields: Fields, at place: Position
    ) -> ReturnPolicy.Outcome? {
        switch verdict {
        case "hand_over":
            guard let (note, position) = fields.text("hand_over", &faults) else {
                if fields.value("hand_over") == nil {
                    faults.add(at: place, "why is it handed over?", hint: "write 'hand_over: asked after 30 days'")
                }
                return nil
            }
            return self.note(note, at: position).map { .handOver($0) }
        case "refuse":
            return word("refuse", fields, at: place, Self.otherRefusals).map { .refuse($0) }
        default:
            guard let flag = fields.flag("approve", &faults) else {
                if fields.value("approve") == nil {
                    faults.add(at: place, "nothing is written behind 'approve'", hint: "write 'approve: true'")
                }
                return nil
            }
            guard flag else {
                faults.add(
                    at: place, "'approve: false' decides nothing",
                    hint: "write 'refuse: final-sale', or 'hand_over: WHY'"
                )
                return nil
            }
            let known = faults.faults.count
            var terms = ReturnTerms()
            if let place = fields.entry("label")?.keyPosition {
                terms.label = word("label", fields, at: place, Self.otherLabels) ?? terms.label
            }
            if let place = fields.entry("refund_when")?.keyPosition {
                terms.refundWhen = word("refund_when", fields, at: place, Self.otherPayments) ?? terms.refundWhen
            }
            if let entry = fields.entry("offer") { terms.offer = wishes(fields.value("offer"), at: entry.keyPosition) }
            if terms.refundWhen == .received, terms.offer == [.exchange], faults.faults.count == known,
                let place = fields.entry("refund_when")?.keyPosition
            {
                faults.add(
                    at: place, "an exchange is a person's, so nothing is paid back here",
                    hint: "take 'refund_when' out, or offer 'refund' or 'store_credit' as well")
            }
            // Whatever had a fault stops the whole file.
            return terms.offer.isEmpty ? nil : .approve(terms)
        }
    }

    /// One of a few words.
    private mutating func word<Word: RawRepresentable & CaseIterable>(
        _ key: String, _ fields: Fields, at place: Position, _ others: [String: String]
    ) -> Word? where Word.RawValue == String {
        let words = Word.allCases.map(\.rawValue)
        guard let (text, position) = fields.text(key, &faults) else {
            if fields.value(key) == nil {
                faults.add(at: place, "nothing is written behind '\(key)'", hint: "write \(alternatives(words))")
            }
            return nil
        }
        if let word = Word(rawValue: text) { return word }
        let meant = (others[text.lowercased()] ?? nearest(to: text, in: words)).map { "did you mean '\($0)'?" }
        faults.add(at: position, "'\(key)' cannot be '\(text)'", hint: meant ?? "write \(alternatives(words))")
        return nil
    }

    private mutating func wishes(_ value: YAMLTree?, at place: Position) -> [ReturnWish] {
        var wishes: [ReturnWish] = []
        let words = ReturnWish.allCases.map(\.rawValue)
        for element in value?.listed ?? [] {
            guard let text = element.text?.trimmingSpaces else {
                faults.add(at: element.position, "what is offered is a word, and this is \(element.kind)")
                continue
            }
            guard let wish = ReturnWish(rawValue: text) else {
                let meant = Self.otherWishes[text] ?? nearest(to: text, in: words)
                faults.add(
                    at: element.position, "'\(text)' cannot be offered for a return",
                    hint: meant.map { "did you mean '\($0)'?" } ?? "write \(alternatives(words))")
                continue
            }
            if wishes.contains(wish) {
                faults.add(at: element.position, "'\(text)' is offered twice", hint: "keep one of them")
            } else {
                wishes.append(wish)
            }
        }
        if value?.listed.isEmpty ?? true {
            faults.add(at: place, "nothing is offered", hint: "write 'offer: [exchange, store_credit, refund]'")
        }
        return wishes
    }
}
