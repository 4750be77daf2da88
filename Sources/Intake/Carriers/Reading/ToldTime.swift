// Carriers' times.
//
// A time is local, with or without an offset. Without one, its zone comes from the place of the scan (`PlaceZones`),
// else from the carrier's habit, and is marked as such: a wrong hour in a mail is worse than a missing one. Midnight
// without an offset may mean just a day; the caller knows. Impossible days are refused: before the year 2000, or more
// than two days ahead. Carriers write 1970 and 2099 for "nothing" and "never".

internal import Outreach

/// A local time as reported.
struct ToldTime: Hashable, Sendable {
    var day: CalendarDay
    /// Seconds since midnight; nil if only a day was given.
    var second: Int?
    /// 0 to 999.
    var millisecond = 0
    /// Minutes east of Greenwich, if given.
    var offset: Int?

    init(day: CalendarDay, second: Int? = nil, millisecond: Int = 0, offset: Int? = nil) {
        self.day = day
        self.second = second
        self.millisecond = millisecond
        self.offset = offset
    }

    /// True for a bare day, and for midnight sharp, which most carriers write for one.
    var isDateOnly: Bool { second == nil || (second == 0 && millisecond == 0) }

    /// In ISO 8601, with as much as was given.
    var text: String { second == nil ? wallText : wallText + (offset.map(offsetText) ?? "") }

    /// Only the local time, which a scan's id is made of: an offset reported later does not make another scan.
    var wallText: String {
        String(unsafeUninitializedCapacity: Self.greatestWall) { bytes in write(to: bytes, at: 0) }
    }

    /// Local seconds, for comparing times without known offsets.
    var wallClock: Int64 { day.daysSinceEpoch * 86_400 + Int64(second ?? 0) }

    /// One number per local time.
    var number: UInt64 {
        // One second more than a day means no time.
        let seconds = day.daysSinceEpoch * 86_401 + Int64(second ?? 86_400)
        return UInt64(bitPattern: seconds * 1000 + Int64(millisecond)) &* 0x9e37_79b9_7f4a_7c15
    }

    /// The most bytes that `write` writes.
    static let greatestWall = 23

    /// Writes `wallText` into bytes with enough room; returns where it ends.
    func write(to bytes: UnsafeMutableBufferPointer<UInt8>, at place: Int) -> Int {
        let (year, month, date) = day.components
        bytes.put(year, 4, at: place)
        bytes[place + 4] = UInt8(ascii: "-")
        bytes.put(month, 2, at: place + 5)
        bytes[place + 7] = UInt8(ascii: "-")
        bytes.put(date, 2, at: place + 8)
        guard let second else { return place + 10 }
        bytes[place + 10] = UInt8(ascii: "T")
        bytes.put(second / 3600, 2, at: place + 11)
        bytes[place + 13] = UInt8(ascii: ":")
        bytes.put(second / 60 % 60, 2, at: place + 14)
        bytes[place + 16] = UInt8(ascii: ":")
        bytes.put(second % 60, 2, at: place + 17)
        guard millisecond != 0 else { return place + 19 }
        bytes[place + 19] = UInt8(ascii: ".")
        bytes.put(millisecond, 3, at: place + 20)
        return place + 23
    }
}

/// `5` as `05`.
func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

/// `60` as `+01:00`, and 0 as `Z`.
func offsetText(_ minutes: Int) -> String {
    if minutes == 0 { return "Z" }
    let size = abs(minutes)
    return "\(minutes < 0 ? "-" : "+")\(two(size / 60)):\(two(size % 60))"
}

extension ToldTime {
    /// Parses carriers' formats: ISO 8601 in its many dialects, `20240320`, `2024-03-20 19:08:38 UTC`,
    /// `8/17/2021 7:11:26 PM`, `17.08.2021 19:11`, `/Date(1445371200000)/`. With dots the day comes first, with slashes
    /// the month, as these carriers write them.
    init?(_ text: String?) {
        guard let told = ClockScanner.scanning(text, Self.told) else { return nil }
        self = told
    }

