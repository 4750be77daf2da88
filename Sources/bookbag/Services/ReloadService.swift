import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store
import UnixSignals

/// Reads trigger files and templates again on SIGHUP, all or nothing. A bad edit changes nothing.
struct ReloadService: Service {
    let desks: [String: ShopDesk]
    let store: Store
    let clock: DaemonClock
    let planning: Wake
    let metrics: DaemonMetrics
    let notifier: SystemdNotifier
    let logger: Logger

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        for await _ in signals.cancelOnGracefulShutdown() {
            notifier.reloading(status: "Reading the trigger files")
            for desk in desks.values {
                let shelf = TriggerShelf(shop: desk.configuration, store: store, metrics: metrics, logger: logger)
                do throws(StoreFailure) {
                    guard let good = try await shelf.accept(now: clock.now) else { continue }
                    desk.replaceTriggers(good.set, inForceSince: good.since)
                } catch {
                    logger.log(Line.storeFailed, ["reason": "\(error.cause.rawValue)", "detail": "\(error)"])
                }
            }
            planning.call()
            notifier.ready()
        }
    }
}
