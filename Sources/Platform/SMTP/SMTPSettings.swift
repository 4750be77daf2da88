/// How to reach a mail relay, and its timeouts.
public struct SMTPSettings: Sendable, Hashable {
    /// The requirement for a relay reached in plain text (`smtp://`). With `smtps://` the connection is encrypted at
    /// once.
    public enum StartTLS: String, Sendable, CaseIterable {
        /// No mail without STARTTLS and a trusted certificate.
        case required
        /// STARTTLS if offered. With a user name it counts as required, except on loopback: otherwise an attacker on
        /// the line could strip the offer and read the password.
        case opportunistic
        /// Never; accepted only for relays on loopback.
        case off
    }

    /// `smtp://host[:port]` or `smtps://host[:port]`.
    public var url: String
    /// With a user name the relay must offer AUTH (PLAIN or LOGIN), and the login must succeed.
    public var username: String?
    /// The password of ``username``.
    public var password: SecretString
    /// The TLS requirement for a relay reached by `smtp://`.
    public var startTLS: StartTLS
    /// A PEM file of authorities to trust instead of the system's.
    public var authorities: String?
    /// A PEM file with our certificate, for relays that ask for one.
    public var certificate: String?
    /// A PEM file with the key of ``certificate``.
    public var key: String?
    /// Our name in EHLO; the machine's name if `nil`.
    public var heloName: String?
    /// How many sessions are held in parallel, at least 1.
    public var sessions: Int
    /// How long resolving, connecting and, with `smtps://`, TLS may take.
    public var connectTimeout: Duration
    /// How long each reply may take, except that to the final dot. RFC 5321, 4.5.3.2, asks for 5 minutes.
    public var replyTimeout: Duration
    /// How long the relay may go without accepting a byte of a message. RFC 5321, 4.5.3.2.5: 3 minutes.
    public var blockTimeout: Duration
    /// How long the reply to the final dot may take. RFC 5321, 4.5.3.2.6, asks for 10 minutes; giving up sooner may
    /// send the same mail twice.
    public var finalReplyTimeout: Duration
    /// How long a session is kept without mail.
    public var idleTimeout: Duration
    /// The age at which a session is closed between two mails, so that we leave a relay whose name has moved. Postfix
    /// does the same (smtp_connection_reuse_time_limit).
    public var sessionLifetime: Duration

    /// Makes settings with the timeouts that the RFC asks for.
    public init(
        url: String, username: String? = nil, password: SecretString = SecretString(""),
        startTLS: StartTLS = .required, authorities: String? = nil, certificate: String? = nil, key: String? = nil,
        heloName: String? = nil, sessions: Int = 4, connectTimeout: Duration = .seconds(30),
        replyTimeout: Duration = .seconds(300), blockTimeout: Duration = .seconds(180),
        finalReplyTimeout: Duration = .seconds(600), idleTimeout: Duration = .seconds(30),
        sessionLifetime: Duration = .seconds(300)
    ) {
        self.url = url
        self.username = username
        self.password = password
        self.startTLS = startTLS
        self.authorities = authorities
        self.certificate = certificate
        self.key = key
        self.heloName = heloName
        self.sessions = sessions
        self.connectTimeout = connectTimeout
        self.replyTimeout = replyTimeout
        self.blockTimeout = blockTimeout
        self.finalReplyTimeout = finalReplyTimeout
        self.idleTimeout = idleTimeout
        self.sessionLifetime = sessionLifetime
    }
}
