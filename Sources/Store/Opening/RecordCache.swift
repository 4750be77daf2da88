internal import Outreach
internal import Synchronization

/// The row of an order: its shop's number, and its own.
struct OrderRowKey: Hashable, Sendable {
    var shop: Int64
    var id: Int64
}

/// Orders as last read or written, so that an order that is learned, matched, judged and judged again within seconds is
/// decoded once.
///
/// A cached record is never trusted by itself: a step reads the row's number and version first, and uses the cached
/// record only if both match. Row numbers are never reused, and the version goes up with every change of the record,
/// its scans or its events, so the two identify one content for ever.
final class RecordCache: Sendable {
    private struct Entry {
        var version: Int64
        var record: OrderRecord
    }

    private struct Generations {
        var young: [OrderRowKey: Entry] = [:]
        var old: [OrderRowKey: Entry] = [:]
    }

    /// Half of the most that are kept: one batch of each step in the chain.
    private static let generation = 320
    private let generations = Mutex(Generations())

    /// The record of that row, if it is cached at that version.
    func record(_ row: OrderRowKey, version: Int64) -> OrderRecord? {
        generations.withLock { kept in
            if let entry = kept.young[row] { return entry.version == version ? entry.record : nil }
            guard let entry = kept.old[row], entry.version == version else { return nil }
            Self.put(entry, row, into: &kept)
            return entry.record
        }
    }

    /// Caches a record as it is in the store.
    func keep(_ record: OrderRecord, row: OrderRowKey) {
        generations.withLock { Self.put(Entry(version: record.version, record: record), row, into: &$0) }
    }

    /// Forgets everything: after an erasure no customer data may stay in memory either.
    func clear() { generations.withLock { $0 = Generations() } }

    /// Records not used while a generation filled are dropped with the one before it.
    private static func put(_ entry: Entry, _ row: OrderRowKey, into kept: inout Generations) {
        kept.young[row] = entry
        guard kept.young.count >= generation else { return }
        kept.old = kept.young
        kept.young = [:]
    }
}
