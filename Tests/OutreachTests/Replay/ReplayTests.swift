import Foundation
import Testing

@testable import Outreach

@Suite("What another set of triggers would have sent")
struct ReplayTests {
    static let profile = ShopProfile(domain: "fig.myshopify.com", timeZone: "Europe/London")

    /// A set of these files; each trigger `note` has its template.
    static func folder(_ files: [String: String], shop: String = "") -> TriggerFolder {
        var all: [String: [UInt8]] = [
            "shop.yaml": Array(
                "notify: owner@fig.example\nbrand:\n  name: Fig\n  from: Fig <orders@fig.example>\n\(shop)".utf8)
        ]
        for (name, text) in files {
            all[name] = Array(text.utf8)
            let template = "templates/\(name.dropLast(5)).md"
            if name.hasSuffix(".yaml"), files[template] == nil {
                all[template] = Array("---\nsubject: Your order {{ order.name }}\n---\nHello.\n".utf8)
            }
        }
        return TriggerFolder(files: all)
    }

    static func set(_ folder: TriggerFolder) throws -> TriggerSet {
        let (set, faults) = TriggerSet.load(folder)
        return try #require(set, "\(faults)")
    }

    /// What changes for these customers from one folder to the other.
    static func report(
        _ before: TriggerFolder, _ after: TriggerFolder, _ customers: [Replay.Customer],
        since: Moment = Story.start - .days(1), until: Moment = Story.start + .days(60)
    ) throws -> ReplayReport {
        let (old, new) = (try set(before), try set(after))
        let rendering = Replay.templatesToCompare(before: (old, before), after: (new, after))
        func replay(_ set: TriggerSet) -> Replay {
            Replay(
                set, live: LiveSince(shop: Story.start - .days(30)), shop: profile, since: since, until: until,
                rendering: rendering)
        }
        var report = ReplayReport(zone: Zone(named: "Europe/London")!, samples: 5)
        for customer in customers { report.play(customer, before: replay(old), after: replay(new)) }
        return report
    }

    static func changes(_ report: ReplayReport) -> [ReplayReport.Change: Int] { report.total.changes }

    /// An order that was placed, sent, out for delivery in the evening and delivered.
    static func order(_ number: Int = 1, after: Duration = .zero, tags: [String] = []) -> OrderRecord {
        var story = Story(createdAt: Story.start + after)
        story.facts.id = "gid://shopify/Order/\(number)"
        story.facts.name = "#100\(number)"
        story.facts.tags = tags
        story.look(after: after)
        story.ship(["1Z\(number)"], after: after + .hours(1))
        story.facts.fulfillments[0].id = "gid://shopify/Fulfillment/\(number)"
        story.look(after: after + .hours(1))
        story.scan("1", .outForDelivery, after: after + .hours(20))
        story.look(after: after + .hours(20))
        story.scan("2", .delivered, after: after + .hours(38))
        story.look(after: after + .hours(38))
        var record = story.record!
        for index in record.events.indices { record.events[index].id = Int64(number * 1000 + index) }
        return record
    }

    private let delivered = "on: shipment.delivered\nsend: email\n"

    @Test("is nothing new where the files are the same")
    func same() throws {
        let folder = Self.folder(["delivered.yaml": delivered])
        let report = try Self.report(folder, folder, [.init(orders: [Self.order()])])
        #expect(!report.differs)
        #expect(report.total.before == 1 && report.total.after == 1)
        #expect(report.customers == 0 && report.orders == 1 && report.events > 3)
    }

    @Test("is told as gained, lost, moved, or another, with the condition that decided")
    func kinds() throws {
        let before = Self.folder(["delivered.yaml": delivered])
        let customers = [Replay.Customer(orders: [Self.order(tags: ["wholesale"])])]
        let quiet = Self.folder(["delivered.yaml": delivered + "unless: order.tags contains \"wholesale\"\n"])
        let lost = try Self.report(before, quiet, customers)
        #expect(Self.changes(lost) == [.loses: 1])
        let sample = try #require(lost.samples(.loses).first)
        #expect(sample.reason == .unless && sample.order == "#1001" && sample.trigger == "delivered")
        #expect(sample.detail?.contains("wholesale") == true)
        #expect(lost.reasons["delivered"] == [.unless: 1])
        let gained = try Self.report(quiet, before, customers)
        #expect(Self.changes(gained) == [.gains: 1])
        #expect(gained.samples(.gains).first?.reason == .unless)
        let later = Self.folder(["delivered.yaml": delivered + "after: 2 hours\n"])
        let moved = try Self.report(before, later, customers)
        #expect(Self.changes(moved) == [.moves: 1])
        let times = try #require(moved.samples(.moves).first)
        #expect(try #require(times.after) - #require(times.before) == .hours(2))
        let words = Self.folder([
            "delivered.yaml": delivered, "templates/delivered.md": "---\nsubject: It is there\n---\nHello.\n",
        ])
        #expect(Self.changes(try Self.report(before, words, customers)) == [.another: 1])
        let renamed = Self.folder(["arrived.yaml": delivered])
        let other = try Self.report(before, renamed, customers)
        #expect(Self.changes(other) == [.another: 1])
        #expect(other.samples(.another).first?.instead == "delivered")
    }

