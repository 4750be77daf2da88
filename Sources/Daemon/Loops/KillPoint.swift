import Foundation
import Glibc
import Synchronization

/// The moments of a delivery, and of what comes back, at which a test may have the process killed: a debug build that BOOKBAG_KILL_AT names one
/// to (`begun`, or `begun:3` for the third time) sends itself SIGKILL there. A release build knows none of this.
enum KillPoint: String, Sendable {
    /// Messages are leased, and nothing else.
    case claimed
    /// The attempt's row is on the disk, and no byte has gone out.
    case begun
    /// The far end has answered, and its answer is nowhere but here.
    case answered
    /// The answer is on the disk, and nobody has been told.
    case committed
    /// Mails that came in are on the disk, and none of them is judged.
    case kept
    /// What came of a mail is on the disk, and nobody has been told.
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

        /// The point is reached; does not return where it is the one.
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
