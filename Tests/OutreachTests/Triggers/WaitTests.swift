import Foundation
import Liquid
import Testing

@testable import Outreach

private func zone(_ name: String) throws -> Outreach.Zone { .first(of: name) }

private func local(_ text: String, _ zone: Outreach.Zone) throws -> Outreach.Moment {
    try #require(Example.LocalTime(text)).moment(in: zone)
}

@Suite("Waits")
struct WaitTests {
    @Test(
        "read lengths of time as people write them",
        arguments: [
            ("7 days", Length(7, .days)), ("1 day", Length(1, .days)), ("36 hours", Length(36, .hours)),
            ("3 business days", Length(3, .businessDays)), ("1 working day", Length(1, .businessDays)),
            ("2 weeks", Length(2, .weeks)), ("90 minutes", Length(90, .minutes)), ("12hours", Length(12, .hours)),
            ("4 business hours", Length(4, .businessHours)), ("1 working hour", Length(1, .businessHours)),
        ])
    func lengths(_ text: String, _ expected: Length) throws {
        #expect(try Length.read(text).get() == expected)
        #expect(try Length.read(expected.description).get() == expected)
    }

    @Test(
        "count from the event on the calendar of their place",
        arguments: [
            // (zone, from, length, to)
            ("Europe/London", "2026-03-10 18:00", Length(1, .days), "2026-03-11 18:00"),
            // Over the clock changes a day is a day, and 24 hours are 24 hours.
            ("Europe/Berlin", "2026-03-28 18:00", Length(1, .days), "2026-03-29 18:00"),
            ("Europe/Berlin", "2026-03-28 18:00", Length(24, .hours), "2026-03-29 19:00"),
            ("Europe/Berlin", "2026-10-24 18:00", Length(1, .days), "2026-10-25 18:00"),
            ("Europe/Berlin", "2026-10-24 18:00", Length(24, .hours), "2026-10-25 17:00"),
            // 02:30 does not exist on that night: the first moment after the gap.
            ("Europe/Berlin", "2026-03-28 2:30", Length(1, .days), "2026-03-29 3:00"),
            ("Australia/Adelaide", "2026-01-31 9:15", Length(4, .weeks), "2026-02-28 9:15"),
            ("Asia/Kolkata", "2026-02-28 23:59", Length(1, .days), "2026-03-01 23:59"),
            ("Pacific/Kiritimati", "2026-12-31 12:00", Length(1, .days), "2027-01-01 12:00"),
        ])
    func calendar(_ place: String, _ from: String, _ length: Length, _ to: String) throws {
        let zone = try zone(place)
        let calendar = BusinessCalendar(zone: try self.shop())
        #expect(calendar.moment(length, after: try local(from, zone), in: zone) == (try local(to, zone)))
    }

    private func shop() throws -> Outreach.Zone { try zone("Europe/London") }

