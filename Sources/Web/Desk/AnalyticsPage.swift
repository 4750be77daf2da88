import Daemon
import Foundation
import Outreach
import Store
import Synchronization

// Analytics: the figures of `FiguresReport` with charts, and the rows behind each of them.
//
//     /SHOP/analytics?days=42          the figures
//     /SHOP/analytics/csv?days=42      the same for a spreadsheet
//     /SHOP/analytics/rows?show=…      the rows behind one of them, a page at a time; with csv=1 for a spreadsheet

/// The figures of a shop.
struct AnalyticsPage: PageContent {
    static let template = "analytics"

    struct Choice: Encodable, Sendable {
        var value: String
        var title: String
        var isChosen: Bool
    }
    struct Figure: Encodable, Sendable {
        var title: String
        var value: String
        var remark: String
        var before: String?
        var definition: String
        /// Its rows, or the table of its parts.
        var path: String?
    }
    struct Cell: Encodable, Sendable {
        var text: String
        var note: String
        var path: String?
        var isNumber: Bool
        /// How much of a bar is filled, in percent.
        var bar: String?
    }
    struct Head: Encodable, Sendable {
        var title: String
        var isNumber: Bool
    }
    struct Table: Encodable, Sendable {
        var key: String
        var title: String
        var definition: String
        var heads: [Head]
        var rows: [[Cell]]
        /// How many rows more the spreadsheet has.
        var more: Int
    }

    var path: String
    var csv: String
    var time: String
    var days: [Choice]
    var figures: [Figure]
    var charts: [FigureChart]
    var tables: [Table]
    /// Nothing was tallied in this time.
    var isEmpty: Bool
}

/// The rows behind a figure.
struct FigureRowsPage: PageContent {
    static let template = "rows"

    struct Row: Encodable, Sendable {
        var order: String
        var path: String?
        var customer: String
        var carrier: String
        var when: String
        var at: Instant?
        var days: String?
        /// What the customer wrote beside a score.
        var words: String?
    }

    var title: String
    var time: String
    var back: String
    var csv: String
    /// Messages, or else orders.
    var messages: [FeedRow]?
    var orders: [Row]?
    var next: String?
}

/// Figures that were read a moment ago, by shop and days.
final class KeptFigures: Sendable {
    private struct Key: Hashable {
        var shop: String
        var days: Int
        var until: CalendarDay
    }
    /// How long they are as good as new.
    static let life = Duration.seconds(60)
    private static let most = 32
    private let kept = Mutex<[Key: (at: Moment, report: FiguresReport)]>([:])

    /// The figures as they were kept, or read anew.
    func report(
        _ store: Store, shop: String, days: Int, until last: CalendarDay, now: Moment
    ) async throws(StoreFailure) -> FiguresReport {
        let key = Key(shop: shop, days: days, until: last)
        if let found = kept.withLock({ $0[key] }), now >= found.at, now - found.at < Self.life { return found.report }
        let report = try await FiguresReport.read(store, shop: shop, days: days, until: last)
        kept.withLock { kept in
            kept = kept.filter { now >= $0.value.at && now - $0.value.at < Self.life }
            if kept.count >= Self.most { kept = [:] }
            kept[key] = (now, report)
        }
        return report
    }
}

extension DeskSite {
    /// What can be chosen: none of them has more than 120 points, or else it has weeks.
    static let daysOfFigures = [7, 42, 90, 365]
    /// A table on the page is no longer; a spreadsheet has all.
    private static let rowsOfTable = 15
    /// A spreadsheet of rows has so many.
    private static let rowsOfSheet = 5_000

    private func days(_ request: WebRequest) -> Int {
        request.query["days"].flatMap(Int.init).flatMap { Self.daysOfFigures.contains($0) ? $0 : nil } ?? 42
    }

