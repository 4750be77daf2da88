public import Foundation

/// How much may be given in a calendar period: `300.00 per month`, `40 per day`.
public struct Allowance: Hashable, Sendable, CustomStringConvertible {
    /// A calendar period, where the shop is. A week begins on Monday.
    public enum Period: String, Hashable, Sendable, CaseIterable {
        case day, week, month, year

        /// When the period began that `moment` lies in.
        public func start(at moment: Moment, in zone: Zone) -> Moment {
            let day = zone.day(at: moment)
            let (year, month, _) = day.components
            let first: CalendarDay? =
                switch self {
                case .day: day
                case .week: day.adding(days: 1 - day.weekday)
                case .month: CalendarDay(year: year, month: month, day: 1)
                case .year: CalendarDay(year: year, month: 1, day: 1)
                }
            return zone.moment(on: first ?? day)
        }

        /// The one that runs now, in a sentence.
        public var present: String { self == .day ? "today" : "this \(rawValue)" }
    }

    /// What is counted.
    public enum Most: Hashable, Sendable {
        /// What the gifts count as, together.
        case sum(Decimal)
        /// How many gifts.
        case count(Int)
    }

    public var most: Most
    public var period: Period
    /// The currency that was written with the sum; nil if none was.
    public var currency: String?
    /// The word for what is counted: `gifts`, `remedies`.
    private(set) var counted = "gifts"
    /// The sum as it was written.
    private var written: String?

    public init(_ most: Most, per period: Period, currency: String? = nil) {
        self.most = most
        self.period = period
        self.currency = currency
    }

    /// How much of it is spent, in percent; nil if it cannot be counted in that currency.
    package func share(of spent: GiftHistory.Spent, in currency: String) -> Int? {
        switch most {
        case .count(let count): return count == 0 ? 100 : spent.count * 100 / count
        case .sum(let sum):
            guard let units = CurrencyUnits.units(sum, in: currency) else { return nil }
            return units == 0 ? 100 : Int(spent.sum * 100 / units)
        }
    }

    public var description: String {
        switch most {
        case .sum(let sum): "\(written ?? "\(sum)")\(currency.map { " \($0)" } ?? "") per \(period.rawValue)"
        case .count(let count): "\(count) \(counted) per \(period.rawValue)"
        }
    }

    /// Why a text is no allowance, with what was probably meant.
    package struct Misread: Error {
        package var message: String
        package var hint: String
    }

    /// Reads `300.00 per month`, `40 per day`, `30000 JPY per month` or `40 gifts per day`. A number with decimals is a
    /// sum and one without is a count, but for a currency without decimals, where it has to be said.
    ///
    /// - Parameters:
    ///   - currency: that of the sums, if it is known.
    ///   - counted: what is counted, in one word: `gifts`.
    package static func read(
        _ text: String, currency: String?, counting counted: String = "gifts"
    ) -> Result<Allowance, Misread> {
        read(text, currency, counted).map { allowance in
            var allowance = allowance
            allowance.counted = counted
            return allowance
        }
    }

    private static func read(
        _ text: String, _ currency: String?, _ counted: String
    ) -> Result<Allowance, Misread> {
        let usual = "write it like '300.00 per month' or '40 per day'"
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        guard let number = words.first, let amount = CurrencyUnits.read(number), words.count >= 3 else {
            let message = "'\(text)' does not say how much in what time"
            if let number = words.first, number.contains(","),
                CurrencyUnits.read(number.replacing(",", with: ".")) != nil
            {
                return .failure(
                    Misread(message: message, hint: "write '\(number.replacing(",", with: "."))', with a '.'"))
            }
            return .failure(Misread(message: message, hint: usual))
        }
        guard let period = Period(rawValue: words[words.count - 1].lowercased()),
            ["per", "a", "an"].contains(words[words.count - 2].lowercased())
        else {
            return .failure(
                Misread(
                    message: "'\(text)' does not say in what time",
                    hint: "end it with \(alternatives(Period.allCases.map { "per \($0.rawValue)" }))"))
        }
        let unit = words[1..<(words.count - 2)].joined(separator: " ")
        switch unit.lowercased() {
        case counted, String(counted.dropLast(counted == "remedies" ? 3 : 1)) + (counted == "remedies" ? "y" : ""):
            guard let count = Int(number) else {
                return .failure(Misread(message: "'\(number)' is no number of \(counted)", hint: usual))
            }
            return .success(Allowance(.count(count), per: period))
        case "":
            if number.contains(".") { return sum(amount, number, per: period, currency: currency) }
            if let currency, CurrencyUnits.decimals(of: currency) == 0 {
                return .failure(
                    Misread(
                        message: "'\(text)' may be a sum or a number of \(counted)",
                        hint:
                            "write '\(number) \(currency) per \(period.rawValue)' or '\(number) \(counted) per \(period.rawValue)'"
                    ))
            }
            return .success(Allowance(.count(Int(number) ?? 0), per: period))
        default:
            guard unit.wholeMatch(of: /[A-Z]{3}/) != nil else {
                return .failure(Misread(message: "'\(unit)' is neither a currency nor '\(counted)'", hint: usual))
            }
            if let currency, unit != currency {
                return .failure(
                    Misread(
                        message: "'\(unit)' is not the currency of 'amounts_in', which is '\(currency)'", hint: usual))
            }
            return sum(amount, number, per: period, named: unit, currency: unit)
        }
    }

    private static func sum(
        _ amount: Decimal, _ written: String, per period: Period, named: String? = nil, currency: String?
    ) -> Result<Allowance, Misread> {
        if let currency, CurrencyUnits.units(amount, in: currency) == nil {
            return .failure(Policy.finer(amount, currency))
        }
        var allowance = Allowance(.sum(amount), per: period, currency: named)
        allowance.written = written
        return .success(allowance)
    }
}
