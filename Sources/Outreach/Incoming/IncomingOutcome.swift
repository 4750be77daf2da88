/// The result of judging one incoming mail. It is written in one step with the mark that the mail was judged, so if
/// anything fails in between it is judged again, and nothing is done twice.
public struct IncomingOutcome: Hashable, Sendable {
    /// An address that we must not write to from now on.
    public struct Silencing: Hashable, Sendable {
        /// How the address is known.
        public enum Who: Hashable, Sendable {
            case address(String)
            /// Its keyed hash, as contained in a token of ours.
            case key([UInt8])
            /// Whoever gets news of the order with that id.
            case order(String)
        }

        public var who: Who
        public var stream: MailStream
        /// One word: `bounce`, `soft_bounce`, `complaint`, `opt_out`.
        public var reason: String
        /// The reason of a silence that was asked for.
        public static let optOut = "opt_out"
        /// A sentence without personal data.
        public var note: String
        /// Nil for forever.
        public var until: Moment?
    }

    /// Whom we may write to again, about what.
    public struct Revocation: Hashable, Sendable {
        public var address: String
        public var stream: MailStream
        /// The order whose news is meant, by its id; nil for all that goes to the address.
        public var orderID: String?

        public init(address: String, stream: MailStream, orderID: String? = nil) {
            self.address = address
            self.stream = stream
            self.orderID = orderID
        }
    }

    /// The raw observation that it was read from.
    public var observation: RawObservation
    public var kind: IncomingClass
    /// Whose it is: its author, or the recipient of a returned message. Stored as a keyed hash.
    public var address: String?
    /// The message of ours that it refers to or replies to.
    public var effectID: Int64?
    /// What it is about, if known.
    public var aggregate: AggregateID?
    /// Nil if nothing bounced.
    public var isHard: Bool?
    /// Why a message came back, in one word.
    public var reason: String?
    /// What it led to, as a sentence without personal data, for `explain`.
    public var detail: String
    /// True if it ends the message as bounced.
    public var isEndOfMessage = false
    /// True if it proves that a message in doubt arrived.
    public var provesArrival = false
    public var silencings: [Silencing] = []
    /// Silences that were taken back: those of that stream that were asked for (`Silencing.optOut`) end.
    public var revocations: [Revocation] = []
    /// A mail to the shop's own people that results from it.
    public var forward: SystemMail?
    /// An answer to whoever wrote, made of it.
    public var reply: SystemMail?

    /// The outcome for a mail of that kind that has led to nothing so far.
    public init(_ observation: RawObservation, _ kind: IncomingClass, detail: String) {
        self.observation = observation
        self.kind = kind
        self.detail = detail
    }
}

/// A mail that Bookbag itself sends to the shop's people, once: an effect of origin `system`.
public struct SystemMail: Hashable, Sendable {
    /// What created it, in one word: `forwarded`.
    public var maker: String
    /// Makes the confirmation of a request for no more offers.
    public static let stopped = "stopped"
    /// What makes mails to customers; all others are for the shop's people.
    public static let toCustomers: Set<String> = [
        stopped, "chat_code", "chat_unread", "elsewhere", "new_link", "page_code",
    ]
    /// The occurrence: the same key is only sent once.
    public var key: String
    public var message: Message
    public var aggregate: AggregateID?
    public var dueAt: Moment

    public init(maker: String, key: String, message: Message, aggregate: AggregateID?, dueAt: Moment) {
        self.maker = maker
        self.key = key
        self.message = message
        self.aggregate = aggregate
        self.dueAt = dueAt
    }
}
