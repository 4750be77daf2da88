package import Outreach
package import Store

/// Messages, the newest first, and for each that is waiting, why: what `bookbag outbox list` prints.
package struct OutboxReport: Report {
    /// One message, or what will become one.
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
        /// Null if it is no longer waiting.
        @Nullable var wait: OutboxWait?

        // Each name as the encoder would write it, except for the one that differs.
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

    /// - Parameter channels: the states of the routes; one that was never closed may be left out.
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
        // The shop is shown only if there are several.
        let isMixed = Set(rows.map(\.shop)).count > 1
        let head =
            (isMixed ? ["ID", "SHOP"] : ["ID"]) + ["ORDER", "TRIGGER", "TO", "STATE", "REASON", "DUE", "SUBJECT"]
        return Table.lines(
            [head]
                + rows.map { row in
                    ["\(row.id)"] + (isMixed ? [row.shop] : [])
                        + [
                            row.order, row.trigger, row.line, row.state, row.shortReason, row.dueAt.toTheMinute,
                            row.summary ?? row.detail ?? "",
                        ]
                }) + waits
    }

    /// Why they are waiting, each reason once.
    private var waits: String {
        let waiting = rows.compactMap(\.wait)
        guard !waiting.isEmpty else { return "" }
        var lines: [String] = []
        for (sentence, group) in Dictionary(grouping: waiting, by: \.sentence).sorted(by: {
            ($1.value.count, $0.key) < ($0.value.count, $1.key)
        }) {
            let until = group.compactMap(\.until).min().map { " (from \($0.toTheMinute))" } ?? ""
            lines.append("  \(group.count)  \(sentence)\(until)")
        }
        return "\n\nWhy they wait:\n" + lines.joined(separator: "\n")
    }

    /// JSON contains only the rows.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rows)
    }
}
