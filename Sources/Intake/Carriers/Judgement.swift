// One status from one body.
//
// A body has a current status and a list of events, and the two often disagree. These rules decide, the same for every
// source; a carrier's file only reports the content.
//
//  1. An error about the number comes first, even inside a 200. (The carrier's file handles it; it never gets here.)
//  2. Of several shipments under one number, the one with the newest event counts, ignoring those from before the
//     order; and if one list mixes both, scans from before the order are left out.
//  3. Events are ordered by their actual time, never by their position in the list; a repeated event counts once.
//     Events with impossible times are left out and flagged. Of events at the same moment (many sources report whole
//     minutes), the one further along the parcel's journey is later: the order is `Scan.precedes`, which the parcel's
//     history uses too.
//  4. A carrier: the newest event and the current status normally agree. If they differ, the event wins, because a
//     current status can be stale, unless the newest event is only information or has an unknown code. An aggregator:
//     its status wins, because it is a judgement (28 days at the counter are an exception), and the events give the
//     times.
//  5. An unknown code changes nothing, and is flagged.
//  6. `delivered` needs a delivery event or a delivery time. A bare status is not enough: the newest event's state
//     stays, with a flag.
//  7. After delivery, later scans are kept and flagged, but the state stays delivered; only `returning` and `returned`
//     change it. A late notice (`pre_transit`) does not change a scanned parcel.
//  8. On a return leg, or once the parcel was returning, a delivery is `returned`, and movement is `returning`. A label
//     for a return is still a label.
//  9. Late: according to the body as a whole, or the newest event that changes the state and any information after it.
//     A parcel that has arrived, is back, or is void is no longer late. A change of plan alone is "maybe", and so is
//     the time after the carrier held the parcel.
// 10. An estimate more than half a year from the newest event comes from a test system: shown if the carrier itself
//     states it, flagged, and kept out of the parcel's history.
//
// The order of the events in the body, and repeats, do not change the answer.

public import Outreach

/// One parcel as found in a body by a carrier's file.
struct ToldParcel: Sendable {
    /// The number that the body names.
    var number: String?
    /// Other numbers of the same parcel: a piece's, a partner's.
    var aliases: [String] = []
    var events: [ToldEvent] = []
    /// The current status.
    var top: ToldEvent?
    /// True if the current status is the judgement of an aggregator.
    var topIsJudgement = false
    /// A delivery time apart from the events.
    var deliveredAt: ToldTime?
    /// What the body as a whole says about being late.
    var delay: Scan.DelaySign = .no
    var fault: Fault?
    /// True if the body says that the parcel goes back to the merchant.
    var returnLeg = false
    var estimate: ToldEstimate?
    /// The first promise, if it comes with the estimate.
    var promised: ToldTime?
    var flags: Set<AnswerFlag> = []

    /// Makes the newest event a return if it says "delivered" while the current status says that the parcel went back:
    /// both report the same thing.
    mutating func takeBack() {
        guard let state = top?.meaning?.state, state == .returned || state == .returning else { return }
        let newest = events.indices.max { a, b in
            (events[a].time?.wallClock ?? .min, events[a].meaning?.state == .delivered ? 1 : 0)
                < (events[b].time?.wallClock ?? .min, events[b].meaning?.state == .delivered ? 1 : 0)
        }
        guard let newest, events[newest].meaning?.state == .delivered else { return }
        events[newest].meaning?.state = .returned
    }
}

/// One event, or the current status.
struct ToldEvent: Sendable {
    /// The source's code; with the time and place it makes the scan's id.
    var code: String?
    /// Nil for an unknown code.
    var meaning: Meaning?
    var time: ToldTime?
    var words: String?
    var place: ToldPlace?
    var returnLeg = false
}

/// An estimated time of arrival.
struct ToldEstimate: Sendable {
    var time: ToldTime
    var from: String?
    var to: String?
    var field: String
    /// False for a field used only if there is nothing better, and dropped if it makes no sense.
    var isFirm = true
}

