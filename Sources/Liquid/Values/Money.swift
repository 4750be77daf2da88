/// An amount of money that knows its currency.
///
/// It prints as a plain amount (`12.50`), compares and calculates in major units (`order.total_price >= 100` means a
/// hundred in the shop's currency), and `| money` formats it. Plain numbers given to `| money` are hundredths, as in
/// Shopify's own templates, where even a yen has them.
public struct Money: Sendable, Equatable {
    /// The amount in the smallest unit of the currency: cents, pence, yen.
    public let minorUnits: Int64
    /// The ISO 4217 code as one number, so that a value stays small.
    private let code: UInt32
    /// The number of decimals of the currency.
    public let decimals: UInt8

    /// The ISO 4217 code, `EUR`; empty when unknown.
    public var currency: String {
        var text = ""
        for shift in stride(from: 16, through: 0, by: -8) {
            let byte = UInt8(truncatingIfNeeded: code >> UInt32(shift))
            if byte != 0 { text.unicodeScalars.append(Unicode.Scalar(byte)) }
        }
        return text
    }

    /// An amount in the smallest unit of `currency`. By default the decimals are those of the currency in ISO 4217.
    public init(minorUnits: Int64, currency: String, decimals: Int? = nil) {
        self.minorUnits = minorUnits
        var code: UInt32 = 0
        for byte in currency.utf8.prefix(3) { code = code << 8 | UInt32(byte) }
        self.code = code
        self.decimals = UInt8(clamping: min(decimals ?? Money.decimals(of: currency), 6))
    }

    /// An amount as Shopify writes it: `"12.50"`. Nil if it is not a number or has too many digits.
    public init?(amount: String, currency: String) {
        guard let exact = Exact(parsing: amount) else { return nil }
        let decimals = Money.decimals(of: currency)
        guard let minor = exact.scaled(toDecimals: decimals) else { return nil }
        self.init(minorUnits: minor, currency: currency, decimals: decimals)
    }

    /// The decimals of a currency in ISO 4217; 2 for any not listed here.
    public static func decimals(of currency: String) -> Int {
        switch currency.uppercased() {
        case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
            "XOF", "XPF":
            return 0
        case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND": return 3
        default: return 2
        }
    }

    /// The plain amount, `12.50`.
    public var amount: String {
        Money.amount(minorUnits: minorUnits, decimals: Int(decimals), point: ".", separator: "")
    }

    /// The amount in hundredths of the unit, whatever the currency: the form of prices in Shopify's own templates, even
    /// in yen.
    public var hundredths: Int64 { exact.scaled(toDecimals: 2) ?? 0 }

    var exact: Exact { Exact(mantissa: Int128(minorUnits), exponent: -Int(decimals)) }

    /// The same currency with another amount in major units, rounded half away from zero.
    func with(_ amount: Exact) -> Money? {
        guard let minor = amount.scaled(toDecimals: Int(decimals)) else { return nil }
        return Money(minorUnits: minor, code: code, decimals: decimals)
    }

    private init(minorUnits: Int64, code: UInt32, decimals: UInt8) {
        self.minorUnits = minorUnits
        self.code = code
        self.decimals = decimals
    }

    static func amount(minorUnits: Int64, decimals: Int, point: String, separator: String) -> String {
        let digits = String(minorUnits.magnitude)
        var whole = digits
        var fraction = ""
        if decimals > 0 {
            let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.utf8.count)) + digits
            whole = String(padded.dropLast(decimals))
            fraction = String(padded.suffix(decimals))
        }
        if !separator.isEmpty && whole.utf8.count > 3 {
            var grouped = ""
            for (position, digit) in whole.enumerated() {
                if position > 0 && (whole.utf8.count - position) % 3 == 0 { grouped += separator }
                grouped.append(digit)
            }
            whole = grouped
        }
        return (minorUnits < 0 ? "-" : "") + whole + (decimals > 0 ? point + fraction : "")
    }
}
