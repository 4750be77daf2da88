/// A point in time, in whole milliseconds since 1970-01-01T00:00:00Z.
///
/// All decisions, rows and keys use moments. A millisecond is finer than any source we read, and an integer compares,
/// stores and prints the same everywhere, which a floating-point `Date` does not.
public struct Moment: Hashable, Comparable, Sendable {
    /// Milliseconds since the epoch; negative before it.
    public var milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    public init(seconds: Int64) { self.milliseconds = seconds * 1000 }

    /// The earliest moment we calculate with: year 1.
    public static let distantPast = Moment(milliseconds: -62_135_596_800_000)
    /// The latest moment we calculate with: the end of year 9999.
    public static let distantFuture = Moment(milliseconds: 253_402_300_799_999)

    /// Whole seconds since the epoch, rounded down.
    public var seconds: Int64 {
        milliseconds >= 0 ? milliseconds / 1000 : -((-milliseconds + 999) / 1000)
    }

    public static func < (a: Moment, b: Moment) -> Bool { a.milliseconds < b.milliseconds }

    /// The moment `duration` later; stays within year 1 and year 9999.
    public static func + (a: Moment, duration: Duration) -> Moment {
        let (sum, overflow) = a.milliseconds.addingReportingOverflow(duration.wholeMilliseconds)
        if overflow { return duration < .zero ? .distantPast : .distantFuture }
        return min(max(Moment(milliseconds: sum), .distantPast), .distantFuture)
    }

    /// The moment `duration` earlier.
    public static func - (a: Moment, duration: Duration) -> Moment { a + .milliseconds(-duration.wholeMilliseconds) }

    /// How long after `b` the moment `a` is.
    public static func - (a: Moment, b: Moment) -> Duration { .milliseconds(a.milliseconds - b.milliseconds) }
}

extension Duration {
    /// The length in milliseconds, truncated to whole ones.
    public var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        if overflow { return seconds < 0 ? .min / 4 : .max / 4 }
        return product + attoseconds / 1_000_000_000_000_000
    }

    /// That many hours.
    public static func hours(_ count: Int) -> Duration { .seconds(Int64(count) * 3600) }
    /// That many minutes.
    public static func minutes(_ count: Int) -> Duration { .seconds(Int64(count) * 60) }
    /// That many times 24 hours. For calendar days, use `CalendarDay`.
    public static func days(_ count: Int) -> Duration { .seconds(Int64(count) * 86_400) }
}

extension Moment: Codable {
    /// Reads the integer that `encode(to:)` writes.
    public init(from decoder: any Decoder) throws {
        milliseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    /// Writes the milliseconds as one integer.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }
}

// MARK: - ISO 8601

extension Moment {
    /// Reads `2026-11-21T10:00:00Z`, with or without a fraction, with `Z` or an offset such as `+01:00` or `+0100`.
    ///
    /// A text without an offset is refused: only the source's own code can know its time zone. The grammar is RFC 3339,
    /// section 5.6, plus the basic offset format that some carriers use.
    public init?(iso8601 text: some StringProtocol) {
        var reader = DigitReader(text)
        guard let year = reader.digits(4), reader.skip(0x2D), let month = reader.digits(2), reader.skip(0x2D),
            let day = reader.digits(2), reader.skip(0x54) || reader.skip(0x74) || reader.skip(0x20),
            let hour = reader.digits(2), reader.skip(0x3A), let minute = reader.digits(2)
        else { return nil }
        var second = 0
        var millisecond = 0
        if reader.skip(0x3A) {
            guard let value = reader.digits(2) else { return nil }
            second = value
            if reader.skip(0x2E) { millisecond = reader.fraction() }
        }
        guard let date = CalendarDay(year: year, month: month, day: day), hour < 24, minute < 60, second <= 60 else {
            return nil
        }
        var offset = 0
        if reader.skip(0x5A) || reader.skip(0x7A) {
            offset = 0
        } else {
            let negative = reader.skip(0x2D)
            guard negative || reader.skip(0x2B), let hours = reader.digits(2) else { return nil }
            _ = reader.skip(0x3A)
            let minutes = reader.digits(2) ?? 0
            guard hours < 24, minutes < 60 else { return nil }
            offset = (hours * 60 + minutes) * (negative ? -1 : 1)
        }
        guard reader.isAtEnd else { return nil }
        let clock = Int64(hour * 3600 + (minute - offset) * 60 + min(second, 59))
        self.init(milliseconds: (date.daysSinceEpoch * 86_400 + clock) * 1000 + Int64(millisecond))
    }

