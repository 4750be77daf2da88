package import Platform

extension SMTPSettings {
    /// The relay as the operator configured it.
    package init(_ smtp: Configuration.SMTP) {
        self.init(url: smtp.url, username: smtp.username)
        if let password = smtp.password { self.password = password }
        startTLS =
            switch smtp.startTLS {
            case .required: .required
            case .opportunistic: .opportunistic
            case .off: .off
            }
        authorities = smtp.authority
        certificate = smtp.certificate
        key = smtp.key
        sessions = smtp.connections
    }
}

extension SMTPRelay {
    /// The relay as the operator configured it, with its login.
    package convenience init(_ smtp: Configuration.SMTP, engine: TransferEngine) {
        self.init(
            SMTPSettings(smtp), engine: engine, tokens: smtp.oauth.map { AccessTokens($0, transport: engine) })
    }
}
