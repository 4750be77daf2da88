// Arithmetic. Whole numbers stay whole (`7 | divided_by: 2` is 3); with a fraction on either side the result is an
// exact decimal; an amount of money stays money.

/// An operand of arithmetic.
enum Number {
    case int(Int)
    /// Beyond 64 bits.
    case whole(Int128)
    case exact(Exact)
    /// Beyond the range of decimals.
    case float(Double)

    var exact: Exact? {
        switch self {
        case .int(let int): Exact(int)
        case .whole(let whole): Exact(mantissa: whole, exponent: 0)
        case .exact(let exact): exact
        case .float: nil
        }
    }

    var double: Double {
        switch self {
        case .int(let int): Double(int)
        case .whole(let whole): Double(whole)
        case .exact(let exact): exact.double
        case .float(let double): double
        }
    }

    var value: Value {
        switch self {
        case .int(let int): .int(int)
        case .whole(let whole): Whole.value(whole)
        case .exact(let exact): .float(exact.double)
        case .float(let double): .float(double)
        }
    }

    /// The number if it is a whole one.
    var integer: Int128? {
        switch self {
        case .int(let int): Int128(int)
        case .whole(let whole): whole
        case .exact, .float: nil
        }
    }

    /// A whole number, in 64 bits if it fits.
    static func integer(_ whole: Int128) -> Number { Int(exactly: whole).map(Number.int) ?? .whole(whole) }

    /// The result for two whole numbers; nil if one is not whole, or if it exceeds 128 bits.
    static func integers(
        _ a: Number, _ b: Number, _ operation: (Int128, Int128) -> (partialValue: Int128, overflow: Bool)
    ) -> Number? {
        guard let x = a.integer, let y = b.integer else { return nil }
        let (result, overflow) = operation(x, y)
        return overflow ? nil : .integer(result)
    }

    var isZero: Bool {
        switch self {
        case .int(let int): int == 0
        case .whole: false
        case .exact(let exact): exact.mantissa == 0
        case .float(let double): double == 0
        }
    }
}

extension Value {
    /// The number that a value denotes; 0 if none.
    var number: Number {
        switch settled {
        case .int(let int): return .int(int)
        case .float(let double): return Exact(double).map(Number.exact) ?? .float(double)
        case .string(let text): return text.number
        case .safe(let safe): return safe.text.number
        case .money(let money): return .exact(money.exact)
        case .drop(let drop as Whole): return .whole(drop.value)
        default: return .int(0)
        }
    }
}

extension Value {
    fileprivate var isMoney: Bool {
        if case .money = self { return true }
        return false
    }
}

extension String {
    fileprivate var number: Number {
        let text = Bytes.stripped(self, leading: true, trailing: true)
        var bytes = Array(text.utf8)[...]
        if bytes.first == 0x2D { bytes.removeFirst() }
        let parts = bytes.split(separator: 0x2E, omittingEmptySubsequences: false)
        if parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isDigit) }) {
            return Exact(parsing: text).map(Number.exact) ?? .float(Double(text) ?? 0)
        }
        return leadingNumber
    }

    /// Ruby's unbounded `to_i`: the leading digits, or 0.
    private var leadingNumber: Number {
        let int = leadingInt
        guard int == .max || int == .min else { return .int(int) }
        var digits: [UInt8] = []
        for byte in utf8.drop(while: \.isSpace) {
            if byte == 0x5F { continue }
            guard byte.isDigit || (digits.isEmpty && (byte == 0x2D || byte == 0x2B)) else { break }
            digits.append(byte)
            // More is infinite, as a float and for all purposes.
            if digits.count > 400 { break }
        }
        let text = String(decoding: digits, as: UTF8.self)
        return Int128(text).map(Number.integer) ?? .float(Double(text) ?? 0)
    }
}

