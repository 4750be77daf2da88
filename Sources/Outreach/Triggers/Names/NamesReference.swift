/// The reference of all names, for docs/triggers.md: made from the tables that are checked and read by, so that it cannot be wrong.
public enum NamesReference {
    /// Markdown: a table for each root, and for each thing that stands in lists.
    public static var markdown: String {
        var sections: [String] = []
        for root in Names.roots {
            var text = "### `\(root.name)`\n\n\(root.meaning)"
            if let kinds = root.kinds {
                let subjects = kinds.map(\.subject).unique.sorted().map { "`\($0).…`" }.joined(separator: " and ")
                text += " There on \(kinds.count == 1 ? "`\(kinds.first!.rawValue)`" : "events of \(subjects)") only."
            }
            sections.append(text + "\n\n" + table(root.rows))
        }
        for item in Names.items where item.name != "shipment" {
            sections.append("### Each \(item.name)\n\n\(item.meaning)\n\n" + table(item.rows))
        }
        return sections.joined(separator: "\n\n")
    }

    private static func table(_ rows: [NameRow]) -> String {
        let head = "| name | what | meaning | from | can be empty |\n| --- | --- | --- | --- | --- |\n"
        return head
            + rows.map { row in
                var meaning = row.meaning
                if case .word(let words) = row.type, words.count <= 16 {
                    meaning += " One of \(words.map { "`\($0)`" }.joined(separator: ", "))."
                }
                return
                    "| `\(row.path)` | \(row.type.words) | \(meaning) | \(row.source.rawValue) | \(row.canBeEmpty ? "yes" : "") |"
            }.joined(separator: "\n")
    }

    /// Markdown: every event that `on:` can name, by its subject.
    public static var events: String {
        ["order", "shipment", "return", "refund"].map { subject in
            "* " + EventKind.allCases.filter { $0.subject == subject }.map { "`\($0.rawValue)`" }.joined(separator: " ")
        }.joined(separator: "\n")
    }
}
