// Which shops this daemon serves. With a store in a file: all. With one at a server several daemons share them: each
// says every few seconds that it lives, takes what is free up to its share, and gives what is more to the others.
//
// Whoever serves other shops than before starts all its loops anew for these, as if the process had been started
// again: what is under way is finished first, and a shop is handed over once nothing of it is under way. `keep` goes on
// meanwhile, so that no lease runs out.

import Outreach
import Platform
import ServiceLifecycle
import Store
import Synchronization

/// What sharing the shops of a store needs of it.
protocol SharedStore: Sendable {
    var sharesEvery: Duration? { get }
    func share(_ shops: [String]) async throws(StoreFailure) -> ShopShare
    func handOver(_ shops: [String]) async throws(StoreFailure)
}

extension Store: SharedStore {}

/// The shops that this daemon has, and whether its loops are to go on for those that they were started for.
final class ShopShares: Sendable {
    private struct State {
        var share = ShopShare(shops: [])
        /// Those that the loops were started for.
        var serving: [String] = []
        var mustStartAgain = false
        var isEnding = false
        var problem: DaemonProblem?

        var wanted: [String] { share.shops.filter { !share.surplus.contains($0) } }
    }

    private let store: any SharedStore
    private let shops: [String]
    private let state = Mutex(State())
    /// Called when the loops are to end.
    private let changed = Wake()
    /// Waits so long. Injected, so that tests need not.
    private let pause: @Sendable (Duration) async throws -> Void

    /// - Parameter shops: the domains that this daemon is configured for.
    init(
        store: any SharedStore, shops: [String],
        pause: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.store = store
        self.shops = shops
        self.pause = pause
    }

    /// Whether the process is to end.
    var isEnding: Bool { state.withLock(\.isEnding) }

    /// Ends the loops, and the process after them.
    func end() {
        state.withLock { $0.isEnding = true }
        changed.call()
    }

    /// Has the loops start again, though the shops are the same.
    func startAgain() {
        state.withLock { $0.mustStartAgain = true }
        changed.call()
    }

    /// Waits a few seconds, or until the process is to end.
    func rest() async {
        guard !isEnding else { return }
        await changed.wait(atMost: Loop.troublePause)
    }

    /// Takes the daemon's share, for which the loops are started now.
    func take() async throws(StoreFailure) -> [String] {
        let share = try await store.share(shops)
        return state.withLock { state in
            state.share = share
            state.serving = state.wanted
            state.mustStartAgain = false
            return state.serving
        }
    }

    /// Gives away what is more than the share, once the loops have ended.
    func handOver() async throws(StoreFailure) {
        let surplus = state.withLock(\.share.surplus)
        if !surplus.isEmpty, !isEnding { try await store.handOver(surplus) }
    }

    /// Says every few seconds that this daemon lives, until it is cancelled or others have its shops.
    func keep() async {
        guard let every = store.sharesEvery else { return }
        while !Task.isCancelled {
            do { try await pause(every) } catch { return }
            do {
                let share = try await store.share(shops)
                let isOther = state.withLock { state in
                    state.share = share
                    return state.wanted != state.serving
                }
                if isOther { changed.call() }
            } catch {
                // What else is wrong with the store is met by every other loop, too, and told once for all.
                guard error.cause == .locked else { continue }
                let problem = DaemonProblem(line: .storeFailed, reason: "\(error)", status: .fault)
                state.withLock { $0.problem = problem }
                changed.call()
                return
            }
        }
    }

    /// Returns when the loops are to end. Throws where others have taken the shops: nothing that is under way could be
    /// written down any more.
    fileprivate func change() async throws {
        while !Task.isCancelled {
            let (isOver, problem) = state.withLock { state in
                (state.isEnding || state.mustStartAgain || state.wanted != state.serving, state.problem)
            }
            if let problem { throw problem }
            if isOver { return }
            await changed.wait(atMost: .seconds(3600))
        }
    }
}

/// Ends the loops when the process is to end, or is to serve other shops.
struct ShareWatch: Service {
    let shares: ShopShares

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await shares.change() }
    }
}
