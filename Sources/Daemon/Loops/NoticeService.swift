import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Sends the mails to the shop itself, one at a time. They are few, and never in the way of what shoppers get: a relay that is closed for those is not
/// asked for these.
struct NoticeService: Service {
    let shop: String
    let channel: any Channel
    let store: Store
    let clock: DaemonClock
    let wake: Wake
    let heartbeats: Heartbeats
    let logger: Logger
    var trouble = StoreTrouble()

    /// After how long a notice is tried again, by the attempts so far.
    private static let pauses: [Duration] = [.seconds(30), .minutes(5), .minutes(30), .hours(2)]
    /// How often a notice is tried at most.
    private static let most = 20

    func run() async throws {
        await withGracefulShutdownHandler {
            while !Task.isShuttingDownGracefully, !Task.isCancelled {
                heartbeats.beat("notices")
                do throws(StoreFailure) {
                    if try await turn() { continue }
                    let next = try await store.nextNotice(shop: shop)
                    let wait = next.map { max(.milliseconds(50), $0.dueAt - clock.now) } ?? Heartbeats.longestWait
                    await wake.wait(atMost: min(wait, Heartbeats.longestWait))
                } catch {
                    trouble.note(error, now: clock.now, logger)
                    await wake.wait(atMost: .seconds(5))
                }
            }
        } onGracefulShutdown: {
            wake.call()
        }
        heartbeats.end("notices")
    }

    /// Attempts the next notice if it is due; true if there may be more.
    private func turn() async throws(StoreFailure) -> Bool {
        guard clock.fault == nil, let notice = try await store.nextNotice(shop: shop), notice.dueAt <= clock.now else {
            return false
        }
        if let closed = try await store.channelState(.mail(shop: shop)).closedUntil, closed > clock.now {
            await wake.wait(atMost: min(closed - clock.now, Heartbeats.longestWait))
            return false
        }
        let pause = Self.pauses[min(notice.attempts, Self.pauses.count - 1)]
        guard try await store.beginNotice(notice.id, next: clock.now + pause, now: clock.now) else { return true }
        let verdict: Verdict
        do {
            verdict = try await channel.send(notice.message, at: clock.now)
        } catch {
            return false
        }
        switch verdict {
        case .accepted: try await store.endNotice(notice.id, now: clock.now)
        case .refused(let failure):
            try await store.endNotice(notice.id, now: clock.now)
            report(failure)
        case .deferred(let failure), .unavailable(let failure):
            if notice.attempts + 1 >= Self.most { try await store.endNotice(notice.id, now: clock.now) }
            report(failure)
        }
        return true
    }

    private func report(_ failure: Failure) {
        logger.log(
            Line.noticeFailed, ["shop": "\(shop)", "reason": "\(failure.reason)", "detail": "\(failure.detail)"])
    }
}
