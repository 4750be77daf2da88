// Shopify lets each app spend points in each shop: a bucket of so many, refilled at so many a second. A query is admitted when what it
// may cost at most is in the bucket; what it did not cost in the end is given back at once. Each answer tells how full the bucket is
// (shopify.dev/docs/api/usage/limits, "Rate limits"). Between answers we reckon ourselves.

public import Outreach

/// How many points a shop still grants us, as far as we know: learnt from each answer, remembered across restarts.
public struct CostBucket: Hashable, Codable, Sendable {
    /// What it holds when full, in points.
    public private(set) var maximum: Double
    /// Points that flow in, per second.
    public private(set) var restoreRate: Double
    /// Points that were in it at `at`.
    private var level: Double
    /// When `level` was true.
    public private(set) var at: Moment

    /// A full bucket. Its size is that of the smallest plan until an answer tells better.
    public init(maximum: Double = 2000, restoreRate: Double = 100, at: Moment) {
        self.maximum = maximum
        self.restoreRate = restoreRate
        level = maximum
        self.at = at
    }

    /// Points in it at `now`. A clock that went back makes none.
    public func available(at now: Moment) -> Double {
        let seconds = max(0, Double(now.milliseconds - at.milliseconds) / 1000)
        return min(maximum, level + seconds * restoreRate)
    }

    /// How long to wait until a query of that cost is admitted and, afterwards, `reserve` points are left; zero if it may go now.
    ///
    /// What can never be, because cost and reserve exceed the whole bucket, waits for a full one.
    public func wait(for cost: Double, reserve: Double = 0, at now: Moment) -> Duration {
        let needed = min(maximum, cost + reserve)
        let missing = needed - available(at: now)
        if missing <= 0 { return .zero }
        // Rounded up to the millisecond, so that whoever waits as told is not told to wait again.
        return .milliseconds(Int64((missing / restoreRate * 1000).rounded(.up)))
    }

    /// Takes out what a query may cost, when it is sent.
    public mutating func spend(_ cost: Double, at now: Moment) {
        level = max(0, available(at: now) - cost)
        at = max(at, now)
    }

    /// Believes what an answer said. Nonsense is not believed.
    public mutating func learn(_ status: CostReport.Throttle, at now: Moment) {
        guard status.maximumAvailable > 0, status.maximumAvailable < 1e9, status.restoreRate > 0,
            status.restoreRate < 1e9
        else { return }
        maximum = status.maximumAvailable
        restoreRate = status.restoreRate
        level = min(max(0, status.currentlyAvailable), maximum)
        at = now
    }

    /// Half of the bucket: what reads again leave for scans.
    public var half: Double { maximum / 2 }
}

/// `extensions.cost` of an answer.
public struct CostReport: Hashable, Sendable, Decodable {
    /// The state of the bucket after the answer, in points.
    public struct Throttle: Hashable, Sendable, Decodable {
        public var maximumAvailable: Double
        public var currentlyAvailable: Double
        /// Points per second.
        public var restoreRate: Double

        /// A bucket in that state.
        public init(maximumAvailable: Double, currentlyAvailable: Double, restoreRate: Double) {
            self.maximumAvailable = maximumAvailable
            self.currentlyAvailable = currentlyAvailable
            self.restoreRate = restoreRate
        }
    }

    /// What had to be in the bucket for the query to be admitted.
    public var requestedQueryCost: Double?
    /// What it cost in the end; nil where it was not run.
    public var actualQueryCost: Double?
    public var throttleStatus: Throttle?
}
