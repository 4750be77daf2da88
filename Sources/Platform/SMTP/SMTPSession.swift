internal import CCurl
import Glibc

/// One connection to a relay. libcurl opens it, secures it and logs in (CURLOPT_CONNECT_ONLY); then the connection is
/// ours, and mails go over it one after another. Lives on the engine's thread and never blocks it.
///
/// We do not use libcurl's own mail sending, for two reasons: it waits for the reply to the final dot inside
/// curl_multi_perform, which would block all other transfers for as long as the relay takes, and it closes the
/// connection after any refusal.
final class SMTPSession {
    enum State {
        case opening
        case idle
        /// With a mail.
        case busy
        /// After a refusal, until RSET is answered.
        case resetting
        /// QUIT was sent.
        case leaving
        case closed
    }

    /// The result of a turn on the connection.
    enum Turn {
        case nothing
        /// The mail is finished; the session's state says what it can do next.
        case done(SMTPJob, SMTPReply)
        /// The session was dead before the relay said anything about this mail, and none of its bytes were sent:
        /// another session may try it.
        case unanswered(SMTPJob, SMTPReply)
    }

    let easy: EasyHandle
    let settings: SMTPSettings
    let isImplicit: Bool
    private(set) var state = State.opening
    private(set) var login = SMTPLogin()
    /// The deadline of the session's current state.
    private(set) var deadline: ContinuousClock.Instant = .now
    private(set) var openedAt: ContinuousClock.Instant = .now
    private(set) var socket: curl_socket_t = CURL_SOCKET_BAD
    private(set) var job: SMTPJob?
    private var mails = 0
    private var conversation: SMTPConversation?
    private var hasHeard = false
    private var reader = SMTPReplyReader()
    private var outgoing: [UInt8] = []
    private var sent = 0
    private var isSendingMessage = false
    private var buffer = [UInt8](repeating: 0, count: 4096)

    /// Whether bytes are waiting to be sent.
    var wantsToWrite: Bool { sent < outgoing.count }
    /// Whether the connection is ours, so that its socket has to be watched.
    var isWatched: Bool { socket != CURL_SOCKET_BAD && state != .opening && state != .closed }

