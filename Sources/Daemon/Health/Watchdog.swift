import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Tells systemd that the daemon is up, what it does, and, as long as all loops move, that it lives.
package struct Watchdog: Service {
    let notifier: SystemdNotifier
    let heartbeats: Heartbeats
    let store: Store
    let clock: DaemonClock
    let metrics: DaemonMetrics
    let logger: Logger
    var trouble = StoreTrouble()
    /// The shops that are served.
    var shops: Set<String> = []
    /// Under which name the store remembers, for each shop, why our clock is not trusted.
    package static let clockFault = "clock_fault"

    func run() async throws {
        let wake = Wake()
        var told = false
        // What an earlier process found wrong holds until this one has looked.
        var clockWasWrong = false
        for shop in shops where (try? await store.remembered(Self.clockFault, shop: shop)) != nil {
            clockWasWrong = true
        }
        await withGracefulShutdownHandler {
            notifier.ready(status: await summary())
            var hasSettled = false
            while !Task.isShuttingDownGracefully, !Task.isCancelled {
                await wake.wait(atMost: .seconds(10))
                // By now all that is set up once has been set up.
                if !hasSettled { ProgramPages.giveBack() }
                hasSettled = true
                let stuck = heartbeats.stuck()
                if stuck.isEmpty {
                    told = false
                    notifier.watchdog()
                } else if !told {
                    told = true
                    logger.log(Line.loopStuck, ["loops": "\(stuck.joined(separator: ", "))"])
                }
                await trouble.look(store, now: clock.now, logger)
                if let last = try? await store.lastMoment() { clock.note(lastCommitted: last) }
                let fault = clock.fault
                if fault != nil, !clockWasWrong { logger.log(Line.clockWrong, ["reason": "\(fault ?? "")"]) }
                if fault == nil, clockWasWrong { logger.log(Line.clockRight) }
                if (fault != nil) != clockWasWrong {
                    for shop in shops {
                        try? await store.remember(fault, as: Self.clockFault, shop: shop, now: clock.now)
                    }
                }
                clockWasWrong = fault != nil
                notifier.status(await summary())
            }
        } onGracefulShutdown: {
            notifier.stopping(status: "Finishing what is in flight")
            wake.call()
        }
    }

    /// One line for `systemctl status`.
    private func summary() async -> String {
        if let failure = trouble.failure { return "The store fails (\(failure.cause.rawValue)): see the journal" }
        guard let status = try? await store.status(now: clock.now) else { return "The store cannot be read" }
        let waiting = status.shops.reduce(0) { $0 + ($1.effects[.waiting] ?? 0) }
        let ready = status.shops.reduce(0) { $0 + ($1.effects[.ready] ?? 0) }
        let toRead = status.shops.reduce(0) { $0 + $1.toRead }
        return "\(status.shops.count) shop\(status.shops.count == 1 ? "" : "s"): \(toRead) orders to read, "
            + "\(waiting) messages wait, \(ready) are going out"
    }
}
