import Daemon
import Foundation
import Outreach
import Store
import Testing

@testable import Web

/// The links of Analytics to the rows behind its figures.
enum FigureLinks {
    /// Their paths within the shop.
    static func of(_ html: String) -> [String] {
        html.matches(of: /href="\/juniperfig\/(analytics\/rows\?[^"]+)"/).map {
            String($0.1).replacing("&amp;", with: "&")
        }
    }
}

@Suite("Analytics")
struct AnalyticsTests {
    /// Ten orders with a message each, three of them late.
    private func filled() async throws -> (DeskBench, [String: String]) {
        let bench = try await DeskBench()
        for number in 1001...1010 {
            let event = try await bench.order(number)
            let isHeld = number > 1004
            try await bench.message(
                about: event, trigger: isHeld ? "delivered" : "delay-alert", state: isHeld ? .skipped : .ready,
                reason: isHeld ? .limit : nil)
            if number <= 1003 { try await bench.delayed(number, carrier: "Royal Mail & Söhne") }
        }
        try await bench.sendAll()
        return (bench, try await bench.login("shop@juniperfig.example"))
    }

    private func rows(_ html: String) -> Int { html.matches(of: /class="go" href=/).count }

    @Test("each count opens as many rows as it says, by key, and their spreadsheet has as many")
    func opens() async throws {
        let (bench, cookies) = try await filled()
        let page = await bench.ask("/juniperfig/analytics?days=7", cookies: cookies)
        #expect(page.status == 200)
        let cells = page.text.matches(of: /<a href="(\/juniperfig\/analytics\/rows\?[^"]+)">([0-9]+)<\/a>/)
        #expect(cells.count >= 5, "messages, parcels, delays, reasons")
        for cell in cells {
            let path = String(cell.1).replacing("&amp;", with: "&")
            let list = await bench.ask(path, cookies: cookies)
            #expect(list.status == 200)
            #expect(rows(list.text) == Int(cell.2), "\(path)")
            let sheet = await bench.ask(path + "&csv=1", cookies: cookies)
            #expect(sheet.text.split(separator: "\r\n").count - 1 == Int(cell.2)!, "\(path)")
            #expect(!sheet.text.contains("Robin") && !sheet.text.contains("robin@"), "\(path)")
        }
        let headlines = page.text.matches(of: /<strong>([0-9]+)<\/strong> <a href="(\/juniperfig[^"]+)"/)
        #expect(headlines.map { String($0.1) } == ["4", "6", "0"])
    }

    @Test("lists behind a figure go on by key, without gaps or doubles, and end where its days do")
    func paged() async throws {
        let bench = try await DeskBench()
        for number in 1001...1070 {
            try await bench.message(about: bench.order(number), state: .skipped, reason: .limit)
        }
        bench.now = benchStart + .days(10)
        try await bench.message(about: bench.order(2000), state: .skipped, reason: .limit)
        let cookies = try await bench.login("shop@juniperfig.example")
        var seen: [String] = []
        var path: String? = "/juniperfig/analytics/rows?show=because&reason=limit&days=7&until=2026-11-29"
        while let next = path {
            let answer = await bench.ask(next, cookies: cookies)
            seen += answer.text.matches(of: /class="go" href="([^"]+)"/).map { String($0.1) }
            path = answer.text.firstMatch(of: /class="more"><a href="([^"]+)"/).map {
                String($0.1).replacing("&amp;", with: "&")
            }
        }
        #expect(seen.count == 70 && Set(seen).count == 70)
        for bad in ["show=nosuch", "show=because", "show=because&reason=nosuch", "show=parcels&outcome=x", ""] {
            #expect(await bench.ask("/juniperfig/analytics/rows?\(bad)", cookies: cookies).status == 404, "\(bad)")
        }
        let wild = "show=sent&days=99999999999&until=9999-99-99&after=x_y_z"
        #expect(await bench.ask("/juniperfig/analytics/rows?\(wild)", cookies: cookies).status == 200)
    }

    @Test("is kept for a minute, and each shop has its own")
    func kept() async throws {
        let (bench, cookies) = try await filled()
        let first = await bench.ask("/juniperfig/analytics", cookies: cookies).text
        try await bench.message(about: bench.order(1011), state: .skipped, reason: .limit)
        bench.now = benchStart + .seconds(59)
        #expect(await bench.ask("/juniperfig/analytics", cookies: cookies).text == first)
        bench.now = benchStart + .seconds(61)
        let second = await bench.ask("/juniperfig/analytics", cookies: cookies).text
        #expect(second != first && second.contains(">7</a>"))
        let others = try await bench.login("other@northloom.example")
        #expect(await bench.ask("/northloom/analytics", cookies: others).text.contains("Nothing was counted"))
    }

    @Test("stays small with a year of everything, and its lines have at most 120 points")
    func size() async throws {
        let bench = try await DeskBench()
        for number in 0..<60 {
            bench.now = benchStart - .days(number * 6)
            let event = try await bench.order(1000 + number, at: bench.now)
            for trigger in 0..<8 {
                try await bench.message(
                    about: event, trigger: "a-trigger-with-a-name-\(trigger + number % 5 * 8)", state: .skipped,
                    reason: Reason.allCases[(number + trigger) % Reason.allCases.count])
            }
            try await bench.delayed(1000 + number, carrier: "A carrier with a long name \(number)")
        }
        bench.now = benchStart
        let cookies = try await bench.login("shop@juniperfig.example")
        for days in DeskSite.daysOfFigures {
            let page = await bench.ask("/juniperfig/analytics?days=\(days)", cookies: cookies)
            #expect(page.status == 200 && page.text.utf8.count < 120_000, "\(days): \(page.text.utf8.count)")
            for line in page.text.matches(of: /points="([^"]+)"/) {
                #expect(line.1.split(separator: " ").count <= FigureChart.mostPoints)
            }
            #expect(!page.text.contains("style="))
            #expect(page.text.matches(of: /<polyline/).count <= 6)
        }
        let sheet = await bench.ask("/juniperfig/analytics/csv?days=365", cookies: cookies)
        #expect(sheet.headers["content-disposition"]?.contains("2026-11-29-365-days.csv") == true)
        #expect(sheet.text.contains("A carrier with a long name 59") && sheet.text.utf8.count < 1_000_000)
    }

    @Test("no carrier's name is a formula in a spreadsheet")
    func formulas() async throws {
        let bench = try await DeskBench()
        try await bench.order(1001, name: "=HYPERLINK(1)")
        try await bench.delayed(1001, carrier: "=cmd|' /C calc'!A0")
        let cookies = try await bench.login("shop@juniperfig.example")
        let page = await bench.ask("/juniperfig/analytics", cookies: cookies)
        let paths = ["analytics/csv?days=42"] + FigureLinks.of(page.text).map { $0 + "&csv=1" }
        var met = 0
        for path in paths {
            let sheet = await bench.ask("/juniperfig/\(path)", cookies: cookies)
            #expect(sheet.headers["content-type"]?.hasPrefix("text/csv") == true)
            #expect(sheet.text.firstMatch(of: /(^|[,\n\uFEFF])"?[=+@-]/) == nil, "\(path): \(sheet.text)")
            if sheet.text.contains("\"'=cmd") || sheet.text.contains("\"'=HYPERLINK") { met += 1 }
        }
        #expect(met >= 3)
    }

    @Test("a chart says in words what it shows, and puts more than 120 days together to weeks that end today")
    func charts() {
        let first = CalendarDay(iso8601: "2026-01-01")!
        func chart(_ counts: [Int64]) -> FigureChart {
            FigureChart(
                FiguresReport.Chart(
                    key: "k", title: "Messages a day", definition: "d",
                    series: [FiguresReport.Series(key: "sent", title: "sent", counts: counts)]), from: first,
                clock: Clock(.utc))
        }
        let days = chart([1, 5, 0])
        #expect(days.lines[0].points == "0.0,100.3 300.0,21.7 600.0,120.0")
        #expect(days.top == "6" && days.middle == "3" && days.labels == ["1 Jan", "2 Jan", "3 Jan"])
        #expect(days.summary == "sent: 6 in all, at most 5, 2 Jan.")
        #expect(days.rows.map(\.day) == ["3 Jan", "2 Jan", "1 Jan"])
        let year = chart(Array(repeating: 2, count: 365))
        #expect(year.isByWeek && year.title == "Messages a week" && year.rows.count == 52)
        #expect(year.rows[0].counts == ["14"] && year.rows.last?.counts == ["14"])
        #expect(chart([3]).lines[0].points.split(separator: " ").count == 2)
        #expect(chart([]).lines[0].points == "" && chart([0, 0]).isEmpty)
        for greatest: Int64 in [0, 1, 3, 11, 99, 101, 12_345] {
            let top = FigureChart.roundTop(greatest)
            #expect(top >= greatest && top >= 2 && top.isMultiple(of: 2) && top <= max(2, greatest * 3))
        }
    }
}

