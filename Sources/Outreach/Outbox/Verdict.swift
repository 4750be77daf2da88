/// The receiver's answer to one attempt. Failing to get through is an ordinary answer, so it is a value.
public enum Verdict: Hashable, Sendable {
    /// It accepted the message. The receipt is its answer, for the record: a queue id, a status.
    case accepted(receipt: String)
    /// Worth another try: a busy server, a lost connection, a full mailbox.
    case deferred(Failure)
    /// Hopeless for this message: no such mailbox, a malformed body.
    case refused(Failure)
    /// The receiver or our login is at fault: the channel stops, and no message is blamed.
    case unavailable(Failure)

    /// Its name in rows, the journal and metrics.
    public var name: String {
        switch self {
        case .accepted: "accepted"
        case .deferred: "deferred"
        case .refused: "refused"
        case .unavailable: "unavailable"
        }
    }

    /// The failure, if there was one.
    public var failure: Failure? {
        switch self {
        case .accepted: nil
        case .deferred(let failure), .refused(let failure), .unavailable(let failure): failure
        }
    }
}

/// Why an attempt did not succeed. Never contains an address, a token or a body.
public struct Failure: Hashable, Sendable {
    /// One word of a small set: `connect`, `tls`, `auth`, `mailbox`, `content`, `busy`, `timeout`, `status`, …
    public var reason: String
    /// The reply or status code, if there was one.
    public var code: Int?
    /// The enhanced status code of a mail reply (RFC 3463): `5.1.1`.
    public var enhancedCode: String?
    /// One sentence for people: what, and how to fix it.
    public var detail: String
    /// How long the receiver asked us to wait.
    public var retryAfter: Duration?
    /// True if the receiver may have accepted the message although we received no confirmation.
    public var inDoubt: Bool
    /// True if the receiver said that the mailbox does not exist and will not (5.1.1 and similar): anyone who writes to
    /// it again gets the same answer.
    public var isNoMailbox = false
    /// True if the receiver said that whoever the message is for has opted out with it, and gets nothing from us.
    public var isOptOut = false

    /// The reason given for a receiver that wants nothing more: its channel stays closed until a person opens it.
    public static let disabled = "disabled"
    /// The reason given where nothing failed: the next step of the same act is due a little later.
    public static let step = "step"

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

/// How one attempt ended: the verdict, and its results.
public struct AttemptAnswer: Hashable, Sendable {
    public var verdict: Verdict
    /// Results by name, for effects that are more than a message: a code, an amount, an id in the other system. No
    /// personal data.
    public var results: [String: String]
    /// What it says about the recipient's domain; nil if nothing.
    public var domainNews: DomainNews?

    public init(_ verdict: Verdict, results: [String: String] = [:], domainNews: DomainNews? = nil) {
        self.verdict = verdict
        self.results = results
        self.domainNews = domainNews
    }
}

/// What the receiver knows about an attempt whose answer was lost.
public enum Precedent: Hashable, Sendable {
    /// It cannot tell: the same bytes are sent again, under the same id.
    case unknown
    /// It was done, with this result.
    case done(receipt: String, results: [String: String])
    /// It was not done.
    case notDone
    /// It can tell but cannot be reached for now: nothing is sent until it has been asked.
    case unclear(Failure)
}

/// The outside, as planning and the daemon see it. Usually a channel hands over a message; it may also perform an
/// action and return a result.
public protocol Channel: Sendable {
    /// Attempts to hand over one message. Throws only if the task is cancelled before the receiver could have accepted
    /// anything.
    func send(_ message: Message, at now: Moment) async throws(CancellationError) -> Verdict

    /// The same, with results. Need not be implemented by a channel without results.
    func attempt(_ message: Message, at now: Moment) async throws(CancellationError) -> AttemptAnswer

    /// Whether an earlier attempt at this whose answer was lost succeeded: asked before any repeat of it. Need not be
    /// implemented if the receiver cannot tell.
    func precedent(of message: Message, at now: Moment) async throws(CancellationError) -> Precedent
}

extension Channel {
    public func attempt(_ message: Message, at now: Moment) async throws(CancellationError) -> AttemptAnswer {
        AttemptAnswer(try await send(message, at: now))
    }

    public func precedent(of message: Message, at now: Moment) async throws(CancellationError) -> Precedent {
        .unknown
    }

    /// Attempts a message after earlier attempts whose outcome is unknown: if one of them may have succeeded, the
    /// receiver is asked first.
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
