// Times as carriers write them.
//
// A time is a wall clock's, with an offset or without one. Without an offset it is placed by where the scan was made (`PlaceZones`), else by the
// carrier's habit, and marked as such: a wrong hour in a mail is worse than a missing one. Midnight without an offset may be a day and no time;
// the caller knows. Refused as times are days that no living parcel was scanned on: before the year 2000, and more than two days ahead of
// us. Carriers write 1970 and 2099 for "nothing" and "never".

internal import Outreach

/// A wall clock time as it was told.
struct ToldTime: Hashable, Sendable {
    var day: CalendarDay
    /// Seconds since midnight; nil where only a day was told.
    var second: Int?
    /// 0 to 999.
    var millisecond = 0
    /// Minutes east of Greenwich, if told.
    var offset: Int?

    init(day: CalendarDay, second: Int? = nil, millisecond: Int = 0, offset: Int? = nil) {
        self.day = day
        self.second = second
        self.millisecond = millisecond
        self.offset = offset
    }

    /// True for a day alone, and for midnight sharp, which most carriers write for a day alone.
    var isDateOnly: Bool { second == nil || (second == 0 && millisecond == 0) }

    /// As ISO 8601 has it, with as much as was told.
    var text: String {
        guard let second else { return "\(day)" }
        let clock = "\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60))"
        let fraction = millisecond == 0 ? "" : "." + String(String(1000 + millisecond).dropFirst())
        return "\(day)T\(clock)\(fraction)\(offset.map(offsetText) ?? "")"
    }

    /// The wall clock alone, which a scan's id is made of: an offset that is told later does not make another scan.
    var wallText: String { ToldTime(day: day, second: second, millisecond: millisecond).text }
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
    /// Reads what carriers write: ISO 8601 in its many dialects, `20240320`, `2024-03-20 19:08:38 UTC`, `8/17/2021 7:11:26 PM`,
    /// `17.08.2021 19:11`, `/Date(1445371200000)/`. Numbers with points are day first, with slashes month first, as their carriers have it.
    init?(_ text: String?) {
        guard let text, text.utf8.count <= 48 else { return nil }
        var scanner = ClockScanner(text)
        if scanner.skip("/Date(") {
            guard let milliseconds = Int64(text.dropFirst(6).prefix { $0.isNumber || $0 == "-" }),
                abs(milliseconds) < 1 << 48
            else {
                return nil
            }
            self.init(moment: Moment(milliseconds: milliseconds), offset: 0)
            return
        }
        guard let day = scanner.day() else { return nil }
        scanner.skipSpaces()
        if scanner.isAtEnd {
            self.init(day: day)
            return
        }
        _ = scanner.skip("T") || scanner.skip("t") || scanner.skip("-")
        scanner.skipSpaces()
        guard let clock = scanner.clock() else { return nil }
        scanner.skipSpaces()
        let endsHere = scanner.isAtEnd
        let offset = scanner.offset()
        guard endsHere || offset != nil, scanner.isAtEnd else { return nil }
        self.init(day: day, second: clock.second, millisecond: clock.millisecond, offset: offset)
    }

    /// Reads a day and a clock time that were told apart, and an offset that may stand in a third field.
    init?(day: String?, clock: String?, offset: String? = nil) {
        guard let told = ToldTime(day) else { return nil }
        self = told
        guard let clock, !clock.isEmpty else { return }
        var scanner = ClockScanner(clock)
        guard let time = scanner.clock() else { return nil }
        scanner.skipSpaces()
        second = time.second
        millisecond = time.millisecond
        self.offset = scanner.offset() ?? offset.flatMap(Self.offset)
    }

    /// The moment on the wall clock of that offset.
    init(moment: Moment, offset: Int) {
        let local = moment.milliseconds + Int64(offset) * 60_000
        let days = local >= 0 ? local / 86_400_000 : -((-local + 86_399_999) / 86_400_000)
        let rest = Int(local - days * 86_400_000)
        self.init(day: CalendarDay(daysSinceEpoch: days), second: rest / 1000, millisecond: rest % 1000, offset: offset)
    }

    /// Minutes of `+01:00`, `-0500`, `Z`, `UTC`.
    static func offset(_ text: String) -> Int? {
        var scanner = ClockScanner(text.trimmed)
        guard let offset = scanner.offset(), scanner.isAtEnd else { return nil }
        return offset
    }
}

/// Walks over a time's text.
private struct ClockScanner {
    private var bytes: ArraySlice<UInt8>

    init(_ text: String) { bytes = ArraySlice(text.trimmed.utf8) }

    var isAtEnd: Bool { bytes.isEmpty }

    mutating func skipSpaces() { bytes = bytes.drop(while: \.isSpace) }

    mutating func skip(_ text: StaticString) -> Bool {
        let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        guard bytes.starts(with: wanted) else { return false }
        bytes = bytes.dropFirst(wanted.count)
        return true
    }

    /// The digits that stand here.
    private mutating func digits() -> (value: Int, count: Int)? {
        var value = 0
        var count = 0
        while let byte = bytes.first, byte.isDigit, count < 9 {
            value = value * 10 + Int(byte - 0x30)
            count += 1
            bytes = bytes.dropFirst()
        }
        return count == 0 ? nil : (value, count)
    }

    mutating func day() -> CalendarDay? {
        guard let first = digits() else { return nil }
        if first.count == 8 {
            return CalendarDay(year: first.value / 10_000, month: first.value / 100 % 100, day: first.value % 100)
        }
        guard let separator = bytes.first,
            [UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: ".")].contains(separator)
        else { return nil }
        bytes = bytes.dropFirst()
        guard let second = digits(), bytes.first == separator else { return nil }
        bytes = bytes.dropFirst()
        guard let third = digits() else { return nil }
        if first.count == 4 { return CalendarDay(year: first.value, month: second.value, day: third.value) }
        guard third.count == 4 else { return nil }
        return separator == UInt8(ascii: "/")
            ? CalendarDay(year: third.value, month: first.value, day: second.value)
            : CalendarDay(year: third.value, month: second.value, day: first.value)
    }

    /// `19:08:38.5`, `19:08`, `2:39 PM`, `190838`, and `74700`, which lost its zero.
    mutating func clock() -> (second: Int, millisecond: Int)? {
        guard let first = digits() else { return nil }
        var hour = first.value
        var minute = 0
        var second = 0
        var millisecond = 0
        if first.count > 2 {
            guard first.count <= 6 else { return nil }
            let value = first.count <= 4 ? first.value * 100 : first.value
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
                guard bytes.first?.isDigit ?? false else { return nil }
                while let byte = bytes.first, byte.isDigit {
                    millisecond += Int(byte - 0x30) * scale
                    scale /= 10
                    bytes = bytes.dropFirst()
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

    mutating func offset() -> Int? {
        if skip("Z") || skip("z") || skip("UTC") || skip("GMT") {
            guard !isAtEnd else { return 0 }
        }
        let negative = bytes.first == UInt8(ascii: "-")
        guard negative || bytes.first == UInt8(ascii: "+") else { return nil }
        bytes = bytes.dropFirst()
        guard let first = digits() else { return nil }
        var minutes = first.count > 2 ? first.value / 100 * 60 + first.value % 100 : first.value * 60
        if first.count <= 2, skip(":") {
            guard let rest = digits(), rest.value < 60 else { return nil }
            minutes += rest.value
        }
        guard minutes <= 14 * 60 else { return nil }
        return negative ? -minutes : minutes
    }
}
