/// What the far end said to one attempt. Not getting through is an ordinary answer, so it is a value.
public enum Verdict: Hashable, Sendable {
    /// It took the message. The receipt is its words, for the record: a queue id, a status.
    case accepted(receipt: String)
    /// Worth another try: a busy server, a dropped line, a full mailbox.
    case deferred(Failure)
    /// Hopeless for this message: no such mailbox, a malformed body.
    case refused(Failure)
    /// The far end or our login: the channel stops, no message is blamed.
    case unavailable(Failure)

    /// The word for it in rows, journal and metrics.
    public var name: String {
        switch self {
        case .accepted: "accepted"
        case .deferred: "deferred"
        case .refused: "refused"
        case .unavailable: "unavailable"
        }
    }

    /// What went wrong, unless nothing did.
    public var failure: Failure? {
        switch self {
        case .accepted: nil
        case .deferred(let failure), .refused(let failure), .unavailable(let failure): failure
        }
    }
}

/// Why an attempt did not succeed. Never an address, a token or a body.
public struct Failure: Hashable, Sendable {
    /// In one word of a small set: `connect`, `tls`, `auth`, `mailbox`, `content`, `busy`, `timeout`, `status`, …
    public var reason: String
    /// The reply or status code, if there was one.
    public var code: Int?
    /// The enhanced status code of a mail reply (RFC 3463): `5.1.1`.
    public var enhancedCode: String?
    /// One sentence for people: what, and how to fix it.
    public var detail: String
    /// How long the far end asked us to wait.
    public var retryAfter: Duration?
    /// True if the far end may have taken the message although we did not hear so.
    public var inDoubt: Bool

    /// That went wrong.
    public init(
        reason: String, code: Int? = nil, enhancedCode: String? = nil, detail: String, retryAfter: Duration? = nil,
        inDoubt: Bool = false
    ) {
        self.reason = reason
        self.code = code
        self.enhancedCode = enhancedCode
        self.detail = detail
        self.retryAfter = retryAfter
        self.inDoubt = inDoubt
    }
}

/// The far end of the outbox, as Planning and the daemon see it: `Delivery` has one for mail and one for webhooks, tests have scripted ones.
public protocol Channel: Sendable {
    /// Attempts to hand over one message. Throws only when the task is cancelled before the far end could have taken anything.
    func send(_ message: Message, at now: Moment) async throws(CancellationError) -> Verdict
}
