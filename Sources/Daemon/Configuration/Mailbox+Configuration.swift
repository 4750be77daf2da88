package import Intake
package import Platform

extension Configuration {
    /// The mailbox in which shoppers' answers arrive.
    package struct Mailbox: Sendable {
        package var host: String
        /// nil for the usual one.
        package var port: Int?
        package var security: IMAPSettings.Security
        package var username: String
        package var password: SecretString?
        /// How access tokens are bought, instead of a password.
        package var oauth: OAuthSettings?
        /// The folders that mail comes in to.
        package var folders: [String]
        /// The folder of sent mail, or `none`; nil for the one that the server marks.
        package var sent: String?
        /// The shop's addresses, or `@domain`: no other mail is fetched.
        package var onlyTo: [String]
        /// Whose Authentication-Results are believed (RFC 8601, 2.5); nil for nobody's.
        package var authservID: String?
        package var authority: String?
        package var certificate: String?
        package var key: String?

        package init(
            host: String, port: Int?, security: IMAPSettings.Security, username: String, password: SecretString?,
            oauth: OAuthSettings?, folders: [String], sent: String?, onlyTo: [String], authservID: String?,
            authority: String?, certificate: String?, key: String?
        ) {
            self.host = host
            self.port = port
            self.security = security
            self.username = username
            self.password = password
            self.oauth = oauth
            self.folders = folders
            self.sent = sent
            self.onlyTo = onlyTo
            self.authservID = authservID
            self.authority = authority
            self.certificate = certificate
            self.key = key
        }
    }
}

extension MailboxSettings {
    /// A shop's mailbox as the operator configured it.
    package init(_ mailbox: Configuration.Mailbox, shop: String, engine: TransferEngine) {
        self.init(
            shop: shop,
            server: IMAPSettings(
                host: mailbox.host, port: mailbox.port, security: mailbox.security, user: mailbox.username,
                authorities: mailbox.authority, certificate: mailbox.certificate, key: mailbox.key),
            login: mailbox.oauth.map { .tokens(AccessTokens($0, transport: engine)) }
                ?? .password(mailbox.password ?? SecretString("")),
            folders: mailbox.folders,
            sent: mailbox.sent.map { $0 == "none" ? .none : .named($0) } ?? .marked,
            addresses: ShopAddresses(mailbox.onlyTo))
    }
}
