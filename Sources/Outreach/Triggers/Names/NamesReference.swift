/// The reference of all names, for docs/triggers.md, generated from the tables that checking and reading use, so that
/// it cannot be wrong.
public enum NamesReference {
    /// Markdown: a table for each root, and for each thing that occurs in lists.
    public static var markdown: String {
        let events = EventVocabulary.standard
        var sections: [String] = []
        for root in Names.roots {
            var text = "### `\(root.name)`\n\n\(root.meaning)"
            if !root.isAlways {
                let kinds = events.kinds.filter { $0.has(root.name) }
                let subjects = kinds.map(\.subject).unique.sorted().map { "`\($0).…`" }.joined(separator: " and ")
                text += " Only on \(kinds.count == 1 ? "`\(kinds[0].rawValue)`" : "\(subjects) events")."
            }
            sections.append(text + "\n\n" + table(root.rows))
            if root.name == "shipment" {
                // It is listed on its own; each of its elements has the names above.
                sections.append("### `\(Names.shipments.path)`\n\n" + table([Names.shipments]))
            }
        }
        sections.append("### The shopper's pages\n\nSee desk.md.\n\n" + table(Names.pages.map(\.row)))
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

    /// Markdown: every event that `on:` can name, by its subject, with what it means and how long it counts as news.
    public static var events: String { events(of: .standard) }

    /// The same for another set of event kinds.
    static func events(of vocabulary: EventVocabulary) -> String {
        vocabulary.subjects.map { subject in
            let head = "| event | when it happens | is news for | and no more once |\n| --- | --- | --- | --- |\n"
            return head
                + vocabulary.kinds.filter { $0.subject == subject }.map { kind in
                    let meaning = kind.meaning.replacing(/'([a-z_.]+(: [a-z]+)?)'/) { "`\($0.1)`" }
                    return "| `\(kind.rawValue)` | \(meaning) | \(words(kind.age)) | \(kind.passedBy ?? "") |"
                }.joined(separator: "\n")
        }.joined(separator: "\n\n")
    }

    private static func words(_ age: Duration) -> String {
        let hours = age.components.seconds / 3600
        if hours % 24 != 0 { return "\(hours) hours" }
        return hours == 24 ? "1 day" : "\(hours / 24) days"
    }
}
