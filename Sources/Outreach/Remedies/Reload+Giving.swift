internal import Foundation

// What an edit of policy.yaml would give. A slip there costs money and not mails: 10% becomes 100%, an approval falls
// away, a budget has a digit more. So what was given lately is priced by the new file, and an edit by which a day like
// those would give more than a usual day does waits for somebody's word.

/// What was given of one thing in a while.
public struct GivenLately: Hashable, Sendable {
    /// A gift's name, or `remedy:NAME`.
    public var name: String
    public var count: Int
    /// In the smallest unit of the currency.
    public var sum: Int64

    public init(name: String, count: Int, sum: Int64) {
        self.name = name
        self.count = count
        self.sum = sum
    }
}

extension Reload {
    /// So much more than a usual day may a day give by an edit without somebody's word: small changes are made often.
    public static let usualMore = 1.5

    /// Why an edit of policy.yaml has to be confirmed: a line for each thing of which it would give much more. Empty if
    /// it need not be.
    ///
    /// - Parameter given: what was given in the last days.
    public func generosity(_ given: [GivenLately]) -> [String] {
        guard let before = old.policy, let after = new.policy, before.currency == after.currency else { return [] }
        let currency = after.currency
        var lines: [String] = []
        var usual = 0.0
        var edited = 0.0
        for one in given {
            let factor = factor(of: one.name, before, after)
            usual += Double(one.sum)
            edited += Double(one.sum) * factor
            if factor >= Self.usualMore {
                let name =
                    one.name == Booking.name(ofVerb: .buyLabel)
                    ? "a return label"
                    : one.name.hasPrefix("remedy:")
                        ? "the remedy '\(one.name.dropFirst(7))'" : "the gift '\(one.name)'"
                let times = (factor * 10).rounded() / 10
                lines.append(
                    "\(name) would cost \(times) times as much; it was given \(one.count) times lately, for \(CurrencyUnits.written(one.sum, in: currency)) \(currency)"
                )
            }
        }
        if usual > 0, edited < usual * Self.usualMore { lines = [] }
        let decided = Set(given.map(\.name))
        for remedy in after.remedies where !remedy.needsApproval {
            guard let old = before.remedy(remedy.name), old.needsApproval,
                decided.contains(Booking.name(ofRemedy: remedy.name))
            else { continue }
            lines.append("the remedy '\(remedy.name)' would need nobody's approval any more")
        }
        if !given.isEmpty {
            lines += raised(before.giftBudget, after.giftBudget, "gifts", currency)
            lines += raised(before.remedyBudget, after.remedyBudget, "remedies", currency)
            lines += raised(before.labelBudget, after.labelBudget, "labels", currency)
        }
        return lines
    }

    /// How many times as much one costs by the new file.
    private func factor(of name: String, _ before: Policy, _ after: Policy) -> Double {
        if name.hasPrefix("remedy:") {
            let name = String(name.dropFirst(7))
            guard let old = before.remedy(name), let new = after.remedy(name), old.atMost > 0 else { return 1 }
            return max(1, Double(new.atMost) / Double(old.atMost))
        }
        if name == Booking.name(ofVerb: .buyLabel) {
            guard let old = before.labels, let new = after.labels, old.atMost > 0 else { return 1 }
            return Double(new.atMost) / Double(old.atMost)
        }
        guard let old = before.gift(name), let new = after.gift(name), old.cost > 0 else { return 1 }
        let counted = Double(new.cost) / Double(old.cost)
        // What one counts as is the merchant's own guess; what the code takes off is not.
        guard case .share(let was) = old.kind, case .share(let will) = new.kind, was > 0 else { return counted }
        return max(counted, Double(truncating: (will / was) as NSDecimalNumber))
    }

    /// The budgets that allow much more in a day than before, at most.
    private func raised(
        _ before: [Allowance], _ after: [Allowance], _ what: String, _ currency: String
    ) -> [String] {
        func least(_ lines: [Allowance]) -> Double? {
            lines.compactMap { line in
                guard case .sum(let sum) = line.most else { return nil }
                let days: Double =
                    switch line.period {
                    case .day: 1
                    case .week: 7
                    case .month: 30
                    case .year: 365
                    }
                return Double(truncating: sum as NSDecimalNumber) / days
            }.min()
        }
        guard let was = least(before), was > 0 else { return [] }
        guard let will = least(after) else { return ["the budget of \(what) would have no sum any more"] }
        guard will >= was * Self.usualMore else { return [] }
        return ["the budget of \(what) would be \((will / was * 10).rounded() / 10) times as large"]
    }
}
