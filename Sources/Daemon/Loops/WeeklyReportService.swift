import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Mails the week's figures to the shop, where shop.yaml asks for it: on Monday at 08:00 in the shop, once.
///
/// The mail is an effect of Bookbag's own whose key is the Monday, so however often the program dies in between there
/// is one. A daemon that was down then writes it when it is back; what was asked for in the middle of a week begins
/// with the next Monday.
struct WeeklyReportService: Service {
    let store: Store
    let contexts: [String: ShopContext]
    let post: ShopPost
    let clock: DaemonClock
    let wake: Wake
    let heartbeats: Heartbeats
    let logger: Logger
    var trouble = StoreTrouble()

    /// The files may ask for it at any time, and the loop is not told.
    static let longestWait = Duration.hours(1)

    func run() async throws {
        let loop = Loop(
            Loop.Name("report"), wake: wake, heartbeats: heartbeats, restingBy: clock, trouble: trouble, clock: clock,
            logger: logger)
        await loop.run { _ in
            let now = clock.now
            var next = now + Self.longestWait
            for shop in contexts.keys.sorted() {
                if let moment = try await turn(shop, now: now) { next = min(next, moment) }
            }
            return .look(in: next - now)
        }
    }

    /// Writes the mail of a shop if it is time; when the next one is due, or nil where none is wanted.
    func turn(_ shop: String, now: Moment) async throws(StoreFailure) -> Moment? {
        guard let context = contexts[shop] else { return nil }
        let rules = context.rules
        let settings = rules.planner.triggers.settings
        let written = try await store.remembered(.weeklyReport, shop: shop)
        guard settings.report == .weekly, let to = settings.notify else {
            if written != nil { try await store.remember(nil, as: .weeklyReport, shop: shop, now: now) }
            return nil
        }
        let zone = rules.learner.shopZone
        let (monday, due) = Self.lastDue(before: now, zone: zone)
        let next = zone.moment(on: monday.adding(days: 7), secondOfDay: Self.secondOfDay)
        guard let written else {
            try await store.remember(due, as: .weeklyReport, shop: shop, now: now)
            return next
        }
        guard written < due else { return next }
        let report = try await FiguresReport.read(store, shop: shop, days: 7, until: monday.adding(days: -1))
        let words = Clock(zone)
        let mail = post.mail(
            "weekly_report", to: to, subject: "Your week: \(report.headlines[0].value.text) messages",
            body: """
                # \(words.day(report.from)) to \(words.day(report.to))

                \(report.weeklyLines)

                `bookbag report --days 7` has the tables, and what each figure means. `report` in shop.yaml asks for this mail.
                """, about: monday.description, shop: shop, now: now)
        // Without a relay nothing can be mailed, and what cannot be mailed is not made up for later.
        if let mail { try await store.put(mail, shop: shop, now: now) }
        try await store.remember(due, as: .weeklyReport, shop: shop, now: now)
        post.send(for: shop)
        return next
    }

    static let secondOfDay = 8 * 3600

    /// The last Monday whose 08:00 in the zone has come, and that moment.
    static func lastDue(before now: Moment, zone: Zone) -> (monday: CalendarDay, at: Moment) {
        let today = zone.day(at: now)
        var monday = today.adding(days: 1 - today.weekday)
        var at = zone.moment(on: monday, secondOfDay: secondOfDay)
        if at > now {
            monday = monday.adding(days: -7)
            at = zone.moment(on: monday, secondOfDay: secondOfDay)
        }
        return (monday, at)
    }
}
