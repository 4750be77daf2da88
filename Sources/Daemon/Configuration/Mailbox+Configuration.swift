package import Intake
package import Outreach
package import Platform

extension Configuration {
    /// The mailbox that receives shoppers' replies. Its mail is fetched over IMAP, or delivered over LMTP or through a
    /// pipe.
    package struct Mailbox: Sendable {
        /// Where mail is fetched; nil if it is only delivered to us.
        package var imap: IMAP?
        /// The path of the socket on which a mail server delivers mail; nil for none.
        package var lmtp: String?
        /// Who may connect to that socket.
        package var lmtpAccess = SocketAccess()
        /// The shop's addresses, or `@domain`: no other mail is fetched or accepted.
        package var onlyTo: [String]
        /// Whether what goes out to customers is put into the folder of sent mail.
        package var keepsSent = false
        /// Whose Authentication-Results are trusted (RFC 8601, 2.5); nil for nobody's.
        package var authservID: String?

        package init(
            imap: IMAP?, lmtp: String? = nil, lmtpAccess: SocketAccess = SocketAccess(), onlyTo: [String],
            authservID: String?
        ) {
            self.imap = imap
            self.lmtp = lmtp
            self.lmtpAccess = lmtpAccess
            self.onlyTo = onlyTo
            self.authservID = authservID
        }
    }
}

extension Configuration.Mailbox {
    /// The address that the shop's people answer to, each time with something of ours behind its name; nil where none
    /// has room for it.
    package var answers: ReturnPath? {
        let named = onlyTo.lazy.compactMap { ReturnPath(mailbox: $0.hasPrefix("@") ? "" : $0) }.first
        return named ?? onlyTo.lazy.compactMap { ReturnPath(mailbox: $0.hasPrefix("@") ? "reply\($0)" : "") }.first
    }
}

extension Configuration {
    /// The file rights of a socket: who may connect.
    package struct SocketAccess: Hashable, Sendable {
        /// The group that the file is given to; nil leaves it the daemon's own.
        package var group: String?
        /// Its permission bits.
        package var mode: UInt32

        /// Those rights; without a mode, the group's alone where one is named, and everybody's else.
        package init(group: String? = nil, mode: UInt32? = nil) {
            self.group = group
            self.mode = mode ?? (group == nil ? 0o666 : 0o660)
        }
    }
}

extension Configuration.Mailbox {
    /// A mailbox on a server, and how to log in to it.
    package struct IMAP: Sendable {
        package var host: String
        /// Nil for the default port.
        package var port: Int?
        package var security: IMAPSettings.Security
        package var username: String
        package var password: SecretString?
        /// How access tokens are obtained, instead of a password.
        package var oauth: OAuthSettings?
        /// The folders that incoming mail is in.
        package var folders: [String]
        /// The folder of sent mail, or `none`; nil for the one that the server marks.
        package var sent: String?
        package var authority: String?
        package var certificate: String?
        package var key: String?

        package init(
            host: String, port: Int?, security: IMAPSettings.Security, username: String, password: SecretString?,
            oauth: OAuthSettings?, folders: [String], sent: String?, authority: String?, certificate: String?,
            key: String?
        ) {
            self.host = host
            self.port = port
            self.security = security
            self.username = username
            self.password = password
            self.oauth = oauth
            self.folders = folders
            self.sent = sent
            self.authority = authority
            self.certificate = certificate
            self.key = key
        }
    }
}

extension MailboxSettings {
    /// A shop's mailbox as the operator configured it; nil if nothing should be fetched.
    package init?(_ mailbox: Configuration.Mailbox, shop: String, engine: TransferEngine) {
        guard let imap = mailbox.imap else { return nil }
        self.init(
            shop: shop,
            server: IMAPSettings(
                host: imap.host, port: imap.port, security: imap.security, user: imap.username,
                authorities: imap.authority, certificate: imap.certificate, key: imap.key),
            login: imap.oauth.map { .tokens(AccessTokens($0, transport: engine)) }
                ?? .password(imap.password ?? SecretString("")),
            folders: imap.folders,
            sent: imap.sent.map { $0 == "none" ? .none : .named($0) } ?? .marked,
            addresses: ShopAddresses(mailbox.onlyTo))
    }
}