/// What a reading depends on besides the body.
public struct ReadingContext: Sendable {
    /// When the answer was received: nothing happened later than two days after it.
    public var now: Moment
    /// Shipments that ended before it are other parcels under a reused number.
    public var notBefore: Moment?
    /// The destination country, as two letters, for places without a country.
    public var home: String?

    /// The context of an answer.
    public init(now: Moment, notBefore: Moment? = nil, home: String? = nil) {
        self.now = now
        self.notBefore = notBefore
        self.home = home
    }
}

/// Applies the rules above. Reads no clock, so the same body always gives the same answer.
struct Judgement {
    /// The source's name.
    var carrier: String
    /// The usual zone of its bare times.
    var habit: Zone
    /// The country of its bare places.
    var home: String?
    var context: ReadingContext
    /// The requested number, as in `TrackingFacts.key`: its scans carry it.
    var asked: String?

    /// How long before the order a scan of its parcel may be: labels are made early, and clocks differ.
    static let orderMargin = Duration.days(2)

    /// The answer about one number, from all its reported shipments.
    func answer(from shipments: [ToldParcel], number: String?) -> CarrierAnswer {
        let answers = shipments.map { answer(from: $0, number: number) }
        // Rule 2. A shipment without events is the oldest; ties are broken by the newest scan's id.
        var candidates = answers
        if let notBefore = context.notBefore {
            let recent = answers.filter {
                $0.events.isEmpty || ($0.events.last?.time ?? .distantPast) >= notBefore - Self.orderMargin
            }
            if recent.isEmpty, !answers.isEmpty {
                return CarrierAnswer(
                    carrier: carrier, number: number,
                    call: .init(
                        .notFound, "\(carrier) knows an older shipment under this number, and none since the order"))
            }
            candidates = recent
        }
        guard
            var chosen = candidates.max(by: { a, b in
                let (x, y) = (a.events.last, b.events.last)
                return (x?.time ?? .distantPast, x?.id ?? "") < (y?.time ?? .distantPast, y?.id ?? "")
            })
        else {
            return CarrierAnswer(
                carrier: carrier, number: number, call: .init(.notFound, "\(carrier) told of no shipment"))
        }
        if answers.count > 1 { chosen.flags = Set(chosen.flags + [.severalShipments]).sorted() }
        return chosen
    }

