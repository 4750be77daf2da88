public import Outreach
public import Platform

/// Hands mail to the relay.
public struct SMTPChannel: Channel {
    private let transport: any MailTransport
    private let redirectTo: MailAddress?

    /// An outlet over a relay.
    ///
    /// - Parameters:
    ///   - redirectTo: one inbox that gets everything instead of the shoppers, while a shop tries things out. The mail
    ///     itself stays as it is: only the envelope changes.
    public init(_ transport: any MailTransport, redirectTo: MailAddress? = nil) {
        self.transport = transport
        self.redirectTo = redirectTo
    }

    public func send(_ message: Message, at now: Moment) async throws(CancellationError) -> Verdict {
        guard message.kind == .email else {
            return .refused(Failure(reason: "content", detail: "this is not a mail, and came to the mail's channel"))
        }
        if Task.isCancelled { throw CancellationError() }
        let envelope: SMTPEnvelope
        do {
            envelope = try SMTPEnvelope(
                from: MailHeaders.withPlainDomain(message.envelope.sender),
                recipients: [MailHeaders.withPlainDomain(redirectTo?.address ?? message.envelope.recipient)],
                message: message.bytes, hasUTF8Header: Self.hasUTF8Header(message.bytes))
        } catch {
            return .refused(Failure(reason: "content", detail: error.description))
        }
        let reply = await transport.deliver(envelope)
        if reply.failure == .cancelled, !reply.isInDoubt { throw CancellationError() }
        let verdict = Verdict.verdict(for: reply)
        if redirectTo != nil, case .refused(var failure) = verdict, failure.reason == "mailbox" {
            // It is not the shopper's mailbox that was refused, and every mail would meet the same.
            failure.isNoMailbox = false
            failure.reason = "configuration"
            failure.detail = "the inbox under smtp.redirect_to is refused; name another one: \(failure.detail)"
            return .unavailable(failure)
        }
        return verdict
    }

    /// Whether the header, up to its empty line, has bytes beyond ASCII.
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
