/// The value of a `Retry-After` header (RFC 9110, 10.2.3).
public enum RetryAfter: Sendable, Equatable {
    /// This many seconds after the answer.
    case seconds(Int)
    /// Not before this moment, in seconds since 1970.
    case date(Int64)

    /// Reads the header's value, a number of seconds or an HTTP date; `nil` if it is neither.
    public init?(_ value: String) {
        let text = value.drop { $0 == " " || $0 == "\t" }.prefix { $0 != "\r" && $0 != "\n" }
        let trimmed = String(text).trimmingTrailingSpace()
        if !trimmed.isEmpty, trimmed.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            // A huge number is a huge wait, which the caller bounds.
            self = .seconds(Int(trimmed) ?? Int(Int32.max))
        } else if let date = HTTPDate.seconds(trimmed) {
            self = .date(date)
        } else {
            return nil
        }
    }

    /// The wait from `now` (seconds since 1970); zero for a moment in the past.
    public func delay(from now: Int64) -> Duration {
        switch self {
        case .seconds(let seconds): .seconds(seconds)
        case .date(let date): .seconds(max(0, date.subtractingReportingOverflow(now).partialValue))
        }
    }
}

/// HTTP dates (RFC 9110, 5.6.7), in all three forms that a recipient must accept.
public enum HTTPDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// The moment in seconds since 1970, or `nil` if the text is not an HTTP date.
    ///
    ///     Sun, 06 Nov 1994 08:49:37 GMT     (IMF-fixdate)
    ///     Sunday, 06-Nov-94 08:49:37 GMT    (RFC 850; years as of the 1970s to 2060s)
    ///     Sun Nov  6 08:49:37 1994          (asctime)
    public static func seconds(_ text: String) -> Int64? {
        let words = text.split(whereSeparator: { $0 == " " || $0 == "," || $0 == "-" }).map(String.init)
        switch words.count {
        case 6 where words[5] == "GMT":
            return moment(year: words[3], month: words[2], day: words[1], time: words[4])
        case 5: return moment(year: words[4], month: words[1], day: words[2], time: words[3])
        default: return nil
        }
    }

    private static func moment(year: String, month: String, day: String, time: String) -> Int64? {
        func number(_ text: some StringProtocol, _ digits: ClosedRange<Int>) -> Int? {
            digits.contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
        }
        let clock = time.split(separator: ":", omittingEmptySubsequences: false)
        guard clock.count == 3, let hour = number(clock[0], 2...2), let minute = number(clock[1], 2...2),
            let second = number(clock[2], 2...2), hour < 24, minute < 60, second <= 60,
            let month = months.firstIndex(of: month).map({ $0 + 1 }), let day = number(day, 1...2),
            (1...31).contains(day),
            var year = number(year, 2...4), year != 0 || year < 100
        else { return nil }
        if year < 100 { year += year < 70 ? 2000 : 1900 }
        return days(year: year, month: month, day: day) * 86400 + Int64(hour * 3600 + minute * 60 + second)
    }

    /// Days since 1970-01-01 in the Gregorian calendar (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    private static func days(year: Int, month: Int, day: Int) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64(era * 146_097 + dayOfEra - 719_468)
    }
}

extension String {
    fileprivate func trimmingTrailingSpace() -> String {
        var text = self[...]
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }
}
