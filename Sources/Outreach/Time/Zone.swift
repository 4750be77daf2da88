public import Foundation
internal import Synchronization

/// A time zone by its IANA name: converts a moment into a day and clock time there, and back.
///
/// An unknown name is nobody's fault and must not stop a parcel: `first(of:)` falls back to UTC.
public struct Zone: Hashable, Sendable {
    private let offsets: ZoneOffsets

    private var zone: TimeZone { offsets.zone }

    /// The time zone with that IANA name (`Europe/Berlin`), or nil if the system's time zone data has none.
    public init?(named name: String) {
        // Every decision asks for the shopper's time zone, and looking one up by name takes longer than the rest of the
        // decision.
        let known = Self.known.withLock { $0[name] }
        if let known {
            offsets = known
            return
        }
        guard let zone = TimeZone(identifier: name) else { return nil }
        let offsets = ZoneOffsets(zone)
        self.offsets = offsets
        Self.known.withLock { known in
            if known.count < 1000 { known[name] = offsets }
        }
    }

    /// The time zones looked up so far, by name; there are about 600.
    private static let known = Mutex<[String: ZoneOffsets]>([:])

    /// Coordinated Universal Time.
    public static let utc = Zone(zone: TimeZone(secondsFromGMT: 0)!)

    private init(zone: TimeZone) { offsets = ZoneOffsets(zone) }

    public static func == (a: Zone, b: Zone) -> Bool { a.offsets === b.offsets || a.zone == b.zone }

    public func hash(into hasher: inout Hasher) { hasher.combine(zone) }

    /// The first of `names` that is a time zone, otherwise UTC.
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
        offsets.offset(at: moment)
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
    /// A time that the clock skips in spring gives the moment just after the gap; one that it shows twice in autumn
    /// gives the first.
    public func moment(on day: CalendarDay, secondOfDay: Int = 0) -> Moment {
        let local = day.daysSinceEpoch * 86_400 + Int64(secondOfDay)
        // The offset in force is that of a day before or a day after; the earlier one is tried first, so that of two
        // possible moments the first is returned.
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

/// A time zone's offsets, cached as they are asked for: the system takes a microsecond for each, and a carrier's answer
/// needs dozens.
///
/// Time from 2001 on is divided into pieces of twelve days. If the offset is the same at both ends of a piece, it is
/// the same throughout; if not, the moment of the change is searched for once. No piece contains two changes of a time
/// zone, which a test checks against the system's data: Brazil changed twice within a week in October 2000, and Gaza
/// will in October 2040, which lie before and after the pieces; for those times the system is asked each time.
private final class ZoneOffsets: Sendable {
    /// What is known about a piece: minutes east of Greenwich before and after the change, and the time of the change
    /// in seconds from the piece's beginning.
    private struct Piece {
        var before: Int16 = .min
        var after: Int16 = 0
        var change: Int32 = .max
    }

    let zone: TimeZone
    private let pieces = Mutex<[Piece]>([])
    /// Seconds east of Greenwich, for a zone that is nothing but a fixed offset.
    private let fixed: Int?

    /// 2001-01-01.
    private static let start: Int64 = 978_307_200
    /// Pieces of 2^20 seconds, which is a little over twelve days.
    private static let shift: Int64 = 20
    /// Enough pieces to reach March 2040.
    private static let count = 1_180

    init(_ zone: TimeZone) {
        self.zone = zone
        fixed = zone.identifier == "GMT" ? 0 : nil
    }

    /// Seconds east of Greenwich.
    func offset(at moment: Moment) -> Int {
        if let fixed { return fixed }
        let seconds = moment.seconds
        let index = (seconds - Self.start) >> Self.shift
        guard index >= 0, index < Self.count else { return ask(seconds) }
        let piece = pieces.withLock { $0.isEmpty ? nil : $0[Int(index)] } ?? Piece()
        let known = piece.before == .min ? look(at: Int(index)) : piece
        guard let known else { return ask(seconds) }
        let second = seconds - Self.start - index << Self.shift
        return Int(second < Int64(known.change) ? known.before : known.after) * 60
    }

    private func ask(_ seconds: Int64) -> Int {
        zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds)))
    }

    /// Works out a piece; nil for offsets that are not whole minutes.
    private func look(at index: Int) -> Piece? {
        let start = Self.start + Int64(index) << Self.shift
        let end = start + 1 << Self.shift
        let (before, after) = (ask(start), ask(end))
        guard before % 60 == 0, after % 60 == 0 else { return nil }
        var piece = Piece(before: Int16(before / 60), after: Int16(after / 60))
        if before != after {
            var (low, high) = (start, end)
            while high - low > 1 {
                let middle = (low + high) / 2
                if ask(middle) == before { low = middle } else { high = middle }
            }
            piece.change = Int32(high - start)
        }
        pieces.withLock { pieces in
            if pieces.isEmpty { pieces = [Piece](repeating: Piece(), count: Self.count) }
            pieces[index] = piece
        }
        return piece
    }
}
