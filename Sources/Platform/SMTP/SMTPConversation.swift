// One mail's part of an SMTP session (RFC 5321, 3.3), as a value: it takes the relay's replies and returns what to send
// next. It knows no socket and no clock, so every turn of a conversation can be tested alone.
//
// If the relay offers PIPELINING (RFC 2920), the commands go out together: MAIL, all RCPTs and, for a single recipient,
// DATA. The message itself always waits for 354. With several recipients DATA waits too: if one of them is refused, the
// others must not get an empty mail or one meant for all.
//
// A refusal before 354 leaves half a transaction, which RSET clears. If a 354 crosses a refusal (DATA was already on
// its way), the relay waits for a message: the line is then closed without the final dot, which discards everything
// (RFC 5321, 4.1.1.4 and 3.8).

/// A relay's capabilities, from its last EHLO (RFC 5321, 4.1.1.1).
struct SMTPCapabilities: Equatable, Sendable {
    var pipelining = false
    var eightBit = false
    var smtpUTF8 = false
    var size = false
    var dsn = false
    var startTLS = false
    /// The mechanisms offered, upper case.
    var auth: Set<String> = []

    /// Parses the lines of a reply to EHLO; the first is the relay's name.
    init(ehlo lines: [String] = []) {
        for line in lines.dropFirst() {
            let words = line.uppercased().split(whereSeparator: { $0 == " " || $0 == "=" })
            switch words.first {
            case "PIPELINING": pipelining = true
            case "8BITMIME": eightBit = true
            case "SMTPUTF8": smtpUTF8 = true
            case "SIZE": size = true
            case "DSN": dsn = true
            case "STARTTLS": startTLS = true
            case "AUTH": auth.formUnion(words.dropFirst().map(String.init))
            default: break
            }
        }
    }
}

/// One mail's conversation in an open, logged-in SMTP session.
struct SMTPConversation: Sendable {
    /// What to do next.
    enum Step: Equatable, Sendable {
        /// Wait for the next reply.
        case wait
        /// Send these commands, then wait.
        case send([UInt8])
        /// Send the envelope's message with its final dot, then wait.
        case sendMessage
        /// It is over, with the state of the session.
        case end(SMTPReply, Aftermath)
    }

    /// The state in which a mail leaves its session.
    enum Aftermath: Equatable, Sendable {
        /// Ready for the next mail.
        case ready
        /// Half a transaction is open: RSET first.
        case reset
        /// Unusable: close it without another word.
        case close
    }

    private enum Expected: Equatable, Sendable {
        case mailFrom
        case rcpt(Int)
        case data
        case finalDot
    }

    private let recipients: [String]
    private let pipelines: Bool
    /// The replies still expected for sent commands.
    private var expected: [Expected] = []
    private var refusal: SMTPReply?

    /// Which step the next reply belongs to.
    var phase: SMTPReply.Phase {
        switch expected.first {
        case .mailFrom, nil: .mailFrom
        case .rcpt: .rcpt
        case .data: .data
        case .finalDot: .finalDot
        }
    }

    /// Prepares the conversation for a mail; ``begin(_:_:)`` returns the first bytes.
    private init(_ envelope: SMTPEnvelope, pipelines: Bool) {
        recipients = envelope.recipients
        self.pipelines = pipelines
    }

    /// Begins a conversation.
    ///
    /// - Returns: the conversation, and its first step: commands to send, or an end if the relay lacks what the mail
    ///   needs.
    static func begin(_ envelope: SMTPEnvelope, _ relay: SMTPCapabilities) -> (SMTPConversation, Step) {
        var conversation = SMTPConversation(envelope, pipelines: relay.pipelining)
        func unsupported(_ text: String) -> Step {
            .end(SMTPReply(phase: .mailFrom, text: text, failure: .unsupported), .ready)
        }
        if envelope.needsSMTPUTF8, !relay.smtpUTF8 {
            return (conversation, unsupported("the relay does not accept addresses or headers in UTF-8 (SMTPUTF8)"))
        }
        if envelope.needsEightBit, !relay.eightBit {
            return (conversation, unsupported("the relay does not accept 8-bit mail (8BITMIME)"))
        }
        var commands = mailFrom(envelope, relay)
        conversation.expected = [.mailFrom]
        if relay.pipelining {
            for (index, recipient) in envelope.recipients.enumerated() {
                commands += rcpt(recipient, envelope, relay)
                conversation.expected.append(.rcpt(index))
            }
            if envelope.recipients.count == 1 {
                commands += "DATA\r\n"
                conversation.expected.append(.data)
            }
        } else {
            conversation.unsent = envelope.recipients.map { rcpt($0, envelope, relay) }
        }
        return (conversation, .send(Array(commands.utf8)))
    }

