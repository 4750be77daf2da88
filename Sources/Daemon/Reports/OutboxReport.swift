package import Outreach
package import Store

/// Messages, the newest first, and why each of them waits that does: what `bookbag outbox list` tells.
package struct OutboxReport: Report {
    /// One message, or what is to become one.
    struct Row: Encodable, Sendable {
        var id: Int64
        var shop: String
        var order: String
        var trigger: String
        var line: String
        var state: String
        @Nullable var reason: String?
        @Nullable var detail: String?
        var event: String
        @Stamped var dueAt: Moment
        var attempts: Int
        var attemptsInDoubt: Int
        @Nullable var messageID: String?
        @Nullable var summary: String?
        /// Null for what waits no more.
        @Nullable var wait: OutboxWait?

        // Each name as the encoder would write it, but for the one that it would write otherwise.
        private enum CodingKeys: String, CodingKey {
            case id, shop, order, trigger, line, state, reason, detail, event, dueAt, attempts, attemptsInDoubt,
                summary,
                wait
            case messageID = "messageId"
        }

        /// A word for the table: what holds it, or why it ended.
        var shortReason: String {
            guard let wait, wait.cause != .held else { return reason ?? "" }
            return wait.cause.rawValue
        }
    }

    var rows: [Row]

    /// - Parameter channels: how the routes stand; one that was never closed may be left out.
    package init(_ lines: [OutboxLine], channels: [Route: ChannelState] = [:], now: Moment) {
        rows = lines.map { line in
            let effect = line.effect
            return Row(
                id: effect.id, shop: effect.shop, order: line.orderName, trigger: effect.trigger, line: effect.line,
                state: effect.state.rawValue, reason: effect.reason?.rawValue, detail: effect.detail,
                event: effect.event?.kind.rawValue ?? "", dueAt: effect.dueAt, attempts: effect.attempts,
                attemptsInDoubt: effect.attemptsInDoubt, messageID: line.messageID, summary: line.summary,
                wait: OutboxWait(line, channel: channels[effect.route] ?? ChannelState(), now: now))
        }
    }

    package var text: String {
        if rows.isEmpty { return "Nothing to show." }
        // Whose it is needs to be said only where there are several.
        let isMixed = Set(rows.map(\.shop)).count > 1
        let head =
            (isMixed ? ["ID", "SHOP"] : ["ID"]) + ["ORDER", "TRIGGER", "TO", "STATE", "REASON", "DUE", "SUBJECT"]
        return Table.lines(
            [head]
                + rows.map { row in
                    ["\(row.id)"] + (isMixed ? [row.shop] : [])
                        + [
                            row.order, row.trigger, row.line, row.state, row.shortReason, row.dueAt.iso8601,
                            row.summary ?? row.detail ?? "",
                        ]
                }) + waits
    }

    /// Why they wait, each reason once.
    private var waits: String {
        let waiting = rows.compactMap(\.wait)
        guard !waiting.isEmpty else { return "" }
        var lines: [String] = []
        for (sentence, group) in Dictionary(grouping: waiting, by: \.sentence).sorted(by: {
            ($1.value.count, $0.key) < ($0.value.count, $1.key)
        }) {
            let until = group.compactMap(\.until).min().map { " (from \($0.iso8601))" } ?? ""
            lines.append("  \(group.count)  \(sentence)\(until)")
        }
        return "\n\nWhy they wait:\n" + lines.joined(separator: "\n")
    }

    /// JSON has the rows alone.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rows)
    }
}