    private static func told(_ scanner: inout ClockScanner) -> ToldTime? {
        if scanner.skip("/Date(") { return dotNET(&scanner) }
        guard let day = scanner.day() else { return nil }
        scanner.skipSpaces()
        if scanner.isAtEnd { return ToldTime(day: day) }
        _ = scanner.skip("T") || scanner.skip("t") || scanner.skip("-")
        scanner.skipSpaces()
        guard let clock = scanner.clock() else { return nil }
        scanner.skipSpaces()
        if scanner.isAtEnd { return ToldTime(day: day, second: clock.second, millisecond: clock.millisecond) }
        guard let offset = scanner.offset(), scanner.isAtEnd else { return nil }
        return ToldTime(day: day, second: clock.second, millisecond: clock.millisecond, offset: offset)
    }

    /// The part after `/Date(`: milliseconds since 1970, and perhaps the local offset.
    private static func dotNET(_ scanner: inout ClockScanner) -> ToldTime? {
        guard let milliseconds = scanner.milliseconds(), Moment(milliseconds: milliseconds) > .distantPast + .days(1)
        else {
            return nil
        }
        let offset = scanner.offset() ?? 0
        guard scanner.skip(")") else { return nil }
        return ToldTime(moment: Moment(milliseconds: milliseconds), offset: offset)
    }

    /// Parses a day and a time in separate fields, and an offset perhaps in a third.
    init?(day: String?, clock: String?, offset: String? = nil) {
        guard let told = ToldTime(day) else { return nil }
        self = told
        guard let clock, !clock.isEmpty else { return }
        let read = ClockScanner.scanning(clock) { scanner -> (second: Int, millisecond: Int, offset: Int?)? in
            guard let time = scanner.clock() else { return nil }
            scanner.skipSpaces()
            return (time.second, time.millisecond, scanner.offset())
        }
        guard let read else { return nil }
        second = read.second
        millisecond = read.millisecond
        self.offset = read.offset ?? offset.flatMap(Self.offset)
    }

    /// The moment in local time at that offset.
    init(moment: Moment, offset: Int) {
        let local = moment.milliseconds + Int64(offset) * 60_000
        let days = local >= 0 ? local / 86_400_000 : -((-local + 86_399_999) / 86_400_000)
        let rest = Int(local - days * 86_400_000)
        self.init(day: CalendarDay(daysSinceEpoch: days), second: rest / 1000, millisecond: rest % 1000, offset: offset)
    }

    /// Minutes of `+01:00`, `-0500`, `Z`, `UTC`.
    static func offset(_ text: String) -> Int? {
        ClockScanner.scanning(text) { scanner in
            guard let offset = scanner.offset(), scanner.isAtEnd else { return nil }
            return offset
        }
    }
}

/// Walks the bytes of a time's text.
private struct ClockScanner {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var index: Int
    private var end: Int

    /// Runs `read` on a trimmed text; nil if it is empty, or too long for any time.
    static func scanning<Result>(_ text: String?, _ read: (inout ClockScanner) -> Result?) -> Result? {
        guard var text, text.utf8.count <= 48 else { return nil }
        return text.withUTF8 { bytes in
            var scanner = ClockScanner(bytes)
            return read(&scanner)
        }
    }