    /// The answer from one shipment.
    private func answer(from told: ToldParcel, number: String?) -> CarrierAnswer {
        var answer = CarrierAnswer(carrier: carrier, number: told.number ?? number)
        var flags = told.flags
        var unknown = Set<String>()
        var faults: [String: Fault] = [:]

        // Rule 3.
        var scans: [Scan] = []
        scans.reserveCapacity(told.events.count)
        // Ids are long, and made of these numbers: a new number means a new id.
        var numbers = Set<UInt64>(minimumCapacity: told.events.count)
        for index in told.events.indices {
            guard let time = told.events[index].time else {
                flags.insert(.timeMissing)
                continue
            }
            let isReturning = told.events[index].returnLeg || told.returnLeg
            let fact = Self.fact(of: told.events[index])
            guard let scan = scan(of: told.events[index], fact, at: time, returnLeg: isReturning) else {
                flags.insert(.timeRefused)
                continue
            }
            let meaning = told.events[index].meaning
            if meaning == nil, let code = told.events[index].code ?? told.events[index].words {
                unknown.insert(String(code.prefix(60)))
            }
            if !numbers.insert(fact &+ time.number).inserted, scans.contains(where: { $0.id == scan.id }) { continue }
            if let fault = meaning?.fault { faults[scan.id] = fault }
            scans.append(scan)
        }
        Self.order(&scans)

        if scans.isEmpty, told.events.contains(where: { $0.time != nil }) {
            return CarrierAnswer(
                carrier: carrier, number: answer.number,
                call: .init(.temporaryError, "\(carrier) gave no scan a believable time"))
        }
        let isOlder = dropOlder(&scans)
        if isOlder { flags.insert(.severalShipments) }
        answer.events = scans
        let deliveredAt = believable(told.deliveredAt, isOlder: isOlder)

        // Rules 7 and 8 over the events.
        var course = Course()
        for index in scans.indices {
            course.take(scans[index].state, isBack: scans[index].returnLeg, scans[index].time, at: index)
        }
        let newest = scans.last
        var status = course.state
        var moved = course.place.map { scans[$0] }

        // Rules 4 to 6.
        let newestMoves = newest.map { $0.state != nil && $0.state != .unknown } ?? false
        if let top = told.top {
            if top.meaning == nil, let code = top.code ?? top.words { unknown.insert(String(code.prefix(60))) }
            if let state = top.meaning?.state,
                told.topIsJudgement ? top.meaning != nil : !newestMoves || status == .unknown
            {
                let directed = Course.directed(state, returning: course.returning || told.returnLeg)
                let evidence =
                    course.wasDelivered || deliveredAt != nil
                    || (directed == .returned && course.wasDelivered)
                if state == .delivered, !evidence {
                    if directed != status { flags.insert(.deliveredWithoutEvidence) }
                } else if state == .unknown, status != .unknown, !told.topIsJudgement {
                    flags.insert(.staleStatus)
                } else if course.settled, directed != .returning, directed != .returned, !told.topIsJudgement {
                    if directed != status { flags.insert(.staleStatus) }
                } else {
                    if directed != status, status != .unknown { flags.insert(.staleStatus) }
                    if directed != status { moved = nil }
                    status = directed
                }
            } else if let state = top.meaning?.state, state != .unknown,
                Course.directed(state, returning: course.returning) != status
            {
                flags.insert(state == .delivered && !course.wasDelivered ? .deliveredWithoutEvidence : .staleStatus)
            }
        }
        if let time = deliveredAt, !course.wasDelivered, status != .returning,
            status != .returned
        {
            // A delivery time is a delivery, even if the list of events lacks it.
            let place = told.top?.place
            let goesBack = told.top?.meaning?.state == .returned || told.top?.meaning?.state == .returning
            let state: ParcelState = told.returnLeg || course.returning || goesBack ? .returned : .delivered
            if let scan = scan(
                of: ToldEvent(
                    code: "~delivered", meaning: Meaning(state: state), time: time, words: told.top?.words, place: place
                ),
                at: time, returnLeg: told.returnLeg), !scans.contains(where: { $0.id == scan.id })
            {
                answer.remarks.append(scan)
                if let newest, newest.time > scan.time { flags.insert(.scansAfterDelivery) }
                status = state
                moved = scan
            }
        }
        if course.sawAfterDelivery { flags.insert(.scansAfterDelivery) }
        if !unknown.isEmpty { flags.insert(.unknownCode) }

        answer.status = status
        answer.returnLeg = told.returnLeg || course.returning || status == .returning || status == .returned
        answer.statusTime =
            newest ?? told.top.flatMap { top in top.time.flatMap { scan(of: top, at: $0, returnLeg: told.returnLeg) } }

        // Rule 9.
        let settled = [.delivered, .returned, .cancelled].contains(status)
        if !settled {
            var delay = told.delay
            let topCounts = told.top?.meaning?.state == status || told.top?.meaning?.state == nil
            if topCounts, let sign = told.top?.meaning?.delay { delay = delay.or(sign) }
            if let index = scans.lastIndex(where: { $0.state != nil && $0.state != .unknown }) {
                for scan in scans[index...] where !told.topIsJudgement || scan.delay == .yes {
                    delay = delay.or(scan.delay)
                }
            } else {
                for scan in scans { delay = delay.or(scan.delay) }
            }
            answer.delay = delay
        }
        // No source says whether a held parcel made up the time.
        if answer.delay == .no, !told.topIsJudgement,
            scans.contains(where: { $0.state == .exception && $0.delay != .no && $0.reason == Fault.carrier.rawValue })
        {
            answer.delay = .maybe
        }
        answer.fault =
            moved.flatMap { faults[$0.id] } ?? told.fault
            ?? (told.top?.meaning?.state == status ? told.top?.meaning?.fault : nil)
            ?? newest.flatMap { faults[$0.id] }

        estimate(told, newest: newest, flags: &flags, into: &answer)
        if answer.estimate.map({ estimate in estimate.promised.map { $0 < estimate.day } ?? false }) ?? false, !settled
        {
            answer.delay = .yes
        }
        remark(on: told, moved: moved, into: &answer)
        answer.flags = flags.sorted()
        answer.unknownCodes = unknown.sorted()
        return answer
    }

