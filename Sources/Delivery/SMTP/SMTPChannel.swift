public import Outreach
public import Platform

/// Hands mail to the relay.
public struct SMTPChannel: Channel {
    private let transport: any MailTransport
    private let redirectTo: MailAddress?
    private let returnPath: ReturnPath?

    /// A channel over a relay.
    ///
    /// - Parameters:
    ///   - bouncesTo: the mailbox that bounces come back to, each at an address of its own; nil for the envelope sender
    ///     that the mail was composed with.
    ///   - redirectTo: one inbox that receives everything instead of the shoppers, while a shop tries things out. The
    ///     mail itself stays the same: only the envelope changes.
    public init(_ transport: any MailTransport, redirectTo: MailAddress? = nil, bouncesTo: MailAddress? = nil) {
        self.transport = transport
        self.redirectTo = redirectTo
        returnPath = bouncesTo.flatMap { ReturnPath(mailbox: $0.address) }
    }

    public func send(_ message: Message, at now: Moment) async throws(CancellationError) -> Verdict {
        try await attempt(message, at: now).verdict
    }

    public func attempt(_ message: Message, at now: Moment) async throws(CancellationError) -> AttemptAnswer {
        guard message.kind == .email else {
            return AttemptAnswer(
                .refused(Failure(reason: "content", detail: "this is not a mail, and came to the mail's channel")))
        }
        if Task.isCancelled { throw CancellationError() }
        let envelope: SMTPEnvelope
        do {
            envelope = try self.envelope(of: message)
        } catch {
            return AttemptAnswer(.refused(Failure(reason: "content", detail: error.description)))
        }
        let reply = await transport.deliver(envelope)
        if reply.failure == .cancelled, !reply.isInDoubt { throw CancellationError() }
        let verdict = verdict(for: reply)
        // While everything goes to one inbox, nothing is learned about the shoppers' domains.
        return AttemptAnswer(verdict, domainNews: redirectTo == nil ? DomainNews(reply, verdict) : nil)
    }

    private func envelope(of message: Message) throws(SMTPEnvelope.Fault) -> SMTPEnvelope {
        var sender = message.envelope.sender
        var token: String?
        // A bounce from the inbox that receives everything is not the shopper's.
        if let returnPath, redirectTo == nil, !sender.isEmpty, !message.envelope.returnToken.isEmpty {
            token = message.envelope.returnToken
            sender = returnPath.address(message.envelope.returnToken)
        }
        return try SMTPEnvelope(
            from: MailHeaders.withPlainDomain(sender),
            recipients: [MailHeaders.withPlainDomain(redirectTo?.address ?? message.envelope.recipient)],
            message: message.bytes, hasUTF8Header: Self.hasUTF8Header(message.bytes), envelopeID: token,
            notify: token == nil ? nil : [.failure, .delay])
    }

    private func verdict(for reply: SMTPReply) -> Verdict {
        let verdict = Verdict.verdict(for: reply)
        if redirectTo != nil, case .refused(var failure) = verdict, failure.reason == "mailbox" {
            // It is not the shopper's mailbox that was refused, and every mail would get the same answer.
            failure.isNoMailbox = false
            failure.reason = "configuration"
            failure.detail = "the inbox under smtp.redirect_to is refused; name another one: \(failure.detail)"
            return .unavailable(failure)
        }
        return verdict
    }

    /// Whether the header, up to the empty line after it, contains bytes beyond ASCII.
    private static func hasUTF8Header(_ bytes: [UInt8]) -> Bool {
        var previous: UInt8 = 0
        for (index, byte) in bytes.enumerated() {
            if byte >= 0x80 { return true }
            if byte == 0x0D, previous == 0x0A, index + 1 < bytes.count, bytes[index + 1] == 0x0A { return false }
            previous = byte
        }
        return false
    }
}
