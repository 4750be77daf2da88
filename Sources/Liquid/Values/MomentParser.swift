/// Reads dates as loosely as Ruby's `Time.parse` does.
///
/// The text is split into numbers, words and signs; unambiguous ones are taken first (a month's name, a time with
/// colons, an offset), and the rest are day, month and year by position. Missing parts come from the present day. A
/// text with nothing readable is not a date.
enum MomentParser {
    private static let monthNames = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
    private static let dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
    /// The zone names with an offset in RFC 822; any other is ignored, as in Ruby.
    private static let zones: [String: Int] = [
        "utc": 0, "gmt": 0, "z": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8,
        "pdt": -7,
    ]

    private struct Reading {
        var year: Int?
        var month: Int?
        var day: Int?
        /// From 1, in the year.
        var yearday: Int?
        var hour: Int?
        var minute = 0
        var second = 0
        var nanoseconds = 0
        var offset: Int?
    }

    static func parse(_ text: String, now: Moment, zone: Zone) -> Moment? {
        let bytes = Array(text.utf8.prefix(256)).map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
        var reading = Reading()
        var loose: [(value: Int, digits: Int)] = []
        var position = 0

        func number(_ at: inout Int) -> (Int, Int) {
            var value = 0
            let start = at
            while at < bytes.count, bytes[at].isDigit {
                if at - start < 17 { value = value * 10 + Int(bytes[at] - 0x30) }
                at += 1
            }
            return (value, at - start)
        }
        func at(_ index: Int) -> UInt8 { index < bytes.count ? bytes[index] : 0 }

        /// The end of the `am`, `pm`, `a.m.` or `p.m.` that begins there.
        func half(at index: Int) -> Int? {
            guard at(index) == 0x61 || at(index) == 0x70 else { return nil }
            if at(index + 1) == 0x6D, !at(index + 2).isLetter { return index + 2 }
            if at(index + 1) == 0x2E, at(index + 2) == 0x6D { return at(index + 3) == 0x2E ? index + 4 : index + 3 }
            return nil
        }

        while position < bytes.count {
            let byte = bytes[position]
            if byte.isDigit {
                var end = position
                let (value, digits) = number(&end)
                if digits == 4, at(end) == 0x2D, at(end + 1) == UInt8(ascii: "w") {
                    // Ruby accepts no day given by the week of a year.
                    while at(end) == 0x2D || at(end) == UInt8(ascii: "w") || at(end).isDigit { end += 1 }
                } else if digits == 4, at(end) == 0x2D, at(end + 1).isDigit, at(end + 2).isDigit, at(end + 3).isDigit,
                    !at(end + 4).isDigit, at(end + 4) != 0x2D, reading.year == nil
                {
                    end += 1
                    reading.year = value
                    reading.yearday = number(&end).0
                } else if at(end) == 0x3A, at(end + 1).isDigit, reading.hour == nil {
                    time(value, &end)
                } else if at(end) == 0x2D || at(end) == 0x2F || at(end) == 0x2E, at(end + 1).isDigit,
                    reading.year == nil,
                    reading.day == nil
                {
                    let sign = at(end)
                    var next = end + 1
                    let (second, _) = number(&next)
                    if at(next) == sign, at(next + 1).isDigit {
                        var last = next + 1
                        let (third, thirdDigits) = number(&last)
                        if digits > 2 || (sign == 0x2F && value > 31) || sign == 0x2D && thirdDigits <= 2 {
                            reading.year = century(value, digits)
                            reading.month = second
                            reading.day = third
                        } else if sign == 0x2F || thirdDigits <= 2 {
                            // Ruby reads 1/2/3 with the year first, whatever the country.
                            if thirdDigits > 2 {
                                reading.day = value
                                reading.month = second
                                reading.year = third
                            } else {
                                reading.year = century(value, digits)
                                reading.month = second
                                reading.day = third
                            }
                        } else {
                            reading.day = value
                            reading.month = second
                            reading.year = century(third, thirdDigits)
                        }
                        end = last
                    } else if digits >= 4 {
                        // `2024-03` is not a date, `2024/03` is.
                        if sign == 0x2D { return nil }
                        reading.year = value
                        reading.month = second
                        end = next
                    } else if sign == 0x2E {
                        end = next
                    } else if reading.month != nil {
                        reading.day = value
                        reading.year = second
                        end = next
                    } else if sign == 0x2D {
                        reading.day = value
                        end = next
                    } else {
                        reading.month = value
                        reading.day = second
                        end = next
                    }
                } else if digits == 14 || digits == 12 || digits == 8 || digits == 6, reading.year == nil {
                    var rest = value
                    if digits >= 12 {
                        if digits == 14 {
                            reading.second = rest % 100
                            rest /= 100
                        }
                        reading.minute = rest % 100
                        reading.hour = rest / 100 % 100
                        rest /= 10_000
                    }
                    reading.day = rest % 100
                    reading.month = rest / 100 % 100
                    if digits == 8, at(end) == UInt8(ascii: "t"), at(end + 1).isDigit {
                        var next = end + 1
                        let (clock, clockDigits) = number(&next)
                        if clockDigits == 6 {
                            (reading.hour, reading.minute, reading.second) = (
                                clock / 10_000, clock / 100 % 100, clock % 100
                            )
                            end = next
                        }
                    }
                    let year = rest / 10_000
                    reading.year = digits == 6 || digits == 12 ? century(year, 2) : year
                } else if digits == 4 && at(end) != 0x3A && reading.year == nil {
                    reading.year = value
                } else {
                    var word = end
                    while at(word) == 0x20 { word += 1 }
                    if let after = half(at: word), reading.hour == nil, value <= 12 {
                        reading.hour = value % 12 + (at(word) == 0x70 ? 12 : 0)
                        end = after
                    } else {
                        // `5th` is a day, `5` may be anything.
                        let ending = [at(end), at(end + 1)]
                        let isOrdinal = ["st", "nd", "rd", "th"].contains { Array($0.utf8) == ending }
                        loose.append((value, isOrdinal ? max(2, digits) : digits))
                    }
                }
                position = end
            } else if byte.isLetter {
                var end = position
                while at(end).isLetter { end += 1 }
                let word = String(decoding: bytes[position..<end], as: UTF8.self)
                if word.utf8.count >= 3, let month = monthNames.firstIndex(of: String(word.prefix(3))),
                    reading.month == nil
                {
                    reading.month = month + 1
                } else if word.utf8.count >= 3, dayNames.contains(String(word.prefix(3))) {
                    // A day's name alone says nothing.
                } else if let hours = zones[word], reading.hour != nil {
                    reading.offset = hours * 3_600
                } else if let after = half(at: position), let hour = reading.hour {
                    reading.hour = hour % 12 + (at(position) == 0x70 ? 12 : 0)
                    end = after
                }
                position = end
            } else if (byte == 0x2B || byte == 0x2D), reading.hour != nil, at(position + 1).isDigit {
                var end = position + 1
                let (value, digits) = number(&end)
                var hours = value
                var minutes = 0
                if digits >= 3 {
                    hours = value / 100
                    minutes = value % 100
                } else if at(end) == 0x3A, at(end + 1).isDigit {
                    end += 1
                    minutes = number(&end).0
                }
                if hours < 24 && minutes < 60 {
                    reading.offset = (hours * 3_600 + minutes * 60) * (byte == 0x2D ? -1 : 1)
                }
                position = end
            } else {
                position += 1
            }
        }

        func time(_ hour: Int, _ end: inout Int) {
            reading.hour = hour
            end += 1
            reading.minute = number(&end).0
            if at(end) == 0x3A, at(end + 1).isDigit {
                end += 1
                reading.second = number(&end).0
                if at(end) == 0x2E || at(end) == 0x2C, at(end + 1).isDigit {
                    var digits = 0
                    var nanos = 0
                    end += 1
                    while at(end).isDigit {
                        if digits < 9 {
                            nanos = nanos * 10 + Int(at(end) - 0x30)
                            digits += 1
                        }
                        end += 1
                    }
                    while digits < 9 {
                        nanos *= 10
                        digits += 1
                    }
                    reading.nanoseconds = nanos
                }
            }
        }

        for (value, digits) in loose {
            if reading.month != nil {
                if reading.day == nil && digits <= 2 {
                    reading.day = value
                } else if reading.year == nil {
                    reading.year = century(value, digits)
                }
            } else if reading.day == nil && reading.year == nil && value >= 1 && value <= 31 && digits == 2 {
                // One digit alone says nothing; two are a day.
                reading.day = value
            }
        }
        guard
            reading.year != nil || reading.month != nil || reading.day != nil || reading.hour != nil
        else { return nil }

        let today = now.shown(in: zone).civil
        let dated = reading.year != nil || reading.month != nil || reading.day != nil
        let year = reading.year ?? today.year
        let month = reading.month ?? (reading.year != nil ? 1 : today.month)
        let day = reading.yearday ?? reading.day ?? (dated ? 1 : today.day)
        let hour = reading.hour ?? 0
        guard (1...12).contains(month), day >= 1, day <= (reading.yearday == nil ? 31 : 366), hour <= 24,
            reading.minute < 60, reading.second <= 60, year <= 99_999
        else { return nil }
        let local =
            // A day beyond the end of its month runs into the next, as in Ruby.
            (Civil.days(year: year, month: month, day: 1) + Int64(day - 1)) * 86_400
            + Int64(hour * 3_600 + reading.minute * 60 + reading.second)
        let offset = reading.offset ?? zone.offset(local - Int64(zone.offset(local)))
        return Moment(seconds: local - Int64(offset), nanoseconds: Int32(reading.nanoseconds), offset: offset)
    }

    private static func century(_ year: Int, _ digits: Int) -> Int {
        digits > 2 ? year : year < 69 ? year + 2_000 : year + 1_900
    }
}
