import ArgumentParser
import Daemon
import Foundation
import Outreach
import Store

/// `bookbag triggers`: what holds for the trigger files of a running installation.
struct TriggersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "triggers", abstract: "Show which triggers are in force, and release a held reload.",
        discussion: "EXAMPLES\n  bookbag triggers list\n  bookbag triggers confirm",
        subcommands: [ListTriggersCommand.self, ConfirmCommand.self], defaultSubcommand: ListTriggersCommand.self)
}

/// `bookbag triggers list`.
struct ListTriggersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the triggers in force, each with the moment since when.",
        discussion: "EXAMPLE\n  bookbag triggers list --json")

    @OptionGroup var options: CommandOptions
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let store = try options.store()
        var all: [[String: String]] = []
        var heldEdits: [String] = []
        for shop in try await store.shops() {
            for (name, since) in try await store.triggersInForce(shop: shop).sorted(by: { $0.key < $1.key }) {
                all.append(["shop": shop, "trigger": name, "since": since.iso8601])
            }
            if !json, let held = try await store.remembered(.heldReload, shop: shop) {
                heldEdits.append(
                    "\(shop): an edit is held since \(held.since), and these go on: it would write to \(held.people) people at once. `bookbag triggers confirm --shop \(shop)` releases it."
                )
            }
        }
        if json {
            let data = try JSONSerialization.data(withJSONObject: all, options: [.sortedKeys, .prettyPrinted])
            print(String(decoding: data, as: UTF8.self))
            return
        }
        for one in all { print("\(one["shop"]!)  \(one["trigger"]!)  since \(one["since"]!)") }
        // Last, where it is seen.
        for line in heldEdits { print(line) }
        if all.isEmpty { print("No triggers are in force yet: has the daemon been started?") }
    }
}

/// `bookbag triggers confirm`: an edit that would write to many people at once is meant.
struct ConfirmCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "confirm", abstract: "Release an edit that is held, for it would write to many people at once.",
        discussion:
            "The daemon takes it up within seconds.\n\nEXAMPLE\n  bookbag triggers confirm --shop juniperfig.myshopify.com"
    )

    @OptionGroup var options: CommandOptions
    @Option(help: "The shop, where several are served.") var shop: String?

    func run() async throws {
        let store = try options.store()
        var held: [(shop: String, reload: HeldReload)] = []
        for name in try await store.shops() where shop == nil || shop == name {
            if let reload = try await store.remembered(.heldReload, shop: name) {
                held.append((name, reload))
            }
        }
        guard let only = held.first else {
            print("No edit is held\(shop.map { " for \($0)" } ?? "").")
            return
        }
        guard held.count == 1 else {
            throw ValidationError(
                "edits of several shops are held: \(held.map(\.shop).joined(separator: ", ")); name one with --shop")
        }
        try await store.remember(
            only.reload.code, as: .confirmedReload, shop: only.shop, now: DaemonClock.system())
        print("Confirmed: \(only.reload.people) people will be written to. The daemon takes it up within seconds.")
    }
}
