// How many calls to a carrier are allowed now.
//
// Quotas come in windows: five a minute, sixty an hour, 250 a day. There are two kinds of window, each of which uses
// the published number but never exceeds it:
//
// * Less than a day: calls are spread. A few may go at once (a twelfth of the number, at least one), then one at a time
//   with a pause between, so that no period of that length, wherever it begins, exceeds the number. (The generic cell
//   rate algorithm, ITU-T I.371, with a burst b and a pause T / (n - b + 1).) The state is one moment.
// * A day or more: counted from midnight in the zone where the carrier's day begins. Ordinary questions may use the
//   share of the number for the elapsed part of the day, plus a twelfth in advance; urgent ones may use everything
//   left. So a carrier with 250 calls a day still has some at night, and a thousand labels do not hold up a parcel out
//   for delivery.
//
// The budget is a value kept in the store: it is spent before a call goes out, and survives a restart.

public import Outreach

/// The remainder of a carrier's quota.
public struct CarrierBudget: Hashable, Sendable {
    /// One window, and how much of it is spent.
    public struct Window: Hashable, Sendable {
        /// Calls per this many seconds.
        public var calls: Int
        public var seconds: Int64
        /// The counted day, since 1970, in the zone of the carrier's day; 0 for a window shorter than a day.
        public var day: Int64
        /// Spent on that day; 0 for a window shorter than a day.
        public var spent: Int
        /// When the next single call may go, for a window shorter than a day.
        public var freeAt: Moment

        /// A window as it was kept.
        public init(calls: Int, seconds: Int64, day: Int64 = 0, spent: Int = 0, freeAt: Moment = .distantPast) {
            self.calls = max(1, calls)
            self.seconds = max(1, seconds)
            self.day = day
            self.spent = spent
            self.freeAt = freeAt
        }

        var isDaily: Bool { seconds >= 86_400 }

        /// How many calls may go at once.
        fileprivate var burst: Int { max(1, calls / 12) }

        /// The pause between calls when they are spread.
        fileprivate var pause: Duration {
            .milliseconds((seconds * 1000 + Int64(calls - burst)) / Int64(calls - burst + 1))
        }
    }

    public private(set) var windows: [Window]
    private let zone: Zone

    /// A carrier's budget. `perDay` is the operator's setting, and replaces a daily window. `kept` are the stored
    /// windows; one with another size starts over, because the quota has changed.
    public init(_ quota: CarrierQuota, perDay: Int? = nil, kept: [Window] = []) {
        var windows = quota.windows.map { Window(calls: $0.calls, seconds: max(1, $0.per.components.seconds)) }
        if let perDay {
            windows.removeAll(where: \.isDaily)
            windows.append(Window(calls: perDay, seconds: 86_400))
        }
        zone = Zone.first(of: quota.resetZone)
        self.windows = windows.map { window in
            guard let old = kept.first(where: { $0.seconds == window.seconds }) else { return window }
            var window = window
            (window.day, window.spent, window.freeAt) = (old.day, old.spent, old.freeAt)
            return window
        }
    }

    /// How many calls of that urgency may go now.
    public func available(_ urgency: Urgency, now: Moment) -> Int {
        windows.map { available($0, urgency, now) }.min() ?? Int.max
    }

    /// What is left for the day; nil for a carrier without a daily quota.
    public func leftToday(now: Moment) -> Int? {
        windows.filter(\.isDaily).map { max(0, $0.calls - spent($0, now)) }.min()
    }

    /// Whether the calls for the elapsed part of the day are used up, so that ordinary questions have to wait.
    public func isShareSpent(now: Moment) -> Bool {
        windows.contains { $0.isDaily && available($0, .moving, now) <= 0 }
    }

    /// The first moments for an urgent and for an ordinary call; `now` if it may go at once.
    public func next(_ urgency: Urgency, now: Moment) -> Moment {
        windows.map { window in
            guard available(window, urgency, now) <= 0 else { return now }
            guard window.isDaily else { return max(now, window.freeAt - window.pause * (window.burst - 1)) }
            let (start, end) = day(now)
            guard urgency != .pressing, spent(window, now) < window.calls else { return end }
            // When the elapsed share of the day has grown by one call.
            let length = (end - start).wholeMilliseconds
            let needed = Double(spent(window, now) + 1) / Double(window.calls) - 1.0 / 12
            return min(
                end, max(now + .seconds(1), start + .milliseconds(Int64((needed * Double(length)).rounded(.up)))))
        }.max() ?? now
    }

    /// Spends calls, before they go out.
    public mutating func spend(_ calls: Int, now: Moment) {
        guard calls > 0 else { return }
        let today = zone.day(at: now).daysSinceEpoch
        for index in windows.indices {
            if windows[index].isDaily {
                if windows[index].day != today { (windows[index].day, windows[index].spent) = (today, 0) }
                windows[index].spent += calls
            } else {
                windows[index].freeAt = max(windows[index].freeAt, now) + windows[index].pause * calls
            }
        }
    }

    private func spent(_ window: Window, _ now: Moment) -> Int {
        window.day == zone.day(at: now).daysSinceEpoch ? window.spent : 0
    }

    private func day(_ now: Moment) -> (start: Moment, end: Moment) {
        let today = zone.day(at: now)
        return (zone.moment(on: today), zone.end(of: today))
    }

    private func available(_ window: Window, _ urgency: Urgency, _ now: Moment) -> Int {
        guard window.isDaily else {
            // The window is empty once its moment has passed; each call booked ahead uses one of the burst.
            let ahead = (window.freeAt - now).wholeMilliseconds
            let pause = window.pause.wholeMilliseconds
            let booked = ahead <= 0 ? 0 : Int((ahead + pause - 1) / pause)
            return max(0, window.burst - booked)
        }
        let left = window.calls - spent(window, now)
        guard urgency != .pressing else { return max(0, left) }
        let (start, end) = day(now)
        let passed = Double((now - start).wholeMilliseconds) / Double(max(1, (end - start).wholeMilliseconds))
        let share = Int((min(1, passed + 1.0 / 12) * Double(window.calls)).rounded(.down))
        return max(0, min(left, share - spent(window, now)))
    }
}
