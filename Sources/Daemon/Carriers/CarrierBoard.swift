import Outreach
import Platform
import Synchronization

/// Which carriers cannot be asked at the moment, for all loops to see, so that another source can stand in for them.
///
/// A parcel keeps its source. While its own carrier is on the board, the next of its sources takes over once the answer
/// is as late as it may be (`Urgency.patience`); or immediately if the carrier refuses our login, which only a person
/// can fix. As soon as the carrier is due for another try it leaves the board, and its parcels are its own again.
final class CarrierBoard: Sendable {
    /// Why a carrier cannot be asked.
    struct Absence: Equatable, Sendable {
        var until: Moment
        /// True if nothing will change until somebody fixes it.
        var isRefused: Bool
    }

    private let absences = Mutex<[String: Absence]>([:])
    private let wakes: Broadcast

    /// An empty board. `wakes` are the loops that watch it.
    init(wakes: Broadcast = Broadcast()) { self.wakes = wakes }

    /// Puts a carrier on the board, or takes it off, and wakes the loops that may have to stand in.
    func note(_ absence: Absence?, of carrier: String) {
        let isNews = absences.withLock { absences in
            defer { absences[carrier] = absence }
            return absence != nil && absences[carrier] != absence
        }
        if isNews { wakes.call() }
    }

    /// The carriers on the board.
    func absences(at now: Moment) -> [String: Absence] {
        absences.withLock { $0.filter { $0.value.until > now } }
    }
}