    /// RCPT commands waiting for the reply to the previous one.
    private var unsent: [String] = []

    /// Takes the next reply.
    mutating func take(_ reply: SMTPReplyLines) -> Step {
        guard !expected.isEmpty else {
            // An unsolicited reply: 421 before closing is the legitimate case (RFC 5321, 3.8).
            return .end(answer(reply, .mailFrom), .close)
        }
        let step = expected.removeFirst()
        if reply.code == 421, step != .finalDot { return .end(refusal ?? answer(reply, phase(of: step)), .close) }
        switch step {
        case .mailFrom, .rcpt:
            if reply.code / 100 != 2, refusal == nil {
                refusal = answer(reply, phase(of: step))
                if case .rcpt(let index) = step { refusal?.recipient = index }
            }
            return proceed()
        case .data:
            guard reply.code == 354 else {
                // 2xx to DATA is not SMTP; nobody knows what the relay thinks it has accepted.
                if reply.code / 100 == 2 {
                    return .end(
                        refusal ?? SMTPReply(phase: .data, text: reply.text, failure: .malformedReply), .close)
                }
                return .end(refusal ?? answer(reply, .data), .reset)
            }
            if let refusal { return .end(refusal, .close) }
            expected = [.finalDot]
            return .sendMessage
        case .finalDot:
            let isKnown = reply.code / 100 != 3
            guard isKnown else {
                return .end(
                    SMTPReply(phase: .finalDot, text: reply.text, failure: .malformedReply, isInDoubt: true), .close)
            }
            return .end(answer(reply, .finalDot), reply.code == 421 ? .close : .ready)
        }
    }

    private mutating func proceed() -> Step {
        if !expected.isEmpty { return .wait }
        if let refusal { return .end(refusal, .reset) }
        if !unsent.isEmpty {
            expected = [.rcpt(recipients.count - unsent.count)]
            return .send(Array(unsent.removeFirst().utf8))
        }
        expected = [.data]
        return .send(Array("DATA\r\n".utf8))
    }

    private func phase(of step: Expected) -> SMTPReply.Phase {
        switch step {
        case .mailFrom: .mailFrom
        case .rcpt: .rcpt
        case .data: .data
        case .finalDot: .finalDot
        }
    }

    private func answer(_ reply: SMTPReplyLines, _ phase: SMTPReply.Phase) -> SMTPReply {
        SMTPReply(phase: phase, code: reply.code, status: reply.status, text: reply.text)
    }

    private static func mailFrom(_ envelope: SMTPEnvelope, _ relay: SMTPCapabilities) -> String {
        var command = "MAIL FROM:<\(envelope.from)>"
        if relay.size { command += " SIZE=\(envelope.size)" }
        if envelope.needsEightBit { command += " BODY=8BITMIME" }
        if envelope.needsSMTPUTF8 { command += " SMTPUTF8" }
        if relay.dsn {
            // The header is enough to identify the mail; returning the body would only waste bandwidth.
            command += " RET=HDRS"
            if let id = envelope.envelopeID { command += " ENVID=\(xtext(id))" }
        }
        return command + "\r\n"
    }

    private static func rcpt(_ recipient: String, _ envelope: SMTPEnvelope, _ relay: SMTPCapabilities) -> String {
        var command = "RCPT TO:<\(recipient)>"
        if relay.dsn, let notify = envelope.notify {
            let names: [(SMTPEnvelope.Notification, String)] = [
                (.failure, "FAILURE"), (.delay, "DELAY"), (.success, "SUCCESS"),
            ]
            let asked = names.filter { notify.contains($0.0) }.map(\.1)
            command += " NOTIFY=" + (asked.isEmpty ? "NEVER" : asked.joined(separator: ","))
            if recipient.utf8.allSatisfy({ $0 < 0x80 }) { command += " ORCPT=rfc822;\(xtext(recipient))" }
        }
        return command + "\r\n"
    }

    /// RFC 3461, 4: printable characters stay as they are, except `+` and `=`.
    static func xtext(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".unicodeScalars)
        var encoded = String.UnicodeScalarView()
        for byte in text.utf8 {
            if (0x21...0x7E).contains(byte), byte != UInt8(ascii: "+"), byte != UInt8(ascii: "=") {
                encoded.append(Unicode.Scalar(byte))
            } else {
                encoded.append(contentsOf: ["+", digits[Int(byte >> 4)], digits[Int(byte & 15)]])
            }
        }
        return String(encoded)
    }
}
