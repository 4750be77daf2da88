import Daemon
import Outreach

extension ConfigurationReader {
    /// `keep:`: for how many days each kind of data is kept.
    mutating func retention(_ tree: YAMLTree) -> Retention {
        var retention = Retention()
        let names = ["messages", "attempts", "letters", "conversations", "orders"]
        guard let keys = fields(tree, of: "keep", names) else { return retention }
        if let entry = keys["messages"] { retention.messages = age(entry.value, least: Retention.least) }
        if let entry = keys["attempts"] { retention.attempts = age(entry.value, least: Retention.least) }
        if let entry = keys["letters"] { retention.letters = age(entry.value, least: Retention.least) }
        if let entry = keys["conversations"] {
            retention.conversations = age(entry.value, least: Retention.leastForOrders)
        }
        if let entry = keys["orders"] { retention.orders = age(entry.value, least: Retention.leastForOrders) }
        return retention
    }

    /// `400 days`, or `for ever`, which is nil.
    private mutating func age(_ tree: YAMLTree, least: Duration) -> Duration? {
        let text = tree.text ?? tree.kind
        if text == "for ever" || text == "forever" { return nil }
        let words = text.split(separator: " ")
        guard words.count == 2, words[1] == "days" || words[1] == "day", let days = Int(words[0]), days > 0,
            days <= 36_500
        else {
            faults.add(at: tree.position, "'\(text)' is no number of days", hint: "write '400 days', or 'for ever'")
            return nil
        }
        guard .days(days) >= least else {
            faults.add(
                at: tree.position, "that is too short: it may still be needed",
                hint: "write '\(least.components.seconds / 86_400) days' or more")
            return nil
        }
        return .days(days)
    }
}
