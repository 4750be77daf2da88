import Foundation
import Outreach
import Platform
import Store
import Testing

@testable import Daemon

@Suite("The figures of what was given", .timeLimit(.minutes(5)))
struct GivenFiguresTests {
    private func report(_ bench: RemedyBench) async throws -> FiguresReport {
        try await FiguresReport.read(
            bench.store, shop: remedyShop, days: 42, until: Zone.utc.day(at: bench.now))
    }

    private func rows(_ report: FiguresReport, _ key: String) -> [[String]] {
        (report.tables.first { $0.key == key }?.rows ?? []).map { $0.map(\.value.text) }
    }

    @Test("say what was chosen, what was done, whether codes were used, and what it came to by month")
    func all() async throws {
        let bench = try await RemedyBench(RemedyBench.open)
        for order in 1...2 { try await bench.see(order, customer: order) }
        try await bench.work()
        try await bench.wait(.seconds(6))
        #expect(
            try await bench.desk.choose(.reship, of: bench.offer(1).number, shop: remedyShop, now: bench.now)
                == .chosen)
        try await bench.see(3, total: 99, customer: 3)
        try await bench.work()
        var report = try await report(bench)
        // The gift that goes along is the remedy's, and so is the second parcel, at the price of its goods.
        #expect(rows(report, "gifts") == [["a remedy, as chosen", "sorry", "2", "30.00 GBP", "0", "0"]])
        #expect(rows(report, "done") == [["a remedy, as chosen", "second parcel", "1", "30.00 GBP", "0"]])
        #expect(
            rows(report, "remedies") == [
                ["lost-parcel", "offered", "2", "0"], ["lost-parcel", "chosen: the same goods again", "1", "0"],
                ["lost-parcel", "given to a person at once", "1", "0"],
            ])
        // What is offered and not chosen counts at its dearest, under the trigger that decided it.
        #expect(
            rows(report, "spending") == [
                ["2026-11", "a remedy, as chosen", "60.00 GBP"], ["2026-11", "lost", "45.00 GBP"],
            ])
        // A code counts once, however often its order is read, and however it was typed.
        let code = try #require(bench.codes.live.first)
        for _ in 0..<2 {
            try await bench.see(4, customer: 4, isWrong: false, codes: [code.lowercased(), "WELCOME"])
        }
        try await bench.see(5, customer: 5, isWrong: false, codes: [code])
        report = try await self.report(bench)
        #expect(rows(report, "gifts").first?[4] == "1")
        #expect(report.csv.contains(#""spending","2026-11, lost","cost","45.00""#), "\(report.csv)")
        #expect(report.text.contains("Gifts, by trigger"))
    }
}
