import Outreach
import Platform
import Synchronization

/// Which carriers cannot be asked just now, for all loops to see: those that another source may stand in for.
///
/// A parcel stays whose it is. While its own carrier is on the board, the next of its sources takes it in hand once its
/// answer is late by as much as it can bear (`Urgency.patience`); at once where the carrier refuses our login, which
/// only a person fixes. As soon as the carrier is to be tried again it leaves the board, and its parcels are its own.
final class CarrierBoard: Sendable {
    /// Why a carrier cannot be asked.
    struct Absence: Equatable, Sendable {
        var until: Moment
        /// Nothing is to be hoped for before somebody does something.
        var isRefused: Bool
    }

    private let absences = Mutex<[String: Absence]>([:])
    private let wakes: Broadcast

    /// A board with nobody on it. `wakes` are the loops that look at it.
    init(wakes: Broadcast = Broadcast()) { self.wakes = wakes }

    /// Puts a carrier on the board, or takes it off, and wakes those who may have to stand in.
    func note(_ absence: Absence?, of carrier: String) {
        let isNews = absences.withLock { absences in
            defer { absences[carrier] = absence }
            return absence != nil && absences[carrier] != absence
        }
        if isNews { wakes.call() }
    }

    /// Who is on the board.
    func absences(at now: Moment) -> [String: Absence] {
        absences.withLock { $0.filter { $0.value.until > now } }
    }
}
