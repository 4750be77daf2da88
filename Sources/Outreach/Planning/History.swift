/// What was sent before, as far as conditions and limits need it. Read by the store in the transaction that decides.
public struct History: Hashable, Sendable, Codable {
    /// Messages sent to the shopper about this order.
    public var messagesAboutOrder: Int
    /// Messages sent to the shopper about this shipment, return or refund.
    public var messagesAboutSubject: Int
    /// Messages sent to this address in the last 7 days.
    public var messagesLast7Days: Int
    /// Orders of this customer placed in the last 30 days, this one included.
    public var ordersLast30Days: Int
    /// When something last went wrong for this customer: a delay, an exception, a loss.
    public var lastProblemAt: Moment?
    /// The same of her other orders.
    public var otherProblemAt: Moment?
    /// True if the address, the customer or the order is currently silenced for this kind of mail.
    public var silenced: Bool
    /// True while one of the shop's people has a conversation about the order; of marketing and ratings also one that is
    /// about no order, with the address.
    public var isWithPerson = false
    /// Of an answer: whether she wrote about the order in another conversation, before the message that would be
    /// answered and within `ConversationRules.followUp` of it.
    public var isAskedElsewhere = false
    /// When each mail to this address was sent or became ready, apart from the one being judged; as far back as the
    /// shop's limit looks.
    public var counted: [Moment] = []
    /// When this address was last written to, apart from the mail being judged.
    public var lastMessageAt: Moment?
    /// What the triggers that replace this one have sent about the order: which trigger, and about which subjects.
    public var told: [Told] = []
    /// The customer's newest score, of whatever kind; from 1 to 5.
    public var lastRating: Int?
    /// When the customer was last asked for a rating, apart from the message being judged. Only looked up for messages
    /// that ask for one.
    public var lastAskedAt: Moment?
    /// The rating that the event tells of, as it is now; nil for other events, and where it is not known.
    public var rating: RatingNow?

    /// Of an action: true if the message that was to tell of it waits no more.
    public var isToldAlready = false
    /// Of a gift that waits: what was given before.
    public var gifts: GiftHistory?
    /// What the customer was given as remedies; nil where nothing asks for it.
    public var remedies: RemedyHistory?
    /// The offer that the event tells of, as it is now; nil for other events.
    public var offer: OfferNow?
    /// The action that the event tells of; nil for other events.
    public var action: ActionNow?
    /// What is known of the return that the event is about; nil for other events, and where nothing asks for it.
    public var returned: ReturnStory?

    /// A rating as it stands.
    public struct RatingNow: Hashable, Sendable, Codable {
        /// From 1 to 5; nil if it turned out to be a machine's.
        public var score: Int?
        public var words: String?

        public init(score: Int?, words: String?) {
            self.score = score
            self.words = words
        }
    }

    /// A trigger that sent a message.
    public struct Told: Hashable, Sendable, Codable {
        public var trigger: String
        /// `Subject.key` of each thing the message was about.
        public var subjects: [String]

        public init(trigger: String, subjects: [String]) {
            self.trigger = trigger
            self.subjects = subjects
        }
    }

    /// By default, nothing was ever sent.
    public init(
        messagesAboutOrder: Int = 0, messagesAboutSubject: Int = 0, messagesLast7Days: Int = 0,
        ordersLast30Days: Int = 0,
        lastProblemAt: Moment? = nil, silenced: Bool = false
    ) {
        self.messagesAboutOrder = messagesAboutOrder
        self.messagesAboutSubject = messagesAboutSubject
        self.messagesLast7Days = messagesLast7Days
        self.ordersLast30Days = ordersLast30Days
        self.lastProblemAt = lastProblemAt
        self.silenced = silenced
    }
}
