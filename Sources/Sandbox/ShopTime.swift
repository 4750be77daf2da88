// Times in the formats of Shopify and mail, without Foundation's formatters: the sandbox writes thousands per second.

public import FoundationEssentials

/// Reads and writes times.
enum ShopTime {
    /// Year, month, day, hour, minute, second in UTC, and the day of the week (0 is Sunday).
    static func parts(_ date: Date) -> (
        year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, weekday: Int
    ) {
        let seconds = Int(date.timeIntervalSince1970.rounded(.down))
        let days = (seconds >= 0 ? seconds : seconds - 86_399) / 86_400
        let rest = seconds - days * 86_400
        let (year, month, day) = civil(days)
        return (year, month, day, rest / 3600, rest / 60 % 60, rest % 60, ((days % 7) + 11) % 7)
    }

    /// `2026-11-21T10:00:00Z`, as the Admin API writes a DateTime.
    static func iso(_ date: Date) -> String {
        let p = parts(date)
        return "\(four(p.year))-\(two(p.month))-\(two(p.day))T\(two(p.hour)):\(two(p.minute)):\(two(p.second))Z"
    }

    /// `2026-11-21 10:00:00.123000`, as the Admin API writes a time into a cursor.
    static func cursor(_ date: Date) -> String {
        let p = parts(date)
        let fraction = date.timeIntervalSince1970 - date.timeIntervalSince1970.rounded(.down)
        let micro = String(Int((fraction * 1_000_000).rounded()) % 1_000_000)
        let padded = String(repeating: "0", count: 6 - micro.count) + micro
        return
            "\(four(p.year))-\(two(p.month))-\(two(p.day)) \(two(p.hour)):\(two(p.minute)):\(two(p.second)).\(padded)"
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// `Sat, 21 Nov 2026 10:00:00 GMT`, the Date header of HTTP. RFC 9110, 5.6.7.
    static func http(_ date: Date) -> String {
        let p = parts(date)
        return "\(weekdays[p.weekday]), \(two(p.day)) \(months[p.month - 1]) \(four(p.year)) "
            + "\(two(p.hour)):\(two(p.minute)):\(two(p.second)) GMT"
    }

    /// `10:00:00`, in UTC.
    static func clock(_ date: Date) -> String {
        let p = parts(date)
        return "\(two(p.hour)):\(two(p.minute)):\(two(p.second))"
    }

    /// Reads RFC 3339 times, with any offset, and bare dates, which are their midnight in UTC.
    static func parse(_ text: String) -> Date? {
        var digits = Array(text.utf8)[...]
        func number(_ count: Int) -> Int? {
            guard digits.count >= count else { return nil }
            var value = 0
            for byte in digits.prefix(count) {
                guard (48...57).contains(byte) else { return nil }
                value = value * 10 + Int(byte - 48)
            }
            digits = digits.dropFirst(count)
            return value
        }
        func take(_ characters: String) -> UInt8? {
            guard let byte = digits.first, characters.utf8.contains(byte) else { return nil }
            digits = digits.dropFirst()
            return byte
        }
        guard let year = number(4), take("-") != nil, let month = number(2), take("-") != nil, let day = number(2),
            (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        var seconds = Double(days(year, month, day) * 86_400)
        if digits.isEmpty { return Date(timeIntervalSince1970: seconds) }
        guard take("Tt ") != nil, let hour = number(2), take(":") != nil, let minute = number(2), hour < 24, minute < 60
        else { return nil }
        seconds += Double(hour * 3600 + minute * 60)
        if take(":") != nil {
            guard let second = number(2), second <= 60 else { return nil }
            seconds += Double(second)
        }
        if take(".") != nil {
            var scale = 0.1
            while let byte = digits.first, (48...57).contains(byte) {
                seconds += Double(byte - 48) * scale
                scale /= 10
                digits = digits.dropFirst()
            }
        }
        if digits.isEmpty || take("Zz") != nil { return digits.isEmpty ? Date(timeIntervalSince1970: seconds) : nil }
        guard let sign = take("+-"), let hours = number(2) else { return nil }
        _ = take(":")
        guard let minutes = number(2), digits.isEmpty else { return nil }
        let offset = Double(hours * 3600 + minutes * 60)
        return Date(timeIntervalSince1970: seconds + (sign == UInt8(ascii: "+") ? -offset : offset))
    }

    private static func two(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }

    private static func four(_ value: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// Days since 1970-01-01 to a date of the Gregorian calendar. Howard Hinnant, "chrono-Compatible Low-Level Date
    /// Algorithms", `civil_from_days`.
    private static func civil(_ days: Int) -> (Int, Int, Int) {
        let z = days + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shifted + 2) / 5 + 1
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// The inverse: `days_from_civil`.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}

/// The sandbox's clock. Tests inject their own; `offset` makes a shop whose clock is wrong.
public struct SandboxClock: Sendable {
    /// The time now.
    public let now: @Sendable () -> Date

    /// A clock that returns `now`.
    public init(now: @escaping @Sendable () -> Date) { self.now = now }

    /// The machine's clock.
    public static let system = SandboxClock { Date() }

    /// A clock that is ahead of this one by this many seconds.
    public func offset(by seconds: Double) -> SandboxClock {
        SandboxClock { [now] in now().addingTimeInterval(seconds) }
    }
}
