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
        let loop = Loop(
            Loop.Name("notices", shop: shop), wake: wake, heartbeats: heartbeats, restingBy: clock, trouble: trouble,
            clock: clock, logger: logger)
        await loop.run { _ in try await turn() }
    }

    /// Attempts the next notice if it is due.
    private func turn() async throws(StoreFailure) -> Loop.Step {
        guard let notice = try await store.nextNotice(shop: shop) else { return .look(in: nil) }
        guard notice.dueAt <= clock.now else { return .look(in: notice.dueAt - clock.now) }
        if let closed = try await store.channelState(.mail(shop: shop)).closedUntil, closed > clock.now {
            return .look(in: closed - clock.now)
        }
        let pause = Self.pauses[min(notice.attempts, Self.pauses.count - 1)]
        guard try await store.beginNotice(notice.id, next: clock.now + pause, now: clock.now) else { return .again }
        let verdict: Verdict
        do {
            verdict = try await channel.send(notice.message, at: clock.now)
        } catch {
            // Stopped while it went out: it is due again when its pause is over.
            return .look(in: pause)
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
        return .again
    }

    private func report(_ failure: Failure) {
        logger.log(
            Line.noticeFailed, ["shop": "\(shop)", "reason": "\(failure.reason)", "detail": "\(failure.detail)"])
    }
}
