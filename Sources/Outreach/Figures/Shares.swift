// Intervals for shares, and for the difference of two.
//
// A share of a sample is near the true one, and how near is what an interval says. Wilson's score interval (1927) holds
// its 95 % for small samples too, where the textbook's does not. For the difference of two shares we take Newcombe's
// hybrid of two Wilson intervals (Statistics in Medicine 17, 1998, 873-890, method 10): it has a closed form, never
// leaves -1 to 1, and keeps its promise where one of the shares is near nothing, as contacts are.

/// A share with how sure it is.
public enum ShareInterval {
    /// The 97.5 % point of the normal distribution, for 95 % on two sides.
    private static let z = 1.959_963_984_540_054

    /// The interval in which the true share lies with 95 % confidence, from 0 to 1.
    public static func wilson(_ hits: Int64, of n: Int64) -> ClosedRange<Double> {
        guard n > 0 else { return 0...1 }
        let hits = max(0, min(hits, n))
        let (size, p) = (Double(n), Double(hits) / Double(n))
        let middle = p + z * z / (2 * size)
        let half = z * (p * (1 - p) / size + z * z / (4 * size * size)).squareRoot()
        let scale = 1 + z * z / size
        // At 0 and at n it ends there; rounding would not.
        let low = hits == 0 ? 0 : (middle - half) / scale
        let high = hits == n ? 1 : (middle + half) / scale
        return max(0, low)...min(1, high)
    }

    /// The first share less the second, with the interval in which the true difference lies with 95 % confidence. Both
    /// counts are above nothing.
    public static func difference(
        _ first: (hits: Int64, n: Int64), _ second: (hits: Int64, n: Int64)
    ) -> (difference: Double, interval: ClosedRange<Double>) {
        let (p1, p2) = (Double(first.hits) / Double(first.n), Double(second.hits) / Double(second.n))
        let (one, two) = (wilson(first.hits, of: first.n), wilson(second.hits, of: second.n))
        func root(_ a: Double, _ b: Double) -> Double { (a * a + b * b).squareRoot() }
        let difference = p1 - p2
        let low = difference - root(p1 - one.lowerBound, two.upperBound - p2)
        let high = difference + root(one.upperBound - p1, p2 - two.lowerBound)
        return (difference, max(-1, low)...min(1, high))
    }
}
