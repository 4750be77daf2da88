// When a parcel is late.
//
// A promise is the first day that was told. Three things make a parcel late, whichever comes first:
//
// * a source says so (`carrier_says`);
// * the estimate moves past the promise by a day or more (`estimate_moved`);
// * the promised day ends without delivery (`promise_passed`). That is reckoned where the parcel goes, and eight hours after midnight there: deliveries of
//   the late evening are often scanned at night, and nobody wants to be woken by an apology.
//
// Late is told once. It happens again only when it gets notably worse: three or more days later than what was told. So
// each delay has a level, in days past the promise, and a sign of delay is an event when it is the first, or when its level is three
// above the highest that was an event.

/// A sign that a parcel is late.
struct DelaySign: Hashable, Sendable {
    var reason: String
    var at: Moment
    /// Days past the promise; 0 where nobody gave a day.
    var level: Int
    /// What it is recognised by.
    var mark: String
    var source: String
}

enum Delay {
    /// How many days worse than what was told is notably worse.
    static let notablyWorse = 3
    /// How long after the end of the promised day, where the parcel goes, a promise has passed.
    static let grace = Duration.hours(8)

    /// The signs of delay up to `now` that are events, given the delays that are recorded; and the next moment at which time alone will make one.
    static func signs(
        in history: ShipmentHistory, recorded: [Event], now: Moment, zone: Zone
    ) -> (new: [DelaySign], next: Moment?) {
        let marks = Set(recorded.flatMap { $0.occurrences.map(\.mark) })
        let arrival = history.last(.delivered)?.start ?? history.last(.returned)?.start
        let promise = history.estimates.first
        var told = recorded.map { $0.daysLate ?? 0 }.max()

        var signs = history.delays.map { scan in
            let estimate = history.estimates.last { $0.start <= scan.time }
            let level = promise.flatMap { promise in estimate.map { max(0, $0.day.days(since: promise.day)) } } ?? 0
            return DelaySign(
                reason: "carrier_says", at: scan.time, level: level, mark: "said:\(scan.id)", source: scan.source)
        }
        if let promise {
            signs += history.estimates.dropFirst().compactMap { run in
                let moved = run.day.days(since: promise.day)
                guard moved >= 1 else { return nil }
                return DelaySign(
                    reason: "estimate_moved", at: run.start, level: moved, mark: "moved:\(run.day)", source: run.source)
            }
        }
        signs.sort { ($0.at, $0.mark) < ($1.at, $1.mark) }

        var new: [DelaySign] = []
        func take(_ sign: DelaySign) {
            if let arrival, sign.at >= arrival { return }
            guard !marks.contains(sign.mark), told.map({ sign.level >= $0 + notablyWorse }) ?? true else { return }
            told = max(told ?? 0, sign.level)
            new.append(sign)
        }

        // Signs that sources gave and promises that passed, in the order in which they happened: each is measured against what came before.
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

    /// The next promise to pass, after what was told.
    private static func passed(
        after told: Int?, promise: EstimateRun, history: ShipmentHistory, zone: Zone
    ) -> DelaySign? {
        let level = told.map { $0 + notablyWorse } ?? 1
        guard level <= 90 else { return nil }
        let day = promise.day.adding(days: level - 1)
        // An estimate that was past when it was told is late from that moment on.
        let at = max(zone.end(of: day) + grace, promise.start)
        return DelaySign(
            reason: "promise_passed", at: at, level: max(level, zone.day(at: at).days(since: promise.day)),
            mark: "passed:\(day)", source: "time")
    }
}

extension ShipmentHistory {
    /// True while a delivery is still to come, so that time alone can make it late.
    var isUnderway: Bool {
        switch state {
        case .unknown, .preTransit, .accepted, .inTransit, .outForDelivery, .exception: true
        case .attempted, .readyForPickup, .returning, .returned, .delivered, .cancelled, .lost: false
        }
    }
}
