internal import Outreach
internal import Synchronization

/// The row of an order: its shop's number, and its own.
struct OrderRowKey: Hashable, Sendable {
    var shop: Int64
    var id: Int64
}

/// Orders as they were last read or written, so that an order which is learned, matched, judged and judged again within
/// seconds is decoded once.
///
/// What is kept is never believed by itself: a step reads the row's number and version first, and takes the kept record
/// only where both are the same. Numbers of rows are never used again and a version goes up with whatever changes the
/// record, its scans or its events, so the two name one content for ever.
final class RecordCache: Sendable {
    private struct Entry {
        var version: Int64
        var record: OrderRecord
    }

    private struct Generations {
        var young: [OrderRowKey: Entry] = [:]
        var old: [OrderRowKey: Entry] = [:]
    }

    /// Half of how many are kept at most: a batch of each step that follows the other.
    private static let generation = 320
    private let generations = Mutex(Generations())

    /// The record of that row, where it is kept at that version.
    func record(_ row: OrderRowKey, version: Int64) -> OrderRecord? {
        generations.withLock { kept in
            if let entry = kept.young[row] { return entry.version == version ? entry.record : nil }
            guard let entry = kept.old[row], entry.version == version else { return nil }
            Self.put(entry, row, into: &kept)
            return entry.record
        }
    }

    /// Keeps a record as it stands in the store.
    func keep(_ record: OrderRecord, row: OrderRowKey) {
        generations.withLock { Self.put(Entry(version: record.version, record: record), row, into: &$0) }
    }

    /// Forgets everything: after an erasure nothing of a customer stays in memory either.
    func clear() { generations.withLock { $0 = Generations() } }

    /// What was not asked for while a generation filled is dropped with the one before it.
    private static func put(_ entry: Entry, _ row: OrderRowKey, into kept: inout Generations) {
        kept.young[row] = entry
        guard kept.young.count >= generation else { return }
        kept.old = kept.young
        kept.young = [:]
    }
}
