package import Outreach

extension ReplayReport {
    /// What is given, as sentences, with the two sums that it comes to; nothing where neither set gives anything.
    ///
    /// - Parameter currency: the policy's.
    package func sums(in currency: String) -> [String] {
        guard !spending.isNothing || !spendingBefore.isNothing else { return [] }
        func sum(_ units: Int64) -> String { "\(CurrencyUnits.written(units, in: currency)) \(currency)" }
        func told(_ units: KeyPath<Spending, Int64>) -> String {
            let earlier = givesOtherwise ? "; before, \(sum(spendingBefore[keyPath: units]))" : ""
            return sum(spending[keyPath: units]) + earlier
        }
        return [
            "Decided without a person: \(told(\.unattended)).",
            "If all was approved, at the dearest offer: \(told(\.approved)).",
            "Budgets and ceilings are not applied here: they hold over all customers together.",
        ]
    }
}
