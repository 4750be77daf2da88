import LoopTesting
import Outreach
import Platform
import ServiceLifecycleTestKit
import Store
import Testing

@testable import Daemon

@Suite("The weekly mail of figures", .timeLimit(.minutes(5)))
struct WeeklyReportTests {
    private static let weekly = [
        "shop.yaml":
            "mode: live\nnotify: owner@juniperfig.example\nreport: weekly\nbrand: { name: Fig, from: orders@juniperfig.example }\n"
    ]

    private func service(_ bench: LoopBench, hasRelay: Bool = true) -> WeeklyReportService {
        let context = bench.context
        let office = ShopPost.Office(
            brand: { context.rules.inForce.set.settings.brand }, sender: nil, wake: hasRelay ? Wake() : nil)
        return WeeklyReportService(
            store: bench.store, contexts: [benchShop: context], post: ShopPost([benchShop: office]), clock: bench.clock,
            wake: bench.wake(), heartbeats: bench.heartbeats, logger: bench.lines.logger(), trouble: bench.trouble)
    }

    private func mails(_ bench: LoopBench) async throws -> [Message] {
        try await bench.store.claim(
            .mail(shop: benchShop), limit: 50, owner: "\(bench.now)", lease: .seconds(0), now: bench.now
        ).filter { $0.effect.trigger == "weekly_report" }.map(\.message)
    }

    /// Moves the bench's clock there.
    private func go(_ bench: LoopBench, to moment: Moment) { bench.pass(moment - bench.now) }

    @Test("comes on Monday at 08:00 in the shop, once a week, over restarts and a death between its two steps")
    func onMondays() async throws {
        let bench = try await LoopBench(Self.weekly)
        bench.context.replaceProfile(
            ShopProfile(domain: benchShop, timeZone: "America/New_York"))
        let zone = try #require(Zone(named: "America/New_York"))
        let first = WeeklyReportService.lastDue(before: bench.now, zone: zone)
        #expect(first.monday.weekday == 1)
        let due = try await service(bench).turn(benchShop, now: bench.now)
        let monday = first.monday.adding(days: 7)
        #expect(due == zone.moment(on: monday, secondOfDay: 8 * 3600))
        #expect(try await mails(bench).isEmpty, "the week in which it was asked for has none")

        go(bench, to: due! - .seconds(1))
        _ = try await service(bench).turn(benchShop, now: bench.now)
        #expect(try await mails(bench).isEmpty)
        go(bench, to: due!)
        for _ in 0..<3 { _ = try await service(bench).turn(benchShop, now: bench.now) }
        let mail = try #require(try await mails(bench).first)
        #expect(try await mails(bench).count == 1)
        #expect(mail.envelope.recipient == "owner@juniperfig.example")
        // Dead before it was noted that it is written.
        try await bench.store.remember(first.at, as: .weeklyReport, shop: benchShop, now: bench.now)
        _ = try await service(bench).turn(benchShop, now: bench.now)
        #expect(try await mails(bench).count == 1)

        // Down for nine days, it writes the last week's when it is back.
        bench.pass(.days(9))
        let next = try await service(bench).turn(benchShop, now: bench.now)
        #expect(try await mails(bench).count == 2)
        #expect(next == zone.moment(on: monday.adding(days: 14), secondOfDay: 8 * 3600))
    }

    @Test("has six lines, which are those of `bookbag report --days 7` on the Sunday before")
    func words() async throws {
        let bench = try await LoopBench(Self.weekly)
        _ = try await service(bench).turn(benchShop, now: bench.now)
        let due = try #require(try await service(bench).turn(benchShop, now: bench.now))
        try await bench.see(1, parcels: ["JF1"])
        go(bench, to: due)
        _ = try await service(bench).turn(benchShop, now: due)
        let sunday = Zone.utc.day(at: due).adding(days: -1)
        let report = try await FiguresReport.read(bench.store, shop: benchShop, days: 7, until: sunday)
        let mail = try #require(try await mails(bench).first)
        let text = try #require(MailShown(mail)).text
        for headline in report.headlines { #expect(text.contains(headline.title), "\(headline.key)") }
        #expect(text.contains("1 still under way"))
        #expect(text.contains("bookbag report --days 7"))
    }

    @Test("does not come where nobody asks, or there is no relay; and begins anew when it is asked for again")
    func unasked() async throws {
        let bench = try await LoopBench()
        try await bench.store.remember(.distantPast, as: .weeklyReport, shop: benchShop, now: bench.now)
        #expect(try await service(bench).turn(benchShop, now: bench.now) == nil)
        #expect(try await bench.store.remembered(.weeklyReport, shop: benchShop) == nil)
        let asked = try await LoopBench(Self.weekly)
        try await asked.store.remember(.distantPast, as: .weeklyReport, shop: benchShop, now: asked.now)
        _ = try await service(asked, hasRelay: false).turn(benchShop, now: asked.now)
        #expect(try await mails(asked).isEmpty)
    }

    @Test("waits for the next one or an hour, and outlives trouble with the store")
    func loop() async throws {
        let bench = try await LoopBench(Self.weekly)
        try bench.sql("ALTER TABLE remembered RENAME TO hidden")
        try await testGracefulShutdown { trigger in
            async let running: Void = service(bench).run()
            #expect(await bench.time.waited() == Loop.troublePause)
            try bench.sql("ALTER TABLE hidden RENAME TO remembered")
            bench.time.pass()
            let wait = await bench.time.waited()
            #expect(wait > .zero && wait <= Loop.longestWait)
            trigger.triggerGracefulShutdown()
            try await running
        }
        #expect(try await bench.store.remembered(.weeklyReport, shop: benchShop) != nil)
    }
}
