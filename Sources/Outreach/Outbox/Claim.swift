/// An effect that is ours to attempt for a while.
public struct Claim: Hashable, Sendable {
    /// As it was when it was claimed, or begun: `attempts` and `attemptsInDoubt` tell of earlier ones.
    public var effect: Effect
    /// The frozen bytes.
    public var message: Message
    /// Given out once.
    public let token: Int64
    /// After this somebody else may claim it. What we report of it still counts until somebody does.
    public var leaseUntil: Moment
    /// What was read when it was judged to be true still. It does not begin where one of these has another version by
    /// now.
    public var reads: ReadVersions = [:]

    /// A lease that was given out.
    public init(effect: Effect, message: Message, token: Int64, leaseUntil: Moment) {
        self.effect = effect
        self.message = message
        self.token = token
        self.leaseUntil = leaseUntil
    }
}

/// What came of an attempt.
public struct AttemptOutcome: Hashable, Sendable {
    public var claim: Claim
    public var verdict: Verdict
    /// When to try again after `deferred` and `unavailable`; nil for at once.
    public var nextAttemptAt: Moment?
    /// True where an `unavailable` verdict may be meant for this message alone: it then waits as after `deferred`, also
    /// when the channel opens sooner.
    public var waitsByItself: Bool
    /// What it brought, by name, for effects that are more than a message: a code, an amount, an id at the far end.
    /// Kept with the verdict, in place of what an earlier attempt brought under the same name. No personal data.
    public var results: [String: String]

    /// That came of it.
    public init(
        claim: Claim, verdict: Verdict, nextAttemptAt: Moment? = nil, waitsByItself: Bool = false,
        results: [String: String] = [:]
    ) {
        self.waitsByItself = waitsByItself
        self.claim = claim
        self.verdict = verdict
        self.nextAttemptAt = nextAttemptAt
        self.results = results
    }
}

/// What a verdict did.
public struct FinishedAttempt: Hashable, Sendable {
    public var effectID: Int64
    /// The effect's state now.
    public var state: Effect.State
    /// True where the token was an old one: the verdict is on record and moved nothing.
    public var late: Bool

    /// What a verdict did to that effect.
    public init(effectID: Int64, state: Effect.State, late: Bool) {
        self.effectID = effectID
        self.state = state
        self.late = late
    }
}

/// A claimed effect that is not to be sent after all.
public struct Withdrawal: Hashable, Sendable {
    public var claim: Claim
    public var reason: Reason
    /// For `explain`; never personal data.
    public var detail: String?

    /// That one, for that reason.
    public init(claim: Claim, reason: Reason, detail: String? = nil) {
        self.claim = claim
        self.reason = reason
        self.detail = detail
    }
}
