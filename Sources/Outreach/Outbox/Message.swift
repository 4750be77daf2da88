/// What goes out of an effect, frozen: every attempt, today or after a crash, sends exactly this.
public struct Message: Hashable, Sendable {
    /// From whom and to whom, as the channel needs it. What a channel does not need stays empty.
    public struct Envelope: Hashable, Sendable {
        /// Where bounces go: a mail's envelope sender; empty for none.
        public var sender: String
        /// The one person or mailbox that it goes to.
        public var recipient: String
        /// Which far end of the channel, as in `Route`.
        public var target: String
        /// What the message's bounces bring back (`ReturnPath`); empty where nothing is brought back. It is made anew
        /// for each attempt, and always the same.
        public var returnToken = ""

        /// That sender, recipient and far end.
        public init(sender: String = "", recipient: String = "", target: String = "") {
            self.sender = sender
            self.recipient = recipient
            self.target = target
        }
    }

    /// `Message-ID` without its angle brackets, or `webhook-id`. Derived from the effect's key, so that a repeat has
    /// the same.
    public var id: String
    /// The channel whose bytes they are.
    public var kind: ChannelName
    public var envelope: Envelope
    /// As the channel sends them: a mail with CRLF line ends (RFC 5322), a webhook's JSON. What covers an attempt's own
    /// time, such as a webhook's signature, is made anew for each attempt.
    public var bytes: [UInt8]
    /// For lists and people: a mail's subject, or a webhook's event type.
    public var summary: String

    /// Frozen bytes with their id.
    public init(id: String, kind: ChannelName, envelope: Envelope, bytes: [UInt8], summary: String) {
        self.id = id
        self.kind = kind
        self.envelope = envelope
        self.bytes = bytes
        self.summary = summary
    }
}

extension Message {
    /// A mail, whole, with CRLF line ends.
    ///
    /// - Parameters:
    ///   - sender: the envelope sender, where bounces go; empty for none.
    ///   - recipient: the one recipient.
    public static func mail(
        id: String, sender: String, recipient: String, bytes: [UInt8], summary: String
    ) -> Message {
        Message(
            id: id, kind: .email, envelope: Envelope(sender: sender, recipient: recipient), bytes: bytes,
            summary: summary)
    }

    /// The JSON body of a webhook, for the endpoint of that name in the configuration.
    public static func webhook(id: String, endpoint: String, body: [UInt8], summary: String) -> Message {
        Message(id: id, kind: .webhook, envelope: Envelope(target: endpoint), bytes: body, summary: summary)
    }
}