    @Test("does not call a mail another one where only a template's file was touched")
    func sameWords() throws {
        let before = Self.folder(["delivered.yaml": delivered])
        let after = Self.folder([
            "delivered.yaml": delivered,
            "templates/delivered.md":
                "---\nsubject: Your order {% comment %}by name{% endcomment %}{{ order.name }}\n---\nHello.\n",
        ])
        #expect(try !Self.report(before, after, [.init(orders: [Self.order()])]).differs)
    }

    @Test("counts by trigger and by the shop's day")
    func counts() throws {
        let before = Self.folder(["delivered.yaml": delivered])
        let after = Self.folder([
            "delivered.yaml": delivered, "out.yaml": "on: shipment.out_for_delivery\nsend: [email, email: merchant]\n",
        ])
        let report = try Self.report(before, after, [.init(orders: [Self.order()])])
        #expect(report.triggers["out"]?.after == 2 && report.triggers["out"]?.changes == [.gains: 2])
        #expect(report.days.keys.sorted().map(\.description) == ["2026-11-03"])
        #expect(report.total.after == 3 && report.customers == 1)
    }

    @Test("judges by what was known at the moment of sending, and not by what became of the order since")
    func past() throws {
        // Delivered long since; yet it was out for delivery when that was told.
        let before = Self.folder(["delivered.yaml": delivered])
        let after = Self.folder(["out.yaml": "on: shipment.out_for_delivery\nsend: email\n"])
        let report = try Self.report(before, after, [.init(orders: [Self.order()])])
        #expect(report.triggers["out"]?.after == 1)
        // A message that would have waited past the delivery is no news.
        let late = Self.folder(["out.yaml": "on: shipment.out_for_delivery\nafter: 20 hours\nsend: email\n"])
        let none = try Self.report(before, late, [.init(orders: [Self.order()])])
        #expect(none.triggers["out"]?.after ?? 0 == 0)
        #expect(none.reasons["out"] == [.passed: 1])
    }

    @Test("judges a rating by what it was then, with its words, and tells none that was changed by then")
    func ratings() throws {
        var record = Self.order()
        func rated(_ score: Int, n: Int, after: Duration) {
            record.events.append(
                Event(
                    id: Int64(1900 + n), shop: record.shop, orderID: record.facts.id, kind: .ratingGiven,
                    occurrences: [.init(subject: "rating:7", n: n, mark: "7-\(n) \(score)")],
                    happenedAt: Story.start + after, recordedAt: Story.start + after, source: "ratings"))
        }
        rated(4, n: 1, after: .days(3))
        rated(2, n: 2, after: .days(4))
        var customer = Replay.Customer(orders: [record])
        customer.ratings[7] = History.RatingNow(score: 2, words: "Wet.")
        let none = Self.folder(["delivered.yaml": delivered])
        func told(_ trigger: String) throws -> (Int, [Reason: Int]?) {
            let report = try Self.report(none, Self.folder(["low.yaml": "on: rating.given\n\(trigger)"]), [customer])
            return (report.triggers["low"]?.after ?? 0, report.reasons["low"])
        }
        let merchant = "send: { email: { to: merchant } }\n"
        #expect(try told("if: rating.words contains \"Wet\"\n" + merchant) == (1, [.if: 1]))
        #expect(try told("if: rating.score <= 2\n" + merchant).0 == 1)
        // Two days later the first is another by then.
        #expect(try told("after: 2 days\n" + merchant) == (1, [.passed: 1]))
    }

