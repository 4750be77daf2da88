import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// What removing what is old needs of the store.
protocol RetentionStore: Sendable {
    func retain(_ retention: Retention, shop: String, now: Moment) async throws(StoreFailure) -> RetentionStep
}

extension Store: RetentionStore {}

/// Removes what is older than `keep` of bookbag.yaml says, in small steps that let others in between. It rests while the
/// clock cannot be trusted: by one that is ahead, everything would be old.
struct RetentionService: Service {
    let store: any RetentionStore
    let shops: [String]
    let retention: Retention
    let clock: DaemonClock
    let wake: Wake
    let heartbeats: Heartbeats
    let logger: Logger
    var trouble = StoreTrouble()

    /// Between two steps, so that the disk is mostly others'.
    static let pause = Duration.milliseconds(250)
    /// How often it is looked whether something grew old.
    static let interval = Duration.minutes(10)

    func run() async throws {
        var removed: [String: RetentionStep] = [:]
        let loop = Loop(
            Loop.Name("retention"), wake: wake, heartbeats: heartbeats, restingBy: clock, trouble: trouble,
            clock: clock, logger: logger)
        await loop.run { _ in
            var isMore = false
            for shop in shops {
                let step = try await store.retain(retention, shop: shop, now: clock.now)
                removed[shop, default: RetentionStep()] += step
                isMore = isMore || step.isMore
            }
            if isMore { return .wait(Self.pause) }
            for (shop, sum) in removed.sorted(by: { $0.key < $1.key }) where !sum.isNothing { report(sum, of: shop) }
            removed = [:]
            return .wait(Self.interval)
        }
    }

    /// One line for all that went in a row.
    private func report(_ sum: RetentionStep, of shop: String) {
        logger.log(
            Line.removedForAge,
            [
                "shop": "\(shop)", "orders": "\(sum.orders)", "conversations": "\(sum.conversations)",
                "messages": "\(sum.messages)", "letters": "\(sum.letters)", "attempts": "\(sum.attempts)",
            ])
    }
}
