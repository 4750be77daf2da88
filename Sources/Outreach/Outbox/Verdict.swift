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
    /// True if the far end said that there is no such mailbox and will be none (5.1.1 and its kin): whoever writes to
    /// it again meets the same.
    public var isNoMailbox = false

    /// The reason of a far end that wants nothing more: its channel stays closed until a person opens it.
    public static let disabled = "disabled"

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

/// How one attempt ended: the verdict, and what it brought.
public struct AttemptAnswer: Hashable, Sendable {
    public var verdict: Verdict
    /// What it brought, by name, for effects that are more than a message: a code, an amount, an id at the far end. No
    /// personal data.
    public var results: [String: String]
    /// What it says of the recipient's domain; nil where it says nothing.
    public var domainNews: DomainNews?

    /// That came of it.
    public init(_ verdict: Verdict, results: [String: String] = [:], domainNews: DomainNews? = nil) {
        self.verdict = verdict
        self.results = results
        self.domainNews = domainNews
    }
}

/// What the far end knows of an attempt whose answer was lost.
public enum Precedent: Hashable, Sendable {
    /// It cannot tell: the same bytes go again, under the same id.
    case unknown
    /// It was done, and this came of it.
    case done(receipt: String, results: [String: String])
    /// It was not done.
    case notDone
    /// It would tell, and cannot be asked for now: nothing goes until it was.
    case unclear(Failure)
}

/// The far end of the outbox, as planning and the daemon see it. What it does is mostly to hand over a message; it may
/// as well do something and bring a result.
public protocol Channel: Sendable {
    /// Attempts to hand over one message. Throws only when the task is cancelled before the far end could have taken
    /// anything.
    func send(_ message: Message, at now: Moment) async throws(CancellationError) -> Verdict

    /// The same, with what it brought. Left out where it brings nothing.
    func attempt(_ message: Message, at now: Moment) async throws(CancellationError) -> AttemptAnswer

    /// Whether an earlier attempt at this, of which no answer was heard, was done: asked before any repeat of it. Left
    /// out where the far end cannot tell.
    func precedent(of message: Message, at now: Moment) async throws(CancellationError) -> Precedent
}

extension Channel {
    public func attempt(_ message: Message, at now: Moment) async throws(CancellationError) -> AttemptAnswer {
        AttemptAnswer(try await send(message, at: now))
    }

    public func precedent(of message: Message, at now: Moment) async throws(CancellationError) -> Precedent {
        .unknown
    }

    /// Attempts a message whose earlier attempts ended like that: where one of them may have been done, the far end is
    /// asked first.
    ///
    /// - Parameter inDoubt: how many earlier attempts ended without our knowing how.
    public func attempt(
        _ message: Message, inDoubt: Int, at now: Moment
    ) async throws(CancellationError) -> AttemptAnswer {
        if inDoubt > 0 {
            switch try await precedent(of: message, at: now) {
            case .unknown, .notDone: break
            case .done(let receipt, let results): return AttemptAnswer(.accepted(receipt: receipt), results: results)
            case .unclear(let failure): return AttemptAnswer(.deferred(failure))
            }
        }
        return try await attempt(message, at: now)
    }
}
