import ArgumentParser
import Daemon
import Foundation
import Outreach
import Store
import Web

/// `bookbag desk`: the pages for shopkeepers, and who may see them.
struct DeskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "desk", abstract: "Let somebody into the desk, or show who may and who is.",
        subcommands: [Login.self, PeopleList.self, Link.self, NewLinkSecret.self], defaultSubcommand: PeopleList.self)

    /// `bookbag desk login`.
    struct Login: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "login", abstract: "Print a link that lets somebody in, once, within a quarter of an hour.",
            discussion: """
                They must be listed in people.yaml. It is the way in when no mail goes out, and the first one.

                EXAMPLE
                  bookbag desk login tom@juniperfig.example
                """)

        @OptionGroup var options: CommandOptions
        @Argument(help: "Their mail address, as people.yaml has it.") var address: String

        func run() async throws {
            let configuration = try options.configuration(withSecrets: false)
            guard let site = configuration.desk else {
                complain("\(options.config): there is no desk; write 'desk:' with 'listen' and 'url'")
                throw ExitStatus.usage
            }
            guard site.userHeader == nil else {
                complain("\(options.config): the proxy logs people in ('user_header'), so no link is needed")
                throw ExitStatus.usage
            }
            guard let person = configuration.people[address] else {
                complain("\(configuration.peopleFile ?? "people.yaml"): '\(address)' is not listed")
                throw ExitStatus.usage
            }
            let store = try options.store()
            let (path, digest) = WebServices.newLogin()
            let now = DaemonClock.system()
            try await store.openLogin(
                DeskLogin(person: person.email, linkDigest: digest, mailed: nil, endsAt: now + .minutes(15)), now: now)
            print("\(site.url)\(path)")
        }
    }

    /// `bookbag desk link`.
    struct Link: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "link", abstract: "Print the shopper's own link to an order.",
            discussion: "EXAMPLES\n  bookbag desk link '#1042'\n  bookbag desk link '#1042' --preferences")

        @OptionGroup var options: CommandOptions
        @Argument(help: "The order: '#1042', its id, a message's id, a tracking number.") var order: String
        @Option(help: "The shop's permanent domain, if several have an order of that name.") var shop: String?
        @Flag(help: "The link to get no more offers, instead of the one to the parcel.") var stop = false
        @Flag(help: "The link to choose what the shop writes about.") var preferences = false

        func run() async throws {
            let configuration = try options.configuration(withSecrets: false)
            guard let site = configuration.pages else {
                complain("\(options.config): there are no pages for shoppers; write 'public:' with 'listen' and 'url'")
                throw ExitStatus.usage
            }
            let store = try options.store()
            let key = try await Finder(store: store, shop: shop).order(order)
            guard let record = try await store.load(shop: key.shop, orderIDs: [key.orderID])[key.orderID],
                let recipient = record.recipient,
                let link = PublicLinks(url: site.url, store: store).link(
                    stop ? .stop : preferences ? .preferences : .track, shop: key.shop, orderID: key.orderID,
                    address: recipient.address,
                    now: DaemonClock.system())
            else {
                complain("Order \(order) has no address that a link could go to.")
                throw ExitStatus.fault
            }
            print(link)
        }
    }

    /// `bookbag desk new-link-secret`.
    struct NewLinkSecret: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "new-link-secret", abstract: "Seal the shoppers' links with a new secret from now on.",
            discussion: """
                For when somebody may have seen the store. The daemon seals with the new secret once it is restarted. \
                Links that are out still open, because the secret before the newest is kept for reading; run this \
                twice to end them as well.

                EXAMPLE
                  bookbag desk new-link-secret && systemctl restart bookbag
                """)

        @OptionGroup var options: CommandOptions

        func run() async throws {
            try await options.store().renewLinkSecret(now: DaemonClock.system())
            print(
                "There is a new secret. Restart the daemon: it then makes links with it. Links that are out still open; "
                    + "to end them as well, run this a second time.")
        }
    }

    /// `bookbag desk people`.
    struct PeopleList: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "people", abstract: "List who may use the desk, and who is logged in.",
            discussion: "EXAMPLE\n  bookbag desk people")

        @OptionGroup var options: CommandOptions

        func run() async throws {
            let configuration = try options.configuration(withSecrets: false)
            guard !configuration.people.all.isEmpty else {
                print("Nobody may use the desk: \(configuration.peopleFile ?? "people.yaml") lists nobody.")
                return
            }
            let sessions = try await options.store().sessions(now: DaemonClock.system())
            print(
                Table.lines(
                    [["ADDRESS", "NAME", "MAY", "SHOPS", "LAST SEEN"]]
                        + configuration.people.all.map { person in
                            [
                                person.email, person.name,
                                person.roles.map(\.rawValue).sorted().joined(separator: ", "),
                                person.shops?.sorted().joined(separator: ", ") ?? "all",
                                sessions.first { $0.person == person.email }?.seenAt.toTheMinute ?? "",
                            ]
                        }))
        }
    }
}