    @Test(
        "count business hours while people are there, over nights, weekends, holidays and days away, and backwards",
        arguments: [
            ("2026-03-10 10:00", 4, "2026-03-10 14:00"), ("2026-03-10 15:00", 4, "2026-03-11 11:00"),
            ("2026-03-10 7:00", 4, "2026-03-10 13:00"), ("2026-03-13 16:00", 4, "2026-03-14 13:00"),
            ("2026-03-13 16:00", 5, "2026-03-16 10:00"), ("2026-03-14 20:00", 1, "2026-03-16 10:00"),
            // Christmas, then two days away.
            ("2026-12-24 16:00", 2, "2026-12-30 10:00"),
        ])
    func businessHours(_ from: String, _ count: Int, _ to: String) throws {
        let zone = try shop()
        var calendar = BusinessCalendar(holidays: [CalendarDay(iso8601: "2026-12-25")!], zone: zone)
        calendar.hours = [
            BusinessHours(weekdays: [1, 2, 3, 4, 5], start: 540, end: 1_020),
            BusinessHours(weekdays: [6], start: 600, end: 780),
        ]
        calendar.away = [
            Away(from: CalendarDay(iso8601: "2026-12-26")!, until: CalendarDay(iso8601: "2026-12-29")!, say: nil)
        ]
        let (start, end) = (try local(from, zone), try local(to, zone))
        #expect(calendar.moment(Length(count, .businessHours), after: start, in: zone) == end)
        // Going back from there ends within the hours that were counted.
        let back = calendar.moment(Length(count, .businessHours), before: end, in: zone)
        #expect(calendar.moment(Length(count, .businessHours), after: back, in: zone) == end && back >= start)
        // Without hours, all of the days on which the shop works.
        calendar.hours = []
        #expect(
            calendar.opened(3_600, after: try local("2026-03-13 23:30", zone)) == (try local("2026-03-16 0:30", zone)))
        calendar.hours = [BusinessHours(weekdays: [], start: 0, end: 60)]
        #expect(calendar.moment(Length(1, .businessHours), after: start, in: zone) == .distantFuture)
    }

    @Test(
        "count business days as a shop does",
        arguments: [
            ("2026-03-10 15:00", 1, "2026-03-11 15:00"),  // Tuesday, Wednesday
            ("2026-03-13 15:00", 1, "2026-03-16 15:00"),  // Friday, Monday
            ("2026-03-14 15:00", 1, "2026-03-16 15:00"),  // Saturday, Monday
            ("2026-03-15 15:00", 3, "2026-03-18 15:00"),  // Sunday, Wednesday
            ("2026-12-24 15:00", 1, "2026-12-29 15:00"),  // over Christmas, and the Monday kept free for it
            ("2026-12-24 15:00", 3, "2026-12-31 15:00"),
        ])
    func businessDays(_ from: String, _ count: Int, _ to: String) throws {
        let zone = try shop()
        let holidays = ["2026-12-25", "2026-12-26", "2026-12-28"].compactMap { CalendarDay(iso8601: $0) }
        let calendar = BusinessCalendar(holidays: Set(holidays), zone: zone)
        let length = Length(count, .businessDays)
        #expect(calendar.moment(length, after: try local(from, zone), in: zone) == (try local(to, zone)))
    }

    @Test("end, however many holidays a file names")
    func onlyHolidays() throws {
        let zone = try shop()
        let first = try #require(CalendarDay(iso8601: "2026-01-01"))
        let holidays = Set((0..<30_000).map { first.adding(days: $0) })
        let calendar = BusinessCalendar(holidays: holidays, zone: zone)
        #expect(
            calendar.moment(Length(520, .businessDays), after: Outreach.Moment(seconds: 1_767_225_600), in: zone)
                > .distantPast)
    }

    @Test(
        "then wait for the time of day where the shopper is",
        arguments: [
            ("America/New_York", "2026-03-10 9:59", "2026-03-10 10:00"),
            ("America/New_York", "2026-03-10 10:00", "2026-03-10 10:00"),
            ("America/New_York", "2026-03-10 10:01", "2026-03-11 10:00"),
            ("Asia/Kathmandu", "2026-03-10 23:00", "2026-03-11 10:00"),
        ])
    func timeOfDay(_ place: String, _ from: String, _ to: String) throws {
        let zone = try zone(place)
        let ten = try #require(TimeOfDay("10:00"))
        #expect(ten.next(from: try local(from, zone), in: zone) == (try local(to, zone)))
    }

    @Test(
        "read times of day, and nothing else",
        arguments: [
            ("10:00", 600), ("9:30", 570), ("00:00", 0), ("12:00 am", 0), ("12:15 pm", 735), ("2:30 PM", 870),
            ("24:00", nil), ("10", nil), ("10:0", nil), ("10:60", nil), ("13:00 pm", nil), ("1:2:3", nil), ("", nil),
        ] as [(String, Int?)])
    func times(_ text: String, _ minutes: Int?) {
        #expect(TimeOfDay(text)?.minutes == minutes)
    }
}

