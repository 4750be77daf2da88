public import Foundation

/// Amounts in the smallest unit of their currency, by the number of decimals that ISO 4217 gives it: pence, yen, fils.
public enum CurrencyUnits {
    private static let without: Set<String> = [
        "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
        "XPF",
    ]
    private static let thousandths: Set<String> = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]

    /// How many decimals a currency has: two, unless it is known to have others.
    public static func decimals(of currency: String) -> Int {
        without.contains(currency) ? 0 : thousandths.contains(currency) ? 3 : 2
    }

    /// An amount in the smallest unit; nil for one that is negative, finer than the currency, or beyond a billion.
    public static func units(_ amount: Decimal, in currency: String) -> Int64? {
        var scaled = amount
        for _ in 0..<decimals(of: currency) { scaled *= 10 }
        guard scaled >= 0, scaled <= 1_000_000_000_000 else { return nil }
        var whole = Decimal()
        NSDecimalRound(&whole, &scaled, 0, .plain)
        return whole == scaled ? Int64("\(whole)") : nil
    }

    /// An amount with as many decimals as its currency has, halves away from zero; `up` for anything that is left.
    public static func rounded(_ amount: Decimal, in currency: String, up: Bool = false) -> Decimal {
        var (exact, whole) = (amount, Decimal())
        NSDecimalRound(&whole, &exact, decimals(of: currency), up ? .up : .plain)
        return whole
    }

    /// The smallest whole number of units that is not below an amount; nil as for `units`.
    static func unitsAtMost(_ amount: Decimal, in currency: String) -> Int64? {
        var scaled = amount
        for _ in 0..<decimals(of: currency) { scaled *= 10 }
        var whole = Decimal()
        NSDecimalRound(&whole, &scaled, 0, .up)
        guard whole >= 0, whole <= 1_000_000_000_000 else { return nil }
        return Int64("\(whole)")
    }

    /// The amount of so many smallest units.
    public static func amount(_ units: Int64, in currency: String) -> Decimal {
        Decimal(string: written(units, in: currency)) ?? 0
    }

    /// The same as it is written, with all its decimals: `15.00`, `300`.
    public static func written(_ units: Int64, in currency: String) -> String {
        let decimals = decimals(of: currency)
        let digits = String(units.magnitude)
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        let sign = units < 0 ? "-" : ""
        guard decimals > 0 else { return sign + padded }
        return "\(sign)\(padded.dropLast(decimals)).\(padded.suffix(decimals))"
    }

    /// An amount as people write it in a file: `15`, `15.00`. Nil for anything else.
    static func read(_ text: String) -> Decimal? {
        guard text.wholeMatch(of: /[0-9]{1,9}(\.[0-9]{1,3})?/) != nil else { return nil }
        return Decimal(string: text)
    }

    /// An amount of a currency, as `written` wrote it.
    public static func money(_ text: String, in currency: String) -> Money? {
        Decimal(string: text).map { Money(amount: $0, currency: currency) }
    }
}
