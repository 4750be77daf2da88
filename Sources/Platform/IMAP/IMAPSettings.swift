/// How to reach a mail server that holds a mailbox (IMAP, RFC 9051 and 3501).
package struct IMAPSettings: Sendable, Hashable {
    /// How the line is secured.
    package enum Security: String, Sendable {
        /// TLS from the first byte, as port 993 has it.
        case tls
        /// TLS after STARTTLS, which must be offered.
        case startTLS
        /// None; for servers on loopback, the only ones it is accepted for.
        case off
    }

    /// A name or address; IPv6 in brackets or without.
    package var host: String
    /// 993 with TLS from the first byte, else 143, unless the server has another.
    package var port: Int
    package var security: Security
    /// Who logs in; often an address.
    package var user: String
    /// A PEM file of authorities to trust instead of the system's.
    package var authorities: String?
    /// A PEM file with our certificate, for servers that ask for one.
    package var certificate: String?
    /// A PEM file with the key of ``certificate``.
    package var key: String?
    /// How long resolving, connecting, TLS and the greeting may take together.
    package var connectTimeout: Duration
    /// How long the server may say nothing while we wait for an answer.
    package var replyTimeout: Duration
    /// How long one answer may take in all, however steadily it trickles.
    package var commandTimeout: Duration

    /// Makes settings with the patience that a mail server at work needs.
    package init(
        host: String, port: Int? = nil, security: Security = .tls, user: String, authorities: String? = nil,
        certificate: String? = nil, key: String? = nil, connectTimeout: Duration = .seconds(30),
        replyTimeout: Duration = .seconds(60), commandTimeout: Duration = .seconds(600)
    ) {
        self.host = host
        self.port = port ?? (security == .tls ? 993 : 143)
        self.security = security
        self.user = user
        self.authorities = authorities
        self.certificate = certificate
        self.key = key
        self.connectTimeout = connectTimeout
        self.replyTimeout = replyTimeout
        self.commandTimeout = commandTimeout
    }

    /// Host and port, for people.
    package var place: String { "\(host):\(port)" }
}

/// What opens the mailbox.
package enum IMAPCredentials: Sendable, Hashable {
    /// A password, or an app password.
    case password(SecretString)
    /// An access token, for XOAUTH2.
    case token(SecretString)
}
