import Outreach
import Synchronization

/// What the trigger files came to when they were last read: shops that share a folder share the reading, which is most of the work of a start.
final class TriggerReadings: Sendable {
    private struct Key: Hashable {
        var digest: String
        var webhooks: Set<String>
        var today: CalendarDay?
    }

    private let kept = Mutex<[(key: Key, reading: (set: TriggerSet?, faults: [Fault]))]>([])
    /// How many are kept.
    private static let most = 4

    /// Reads the files, or gives what the same files came to before.
    func load(
        _ folder: TriggerFolder, webhooks: Set<String>, today: CalendarDay? = nil
    ) -> (set: TriggerSet?, faults: [Fault]) {
        let key = Key(digest: folder.digest, webhooks: webhooks, today: today)
        if let reading = kept.withLock({ $0.first { $0.key == key }?.reading }) { return reading }
        let reading = TriggerSet.load(folder, webhooks: webhooks, today: today)
        kept.withLock { kept in
            kept.removeAll { $0.key == key }
            kept.append((key, reading))
            if kept.count > Self.most { kept.removeFirst() }
        }
        return reading
    }
}
