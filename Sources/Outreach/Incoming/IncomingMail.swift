// Mail that reaches the shop's mailbox. How its bytes are read is the intake's concern; here is the result, as far as
// decisions depend on it.

/// What an incoming mail is. Only a person's mail needs a person; the others are stored and shown, and change nothing
/// except what is known about our own messages and whom they can reach.
public enum IncomingClass: String, Codable, Sendable, CaseIterable {
    /// It says that a message of ours did not reach somebody, and will not.
    case bounce
    /// Its recipient marked a message of ours as spam (RFC 5965).
    case complaint
    /// Another server is still trying to deliver a message of ours.
    case delayed
    /// A message of ours arrived (a delivery status of success).
    case delivered
    /// A vacation reply, or another reply not written by a person.
    case autoReply = "auto_reply"
    /// Mail from a list, or bulk mail.
    case list
    /// Our own mail, fetched back.
    case own
    /// A person wrote it.
    case person
    /// A text (SMS) of nothing but a word for the machine: STOP, START or HELP.
    case keyword
}

/// One recipient that a returned mail refers to.
public struct ReturnedRecipient: Hashable, Sendable {
    public var address: String
    /// True if the address will not accept mail again: the mailbox or its host is unknown, or it refuses mail. False if
    /// this message failed but the next may not.
    public var isHard: Bool
    /// Why, in one word of ours: `user_unknown`, `mailbox_full`, …
    public var reason: String
    /// The enhanced status code (RFC 3463), if the mail gives one.
    public var status: String?

    public init(address: String, isHard: Bool, reason: String, status: String?) {
        self.address = address
        self.isHard = isHard
        self.reason = reason
        self.status = status
    }
}

/// What an incoming mail contains, after reading.
public struct IncomingMail: Hashable, Sendable {
    public var kind: IncomingClass
    /// The recipients that a bounce, a complaint or a delay is about.
    public var recipients: [ReturnedRecipient] = []
    /// Who wrote it, by its single From address; nil if it has none or several.
    public var sender: String?
    /// True if the mail server that the shop trusts vouches for the sender (RFC 8601).
    public var isAuthenticated = false
    public var subject = ""
    /// Her new words, without the text she quoted.
    public var text = ""
    /// What stands above the line that our mails to the shop's people have, without what a mail program put there; nil
    /// where the line is not in it.
    public var textAboveLine: String?
    /// True if files are attached, pictures within the text aside.
    public var hasFiles = false
    /// Its own `Message-ID`, without angle brackets.
    public var messageID: String?
    /// Ids of ours that it may refer to, the likeliest first: from the returned headers, or from what it replies to.
    public var references: [String] = []
    /// Tokens of ours in the addresses that it was sent to.
    public var tokens: [String] = []
    /// An order number in her own words.
    public var orderName: String?
    /// The files beside its text, each at its place in the mail.
    public var attachments: [MessageFile] = []
    /// The addresses that it was sent to.
    public var recipientAddresses: [String] = []
    /// What the sender calls herself; nil where the mail does not say.
    public var senderName: String?
    /// True if it came through another hand: a contact form, a colleague's forward. Then the sender is a claim.
    public var isRelayed = false
    /// True if a picture is attached that is large enough to show something.
    public var hasPhoto = false

    public init(_ kind: IncomingClass) { self.kind = kind }
}

/// A message of ours that an incoming mail refers to or replies to.
public struct AnsweredMessage: Hashable, Sendable {
    public var effect: Effect
    /// Its `Message-ID`, without angle brackets.
    public var messageID: String
    /// Whom it went to; nil if the address has been deleted because of its age.
    public var recipient: String?
    public var subject: String?

    public init(effect: Effect, messageID: String, recipient: String?, subject: String?) {
        self.effect = effect
        self.messageID = messageID
        self.recipient = recipient
        self.subject = subject
    }
}
