import ArgumentParser
import Crypto
import Foundation
import Logging
import Outreach
import Platform
import Store

/// Keeps the trigger files of one shop: reads the folder, puts a good set into force and remembers it, and keeps the last good one when the folder is broken.
struct TriggerShelf {
    let shop: Configuration.Shop
    let store: Store
    let metrics: DaemonMetrics
    let logger: Logger

    /// A set and since when each of its triggers is in force.
    struct InForce {
        var set: TriggerSet
        var since: [String: Moment]
    }

    /// The set to start with: the folder's, or else the last good one. Throws `DaemonProblem` with status 78 where there is neither.
    func start(now: Moment) async throws -> InForce {
        if let good = try await accept(now: now) { return good }
        if let kept = try await store.lastGoodSet(shop: shop.domain),
            let files = try? JSONDecoder().decode([String: Data].self, from: Data(kept.files))
        {
            let folder = TriggerFolder(files: files.mapValues { [UInt8]($0) })
            if let set = TriggerSet.load(folder, webhooks: Set(shop.webhooks.keys)).set {
                let since = try await store.triggersInForce(shop: shop.domain)
                return InForce(set: set, since: since)
            }
        }
        throw DaemonProblem(
            line: .configuration,
            reason:
                "the trigger files in '\(shop.triggers)' have mistakes, and there is no earlier good set; `bookbag check '\(shop.triggers)'` shows them all",
            status: ExitStatus.configuration)
    }

    /// Reads the folder and puts it into force, all or nothing; nil where it is broken, which is told.
    func accept(now: Moment) async throws(StoreFailure) -> InForce? {
        let folder: TriggerFolder
        do {
            folder = try TriggerFolder(readingFrom: shop.triggers)
        } catch {
            refuse([
                "\(shop.triggers): the folder cannot be read; check 'triggers:' in the configuration, and who may read it"
            ])
            return nil
        }
        let (set, faults) = TriggerSet.load(folder, webhooks: Set(shop.webhooks.keys))
        guard let set else {
            refuse(faults.filter { $0.severity == .error }.map(\.description))
            try await store.remember(
                faults.first { $0.severity == .error }?.description, as: "last_fault", shop: shop.domain, now: now)
            return nil
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let files = (try? encoder.encode(folder.files.mapValues { Data($0) })) ?? Data()
        let digest = SHA256.hash(data: files).map { String($0, radix: 16) }.joined()
        let since = try await store.setTriggers(
            shop: shop.domain, names: set.triggers.map(\.name),
            goodSet: GoodSet(digest: digest, files: [UInt8](files), acceptedAt: now), now: now)
        try await store.remember(nil, as: "last_fault", shop: shop.domain, now: now)
        metrics.reloadSuccessful.set(1, shop.domain)
        metrics.lastReload.set(Double(now.seconds), shop.domain)
        logger.log(
            Line.triggersLoaded,
            ["shop": "\(shop.domain)", "count": "\(set.triggers.count)", "mode": "\(set.settings.mode.rawValue)"])
        return InForce(set: set, since: since)
    }

    private func refuse(_ faults: [String]) {
        metrics.reloadSuccessful.set(0, shop.domain)
        for fault in faults.prefix(20) {
            logger.log(Line.triggersRefused, ["shop": "\(shop.domain)", "reason": "\(fault)"])
        }
    }
}
