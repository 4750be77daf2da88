import ArgumentParser
import Daemon
import Foundation
import Outreach
import Store

/// `bookbag report`: the figures of a shop.
struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Print a shop's figures: messages, promises, delays, reasons, returns.",
        discussion: """
            The same figures as the desk's Analytics, up to today in the shop's zone, beside as many days before. JSON has the \
            definition of each. A share of fewer than 30 is not shown.

            EXAMPLES
              bookbag report
              bookbag report --days 7
              bookbag report --days 365 --csv > year.csv
            """)

    @OptionGroup var options: CommandOptions
    @Option(help: "How many days, up to 730.") var days = 42
    @Option(help: "Only this shop.") var shop: String?
    @Flag(help: "Print JSON.") var json = false
    @Flag(help: "Print comma-separated values.") var csv = false

    func validate() throws {
        guard (1...FiguresReport.mostDays).contains(days) else {
            throw ValidationError("--days is a number from 1 to \(FiguresReport.mostDays)")
        }
        if json, csv { throw ValidationError("choose one of --json and --csv") }
    }

    func run() async throws {
        let store = try options.store()
        let now = DaemonClock.system()
        let shops = try await store.shops().filter { shop == nil || shop == $0 }
        guard !shops.isEmpty else {
            throw ValidationError(shop.map { "the store has no shop '\($0)'" } ?? "the store has no shop yet")
        }
        var reports: [FiguresReport] = []
        for domain in shops {
            let today = try await store.profile(shop: domain).zone.day(at: now)
            reports.append(try await FiguresReport.read(store, shop: domain, days: days, until: today))
        }
        if json {
            let texts = try reports.map { try $0.json() }
            print(texts.count == 1 ? texts[0] : "[\(texts.joined(separator: ",\n"))]")
        } else if csv {
            // The head stands once.
            let parts = reports.enumerated().map { index, report in
                index == 0 ? report.csv : String(report.csv.drop { $0 != "\r\n" }.dropFirst())
            }
            print(parts.joined(), terminator: "")
        } else {
            print(reports.map(\.text).joined(separator: "\n\n"))
        }
    }
}
