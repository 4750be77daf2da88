import Outreach
import Platform
import Synchronization
import Testing

@testable import Daemon

@Suite("Keeping a store at a server")
struct OwnerServiceTests {
    /// A store that answers with these failures, one after another, and then with none.
    private final class Answers: OwnedStore {
        private let left: Mutex<[StoreFailure?]>
        let asked = Mutex(0)

        init(_ failures: [StoreFailure?]) { left = Mutex(failures) }

        func renew() async throws(StoreFailure) {
            asked.withLock { $0 += 1 }
            if let failure = left.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { throw failure }
        }
    }

    private struct Over: Error {}

    private func service(_ store: Answers, turns: Int) -> OwnerService {
        let left = Mutex(turns)
        var service = OwnerService(store: store, every: .seconds(5))
        service.pause = { every in
            #expect(every == .seconds(5))
            let isOver = left.withLock { left in
                left -= 1
                return left < 0
            }
            if isOver { throw Over() }
        }
        return service
    }

    @Test("ends the daemon once another has taken over, and not for a server that is away")
    func ends() async throws {
        let away = StoreFailure(.unreachable, "It is away.")
        let store = Answers([nil, away, away, nil, StoreFailure(.locked, "Another has it."), nil])
        let problem = await #expect(throws: DaemonProblem.self) { try await service(store, turns: 99).run() }
        #expect(problem?.reason == "Another has it." && problem?.status == .fault)
        #expect(store.asked.withLock { $0 } == 5)
    }

    @Test("goes on for as long as it has it")
    func goesOn() async throws {
        let store = Answers([])
        try await service(store, turns: 7).run()
        #expect(store.asked.withLock { $0 } == 7)
    }
}
