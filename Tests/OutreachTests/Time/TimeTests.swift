import Foundation
import Testing

@testable import Outreach

@Suite("Time")
struct TimeTests {
    @Test(
        "reads and writes ISO 8601",
        arguments: [
            ("2026-11-21T10:00:00Z", "2026-11-21T10:00:00Z"), ("2026-11-21T10:00:00+01:00", "2026-11-21T09:00:00Z"),
            ("2026-11-21T10:00:00.1234567Z", "2026-11-21T10:00:00.123Z"),
            ("2026-01-01T00:30:00+0530", "2025-12-31T19:00:00Z"),
            ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
            ("2024-02-29T12:00:00-11:00", "2024-02-29T23:00:00Z"),
        ])
    func iso(text: String, printed: String) {
        #expect(Moment(iso8601: text)?.iso8601 == printed)
    }

    @Test(
        "refuses what is no moment",
        arguments: [
            "", "2026-11-21", "2026-11-21T10:00:00", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z",
            "2026-11-21T25:00:00Z", "2026-11-21T10:00:00Zx", "٢٠٢٦-11-21T10:00:00Z",
        ])
    func notISO(text: String) { #expect(Moment(iso8601: text) == nil) }

    @Test("counts days as the calendar does, over four centuries")
    func days() {
        var day = CalendarDay(year: 1899, month: 12, day: 31)!
        #expect(day.weekday == 7)
        for _ in 0..<146_097 {
            let next = day.adding(days: 1)
            let (year, month, date) = next.components
            #expect(CalendarDay(year: year, month: month, day: date) == next)
            #expect(CalendarDay(iso8601: next.description) == next)
            #expect(next.weekday == day.weekday % 7 + 1)
            day = next
        }
        #expect(day.description == "2299-12-31")
    }

    @Test(
        "finds the moment of a wall clock, over the changes of the clock",
        arguments: [
            ("Europe/London", "2026-03-29", 1 * 3600 + 1800, "2026-03-29T01:00:00Z"),
            ("Europe/London", "2026-10-25", 1 * 3600 + 1800, "2026-10-25T00:30:00Z"),
            ("America/New_York", "2026-11-01", 0, "2026-11-01T04:00:00Z"),
            ("Australia/Lord_Howe", "2026-10-04", 12 * 3600, "2026-10-04T01:00:00Z"),
            ("Asia/Kathmandu", "2026-05-05", 10 * 3600, "2026-05-05T04:15:00Z"),
            ("Pacific/Apia", "2026-05-05", 0, "2026-05-04T11:00:00Z"),
            ("America/Santiago", "2026-09-06", 0, "2026-09-06T04:00:00Z"),
        ])
    func wallClock(zone: String, day: String, second: Int, expected: String) {
        let moment = Zone(named: zone)!.moment(on: CalendarDay(iso8601: day)!, secondOfDay: second)
        #expect(moment.iso8601 == expected)
    }

    @Test("keeps arithmetic within the years we know")
    func bounds() {
        #expect(Moment.distantFuture + .days(1) == .distantFuture)
        #expect(Moment.distantPast - .seconds(Int64.max / 2) == .distantPast)
        #expect((Moment(seconds: 10) - Moment(seconds: 4)) == .seconds(6))
    }
}

@Suite("Addresses")
struct MailAddressTests {
    @Test(
        "takes what a relay takes",
        arguments: ["ada@shopper.example", "a.b+c@sub.shopper.example", "zoë@bücher.example", " ada@shopper.example "])
    func good(text: String) { #expect(MailAddress(parsing: text) != nil) }

    @Test(
        "refuses what could be something else",
        arguments: [
            "", "ada", "ada@", "@x.example", "ada@localhost", "a b@x.example", "a@x.example,b@y.example",
            "a@@x.example",
            "a\r\nBcc: b@x.example", "a@x.example\r\nBcc: b@y.example", "<a@x.example", ".a@x.example",
            "a..b@x.example",
            "a@-x.example", "\"a b\"@x.example", "a@[127.0.0.1]", "a@x..example", "a@x.example>",
        ])
    func bad(text: String) { #expect(MailAddress(address: text) == nil) }

    @Test("keeps the name, and makes spaces of its control characters")
    func names() {
        let address = MailAddress(parsing: "Juniper & Fig <orders@fig.example>")
        #expect(address?.name == "Juniper & Fig")
        #expect(address?.domain == "fig.example")
        #expect(MailAddress(name: "A\r\nBcc: x", address: "a@fig.example")?.name?.contains("\n") == false)
    }
}

@Suite("Zones, remembered")
struct ZoneOffsetTests {
    /// Offsets are remembered in pieces of twelve days with one change at most in each, so each change is looked at,
    /// and what lies around it.
    @Test(
        "have the offsets that the system's zone data has, at every change of the clock from 2000 to 2041 and between")
    func offsets() throws {
        var random = SeededGenerator(seed: 3)
        for name in TimeZone.knownTimeZoneIdentifiers {
            guard let zone = Zone(named: name) else { continue }
            let system = zone.timeZone
            func check(_ seconds: Int64) {
                let expected = system.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds)))
                #expect(zone.offset(at: Moment(seconds: seconds)) == expected, "\(name) \(seconds)")
            }
            var date = Date(timeIntervalSince1970: 946_684_800)
            while let change = system.nextDaylightSavingTimeTransition(after: date),
                change.timeIntervalSince1970 < 2_250_000_000, change > date
            {
                let seconds = Int64(change.timeIntervalSince1970)
                for distance: Int64 in [-600_000, -1, 0, 1, 600_000] { check(seconds + distance) }
                date = change
            }
            // Before and after the pieces too.
            for _ in 0..<20 { check(Int64.random(in: 0...2_400_000_000, using: &random)) }
        }
    }
}
