/// What became of one incoming mail. It is written in one step with the mark that the mail was judged, so whatever dies
/// in between judges it again, and nothing is done twice.
public struct IncomingOutcome: Hashable, Sendable {
    /// Whom we must not write to from now on.
    public struct Silencing: Hashable, Sendable {
        /// By what the address is known.
        public enum Who: Hashable, Sendable {
            case address(String)
            /// Its keyed hash, as a token of ours names it.
            case key([UInt8])
        }

        public var who: Who
        public var stream: MailStream
        /// In one word: `bounce`, `soft_bounce`, `complaint`, `opt_out`.
        public var reason: String
        /// The reason of a silence that was asked for.
        public static let optOut = "opt_out"
        /// A sentence without personal data.
        public var note: String
        /// Nil for ever.
        public var until: Moment?
    }

    /// Whom we may write to again, about what.
    public struct Revocation: Hashable, Sendable {
        public var address: String
        public var stream: MailStream
    }

    /// The raw observation that it was read from.
    public var observation: RawObservation
    public var kind: IncomingClass
    /// Whose it is: who wrote it, or whom a returned message was for. Kept as a keyed hash.
    public var address: String?
    /// The message of ours that it speaks of or answers.
    public var effectID: Int64?
    /// What it is about, where that is known.
    public var aggregate: AggregateID?
    /// Nil where nothing bounced.
    public var isHard: Bool?
    /// Why a message came back, in one word.
    public var reason: String?
    /// What it came to, as a sentence without personal data, for `explain`.
    public var detail: String
    /// The message ends as bounced.
    public var isEndOfMessage = false
    /// It proves that a message in doubt arrived.
    public var provesArrival = false
    public var silencings: [Silencing] = []
    /// Silences that somebody took back: those of that stream which were asked for (`Silencing.optOut`) end.
    public var revocations: [Revocation] = []
    /// A mail to the shop's own people, made of it.
    public var forward: SystemMail?
    /// An answer to whoever wrote, made of it.
    public var reply: SystemMail?

    /// A mail of that kind of which nothing came so far.
    public init(_ observation: RawObservation, _ kind: IncomingClass, detail: String) {
        self.observation = observation
        self.kind = kind
        self.detail = detail
    }
}

/// A mail that Bookbag itself sends once to the shop's people: an effect of origin `system`.
public struct SystemMail: Hashable, Sendable {
    /// What made it, in one word: `forwarded`.
    public var maker: String
    /// Makes the confirmation of a wish for no more offers.
    public static let stopped = "stopped"
    /// The occurrence: the same key is sent once.
    public var key: String
    public var message: Message
    public var aggregate: AggregateID?
    public var dueAt: Moment

    /// That mail, to be attempted from then on.
    public init(maker: String, key: String, message: Message, aggregate: AggregateID?, dueAt: Moment) {
        self.maker = maker
        self.key = key
        self.message = message
        self.aggregate = aggregate
        self.dueAt = dueAt
    }
}