extension Renderer {
    func number(_ call: Call) throws(RenderError) -> Value {
        let input = call.input.settled
        let a = input.number
        let b = call[0].number
        let result: Number
        switch call.filter.name {
        case .plus: result = Renderer.sum(a, b)
        case .minus:
            if let difference = Number.integers(a, b, { $0.subtractingReportingOverflow($1) }) {
                result = difference
            } else if let x = a.exact, let y = b.exact, let difference = x - y {
                result = .exact(difference)
            } else {
                result = .float(a.double - b.double)
            }
        case .times:
            if let product = Number.integers(a, b, { $0.multipliedReportingOverflow(by: $1) }) {
                result = product
            } else if let x = a.exact, let y = b.exact, let product = x * y {
                result = .exact(product)
            } else {
                result = .float(a.double * b.double)
            }
        case .divided_by, .modulo:
            if b.isZero {
                // With a fraction on either side there is no such error, except for money, which cannot be divided that
                // way.
                let isFraction = a.integer == nil || b.integer == nil
                if isFraction, call.filter.name == .divided_by, input.isMoney == false {
                    return .float(a.isZero ? .nan : a.double < 0 ? -.infinity : .infinity)
                }
                throw RenderError(.argument, "divided by 0")
            }
            result = Renderer.quotient(a, b, isModulo: call.filter.name == .modulo)
            if call.filter.name == .divided_by, case .money = call[0].settled { return result.value }
        case .abs:
            switch a {
            case .int, .whole:
                // The lowest 128-bit number has no positive counterpart.
                result = Int128(exactly: a.integer?.magnitude ?? 0).map(Number.integer) ?? .float(a.double.magnitude)
            case .exact(let exact): result = exact.magnitude.map(Number.exact) ?? .float(a.double.magnitude)
            case .float(let double): result = .float(double.magnitude)
            }
        case .at_least: result = Renderer.order(a, b) < 0 ? b : a
        case .at_most: result = Renderer.order(a, b) > 0 ? b : a
        case .ceil, .floor:
            switch a {
            case .int, .whole: result = a
            case .exact(let exact):
                let rounded = exact.rounded(toDecimals: 0, call.filter.name == .ceil ? .up : .down)
                result = rounded?.whole.map(Number.integer) ?? .float(a.double)
            case .float(let double): throw Renderer.outOfDomain(double)
            }
        default: result = try round(a, call)
        }
        if case .money(let money) = input, let exact = result.exact, let amount = money.with(exact) {
            return .money(amount)
        }
        if case .money(let money) = call[0].settled, case .plus = call.filter.name, let exact = result.exact,
            let amount = money.with(exact)
        {
            return .money(amount)
        }
        return result.value
    }

    static func sum(_ a: Number, _ b: Number) -> Number {
        if case .int(let x) = a, case .int(let y) = b {
            let (sum, overflow) = x.addingReportingOverflow(y)
            return overflow ? .integer(Int128(x) + Int128(y)) : .int(sum)
        }
        if let sum = Number.integers(a, b, { $0.addingReportingOverflow($1) }) { return sum }
        if let x = a.exact, let y = b.exact, let sum = x + y { return .exact(sum) }
        return .float(a.double + b.double)
    }

    private static func order(_ a: Number, _ b: Number) -> Int {
        if let x = a.exact, let y = b.exact { return Exact.compare(x, y) }
        return a.double < b.double ? -1 : a.double > b.double ? 1 : 0
    }

    private static func outOfDomain(_ double: Double) -> RenderError {
        RenderError(.argument, double.isNaN ? "NaN" : double < 0 ? "-Infinity" : "Infinity")
    }

    private static func quotient(_ a: Number, _ b: Number, isModulo: Bool) -> Number {
        if let x = a.integer, let y = b.integer {
            let (quotient, overflow) = x.dividedReportingOverflow(by: y)
            // The lowest number divided by -1: the one quotient that does not fit.
            if overflow { return isModulo ? .int(0) : .float(a.double / b.double) }
            let rest = x &- quotient &* y
            let isBelow = rest != 0 && (rest < 0) != (y < 0)
            // With a remainder the divisor is at least 2, or at most -2, so the quotient is far from the limits.
            return .integer(isModulo ? (isBelow ? rest + y : rest) : (isBelow ? quotient - 1 : quotient))
        }
        if let x = a.exact, let y = b.exact, let result = isModulo ? x % y : x / y { return .exact(result) }
        if isModulo {
            let rest = a.double.truncatingRemainder(dividingBy: b.double)
            return .float(rest != 0 && (rest < 0) != (b.double < 0) ? rest + b.double : rest)
        }
        return .float(a.double / b.double)
    }

    private func round(_ a: Number, _ call: Call) throws(RenderError) -> Number {
        var decimals = 0
        if call.has(0) {
            switch call[0].number {
            case .int(let int): decimals = int
            case .whole(let whole): decimals = whole < 0 ? -400 : 400
            case .exact(let exact):
                let whole = exact.rounded(toDecimals: 0, .down)?.whole ?? (exact.isNegative ? -400 : 400)
                decimals = Int(clamping: whole)
            case .float(let double): throw Renderer.outOfDomain(double)
            }
        }
        decimals = max(-400, min(decimals, 400))
        switch a {
        case .int(let int):
            if decimals >= 0 { return a }
            return Exact(int).rounded(toDecimals: decimals, .halfAway)?.whole.map(Number.integer) ?? .int(0)
        case .whole(let whole):
            if decimals >= 0 { return a }
            let exact = Exact(mantissa: whole, exponent: 0).rounded(toDecimals: decimals, .halfAway)
            return exact.map { $0.whole.map(Number.integer) ?? .float($0.double) } ?? .int(0)
        case .exact(let exact):
            let rounded = exact.rounded(toDecimals: decimals, .halfAway) ?? exact
            if decimals <= 0 { return rounded.whole.map(Number.integer) ?? .float(rounded.double) }
            return .exact(rounded)
        case .float(let double): throw Renderer.outOfDomain(double)
        }
    }
}
