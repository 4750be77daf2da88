internal import Outreach
internal import Synchronization

/// Group commit. A durable commit waits for the disk, however little it contains; so all steps that arrive during one
/// commit go into the next one together, each under its own savepoint.
///
/// Each caller still sees one step with one outcome: a failed step is undone alone, and no caller is told of success
/// before the shared commit is on disk. If the whole transaction fails (a full disk rolls all of it back), its steps
/// are run again one by one, so that a step that is too big fails alone. A step may therefore run more than once, which
/// is safe because all runs but the last are undone. PostgreSQL has no savepoints in a group, each of which would cost
/// a round trip: where a step fails, all are run again one by one.
///
/// A queued step is never cancelled: the record of a far end's reply must not be lost because of a shutdown.
final class CommitQueue: Sendable {
    private struct State {
        var steps: [any QueuedStep] = []
        var scheduled = false
    }

    private let engine: StoreEngine
    private let path: String
    private let state = Mutex(State())
    /// At most this many steps share a commit, so that the write lock is released from time to time.
    private static let greatestGroup = 64

    init(engine: StoreEngine) {
        self.engine = engine
        path = engine.path
    }

    /// Runs `body` in a transaction and returns when the commit is on disk.
    func commit<Value: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> Value
    ) async throws(StoreFailure) -> Value {
        let outcome = await withCheckedContinuation { continuation in
            add(Step(body: body, continuation: continuation))
        }
        return try outcome.get()
    }

    /// The number of steps waiting for the writer.
    var waiting: Int { state.withLock(\.steps.count) }

    private func add(_ step: any QueuedStep) {
        let mustSchedule = state.withLock { state in
            state.steps.append(step)
            defer { state.scheduled = true }
            return !state.scheduled
        }
        if mustSchedule { schedule() }
    }

    private func schedule() {
        engine.write { [self] db in
            let (group, more) = state.withLock { state in
                let group = Array(state.steps.prefix(Self.greatestGroup))
                state.steps.removeFirst(group.count)
                state.scheduled = !state.steps.isEmpty
                return (group, state.scheduled)
            }
            run(group, in: db)
            if more { schedule() }
        }
    }

    private func run(_ group: [any QueuedStep], in db: WritingConnection) {
        if group.count > 1, runTogether(group, in: db) { return }
        for step in group { runAlone(step, in: db) }
    }

    private func runAlone(_ step: any QueuedStep, in db: WritingConnection) {
        var repetition = 0
        while true {
            do {
                try db.begin(repetition: repetition)
                try step.run(in: db.connection)
                try db.commit()
                return step.succeed()
            } catch {
                db.rollback()
                guard db.mayRepeat(after: error, repetition: repetition) else {
                    return step.fail(StoreFailure(error, path: path))
                }
                repetition += 1
            }
        }
    }

    /// False if the transaction failed and everything has to run again.
    private func runTogether(_ group: [any QueuedStep], in db: WritingConnection) -> Bool {
        let connection = db.connection
        var failures: [Int: StoreFailure] = [:]
        do {
            try db.begin()
            for (index, step) in group.enumerated() {
                do {
                    try connection.inSavepoint {
                        try step.run(in: connection)
                        return true
                    }
                } catch {
                    guard connection.isInTransaction else { return false }
                    failures[index] = StoreFailure(error, path: path)
                }
            }
            try db.commit()
        } catch {
            db.rollback()
            if db.mayRunAlone(after: error) { return false }
            for step in group { step.fail(StoreFailure(error, path: path)) }
            return true
        }
        for (index, step) in group.enumerated() {
            if let failure = failures[index] { step.fail(failure) } else { step.succeed() }
        }
        return true
    }
}

private protocol QueuedStep: Sendable {
    func run(in db: Connection) throws
    func succeed()
    func fail(_ failure: StoreFailure)
}

private final class Step<Value: Sendable>: QueuedStep {
    private let body: @Sendable (Connection) throws -> Value
    private let continuation: CheckedContinuation<Result<Value, StoreFailure>, Never>
    private let value = Mutex<Value?>(nil)

    init(
        body: @escaping @Sendable (Connection) throws -> Value,
        continuation: CheckedContinuation<Result<Value, StoreFailure>, Never>
    ) {
        self.body = body
        self.continuation = continuation
    }

    func run(in db: Connection) throws {
        let result = try body(db)
        value.withLock { $0 = result }
    }

    func succeed() {
        guard let value = value.withLock({ $0 }) else {
            fail(StoreFailure(.broken, "A step ended without a result. This is a bug in bookbag."))
            return
        }
        continuation.resume(returning: .success(value))
    }

    func fail(_ failure: StoreFailure) { continuation.resume(returning: .failure(failure)) }
}
