import Outreach
import Platform
import ServiceLifecycle
import Store

/// What keeping a store at a server needs of it.
protocol OwnedStore: Sendable {
    func renew() async throws(StoreFailure)
}

extension Store: OwnedStore {}

/// Says every few seconds that this daemon lives, so that no other takes its store over; and ends the daemon once one
/// has. Whoever starts it again then waits for its turn. A file needs none of this.
struct OwnerService: Service {
    let store: any OwnedStore
    let every: Duration
    /// Waits so long. Injected, so that tests need not.
    var pause: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await pause(every) } catch { return }
                do {
                    try await store.renew()
                } catch let failure as StoreFailure {
                    // What else is wrong with the store is met by every other loop, too, and told once for all.
                    guard failure.cause == .locked else { continue }
                    throw DaemonProblem(line: .storeFailed, reason: "\(failure)", status: .fault)
                }
            }
        }
    }
}