    func analytics(_ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        let now = core.now()
        let days = days(request)
        let clock = Clock(visit.zone)
        let report = try await keptFigures.report(
            store, shop: visit.shop, days: days, until: clock.zone.day(at: now), now: now)
        let path = "\(visit.path)/analytics"
        func rows(_ rows: FiguresReport.Rows?) -> String? { rows.map { Self.path(of: $0, report, visit) } }
        let page = AnalyticsPage(
            path: path, csv: "\(path)/csv?days=\(days)",
            time: "\(clock.day(report.from)) to \(clock.day(report.to)), beside the \(days) days before",
            days: Self.daysOfFigures.map {
                AnalyticsPage.Choice(value: "\($0)", title: "\($0)", isChosen: $0 == days)
            },
            figures: report.headlines.map { one in
                AnalyticsPage.Figure(
                    title: one.title, value: one.value.text, remark: FiguresReport.remark(of: one),
                    before: one.before?.text, definition: one.definition,
                    path: rows(one.rows) ?? one.table.map { "#\($0)" })
            }, charts: report.charts.map { FigureChart($0, from: report.from, clock: clock) },
            tables: report.tables.map { table in
                AnalyticsPage.Table(
                    key: table.key, title: table.title, definition: table.definition,
                    heads: table.columns.indices.map {
                        AnalyticsPage.Head(title: table.columns[$0].title, isNumber: Self.isNumber($0, table))
                    },
                    rows: table.rows.prefix(Self.rowsOfTable).map { row in
                        row.enumerated().map { index, cell in
                            let bar = table.bar.flatMap { bar -> String? in
                                guard bar.column == index, let number = Self.filled(cell.value) else { return nil }
                                return FigureValue.decimal(min(100, 100 * number / bar.full), places: 1)
                            }
                            // What is none has nothing to open.
                            let isNone = cell.value.number == 0
                            return AnalyticsPage.Cell(
                                text: cell.value.text, note: cell.value.note, path: isNone ? nil : rows(cell.rows),
                                isNumber: Self.isNumber(index, table), bar: bar)
                        }
                    }, more: max(0, table.rows.count - Self.rowsOfTable))
            }, isEmpty: report.tables.allSatisfy(\.rows.isEmpty))
        return pages.desk(page, frame(title: "Analytics", page: .analytics, visit: visit))
    }

    /// A share of too few is not drawn.
    private static func filled(_ value: FigureValue) -> Double? {
        if case .share(let share) = value, share.isTooFew { return nil }
        return value.number
    }

    private static func isNumber(_ column: Int, _ table: FiguresReport.Table) -> Bool {
        guard let cell = table.rows.first?[column] else { return false }
        if case .text(let text) = cell.value { return text == "–" }
        return true
    }

    func figuresSheet(_ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        let now = core.now()
        let days = days(request)
        let zone = visit.zone
        let report = try await keptFigures.report(
            store, shop: visit.shop, days: days, until: zone.day(at: now), now: now)
        return .sheet(report.csv, name: "figures-\(ShopDomain.short(visit.shop))-\(report.to)-\(days)-days.csv")
    }

    // MARK: - The rows behind a figure

    /// Where the rows of a figure are listed. Names of triggers, carriers and reasons stand in it, and of nobody.
    private static func path(of rows: FiguresReport.Rows, _ report: FiguresReport, _ visit: Visit) -> String {
        var fields: [(String, String)]
        switch rows {
        case .sent(let trigger): fields = [("show", "sent"), ("trigger", trigger ?? "")]
        case .held(let trigger): fields = [("show", "held"), ("trigger", trigger ?? "")]
        case .refused(let trigger): fields = [("show", "refused"), ("trigger", trigger ?? "")]
        case .because(let reason): fields = [("show", "because"), ("reason", reason.rawValue)]
        case .parcels(let carrier, let outcome):
            fields = [("show", "parcels"), ("carrier", carrier), ("outcome", outcome.rawValue)]
        case .delays(let carrier, let reason):
            fields = [("show", "delays"), ("carrier", carrier), ("reason", reason)]
        case .events(let kind): fields = [("show", "events"), ("kind", kind.rawValue)]
        case .ratings(let kind, let score):
            fields = [("show", "ratings"), ("kind", kind.rawValue), ("score", "\(score)")]
        case .heldOut(let trigger): fields = [("show", "held_out"), ("trigger", trigger)]
        }
        var (days, last) = (report.days, report.to)
        // What was drawn counts over all time.
        if case .heldOut = rows { (days, last) = (FiguresReport.mostDays, FiguresReport.lastOfTrials(last)) }
        fields += [("days", "\(days)"), ("until", last.description)]
        return "\(visit.path)/analytics/rows?"
            + fields.filter { !$0.1.isEmpty || $0.0 == "carrier" }.map { "\($0.0)=\($0.1.escapedForURL)" }
            .joined(separator: "&")
    }

