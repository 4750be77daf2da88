import Delivery
import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Fetches the labels that a shop's mails wait for, and has these mails written as soon as one came or failed.
struct LabelService: Service {
    let shop: String
    let labels: LabelShelf
    let store: Store
    let clock: DaemonClock
    /// Called when mails that waited for their label are due.
    let planning: Wake
    let logger: Logger
    var trouble = StoreTrouble()

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await labels.run(now: { clock.now }) { missing in
                if let missing, missing.isNews {
                    logger.log(
                        Line.labelMissing,
                        [
                            "shop": "\(shop)", "order": "\(missing.order)",
                            "reason": "\(missing.failure.reason.rawValue)", "detail": "\(missing.failure.detail)",
                        ])
                }
                do throws(StoreFailure) {
                    try await store.judgeLabels(shop: shop, within: LabelShelf.pause, now: clock.now)
                } catch {
                    // They are due within a minute anyway.
                    trouble.note(error, now: clock.now, logger)
                }
                planning.call()
            }
        }
    }
}
