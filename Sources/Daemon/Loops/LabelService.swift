import Delivery
import Logging
import Outreach
import Platform
import ServiceLifecycle
import Synchronization

/// Fetches the labels that a shop's mails wait for, and has these mails composed as soon as one arrives or fails.
/// Fetching happens alongside the loop, which handles the results.
struct LabelService: Service {
    let shop: String
    let labels: LabelShelf
    let store: any LabelStore
    let clock: DaemonClock
    /// Called when mails that waited for their label are due.
    let planning: Wake
    let heartbeats: Heartbeats
    let logger: Logger
    var trouble = StoreTrouble()
    var wake = Wake()

    func run() async throws {
        await cancelWhenGracefulShutdown { await fetch() }
    }

    private func fetch() async {
        let loop = Loop(
            Loop.Name("labels", shop: shop), wake: wake, heartbeats: heartbeats, trouble: trouble, clock: clock,
            logger: logger)
        let settled = SettledLabels()
        var timesPutBack = clock.timesPutBack
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [labels, clock, wake] in
                await labels.run(now: { clock.now }) { missing in
                    settled.add(missing)
                    wake.call()
                }
            }
            await loop.run { _ in
                if timesPutBack != clock.timesPutBack {
                    labels.clockWasPutBack(to: clock.now)
                    timesPutBack = clock.timesPutBack
                }
                for missing in settled.takeNews() { log(missing) }
                // They are due within a minute anyway; if the store fails, they are tried again before that.
                let count = settled.count
                if count > 0 {
                    try await store.judgeLabels(shop: shop, within: LabelShelf.pause, now: clock.now)
                    settled.done(count)
                    planning.call()
                }
                return .look(in: nil)
            }
            group.cancelAll()
        }
    }

    private func log(_ missing: LabelShelf.Missing) {
        logger.log(
            Line.labelMissing,
            [
                "shop": "\(shop)", "order": "\(missing.order)", "reason": "\(missing.failure.reason.rawValue)",
                "detail": "\(missing.failure.detail)",
            ])
    }
}

/// The labels that arrived or failed, and whose mails have not been made due yet.
private final class SettledLabels: Sendable {
    private let state = Mutex((count: 0, news: [LabelShelf.Missing]()))

    /// The number of labels.
    var count: Int { state.withLock(\.count) }

    func add(_ missing: LabelShelf.Missing?) {
        state.withLock { state in
            state.count += 1
            if let missing, missing.isNews { state.news.append(missing) }
        }
    }

    /// Those that failed for the first time, each once.
    func takeNews() -> [LabelShelf.Missing] {
        state.withLock { state in
            defer { state.news = [] }
            return state.news
        }
    }

    /// Notes that the mails for this many are due.
    func done(_ count: Int) { state.withLock { $0.count -= count } }
}
