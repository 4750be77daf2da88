/// An effect that is ours to attempt for a limited time.
public struct Claim: Hashable, Sendable {
    /// The effect when it was claimed, or when its attempt began: `attempts` and `attemptsInDoubt` count earlier ones.
    public var effect: Effect
    /// The frozen bytes.
    public var message: Message
    /// Never issued twice.
    public let token: Int64
    /// After this somebody else may claim it. Our results still count until somebody does.
    public var leaseUntil: Moment
    /// The versions that were read when it was last found to be still true. Its attempt does not begin if one of these
    /// has another version by now.
    public var reads: ReadVersions = [:]
    /// The token that identifies its effect to the outside, for its bounces.
    public var returnToken = ""
    /// True for the one mail sent to test a closed domain.
    public var goesAhead = false

    public init(effect: Effect, message: Message, token: Int64, leaseUntil: Moment) {
        self.effect = effect
        self.message = message
        self.token = token
        self.leaseUntil = leaseUntil
    }
}

/// The result of an attempt.
public struct AttemptOutcome: Hashable, Sendable {
    public var claim: Claim
    public var verdict: Verdict
    /// When to try again after `deferred` and `unavailable`; nil for immediately.
    public var nextAttemptAt: Moment?
    /// True if an `unavailable` verdict may concern this message alone: it then waits as after `deferred`, even if the
    /// channel opens sooner.
    public var waitsByItself: Bool
    /// Results by name, for effects that are more than a message: a code, an amount, an id in the other system. Kept
    /// with the verdict; a result replaces an earlier attempt's of the same name. No personal data.
    public var results: [String: String]
    /// What it says about the recipient's domain; nil if nothing.
    public var domainNews: DomainNews?
    /// A random number from 0 up to 1, which varies how long the domain is left alone.
    public var chance = 0.0

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

/// The effect of a verdict.
public struct FinishedAttempt: Hashable, Sendable {
    public var effectID: Int64
    /// The effect's state after it.
    public var state: Effect.State
    /// True if the token was an old one: the verdict was recorded and changed nothing.
    public var late: Bool

    public init(effectID: Int64, state: Effect.State, late: Bool) {
        self.effectID = effectID
        self.state = state
        self.late = late
    }
}

/// What became of claims whose attempts were to begin.
public struct BegunAttempts: Hashable, Sendable {
    /// Their first byte may be sent now.
    public var begun: [Claim] = []
    /// Still ours, but judged by outdated data: to be judged again.
    public var outdated: [Claim] = []
    /// Still ours, but over the route's limit.
    public var limited: [Claim] = []
    /// When the first of `limited` may begin.
    public var limitedUntil: Moment?

    public init() {}
}

/// A claimed effect that should not be sent after all.
public struct Withdrawal: Hashable, Sendable {
    public var claim: Claim
    public var reason: Reason
    /// For `explain`; never personal data.
    public var detail: String?

    public init(claim: Claim, reason: Reason, detail: String? = nil) {
        self.claim = claim
        self.reason = reason
        self.detail = detail
    }
}
