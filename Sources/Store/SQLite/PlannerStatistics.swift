internal import GRDB
internal import Outreach

/// The statistics that SQLite's planner uses for our tables.
///
/// Without any, it takes one column of an index for nearly as good as two: ten rows for the first, nine for both. With
/// the shop first in every key that is completely wrong, because one shop has all the rows, and a query by order would
/// scan the whole shop to satisfy its ORDER BY. So we write the statistics of a large one-shop store by hand
/// (https://www.sqlite.org/fileformat2.html#the_sqlite_stat1_table); plans are then the same in every store, full or
/// empty. Nothing runs ANALYZE over them.
enum PlannerStatistics {
    /// Columns with few distinct values, and how many. All others are nearly unique.
    private static let coarse: [String: Int] = [
        "about_kind": 1, "channel": 1, "kind": 1, "line": 1, "origin": 1, "queue": 1, "rank": 1, "retry_at": 1,
        "scope": 2, "shop": 1,
        "source": 3, "state": 4, "target": 1, "trigger_name": 20, "urgency": 4,
    ]
    /// Columns that make an index unique when they end it.
    private static let single: Set<String> = ["effect_id", "event_id", "gid", "id"]

    /// Writes them for all indexes, and makes the connection load them.
    static func write(to database: Database) throws {
        // Creates the table if there is none, without reading any of our rows.
        try database.execute(sql: "ANALYZE sqlite_schema; DELETE FROM sqlite_stat1")
        let db = Connection(database: database)
        let indexes = try db.all(
            """
            SELECT tables.name, lists.name, lists."unique", lists.origin, tables.wr, coalesce(texts.sql, '')
            FROM pragma_table_list AS tables JOIN pragma_index_list(tables.name) AS lists
            LEFT JOIN sqlite_schema AS texts ON texts.name = lists.name
            WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite_%'
            """
        ) { row in
            (
                table: row[0] as String, name: row[1] as String, isUnique: row[2] as Bool,
                isTable: (row[3] as String) == "pk" && row[4] as Bool, sql: row[5] as String
            )
        }
        for index in indexes {
            let columns = try db.all("SELECT name FROM pragma_index_info('\(index.name)') ORDER BY seqno") {
                $0[0] as String
            }
            let rows = rows(in: index.sql)
            var left = rows
            var counts: [Int] = []
            for (place, column) in columns.enumerated() {
                let isLast = place == columns.count - 1
                if isLast, index.isUnique || single.contains(column) {
                    left = 1
                } else if let parts = coarse[column] {
                    left = max(1, left / parts)
                } else {
                    left = left > 10 ? 10 : max(1, left / 3)
                }
                counts.append(left)
            }
            try db.run(
                "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)",
                [
                    index.table, index.isTable ? index.table : index.name,
                    ([rows] + counts).map(String.init).joined(separator: " "),
                ])
        }
        try database.execute(sql: "ANALYZE sqlite_schema")
    }

    /// The assumed number of rows of an index: live work has few, whatever the history.
    private static func rows(in sql: String) -> Int {
        guard sql.contains(" WHERE ") else { return 1_000_000 }
        let isOfWork = ["state = '", "judged_at IS NULL", "origin = 'system'"].contains { sql.contains($0) }
        return isOfWork ? 1_000 : 100_000
    }
}
