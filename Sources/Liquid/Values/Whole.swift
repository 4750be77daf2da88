/// A whole number beyond 64 bits, as in Ruby: up to 38 digits. It acts as a number in filters and comparisons; larger
/// ones are floats.
///
/// It is a `Value.drop`, because such numbers are rare and values stay small that way.
final class Whole: Drop {
    let value: Int128

    init(_ value: Int128) { self.value = value }

    /// Reads signed digits; nil for anything else, or if they fit into 64 bits or are too many.
    static func parsing(_ digits: String) -> Value? {
        guard let exact = Exact(parsing: digits), exact.exponent == 0, Int(exactly: exact.mantissa) == nil else {
            return nil
        }
        return .drop(Whole(exact.mantissa))
    }

    /// The number as a value: an ordinary one if it fits.
    static func value(_ number: Int128) -> Value { Int(exactly: number).map(Value.int) ?? .drop(Whole(number)) }

    func value(for key: String) -> Value? {
        key == "size" ? .int(value.magnitude.leadingZeroBitCount >= 64 ? 8 : 16) : nil
    }
    var printed: Value { .string(String(value)) }
    func equals(_ value: Value) -> Bool? { compared(to: value).map { $0 == 0 } ?? false }
    func compared(to other: Value) -> Int? {
        let exact: Exact?
        switch other {
        case .int(let int): exact = Exact(int)
        case .float(let double): exact = Exact(double)
        case .money(let money): exact = money.exact
        case .drop(let drop): exact = (drop as? Whole).map { Exact(mantissa: $0.value, exponent: 0) }
        default: exact = nil
        }
        return exact.map { Exact.compare(Exact(mantissa: value, exponent: 0), $0) }
    }
}
