internal import CCurl
import Synchronization

/// All sessions of one relay, and the mails waiting for one. Lives on the engine's thread.
final class SMTPPool {
    /// How long to wait before opening another session after one failed while others are open: relays limit their
    /// number.
    static let pauseAfterRefusal = Duration.seconds(30)

    private let settings: SMTPSettings
    private let multi: UnsafeMutableRawPointer
    private let maximumSessions: Int
    private(set) var sessions: [SMTPSession] = []
    private var waiting: [SMTPJob] = []
    /// Jobs before this index in `waiting` have been taken.
    private var head = 0
    private var noNewSessionBefore: ContinuousClock.Instant?
    private var isClosing = false
    /// Kept so that no other relay gets the same identity while this pool lives.
    private let key: RelayKey

    init(_ settings: SMTPSettings, key: RelayKey, multi: UnsafeMutableRawPointer, maximumSessions: Int) {
        self.settings = settings
        self.key = key
        self.multi = multi
        self.maximumSessions = max(1, min(settings.sessions, maximumSessions))
    }

    /// Whether nothing is in progress and no mail waits.
    var isIdle: Bool { head == waiting.count && sessions.allSatisfy { $0.job == nil } }
    /// Whether no session is left either.
    var isEmpty: Bool { head == waiting.count && sessions.isEmpty }

    /// When the next session times out.
    var nextDeadline: ContinuousClock.Instant? {
        let sessions = sessions.lazy.filter { $0.state != .opening }.map(\.deadline).min()
        guard head < waiting.count, let pause = noNewSessionBefore else { return sessions }
        return min(sessions ?? pause, pause)
    }

    func add(_ job: SMTPJob) {
        if job.ticket.isCancelled.load(ordering: .sequentiallyConsistent) {
            return job.answer.resume(returning: .unsent(.cancelled, "the task was cancelled"))
        }
        waiting.append(job)
        dispatch()
    }

    /// Ends the job with this ticket, if it is here.
    func cancel(_ ticket: TransferTicket, _ reason: String = "the task was cancelled") {
        if let index = waiting[head...].firstIndex(where: { $0.ticket === ticket }) {
            waiting.remove(at: index).answer.resume(returning: .unsent(.cancelled, reason))
        } else if let session = sessions.first(where: { $0.job?.ticket === ticket }) {
            settle(session.abandon(.cancelled, reason))
            sweep()
            dispatch()
        }
    }

    /// Ends all jobs.
    func cancelAll(_ reason: String) {
        for job in waiting[head...] { job.answer.resume(returning: .unsent(.cancelled, reason)) }
        waiting = []
        head = 0
        for session in sessions where session.job != nil { settle(session.abandon(.cancelled, reason)) }
        sweep()
    }

    /// Says goodbye on all sessions without a mail, and opens no new one.
    func leave() {
        isClosing = true
        for session in sessions where session.job == nil {
            if session.state == .opening { session.close() } else if session.state != .leaving { session.leave() }
        }
        sweep()
    }

    /// Drops all sessions without a word.
    func closeAll() {
        cancelAll("the engine is shutting down")
        for session in sessions { session.close() }
        sweep()
    }

    /// libcurl's result of opening a session.
    ///
    /// - Returns: whether a session is open now.
    func opened(_ handle: UnsafeMutableRawPointer, _ code: CURLcode) -> Bool {
        guard let session = sessions.first(where: { $0.easy.raw == handle }) else { return false }
        defer { dispatch() }
        if let failure = session.opened(code) {
            sweep()
            noNewSessionBefore = .now + Self.pauseAfterRefusal
            if sessions.isEmpty {
                // The mails that wait would fare no better.
                let all = waiting[head...]
                waiting = []
                head = 0
                for job in all { job.answer.resume(returning: failure) }
            }
            return false
        }
        return true
    }

    /// Whether this is the handle of one of its sessions.
    func holds(_ handle: UnsafeMutableRawPointer) -> Bool { sessions.contains { $0.easy.raw == handle } }

    /// Serves the sessions whose sockets are ready.
    func pump(_ ready: [SMTPSession]) {
        for session in ready { settle(session.pump()) }
        sweep()
        dispatch()
    }

    /// Does all due work.
    func tick(_ now: ContinuousClock.Instant) {
        for session in sessions where session.state != .opening && session.deadline <= now { settle(session.expire()) }
        if let pause = noNewSessionBefore, pause <= now { noNewSessionBefore = nil }
        sweep()
        dispatch()
    }

    private func settle(_ turn: SMTPSession.Turn) {
        switch turn {
        case .nothing: break
        case .done(let job, let reply): job.answer.resume(returning: reply)
        case .unanswered(var job, _):
            job.wasRetried = true
            if head > 0 {
                head -= 1
                waiting[head] = job
            } else {
                waiting.insert(job, at: 0)
            }
        }
    }

    /// Assigns mails to sessions, and opens sessions for the rest.
    private func dispatch() {
        guard head < waiting.count else { return compact() }
        let now = ContinuousClock.now
        while head < waiting.count {
            if let session = sessions.first(where: { $0.isReady(at: now) }) {
                settle(session.begin(takeFirst()))
                if session.state == .closed { sweep() }
                continue
            }
            // Too old for another mail.
            for session in sessions where session.state == .idle { session.leave() }
            let opening = sessions.count { $0.state == .opening }
            guard !isClosing, sessions.count < maximumSessions, opening < waiting.count - head,
                noNewSessionBefore == nil || sessions.isEmpty
            else { break }
            open()
        }
        compact()
    }

    private func takeFirst() -> SMTPJob {
        head += 1
        return waiting[head - 1]
    }

    private func compact() {
        if head == waiting.count {
            waiting.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 256, head > waiting.count / 2 {
            waiting.removeFirst(head)
            head = 0
        }
    }

    private func open() {
        do throws(SMTPUnusable) {
            let session = try SMTPSession(settings, token: waiting[head].token)
            let code = curl_multi_add_handle(multi, session.easy.raw)
            guard code == CURLM_OK else { throw SMTPUnusable(.other, String(cString: curl_multi_strerror(code))) }
            sessions.append(session)
        } catch {
            takeFirst().answer.resume(returning: error.reply)
        }
    }

    /// Releases closed sessions.
    private func sweep() {
        guard sessions.contains(where: { $0.state == .closed }) else { return }
        for session in sessions where session.state == .closed { curl_multi_remove_handle(multi, session.easy.raw) }
        sessions.removeAll { $0.state == .closed }
    }
}
