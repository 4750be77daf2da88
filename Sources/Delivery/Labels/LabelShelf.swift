public import Outreach
internal import Synchronization

// Labels are fetched outside of planning: a server that never answers takes twenty seconds each time, and all other
// messages would wait for it. So composing a mail only asks whether its label is there; the first to ask has it
// fetched, and the mail waits. Labels are kept for a while, in memory only: after a restart they are fetched again.

/// The labels that were asked for: being fetched, available, or failed.
public final class LabelShelf: Sendable {
    /// The state of a label.
    public enum Standing: Sendable {
        /// It was asked for, and is being fetched.
        case asked
        /// It is available.
        case there(MailDraft.Attachment)
        /// It could not be fetched; it was first asked for at that moment.
        case failed(LabelFailure, since: Moment)
    }

    /// A label that could not be fetched.
    public struct Missing: Sendable {
        public var failure: LabelFailure
        /// The name of the order that it is for.
        public var order: String
        /// True the first time that this label fails.
        public var isNews: Bool
    }

    /// How long a mail waits whose label is being fetched; it is woken once the label is there, but by nobody after a
    /// restart.
    public static let fetching = Duration.seconds(25)
    /// How long until a failed label is fetched again.
    public static let pause = Duration.minutes(1)
    /// How long one is kept that nobody asks for.
    static let keeping = Duration.minutes(30)
    /// How many are kept at once, and how many bytes of those available.
    static let mostLabels = 512
    static let mostBytes = 40_000_000
    /// How many are fetched at once.
    static let parallel = 4

    private struct Job: Sendable {
        var url: String
        var name: String
        var order: String
    }

    private struct Entry {
        enum State {
            case asked
            case there(MailDraft.Attachment)
            case failed(LabelFailure, until: Moment)
        }
        var state = State.asked
        var askedAt: Moment
        var usedAt: Moment
        var failures = 0

        var bytes: Int { if case .there(let label) = state { label.bytes.count } else { 0 } }
        var isSettled: Bool { if case .asked = state { false } else { true } }
    }

    private let fetcher: LabelFetcher
    private let entries = Mutex<[String: Entry]>([:])
    private let jobs: AsyncStream<Job>
    private let queue: AsyncStream<Job>.Continuation

    /// An empty shelf; `run` fetches what is asked for.
    public init(_ fetcher: LabelFetcher) {
        self.fetcher = fetcher
        (jobs, queue) = AsyncStream.makeStream()
    }

    /// The state of the label behind that link; has it fetched if that has not happened, or failed a while ago.
    ///
    /// - Parameters:
    ///   - name: the name for the file, without an extension.
    ///   - order: the name of the order that it is for, for logs.
    public func label(_ url: String, name: String, order: String, now: Moment) -> Standing {
        let (standing, isNew) = entries.withLock { entries -> (Standing, Bool) in
            guard var entry = entries[url] else {
                Self.makeRoom(in: &entries, now: now)
                // If there is no room, the mail asks again on its next turn.
                guard entries.count < Self.mostLabels else { return (.asked, false) }
                entries[url] = Entry(askedAt: now, usedAt: now)
                return (.asked, true)
            }
            entry.usedAt = now
            defer { entries[url] = entry }
            switch entry.state {
            case .asked: return (.asked, false)
            case .there(let label): return (.there(label), false)
            case .failed(let failure, let until):
                guard failure.isWorthAnotherTry, until <= now else {
                    return (.failed(failure, since: entry.askedAt), false)
                }
                entry.state = .asked
                return (.asked, true)
            }
        }
        if isNew { queue.yield(Job(url: url, name: name, order: order)) }
        return standing
    }

    private static func makeRoom(in entries: inout [String: Entry], now: Moment) {
        for (url, entry) in entries where entry.isSettled && now - entry.usedAt > keeping { entries[url] = nil }
        var bytes = entries.values.reduce(0) { $0 + $1.bytes }
        let oldest = entries.filter(\.value.isSettled).sorted { $0.value.usedAt < $1.value.usedAt }
        for (url, entry) in oldest where bytes > mostBytes || entries.count >= mostLabels {
            entries[url] = nil
            bytes -= entry.bytes
        }
    }

    /// Our clock was ahead and has been corrected: failed labels may be fetched again, and nothing was asked for later
    /// than now.
    public func clockWasPutBack(to now: Moment) {
        entries.withLock { entries in
            for (url, var entry) in entries {
                entry.askedAt = min(entry.askedAt, now)
                entry.usedAt = min(entry.usedAt, now)
                if case .failed(let failure, let until) = entry.state {
                    entry.state = .failed(failure, until: min(until, now))
                }
                entries[url] = entry
            }
        }
    }

    /// Fetches what is asked for, until the task is cancelled.
    ///
    /// - Parameters:
    ///   - now: the current time.
    ///   - settled: called after each label that was fetched, or (with the reason) failed.
    public func run(now: @escaping @Sendable () -> Moment, settled: @escaping @Sendable (Missing?) async -> Void) async
    {
        await withTaskGroup(of: Void.self) { group in
            var running = 0
            for await job in jobs {
                if running >= Self.parallel {
                    await group.next()
                    running -= 1
                }
                if Task.isCancelled { break }
                running += 1
                group.addTask { [self] in
                    let result: Result<MailDraft.Attachment, LabelFailure>
                    do throws(CancellationError) {
                        result = try await fetcher.fetch(job.url, name: job.name)
                    } catch {
                        entries.withLock { $0[job.url] = nil }
                        return
                    }
                    await settled(take(result, of: job, now: now()))
                }
            }
            group.cancelAll()
        }
    }

    private func take(
        _ result: Result<MailDraft.Attachment, LabelFailure>, of job: Job, now: Moment
    ) -> Missing? {
        entries.withLock { entries in
            var entry = entries[job.url] ?? Entry(askedAt: now, usedAt: now)
            defer { entries[job.url] = entry }
            switch result {
            case .success(let label):
                entry.state = .there(label)
                return nil
            case .failure(let failure):
                entry.failures += 1
                entry.state = .failed(failure, until: now + Self.pause)
                return Missing(failure: failure, order: job.order, isNews: entry.failures == 1)
            }
        }
    }
}
