import ArgumentParser
import Daemon
import Foundation
import Outreach
import Store

/// `bookbag suppress`: whom not to write to.
struct SuppressCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suppress", abstract: "Stop mail to an address or about an order, or list who gets none.",
        subcommands: [Add.self, Remove.self, List.self], defaultSubcommand: List.self)

    /// An address, an order by its name, or a customer by id.
    struct Whom: ParsableArguments {
        @OptionGroup var options: CommandOptions
        @Argument(help: "An e-mail address, a phone number ('+44…'), or an order's name ('#1042').") var whom: String
        @OptionGroup var choice: ShopChoice

        /// The scope, in the chosen shop.
        func find(_ store: Store) async throws -> (scope: SilenceScope, shop: String) {
            if whom.contains("@") || whom.hasPrefix("+") {
                guard let address = MailAddress(parsing: whom)?.address ?? PhoneNumber(whom)?.text else {
                    throw ValidationError(
                        whom.contains("@")
                            ? "'\(whom)' is not an e-mail address" : "'\(whom)' is not a phone number")
                }
                return (.address(address), try await choice.find(in: store))
            }
            let key = try await Finder(store: store, shop: choice.shop).order(whom)
            return (.order(key.orderID), key.shop)
        }
    }

    /// `bookbag suppress add`.
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Stop mail to an address, or about an order.",
            discussion: """
                Messages that wait or are ready are withdrawn.

                EXAMPLES
                  bookbag suppress add robin@shopper.example --note "asked by phone"
                  bookbag suppress add '#1042' --for 14d --reason handled
                """)

        @OptionGroup var whom: Whom
        @Option(help: "In one word: by_hand, handled, opt_out, bounce, complaint.") var reason = "by_hand"
        @Option(help: "A note for later; no personal data.") var note: String?
        @OptionGroup var length: LengthOption
        @Option(help: "Only what a trigger is 'about': order, marketing or ratings.") var about: String?

        func run() async throws {
            let now = DaemonClock.system()
            let end = try length.end(from: now)
            guard !reason.isEmpty, reason.allSatisfy({ $0.isLetter || $0 == "_" }) else {
                throw ValidationError("'\(reason)' is not one word; write for example --reason handled")
            }
            let stream = try about.map { word in
                guard let stream = MailStream.allCases.first(where: { $0.rawValue == word }) else {
                    throw ValidationError(
                        "'\(word)' is nothing that mail is about; write \(alternatives(MailStream.allCases.map(\.rawValue)))"
                    )
                }
                return stream
            }
            let store = try whom.options.store()
            let (scope, shop) = try await whom.find(store)
            try await store.silence(
                scope, shop: shop, stream: stream ?? .all, reason: reason, note: note, until: end,
                now: now)
            let zone = try await store.profile(shop: shop).zone
            print(
                "\(whom.whom) gets no \((stream ?? .all).words)"
                    + (end.map { " until \(Clock(zone).dayAndTime($0))" } ?? " any more") + ".")
        }
    }

    /// `bookbag suppress remove`.
    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Allow mail again.",
            discussion: "EXAMPLE\n  bookbag suppress remove robin@shopper.example")

        @OptionGroup var whom: Whom
        @Option(help: "Only suppressions with this reason.") var reason: String?

        func run() async throws {
            let store = try whom.options.store()
            let (scope, shop) = try await whom.find(store)
            let count = try await store.unsilence(scope, shop: shop, reason: reason, now: DaemonClock.system())
            guard count > 0 else {
                complain("\(whom.whom) was not suppressed.")
                throw ExitStatus.fault
            }
            print("\(whom.whom) gets mail again.")
        }
    }

    /// `bookbag suppress list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List who gets no mail, newest first.",
            discussion: """
                Addresses are stored only as keyed hashes, so a list cannot show them; name one to see its suppressions.

                EXAMPLES
                  bookbag suppress list
                  bookbag suppress list robin@shopper.example
                """)

        @OptionGroup var options: CommandOptions
        @Argument(help: "Only this address or order.") var whom: String?
        @Option(help: "Only this shop.") var shop: String?
        @Option(help: "The most to list.") var limit = 50
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let store = try options.store()
            let now = DaemonClock.system()
            var found: [StandingSilence] = []
            if let whom {
                for domain in try await store.shops() where shop == nil || shop == domain {
                    if whom.contains("@") {
                        found += try await store.silences(of: .address(whom), shop: domain, now: now)
                    }
                }
                if !whom.contains("@") {
                    let key = try await Finder(store: store, shop: shop).order(whom)
                    found += try await store.silences(of: .order(key.orderID), shop: key.shop, now: now)
                }
            } else {
                for domain in try await store.shops() where shop == nil || shop == domain {
                    found += try await store.silences(shop: domain, limit: max(1, min(limit, 10_000)), now: now)
                }
            }
            print(json ? try Self.json(found) : Self.text(found))
        }

        private static func text(_ silences: [StandingSilence]) -> String {
            if silences.isEmpty { return "Nobody is suppressed." }
            return Table.lines(
                [["ID", "SHOP", "WHAT", "MAIL", "REASON", "SINCE", "UNTIL", "NOTE"]]
                    + silences.map {
                        [
                            "\($0.id)", $0.shop, $0.scope, $0.stream.rawValue, $0.reason, $0.begunAt.toTheMinute,
                            $0.endsAt?.toTheMinute ?? "for ever", $0.note ?? "",
                        ]
                    })
        }

        private static func json(_ silences: [StandingSilence]) throws -> String {
            let rows = silences.map { silence -> [String: Any] in
                [
                    "id": silence.id, "shop": silence.shop, "scope": silence.scope, "mail": silence.stream.rawValue,
                    "reason": silence.reason, "note": silence.note ?? NSNull(), "since": silence.begunAt.iso8601,
                    "until": silence.endsAt?.iso8601 ?? NSNull(),
                ] as [String: Any]
            }
            let data = try JSONSerialization.data(withJSONObject: rows, options: [.sortedKeys, .prettyPrinted])
            return String(decoding: data, as: UTF8.self)
        }
    }
}
