/// The outcome of one delivery attempt: the step, the relay's words, and whether the mail may have arrived without
/// confirmation. The caller decides what follows (retry, give up, stop the relay).
public struct SMTPReply: Sendable, Equatable {
    /// The step where the conversation ended. The raw values go to logs and metric labels and are not renamed.
    public enum Phase: String, Sendable, CaseIterable {
        /// Before a connection was established, or even tried.
        case connect
        /// STARTTLS or the TLS handshake.
        case tls
        case greeting
        case ehlo
        case auth
        case mailFrom = "mail_from"
        case rcpt
        /// The DATA command, before any byte of the message.
        case data
        /// The message itself, its final dot, and the reply to it.
        case finalDot = "final_dot"
    }

    /// Why no reply from the relay decided the attempt.
    public enum Failure: String, Error, Sendable, CaseIterable {
        case resolve
        case connect
        case tls
        case timeout
        /// The relay closed the connection midway.
        case dropped
        /// The relay's reply is not SMTP.
        case malformedReply = "malformed_reply"
        /// The settings cannot be used; ``SMTPReply/text`` says why. Nothing was sent.
        case settings
        /// The relay does not offer a required extension: STARTTLS, AUTH, SMTPUTF8 or 8BITMIME. Nothing was sent.
        case unsupported
        /// The task was cancelled, or the engine shut down.
        case cancelled
        case other
    }

    /// Where it ended.
    public var phase: Phase
    /// The relay's three digits (RFC 5321, 4.2); `nil` if there was no reply, and then ``failure`` says why.
    public var code: Int?
    /// The relay's enhanced status code (RFC 3463), if it gave one.
    public var status: EnhancedStatus?
    /// The relay's words, or ours if there were none: one line, at most ``maximumTextScalars`` long. Relays often
    /// repeat addresses, so this is personal data until redacted.
    public var text: String
    /// Why there was no reply; `nil` if ``code`` is the relay's answer.
    public var failure: Failure?
    /// The index (from 0) of the refused recipient, if any.
    public var recipient: Int?
    /// Whether the whole message was sent without an answer: it may have arrived, or not.
    public var isInDoubt: Bool

    /// The most scalars of a relay's words that are kept.
    public static let maximumTextScalars = 500

    /// Makes a reply, for tests that script a relay.
    public init(
        phase: Phase, code: Int? = nil, status: EnhancedStatus? = nil, text: String = "", failure: Failure? = nil,
        recipient: Int? = nil, isInDoubt: Bool = false
    ) {
        self.phase = phase
        self.code = code
        self.status = status
        self.text = text
        self.failure = failure
        self.recipient = recipient
        self.isInDoubt = isInDoubt
    }

    /// Whether the relay accepted responsibility for the mail (RFC 5321, 4.2.5).
    public var isAccepted: Bool { phase == .finalDot && failure == nil && code.map { $0 / 100 == 2 } == true }

    /// The reply for a mail for which no connection was tried.
    static func unsent(_ failure: Failure, _ text: String) -> SMTPReply {
        SMTPReply(phase: .connect, text: text, failure: failure)
    }
}

/// Why a session cannot even be tried.
struct SMTPUnusable: Error {
    let reply: SMTPReply
    init(_ failure: SMTPReply.Failure, _ text: String) { reply = .unsent(failure, text) }
}

/// An enhanced mail system status code (RFC 3463): `5.1.1`.
public struct EnhancedStatus: Sendable, Hashable, CustomStringConvertible {
    /// 2: success, 4: temporary, 5: permanent.
    public var `class`: Int
    /// The subject: 1 address, 2 mailbox, 3 system, 4 network, 5 protocol, 6 content, 7 policy.
    public var subject: Int
    /// The detail.
    public var detail: Int

    /// Makes a code from its three numbers.
    public init(_ class: Int, _ subject: Int, _ detail: Int) {
        self.class = `class`
        self.subject = subject
        self.detail = detail
    }

    /// Reads the code at the start of a text; `nil` if there is none.
    public init?(prefixOf text: some StringProtocol) {
        let word = text.prefix { $0 != " " && $0 != "\t" }
        let parts = word.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].utf8.count == 1, let `class` = Int(parts[0]), [2, 4, 5].contains(`class`),
            let subject = Self.number(parts[1]), let detail = Self.number(parts[2])
        else { return nil }
        self.init(`class`, subject, detail)
    }

    private static func number(_ text: some StringProtocol) -> Int? {
        guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }

    /// The code as written: `5.1.1`.
    public var description: String { "\(`class`).\(subject).\(detail)" }
}
