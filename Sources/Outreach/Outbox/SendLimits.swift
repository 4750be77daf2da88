// How much a route may take. A relay's account has limits (so many messages an hour, or in 24 hours), and so may a
// recipient domain that is to be asked gently. What went out is counted in slices of time that the store keeps, so that
// a restart begins nothing anew. A limit looks back over its window and one slice more, because the oldest slice may
// reach into the window with any part of it: so it is never exceeded, whichever moment the far end counts from.

/// At most so many messages in a length of time.
public struct SendLimit: Hashable, Sendable {
    /// Over what it counts. The raw value is the length in seconds.
    public enum Window: Int64, Hashable, Sendable, CaseIterable {
        /// A second of the clock.
        case second = 1
        /// Any 60 minutes.
        case hour = 3_600
        /// Any 24 hours.
        case day = 86_400

        /// How long one slice is that is counted by itself.
        public var slice: Duration { self == .second ? .seconds(1) : .seconds(rawValue / 24) }
        /// How long a slice counts after its end.
        public var memory: Duration { self == .second ? .zero : .seconds(rawValue) }
        /// True where a message counts only once it was taken, or may have been; a second counts attempts.
        public var countsWhatWasTaken: Bool { self != .second }
        /// As a person says it: `an hour`.
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

    /// At most `count` in `window`.
    public init(_ count: Int, _ window: Window) {
        self.count = max(1, count)
        self.window = window
    }

    /// As a person says it: `2000 a day`.
    public var words: String { "\(count) \(window.words)" }

    /// The slice that a moment lies in, by its beginning.
    public func slice(of moment: Moment) -> Moment {
        let length = window.slice.wholeMilliseconds
        return Moment(milliseconds: moment.milliseconds - ((moment.milliseconds % length) + length) % length)
    }

    /// What began before this counts no more.
    public func oldest(at now: Moment) -> Moment { now - window.memory - window.slice }

    /// How many more may go now; where it is none, from when on one may.
    ///
    /// - Parameter spent: what went out, by the beginning of its slice.
    public func room(_ spent: [Moment: Int], at now: Moment) -> (count: Int, freeAt: Moment?) {
        // A clock that was put back leaves slices ahead of it. They count, but for no longer than a window.
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
    /// For all that it takes.
    public var whole: [SendLimit]
    /// For recipient domains, by name in lower case.
    public var domains: [String: [SendLimit]]
    /// For each domain that has none of its own.
    public var otherDomains: [SendLimit]

    /// Those limits; none where nothing is given.
    public init(
        whole: [SendLimit] = [], domains: [String: [SendLimit]] = [:], otherDomains: [SendLimit] = []
    ) {
        self.whole = whole
        self.domains = domains
        self.otherDomains = otherDomains
    }

    /// Those of a recipient domain; of all together where it is empty.
    public func limits(of domain: String) -> [SendLimit] {
        domain.isEmpty ? whole : domains[domain] ?? otherDomains
    }

    /// How many may go in a second at most; nil for as many as can.
    public var perSecond: Int? { whole.filter { $0.window == .second }.map(\.count).min() }
}
