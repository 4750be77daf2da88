package import Outreach

/// A share of so many, with how sure it is.
package struct Share: Hashable, Sendable {
    package var hits: Int64
    package var n: Int64

    package init(_ hits: Int64, of n: Int64) {
        self.hits = max(0, min(hits, n))
        self.n = max(0, n)
    }

    /// Fewer say nothing: no share is shown of them.
    package static let fewest: Int64 = 30
    package var isTooFew: Bool { n < Self.fewest }

    /// In percent.
    package var percent: Double { n == 0 ? 0 : 100 * Double(hits) / Double(n) }

    /// The interval in which the true share lies with 95 % confidence, in percent (Wilson's score interval, 1927).
    package var interval: ClosedRange<Double> {
        let interval = ShareInterval.wilson(hits, of: n)
        return (100 * interval.lowerBound)...(100 * interval.upperBound)
    }
}

/// What a figure says.
package enum FigureValue: Hashable, Sendable {
    /// A row's name, or nothing.
    case text(String)
    case count(Int64)
    case share(Share)
    /// So many for each, to two places.
    case ratio(Double)
    /// At most so long, by a range of `TallyBuckets.lag`; nil where there is nothing to tell it from.
    case lag(Int?)
    /// Contacts that 1,000 messages save, or how long it takes until that can be known.
    case saved(HoldOutTrial)
    /// At most so many days, by a range of `TallyBuckets.transit`.
    case days(Int?)
    /// A sum, in the smallest unit of its currency.
    case money(Int64, currency: String)

    /// For people.
    package var text: String {
        switch self {
        case .text(let text): return text
        case .count(let count): return Self.grouped(count)
        case .share(let share):
            if share.isTooFew { return "too few" }
            return "\(Self.percent(share.percent)) %"
        case .ratio(let ratio): return Self.decimal(ratio, places: 2)
        case .saved(let trial):
            if let saved = trial.saved { return Self.decimal(saved.perThousand, places: 1) }
            return Self.words(trial.outlook)
        case .lag(let bucket):
            guard let bucket else { return "–" }
            let ends = TallyBuckets.lag.ends
            return bucket < ends.count ? Self.length(ends[bucket]) : "more than \(Self.length(ends[ends.count - 1]))"
        case .days(let bucket):
            guard let bucket else { return "–" }
            let ends = TallyBuckets.transit.ends
            return bucket < ends.count ? "\(ends[bucket])" : "more than \(ends[ends.count - 1])"
        case .money(let units, let currency):
            return "\(CurrencyUnits.written(units, in: currency)) \(currency)"
        }
    }

    /// What stands behind it in smaller print: of how many, and how sure.
    package var note: String {
        if case .saved(let trial) = self {
            guard let interval = trial.saved?.interval else { return "" }
            return [interval.lowerBound, interval.upperBound].map { Self.decimal($0, places: 1) }
                .joined(separator: " to ")
        }
        guard case .share(let share) = self else { return "" }
        let of = "\(Self.grouped(share.hits)) of \(Self.grouped(share.n))"
        if share.isTooFew { return of }
        return "\(of), \(Self.percent(share.interval.lowerBound)) to \(Self.percent(share.interval.upperBound)) %"
    }

    /// The bare number for programs; nil where there is none.
    package var number: Double? {
        switch self {
        case .text: nil
        case .count(let count): Double(count)
        case .share(let share): share.n == 0 ? nil : share.percent
        case .ratio(let ratio): ratio
        case .saved(let trial): trial.saved?.perThousand
        case .lag(let bucket):
            bucket.flatMap {
                TallyBuckets.lag.ends.indices.contains($0) ? Double(TallyBuckets.lag.ends[$0]) / 1000 : nil
            }
        case .days(let bucket):
            bucket.flatMap {
                TallyBuckets.transit.ends.indices.contains($0) ? Double(TallyBuckets.transit.ends[$0]) : nil
            }
        case .money(let units, let currency): Double("\(CurrencyUnits.amount(units, in: currency))")
        }
    }

    private static func words(_ outlook: HoldOutTrial.Outlook) -> String {
        func months(_ n: Int) -> String { n == 1 ? "1 month" : "\(n) months" }
        switch outlook {
        case .known, .unknown: return "not known yet"
        case .months(let n): return "not known yet: about \(months(n)) more at your pace"
        case .atLeast(let n): return "not known yet: at least \(months(n)) more at your pace"
        }
    }

    /// `6,204`.
    package static func grouped(_ count: Int64) -> String {
        let digits = String(count.magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return count < 0 ? "-\(text)" : text
    }

    /// `7.9`, `81`, `100`: to one place below ten.
    static func percent(_ percent: Double) -> String {
        percent < 10 ? decimal(percent, places: 1) : decimal(percent, places: 0)
    }

    /// With that many places, whatever the locale.
    package static func decimal(_ number: Double, places: Int) -> String {
        let scale = (0..<places).reduce(Int64(1)) { scale, _ in scale * 10 }
        let scaled = Int64((number * Double(scale)).rounded())
        if places == 0 { return "\(scaled)" }
        let fraction = String(scaled.magnitude % UInt64(scale))
        let padded = String(repeating: "0", count: places - fraction.count) + fraction
        return "\(scaled < 0 ? "-" : "")\(scaled.magnitude / UInt64(scale)).\(padded)"
    }

    private static func length(_ milliseconds: Int64) -> String {
        switch milliseconds / 1000 {
        case ..<60: "\(milliseconds / 1000) s"
        case ..<3600: "\(milliseconds / 60_000) min"
        case ..<86_400: "\(milliseconds / 3_600_000) h"
        default: "\(milliseconds / 86_400_000) d"
        }
    }
}

extension FigureValue: Encodable {
    private enum Key: String, CodingKey {
        case percent, hits, n, low, high, tooFew
        case atMostSeconds, atMostDays
        case amount, currency
        case perThousand, months
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .text(let text):
            var container = encoder.singleValueContainer()
            try container.encode(text)
        case .count(let count):
            var container = encoder.singleValueContainer()
            try container.encode(count)
        case .ratio(let ratio):
            var container = encoder.singleValueContainer()
            try container.encode((ratio * 100).rounded() / 100)
        case .share(let share):
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(share.hits, forKey: .hits)
            try container.encode(share.n, forKey: .n)
            try container.encode(share.isTooFew, forKey: .tooFew)
            if share.n > 0 {
                try container.encode(Self.rounded(share.percent), forKey: .percent)
                try container.encode(Self.rounded(share.interval.lowerBound), forKey: .low)
                try container.encode(Self.rounded(share.interval.upperBound), forKey: .high)
            }
        case .saved(let trial):
            var container = encoder.container(keyedBy: Key.self)
            // Null until it is known.
            try container.encode(trial.saved.map { Self.rounded($0.perThousand) }, forKey: .perThousand)
            if let interval = trial.saved?.interval {
                try container.encode(Self.rounded(interval.lowerBound), forKey: .low)
                try container.encode(Self.rounded(interval.upperBound), forKey: .high)
            }
            switch trial.outlook {
            case .months(let n), .atLeast(let n): try container.encode(n, forKey: .months)
            case .known, .unknown: break
            }
        case .lag: try encode(number, .atMostSeconds, to: encoder)
        case .days: try encode(number, .atMostDays, to: encoder)
        case .money(let units, let currency):
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(CurrencyUnits.written(units, in: currency), forKey: .amount)
            try container.encode(currency, forKey: .currency)
        }
    }

    private func encode(_ number: Double?, _ key: Key, to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        // Null for more than the last range's end, and where there is nothing to tell it from.
        try container.encode(number.map { Int64($0) }, forKey: key)
    }

    private static func rounded(_ number: Double) -> Double { (number * 10).rounded() / 10 }
}