@Suite("The page of a customer")
struct CustomerPageTests {
    private func filled() async throws -> (DeskBench, String) {
        let bench = try await DeskBench()
        try await bench.message(about: bench.order(1001))
        try await bench.message(about: bench.order(1002), trigger: "delivered", state: .skipped, reason: .limit)
        return (bench, "/juniperfig/customers/\(bench.customer())")
    }

    @Test("has all orders, what was told and what was not, and is found from an order and from an address")
    func page() async throws {
        let (bench, path) = try await filled()
        let cookies = try await bench.login("approve@juniperfig.example")
        let page = await bench.ask(path, cookies: cookies)
        #expect(page.status == 200)
        for words in ["Robin Ashdown", "#1001", "#1002", "on-its-way", "limit", "robin@example.com"] {
            #expect(page.text.contains(words), "\(words)")
        }
        for act in ["silence", "lift", "export", "erase"] { #expect(!page.text.contains("\(path)/\(act)"), "\(act)") }
        #expect(await bench.ask("/juniperfig/orders/1001", cookies: cookies).text.contains("href=\"\(path)\""))
        let found = await bench.ask(
            "/juniperfig/find", method: "POST", form: ["what": "Robin@Example.com"], cookies: cookies)
        #expect(found.text.contains("href=\"\(path)\""))
        for bad in [
            "x", "00", String(repeating: "0", count: 32), bench.customer().uppercased(), bench.customer() + "0",
        ] {
            #expect(await bench.ask("/juniperfig/customers/\(bad)", cookies: cookies).status == 404, "\(bad)")
        }
        // The same address is another key, and nobody, in a shop without that customer.
        let others = try await bench.login("other@northloom.example")
        #expect(await bench.ask(path.replacing("juniperfig", with: "northloom"), cookies: others).status == 404)
    }

    @Test("is silenced for a time, and lifted again; the audit has both, and names nobody")
    func silence() async throws {
        let (bench, path) = try await filled()
        let cookies = try await bench.login("answer@juniperfig.example")
        let form = ["stream": "all", "for": "week"]
        #expect(await bench.ask("\(path)/silence", method: "POST", form: form, cookies: cookies).status == 303)
        func isSilenced(_ now: Moment) async throws -> Bool {
            try await bench.store.isSilenced(
                shop: figs, address: "robin@example.com", customerID: nil, orderID: "x", stream: .order, now: now)
        }
        #expect(try await isSilenced(bench.now + .days(6)))
        #expect(try await !isSilenced(bench.now + .days(8)))
        let page = await bench.ask(path, cookies: cookies).text
        let id = try #require(page.firstMatch(of: /name="silence" value="([0-9]+)"/)).1
        #expect(
            await bench.ask("\(path)/lift", method: "POST", form: ["silence": String(id)], cookies: cookies).status
                == 303)
        #expect(try await !isSilenced(bench.now))
        #expect(
            await bench.ask("\(path)/lift", method: "POST", form: ["silence": String(id)], cookies: cookies).status
                == 409)
        for bad in [
            ["stream": "all"], ["for": "week"], ["stream": "x", "for": "week"], ["stream": "all", "for": "x"],
        ] {
            #expect(await bench.ask("\(path)/silence", method: "POST", form: bad, cookies: cookies).status == 400)
        }
        let audit = try await bench.store.auditLines(limit: 9).map { "\($0.entry)" }
        #expect(audit.count == 3 && audit.allSatisfy { !$0.contains("robin") && !$0.contains("Robin") })
    }

    @Test("is exported as the command does, which is in the audit")
    func export() async throws {
        let (bench, path) = try await filled()
        let cookies = try await bench.login("operate@juniperfig.example")
        let answer = await bench.ask("\(path)/export", method: "POST", cookies: cookies)
        #expect(answer.status == 200 && answer.headers["content-disposition"]?.contains("robin") == false)
        let json = try #require(JSONSerialization.jsonObject(with: Data(answer.text.utf8)) as? [String: Any])
        let orders = try #require(json["orders"] as? [[String: Any]])
        #expect(json["address"] as? String == "robin@example.com" && orders.count == 2)
        #expect((orders.compactMap { ($0["mails"] as? [[String: Any]])?.count }).reduce(0, +) == 1)
        #expect(try await bench.store.auditLines(limit: 1).first?.entry.what == "exported")
        #expect(await bench.ask("\(path)/export", cookies: cookies).status == 404, "by POST alone")
    }

    @Test("is erased by a typed word alone; what is left says so, and the figures stay")
    func erase() async throws {
        let (bench, path) = try await filled()
        let cookies = try await bench.login("operate@juniperfig.example")
        let page = await bench.ask(path, cookies: cookies).text
        for words in ["Erased", "Kept", "control", "backups"] { #expect(page.contains(words)) }
        for word in ["", "yes", "erase me"] {
            #expect(
                await bench.ask("\(path)/erase", method: "POST", form: ["word": word], cookies: cookies).status == 400)
        }
        #expect(try await bench.store.orders(ofAddress: "robin@example.com", shop: figs).count == 2)
        let day = Zone.utc.day(at: bench.now)
        let before = try await bench.store.tallySums(shop: figs, from: day, to: day)
        let done = await bench.ask("\(path)/erase", method: "POST", form: ["word": " Erase "], cookies: cookies)
        #expect(done.status == 303)
        #expect(try await bench.store.orders(ofAddress: "robin@example.com", shop: figs).isEmpty)
        #expect(try await bench.store.tallySums(shop: figs, from: day, to: day) == before)
        let left = await bench.ask(done.headers["location"] ?? "", cookies: cookies)
        #expect(left.status == 200 && left.text.contains("Erased.") && left.text.contains("erased"))
        #expect(!left.text.contains("Robin") && !left.text.contains("robin@"))
        #expect(!left.text.contains("\(path)/lift"), "an erasure is not lifted")
        #expect(
            await bench.ask("\(path)/erase", method: "POST", form: ["word": "erase"], cookies: cookies).status == 404)
        let audit = try await bench.store.auditLines(limit: 9)
        #expect(audit.map(\.entry.what) == ["erased", "signed_in"])
        #expect(audit.allSatisfy { !"\($0.entry)".contains("robin@") && !"\($0.entry)".contains("1001") })
    }
}