    /// Which rows a request asks for; nil where it asks for none that there are.
    private static func rows(_ query: [String: String]) -> FiguresReport.Rows? {
        let trigger = query["trigger"].flatMap { $0.isEmpty ? nil : $0 }
        let carrier = query["carrier"] ?? ""
        switch query["show"] {
        case "sent": return .sent(trigger: trigger)
        case "held": return .held(trigger: trigger)
        case "refused": return .refused(trigger: trigger)
        case "because": return query["reason"].flatMap(Reason.init).map { .because($0) }
        case "parcels":
            return query["outcome"].flatMap(Journey.Outcome.init).map { .parcels(carrier: carrier, $0) }
        case "delays": return query["reason"].map { .delays(carrier: carrier, reason: $0) }
        case "events": return query["kind"].flatMap(EventKind.init).map { .events($0) }
        case "ratings":
            guard let score = query["score"].flatMap(Int.init), Rating.scores.contains(score), let kind = query["kind"]
            else { return nil }
            return .ratings(RatingKind(rawValue: kind), score: score)
        case "held_out": return trigger.map { .heldOut(trigger: $0) }
        default: return nil
        }
    }

    func figureRows(_ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        guard let rows = Self.rows(request.query) else { return notFound(visit.visitor) }
        let zone = visit.zone
        let clock = Clock(zone)
        let today = zone.day(at: core.now())
        let days = max(1, min(request.query["days"].flatMap(Int.init) ?? 42, FiguresReport.mostDays))
        let last = min(request.query["until"].flatMap { CalendarDay(iso8601: $0) } ?? today, today)
        let first = last.adding(days: 1 - days)
        let time = zone.moment(on: first)..<zone.end(of: last)
        let isSheet = request.query["csv"] == "1"
        let limit = isSheet ? Self.rowsOfSheet : Self.rowsOfPage + 1
        let after = request.query["after"].flatMap(Self.figurePlace)
        let feedPlace = after.map { FeedPlace(decidedAt: Moment(milliseconds: $0.at), id: $0.id) }

        var messages: [FeedLine]?
        var orders: [FigureLine]?
        let shop = visit.shop
        switch rows {
        case .sent(let trigger):
            messages = try await store.feed(
                shop: shop, states: Became.sent.states, trigger: trigger, in: time, after: feedPlace, limit: limit)
        case .held(let trigger):
            messages = try await store.feed(
                shop: shop, states: Became.held.states, trigger: trigger, in: time, after: feedPlace, limit: limit)
        case .refused(let trigger):
            messages = try await store.feed(
                shop: shop, states: Became.refused.states, trigger: trigger, in: time, after: feedPlace, limit: limit)
        case .because(let reason):
            messages = try await store.heldFeed(
                shop: shop, reason: reason, in: time, after: feedPlace, limit: limit)
        case .parcels(let carrier, let outcome):
            orders = try await store.journeyFeed(
                shop: shop, carrier: carrier, outcome: outcome, from: first, to: last, after: after, limit: limit)
        case .delays(let carrier, let reason):
            orders = try await store.delayFeed(
                shop: shop, carrier: carrier, reason: reason, in: time, after: after, limit: limit)
        case .events(let kind):
            orders = try await store.eventFeed(shop: shop, kind: kind, in: time, after: after, limit: limit)
        case .ratings(let kind, let score):
            orders = try await store.ratingFeed(
                shop: shop, kind: kind, score: score, from: first, to: last, after: after, limit: limit)
        case .heldOut(let trigger):
            messages = try await store.feed(
                shop: shop, states: [.heldOut], trigger: trigger, in: time, after: feedPlace, limit: limit)
        }
        if isSheet { return Self.sheet(messages, orders, clock: clock, shop: shop) }

        var fields = request.query.filter {
            ["show", "trigger", "carrier", "reason", "outcome", "kind", "score"].contains($0.key)
        }
        fields["days"] = "\(days)"
        fields["until"] = last.description
        let path =
            "\(visit.path)/analytics/rows?"
            + fields.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.escapedForURL)" }.joined(separator: "&")
        var next: String?
        if let messages, messages.count > Self.rowsOfPage {
            let last = messages[Self.rowsOfPage - 1]
            next = "\(path)&after=\(last.at.milliseconds)_\(last.id)"
        } else if let orders, orders.count > Self.rowsOfPage {
            let place = orders[Self.rowsOfPage - 1].place
            next = "\(path)&after=\(place.at)_\(place.id)_\(place.shipment.escapedForURL)"
        }
        let page = FigureRowsPage(
            title: Self.title(of: rows), time: "\(clock.day(first)) to \(clock.day(last))",
            back: "\(visit.path)/analytics?days=\(days)", csv: "\(path)&csv=1",
            messages: messages?.prefix(Self.rowsOfPage).map { FeedRow($0, clock: clock, path: visit.path) },
            orders: orders?.prefix(Self.rowsOfPage).map { line in
                FigureRowsPage.Row(
                    order: line.orderName,
                    path: rowPath(of: line, rows, visit),
                    customer: line.customer,
                    carrier: line.carrier, when: line.day.map(clock.day) ?? "", at: line.at.map { Instant($0, clock) },
                    days: line.days.map { "\($0) day\($0 == 1 ? "" : "s") on the way" }, words: line.words)
            }, next: next)
        return pages.desk(page, frame(title: page.title, page: .analytics, visit: visit))
    }

    /// Where the order, or the conversation, of a row is; nil for whoever may not open it.
    private func rowPath(of line: FigureLine, _ rows: FiguresReport.Rows, _ visit: Visit) -> String? {
        if case .ratings(.conversation, _) = rows {
            guard visit.visitor.may(DeskPage.inbox.roles), let number = Int64(line.orderID) else { return nil }
            return "\(visit.path)/inbox/\(number)"
        }
        return OrderNumber(line.orderID).map { "\(visit.path)/orders/\($0.number)" }
    }

    private static func figurePlace(_ text: String) -> FigurePlace? {
        let parts = text.split(separator: "_", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, let at = Int64(parts[0]), let id = Int64(parts[1]) else { return nil }
        return FigurePlace(at: at, id: id, shipment: parts.count == 3 ? String(parts[2]) : "")
    }

    private static func title(of rows: FiguresReport.Rows) -> String {
        func of(_ trigger: String?) -> String { trigger.map { " by \($0)" } ?? "" }
        func by(_ carrier: String) -> String { carrier.isEmpty ? ", no carrier named" : ", \(carrier)" }
        switch rows {
        case .sent(let trigger): return "Messages sent\(of(trigger))"
        case .held(let trigger): return "Messages held back\(of(trigger))"
        case .refused(let trigger): return "Messages refused\(of(trigger))"
        case .because(let reason): return "Held back: \(reason.rawValue.replacing("_", with: " "))"
        case .parcels(let carrier, .kept): return "Delivered in time\(by(carrier))"
        case .parcels(let carrier, .late): return "Delivered late\(by(carrier))"
        case .parcels(let carrier, .unpromised): return "Delivered, no day named\(by(carrier))"
        case .parcels(let carrier, .underway): return "Still under way\(by(carrier))"
        case .delays(let carrier, let reason): return "Delays: \(FiguresReport.delayWords(reason))\(by(carrier))"
        case .events(let kind): return "Events: \(kind.rawValue)"
        case .ratings(let kind, let score): return "Rated \(score), of \(kind.plural)"
        case .heldOut(let trigger): return "Held out\(of(trigger))"
        }
    }

    /// Rows for a spreadsheet: no name and no address, for it will be passed on.
    private static func sheet(
        _ messages: [FeedLine]?, _ orders: [FigureLine]?, clock: Daemon.Clock, shop: String
    ) -> WebResponse {
        var lines: [[String]] = []
        if let messages {
            lines.append(["message", "order", "trigger", "event", "state", "reason", "at"])
            lines += messages.map {
                [
                    "\($0.id)", $0.orderName, $0.trigger, $0.event, $0.state.rawValue, $0.reason?.rawValue ?? "",
                    $0.at.iso8601,
                ]
            }
        }
        if let orders {
            lines.append(["order", "carrier", "at", "days"])
            lines += orders.map {
                [$0.orderName, $0.carrier, $0.at?.iso8601 ?? $0.day?.description ?? "", $0.days.map(String.init) ?? ""]
            }
        }
        return .sheet(CSV.text(lines), name: "rows-\(ShopDomain.short(shop)).csv")
    }
}

extension WebResponse {
    /// A file for a spreadsheet.
    static func sheet(_ text: String, name: String) -> WebResponse {
        // The mark by which spreadsheets know UTF-8.
        WebResponse(
            200,
            headers: [
                "content-type": "text/csv; charset=utf-8; header=present",
                "content-disposition": "attachment; filename=\"\(name)\"",
            ], body: .bytes([0xEF, 0xBB, 0xBF] + Array(text.utf8)))
    }
}