    private init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
        (index, end) = (0, bytes.count)
        while index < end, bytes[index].isBlank { index += 1 }
        while end > index, bytes[end - 1].isBlank { end -= 1 }
    }

    private var first: UInt8? { index < end ? bytes[index] : nil }

    var isAtEnd: Bool { index >= end }

    mutating func skipSpaces() {
        while index < end, bytes[index].isSpace { index += 1 }
    }

    mutating func skip(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard index + count <= end else { return false }
        for offset in 0..<count where bytes[index + offset] != text.utf8Start[offset] { return false }
        index += count
        return true
    }

    /// Reads up to nine digits here.
    private mutating func digits() -> (value: Int, count: Int)? {
        var value = 0
        let start = index
        while index < end, bytes[index].isDigit, index - start < 9 {
            value = value * 10 + Int(bytes[index] - 0x30)
            index += 1
        }
        return index == start ? nil : (value, index - start)
    }

    /// Milliseconds within some thousands of years.
    mutating func milliseconds() -> Int64? {
        let isNegative = skip("-")
        var value: Int64 = 0
        let start = index
        while index < end, bytes[index].isDigit {
            guard index - start < 15 else { return nil }
            value = value * 10 + Int64(bytes[index] - 0x30)
            index += 1
        }
        guard index > start, value < 1 << 47 else { return nil }
        return isNegative ? -value : value
    }

    mutating func day() -> CalendarDay? {
        guard let one = digits() else { return nil }
        if one.count == 8 {
            return CalendarDay(year: one.value / 10_000, month: one.value / 100 % 100, day: one.value % 100)
        }
        guard let separator = first,
            separator == UInt8(ascii: "-") || separator == UInt8(ascii: "/") || separator == UInt8(ascii: ".")
        else { return nil }
        index += 1
        guard let second = digits(), first == separator else { return nil }
        index += 1
        guard let third = digits() else { return nil }
        if one.count == 4 { return CalendarDay(year: one.value, month: second.value, day: third.value) }
        guard third.count == 4 else { return nil }
        return separator == UInt8(ascii: "/")
            ? CalendarDay(year: third.value, month: one.value, day: second.value)
            : CalendarDay(year: third.value, month: second.value, day: one.value)
    }

    /// `19:08:38.5`, `19:08`, `2:39 PM`, `190838`, and `74700`, which lost its zero.
    mutating func clock() -> (second: Int, millisecond: Int)? {
        guard let one = digits() else { return nil }
        var hour = one.value
        var minute = 0
        var second = 0
        var millisecond = 0
        if one.count > 2 {
            guard one.count <= 6 else { return nil }
            let value = one.count <= 4 ? one.value * 100 : one.value
            (hour, minute, second) = (value / 10_000, value / 100 % 100, value % 100)
        } else {
            guard skip(":"), let minutes = digits() else { return nil }
            minute = minutes.value
            if skip(":") {
                guard let seconds = digits() else { return nil }
                second = seconds.value
            }
            if skip(".") || skip(",") {
                var scale = 100
                guard first?.isDigit ?? false else { return nil }
                while let byte = first, byte.isDigit {
                    millisecond += Int(byte - 0x30) * scale
                    scale /= 10
                    index += 1
                }
            }
        }
        skipSpaces()
        if skip("PM") || skip("pm") || skip("p.m.") {
            guard (1...12).contains(hour) else { return nil }
            hour = hour % 12 + 12
        } else if skip("AM") || skip("am") || skip("a.m.") {
            guard (1...12).contains(hour) else { return nil }
            hour %= 12
        }
        guard hour < 24, minute < 60, second <= 60 else { return nil }
        return (hour * 3600 + minute * 60 + min(second, 59), millisecond)
    }

    /// Minutes east of Greenwich.
    mutating func offset() -> Int? {
        if skip("Z") || skip("z") || skip("UTC") || skip("GMT") {
            guard !isAtEnd else { return 0 }
        }
        let negative = first == UInt8(ascii: "-")
        guard negative || first == UInt8(ascii: "+") else { return nil }
        index += 1
        guard let one = digits() else { return nil }
        var minutes = one.count > 2 ? one.value / 100 * 60 + one.value % 100 : one.value * 60
        if one.count <= 2, skip(":") {
            guard let rest = digits(), rest.value < 60 else { return nil }
            minutes += rest.value
        }
        guard minutes <= 14 * 60 else { return nil }
        return negative ? -minutes : minutes
    }
}
