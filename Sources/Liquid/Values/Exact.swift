/// A decimal number, mantissa × 10^exponent, for the arithmetic of filters.
///
/// Shopify's engine calculates with a BigDecimal of a float's shortest form, so that `0.1 | plus: 0.2` is 0.3. A
/// mantissa of 128 bits holds the product of two such floats; if it does not, callers use Double.
struct Exact: Sendable, Equatable {
    var mantissa: Int128
    var exponent: Int
    /// Whether it is a negative zero, which BigDecimal keeps as floats do: `-0.0 | times: 2` is -0.0.
    var isNegativeZero = false

    init(mantissa: Int128, exponent: Int, isNegativeZero: Bool = false) {
        self.mantissa = mantissa
        self.exponent = exponent
        self.isNegativeZero = isNegativeZero && mantissa == 0
    }

    var isNegative: Bool { mantissa < 0 || isNegativeZero }

    init(_ int: Int) {
        mantissa = Int128(int)
        exponent = 0
    }

    /// The shortest decimal that reads back as the same float; nil for infinity and not-a-number.
    init?(_ double: Double) {
        guard double.isFinite else { return nil }
        self.init(parsing: double.description)
    }

    /// Digits with sign, point and exponent; nil for anything else or more than 36 digits.
    init?(parsing text: some StringProtocol) {
        var mantissa: Int128 = 0
        var exponent = 0
        var digits = 0
        var significant = 0
        var negative = false
        var seenPoint = false
        var bytes = Array(text.utf8)[...]
        if let first = bytes.first, first == 0x2D || first == 0x2B {
            negative = first == 0x2D
            bytes = bytes.dropFirst()
        }
        while let byte = bytes.first {
            if byte.isDigit {
                mantissa = mantissa * 10 + Int128(byte - 0x30)
                digits += 1
                if mantissa != 0 { significant += 1 }
                if significant > 36 { return nil }
                if seenPoint { exponent -= 1 }
            } else if byte == 0x2E && !seenPoint {
                seenPoint = true
            } else if (byte | 0x20) == 0x65 {
                guard let power = Int(String(decoding: bytes.dropFirst(), as: UTF8.self)) else { return nil }
                // Beyond any float, so that sums of exponents stay small.
                guard power.magnitude <= 10_000 else { return nil }
                exponent += power
                break
            } else {
                return nil
            }
            bytes = bytes.dropFirst()
        }
        guard digits > 0 else { return nil }
        self.init(mantissa: negative ? -mantissa : mantissa, exponent: exponent, isNegativeZero: negative)
    }

    private static let powers: [Int128] = {
        var powers: [Int128] = [1]
        for _ in 0..<37 { powers.append(powers[powers.count - 1] * 10) }
        return powers
    }()

    private static func power(_ exponent: Int) -> Int128? {
        exponent >= 0 && exponent < powers.count ? powers[exponent] : nil
    }

    private static func aligned(_ a: Exact, _ b: Exact) -> (Int128, Int128, Int)? {
        if a.exponent == b.exponent { return (a.mantissa, b.mantissa, a.exponent) }
        let low = min(a.exponent, b.exponent)
        guard let pa = power(a.exponent - low), let pb = power(b.exponent - low) else { return nil }
        let (ma, oa) = a.mantissa.multipliedReportingOverflow(by: pa)
        let (mb, ob) = b.mantissa.multipliedReportingOverflow(by: pb)
        return oa || ob ? nil : (ma, mb, low)
    }

    static func + (a: Exact, b: Exact) -> Exact? {
        guard let (ma, mb, low) = aligned(a, b) else { return nil }
        let (sum, overflow) = ma.addingReportingOverflow(mb)
        return overflow
            ? nil : Exact(mantissa: sum, exponent: low, isNegativeZero: a.isNegativeZero && b.isNegativeZero)
    }

    static func - (a: Exact, b: Exact) -> Exact? {
        guard let (ma, mb, low) = aligned(a, b) else { return nil }
        let (difference, overflow) = ma.subtractingReportingOverflow(mb)
        let isNegativeZero = a.isNegativeZero && mb == 0 && !b.isNegativeZero
        return overflow ? nil : Exact(mantissa: difference, exponent: low, isNegativeZero: isNegativeZero)
    }

