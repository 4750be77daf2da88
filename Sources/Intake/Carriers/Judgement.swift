// One status from one body.
//
// A body holds a current status and a list of events, and the two quarrel. These rules decide, the same for every
// source; a carrier's file only says what was told.
//
//  1. An error about the number comes first; an answer of 200 can hold one. (The carrier's file reads it; it never
//     comes here.)
//  2. Of several shipments under one number the one with the newest event counts, of those that are not before the
//     order; and where one list tells of both, what was scanned before the order is left out.
//  3. Events are ordered by their true time, never by their place in the list; an event that stands there twice counts
//     once. Events whose time cannot be true are left out and flagged. Of events in one moment (many sources tell
//     minutes only) the one that is further on the parcel's way is the later: the order is `Scan.precedes`, which the
//     parcel's history goes by too.
//  4. A carrier: the newest event and the current status normally agree. Where they differ, the event wins, because a
//     current status can be stale; unless the newest event is mere information or has an unknown code. An aggregator:
//     its status wins, because it is a judgement (28 days at the counter are an exception), and the events give the
//     times.
//  5. An unknown code moves nothing, and is flagged.
//  6. `delivered` needs an event of delivery or a time of delivery. A bare status does not do: the newest event's state
//     stays, with a flag.
//  7. After delivery later scans are kept and flagged, and delivered stays; only `returning` and `returned` move it. A
//     late notice (`pre_transit`) moves nothing that was scanned.
//  8. On a return leg, or once the parcel was returning, a delivery is `returned`, and movement is `returning`. A label
//     for a return is still a label.
//  9. Late: what the body says as a whole, or what the newest event that moves the parcel says, and information after
//     it. A parcel that has arrived, is back, or is void is late no more. A change of plan alone is "maybe", and so it
//     is after the carrier held the parcel.
// 10. An estimate further than half a year from the newest event is nonsense of a test system: shown where it is the
//     carrier's own word, flagged, and no part of the parcel's history.
//
// The order of the events in the body, and repeats, do not change the answer.

public import Outreach

/// What a carrier's file found in a body about one parcel.
struct ToldParcel: Sendable {
    /// The number that the body names.
    var number: String?
    /// Other names of the same parcel: a piece's, a partner's.
    var aliases: [String] = []
    var events: [ToldEvent] = []
    /// The current status.
    var top: ToldEvent?
    /// True if the current status is the judgement of an aggregator.
    var topIsJudgement = false
    /// A time of delivery that stands apart from the events.
    var deliveredAt: ToldTime?
    /// What the body as a whole says about being late.
    var delay: Scan.DelaySign = .no
    var fault: Fault?
    /// True if the body says that the parcel goes back to the merchant.
    var returnLeg = false
    var estimate: ToldEstimate?
    /// The first promise, where it stands beside the estimate.
    var promised: ToldTime?
    var flags: Set<AnswerFlag> = []

    /// Makes the newest event a return where it says "delivered" and the current status says that the parcel went back:
    /// one thing, told twice.
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
    /// False for a field that is taken only where nothing better is there, and dropped when it makes no sense.
    var isFirm = true
}

/// What a reading depends on beside the body.
public struct ReadingContext: Sendable {
    /// When the answer was received: nothing happened later than two days after it.
    public var now: Moment
    /// Shipments that ended before it are other parcels under a used number.
    public var notBefore: Moment?
    /// Where the parcel goes, as two letters, for places without a country.
    public var home: String?

    /// What is known around an answer.
    public init(now: Moment, notBefore: Moment? = nil, home: String? = nil) {
        self.now = now
        self.notBefore = notBefore
        self.home = home
    }
}

/// Applies the rules above. Reads no clock, so that the same body gives the same answer.
struct Judgement {
    /// The source's name.
    var carrier: String
    /// The zone that its bare times are mostly of.
    var habit: Zone
    /// The country of its bare places.
    var home: String?
    var context: ReadingContext
    /// The number that was asked for, as `TrackingFacts.key` has it: its scans bear it.
    var asked: String?

    /// How far before an order a scan of its parcel may lie: labels are made early, and clocks differ.
    static let orderMargin = Duration.days(2)

    /// The answer about one number, from all the shipments that were told for it.
    func answer(from shipments: [ToldParcel], number: String?) -> CarrierAnswer {
        let answers = shipments.map { answer(from: $0, number: number) }
        // Rule 2. Without events a shipment is the oldest; of equals the first in the order of its newest scan's id.
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
        // Ids are long, and made of these numbers: where a number is new, so is the id.
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
            // A time of delivery is a delivery, whatever the list of events still lacks.
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
        // Whether a parcel that its carrier held made up for it nobody says.
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

    /// Puts scans in their order. Sources tell them oldest or newest first, so that they mostly need no sorting.
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

    /// The moment of a told time, and how it is known; nil if it cannot be true.
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
            // Of a country of several times its most likely one is nearer than the carrier's habit.
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

    /// A time of delivery that can be this parcel's.
    private func believable(_ time: ToldTime?, isOlder: Bool) -> ToldTime? {
        guard let time, let placed = place(time, in: nil) else { return nil }
        if isOlder, let notBefore = context.notBefore, placed.moment < notBefore - Self.orderMargin { return nil }
        return time
    }

    /// Leaves out the scans from before the order, where there are others: the number was given out again, and its old
    /// parcel is told of still. True if there were some.
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

    /// What an event is recognised by beside its time: its code, else its words, and its town.
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

    /// `ups:2026-11-18T10:15:00:1f3k…`: source, wall clock, and what is left of the source's own facts.
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

    /// Tells what stands beside the events as scans, so that the parcel's history, which is made of scans alone, has
    /// it.
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

/// The way of a parcel through its events, in their order: rules 7 and 8.
private struct Course {
    private(set) var state = ParcelState.unknown
    /// The place of the scan that brought the state.
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

/// A short name made of a source's own facts: FNV-1a, 64 bits (draft-eastlake-fnv). It need not be secret, only the
/// same everywhere.
enum Fingerprint {
    /// A 64-bit number has at most so many digits to the base of 36.
    static let greatestLength = 13

    static func of(_ parts: [String]) -> String {
        var hash = start
        for part in parts { add(part, to: &hash) }
        return text(hash)
    }

    /// The same of two parts, as a number.
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

    /// Writes it to the base of 36 into bytes that have room for it; gives where it ends.
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
