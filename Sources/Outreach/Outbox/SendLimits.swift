// How much a route may send. A relay account has limits (so many messages an hour, or in 24 hours), and so may a
// recipient domain that should be treated gently. What was sent is counted in time slices that the store keeps, so that
// a restart does not reset the count. A limit looks back over its window and one more slice, because any part of the
// oldest slice may fall within the window: so it is never exceeded, whichever moment the receiver counts from.

/// A maximum number of messages in a length of time.
public struct SendLimit: Hashable, Sendable {
    /// The length of time. The raw value is the length in seconds.
    public enum Window: Int64, Hashable, Sendable, CaseIterable {
        /// A second of the clock.
        case second = 1
        /// Any 60 minutes.
        case hour = 3_600
        /// Any 24 hours.
        case day = 86_400

        /// The length of one slice, which is counted separately.
        public var slice: Duration { self == .second ? .seconds(1) : .seconds(rawValue / 24) }
        /// How long a slice still counts after its end.
        public var memory: Duration { self == .second ? .zero : .seconds(rawValue) }
        /// True if a message counts only once it was accepted, or may have been; a limit per second counts attempts.
        public var countsWhatWasTaken: Bool { self != .second }
        /// In words: `an hour`.
        public var words: String {
            switch self {
            case .second: "a second"
            case .hour: "an hour"
            case .day: "a day"
            }
        }
    }

    /// At least 1.
    public var count: Int
    public var window: Window

    public init(_ count: Int, _ window: Window) {
        self.count = max(1, count)
        self.window = window
    }

    /// In words: `2000 a day`.
    public var words: String { "\(count) \(window.words)" }

    /// The slice that contains a moment, by its beginning.
    public func slice(of moment: Moment) -> Moment {
        let length = window.slice.wholeMilliseconds
        return Moment(milliseconds: moment.milliseconds - ((moment.milliseconds % length) + length) % length)
    }

    /// Slices that began before this no longer count.
    public func oldest(at now: Moment) -> Moment { now - window.memory - window.slice }

    /// How many more may be sent now; if none, when the next one may.
    ///
    /// - Parameter spent: the number sent, by the beginning of the slice.
    public func room(_ spent: [Moment: Int], at now: Moment) -> (count: Int, freeAt: Moment?) {
        // After the clock was set back, some slices lie ahead of it. They count, but for no longer than a window.
        let counted = spent.filter { $0.key > oldest(at: now) && $0.value > 0 }
        var left = counted.values.reduce(0, +)
        if left < count { return (count - left, nil) }
        for (start, number) in counted.sorted(by: { $0.key < $1.key }) {
            left -= number
            if left < count { return (0, min(start, now) + window.memory + window.slice) }
        }
        return (0, now + window.memory + window.slice)
    }
}

/// The limits of a route.
public struct SendLimits: Hashable, Sendable {
    /// For everything the route sends.
    public var whole: [SendLimit]
    /// For recipient domains, by name in lower case.
    public var domains: [String: [SendLimit]]
    /// For each domain without limits of its own.
    public var otherDomains: [SendLimit]

    /// Without arguments, there are no limits.
    public init(
        whole: [SendLimit] = [], domains: [String: [SendLimit]] = [:], otherDomains: [SendLimit] = []
    ) {
        self.whole = whole
        self.domains = domains
        self.otherDomains = otherDomains
    }

    /// Those of a recipient domain; those of the whole route if it is empty.
    public func limits(of domain: String) -> [SendLimit] {
        domain.isEmpty ? whole : domains[domain] ?? otherDomains
    }

    /// How many may be sent per second; nil for no limit.
    public var perSecond: Int? { whole.filter { $0.window == .second }.map(\.count).min() }
}
