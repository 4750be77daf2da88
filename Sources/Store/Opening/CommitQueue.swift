internal import Outreach
internal import Synchronization

/// Group commit. A durable commit costs a wait for the disk, whatever it holds; so all steps that come while one commit
/// is on its way go into the next one together, each under a savepoint of its own.
///
/// Each caller still sees one step, one outcome: a step that fails is undone alone, and no caller hears of success
/// before the shared commit is on the disk. When the whole transaction breaks (a full disk takes all of it back), its
/// steps are done again one by one, so that a step that is too big fails alone. A step may therefore run more than
/// once, which is safe since all but its last run are undone.
///
/// Steps are never cancelled once they are queued: the record of what a far end said must not be lost because somebody
/// is shutting down.
final class CommitQueue: Sendable {
    private struct State {
        var steps: [any QueuedStep] = []
        var scheduled = false
    }

    private let engine: SQLiteEngine
    private let path: String
    private let state = Mutex(State())
    /// So many steps at most share a commit, so that the write lock is let go of from time to time.
    private static let greatestGroup = 64

    init(engine: SQLiteEngine) {
        self.engine = engine
        path = engine.path
    }

    /// Runs `body` in a transaction and returns when that is on the disk.
    func commit<Value: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> Value
    ) async throws(StoreFailure) -> Value {
        let outcome = await withCheckedContinuation { continuation in
            add(Step(body: body, continuation: continuation))
        }
        return try outcome.get()
    }

    /// How many steps wait for the writer.
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
        do {
            try db.begin()
            try step.run(in: db.connection)
            try db.commit()
            step.succeed()
        } catch {
            db.rollback()
            step.fail(StoreFailure(error, path: path))
        }
    }

    /// False when the transaction broke and everything is to be done again.
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
            return false
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
            fail(StoreFailure(.broken, "A step ended without a result. This is a fault of the program."))
            return
        }
        continuation.resume(returning: .success(value))
    }

    func fail(_ failure: StoreFailure) { continuation.resume(returning: .failure(failure)) }
}
