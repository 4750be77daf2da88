import Foundation
import Outreach
import Store
import Synchronization

/// Measures `replay`: a million recorded events of about 111,000 orders, read from a store and played under two sets of
/// triggers, on as many readers as there are cores.
///
/// The store is made where there is none at `path`, which takes minutes, and kept for the next time.
func benchReplay(path: String, events count: Int, triggers folder: String) async throws {
    let orders = count / BenchOrders.life.count
    let shop = BenchOrders.domain
    let clock = ContinuousClock()
    let now = BenchOrders.start + .days(160)
    if !FileManager.default.fileExists(atPath: path) {
        let began = clock.now
        let store = try Store.open(path: path, role: .command, now: BenchOrders.start - .days(10))
        _ = try await store.openShop(shop, now: BenchOrders.start - .days(10))
        for first in stride(from: 0, to: orders, by: 500) {
            let learned = (first..<min(first + 500, orders)).map { number -> Learned in
                let record = BenchOrders.order(number)
                return Learned(record: record, events: record.events, nextMoment: nil, rereads: [], changed: true)
            }
            _ = try await store.commit(learned, now: now)
        }
        try store.close()
        print("made \(path) in \(clock.now - began)")
    }
    let store = try Store.open(path: path, role: .command, create: false, now: now)
    func load(_ change: (inout [String: [UInt8]]) -> Void) throws -> (set: TriggerSet, folder: TriggerFolder) {
        var files = try TriggerFolder(readingFrom: folder).files
        change(&files)
        let changed = TriggerFolder(files: files)
        guard let set = TriggerSet.load(changed).set else { fatalError("\(folder) does not check") }
        return (set, changed)
    }
    let before = try load { _ in }
    // An edit as people make it: one trigger gets a condition, another waits.
    let after = try load { files in
        files["delivered.yaml"] = Array(
            "on: shipment.delivered\nafter: 2 hours\nunless: order.tags contains \"wholesale\"\nsend: email\n".utf8)
    }
    let rendering = Replay.templatesToCompare(before: before, after: after)
    let live = LiveSince(shop: BenchOrders.start - .days(10))
    let profile = ShopProfile(domain: shop, timeZone: "Europe/London")
    let since = BenchOrders.start - .days(1)
    func replay(_ set: TriggerSet) -> Replay {
        Replay(set, live: live, shop: profile, since: since, until: now, rendering: rendering)
    }
    let (old, new) = (replay(before.set), replay(after.set))
    let began = clock.now
    let reports = Sheets()
    try await withThrowingTaskGroup(of: Void.self) { group in
        for share in ReplayShare.shares(ProcessInfo.processInfo.activeProcessorCount) {
            group.addTask {
                let sheet = Sheet(zone: profile.zone)
                try await store.replay(shop: shop, since: since - .days(20), share: share) { customer in
                    sheet.report.withLock { $0.play(customer, before: old, after: new) }
                }
                let report = sheet.report.withLock { $0 }
                reports.all.withLock { $0.append(report) }
            }
        }
        try await group.waitForAll()
    }
    let whole = reports.all.withLock { $0 }.reduce(into: ReplayReport(zone: profile.zone, samples: 5)) { $0.add($1) }
    let spent = clock.now - began
    print(
        "replay \(whole.events) events, \(whole.orders) orders, \(whole.total.after) messages, differs for \(whole.customers): \(spent)"
    )
    try store.close()
}

/// One reader's report.
private final class Sheet: Sendable {
    let report: Mutex<ReplayReport>

    init(zone: Zone) { report = Mutex(ReplayReport(zone: zone, samples: 5)) }
}

/// All readers' reports.
private final class Sheets: Sendable {
    let all = Mutex<[ReplayReport]>([])
}
