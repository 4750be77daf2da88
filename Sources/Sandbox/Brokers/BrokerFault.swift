/// What can go wrong with one request that writes to the sandbox's label brokers.
public enum BrokerFault: String, CaseIterable, Sendable {
    /// HTTP 401, whatever the key.
    case unauthorized
    /// HTTP 402: the account has no money.
    case paymentRequired
    /// HTTP 422: it does not take this.
    case unprocessable
    /// HTTP 429 with Retry-After: 2.
    case tooManyRequests
    /// HTTP 500.
    case serverError
    /// HTTP 500, and it is done all the same.
    case lateError
    /// The connection ends before the answer; it is done.
    case dropped
    /// The connection ends before the answer; it is not done.
    case dropAndForget
    /// The answer comes late, by `slowness`; it is done.
    case slow
}

/// A label that was bought in the sandbox.
public struct KeptLabel: Sendable {
    public let broker: String
    /// What the buyer wrote down with it.
    public let reference: String
    public let id: String
    public let tracking: String
    /// In hundredths.
    public let price: Int
    public let currency: String
    public let isVoided: Bool
    public let isScanned: Bool
}
