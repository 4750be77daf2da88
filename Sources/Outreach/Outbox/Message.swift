/// The content an effect sends, frozen: every attempt, today or after a crash, sends exactly this.
public struct Message: Hashable, Sendable {
    /// Sender and recipient as the channel needs them. Fields that a channel does not need stay empty.
    public struct Envelope: Hashable, Sendable {
        /// Where bounces go: a mail's envelope sender; empty for none.
        public var sender: String
        /// The one person or mailbox that it goes to.
        public var recipient: String
        /// Which target of the channel, as in `Route`.
        public var target: String
        /// The token that the message's bounces bring back (`ReturnPath`); empty if there is none. It is computed for
        /// each attempt, and always the same.
        public var returnToken = ""

        public init(sender: String = "", recipient: String = "", target: String = "") {
            self.sender = sender
            self.recipient = recipient
            self.target = target
        }
    }

    /// `Message-ID` without its angle brackets, or `webhook-id`. Derived from the effect's key, so that a repeat has
    /// the same.
    public var id: String
    /// The channel that the bytes are for.
    public var kind: ChannelName
    public var envelope: Envelope
    /// The bytes that the channel sends: a mail with CRLF line endings (RFC 5322), a webhook's JSON. Anything that
    /// depends on the time of an attempt, such as a webhook's signature, is computed for each attempt.
    public var bytes: [UInt8]
    /// For lists and people: a mail's subject, or a webhook's event type.
    public var summary: String
    /// The actions whose results it tells, by the numbers of their effects. Not stored with it.
    public var tells: [Int64] = []
    /// Of an action: what earlier attempts brought, and under `doubts` how many of them ended without our knowing how.
    /// Not stored with it.
    public var known: [String: String] = [:]
    /// The name in `known` of how many attempts are in doubt.
    public static let doubts = "doubts"

    public init(id: String, kind: ChannelName, envelope: Envelope, bytes: [UInt8], summary: String) {
        self.id = id
        self.kind = kind
        self.envelope = envelope
        self.bytes = bytes
        self.summary = summary
    }
}

extension Message {
    /// A complete mail, with CRLF line endings.
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

    /// A text (SMS), for that phone number.
    public static func sms(id: String, recipient: String, text: TextMessage) -> Message {
        Message(
            id: id, kind: .sms, envelope: Envelope(recipient: recipient), bytes: Array(text.text.utf8),
            summary: text.text.split(whereSeparator: \.isNewline).first.map { String($0.prefix(80)) } ?? "")
    }

    /// Words in the chat of that session.
    public static func chat(id: String, session: String, text: String) -> Message {
        Message(
            id: id, kind: .chat, envelope: Envelope(recipient: session), bytes: Array(text.utf8),
            summary: text.split(whereSeparator: \.isNewline).first.map { String($0.prefix(80)) } ?? "")
    }

    /// What is said in a chat; nil for any other message.
    public var asChat: String? { kind == .chat ? String(decoding: bytes, as: UTF8.self) : nil }

    /// What an SMS takes up; nil for any other message.
    public var asText: TextMessage? {
        kind == .sms ? TextMessage(String(decoding: bytes, as: UTF8.self)) : nil
    }

    /// The JSON body of a webhook, for the endpoint of that name in the configuration.
    public static func webhook(id: String, endpoint: String, body: [UInt8], summary: String) -> Message {
        Message(id: id, kind: .webhook, envelope: Envelope(target: endpoint), bytes: body, summary: summary)
    }
}
