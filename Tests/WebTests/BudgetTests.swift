import Daemon
import Foundation
import Outreach
import Store
import Testing

@testable import Store
@testable import Web

/// What every page may cost: held here on a filled store, and measured at a million orders by `scripts/bench desk`.
@Suite("The budgets of the pages")
struct BudgetTests {
    /// The most statements of one page. Turning a shop's name into its number, reading the session, and the
    /// number beside the Inbox's tab are not the page's own.
    private static let queries = 6
    /// Pages that gather from more tables, and why. None of these grows with what is shown.
    private static let more: [String: Int] = [
        // All of `bookbag explain`: the order and its events, its effects with their keys, decisions, attempts, results
        // and messages, what silences it, the mails that came in, and the files in force.
        // And for each conversation about it its messages, and what was made of them.
        "orders/1001": 48,
        // All orders of somebody, what they were told, what is stopped, what they wrote, and their conversations.
        "customers/CUSTOMER": 7,
        // One message with all of its steps.
        "messages/1": 13,
        // The conversation and its messages, what was made of it and why not, the order, the customer's other orders,
        // silences and conversations.
        "inbox/CONVERSATION": 20,
        // A list, how many stand in each of the five that need work, and whether mail from before waits to be judged.
        "inbox": 8,
        // The whole of `bookbag status`, for each shop.
        "operations": 40,
    ]
    private static let bytes = 100_000
    private static let zipped = 30_000
    private static let elements = 1500

    /// Tables that do not grow with orders, which may be gone through.
    private static let small: Set<String> = [
        "shops", "store", "remembered", "counters", "sources", "triggers", "good_sets", "channels",
        "numbers", "sessions", "carriers", "carrier_windows", "unknown_codes", "limits",
    ]

    /// Two shops with more of everything than a page shows, and some of it in each state.
    private func filled() async throws -> DeskBench {
        let bench = try await DeskBench(triggers: shippedTriggers)
        let names = ["delay-alert", "delivered", "on-its-way"]
        try await bench.store.setTriggers(shop: figs, names: names, goodSet: nil, now: benchStart)
        let states: [(Effect.State, Reason?)] = [
            (.ready, nil), (.skipped, .limit), (.waiting, .quietHours), (.withdrawn, .passed), (.shadowed, .shadow),
        ]
        var told: Event?
        for number in 1001...1120 {
            let event = try await bench.order(
                number, title: "A linen apron with a long name, in moss, number \(number)",
                place: "Bradford-on-Avon", words: "The parcel was sorted and goes on to the next depot")
            told = told ?? event
            let (state, reason) = states[number % states.count]
            try await bench.message(
                about: event, trigger: names[number % names.count], state: number == 1001 ? .ready : state,
                reason: number == 1001 ? nil : reason,
                detail: reason.map { _ in "A sentence that says at some length why this one was not sent" },
                html: String(repeating: "<p>Words of a mail, and more of them.</p>", count: 50))
        }
        // However much an order was told, its page asks no more often.
        for number in 0..<12 {
            try await bench.message(
                about: try #require(told), trigger: "told-\(number)", state: .skipped, reason: .limit,
                detail: "told already")
        }
        try await bench.message(about: bench.order(1001, shop: looms))
        // More conversations than a page shows, and one with more messages.
        for number in 0..<40 {
            bench.now = benchStart + .minutes(number)
            try await bench.wrote("Where is it? I need it on Saturday, for a birthday.", about: 1001 + number)
        }
        let long = try await bench.wrote("The first word", about: 1001, files: ["a.txt"])
        for number in 0..<120 {
            try await bench.wrote("Word number \(number), and some more beside it", into: long.id)
        }
        bench.now = benchStart
        for number in 0..<40 {
            try await bench.before(
                String(repeating: "Where is it? I need it on Saturday. ", count: 60), about: 1001 + number,
                answer: String(repeating: "It is on its way, and comes on Friday. ", count: 60))
            try await bench.store.audit(
                AuditEntry(
                    who: "all@juniperfig.example", shop: figs, what: "retried", about: "message \(number)",
                    detail: nil), now: benchStart)
        }
        return bench
    }

    @Test("every page keeps to its queries, walks through no table that grows, and stays small")
    func pages() async throws {
        let bench = try await filled()
        let cookies = try await bench.login("all@juniperfig.example")
        for (path, method, _) in DeskPagesTests.pages where method == "GET" && path != "changes" {
            _ = bench.statements.taken()
            let answer = await bench.ask("/juniperfig/\(DeskPagesTests.path(path, bench))", cookies: cookies)
            try await hold(answer, path, bench)
        }
        for list in InboxChoice.allCases {
            _ = bench.statements.taken()
            let answer = await bench.ask("/juniperfig/inbox?list=\(list.rawValue)", cookies: cookies)
            try await hold(answer, "inbox?list=\(list.rawValue)", bench)
        }
        for query in ["today?became=waiting", "today?became=held&trigger=delivered", "messages/1?look=dark"] {
            _ = bench.statements.taken()
            try await hold(await bench.ask("/juniperfig/\(query)", cookies: cookies), query, bench)
        }
        let asking = try await bench.asking(about: bench.order(990_077))
        for purpose in SealedLink.Purpose.allCases {
            let path = try await bench.page(purpose, rating: asking)
            _ = bench.statements.taken()
            let answer = await bench.visit(path)
            try await hold(answer, "public \(purpose.rawValue)", bench)
        }
        #expect(PackageResources.desk_js.count < 8192)
    }

