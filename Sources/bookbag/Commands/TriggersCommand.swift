import ArgumentParser
import Daemon
import Foundation
import Outreach
import Store

/// `bookbag triggers`: the trigger files of a running installation.
struct TriggersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "triggers", abstract: "Show the triggers in force, release what is held, or fetch the files.",
        discussion: "EXAMPLES\n  bookbag triggers list\n  bookbag triggers confirm\n  bookbag triggers pull",
        subcommands: [ListTriggersCommand.self, ConfirmCommand.self, PullCommand.self],
        defaultSubcommand: ListTriggersCommand.self)
}

/// `bookbag triggers list`.
struct ListTriggersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the triggers in force, and since when.",
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
                    "\(shop): an edit has been held since \(held.since), and the earlier files stay in force: it would \(held.would). `bookbag triggers confirm --shop \(shop)` releases it."
                )
            }
        }
        if json {
            let data = try JSONSerialization.data(withJSONObject: all, options: [.sortedKeys, .prettyPrinted])
            print(String(decoding: data, as: UTF8.self))
            return
        }
        for one in all { print("\(one["shop"]!)  \(one["trigger"]!)  since \(one["since"]!)") }
        // Last, where it gets noticed.
        for line in heldEdits { print(line) }
        if all.isEmpty { print("No triggers are in force yet: has the daemon been started?") }
    }
}

/// `bookbag triggers confirm`: confirms an edit that would write to many people at once, or a large amount of mail
/// within an hour.
struct ConfirmCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "confirm",
        abstract: "Release an edit, or mail, held because it would reach many people at once, or give much.",
        discussion:
            "The daemon acts on it within seconds.\n\nEXAMPLE\n  bookbag triggers confirm --shop juniperfig.myshopify.com"
    )

    @OptionGroup var options: CommandOptions
    @Option(help: "The shop, if several are served.") var shop: String?

    func run() async throws {
        let store = try options.store()
        var held: [(shop: String, reload: HeldReload?, isBraked: Bool)] = []
        for name in try await store.shops() where shop == nil || shop == name {
            let reload = try await store.remembered(.heldReload, shop: name)
            let isBraked = try await store.remembered(.brake, shop: name) != nil
            if reload != nil || isBraked { held.append((name, reload, isBraked)) }
        }
        guard let only = held.first else {
            print("Nothing is held\(shop.map { " for \($0)" } ?? "").")
            return
        }
        guard held.count == 1 else {
            throw ValidationError(
                "something is held for several shops: \(held.map(\.shop).joined(separator: ", ")); name one with --shop"
            )
        }
        let now = DaemonClock.system()
        if let reload = only.reload {
            try await store.remember(reload.code, as: .confirmedReload, shop: only.shop, now: now)
            let what = reload.gives == nil ? "\(reload.people) people will be written to" : "it may \(reload.would)"
            print("Confirmed: \(what). The daemon acts on it within seconds.")
        }
        if only.isBraked {
            let count = try await store.releaseBrake(shop: only.shop, now: now)
            print("Released: \(count) messages are judged again, and sent if they are still news.")
        }
    }
}

/// `bookbag triggers pull`: with several machines on one store, writes the files in force into the folder of this one.
struct PullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull", abstract: "Write the files in force into this machine's folder.",
        discussion:
            "For a store at a server, on which several machines work: what was edited in this machine's folder and is not in force is lost. Without --yes it only says what would change.\n\nEXAMPLE\n  bookbag triggers pull --shop juniperfig.myshopify.com --yes"
    )

    @OptionGroup var options: CommandOptions
    @Option(help: "The shop, if several are served.") var shop: String?
    @Flag(help: "Write, and not only say what would change.") var yes = false

    func run() async throws {
        let configuration = try options.configuration(withSecrets: false, needsPeople: false, asOneself: true)
        let (place, _) = try options.storePlace()
        guard place.isServer else {
            throw ValidationError(
                "the store of \(options.config) is a file, so the folder on this machine is the only one")
        }
        let store = try CommandOptions.open(place)
        let shops = configuration.shops.filter { shop == nil || $0.domain == shop }
        if shops.isEmpty {
            throw ValidationError("\(options.config) has no shop \(shop ?? "")")
        }
        var mustSayYes = false
        for one in shops {
            guard try await store.shops().contains(one.domain),
                let inForce = try await store.filesInForce(shop: one.domain)
            else {
                print("\(one.domain): nothing is in force yet.")
                continue
            }
            let folder: TriggerFolder
            do { folder = try TriggerFolder(readingFrom: one.triggers) } catch {
                complain("\(one.triggers): the folder cannot be read; check 'triggers:' in \(options.config)")
                throw ExitStatus.fault
            }
            let paths = Set(folder.files.keys).union(inForce.files.keys).sorted().filter {
                folder.files[$0] != inForce.files[$0]
            }
            if paths.isEmpty {
                print("\(one.domain): \(one.triggers) is what is in force.")
                continue
            }
            for path in paths {
                let change =
                    folder.files[path] == nil ? "is written" : inForce.files[path] == nil ? "is removed" : "is changed"
                print("\(one.triggers)/\(path) \(change)")
            }
            guard yes else {
                mustSayYes = true
                continue
            }
            do throws(TriggerFolder.WriteFailure) {
                try inForce.write(over: folder, in: one.triggers)
            } catch {
                complain("\(one.triggers): \(Self.words(error))")
                throw ExitStatus.fault
            }
            print("\(one.domain): \(one.triggers) is what is in force now.")
        }
        if mustSayYes { print("Nothing was written. Run it again with --yes to do it.") }
    }

    private static func words(_ failure: TriggerFolder.WriteFailure) -> String {
        switch failure {
        case .changed: "a file was edited meanwhile; run it again"
        case .notOurs: "a link in it leads out of it, so nothing was written; replace it by the file"
        case .system(let words): "it cannot be written (\(words)); run this as its owner, or as root"
        case .unsure(let words): "it is written, and the disk did not say that it keeps it (\(words))"
        }
    }
}
