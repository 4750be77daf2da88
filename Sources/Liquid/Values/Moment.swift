/// A point in time with its display offset, or a calendar date that no zone shifts.
///
/// The calendar is always proleptic Gregorian, as in ISO 8601.
public struct Moment: Sendable, Equatable {
    /// Seconds since 1970-01-01T00:00:00Z; for a calendar date, those of its midnight in UTC.
    public let seconds: Int64
    /// The nanoseconds, 0 to 999,999,999.
    public let nanoseconds: Int32
    private let shift: Int32

    /// Whether it is a calendar date without a time of day.
    public var isDate: Bool { shift == .min }
    /// The display offset in seconds east of UTC.
    public var offset: Int { isDate ? 0 : Int(shift) }

    /// A moment shown at `offset` seconds east of UTC.
    public init(seconds: Int64, nanoseconds: Int32 = 0, offset: Int = 0) {
        // Within the years -9,999 to 99,999, so that no sum overflows.
        self.seconds = min(max(seconds, -377_705_116_800), 3_093_527_980_800)
        self.nanoseconds = nanoseconds
        self.shift = Int32(clamping: min(max(offset, -86_400), 86_400))
    }

    /// A calendar date: `month` and `day` count from 1.
    public init(year: Int, month: Int, day: Int) {
        seconds = Civil.days(year: min(max(year, -9_999), 99_999), month: month, day: day) * 86_400
        nanoseconds = 0
        shift = .min
    }

    /// Reads what Ruby's `Time.parse` reads: ISO 8601, RFC 2822, `March 14, 2016 3:05 pm` and the like. Missing parts
    /// come from `now`; nil if the text has neither date nor time.
    public init?(parsing text: String, now: Moment, zone: Zone = .utc) {
        guard let moment = MomentParser.parse(text, now: now, zone: zone) else { return nil }
        self = moment
    }

    /// The same moment as seen in a zone; a calendar date stays as it is.
    public func shown(in zone: Zone) -> Moment {
        isDate ? self : Moment(seconds: seconds, nanoseconds: nanoseconds, offset: zone.offset(seconds))
    }

    /// The date and the time of day at the moment's own offset.
    var civil: Civil { Civil(seconds: seconds + Int64(offset)) }

    /// As Ruby prints a time: `2024-01-01 00:01:58 UTC`; a calendar date as `2024-01-01`.
    public var text: String {
        Strftime.string(self, isDate ? "%Y-%m-%d" : offset == 0 ? "%F %T UTC" : "%F %T %z", .english)
    }

    static func compare(_ a: Moment, _ b: Moment) -> Int {
        if a.seconds != b.seconds { return a.seconds < b.seconds ? -1 : 1 }
        return a.nanoseconds == b.nanoseconds ? 0 : (a.nanoseconds < b.nanoseconds ? -1 : 1)
    }
}

/// A time zone: seconds east of UTC and a short name, at a moment given in seconds since 1970.
public struct Zone: Sendable {
    let offset: @Sendable (Int64) -> Int
    let abbreviation: @Sendable (Int64) -> String

    /// A zone supplied by the host.
    public init(offset: @escaping @Sendable (Int64) -> Int, abbreviation: @escaping @Sendable (Int64) -> String) {
        self.offset = offset
        self.abbreviation = abbreviation
    }

    /// Coordinated Universal Time.
    public static let utc = Zone(offset: { _ in 0 }, abbreviation: { _ in "UTC" })
}

/// A date and time of day, taken apart.
struct Civil: Sendable {
    var year: Int
    var month: Int
    var day: Int
    var hour: Int
    var minute: Int
    var second: Int
    /// 0 is Sunday.
    var weekday: Int
    /// 1 is the first of January.
    var yearday: Int

    init(seconds: Int64) {
        var days = seconds / 86_400
        var rest = Int(seconds % 86_400)
        if rest < 0 {
            rest += 86_400
            days -= 1
        }
        hour = rest / 3_600
        minute = rest / 60 % 60
        second = rest % 60
        weekday = Int(((days + 4) % 7 + 7) % 7)
        // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
        let z = days + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        day = Int(dayOfYear - (153 * shifted + 2) / 5 + 1)
        month = Int(shifted < 10 ? shifted + 3 : shifted - 9)
        year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
        yearday = Int(days - Civil.days(year: year, month: 1, day: 1)) + 1
    }

    /// Days since 1970-01-01.
    static func days(year: Int, month: Int, day: Int) -> Int64 {
        let y = Int64(month <= 2 ? year - 1 : year)
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = Int64((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1)
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    static func daysIn(month: Int, year: Int) -> Int {
        month == 2 ? (isLeap(year) ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// Year and week of ISO 8601.
    var isoWeek: (year: Int, week: Int) {
        let monday = (weekday + 6) % 7
        let week = (yearday - 1 - monday + 10) / 7
        if week < 1 {
            let last = Civil.weeks(in: year - 1)
            return (year - 1, last)
        }
        return week > Civil.weeks(in: year) ? (year + 1, 1) : (year, week)
    }

    private static func weeks(in year: Int) -> Int {
        let first = Civil(seconds: days(year: year, month: 1, day: 1) * 86_400).weekday
        return first == 4 || (first == 3 && isLeap(year)) ? 53 : 52
    }
}
