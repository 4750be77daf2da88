import Logging
import Outreach
import Platform

extension Loop {
    /// A loop of the daemon: trouble with the store is reported once for all loops.
    ///
    /// - Parameter clock: if given, the loop pauses while that clock cannot be trusted, because it decides or sends.
    init(
        _ name: Name, wake: Wake, heartbeats: Heartbeats, restingBy clock: DaemonClock? = nil, trouble: StoreTrouble,
        clock now: DaemonClock, logger: Logger
    ) {
        self.init(
            name, wake: wake, heartbeats: heartbeats, rests: { clock?.fault != nil },
            failed: { error in
                if let failure = error as? StoreFailure {
                    trouble.note(failure, now: now.now, logger)
                } else {
                    logger.log(Line.storeFailed, ["reason": "other", "detail": "\(error)"])
                }
            })
    }
}
