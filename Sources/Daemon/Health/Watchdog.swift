import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Tells systemd that the daemon is up, what it is doing and, as long as all loops are alive, that it is alive.
struct Watchdog: Service {
    let notifier: SystemdNotifier
    let heartbeats: Heartbeats
    let store: Store
    let clock: DaemonClock
    let metrics: DaemonMetrics
    let logger: Logger
    var trouble = StoreTrouble()
    /// The shops that are served.
    var contexts: [String: ShopContext] = [:]
    var wake = Wake()
    /// Called when the clock was put back: what was far ahead is due now.
    var putBack = Broadcast()

    /// How often it looks.
    static let interval = Duration.seconds(10)
    /// How often it counts what is waiting, in looks.
    static let summaryEvery = 3

    /// What it has seen and reported.
    private struct Seen {
        var looks = 0
        var stuck: [Loop.Name] = []
        /// What an earlier process found wrong applies until this one has checked.
        var clockWasWrong = false
        var lastMoment: Moment?
    }

    func run() async throws {
        let loop = Loop(
            Loop.Name("watchdog"), wake: wake, heartbeats: heartbeats, trouble: trouble, clock: clock, logger: logger)
        await withGracefulShutdownHandler {
            var seen = Seen()
            for shop in contexts.keys where (try? await store.remembered(.clockFault, shop: shop)) != nil {
                seen.clockWasWrong = true
            }
            notifier.ready(status: await summary())
            await loop.run { _ in
                await look(&seen)
                return .wait(Self.interval)
            }
        } onGracefulShutdown: {
            notifier.stopping(status: "Finishing what is in progress")
        }
    }

    private func look(_ seen: inout Seen) async {
        // By the second look, everything that is set up once has been set up.
        if seen.looks == 1 { ProgramPages.giveBack() }
        seen.looks += 1
        let stuck = heartbeats.stuck()
        if stuck.isEmpty {
            notifier.watchdog()
        } else if stuck != seen.stuck {
            logger.log(Line.loopStuck, ["loops": "\(stuck.map(\.description).joined(separator: ", "))"])
        }
        seen.stuck = stuck
        await trouble.look(store, now: clock.now, logger)
        await lookAtClock(&seen)
        if seen.looks % Self.summaryEvery == 0 || trouble.failure != nil { notifier.status(await summary()) }
    }

    private func lookAtClock(_ seen: inout Seen) async {
        if let last = try? await store.lastMoment() {
            clock.note(lastCommitted: last)
            if let before = seen.lastMoment, last < before {
                logger.log(
                    Line.clockPutBack, ["since": "\(before)", "until": "\(last)", "reason": "`bookbag clock accept`"])
                goOn(from: clock.now)
            }
            seen.lastMoment = last
            if clock.isBehindStore, let proof = clock.agreement,
                let before = try? await store.putClockBack(to: clock.now)
            {
                let now = clock.now
                clock.note(lastCommitted: now)
                seen.lastMoment = now
                logger.log(Line.clockPutBack, ["since": "\(before)", "until": "\(now)", "reason": "\(proof)"])
                goOn(from: now)
            }
        }
        let fault = clock.fault
        if let fault, !seen.clockWasWrong { logger.log(Line.clockWrong, ["reason": "\(fault)"]) }
        if fault == nil, seen.clockWasWrong { logger.log(Line.clockRight) }
        if (fault != nil) != seen.clockWasWrong {
            for shop in contexts.keys { try? await store.remember(fault, as: .clockFault, shop: shop, now: clock.now) }
        }
        seen.clockWasWrong = fault != nil
    }

    /// Discards what is kept in memory from when the clock ran ahead, as the store did with its rows.
    private func goOn(from now: Moment) {
        for context in contexts.values { context.clockWasPutBack(to: now) }
        clock.notePutBack()
        putBack.call()
    }

    /// One line for `systemctl status`.
    private func summary() async -> String {
        if let failure = trouble.failure { return "The store fails (\(failure.cause.rawValue)): see the journal" }
        guard let status = try? await store.status(now: clock.now) else { return "The store cannot be read" }
        let waiting = status.shops.reduce(0) { $0 + ($1.effects[.waiting] ?? 0) }
        let ready = status.shops.reduce(0) { $0 + ($1.effects[.ready] ?? 0) }
        let toRead = status.shops.reduce(0) { $0 + $1.toRead }
        return "\(status.shops.count) shop\(status.shops.count == 1 ? "" : "s"): \(toRead) orders to read, "
            + "\(waiting) messages waiting, \(ready) being sent"
    }
}