    @Test("keeps quiet hours, limits, pauses and what replaces what, as the daemon does")
    func restraints() throws {
        let out = "on: shipment.out_for_delivery\nsend: email\n"
        let plain = Self.folder(["delivered.yaml": delivered, "out.yaml": out])
        let customers = [Replay.Customer(orders: [Self.order(1), Self.order(2, after: .hours(2))])]
        let limited = Self.folder(
            ["delivered.yaml": delivered, "out.yaml": out],
            shop: "limit: { messages: 1, per: 16 hours, except: [shipment.delivered] }\n")
        let report = try Self.report(plain, limited, customers)
        #expect(report.triggers["delivered"]?.after == 2)
        #expect(report.triggers["out"]?.before == 2 && report.triggers["out"]?.after == 1)
        // The start is at 09:00, so hour 38 is 23:00.
        let nightly = Self.folder(["delivered.yaml": delivered, "out.yaml": out], shop: "quiet_hours: 21:00-08:00\n")
        #expect(Self.changes(try Self.report(plain, nightly, customers))[.moves] ?? 0 >= 1)
        let once = Self.folder(["delivered.yaml": delivered + "once_per: customer every 90 days\n", "out.yaml": out])
        // The orders are a guest's, so each counts for itself.
        #expect(try !Self.report(plain, once, customers).differs)
        let replacing = Self.folder([
            "delivered.yaml": delivered + "replaces: out\n", "out.yaml": out + "after: 19 hours\n",
        ])
        let waiting = Self.folder(["delivered.yaml": delivered, "out.yaml": out + "after: 19 hours\n"])
        #expect(try Self.report(waiting, replacing, customers).reasons["out"] == [.replaced: 2])
    }

    @Test("calls nothing lost that only waits at the end, but moved")
    func waiting() throws {
        let now = Self.folder(["delivered.yaml": delivered])
        let later = Self.folder(["delivered.yaml": delivered + "after: 30 days\n"])
        let customers = [Replay.Customer(orders: [Self.order()])]
        let until = Story.start + .days(20)
        let report = try Self.report(now, later, customers, until: until)
        #expect(Self.changes(report) == [.moves: 1])
        let sample = try #require(report.samples(.moves).first)
        #expect(sample.before != nil && sample.after == nil && sample.reason == .wait)
        #expect(Self.changes(try Self.report(later, now, customers, until: until)) == [.moves: 1])
    }

    @Test("writes to nobody who was silenced then")
    func silenced() throws {
        let folder = Self.folder(["delivered.yaml": delivered])
        let silence = Replay.Silence(begunAt: Story.start, endsAt: nil, stream: .all)
        let ended = Replay.Silence(begunAt: Story.start, endsAt: Story.start + .hours(1), stream: .all)
        let report = try Self.report(
            folder, folder,
            [.init(orders: [Self.order(1)], silences: [silence]), .init(orders: [Self.order(2)], silences: [ended])])
        #expect(report.total.after == 1)
        #expect(report.reasons["delivered"] == [.silenced: 1])
    }

    @Test("looks at what falls into its time, and knows what was told before")
    func window() throws {
        let folder = Self.folder([
            "note.yaml": "on: [shipment.out_for_delivery, shipment.delivered]\nonce_per: order\nsend: email\n"
        ])
        let report = try Self.report(folder, folder, [.init(orders: [Self.order()])], since: Story.start + .hours(30))
        #expect(report.total.after == 0)
    }

    @Test("adds up to the same report however the customers are shared out")
    func sums() throws {
        let before = Self.folder(["delivered.yaml": delivered])
        let after = Self.folder(["out.yaml": "on: shipment.out_for_delivery\nsend: email\n"])
        let customers = (1...9).map { Replay.Customer(orders: [Self.order($0, after: .hours($0))]) }
        let whole = try Self.report(before, after, customers)
        var sum = ReplayReport(zone: whole.zone, samples: whole.sampleCount)
        for part in [customers[6...], customers[..<2], customers[2..<6]] {
            sum.add(try Self.report(before, after, Array(part)))
        }
        #expect(sum.triggers == whole.triggers && sum.days == whole.days && sum.total == whole.total)
        #expect(sum.reasons == whole.reasons && sum.customers == whole.customers && sum.events == whole.events)
        for change in ReplayReport.Change.allCases {
            #expect(sum.samples(change) == whole.samples(change))
            #expect(whole.samples(change).count <= 5)
        }
    }

    @Test("takes a shop in shadow as live, leaves out what is off, and marks a trigger's own shadow")
    func modes() throws {
        let live = Self.folder(["delivered.yaml": delivered])
        let shadow = Self.folder(["delivered.yaml": delivered], shop: "mode: shadow\n")
        let customers = [Replay.Customer(orders: [Self.order()])]
        #expect(try !Self.report(live, shadow, customers).differs)
        let off = Self.folder(["delivered.yaml": delivered + "mode: off\n"])
        #expect(Self.changes(try Self.report(live, off, customers)) == [.loses: 1])
        let tried = Self.folder(["delivered.yaml": delivered + "mode: shadow\n"])
        #expect(Self.changes(try Self.report(live, tried, customers)) == [.loses: 1])
        #expect(try Self.report(live, tried, customers).samples(.loses).first?.reason == .shadow)
    }
}