    /// Sorts scans. Sources list them oldest or newest first, so they usually need no sorting.
    private static func order(_ scans: inout [Scan]) {
        func isOrdered() -> Bool {
            scans.withUnsafeBufferPointer { scans in
                for index in scans.indices.dropFirst() where Scan.precedes(scans[index], scans[index - 1]) {
                    return false
                }
                return true
            }
        }
        if let first = scans.first, let last = scans.last, last.time < first.time { scans.reverse() }
        if !isOrdered() { scans.sort(by: Scan.precedes) }
    }

    // MARK: Times

    /// The moment of a reported time, and how it is known; nil if impossible.
    private func place(_ time: ToldTime, in place: ToldPlace?) -> (moment: Moment, offset: Int, basis: Scan.TimeBasis)?
    {
        let second = time.second ?? 0
        let moment: Moment
        let offset: Int
        let basis: Scan.TimeBasis
        if let told = time.offset {
            moment = Moment(seconds: time.day.daysSinceEpoch * 86_400 + Int64(second - told * 60))
            (offset, basis) = (told, .stated)
        } else {
            let known = place?.zone(home: home ?? context.home)
            // In a country with several zones, the most likely one is better than the carrier's habit.
            let zone = known ?? place?.country.flatMap(PlaceZones.likely) ?? habit
            moment = zone.moment(on: time.day, secondOfDay: second)
            (offset, basis) = (zone.offset(at: moment) / 60, known == nil ? .habit : .place)
        }
        let exact = Moment(milliseconds: moment.milliseconds + Int64(time.millisecond))
        guard exact >= Self.earliest, exact <= context.now + .days(2) else { return nil }
        return (exact, offset, basis)
    }

    /// 2000-01-01: carriers write earlier days for "nothing".
    static let earliest = Moment(seconds: 946_684_800)

    /// A delivery time that may be this parcel's.
    private func believable(_ time: ToldTime?, isOlder: Bool) -> ToldTime? {
        guard let time, let placed = place(time, in: nil) else { return nil }
        if isOlder, let notBefore = context.notBefore, placed.moment < notBefore - Self.orderMargin { return nil }
        return time
    }

    /// Leaves out the scans from before the order, if there are others: the number was reused, and the old parcel is
    /// still reported. True if there were some.
    private func dropOlder(_ scans: inout [Scan]) -> Bool {
        guard let notBefore = context.notBefore, let first = scans.first, let last = scans.last else { return false }
        let bound = notBefore - Self.orderMargin
        guard first.time < bound, last.time >= bound else { return false }
        scans.removeAll { $0.time < bound }
        return true
    }

    private func scan(of event: ToldEvent, at time: ToldTime, returnLeg: Bool) -> Scan? {
        scan(of: event, Self.fact(of: event), at: time, returnLeg: returnLeg)
    }

    /// The identity of an event besides its time: its code, otherwise its words, and its town.
    private static func fact(of event: ToldEvent) -> UInt64 {
        let fact = event.code ?? event.words.flatMap { Entity.plain($0) } ?? ""
        return Fingerprint.number(of: fact, event.place?.city ?? "")
    }

