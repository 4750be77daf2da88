import ArgumentParser
import Daemon
import Outreach
import Store

/// `bookbag outbox`: what waits, what went out, and what did not.
struct OutboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox", abstract: "Show what waits and what went out; retry or drop a message.",
        subcommands: [List.self, Show.self, Retry.self, Drop.self, Open.self, Replay.self], defaultSubcommand: List.self
    )

    /// `bookbag outbox list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List messages, newest first, and why any of them waits.",
            discussion: """
                EXAMPLES
                  bookbag outbox list --state ready
                  bookbag outbox list --shadow      what would have gone out
                """)

        @OptionGroup var options: CommandOptions
        @Option(
            help: "Only in this state: waiting, ready, sent, shadowed, skipped, withdrawn, replaced or refused.")
        var state: String?
        @Flag(help: "Only what would have gone out in shadow mode.") var shadow = false
        @Option(help: "Only this shop.") var shop: String?
        @Option(help: "The most to list.") var limit = 50
        @Flag(help: "Print JSON.") var json = false

        func validate() throws {
            if let state, Effect.State(rawValue: state) == nil {
                let words = Effect.State.allCases.map(\.rawValue)
                let near = nearest(to: state, in: words).map { "; did you mean '\($0)'?" } ?? ""
                throw ValidationError("'\(state)' is not a state\(near)")
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
            let report = OutboxReport(lines, channels: try await store.channelStates(), now: DaemonClock.system())
            print(json ? try report.json() : report.text)
        }
    }
}
