// Mail that reaches the shop's mailbox. How its bytes are read is the intake's business; what is here is what a mail
// was read as, as far as anything is decided on it.

/// What an incoming mail is. Only a person's mail asks for a person; the others are kept, shown, and change nothing but
/// what is known of our own messages and whom they can reach.
public enum IncomingClass: String, Codable, Sendable, CaseIterable {
    /// It says that a message of ours did not reach somebody, and will not.
    case bounce
    /// Its recipient called a message of ours spam (RFC 5965).
    case complaint
    /// A message of ours is still being tried by somebody else's server.
    case delayed
    /// A message of ours arrived (a delivery status of success).
    case delivered
    /// A vacation reply, or another answer that no person wrote.
    case autoReply = "auto_reply"
    /// Mail of a list, or in bulk.
    case list
    /// Our own mail, fetched back.
    case own
    /// A person wrote it.
    case person
}

/// One recipient that a returned mail speaks of.
public struct ReturnedRecipient: Hashable, Sendable {
    public var address: String
    /// True where the address will not take mail again: the mailbox or its host is unknown, or it refuses mail. False
    /// where this message failed and the next may not.
    public var isHard: Bool
    /// Why, in one word of ours: `user_unknown`, `mailbox_full`, …
    public var reason: String
    /// The enhanced status code (RFC 3463), where the mail gives one.
    public var status: String?

    /// That recipient, and what came of it.
    public init(address: String, isHard: Bool, reason: String, status: String?) {
        self.address = address
        self.isHard = isHard
        self.reason = reason
        self.status = status
    }
}

/// What an incoming mail was read as.
public struct IncomingMail: Hashable, Sendable {
    public var kind: IncomingClass
    /// Whom a bounce, a complaint or a delay speaks of.
    public var recipients: [ReturnedRecipient] = []
    /// Who wrote it, by its one From; nil where it has none or several.
    public var sender: String?
    /// True where the border that the shop trusts vouches for the sender (RFC 8601).
    public var isAuthenticated = false
    public var subject = ""
    /// Her new words, without what she quoted.
    public var text = ""
    /// Its own `Message-ID`, without angle brackets.
    public var messageID: String?
    /// Ids of ours that it may speak of, the likeliest first: of the returned headers, or of what it answers.
    public var references: [String] = []
    /// Tokens of ours in the addresses that it was sent to.
    public var tokens: [String] = []
    /// An order number in her own words.
    public var orderName: String?
    /// Names of its attachments, as they may be shown.
    public var attachments: [String] = []

    /// A mail of that kind.
    public init(_ kind: IncomingClass) { self.kind = kind }
}

/// A message of ours that an incoming mail speaks of or answers.
public struct AnsweredMessage: Hashable, Sendable {
    public var effect: Effect
    /// Its `Message-ID`, without angle brackets.
    public var messageID: String
    /// Whom it went to; nil where the address is gone by age.
    public var recipient: String?
    public var subject: String?

    /// That message.
    public init(effect: Effect, messageID: String, recipient: String?, subject: String?) {
        self.effect = effect
        self.messageID = messageID
        self.recipient = recipient
        self.subject = subject
    }
}
