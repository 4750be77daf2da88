internal import FoundationEssentials

/// Dates as IMAP writes them (RFC 9051, 9: date-time, date).
package enum IMAPDate {
    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

    /// Reads a date and time, in seconds since 1970.
    static func read(_ text: String) -> Int64? {
        let words = text.lowercased().split(separator: " ")
        guard words.count == 3 else { return nil }
        let date = words[0].split(separator: "-")
        let time = words[1].split(separator: ":")
        guard date.count == 3, time.count == 3, let day = Int64(date[0]), (1...31).contains(day),
            let month = months.firstIndex(of: String(date[1])), let year = Int64(date[2]), (1900...9999).contains(year),
            let hour = Int64(time[0]), (0...24).contains(hour), let minute = Int64(time[1]), (0...59).contains(minute),
            let second = Int64(time[2]), (0...60).contains(second), let zone = Int64(words[2].drop { $0 == "+" }),
            (-2359...2359).contains(zone)
        else { return nil }
        let offset = (zone / 100 * 60 + zone % 100) * 60
        return days(year, Int64(month) + 1, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
    }

    /// The day of a moment in UTC, as SEARCH wants it: `29-Nov-2026`.
    package static func day(_ seconds: Int64) -> String {
        // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
        let seconds = min(max(seconds, -2_208_988_800), 253_402_300_799)
        let shifted = Int64((Double(seconds) / 86_400).rounded(.down)) + 719_468
        let era = shifted / 146_097
        let ofEra = shifted % 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * ofYear + 2) / 153
        let day = ofYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return "\(day)-\(months[Int(month) - 1].capitalized)-\(year)"
    }

    /// Days from 1970-01-01 to a date; days_from_civil of the same source.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let ofEra = year - era * 400
        let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }
}
