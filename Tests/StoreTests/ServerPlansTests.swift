import Doubles
import Foundation
import Outreach
import Testing

@testable import Store

/// The hot queries on tables of 100,000 rows at a PostgreSQL server: before it has counted anything in them, as in a store
/// that is a minute old, and after (ANALYZE).
@Suite("Plans at a PostgreSQL server", .enabled(if: PostgresServer.programs != nil))
struct ServerPlansTests {
    private static let rows = 100_000
    /// Columns with few distinct values, and how many; as in `PlannerStatistics`.
    private static let coarse: [String: Int] = [
        "about_kind": 2, "channel": 2, "kind": 3, "line": 2, "name": 5_000, "origin": 2, "queue": 2, "rank": 2,
        "scope": 2, "source": 3, "target": 1, "trigger_name": 20, "urgency": 4, "one": 1,
    ]
    /// What few rows are: most of a table is history.
    private static let states: [(column: String, few: String, most: String)] = [
        ("state", "'waiting'", "'sent'"), ("judged_at", "NULL", "n"), ("retry_at", "NULL", "n"),
        ("verdict", "NULL", "'accepted'"), ("withdrawn_by", "n", "NULL"), ("freed_at", "NULL", "n"),
        ("told_by", "NULL", "n"), ("in_doubt", "1", "0"), ("copied_at", "NULL", "n"), ("written_at", "NULL", "n"),
        ("copy_tries", "n", "NULL"),
    ]

    /// Tables of what is at work now: a few hundred rows, however long a shop is served.
    private static let ofWork: Set = ["leases", "pending_events", "to_read"]
    /// Indexes of what is at work, and those whose first entry alone is read; as in `SchemaTests`.
    private static let work = [
        "effects_waiting", "effects_ready", "effects_tried_again", "effects_of_system", "effects_unwritten",
        "effects_in_doubt", "rereads_next", "bookings_open", "messages_to_copy", "conversations_unclaimed",
    ]
    /// What is asked up to a moment, of which the server makes a plan for that moment.
    private static let upTo: Set = ["rereadsDueCount"]

    /// The tables that hot queries name.
    private static let tables: [String] = {
        let hot = SchemaTests.hot.map(\.sql).joined(separator: " ")
        let words = Set(hot.split { !$0.isLetter && $0 != "_" }.map(String.init))
        return Migration.all.flatMap { migration in
            migration.sql.matches(of: /CREATE TABLE (\w+)/).map { String($0.output.1) }
        }.filter { words.contains($0) && !["store", "shops"].contains($0) }
    }()

    /// Fills a table with what a large shop has in it. Its checks go first: what stands in a row is of no account here,
    /// only how many rows have the same.
    private func fill(_ table: String, _ line: PostgresLine) throws {
        var constraints: [String] = []
        try line.each(
            "SELECT conname FROM pg_constraint WHERE conrelid = CAST(CAST(? AS TEXT) AS regclass) AND contype IN ('c', 'f')",
            [.text(table)]
        ) { constraints.append($0[0]) }
        var columns: [(name: String, type: String)] = []
        try line.each(
            """
            SELECT column_name, data_type FROM information_schema.columns
            WHERE table_schema = current_schema() AND table_name = ? AND is_generated = 'NEVER' ORDER BY ordinal_position
            """, [.text(table)]
        ) { columns.append(($0[0], $0[1])) }
        let values = columns.map { column -> String in
            if column.name == "shop" { return "1" }
            let type = column.type == "bigint" ? "BIGINT" : column.type == "bytea" ? "BYTEA" : "TEXT"
            if let work = Self.states.first(where: { $0.column == column.name }) {
                return "CAST(CASE WHEN n % 500 = 0 THEN \(work.few) ELSE \(work.most) END AS \(type))"
            }
            let number = Self.coarse[column.name].map { "(n % \($0))" } ?? "n"
            switch type {
            case "BIGINT": return number
            case "BYTEA": return "int8send(\(number))"
            default: return "'x' || \(number)"
            }
        }
        let drops = constraints.map { "ALTER TABLE \(table) DROP CONSTRAINT \($0) CASCADE;" }.joined()
        try line.execute(
            """
            \(drops)
            INSERT INTO \(table) (\(columns.map(\.name).joined(separator: ", "))) SELECT \(values.joined(separator: ", "))
            FROM (SELECT CAST(n AS BIGINT) AS n FROM generate_series(1, \(Self.ofWork.contains(table) ? 500 : Self.rows)) AS n) AS numbers
            ON CONFLICT DO NOTHING;
            """)
    }