    private func scan(of event: ToldEvent, _ fact: UInt64, at time: ToldTime, returnLeg: Bool) -> Scan? {
        guard let placed = place(time, in: event.place) else { return nil }
        return Scan(
            id: id(at: time, fact), number: asked, source: carrier,
            time: placed.moment, offsetMinutes: placed.offset, basis: placed.basis, state: event.meaning?.state,
            delay: event.meaning?.delay ?? .no, reason: event.meaning?.fault?.rawValue,
            words: event.words.flatMap { Entity.plain($0) },
            place: event.place?.text,
            returnLeg: returnLeg)
    }

    /// `ups:2026-11-18T10:15:00:1f3k…`: source, local time, and a hash of the source's own facts.
    private func id(at time: ToldTime, _ fingerprint: UInt64) -> String {
        let name = carrier.utf8
        return String(
            unsafeUninitializedCapacity: name.count + ToldTime.greatestWall + Fingerprint.greatestLength + 2
        ) { bytes in
            var place = 0
            for byte in name {
                bytes[place] = byte
                place += 1
            }
            bytes[place] = UInt8(ascii: ":")
            place = time.write(to: bytes, at: place + 1)
            bytes[place] = UInt8(ascii: ":")
            return Fingerprint.write(fingerprint, to: bytes, at: place + 1)
        }
    }

    // MARK: Estimates and remarks

    /// Rule 10.
    private func estimate(
        _ told: ToldParcel, newest: Scan?, flags: inout Set<AnswerFlag>, into answer: inout CarrierAnswer
    ) {
        guard let estimate = told.estimate else { return }
        let day = estimate.time.day
        let year = day.components.year
        guard year >= 2000, day.days(since: Zone.utc.day(at: context.now)) <= 400 else {
            flags.insert(.estimateDoubtful)
            return
        }
        let distance = newest.map { abs(day.days(since: Zone.utc.day(at: $0.time))) } ?? 0
        if distance > 183 {
            flags.insert(.estimateDoubtful)
            if !estimate.isFirm { return }
        }
        answer.estimate = DeliveryEstimate(
            day: day, text: estimate.time.text, from: estimate.from, to: estimate.to, field: estimate.field,
            promised: told.promised?.day)
    }

    /// Turns facts outside the events into scans, because the parcel's history is made only of scans.
    private func remark(on told: ToldParcel, moved: Scan?, into answer: inout CarrierAnswer) {
        let newest = answer.events.last
        let time = newest?.time ?? answer.statusTime?.time ?? context.now
        let basis: Scan.TimeBasis = .changed
        if moved == nil, answer.status != .unknown {
            let top = told.top
            answer.remarks.append(
                Scan(
                    id: "\(carrier):~\(answer.status.rawValue):\(newest?.id ?? top?.time?.wallText ?? "")",
                    number: asked, source: carrier,
                    time: answer.statusTime?.time ?? time, offsetMinutes: answer.statusTime?.offsetMinutes,
                    basis: answer.statusTime?.basis ?? basis, state: answer.status, delay: top?.meaning?.delay ?? .no,
                    reason: answer.fault?.rawValue, words: top?.words.flatMap { Entity.plain($0) },
                    place: top?.place?.text,
                    returnLeg: answer.returnLeg))
        }
        let trusted = answer.estimate.flatMap { estimate in
            newest.map { abs(estimate.day.days(since: Zone.utc.day(at: $0.time))) <= 183 } ?? true ? estimate : nil
        }
        if let promised = trusted?.promised {
            answer.remarks.append(
                Scan(
                    id: "\(carrier):~eta:\(promised)", number: asked, source: carrier,
                    time: answer.events.first?.time ?? time,
                    basis: basis,
                    state: nil, estimate: promised))
        }
        if let estimate = trusted, estimate.promised != estimate.day {
            answer.remarks.append(
                Scan(
                    id: "\(carrier):~eta:\(estimate.day)", number: asked, source: carrier, time: time, basis: basis,
                    state: nil,
                    estimate: estimate.day))
        }
        if answer.delay == .yes, !answer.scans.contains(where: { $0.delay == .yes }) {
            answer.remarks.append(
                Scan(
                    id: "\(carrier):~late:\(trusted.map { "\($0.day)" } ?? "")", number: asked, source: carrier,
                    time: time,
                    basis: basis, state: nil,
                    delay: .yes, reason: answer.fault?.rawValue))
        }
    }
}

