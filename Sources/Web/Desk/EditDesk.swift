import Daemon
import Foundation
import Outreach
import Platform
import ServiceLifecycle
import Synchronization

// What is being edited. A text that somebody checks, previews or is about to save is a draft: it is kept in memory for
// the page that the form leads to, and only the browser of whoever wrote it can show it. A draft that is lost, with a
// restart, is still in the browser, one step back. A replay is a process that runs for a while: there is one at a time.

/// The drafts and the replay of a desk.
final class EditDesk: Service {
    /// An edited text.
    struct Draft: Sendable {
        var id: String
        var person: String
        var shop: String
        var path: String
        /// The text; nil to remove the file.
        var text: String?
        /// The version that it was made from.
        var base: String
        /// `saved`, `put_back` or `removed`, when it is.
        var what = "saved"
        /// Where it was made: the Edit page, or Settings.
        var isFromSettings = false
        var finding: EditTrial.Finding?
        /// Why it was not saved, or not tried.
        var problem: String?
        /// What was previewed: the trigger, its example, an order's name.
        var trigger = ""
        var example = ""
        var order = ""

        fileprivate var size: Int {
            (text?.utf8.count ?? 0) + (finding?.mails.reduce(0) { $0 + $1.html.utf8.count + $1.text.utf8.count } ?? 0)
        }
    }

    /// A replay, and how far it is.
    struct Job: Sendable {
        enum State: Sendable {
            case running(done: Int, of: Int)
            case over(EditTrial.Replayed)
            case failed(String)
            case cancelled
        }
        var id: Int
        var shop: String
        var path: String
        var person: String
        var draft: String
        var begunAt: Moment
        var state: State
        fileprivate var stop: LimitedProcess.Switch

        var isRunning: Bool { if case .running = state { true } else { false } }
    }

    private struct State {
        /// The last used stands last.
        var drafts: [Draft] = []
        var jobs: [Job] = []
        var next = 1
        var saving: Set<String> = []
        var checks = 0
    }

    /// Files beyond this are edited elsewhere: a page stays below 100 KB.
    static let greatestText = 40 << 10
    private static let mostDrafts = 40
    private static let mostBytes = 6 << 20
    /// Each is a process that may take as much memory as the limited reader.
    private static let mostChecks = 2
    /// Replays that are over are kept until as many others were made.
    private static let mostJobs = 8

    let trials: EditTrials
    /// Called when a replay got further.
    private let wake: Wake
    private let state = Mutex(State())

    init(wake: Wake, trials: EditTrials = EditTrials()) {
        self.wake = wake
        self.trials = trials
    }

    /// Waits for the end, and stops what still runs then.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(86_400)) }
        }
        for job in state.withLock(\.jobs) where job.isRunning { job.stop.cancel() }
    }

    // MARK: - Drafts

    /// Keeps a draft, in the place of one of the same id.
    func keep(_ draft: Draft) {
        state.withLock { state in
            state.drafts.removeAll { $0.id == draft.id }
            state.drafts.append(draft)
            while state.drafts.count > 1,
                state.drafts.count > Self.mostDrafts
                    || state.drafts.reduce(0, { $0 + $1.size }) > Self.mostBytes
            {
                state.drafts.removeFirst()
            }
        }
    }

    /// A draft of that person at that shop.
    func draft(_ id: String?, of person: String, shop: String) -> Draft? {
        state.withLock { state in
            state.drafts.first { $0.id == id && $0.person == person && $0.shop == shop }
        }
    }

    func forget(_ id: String) { state.withLock { state in state.drafts.removeAll { $0.id == id } } }

    // MARK: - Checking

    /// Has an edit checked or previewed; refuses where as many are under way as the machine is asked to bear.
    func check(_ trial: EditTrial) async -> EditTrials.Outcome {
        let begins = state.withLock { state in
            guard state.checks < Self.mostChecks else { return false }
            state.checks += 1
            return true
        }
        guard begins else { return .died("Other edits are being checked at this moment. Try again.") }
        defer { state.withLock { $0.checks -= 1 } }
        return await trials.run(trial)
    }

    // MARK: - Saving

    /// Whether a shop's files may be saved now: one save at a time. `endSaving` has to follow.
    func beginSaving(_ shop: String) -> Bool { state.withLock { $0.saving.insert(shop).inserted } }

    func endSaving(_ shop: String) { _ = state.withLock { $0.saving.remove(shop) } }

    // MARK: - Replays

    /// The replay of a draft, if it has one.
    func job(ofDraft draft: String) -> Job? { state.withLock { state in state.jobs.last { $0.draft == draft } } }

    /// The replay that runs, if one does.
    var running: Job? { state.withLock { state in state.jobs.last(where: \.isRunning) } }

    /// Begins a replay; false where one runs already.
    func replay(_ trial: EditTrial, of draft: Draft, now: Moment) -> Bool {
        let stop = LimitedProcess.Switch()
        let id = state.withLock { state -> Int? in
            guard !state.jobs.contains(where: \.isRunning) else { return nil }
            let id = state.next
            state.next += 1
            state.jobs.removeAll { $0.draft == draft.id }
            state.jobs.append(
                Job(
                    id: id, shop: draft.shop, path: draft.path, person: draft.person, draft: draft.id, begunAt: now,
                    state: .running(done: 0, of: 0), stop: stop))
            if state.jobs.count > Self.mostJobs { state.jobs.removeFirst() }
            return id
        }
        guard let id else { return false }
        Task { [trials] in
            let outcome = await trials.run(trial, stop: stop) { progress in
                self.set(id, .running(done: progress.done, of: progress.of))
            }
            switch outcome {
            case .cancelled: self.set(id, .cancelled)
            case .died(let words): self.set(id, .failed(words))
            case .found(let finding):
                if let replayed = finding.replay {
                    self.set(id, .over(replayed))
                } else {
                    self.set(id, .failed(finding.problem ?? "The files have mistakes. Check them first."))
                }
            }
        }
        return true
    }

    /// Stops a replay.
    func cancel(_ id: Int, shop: String) {
        let job = state.withLock { state in state.jobs.first { $0.id == id && $0.shop == shop && $0.isRunning } }
        job?.stop.cancel()
    }

    private func set(_ id: Int, _ new: Job.State) {
        state.withLock { state in
            guard let index = state.jobs.firstIndex(where: { $0.id == id }) else { return }
            state.jobs[index].state = new
        }
        wake.call()
    }
}