    /// The steps of the plan that serves every value; or that for the first of all, where it is asked up to a moment.
    private func plan(_ name: String, _ sql: String, _ line: PostgresLine) throws -> [String] {
        let (text, values) = PostgresText.statement(sql)
        let isUpTo = Self.upTo.contains(name)
        let nothing = Array(repeating: isUpTo ? "1" : "NULL", count: values).joined(separator: ", ")
        var plan: [String] = []
        try line.execute("SET plan_cache_mode = force_\(isUpTo ? "custom" : "generic")_plan;")
        try line.execute("PREPARE asked AS \(text);")
        try line.each("EXPLAIN EXECUTE asked\(values == 0 ? "" : "(\(nothing))")", []) { plan.append($0[0]) }
        try line.execute("DEALLOCATE asked;")
        return plan
    }

    @Test("no hot query walks through a table of 100,000 rows")
    func plans() async throws {
        let server = try PostgresServer.shared.get()
        let address = "postgresql:///postgres?\(server.address)&options=-csearch_path%3Dplans"
        let line = PostgresLine(try PostgresSettings(StorePlace(path: address)))
        try line.connect()
        try line.execute("CREATE SCHEMA plans;")
        defer { try? line.execute("DROP SCHEMA plans CASCADE;") }
        try Store.openServer(StorePlace(path: address), role: .command, create: true, now: t0).close()
        #expect(Self.tables.count > 20)
        var large: [String] = []
        for table in Self.tables {
            try fill(table, line)
            if try line.value("SELECT count(*) FROM \(table)") ?? 0 >= Self.rows { large.append(table) }
        }
        #expect(large.count > 20)
        for hasCounted in [false, true] {
            if hasCounted { try line.execute("ANALYZE;") }
            for (name, sql) in SchemaTests.hot {
                let plan = try plan(name, sql, line)
                #expect(!plan.isEmpty)
                // A store that is seconds old has given nothing yet, and has no copies to forget.
                if !hasCounted, ["giftOfCustomer", "giftOfPlace", "giftOfOrder", "copiesToForget"].contains(name) {
                    continue
                }
                for fault in Self.walks(plan, through: large) {
                    Issue.record(
                        "\(name), \(hasCounted ? "" : "not ")counted: \(fault)\n\(plan.joined(separator: "\n"))")
                }
            }
        }
    }

    /// The steps of a plan that go through a large table, or through all of a shop in it.
    private static func walks(_ plan: [String], through large: [String]) -> [String] {
        var walks: [String] = []
        for (index, step) in plan.enumerated() {
            guard step.contains("Scan"), let table = large.first(where: { step.contains(" on \($0) ") }) else {
                continue
            }
            if step.contains("Seq Scan") { walks.append(step) }
            let condition = plan.dropFirst(index + 1).first.flatMap { $0.contains("Index Cond:") ? $0 : nil }
            let isOfShop =
                condition?.wholeMatch(of: #/\s*Index Cond: \(\(?shop = (?:\$\d+|'1'::bigint|[a-z_.]+)\)?\)/#) != nil
            if condition == nil || isOfShop, !work.contains(where: { step.contains($0) }) {
                walks.append("\(table): \(step) \(condition ?? "")")
            }
        }
        return walks
    }
}
