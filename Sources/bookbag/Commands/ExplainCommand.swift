import ArgumentParser
import Daemon
import Foundation
import Outreach
import Store

/// `bookbag explain`: why did, or didn't, this customer hear from us?
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Tell an order's story: what happened, what was sent, what was not and why.",
        discussion: """
            Every event, every trigger that heard it, the first condition that failed with its value, each hold and its end, \
            each attempt. Of an address also what was written about no order. Only reads the store, beside the running \
            daemon.

            EXAMPLES
              bookbag explain '#1042'
              bookbag explain robin@shopper.example
              bookbag explain '<6f0c…@juniperfig.example>'    the Message-ID of a mail
              bookbag explain JF123456789GB                   a tracking number
            """)

    @OptionGroup var options: CommandOptions
    @Argument(help: "An order's name, an e-mail address, a message's id or a tracking number.") var what: String
    @Option(help: "Only this shop; required if two shops have an order with that name.") var shop: String?
    @Option(help: "The most orders to show, newest first, if there are several.") var limit = 5
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let store = try options.store()
        let now = DaemonClock.system()
        let finder = Finder(store: store, shop: shop)
        let found = try await finder.orders(what)
        // Whoever has ordered nothing may have written all the same.
        let talks = try await finder.talks(with: what, now: now)
        guard !found.isEmpty || !talks.isEmpty else {
            complain(
                "Nothing is known about '\(what)'. Give an order's name ('#1042'), an e-mail address, a Message-ID or a tracking number."
            )
            throw ExitStatus.fault
        }
        var accounts: [OrderAccount] = []
        var zones: [Zone] = []
        for key in found.prefix(max(1, limit)) {
            guard let sources = try await AccountSources(key, store: store, now: now) else { continue }
            accounts.append(OrderAccount(sources))
            zones.append(sources.profile.zone)
        }
        if json {
            print(try OrderAccount.json(accounts, talks: talks.map(\.account)))
            return
        }
        let texts = zip(accounts, zones).map { $0.text(zone: $1) } + talks.map { $0.account.text(zone: $0.zone) }
        print(texts.joined(separator: "\n\n\n"))
        let more = found.count - accounts.count
        if more > 0 {
            print("\nAnd \(more) older order\(more == 1 ? "" : "s"); --limit \(found.count) shows them all.")
        }
    }
}

/// Finds the requested orders.
struct Finder {
    let store: Store
    let shop: String?

    /// The orders named by `what`, newest first. Throws if two shops have an order with that name and none was chosen.
    func orders(_ what: String) async throws -> [OrderKey] {
        let text = what.trimmingCharacters(in: .whitespaces)
        if text.isEmpty { return [] }
        let shops = try await store.shops().filter { shop == nil || shop == $0 }
        if let shop, shops.isEmpty {
            throw ValidationError("the store has no shop '\(shop)'; 'bookbag status' lists them")
        }
        for name in text.hasPrefix("#") ? [text] : [text, "#\(text)"] {
            let named = try await store.orders(named: name, shop: shop)
            let domains = Set(named.map(\.shop)).sorted()
            if domains.count > 1 {
                throw ValidationError(
                    "several shops have an order '\(name)'; add --shop \(domains.joined(separator: " or --shop "))")
            }
            if !named.isEmpty { return named.reversed() }
        }
        let bare = text.hasPrefix("<") && text.hasSuffix(">") ? String(text.dropFirst().dropLast()) : text
        if let order = try await store.order(ofMessage: bare), shop == nil || shop == order.shop { return [order] }
        if text.hasPrefix("gid://") { return try await store.orders(withID: text, shop: shop) }
        var found: [OrderKey] = []
        let number = text.filter { !$0.isWhitespace }
        for domain in shops {
            found +=
                text.contains("@")
                ? try await store.orders(ofAddress: text, shop: domain)
                : try await store.orders(ofTrackingNumber: number, shop: domain)
        }
        // Carriers write their numbers in capitals, people as they like.
        if found.isEmpty, !text.contains("@"), number != number.uppercased() {
            for domain in shops {
                found += try await store.orders(ofTrackingNumber: number.uppercased(), shop: domain)
            }
        }
        return found
    }

    /// What was said about no order with an address, in each shop where anything was.
    func talks(with what: String, now: Moment) async throws -> [(account: TalkAccount, zone: Zone)] {
        let address = what.trimmingCharacters(in: .whitespaces)
        guard address.contains("@"), !address.hasPrefix("<") else { return [] }
        var found: [(account: TalkAccount, zone: Zone)] = []
        for domain in try await store.shops() where shop == nil || shop == domain {
            guard let account = try await TalkAccount(with: address, store: store, shop: domain, now: now) else {
                continue
            }
            found.append((account, try await store.profile(shop: domain).zone))
        }
        return found
    }

    /// The one order named by `what`; throws if there is none or more than one.
    func order(_ what: String) async throws -> OrderKey {
        let found = try await orders(what)
        guard let first = found.first else {
            throw ValidationError("there is no order '\(what)'")
        }
        return first
    }
}
