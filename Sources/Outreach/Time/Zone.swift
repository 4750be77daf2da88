public import Foundation
internal import Synchronization

/// A place's civil time, by its IANA name: what turns a moment into a day and a clock time there, and back.
///
/// An unknown name is nobody's fault and must not stop a parcel: `init(named:else:)` falls back.
public struct Zone: Hashable, Sendable {
    private let zone: TimeZone

    /// The zone of that IANA name (`Europe/Berlin`), or nil if the system's zone data has none.
    public init?(named name: String) {
        // Every decision asks for the shopper's zone, and finding one by its name takes longer than the rest of the decision.
        let known = Self.known.withLock { $0[name] }
        if let known {
            zone = known
            return
        }
        guard let zone = TimeZone(identifier: name) else { return nil }
        self.zone = zone
        Self.known.withLock { known in
            if known.count < 1000 { known[name] = zone }
        }
    }

    /// The zones that were found, by their names; there are about 600.
    private static let known = Mutex<[String: TimeZone]>([:])

    /// Greenwich's.
    public static let utc = Zone(zone: TimeZone(secondsFromGMT: 0)!)

    private init(zone: TimeZone) { self.zone = zone }

    /// The first of `names` that is a zone, else UTC.
    public static func first(of names: String?...) -> Zone {
        for case let name? in names { if let zone = Zone(named: name) { return zone } }
        return .utc
    }

    /// The IANA name.
    public var name: String { zone.identifier }

    /// The Foundation value, for what formats dates.
    public var timeZone: TimeZone { zone }

    /// Seconds east of Greenwich at `moment`.
    public func offset(at moment: Moment) -> Int {
        zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(moment.milliseconds) / 1000))
    }

    /// The calendar day there at `moment`.
    public func day(at moment: Moment) -> CalendarDay {
        CalendarDay(daysSinceEpoch: (moment.seconds + Int64(offset(at: moment))).quotientFloor(86_400))
    }

    /// Seconds since local midnight at `moment`, by the wall clock.
    public func secondOfDay(at moment: Moment) -> Int {
        let local = moment.seconds + Int64(offset(at: moment))
        return Int(local - local.quotientFloor(86_400) * 86_400)
    }

    /// The moment at which the wall clock there shows `secondOfDay` on `day`.
    ///
    /// A time that the clock skips in spring is the moment just after the gap; one that it shows twice in autumn is the first.
    public func moment(on day: CalendarDay, secondOfDay: Int = 0) -> Moment {
        let local = day.daysSinceEpoch * 86_400 + Int64(secondOfDay)
        // The offset in force is one of those a day before and a day after; the earlier one is tried first, so that of
        // two possible moments the first wins.
        let before = offset(at: Moment(seconds: local - 86_400))
        let after = offset(at: Moment(seconds: local + 86_400))
        for candidate in [before, after] {
            let moment = Moment(seconds: local - Int64(candidate))
            if offset(at: moment) == candidate { return moment }
        }
        // In the gap: the instant of the change itself.
        return gapEnd(near: Moment(seconds: local - Int64(before)))
    }

    /// The end of `day` there: the first moment of the next day.
    public func end(of day: CalendarDay) -> Moment { moment(on: day.adding(days: 1)) }

    private func gapEnd(near moment: Moment) -> Moment {
        let start = Date(timeIntervalSince1970: Double(moment.seconds) - 86_400)
        guard let change = zone.nextDaylightSavingTimeTransition(after: start) else { return moment }
        return Moment(seconds: Int64(change.timeIntervalSince1970.rounded()))
    }
}
