package import Outreach

// Where a simulation comes between a process and its store: a step waits there for its turn, fails there as a disk or a
// network would have it fail, and its outcome waits there to be heard of. So a seed decides what happens before what,
// and a process can die between any two steps, or while the answer to one is on its way.

/// What a store's steps pass in a simulation.
package protocol StepGate: Sendable {
    /// Whether a process that had the store before may still be sending what it claimed.
    var mayOthersSend: Bool { get }
    /// Waits for the step's turn. What it throws, the step failed with, and nothing happened.
    func enter(_ step: StepKind) async throws(StoreFailure)
    /// The step ran; waits until its caller may hear of it. What it throws, the caller hears instead.
    func leave(_ step: StepKind) async throws(StoreFailure)
}

/// What a step does.
package enum StepKind: String, Sendable {
    case read, write
}

extension StepGate {
    /// Runs a step between the two.
    func pass<Value: Sendable>(
        _ kind: StepKind, _ step: () async throws(StoreFailure) -> Value
    ) async throws(StoreFailure) -> Value {
        try await enter(kind)
        let outcome: Result<Value, StoreFailure>
        do { outcome = .success(try await step()) } catch { outcome = .failure(error) }
        try await leave(kind)
        return try outcome.get()
    }
}
