// When a parcel is late.
//
// A promise is the first day that was announced: by the shop's own rule, which the shopper knew when ordering,
// otherwise by the first source to name a day. Five things make a parcel late, whichever comes first:
//
// * a source says so (`carrier_says`);
// * the estimate moves past the promise by a day or more (`estimate_moved`);
// * the promised day ends without delivery (`promise_passed`). That is determined at the destination, eight hours after
//   midnight there: deliveries late in the evening are often scanned at night, and nobody wants to be woken by an
//   apology;
// * nothing was scanned for some business days while it was in transit (`no_scan`);
// * a label was created and nothing was scanned for some business days (`not_handed_over`).
//
// The last two are silences, and a silence is only known by asking: they are judged when a carrier has just answered
// about the parcel and had nothing newer, never by the clock alone. A carrier that is down for a week makes no parcel
// late. The moment of such a delay is when the silence had lasted long enough.
//
// A delay is reported once, and again only when it gets notably worse: three or more days later than was reported. So
// each delay has a level, in days past the promise, and a sign of delay is an event if it is the first, or if its level
// is three above the highest that was an event.

/// A sign that a parcel is late.
struct DelaySign: Hashable, Sendable {
    var reason: String
    var at: Moment
    /// Days past the promise; 0 if nobody named a day.
    var level: Int
    /// The mark by which it is recognised.
    var mark: String
    var source: String
    /// The source that named the day that has passed, or that fell silent.
    var restsOn: String?
}

enum Delay {
    /// How many days later than reported counts as notably worse.
    static let notablyWorse = 3
    /// How long after the end of the promised day, at the destination, a promise counts as missed.
    static let grace = Duration.hours(8)

    /// The signs of delay up to `now` that are events, given the delays already recorded; and the next moment at which
    /// time alone will cause one.
    ///
    /// - Parameters:
    ///   - promised: the shop's own promise, if it made one.
    ///   - silence: the sign of a silence that an answer has just confirmed, if there is one.
    ///   - turn: the suffix of the recorded marks: see `OrderRecord.turn(of:)`.
    static func signs(
        in history: ShipmentHistory, promised: EstimateRun? = nil, silence: DelaySign? = nil, recorded: [Event],
        turn: String = "", now: Moment, zone: Zone
    ) -> (new: [DelaySign], next: Moment?) {
        let marks = Set(recorded.flatMap { $0.occurrences.map(\.mark) })
        let arrival = history.last(.delivered)?.start ?? history.last(.returned)?.start
        let promise = promised ?? history.estimates.first
        let later = promised == nil ? history.estimates.dropFirst() : history.estimates[...]
        var told = recorded.map { $0.daysLate ?? 0 }.max()

        var signs = history.delays.map { scan in
            let estimate = history.estimates.last { $0.start <= scan.time }
            let level = promise.flatMap { promise in estimate.map { max(0, $0.day.days(since: promise.day)) } } ?? 0
            return DelaySign(
                reason: "carrier_says", at: scan.time, level: level, mark: "said:\(scan.id)", source: scan.source)
        }
        if let promise {
            signs += later.compactMap { run in
                let moved = run.day.days(since: promise.day)
                guard moved >= 1 else { return nil }
                return DelaySign(
                    reason: "estimate_moved", at: run.start, level: moved, mark: "moved:\(run.day)", source: run.source)
            }
        }
        if var silence, silence.at <= now {
            silence.level = promise.map { max(0, zone.day(at: silence.at).days(since: $0.day)) } ?? 0
            signs.append(silence)
        }
        signs.sort { ($0.at, $0.mark) < ($1.at, $1.mark) }

        var new: [DelaySign] = []
        func take(_ sign: DelaySign) {
            if let arrival, sign.at >= arrival { return }
            guard !marks.contains(turn.isEmpty ? sign.mark : sign.mark + turn),
                told.map({ sign.level >= $0 + notablyWorse }) ?? true
            else { return }
            told = max(told ?? 0, sign.level)
            new.append(sign)
        }

        // Signs reported by sources and missed promises, in the order in which they happened: each is measured against
        // those before it.
        var pending = signs[...]
        while true {
            let passing = promise.flatMap { passed(after: told, promise: $0, history: history, zone: zone) }
            if let sign = pending.first, passing.map({ sign.at <= $0.at }) ?? true {
                pending.removeFirst()
                take(sign)
            } else if let passing, passing.at <= now, arrival.map({ passing.at < $0 }) ?? true, history.isUnderway {
                let before = told
                take(passing)
                if told == before { break }
            } else {
                pending.forEach(take)
                let next = passing.flatMap { history.isUnderway && $0.at > now ? $0.at : nil }
                return (new, next)
            }
        }
        pending.forEach(take)
        return (new, nil)
    }

