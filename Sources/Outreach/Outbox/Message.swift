/// The frozen bytes of an effect: every attempt, today or after a crash, sends exactly these.
public struct Message: Hashable, Sendable {
    /// What goes out, by channel.
    public enum Content: Hashable, Sendable {
        /// A mail, whole, with CRLF line ends.
        case mail(MailContent)
        /// The body of a webhook. Its signature is made anew for each attempt, for it covers the attempt's own time.
        case webhook(WebhookContent)
    }

    /// A mail as it goes to the relay.
    public struct MailContent: Hashable, Sendable {
        /// The envelope sender, where bounces go; empty for none.
        public var sender: String
        /// The one recipient.
        public var recipient: String
        /// Header and body, RFC 5322, as sent.
        public var bytes: [UInt8]

        /// A mail from and to.
        public init(sender: String, recipient: String, bytes: [UInt8]) {
            self.sender = sender
            self.recipient = recipient
            self.bytes = bytes
        }
    }

    /// A webhook as it goes to its endpoint.
    public struct WebhookContent: Hashable, Sendable {
        /// The endpoint's name in the configuration.
        public var endpoint: String
        /// JSON, as sent and signed.
        public var body: [UInt8]

        /// A body for an endpoint.
        public init(endpoint: String, body: [UInt8]) {
            self.endpoint = endpoint
            self.body = body
        }
    }

    /// `Message-ID` without its angle brackets, or `webhook-id`. Derived from the effect's key, so that a repeat has the same.
    public var id: String
    public var content: Content
    /// For lists and people: a mail's subject, or a webhook's event type.
    public var summary: String

    /// Frozen content with its id.
    public init(id: String, content: Content, summary: String) {
        self.id = id
        self.content = content
        self.summary = summary
    }
}
