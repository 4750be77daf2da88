/// How long to wait before the next try: exponential with full jitter, so that clients that failed together do not
/// retry together (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
public struct Backoff: Sendable, Equatable {
    /// The upper bound of the first wait.
    public var base: Duration
    /// The upper bound of every wait.
    public var cap: Duration

    /// Makes a backoff; 5 seconds to 1 hour by default.
    public init(base: Duration = .seconds(5), cap: Duration = .seconds(3600)) {
        self.base = base
        self.cap = cap
    }

    /// The wait after the `attempt`-th failure, counting from 1.
    ///
    /// - Parameters:
    ///   - chance: from 0 up to, but not including, 1.
    ///   - retryAfter: the far end's request (``RetryAfter``). It is a minimum with jitter on top, because other
    ///     clients told the same time will return then too. It cannot exceed `cap`.
    /// - Returns: never less than zero, never more than `cap`.
    public func delay(afterAttempt attempt: Int, chance: Double, retryAfter: Duration? = nil) -> Duration {
        var ceiling = min(base, cap)
        for _ in 1..<min(max(attempt, 1), 64) {
            if ceiling >= cap / 2 {
                ceiling = cap
                break
            }
            ceiling *= 2
        }
        let jitter = ceiling * min(max(chance, 0), 1)
        guard let retryAfter, retryAfter > .zero else { return jitter }
        return min(cap, retryAfter + min(jitter, base))
    }
}