    private func hold(_ answer: WebResponse, _ path: String, _ bench: DeskBench) async throws {
        #expect(answer.status == 200, "\(path)")
        let statements = bench.statements.taken().filter(Self.isQuery)
        let most = Self.more[String(path.prefix { $0 != "?" })] ?? Self.queries
        #expect(
            statements.count <= most,
            "\(path) asks the store \(statements.count) times, and may \(most) times: \(statements)")
        for statement in Set(statements) {
            for step in try await bench.plan(of: statement) where Self.walks(step) {
                Issue.record("\(path) walks through a table: \(step), for \(statement)")
            }
        }
        let text = answer.text
        #expect(text.utf8.count < Self.bytes, "\(path) has \(text.utf8.count) bytes")
        let zipped = try Self.zipped(text)
        #expect(zipped < Self.zipped, "\(path) has \(zipped) bytes, compressed")
        let elements = text.matches(of: /<[a-z]/).count
        #expect(elements <= Self.elements, "\(path) has \(elements) elements")
    }

    /// Whether a statement is one of the page's own questions.
    private static func isQuery(_ sql: String) -> Bool {
        let text = sql.trimmingCharacters(in: .whitespacesAndNewlines)
        let first = text.prefix { $0.isLetter }.uppercased()
        return ["SELECT", "WITH", "INSERT", "UPDATE", "DELETE"].contains(first)
            && !text.hasPrefix("SELECT id FROM shops WHERE domain = ?") && !text.contains("sessions")
            && text != Query.countUnclaimed
    }

    /// Whether a step of a plan goes through a whole table, or a shop's whole part of one, that grows.
    private static func walks(_ step: String) -> Bool {
        let words = step.split(separator: " ").map(String.init)
        guard words.count > 1, !step.contains("VIRTUAL TABLE") else { return false }
        let table = words[1]
        if words[0] == "SEARCH", table == "effects", step.hasSuffix("(shop=?)") {
            // Those that are at work are few, whatever the shop's history.
            return ![
                "effects_waiting", "effects_ready", "effects_tried_again", "effects_of_system",
                "effects_unwritten", "effects_in_doubt",
            ].contains { step.contains("INDEX \($0) ") }
        }
        guard words[0] == "SCAN" else { return false }
        let isPart =
            table == "picked" || table.hasPrefix("part") || table == "recent" || table == "due"
            || table == "CONSTANT" || table.hasPrefix("(")
        return !isPart && !small.contains(table)
    }

    /// How long a text is that is compressed as a proxy does it.
    private static func zipped(_ text: String) throws -> Int {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "-6", "-c"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        // A page is larger than a pipe's room.
        Thread.detachNewThread {
            input.fileHandleForWriting.write(Data(text.utf8))
            try? input.fileHandleForWriting.close()
        }
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return bytes.count
    }

    @Test("no route is left out of the table")
    func complete() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources/Web/Desk")
        let table = DeskPagesTests.pages.map { entry in
            (
                parts: entry.path.split(separator: "?")[0].split(separator: "/").map(String.init),
                isPost: entry.method == "POST"
            )
        }
        func advice(_ route: String) -> Comment {
            "\(route) has no entry. Add one request that it answers, with the roles that may send it, to DeskPagesTests.pages: the tests of roles, shops, budgets and foreign words then go through it."
        }
        var found = 0
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
            let source = try String(contentsOf: file, encoding: .utf8)
            let routes = source.matches(
                of: /case \(\.(\w+), (\d+), (true|false)\)(?: where rest\[(\d)\] == "([^"]+)")?/)
            for route in routes {
                found += 1
                let (page, count, isPost) = (String(route.1), Int(route.2) ?? 0, route.3 == "true")
                let isThere = table.contains { parts, posts in
                    guard parts[0] == page, parts.count == count + 1, posts == isPost else { return false }
                    guard let place = route.4.flatMap({ Int($0) }), let word = route.5 else { return true }
                    return parts[place + 1] == word
                }
                #expect(isThere, advice("\(file.lastPathComponent): \(route.0)"))
            }
        }
        #expect(found >= 12, "the routes are no longer written where this test looks for them")
        for page in DeskPage.allCases {
            #expect(table.contains { $0.parts[0] == page.rawValue }, advice("DeskPage.\(page.rawValue)"))
        }
    }

    @Test("a walk through a growing table is noticed")
    func noticed() async throws {
        let bench = try await DeskBench()
        let steps = try await bench.plan(of: "SELECT count(*) FROM effects WHERE detail = ?")
        #expect(steps.contains(where: Self.walks), "\(steps)")
        let shop = try await bench.plan(of: "SELECT count(*) FROM effects WHERE shop = ? AND detail = ?")
        #expect(shop.contains(where: Self.walks), "\(shop)")
        #expect(
            !(try await bench.plan(of: "SELECT * FROM effects WHERE shop = ? AND id = ?")).contains(where: Self.walks))
    }
}

extension DeskBench {
    /// How the store would go about a statement, step by step.
    func plan(of sql: String) async throws -> [String] {
        try await store.read { db in
            let values: [(any SQLBindable)?] = Array(repeating: 0, count: sql.count { $0 == "?" })
            return try db.all("EXPLAIN QUERY PLAN " + sql, SQLArguments(values)) { row -> String in row[3] }
        }
    }
}
