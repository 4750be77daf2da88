/// Delivers a mail to the next mail server. ``SMTPRelay`` is the real one; tests use a scripted one.
public protocol MailTransport: Sendable {
    /// Delivers a mail and returns the outcome. There is always one: failure is an ordinary outcome. Cancelling the
    /// task ends the attempt, and the outcome still says whether the mail may have arrived.
    func deliver(_ envelope: SMTPEnvelope) async -> SMTPReply
}

/// A mail relay, used over a few sessions that are kept and shared.
///
/// libcurl opens a session when a mail needs it: connection, TLS, EHLO and login. It is kept for the next mail, and
/// closed with QUIT if there is none for a while. If all sessions are busy, mails queue. If a session cannot be opened
/// and no other is open, all waiting mails fail with the reason; if others are open, the queue continues with those.
public final class SMTPRelay: MailTransport, Sendable {
    private let engine: TransferEngine
    private let settings: SMTPSettings
    private let key = RelayKey()
    private let tokens: AccessTokens?

    /// Creates a relay; it does not connect before the first mail.
    public convenience init(_ settings: SMTPSettings, engine: TransferEngine) {
        self.init(settings, engine: engine, tokens: nil)
    }

    /// Creates a relay; with `tokens` it logs in by access token (XOAUTH2).
    package init(_ settings: SMTPSettings, engine: TransferEngine, tokens: AccessTokens?) {
        self.settings = settings
        self.engine = engine
        self.tokens = tokens
    }

    deinit { engine.inbox.append(.closeRelay(key)) }

    /// Delivers a mail; see ``MailTransport/deliver(_:)``.
    public func deliver(_ envelope: SMTPEnvelope) async -> SMTPReply { await run(envelope) }

    /// Connects and logs in as for a mail, but sends none; for `doctor`.
    ///
    /// - Returns: the reply to NOOP at phase `ehlo` with a 2xx code if all is well, otherwise where it failed.
    public func probe() async -> SMTPReply { await run(nil) }

    private func run(_ envelope: SMTPEnvelope?) async -> SMTPReply {
        guard let tokens else { return await run(envelope, token: nil) }
        do throws(OAuthFailure) {
            let token = try await tokens.current()
            let reply = await run(envelope, token: token.value)
            // A token may be refused before its time: revoked, or its session's hour is over. Nothing was sent yet.
            guard reply.phase == .auth, reply.code.map({ $0 / 100 == 5 }) == true else { return reply }
            await tokens.refuse(token)
            return await run(envelope, token: try await tokens.current().value)
        } catch {
            return SMTPReply(phase: .auth, text: error.description, failure: error.isTemporary ? .connect : .settings)
        }
    }

    private func run(_ envelope: SMTPEnvelope?, token: SecretString?) async -> SMTPReply {
        let ticket = engine.inbox.nextTicket()
        let inbox = engine.inbox
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                inbox.append(
                    .deliver(
                        ticket, key, settings,
                        SMTPJob(ticket: ticket, envelope: envelope, token: token, answer: continuation)))
            }
        } onCancel: {
            inbox.append(.cancel(ticket))
        }
    }
}

/// Identifies a relay on the engine's thread.
final class RelayKey: Sendable {}

/// A mail waiting for its outcome; without an envelope, a check whether the relay can be reached.
struct SMTPJob: Sendable {
    let ticket: TransferTicket
    let envelope: SMTPEnvelope?
    /// What logs in, where a session has to be opened for it; nil for the password, if there is one.
    var token: SecretString?
    let answer: CheckedContinuation<SMTPReply, Never>
    /// Whether it was already on a session that turned out to be dead.
    var wasRetried = false
}
