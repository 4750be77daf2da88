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
    /// What names its effect outside, for its bounces.
    public var returnToken = ""
    /// True for the one mail that goes ahead to a domain that is closed.
    public var goesAhead = false

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
    /// What it says of the recipient's domain; nil where it says nothing.
    public var domainNews: DomainNews?
    /// From 0 up to 1, for how long the domain is left alone.
    public var chance = 0.0

    /// That came of it.
    public init(
        claim: Claim, verdict: Verdict, nextAttemptAt: Moment? = nil, waitsByItself: Bool = false,
        results: [String: String] = [:], domainNews: DomainNews? = nil, chance: Double = 0
    ) {
        self.domainNews = domainNews
        self.chance = chance
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

/// What became of claims that were to begin.
public struct BegunAttempts: Hashable, Sendable {
    /// Their first byte may go out now.
    public var begun: [Claim] = []
    /// Still ours, but judged by what is no longer so: to be judged again.
    public var outdated: [Claim] = []
    /// Still ours, but beyond the route's limit.
    public var limited: [Claim] = []
    /// When the first of `limited` may begin.
    public var limitedUntil: Moment?

    /// None.
    public init() {}
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
