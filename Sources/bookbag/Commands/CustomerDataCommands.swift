import ArgumentParser
import Daemon
import Delivery
import Foundation
import Outreach
import Store

/// `bookbag export`: everything known about a customer.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Print everything known about a customer as JSON, for a data access request.",
        discussion: """
            Orders with their facts, their events, the decisions, the mails whose text is still kept, ratings, gifts with \
            their codes and offers; conversations, and what came in. Times among the facts are milliseconds since 1970.

            EXAMPLE
              bookbag export robin@shopper.example > robin.json
            """)

    @OptionGroup var options: CommandOptions
    @Argument(help: "The address.") var address: String
    @Option(help: "Only this shop.") var shop: String?

    /// Of so many orders, the newest, silences are looked for.
    private static let ordersOfCustomer = 1000

    func run() async throws {
        let store = try options.store()
        let now = DaemonClock.system()
        var whole = CustomerExport(address: address)
        for domain in try await store.shops() where shop == nil || shop == domain {
            for key in try await store.orders(ofAddress: address, shop: domain) {
                try await whole.add(key, of: store, now: now)
            }
            // Of the address, of the customer in Shopify, and of each order.
            let key = store.addressKey(address)
            var customer = try await store.customer(key, shop: domain, limit: Self.ordersOfCustomer, now: now)
            if !customer.addresses.contains(key) { customer.addresses.insert(key, at: 0) }
            try await whole.add(customer, shop: domain, of: store)
        }
        print(try whole.json())
        if whole.isEmpty {
            complain("Nothing is known about \(address).")
            throw ExitStatus.fault
        }
    }
}

/// `bookbag erase`: erases a customer.
struct EraseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase", abstract: "Erase a customer: orders, events, messages.",
        discussion: """
            Totals stay, and so do keyed hashes that keep the next poll from learning the orders again and the address from \
            being written to. It cannot be undone; run 'bookbag export' first to keep a copy.

            EXAMPLE
              bookbag erase robin@shopper.example --yes
            """)

    @OptionGroup var options: CommandOptions
    @Argument(help: "The address.") var address: String
    @Option(help: "Only this shop.") var shop: String?
    @Flag(help: "Do not ask.") var yes = false

    func run() async throws {
        guard let subject = MailAddress(parsing: address)?.address ?? PhoneNumber(address)?.text else {
            throw ValidationError(
                "'\(address)' is neither an e-mail address nor a phone number with its country's code")
        }
        let store = try options.store()
        let shops = try await store.shops().filter { shop == nil || shop == $0 }
        var count = 0
        for domain in shops { count += try await store.orders(ofAddress: subject, shop: domain).count }
        if !yes {
            guard isatty(STDIN_FILENO) == 1 else {
                throw ValidationError("this cannot be undone; add --yes")
            }
            print(
                "\(count) order\(count == 1 ? "" : "s") and everything that belongs to them will be erased. Type the address again: ",
                terminator: "")
            guard readLine()?.trimmingCharacters(in: .whitespaces) == address else {
                complain("Nothing was erased.")
                throw ExitStatus.fault
            }
        }
        var (orders, messages) = (0, 0)
        var tickets: [String] = []
        for domain in shops {
            let part = try await store.erase(address: subject, shop: domain, now: DaemonClock.system())
            orders += part.orders
            messages += part.messages
            tickets += part.tickets
        }
        print(
            "Erased \(orders) order\(orders == 1 ? "" : "s") and \(messages) message\(messages == 1 ? "" : "s"). Nothing more is sent to the address."
        )
        if !tickets.isEmpty {
            let noun = tickets.count == 1 ? "ticket" : "tickets"
            print("Your helpdesk still has \(noun) \(tickets.joined(separator: ", ")); delete there what has to go.")
        }
        // Deleted rows are overwritten in the store's file; the journal beside it keeps older pages until it is
        // emptied.
        if try await store.emptyJournal() {
            print("Nothing of them is left in the store's files. Earlier backups still contain them.")
        } else {
            complain(
                "Another process is reading the store, so its journal (\(store.path)-wal) still has older pages. Run the command again in a minute; a stop of the daemon removes them too."
            )
            throw ExitStatus.fault
        }
    }
}

/// `bookbag backup`: copies the store while the daemon runs.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copy the store to a new file while the daemon keeps running.",
        discussion: """
            Copy the store with this command and never with cp: much of the recent data is in the journal beside the file. A \
            restored backup learns in silence what happened since, so that nobody is told anything twice; docs/operations.md \
            says how to restore one.

            EXAMPLE
              bookbag backup /var/backups/bookbag-monday.db
            """)

    @OptionGroup var options: CommandOptions
    @Argument(help: "The new file.", completion: .file()) var file: String

    func run() async throws {
        let store = try options.store()
        do throws(StoreFailure) {
            try await store.backup(to: file, now: DaemonClock.system())
        } catch {
            complain("\(error)")
            throw ExitStatus.fault
        }
        let size = (try? FileManager.default.attributesOfItem(atPath: file)[.size] as? Int) ?? 0
        print("Wrote \(file), \(size / 1024) KiB.")
    }
}
