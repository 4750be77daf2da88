import ArgumentParser
import Foundation
import Outreach
import Store

/// `bookbag outbox`: what waits, what went out, and why not.
struct OutboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox", abstract: "Reread at what waits and what went out, try a message again, or drop it.",
        subcommands: [List.self, Show.self, Retry.self, Drop.self], defaultSubcommand: List.self)

    /// `bookbag outbox list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List messages, the newest first.",
            discussion: """
                EXAMPLES
                  bookbag outbox list --state ready
                  bookbag outbox list --shadow      what would have gone out
                """)

        @OptionGroup var options: CommandOptions
        @Option(
            help: "Only those in this state: waiting, ready, sent, shadowed, skipped, withdrawn, replaced or refused.")
        var state: String?
        @Flag(help: "Only what would have gone out in shadow mode.") var shadow = false
        @Option(help: "Only of this shop.") var shop: String?
        @Option(help: "How many at most.") var limit = 50
        @Flag(help: "Print JSON.") var json = false

        func validate() throws {
            if let state, Effect.State(rawValue: state) == nil {
                let words = Effect.State.allCases.map(\.rawValue)
                let near = nearest(to: state, in: words).map { "; did you mean '\($0)'?" } ?? ""
                throw ValidationError("'\(state)' is no state\(near)")
            }
        }

        func run() async throws {
            let store = try options.store()
            let wanted = shadow ? Effect.State.shadowed : state.flatMap(Effect.State.init(rawValue:))
            var lines: [OutboxLine] = []
            for domain in try await store.shops() where shop == nil || shop == domain {
                lines += try await store.outbox(
                    shop: domain, states: wanted.map { [$0] } ?? [], limit: max(1, min(limit, 10_000)))
            }
            lines = Array(
                lines.sorted { ($0.effect.createdAt, $0.effect.id) > ($1.effect.createdAt, $1.effect.id) }
                    .prefix(max(1, limit)))
            print(json ? try Self.json(lines) : Self.table(lines))
        }

        private static func table(_ lines: [OutboxLine]) -> String {
            if lines.isEmpty { return "Nothing to show." }
            // Whose it is needs to be said only where there are several.
            let isMixed = Set(lines.map(\.effect.shop)).count > 1
            let rows =
                [
                    (isMixed ? ["ID", "SHOP"] : ["ID"]) + [
                        "ORDER", "TRIGGER", "TO", "STATE", "REASON", "DUE", "SUBJECT",
                    ]
                ]
                + lines.map { line in
                    ["\(line.effect.id)"] + (isMixed ? [line.effect.shop] : [])
                        + [
                            line.orderName, line.effect.trigger, line.effect.line, line.effect.state.rawValue,
                            line.effect.reason?.rawValue ?? "", line.effect.dueAt.iso8601,
                            line.summary ?? line.effect.detail ?? "",
                        ]
                }
            return Table.lines(rows)
        }

        private static func json(_ lines: [OutboxLine]) throws -> String {
            let rows = lines.map { line -> [String: Any] in
                [
                    "id": line.effect.id, "shop": line.effect.shop, "order": line.orderName,
                    "trigger": line.effect.trigger, "line": line.effect.line, "state": line.effect.state.rawValue,
                    "reason": line.effect.reason?.rawValue ?? NSNull(), "detail": line.effect.detail ?? NSNull(),
                    "event": line.effect.event?.kind.rawValue ?? "", "due_at": line.effect.dueAt.iso8601,
                    "attempts": line.effect.attempts, "attempts_in_doubt": line.effect.attemptsInDoubt,
                    "message_id": line.messageID ?? NSNull(), "summary": line.summary ?? NSNull(),
                ] as [String: Any]
            }
            let data = try JSONSerialization.data(withJSONObject: rows, options: [.sortedKeys, .prettyPrinted])
            return String(decoding: data, as: UTF8.self)
        }
    }
}
