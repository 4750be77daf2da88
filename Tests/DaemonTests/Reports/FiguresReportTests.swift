import Foundation
import Outreach
import Store
import Testing

@testable import Daemon

@Suite("The figures of a shop")
struct FiguresReportTests {
    static let last = CalendarDay(iso8601: "2026-11-29")!

    /// A week with enough of everything.
    static let report = FiguresReport(
        shop: "juniperfig.myshopify.com", days: 7, until: last,
        sums: [
            TallySum(.decisions, a: "delay-alert", b: "sent accepted", n: 1204, total: 0),
            TallySum(.decisions, a: "delay-alert", b: "skipped limit", n: 3),
            TallySum(.decisions, a: "delivered", b: "sent accepted", n: 30),
            TallySum(.decisions, a: "delivered", b: "withdrawn passed", n: 9),
            TallySum(.decisions, a: "delivered", b: "refused refused", n: 2),
            TallySum(.decisions, a: "delivered", b: "bounced bounced", n: 1),
            TallySum(.lags, a: "delay-alert", b: "01", n: 600), TallySum(.lags, a: "delay-alert", b: "04", n: 604),
            TallySum(.lags, a: "delivered", b: "11", n: 30),
            TallySum(.told, a: "shipment.delayed", b: "", n: 1204),
            TallySum(.told, a: "shipment.delivered", b: "", n: 30),
            TallySum(.events, a: "shipment.delayed", b: "", n: 2408),
            TallySum(.events, a: "return.requested", b: "", n: 4),
            TallySum(.delays, a: "Evri", b: "no_scan", n: 12), TallySum(.delays, a: "", b: "promise_passed", n: 1),
            TallySum(.parcels, a: "Evri", b: "kept", n: 360), TallySum(.parcels, a: "Evri", b: "late", n: 31),
            TallySum(.parcels, a: "DHL", b: "kept", n: 20), TallySum(.parcels, a: "DHL", b: "late", n: 9),
            TallySum(.parcels, a: "DHL", b: "underway", n: 44), TallySum(.parcels, a: "DHL", b: "unpromised", n: 5),
            TallySum(.transit, a: "Evri", b: "02", n: 200), TallySum(.transit, a: "Evri", b: "05", n: 150),
            TallySum(.transit, a: "Evri", b: "11", n: 41),
        ],
        before: [
            TallySum(.decisions, a: "delay-alert", b: "sent accepted", n: 900),
            TallySum(.delays, a: "Evri", b: "no_scan", n: 7), TallySum(.events, a: "return.closed", b: "", n: 2),
        ],
        daily: [
            DaySum(.decisions, day: last, b: "sent accepted", n: 7),
            DaySum(.decisions, day: last.adding(days: -6), b: "skipped limit", n: 2),
            DaySum(.decisions, day: last.adding(days: -7), b: "sent accepted", n: 99),
            DaySum(.parcels, day: last, b: "late", n: 3), DaySum(.parcels, day: last, b: "underway", n: 8),
        ])

    private func headline(_ key: String) throws -> FiguresReport.Headline {
        try #require(Self.report.headlines.first { $0.key == key })
    }

    private func row(_ table: String, _ name: String) throws -> [FiguresReport.Cell] {
        let table = try #require(Self.report.tables.first { $0.key == table })
        return try #require(table.rows.first { $0[0].value == .text(name) })
    }

    @Test("each counts what its definition says, beside the time before")
    func headlines() throws {
        #expect(try headline("sent").value == .count(1234) && headline("sent").before == .count(900))
        #expect(try headline("held").value == .count(12) && headline("held").before == .count(0))
        #expect(try headline("kept").value == .share(Share(380, of: 420)))
        #expect(try FiguresReport.remark(of: headline("kept")) == "380 of 420, 87 to 93 %; 44 still under way")
        #expect(try headline("lag").value.text == "5 min" && headline("lag").note == "95 % within 5 min")
        #expect(try headline("delays").value == .count(13) && headline("delays").before == .count(7))
        #expect(try headline("returns").value == .count(4))
        #expect(Self.report.headlines.allSatisfy { $0.definition.count > 20 })
        #expect(Self.report.tables.allSatisfy { $0.definition.count > 20 })
    }

