// Numbers from Shopify, clamped so that no later arithmetic can overflow: a sum over all lines of an order, a product
// with a price, a conversion to whole numbers. They are clamped only here, and all code that calculates with them
// relies on it. A number beyond its bound means that something is wrong in the shop or in transit, which must neither
// stop the program nor hold the order back.

package import FoundationEssentials

/// A whole number, encoded as a number or a text, clamped to GraphQL's Int (32 bits).
package struct WireInt: Decodable, Sendable, Hashable {
    package let value: Int

    package static let bounds = -2_147_483_647...2_147_483_647

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int.self) {
            value = number.clamped(to: Self.bounds)
            return
        }
        if let number = try? container.decode(Double.self), number == number.rounded() {
            value = Int(number.clamped(to: Double(Self.bounds.lowerBound)...Double(Self.bounds.upperBound)))
            return
        }
        guard let text = try? container.decode(String.self), let number = WireDecimal.read(text),
            let whole = Int(number.description)
        else { throw DecodingError.dataCorruptedError(in: container, debugDescription: "no whole number") }
        value = whole.clamped(to: Self.bounds)
    }
}

/// A decimal number, encoded as a text or a number: an amount of money. Clamped to ±10^11: in hundredths, the sum over
/// 250 discounts of each of 2000 lines then still fits in 64 bits.
package struct WireDecimal: Decodable, Sendable, Hashable {
    package let value: Decimal

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // A Double's shortest text is the number as written, as far as a Double can hold it: 11.95 and not
        // 11.949999999999999.
        let text =
            if let text = try? container.decode(String.self) { text } else { "\(try container.decode(Double.self))" }
        guard let number = Self.read(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no decimal number")
        }
        value = number
    }

    private static let bound = Decimal(sign: .plus, exponent: 11, significand: 1)

    /// Reads `-11884.9` and `1.5e3`, completely or not at all. Clamps larger values.
    static func read(_ text: String) -> Decimal? {
        var rest = text.utf8.prefix(41)
        guard rest.count <= 40 else { return nil }
        func digits() -> Int {
            let run = rest.prefix { $0 >= 0x30 && $0 <= 0x39 }.count
            rest = rest.dropFirst(run)
            return run
        }
        func take(_ characters: UInt8...) -> Bool {
            guard let next = rest.first, characters.contains(next) else { return false }
            rest = rest.dropFirst()
            return true
        }
        let isNegative = take(0x2D)
        guard digits() > 0 else { return nil }
        if take(0x2E), digits() == 0 { return nil }
        var exponent = 0
        if take(0x65, 0x45) {
            let isSmall = take(0x2D)
            if !isSmall { _ = take(0x2B) }
            let written = String(Substring(rest))
            guard digits() > 0 else { return nil }
            exponent = (Int(written) ?? 1000) * (isSmall ? -1 : 1)
        }
        guard rest.isEmpty else { return nil }
        // With at most 40 characters, such an exponent alone decides; Decimal itself allows no more than 127.
        let isZero = !text.utf8.prefix { $0 | 0x20 != 0x65 }.contains { $0 >= 0x31 && $0 <= 0x39 }
        if isZero || exponent < -60 { return 0 }
        if exponent > 60 { return isNegative ? -bound : bound }
        guard let number = Decimal(string: text), !number.isNaN else { return nil }
        return number.clamped(to: -bound...bound)
    }
}

/// A ratio, such as a tax rate: 0.2 for a fifth. At most 1000.
package struct WireRate: Decodable, Sendable, Hashable {
    package let value: Double

    package init(from decoder: any Decoder) throws {
        value = try decoder.singleValueContainer().decode(Double.self).clamped(to: -1000...1000)
    }
}

/// Points of the cost bucket, or points per second: at most a million, a thousand times those of Shopify's largest
/// plan. Nil for anything else.
struct WirePoints: Decodable, Sendable {
    let value: Double

    static let bounds = 0.0...1e6

    init(from decoder: any Decoder) throws {
        value = try decoder.singleValueContainer().decode(Double.self).clamped(to: Self.bounds)
    }
}

extension Comparable {
    func clamped(to bounds: ClosedRange<Self>) -> Self { min(max(self, bounds.lowerBound), bounds.upperBound) }
}