@Suite("When a trigger is due")
struct DueTests {
    private func trigger(_ source: String) throws -> Trigger {
        let brand = Brand(name: "Shop", from: try #require(MailAddress(address: "a@shop.example")))
        let around = TriggerReader.Surroundings(settings: ShopSettings(brand: brand), templates: ["t"], webhooks: nil)
        let (trigger, _, faults) = TriggerReader.read(source, name: "t", file: "t.yaml", surroundings: around)
        #expect(faults == [])
        return try #require(trigger)
    }

    private func due(_ source: String, _ order: StandardOrder) throws -> Outreach.Moment {
        let brand = Brand(name: "Shop", from: try #require(MailAddress(address: "a@shop.example")))
        return try trigger(source).dueAt(
            order.event, record: order.record, zone: StandardOrder.zone, shopZone: StandardOrder.zone,
            settings: ShopSettings(brand: brand)
        ) {
            Scope(
                record: order.record, event: order.event, history: History(), settings: ShopSettings(brand: brand),
                now: StandardOrder.moment, zone: StandardOrder.zone, shopZone: StandardOrder.zone)
        }
    }

    @Test("is at once without a wait, and later with one")
    func after() throws {
        let order = StandardOrder(.shipmentDelivered, at: StandardOrder.moment)
        #expect(try due("{ on: shipment.delivered, send: email }", order) == StandardOrder.moment)
        #expect(
            try due("{ on: shipment.delivered, after: 2 days, at: \"9:00\", send: email }", order)
                == StandardOrder.zone.moment(on: CalendarDay(year: 2026, month: 3, day: 13)!, secondOfDay: 32_400))
    }

    @Test("with 'for' counts from the last that was heard, and moves with it")
    func silence() throws {
        let source = "{ on: shipment.in_transit, for: 4 days, send: email }"
        var order = StandardOrder(.shipmentInTransit, at: StandardOrder.moment)
        #expect(try due(source, order) == StandardOrder.moment + .days(4))
        let later = StandardOrder.moment + .days(2)
        order.apply([.init(path: "shipment.status", value: .string("in_transit"))], at: later)
        var event = order.event
        event.recordedAt = later
        #expect(try due(source, order) == later + .days(4))
    }

    @Test("with 'for' never comes for a parcel that no source can watch")
    func unwatched() throws {
        var order = StandardOrder(.shipmentInTransit, at: StandardOrder.moment)
        order.apply([.init(path: "shipment.tracking_number", value: .null)], at: StandardOrder.moment)
        order.silenceSources()
        #expect(try due("{ on: shipment.in_transit, for: 4 days, send: email }", order) == .distantFuture)
    }

    @Test(
        "has one key for each subject, as anybody would expect",
        arguments: [
            (
                "{ on: shipment.delivered, send: email }", EventKind.shipmentDelivered,
                "shipment.delivered/shipment:2001/1"
            ),
            (
                "{ on: return.label_ready, send: email }", .returnLabelReady,
                "return.label_ready/return:gid://shopify/Return/3001#example"
            ),
            ("{ on: refund.issued, send: email }", .refundIssued, "refund.issued/refund:gid://shopify/Refund/4001"),
            (
                "{ on: shipment.eta_changed, send: email }", .shipmentETAChanged,
                "shipment.eta_changed/shipment:2001/1.1"
            ),
            ("{ on: order.paid, send: email }", .orderPaid, "order.paid/order:gid://shopify/Order/1001"),
            (
                "{ on: shipment.delivered, once_per: order, send: email }", .shipmentDelivered,
                "order:gid://shopify/Order/1001"
            ),
            ("{ on: shipment.delivered, once_per: shipment, send: email }", .shipmentDelivered, "shipment:2001/1"),
            (
                "{ on: shipment.delivered, once_per: customer, send: email }", .shipmentDelivered,
                "customer:gid://shopify/Customer/5001"
            ),
            ("{ on: refund.issued, once_per: return, send: email }", .refundIssued, "return:gid://shopify/Return/3001"),
        ])
    func keys(_ source: String, _ kind: EventKind, _ key: String) throws {
        let order = StandardOrder(kind, at: StandardOrder.moment)
        #expect(try trigger(source).keys(for: order.event, record: order.record) == [key])
    }

    @Test("has a key for each parcel of an event about several")
    func severalKeys() throws {
        var order = StandardOrder(.shipmentDelivered, at: StandardOrder.moment)
        var event = order.event
        event.occurrences.append(.init(subject: "shipment:2001/2", n: 1, mark: "x"))
        order.apply([], at: StandardOrder.moment)
        let trigger = try trigger("{ on: shipment.delivered, send: email }")
        #expect(
            trigger.keys(for: event, record: order.record)
                == ["shipment.delivered/shipment:2001/1", "shipment.delivered/shipment:2001/2"])
    }

    @Test("says which condition stopped it, with its value and without a person's")
    func failed() throws {
        let trigger = try trigger(
            """
            on: shipment.delayed
            if: order.total_price >= 100
            unless: customer.email contains "@shopper.example"
            send: email
            """)
        let brand = Brand(name: "Shop", from: try #require(MailAddress(address: "a@shop.example")))
        let order = StandardOrder(.shipmentDelayed, at: StandardOrder.moment)
        func scope(_ record: OrderRecord) -> Outreach.Scope {
            Outreach.Scope(
                record: record, event: order.event, history: History(), settings: ShopSettings(brand: brand),
                now: StandardOrder.moment, zone: StandardOrder.zone, shopZone: StandardOrder.zone)
        }
        let small = try #require(trigger.failedCondition(scope(order.record)))
        #expect(small == FailedCondition(clause: .if, sentence: "order.total_price is 66.45, not at least 100"))
        var rich = order.record
        rich.facts.total?.amount = 120
        let person = try #require(trigger.failedCondition(scope(rich)))
        #expect(person == FailedCondition(clause: .unless, sentence: "the line about 'customer.email'"))
        rich.facts.email = nil
        #expect(trigger.failedCondition(scope(rich)) == nil)
    }
}
