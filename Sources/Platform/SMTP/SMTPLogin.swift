internal import CCurl

// libcurl greets the relay, sends EHLO, starts TLS and logs in by itself, and reports just one error number. That is
// too little for an operator, who needs the step and the relay's words, and for us, because we need the capabilities
// from EHLO. So we listen to the lines that libcurl passes to its debug function: only the verbs of our commands, since
// AUTH is followed by the password, and the relay's replies.

/// The dialogue while libcurl opens a session.
struct SMTPLogin {
    private(set) var phase = SMTPReply.Phase.connect
    private(set) var capabilities = SMTPCapabilities()
    private(set) var lastReply: SMTPReplyLines?
    /// Whether the last reply came after the last command.
    private(set) var isAnswered = false
    private var reader = SMTPReplyReader()
    private var isBroken = false

    /// Records one of our commands, only its verb.
    mutating func sent(_ bytes: some Collection<UInt8>) {
        isAnswered = false
        func begins(_ verb: String) -> Bool {
            bytes.prefix(verb.utf8.count).elementsEqual(verb.utf8)
        }
        if begins("EHLO ") || begins("HELO ") {
            phase = .ehlo
            // Capabilities offered before TLS do not count afterwards (RFC 3207, 4.2).
            capabilities = SMTPCapabilities()
        } else if begins("STARTTLS") {
            phase = .tls
        } else if begins("AUTH ") {
            phase = .auth
        }
    }

    /// Records a line from the relay.
    mutating func received(_ bytes: some Sequence<UInt8>) {
        guard !isBroken else { return }
        do throws(SMTPReply.Failure) {
            for reply in try reader.read(bytes) {
                if phase == .connect { phase = .greeting }
                if phase == .ehlo, reply.code / 100 == 2 { capabilities = SMTPCapabilities(ehlo: reply.lines) }
                lastReply = reply
                isAnswered = true
            }
        } catch { isBroken = true }
    }

    /// The reply for mails waiting for a session that could not be opened.
    ///
    /// - Parameters:
    ///   - isConnected: whether a TCP connection was established.
    ///   - isImplicit: whether TLS starts with the first byte (`smtps://`).
    ///   - isSecured: whether TLS was established.
    func reply(to code: CURLcode, reason: String, isConnected: Bool, isImplicit: Bool, isSecured: Bool) -> SMTPReply {
        var phase = phase
        if phase == .connect, isConnected { phase = isImplicit && !isSecured ? .tls : .greeting }
        if let lastReply, isAnswered, lastReply.code >= 400 {
            return SMTPReply(phase: phase, code: lastReply.code, status: lastReply.status, text: lastReply.text)
        }
        switch code {
        case CURLE_USE_SSL_FAILED where phase != .tls:
            return SMTPReply(phase: .tls, text: "the relay does not offer STARTTLS", failure: .unsupported)
        case CURLE_LOGIN_DENIED where lastReply?.code == 334 && isAnswered:
            // A refused access token is answered with the reason in base64, and with 535 once that is acknowledged;
            // libcurl hangs up on the first (developers.google.com/workspace/gmail/imap/xoauth2-protocol).
            return SMTPReply(
                phase: .auth, code: 535, status: EnhancedStatus(5, 7, 8), text: "the relay refuses the access token")
        case CURLE_LOGIN_DENIED:
            return SMTPReply(
                phase: .auth, text: "the relay offers no login method that we know", failure: .unsupported)
        case CURLE_COULDNT_RESOLVE_HOST: return SMTPReply(phase: .connect, text: reason, failure: .resolve)
        case CURLE_COULDNT_CONNECT: return SMTPReply(phase: .connect, text: reason, failure: .connect)
        case CURLE_OPERATION_TIMEDOUT: return SMTPReply(phase: phase, text: reason, failure: .timeout)
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR,
            CURLE_SSL_INVALIDCERTSTATUS, CURLE_USE_SSL_FAILED:
            return SMTPReply(phase: .tls, text: reason, failure: .tls)
        case CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE, CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL:
            return SMTPReply(phase: .connect, text: reason, failure: .settings)
        case CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING:
            return SMTPReply(phase: phase, text: reason, failure: .dropped)
        case CURLE_WEIRD_SERVER_REPLY, CURLE_REMOTE_ACCESS_DENIED:
            return SMTPReply(phase: phase, text: reason, failure: isBroken || isAnswered ? .malformedReply : .dropped)
        default: return SMTPReply(phase: phase, text: reason, failure: .other)
        }
    }
}
