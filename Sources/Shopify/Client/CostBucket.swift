// Shopify lets each app spend points in each shop, from a bucket that refills at a constant rate. A query is admitted
// if the bucket holds its maximum cost; the unused part is refunded at once. Each answer states how full the bucket is
// (shopify.dev/docs/api/usage/limits, "Rate limits"). Between answers we calculate it ourselves.

/// How many points a shop still grants us, as far as we know: learned from each answer, remembered across restarts.
package struct CostBucket: Hashable, Sendable {
    /// Its capacity, in points.
    package private(set) var maximum: Double
    /// Its refill rate, in points per second.
    package private(set) var restoreRate: Double
    /// Points in it at `at`.
    private var level: Double
    /// When `level` was measured.
    package private(set) var at: Timestamp

    /// A full bucket, with the size of the smallest plan until an answer states its own.
    package init(maximum: Double = 2000, restoreRate: Double = 100, at: Timestamp) {
        self.maximum = maximum.clamped(to: Self.sizes)
        self.restoreRate = restoreRate.clamped(to: Self.rates)
        level = self.maximum
        self.at = at
    }

    /// The allowed capacity and refill rate per second. Shopify's smallest plan has 2000 and 100, its largest ten times
    /// that.
    private static let sizes = 1.0...1e6
    private static let rates = 1.0...1e6

    /// Points in it at `now`. A clock that went back adds none.
    package func available(at now: Timestamp) -> Double {
        let seconds = max(0, Double(now.milliseconds - at.milliseconds) / 1000)
        return min(maximum, level + seconds * restoreRate)
    }

    /// How long to wait until a query of that cost is admitted; zero if it may go now. One that costs more than the
    /// capacity waits for a full bucket.
    package func wait(for cost: Double, at now: Timestamp) -> Duration {
        let missing = min(maximum, cost) - available(at: now)
        if missing <= 0 { return .zero }
        // Rounded up to the millisecond, so that nobody has to wait twice. At most a million seconds.
        return .milliseconds(Int64((missing / restoreRate * 1000).rounded(.up)))
    }

    /// Deducts a query's maximum cost when it is sent.
    package mutating func spend(_ cost: Double, at now: Timestamp) {
        level = max(0, available(at: now) - cost.clamped(to: WirePoints.bounds))
        // Also if the clock went back: a level dated years ahead would never rise again.
        at = now
    }

    /// Takes over the state from an answer, unless it is impossible.
    package mutating func learn(_ status: CostReport.Throttle, at now: Timestamp) {
        guard Self.sizes.contains(status.maximumAvailable), Self.rates.contains(status.restoreRate) else { return }
        maximum = status.maximumAvailable
        restoreRate = status.restoreRate
        level = status.currentlyAvailable.clamped(to: 0...maximum)
        at = now
    }
}

extension CostBucket: Codable {
    private enum CodingKeys: String, CodingKey { case maximum, restoreRate, level, at }

    /// Reads a bucket that was stored.
    ///
    /// - Throws: also for an impossible one; the caller then starts with a full bucket, and Shopify's next answer
    ///   corrects it.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        maximum = try container.decode(Double.self, forKey: .maximum)
        restoreRate = try container.decode(Double.self, forKey: .restoreRate)
        level = try container.decode(Double.self, forKey: .level)
        at = try container.decode(Timestamp.self, forKey: .at)
        guard Self.sizes.contains(maximum), Self.rates.contains(restoreRate), (0...maximum).contains(level) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "an impossible bucket"))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(maximum, forKey: .maximum)
        try container.encode(restoreRate, forKey: .restoreRate)
        try container.encode(level, forKey: .level)
        try container.encode(at, forKey: .at)
    }
}

/// `extensions.cost` of an answer.
package struct CostReport: Hashable, Sendable {
    /// The state of the bucket after the answer, in points.
    package struct Throttle: Hashable, Sendable {
        package var maximumAvailable: Double
        package var currentlyAvailable: Double
        /// Points per second.
        package var restoreRate: Double

        /// A bucket in that state.
        package init(maximumAvailable: Double, currentlyAvailable: Double, restoreRate: Double) {
            self.maximumAvailable = maximumAvailable
            self.currentlyAvailable = currentlyAvailable
            self.restoreRate = restoreRate
        }
    }

    /// The points that the bucket had to hold to admit the query.
    package var requestedQueryCost: Double?
    /// The actual cost; nil if the query did not run.
    package var actualQueryCost: Double?
    package var throttleStatus: Throttle?
}

extension CostReport: Decodable {
    private enum CodingKeys: String, CodingKey { case requestedQueryCost, actualQueryCost, throttleStatus }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        requestedQueryCost = try container.decodeIfPresent(WirePoints.self, forKey: .requestedQueryCost)?.value
        actualQueryCost = try container.decodeIfPresent(WirePoints.self, forKey: .actualQueryCost)?.value
        throttleStatus = try container.decodeIfPresent(Throttle.self, forKey: .throttleStatus)
    }
}

extension CostReport.Throttle: Decodable {
    private enum CodingKeys: String, CodingKey { case maximumAvailable, currentlyAvailable, restoreRate }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            maximumAvailable: try container.decode(WirePoints.self, forKey: .maximumAvailable).value,
            currentlyAvailable: try container.decode(WirePoints.self, forKey: .currentlyAvailable).value,
            restoreRate: try container.decode(WirePoints.self, forKey: .restoreRate).value)
    }
}