    /// Prepares the handle; adding it to the multi handle begins the connection.
    ///
    /// - Parameter token: logs in by XOAUTH2 instead of the password.
    init(_ settings: SMTPSettings, token: SecretString? = nil) throws(SMTPUnusable) {
        guard let easy = EasyHandle() else { throw SMTPUnusable(.other, "out of memory") }
        self.easy = easy
        self.settings = settings
        let url = try RelayURL(settings)
        isImplicit = url.isImplicit
        easy.set(CURLOPT_URL, url.text)
        easy.set(CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        easy.set(CURLOPT_CONNECT_ONLY, 1)
        easy.set(CURLOPT_USE_SSL, url.useSSL)
        easy.set(CURLOPT_CONNECTTIMEOUT_MS, settings.connectTimeout)
        easy.set(CURLOPT_TIMEOUT_MS, settings.connectTimeout + settings.replyTimeout)
        easy.set(CURLOPT_SERVER_RESPONSE_TIMEOUT, max(1, Int(settings.replyTimeout.components.seconds)))
        if let authorities = settings.authorities { easy.set(CURLOPT_CAINFO, authorities) }
        if let certificate = settings.certificate { easy.set(CURLOPT_SSLCERT, certificate) }
        if let key = settings.key { easy.set(CURLOPT_SSLKEY, key) }
        if let username = settings.username {
            easy.set(CURLOPT_USERNAME, username)
            if let token {
                easy.set(CURLOPT_XOAUTH2_BEARER, token.reveal())
                easy.set(CURLOPT_LOGIN_OPTIONS, "AUTH=XOAUTH2")
                easy.set(CURLOPT_SASL_IR, 1)
            } else {
                easy.set(CURLOPT_PASSWORD, settings.password.reveal())
                easy.set(CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN")
            }
        }
        easy.check(bookbag_on_debug(easy.raw, onDebug, Unmanaged.passUnretained(self).toOpaque()))
        if easy.firstRefusal != CURLE_OK { throw SMTPUnusable(.settings, easy.reason(easy.firstRefusal)) }
    }

    fileprivate func hear(_ kind: curl_infotype, _ bytes: UnsafeRawBufferPointer) {
        guard state == .opening else { return }
        if kind == CURLINFO_HEADER_OUT { login.sent(bytes) }
        if kind == CURLINFO_HEADER_IN { login.received(bytes) }
    }

    /// Takes over the connection that libcurl has opened.
    ///
    /// - Returns: the reply for waiting mails, if it failed.
    func opened(_ code: CURLcode) -> SMTPReply? {
        easy.set(CURLOPT_VERBOSE, 0)
        guard code == CURLE_OK else {
            state = .closed
            return login.reply(
                to: code, reason: easy.reason(code), isConnected: easy.size(CURLINFO_CONNECT_TIME_T) > 0,
                isImplicit: isImplicit, isSecured: easy.size(CURLINFO_APPCONNECT_TIME_T) > 0)
        }
        guard bookbag_getinfo_socket(easy.raw, &socket) == CURLE_OK, socket != CURL_SOCKET_BAD else {
            state = .closed
            return SMTPReply(phase: login.phase, text: "the connection was lost", failure: .dropped)
        }
        // libcurl continues without a login if none is offered, but a configured user name demands one.
        if settings.username != nil, login.phase != .auth {
            state = .closed
            return SMTPReply(phase: .auth, text: "the relay does not offer AUTH", failure: .unsupported)
        }
        openedAt = .now
        rest()
        // The first read also ties the connection to this handle, so that libcurl does not consider it idle.
        _ = pump()
        return state == .closed ? SMTPReply(phase: login.phase, text: "the relay hung up", failure: .dropped) : nil
    }

    /// Whether the session may take another mail. It takes the one it was opened for at any age.
    func isReady(at now: ContinuousClock.Instant) -> Bool {
        state == .idle && (mails == 0 || now - openedAt < settings.sessionLifetime)
    }

    /// Starts a mail, or just a check whether the connection is alive.
    func begin(_ job: SMTPJob) -> Turn {
        self.job = job
        state = .busy
        hasHeard = false
        guard let envelope = job.envelope else {
            conversation = nil
            send(Array("NOOP\r\n".utf8), within: settings.replyTimeout)
            return pump()
        }
        let (conversation, step) = SMTPConversation.begin(envelope, login.capabilities)
        self.conversation = conversation
        let turn = carryOut(step)
        if case .nothing = turn { return pump() }
        return turn
    }

    /// Says goodbye; the relay has two seconds to answer.
    func leave() {
        guard state == .idle || state == .resetting && !wantsToWrite else { return close() }
        state = .leaving
        send(Array("QUIT\r\n".utf8), within: .seconds(2))
        _ = pump()
    }

    /// Abandons the session.
    func close() { state = .closed }

    /// Takes the job from the session, which is then unusable.
    func abandon(_ failure: SMTPReply.Failure, _ text: String) -> Turn {
        let wasIdle = job == nil
        state = .closed
        guard !wasIdle, let job else { return .nothing }
        self.job = nil
        let reply = SMTPReply(
            phase: conversation?.phase ?? .ehlo, text: text, failure: failure,
            isInDoubt: isSendingMessage && sent == outgoing.count)
        let isStale = failure == .dropped && !hasHeard && mails > 0 && !isSendingMessage && !job.wasRetried
        return isStale ? .unanswered(job, reply) : .done(job, reply)
    }

    /// Acts on an expired deadline.
    func expire() -> Turn {
        switch state {
        case .idle:
            leave()
            return .nothing
        case .busy: return abandon(.timeout, "the relay did not answer in time")
        case .opening: return .nothing
        case .resetting, .leaving, .closed:
            close()
            return .nothing
        }
    }

    // MARK: The line

    /// Writes and reads as much as the connection allows.
    func pump() -> Turn {
        guard state != .closed, state != .opening else { return .nothing }
        repeat {
            hasNewOutput = false
            if let turn = flush() ?? receive() { return turn }
        } while hasNewOutput
        return .nothing
    }

    /// Set if a reply has queued new bytes, so that they are sent without waiting for the next turn.
    private var hasNewOutput = false

    /// Sends as much as possible. Returns `nil` to continue.
    private func flush() -> Turn? {
        while sent < outgoing.count {
            var count = 0
            let code = outgoing.withUnsafeBytes { bytes in
                curl_easy_send(easy.raw, bytes.baseAddress! + sent, bytes.count - sent, &count)
            }
            if code == CURLE_AGAIN { return nil }
            // The relay's words before it hung up matter more than the fact that it did.
            if code != CURLE_OK { return receive() ?? abandon(.dropped, "the relay closed the connection") }
            sent += count
            if state == .busy {
                deadline =
                    .now
                    + (!isSendingMessage
                        ? settings.replyTimeout
                        : sent == outgoing.count ? settings.finalReplyTimeout : settings.blockTimeout)
            }
        }
        return nil
    }

    /// Reads everything available. Returns `nil` to continue.
    private func receive() -> Turn? {
        while true {
            var count = 0
            let code = buffer.withUnsafeMutableBytes { curl_easy_recv(easy.raw, $0.baseAddress, $0.count, &count) }
            if code == CURLE_AGAIN { return nil }
            guard code == CURLE_OK, count > 0 else {
                return abandon(.dropped, "the relay closed the connection")
            }
            let replies: [SMTPReplyLines]
            do throws(SMTPReply.Failure) { replies = try reader.read(buffer[..<count]) } catch {
                return abandon(.malformedReply, "the relay's reply is not SMTP")
            }
            for reply in replies {
                if let turn = take(reply) { return turn }
            }
        }
    }

    /// - Returns: `nil` to read on.
    private func take(_ reply: SMTPReplyLines) -> Turn? {
        switch state {
        case .busy:
            if reply.code == 421, !hasHeard, mails > 0, !isSendingMessage, let job, !job.wasRetried {
                // The relay closed this old session while our commands were in transit.
                self.job = nil
                state = .closed
                let text = SMTPReply(phase: .mailFrom, code: reply.code, status: reply.status, text: reply.text)
                return .unanswered(job, text)
            }
            hasHeard = true
            guard conversation != nil else {
                let answer = SMTPReply(phase: .ehlo, code: reply.code, status: reply.status, text: reply.text)
                return finish(answer, reply.code / 100 == 2 ? .ready : .close)
            }
            let isEarly = isSendingMessage && wantsToWrite
            let step = conversation!.take(reply)
            if isEarly, case .end(var answer, _) = step {
                // It replied before we finished; accepting half a message does not count.
                if answer.code.map({ $0 / 100 == 2 }) == true {
                    answer = SMTPReply(phase: .finalDot, text: answer.text, failure: .malformedReply)
                }
                return finish(answer, .close)
            }
            let turn = carryOut(step)
            if case .nothing = turn { return nil }
            return turn
        case .resetting:
            if reply.code / 100 == 2 { rest() } else { leave() }
            return nil
        case .leaving, .idle, .opening, .closed:
            close()
            return .nothing
        }
    }

    private func carryOut(_ step: SMTPConversation.Step) -> Turn {
        switch step {
        case .wait:
            deadline = .now + settings.replyTimeout
            return .nothing
        case .send(let commands):
            send(commands, within: settings.replyTimeout)
            return .nothing
        case .sendMessage:
            send(job?.envelope?.wire ?? [], within: settings.blockTimeout)
            isSendingMessage = true
            return .nothing
        case .end(let reply, let aftermath): return finish(reply, aftermath)
        }
    }

    private func finish(_ reply: SMTPReply, _ aftermath: SMTPConversation.Aftermath) -> Turn {
        guard let job else { return .nothing }
        self.job = nil
        mails += 1
        switch aftermath {
        case .ready: rest()
        case .reset:
            state = .resetting
            send(Array("RSET\r\n".utf8), within: .seconds(30))
        case .close: state = .closed
        }
        return .done(job, reply)
    }

    private func rest() {
        state = .idle
        conversation = nil
        isSendingMessage = false
        outgoing = []
        sent = 0
        deadline = .now + settings.idleTimeout
    }

    private func send(_ bytes: [UInt8], within patience: Duration) {
        isSendingMessage = false
        outgoing = bytes
        sent = 0
        deadline = .now + patience
        hasNewOutput = true
    }
}

private let onDebug: curl_debug_callback = { _, kind, bytes, count, context in
    Unmanaged<SMTPSession>.fromOpaque(context!).takeUnretainedValue()
        .hear(kind, UnsafeRawBufferPointer(start: bytes, count: count))
    return 0
}