    @Test("tables name their rows, and each count opens what it counts")
    func tables() throws {
        let evri = try row("promises", "Evri")
        #expect(evri[1].value == .share(Share(360, of: 391)) && evri[1].value.text == "92 %")
        #expect(evri[3].rows == .parcels(carrier: "Evri", .late))
        #expect(try row("promises", "DHL")[1].value.text == "too few")
        #expect(try row("promises", "DHL")[1].value.note == "20 of 29")
        #expect(try row("transit", "Evri").map(\.value.text) == ["Evri", "391", "2", "more than 10", "–"])
        #expect(
            try row("messages", "delivered").map(\.value.text) == [
                "delivered", "30", "0", "9", "3", "more than 3 d", "more than 3 d",
            ])
        #expect(try row("kinds", "shipment.delayed").last?.value.text == "0.50")
        #expect(try row("kinds", "shipment.delivered").last?.value.text == "–")
        #expect(try row("reasons", "passed")[1].rows == .because(.passed))
        #expect(try row("delays", "no carrier named")[2].rows == .delays(carrier: "", reason: "promise_passed"))
        #expect(try row("returns", "return.closed").map(\.value.text) == ["return.closed", "0", "2"])
        #expect(Self.report.charts[0].series.map(\.counts) == [[0, 0, 0, 0, 0, 0, 7], [2, 0, 0, 0, 0, 0, 0]])
        #expect(Self.report.charts[1].series[1].counts.last == 3)
    }

    @Test("no share of fewer than 30 is shown, and an interval is Wilson's")
    func shares() {
        // Known values of the score interval, as R's prop.test(correct = FALSE) gives them.
        for (hits, n, low, high) in [
            (0, 10, 0, 27.753), (10, 10, 72.247, 100), (5, 10, 23.659, 76.341), (81, 263, 25.540, 36.620),
            (31, 391, 5.641, 11.030), (1, 30, 0.591, 16.670),
        ] as [(Int64, Int64, Double, Double)] {
            let interval = Share(hits, of: n).interval
            #expect(abs(interval.lowerBound - low) < 0.02, "\(hits) of \(n): \(interval)")
            #expect(abs(interval.upperBound - high) < 0.02, "\(hits) of \(n): \(interval)")
        }
        #expect(FigureValue.share(Share(29, of: 29)).text == "too few")
        #expect(FigureValue.share(Share(30, of: 30)).text == "100 %")
        #expect(Share(9, of: 3).hits == 3 && Share(-1, of: -1).n == 0)
    }

    @Test("an interval holds the true share in 95 of 100 draws or so", arguments: [0.08, 0.5, 0.97])
    func coverage(_ truth: Double) {
        var state: UInt64 = 7
        func uniform() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) / Double(1 << 53)
        }
        var held = 0
        for _ in 0..<2_000 {
            let hits = (0..<200).count { _ in uniform() < truth }
            if Share(Int64(hits), of: 200).interval.contains(100 * truth) { held += 1 }
        }
        #expect((1_850...1_980).contains(held), "\(held)")
    }

    @Test("nothing is shown of nothing")
    func empty() throws {
        let none = FiguresReport(shop: "x", days: 42, until: Self.last, sums: [], before: [], daily: [])
        #expect(none.tables.allSatisfy { $0.rows.isEmpty })
        #expect(none.headlines.map(\.value.text) == ["0", "too few", "–", "0", "0", "0"])
        #expect(none.text.contains("too few") && none.csv.hasPrefix("\"shop\""))
        #expect(none.charts.allSatisfy { $0.series.allSatisfy { $0.counts.count == 42 } })
    }

    @Test("the terminal, JSON and the spreadsheet have the same figures")
    func printed() throws {
        let text = Self.report.text
        #expect(text.contains("messages sent") && text.contains("1,234") && text.contains("92 % (360 of 391"))
        let json = try #require(
            JSONSerialization.jsonObject(with: Data(Self.report.json().utf8)) as? [String: Any])
        let figures = try #require(json["figures"] as? [String: [String: Any]])
        #expect(figures["sent"]?["value"] as? Int == 1234)
        let kept = try #require(figures["kept"]?["value"] as? [String: Any])
        #expect(kept["hits"] as? Int == 380 && kept["n"] as? Int == 420 && kept["percent"] as? Double == 90.5)
        let csv = Self.report.csv
        #expect(csv.contains(#""all","","sent","1234","","","""#))
        #expect(csv.contains(#""promises","Evri","kept","92.1","391","89.0","94.4""#))
        #expect(csv.contains(#""delays","Evri, nobody scanned it","n","12""#))
        #expect(
            csv.split(separator: "\r\n").allSatisfy {
                $0.split(separator: "\",\"", omittingEmptySubsequences: false).count == 10
            })
        #expect(Self.report.weeklyLines.split(separator: "\n").count == 6)
    }

    @Test(
        "no cell of a spreadsheet is a formula",
        arguments: [
            "=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u{FEFF}=1", "\u{A0}=cmd|' /C calc'!A0", "＝1",
            "＋1",
            "－1", "＠x", "|x", "%x", "\n=1", "\u{0}=1", "\"=1", "=\"x\"",
        ])
    func formulas(_ text: String) {
        let cell = CSV.cell(text)
        #expect(cell.hasPrefix("\"") && cell.hasSuffix("\""))
        let inner = cell.dropFirst().dropLast().replacing("\"\"", with: "\"")
        // What a spreadsheet sees first is the apostrophe, or nothing that begins a formula.
        let first = inner.unicodeScalars.first
        #expect(first == "'" || first == "\"", "\(cell)")
        #expect(cell.dropFirst().dropLast().replacing("\"\"", with: "").allSatisfy { $0 != "\"" })
    }

    @Test("what is harmless stays as it is")
    func plain() {
        for text in ["Evri", "12", "3.5", "", "Royal Mail, 2nd", "a=b", "#1001"] {
            #expect(CSV.cell(text) == "\"\(text)\"")
        }
        #expect(CSV.cell("a\"b") == "\"a\"\"b\"")
    }
}
