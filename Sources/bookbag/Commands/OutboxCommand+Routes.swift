import ArgumentParser
import Daemon
import Foundation
import Outreach
import Store

extension OutboxCommand {
    /// `bookbag outbox open`.
    struct Open: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "open", abstract: "Try a closed route at once, also one that wanted nothing more.",
            discussion: """
                The daemon tries it with one message within a minute; if that is accepted, the rest follow.

                EXAMPLES
                  bookbag outbox open email
                  bookbag outbox open webhook:helpdesk
                """)

        @OptionGroup var options: CommandOptions
        @Argument(help: "The route: email, or webhook: and its name in bookbag.yaml.") var route: String
        @Option(help: "Only this shop.") var shop: String?

        func run() async throws {
            let opened = try await open(in: try options.store(), now: DaemonClock.system())
            for route in opened { print("\(route.shop): \(route.name) is tried again.") }
            guard !opened.isEmpty else {
                complain("No route '\(route)' is closed; 'bookbag status' lists those that are.")
                throw ExitStatus.fault
            }
        }

        /// Opens the routes of that name, and gives those that were closed.
        func open(in store: Store, now: Moment) async throws -> [Route] {
            var opened: [Route] = []
            for (known, state) in try await store.channelStates()
            where known.name == route && (shop == nil || shop == known.shop) && state.closedUntil != nil {
                if try await store.openChannel(known, now: now) { opened.append(known) }
            }
            return opened
        }
    }

    /// `bookbag outbox replay`.
    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "replay", abstract: "Hand webhooks to their receiver again that it took and lost.",
            discussion: """
                The same bytes go under the same webhook-id, signed with a new timestamp; a receiver that has one
                already drops it by its id. How many they are is told first, and nothing is done without a yes.

                EXAMPLES
                  bookbag outbox replay --since 6h
                  bookbag outbox replay --since 2026-11-21T10:00:00Z --target helpdesk
                """)

        @OptionGroup var options: CommandOptions
        @Option(help: "Sent since when: 6h, 2d, a day such as 2026-11-21, or a moment such as 2026-11-21T10:00:00Z.")
        var since: String
        @Option(help: "Only to this webhook, by its name in bookbag.yaml.") var target: String?
        @Option(help: "Only this shop.") var shop: String?
        @Flag(help: "Do not ask.") var yes = false

        /// What a route took since a moment.
        struct Taken {
            var route: Route
            var since: Moment
            var count: Int
        }

        func run() async throws {
            let store = try options.store()
            let now = DaemonClock.system()
            let taken = try await taken(in: store, now: now)
            guard !taken.isEmpty else {
                complain("Nothing was sent to \(target.map { "the webhook '\($0)'" } ?? "a webhook") since then.")
                throw ExitStatus.fault
            }
            for one in taken {
                print("\(one.route.shop): \(one.count) to \(one.route.name) since \(one.since.iso8601)")
            }
            if !yes {
                print("Send them again? [y/N] ", terminator: "")
                guard Self.isYes(readLine()) else {
                    print("Nothing is sent again.")
                    return
                }
            }
            print("\(try await send(taken, in: store, until: now)) will be sent again.")
        }

        /// Whether an answer is a yes; no answer is none.
        static func isYes(_ answer: String?) -> Bool {
            ["y", "yes"].contains((answer ?? "").trimmingCharacters(in: .whitespaces).lowercased())
        }

        /// What each webhook took since the moment that was named.
        func taken(in store: Store, now: Moment) async throws -> [Taken] {
            var taken: [Taken] = []
            for domain in try await store.shops() where shop == nil || shop == domain {
                let zone = try await store.profile(shop: domain).zone
                guard let from = Moment(iso8601: since) ?? Since(since, now: now, zone: zone)?.moment else {
                    throw ValidationError("'\(since)' is not a time to begin at; write 6h, 2d or 2026-11-21T10:00:00Z")
                }
                let names = Set(
                    try await store.counters().filter { $0.shop == domain && $0.name == "deliveries" }
                        .filter { $0.labels[0] == ChannelName.webhook.rawValue }.map { $0.labels[1] })
                for name in names.sorted() where target == nil || target == name {
                    let route = Route.webhook(name, shop: domain)
                    let count = try await store.sentCount(route, since: from, until: now)
                    if count > 0 { taken.append(Taken(route: route, since: from, count: count)) }
                }
            }
            return taken
        }

        /// Has it sent again, up to the moment of the question: what goes out meanwhile is not sent a third time.
        func send(_ taken: [Taken], in store: Store, until now: Moment) async throws -> Int {
            var count = 0
            for one in taken {
                while true {
                    let some = try await store.sendAgain(one.route, since: one.since, until: now, now: now)
                    if some == 0 { break }
                    count += some
                }
            }
            return count
        }
    }
}
