import Foundation
import Logging
import Outreach
import Platform
import Store
import Testing

@testable import Daemon

/// The program as it was built beside these tests.
private let program: String = {
    let tests = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
    for folder in [
        tests, tests.deletingLastPathComponent(), tests.deletingLastPathComponent().deletingLastPathComponent(),
    ] {
        let path = folder.appendingPathComponent("bookbag").path
        if FileManager.default.isExecutableFile(atPath: path) { return path }
    }
    return ".build/debug/bookbag"
}()

private let shop = "juniperfig.myshopify.com"
private let now = Moment(iso8601: "2026-11-20T12:00:00Z")!
private let settings = "brand: { name: Fig, from: orders@juniperfig.example }\n"

private func folder(_ extra: [String: String] = [:]) -> TriggerFolder {
    let files = [
        "shop.yaml": settings, "delivered.yaml": "on: shipment.delivered\nsend: email\n",
        "templates/delivered.md": "---\nsubject: Here\n---\nIt is there.\n",
    ].merging(extra) { $1 }
    return TriggerFolder(files: files.mapValues { Array($0.utf8) })
}

/// A program that dies of files that bear a certain name, and hands all others to the real one.
private func fragile(_ death: String) throws -> (path: String, folder: URL) {
    let place = FileManager.default.temporaryDirectory.appendingPathComponent("fragile-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    let path = place.appendingPathComponent("reader").path
    let script = """
        #!/bin/sh
        input=$(cat)
        case "$input" in *bomb.yaml*) \(death) ;; esac
        printf %s "$input" | "\(program)" "$@"
        """
    // Another process writes the program: one that a test of ours starts meanwhile would hold it open for writing, and
    // the system runs no such file.
    let draft = path + ".txt"
    try script.write(toFile: draft, atomically: true, encoding: .utf8)
    let copy = Process()
    copy.executableURL = URL(fileURLWithPath: "/usr/bin/install")
    copy.arguments = ["-m", "755", draft, path]
    try copy.run()
    copy.waitUntilExit()
    return (path, place)
}

@Suite("Trigger files are tried by another process")
struct TriggerTrialsTests {
    @Test("good files pass, and the faults of others come back with their places")
    func verdicts() async {
        let trials = TriggerTrials(program: program)
        guard case .good = await trials.judge(folder(), webhooks: nil, today: nil) else {
            Issue.record("good files did not pass")
            return
        }
        let bad = folder(["lost.yaml": "on: shipment.lots\nsend: email\n"])
        guard case .faults(let faults) = await trials.judge(bad, webhooks: nil, today: nil) else {
            Issue.record("bad files passed")
            return
        }
        #expect(faults == TriggerSet.load(bad).faults)
    }

    @Test("files whose reader runs out of memory, time or luck are refused with a sentence")
    func deaths() async throws {
        func sentence(_ trials: TriggerTrials, _ folder: TriggerFolder) async -> String {
            guard case .faults(let faults) = await trials.judge(folder, webhooks: nil, today: nil) else {
                return "passed"
            }
            return faults.map(\.description).joined()
        }
        // Several times what it may have, for it is decoded and parsed.
        let text = "---\nsubject: Here\n---\n" + String(repeating: "It is there. ", count: 15_000)
        let large = folder(Dictionary(uniqueKeysWithValues: (0..<40).map { ("templates/large-\($0).md", text) }))
        let memory = await sentence(TriggerTrials(program: program, memory: 10_000_000), large)
        #expect(memory.contains("did not survive them"), "\(memory)")
        #expect(memory.contains("more than 9 MB"), "\(memory)")
        let (crashing, place) = try fragile("kill -SEGV $$")
        defer { try? FileManager.default.removeItem(at: place) }
        let crash = await sentence(TriggerTrials(program: crashing), folder(["bomb.yaml": ""]))
        #expect(crash.hasPrefix("triggers:1:1: the process that reads and tries the files did not survive them: "))
        let (slow, other) = try fragile("exec sleep 600")
        defer { try? FileManager.default.removeItem(at: other) }
        let late = await sentence(TriggerTrials(program: slow, time: .milliseconds(500)), folder(["bomb.yaml": ""]))
        #expect(late.contains("it took more than"), "\(late)")
        let silent = await sentence(TriggerTrials(program: "/bin/true"), folder())
        #expect(silent.contains("it gave no answer"))
        guard case .untried = await TriggerTrials(program: "/nonexistent").judge(folder(), webhooks: nil, today: nil)
        else {
            Issue.record("a program that is not there tried the files")
            return
        }
    }

    @Test("a large set that is honest passes under the configured limit")
    func honest() async {
        // Remarks cost a few times their bytes, and no rendering.
        let remarks = String(repeating: "# as long as a shop's notes get\n", count: 6_000)
        let large = folder(
            Dictionary(
                uniqueKeysWithValues: (0..<8).map {
                    ("many-\($0).yaml", "on: shipment.delivered\nsend: { email: { template: delivered } }\n" + remarks)
                }))
        guard case .good = await TriggerTrials(program: program).judge(large, webhooks: nil, today: nil) else {
            Issue.record("it did not pass")
            return
        }
    }

    @Test("where the system forbids the limits nothing is tried, and the reason is told")
    func unlimited() async throws {
        let (reader, place) = try fragile("exit \(TriggerTrials.unlimited)")
        defer { try? FileManager.default.removeItem(at: place) }
        let verdict = await TriggerTrials(program: reader).judge(
            folder(["bomb.yaml": ""]), webhooks: nil, today: nil)
        guard case .untried(let fault) = verdict else {
            Issue.record("\(verdict)")
            return
        }
        #expect(fault.message.contains("may not limit its memory"))
    }

    @Test("a set that kills its reader leaves the last good one in force, over a restart too")
    func lastGood() async throws {
        let (reader, place) = try fragile("kill -SEGV $$")
        defer { try? FileManager.default.removeItem(at: place) }
        let triggers = place.appendingPathComponent("triggers")
        try FileManager.default.createDirectory(
            at: triggers.appendingPathComponent("templates"), withIntermediateDirectories: true)
        for (path, bytes) in folder().files { try Data(bytes).write(to: triggers.appendingPathComponent(path)) }
        let store = try Store.inMemory(now: now)
        let live = try await store.openShop(shop, now: now).liveSince
        let configuration = Configuration.Shop(
            domain: shop, endpoint: "https://\(shop)", access: .token(SecretString("t")), pollEvery: .seconds(60),
            triggers: triggers.path, smtp: nil, webhooks: [:])
        func reloader() -> TriggerReloader {
            TriggerReloader(
                shop: configuration, store: store, metrics: DaemonMetrics(), logger: Logger(label: "test"),
                notices: Wake(),
                readings: TriggerReadings(trials: TriggerTrials(program: reader)))
        }
        func planner(_ triggers: TriggerReloader.InForce) -> Planner {
            Planner(triggers: triggers.set, inForceSince: triggers.since, live: live, shop: ShopProfile(domain: shop))
        }
        let first = try await reloader().start(now: now, planner: planner)
        #expect(first.set.triggers.map(\.name) == ["delivered"])

        try Data().write(to: triggers.appendingPathComponent("bomb.yaml"))
        let outcome = try await reloader().accept(inForce: first, planner: planner(first), now: now)
        guard case .refused(let lines) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(lines.count == 1 && lines[0].contains("did not survive them"))
        #expect(try await store.remembered(.lastFault, shop: shop)?.contains("did not survive them") == true)
        // The daemon starts anew, with the files still there.
        let again = try await reloader().start(now: now, planner: planner)
        #expect(again.folder.digest == first.folder.digest)
        #expect(again.set.triggers.map(\.name) == ["delivered"])
    }
}

@Suite("What the journal says of refused files")
struct RefusedFilesTests {
    @Test("is one line for all mistakes, with the first of them and how many more there are")
    func oneLine() async throws {
        let bench = try await LoopBench()
        bench.reloader().report(.refused((1...5).map { "a.yaml:\($0):1: mistake \($0)" }))
        let facts = bench.lines.facts(.triggersRefused)
        #expect(facts.count == 1 && facts[0]["count"] == "5")
        #expect(
            facts[0]["reason"]?.contains("mistake 3 (and 2 more)") == true
                && facts[0]["reason"]?.contains("mistake 4") == false)
    }
}
