import ArgumentParser
import Daemon
import Foundation
import Outreach
import Store
import Synchronization

/// `bookbag replay`: who would have got what, had these files been in force?
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Replay the recorded events with edited trigger files, and report who gains or loses a message.",
        discussion: """
            Compares the files with those in force, or with another folder (--against), using the daemon's own decisions under \
            simulated time. Nothing is sent, and the store is only read. docs/triggers.md lists the facts that are used as \
            they are now because the store does not keep their past.

            Exits with status 1 if anything differs, and 0 if nothing does.

            EXAMPLES
              bookbag replay triggers/ --since 30d
              bookbag replay triggers/ --against old-triggers/ --since 2026-11-01 --json
            """)

    @OptionGroup var place: TriggerFolderOptions
    @Option(help: "Since when: 30d, 36h, 4w, or a day such as 2026-11-01.") var since = "30d"
    @Option(help: "Compare with the files in this folder instead of those in force.", completion: .directory)
    var against: String?
    @Option(help: "The shop, if the store has several.") var shop: String?
    @Option(help: "How many samples of each kind of change.") var samples = 5
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let (files, webhooks, pages) = try place.read()
        let after = try Self.load(files, webhooks: webhooks)
        var options = CommandOptions()
        options.config = place.config ?? "/etc/bookbag/bookbag.yaml"
        let store = try options.store()
        let domains = try await store.shops().filter { shop == nil || $0 == shop }
        guard let domain = domains.first else {
            throw ValidationError(shop.map { "the store has no shop '\($0)'" } ?? "the store has no shop yet")
        }
        guard domains.count == 1 else {
            throw ValidationError("the store has several shops; add --shop \(domains.joined(separator: " or --shop "))")
        }
        let profile = try await store.profile(shop: domain)
        let now = DaemonClock.system()
        guard let from = Since(since, now: now, zone: profile.zone)?.moment else {
            throw ValidationError("'\(since)' is not a start time; write 30d, 36h, 4w or 2026-11-01")
        }
        let before = try await earlier(store, domain: domain, webhooks: webhooks)
        let live = try await store.shopState(domain)?.liveSince ?? LiveSince(shop: .distantPast)
        let rendering = before.map { Replay.templatesToCompare(before: $0, after: (after, files)) } ?? []
        func replay(_ set: TriggerSet) -> Replay {
            Replay(
                set, live: live, shop: profile, since: from, until: now, rendering: rendering,
                holdOutKey: store.holdOutKey(shop: domain), servesPages: pages.map { !$0.isEmpty } ?? false)
        }
        let report = try await Player(
            store: store, shop: domain, before: before.map { replay($0.set) }, after: replay(after),
            reach: Replay.reach(of: [after] + (before.map { [$0.set] } ?? [])), zone: profile.zone,
            samples: max(0, min(samples, 1000)), showsProgress: !json && isatty(STDERR_FILENO) == 1
        ).play()
        let shown = ReplayText(
            report: report, zone: profile.zone, since: from, until: now, files: files.name,
            against: before == nil ? nil : against ?? "the files in force",
            modes: Set([after.settings.mode] + (before.map { [$0.set.settings.mode] } ?? [])),
            currency: after.policy?.currency, answers: after.triggers.contains(where: \.sendsAnswers))
        print(json ? try shown.json() : shown.text)
        if report.differs { throw ExitStatus.fault }
    }

    /// What to compare with; nil if nothing was ever in force.
    private func earlier(
        _ store: Store, domain: String, webhooks: Set<String>?
    ) async throws -> (set: TriggerSet, folder: TriggerFolder)? {
        if let against {
            var other = TriggerFolderOptions()
            other.folder = against
            other.config = place.config
            let (files, _, _) = try other.read()
            return (try Self.load(files, webhooks: webhooks), files)
        }
        guard let kept = try await store.lastGoodSet(shop: domain),
            let files = try? JSONDecoder().decode([String: Data].self, from: Data(kept.files))
        else { return nil }
        let folder = TriggerFolder(files: files.mapValues { [UInt8]($0) })
        return TriggerSet.load(folder).set.map { ($0, folder) }
    }

    private static func load(_ folder: TriggerFolder, webhooks: Set<String>?) throws -> TriggerSet {
        let (set, faults) = TriggerSet.load(folder, webhooks: webhooks)
        if let set { return set }
        for fault in faults where fault.severity == .error { print(fault) }
        throw ExitStatus.fault
    }
}

/// `30d`, `36 hours`, `2026-11-01`.
struct Since {
    let moment: Moment

    init?(_ text: String, now: Moment, zone: Zone) {
        let folded = text.lowercased().filter { !$0.isWhitespace }
        if let day = CalendarDay(iso8601: folded) {
            moment = zone.moment(on: day)
            return
        }
        let digits = folded.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int(digits), (1...100_000).contains(count) else { return nil }
        switch folded.dropFirst(digits.count) {
        case "h", "hour", "hours": moment = now - .hours(count)
        case "d", "day", "days": moment = now - .days(count)
        case "w", "week", "weeks": moment = now - .days(7 * count)
        default: return nil
        }
    }
}

/// Plays all customers of a shop, one share per core.
private struct Player {
    let store: Store
    let shop: String
    let before: Replay?
    let after: Replay
    let reach: Duration
    let zone: Zone
    let samples: Int
    let showsProgress: Bool

    /// The report of one share, filled by one reader.
    private final class Sheet: Sendable {
        let report: Mutex<ReplayReport>

        init(_ report: ReplayReport) { self.report = Mutex(report) }
    }

    func play() async throws -> ReplayReport {
        let horizon = after.since - reach
        let progress =
            try await showsProgress ? ProgressBar(total: store.replayLength(shop: shop, since: horizon)) : nil
        let shares = ReplayShare.shares(max(1, min(4, ProcessInfo.processInfo.activeProcessorCount)))
        let (before, after, zone, samples, shop, store) = (before, after, zone, samples, shop, store)
        let reports = try await withThrowingTaskGroup(of: ReplayReport.self) { group in
            for share in shares {
                group.addTask {
                    let sheet = Sheet(ReplayReport(zone: zone, samples: samples))
                    try await store.replay(shop: shop, since: horizon, share: share) { customer in
                        sheet.report.withLock { $0.play(customer, before: before, after: after) }
                        progress?.advance(by: customer.orders.count)
                    }
                    return sheet.report.withLock { $0 }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        progress?.end()
        return reports.reduce(into: ReplayReport(zone: zone, samples: samples)) { $0.add($1) }
    }
}

/// A bar on a terminal's standard error, drawn a few times a second.
final class ProgressBar: Sendable {
    private struct State {
        var done = 0
        var drawnAt = ContinuousClock.now - .seconds(1)
    }

    private let total: Int
    private let state = Mutex(State())

    init(total: Int) { self.total = max(1, total) }

    func advance(by count: Int) {
        state.withLock { state in
            state.done += count
            let now = ContinuousClock.now
            guard now - state.drawnAt > .milliseconds(100) else { return }
            state.drawnAt = now
            draw(min(state.done, total))
        }
    }

    /// Removes the bar.
    func end() { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }

    private func draw(_ done: Int) {
        let filled = 30 * done / total
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
        FileHandle.standardError.write(
            Data("\r\(bar) \(100 * done / total) %, \(done) of \(total) orders\u{1B}[K".utf8))
    }
}
