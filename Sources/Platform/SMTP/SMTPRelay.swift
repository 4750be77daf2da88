/// Whatever hands a mail over to the next mail server. ``SMTPRelay`` is the real one; tests put a scripted one in its
/// place.
public protocol MailTransport: Sendable {
    /// Hands a mail over and tells how that ended. There is always an answer: not getting through is an ordinary one.
    /// Cancelling the task ends the attempt, and the answer still tells whether the mail may have arrived.
    func deliver(_ envelope: SMTPEnvelope) async -> SMTPReply
}

/// A mail relay, spoken to over a few sessions that are kept and shared.
///
/// A session is opened when a mail needs it, by libcurl: connection, TLS, EHLO and login. It is kept for the next mail,
/// and closed with QUIT when there is none for a while. Mails that find all sessions busy wait in line. When a session
/// cannot be opened and no other one stands, all who wait are told why; if others stand, the line goes on with those.
public final class SMTPRelay: MailTransport, Sendable {
    private let engine: TransferEngine
    private let settings: SMTPSettings
    private let key = RelayKey()

    /// Names a relay; nothing is connected before the first mail.
    public init(_ settings: SMTPSettings, engine: TransferEngine) {
        self.settings = settings
        self.engine = engine
    }

    deinit { engine.inbox.append(.closeRelay(key)) }

    /// Hands a mail over; see ``MailTransport/deliver(_:)``.
    public func deliver(_ envelope: SMTPEnvelope) async -> SMTPReply { await run(envelope) }

    /// Connects and logs in as for a mail, and sends none: what `doctor` asks.
    ///
    /// - Returns: the reply to NOOP at phase `ehlo` with a code of 2xx if all is well, else where it ended.
    public func probe() async -> SMTPReply { await run(nil) }

    private func run(_ envelope: SMTPEnvelope?) async -> SMTPReply {
        let ticket = engine.inbox.nextTicket()
        let inbox = engine.inbox
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                inbox.append(
                    .deliver(ticket, key, settings, SMTPJob(ticket: ticket, envelope: envelope, answer: continuation)))
            }
        } onCancel: {
            inbox.append(.cancel(ticket))
        }
    }
}

/// Names a relay on the engine's thread.
final class RelayKey: Sendable {}

/// A mail that waits for its answer; without an envelope, a question whether the relay can be reached.
struct SMTPJob: Sendable {
    let ticket: TransferTicket
    let envelope: SMTPEnvelope?
    let answer: CheckedContinuation<SMTPReply, Never>
    /// Whether it has already been on a session that turned out to be dead.
    var wasRetried = false
}
