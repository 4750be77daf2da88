import Daemon
import Foundation
import Outreach

/// A chart as a template draws it: lines in an SVG that stretches to any width, so all its words stand outside as text
/// that stays as large as the page's. Everything here is a number or a word of ours.
struct FigureChart: Encodable, Sendable {
    struct Line: Encodable, Sendable {
        /// Which of the style sheet's colours and dashes: 1, 2, …
        var number: Int
        var title: String
        /// The points of a `polyline`.
        var points: String
    }
    /// A day, or a week, that can be pointed at.
    struct Hit: Encodable, Sendable {
        var x: String
        var width: String
        var words: String
    }
    struct Row: Encodable, Sendable {
        var day: String
        var counts: [String]
    }

    var key: String
    var title: String
    var definition: String
    /// What it shows, for whoever cannot see it.
    var summary: String
    var lines: [Line]
    var hits: [Hit]
    var top: String
    var middle: String
    /// Below the first, the middle and the last point.
    var labels: [String]
    var heads: [String]
    var rows: [Row]
    var isByWeek: Bool
    var isEmpty: Bool

    static let width = 600.0
    static let height = 120.0
    /// More are put together to weeks.
    static let mostPoints = 120

    init(_ chart: FiguresReport.Chart, from: CalendarDay, clock: Daemon.Clock) {
        let days = chart.series.first?.counts.count ?? 0
        let step = days > Self.mostPoints ? 7 : 1
        // Weeks are whole and end on the last day; what is left over before them would look like a fall.
        let starts = Array(stride(from: days % step, to: days, by: step))
        let sums = chart.series.map { series in
            starts.map { start in series.counts[start..<start + step].reduce(0, +) }
        }
        let names = starts.map { start in
            let first = Self.short(from.adding(days: start), clock)
            return step == 1 ? first : "week from \(first)"
        }
        let top = Self.roundTop(sums.joined().max() ?? 0)
        let count = starts.count
        func x(_ index: Int) -> Double { count < 2 ? Self.width / 2 : Self.width * Double(index) / Double(count - 1) }
        func text(_ number: Double) -> String { FigureValue.decimal(number, places: 1) }
        key = chart.key
        title = chart.title.replacing("a day", with: step == 1 ? "a day" : "a week")
        definition = chart.definition
        isByWeek = step > 1
        isEmpty = sums.joined().allSatisfy { $0 == 0 }
        lines = zip(chart.series, sums).enumerated().map { index, one in
            let points = one.1.enumerated().map { place, value in
                "\(text(x(place))),\(text(Self.height - (Self.height - 2) * Double(value) / Double(top)))"
            }
            // A single point is a line of no length, which nobody sees.
            let drawn = points.count == 1 ? ["0.0," + points[0].split(separator: ",")[1]] + points : points
            return Line(number: index + 1, title: one.0.title, points: drawn.joined(separator: " "))
        }
        let half = count < 2 ? Self.width / 2 : Self.width / Double(count - 1) / 2
        hits = starts.indices.map { index in
            let (left, right) = (max(0, x(index) - half), min(Self.width, x(index) + half))
            let counts = zip(chart.series, sums).map { "\($0.1[index]) \($0.0.title)" }.joined(separator: ", ")
            return Hit(x: text(left), width: text(right - left), words: "\(names[index]): \(counts)")
        }
        self.top = FigureValue.grouped(top)
        middle = FigureValue.grouped(top / 2)
        labels =
            count == 0
            ? [] : [0, count / 2, count - 1].map { Self.short(from.adding(days: starts[$0]), clock) }
        heads = chart.series.map(\.title)
        rows = starts.indices.reversed().map { index in
            Row(day: names[index], counts: sums.map { FigureValue.grouped($0[index]) })
        }
        summary =
            zip(chart.series, sums).map { series, values in
                let all = values.reduce(0, +)
                let most = values.indices.max { values[$0] < values[$1] }
                let peak = most.map { ", at most \(FigureValue.grouped(values[$0])), \(names[$0])" } ?? ""
                return "\(series.title): \(FigureValue.grouped(all)) in all\(all > 0 ? peak : "")"
            }.joined(separator: ". ") + "."
    }

    /// `19 Oct`.
    private static func short(_ day: CalendarDay, _ clock: Daemon.Clock) -> String {
        clock.day(day).split(separator: " ").dropFirst().prefix(2).joined(separator: " ")
    }

    /// The least round number, with a round half, that is not below.
    static func roundTop(_ greatest: Int64) -> Int64 {
        var scale: Int64 = 1
        while true {
            for step: Int64 in [2, 4, 6, 8, 10] where step * scale >= greatest { return step * scale }
            guard scale < 1_000_000_000_000 else { return greatest }
            scale *= 10
        }
    }
}