    static func * (a: Exact, b: Exact) -> Exact? {
        let (product, overflow) = a.mantissa.multipliedReportingOverflow(by: b.mantissa)
        return overflow
            ? nil
            : Exact(
                mantissa: product, exponent: a.exponent + b.exponent, isNegativeZero: a.isNegative != b.isNegative)
    }

    /// 20 significant digits or more. The divisor is not zero.
    static func / (a: Exact, b: Exact) -> Exact? {
        if a.mantissa == 0 { return Exact(mantissa: 0, exponent: 0, isNegativeZero: a.isNegative != b.isNegative) }
        var numerator = a.mantissa
        var exponent = a.exponent - b.exponent
        while numerator.magnitude < UInt128(1) << 123 {
            numerator *= 10
            exponent -= 1
        }
        let (quotient, overflow) = numerator.dividedReportingOverflow(by: b.mantissa)
        return overflow ? nil : Exact(mantissa: quotient, exponent: exponent)
    }

    /// The remainder with the sign of the divisor, as in Ruby. The divisor is not zero.
    static func % (a: Exact, b: Exact) -> Exact? {
        guard let (ma, mb, low) = aligned(a, b) else { return nil }
        // The lowest number divided by -1 has no remainder, but the processor reports an overflow.
        var (rest, overflow) = ma.remainderReportingOverflow(dividingBy: mb)
        if overflow { rest = 0 }
        if rest != 0 && (rest < 0) != (mb < 0) { rest += mb }
        return Exact(mantissa: rest, exponent: low)
    }

    /// Its absolute value; nil for the one number without one.
    var magnitude: Exact? {
        if mantissa == .min { return nil }
        return Exact(mantissa: mantissa < 0 ? -mantissa : mantissa, exponent: exponent)
    }

    static func compare(_ a: Exact, _ b: Exact) -> Int {
        guard let (ma, mb, _) = aligned(a, b) else {
            return a.double < b.double ? -1 : (a.double > b.double ? 1 : 0)
        }
        return ma < mb ? -1 : (ma > mb ? 1 : 0)
    }

    enum Rounding { case down, up, halfAway }

    /// The number rounded to this many decimals (may be negative), as a mantissa with that many.
    func rounded(toDecimals decimals: Int, _ rounding: Rounding) -> Exact? {
        let drop = -decimals - exponent
        if drop <= 0 { return self }
        guard let power = Exact.power(drop) else {
            switch rounding {
            case .down: return Exact(mantissa: mantissa < 0 ? -1 : 0, exponent: -decimals)
            case .up: return Exact(mantissa: mantissa > 0 ? 1 : 0, exponent: -decimals)
            case .halfAway: return Exact(mantissa: 0, exponent: -decimals, isNegativeZero: isNegative)
            }
        }
        var (quotient, rest) = mantissa.quotientAndRemainder(dividingBy: power)
        switch rounding {
        case .down: if rest < 0 { quotient -= 1 }
        case .up: if rest > 0 { quotient += 1 }
        case .halfAway:
            // The remainder is smaller than the power, so neither of these overflows.
            if rest.magnitude >= power.magnitude - rest.magnitude { quotient += mantissa < 0 ? -1 : 1 }
        }
        return Exact(mantissa: quotient, exponent: -decimals, isNegativeZero: isNegative)
    }

    /// The mantissa with exactly this many decimals, rounded half away from zero; nil if it does not fit.
    func scaled(toDecimals decimals: Int) -> Int64? {
        guard let rounded = rounded(toDecimals: decimals, .halfAway) else { return nil }
        guard let power = Exact.power(rounded.exponent + decimals) else { return nil }
        let (product, overflow) = rounded.mantissa.multipliedReportingOverflow(by: power)
        return overflow ? nil : Int64(exactly: product)
    }

    /// The whole number, if it is one and fits.
    var int: Int? { whole.flatMap { Int(exactly: $0) } }

    /// The whole number, if it is one of up to 128 bits.
    var whole: Int128? {
        if mantissa == 0 { return 0 }
        if exponent >= 0 {
            guard let power = Exact.power(exponent) else { return nil }
            let (product, overflow) = mantissa.multipliedReportingOverflow(by: power)
            return overflow ? nil : product
        }
        guard let power = Exact.power(-exponent), mantissa % power == 0 else { return nil }
        return mantissa / power
    }

    /// The nearest float.
    var double: Double {
        if mantissa == 0 { return isNegativeZero ? -0.0 : 0 }
        return Double("\(mantissa)e\(exponent)") ?? 0
    }
}
