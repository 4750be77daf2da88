import Outreach
import Platform
import Synchronization

/// The results of the last readings of trigger files: shops that share a folder share the reading, which is most of the
/// work of a start.
final class TriggerReadings: Sendable {
    private struct Key: Hashable {
        var digest: String
        var webhooks: Set<String>
        var today: CalendarDay?
    }

    private let kept = Mutex<[(key: Key, reading: (set: TriggerSet?, faults: [Fault]))]>([])
    /// How many are kept.
    private static let most = 4
    /// Tries the files before they are read here; if nil, they are read directly.
    private let trials: TriggerTrials?

    init(trials: TriggerTrials? = nil) { self.trials = trials }

    /// The processor time for one rendering, in seconds. The engine also limits its work, and usually gets there first.
    private static let patience = 10.0

    /// Reads the files, or returns the earlier result for the same files. Files that do not pass their trial are not
    /// read here.
    ///
    /// - Parameter passedBefore: true if these files were in force. If no process can be started, they are read anyway,
    ///   so that the daemon has something to work with.
    func load(
        _ folder: TriggerFolder, webhooks: Set<String>, today: CalendarDay? = nil, passedBefore: Bool = false
    ) async -> (set: TriggerSet?, faults: [Fault]) {
        let key = Key(digest: folder.digest, webhooks: webhooks, today: today)
        // What was wrong on disk, such as a link that leads elsewhere, is not part of the digest.
        if folder.faults.isEmpty, let reading = kept.withLock({ $0.first { $0.key == key }?.reading }) {
            return reading
        }
        switch await trials?.judge(folder, webhooks: webhooks, today: today) {
        case .faults(let faults)?: return (nil, (folder.faults + faults).unique)
        case .untried(let fault)? where !passedBefore: return (nil, folder.faults + [fault])
        case .untried?, .good?, nil: break
        }
        let reading = TriggerSet.load(folder, webhooks: webhooks, today: today) {
            let end = ThreadTime.seconds + Self.patience
            return { ThreadTime.seconds > end }
        }
        guard folder.faults.isEmpty else { return reading }
        kept.withLock { kept in
            kept.removeAll { $0.key == key }
            kept.append((key, reading))
            if kept.count > Self.most { kept.removeFirst() }
        }
        return reading
    }
}

extension [Fault] {
    /// The faults without duplicates, each in its first position.
    fileprivate var unique: [Fault] {
        var seen: Set<Fault> = []
        return filter { seen.insert($0).inserted }
    }
}