    /// `2026-11-21T10:00:00Z`, with three decimal places if there is a fraction.
    public var iso8601: String {
        let day = CalendarDay(daysSinceEpoch: seconds.quotientFloor(86_400))
        let clock = Int(seconds - day.daysSinceEpoch * 86_400)
        let millisecond = Int(milliseconds - seconds * 1000)
        let (year, month, date) = day.components
        guard (0...9999).contains(year) else {
            let time = "\(pad(clock / 3600)):\(pad(clock / 60 % 60)):\(pad(clock % 60))"
            return "\(day)T\(time)\(millisecond == 0 ? "" : "." + pad(millisecond, 3))Z"
        }
        return String(unsafeUninitializedCapacity: 24) { bytes in
            // Starts with the fixed layout; then the digits are filled in.
            _ = bytes.initialize(fromContentsOf: "0000-00-00T00:00:00.000Z".utf8)
            bytes.put(year, 4, at: 0)
            bytes.put(month, 2, at: 5)
            bytes.put(date, 2, at: 8)
            bytes.put(clock / 3600, 2, at: 11)
            bytes.put(clock / 60 % 60, 2, at: 14)
            bytes.put(clock % 60, 2, at: 17)
            if millisecond == 0 {
                bytes[19] = UInt8(ascii: "Z")
                return 20
            }
            bytes.put(millisecond, 3, at: 20)
            return 24
        }
    }
}

extension Moment: CustomStringConvertible {
    public var description: String { iso8601 }
}

extension Int64 {
    /// Division that rounds towards the past, so that days before 1970 are counted right.
    func quotientFloor(_ divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : -((-self + divisor - 1) / divisor)
    }
}

/// `7` as `07`: a number with leading zeros.
func pad(_ number: Int, _ width: Int = 2) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}

extension UnsafeMutableBufferPointer<UInt8> {
    /// Writes a number with leading zeros, `width` digits wide.
    package func put(_ number: Int, _ width: Int, at place: Int) {
        var rest = number
        for index in stride(from: place + width - 1, through: place, by: -1) {
            self[index] = UInt8(truncatingIfNeeded: 0x30 + rest % 10)
            rest /= 10
        }
    }
}

/// Reads fixed runs of ASCII digits from a text, byte by byte.
struct DigitReader {
    private var bytes: ArraySlice<UInt8>

    init(_ text: some StringProtocol) { bytes = ArraySlice(text.utf8) }

    var isAtEnd: Bool { bytes.isEmpty }

    /// Takes one byte if it is `byte`.
    mutating func skip(_ byte: UInt8) -> Bool {
        guard bytes.first == byte else { return false }
        bytes.removeFirst()
        return true
    }

    /// Takes exactly `count` digits, or nothing.
    mutating func digits(_ count: Int) -> Int? {
        guard bytes.count >= count else { return nil }
        var value = 0
        for byte in bytes.prefix(count) {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        bytes.removeFirst(count)
        return value
    }

    /// Consumes all digits that follow and returns the first three as milliseconds.
    mutating func fraction() -> Int {
        var value = 0
        var count = 0
        while let byte = bytes.first, byte >= 0x30, byte <= 0x39 {
            if count < 3 { value = value * 10 + Int(byte - 0x30) }
            count += 1
            bytes.removeFirst()
        }
        while count < 3 {
            value *= 10
            count += 1
        }
        return value
    }
}
