internal import Liquid

/// A length of time as a merchant writes it: `7 days`, `36 hours`, `3 business days`, `4 business hours`.
///
/// Minutes and hours are exact. Days and weeks are calendar days: `1 day` after 18:00 is 18:00 the next day, even if
/// the clocks change in between. Business hours pass while people are there (`business_hours` in shop.yaml).
public struct Length: Hashable, Sendable, Codable, CustomStringConvertible {
    /// What is counted.
    public enum Unit: String, Sendable, Codable, CaseIterable {
        case minutes, hours, days, weeks
        case businessDays = "business days"
        case businessHours = "business hours"

        /// The word for a single one.
        var singular: String { String(rawValue.dropLast()) }

        /// True for what only passes while the shop works.
        var isBusiness: Bool { self == .businessDays || self == .businessHours }
    }

    public var count: Int
    public var unit: Unit

    public init(_ count: Int, _ unit: Unit) {
        self.count = count
        self.unit = unit
    }

    /// Two years, which is longer than a shop waits for anything.
    private static let longest: [Unit: Int] = [
        .minutes: 1_051_200, .hours: 17_520, .days: 730, .weeks: 104, .businessDays: 520, .businessHours: 4_160,
    ]

    public var description: String { "\(count) \(count == 1 ? unit.singular : unit.rawValue)" }

    /// Why a text is not a length of time, with what was probably meant.
    struct Misread: Error {
        var message: String
        var hint: String
    }

    /// Reads a length, or says why it is not one.
    static func read(_ text: String) -> Result<Length, Misread> {
        let words = text.split(whereSeparator: \.isWhitespace)
        let usual = "write '2 weeks' or '36 hours'"
        guard let first = words.first else {
            return .failure(Misread(message: "a length of time is missing", hint: usual))
        }
        // `36h` and `36hours` are common enough.
        let digits = first.prefix { $0.isASCII && $0.isNumber }
        let rest = ([first.dropFirst(digits.count)] + words.dropFirst()).filter { !$0.isEmpty }.joined(separator: " ")
            .lowercased()
        let message = "'\(text)' is not a length of time"
        guard let count = Int(digits) else {
            let spelled = ["a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7]
            if let number = spelled[first.lowercased()], words.count > 1 {
                let unit = words.dropFirst().joined(separator: " ").lowercased()
                if let found = Self.unit(unit) {
                    return .failure(Misread(message: message, hint: "write '\(Length(number, found))'"))
                }
            }
            return .failure(Misread(message: message, hint: usual))
        }
        guard let unit = Self.unit(rest) else {
            let names = Unit.allCases.flatMap { [$0.rawValue, $0.singular] }
            let shortened = ["d": Unit.days, "h": .hours, "hrs": .hours, "hr": .hours, "m": .minutes, "min": .minutes]
            let meant = shortened[rest] ?? nearest(to: rest, in: names).flatMap(Self.unit)
            let hint =
                rest.isEmpty
                ? "say of what: '\(Length(max(1, count), .days))' or '\(Length(max(1, count), .hours))'"
                : meant.map { "write '\(Length(count, $0))'" } ?? usual
            return .failure(Misread(message: message, hint: hint))
        }
        guard count >= 1 else {
            return .failure(
                Misread(message: message, hint: "it has to be at least one; to wait for nothing, leave it out"))
        }
        guard count <= longest[unit]! else {
            return .failure(Misread(message: "'\(text)' is longer than two years", hint: usual))
        }
        return .success(Length(count, unit))
    }

    /// What else people write for business days and hours.
    static let otherUnits = [
        "working days", "working day", "business-days", "weekdays", "working hours", "working hour", "business-hours",
    ]

    private static func unit(_ text: String) -> Unit? {
        switch text {
        case let other where otherUnits.contains(other): other.contains("hour") ? .businessHours : .businessDays
        default: Unit.allCases.first { $0.rawValue == text || $0.singular == text }
        }
    }
}

/// A time of day: `10:00`.
public struct TimeOfDay: Hashable, Sendable, Codable, CustomStringConvertible {
    /// Minutes since midnight, by the wall clock.
    public var minutes: Int

    public init(minutes: Int) { self.minutes = minutes }

