import Synchronization

/// One declared metric with all its values.
final class MetricFamily: Sendable {
    enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    struct Series: Sendable {
        var value = 0.0
        /// The number of measurements in each bucket (not cumulative), the last for those above all bounds.
        var buckets: [UInt64] = []
    }

    /// The label for all values beyond the limit.
    static let other = "other"
    static let maximumValueBytes = 200

    let kind: Kind
    let name: String
    private let help: String
    private let labels: [String]
    private let bounds: [Double]
    private let limit: Int
    private let series = Mutex<[[String]: Series]>([:])

    init(_ kind: Kind, _ name: String, _ help: String, _ labels: [String], buckets: [Double] = [], limit: Int) {
        precondition(Self.isName(name, colonAllowed: true), "not a metric name: \(name)")
        precondition(
            labels.allSatisfy { Self.isName($0, colonAllowed: false) && !$0.hasPrefix("__") && $0 != "le" }
                && Set(labels).count == labels.count, "not label names: \(labels)")
        precondition(limit > 0 && !help.isEmpty)
        self.kind = kind
        self.name = name
        self.help = help
        self.labels = labels
        bounds = buckets
        self.limit = limit
        // A metric without labels exists from the start, so that "none yet" differs from "unknown".
        if labels.isEmpty {
            let empty = emptySeries
            series.withLock { $0[[]] = empty }
        }
    }

    private var emptySeries: Series {
        Series(buckets: kind == .histogram ? Array(repeating: 0, count: bounds.count + 1) : [])
    }

    func update(_ values: [String], _ change: (inout Series) -> Void) {
        precondition(values.count == labels.count, "\(name) has the labels \(labels)")
        series.withLock { series in
            if series[values] != nil || series.count < limit {
                change(&series[values, default: emptySeries])
            } else {
                change(&series[labels.map { _ in Self.other }, default: emptySeries])
            }
        }
    }

    func observe(_ measurement: Double, _ values: [String]) {
        let bucket = bounds.firstIndex { measurement <= $0 } ?? bounds.count
        update(values) { series in
            series.buckets[bucket] += 1
            series.value += measurement
        }
    }

    func remove(_ values: [String]) {
        series.withLock { $0[values] = nil }
    }

    // MARK: Text

    func write(to text: inout String) {
        let all = series.withLock { $0 }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        guard !all.isEmpty else { return }
        text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n"
        for (values, series) in all {
            guard kind == .histogram else {
                text += "\(name)\(labelText(values)) \(Self.number(series.value))\n"
                continue
            }
            var count: UInt64 = 0
            for (index, inBucket) in series.buckets.enumerated() {
                count += inBucket
                let bound = index < bounds.count ? Self.number(bounds[index]) : "+Inf"
                text += "\(name)_bucket\(labelText(values, "le", bound)) \(count)\n"
            }
            text += "\(name)_sum\(labelText(values)) \(Self.number(series.value))\n"
            text += "\(name)_count\(labelText(values)) \(count)\n"
        }
    }

    private func labelText(_ values: [String], _ extra: String? = nil, _ extraValue: String = "") -> String {
        var pairs = zip(labels, values).map { "\($0)=\"\(Self.escaped($1, quotes: true))\"" }
        if let extra { pairs.append("\(extra)=\"\(extraValue)\"") }
        return pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}"
    }

    static func escaped(_ text: String, quotes: Bool) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(quotes ? maximumValueBytes : .max) {
            switch scalar {
            case "\\": result.append(contentsOf: ["\\", "\\"])
            case "\n": result.append(contentsOf: ["\\", "n"])
            case "\"" where quotes: result.append(contentsOf: ["\\", "\""])
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return "\(value)"
    }

    private static func isName(_ text: String, colonAllowed: Bool) -> Bool {
        guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return text.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x5F
                || colonAllowed && byte == 0x3A
        }
    }
}
