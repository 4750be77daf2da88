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

    @Test("ratings are shown by kind, with their answer rate, and never added up")
    func ratings() throws {
        func sums(_ kind: String, asked: Int64, _ scores: [Int64]) -> [TallySum] {
            [TallySum(.ratings, a: kind, b: "asked", n: asked)]
                + zip(1..., scores).map { TallySum(.ratings, a: kind, b: "\($0)", n: $1) }
        }
        let report = FiguresReport(
            shop: "x", days: 42, until: Self.last,
            sums: sums("delivery", asked: 400, [2, 3, 5, 30, 60])
                + sums("conversation", asked: 29, [0, 1, 0, 0, 9]), before: [], daily: [])
        let deliveries = try #require(report.headlines.first { $0.key == "satisfied_delivery" })
        #expect(deliveries.value == .share(Share(90, of: 100)) && deliveries.title == "satisfied, of rated deliveries")
        #expect(FiguresReport.remark(of: deliveries) == "90 of 100, 83 to 94 %; 100 of 400, 21 to 29 % answered")
        let talks = try #require(report.headlines.first { $0.key == "satisfied_conversation" })
        #expect(talks.value.text == "too few", "9 of 10 are no share")
        let table = try #require(report.tables.first { $0.key == "ratings" })
        #expect(
            table.rows.map { $0.map(\.value.text) } == [
                ["conversations", "too few", "too few", "too few", "29", "9", "0", "0", "1", "0"],
                ["deliveries", "90 %", "too few", "25 %", "400", "60", "30", "5", "3", "2"],
            ])
        #expect(table.rows[1][9].rows == .ratings(.delivery, score: 1))
        #expect(report.csv.contains(#""ratings","deliveries","satisfied","90.0","100","82.6","94.5""#))
        #expect(report.weeklyLines.split(separator: "\n").count == 6, "the weekly mail keeps its six lines")
        // A mail that was not counted as sent can be answered still: no rate is above all.
        let odd = FiguresReport(
            shop: "x", days: 7, until: Self.last, sums: sums("delivery", asked: 30, [0, 0, 0, 0, 40]), before: [],
            daily: [])
        #expect(try #require(odd.tables.first { $0.key == "ratings" }).rows[0][3].value == .share(Share(40, of: 40)))
    }

    @Test("conversations: what is asked, how soon it is answered, how it ends, and what of it is known")
    func conversations() throws {
        func sums(_ factor: Int64) -> [TallySum] {
            [
                TallySum(.questions, a: "where_is_my_order", b: "", n: 60 * factor),
                TallySum(.questions, a: "unclear", b: "", n: 15 * factor),
                TallySum(.firstAnswers, a: "bookbag", b: "01", n: 40 * factor),
                TallySum(.firstAnswers, a: "person", b: "07", n: 30 * factor),
                TallySum(.closings, a: "confirmed", b: "first", n: 8 * factor),
                TallySum(.closings, a: "confirmed", b: "", n: 2 * factor),
                TallySum(.closings, a: "quiet", b: "first", n: 20 * factor),
                TallySum(.closings, a: "person", b: "", n: 30 * factor),
                TallySum(.closings, a: "reopened", b: "", n: 3 * factor),
                TallySum(.handOvers, a: "not_helped", b: "", n: 4 * factor),
                TallySum(.handOvers, a: "unclear", b: "", n: 9 * factor),
                TallySum(.verdicts, a: "where_is_my_order", b: "draft right", n: 29 * factor),
                TallySum(.verdicts, a: "where_is_my_order", b: "draft wrong", n: factor),
                TallySum(.verdicts, a: "where_is_my_order", b: "live wrong", n: 2 * factor),
            ]
        }
        let report = FiguresReport(shop: "x", days: 7, until: Self.last, sums: sums(1), before: sums(2), daily: [])
        func headline(_ key: String) throws -> FiguresReport.Headline {
            try #require(report.headlines.first { $0.key == key })
        }
        #expect(try headline("first_answer").value.text == "30 s")
        #expect(try headline("first_answer").note == "95 % within 3 h")
        let alone = try headline("alone")
        #expect(alone.value == .share(Share(30, of: 60)) && alone.before == .share(Share(60, of: 120)))
        #expect(alone.note == "10 confirmed, 20 in which nothing more was said", "the two are told apart")
        #expect(try headline("drafts_right").value == .share(Share(29, of: 30)))
        func rows(_ key: String) throws -> [[String]] {
            try #require(report.tables.first { $0.key == key }).rows.map { $0.map(\.value.text) }
        }
        #expect(
            try rows("questions") == [
                ["where is my order", "60", "120", "97 %", "too few"], ["unclear", "15", "30", "too few", "too few"],
            ])
        let closings = try rows("closings")
        #expect(
            closings == [
                ["without a person, confirmed", "10", "20", "too few"],
                ["without a person, nothing more was said", "20", "40", "too few"],
                ["with a person", "30", "60", "0.0 %"], ["opened again", "3", "6", "–"],
            ])
        #expect(try rows("hand_overs") == [["unclear", "9", "18"], ["not helped", "4", "8"]])
        #expect(report.weeklyLines.split(separator: "\n").count == 8, "two lines more where customers write")
        #expect(!Self.report.headlines.contains { $0.key == "alone" }, "and none where they do not")
    }

    @Test("what messages save is shown when it is known, and before that how long it takes")
    func holdOuts() throws {
        let first = FiguresReport.lastOfTrials(Self.last).adding(days: -99)
        func trials(_ trigger: String, held: (Int64, Int64), told: (Int64, Int64)) -> [TrialSum] {
            [
                TrialSum(trigger: trigger, isHeld: true, n: held.0, contacts: held.1, since: first),
                TrialSum(
                    trigger: trigger, isHeld: false, n: told.0, contacts: told.1, since: first.adding(days: 3)),
            ]
        }
        let report = FiguresReport(
            shop: "x", days: 7, until: Self.last, sums: [], before: [], daily: [],
            trials: trials("delay-alert", held: (500, 25), told: (9_500, 190))
                + trials("delivered", held: (40, 4), told: (760, 30)))
        let table = try #require(report.tables.first { $0.key == "hold_out" })
        #expect(
            table.rows.map { $0.map(\.value.text) } == [
                ["delay-alert", "30.0", "5.0 %", "2.0 %"],
                ["delivered", "not known yet: about 30 months more at your pace", "10 %", "3.9 %"],
            ])
        let alert = table.rows[0]
        #expect(alert[1].value.note == "13.8 to 52.9" && alert[2].rows == .heldOut(trigger: "delay-alert"))
        #expect(report.csv.contains(#""hold_out","delay-alert","saved","30.0","10000","13.8","52.9""#))
        #expect(report.csv.contains(#""hold_out","delivered","saved","","","","""#), "no figure before it is known")
        let json = try #require(JSONSerialization.jsonObject(with: Data(report.json().utf8)) as? [String: Any])
        let tables = try #require(json["tables"] as? [String: [String: Any]])
        let rows = try #require(tables["hold_out"]?["rows"] as? [[String: Any]])
        let known = try #require(rows[0]["saved"] as? [String: Any])
        #expect(known["per_thousand"] as? Double == 30)
        let unknown = try #require(rows[1]["saved"] as? [String: Any])
        #expect(unknown["per_thousand"] is NSNull && unknown["months"] as? Int == 30)
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
