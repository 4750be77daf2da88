package import Outreach
import Store

/// What `status` shows for one carrier: what it was asked, with what result.
package struct CarrierReport: Encodable, Sendable {
    package var carrier: String
    /// Open parcels that it is asked about.
    package var parcels: Int
    package var calls: Int64
    package var asked: Int64
    package var answers: Int64
    package var faults: Int64
    @Nullable package var callsLeftToday: Int?
    @Stamped package var closedUntil: Moment?
    @Nullable package var reason: String?
    @Nullable package var detail: String?
    @Nullable package var lastFault: String?
    package var unknownCodes: Int

    init(_ state: CarrierState, parcels: Int, now: Moment) {
        carrier = state.carrier
        self.parcels = parcels
        calls = state.calls
        asked = state.asked
        answers = state.answers
        faults = state.faults
        callsLeftToday = Self.left(state, now)
        closedUntil = state.closedUntil
        reason = state.reason
        detail = state.detail
        lastFault = state.lastFault
        unknownCodes = state.unknownCodes
    }

    /// Every carrier that was ever asked, or is due to be asked about one of those parcels, by name.
    static func all(_ states: [CarrierState], parcels: [String: Int], now: Moment) -> [CarrierReport] {
        let asked = Set(states.map(\.carrier))
        let waiting = parcels.keys.filter { !$0.isEmpty && !asked.contains($0) }
        return (states + waiting.map { CarrierState($0) }).sorted { $0.carrier < $1.carrier }
            .map { CarrierReport($0, parcels: parcels[$0.carrier] ?? 0, now: now) }
    }

    /// What is left of the quota of a UTC day, which is when the days of all carriers that publish one begin; a count
    /// from another day no longer applies.
    private static func left(_ state: CarrierState, _ now: Moment) -> Int? {
        state.windows.filter { $0.seconds >= 86_400 }.map { window in
            let today = Zone.utc.day(at: now).daysSinceEpoch
            return window.day == today ? max(0, window.calls - window.spent) : window.calls
        }.min()
    }

    /// One line.
    var text: String {
        var facts = [
            counted(parcels, "parcel"), "asked \(asked)", "answers \(answers)", "faults \(faults)",
        ]
        if let callsLeftToday { facts.append("\(counted(callsLeftToday, "call")) left today") }
        if unknownCodes > 0 { facts.append(counted(unknownCodes, "unknown code")) }
        if let until = closedUntil {
            facts.append("left alone until \(until) (\(detail ?? reason ?? "unknown"))")
        } else if let lastFault {
            facts.append("last fault: \(lastFault)")
        }
        return "carrier \(carrier): " + facts.joined(separator: ", ")
    }
}
