internal import FoundationEssentials

/// A point in time from Shopify, in whole milliseconds since 1970-01-01T00:00:00Z. Always within the years 1 to 9999,
/// whatever is added to it.
package struct Timestamp: Hashable, Comparable, Sendable {
    /// Milliseconds since the epoch; negative before it.
    package let milliseconds: Int64

    /// The moment this many milliseconds after the epoch, clamped to the years 1 to 9999.
    package init(milliseconds: Int64) { self.milliseconds = min(max(milliseconds, Self.first), Self.last) }

    /// The moment this many seconds after the epoch, clamped as above.
    package init(seconds: Int64) {
        let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        self.init(milliseconds: overflow ? (seconds < 0 ? .min : .max) : milliseconds)
    }

    private static let first: Int64 = -62_135_596_800_000
    private static let last: Int64 = 253_402_300_799_999

    /// Whole seconds since the epoch, rounded down.
    package var seconds: Int64 { Int64((Double(milliseconds) / 1000).rounded(.down)) }

    package static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }

    package static func + (a: Timestamp, duration: Duration) -> Timestamp {
        Timestamp(milliseconds: a.milliseconds.addingReportingOverflow(duration.boundedMilliseconds).partialValue)
    }

    package static func - (a: Timestamp, b: Timestamp) -> Duration { .milliseconds(a.milliseconds - b.milliseconds) }
}

extension Timestamp: Codable {
    /// Reads the integer that `encode(to:)` writes, and clamps any other.
    package init(from decoder: any Decoder) throws {
        self.init(milliseconds: try decoder.singleValueContainer().decode(Int64.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }
}

extension Timestamp {
    /// Reads `2026-11-21T10:00:00Z` and the like (RFC 3339, section 5.6), with the minutes east of Greenwich if the
    /// text has an offset other than `Z`.
    static func read(_ text: String) -> (time: Timestamp, offsetMinutes: Int?)? {
        let bytes = Array(text.utf8)
        guard (20...40).contains(bytes.count) else { return nil }
        func number(_ places: Range<Int>) -> Int? {
            guard places.upperBound <= bytes.count else { return nil }
            var value = 0
            for byte in bytes[places] {
                guard byte >= 0x30, byte <= 0x39 else { return nil }
                value = value * 10 + Int(byte - 0x30)
            }
            return value
        }
        func has(_ character: Unicode.Scalar, at place: Int) -> Bool {
            place < bytes.count && bytes[place] == UInt8(ascii: character)
        }
        guard let year = number(0..<4), has("-", at: 4), let month = number(5..<7), has("-", at: 7),
            let day = number(8..<10), has("T", at: 10) || has("t", at: 10), let hour = number(11..<13),
            has(":", at: 13), let minute = number(14..<16), has(":", at: 16), let second = number(17..<19),
            year > 0, (1...12).contains(month), day >= 1, day <= days(in: month, of: year),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        var place = 19
        var millisecond = 0
        if has(".", at: place) {
            var scale = 100
            place += 1
            guard number(place..<place + 1) != nil else { return nil }
            while let digit = number(place..<place + 1) {
                millisecond += digit * scale
                scale /= 10
                place += 1
            }
        }
        var offset: Int?
        if has("Z", at: place) || has("z", at: place) {
            place += 1
        } else {
            let isWest = has("-", at: place)
            guard isWest || has("+", at: place), let hours = number(place + 1..<place + 3), has(":", at: place + 3),
                let minutes = number(place + 4..<place + 6), hours < 24, minutes < 60
            else { return nil }
            offset = (hours * 60 + minutes) * (isWest ? -1 : 1)
            place += 6
        }
        guard place == bytes.count else { return nil }
        let clock = hour * 3600 + (minute - (offset ?? 0)) * 60 + min(second, 59)
        let whole = daysSinceEpoch(year: year, month: month, day: day) * 86_400 + clock
        return (Timestamp(milliseconds: Int64(whole) * 1000 + Int64(millisecond)), offset)
    }

    private static func days(in month: Int, of year: Int) -> Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    }

    /// Gregorian calendar. Years are counted from March, so that the leap day is the last one.
    private static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int {
        let y = month > 2 ? year : year - 1
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return y * 365 + y / 4 - y / 100 + y / 400 + dayOfYear - 719_468
    }
}

extension Duration {
    /// In whole milliseconds, clamped so that two of them can be added without overflow.
    var boundedMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        let bound = Int64.max / 4
        if overflow { return seconds < 0 ? -bound : bound }
        return min(max(product, -bound), bound) + attoseconds / 1_000_000_000_000_000
    }
}

/// The clock and the wait that a client uses; tests inject their own, so that none of them sleeps.
package struct ShopClock: Sendable {
    /// The current time.
    package var now: @Sendable () -> Timestamp
    /// Waits that long; throws only if the task is cancelled.
    package var sleep: @Sendable (Duration) async throws(CancellationError) -> Void

    package init(
        now: @escaping @Sendable () -> Timestamp,
        sleep: @escaping @Sendable (Duration) async throws(CancellationError) -> Void
    ) {
        self.now = now
        self.sleep = sleep
    }
}

extension ShopClock {
    /// The machine's clock.
    package static let system = ShopClock(
        now: { Timestamp(milliseconds: Int64((Date.now.timeIntervalSince1970 * 1000).rounded(.down))) },
        sleep: { duration throws(CancellationError) in
            do { try await Task.sleep(for: duration) } catch { throw CancellationError() }
        })
}
