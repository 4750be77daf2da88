import Foundation
import Outreach
import Store

/// What `status` tells of carriers: for each what was asked and came of it, and how many parcels nobody can be asked about.
struct CarrierReport {
    let states: [CarrierState]
    /// Open parcels by source; under the empty name those that nobody can be asked about.
    let parcels: [String: Int]
    let now: Moment

    init(_ store: Store, now: Moment) async throws {
        states = try await store.carrierStates()
        parcels = try await store.parcelCounts()
        self.now = now
    }

    /// One line for each carrier, and one for the parcels of nobody; none where no carrier was ever set up.
    var lines: [String] {
        var lines = all.map { state in
            let name = state.carrier
            var facts = [
                counted(parcels[name] ?? 0, "parcel"), "asked \(state.asked)", "answers \(state.answers)",
                "faults \(state.faults)",
            ]
            if let left = left(state) { facts.append("\(counted(left, "call")) left today") }
            if state.unknownCodes > 0 { facts.append(counted(state.unknownCodes, "unknown code")) }
            if let until = state.closedUntil {
                facts.append("left alone until \(until) (\(state.detail ?? state.reason ?? "unknown"))")
            } else if let fault = state.lastFault {
                facts.append("last fault: \(fault)")
            }
            return "carrier \(name): " + facts.joined(separator: ", ")
        }
        if let nobody = parcels[""] {
            lines.append(
                "\(counted(nobody, "parcel")) \(nobody == 1 ? "is" : "are") followed by the shop's own tracking alone: no carrier can be asked about \(nobody == 1 ? "it" : "them")"
            )
        }
        return lines
    }

    /// Every carrier that was ever asked, or has a parcel to be asked about, by name.
    private var all: [CarrierState] {
        let asked = Set(states.map(\.carrier))
        let waiting = parcels.keys.filter { !$0.isEmpty && !asked.contains($0) }
        return (states + waiting.map { CarrierState($0) }).sorted { $0.carrier < $1.carrier }
    }

    /// The same for programs.
    var json: [String: Any] {
        var carriers: [[String: Any]] = []
        for state in all {
            carriers.append([
                "carrier": state.carrier, "parcels": parcels[state.carrier] ?? 0, "calls": state.calls,
                "asked": state.asked, "answers": state.answers, "faults": state.faults,
                "calls_left_today": left(state).map { $0 as Any } ?? NSNull(),
                "closed_until": state.closedUntil.map { $0.iso8601 as Any } ?? NSNull(),
                "reason": state.reason.map { $0 as Any } ?? NSNull(), "unknown_codes": state.unknownCodes,
            ])
        }
        return ["carriers": carriers, "parcels_of_nobody": parcels[""] ?? 0]
    }

    /// What is left of the quota of a day in Greenwich, where all carriers' days begin that tell; a count of another day is over.
    private func left(_ state: CarrierState) -> Int? {
        state.windows.filter { $0.seconds >= 86_400 }.map { window in
            let today = Zone.utc.day(at: now).daysSinceEpoch
            return window.day == today ? max(0, window.calls - window.spent) : window.calls
        }.min()
    }
}

/// So many of a thing: `1 parcel`, `2 parcels`.
func counted(_ count: Int, _ thing: String) -> String { "\(count) \(thing)\(count == 1 ? "" : "s")" }
