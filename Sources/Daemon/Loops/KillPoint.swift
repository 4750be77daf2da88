import Foundation
import Glibc
import Synchronization

/// The points in a delivery, and in processing what comes back, at which a test may have the process killed: a debug
/// build for which BOOKBAG_KILL_AT names one (`begun`, or `begun:3` for the third time) sends itself SIGKILL there. A
/// release build contains none of this.
enum KillPoint: String, Sendable {
    /// Messages are leased, and nothing else has happened.
    case claimed
    /// The attempt's row is on disk, and no byte has been sent.
    case begun
    /// The receiver has answered, and its answer is only in memory.
    case answered
    /// The answer is on disk, and has not been reported.
    case committed
    /// Mails that came in are on disk, and none of them is judged.
    case kept
    /// The result of a mail is on disk, and has not been reported.
    case judged

    #if DEBUG
        private final class Wanted: Sendable {
            let point: String
            let left: Mutex<Int>

            init(point: String, times: Int) {
                self.point = point
                left = Mutex(times)
            }
        }

        private static let wanted: Wanted? = {
            guard let text = ProcessInfo.processInfo.environment["BOOKBAG_KILL_AT"] else { return nil }
            let parts = text.split(separator: ":").map(String.init)
            return Wanted(point: parts.first ?? "", times: parts.count > 1 ? Int(parts[1]) ?? 1 : 1)
        }()

        /// Marks that the point is reached; does not return if it is the chosen one.
        func reached() {
            guard let wanted = Self.wanted, wanted.point == rawValue else { return }
            let isNow = wanted.left.withLock { left in
                left -= 1
                return left == 0
            }
            if isNow { kill(getpid(), SIGKILL) }
        }
    #else
        @inline(__always) func reached() {}
    #endif
}
