/// What is tallied by day. A name, once shipped, stays; what `a` and `b` are of each stands with the table `tallies`.
public enum TallyName: String, Sendable, CaseIterable {
    case decisions, lags, told, events, delays, parcels, transit, ratings, trials
    case questions, closings, verdicts
    case firstAnswers = "first_answers"
    case handOvers = "hand_overs"
    case given, redeemed, offers
}

/// What a booking is of, as tallies name it: `sorry GBP`, `do:refund GBP`, `remedy:lost-parcel GBP`.
public struct GivenThing: Hashable, Sendable {
    /// What was given.
    public enum What: Hashable, Sendable {
        case gift(String)
        case action(ShopVerb)
        /// The part of an offer that was not chosen yet.
        case offer(String)
    }

    public var what: What
    public var currency: String

    /// Reads the `b` of a tally; nil if it is none.
    public init?(_ text: String) {
        guard let space = text.lastIndex(of: " ") else { return nil }
        let name = String(text[..<space])
        currency = String(text[text.index(after: space)...])
        if name.hasPrefix("do:") {
            guard let verb = ShopVerb(rawValue: String(name.dropFirst(3))) else { return nil }
            what = .action(verb)
        } else if name.hasPrefix("remedy:") {
            what = .offer(String(name.dropFirst(7)))
        } else {
            what = .gift(name)
        }
    }

    /// The `b` of a booking's tally.
    public static func name(_ gift: String, _ currency: String) -> String { "\(gift) \(currency)" }
}

/// What one trigger gave on one day.
public struct DaySpending: Hashable, Sendable {
    public var day: CalendarDay
    public var trigger: String
    /// As `GivenThing` reads it.
    public var thing: String
    /// In the smallest unit of its currency.
    public var total: Int64

    public init(day: CalendarDay, trigger: String, thing: String, total: Int64) {
        self.day = day
        self.trigger = trigger
        self.thing = thing
        self.total = total
    }
}

/// A sum over several days.
public struct TallySum: Hashable, Sendable {
    public var name: TallyName
    public var a: String
    public var b: String
    public var n: Int64
    public var total: Int64

    /// The `b` of questions for a rating; those that were answered have their score.
    public static let asked = "asked"

    public init(_ name: TallyName, a: String, b: String, n: Int64, total: Int64 = 0) {
        self.name = name
        self.a = a
        self.b = b
        self.n = n
        self.total = total
    }
}

/// A sum over all `a` of one day.
public struct DaySum: Hashable, Sendable {
    public var name: TallyName
    public var day: CalendarDay
    public var b: String
    public var n: Int64

    public init(_ name: TallyName, day: CalendarDay, b: String, n: Int64) {
        self.name = name
        self.day = day
        self.b = b
        self.n = n
    }
}

/// Twelve ranges that a measure falls into, so that medians can be told from tallies. A range has its upper end with
/// it; the last has none.
public struct TallyBuckets: Sendable {
    /// The upper ends of all but the last.
    public let ends: [Int64]

    /// From an event to its mail, in milliseconds: 10 s, 30 s, 1, 2, 5 and 15 min, 1, 3 and 12 h, 1 and 3 days, more.
    public static let lag = TallyBuckets(
        ends: [
            10_000, 30_000, 60_000, 120_000, 300_000, 900_000, 3_600_000, 10_800_000, 43_200_000, 86_400_000,
            259_200_000,
        ])
    /// From the hand-over to the arrival, in days: 0 to 10 each by itself, more.
    public static let transit = TallyBuckets(ends: Array(0...10))

    /// The range of a measure, from 0 to 11.
    public func index(of measure: Int64) -> Int { ends.firstIndex { measure <= $0 } ?? ends.count }

    /// The name of a range in rows, which sort as the ranges do.
    public static func name(_ index: Int) -> String { index < 10 ? "0\(index)" : "\(index)" }

    /// The range below whose upper end that share of all lies, given how many fall into each; nil where there are none.
    public func quantile(_ share: Double, of counts: [Int: Int64]) -> Int? {
        let all = counts.values.reduce(0, +)
        guard all > 0 else { return nil }
        let wanted = max(1, Int64((Double(all) * share).rounded(.up)))
        var seen: Int64 = 0
        for index in 0...ends.count {
            seen += counts[index] ?? 0
            if seen >= wanted { return index }
        }
        return ends.count
    }
}