    /// Reads `10:00`, `9:30`, `10:00 am` and `9am`, and nothing else.
    init?(_ text: String) {
        var clock = text.lowercased().trimmingSpaces
        var shift: Int?
        for (ending, hours) in [("am", 0), ("pm", 12)] where clock.hasSuffix(ending) {
            clock = String(clock.dropLast(2)).trimmingSpaces
            shift = hours
        }
        if shift != nil, !clock.contains(":") { clock += ":00" }
        let parts = clock.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, (1...2).contains(parts[0].count), parts[1].count == 2,
            parts.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isNumber } }), let hour = Int(parts[0]),
            let minute = Int(parts[1]), minute < 60
        else { return nil }
        if let shift {
            guard (1...12).contains(hour) else { return nil }
            minutes = (hour % 12 + shift) * 60 + minute
        } else {
            guard hour < 24 else { return nil }
            minutes = hour * 60 + minute
        }
    }

    public var description: String { "\(pad(minutes / 60)):\(pad(minutes % 60))" }
}

/// A date to wait for, which moves when what it depends on moves: `3 days before return.label_expires_on`.
public struct Until: Hashable, Sendable, CustomStringConvertible {
    /// Which side of the date.
    public enum Side: String, Sendable, CaseIterable {
        case before, after
    }

    /// How far from the date; nil for the date itself.
    public var length: Length?
    public var side: Side
    /// The name of a day or a moment: `return.label_expires_on`.
    public var name: String

    /// This long before or after the value of that name.
    public init(_ length: Length?, _ side: Side = .before, _ name: String) {
        self.length = length
        self.side = side
        self.name = name
    }

    public var description: String { length.map { "\($0) \(side.rawValue) \(name)" } ?? name }

    /// The resulting moment, or nil while the date is not known. A day counts from its beginning, where the shopper is.
    func moment(_ scope: Scope) -> Moment? {
        guard case .moment(let value)? = scope.value(of: name) else { return nil }
        let calendar = scope.settings.calendar(zone: scope.shopZone)
        var base = Moment(seconds: value.seconds)
        if value.isDate {
            guard var day = CalendarDay(iso8601: value.text) else { return nil }
            // Business days are days: the shop's time zone must not shift a date that has no time.
            if let length, length.unit == .businessDays {
                day =
                    side == .before
                    ? calendar.day(length.count, businessDaysBefore: day)
                    : calendar.day(length.count, businessDaysAfter: day)
                return scope.zone.moment(on: day)
            }
            base = scope.zone.moment(on: day)
        }
        guard let length else { return base }
        return side == .before
            ? calendar.moment(length, before: base, in: scope.zone)
            : calendar.moment(length, after: base, in: scope.zone)
    }
}

/// How long a trigger waits after its event.
public struct Wait: Hashable, Sendable {
    /// When the waiting starts to count.
    public enum Start: Hashable, Sendable {
        /// From the event: `after: 7 days`.
        case event(Length)
        /// From the last thing heard about the subject, whatever it was: `for: 4 business days`.
        case lastHeard(Length)
        /// Until a date that may still move: `until: 3 days before return.label_expires_on`.
        case date(Until)
        /// Without `after`, `for` and `until`.
        case none
    }

    public var start: Start
    /// `at: 10:00`, where the shopper is: it then also waits for that time of day.
    public var at: TimeOfDay?

    /// Sends immediately.
    public static let none = Wait(start: .none, at: nil)
}

/// Which days the shop works, in its own zone, and when people are there.
public struct BusinessCalendar: Hashable, Sendable {
    /// 1 for Monday to 7 for Sunday; at least one.
    public var weekdays: Set<Int>
    public var holidays: Set<CalendarDay>
    /// The shop's time zone.
    public var zone: Zone
    /// When people are there; empty for all day on the days on which the shop works.
    public var hours: [BusinessHours] = []
    /// When nobody is there.
    public var away: [Away] = []

    /// Monday to Friday are used if `weekdays` is empty, since counting business days would never end.
    public init(weekdays: Set<Int> = [1, 2, 3, 4, 5], holidays: Set<CalendarDay> = [], zone: Zone) {
        self.weekdays = weekdays.isEmpty ? [1, 2, 3, 4, 5] : weekdays
        self.holidays = holidays
        self.zone = zone
    }

    /// True where the shop works on that day.
    public func isBusinessDay(_ day: CalendarDay) -> Bool { weekdays.contains(day.weekday) && !holidays.contains(day) }

    /// The `count`th business day after `day`, which itself never counts: three business days after a Saturday is
    /// Wednesday.
    public func day(_ count: Int, businessDaysAfter day: CalendarDay) -> CalendarDay {
        var day = day
        var left = count
        // Bounded, since somebody's list of holidays may cover years.
        var steps = 0
        while left > 0, steps < 20_000 {
            day = day.adding(days: 1)
            if isBusinessDay(day) { left -= 1 }
            steps += 1
        }
        return day
    }

    /// The `count`th business day before `day`, which itself never counts.
    public func day(_ count: Int, businessDaysBefore day: CalendarDay) -> CalendarDay {
        var day = day
        var left = count
        var steps = 0
        while left > 0, steps < 20_000 {
            day = day.adding(days: -1)
            if isBusinessDay(day) { left -= 1 }
            steps += 1
        }
        return day
    }

