import Foundation
import Logging
import Outreach
import Platform
import Store
import Synchronization
import Testing

@testable import Daemon

private let shop = "juniperfig.myshopify.com"
private let start = Moment(iso8601: "2026-11-20T09:00:00Z")!

/// What the journal would have.
private final class Told: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
}

private struct Teller: LogHandler {
    let told: Told
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
    func log(event: LogEvent) { told.add(event.message.description) }
}

/// One of several machines on a store: its folder of the shop's files, and what it remembers of it.
private final class Machine {
    let folder: String
    let state: String
    let store: Store
    let told = Told()
    private(set) var inForce: TriggerReloader.InForce?

    init(_ name: String, on store: Store, files: [String: String]) throws {
        let place = NSTemporaryDirectory() + "bookbag-machine-\(name)-" + UUID().uuidString
        (folder, state, self.store) = (place + "/triggers", place + "/state", store)
        for path in [folder + "/templates", state] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        for (path, text) in files { try save(path, text) }
    }

    deinit { try? FileManager.default.removeItem(atPath: (folder as NSString).deletingLastPathComponent) }

    func save(_ path: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(path)"))
    }

    var files: [String: String] {
        get throws {
            try TriggerFolder(readingFrom: folder).files.mapValues { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// As after each start of the process: what is remembered is read anew.
    var reloader: TriggerReloader {
        let configuration = Configuration.Shop(
            domain: shop, endpoint: "https://\(shop)", access: .token(SecretString("t")), pollEvery: .seconds(60),
            triggers: folder, smtp: nil, webhooks: [:])
        let logger = Logger(label: "test") { [told] _ in Teller(told: told) }
        return TriggerReloader(
            shop: configuration, store: store, metrics: DaemonMetrics(), logger: logger, notices: Wake(),
            bases: FolderBases(state: state))
    }

    /// Serves the shop: takes it over, or reads its folder again.
    func serve() async throws -> TriggerReloader.Outcome {
        let reloader = reloader
        let before = try await reloader.lastGood()
        let planner = before.map {
            Planner(
                triggers: $0.set, inForceSince: $0.since, live: LiveSince(shop: start), shop: ShopProfile(domain: shop))
        }
        let outcome = try await reloader.accept(inForce: before, planner: planner, now: start)
        if case .accepted(let good) = outcome { inForce = good }
        return outcome
    }

    /// Does not serve it, and follows.
    func follow() async throws {
        let reloader = reloader
        if let good = try await reloader.lastGood() { reloader.follow(good) }
    }
}

@Suite("Trigger files on several machines")
struct FolderBasesTests {
    private static let files = [
        "shop.yaml": "brand: { name: Juniper & Fig, from: orders@juniperfig.example }\n",
        "thanks.yaml": "on: order.placed\nafter: 2 days\nsend: email\n",
        "templates/thanks.md": "---\nsubject: Thanks\n---\nHello\n",
    ]
    private static let later = "on: order.placed\nafter: 3 days\nsend: email\n"

    private func machines() async throws -> (Machine, Machine) {
        let store = try Store.inMemory(now: start - .days(5))
        _ = try await store.openShop(shop, now: start - .days(5))
        let first = try Machine("first", on: store, files: Self.files)
        let second = try Machine("second", on: store, files: Self.files)
        guard case .accepted = try await first.serve() else { throw CocoaError(.featureUnsupported) }
        try await second.follow()
        return (first, second)
    }

    private func inForce(_ machine: Machine) async throws -> String? {
        try await machine.reloader.lastGood()?.folder.files["thanks.yaml"].map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("an edit on the machine that serves the shop reaches the others, new and removed files with it")
    func follows() async throws {
        let (first, second) = try await machines()
        try first.save("thanks.yaml", Self.later)
        try first.save("hello.yaml", "on: order.cancelled\nsend: email\n")
        try first.save("templates/hello.md", "---\nsubject: Hello\n---\nHello\n")
        guard case .accepted = try await first.serve() else {
            Issue.record("the edit was not accepted")
            return
        }
        try await second.follow()
        #expect(try second.files == first.files)
        #expect(second.told.all == ["Trigger files were brought up to date from another machine"])
        for path in ["hello.yaml", "templates/hello.md"] {
            try FileManager.default.removeItem(atPath: "\(first.folder)/\(path)")
        }
        _ = try await first.serve()
        try await second.follow()
        #expect(try second.files.keys.sorted() == ["shop.yaml", "templates/thanks.md", "thanks.yaml"])
    }

    @Test("a machine that was away brings its folder up to date when it takes the shop over, and changes nothing")
    func takesOver() async throws {
        let (first, second) = try await machines()
        try first.save("thanks.yaml", Self.later)
        _ = try await first.serve()
        guard case .unchanged(let good) = try await second.serve() else {
            Issue.record("old files came into force")
            return
        }
        #expect(good.folder.files["thanks.yaml"] == Array(Self.later.utf8))
        #expect(try second.files["thanks.yaml"] == Self.later)
        #expect(try await inForce(first) == Self.later)
    }

    @Test("an edit on a machine that serves the shop later is an edit like any other")
    func edited() async throws {
        let (first, second) = try await machines()
        try second.save("thanks.yaml", Self.later)
        try await second.follow()
        #expect(try second.files["thanks.yaml"] == Self.later)
        #expect(second.told.all == ["Trigger files differ from what is in force"])
        #expect(try await inForce(first) == Self.files["thanks.yaml"])
        guard case .accepted = try await second.serve() else {
            Issue.record("the edit was not accepted")
            return
        }
        #expect(try await inForce(first) == Self.later)
        try await first.follow()
        #expect(try first.files["thanks.yaml"] == Self.later)
    }

    @Test("where both were edited a person decides", arguments: [true, false])
    func parted(_ isConfirmed: Bool) async throws {
        let (first, second) = try await machines()
        try first.save("thanks.yaml", Self.later)
        _ = try await first.serve()
        let other = "on: order.placed\nafter: 9 days\nsend: email\n"
        try second.save("thanks.yaml", other)
        guard case .held(let held) = try await second.serve() else {
            Issue.record("it was not held")
            return
        }
        #expect(held.would == "undo what was edited on another machine")
        #expect(try await inForce(first) == Self.later)
        if isConfirmed {
            try await second.store.remember(held.code, as: .confirmedReload, shop: shop, now: start)
            guard case .accepted = try await second.serve() else {
                Issue.record("it was confirmed")
                return
            }
            #expect(try await inForce(first) == other)
        } else {
            // As `bookbag triggers pull` does.
            let good = try #require(try await second.store.filesInForce(shop: shop))
            try good.write(over: TriggerFolder(readingFrom: second.folder), in: second.folder)
            guard case .unchanged = try await second.serve() else {
                Issue.record("it was not the same")
                return
            }
            #expect(try second.files["thanks.yaml"] == Self.later)
        }
    }

    @Test("a machine that comes with other files of its own puts none of them into force by itself")
    func unknown() async throws {
        let (first, _) = try await machines()
        var files = Self.files
        files["thanks.yaml"] = Self.later
        let third = try Machine("third", on: first.store, files: files)
        guard case .held = try await third.serve() else {
            Issue.record("it was not held")
            return
        }
        #expect(try await inForce(first) == Self.files["thanks.yaml"])
    }

    @Test("a folder that cannot be written is told, and the shop goes on by what is in force")
    func unwritable() async throws {
        let (first, second) = try await machines()
        try first.save("thanks.yaml", Self.later)
        try first.save("templates/new.md", "---\nsubject: New\n---\nHello\n")
        _ = try await first.serve()
        // Where a file has to go is something else, so none is written.
        try FileManager.default.createDirectory(
            atPath: second.folder + "/templates/new.md", withIntermediateDirectories: false)
        guard case .unchanged(let good) = try await second.serve() else {
            Issue.record("old files came into force")
            return
        }
        #expect(good.folder.files["thanks.yaml"] == Array(Self.later.utf8))
        #expect(second.told.all == ["Trigger files differ from what is in force"])
        #expect(try second.files["thanks.yaml"] == Self.files["thanks.yaml"])
    }
}
