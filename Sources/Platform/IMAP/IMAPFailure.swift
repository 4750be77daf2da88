/// Why a mailbox could not be read: a sentence for the operator that says what, where and how to fix it. No address, no
/// password and no mail is in it.
package struct IMAPFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong. The raw values go to the journal and to metric labels: they are added to and not renamed.
    package enum Kind: String, Sendable, CaseIterable {
        case resolve
        case connect
        /// The TLS handshake failed, the certificate is not to be trusted, or STARTTLS is not offered.
        case tls
        /// The user name, the password or the token is refused.
        case login
        /// The folder is not there.
        case folder
        /// The server answered NO or BAD to something else.
        case refused
        /// The server said BYE.
        case bye
        case timeout
        /// The connection ended without a word.
        case dropped
        case cancelled
        /// What the server said is not IMAP.
        case malformed
        /// The server lacks what is asked of it.
        case unsupported
        /// A setting cannot be used as it is.
        case settings
        case other
    }

    package var kind: Kind
    package let description: String

    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// Whether the connection is gone, so that another one may bring the answer.
    package var isConnectionLost: Bool { kind == .dropped || kind == .bye }
}

/// A server's words without what must not be logged: whatever looks like an address, and the user's name.
func withoutAddresses(_ text: String, user: String = "", limit: Int = 200) -> String {
    let words = text.split(separator: " ", omittingEmptySubsequences: false).map { word -> Substring in
        word.contains("@") || (!user.isEmpty && word.contains(user)) ? "•••" : word
    }
    return words.joined(separator: " ").boundedLine(limit)
}
