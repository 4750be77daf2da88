import Testing

@testable import Outreach

/// Time as examples tell it: the same words that a merchant writes, over the days on which clocks and calendars do
/// something odd.
@Suite("Examples about time")
struct TimeExamplesTests {
    private func failures(_ trigger: String, shop: String = "", _ examples: String) throws -> [String] {
        let files = [
            "shop.yaml": "brand: { name: Juniper & Fig, from: orders@juniperfig.example }\n" + shop,
            "a.yaml": trigger + "\nexamples:\n" + examples,
            "templates/a.md": "---\nsubject: Hello\n---\n{{ event.happened_at | date: \"%A %-d %B %H:%M\" }}\n",
        ]
        let (set, faults) = TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) }))
        #expect(faults.filter { $0.severity == .error }.map(\.description) == [])
        return ExampleRunner(try #require(set)).run().failures.map(\.description)
    }

    private func example(_ at: String, _ sent: String, zone: String? = nil, contains: String? = nil) -> String {
        let given = zone.map { "    given: { order: { time_zone: \($0) } }\n" } ?? ""
        let words = contains.map { ", contains: \"\($0)\"" } ?? ""
        return "  - name: from \(at) to \(sent) \(zone ?? "")\n    at: \(at)\n\(given)"
            + "    expect: [{ email: { sent: \(sent)\(words) } }]\n"
    }

    @Test(
        "over the clock changes, in spring and in autumn",
        arguments: [
            // A day keeps the time of day; 24 hours are 24 hours. London leaves winter time on 29 March and summer time
            // on 25 October 2026.
            ("after: 1 day", "2026-03-28 18:00", "2026-03-29 18:00"),
            ("after: 24 hours", "2026-03-28 18:00", "2026-03-29 19:00"),
            ("after: 1 day", "2026-10-24 18:00", "2026-10-25 18:00"),
            ("after: 24 hours", "2026-10-24 18:00", "2026-10-25 17:00"),
            // 01:30 is not there on that morning: the first moment after the gap. In autumn it is there twice: the
            // first.
            ("after: 1 day", "2026-03-28 01:30", "2026-03-29 02:00"),
            ("after: 1 day", "2026-10-24 01:30", "2026-10-25 01:30"),
            ("at: 10:00", "2026-03-28 18:00", "2026-03-29 10:00"),
            ("at: 10:00", "2026-10-24 18:00", "2026-10-25 10:00"),
        ])
    func clockChanges(_ wait: String, _ at: String, _ sent: String) throws {
        #expect(try failures("on: order.paid\n\(wait)\nsend: email", example(at, sent)) == [])
        // The example does look at the minute.
        let wrong = String(sent.dropLast()) + "1"
        #expect(try failures("on: order.paid\n\(wait)\nsend: email", example(at, wrong)).count == 1)
    }

    @Test(
        "on both sides of the date line, and where clocks stand at the half or the quarter",
        arguments: [
            // 10:00 there is, by the clock of the shop in London (winter time):
            ("Pacific/Auckland", "2026-03-10 12:00", "2026-03-10 21:00", "Wednesday 11 March 01:00"),
            ("Pacific/Kiritimati", "2026-03-10 12:00", "2026-03-10 20:00", "Wednesday 11 March 02:00"),
            ("Pacific/Honolulu", "2026-03-10 12:00", "2026-03-10 20:00", "Tuesday 10 March 02:00"),
            ("Pacific/Pago_Pago", "2026-03-10 12:00", "2026-03-10 21:00", "Tuesday 10 March 01:00"),
            ("Asia/Kolkata", "2026-03-10 12:00", "2026-03-11 04:30", "Tuesday 10 March 17:30"),
            ("Asia/Kathmandu", "2026-03-10 12:00", "2026-03-11 04:15", "Tuesday 10 March 17:45"),
            ("Australia/Adelaide", "2026-03-10 12:00", "2026-03-10 23:30", "Tuesday 10 March 22:30"),
            ("America/St_Johns", "2026-03-10 12:00", "2026-03-10 12:30", "Tuesday 10 March 09:30"),
        ])
    func zones(_ zone: String, _ at: String, _ sent: String, _ words: String) throws {
        #expect(
            try failures("on: order.paid\nat: 10:00\nsend: email", example(at, sent, zone: zone, contains: words)) == []
        )
    }

    @Test(
        "by the shop's working days, over weekends and holidays, wherever the shopper is",
        arguments: [
            ("2026-12-24 15:00", 1, "2026-12-29 15:00"), ("2026-12-24 15:00", 3, "2026-12-31 15:00"),
            ("2026-12-31 09:00", 1, "2027-01-04 09:00"), ("2026-03-27 15:00", 1, "2026-03-30 15:00"),
            ("2026-03-14 15:00", 1, "2026-03-16 15:00"),
        ])
    func businessDays(_ at: String, _ days: Int, _ sent: String) throws {
        let shop = "holidays: [2026-12-25, 2026-12-28, 2027-01-01]\n"
        for zone in [nil, "Pacific/Kiritimati", "Asia/Kolkata"] {
            #expect(
                try failures(
                    "on: order.paid\nafter: \(days) business days\nsend: email", shop: shop,
                    example(at, sent, zone: zone)) == [])
        }
    }

    @Test(
        "by the shopper's night",
        arguments: [
            (nil, "2026-03-28 22:00", "2026-03-29 08:00"), (nil, "2026-10-24 22:00", "2026-10-25 08:00"),
            ("Asia/Kolkata", "2026-03-10 17:00", "2026-03-11 02:30"),
            ("Asia/Kolkata", "2026-03-10 15:00", "2026-03-10 15:00"),
            ("Pacific/Auckland", "2026-03-10 15:00", "2026-03-10 19:00"),
            ("America/New_York", "2026-03-10 10:00", "2026-03-10 12:00"),
        ])
    func nights(_ zone: String?, _ at: String, _ sent: String) throws {
        #expect(
            try failures(
                "on: order.paid\nsend: email", shop: "quiet_hours: 21:00-08:00\n", example(at, sent, zone: zone)) == [])
    }
}

@Suite("The shops of docs/examples")
struct ExampleShopsTests {
    @Test("are right, without a warning, and do what they say", arguments: ["wholesale-and-retail", "two-languages"])
    func hold(_ name: String) throws {
        let folder = try TriggerFolder(readingFrom: "\(Package.root)/docs/examples/\(name)", name: name)
        let (set, faults) = TriggerSet.load(folder)
        #expect(faults.map(\.description) == [])
        let (count, failures) = ExampleRunner(try #require(set)).run()
        #expect(failures.map(\.description) == [])
        #expect(count >= 14)
    }
}
