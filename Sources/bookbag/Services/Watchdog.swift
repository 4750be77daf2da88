import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Tells systemd that the daemon is up, what it does, and, as long as all loops move, that it lives.
struct Watchdog: Service {
    let notifier: SystemdNotifier
    let heartbeats: Heartbeats
    let store: Store
    let clock: DaemonClock
    let metrics: DaemonMetrics
    let logger: Logger

    func run() async throws {
        let wake = Wake()
        var told = false
        var clockWasWrong = false
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
                if let last = try? await store.lastMoment() { clock.note(lastCommitted: last) }
                let fault = clock.fault
                if fault != nil, !clockWasWrong { logger.log(Line.clockWrong, ["reason": "\(fault ?? "")"]) }
                if fault == nil, clockWasWrong { logger.log(Line.clockRight) }
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
        guard let status = try? await store.status(now: clock.now) else { return "The store cannot be read" }
        let waiting = status.shops.reduce(0) { $0 + ($1.effects[.waiting] ?? 0) }
        let ready = status.shops.reduce(0) { $0 + ($1.effects[.ready] ?? 0) }
        let toRead = status.shops.reduce(0) { $0 + $1.toRead }
        return "\(status.shops.count) shop\(status.shops.count == 1 ? "" : "s"): \(toRead) orders to read, "
            + "\(waiting) messages wait, \(ready) are going out"
    }
}