/// Follows a parcel through its events, in order: rules 7 and 8.
private struct Course {
    private(set) var state = ParcelState.unknown
    /// The place of the scan that set the state.
    private(set) var place: Int?
    private var time: Moment?
    private(set) var returning = false
    private(set) var wasDelivered = false
    private(set) var sawAfterDelivery = false

    var settled: Bool { state == .delivered || state == .returned }

    static func directed(_ state: ParcelState, returning: Bool) -> ParcelState {
        guard returning else { return state }
        switch state {
        case .delivered, .returned: return .returned
        case .accepted, .inTransit, .outForDelivery, .readyForPickup: return .returning
        default: return state
        }
    }

    mutating func take(_ told: ParcelState?, isBack: Bool, _ moment: Moment, at place: Int) {
        guard let told, told != .unknown else {
            if settled, moment > time ?? moment { sawAfterDelivery = true }
            return
        }
        let next = Self.directed(told, returning: returning || isBack)
        if told == .delivered || told == .returned { wasDelivered = true }
        if settled, next != .returning, next != .returned {
            if next != state { sawAfterDelivery = true }
            return
        }
        if state == .returned, next != .returned { return }
        if next == .preTransit, state != .unknown, state != .preTransit { return }
        returning = returning || next == .returning || next == .returned
        state = next
        self.place = place
        time = moment
    }
}

extension Scan.DelaySign {
    /// The stronger of the two.
    func or(_ other: Scan.DelaySign) -> Scan.DelaySign {
        self == .yes || other == .yes ? .yes : self == .maybe || other == .maybe ? .maybe : .no
    }
}

/// A short name from a source's own facts: FNV-1a, 64 bits (draft-eastlake-fnv). It need not be secret, only stable.
enum Fingerprint {
    /// A 64-bit number has at most this many digits in base 36.
    static let greatestLength = 13

    static func of(_ parts: [String]) -> String {
        var hash = start
        for part in parts { add(part, to: &hash) }
        return text(hash)
    }

    /// The same for two parts, as a number.
    static func number(of first: String, _ second: String) -> UInt64 {
        var hash = start
        add(first, to: &hash)
        add(second, to: &hash)
        return hash
    }

    private static let start: UInt64 = 0xcbf2_9ce4_8422_2325

    private static func add(_ part: String, to hash: inout UInt64) {
        for byte in part.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        hash = (hash ^ 0x1F) &* 0x100_0000_01b3
    }

    private static func text(_ hash: UInt64) -> String {
        String(unsafeUninitializedCapacity: greatestLength) { write(hash, to: $0, at: 0) }
    }

    /// Writes it in base 36 into bytes with enough room; returns where it ends.
    static func write(_ hash: UInt64, to bytes: UnsafeMutableBufferPointer<UInt8>, at place: Int) -> Int {
        var count = 1
        var rest = hash / 36
        while rest > 0 {
            count += 1
            rest /= 36
        }
        rest = hash
        for index in stride(from: place + count - 1, through: place, by: -1) {
            let digit = UInt8(truncatingIfNeeded: rest % 36)
            bytes[index] = digit < 10 ? 0x30 + digit : 0x61 + digit - 10
            rest /= 36
        }
        return place + count
    }
}