    /// `length` before `moment`, counted as `moment(_:after:in:)` counts.
    public func moment(_ length: Length, before moment: Moment, in zone: Zone) -> Moment {
        switch length.unit {
        case .minutes: moment - .minutes(length.count)
        case .hours: moment - .hours(length.count)
        case .days: sameTime(in: zone, as: moment) { $0.adding(days: -length.count) }
        case .weeks: sameTime(in: zone, as: moment) { $0.adding(days: -7 * length.count) }
        case .businessDays: sameTime(in: self.zone, as: moment) { self.day(length.count, businessDaysBefore: $0) }
        case .businessHours: opened(Int64(length.count) * 3_600, before: moment) ?? .distantPast
        }
    }

    /// `length` after `moment`. Calendar days are those of `zone`, where the shopper is; business days are the shop's
    /// own.
    public func moment(_ length: Length, after moment: Moment, in zone: Zone) -> Moment {
        switch length.unit {
        case .minutes: moment + .minutes(length.count)
        case .hours: moment + .hours(length.count)
        case .days: sameTime(in: zone, as: moment) { $0.adding(days: length.count) }
        case .weeks: sameTime(in: zone, as: moment) { $0.adding(days: 7 * length.count) }
        case .businessDays: sameTime(in: self.zone, as: moment) { self.day(length.count, businessDaysAfter: $0) }
        case .businessHours: opened(Int64(length.count) * 3_600, after: moment) ?? .distantFuture
        }
    }

    /// When so many seconds of business hours will have passed; nil if that takes more than two years.
    func opened(_ seconds: Int64, after moment: Moment) -> Moment? {
        var left = seconds
        var day = zone.day(at: moment)
        for _ in 0..<Self.mostDays {
            for span in spans(on: day) {
                let start = max(moment, span.start)
                let open = (span.end.milliseconds - start.milliseconds) / 1_000
                if open <= 0 { continue }
                if open >= left { return start + .seconds(left) }
                left -= open
            }
            day = day.adding(days: 1)
        }
        return nil
    }

    /// Since when so many seconds of business hours have passed; nil if that is more than two years ago.
    func opened(_ seconds: Int64, before moment: Moment) -> Moment? {
        var left = seconds
        var day = zone.day(at: moment)
        for _ in 0..<Self.mostDays {
            for span in spans(on: day).reversed() {
                let end = min(moment, span.end)
                let open = (end.milliseconds - span.start.milliseconds) / 1_000
                if open <= 0 { continue }
                if open >= left { return end - .seconds(left) }
                left -= open
            }
            day = day.adding(days: -1)
        }
        return nil
    }

    /// So many days are looked through for open hours.
    private static let mostDays = 800

    /// When people are there on that day, in order.
    private func spans(on day: CalendarDay) -> [(start: Moment, end: Moment)] {
        if holidays.contains(day) || away.contains(where: { $0.from <= day && day <= $0.until }) { return [] }
        let all = hours.isEmpty ? [BusinessHours(weekdays: weekdays, start: 0, end: 1_440)] : hours
        return all.filter { $0.weekdays.contains(day.weekday) }.sorted { $0.start < $1.start }.map { span in
            let end =
                span.end >= 1_440
                ? zone.moment(on: day.adding(days: 1), secondOfDay: 0)
                : zone.moment(on: day, secondOfDay: span.end * 60)
            return (zone.moment(on: day, secondOfDay: span.start * 60), end)
        }
    }

    private func sameTime(in zone: Zone, as moment: Moment, on day: (CalendarDay) -> CalendarDay) -> Moment {
        let rest = Duration.milliseconds(moment.milliseconds - moment.seconds * 1000)
        let second = zone.secondOfDay(at: moment)
        return zone.moment(on: day(zone.day(at: moment)), secondOfDay: second) + rest
    }
}

extension TimeOfDay {
    /// The first moment at or after `moment` at which the clock in `zone` shows this time.
    func next(from moment: Moment, in zone: Zone) -> Moment {
        let day = zone.day(at: moment)
        let second = minutes * 60
        let today = zone.moment(on: day, secondOfDay: second)
        if today >= moment { return today }
        // In autumn the clock shows one hour twice: within the first, the second showing is still to come.
        let left = second - zone.secondOfDay(at: moment)
        if left > 0 {
            let again = Moment(seconds: moment.seconds + Int64(left))
            if zone.day(at: again) == day, zone.secondOfDay(at: again) == second { return again }
        }
        return zone.moment(on: day.adding(days: 1), secondOfDay: second)
    }
}