    /// The next promise to be missed, after the delay already reported.
    private static func passed(
        after told: Int?, promise: EstimateRun, history: ShipmentHistory, zone: Zone
    ) -> DelaySign? {
        let level = told.map { $0 + notablyWorse } ?? 1
        guard level <= 90 else { return nil }
        let day = promise.day.adding(days: level - 1)
        // An estimate that was already past when it was announced makes the parcel late from that moment on.
        let at = max(zone.end(of: day) + grace, promise.start)
        return DelaySign(
            reason: "promise_passed", at: at, level: max(level, zone.day(at: at).days(since: promise.day)),
            mark: "passed:\(day)", source: "time", restsOn: promise.source)
    }

    /// The sign of a parcel's silence, once it is or was long enough; nil if the silence means nothing.
    static func silence(
        in history: ShipmentHistory, heardFrom source: String, sent: Moment, rules: DelayRules, zone: Zone
    ) -> DelaySign? {
        let calendar = rules.calendar(zone)
        switch history.state {
        case .unknown, .preTransit:
            // A label created long before dispatch is handed over when the parcel is dispatched, at the earliest.
            guard let length = rules.notHandedOver else { return nil }
            let from = max(sent, history.since ?? sent)
            return DelaySign(
                reason: "not_handed_over", at: calendar.moment(length, after: from, in: zone), level: 0,
                mark: "label", source: "time", restsOn: source)
        case .accepted, .inTransit, .outForDelivery, .exception:
            guard let length = rules.noScan, let last = history.lastScan else { return nil }
            return DelaySign(
                reason: "no_scan", at: calendar.moment(length, after: last.time, in: zone), level: 0,
                mark: "silent:\(last.time.milliseconds)", source: "time", restsOn: source)
        case .attempted, .readyForPickup, .returning, .returned, .delivered, .cancelled, .lost: return nil
        }
    }

    /// Since when a parcel on its way is presumed lost by the shop's rule, and since when nothing was heard of it; nil
    /// if it is not. As with delays, only an answer that has nothing newer shows a silence.
    static func loss(
        in history: ShipmentHistory, country: String?, rules: DelayRules, zone: Zone
    ) -> (at: Moment, silentSince: Moment)? {
        guard let length = rules.loss(to: country), let last = history.lastScan?.time else { return nil }
        switch history.state {
        case .accepted, .inTransit, .outForDelivery, .exception, .attempted:
            return (rules.calendar(zone).moment(length, after: last, in: zone), last)
        case .unknown, .preTransit, .readyForPickup, .returning, .returned, .delivered, .cancelled, .lost: return nil
        }
    }

    /// The mark of a presumed loss, and the last scan that a mark names.
    static func lossMark(silentSince: Moment) -> String { "silent:\(silentSince.milliseconds)" }
    static func silentSince(_ mark: String) -> Moment? {
        guard mark.hasPrefix("silent:") else { return nil }
        return Int64(mark.dropFirst(7).prefix { $0.isNumber }).map { Moment(milliseconds: $0) }
    }
}

extension ShipmentHistory {
    /// True while delivery is still to come, so that time alone can make it late.
    var isUnderway: Bool {
        switch state {
        case .unknown, .preTransit, .accepted, .inTransit, .outForDelivery, .exception: true
        case .attempted, .readyForPickup, .returning, .returned, .delivered, .cancelled, .lost: false
        }
    }
}
